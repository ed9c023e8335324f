"""`og query` and `og export` as a person and a script meet them: what is printed where, and the exit codes."""

import csv
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from warehouse_rows import begin, load, order

from og_assets.commands.query import Query
from og_assets.warehouse.connecting import open_warehouse

StartPython = Callable[..., "subprocess.Popen[str]"]
OG = [sys.executable, "-m", "og_assets"]

HOLD = """
import sys
from pathlib import Path
from og_assets.warehouse.connecting import open_warehouse
with open_warehouse(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with two orders."""
    path = tmp_path_factory.mktemp("filled") / "ordergroove.duckdb"
    with open_warehouse(path) as connection:
        load(connection, path, begin(connection), [order("a", total="1.50"), order('b,"')], finished=True)
    return path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables for a command in a folder of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ORDERGROOVE_")}
    return {**inherited, "DAGSTER_HOME": str(tmp_path / "home"), "TERM": "dumb", "COLUMNS": "120"}


@pytest.fixture
def og(filled: Path, tmp_path: Path, environment: dict[str, str]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run `og` to its end."""

    def run(*words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*OG, *words],
            cwd=tmp_path,
            env={**environment, "ORDERGROOVE_WAREHOUSE": str(filled)},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


Run = Callable[..., "subprocess.CompletedProcess[str]"]
STATEMENT = "SELECT public_id, total FROM ordergroove.orders ORDER BY 1"


def test_a_statement_as_table_csv_and_json(og: Run) -> None:
    """The table for eyes, the others for programs: nothing but the result on stdout."""
    table = og("query", STATEMENT)
    assert table.returncode == 0, table.stderr
    assert "decimal(18,4)" in table.stdout
    assert "1.5000" in table.stdout
    as_csv = og("query", "--format", "csv", STATEMENT)
    assert list(csv.reader(as_csv.stdout.splitlines())) == [["public_id", "total"], ["a", "1.5000"], ['b,"', ""]]
    as_json = og("query", "--format", "json", STATEMENT)
    assert json.loads(as_json.stdout) == [{"public_id": "a", "total": 1.5}, {"public_id": 'b,"', "total": None}]


def test_statements_from_standard_input(og: Run) -> None:
    """As many as there are, comments included."""
    finished = og("query", "--format", "csv", typed="-- first\nSELECT 1 AS one; SELECT ';' AS two;\n")
    assert finished.stdout == "one\n1\ntwo\n;\n"
    tables = og(
        "query", typed="-- 1. First\n-- and why\nSELECT 1 AS one;\n\n-- 2. Second\nSELECT 2 AS two; SELECT 3;\n"
    )
    assert re.findall("^--.*$", tables.stdout, re.MULTILINE) == ["-- 1. First", "-- and why", "-- 2. Second"]


def test_tables_with_their_meaning(og: Run) -> None:
    """The way in for someone who has never seen it."""
    finished = og("query", ".tables")
    assert "Orders, each as last fetched." in finished.stdout
    assert "order_totals_current" in finished.stdout


def test_a_narrow_terminal_breaks_no_word(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each word of each meaning stands whole on a line that fits."""
    Query({"": filled}, format="csv").run(".tables")
    meanings = [row["meaning"] for row in csv.DictReader(capsys.readouterr().out.splitlines())]
    Query({"": filled}, width=100).run(".tables")
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 100
    assert {word for meaning in meanings for word in meaning.split()} - set(shown.split()) == set()


def test_columns_with_their_meaning(og: Run) -> None:
    """Of one table by its name or its whole name, or of all; as CSV for a program."""
    for name in ("orders", "ordergroove.orders", "Orders"):
        finished = og("query", f".schema {name}")
        assert "ordergroove.orders  public_id" in re.sub(" +", "  ", finished.stdout)
        assert "ordergroove.items" not in finished.stdout
    everything = og("query", "--format", "csv", ".schema")
    assert {row["table"] for row in csv.DictReader(everything.stdout.splitlines())} > {
        "ops.sync_runs",
        "ordergroove.orders",
    }


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("query", "DELETE FROM ordergroove.orders"), 1, "opened for reading only"),
        (("query", "SELEC 1"), 1, 'syntax error at or near "SELEC"'),
        (("query", "FROM ordergroove.order"), 1, "Table with name order does not exist"),
        (("query", "--warehouse", "none.duckdb", "SELECT 1"), 1, "There is no warehouse at none.duckdb"),
        (("query",), 2, "There is no statement"),
        (("query", ".dump orders"), 1, "There is no command `.dump orders`. There are .tables, .schema"),
        (("query", ".schema nothing"), 1, "There is no table, view or schema `nothing`"),
        (("query", "--format", "xml", "SELECT 1"), 2, "'xml' is not one of"),
        (("export",), 2, "Missing argument 'DIR'"),
        (("export", ".."), 1, "holds something that is no export"),
        (("export", "/proc/foo"), 1, "No such file or directory"),
    ],
)
def test_a_mistake_is_one_message_and_an_exit_code(og: Run, words: tuple[str, ...], code: int, said: str) -> None:
    """On stderr, without a traceback."""
    finished = og(*words)
    assert (finished.returncode, finished.stdout) == (code, "")
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr


