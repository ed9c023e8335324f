"""Rows of reports: by header name, in whatever spelling, encoding and state a file comes."""

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from og_assets.ordergroove.drops.errors import DropUnreadable
from og_assets.ordergroove.drops.lines import LONGEST_LINE, cut
from og_assets.ordergroove.drops.reading import RefusedRow, Row
from og_assets.ordergroove.drops.unpacking import unpacked
from og_assets.ordergroove.masking import Masking, PersonalData
from og_assets_tests.drops.reading_drops import read, refused, rows

ACTIVITY = "og_subscription_id,user_id,customer_email,subscription_action_event\n"


def test_columns_go_by_their_header_in_any_order() -> None:
    """The spellings of the help centre and of its tables name the same column."""
    text = "SKU,Ordergroove Order ID,PLACE DATE,Quantity,Price\nA-1,55,06/03/2025,2,12.5\n"
    assert rows("orders", text) == [
        {"sku": "A-1", "ordergroove_order_id": "55", "place_date": "2025-06-03", "quantity": 2, "price": "12.5"}
    ]


def test_a_column_that_no_page_shows_stays_in_raw() -> None:
    [row] = read("orders", "OG Order ID,Gift Note,\n55,For Ada,x\n")
    assert isinstance(row, Row)
    assert json.loads(row.raw) == {"ordergroove_order_id": "55", "gift_note": "For Ada", "column_3": "x"}


def test_two_columns_of_one_name_are_both_kept() -> None:
    [row] = read("orders", "OG Order ID,SKU,SKU\n55,a,b\n")
    assert isinstance(row, Row)
    assert json.loads(row.raw) == {"ordergroove_order_id": "55", "sku": "a", "sku_3": "b"}


def test_times_are_read_on_central_time() -> None:
    text = (
        "Subscription ID,Create Time,Create Date\n7,06/02/2025 12:30:00,06/02/2025\n8,01/02/2025 12:30:00,2025-01-02\n"
    )
    assert [(row["create_time"], row["create_date"]) for row in rows("subscriptions", text)] == [
        ("2025-06-02T17:30:00", "2025-06-02"),
        ("2025-01-02T18:30:00", "2025-01-02"),
    ]


def test_a_time_that_spring_leaves_out_is_shifted_forward_and_noted() -> None:
    [row] = read("subscriptions", "Subscription ID,Create Time\n7,03/09/2025 02:30:00\n")
    assert isinstance(row, Row)
    assert json.loads(row.values)["create_time"] == "2025-03-09T08:30:00"
    assert "shifted forward" in row.notes[0]


def test_a_value_that_does_not_fit_is_noted_and_kept_in_raw() -> None:
    [row] = read("orders", "OG Order ID,Quantity,Place Date,Price\n55,two,13/45/2025,free\n")
    assert isinstance(row, Row)
    assert set(row.notes) == {
        "quantity: not a whole number of 32 bits",
        "place_date: not a date",
        "price: not an amount of at most 14 digits",
    }
    assert json.loads(row.raw)["quantity"] == "two"


def test_short_and_long_rows_are_refused_whole_with_their_line() -> None:
    """The guide's own sample has six headers and seven values."""
    text = 'OG Order ID,SKU\n55,a,extra\n56\n57,"two\nlines"\n58,d,\n'
    assert [(row.line, row.raw) for row in refused("orders", text)] == [(2, "55,a,extra"), (3, "56"), (6, "58,d,")]
    assert [row.line for row in read("orders", text) if isinstance(row, Row)] == [4]


@pytest.mark.parametrize("text", ["", "\n\n", "OG Order ID,SKU\n", "﻿OG Order ID,SKU"])
def test_an_empty_file_and_a_header_alone_have_no_rows(text: str) -> None:
    assert read("orders", text) == []


def test_a_file_without_a_header_is_refused_line_by_line() -> None:
    found = refused("orders", "1,2,3\n4,5,6\n")
    assert [row.raw for row in found] == ["1,2,3", "4,5,6"]
    assert "headers of the report orders" in found[0].reason


def test_a_row_without_its_key_is_refused() -> None:
    assert [row.reason for row in refused("orders", "OG Order ID,SKU\n,a\nnull,b\n")] == [
        "the key ordergroove_order_id is missing or empty"
    ] * 2


