"""A dropped file without what it tells of some persons. Each row keeps its place in the file. Knows no warehouse.

Where a row is one of theirs its harmless cells stay, spelled as they are; what cannot be told apart is withheld whole.
"""

import csv
import gzip
import io
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from og_assets.ordergroove.drops.archive import is_packed
from og_assets.ordergroove.drops.lines import Line, all_lines, delimiter_of
from og_assets.ordergroove.drops.reading import column_names
from og_assets.ordergroove.drops.reports import Report
from og_assets.ordergroove.drops.unpacking import unpacked
from og_assets.ordergroove.json_text import text_of
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.record_mask import mask_column

_LINE_END = re.compile(r"\r\n|\r|\n")
_BETWEEN_CELLS = re.compile(r"""[,;\t|"'\s]+""")


@dataclass(frozen=True, slots=True)
class Persons:
    """Of whom nothing is to be told: `has_row` knows their rows by the cells, `has_word` one word of a broken line."""

    has_row: Callable[[Mapping[str, str]], bool]
    has_word: Callable[[str], bool]
    masking: Masking


def rewrite(path: Path, report: Report, persons: Persons) -> int:
    """Mask the rows of these persons in the file at `path`, packed or not; how many. Without any it stays as it is.

    Raises DropUnreadable, and the file stays as it is.
    """
    if not (found := count_rows(path, report, persons)):
        return 0
    written = path.with_name(f"{path.name}.new")
    with (
        unpacked(path, path.name) as stream,
        gzip.open(written, "wb", compresslevel=6) if is_packed(path) else written.open("wb") as into,
    ):
        for line in _masked(stream, report, persons):
            into.write(line if isinstance(line, bytes) else line.encoded)
    shutil.copystat(path, written)  # its age says how long it is kept
    written.replace(path)
    return found


def count_rows(path: Path, report: Report, persons: Persons) -> int:
    """How many rows of these persons the file has that tell something. Raises DropUnreadable."""
    with unpacked(path, path.name) as stream:
        return sum(isinstance(line, bytes) for line in _masked(stream, report, persons))


def _masked(stream: BinaryIO, report: Report, persons: Persons) -> Iterator[Line | bytes]:
    """All lines of a file; as bytes those that were masked."""
    columns = {column.name: column for column in report.columns}
    names: tuple[str, ...] = ()
    delimiter = ","

    def is_header(cell: str) -> bool:
        return report.column_of(cell) is not None

    def masked(name: str, cell: str) -> str:
        value = mask_column(persons.masking, columns[name], msgspec.json.encode(cell)) if name in columns else b"null"
        return "" if value == b"null" else text_of(value)

    for line in all_lines(stream, is_header):
        if not names and line.cells:
            names, delimiter = column_names(report, line), delimiter_of(line.text, is_header)
            yield line
        elif not line.cells and not line.problem:
            yield line
        elif line.problem or len(line.cells) != len(names):
            theirs = any(map(persons.has_word, _BETWEEN_CELLS.split(line.text)))
            yield _padded(line, persons.masking.unreadable(line.text)) if theirs else line
        elif persons.has_row(dict(zip(names, line.cells, strict=True))):
            cells = tuple(masked(name, cell) if cell else cell for name, cell in zip(names, line.cells, strict=True))
            yield line if cells == line.cells else _padded(line, _joined(cells, delimiter))
        else:
            yield line


def _joined(cells: tuple[str, ...], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(cells)
    return text.getvalue()


def _padded(line: Line, text: str) -> bytes:
    """A line with another text, and as many ends of lines as it had: rows are known by the number of their first."""
    lost = len(_LINE_END.findall(line.text)) - len(_LINE_END.findall(text))
    end = line.end or "\n"
    return (text + end * (1 + lost)).encode("latin-1" if line.is_latin_1 else "utf-8")
