"""The asset writes the file after the marts, and not when they are as they were; the command writes it at any time."""

from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from og_assets.assets.report import IS_WHOLE
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.automation.jobs import range_tags
from og_assets.commands.cli import main
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets_tests.code_location import assets, definitions

REPORT = dg.AssetKey(["analytics", "report"])
REBUILD = {"ops": {"marts": {"config": {"rebuild": True}}}}


def run(
    instance: dg.DagsterInstance, warehouse: WarehouseResource, config: dict[str, object] | None = None
) -> dg.ExecuteInProcessResult:
    """A run of marts and report, as a job with days runs them."""
    found = assets(definitions())
    chosen = [found["mrr_monthly"], found["report"]]
    job = dg.define_asset_job("some", selection=dg.AssetSelection.assets(*chosen))
    location = dg.Definitions(assets=chosen, jobs=[job], resources={"warehouse": warehouse})
    today = datetime.now(CHICAGO).date()
    return location.resolve_job_def("some").execute_in_process(
        instance=instance, tags=range_tags(today, today), run_config=config
    )


def test_it_is_written_with_the_marts_and_skipped_without_new_ones(
    warehouse: WarehouseResource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its metadata lead to the file and say how many subscribe, for how much."""
    monkeypatch.setenv("ORDERGROOVE_REPORT", str(tmp_path / "shown"))
    file = tmp_path / "shown" / "index.html"
    with dg.instance_for_test() as instance:
        first = run(instance, warehouse, REBUILD)
        assert first.success
        event = instance.get_latest_materialization_event(REPORT)
        assert event
        assert event.asset_materialization
        told = {name: value.value for name, value in event.asset_materialization.metadata.items()}
        with warehouse.get_connection(read_only=True) as connection:
            active = connection.execute(
                "SELECT count(*) FILTER (is_active) FROM analytics.subscription_overview"
            ).fetchone()
            amounts = connection.execute(
                "SELECT currency_code, CAST(sum(amount) AS DOUBLE) FROM analytics.mrr_movements GROUP BY 1"
            ).fetchall()
        assert told["file"] == str(file)
        assert told["link"] == file.as_uri()
        assert (told["active_subscriptions"],) == active
        assert {name: value for name, value in told.items() if name.startswith("mrr_")} == {
            f"mrr_{currency}": pytest.approx(amount) for currency, amount in amounts
        }
        assert told["bytes"] == file.stat().st_size
        assert [
            (one.check_name, one.passed) for one in first.get_asset_check_evaluations() if one.asset_key == REPORT
        ] == [(IS_WHOLE, True)]

        file.unlink()
        again = run(instance, warehouse)
        assert again.success
        assert {event.step_key for event in again.all_events if event.is_step_skipped} == {"analytics__report"}
        assert not file.exists()


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("DELETE FROM analytics.product_monthly", "Products"),
        ("DELETE FROM analytics.skips", None),
        ("DELETE FROM analytics.marts_as_of", "the as-of day of the marts"),
    ],
)
def test_its_check_names_what_is_not_shown(
    warehouse: WarehouseResource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, missing: str | None
) -> None:
    """But nobody has to have skipped a box."""
    monkeypatch.setenv("ORDERGROOVE_REPORT", str(tmp_path / "shown"))
    with warehouse.get_connection() as connection:
        connection.execute(change)
    found = dg.materialize([assets(definitions())["report"]], resources={"warehouse": warehouse})
    (check,) = found.get_asset_check_evaluations()
    assert check.passed is (missing is None)
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert (missing or "") in (check.description or "")


def test_it_comes_after_all_marts_and_in_the_jobs_that_build_them() -> None:
    """Without a partition, as they are."""
    location = definitions()
    asset = assets(location)["report"]
    assert set(asset.asset_deps[REPORT]) == {dg.AssetKey(["analytics", mart.name]) for mart in MARTS}
    assert asset.partitions_def is None
    for job in ("sync", "full_refresh", "reconcile_deletions", "ingest_events"):
        selected = location.resolve_job_def(job).asset_layer.selected_asset_keys
        assert (REPORT in selected) is (job != "ingest_events")


def og(*words: str) -> Result:
    result = CliRunner().invoke(main, ["report", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERGROOVE_MERCHANTS", "")
    monkeypatch.delenv("ORDERGROOVE_WAREHOUSE", raising=False)
    return tmp_path


def test_the_command_writes_beside_the_warehouse_or_where_it_is_told(
    here: Path, warehouse: WarehouseResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And prints where."""
    filled = Path(warehouse.database)
    monkeypatch.setenv("ORDERGROOVE_WAREHOUSE", str(filled))
    beside = filled.parent / "report" / "index.html"
    assert og().output.strip() == str(beside)
    assert og("--warehouse", str(filled)).output.strip() == str(beside)
    assert og(str(here / "elsewhere")).output.strip() == str(here / "elsewhere" / "index.html")
    assert (here / "elsewhere" / "index.html").read_bytes() == beside.read_bytes()
    assert "Monthly recurring revenue" in beside.read_text()


def test_merchants_have_a_report_each_with_their_name(
    here: Path, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside each other, or below the folder that is told."""
    tables = "\n".join(f'[merchants.{name}]\nwarehouse = "{name}.duckdb"' for name in ("acme", "zeta"))
    (here / "merchants.toml").write_text(tables)
    monkeypatch.setenv("ORDERGROOVE_MERCHANTS", "merchants.toml")
    for name in ("acme", "zeta"):
        (here / f"{name}.duckdb").write_bytes(filled.read_bytes())
    assert og().output.split() == [f"data/report/{name}/index.html" for name in ("acme", "zeta")]
    assert og("shown").output.split() == [f"shown/{name}/index.html" for name in ("acme", "zeta")]
    assert og("--merchant", "zeta", "one").output.split() == ["one/index.html"]
    assert "<h1>Subscriptions of zeta</h1>" in (here / "one" / "index.html").read_text()


def test_the_emulated_merchant_never_takes_the_place_of_the_own_one(here: Path, filled: Path) -> None:
    """Both have their warehouse in data/."""
    (here / "data").mkdir()
    (here / "data" / "emulator.duckdb").write_bytes(filled.read_bytes())
    assert og("--warehouse", "data/emulator.duckdb").output.strip() == "data/emulator_report/index.html"


def test_a_warehouse_that_is_not_there_is_one_sentence(here: Path) -> None:
    """And no report is written."""
    result = og("--warehouse", str(here / "nothing.duckdb"))
    assert result.exit_code == 1
    assert "nothing.duckdb" in result.output
    assert not (here / "report").exists()
