"""How marts are built: they agree, they follow from the rows alone, and one that does not agree publishes nothing."""

import multiprocessing
import os
import signal
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.marts import prepare_reading
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.commands.export import export
from og_assets.ordergroove.objects import BY_NAME
from og_assets.warehouse.errors import ForgottenMeanwhile, MartsDisagree
from og_assets.warehouse.forgotten import forget_from_now
from og_assets.warehouse.marts import build
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets.warehouse.marts.build import MartsReport, build_marts, marts_in_scratch
from og_assets.warehouse.marts.options import Cadence, Terms
from og_assets.warehouse.marts.sums import evaluate_sums, sums_of

NEW_YORK = Terms("America/New_York")
ONE_DAY_LATER = "UPDATE ops.sync_state SET watermark = watermark + INTERVAL 1 DAY"
LOADED = (
    "UPDATE ops.sync_runs SET last_load = last_load + 1 WHERE last_load = (SELECT max(last_load) FROM ops.sync_runs)"
)


def built(warehouse: WarehouseResource, terms: Terms = NEW_YORK, **options: Any) -> MartsReport:
    return build_marts(warehouse, terms, prepare_reading, **options)


def marts(warehouse: WarehouseResource) -> Mapping[str, list[tuple[Any, ...]]]:
    """All rows of all marts, but for the log, which is kept."""
    with warehouse.get_connection(read_only=True) as connection:
        return {
            mart.name: connection.execute(f"FROM {mart.qualified_name} ORDER BY ALL").fetchall()
            for mart in MARTS
            if mart.name != "order_forecast_log"
        }


def change(warehouse: WarehouseResource, *statements: str) -> None:
    with warehouse.get_connection() as connection:
        for statement in statements:
            connection.execute(statement)


def left_over(warehouse: WarehouseResource) -> list[str]:
    """What stands beside the warehouse that a build has made, but for its lock."""
    beside = Path(warehouse.database).parent.glob(f"{Path(warehouse.database).name}.marts*")
    return [path.name for path in beside if not path.name.endswith(".lock") and not path.is_dir()]


def red(connection: DuckDBPyConnection) -> set[str]:
    """The marts that break a sum."""
    findings = evaluate_sums(connection).items()
    return {name for name, found in findings if any(one.sum.is_error and not one.agrees for one in found)}


def test_every_mart_has_rows_and_every_sum_agrees(warehouse: WarehouseResource) -> None:
    """On the emulated merchant, where nothing is wrong."""
    report = built(warehouse, rebuild=True)
    assert [name for name, rows in report.rows.items() if rows == 0] == []
    assert [one for found in report.findings.values() for one in found if one.sum.is_error and not one.agrees] == []
    assert {mart.name for mart in MARTS} == report.rows.keys() == report.findings.keys()
    assert left_over(warehouse) == []


def test_each_query_fills_each_column(warehouse: WarehouseResource) -> None:
    """What is inserted by name and misspelt would be null for good."""
    empty = []
    with warehouse.get_connection(read_only=True) as connection:
        for mart in MARTS:
            for column in mart.stored_columns:
                sql = f'SELECT count("{column.name}") FROM {mart.qualified_name}'
                if connection.execute(sql).fetchone() == (0,):
                    empty.append(f"{mart.name}.{column.name}")
    # What this merchant does not have: ten subscriptions with one wording, take-ups.
    assert set(empty) <= {"cancellations.reason", "cancellations.reactivated_on"}


def test_a_text_that_is_made_of_one_column_is_one_of_its_values(warehouse: WarehouseResource) -> None:
    """What is said of columns holds in the rows."""
    strange, texts = [], 0
    with warehouse.get_connection(read_only=True) as connection:
        for mart in MARTS:
            for column in mart.stored_columns:
                origins = mart.made_of[column.name]
                if column.type == "VARCHAR" and len(origins) == 1:
                    table, _, name = origins[0].rpartition(".")
                    source = f'{"ordergroove" if table in BY_NAME else "analytics"}."{table}"'
                    told = f'SELECT "{column.name}" FROM {mart.qualified_name} WHERE "{column.name}" IS NOT NULL'
                    strange += connection.execute(f'{told} EXCEPT SELECT "{name}" FROM {source}').fetchall()
                    texts += 1
    assert strange == []
    assert texts > 20


