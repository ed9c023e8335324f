"""The report in a real browser: it asks for nothing, fits a phone and a desk, and has colours for light and dark.

With OG_SCREENSHOTS naming a folder (`make screenshots`) its pictures are taken there.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.world import World
from og_assets.playground.sample import fill
from og_assets.report.report import read_report, render, write

playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCREENSHOTS = os.environ.get("OG_SCREENSHOTS")
PHONE: "playwright.ViewportSize" = {"width": 390, "height": 844}
DESK: "playwright.ViewportSize" = {"width": 1280, "height": 860}
EARLY_IN_JULY = datetime(2026, 7, 8, 15, tzinfo=UTC)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here; on Debian: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a merchant, as a file."""
    folder = tmp_path_factory.mktemp("page")
    warehouse = WarehouseResource(database=str(folder / "warehouse.duckdb"))
    fill(warehouse, World(3, customers=400 if SCREENSHOTS else 40, now=EARLY_IN_JULY), folder / "inbox.sqlite")
    with warehouse.get_connection(read_only=True) as connection:
        page = render(read_report(connection))
    return write(page, folder / "report").as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    """A headless Chromium."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_asks_for_nothing_and_fits(
    browser: "playwright.Browser", address: str, viewport: "playwright.ViewportSize", scheme: str, tmp_path: Path
) -> None:
    """No request but for itself, nothing said in the console, no scrolling sideways, one drawing of each chart."""
    page = browser.new_page(viewport=viewport, color_scheme="dark" if scheme == "dark" else "light")
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    assert (asked, said) == ([address], [])
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    shown = page.locator("svg:visible")
    assert shown.count() == page.locator("svg").count() / 2 > 10
    for box in (chart.bounding_box() for chart in shown.all()):
        assert box
        assert 0 <= box["x"] < box["x"] + box["width"] <= viewport["width"]
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    brightness = [sum(map(int, colour.removeprefix("rgb(").rstrip(")").split(","))) for colour in (ink, paper)]
    assert (brightness[0] > brightness[1]) is (scheme == "dark")
    size = page.locator("svg:visible text").first.evaluate("text => text.getBoundingClientRect().height")
    assert size > 10, "letters that shrink with the drawing cannot be read"

    page.locator("summary:visible").first.click()
    assert page.locator("#mrr table").first.is_visible()
    page.locator("summary:visible").first.click()
    names = {(1280, "light"): "report.png", (390, "dark"): "report_phone.png"}
    folder = Path(SCREENSHOTS or tmp_path)
    if name := names.get((viewport["width"], scheme)):
        folder.mkdir(parents=True, exist_ok=True)
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=folder / name)
    page.close()
