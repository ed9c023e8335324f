"""Each check finds its defect, and is silent about all others."""

from collections.abc import Mapping

import dagster as dg
import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets import events
from og_assets.assets.checks import object_checks, results, specs
from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.ordergroove.objects import OBJECTS
from og_assets.warehouse.analytics import ANALYTICS, ORDER_TOTALS
from og_assets.warehouse.checks import Limit, Outcome, Verdict, evaluate
from og_assets.warehouse.derive import derive, prepare

W, E = Verdict.WARN, Verdict.ERROR
CHECKS = {
    **{object.name: object_checks(object) for object in OBJECTS},
    "events": events.CHECKS,
    **{table.name: table.checks for table in ANALYTICS},
}
DERIVE = "derive"
LAST_PULL = "sync_id = (SELECT max(sync_id) FROM ops.sync_runs WHERE object = '{}' AND mode <> 'sweep')"
FIRST_PULL = "sync_id = (SELECT min(sync_id) FROM ops.sync_runs WHERE object = '{}')"
AN_OPEN_ITEM = "(FROM ordergroove.items_current WHERE subscription IS NOT NULL ORDER BY ALL LIMIT 1)"


def outcomes(connection: DuckDBPyConnection) -> Mapping[str, Outcome]:
    """Every check of every table, by table and name."""
    return {f"{table}.{found.check.name}": found for table in CHECKS for found in evaluate(connection, CHECKS[table])}


def red(connection: DuckDBPyConnection) -> dict[str, Verdict]:
    """The checks that are not good."""
    found = outcomes(connection)
    assert not [outcome.problem for outcome in found.values() if outcome.problem]
    return {name: outcome.verdict for name, outcome in found.items() if outcome.verdict is not Verdict.GOOD}


def spoil(connection: DuckDBPyConnection, *statements: str) -> None:
    """Change a warehouse by hand; `derive` brings the derived tables up to date."""
    for statement in statements:
        if statement == DERIVE:
            prepare(connection, READ_BY_DERIVED)
            for table in ANALYTICS:
                derive(connection, table, rebuild=True)
        else:
            connection.execute(statement)


def a_copy(table: str, source: str = "", **values: str) -> str:
    """A statement that adds a copy of one row of `table`, with other values."""
    others = ", ".join(f'{sql} AS "{name}"' for name, sql in values.items())
    replaced = f" REPLACE ({others})" if others else ""
    return f"INSERT INTO {table} SELECT *{replaced} FROM {source or f'(FROM {table} ORDER BY ALL LIMIT 1)'}"