def test_shuffled_tables_give_the_same_marts(warehouse: WarehouseResource) -> None:
    """Nothing follows from the order in which rows happen to lie."""
    built(warehouse, rebuild=True)
    before = marts(warehouse)
    with warehouse.get_connection() as connection:
        for schema, table in (
            ("ordergroove", "subscriptions"),
            ("ordergroove", "customers"),
            ("ordergroove", "products"),
            ("analytics", "items_orders_bridge"),
            ("analytics", "order_totals"),
            ("analytics", "deletion_tombstones"),
        ):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE shuffled AS FROM {schema}.{table} ORDER BY random()")
            connection.execute(f"DELETE FROM {schema}.{table}")
            connection.execute(f"INSERT INTO {schema}.{table} FROM temp.shuffled")
    built(warehouse, rebuild=True)
    assert marts(warehouse) == before


PLANTED = {
    "mrr_movements": "UPDATE mrr_movements SET amount = -amount WHERE movement = 'new'",
    "mrr_monthly": "DELETE FROM mrr_monthly WHERE month = (SELECT max(month) - INTERVAL 3 MONTH FROM mrr_monthly)",
    "churn_monthly": "UPDATE churn_monthly SET new = new + 1, closing = closing + 1 WHERE level = 'customer'",
    "daily_facts": "DELETE FROM daily_facts WHERE day = (SELECT max(day) FROM daily_facts WHERE orders_placed > 0)",
    "skips": "INSERT INTO skips FROM skips LIMIT 1",
    "customer_overview": "UPDATE customer_overview SET revenue = revenue + 0.0001 WHERE rowid = 0",
    "subscription_overview": "UPDATE subscription_overview SET revenue = revenue + 0.0001 WHERE rowid = 0",
    "order_forecast": "UPDATE order_forecast SET units = units + 1 WHERE source = 'scheduled'",
    "product_monthly": "UPDATE product_monthly SET closing_mrr = closing_mrr + 1, opening_mrr = opening_mrr + 1",
    "retention_cohorts": "UPDATE retention_cohorts SET active = active - 1 WHERE age_months = 0 AND active > 0",
    "retention_by_order": "UPDATE retention_by_order SET reached = reached + 1 WHERE order_number = 2",
    "discounts_monthly": "UPDATE discounts_monthly SET revenue = 0 WHERE kind = 'offer'",
    "cancellations": "UPDATE cancellations SET mrr_lost = -1",
    "subscription_periods": "UPDATE subscription_periods SET ended_at = started_at - INTERVAL 1 DAY",
    "customer_periods": "INSERT INTO customer_periods FROM customer_periods LIMIT 1",
}
"""By mart, a wrong sign, a lost month or day, a doubled row, or an amount that is off."""


@pytest.mark.parametrize("marked", PLANTED)
def test_a_planted_error_turns_its_own_mart_red(warehouse: WarehouseResource, marked: str) -> None:
    """And the marts that are held against it say so, if any."""
    with marts_in_scratch(warehouse, NEW_YORK, prepare_reading) as connection:
        assert red(connection) == set()
        changed = connection.execute(PLANTED[marked]).fetchone()
        assert changed is not None
        assert changed[0] > 0
        held_against = {
            name for name in {mart.name for mart in MARTS} - {marked} for one in sums_of_name(name) if marked in one
        }
        found = red(connection)
        assert marked in found
        assert found - {marked} <= held_against


def sums_of_name(name: str) -> list[str]:
    """The queries of a mart's sums."""
    return [one.sql for mart in MARTS if mart.name == name for one in sums_of(mart)]


