"""Reading several merchants at once: one union per table, with the merchant beside each row."""

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import BY_NAME
from og_assets.sync.pull import object_table
from og_assets.warehouse.all_merchants import read_all
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.errors import WarehouseLetGo, WarehouseReadOnly
from og_assets.warehouse.place import FilePlace
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets_tests.pulling import pull_one

SIZES = {"acme": 8, "zeta": 13}
READ = ("customers", "orders", "items")


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FilePlace]:
    """Two merchants of the same seed: the smaller one's keys are all the larger one's too."""
    folder = tmp_path_factory.mktemp("merchants")
    paths = {name: folder / f"{name}.duckdb" for name in SIZES}
    for name, path in paths.items():
        warehouse = WarehouseResource(database=str(path))
        with Emulator(World(3, customers=SIZES[name])) as emulator:
            for object_name in (*READ, "products") if name == "zeta" else READ:
                pull_one(emulator, warehouse, BY_NAME[object_name])
        with warehouse.get_connection() as connection:
            prepare(connection, [object_table(BY_NAME[object_name]) for object_name in READ])
            for table in (TOMBSTONES, BRIDGE, ORDER_TOTALS):
                derive(connection, table)
    return {name: FilePlace(path) for name, path in paths.items()}


def test_each_row_is_there_once_with_its_merchant(warehouses: dict[str, FilePlace]) -> None:
    """Tables, views and derived tables; each merchant's own by the name of the merchant."""
    with read_all(warehouses) as connection:
        for table in ("customers", "orders", "orders_current", "order_totals", "items_orders_bridge"):
            counted = connection.execute(
                f"SELECT merchant, count(*) FROM all_merchants.{table} GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            schema = "analytics" if table.startswith(("order_totals", "items_orders")) else "ordergroove"
            own = {
                name: (connection.execute(f"SELECT count(*) FROM {name}.{schema}.{table}").fetchone() or (0,))[0]
                for name in warehouses
            }
            assert dict(counted) == own, table
            assert all(own.values()), table
        assert connection.sql("SELECT DISTINCT merchant FROM all_merchants.products").fetchall() == [("zeta",)]
        assert connection.sql("SELECT count(*) FROM customers").fetchone() == (sum(SIZES.values()),)


def test_nothing_can_be_changed(warehouses: dict[str, FilePlace]) -> None:
    """Neither through the union nor by a merchant's own name."""
    with pytest.raises(WarehouseReadOnly), read_all(warehouses) as connection:
        connection.execute("DELETE FROM acme.ordergroove.orders")


def test_all_files_are_free_again_after_the_block_and_after_the_hold(warehouses: dict[str, FilePlace]) -> None:
    """A load of either merchant goes on then."""
    with read_all(warehouses, hold_seconds=0.2) as connection:
        with pytest.raises(WarehouseLetGo):
            while True:
                connection.execute("SELECT count(*) FROM all_merchants.orders").fetchall()
        for place in warehouses.values():
            with WarehouseAt(place).get_connection() as own:
                assert own.execute("SELECT count(*) FROM ops.sync_runs").fetchone()
    with read_all(warehouses) as connection:
        assert connection.sql("FROM all_merchants.orders LIMIT 1").fetchone()
