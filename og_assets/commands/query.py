"""`og query`: statements on the warehouse, from the command line, a script or a person, each with a short opening."""

import io
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection, DuckDBPyRelation
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from og_assets.errors import OgAssetsError
from og_assets.warehouse.all_merchants import read_all
from og_assets.warehouse.errors import WarehouseError
from og_assets.warehouse.place import Place
from og_assets.warehouse.processes import Holder
from og_assets.warehouse.reading import HOLD_SECONDS, WAIT_SECONDS, read_warehouse
from og_assets.warehouse.sql import read_sql

FORMATS = ("table", "csv", "json")

LEADING_COMMENT = re.compile(r"(?:\s*--[^\n]*\n)+")
"""What a script says about a statement before it; shown above its table."""

UNCUT = 100_000
"""A width, in characters, at which no table loses a column."""

HELP = """\
End a statement with ; to run it. Times are UTC; nothing can be changed.
  .tables          tables and views, with their meaning
  .schema orders   the columns of a table or view, with their meaning; without a name those of all
  .quit            leave (also \\q, Ctrl-D); Ctrl-C drops what is typed or running"""

ONLY_OF_NOW = """

As of an instant there are the objects with a past, history and ops: `.tables` lists them. What is derived, and all
other objects, there is as of now only: leave --as-of out. A lake shows their tables too, as loaded by then, no
further back than ORDERGROOVE_SNAPSHOT_DAYS."""

DOT_COMMANDS = {".tables": "list_tables.sql", ".schema": "list_columns.sql"}

LEAVING = {".quit", ".exit", "\\q", "exit", "quit"}
ASKING_FOR_HELP = {".help", "help", "\\?"}


class StatementFailed(OgAssetsError):
    """DuckDB refused a statement or failed on it; the message is DuckDB's own."""


@dataclass(frozen=True, slots=True)
class Query:
    """How statements are run and shown. The file is open while a statement runs, not while its result is shown."""

    warehouses: Mapping[str, Place]
    """By the name of the merchant; the only one has none."""
    format: str = "table"
    rows: int = 100
    width: int = UNCUT
    wait_seconds: float = WAIT_SECONDS
    hold_seconds: float = HOLD_SECONDS
    on_wait: Callable[[Holder | None], None] | None = None
    as_of: datetime | None = None

    def run(self, sql: str) -> None:
        """Run statements one after the other and print what each gives.

        `.tables` lists tables and views, `.schema` columns. Raises StatementFailed and WarehouseError; what was
        printed before stays.
        """
        try:
            if sql.strip().startswith("."):
                self._run_dot_command(sql.strip().rstrip(";"))
                return
            for statement in duckdb.extract_statements(sql):
                self._run(statement.query)
        except duckdb.Error as error:
            is_of_now = self.as_of and isinstance(error, duckdb.CatalogException)
            raise StatementFailed(f"{str(error).strip()}{ONLY_OF_NOW if is_of_now else ''}") from error

    def _run_dot_command(self, line: str) -> None:
        command, *words = line.split()
        if command in ASKING_FOR_HELP:
            sys.stdout.write(f"{HELP}\n")
            return
        if command not in DOT_COMMANDS or len(words) > (command == ".schema"):
            raise StatementFailed(f"There is no command `{line}`. There are .tables, .schema [NAME], .help and .quit.")
        sql, name = read_sql(DOT_COMMANDS[command]), "".join(words)
        parameters = [name] if command == ".schema" else []
        if self.format != "table":
            self._run(sql, parameters)
            return
        with self._reading() as connection:
            result = connection.execute(sql, parameters)
            columns, rows = [column[0] for column in result.description], result.fetchall()
        if not rows:
            raise StatementFailed(f"There is no table, view or schema `{name}`; .tables lists them.")
        self._show_in_words(columns, rows)

    def _show_in_words(self, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        """As a table that breaks lines between words, which DuckDB's own does not."""
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in columns:
            table.add_column(column, justify="right" if column == "rows" else "left", no_wrap=column != "meaning")
        for row in rows:
            table.add_row(*(f"{value:,}" if isinstance(value, int) else escape(value or "") for value in row))
        Console(file=sys.stdout, width=self.width if self.width != UNCUT else 160).print(table)

    def _reading(self) -> AbstractContextManager[DuckDBPyConnection]:
        if "" not in self.warehouses:
            return read_all(self.warehouses, wait_seconds=self.wait_seconds, hold_seconds=self.hold_seconds)
        return read_warehouse(
            self.warehouses[""],
            wait_seconds=self.wait_seconds,
            hold_seconds=self.hold_seconds,
            on_wait=self.on_wait,
            as_of=self.as_of,
        )

    def _run(self, statement: str, parameters: Sequence[str] = ()) -> None:
        with TemporaryDirectory(prefix="og_query_") as folder:
            file = Path(folder) / "result"
            with self._reading() as connection:
                self._write(connection.sql(statement, params=list(parameters)), file)
            if file.exists() and self.format == "table" and (comment := LEADING_COMMENT.match(statement)):
                sys.stdout.write(f"{comment[0].strip()}\n")
            if file.exists():
                with file.open(encoding="utf-8") as result:
                    shutil.copyfileobj(result, sys.stdout)
                sys.stdout.flush()

    def _write(self, result: DuckDBPyRelation | None, file: Path) -> None:
        if result is None:  # SET, COPY and others that give nothing
            return
        if self.format == "csv":
            result.write_csv(str(file), header=True)
        elif self.format == "json":
            result.query("result", f"COPY (FROM result) TO '{file}' (FORMAT json, ARRAY true)")
        else:
            file.write_text(self._table(result), encoding="utf-8")

    def _table(self, result: DuckDBPyRelation) -> str:
        with redirect_stdout(io.StringIO()) as text:
            result.show(max_rows=self.rows, max_width=self.width)
        return text.getvalue()


def shell(query: Query, history: Path, tell: Callable[[str], None]) -> None:
    """Ask a person for statements until they leave; a mistake is told and asked on."""
    with suppress(ImportError):
        _remember(history)
    files = ", ".join(str(path) for path in query.warehouses.values())
    tell(f"{files}, read-only; syncs go on while you think. Help: .help")
    typed = ""
    while True:
        try:
            line = input("og> " if not typed else "  > ")
        except EOFError:
            print()  # noqa: T201 - the shell's prompt goes on in a line of its own
            return
        except KeyboardInterrupt:
            print()  # noqa: T201
            typed = ""
            continue
        command = line.strip().rstrip(";")
        if not typed and command in LEAVING:
            return
        if not typed and command in ASKING_FOR_HELP:
            tell(HELP)
            continue
        typed += f"{line}\n"
        if typed.lstrip().startswith(".") or sqlite3.complete_statement(typed):
            _run_and_tell(query, typed, tell)
            typed = ""
        elif not typed.strip():
            typed = ""


def _run_and_tell(query: Query, sql: str, tell: Callable[[str], None]) -> None:
    try:
        query.run(sql)
    except (StatementFailed, WarehouseError) as error:
        tell(f"[red]{escape(str(error))}[/]")
    except KeyboardInterrupt:
        tell("Stopped.")


def _remember(history: Path) -> None:
    """Line editing, and a history that outlives the shell, where Python has readline."""
    import atexit
    import readline

    with suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(1000)

    def save() -> None:
        with suppress(OSError):
            history.touch(mode=0o600)  # statements may name customers
            readline.write_history_file(history)

    atexit.register(save)
