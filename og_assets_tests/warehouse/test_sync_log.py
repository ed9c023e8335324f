"""How pulls begin, go on, end, and move the watermark."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from duckdb import DuckDBPyConnection
from warehouse_rows import NOON, ORDERS, begin, load, order, stored

from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import UnknownSync
from og_assets.warehouse.load import (
    Batch,
    Progress,
    QuarantinedRecord,
    SyncRun,
    fail_sync,
    forget_resume,
    load_batch,
    read_watermark,
)
from og_assets.warehouse.tables import ensure_tables
from og_assets_tests.warehouse import older_releases

HALFWAY = Progress(
    pages=100,
    requests=103,
    retries={"429": 2, "timeout": 1},
    records=10000,
    noted=4,
    bytes=5_000_000,
    slowest_response_seconds=2.5,
    clock_skew_seconds=-0.5,
    next_url="https://restapi.ordergroove.com/orders/?cursor=abc",
)


def log(connection: DuckDBPyConnection, columns: str) -> list[tuple[Any, ...]]:
    """These columns of all pulls, in order."""
    return connection.execute(f"SELECT {columns} FROM ops.sync_runs ORDER BY sync_id").fetchall()


def test_a_complete_pull_moves_the_watermark(connection: DuckDBPyConnection, path: Path) -> None:
    """The last batch ends the pull and moves the watermark with it."""
    run = begin(connection)
    assert read_watermark(connection, "orders") is None
    load(connection, path, run, [order("a")], progress=HALFWAY)
    assert read_watermark(connection, "orders") is None
    load(connection, path, run, [order("b")], progress=Progress(pages=101), watermark=NOON, finished=True)
    assert read_watermark(connection, "orders") == NOON
    assert log(connection, "outcome, pages, inserted, watermark_after, next_url") == [("succeeded", 101, 2, NOON, None)]
    assert log(connection, "finished_at >= started_at") is not None


def test_a_pull_without_watermark_leaves_it(connection: DuckDBPyConnection, path: Path) -> None:
    """A person's pull of past days succeeds and says nothing about what else changed."""
    load(connection, path, begin(connection), [], watermark=NOON, finished=True)
    load(connection, path, begin(connection, mode="window"), [order("a")], finished=True)
    assert read_watermark(connection, "orders") == NOON
    assert log(connection, "outcome") == [("succeeded",), ("succeeded",)]


def test_an_empty_pull_succeeds(connection: DuckDBPyConnection) -> None:
    """No row is an answer too."""
    ensure_tables(connection, [ORDERS])
    load_batch(connection, ORDERS, begin(connection), Batch(watermark=NOON, finished=True))
    assert stored(connection) == []
    assert read_watermark(connection, "orders") == NOON


def test_watermark_never_moves_back(connection: DuckDBPyConnection, path: Path) -> None:
    """An overtaken pull that ends last leaves the later watermark."""
    overtaken, later = begin(connection, run_id="1"), begin(connection, run_id="2")
    load(connection, path, later, [], watermark=NOON, finished=True)
    load(connection, path, overtaken, [], watermark=NOON - timedelta(hours=8), finished=True)
    assert read_watermark(connection, "orders") == NOON
    assert connection.execute("SELECT sync_id FROM ops.sync_state").fetchall() == [(later.sync_id,)]


def test_objects_have_their_own_watermarks_and_numbers_are_shared(connection: DuckDBPyConnection, path: Path) -> None:
    """Numbers rise over all objects, so that they order everything that was loaded."""
    assert [begin(connection, name).sync_id for name in ("orders", "items", "orders")] == [1, 2, 3]
    load(connection, path, SyncRun(3, "orders"), [], watermark=NOON, finished=True)
    assert read_watermark(connection, "items") is None


def test_progress_is_absolute_and_key_counts_add_up(connection: DuckDBPyConnection, path: Path) -> None:
    """The log tells the whole pull after each batch."""
    run = begin(connection)
    load(connection, path, run, [order("a"), order("b")], progress=HALFWAY)
    load(connection, path, run, [order("b"), order("c")], progress=HALFWAY)
    counted = "pages, requests, retries, records, noted, bytes, slowest_response_seconds, clock_skew_seconds"
    assert log(connection, counted) == [(100, 103, '{"429": 2, "timeout": 1}', 10000, 4, 5_000_000, 2.5, -0.5)]
    assert log(connection, "inserted, updated, unchanged, outcome") == [(3, 0, 1, "running")]


