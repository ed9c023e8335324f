"""The step of the marts: what it tells Dagster of chosen marts, of none, and of a sum that does not agree."""

from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from og_assets.assets.marts import LOOKS_RIGHT, SUMS_AGREE, UNIQUE_KEY, check_name, prepare_reading
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.automation.jobs import range_tags
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets.warehouse.marts.build import marts_in_scratch
from og_assets.warehouse.marts.options import Terms
from og_assets.warehouse.sql import read_sql
from og_assets_tests.code_location import assets, definitions

REBUILD = {"ops": {"marts": {"config": {"rebuild": True}}}}


def run(
    instance: dg.DagsterInstance, warehouse: WarehouseResource, *names: str, config: dict[str, object] | None = None
) -> dg.ExecuteInProcessResult:
    """A run of these marts, as a job with days runs them."""
    marts = assets(definitions())["mrr_monthly"]
    selection = dg.AssetSelection.assets(*(dg.AssetKey(["analytics", name]) for name in names))
    job = dg.define_asset_job("some", selection=selection if names else dg.AssetSelection.assets(marts))
    chosen = dg.Definitions(assets=[marts], jobs=[job], resources={"warehouse": warehouse})
    today = datetime.now(CHICAGO).date()
    return chosen.resolve_job_def("some").execute_in_process(
        instance=instance, tags=range_tags(today, today), run_config=config, raise_on_error=False
    )


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key}


def checks(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    found = result.get_asset_check_evaluations()
    return {(one.asset_key.path[-1], one.check_name): one.passed for one in found}


def test_a_run_tells_of_every_mart_and_of_none_when_nothing_was_loaded(warehouse: WarehouseResource) -> None:
    """Each without a partition, with its rows and the day as of which they are."""
    with dg.instance_for_test() as instance:
        result = run(instance, warehouse, config=REBUILD)
        assert result.success
        assert materialized(result) == {mart.name for mart in MARTS}
        told = checks(result)
        assert {told for told in told if told[1] != LOOKS_RIGHT} == {(mart.name, check_name(mart)) for mart in MARTS}
        assert {mart.name for mart in MARTS if check_name(mart) == UNIQUE_KEY} == {
            "marts_as_of", "forecast_basis", "order_forecast_log",
        }  # fmt: skip
        assert {name for name, check in told if check == LOOKS_RIGHT} == {"marts_as_of"}
        assert all(passed for (_, check), passed in told.items() if check != LOOKS_RIGHT)
        event = instance.get_latest_materialization_event(dg.AssetKey(["analytics", "mrr_monthly"]))
        assert event
        assert event.asset_materialization
        assert event.asset_materialization.partition is None
        assert event.asset_materialization.metadata["dagster/row_count"].value > 0
        assert "data:image/png" in str(event.asset_materialization.metadata["picture"].value)

        again = run(instance, warehouse)
        assert again.success
        assert materialized(again) == set()
        assert checks(again) == {}


def test_chosen_marts_are_told_of_alone(warehouse: WarehouseResource) -> None:
    """All are built, for all are of one day."""
    with dg.instance_for_test() as instance:
        result = run(instance, warehouse, "mrr_monthly", "skips", config=REBUILD)
        assert result.success
        assert materialized(result) == {"mrr_monthly", "skips"}
        assert checks(result) == {("mrr_monthly", SUMS_AGREE): True, ("skips", SUMS_AGREE): True}


def test_a_sum_that_does_not_agree_fails_the_step_once_and_is_named(warehouse: WarehouseResource) -> None:
    """Its check is red, all others are told of too, and no mart is shown as made."""
    with warehouse.get_connection() as connection:
        connection.execute("UPDATE analytics.order_totals SET units = units + 1 WHERE outcome = 'scheduled'")
    with dg.instance_for_test() as instance:
        result = run(instance, warehouse, config=REBUILD)
        assert not result.success
        assert materialized(result) == set()
        red = {name for (name, check), passed in checks(result).items() if check == SUMS_AGREE and not passed}
        assert red == {"order_forecast"}
        failures = [event for event in result.all_events if event.is_step_failure]
        assert len(failures) == 1
        assert "order_forecast: value and units" in str(failures[0].step_failure_data.user_failure_data)


def test_without_watermarks_nothing_is_built_and_nothing_fails(warehouse: WarehouseResource) -> None:
    """As of a merchant whose first sync is not over."""
    with warehouse.get_connection() as connection:
        connection.execute("DELETE FROM ops.sync_state")
    with dg.instance_for_test() as instance:
        result = run(instance, warehouse)
        assert result.success
        assert materialized(result) == set()


@pytest.mark.parametrize(("setting", "known"), [("sync", True), ("daily", True), ("off", False)])
def test_marts_that_are_off_are_no_assets(setting: str, known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no job asks for them; one that only brings webhooks never does, as there may be one every minute."""
    monkeypatch.setenv("ORDERGROOVE_MARTS", setting)
    location = definitions()
    assert ("mrr_monthly" in assets(location)) is known
    for job in ("sync", "full_refresh", "reconcile_deletions", "ingest_events"):
        selected = location.resolve_job_def(job).asset_layer.selected_asset_keys
        assert (dg.AssetKey(["analytics", "mrr_monthly"]) in selected) is (known and job != "ingest_events")


def test_the_weekly_recount_agrees_and_changes_nothing(warehouse: WarehouseResource) -> None:
    """Recurring revenue at each month's end, churn and retention, counted another way."""
    before = Path(warehouse.database).stat().st_size
    job = definitions().resolve_job_def("recount_marts")
    with dg.instance_for_test() as instance:
        result = job.execute_in_process(instance=instance, resources={"warehouse": warehouse})
    assert result.success
    assert Path(warehouse.database).stat().st_size == before


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("mrr_at_month_ends", "UPDATE mrr_monthly SET closing_mrr = closing_mrr + 0.0001"),
        ("churn_closings", "UPDATE churn_monthly SET closing = closing + 1 WHERE level = 'customer'"),
        ("retention", "UPDATE retention_cohorts SET active = active - 1 WHERE age_months = 3"),
    ],
)
def test_a_recount_finds_a_figure_that_is_off(warehouse: WarehouseResource, name: str, wrong: str) -> None:
    """By one in one place, or by the least amount."""
    with marts_in_scratch(warehouse, Terms("America/New_York"), prepare_reading) as connection:
        sql = f"SELECT count(*) FROM ({read_sql(f'marts/recounts/{name}.sql')})"
        assert connection.execute(sql).fetchone() == (0,)
        connection.execute(wrong)
        assert connection.execute(sql).fetchone() != (0,)
