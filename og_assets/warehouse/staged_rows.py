"""The typed rows of a batch, as SQL over the files of a segment."""

import json
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from og_assets.columns import Column, Kind
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.staging import Segment
from og_assets.warehouse.tables import PRESENCE, TYPES, VALID_FROM, StoredColumn, Table, literal, quoted

FILLED_BY_LOAD = frozenset({"_sync_id", VALID_FROM, *(column.name for column in PRESENCE)})
"""Columns of object tables that no staged row has."""

_SMALLEST_READ_BUFFER = 1024 * 1024
_TAKEN_AS = {Kind.INTEGER: "INTEGER", Kind.SMALLINT: "SMALLINT", Kind.FLAG: "BOOLEAN", Kind.JSON: "JSON"}
"""The types of members of plain records, by the kind of their first column; text, if not here, as for money."""
_UNTAKEN = {"_synced_at": "_synced_at", "_raw": "CAST(record AS JSON)", "_notes": "CAST(NULL AS JSON)"}
"""The values of plain rows that are no member of their record."""


def stage_rows(table: Table, segment: Segment) -> str:
    """Makes temp.staged: all rows of the segment with all their columns."""
    return f"CREATE OR REPLACE TEMP TABLE staged AS {rows_of(table, segment)}"


def stage_keys(table: Table, segment: Segment) -> str:
    """Makes temp.staged with no more than what tells which of the rows are new."""
    names = {*table.key, "_synced_at", *(("created",) if table.has_creation_stamp else ())}
    return f"CREATE OR REPLACE TEMP TABLE staged AS {rows_of(table, segment, names)}"


def rows_of(table: Table, segment: Segment, names: Collection[str] | None = None) -> str:
    """The rows of the segment as a query, those read one by one and the plain ones; all columns or these."""
    columns = [column for column in staged_columns(table) if names is None or column.name in names]
    parts = []
    if segment.rows > segment.plain_rows:
        parts.append(_from_lines(columns, segment))
    if segment.plain_rows:
        parts.append(_from_records(table, columns, segment))
    return " UNION ALL ".join(parts)


def staged_columns(table: Table) -> tuple[StoredColumn, ...]:
    """The columns of `table` that its staged rows have; besides them these have `_row`."""
    return tuple(column for column in table.stored_columns if column.name not in FILLED_BY_LOAD)


def _from_lines(columns: Sequence[StoredColumn], segment: Segment) -> str:
    """All values are read as text: guessed types would put money through floats."""
    types = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in (*(column.name for column in columns), "_row"))
    values = ", ".join(f"{_cast(column)} AS {quoted(column.name)}" for column in columns)
    buffer = max(segment.longest_line + 1, _SMALLEST_READ_BUFFER)
    return (
        f"SELECT {values}, CAST(_row AS BIGINT) AS _row"
        f" FROM read_json({literal(str(segment.path))}, format = 'newline_delimited',"
        f" maximum_object_size = {buffer}, columns = {{{types}}})"
    )


def _cast(column: StoredColumn) -> str:
    name = quoted(column.name)
    if column.type == "VARCHAR":
        return name
    if column.type == "JSON":
        # The cast keeps the text as it is. What DuckDB does not take for JSON stays whole, as a JSON string.
        return f"coalesce(TRY_CAST({name} AS JSON), to_json({name}))"
    return f"CAST({name} AS {column.type})"


def _from_records(table: Table, columns: Sequence[StoredColumn], segment: Segment) -> str:
    names = {column.name for column in columns}
    kinds: dict[str, Kind] = {}
    for column in table.columns:
        kinds.setdefault(column.member, column.kind)
    wanted = [column for column in table.columns if column.name in names]
    members = {column.member: _TAKEN_AS.get(kinds[column.member], "VARCHAR") for column in wanted}
    values = {column.name: _taken(column, kinds[column.member], segment.offsets) for column in wanted} | _UNTAKEN
    longest = max(segment.longest_line + 1, _SMALLEST_READ_BUFFER)
    return read_sql("plain_rows.sql").format(
        values=",\n    ".join(f"{values[column.name]} AS {quoted(column.name)}" for column in columns),
        members=literal(json.dumps(members)),
        path=literal(str(segment.plain_path)),
        longest=longest,
        buffer=2 * longest,
    )


def _taken(column: Column, kind: Kind, offsets: Sequence[tuple[date, timedelta]]) -> str:
    """A column's value, as SQL over `taken`, the members of a plain record; `kind` is that of its member."""
    if column.is_inside:
        return f"CAST(NULL AS {TYPES[column.kind]})"
    taken = f"taken.{quoted(column.member)}"
    if column.kind is Kind.STAMP:
        return f"CAST({taken} AS TIMESTAMP) - {_offset(taken, offsets)}"
    if column.kind is Kind.DAY:
        return f"CAST({taken}[1:10] AS DATE)"
    if column.kind is Kind.INTEGER and kind is Kind.TEXT:
        return f"CAST(split_part({taken}, '|', 1) AS INTEGER)"
    return f"CAST({taken} AS {TYPES[column.kind]})"


def _offset(stamp: str, offsets: Sequence[tuple[date, timedelta]]) -> str:
    """What is to be taken off a stamp, whose text sorts as the day does; newest first, as most stamps are of late."""
    *later, (_, first) = [*reversed(offsets)] or [(date.min, timedelta())]
    cases = "".join(f" WHEN {stamp} >= '{day}' THEN {_interval(offset)}" for day, offset in later)
    return f"CASE{cases} ELSE {_interval(first)} END" if cases else _interval(first)


def _interval(offset: timedelta) -> str:
    return f"INTERVAL '{round(offset.total_seconds())} seconds'"