@pytest.mark.parametrize("died", [True, False])
def test_a_retry_in_the_same_run_resumes(connection: DuckDBPyConnection, path: Path, died: bool) -> None:
    """Whether the process died or failed in good order, the pull goes on after its last loaded batch."""
    run = begin(connection, started_at=NOON)
    load(connection, path, run, [order("a")], progress=HALFWAY)
    if not died:
        fail_sync(connection, run.sync_id, "503 six times")
    again = begin(connection, started_at=NOON + timedelta(hours=1))
    assert again.sync_id == run.sync_id
    assert again.resume is not None
    assert (again.resume.next_url, again.resume.started_at) == (HALFWAY.next_url, NOON)
    assert again.resume.progress == HALFWAY
    assert log(connection, "outcome, error, finished_at, inserted") == [("running", None, None, 1)]


def finish(connection: DuckDBPyConnection, path: Path, run: SyncRun) -> None:
    """The pull ends well."""
    load(connection, path, run, [], progress=HALFWAY, finished=True)


def overtake(connection: DuckDBPyConnection, path: Path, run: SyncRun) -> None:
    """Another run pulls the object."""
    begin(connection, run_id="another")


def nothing(connection: DuckDBPyConnection, path: Path, run: SyncRun) -> None:
    """The pull has stopped, no more."""


@pytest.mark.parametrize(
    ("meanwhile", "differing"),
    [
        (nothing, {"run_id": "another"}),
        (nothing, {"mode": "window"}),
        (nothing, {"filters": {"updated_start": "2026-02-28 07:00:01"}}),
        (finish, {}),
        (overtake, {}),
    ],
)
def test_no_resume_when_anything_differs(
    connection: DuckDBPyConnection,
    path: Path,
    meanwhile: Callable[[DuckDBPyConnection, Path, SyncRun], None],
    differing: dict[str, Any],
) -> None:
    """Another run, another question, an end, a pull in between: then a pull starts at its start."""
    run = begin(connection)
    load(connection, path, run, [order("a")], progress=HALFWAY)
    meanwhile(connection, path, run)
    again = begin(connection, **differing)
    assert again.sync_id > run.sync_id
    assert again.resume is None


def test_no_resume_before_the_first_batch(connection: DuckDBPyConnection) -> None:
    """A pull that loaded nothing has no cursor to go on from; it is left behind as abandoned."""
    begin(connection)
    assert begin(connection).resume is None
    assert log(connection, "outcome") == [("abandoned",), ("running",)]


def test_a_refused_cursor_starts_the_pull_over(connection: DuckDBPyConnection, path: Path) -> None:
    """Counts are zero again, rows stay, and the next retry has nothing to resume."""
    run = begin(connection)
    load(connection, path, run, [order("a")], progress=HALFWAY)
    assert forget_resume(connection, run.sync_id) == SyncRun(run.sync_id, "orders")
    assert log(connection, "pages, records, inserted, next_url, started_at, outcome") == [
        (0, 0, 0, None, NOON, "running")
    ]
    assert begin(connection).resume is None
    assert [row[0] for row in stored(connection)] == ["a"]


def test_failure_is_recorded_with_its_reason(connection: DuckDBPyConnection) -> None:
    """Any text is a reason, half a surrogate pair too."""
    run = begin(connection)
    fail_sync(connection, run.sync_id, "it broke: \ud800")
    assert log(connection, "outcome, error") == [("failed", "it broke: \\ud800")]
    assert log(connection, "finished_at IS NOT NULL") == [(True,)]


def test_unknown_pull_is_an_error_and_loads_nothing(connection: DuckDBPyConnection, path: Path) -> None:
    """When somebody replaced the file meanwhile, rows without a pull would be orphans."""
    with pytest.raises(UnknownSync, match="no pull 7"):
        load(connection, path, SyncRun(7, "orders"), [order("a")])
    with pytest.raises(UnknownSync):
        fail_sync(connection, 7, "x")
    with pytest.raises(UnknownSync):
        forget_resume(connection, 7)
    assert stored(connection) == []


