"""When a table counts as stale, as Dagster's own daemon judges it."""

import asyncio
from datetime import datetime

import dagster as dg
import pytest
from conftest import at
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.loader import LoadingContextForTest
from dagster._core.test_utils import freeze_time
from dagster._daemon.freshness import FreshnessDaemon

from og_assets.automation.schedules import BUILT_DAILY, SYNCED_ON_SCHEDULE
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets_tests.code_location import definitions

GRAPH = definitions().resolve_asset_graph()
ORDERS = dg.AssetKey(["ordergroove", "orders"])


def state(instance: dg.DagsterInstance, now: datetime) -> FreshnessState:
    """What the daemon says of orders at this moment."""
    with freeze_time(now):
        judging = FreshnessDaemon()._compute_asset_freshness_state(
            LoadingContextForTest(instance),
            GRAPH.get(ORDERS),  # type: ignore[arg-type]
        )
        return asyncio.run(judging)


@pytest.mark.parametrize(
    ("made", "now", "is_stale"),
    [
        (at(12, 5), at(13, 1), False),
        (at(11, 40), at(13, 1), False),
        (at(11, 20), at(12, 59), False),
        (at(11, 20), at(13, 1), True),
        (at(12, 5), at(20, 59), False),
        (at(12, 5), at(21, 1), True),
        (at(20, 59), at(12, 59, day=2), False),
        (at(20, 59), at(13, 1, day=2), True),
    ],
)
def test_an_asset_is_stale_when_the_last_sync_that_was_due_did_not_make_it(
    made: datetime, now: datetime, is_stale: bool
) -> None:
    """Looked at from one and nine o'clock Central time on, an hour after the schedules."""
    with dg.DagsterInstance.ephemeral() as instance:
        with freeze_time(made):
            instance.report_runless_asset_event(dg.AssetMaterialization(ORDERS))
        assert state(instance, now) is (FreshnessState.FAIL if is_stale else FreshnessState.PASS)


def test_an_asset_that_was_never_made_is_unknown() -> None:
    """It has no age."""
    with dg.DagsterInstance.ephemeral() as instance:
        assert state(instance, at(13, 1)) is FreshnessState.UNKNOWN


def test_every_asset_has_its_policy_and_the_daemon_looks_at_it(instance: dg.DagsterInstance) -> None:
    """With the project's dagster.yaml."""
    marts = {dg.AssetKey(["analytics", name]) for name in ("report", *(mart.name for mart in MARTS))}
    found = {key: GRAPH.get(key).freshness_policy for key in GRAPH.get_all_asset_keys()}
    assert {policy for key, policy in found.items() if key not in marts} == {SYNCED_ON_SCHEDULE}
    assert {found[key] for key in marts} == {BUILT_DAILY}
    assert instance.freshness_enabled
