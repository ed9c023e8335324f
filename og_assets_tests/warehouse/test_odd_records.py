"""Odd records on their whole way: read, staged, loaded and read back from DuckDB."""

import json
from decimal import Decimal
from pathlib import Path

from duckdb import DuckDBPyConnection
from warehouse_rows import begin, load

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.reader import Accepted, RecordReader
from og_assets.sync.pull import object_table
from og_assets.sync.staged_records import staged_line

ORDERS = next(object for object in OBJECTS if object.name == "orders")
BODIES = (
    r'{"public_id": "a", "total": 99999999999999.99, "extra_data": {"n": 1.50, "h": 1e400, "t": [1, 2]}}',
    r'{"public_id": "b", "extra_data": "[gift] for \"mom\"", "currency_code": 1.10, "one_click_token": 1}',
    r'{"public_id": "c", "extra_data": "{\"a\": 1,}", "order_merchant_id": "nul\u0000 \\ud800 \ud83d\ude00 \u2028"}',
    '{"public_id": "d\\u0000", "extra_data": ' + "[" * 150 + "9" * 6000 + "]" * 150 + "}",
    '{"public_id": "e", "extra_data": "' + "x[" * 500_000 + '", "total": 1e3, "status": "5.0"}',
    '{"public_id": "f", "public_id": "g", "extra_data": {"a": 1, "a": 2},\n "total": "1"}',
)


def test_odd_records_come_back_as_they_came(connection: DuckDBPyConnection, path: Path) -> None:
    """Digits, doubles, NUL, halves of escapes, depth and megabytes: in `_raw` and in the columns."""
    reader = RecordReader(ORDERS, SourceClock(), KEEPING)
    records = [reader.read(body.encode()) for body in BODIES]
    lines = [staged_line(record, b'"2026-03-01T12:00:00Z"') for record in records if isinstance(record, Accepted)]
    assert len(lines) == len(BODIES)
    load(connection, path, begin(connection), lines, table=object_table(ORDERS))
    rows = connection.execute(
        "SELECT public_id, total, currency_code, order_merchant_id, extra_data, _raw, json_type(_raw)"
        " FROM ordergroove.orders ORDER BY public_id"
    ).fetchall()
    assert [row[0] for row in rows] == ["a", "b", "c", "d\0", "e", "g"]
    assert [row[5] for row in rows] == [*BODIES[:1], BODIES[1].replace('token": 1', 'token": null'), *BODIES[2:]]
    assert {row[6] for row in rows} == {"OBJECT"}
    a, b, c, d, e, g = rows
    assert (a[1], a[4]) == (Decimal("99999999999999.9900"), '{"n": 1.50, "h": 1e400, "t": [1, 2]}')
    assert (b[2], json.loads(b[4])) == ("1.10", '[gift] for "mom"')
    assert (c[3], json.loads(c[4])) == ("nul\0 \\ud800 \U0001f600 \u2028", '{"a": 1,}')
    assert d[4] == "[" * 150 + "9" * 6000 + "]" * 150
    assert (e[1], len(json.loads(e[4]))) == (Decimal(1000), 1_000_000)
    assert g[4] == '{"a": 1, "a": 2}'
