"""What a newcomer does in the Dagster UI, in a real browser: look at the graph, materialize, read, backfill.

With OG_SCREENSHOTS naming a folder (`make screenshots`) the pictures of the README are taken there.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from og_assets.commands.child_process import child
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.sync.windows import CHICAGO
from og_assets_tests.ports import a_free_port

playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DEADLINE = 150
"""Seconds until whatever is waited for has come, on a machine that does other things as well."""
VIEWPORT: "playwright.ViewportSize" = {"width": 1440, "height": 1000}
SCREENSHOTS = os.environ.get("OG_SCREENSHOTS")
OG = [sys.executable, "-m", "og_assets"]
REPOSITORY = Path(__file__).parents[2]
TODAY = datetime.now(CHICAGO).date()

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here; on Debian: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a person who looks at the emulated merchant first and at the own one then."""
    folder = tmp_path_factory.mktemp("person")
    (folder / "home").mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", folder / "home")
    return folder


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Variables of commands in the folder, and of no other."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("ORDERGROOVE_", "DAGSTER_"))}
    here = {"DAGSTER_HOME": str(folder / "home"), "ORDERGROOVE_SCHEDULES": "off", "PYTHONPATH": str(REPOSITORY)}
    return {**mine, **here, **settings}


@contextmanager
def og_dev(folder: Path, variables: dict[str, str]) -> Iterator[str]:
    """`og dev`, by the address of its UI."""
    port = a_free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*OG, "dev", "--port", str(port)]
    with (
        (folder / "og_dev.log").open("wb") as log,
        child(command, env=variables, cwd=folder, stdout=log, stderr=log) as server,
    ):
        until = time.monotonic() + DEADLINE
        while not _answers(url):
            assert server.poll() is None, (folder / "og_dev.log").read_text()[-2000:]
            assert time.monotonic() < until, "the UI did not come up"
            time.sleep(0.2)
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    """A headless Chromium."""
    playwright.expect.set_options(timeout=DEADLINE * 1000)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: "playwright.Browser", url: str) -> Iterator["playwright.Page"]:
    """A page of the UI."""
    page = browser.new_page(base_url=url, viewport=VIEWPORT)
    page.set_default_timeout(DEADLINE * 1000)
    yield page
    page.close()


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    """`og dev` on its emulated merchant."""
    with og_dev(folder, environment(folder)) as url:
        yield url


@pytest.fixture
def page(browser: "playwright.Browser", url: str) -> Iterator["playwright.Page"]:
    """A page of it."""
    with opened(browser, url) as page:
        yield page


