"""What checks do to a run: a blocking error stops what depends on its asset, a warning only tells."""

import dagster as dg

from og_assets_tests.code_location import definitions
from og_assets_tests.deletions.reconciling import Site
from og_assets_tests.derived.test_dagster_run import run, shop

__all__ = ["shop"]
ASSETS = ("orders", "items_orders_bridge", "order_totals")


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The checks that did not pass, with their severity."""
    evaluations = result.get_asset_check_evaluations()
    return {
        f"{evaluation.asset_key.path[-1]}.{evaluation.check_name}": evaluation.severity.value
        for evaluation in evaluations
        if not evaluation.passed
    }


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    """The tables that a run has made."""
    return {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key}


def test_blocking_error_stops_what_depends_on_it_and_warning_does_not(shop: Site) -> None:
    """A stamp of the future is told; then an order that is there twice keeps the bridge from being derived."""
    shop.pull()
    shop.derive()
    shop.execute("UPDATE ordergroove.orders SET created = '2099-01-01' WHERE rowid = 1")
    with dg.instance_for_test() as instance:
        warned = run(instance, *ASSETS)
        assert warned.success
        assert failed_checks(warned) == {"orders.validity": "WARN"}
        assert materialized(warned) == {"orders", "items_orders_bridge", "order_totals"}

        shop.execute("INSERT INTO ordergroove.orders FROM ordergroove.orders LIMIT 1")
        stopped = run(instance, *ASSETS)
    assert not stopped.success
    assert failed_checks(stopped) == {"orders.validity": "WARN", "orders.unique_key": "ERROR"}
    assert materialized(stopped) == {"orders"}
    assert not [event for event in stopped.all_events if event.is_step_up_for_retry], "it would only pull again"


def test_every_asset_is_watched() -> None:
    """Each asset has a check, and all checks of the code location have a description."""
    graph = definitions().resolve_asset_graph()
    watched = {key.asset_key for key in graph.asset_check_keys}
    assert graph.get_all_asset_keys() - watched == set()
    assert all(graph.get_check_spec(key).description for key in graph.asset_check_keys)
