"""A month of an emulated merchant by API and by drops: nothing is lost, both agree, and what differs is found."""

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from og_assets.emulator.drops import DropWriter
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.reports import REPORTS
from og_assets.ordergroove.drops.source import LocalFolder
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.drops import Drops, drop_sources, take
from og_assets.sync.source import Source
from og_assets.sync.sweep import sweep
from og_assets.warehouse.analytics import TOMBSTONES
from og_assets.warehouse.derive import derive
from og_assets.warehouse.drop_analytics import ID_MAP, RECONCILIATION, derive_from_drops
from og_assets_tests.held_warehouse import HeldWarehouse
from og_assets_tests.pulling import client_for, pull_one

DAYS = 30
pytestmark = pytest.mark.long
Cells = dict[str, Any]


class Month:
    """The merchant, its files, and a warehouse that has both of its doors."""

    def __init__(self, folder: Path) -> None:
        self.world = World(seed=5, customers=80, now=datetime(2025, 5, 1, 5, 40, tzinfo=UTC))
        self.outgoing = folder / "outgoing"
        self.warehouse = HeldWarehouse(database=str(folder / "warehouse.duckdb"))
        self.drops = Drops(LocalFolder(self.outgoing), Archive(folder / "archive"), KEEPING, rest=lambda: None)
        writer = DropWriter(self.world, self.outgoing)
        writer.write_due()
        with Emulator(self.world) as emulator:
            self._pull(emulator)
            for _ in range(DAYS):
                self.world.simulate_day()
                writer.write_due()
            self._pull(emulator)
            with client_for(emulator) as client:
                for object in OBJECTS:
                    if object.name in {"orders", "items"}:
                        sweep(object, Source(client, SourceClock(), KEEPING), self.warehouse, run_id="month")
        with self.warehouse.get_connection() as connection:
            derive(connection, TOMBSTONES)
        self.take()

    def _pull(self, emulator: Emulator) -> None:
        for object in OBJECTS:
            if object.name in {"customers", "subscriptions", "orders", "items"}:
                pull_one(emulator, self.warehouse, object)

    def take(self) -> None:
        """Take what is new, and derive."""
        for report in REPORTS:
            take(report, self.drops, self.warehouse, run_id=os.urandom(8).hex())
        with self.warehouse.get_connection() as connection:
            for table in (ID_MAP, RECONCILIATION):
                derive_from_drops(connection, table, drop_sources())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse.get_connection() as connection:
            return connection.execute(sql).fetchall()

    def files(self, token: str) -> list[Path]:
        return sorted(self.outgoing.glob(f"coffee_{token}_[0-9]*.csv"))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    month = Month(tmp_path_factory.mktemp("month"))
    yield month
    month.warehouse.close()


def cells_of(path: Path) -> list[Cells]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


KEYS = {
    "orders": ("orders", "Ordergroove Order ID", "ordergroove_order_id"),
    "subscriptions": ("subscription", "Subscription ID", "subscription_id"),
    "crm_subscriptions": ("crm_subscription", "og_subscription_id", "og_subscription_id"),
    "cancelations": ("cancelled_subscriptions", "Subscription ID", "subscription_id"),
    "member_activity": ("crm_subscriber_events", "og_subscription_id", "og_subscription_id"),
}


@pytest.mark.parametrize("report", KEYS)
def test_every_row_of_every_file_is_in_its_table(report: str, month: Month) -> None:
    """Or a row of a later file in its place; a log keeps all of its rows."""
    token, header, column = KEYS[report]
    last_told, rows = {}, 0
    for path in month.files(token):
        for cells in cells_of(path):
            last_told[cells[header]] = path.name
            rows += 1
    assert rows
    if report != "member_activity":
        assert month.rows(f"SELECT count(*), count(DISTINCT (_file, _line)) FROM history.drops_{report}") == [
            (rows, rows)
        ]
    assert dict(month.rows(f"SELECT DISTINCT {column}, max(_file) FROM drops.{report} GROUP BY 1")) == last_told
    assert month.rows(
        "SELECT sum(rows), sum(loaded) + sum(overtaken), sum(quarantined), count(*) FROM ops.drop_files"
        f" WHERE report = '{report}'"
    ) == [(rows, rows, 0, DAYS + 1)]


def test_numbers_are_mapped_to_the_ids_of_the_api(month: Month) -> None:
    """Customers, subscriptions and placed orders, each as the world knows them."""
    mapped = month.rows("SELECT object, ordergroove_id, public_id, others FROM analytics.id_map")
    assert {object for object, *_ in mapped} == {"customers", "subscriptions", "orders"}
    keys = {"customers": "merchant_user_id", "subscriptions": "public_id", "orders": "public_id"}
    for object, number, public_id, others in mapped:
        sql = f'SELECT {keys[object]} FROM "{object}" WHERE id = ?'
        assert (month.world.store.value(sql, int(number)), others) == (public_id, 0)


