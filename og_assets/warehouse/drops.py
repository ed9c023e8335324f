"""Dropped files in the warehouse: each in one transaction, with its row in ops.drop_files. Knows no reports and no CSV.

Of files that tell of the same key the one that was finished later counts, whichever is loaded first, so loading again
and in another order ends the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.columns import Column, Kind
from og_assets.warehouse import sync_log
from og_assets.warehouse.keeping import KEEP_FOR_GOOD, Keeping
from og_assets.warehouse.progress import BatchCounts, Progress, SyncRun
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.staged_rows import stage_rows
from og_assets.warehouse.staging import Segment
from og_assets.warehouse.tables import TYPES, StoredColumn, StoredTable, Table, ensure_tables, literal, quoted
from og_assets.warehouse.transactions import transaction
from og_assets.warehouse.views import View, ensure_views

SCHEMA = "drops"
MEMORY_LIMIT = "256MB"
"""Memory of DuckDB while it loads a file, however large that is; what goes beyond it is spilled to disk."""

OF_THE_FILE: tuple[Column, ...] = (
    Column("_business_day", Kind.DAY, "Day that the file tells about."),
    Column("_file", Kind.TEXT, "File that told this (ops.drop_files.name)."),
    Column("_file_at", Kind.STAMP, "When the file was finished, as its name says, UTC."),
    Column("_line", Kind.INTEGER, "First line of the row in the file, counted from 1, the header included."),
)
"""Columns of every table of drops besides those of its report."""

TOLD_UNTIL = StoredColumn(
    "told_until", "TIMESTAMP", "When a later file told of the same key again, UTC; null for the latest."
)


def past_drops(table: Table) -> StoredTable:
    """`history.drops_<report>_past`: rows of files that a later file has replaced, without what tells of persons."""
    description = f"Rows of drops.{table.name} as earlier files told them; a later file told of the same key."
    kept = (column for column in table.columns if not column.is_masked)
    columns = tuple(StoredColumn(column.name, TYPES[column.kind], column.description) for column in kept)
    return StoredTable("history", f"drops_{table.name}_past", description, columns)


def ensure_past(connection: DuckDBPyConnection, table: Table, keys: Sequence[Sequence[str]]) -> None:
    """Make what keeps and shows the former rows of a table of drops, whose rows go by the first of `keys` they have.

    Changes nothing when all is there; there is nothing for a table without a key.
    """
    if not keys:
        return
    past = past_drops(table)
    ensure_tables(connection, [past])
    query = read_sql("drop_history_view.sql").format(
        table=table.qualified_name, past=past.qualified_name, columns=_names(past), key=_by(keys)
    )
    description = (
        f"Every row of drops.{table.name} that files have told, latest and former ones, without what tells of persons."
    )
    columns = (*past.stored_columns, TOLD_UNTIL)
    ensure_views(connection, [View("history", f"drops_{table.name}", description, columns, query)])


def _names(table: StoredTable) -> str:
    return ", ".join(quoted(column.name) for column in table.stored_columns)


def _by(keys: Sequence[Sequence[str]]) -> str:
    """The columns by which rows are the same thing, as SQL: those of a later key only where there is no first one."""
    first, *others = keys
    missing = f"{quoted(first[0])} IS NULL"
    otherwise = (f"CASE WHEN {missing} THEN {quoted(name)} END" for key in others for name in key)
    return ", ".join((*map(quoted, first), *otherwise))


KnownFile = tuple[str, int, datetime]
"""Name, size and time of a file, which together say whether it is the same."""


@dataclass(frozen=True, slots=True)
class LoggedDrop:
    """A row of ops.drop_files without what its loading finds; datetimes are aware."""

    name: str
    size: int
    modified_at: datetime
    place: str
    report: str
    business_day: date
    stamped_at: datetime
    stamp_order: str
    is_full: bool
    sha256: str | None = None
    archived: str | None = None
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DropCounts:
    """What became of the rows of a file."""

    rows: int = 0
    loaded: int = 0
    overtaken: int = 0
    quarantined: int = 0
    noted: int = 0

    def __add__(self, then: "DropCounts") -> "DropCounts":
        """Both together."""
        both = zip(asdict(self).values(), asdict(then).values(), strict=True)
        return DropCounts(*(one + other for one, other in both))


_LOGGED = (*LoggedDrop.__dataclass_fields__, *DropCounts.__dataclass_fields__, "problem", "sync_id")


def known_files(connection: DuckDBPyConnection) -> set[KnownFile]:
    """Name, size and time of every file that was seen."""
    return set(connection.execute("SELECT name, size, modified_at FROM ops.drop_files").fetchall())


def files_of_days(connection: DuckDBPyConnection, report: str, first: date, last: date) -> list[LoggedDrop]:
    """The files of a report that tell of these days, as they last were, oldest first."""
    names = tuple(LoggedDrop.__dataclass_fields__)
    rows = connection.execute(
        f"SELECT {', '.join(names)} FROM ops.drop_files WHERE report = ? AND business_day BETWEEN ? AND ?"
        " QUALIFY row_number() OVER (PARTITION BY name ORDER BY fetched_at DESC, modified_at DESC) = 1"
        " ORDER BY stamped_at, name",
        [report, first, last],
    ).fetchall()
    return [LoggedDrop(**dict(zip(names, row, strict=True))) for row in rows]


def log_unloaded(connection: DuckDBPyConnection, file: LoggedDrop, problem: str) -> None:
    """Note a file of which nothing was loaded, and why."""
    with transaction(connection):
        _log(connection, {**asdict(file), "problem": problem})


def log_strangers(connection: DuckDBPyConnection, files: Iterable[KnownFile], place: str, problem: str) -> None:
    """Note files that are none of a report."""
    with transaction(connection):
        for name, size, modified_at in files:
            told = {"name": name, "size": size, "modified_at": modified_at, "place": place, "problem": problem}
            _log(connection, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDrop:
    """A file as it was read: its rows, as `Staging` has them, and its refused lines (`line`, `reason`, `raw`).

    `key` tells the rows apart; without one a file only takes its own place. `noted` counts rows with notes.
    """

    logged: LoggedDrop
    rows: Segment | None
    refused: Segment | None
    key: Sequence[str]
    lines_per_key: bool
    noted: int


def load_drop(
    connection: DuckDBPyConnection,
    table: Table,
    read: ReadDrop,
    run: SyncRun,
    progress: Progress,
    *,
    keeping: Keeping = KEEP_FOR_GOOD,
) -> DropCounts:
    """Load a whole file into `table` in one transaction, in the place of what it told before.

    Unless a key may have several lines, of those with the same one the last counts and the others are quarantined.
    `progress` counts since the start of the run. What later files replace goes to its table of past_drops as `keeping`
    says. Raises UnknownSync.
    """
    file, key = read.logged, read.key
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    with transaction(connection):
        _stage(connection, table, read.rows, read.refused)
        if key and not read.lines_per_key:
            names = ", ".join(map(quoted, key))
            connection.execute(read_sql("set_aside_repeated_lines.sql").format(key=names))
        existing, overtaken = _find(connection, table, key) if key else (0, 0)
        if key and keeping.on:
            _keep_past(connection, table, file)
        connection.execute(f"DELETE FROM {table.qualified_name} WHERE _file = ?", [file.name])
        if existing:
            connection.execute(f"DELETE FROM {table.qualified_name} WHERE rowid IN (SELECT at_row FROM temp.replaced)")
        names = ", ".join(quoted(column.name) for column in table.stored_columns)
        values = ", ".join("?" if c.name == "_sync_id" else quoted(c.name) for c in table.stored_columns)
        connection.execute(
            f"INSERT INTO {table.qualified_name} ({names}) SELECT {values} FROM temp.staged"
            " WHERE _row NOT IN (SELECT _row FROM temp.overtaken)",
            [run.sync_id],
        )
        counts = _count(connection, overtaken, read.noted)
        _quarantine(connection, run, file)
        _log(connection, {**asdict(file), **asdict(counts), "sync_id": run.sync_id})
        new = BatchCounts(counts.loaded - existing, existing, overtaken)
        sync_log.report(connection, run, progress, new, counts.quarantined)
        for leftover in ("staged", "refused", "overtaken", "replaced"):
            connection.execute(f"DROP TABLE IF EXISTS temp.{leftover}")
    return counts


def _stage(connection: DuckDBPyConnection, table: Table, rows: Segment | None, refused: Segment | None) -> None:
    empty = f"CREATE OR REPLACE TEMP TABLE staged AS SELECT *, 0 AS _row FROM {table.qualified_name} LIMIT 0"
    connection.execute(stage_rows(table, rows) if rows else empty)
    connection.execute("CREATE OR REPLACE TEMP TABLE overtaken (_row BIGINT)")
    connection.execute("CREATE OR REPLACE TEMP TABLE refused (line BIGINT, reason VARCHAR, raw VARCHAR)")
    if refused:
        columns = "{line: 'BIGINT', reason: 'VARCHAR', raw: 'VARCHAR'}"
        connection.execute(
            f"INSERT INTO temp.refused SELECT line, reason, raw FROM read_json({literal(str(refused.path))},"
            f" format = 'newline_delimited', maximum_object_size = {refused.longest_line + 1}, columns = {columns})"
        )


def _find(connection: DuckDBPyConnection, table: Table, key: Sequence[str]) -> tuple[int, int]:
    """Where the table has the staged keys: rows to replace, and staged rows of which a later file tells; how many."""
    same_key = " AND ".join(f"stored.{quoted(name)} IS NOT DISTINCT FROM staged.{quoted(name)}" for name in key)
    connection.execute(read_sql("find_dropped_keys.sql").format(table=table.qualified_name, same_key=same_key))
    return _one(connection, "SELECT count(DISTINCT _row) FROM temp.replaced"), _one(
        connection, "SELECT count(*) FROM temp.overtaken"
    )


def _keep_past(connection: DuckDBPyConnection, table: Table, file: LoggedDrop) -> None:
    """Keep what this file replaces, and what of it a later one has replaced already; whichever was loaded first."""
    past = past_drops(table)
    columns = _names(past)
    connection.execute(f"DELETE FROM {past.qualified_name} WHERE _file = ?", [file.name])
    for rows in (
        f"{table.qualified_name} WHERE _file <> $file AND rowid IN (SELECT at_row FROM temp.replaced)",
        "temp.staged WHERE _file = $file AND _row IN (SELECT _row FROM temp.overtaken)",
    ):
        connection.execute(
            f"INSERT INTO {past.qualified_name} ({columns}) SELECT {columns} FROM {rows}", {"file": file.name}
        )


def forget_past(connection: DuckDBPyConnection, table: Table, keeping: Keeping) -> None:
    """Remove former rows that a later file replaced longer ago than `keeping` says; part of a transaction."""
    if keeping.days is None:
        return
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=keeping.days)
    sql = read_sql("forget_past_drops.sql").format(past=past_drops(table).qualified_name, report=table.name)
    connection.execute(sql, {"before": before})


def _count(connection: DuckDBPyConnection, overtaken: int, noted: int) -> DropCounts:
    staged = _one(connection, "SELECT count(*) FROM temp.staged")
    refused = _one(connection, "SELECT count(*) FROM temp.refused")
    return DropCounts(staged + refused, staged - overtaken, overtaken, refused, noted)


def _quarantine(connection: DuckDBPyConnection, run: SyncRun, file: LoggedDrop) -> None:
    """What the file's refused lines are now, in the place of what they were when it was loaded before."""
    connection.execute("DELETE FROM ops.quarantine WHERE object = ? AND file = ?", [run.object_name, file.name])
    connection.execute(
        read_sql("quarantine_lines.sql"), {"object": run.object_name, "sync_id": run.sync_id, "file": file.name}
    )


def _log(connection: DuckDBPyConnection, told: Mapping[str, Any]) -> None:
    connection.execute(
        "DELETE FROM ops.drop_files WHERE name = ? AND size = ? AND modified_at = ?",
        [told["name"], told["size"], told["modified_at"]],
    )
    connection.execute(read_sql("log_drop.sql"), {**dict.fromkeys(_LOGGED), **told})


def _one(connection: DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
