"""How long ops.sync_runs keeps pulls: long, and never shorter than something names them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from duckdb import ConversionException, DuckDBPyConnection
from warehouse_rows import begin, load, order, stored

from og_assets.warehouse.events import StoredEvent, store_events
from og_assets.warehouse.load import Progress, QuarantinedRecord, fail_sync
from og_assets.warehouse.retention import KEPT_PULLS

NOW = datetime.now(UTC)
OLD = NOW - KEPT_PULLS - timedelta(hours=1)
YOUNG = NOW - KEPT_PULLS + timedelta(hours=1)


def pulls(connection: DuckDBPyConnection) -> list[int]:
    """The numbers of the pulls that the sync log has."""
    return [sync_id for (sync_id,) in connection.execute("SELECT sync_id FROM ops.sync_runs ORDER BY 1").fetchall()]


def test_an_old_pull_that_nothing_names_is_forgotten(connection: DuckDBPyConnection, path: Path) -> None:
    """The end of the next complete pull does it; a pull that is younger stays, whether it failed or not."""
    for started_at in (OLD, YOUNG):
        run = begin(connection, started_at=started_at)
        fail_sync(connection, run.sync_id, "no answer")
    run = begin(connection, run_id="now", started_at=NOW)
    assert pulls(connection) == [1, 2, 3]
    load(connection, path, run, [order("a")], finished=True)
    assert pulls(connection) == [2, 3]


def test_an_old_pull_stays_while_something_names_it(connection: DuckDBPyConnection, path: Path) -> None:
    """A row that has not changed since, a quarantined record, a finding of a sweep, the watermark."""
    load(connection, path, begin(connection, run_id="1", started_at=OLD), [order("a")], finished=True)
    refused = [QuarantinedRecord("no key", "{}")]
    load(connection, path, begin(connection, run_id="2", started_at=OLD), [], quarantined=refused, finished=True)
    load(connection, path, begin(connection, run_id="3", started_at=OLD), [], watermark=OLD, finished=True)
    swept = begin(connection, run_id="4", started_at=OLD, mode="sweep")
    connection.execute(
        "INSERT INTO ops.sweep_findings VALUES ('orders', 'x', 'sweep', now(), now(), ?)", [swept.sync_id]
    )
    load(connection, path, begin(connection, run_id="5", started_at=OLD), [], finished=True)
    load(connection, path, begin(connection, run_id="6", started_at=NOW), [], finished=True)
    assert pulls(connection) == [1, 2, 3, 4, 6]
    load(connection, path, begin(connection, run_id="7", started_at=NOW), [order("a", status=5)], finished=True)
    assert stored(connection) == [("a", 5, 7)]
    assert pulls(connection) == [2, 3, 4, 6, 7]


def test_numbers_go_on_after_a_long_pause(connection: DuckDBPyConnection, path: Path) -> None:
    """The last load keeps its number: what is derived would take a number that is given again for one it has."""
    load(connection, path, begin(connection, run_id="1", started_at=OLD), [order("a")], finished=True)
    connection.execute("DELETE FROM ordergroove.orders")
    load(connection, path, begin(connection, run_id="2", started_at=NOW), [], finished=True)
    assert pulls(connection) == [1, 2]
    load(connection, path, begin(connection, run_id="3", started_at=NOW), [order("b")], finished=True)
    assert connection.execute("SELECT max(last_load) FROM ops.sync_runs").fetchone() == (2,)
    load(connection, path, begin(connection, run_id="4", started_at=NOW), [], finished=True)
    assert pulls(connection) == [2, 3, 4]


def test_a_failing_batch_forgets_nothing(connection: DuckDBPyConnection, path: Path) -> None:
    """It is part of the transaction that ends the pull."""
    fail_sync(connection, begin(connection, started_at=OLD).sync_id, "no answer")
    run = begin(connection, run_id="now", started_at=NOW)
    with pytest.raises(ConversionException):
        load(connection, path, run, [order("a", total="no amount")], finished=True)
    assert pulls(connection) == [1, 2]


def test_readings_of_the_inbox_are_forgotten_too(connection: DuckDBPyConnection) -> None:
    """Those that brought an event stay with it."""

    def read(run_id: str, started_at: datetime, *ids: str) -> None:
        run = begin(connection, "events", run_id=run_id, mode="inbox", started_at=started_at)
        events = [StoredEvent(id, None, None, None, None, NOW, "{}") for id in ids]
        store_events(connection, events, run, Progress(), inbox="i", position=1, finished=True)

    read("1", OLD, "a")
    read("2", OLD)
    read("3", NOW, "b")
    assert pulls(connection) == [1, 3]
