"""Reads a report: every record of a file ends as a row or as refused. Joins lines, columns and masking; no warehouse.

Cells go by the header, wherever it has them, through the same reading of values as records of the API.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from og_assets.ordergroove.drops.dates import CENTRAL
from og_assets.ordergroove.drops.lines import Line, cut
from og_assets.ordergroove.drops.reports import Report, header_name
from og_assets.ordergroove.masking import Masking, is_secret
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.reader import Accepted, RecordReader
from og_assets.ordergroove.spellings import NULL_WORDS


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a report: its canonical values and its cells as JSON objects, and what was left out of typed columns.

    `raw` has cells by the name of their column, and by their header, written like one, where no column takes them.
    """

    line: int
    values: bytes
    raw: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Lines that are no row, whole as they stand in the file, for `ops.quarantine`."""

    line: int
    reason: str
    raw: str


class DropReader:
    """Reads one file of a report. What the file's header says is known once the first row was read."""

    def __init__(self, report: Report, masking: Masking) -> None:
        self._report = report
        self._masking = masking
        self._is_plain = masking.keeps_personal
        self._names: tuple[str, ...] = ()
        self.key: tuple[str, ...] = report.key_in(set())
        """The columns that tell this file's rows apart."""

    def read(self, stream: BinaryIO) -> Iterator[Row | RefusedRow]:
        """The rows of the file, in order. Never raises for what the file holds."""
        lines = cut(stream, lambda header: self._report.column_of(header) is not None)
        header = next(lines, None)
        if header is None:
            return
        if not self._take(header):
            yield self._refused(header, f"the file does not begin with headers of the report {self._report.name}")
            for line in lines:
                yield self._refused(line, "the file has no header")
            return
        # The reading of records is told the columns alone; what it needs of an object of the API is not asked for here.
        records = RecordReader(
            OrdergrooveObject(self._report.name, "", (), self._report.record, ""), CENTRAL, self._masking
        )
        for line in lines:
            yield self._read(line, header, records)

    def _take(self, header: Line) -> bool:
        self._names = names = column_names(self._report, header)
        columns = set(names) & set(self._report.record.model_fields)
        self._is_plain &= not any(map(is_secret, names))
        self.key = self._report.key_in(columns)
        return bool(columns)

    def _read(self, line: Line, header: Line, records: RecordReader) -> Row | RefusedRow:
        if line.problem:
            return self._refused(line, line.problem)
        if len(line.cells) != len(self._names):
            return self._refused(line, f"{_count(line.cells)} where the header has {len(self._names)}")
        if line.cells == header.cells:
            return self._refused(line, "the header once more")
        cells = {name: cell or None for name, cell in zip(self._names, line.cells, strict=True)}
        if self.key and (cells.get(self.key[0]) or "").strip() in NULL_WORDS:
            return self._refused(line, f"the key {self.key[0]} is missing or empty")
        record = records.read(msgspec.json.encode(cells))
        if not isinstance(record, Accepted):
            return self._refused(line, record.reason)
        notes = (*record.notes, "read as Latin-1") if line.is_latin_1 else record.notes
        return Row(line.number, record.values, record.raw, notes)

    def _refused(self, line: Line, reason: str) -> RefusedRow:
        """A record as it stands in the file; where it may hold what is masked, all of it is."""
        return RefusedRow(line.number, reason, line.text if self._is_plain else self._masking.unreadable(line.text))


def column_names(report: Report, header: Line) -> tuple[str, ...]:
    """What the cells of a file are called: by the column of their header, else by the header written like one."""
    names: list[str] = []
    for place, cell in enumerate(header.cells, 1):
        name = report.column_of(cell) or header_name(cell) or f"column_{place}"
        names.append(name if name not in names else f"{name}_{place}")
    return tuple(names)


def _count(cells: Sequence[str]) -> str:
    return "one value" if len(cells) == 1 else f"{len(cells)} values"
