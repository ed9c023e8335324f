"""What Dagster shows of days: after a sync that is green nothing is red or missing, and it costs little to say so."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.partition_status_cache import AssetPartitionStatus
from dagster_jobs import instance_in, run_here, sync_job, today

from og_assets.assets.partitions import daily_partitions
from og_assets.automation.jobs import range_tags
from og_assets.definitions import defs

GRAPH = defs.resolve_asset_graph()
ASSETS = sorted(key for key in GRAPH.materializable_asset_keys if GRAPH.get(key).is_partitioned)
THREE_YEARS = 3 * 365

DAYS = daily_partitions(date(2025, 1, 1))


@pytest.fixture
def instance(variables: dict[str, str]) -> Iterator[dg.DagsterInstance]:
    """An instance in which nothing has run, with the environment of a small merchant."""
    with instance_in(variables) as instance:
        yield instance


def days(first: date, last: date) -> Sequence[str]:
    """All days from the first to the last."""
    return [(first + timedelta(days=age)).isoformat() for age in range((last - first).days + 1)]


def shown(instance: dg.DagsterInstance, asset: dg.AssetKey, keys: Sequence[str]) -> set[AssetPartitionStatus | None]:
    """How the UI shows these days of an asset."""
    statuses = instance.get_status_by_partition(asset, keys, daily_partitions(date.fromisoformat(keys[0])))
    return {(statuses or {}).get(key) for key in keys}


def state(variables: dict[str, str]) -> int:
    """Bytes of Dagster's state."""
    return sum(file.stat().st_size for file in Path(variables["DAGSTER_HOME"]).rglob("*") if file.is_file())


def test_after_a_failed_first_sync_a_good_one_leaves_no_day_red_or_missing(
    instance: dg.DagsterInstance, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all assets, for three years of days, in less than 30 MB more than the same sync takes without them."""
    every_day = days(today() - timedelta(days=THREE_YEARS), today())
    monkeypatch.setenv("ORDERGROOVE_START_DATE", every_day[0])
    week = days(today() - timedelta(days=6), today())
    with monkeypatch.context() as changed:
        changed.setenv("ORDERGROOVE_API_KEY", "revoked")
        assert not run_here(instance, sync_job(), tags=range_tags(today() - timedelta(days=6), today())).success
    assert shown(instance, dg.AssetKey(["ordergroove", "orders"]), week) == {AssetPartitionStatus.FAILED}
    before = state(variables)

    assert run_here(instance, sync_job()).success
    for asset in ASSETS:
        assert shown(instance, asset, every_day) == {AssetPartitionStatus.MATERIALIZED}, asset
    whole = sorted(GRAPH.materializable_asset_keys - set(ASSETS))  # the marts, which have no days
    assert whole
    for asset in whole:
        assert instance.get_latest_materialization_event(asset).asset_materialization.partition is None, asset
    latest = instance.get_latest_materialization_event(dg.AssetKey(["ordergroove", "orders"]))
    assert latest.asset_materialization.partition == today().isoformat()
    assert "records" in latest.asset_materialization.metadata
    grown = state(variables) - before
    before = state(variables)
    assert run_here(instance, sync_job()).success
    again = state(variables) - before
    assert grown - again < 30e6, (grown, again)


def test_backfill_of_past_days_covers_no_other_day(instance: dg.DagsterInstance) -> None:
    """It read these days and no more, so the rest stays missing until all is read. Nothing is told twice."""
    orders = dg.AssetKey(["ordergroove", "orders"])
    two = [today() - timedelta(days=9), today() - timedelta(days=8)]
    backfill = defs.get_implicit_global_asset_job_def()
    assert run_here(instance, backfill, assets=["orders"], tags=range_tags(*two)).success
    assert instance.get_materialized_partitions(orders) == set(days(*two))
    assert run_here(instance, backfill, assets=["orders"]).success
    assert instance.get_materialized_partitions(orders) == set(days(DAYS.start.date(), today()))
    events = len(instance.fetch_materializations(orders, limit=5000).records)
    assert run_here(instance, sync_job(), assets=["orders"]).success
    assert len(instance.fetch_materializations(orders, limit=5000).records) == events + 1