PLACED = "order_status = 5 AND total_price > 0 AND subscription IS NOT NULL AND NOT is_deleted"
BRIDGE = "analytics.items_orders_bridge"
ITEMS_OF_ORDERS = {
    "product_monthly: revenue = items of placed orders",
    "discounts_monthly: revenue = items of placed orders",
    "subscription_overview: revenue = subscription_revenue of placed orders",
}
WRONG_ROWS = {
    "a doubled item": (f"INSERT INTO {BRIDGE} FROM {BRIDGE} WHERE {PLACED} LIMIT 1", ITEMS_OF_ORDERS),
    "a wrong sign": (
        (
            f"UPDATE {BRIDGE} SET total_price = -total_price"
            f" WHERE item = (SELECT max_by(item, (place_date, item)) FROM {BRIDGE} WHERE {PLACED})"
        ),
        ITEMS_OF_ORDERS | {"mrr_movements: no subscription is below zero at any month's end"},
    ),
    "a lost month": (
        (
            f"DELETE FROM {BRIDGE} WHERE {PLACED} AND date_trunc('month', place_date) ="
            f" (SELECT date_trunc('month', max(place_date)) - INTERVAL 3 MONTH FROM {BRIDGE} WHERE {PLACED})"
        ),
        ITEMS_OF_ORDERS,
    ),
}
"""What is wrong with the items that marts are made of, and just the sums that say so."""


@pytest.mark.parametrize("error", WRONG_ROWS)
def test_wrong_rows_publish_nothing_and_are_named(warehouse: WarehouseResource, error: str) -> None:
    """What was published is as it was, and nothing is left of the build."""
    plant, sums = WRONG_ROWS[error]
    before = marts(warehouse)
    with warehouse.get_connection() as connection:
        changed = connection.execute(plant).fetchone()
    assert changed is not None
    assert changed[0] > 0
    with pytest.raises(MartsDisagree) as raised:
        built(warehouse, rebuild=True)
    findings = raised.value.findings.items()
    wrong = [(name, one) for name, found in findings for one in found if one.sum.is_error and not one.agrees]
    assert {f"{name}: {one.sum.name}" for name, one in wrong} == sums
    assert all(each in str(raised.value) for each in sums)
    assert marts(warehouse) == before
    assert left_over(warehouse) == []


def test_nothing_is_built_twice_from_the_same_load_on_the_same_day(warehouse: WarehouseResource) -> None:
    """A later day builds, so does a load, unless once a day is enough; another zone has other days."""
    assert "nothing was loaded since" in str(built(warehouse).why_not)
    change(warehouse, ONE_DAY_LATER)
    assert built(warehouse).why_not is None
    change(warehouse, LOADED)
    assert "once a day" in str(built(warehouse, cadence=Cadence.DAILY).why_not)
    assert built(warehouse).why_not is None
    assert built(warehouse, Terms("Asia/Tokyo")).why_not is None


@pytest.mark.parametrize("object", ["subscriptions", "orders", "items"])
def test_there_are_no_marts_before_all_three_have_been_pulled(warehouse: WarehouseResource, object: str) -> None:
    """What stands there stays."""
    before = marts(warehouse)
    change(warehouse, f"DELETE FROM ops.sync_state WHERE object = '{object}'")
    report = built(warehouse, rebuild=True)
    assert report.why_not == build.NOT_PULLED
    assert report.rows == {}
    assert marts(warehouse) == before


