"""Finds one person in the warehouse, and masks them there. Joins objects, reports and tables."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from duckdb import DuckDBPyConnection

from og_assets.columns import Column
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.drops.dates import CENTRAL
from og_assets.ordergroove.drops.reports import REPORTS
from og_assets.ordergroove.event_mask import mask_event
from og_assets.ordergroove.json_text import text_of
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.objects import BY_NAME, OBJECTS, OrdergrooveObject
from og_assets.ordergroove.reader import Accepted, RecordReader
from og_assets.ordergroove.record_mask import RecordMask
from og_assets.sync.forgotten_drops import CUSTOMER, EMAIL, NUMBER, SUBSCRIPTION, TELLING, dropping, told
from og_assets.warehouse.forgotten import Forgotten
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import quoted

_SHORTEST_WORD = 5
"""Characters; what is shorter is found in anything."""
_OF_AN_ADDRESS = rb"A-Za-z0-9._%+\-"
"""What may stand before a part of an address within a longer one."""
_TRAITS_OF_OBJECTS = {("customers", "email"): EMAIL, ("subscriptions", "public_id"): SUBSCRIPTION}


def ids_of(customer: str, key: bytes, salt: bytes) -> Sequence[str]:
    """How a customer's id may stand in tables: as it is, and, where it is an address, as a hash; the best one last."""
    if "@" not in customer:
        return [customer]
    address = msgspec.json.encode(customer)
    keys = dict.fromkeys([key, salt or key])
    return [customer, *(text_of(dropping(one, b"").identifier(address)) for one in keys)]


@dataclass(frozen=True, slots=True)
class Person:
    """By what a person is found: `ids` of the customer, `traits` by kind (forgotten_drops), and `words` in any text."""

    ids: Sequence[str]
    traits: Mapping[str, frozenset[str]]
    words: frozenset[str]

    def told(self) -> Iterator[str]:
        """What is hashed to know the person again."""
        yield from self.ids
        for kind, values in self.traits.items():
            yield from (told(kind, value) for value in values)

    def is_in(self, text: bytes) -> bool:
        """Whether a text has one of the words, whole."""
        return any(word in text and _whole(word).search(text) for word in map(str.encode, self.words))


def _whole(word: bytes) -> re.Pattern[bytes]:
    if b"@" in word:
        return re.compile(rb"(?<![%b])%b(?![A-Za-z0-9]|[.-][A-Za-z0-9])" % (_OF_AN_ADDRESS, re.escape(word)))
    return re.compile(rb"(?<![A-Za-z0-9])%b(?![A-Za-z0-9])" % re.escape(word))


def find_person(connection: DuckDBPyConnection, ids: Sequence[str]) -> Person:
    """What the tables know of the customer with one of these ids."""
    traits: dict[str, set[str]] = {CUSTOMER: set(ids), NUMBER: set(), SUBSCRIPTION: set(), EMAIL: set()}
    words = set(ids)
    for object in OBJECTS:
        columns = {column.name for column in object.columns}
        if not _exists(connection, "ordergroove", object.name) or _customer_column(object) not in columns:
            continue
        for name in (*object.key, *(columns & {"email", "phone_number", "phone"})):
            found = _values(
                connection, f"ordergroove.{object.name}", name, {_customer_column(object): CUSTOMER}, traits
            )
            words |= found
            if kind := _TRAITS_OF_OBJECTS.get((object.name, name)):
                traits[kind] |= found
    for _ in range(2):  # a report without the customer's id is found by what another one tells
        for report, kinds in TELLING.items():
            if _exists(connection, "drops", report):
                for name, kind in kinds.items():
                    if kind != CUSTOMER:
                        traits[kind] |= _values(connection, f"drops.{report}", name, kinds, traits)
    words |= traits[EMAIL] | traits[SUBSCRIPTION]
    return Person(
        ids,
        {kind: frozenset(values) for kind, values in traits.items()},
        frozenset(word for word in words if len(word) >= _SHORTEST_WORD),
    )