def test_a_newcomer_looks_materializes_and_backfills(page: "playwright.Page", url: str, tmp_path: Path) -> None:
    """Everything by clicking, and nothing red at the end."""
    folder = Path(SCREENSHOTS or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    expect = playwright.expect

    page.goto("/asset-groups")
    for group in ("objects", "events", "operations", "analytics"):
        expect(page.get_by_text(group, exact=True).last).to_be_visible()
    left = {name: page.get_by_text(name, exact=True).last.bounding_box()["x"] for name in ("objects", "operations")}
    right = page.get_by_text("analytics", exact=True).last.bounding_box()["x"]
    assert left["objects"] < left["operations"] < right, "the graph does not read from left to right"

    if SCREENSHOTS:
        page.goto("/locations/og_assets.definitions/jobs/sync")
        _materialize(page, "Materialize all", days=None)
        _wait_for_success(page, url, runs=1)
        page.set_viewport_size({"width": 2400, "height": 1300})  # room for whole names
        page.goto("/assets/analytics/order_totals?view=lineage&lineageScope=upstream&lineageDepth=5")
        whole_name = page.get_by_text("deletion_tombstones", exact=True).last
        zoom_in = page.get_by_role("button", name="zoom_in")
        expect(page.get_by_text("order_totals", exact=True).last).to_be_visible()
        while not whole_name.is_visible():  # far away, names are shortened and the figures left out
            zoom_in.click()
            page.wait_for_timeout(1000)
        expect(page.get_by_text("Loading")).to_have_count(0)
        page.screenshot(path=folder / "asset_graph.png")
        page.set_viewport_size(VIEWPORT)

    page.goto("/assets/ordergroove/orders")
    expect(page.get_by_text("One box for one customer")).to_be_visible()
    expect(page.get_by_role("link", name="Ordergroove API reference: orders-list")).to_be_visible()
    expect(page.get_by_text("Grand total as Ordergroove says.")).to_be_visible()
    runs = 1
    if not SCREENSHOTS:  # the job has done it
        _materialize(page, "Materialize", days=None)
        _wait_for_success(page, url, runs=runs)

    page.goto("/assets/ordergroove/orders?view=events")
    expect(page.get_by_text(f"Partition {TODAY} materialized")).to_be_visible()
    for row in ("Window", "Pages", "Inserted", "Unchanged", "Quarantined", "Retries"):
        expect(page.get_by_role("cell", name=row, exact=True)).to_be_visible()
    expect(page.get_by_text("Loading...")).to_have_count(0)
    page.screenshot(path=folder / "materialization.png")

    page.goto("/assets/ordergroove/orders")
    days = f"[{TODAY - timedelta(days=2)}...{TODAY - timedelta(days=1)}]"
    _materialize(page, "Materialize", days=days)
    _wait_for_success(page, url, runs=runs + 1)
    page.goto("/assets/ordergroove/orders?view=events")
    for age in (2, 1):
        expect(page.get_by_text(str(TODAY - timedelta(days=age)), exact=True).first).to_be_visible()
    assert page.get_by_text("Failed", exact=True).count() == 0


def test_runs_of_the_command_line_are_runs_like_any_other(browser: "playwright.Browser", folder: Path) -> None:
    """A first sync that fails, executed again from the UI: no day is red or missing. One that is stopped is canceled.

    Of the emulated merchant that was looked at before in the same folder nothing is seen.
    """
    expect = playwright.expect
    with Emulator(World(customers=12, now=datetime.now(UTC))) as emulator:
        own = environment(folder, ORDERGROOVE_API_KEY=EMULATOR_KEY, ORDERGROOVE_BASE_URL=emulator.url)
        with og_dev(folder, own) as url, opened(browser, url) as page:
            assert _statuses(url) == []
            no_inbox = {**own, "ORDERGROOVE_WEBHOOK_INBOX": str(folder)}
            assert subprocess.run([*OG, "sync"], env=no_inbox, cwd=folder, check=False).returncode == 1

            page.goto("/locations/og_assets.definitions/jobs/sync/runs")
            expect(page.get_by_text("Failure", exact=True)).to_be_visible()
            page.locator("a[href^='/runs/']").first.click()
            page.wait_for_url("**/runs/*")
            failed = page.url
            page.get_by_role("button", name="Re-execute all").click()
            page.wait_for_url(lambda address: address != failed)
            _wait_for_success(page, url, runs=1, failed=1)
            for asset in ("ordergroove/orders", "ordergroove/events", "ops/items_sweep", "analytics/order_totals"):
                page.goto(f"/assets/{asset}?view=partitions")
                expect(page.get_by_text("Failed (0)")).to_be_visible()
                expect(page.get_by_text("Missing (0)")).to_be_visible()

            emulator.latency = 0.5
            with subprocess.Popen([*OG, "sync"], env=own, cwd=folder) as stopped:
                while _statuses(url)[0] != "STARTED":
                    assert stopped.poll() is None
                    time.sleep(0.2)
                stopped.send_signal(signal.SIGINT)
            page.goto("/locations/og_assets.definitions/jobs/sync/runs")
            expect(page.get_by_text("Canceled", exact=True).first).to_be_visible()
            assert _statuses(url) == ["CANCELED", "SUCCESS", "FAILURE"]


def _materialize(page: "playwright.Page", button: str, *, days: str | None) -> None:
    """Launch a run of the latest day, or a backfill of `days`, in the dialog that the button opens."""
    page.get_by_role("button", name=button).first.click()
    page.get_by_role("button", name="Latest", exact=True).click()
    if days is None:
        playwright.expect(page.get_by_text("1 partition", exact=True)).to_be_visible()
    else:
        page.get_by_role("button", name="Clear", exact=True).click()
        field = page.get_by_placeholder("ex: 20")
        field.fill(days)
        field.press("Enter")
        playwright.expect(page.get_by_text("2 partitions", exact=True)).to_be_visible()
    launch = page.get_by_role("button", name=re.compile("Launch (1 run|backfill)"))
    launch.click()
    playwright.expect(page.get_by_text("Partition selection")).to_have_count(0)


def _wait_for_success(page: "playwright.Page", url: str, *, runs: int, failed: int = 0) -> None:
    """Until so many runs, backfills' among them, are over beside those that failed; then the list shows them green.

    An open page would follow the run with half a processor.
    """
    page.goto("about:blank")
    until = time.monotonic() + DEADLINE
    while (found := _statuses(url)).count("SUCCESS") < runs:
        assert found.count("FAILURE") == failed, "a run failed"
        assert time.monotonic() < until, "the runs did not end"
        time.sleep(0.5)
    page.goto("/runs")
    playwright.expect(page.get_by_text("Manually launched", exact=True)).to_have_count(runs + failed)
    playwright.expect(page.get_by_text("Success", exact=True)).to_have_count(runs)


def _statuses(url: str) -> list[str]:
    """The status of each run. Asked for without the browser, whose every look takes seconds of a processor."""
    query = "{ runsOrError { ... on Runs { results { status } } } }"
    answer = httpx.post(f"{url}/graphql", json={"query": query}, timeout=DEADLINE).json()
    return [run["status"] for run in answer["data"]["runsOrError"]["results"]]


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/server_info", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
