"""Turns in a lake are sessions of PostgreSQL: what is lost with one, and what is not."""

import shutil
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from og_assets.warehouse import sync_log
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import CatalogUnreachable, CommitRefused, LakeBusy, LakeUnfit
from og_assets.warehouse.forgotten import write_anew
from og_assets.warehouse.place import Lake, Place, Turn
from og_assets_tests.lake.services import Postgres
from og_assets_tests.places import new_lake
from og_assets_tests.warehouse.warehouse_rows import begin, load, order

Meanwhile = Callable[[str, Callable[[], None]], None]


@pytest.fixture
def lake(catalog: str, tmp_path: Path) -> Lake:
    """A lake with one order in it."""
    lake = new_lake(catalog, tmp_path)
    assert isinstance(lake, Lake)
    with open_warehouse(lake) as connection:
        put(connection, lake, "first")
    return lake


@pytest.fixture
def end_sessions(lake: Lake, postgres: Postgres) -> Callable[[], None]:
    """Ends the sessions that hold a lock, as a failover or a network does."""

    def end() -> None:
        with postgres.cursor(lake.catalog) as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE locktype = 'advisory' AND datname = current_database()"
            )
            assert cursor.fetchone() == (1,)

    return end


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Lets something happen once, when a function of the sync log is first called."""

    def arrange(function: str, happens: Callable[[], None]) -> None:
        original = getattr(sync_log, function)

        def call(*arguments: Any, **options: Any) -> Any:
            monkeypatch.setattr(sync_log, function, original)
            happens()
            return original(*arguments, **options)

        monkeypatch.setattr(sync_log, function, call)

    return arrange


def put(connection: DuckDBPyConnection, place: Place, public_id: str) -> None:
    """A pull with one batch of one order."""
    load(connection, beside(place), begin(connection, run_id=public_id), [order(public_id, total="1.00")])


def beside(place: Place) -> Path:
    """A file whose neighbours are staged rows."""
    return place.folder / "staged"


def orders(place: Place) -> list[str]:
    """The ids of all orders."""
    with open_warehouse(place, read_only=True) as connection:
        found = connection.execute("SELECT public_id FROM ordergroove.orders ORDER BY ALL").fetchall()
    return [public_id for (public_id,) in found]


def numbers(place: Place) -> list[int]:
    """The numbers of all pulls, in the order in which they began."""
    with open_warehouse(place, read_only=True) as connection:
        found = connection.execute("SELECT sync_id FROM ops.sync_runs ORDER BY ALL").fetchall()
    return [sync_id for (sync_id,) in found]


def test_the_second_of_two_loads_is_refused_when_its_turn_was_lost(
    lake: Lake, end_sessions: Callable[[], None], meanwhile: Meanwhile
) -> None:
    """In the middle of it: nothing of it is there, and it can be done again."""

    def another_loads() -> None:
        end_sessions()
        with open_warehouse(lake, lock_timeout_seconds=5) as other:
            put(other, lake, "theirs")

    meanwhile("report", another_loads)
    with pytest.raises(CommitRefused, match="run it again"), open_warehouse(lake) as connection:
        put(connection, lake, "lost")
    assert orders(lake) == ["first", "theirs"]
    with open_warehouse(lake) as connection:
        put(connection, lake, "again")
    assert orders(lake) == ["again", "first", "theirs"]
    assert numbers(lake) == [1, 2, 3, 4]


def test_no_number_is_given_twice_when_a_turn_was_lost_as_a_pull_began(
    lake: Lake, end_sessions: Callable[[], None], meanwhile: Meanwhile
) -> None:
    """Two that only insert, each after the greatest number that it sees, would be let through by themselves."""

    def another_begins() -> None:
        end_sessions()
        with open_warehouse(lake, lock_timeout_seconds=5) as other:
            begin(other, "items", run_id="theirs")

    meanwhile("_resume", another_begins)
    with pytest.raises(CommitRefused), open_warehouse(lake) as connection:
        begin(connection, run_id="lost")
    assert numbers(lake) == [1, 2]
    with open_warehouse(lake) as connection:
        begin(connection, run_id="again")
    assert numbers(lake) == [1, 2, 3]


def load_as_memory_runs_out(lake: Lake) -> str:
    """Load an order when a commit has less memory than it takes; returns the limit after that.

    A commit reads what the catalog knows of each table and column, which is much here.
    """
    columns = ", ".join(f"{number} AS c{number}" for number in range(150))
    original = sync_log.report

    def report_and_run_out_of_memory(*arguments: Any) -> None:
        original(*arguments)
        sync_log.report = original
        for number in range(30):
            connection.execute(f"CREATE TABLE ops.wide_{number} AS SELECT {columns}")
        (used,) = connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()[0]
        connection.execute(f"SET memory_limit = '{used + 1_000_000}B'")

    sync_log.report = report_and_run_out_of_memory
    with open_warehouse(lake) as connection:
        put(connection, lake, "second")
        return str(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])


def test_a_batch_whose_commit_lacks_memory_is_loaded_with_more(lake: Lake) -> None:
    """In a process of its own, whose memory holds nothing of other tests."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        assert process.submit(load_as_memory_runs_out, lake).result() == "953.6 MiB"
    assert orders(lake) == ["first", "second"]


