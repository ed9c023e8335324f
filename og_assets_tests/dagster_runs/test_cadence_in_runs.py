"""A sync that leaves payments to the night, as Dagster shows it."""

from dagster_jobs import full_refresh_job, instance_in, run_here, sync_job, today

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.shop.subscription_changes import change_payment
from og_assets.ordergroove.objects import BY_NAME
from og_assets_tests.pulling import assert_equals_world

OBJECTS = ("payments", "subscriptions")


def lists(emulator: Emulator) -> int:
    """How many pages of payments were asked for."""
    return sum(served.request.object == "payments" and served.request.is_list for served in emulator.requests)


def test_payments_wait_for_the_night_and_the_ui_says_so(emulator: Emulator, variables: dict[str, str]) -> None:
    """The list is read by the first sync and a full refresh alone; the step of subscriptions looks up the new one."""
    variables = {**variables, "ORDERGROOVE_READ_EVERY": "payments=night"}
    warehouse = WarehouseResource(database=variables["ORDERGROOVE_WAREHOUSE"])
    with instance_in(variables) as instance:
        assert run_here(instance, sync_job(), OBJECTS).success
        assert (read := lists(emulator)) > 0
        live = next(row["public_id"] for row in emulator.world.truth("subscriptions") if row["live"])
        change_payment(emulator.world, live)
        second = run_here(instance, sync_job(), OBJECTS)
        assert second.success
        assert lists(emulator) == read
        [shown] = second.asset_materializations_for_node("ordergroove__payments")
        assert shown.partition == today().isoformat()
        assert "Not read in this sync" in str(shown.metadata["sync"].value)
        assert "ORDERGROOVE_READ_EVERY" in str(shown.metadata["sync"].value)
        assert_equals_world(emulator, warehouse, [BY_NAME[name] for name in OBJECTS])
        assert run_here(instance, full_refresh_job(), OBJECTS).success
        assert lists(emulator) > read
