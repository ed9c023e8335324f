"""A file without some persons: their rows stay in their places, and nothing else changes."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from reading_drops import read

from og_assets.ordergroove.drops.reading import RefusedRow, Row
from og_assets.ordergroove.drops.reports import BY_NAME
from og_assets.ordergroove.drops.rewriting import Persons, rewrite
from og_assets.ordergroove.drops.unpacking import unpacked
from og_assets.ordergroove.masking import Masking, PersonalData

MASKING = Masking(PersonalData.DROP, b"k" * 32)
ANN = Persons(lambda cells: cells.get("merchant_user_id") == "7", "7".__eq__, MASKING)
HEADER = b"Merchant User ID;Order Item ID;First Name;Product;Gift Note;Quantity\r\n"
OTHERS = (
    b'8;91;"Otto\r\n the ""great""";Caf\xe9;;1\r\n',
    b"\r\n",
    b"9;94;Lena;\xc3\xa9;7;2",
)
FILE = b"".join(
    (
        HEADER,
        OTHERS[0],
        b'7;92;"Ann\r\nMiller";"Tea; green";for Ann;3\r\n',
        OTHERS[1],
        b'7;93;"Ann;Tea;for Ann;3\r\n',
        OTHERS[2],
    )
)


def plain(path: Path) -> None:
    """As it is."""
    path.write_bytes(FILE)


def zipped(path: Path) -> None:
    """In a zip."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders.csv", FILE)


@pytest.mark.parametrize("pack", [plain, zipped, lambda path: path.write_bytes(gzip.compress(FILE))])
def test_rows_of_a_person_are_masked_in_their_places(pack: Callable[[Path], object], tmp_path: Path) -> None:
    """However it is packed; lines are where they were, so that rows are loaded again as the same rows."""
    path = tmp_path / "orders"
    pack(path)
    assert rewrite(path, BY_NAME["orders"], ANN) == 2
    with unpacked(path, "orders") as stream:
        text = stream.read()
    assert b"Ann" not in text
    assert b'7;92;;"Tea; green";;3\r\n' in text
    assert all(line in text for line in (HEADER, *OTHERS))
    before, after = (read("orders", body) for body in (FILE, text))
    assert [(type(row), row.line) for row in after] == [(type(row), row.line) for row in before]
    kept = [row.values for row in before if isinstance(row, Row) and row.line != 4]
    assert [row.values for row in after if isinstance(row, Row) and row.line != 4] == kept
    assert [row.raw for row in after if isinstance(row, RefusedRow)] == ["[23 characters withheld]"]


def test_file_without_them_stays_as_it_is(tmp_path: Path) -> None:
    """Nobody writes what need not be written; and what was masked has nothing more to mask."""
    path = tmp_path / "orders"
    plain(path)
    assert rewrite(path, BY_NAME["orders"], Persons(lambda cells: False, lambda word: False, MASKING)) == 0
    assert path.read_bytes() == FILE
    rewrite(path, BY_NAME["orders"], ANN)
    once = path.read_bytes()
    rewrite(path, BY_NAME["orders"], ANN)
    assert path.read_bytes() == once