def test_export_says_what_it_wrote(og: Run, tmp_path: Path) -> None:
    """Table by table, and what that comes to."""
    finished = og("export", "exports/today")
    assert finished.returncode == 0, finished.stderr
    assert "2  ordergroove.orders" in finished.stderr
    assert (tmp_path / "exports" / "today" / "ordergroove" / "orders.parquet").exists()


def test_a_query_waits_for_a_load(filled: Path, environment: dict[str, str], start_python: StartPython) -> None:
    """It says for whom on stderr, and the answer comes when the load is over."""
    load_process = start_python(HOLD, filled)
    assert load_process.stdout
    load_process.stdout.readline()
    with subprocess.Popen(
        [*OG, "query", "--warehouse", filled, "--format", "csv", "SELECT 42 AS answer"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as query:
        assert query.stderr
        assert f"in use by process {load_process.pid}" in query.stderr.readline()
        load_process.communicate("\n")
        output, errors = query.communicate(timeout=60)
    assert (output, errors, query.returncode) == ("answer\n42\n", "", 0)


def test_a_query_that_waits_too_long_says_who_holds_the_file(og: Run, filled: Path, start_python: StartPython) -> None:
    """One message, exit code 1."""
    load_process = start_python(HOLD, filled)
    assert load_process.stdout
    load_process.stdout.readline()
    finished = og("query", "--wait", "0.2", "SELECT 1")
    assert (finished.returncode, finished.stdout) == (1, "")
    assert f"in use by process {load_process.pid}" in finished.stderr
    assert len(finished.stderr.strip().splitlines()) == 1


class Terminal:
    """A person at a terminal, in front of `og query`."""

    def __init__(self, process: "subprocess.Popen[bytes]", screen: int) -> None:
        self.process = process
        self._screen = screen

    def type(self, text: str) -> None:
        """Type, with Enter at the end."""
        os.write(self._screen, f"{text}\n".encode())

    def press(self, key: str) -> None:
        """Press one key."""
        os.write(self._screen, key.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C once the prompt waits for keys: readline sees an earlier one only with the next key."""
        until = time.monotonic() + 30
        while Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
            assert time.monotonic() < until, "the prompt does not wait"
        self.process.send_signal(signal.SIGINT)

    def read_until(self, text: str) -> str:
        """What is shown until `text` is."""
        shown = ""
        while text not in shown:
            ready, _, _ = select.select([self._screen], [], [], 30)
            assert ready, f"no {text!r} after {shown!r}"
            shown += os.read(self._screen, 4096).decode()
        return shown


@pytest.fixture
def terminal(filled: Path, environment: dict[str, str]) -> Iterator[Terminal]:
    """`og query` on a terminal of its own, where Dagster's state has been made."""
    Path(environment["DAGSTER_HOME"]).mkdir()
    screen, keyboard = pty.openpty()
    with subprocess.Popen(
        [*OG, "query", "--warehouse", filled], env=environment, stdin=keyboard, stdout=keyboard, stderr=keyboard
    ) as process:
        os.close(keyboard)
        yield Terminal(process, screen)
        process.kill()
    os.close(screen)


def test_the_shell_answers_and_never_keeps_the_file(terminal: Terminal, filled: Path, tmp_path: Path) -> None:
    """Statements of several lines, mistakes that end nothing, and a load that goes on while the person thinks."""
    terminal.read_until("og> ")
    terminal.type("SELECT 40 +")
    terminal.read_until("  > ")
    with open_warehouse(filled, lock_timeout_seconds=0, busy_timeout_seconds=0):
        terminal.type("2 AS answer, ';' AS no_end")
    terminal.type(";")
    assert "42" in terminal.read_until("og> ")
    terminal.type("DELETE FROM ordergroove.orders;")
    assert "reading only" in terminal.read_until("og> ")
    terminal.type("SELEC;")
    assert "syntax error" in terminal.read_until("og> ")
    terminal.type(".help")
    assert ".tables" in terminal.read_until("og> ")
    terminal.type(".schema order_totals")
    assert "analytics.order_totals" in terminal.read_until("og> ")
    terminal.type(".nonsense")
    assert "There is no command `.nonsense`" in terminal.read_until("og> ")
    terminal.type("\\q")
    assert terminal.process.wait(timeout=30) == 0
    history = tmp_path / "home" / "query_history"
    assert "SELECT 40 +" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0


def test_the_shell_drops_what_is_typed_on_ctrl_c_and_ends_on_ctrl_d(terminal: Terminal) -> None:
    """As every shell does."""
    terminal.read_until("og> ")
    terminal.type("SELECT 'half")
    terminal.read_until("  > ")
    terminal.interrupt()
    terminal.read_until("og> ")
    terminal.type("SELECT 6 * 7 AS answer;")
    assert "42" in terminal.read_until("og> ")
    terminal.press("\x04")
    assert terminal.process.wait(timeout=30) == 0
