"""Several currencies: most customers pay in one of three, some in two."""

from og_assets.emulator.shop.catalogue import CURRENCY
from og_assets.emulator.shop.store import Row

OTHERS = ("CAD", "EUR")
MAY_MOVE = "id % 7 = 0"
"""SQL: the subscriptions that may change their currency. They do not prepay: what was paid stays in one currency."""


def currency(subscription: Row) -> str:
    """What a subscription is paid in; told by the customer's number, and of every tenth customer by the payment's."""
    number = int(subscription["customer"]) % 10
    if number == 9:
        number = int(subscription["payment"], 16) % 4
    return OTHERS[number] if number < len(OTHERS) else CURRENCY
