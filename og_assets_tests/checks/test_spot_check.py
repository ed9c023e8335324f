"""What Ordergroove itself answers about rows that are held for deleted and rows that are believed open."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from og_assets.assets.checks import spot_check_results
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.spot_check import SAMPLE_SIZE, SpotCheck, spot_check
from og_assets_tests.deletions.conftest import templates
from og_assets_tests.deletions.reconciling import Site, open_pulled_site
from og_assets_tests.pulling import client_for

__all__ = ["templates"]
BY_NAME = {object.name: object for object in OBJECTS}


@pytest.fixture
def site(tmp_path: Path, templates: Path) -> Iterator[Site]:
    """A merchant who has deleted some orders, all of it known."""
    with open_pulled_site(tmp_path, templates) as site:
        for subscription in site.world.keys("subscriptions", "live")[:6]:
            site.world.cancel_subscription(subscription)
        site.reconcile()
        yield site


def check(site: Site, name: str, key: str | None = None) -> SpotCheck:
    """A spot check of orders or items."""
    with client_for(site.emulator, *([key] if key else [])) as client:
        return spot_check(BY_NAME[name], client, site.warehouse)


def verdicts(found: SpotCheck) -> dict[str, bool]:
    """Which of the two checks pass; neither is ever more than a warning."""
    answers = spot_check_results(found)
    assert {answer.severity for answer in answers} == {dg.AssetCheckSeverity.WARN}
    return {str(answer.check_name): answer.passed for answer in answers}


@pytest.mark.parametrize("name", ["orders", "items"])
def test_what_is_deleted_answers_404_and_what_is_open_exists(site: Site, name: str) -> None:
    """A few of each are asked for."""
    found = check(site, name)
    assert found == SpotCheck(held_deleted=min(SAMPLE_SIZE, len(site.held_deleted(name))), believed_open=SAMPLE_SIZE)
    assert found.held_deleted > 0
    assert verdicts(found) == {"tombstones_stay_gone": True, "open_rows_exist": True}


@pytest.mark.parametrize("name", ["orders", "items"])
def test_tombstone_of_what_exists_is_found_by_its_id(site: Site, name: str) -> None:
    """The only tombstone there is says that an open row is deleted."""
    wrong = site.world.keys(name)[0]
    site.execute("DELETE FROM analytics.deletion_tombstones WHERE object = ? AND rowid > 0", name)
    site.execute("UPDATE analytics.deletion_tombstones SET object = ?, id = ?", name, wrong)
    found = check(site, name)
    assert set(found.exist_after_all) == {wrong}
    assert verdicts(found) == {"tombstones_stay_gone": False, "open_rows_exist": True}


def test_open_order_that_is_gone_unnoticed_is_found(site: Site) -> None:
    """All open orders but those of two customers are deleted, and nothing was swept."""
    for subscription in site.world.keys("subscriptions", "live"):
        site.world.cancel_subscription(subscription)
    found = check(site, "orders")
    assert len(found.gone_unnoticed) == SAMPLE_SIZE
    assert verdicts(found) == {"tombstones_stay_gone": True, "open_rows_exist": False}


def test_no_answer_is_a_warning_that_says_why(site: Site) -> None:
    """The sweep itself has ended well by then."""
    found = check(site, "orders", key="revoked")
    assert found.problem
    assert "ORDERGROOVE_API_KEY" in found.problem
    assert verdicts(found) == {"tombstones_stay_gone": False, "open_rows_exist": False}
