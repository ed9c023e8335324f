"""A file of comma separated values, cut into its records. Knows neither reports nor columns. Pure, in bounded memory.

Every line of a file comes out once: as cells, or as text with the reason why it is no row. Where a quote is not
closed only the line that opens it is given up, and reading goes on with the next one.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO

LONGEST_LINE = 1024 * 1024
"""Characters of a line, and of a record that has line breaks in it; far more than any report has."""
DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True, slots=True)
class Line:
    """A record of a file: the number of its first line, counted from 1, its cells, and its text as it stands there.

    `problem` says why it could not be taken apart. `is_latin_1` says that it was no UTF-8. `end` are the characters
    after its text, none where the file ends.
    """

    number: int
    cells: tuple[str, ...]
    text: str
    problem: str = ""
    is_latin_1: bool = False
    end: str = ""

    @property
    def encoded(self) -> bytes:
        """Its bytes in the file."""
        return f"{self.text}{self.end}".encode("latin-1" if self.is_latin_1 else "utf-8")


def cut(stream: BinaryIO, is_header: Callable[[str], bool]) -> Iterator[Line]:
    """The records of a file, the header among them; blank lines are none."""
    return (line for line in all_lines(stream, is_header) if line.cells or line.problem)


def all_lines(stream: BinaryIO, is_header: Callable[[str], bool]) -> Iterator[Line]:
    """The records of a file and its blank lines, which have no cells: together all of its text but a mark of UTF-8.

    UTF-8 with or without its mark; a record that is none is read as Latin-1. Lines may end as they like, and quoted
    cells may hold line breaks. The delimiter is the one that makes most cells of the first line ones that `is_header`
    knows, a comma where none does.
    """
    # Bytes that are no UTF-8 come through as half surrogates, and are looked at record by record.
    source = _Source(TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline=""))
    reader = csv.reader(source, delimiter=delimiter_of(source.peek(), is_header), strict=True)
    while True:
        number = source.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            yield _line(number, (), source.give_up(), str(error))
            continue
        yield _line(number, tuple(cells), source.text, "")


class _TooLong(Exception):
    """A line or a record is longer than LONGEST_LINE."""


class _Source:
    """The lines of a file, with those of the record that is being read, which can be given back."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file
        self._back: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0
        self._number = 1
        self._inside_long_line = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self._taken.append(line)
        self._size += len(line)
        goes_on = len(line) >= LONGEST_LINE and line[-1] not in "\r\n"
        is_piece, self._inside_long_line = goes_on or self._inside_long_line, goes_on
        if is_piece:
            raise _TooLong(f"the line is longer than {LONGEST_LINE:,} characters")
        if self._size > LONGEST_LINE:
            raise _TooLong("a quote is not closed")
        return line

    def peek(self) -> str:
        """The first line, which stays."""
        line = self._file.readline(LONGEST_LINE)
        if line:
            self._back.appendleft(line)
        return line

    def begin(self) -> int:
        """Begin a record; the number of its first line."""
        self._number += len(self._taken)
        self._taken, self._size = [], 0
        return self._number

    def give_up(self) -> str:
        """The first line of the record that was begun; its other lines are read again."""
        first, *rest = self._taken
        self._back.extendleft(reversed(rest))
        self._taken = [first]
        return first

    @property
    def text(self) -> str:
        """The lines of the record."""
        return "".join(self._taken)


def _line(number: int, cells: tuple[str, ...], text: str, problem: str) -> Line:
    whole, text = text, text.rstrip("\r\n")
    end = whole[len(text) :]
    try:
        text.encode()
    except UnicodeEncodeError:
        return Line(number, tuple(map(_latin_1, cells)), _latin_1(text), problem, is_latin_1=True, end=end)
    return Line(number, cells, text, problem, end=end)


def _latin_1(text: str) -> str:
    return text.encode(errors="surrogateescape").decode("latin-1")


def delimiter_of(first_line: str, is_header: Callable[[str], bool]) -> str:
    """What separates the cells of a file that begins with that line."""

    def known(delimiter: str) -> int:
        try:
            return sum(map(is_header, next(csv.reader([first_line], delimiter=delimiter), ())))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=known)
