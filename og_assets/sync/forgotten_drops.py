"""File drops without persons who are forgotten: copies in the archive, and files on their way into it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.errors import DropUnreadable
from og_assets.ordergroove.drops.reports import BY_NAME
from og_assets.ordergroove.drops.rewriting import Persons, rewrite
from og_assets.ordergroove.masking import Masking, PersonalData
from og_assets.warehouse.forgotten import OF_SUBSCRIPTION, Forgotten, trait

CUSTOMER, NUMBER, SUBSCRIPTION, EMAIL = "customer", "ordergroove_user_id", OF_SUBSCRIPTION, "email"
"""Kinds of what tells in files of drops whose a row is."""

TELLING: Mapping[str, Mapping[str, str]] = {
    "orders": {"merchant_user_id": CUSTOMER, "ordergroove_user_id": NUMBER, "email_address": EMAIL},
    "subscriptions": {
        "merchant_user_id": CUSTOMER,
        "ordergroove_user_id": NUMBER,
        "public_subscription_id": SUBSCRIPTION,
    },
    "crm_subscriptions": {"customer_id": NUMBER, "og_subscription_id": SUBSCRIPTION, "customer_email": EMAIL},
    "cancelations": {
        "merchant_user_id": CUSTOMER,
        "ordergroove_user_id": NUMBER,
        "public_subscription_id": SUBSCRIPTION,
    },
    "member_activity": {"merchant_user_id": CUSTOMER, "og_subscription_id": SUBSCRIPTION, "customer_email": EMAIL},
}
"""By report, the columns that tell whose a row is, and what kind of thing each has."""


def dropping(key: bytes, salt: bytes) -> Masking:
    """What is done to a person who is forgotten, whatever the setting: a hash would tell them from all others.

    An id that is an address is needed to join rows; it is hashed, as ORDERGROOVE_PII=hash would, or under `key`.
    """
    return Masking(PersonalData.DROP, salt or key)


def told(kind: str, value: str) -> str:
    """What is hashed of a value of that kind: the id of a customer as it is."""
    return value if kind == CUSTOMER else trait(kind, value)


def persons(report: str, forgotten: Forgotten, masking: Masking) -> Persons:
    """Those who are forgotten, as files of that report show them."""
    kinds = TELLING[report]

    def has_row(cells: Mapping[str, str]) -> bool:
        return any(forgotten.has(told(kind, cells[name])) for name, kind in kinds.items() if cells.get(name))

    def has_word(word: str) -> bool:
        return any(forgotten.has(told(kind, word)) for kind in set(kinds.values()))

    return Persons(has_row, has_word, masking)


def forget_in_archive(archive: Archive, forgotten: Forgotten, masking: Masking) -> tuple[int, Sequence[Path]]:
    """Mask rows in the copies of files; how many, and the copies that cannot be looked into."""
    rows, unreadable = 0, []
    for report, path in archive.copies():
        try:
            rows += rewrite(path, BY_NAME[report], persons(report, forgotten, masking))
        except DropUnreadable:
            unreadable.append(path)
    return rows, unreadable