def test_both_doors_agree(month: Month) -> None:
    """Of what was compared, nothing differs; and something of each report was."""
    assert month.rows("FROM analytics.drop_reconciliation") == []
    compared = month.rows(
        "SELECT report, sum(compared), sum(agreed), sum(differing), sum(waiting)"
        " FROM analytics.drop_reconciliation_days GROUP BY 1 ORDER BY 1"
    )
    assert [report for report, *_ in compared] == sorted(KEYS)
    for report, number, agreed, differing, waiting in compared:
        assert (number > 0, agreed, differing, waiting) == (True, number, 0, 0), report


class Planting:
    """Changes the files of a month, and notes what should be found."""

    def __init__(self, month: Month) -> None:
        self.month = month
        self.expected: set[tuple[str, str, str]] = set()
        self._used: set[str] = set()

    def change(self, token: str, pick: Any, edit: Any) -> Cells:
        """Edit the rows of the first row that `pick` takes, in the latest file that has one; the row as it was."""
        for path in reversed(self.month.files(token)):
            rows = cells_of(path)
            found = next((row for row in rows if pick(path, row)), None)
            if found is None:
                continue
            before = dict(found)
            self._write(path, list(rows[0]), edit(rows, found))
            return before
        raise AssertionError(f"no file of {token} has such a row")

    def _write(self, path: Path, header: list[str], rows: list[Cells]) -> None:
        modified = path.stat().st_mtime + 1
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, header)
            writer.writeheader()
            writer.writerows(rows)
        os.utime(path, (modified, modified))

    def unused(self, id: str) -> bool:
        """Whether nothing was planted on that one, which is then planted on."""
        return id not in self._used and not self._used.add(id)  # type: ignore[func-returns-value]

    def is_last_state(self, path: Path, public_id: str) -> bool:
        """Whether the API has not changed a subscription since the file was finished."""
        return bool(self.month.world.row("subscriptions", public_id)["updated"] <= path.stat().st_mtime)


def with_value(header: str, value: str) -> Any:
    def edit(rows: list[Cells], found: Cells) -> list[Cells]:
        found[header] = value
        return rows

    return edit


def without(key: str) -> Any:
    return lambda rows, found: [row for row in rows if row[key] != found[key]]


def with_another(**changes: str) -> Any:
    return lambda rows, found: [*rows, {**found, **{name.replace("_", " "): value for name, value in changes.items()}}]


def test_ten_planted_differences_are_found_and_no_other(month: Month) -> None:
    plant = Planting(month)
    shop_id, public_id = "Merchant Order ID", "Public Subscription ID"

    def placed(path: Path, row: Cells) -> bool:
        return row["Order Status"] == "Success" and plant.unused(row[shop_id])

    def whole(rows: list[Cells], found: Cells) -> list[Cells]:
        return [{**row, "Order Subtotal": "1.23"} if row[shop_id] == found[shop_id] else row for row in rows]

    def rejected(rows: list[Cells], found: Cells) -> list[Cells]:
        return [{**row, "Order Status": "Rejected"} if row[shop_id] == found[shop_id] else row for row in rows]

    extra = plant.change("orders", placed, without(shop_id))
    amount = plant.change("orders", placed, whole)
    status = plant.change("orders", placed, rejected)
    quantity = plant.change("orders", placed, with_value("Quantity", "77"))

    def created_then(path: Path, row: Cells) -> bool:
        created = month.world.row("subscriptions", row[public_id])
        return created["created"] == created["updated"] and plant.unused(row[public_id])

    def current(path: Path, row: Cells) -> bool:
        return plant.is_last_state(path, row[public_id]) and plant.unused(row[public_id])

    new = plant.change("subscription", created_then, without(public_id))
    live = plant.change(
        "subscription",
        lambda path, row: row["Subscription Status"] == "Active" and current(path, row),
        with_value("Subscription Status", "Cancelled"),
    )
    crm = plant.change(
        "crm_subscription",
        lambda path, row: plant.is_last_state(path, row["og_subscription_id"]),
        with_value("quantity", "88"),
    )
    cancelled = plant.change(
        "cancelled_subscriptions",
        lambda path, row: not month.world.row("subscriptions", row[public_id])["live"],
        without(public_id),
    )
    plant.change(
        "subscription", current, with_another(Public_Subscription_ID="no-such-subscription", Subscription_ID="999999")
    )
    plant.change("orders", placed, with_another(Merchant_Order_ID="none-such", Ordergroove_Order_ID="999999"))
    month.take()
    assert set(month.rows("SELECT report, id, difference, field FROM analytics.drop_reconciliation")) == {
        ("orders", "none-such", "missing", None),
        ("orders", extra[shop_id], "extra", None),
        ("orders", amount[shop_id], "other amount", "sub_total"),
        ("orders", status[shop_id], "other status", "status"),
        ("orders", quantity[shop_id], "other amount", f"quantity of {quantity['External Product ID']}"),
        ("subscriptions", "no-such-subscription", "missing", None),
        ("subscriptions", new[public_id], "extra", None),
        ("subscriptions", live[public_id], "other status", "live"),
        ("crm_subscriptions", crm["og_subscription_id"], "other amount", "quantity"),
        ("cancelations", cancelled[public_id], "extra", None),
    }
    assert month.rows("SELECT sum(differing) FROM analytics.drop_reconciliation_days") == [(10,)]