def test_quarantine_keeps_each_bad_record_once(connection: DuckDBPyConnection, path: Path) -> None:
    """The same bad record comes with every pull; it is kept once per object, and counted each time."""
    bad = [QuarantinedRecord("no key", '{"a": 1}'), QuarantinedRecord("no key", '{"a": 1}')]
    odd = [QuarantinedRecord("not JSON", "\ud800\0{'")]
    load(connection, path, begin(connection), [order("a")], quarantined=bad + odd)
    load(connection, path, begin(connection), [order("a")], quarantined=bad)
    load(connection, path, begin(connection, "items"), [], quarantined=bad)
    kept = connection.execute("SELECT object, reason, raw, sync_id FROM ops.quarantine ORDER BY ALL").fetchall()
    assert kept == [
        ("items", "no key", '{"a": 1}', 3),
        ("orders", "no key", '{"a": 1}', 1),
        ("orders", "not JSON", "\\ud800\0{'", 1),
    ]
    assert log(connection, "quarantined") == [(3,), (2,), (2,)]


def test_quarantine_tells_records_apart_by_what_came(connection: DuckDBPyConnection, path: Path) -> None:
    """What is shown of two records may be the same, once their tokens are masked."""
    alike = [QuarantinedRecord("no key", '{"token_id":null}', digest) for digest in ("a", "b", "a")]
    load(connection, path, begin(connection), [], quarantined=alike)
    load(connection, path, begin(connection), [], quarantined=alike)
    kept = connection.execute("SELECT raw, digest, sync_id FROM ops.quarantine ORDER BY digest").fetchall()
    assert kept == [('{"token_id":null}', "a", 1), ('{"token_id":null}', "b", 1)]


def test_quarantine_of_an_older_release_is_known_again(tmp_path: Path) -> None:
    """Its rows have no digest: a record that is shown in the same way is that row, and a second one is another."""
    older = tmp_path / "older.duckdb"
    with duckdb.connect(older, config={"storage_compatibility_version": "v1.5.0"}) as connection:
        older_releases.make(connection, 3)
        for raw in ("{}", "[46 characters withheld]"):
            connection.execute("INSERT INTO ops.quarantine VALUES ('orders', 'no key', ?, 0, now())", [raw])
    with open_warehouse(older) as connection:
        served = [QuarantinedRecord("no key", "{}", digest) for digest in ("a", "b")]
        for _ in range(2):
            load(connection, older, begin(connection), [], quarantined=served)
        kept = connection.execute("SELECT raw, digest, sync_id FROM ops.quarantine ORDER BY ALL").fetchall()
    assert kept == [("[46 characters withheld]", None, 0), ("{}", "a", 0), ("{}", "b", 1)]


class Failing(Mapping[str, int]):
    """Retries that cannot be read: an error after the rows are written and before the batch is committed."""

    def __getitem__(self, key: str) -> int:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("while reporting")

    def __len__(self) -> int:
        return 1


def test_failed_batch_leaves_nothing(connection: DuckDBPyConnection, path: Path) -> None:
    """Rows, quarantine, progress and watermark change together or not at all, and the connection stays usable."""
    run = begin(connection)
    load(connection, path, run, [order("a", status=1)])
    with pytest.raises(RuntimeError, match="while reporting"):
        load(
            connection,
            path,
            run,
            [order("a", status=2), order("b")],
            progress=Progress(retries=Failing()),
            quarantined=[QuarantinedRecord("bad", "x")],
            watermark=NOON,
            finished=True,
        )
    assert stored(connection) == [("a", 1, 1)]
    assert log(connection, "outcome, inserted") == [("running", 1)]
    assert connection.execute("SELECT count(*) FROM ops.quarantine").fetchone() == (0,)
    assert read_watermark(connection, "orders") is None
    load(connection, path, run, [order("b")], finished=True)
    assert [row[0] for row in stored(connection)] == ["a", "b"]