A_STATE = (
    "INSERT INTO history.orders_past SELECT * EXCLUDE (ended_by) REPLACE (valid_from - INTERVAL 2 DAY AS valid_from,"
    " {} AS valid_to) FROM history.orders WHERE valid_to IS NULL ORDER BY public_id LIMIT 1"
)
DEFECTS: dict[str, tuple[list[str], dict[str, Verdict]]] = {
    "an order is there twice": ([a_copy("ordergroove.orders")], {"orders.unique_key": E}),
    "a key of two columns is there twice": (
        [a_copy("ordergroove.product_groups")],
        {"product_groups.unique_key": E},
    ),
    "a product has no key": (
        [a_copy("ordergroove.products", external_product_id="''")],
        {"products.unique_key": E},
    ),
    "an event is there twice": ([a_copy("ordergroove.events")], {"events.unique_key": E}),
    "rows are lost": (
        ["DELETE FROM ordergroove.addresses WHERE rowid < 11"],
        {"addresses.row_count": E},
    ),
    "a few rows are lost": (
        [f"UPDATE ops.sync_runs SET inserted = inserted + 12 WHERE {FIRST_PULL.format('items')}"],
        {"items.row_count": W},
    ),
    "a pull brings thrice what there was": (
        [
            f"UPDATE ops.sync_runs SET inserted = 1100 WHERE {LAST_PULL.format('addresses')}",
            a_copy(
                "ordergroove.addresses",
                "(FROM ordergroove.addresses LIMIT 1), range(1100)",
                public_id="public_id || range",
            ).replace("SELECT *", "SELECT * EXCLUDE (range)"),
        ],
        {"addresses.sudden_growth": W},
    ),
    "a record is quarantined": (
        [f"UPDATE ops.sync_runs SET quarantined = 1 WHERE {LAST_PULL.format('subscriptions')}"],
        {"subscriptions.quarantine": W},
    ),
    "many records are quarantined": (
        [f"UPDATE ops.sync_runs SET quarantined = 11, records = 30 WHERE {LAST_PULL.format('customers')}"],
        {"customers.quarantine": E},
    ),
    "many records have notes": (
        [f"UPDATE ops.sync_runs SET noted = 6, records = 30 WHERE {LAST_PULL.format('payments')}"],
        {"payments.notes": W},
    ),
    "a row changed in the future": (
        ["UPDATE ordergroove.subscriptions SET updated = '2099-01-01' WHERE rowid = 1"],
        {"subscriptions.future_stamps": W},
    ),
    "a row was fetched in the future": (
        ["UPDATE ordergroove.offer_profiles SET _synced_at = now() + INTERVAL 1 HOUR WHERE rowid = 1"],
        {"offer_profiles.future_stamps": W},
    ),
    "half of a list is missing": (
        ["UPDATE ordergroove.cancel_reasons SET is_missing = true, missing_since = now() WHERE rowid < 3"],
        {"cancel_reasons.missing_rows": W},
    ),
    "most of a list is missing": (
        ["UPDATE ordergroove.cancel_reasons SET is_missing = true, missing_since = now() WHERE rowid < 4"],
        {"cancel_reasons.missing_rows": E},
    ),
    "a list is empty": (
        [f"UPDATE ops.sync_runs SET records = 0 WHERE {LAST_PULL.format('product_groups')}"],
        {"product_groups.missing_rows": E},
    ),
    "a state leaves a gap": ([A_STATE.format("valid_from - INTERVAL 1 DAY")], {"orders.history": W}),
    "a state is as the next one": ([A_STATE.format("valid_from")], {"orders.history": W}),
    "a webhook is not in the timeline": (
        ["DELETE FROM analytics.subscription_changes WHERE event_id IS NOT NULL AND what = 'cancelled'"],
        {"subscription_changes.each_event_once": E},
    ),
    "an order's last step is another status": (
        [
            ('UPDATE analytics.order_status_changes SET to_status = 9 WHERE "order" = (SELECT min("order") FROM'
            " analytics.order_status_changes WHERE source = 'record' AND to_status = 5)")
        ],
        {"order_status_changes.ends_at_status": W},
    ),
    "an item is of no order": (
        [a_copy("ordergroove.items", AN_OPEN_ITEM, public_id="'stray'", order="'nowhere'"), DERIVE],
        {"items.order_reference": W},
    ),
    "an item is of no subscription": (
        [
            a_copy("ordergroove.items", AN_OPEN_ITEM, public_id="'x'", subscription="'none'", total_price="0"),
            DERIVE,
        ],
        {"items.subscription_reference": W},
    ),
    "many orders are of no customer": (
        ["UPDATE ordergroove.orders SET customer = 'nobody' WHERE rowid < 12", DERIVE],
        {"orders.customer_reference": E},
    ),
    "a subscription is of no customer": (
        ["UPDATE ordergroove.subscriptions SET customer = 'nobody' WHERE rowid = 1"],
        {"subscriptions.customer_reference": W},
    ),
    "a subscription is of no product": (
        ["UPDATE ordergroove.subscriptions SET product = 'nothing' WHERE rowid = 1"],
        {"subscriptions.product_reference": W},
    ),
    "a tombstone is there twice": (
        [a_copy("analytics.deletion_tombstones")],
        {"deletion_tombstones.unique_key": E},
    ),
    "a deleted item is in the bridge twice": (
        [a_copy("analytics.items_orders_bridge", "(FROM analytics.items_orders_bridge WHERE is_deleted LIMIT 1)")],
        {"items_orders_bridge.unique_key": E},
    ),
    "the bridge has an old quantity": (
        ["UPDATE analytics.items_orders_bridge SET quantity = 99 WHERE rowid = 1"],
        {"items_orders_bridge.matches_items": E},
    ),
    "the bridge has an old status": (
        ["UPDATE analytics.items_orders_bridge SET order_status = 20 WHERE rowid = 1"],
        {"items_orders_bridge.matches_items": E},
    ),
    "the bridge lacks a deleted item": (
        [("DELETE FROM analytics.items_orders_bridge WHERE item = (SELECT min(item) FROM analytics.items_orders_bridge"
         " WHERE is_deleted)")],
        {"items_orders_bridge.matches_items": E},
    ),
    "the bridge holds items for deleted that are not": (
        [('UPDATE analytics.deletion_tombstones SET lifted_at = now() WHERE "order" ='
         ' (SELECT min("order") FROM analytics.deletion_tombstones)')],
        {"items_orders_bridge.matches_items": E},
    ),
    "an order is in the totals twice": (
        [a_copy("analytics.order_totals")],
        {"order_totals.unique_key": E},
    ),
    "totals are no sums": (
        ["UPDATE analytics.order_totals SET items_total = items_total + 1 WHERE rowid = 1"],
        {"order_totals.matches_bridge": E},
    ),
    "an order says another total": (
        ["UPDATE ordergroove.orders SET total = total + 0.02 WHERE rowid = 1", DERIVE],
        {"order_totals.agrees_with_order": W},
    ),
    "many orders say another total": (
        ["UPDATE ordergroove.orders SET total = total + 0.02 WHERE rowid < 20", DERIVE],
        {"order_totals.agrees_with_order": E},
    ),
}  # fmt: skip