def mask_person(
    connection: DuckDBPyConnection, person: Person, forgotten: Forgotten, masking: Masking
) -> dict[str, int]:
    """Mask the rows of a person; how many, by table. Part of a transaction of the caller's."""
    masked: dict[str, int] = {}
    for object in OBJECTS:
        of_them = _of_them(object, person)
        if of_them and _exists(connection, "ordergroove", object.name):
            reader = RecordReader(object, SourceClock(), masking)
            masked[f"ordergroove.{object.name}"] = _mask_rows(
                connection, f"ordergroove.{object.name}", object.columns, reader, *of_them
            )
    for report in REPORTS:
        if _exists(connection, "drops", report.name):
            reader = RecordReader(OrdergrooveObject(report.name, "", (), report.record, ""), CENTRAL, masking)
            masked[f"drops.{report.name}"] = _mask_rows(
                connection,
                f"drops.{report.name}",
                report.columns,
                reader,
                *_any_of(TELLING[report.name], person.traits),
            )
    masked["analytics.deletion_tombstones"] = _mask_tombstones(connection, person, masking)
    for table, mask in (
        ("ordergroove.events", lambda raw: mask_event(raw, masking).decode(errors="replace")),
        ("ops.quarantine", lambda raw: _unreadable(raw, masking)),
    ):
        masked[table] = _mask_texts(connection, table, person, forgotten, mask)
    if len(person.ids) > 1:
        for table, rows in _replace_everywhere(connection, person.ids[:-1], person.ids[-1]):
            masked[table] = max(rows, masked.get(table, 0))
    return masked


def _customer_column(object: OrdergrooveObject) -> str:
    return "merchant_user_id" if object.name == "customers" else "customer"


def _any_of(kinds: Mapping[str, str], traits: Mapping[str, Collection[str]]) -> tuple[str, list[Any]]:
    """Rows that tell one of the traits in a column of its kind, as SQL and its parameters."""
    values = {name: sorted(traits[kind]) for name, kind in kinds.items()}
    asked = [
        f"list_contains(?::VARCHAR[], {f'lower({quoted(name)})' if kind == EMAIL else quoted(name)})"
        for name, kind in kinds.items()
    ]
    lowered = [[one.lower() for one in values[name]] if kind == EMAIL else values[name] for name, kind in kinds.items()]
    return " OR ".join(asked), lowered


def _values(
    connection: DuckDBPyConnection,
    table: str,
    column: str,
    kinds: Mapping[str, str],
    traits: Mapping[str, Collection[str]],
) -> set[str]:
    """What a column has in the rows that tell one of the traits."""
    where, values = _any_of(kinds, traits)
    rows = connection.execute(
        f"SELECT DISTINCT {quoted(column)} FROM {table} WHERE {quoted(column)} <> '' AND ({where})", values
    ).fetchall()
    return {str(value) for (value,) in rows}


def _of_them(object: OrdergrooveObject, person: Person) -> tuple[str, list[Any]] | None:
    columns = {column.name for column in object.columns}
    if _customer_column(object) in columns:
        return f"list_contains(?::VARCHAR[], {quoted(_customer_column(object))})", [list(person.ids)]
    if object.name == "items":
        orders = "SELECT public_id FROM ordergroove.orders WHERE list_contains(?::VARCHAR[], customer)"
        return f'"order" IN ({orders})', [list(person.ids)]
    return None


def _mask_rows(
    connection: DuckDBPyConnection,
    table: str,
    columns: Sequence[Column],
    reader: RecordReader,
    theirs: str,
    values: Sequence[Any],
) -> int:
    personal = [column.name for column in columns if column.is_masked]
    rows = connection.execute(f"SELECT rowid, _raw FROM {table} WHERE {theirs}", values).fetchall()
    sets = "".join(f", {quoted(name)} = ?" for name in personal)
    for row, raw in rows:
        record = reader.read(raw.encode())
        read = json.loads(record.values) if isinstance(record, Accepted) else {}
        notes = json.dumps(record.notes) if isinstance(record, Accepted) and record.notes else None
        connection.execute(
            f"UPDATE {table} SET _raw = ?, _notes = ?{sets} WHERE rowid = ?",
            [record.raw, notes, *(read.get(name) for name in personal), row],
        )
    return len(rows)


