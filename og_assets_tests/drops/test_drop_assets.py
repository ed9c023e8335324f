"""File drops in Dagster: assets, a job and a sensor where a merchant has drops, and nothing where it has none."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import dagster as dg
import pytest

from og_assets.assets.covered_days import PULL_MODE_TAG
from og_assets.automation.jobs import range_tags
from og_assets.definitions import build_defs
from og_assets.emulator.drops import DropWriter
from og_assets.emulator.world import World
from og_assets.merchants import Merchant, read_merchant
from og_assets.ordergroove.drops.reports import REPORTS
from og_assets.settings import Settings
from og_assets.sync.windows import CHICAGO, PullMode
from og_assets.warehouse.warehouse import WarehouseAt

NAMES = {f"drops/{report.name}" for report in REPORTS} | {"analytics/id_map", "analytics/drop_reconciliation"}


def location(**variables: str) -> dg.Definitions:
    """The code location of one merchant with these settings, called without ORDERGROOVE_ in small letters."""
    given = {f"ORDERGROOVE_{name.upper()}": value for name, value in variables.items()}
    return build_defs([Merchant(Settings.from_environment(given))])


def keys(definitions: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}


def test_a_merchant_without_drops_has_none_of_it() -> None:
    without = location()
    assert keys(without) & NAMES == set()
    assert "load_drops" not in {job.name for job in without.jobs or ()}
    assert "drops_sensor" not in {sensor.name for sensor in without.sensors or ()}


def test_a_merchant_with_drops_has_its_assets_job_and_sensor(tmp_path: Path) -> None:
    with_drops = location(drops=str(tmp_path))
    assert keys(with_drops) - keys(location()) == NAMES
    assert "load_drops" in {job.name for job in with_drops.jobs or ()}
    assert "drops_sensor" in {sensor.name for sensor in with_drops.sensors or ()}
    dg.Definitions.validate_loadable(with_drops)


def test_every_check_of_drops_has_a_section_in_the_handbook(tmp_path: Path) -> None:
    handbook = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    graph = location(drops=str(tmp_path)).resolve_asset_graph()
    names = {key.name for key in graph.asset_check_keys}
    assert {"quarantined_lines", "unreadable_files", "drops_agree"} <= names
    assert [name for name in names if f"### {name}\n" not in handbook] == []


def test_each_of_several_merchants_has_its_own_or_none(tmp_path: Path) -> None:
    given = {"acme": {"drops": str(tmp_path), "start_date": "2025-01-01"}, "zeta": {"start_date": "2025-01-01"}}
    both = build_defs([read_merchant(name, settings, {}) for name, settings in given.items()])
    assert {key for key in keys(both) if key.split("/", 1)[1] in NAMES} == {f"acme/{name}" for name in NAMES}
    assert {job.name for job in both.jobs or () if "drops" in job.name} == {"acme__load_drops"}


class Site:
    """A merchant that drops files, and its code location."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance) -> None:
        # Of yesterday at noon: after midnight the reports of a day take half an hour.
        noon = datetime.combine(datetime.now(CHICAGO) - timedelta(days=1), time(12), CHICAGO)
        self.world = World(seed=2, customers=1_500, now=noon.astimezone(UTC))
        self.instance = instance
        self.outgoing = folder / "outgoing"
        self.outgoing.mkdir()
        self.writer = DropWriter(self.world, self.outgoing)
        self.path = folder / "warehouse.duckdb"
        self.definitions = location(
            drops=str(self.outgoing), drops_archive=str(folder / "archive"), warehouse=str(self.path)
        )

    def look(self, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
        """What the sensor says."""
        sensor = self.definitions.resolve_sensor_def("drops_sensor")
        context = dg.build_sensor_context(
            instance=self.instance, cursor=cursor, repository_def=self.definitions.get_repository_def()
        )
        said = sensor(context)
        assert isinstance(said, dg.SensorResult | dg.SkipReason)
        return said

    def run(self, tags: dict[str, str]) -> bool:
        """One run of the job."""
        job = self.definitions.resolve_job_def("load_drops")
        return job.execute_in_process(instance=self.instance, tags=tags, raise_on_error=False).success

    def count(self, sql: str) -> int:
        with WarehouseAt(self.path).get_connection() as connection:
            row = connection.execute(f"SELECT count(*) {sql}").fetchone()
            return int(row[0]) if row else 0


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("og_assets.sync.drops.REST_SECONDS", 0)
    with dg.instance_for_test() as instance:
        yield Site(tmp_path, instance)


def test_the_sensor_asks_for_one_run_and_that_loads_what_is_new(site: Site) -> None:
    """Then for none; a backfill of the day reads it again from the archive, and ends the same."""
    assert "no new file" in str(site.look())
    site.writer.write_due()
    asked = site.look()
    assert isinstance(asked, dg.SensorResult)
    [request] = asked.run_requests or []
    assert "asked for these files already" in str(site.look(asked.cursor))
    assert site.run({**request.tags, PULL_MODE_TAG: PullMode.SINCE_WATERMARK.value})
    files, rows = site.count("FROM ops.drop_files"), site.count("FROM drops.orders")
    assert (files, rows > 0) == (len(REPORTS), True)
    assert "no new file" in str(site.look(asked.cursor))
    yesterday = site.world.today - timedelta(days=1)
    assert request.tags == range_tags(yesterday, yesterday)

    for file in site.outgoing.iterdir():
        file.unlink()
    assert site.run({**range_tags(yesterday, yesterday), PULL_MODE_TAG: PullMode.DAYS.value})
    assert (site.count("FROM ops.drop_files"), site.count("FROM drops.orders")) == (files, rows)
    assert datetime.now(CHICAGO).date() >= yesterday


@pytest.mark.parametrize(
    ("stamps", "first", "last"),
    [
        (["20200102"], "2025-01-01", "2025-01-01"),
        (["20200102", "20250610"], "2025-05-10", "2025-06-09"),
        (["20250608", "20250610"], "2025-06-07", "2025-06-09"),
    ],
)
def test_a_run_is_asked_for_days_that_there_are_and_a_month_of_them_at_most(
    stamps: list[str], first: str, last: str, site: Site
) -> None:
    for stamp in stamps:
        (site.outgoing / f"coffee_orders_{stamp}_delta.csv").write_text("OG Order ID\n")
    asked = site.look()
    assert isinstance(asked, dg.SensorResult)
    [request] = asked.run_requests or []
    assert request.tags == range_tags(date.fromisoformat(first), date.fromisoformat(last))


def test_a_folder_that_is_not_there_is_told_by_sensor_and_run(site: Site) -> None:
    site.outgoing.rmdir()
    assert "no folder of drops" in str(site.look())
    today = site.world.today
    assert not site.run(range_tags(today, today))
