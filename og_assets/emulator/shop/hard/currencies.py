"""Several currencies: most customers pay in one of three, some in two."""

from og_assets.emulator.shop.catalogue import CURRENCY
from og_assets.emulator.shop.store import Row

OTHERS = ("CAD", "EUR")


def currency(subscription: Row) -> str:
    """What a subscription is paid in; told by the customer's number, and of every tenth customer by the payment's."""
    number = int(subscription["customer"]) % 10
    if number == 9:
        number = int(subscription["payment"], 16) % 4
    return OTHERS[number] if number < len(OTHERS) else CURRENCY
