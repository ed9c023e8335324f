"""Reading while loads run: who waits for whom, for how long, and what a reader cannot do."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from warehouse_rows import begin, load, order

import og_assets
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import WarehouseLetGo, WarehouseLocked, WarehouseMissing, WarehouseReadOnly
from og_assets.warehouse.processes import Holder
from og_assets.warehouse.reading import read_warehouse

StartPython = Callable[..., "subprocess.Popen[str]"]

HOLD = """
import sys
from pathlib import Path
from og_assets.warehouse.connecting import open_warehouse
with open_warehouse(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.readline()
"""
ENDLESS = "SELECT count(*) FROM range(1000000000) AS a, range(1000000) AS b WHERE a.range % 7 = b.range % 11"


@pytest.fixture
def filled(path: Path) -> Path:
    """A warehouse with two orders."""
    with open_warehouse(path) as connection:
        load(connection, path, begin(connection), [order("a", status=1), order("b", status=5)], finished=True)
    return path


def held(path: Path, start_python: StartPython) -> "subprocess.Popen[str]":
    """A process that holds the warehouse for a load until it gets a line."""
    process = start_python(HOLD, path)
    assert process.stdout
    assert process.stdout.readline() == "holding\n"
    return process


def test_a_load_that_runs_is_waited_for_and_named(filled: Path, start_python: StartPython) -> None:
    """The reader says who has the file, and answers when it is given back."""
    load_process = held(filled, start_python)
    waited_for: list[Holder | None] = []

    def end_the_load(holder: Holder | None) -> None:
        waited_for.append(holder)
        assert load_process.stdin
        load_process.stdin.write("\n")
        load_process.stdin.flush()

    with read_warehouse(filled, on_wait=end_the_load) as connection:
        assert connection.execute("SELECT count(*) FROM ordergroove.orders").fetchone() == (2,)
    assert [holder.pid for holder in waited_for if holder] == [load_process.pid]


def test_a_load_that_takes_too_long_ends_in_one_message(filled: Path, start_python: StartPython) -> None:
    """It says how long was waited, and for whom."""
    load_process = held(filled, start_python)
    with (
        pytest.raises(WarehouseLocked, match=rf"process {load_process.pid} .*waited 2 s") as caught,
        read_warehouse(filled, wait_seconds=1.5),
    ):
        pass
    assert caught.value.holder
    assert caught.value.holder.pid == load_process.pid


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ordergroove.orders FROM ordergroove.orders",
        "DELETE FROM ordergroove.orders",
        "UPDATE ops.sync_state SET sync_id = 1",
        "CREATE TABLE ordergroove.mine (a INTEGER)",
        "DROP TABLE ordergroove.orders",
    ],
)
def test_a_reader_cannot_write(filled: Path, statement: str) -> None:
    """And is told what to do instead."""
    with pytest.raises(WarehouseReadOnly, match="reading only"), read_warehouse(filled) as connection:
        connection.execute(statement)
    with read_warehouse(filled) as connection:
        assert connection.execute("SELECT count(*) FROM ordergroove.orders").fetchone() == (2,)


def test_a_statement_without_end_gives_the_file_back(filled: Path) -> None:
    """Loads are kept waiting for no longer than the reader may hold the file."""
    with pytest.raises(WarehouseLetGo, match="given back"), read_warehouse(filled, hold_seconds=0.2) as connection:
        connection.execute(ENDLESS)


def test_a_forgotten_connection_gives_the_file_back(filled: Path, start_python: StartPython) -> None:
    """A notebook cell that never ends does not stop the syncs; what it asks later says why it gets no answer."""
    with read_warehouse(filled, hold_seconds=0.2) as connection:
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()
        held(filled, start_python)
        for ask in (connection.execute, connection.sql, connection.cursor().execute):
            with pytest.raises(WarehouseLetGo, match="given back after 0 s"):
                ask("FROM ordergroove.orders")


def test_a_limited_connection_is_otherwise_duckdbs(filled: Path) -> None:
    """A reader's own variables are found, and a chained call goes on with the same connection."""
    statuses = pd.DataFrame({"status": [1, 5], "word": ["open", "placed"]})  # noqa: F841 - DuckDB finds it by its name
    with read_warehouse(filled, hold_seconds=60) as connection:
        rows = connection.execute("SELECT word FROM ordergroove.orders JOIN statuses USING (status) ORDER BY 1")
        assert rows.fetchall() == [("open",), ("placed",)]
        orders = connection.sql("FROM ordergroove.orders")  # noqa: F841
        assert connection.sql("SELECT count(*) FROM orders").fetchall() == [(2,)]
        with pytest.raises(duckdb.CatalogException):
            connection.sql("FROM ordergroove.nothing")


def test_frames_for_notebooks(filled: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the path, by the variable, or by `.env` of the folder, over which the variable wins."""
    with og_assets.open_warehouse(filled) as warehouse:
        assert list(warehouse.sql("FROM ordergroove.orders ORDER BY public_id").df()["public_id"]) == ["a", "b"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERGROOVE_WAREHOUSE", str(filled))
    with og_assets.open_warehouse() as warehouse:
        assert warehouse.sql("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    Path(".env").write_text("ORDERGROOVE_WAREHOUSE=elsewhere.duckdb\nORDERGROOVE_API_KEY=\n")
    with og_assets.open_warehouse() as warehouse:
        assert warehouse.sql("SELECT count(*) FROM ordergroove.orders").fetchall() == [(2,)]
    monkeypatch.delenv("ORDERGROOVE_WAREHOUSE")
    with pytest.raises(WarehouseMissing, match=r"elsewhere\.duckdb"), og_assets.open_warehouse():
        pass


def test_exact_frames_keep_what_floats_lose(filled: Path) -> None:
    """DuckDB's own frames make floats of DECIMAL columns; nulls and all other columns stay as they are."""
    asked = "SELECT unnest([0.10, 0.20, NULL])::DECIMAL(18,4) AS amount, 'a' AS word"
    with og_assets.open_warehouse(filled) as warehouse:
        floats, exact = warehouse.sql(asked).df(), og_assets.exact_frame(warehouse.sql(asked))
        assert og_assets.exact_frame(warehouse.sql("SELECT 1 AS one")).equals(warehouse.sql("SELECT 1 AS one").df())
    assert sum(floats["amount"][:2]) != Decimal("0.3")
    assert sum(exact["amount"][:2]) == Decimal("0.3")
    assert exact["amount"][2] is None
    assert exact["word"].equals(floats["word"])


def test_without_pandas_a_frame_is_refused_with_the_extra_to_install(filled: Path) -> None:
    """Pandas is an extra; what makes no frame does without."""
    code = (
        "import sys; sys.modules['pandas'] = None; import og_assets\n"
        "with og_assets.open_warehouse(sys.argv[1]) as warehouse:\n"
        "    print(warehouse.execute('SELECT ?', [1]).fetchall())\n"
        "    og_assets.exact_frame(warehouse.sql('SELECT 0.10 AS amount'))"
    )
    command = [sys.executable, "-c", code, str(filled)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert finished.stdout == "[(1,)]\n"
    assert "SettingError" in finished.stderr
    assert "og-assets[frames]" in finished.stderr


def test_importing_og_assets_imports_nothing_heavy() -> None:
    """Neither DuckDB nor pandas nor Dagster: whoever imports it may not want them."""
    code = "import sys, og_assets; print(*sorted(set(sys.modules) & {'duckdb', 'pandas', 'dagster', 'pydantic'}))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert finished.stdout == "\n"
