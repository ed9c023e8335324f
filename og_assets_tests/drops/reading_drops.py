"""Reads the bytes of a file as a report, for tests."""

import json
from io import BytesIO
from typing import Any

from og_assets.ordergroove.drops.reading import DropReader, RefusedRow, Row
from og_assets.ordergroove.drops.reports import BY_NAME
from og_assets.ordergroove.masking import KEEPING, Masking


def read(report: str, text: str | bytes, masking: Masking = KEEPING) -> list[Row | RefusedRow]:
    """All that comes out of a file of the report."""
    body = text.encode() if isinstance(text, str) else text
    return list(DropReader(BY_NAME[report], masking).read(BytesIO(body)))


def rows(report: str, text: str | bytes, masking: Masking = KEEPING) -> list[dict[str, Any]]:
    """The values of the rows of a file in which all are rows, without nulls."""
    found = read(report, text, masking)
    assert not [row for row in found if isinstance(row, RefusedRow)]
    return [
        {name: value for name, value in json.loads(row.values).items() if value is not None}
        for row in found
        if isinstance(row, Row)
    ]


def refused(report: str, text: str | bytes, masking: Masking = KEEPING) -> list[RefusedRow]:
    """What of a file is no row."""
    return [row for row in read(report, text, masking) if isinstance(row, RefusedRow)]
