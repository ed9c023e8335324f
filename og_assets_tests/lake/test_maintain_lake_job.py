"""The job `maintain_lake`, which there is only where the warehouse is a lake."""

from pathlib import Path

import dagster as dg

from og_assets.definitions import build_defs
from og_assets.merchants import Merchant
from og_assets.settings import Settings
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.place import Place
from og_assets_tests.places import new_lake


def merchant(place: Place) -> Merchant:
    """A merchant with that warehouse."""
    return Merchant(Settings.from_environment({"ORDERGROOVE_WAREHOUSE": str(place), "ORDERGROOVE_API_KEY": "key"}))


def test_the_weekly_job_maintains_the_lake(catalog: str, tmp_path: Path) -> None:
    """Small files become one."""
    lake = new_lake(catalog, tmp_path)
    with open_warehouse(lake) as connection:
        for number in range(3):
            connection.execute("INSERT INTO ops.seen_keys VALUES ('orders', 1, ?)", [str(number)])
    definitions = build_defs([merchant(lake)])
    assert {schedule.name for schedule in definitions.schedules or []} >= {"maintain_lake_weekly"}
    with dg.instance_for_test() as instance:
        result = definitions.resolve_job_def("maintain_lake").execute_in_process(instance=instance)
    assert result.success
    with open_warehouse(lake, read_only=True) as connection:
        files = connection.execute(
            "FROM ducklake_list_files(current_database(), 'seen_keys', schema => 'ops')"
        ).fetchall()
        assert len(files) == 1
        assert connection.execute("SELECT key FROM ops.seen_keys ORDER BY ALL").fetchall() == [("0",), ("1",), ("2",)]