def test_sound_warehouse_is_all_green_although_things_were_deleted(spoiled: DuckDBPyConnection) -> None:
    """Tombstones are there, and each check has something to look at."""
    assert red(spoiled) == {}
    assert {found.among > 0 for name, found in outcomes(spoiled).items() if name.endswith("unique_key")} == {True}


@pytest.mark.parametrize("defect", DEFECTS)
def test_defect_turns_its_check_red_and_no_other(spoiled: DuckDBPyConnection, defect: str) -> None:
    """One defect each, in a real file; every check of every table looks at it."""
    statements, expected = DEFECTS[defect]
    spoil(spoiled, *statements)
    assert red(spoiled) == expected


def test_every_check_has_a_defect_that_it_finds() -> None:
    """No check is only ever green."""
    found = {name.partition(".")[2] for _, expected in DEFECTS.values() for name in expected}
    assert found == {check.name for checks in CHECKS.values() for check in checks}


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(
            [a_copy("ordergroove.items", AN_OPEN_ITEM, public_id="'x'", order="'new'", _synced_at="now()"), DERIVE],
            id="an item came after its order's list was read",
        ),
        pytest.param(
            [
                a_copy("ordergroove.items", AN_OPEN_ITEM, public_id="'x'", order="'gone'"),
                "INSERT INTO ops.sweep_findings VALUES ('orders', 'gone', 'sweep', now(), now(), 1)",
                DERIVE,
            ],
            id="an item's order was deleted before its list was read",
        ),
        pytest.param(
            [
                (
                    "UPDATE ordergroove.orders SET total = total + 5, updated = updated + INTERVAL 5 MINUTE"
                    " WHERE rowid = (SELECT max_by(rowid, updated) FROM ordergroove.orders SEMI JOIN"
                    ' ordergroove.items_current AS items ON items."order" = orders.public_id)'
                ),
                DERIVE,
            ],
            id="an order changed after its items were read",
        ),
        pytest.param(
            ["UPDATE ordergroove.cancel_reasons SET is_missing = true, missing_since = now() - INTERVAL 8 DAY"],
            id="rows have been missing for long",
        ),
    ],
)
def test_what_is_only_on_its_way_is_no_finding(spoiled: DuckDBPyConnection, statements: list[str]) -> None:
    """Objects are read one after the other, so what changes meanwhile is in one table before it is in the other."""
    spoil(spoiled, *statements)
    assert red(spoiled) == {}


def test_disagreement_that_lasts_is_a_finding_although_stamps_differ(spoiled: DuckDBPyConnection) -> None:
    """A difference in how orders and items write their stamps must not silence the check for ever."""
    spoil(
        spoiled,
        "UPDATE ordergroove.orders SET total = total + 5 WHERE public_id ="
        " (SELECT min_by(public_id, updated) FROM ordergroove.orders WHERE status = 5)",
        "UPDATE ordergroove.items SET order_updated = order_updated - INTERVAL 1 HOUR",
        DERIVE,
    )
    assert red(spoiled) == {"order_totals.agrees_with_order": W}


