"""Warehouses of any size, made inside DuckDB with the tables that a pull would have filled."""

from datetime import datetime
from pathlib import Path

from duckdb import DuckDBPyConnection

from bench.pages import AGE, FIRST_CHANGE, key_sql
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.columns import Column, Kind
from og_assets.ordergroove.client import PAGE_SIZE
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.sync.pull import object_table
from og_assets.warehouse.history import ensure_objects
from og_assets.warehouse.tables import quoted

MEMORY_TO_GENERATE = "4GB"
_ROWS_AT_ONCE = 1_000_000

BY_NAME = {object.name: object for object in OBJECTS}


def warehouse_of(path: Path, orders: int, *, watermark: datetime | None = None, items: int = 0) -> WarehouseResource:
    """A warehouse with so many orders and items, as if one sync had pulled them, with keys as the mock server's.

    `watermark` (aware) is that of the orders; without one the next sync pulls them whole.
    """
    generous = WarehouseResource(database=str(path), memory_limit=MEMORY_TO_GENERATE)
    with generous.get_connection() as connection:
        ensure_objects(connection, [object_table(BY_NAME[name]) for name in ("orders", "items", "customers")])
        for name, rows in (("orders", orders), ("items", items)):
            if rows:
                note_sync(connection, name)
                insert_rows(connection, BY_NAME[name], 0, rows)
        if watermark:
            connection.execute("INSERT INTO ops.sync_state VALUES ('orders', ?, 1, now())", [watermark])
    return WarehouseResource(database=str(path))


def note_sync(connection: DuckDBPyConnection, object_name: str) -> int:
    """A row of ops.sync_runs as a complete pull leaves it; its number, which is that of its load too."""
    row = connection.execute(
        "INSERT INTO ops.sync_runs (sync_id, object, mode, started_at, outcome, last_load)"
        " SELECT coalesce(max(sync_id), 0) + 1, ?, 'whole_history', now(), 'succeeded', coalesce(max(sync_id), 0) + 1"
        " FROM ops.sync_runs RETURNING sync_id",
        [object_name],
    ).fetchone()
    assert row
    return int(row[0])


def insert_rows(
    connection: DuckDBPyConnection, object: OrdergrooveObject, first: int, last: int, version: int = 0
) -> None:
    """The records numbered `first` to `last` (exclusive) of an object, loaded by the newest sync.

    Another `version` has other amounts. In steps, because a table that does not fit in memory is best inserted so.
    """
    table = object_table(object)
    values = {column.name: _value(object, column) for column in object.columns}
    values |= {
        "_synced_at": "now()",
        "_sync_id": "(SELECT max(sync_id) FROM ops.sync_runs)",
        "_raw": _raw(object),
        "_notes": "NULL",
    }
    names = ", ".join(map(quoted, values))
    expressions = ", ".join(f"({value})::{_type(object, name)} AS {quoted(name)}" for name, value in values.items())
    for begin in range(first, last, _ROWS_AT_ONCE):
        end = min(begin + _ROWS_AT_ONCE, last)
        connection.execute(
            f"INSERT INTO {table.qualified_name} ({names})"
            f" SELECT {expressions} FROM (SELECT n, {version} AS version FROM range({begin}, {end}) AS made(n))"
        )


def load_again(connection: DuckDBPyConnection, object: OrdergrooveObject, first: int, last: int, version: int) -> None:
    """The same records with other amounts, as an upsert of one more sync leaves them."""
    keys = f"SELECT {key_sql('n')} FROM range({first}, {last}) AS made(n)"
    note_sync(connection, object.name)
    connection.execute(f"DELETE FROM ordergroove.{object.name} WHERE {quoted(object.key[0])} IN ({keys})")
    insert_rows(connection, object, first, last, version)


def find_gone(connection: DuckDBPyConnection, object_name: str, every: int) -> None:
    """One in `every` rows was found gone by a sweep, after it was loaded."""
    connection.execute(
        "INSERT INTO ops.sweep_findings (object, id, source, found_at, last_seen_at, sync_id)"
        " SELECT ?, public_id, 'sweep', now(), _synced_at, (SELECT max(sync_id) FROM ops.sync_runs)"
        f" FROM ordergroove.{object_name} WHERE hash(public_id) % ? = 0",
        [object_name, every],
    )


def _type(object: OrdergrooveObject, name: str) -> str:
    return next(column.type for column in object_table(object).stored_columns if column.name == name)


def _raw(object: OrdergrooveObject) -> str:
    """The record as received: its fields, with the key in its place and values of their usual length."""
    fields = ", ".join(f'"{column.name}": "{column.example or ""}"' for column in object.columns)
    return f"""'{{"{object.key[0]}": "' || {key_sql("n")} || '", {fields.replace("'", " ")}}}'"""


def _value(object: OrdergrooveObject, column: Column) -> str:
    """SQL for the value of a column in the record number `n`."""
    minute = f"TIMESTAMP '{FIRST_CHANGE}' + INTERVAL (n // {PAGE_SIZE}) MINUTE"
    particular = {
        object.key[0]: key_sql("n"),
        "order": key_sql("n * 2 // 5"),  # two or three items in each
        "subscription": f"CASE WHEN n % 10 > 0 THEN {key_sql('n % 1000003')} END",
        "created": f"{minute} - INTERVAL {AGE.days} DAY",
        object.change_stamp: minute,
    }
    usual = {
        Kind.TEXT: f"left(md5('{column.name}' || n % 100003), {len(column.example or '')})",
        Kind.INTEGER: "1 + n % 5",
        Kind.SMALLINT: "1 + n % 5",
        Kind.MONEY: "((n + version) % 49999) / 100",
        Kind.STAMP: minute,
        Kind.DAY: minute,
        Kind.FLAG: "n % 2 = 0",
        Kind.JSON: "NULL",
    }
    has_value = column.example is not None or column.kind is Kind.FLAG
    return particular.get(column.name) or (usual[column.kind] if has_value else "NULL")
