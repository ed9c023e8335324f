"""REPORTS: every report that Ordergroove drops as files, one row each. Reading, tables and emulator follow it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from og_assets.columns import Column
from og_assets.ordergroove.drops import records
from og_assets.ordergroove.records import Record

GUIDE = "https://developer.ordergroove.com/docs/sftp-file-drops"

_OG = {"og_order_id": "ordergroove_order_id", "og_user_id": "ordergroove_user_id"}


@dataclass(frozen=True, slots=True)
class Report:
    """One kind of file.

    `tokens` are what its file names are known by. `keys` are the columns that tell rows apart, in order of preference:
    a file is read by the first whose columns it has. Where several lines may share a key (`lines_per_key`), those of
    one file are one state. `headers` are further spellings of headers, as `header_name` writes them.
    """

    name: str
    tokens: tuple[str, ...]
    record: type[Record]
    keys: tuple[tuple[str, ...], ...] = ()
    lines_per_key: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that a row may have, without those that tell of the file."""
        return self.record.columns()

    def column_of(self, header: str) -> str | None:
        """The column that a header of a file names; None for one that no page shows."""
        name = header_name(header)
        name = self.headers.get(name, name)
        return name if name in self.record.model_fields else None

    def key_in(self, columns: set[str]) -> tuple[str, ...]:
        """What tells the rows of a file with these columns apart; without any such column, the best there would be."""
        for key in self.keys:
            if key[0] in columns:
                return key
        return self.keys[0] if self.keys else ()


def header_name(header: str) -> str:
    """A header in small letters with underscores: `Merchant User ID` is `merchant_user_id`."""
    return re.sub(r"[\W_]+", "_", header.casefold()).strip("_")


REPORTS: tuple[Report, ...] = (
    Report(
        "orders",
        ("orders", "order"),
        records.OrderLine,
        # The guide names the item, the help centre order and subscription; items of one subscription share the latter.
        keys=(("order_item_id",), ("ordergroove_order_id", "ordergroove_subscription_id")),
        lines_per_key=True,
        headers={
            **_OG,
            "og_subscription_id": "ordergroove_subscription_id",
            "ordergroove_order_item_id": "order_item_id",
            "email": "email_address",
        },
    ),
    Report(
        "subscriptions",
        ("subscriptions", "subscription"),
        records.SubscriptionLine,
        keys=(("subscription_id",), ("public_subscription_id",)),
        headers={**_OG, "user_id": "ordergroove_user_id", "og_subscription_id": "public_subscription_id"},
    ),
    Report(
        "crm_subscriptions",
        ("crm_subscriptions", "crm_subscription"),
        records.CrmSubscriptionLine,
        keys=(("og_subscription_id",),),
        headers={"public_subscription_id": "og_subscription_id"},
    ),
    Report(
        "cancelations",
        ("cancelled_subscriptions", "cancelled_subscription", "canceled_subscriptions", "cancelations"),
        records.CancelationLine,
        keys=(("subscription_id",), ("public_subscription_id",)),
        headers={**_OG, "user_id": "ordergroove_user_id", "og_subscription_id": "public_subscription_id"},
    ),
    Report(
        "member_activity",
        ("crm_subscriber_events", "member_activity"),
        records.ActivityLine,
        headers={"user_id": "merchant_user_id", "public_subscription_id": "og_subscription_id"},
    ),
)

BY_NAME: Mapping[str, Report] = {report.name: report for report in REPORTS}