def test_lost_rows_stay_red_until_the_whole_history_is_read_again(spoiled: DuckDBPyConnection) -> None:
    """A later sync that brings little does not turn the check green; a complete pull that has all of them does."""
    spoil(spoiled, "DELETE FROM ordergroove.addresses")
    spoil(
        spoiled,
        "INSERT INTO ops.sync_runs SELECT * REPLACE ((SELECT max(sync_id) + 1 FROM ops.sync_runs) AS sync_id)"
        f" FROM ops.sync_runs WHERE {LAST_PULL.format('addresses')}",
    )
    assert red(spoiled) == {"addresses.row_count": E}
    spoil(
        spoiled,
        "INSERT INTO ops.sync_runs SELECT * REPLACE ((SELECT max(sync_id) + 1 FROM ops.sync_runs) AS sync_id,"
        " 0 AS inserted, 0 AS updated, 0 AS unchanged)"
        f" FROM ops.sync_runs WHERE {FIRST_PULL.format('addresses')}",
    )
    assert red(spoiled) == {}


@pytest.mark.parametrize(
    ("limit", "found", "among", "exceeded"),
    [
        (Limit(), 0, 0, False),
        (Limit(), 1, 1_000_000, True),
        (Limit(10, 0.05), 10, 20, False),
        (Limit(10, 0.05), 11, 220, False),
        (Limit(10, 0.05), 12, 220, True),
    ],
)
def test_limit_is_exceeded_by_rows_and_share(limit: Limit, found: int, among: int, exceeded: bool) -> None:
    """Few rows of a small table, and a small share of a large one, are not too many."""
    assert limit.is_exceeded(found, among) is exceeded


def test_check_that_duckdb_cannot_answer_warns_without_quoting_it(spoiled: DuckDBPyConnection) -> None:
    """The data is loaded; a missing table or too little memory must not make the step load it again."""
    spoil(spoiled, "DROP TABLE analytics.order_totals CASCADE")
    for result in results(spoiled, ORDER_TOTALS.checks):
        assert not result.passed
        assert result.severity.value == "WARN"
        assert result.description == "DuckDB could not answer it (CatalogException)"


def test_result_says_how_many_which_and_how_to_look_closer(spoiled: DuckDBPyConnection) -> None:
    """The query in the metadata is the one that found them; keys of customers are not shown, they may be addresses."""
    spoil(spoiled, a_copy("ordergroove.orders"), a_copy("ordergroove.customers"))
    by_name = {object.name: object for object in OBJECTS}
    orders, customers = (
        next(result for result in results(spoiled, object_checks(by_name[name])) if result.check_name == "unique_key")
        for name in ("orders", "customers")
    )
    sql = str(orders.metadata["look_closer"].value).removeprefix("```sql\n").removesuffix("\n```")
    found = spoiled.execute(sql).fetchall()
    assert orders.metadata["sample"].value == [key for key, _ in found]
    assert orders.metadata["found"].value == 1
    assert orders.metadata["what_to_do"].value.startswith("ERROR, stops.")
    assert "sample" not in customers.metadata


def test_checks_that_are_shown_together_tell_the_bad_ones_and_are_as_bad_as_the_worst(
    spoiled: DuckDBPyConnection,
) -> None:
    """Quarantined records are an error, which stops; a stamp of the future is told beside it, and no notes are."""
    of_orders = object_checks(next(object for object in OBJECTS if object.name == "orders"))
    good = next(result for result in results(spoiled, of_orders) if result.check_name == "validity")
    spoil(
        spoiled,
        f"UPDATE ops.sync_runs SET quarantined = 11, records = 30 WHERE {LAST_PULL.format('orders')}",
        "UPDATE ordergroove.orders SET updated = '2099-01-01' WHERE rowid = 1",
    )
    bad = next(result for result in results(spoiled, of_orders) if result.check_name == "validity")
    assert (good.passed, bad.passed, bad.severity) == (True, False, dg.AssetCheckSeverity.ERROR)
    assert bad.metadata["found"].value == 12
    assert str(bad.description).startswith("11 of 30. Every record of the last run has a usable key. 1 of ")
    assert "notes" not in str(bad.metadata["look_closer"].value)
    assert next(spec for spec in specs(dg.AssetKey("orders"), of_orders) if spec.name == "validity").blocking
