"""The measurements run, and refuse to say anything about the speed of a wrong result."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import lab, report
from bench.__main__ import main
from bench.lab import Lab, WrongResult, open_lab
from bench.rounds import Spread
from bench.scenarios.scenario import Goal


@pytest.fixture(autouse=True)
def without_other_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where `make bench` has not made them: no dlt, and our contestants in this environment."""
    monkeypatch.setattr(lab, "DLT_PYTHON", tmp_path / "none")
    monkeypatch.setattr(lab, "OUR_PYTHON", Path(sys.executable))


def test_a_pull_a_run_and_a_derivation_are_measured_and_their_goals_told() -> None:
    results = report.RESULTS.read_text() if report.RESULTS.exists() else None
    finished = CliRunner().invoke(main, ["throughput", "derived", "--rounds", "1", "--scale", "0.0001"])
    assert finished.exception is None or isinstance(finished.exception, SystemExit), finished.output
    for told in ("| floor |", "| our library |", "| our Dagster run |", "what changed over everything anew: **"):
        assert told in finished.stdout
    assert "dlt" not in finished.stdout.replace("beside dlt", "")
    assert results == (report.RESULTS.read_text() if report.RESULTS.exists() else None)


@pytest.fixture(scope="module")
def small_lab() -> Iterator[Lab]:
    with open_lab(scale=0.001) as opened:
        yield opened


def test_a_warehouse_with_other_sums_or_rows_than_the_server_told_is_refused(small_lab: Lab, tmp_path: Path) -> None:
    database = tmp_path / "bench.duckdb"
    small_lab.serve(records=250)
    small_lab.pull_into(database, "orders")
    small_lab.check(database, "orders")
    small_lab.serve(records=250, changed=100)
    with pytest.raises(WrongResult, match="orders"):
        small_lab.check(database, "orders")
    small_lab.pull_into(database, "orders")
    small_lab.check(database, "orders")
    small_lab.check(database, "orders", only_changed=True)


@pytest.mark.parametrize(
    ("median", "at_least", "is_met"), [(1.0, False, True), (2.0, False, False), (2.0, True, True), (1.0, True, False)]
)
def test_a_goal_is_met_by_the_median_of_its_rounds(median: float, at_least: bool, is_met: bool) -> None:
    figures = [median / 3, median, median * 3]
    assert Goal("", Spread.of(figures), limit=1.5, at_least=at_least).is_met is is_met
