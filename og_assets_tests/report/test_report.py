"""The file: it needs nothing else, tells of no person, is the same for the same figures, and is whole or not there."""

import multiprocessing
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from duckdb import DuckDBPyConnection

from og_assets.assets.marts import prepare_reading
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.commands.cli import main
from og_assets.report.report import ReportRefused, read_report, render, write
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets.warehouse.marts.build import build_marts
from og_assets.warehouse.marts.options import Terms
from og_assets_tests.report.page import read

TERMS = Terms("America/New_York")
PERSONAL = (
    ("customers", ("merchant_user_id", "email", "first_name", "last_name", "phone_number")),
    ("addresses", ("address", "address2", "city", "zip_postal_code", "phone", "public_id")),
    ("subscriptions", ("public_id",)),
    ("orders", ("public_id",)),
)


def page_of(warehouse: WarehouseResource) -> str:
    with warehouse.get_connection(read_only=True) as connection:
        return render(read_report(connection))


def test_it_needs_nothing_but_itself(connection: DuckDBPyConnection) -> None:
    """No script, no style or picture or letter from elsewhere."""
    html = render(read_report(connection), "acme")
    for outside in ("http", "src=", "<script", "<link", "url(", "@import", "javascript:", "//"):
        assert outside not in html, outside
    page = read(html)
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    anchors = {f"#{attributes['id']}" for tag, attributes in page.elements if tag == "section"}
    assert set(links) == anchors
    assert len(anchors) == 11


def test_every_chart_says_what_it_shows_and_has_its_figures_below(connection: DuckDBPyConnection) -> None:
    """For people who cannot see it."""
    report = read_report(connection)
    page = read(render(report))
    charts = [attributes for tag, attributes in page.elements if tag == "svg"]
    drawn = [part for section in report.sections for part in section.parts if part.charts]
    assert len(charts) == 2 * sum(len(part.charts) for part in drawn) > 20
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in charts)
    assert all(table.rows for part in drawn for table in part.tables.values())
    assert {section.key for section in report.sections if not section.parts} == set()


def test_the_day_stands_on_top(connection: DuckDBPyConnection) -> None:
    """Before any figure."""
    day = connection.execute("SELECT strftime(as_of_date, '%-d %B %Y') FROM analytics.marts_as_of").fetchone()
    html = render(read_report(connection))
    assert day
    assert 0 < html.index(f"As of <strong>{day[0]}</strong>") < html.index("Active subscriptions")


def test_no_person_is_in_it(connection: DuckDBPyConnection) -> None:
    """Neither what tells about one nor an id of one, an order or a subscription."""
    words = set(re.findall(r"[\w@.+-]+", " ".join(read(render(read_report(connection))).words)))
    text = " ".join(words)
    looked_for = 0
    for table, columns in PERSONAL:
        for column in columns:
            values = connection.execute(
                f'SELECT DISTINCT "{column}" FROM ordergroove."{table}" WHERE length("{column}") > 0'
            ).fetchall()
            for (value,) in values:
                looked_for += 1
                assert value not in words, (table, column)
                assert len(value) < 8 or value not in text, (table, column)
    assert looked_for > 1000


def test_markup_in_names_stays_text(warehouse: WarehouseResource) -> None:
    """A shop may call a product what it likes."""
    name = "<b onclick='x'>Tea & \"Co\"</b>"
    with warehouse.get_connection() as connection:
        connection.execute("UPDATE analytics.product_monthly SET name = ?", [name])
    html = page_of(warehouse)
    assert "<b " not in html
    assert any(row[0].startswith(name) for table in read(html).tables["products"] for row in table)


def test_the_same_figures_make_the_same_file(warehouse: WarehouseResource, tmp_path: Path) -> None:
    """Byte for byte, also when the marts were built anew in between."""
    first = write(page_of(warehouse), tmp_path / "first").read_bytes()
    assert write(page_of(warehouse), tmp_path / "second").read_bytes() == first
    report = build_marts(warehouse, TERMS, prepare_reading, rebuild=True)
    assert report.why_not is None
    assert write(page_of(warehouse), tmp_path / "third").read_bytes() == first


def _die_when_it_is_put_in_place(folder: Path) -> None:
    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    os.replace = os.rename = die  # type: ignore[assignment]
    Path.replace = Path.rename = die  # type: ignore[assignment,method-assign]
    write("new" * 100_000, folder)


def test_killed_before_the_new_one_is_in_place_leaves_the_old_one(tmp_path: Path) -> None:
    """Whole; and the next is written as if nothing had been."""
    write("old", tmp_path)
    process = multiprocessing.get_context("fork").Process(target=_die_when_it_is_put_in_place, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (tmp_path / "index.html").read_text() == "old"
    write("newest", tmp_path)
    assert (tmp_path / "index.html").read_text() == "newest"
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == ["index.html"]


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "report").write_text("mine")
    with pytest.raises(ReportRefused, match=str(tmp_path / "report")):
        write("page", tmp_path / "report")
    assert (tmp_path / "report").read_text() == "mine"


def test_a_warehouse_without_marts_says_so(tmp_path: Path) -> None:
    """Of one that was never synced, and of one whose marts are not built yet."""
    empty = WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))
    with empty.get_connection():
        pass
    assert "There are no figures yet" in page_of(empty)
    with empty.get_connection() as connection:
        prepare_reading(connection)
    assert build_marts(empty, TERMS, prepare_reading).as_of_date is None
    html = page_of(empty)
    assert "There are no figures yet" in html
    assert "<svg" not in html


def test_marts_without_rows_make_a_page_that_says_so(warehouse: WarehouseResource) -> None:
    """Of a shop in which nobody subscribes yet."""
    with warehouse.get_connection() as connection:
        for mart in MARTS[1:]:
            connection.execute(f"DELETE FROM {mart.qualified_name}")
    html = page_of(warehouse)
    assert "There is nothing to show yet." in html
    assert "Nothing was skipped" in html
    assert "<svg" not in html
    assert read(html).tables == {}


def test_marts_of_another_release_are_refused_in_one_sentence(warehouse: WarehouseResource, tmp_path: Path) -> None:
    """With the next step; the next build makes them anew though nothing was loaded, and then there is a report."""
    with warehouse.get_connection() as connection:
        connection.execute("ALTER TABLE analytics.skips DROP COLUMN units")
    with pytest.raises(ReportRefused, match=r"another release: skips .* Run `og sync`"):
        page_of(warehouse)
    result = CliRunner().invoke(main, ["report", str(tmp_path / "shown"), "--warehouse", str(Path(warehouse.database))])
    assert (result.exit_code, "another release" in result.output) == (1, True)
    assert isinstance(result.exception, SystemExit)
    assert not (tmp_path / "shown").exists()
    assert build_marts(warehouse, TERMS, prepare_reading).why_not is None
    assert "Units to come" in page_of(warehouse)