def _mask_tombstones(connection: DuckDBPyConnection, person: Person, masking: Masking) -> int:
    rows = connection.execute(
        "SELECT rowid, object, last_state FROM analytics.deletion_tombstones"
        " WHERE list_contains(?::VARCHAR[], customer) AND last_state IS NOT NULL",
        [list(person.ids)],
    ).fetchall()
    for row, name, state in rows:
        masked = RecordMask(BY_NAME[name], masking).record(state.encode()).decode()
        connection.execute("UPDATE analytics.deletion_tombstones SET last_state = ? WHERE rowid = ?", [masked, row])
    return len(rows)


def _mask_texts(
    connection: DuckDBPyConnection,
    table: str,
    person: Person,
    forgotten: Forgotten,
    mask: Callable[[bytes], str],
) -> int:
    """Mask the column `raw` of rows that concern a person; those that only may are found by DuckDB."""
    spelled = {json.dumps(one)[1:-1] for one in person.ids}
    words = sorted({*person.words, *person.ids, *spelled})
    rows = connection.execute(
        f"SELECT rowid, raw FROM {table} WHERE {' OR '.join('contains(raw, ?)' for _ in words)}", words
    ).fetchall()
    theirs = [(row, raw.encode()) for row, raw in rows]
    theirs = [(row, raw) for row, raw in theirs if forgotten.concerns(raw) or person.is_in(raw)]
    for row, raw in theirs:
        connection.execute(f"UPDATE {table} SET raw = ? WHERE rowid = ?", [mask(raw), row])
    return len(theirs)


def _unreadable(raw: bytes, masking: Masking) -> str:
    """A text of which nobody knows what is where: all of it is masked."""
    try:
        json.loads(raw)
    except ValueError:
        return masking.unreadable(raw.decode(errors="replace"))
    return masking.everything(raw).decode(errors="replace")


def _replace_everywhere(connection: DuckDBPyConnection, addresses: Sequence[str], id: str) -> Iterator[tuple[str, int]]:
    """Put `id` in the place of these addresses, in whatever table and text they stand whole; rows by table."""
    found = connection.execute(read_sql("text_columns.sql")).fetchall()
    for schema, table, columns, types in found:
        name = f"{quoted(schema)}.{quoted(table)}"
        rows = 0
        for address in addresses:
            # Twice, since two that share what is between them are not found at once.
            after = "($|[^A-Za-z0-9.-]|[.-](?:$|[^A-Za-z0-9]))"
            pattern = f"(^|[^{_OF_AN_ADDRESS.decode()}]){re.escape(address)}{after}"
            values = [
                f"CAST(regexp_replace(regexp_replace(CAST({quoted(column)} AS VARCHAR), $pattern, $id, 'g'), $pattern,"
                f" $id, 'g') AS {type})"
                for column, type in zip(columns, types, strict=True)
            ]
            sets = ", ".join(f"{quoted(c)} = {value}" for c, value in zip(columns, values, strict=True))
            where = " OR ".join(f"contains(CAST({quoted(column)} AS VARCHAR), $address)" for column in columns)
            count = connection.execute(
                f"UPDATE {name} SET {sets} WHERE {where}",
                {"pattern": pattern, "id": f"\\1{id}\\2", "address": address},
            ).fetchone()
            rows += count[0] if count else 0
        if rows:
            yield f"{schema}.{table}", rows


def _exists(connection: DuckDBPyConnection, schema: str, name: str) -> bool:
    found = connection.execute(
        "FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
        [schema, name],
    ).fetchone()
    return found is not None