def test_the_guides_key_is_taken_where_a_merchant_has_its_column() -> None:
    assert rows("orders", "Order Item ID,SKU\n91,a\n") == [{"order_item_id": "91", "sku": "a"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    text = f"OG Order ID,First Name{end}55,Zoë{end}56,Ann{end}".encode(encoding)
    assert [row["first_name"] for row in rows("orders", text)] == ["Zoë", "Ann"]


def test_only_the_row_that_is_no_utf_8_is_read_as_latin_1() -> None:
    found = read("orders", b"OG Order ID,First Name\n55,Zo\xc3\xab\n56,Zo\xeb\n")
    assert [json.loads(row.raw)["first_name"] for row in found] == ["Zoë", "Zoë"]
    assert [row.notes for row in found if isinstance(row, Row)] == [(), ("read as Latin-1",)]


def test_a_quote_that_is_not_closed_costs_one_line() -> None:
    text = 'OG Order ID,SKU\n55,"a\n56,b\n57,c\n'
    found = read("orders", text)
    assert [(row.line, row.raw) for row in found if isinstance(row, RefusedRow)] == [(2, '55,"a')]
    assert [row.line for row in found if isinstance(row, Row)] == [3, 4]


def test_a_line_without_end_is_given_up_in_pieces() -> None:
    """Memory stays bounded, nothing of it is taken for a row, and the next line is read."""
    text = "OG Order ID,SKU\n" + "5" * (2 * LONGEST_LINE) + "5,a\n56,b\n"
    found = read("orders", text)
    lost = [row for row in found if isinstance(row, RefusedRow)]
    assert "".join(row.raw for row in lost) == "5" * (2 * LONGEST_LINE) + "5,a"
    assert [json.loads(row.raw)["ordergroove_order_id"] for row in found if isinstance(row, Row)] == ["56"]


def test_a_file_cut_off_midway_keeps_what_is_whole() -> None:
    text = 'OG Order ID,SKU,Product\n55,a,Tea\n56,b,"Coff'
    assert [row["sku"] for row in [json.loads(r.values) for r in read("orders", text) if isinstance(r, Row)]] == ["a"]
    assert [row.raw for row in refused("orders", text)] == ['56,b,"Coff']


@pytest.mark.parametrize("mode", [PersonalData.HASH, PersonalData.DROP])
def test_what_tells_of_a_person_is_masked_in_rows_and_in_refused_ones(mode: PersonalData) -> None:
    """Columns that no page shows too, and values that do not fit; only known harmless ones stay in clear."""
    masking = Masking(mode, b"s" * 32 if mode is PersonalData.HASH else b"")
    text = "OG Order ID,Email Address,Gift Note,SKU,Quantity\n55,ada@x.org,For Ada,a,Ada\n56,ada@x.org\n"
    found = read("orders", text, masking)
    shown = " ".join([row.raw for row in found] + [row.values.decode() for row in found if isinstance(row, Row)])
    assert "ada@x.org" not in shown
    assert "Ada" not in shown
    assert '"sku":"a"' in shown


def test_card_data_is_never_kept() -> None:
    text = "OG Order ID,Card Number\n55,4111111111111111\n56,4111111111111111,x\n"
    assert "4111" not in "".join(row.raw for row in read("orders", text))


@pytest.mark.parametrize("form", ["plain", "gzip", "zip"])
def test_a_gzip_or_zip_around_a_report_is_taken_off(form: str, tmp_path: Path) -> None:
    """Whatever the file is called: its bytes tell."""
    text, path = b"OG Order ID\n55\n", tmp_path / "acme_orders_03182025040506.csv"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("orders.csv", text)
    else:
        path.write_bytes(gzip.compress(text) if form == "gzip" else text)
    with unpacked(path, path.name) as report:
        assert report.read() == text


@pytest.mark.parametrize("form", ["gzip", "zip", "two files", "no file"])
def test_a_damaged_archive_is_told_by_name(form: str, tmp_path: Path) -> None:
    path = tmp_path / "acme_orders_03182025040506.csv.gz"
    if form == "gzip":
        path.write_bytes(gzip.compress(bytes(range(256)) * 40)[:-20])
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for number in range({"zip": 1, "two files": 2, "no file": 0}[form]):
                archive.writestr(f"{number}.csv", b"OG Order ID\n55\n")
        if form == "zip":
            path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DropUnreadable, match=path.name), unpacked(path, path.name) as report:
        report.read()


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DIALECTS = st.builds(
    dict,
    delimiter=st.sampled_from(",\t;|"),
    lineterminator=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8), DIALECTS)
def test_whatever_the_csv_writer_writes_is_read_back(cells: list[tuple[str, str]], dialect: dict[str, str]) -> None:
    """No row lost, none merged, in every dialect."""
    # Python's writer before 3.13 leaves a line break bare that is not its own line end, which no reader can know.
    cells = [tuple(c.replace("\r", "") if "\r" not in dialect["lineterminator"] else c for c in row) for row in cells]
    cells = [tuple(c.replace("\n", "") if "\n" not in dialect["lineterminator"] else c for c in row) for row in cells]
    file = io.StringIO()
    writer = csv.writer(file, **dialect)
    writer.writerow(["OG Order ID", "SKU", "Gift Note"])
    writer.writerows((str(number), *row) for number, row in enumerate(cells))
    found = read("orders", file.getvalue())
    assert [json.loads(row.raw) for row in found if isinstance(row, Row)] == [
        {"ordergroove_order_id": str(number), "sku": sku or None, "gift_note": note or None}
        for number, (sku, note) in enumerate(cells)
    ]


@pytest.mark.parametrize("dialect", csv.list_dialects())
def test_every_registered_dialect_is_read(dialect: str) -> None:
    file = io.StringIO()
    csv.writer(file, dialect).writerows([["OG Order ID", "SKU"], ["55", 'a,"b"\nc'], ["56", ""]])
    assert [row.get("sku") for row in rows("orders", file.getvalue())] == ['a,"b"\nc', None]


@given(st.lists(st.text(alphabet=',"\n\r;\t a1é', max_size=30), max_size=6))
def test_no_character_of_a_file_is_lost_whatever_it_is(lines: list[str]) -> None:
    """Broken quotes included: the texts of all records, put together, are the file without its line ends."""
    text = "og_subscription_id,user_id\n" + "\n".join(lines)

    def bare(text: str) -> str:
        return text.replace("\n", "").replace("\r", "")

    found = [line.text for line in cut(io.BytesIO(text.encode()), lambda header: header == "og_subscription_id")]
    assert bare("".join(found)) == bare(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(body: bytes) -> None:
    for row in read("member_activity", ACTIVITY.encode() + body):
        assert isinstance(row, Row | RefusedRow)
