"""Reading as of an instant, as a person and a script meet it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_history import DAY, HOUR, NOON, load, order

import og_assets
from og_assets.commands.cli import main
from og_assets.commands.doctor import _examine_history
from og_assets.commands.finding import Verdict
from og_assets.settings import Settings
from og_assets.warehouse.as_of import NoHistory, NoSuchInstant, instant_of, kept_since
from og_assets.warehouse.connecting import open_warehouse


@pytest.fixture
def filled(path: Path) -> Path:
    """A warehouse with an order that changed its status, and one that came later."""
    with open_warehouse(path) as connection:
        load(connection, path, [order("a", NOON, NOON, status=1)])
        load(connection, path, [order("a", NOON + DAY, NOON + HOUR, status=5), order("b", NOON + DAY, status=1)])
    return path


def test_names_of_objects_mean_their_state_then(filled: Path) -> None:
    """History and the log are there as well; what is of now only is not."""
    found = []
    for instant in (NOON, NOON + HOUR, "2026-03-03", date(2026, 3, 3), datetime(2026, 3, 1, 12, 30)):
        with og_assets.open_warehouse(filled, as_of=instant) as warehouse:
            found.append(warehouse.execute("SELECT public_id, status FROM ordergroove.orders ORDER BY ALL").fetchall())
            assert warehouse.execute("SELECT count(*) FROM history.orders").fetchall() == [(3,)]
            assert warehouse.execute("SELECT count(*) FROM ops.sync_runs").fetchall() == [(2,)]
    assert found == [[("a", 1)], [("a", 5)], [("a", 5), ("b", 1)], [("a", 5), ("b", 1)], [("a", 1)]]
    with og_assets.open_warehouse(filled) as warehouse:
        assert warehouse.execute("SELECT count(*) FROM ordergroove.orders").fetchall() == [(2,)]


def test_query_as_of(filled: Path) -> None:
    """By a day or a time; `.tables` says as of when the tables are."""
    words = ["query", "--warehouse", str(filled), "--format", "csv", "--as-of"]
    asked = CliRunner().invoke(
        main, [*words, "2026-03-01T07:00-05:00", "SELECT status FROM ordergroove.orders_current"]
    )
    assert asked.output.split() == ["status", "1"]
    listed = CliRunner().invoke(main, [*words, "2026-03-02", ".tables"])
    assert "orders as of 2026-03-02 00:00:00 UTC." in listed.output
    assert "\nanalytics," not in listed.output


def test_what_has_no_past_is_said_to_have_none(filled: Path) -> None:
    """Instead of being shown as it is now."""
    words = ["query", "--warehouse", str(filled), "--as-of", "2026-03-02", "FROM analytics.order_totals"]
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 1
    assert "leave --as-of out" in refused.output


@pytest.mark.parametrize("given", ["yesterday", "2026-13-01", ""])
def test_what_is_no_instant_is_refused(given: str) -> None:
    """With an example of one."""
    with pytest.raises(NoSuchInstant, match="2026-07-01"):
        instant_of(given)


def test_warehouse_without_history_says_so(path: Path) -> None:
    """And what to do about it."""
    with open_warehouse(path) as connection:
        since = kept_since(connection)
    assert since is not None
    assert since > datetime.now(UTC) - timedelta(hours=1)
    with pytest.raises(NoHistory, match="og sync"), og_assets.open_warehouse(path, as_of=NOON):
        pass


def test_doctor_says_what_cannot_be_fetched_again_and_how_old_its_copy_is(filled: Path) -> None:
    """A copy is looked for where the guide puts it."""
    settings = Settings.from_environment({"ORDERGROOVE_WAREHOUSE": str(filled)})
    without = _examine_history(settings)
    assert without.verdict is Verdict.ATTENTION
    assert without.message.startswith("1 former states, kept since ")
    copy = filled.parent.parent / "backups" / "2026-03-01.duckdb"
    copy.parent.mkdir()
    copy.write_bytes(filled.read_bytes())
    told = _examine_history(settings)
    assert told.verdict is Verdict.GOOD
    assert f"is of {datetime.now(UTC):%Y-%m-%d}" in told.message
    off = Settings.from_environment({"ORDERGROOVE_WAREHOUSE": str(filled), "ORDERGROOVE_HISTORY": "off"})
    assert "what changes now is lost" in _examine_history(off).message