def spill_after_tidying(lake: Lake) -> int:
    """Sort what has no room in memory when somebody has removed the folder for that since the lake was opened."""
    with open_warehouse(lake):
        pass
    shutil.rmtree(lake.beside("tmp"))
    with open_warehouse(lake, config={"memory_limit": "64MB"}) as connection:
        connection.execute(
            "CREATE TEMP TABLE sorted AS SELECT md5(i::VARCHAR) AS a FROM range(3000000) t(i) ORDER BY a"
        )
        return int(connection.execute("SELECT count(*) FROM sorted").fetchall()[0][0])


def test_a_folder_for_spilling_that_was_removed_is_made_again(lake: Lake) -> None:
    """A process keeps the name that it had with its first lake, which may be gone by then."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        assert process.submit(spill_after_tidying, lake).result() == 3_000_000


def test_a_reader_does_not_wait_for_a_load_and_sees_nothing_of_it(lake: Lake, meanwhile: Meanwhile) -> None:
    """It reads while the other's transaction is open."""
    seen: list[list[str]] = []
    meanwhile("report", lambda: seen.append(orders(lake)))
    with open_warehouse(lake) as connection:
        put(connection, lake, "second")
    assert [*seen, orders(lake)] == [["first"], ["first", "second"]]


def test_a_database_that_was_restarted_is_found_again(lake: Lake, postgres: Postgres) -> None:
    """The sessions that a process keeps are then dead, and it makes new ones."""
    assert orders(lake) == ["first"]
    with postgres.cursor(lake.catalog) as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() > (0,)
    assert orders(lake) == ["first"]


def test_a_lake_that_keeps_rows_in_its_catalog_is_refused(lake: Lake) -> None:
    """Also where that was set for a single table."""
    with open_warehouse(lake) as connection:
        of_orders = "schema => 'ordergroove', table_name => 'orders'"
        connection.execute(f"CALL warehouse.set_option('data_inlining_row_limit', '10', {of_orders})")
    with pytest.raises(LakeUnfit, match="data_inlining_row_limit at 0"), open_warehouse(lake):
        pass
    assert orders(lake) == ["first"]


def test_a_password_that_is_wrong_is_told_without_it(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By the error and by all that caused it."""
    words = dict(word.split("=") for word in lake.catalog.split())
    (tmp_path / "pgpass").write_text(f"{words['host']}:{words['port']}:*:{words['user']}:hunter2\n")
    (tmp_path / "pgpass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    with pytest.raises(CatalogUnreachable, match="PGPASSFILE") as refused, open_warehouse(lake):
        pass
    told = "".join(traceback.format_exception(refused.value))
    assert "password authentication failed" in told
    assert "hunter2" not in told + caplog.text


def test_overwritten_rows_are_gone_from_files_and_catalog_when_a_person_is_forgotten(
    lake: Lake, postgres: Postgres
) -> None:
    """The catalog keeps the smallest and the greatest value of each column and file."""

    def catalog_tells() -> bool:
        with postgres.cursor(lake.catalog) as cursor:
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [lake.schema])
            for (table,) in cursor.fetchall():
                cursor.execute(f"SELECT count(*) FROM {lake.schema}.{table} AS rows WHERE CAST(rows AS TEXT) ~ 'zed@'")
                if cursor.fetchone() != (0,):
                    return True
        return False

    with open_warehouse(lake) as connection:
        connection.execute("INSERT INTO ops.seen_keys VALUES ('customers', 1, 'zed@shop.example')")
        files = set(Path(lake.data_path).rglob("seen_keys/*.parquet"))
        assert (len(files), catalog_tells()) == (1, True)
        connection.execute("UPDATE ops.seen_keys SET key = 'forgotten'")
        write_anew(connection, lake)
    assert files.isdisjoint(Path(lake.data_path).rglob("*.parquet"))
    assert not catalog_tells()
    with open_warehouse(lake) as connection:
        put(connection, lake, "second")
    assert orders(lake) == ["first", "second"]


@pytest.mark.parametrize(("turn", "waits"), [(Turn.LOAD, True), (Turn.DERIVE, False), (Turn.MAINTAIN, False)])
def test_only_turns_of_one_kind_wait_for_each_other(lake: Lake, turn: Turn, waits: bool) -> None:
    """And who waits for too long is told who has it."""

    def ask() -> Iterator[None]:
        with open_warehouse(lake, turn=turn, lock_timeout_seconds=0.05):
            yield

    with open_warehouse(lake):
        if waits:
            with pytest.raises(LakeBusy, match=r"The turn to load in .* is with process \d+ on "):
                next(ask())
        else:
            assert next(ask()) is None
