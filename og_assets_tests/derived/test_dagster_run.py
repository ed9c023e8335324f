"""The assets in Dagster: one run over a range of days, webhooks and sweeps included, and a run that refuses."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.automation.jobs import range_tags
from og_assets.emulator.api import KeyPermission
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.sync.windows import CHICAGO
from og_assets.webhooks.inbox import Inbox
from og_assets_tests.code_location import assets, definitions
from og_assets_tests.deletions.reconciling import Site, as_received, assert_deletions_are_known, assert_totals_are_true

DERIVED = ("deletion_tombstones", "items_orders_bridge", "order_totals")
ASSETS = ("customers", "orders", "items", "events", "orders_sweep", "items_sweep", *DERIVED)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A merchant and a warehouse that the environment names."""
    warehouse = WarehouseResource(database=str(tmp_path / "ordergroove.duckdb"))
    with Emulator(World(1, customers=10)) as emulator:
        monkeypatch.setenv("ORDERGROOVE_API_KEY", EMULATOR_KEY)
        monkeypatch.setenv("ORDERGROOVE_BASE_URL", emulator.url)
        monkeypatch.setenv("ORDERGROOVE_WAREHOUSE", warehouse.database)
        monkeypatch.setenv("ORDERGROOVE_WEBHOOK_INBOX", str(tmp_path / "inbox.sqlite"))
        yield Site(emulator, warehouse, Inbox(tmp_path / "inbox.sqlite"))


def run(
    instance: dg.DagsterInstance, *names: str, config: dict[str, object] | None = None
) -> dg.ExecuteInProcessResult:
    """One run of these assets over yesterday and today."""
    today = datetime.now(CHICAGO).date()
    location = definitions()
    found = assets(location)
    job = dg.define_asset_job("reconcile", selection=[found[name].key for name in names])
    chosen = dg.Definitions(assets=[found[name] for name in ASSETS], jobs=[job], resources=location.resources)
    return chosen.resolve_job_def("reconcile").execute_in_process(
        instance=instance,
        tags=range_tags(today - timedelta(days=1), today),
        run_config={"ops": config or {}},
        raise_on_error=False,
    )


def figures(instance: dg.DagsterInstance, name: str) -> dict[str, object]:
    """The metadata of the newest materialization of an asset, today's."""
    event = instance.get_latest_materialization_event(assets(definitions())[name].key)
    assert event
    assert event.asset_materialization
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_a_run_pulls_sweeps_receives_and_derives_and_a_refusing_one_says_why(shop: Site) -> None:
    """Two days in one run each; the third has a key that sees one customer."""
    with dg.instance_for_test() as instance:
        assert run(instance, *ASSETS).success
        assert {row[0] for row in shop.rows("SELECT DISTINCT agrees FROM analytics.order_totals")} == {True}

        for subscription in shop.world.keys("subscriptions", "live")[:4]:
            shop.world.cancel_subscription(subscription)
        told = shop.world.events[::2]
        shop.inbox.store_all([as_received(event) for event in told])
        assert run(instance, *ASSETS).success
        assert_deletions_are_known(shop)
        assert_totals_are_true(shop)
        sources = {source for (source,) in shop.rows("SELECT DISTINCT source FROM analytics.deletion_tombstones")}
        assert sources == {"webhook", "sweep"}
        assert_told(instance, shop, len(told))

        shop.emulator.api.keys[EMULATOR_KEY] = KeyPermission(bulk=False)
        before = shop.derived()
        refused = run(instance, "orders_sweep", "items_sweep", "deletion_tombstones")
        assert not refused.success
        (failure, *_) = refused.get_step_failure_events()
        assert "one customer" in str(failure.step_failure_data.error_display_string)
        assert shop.derived() == before


def assert_told(instance: dg.DagsterInstance, shop: Site, received: int) -> None:
    """What a person sees of the second run."""
    assert figures(instance, "events")["new"] == received
    assert (
        figures(instance, "items_sweep")["confirmed_gone"] == figures(instance, "items_sweep")["missing_from_the_list"]
    )
    for name in DERIVED:
        told = figures(instance, name)
        assert told["dagster/row_count"] == len(shop.table(f"analytics.{name}"))
        assert told["dagster/table_name"] == f"analytics.{name}"
        assert isinstance(told["dagster/column_schema"], dg.TableSchema)
        assert told["rebuilt"] is False
        days: Sequence[str] = sorted(instance.get_materialized_partitions(dg.AssetKey(["analytics", name])))
        assert len(days) == 2


def test_a_rebuild_is_a_config_of_the_run(shop: Site) -> None:
    """All rows are derived again, to the same table."""
    shop.pull()
    shop.derive()
    shop.execute("UPDATE analytics.order_totals SET units = 0")
    config = {"analytics__order_totals": {"config": {"rebuild": True}}}
    with dg.instance_for_test() as instance:
        assert run(instance, "order_totals", config=config).success
        told = figures(instance, "order_totals")
        assert told["rebuilt"] is True
        assert told["derived"] == told["dagster/row_count"]
    assert_totals_are_true(shop)
