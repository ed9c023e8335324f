"""Where all was found good, checks look at what came since, and at all again at night and while something is red."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.checks import object_checks
from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import BY_NAME, OBJECTS
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.checks import Check, Outcome, Verdict
from og_assets.warehouse.checks_since import Derivation, Loads, evaluate_since
from og_assets.warehouse.derive import derive, prepare
from og_assets_tests.pulling import pull_one, sync

ORDERS, ITEMS = BY_NAME["orders"], BY_NAME["items"]
EARLIER = datetime.now(UTC) - timedelta(hours=1)


class Shop:
    """A merchant, its warehouse, and what their checks say."""

    def __init__(self, emulator: Emulator, warehouse: WarehouseResource) -> None:
        self.emulator = emulator
        self.warehouse = warehouse
        self.evening = EARLIER

    def execute(self, sql: str) -> None:
        with self.warehouse.get_connection() as connection:
            connection.execute(sql)

    def objects(self) -> dict[str, Outcome]:
        """The checks of all objects, by object and name, as their steps evaluate them."""
        with self.warehouse.get_connection() as connection:
            return {
                f"{object.name}.{outcome.check.name}": outcome
                for object in OBJECTS
                for outcome in self._evaluated(connection, object.name, object_checks(object))
            }

    def _evaluated(self, connection: DuckDBPyConnection, name: str, checks: tuple[Check, ...]) -> Iterator[Outcome]:
        return evaluate_since(connection, checks, Loads(f"ordergroove.{name}", name), self.evening)

    def derived(self, *spoilt: str, rebuild: bool = False) -> dict[str, Outcome]:
        """Derive, spoil the derived tables, and evaluate their checks, in one connection."""
        found = {}
        with self.warehouse.get_connection() as connection:
            prepare(connection, READ_BY_DERIVED)
            for table in (TOMBSTONES, BRIDGE, ORDER_TOTALS):
                report = derive(connection, table, rebuild=rebuild)
                for sql in spoilt:
                    if table.name in sql:
                        connection.execute(sql)
                changes = Derivation(table.qualified_name, report)
                for outcome in evaluate_since(connection, table.checks, changes, self.evening):
                    found[f"{table.name}.{outcome.check.name}"] = outcome
        return found


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """All was pulled and found good, and then something changed and was pulled."""
    path = tmp_path_factory.mktemp("pulled") / "warehouse.duckdb"
    warehouse = WarehouseResource(database=str(path))
    with Emulator(World(seed=4, customers=40, now=datetime.now(UTC) - timedelta(days=3))) as emulator:
        shop = Shop(emulator, warehouse)
        sync(emulator, warehouse)
        assert not {name for name, found in {**shop.objects(), **shop.derived()}.items() if found.whole_at}
        emulator.world.simulate_day()
        sync(emulator, warehouse)
        yield shop


@pytest.fixture
def shop(pulled: Shop, tmp_path: Path) -> Shop:
    """A warehouse of its own, of the same merchant."""
    path = shutil.copy(pulled.warehouse.place.path, tmp_path)
    return Shop(pulled.emulator, WarehouseResource(database=str(path)))


def reds(found: dict[str, Outcome]) -> set[str]:
    """The checks that are not good."""
    return {name for name, outcome in found.items() if outcome.verdict is not Verdict.GOOD}


def follow(found: dict[str, Outcome], table: str) -> bool:
    """Whether the checks of a table that can do so have looked at what came since."""
    looked = {o.whole_at is not None for name, o in found.items() if name.startswith(table) and o.check.since_sql}
    assert len(looked) == 1
    return looked.pop()


def test_what_a_sync_brought_is_looked_at_and_no_more(shop: Shop) -> None:
    """The figures are those of the rows that came."""
    found = {**shop.objects(), **shop.derived()}
    assert not reds(found)
    assert all(follow(found, table) for table in ("orders", "items", "payments", "items_orders_bridge", "order_totals"))
    with shop.warehouse.get_connection() as connection:
        rows = connection.execute("SELECT count(*), count(*) FILTER (_sync_id > 12) FROM ordergroove.orders").fetchall()
    assert found["orders.unique_key"].among == rows[0][1]
    assert 0 < rows[0][1] < rows[0][0] / 2


NEWEST = "_sync_id = (SELECT max(_sync_id) FROM ordergroove.{})"
COPY = "INSERT INTO ordergroove.{0} SELECT * FROM ordergroove.{0} WHERE {1} LIMIT 1"


SPOIL = "UPDATE ordergroove.{0} SET {1} WHERE _sync_id = (SELECT max(_sync_id) FROM ordergroove.{0})"
DEFECTS = {
    "new row twice": (COPY.format("orders", NEWEST.format("orders")), "orders.unique_key"),
    # An old one that a load did not find, and so did not replace.
    "old row twice": (COPY.format("orders", "_sync_id < 12"), "orders.unique_key"),
    "future": (SPOIL.format("orders", "updated = '2099-01-01'"), "orders.future_stamps"),
    "reference": (
        SPOIL.format("items", "\"order\" = 'nowhere', _synced_at = '2020-01-01'"),
        "items.order_reference",
    ),
    "history": ("UPDATE history.orders_past SET valid_to = valid_to - INTERVAL 1 SECOND", "orders.history"),
    "rows lost": (
        "DELETE FROM ordergroove.items WHERE rowid IN (SELECT rowid FROM ordergroove.items LIMIT 20)",
        "items.row_count",
    ),
}


@pytest.mark.parametrize(("defect", "check"), DEFECTS.values(), ids=DEFECTS)
def test_a_defect_of_what_came_is_found(shop: Shop, defect: str, check: str) -> None:
    """Then all of the table is looked at, until it is repaired."""
    shop.execute(defect)
    found = shop.objects()
    assert check in reds(found)
    assert found[check].whole_at is None
    again = shop.objects()
    assert check in reds(again)
    assert again[check].whole_at is None
    assert follow(again, "customers.")


def test_a_row_that_was_changed_by_hand_is_found_at_night(shop: Shop) -> None:
    """Nothing was loaded into it; all of the table is looked at once after each evening."""
    shop.execute("UPDATE ordergroove.orders SET updated = '2099-01-01' WHERE _sync_id < 12 AND status = 5")
    assert not reds(shop.objects())
    shop.evening = datetime.now(UTC)
    assert reds(shop.objects()) == {"orders.future_stamps"}


def test_a_release_with_other_checks_looks_at_all(shop: Shop) -> None:
    """What one of them asks was not asked before."""
    shop.execute("UPDATE ops.checked_tables SET checks = 'others'")
    assert not follow(shop.objects(), "orders.")


@pytest.mark.parametrize(
    ("defect", "check"),
    [
        ("INSERT INTO analytics.items_orders_bridge FROM derived_anew LIMIT 1", "items_orders_bridge.unique_key"),
        (
            "UPDATE analytics.items_orders_bridge SET quantity = 77 WHERE item IN (SELECT item FROM derived_anew)",
            "items_orders_bridge.matches_items",
        ),
        (  # a derivation that has overlooked the orders of its items
            """
            UPDATE analytics.items_orders_bridge SET customer = NULL, order_status = NULL
            WHERE item IN (SELECT item FROM derived_anew);
            CREATE OR REPLACE TEMP VIEW orders_in_scope AS FROM ordergroove.orders LIMIT 0
            """,
            "items_orders_bridge.matches_items",
        ),
        (
            'UPDATE analytics.order_totals SET items_total = 0.01 WHERE "order" IN (SELECT "order" FROM derived_anew)',
            "order_totals.matches_bridge",
        ),
    ],
)
def test_a_defect_of_what_was_derived_is_found(shop: Shop, defect: str, check: str) -> None:
    """In the rows that this derivation has made."""
    found = shop.derived(defect)
    assert check in reds(found)
    assert found[check].whole_at is None


def test_a_derivation_that_no_check_looked_at_makes_the_next_one_look_at_all(shop: Shop) -> None:
    """As after a process that was killed between; so does a rebuild."""
    with shop.warehouse.get_connection() as connection:
        prepare(connection, READ_BY_DERIVED)
        for table in (TOMBSTONES, BRIDGE, ORDER_TOTALS):
            derive(connection, table)
    shop.emulator.world.simulate_day()
    sync(shop.emulator, shop.warehouse)
    assert not follow(shop.derived(), "items_orders_bridge")
    assert follow(shop.derived(), "items_orders_bridge")
    assert not follow(shop.derived(rebuild=True), "items_orders_bridge")


def test_a_pull_that_is_resumed_is_looked_at(shop: Shop) -> None:
    """It goes on under the number that it had before the table was found good."""
    shop.execute(
        "UPDATE ops.sync_runs SET outcome = 'failed' WHERE sync_id = (SELECT max(sync_id) FROM ops.sync_runs WHERE"
        " object = 'orders'); DELETE FROM ops.checked_tables"
    )
    assert not reds(shop.objects())
    found = shop.objects()
    assert found["orders.unique_key"].among > 0
    pull_one(shop.emulator, shop.warehouse, ORDERS)
    assert shop.objects()["orders.unique_key"].among >= found["orders.unique_key"].among