def test_the_file_is_free_while_marts_are_computed(
    warehouse: WarehouseResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the scratch database, which holds ids, is its owner's alone."""
    seen = []
    compute = build._compute

    def look_and_compute(connection: DuckDBPyConnection, terms: Terms) -> None:
        impatient = WarehouseResource(database=warehouse.database, lock_timeout_seconds=0, busy_timeout_seconds=0)
        with impatient.get_connection() as other:
            seen.append(other.execute("SELECT count(*) FROM analytics.mrr_monthly").fetchone())
        scratch = Path(warehouse.database).with_name(f"{Path(warehouse.database).name}.marts")
        seen.append(stat.S_IMODE(scratch.stat().st_mode))
        compute(connection, terms)

    monkeypatch.setattr(build, "_compute", look_and_compute)
    assert built(warehouse, rebuild=True).why_not is None
    assert len(seen) == 2
    assert seen[1] == 0o600


def die(database: str, at: str) -> None:
    """Build, and be killed when the build reaches this function."""
    setattr(build, at, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    built(WarehouseResource(database=database), rebuild=True)


@pytest.mark.parametrize("at", ["_compute", "evaluate_sums", "_publish"])
def test_a_killed_build_leaves_the_marts_and_the_next_one_clears_up(warehouse: WarehouseResource, at: str) -> None:
    """Also when it holds the file to publish."""
    before = marts(warehouse)
    child = multiprocessing.get_context("fork").Process(target=die, args=(warehouse.database, at))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert left_over(warehouse) != []
    assert marts(warehouse) == before
    assert "nothing was loaded" in str(built(warehouse).why_not)
    assert left_over(warehouse) == []
    assert marts(warehouse) == before


def test_the_log_keeps_one_forecast_a_week(warehouse: WarehouseResource) -> None:
    """The first one of each week, whatever is built after it."""
    days: Callable[[], list[Any]] = lambda: logged(warehouse)  # noqa: E731 - asked again and again
    assert len(days()) == 1
    built(warehouse, rebuild=True)
    assert len(days()) == 1
    for weeks in (2, 3):
        change(warehouse, "UPDATE ops.sync_state SET watermark = watermark + INTERVAL 7 DAY")
        built(warehouse)
        assert len(days()) == weeks


def logged(warehouse: WarehouseResource) -> list[Any]:
    with warehouse.get_connection(read_only=True) as connection:
        return connection.execute("SELECT DISTINCT made_on FROM analytics.order_forecast_log").fetchall()


def test_an_export_has_all_marts_with_their_rows(warehouse: WarehouseResource, tmp_path: Path) -> None:
    """What reading tools should connect to."""
    export(Path(warehouse.database), tmp_path / "bi")
    with warehouse.get_connection(read_only=True) as connection:
        for mart in MARTS:
            file = tmp_path / "bi" / "analytics" / f"{mart.name}.parquet"
            exported, stored = f"(FROM '{file}')", f"(FROM {mart.qualified_name})"
            for one, other in ((exported, stored), (stored, exported)):
                assert connection.execute(f"SELECT count(*) FROM ({one} EXCEPT ALL {other})").fetchone() == (0,), (
                    mart.name
                )


def test_no_personal_column_is_in_a_mart(warehouse: WarehouseResource, filled: Path) -> None:
    """Nor a wording of a reason that few gave."""
    assert filled.exists()
    few = (
        "UPDATE ordergroove.subscriptions SET live = false, cancelled = updated, cancel_reason_code_number = 77,"
        " cancel_reason = '77|I moved to 1 Main Street'"
        " WHERE rowid IN (SELECT rowid FROM ordergroove.subscriptions LIMIT {})"
    )
    change(warehouse, few.format(9))
    built(warehouse, rebuild=True)
    assert "Main Street" not in str(marts(warehouse)["cancellations"])
    change(warehouse, few.format(10))
    built(warehouse, rebuild=True)
    assert "Main Street" in str(marts(warehouse)["cancellations"])


def test_who_is_forgotten_meanwhile_is_not_published(
    warehouse: WarehouseResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read before may name the person."""
    compute = build._compute

    def forget_and_compute(connection: DuckDBPyConnection, terms: Terms) -> None:
        with warehouse.get_connection() as other:
            forget_from_now(other, ["somebody"])
        compute(connection, terms)

    before = marts(warehouse)
    monkeypatch.setattr(build, "_compute", forget_and_compute)
    with pytest.raises(ForgottenMeanwhile):
        built(warehouse, rebuild=True)
    assert marts(warehouse) == before
    monkeypatch.undo()
    assert built(warehouse, rebuild=True).why_not is None


def test_older_marts_do_not_replace_those_that_another_host_has_built_meanwhile(
    warehouse: WarehouseResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Builds take turns on one machine only: it may have read later, and have been faster."""
    compute = build._compute

    def build_elsewhere_and_compute(connection: DuckDBPyConnection, terms: Terms) -> None:
        newer = "UPDATE ops.derived_state SET through_load = through_load + 1 WHERE table_name = 'marts'"
        change(warehouse, newer, "DELETE FROM analytics.churn_monthly")
        compute(connection, terms)

    monkeypatch.setattr(build, "_compute", build_elsewhere_and_compute)
    assert "another host" in str(built(warehouse, rebuild=True).why_not)
    assert marts(warehouse)["churn_monthly"] == []
