"""What a newcomer finds in the UI: nothing without a group, a description, an owner, or the meaning of its columns."""

import re

import dagster as dg
import pytest

from og_assets.assets.metadata import CAVEATS, OWNERS
from og_assets.ordergroove.objects import OBJECTS
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets_tests import code_location
from og_assets_tests.deletions.reconciling import Site

LINK = re.compile(r"\[Ordergroove [^]]+\]\(https://developer\.ordergroove\.com/(reference|docs)/[a-z0-9-]+\)")
REPORT = "analytics/report"
"""The one asset that is no table: it has neither rows nor columns, and no page of Ordergroove's."""
GRAPH = {
    "objects": {f"ordergroove/{object.name}" for object in OBJECTS},
    "events": {"ordergroove/events"},
    "operations": {"ops/orders_sweep", "ops/items_sweep"},
    "analytics": {
        "analytics/deletion_tombstones",
        "analytics/items_orders_bridge",
        "analytics/order_totals",
        "analytics/order_status_changes",
        "analytics/subscription_changes",
    },
    "marts": {*(f"analytics/{mart.name}" for mart in MARTS), REPORT},
}
"""The groups, in the order in which the graph shows them from left to right."""


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    """The code location."""
    return code_location.definitions()


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """What Dagster knows of each asset, by its key."""
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_the_groups_hold_these_assets(specs: dict[str, dg.AssetSpec]) -> None:
    """Each asset is in one of five groups."""
    found: dict[str, set[str]] = {}
    for key, spec in specs.items():
        assert spec.group_name
        found.setdefault(spec.group_name, set()).add(key)
    assert found == GRAPH


def test_no_edge_of_the_graph_leads_back_to_the_left(specs: dict[str, dg.AssetSpec]) -> None:
    """Events and operations stand beside each other; what is derived is on the right of both."""
    column = {"objects": 0, "events": 1, "operations": 1, "analytics": 2, "marts": 3}
    for spec in specs.values():
        for dep in spec.deps:
            left = specs[dep.asset_key.to_user_string()]
            assert column[str(left.group_name)] <= column[str(spec.group_name)], (left.key, spec.key)


def test_every_asset_says_what_it_is(specs: dict[str, dg.AssetSpec]) -> None:
    """Two sentences or more, one of them its grain, and a link to Ordergroove's page about it."""
    for key, spec in specs.items():
        assert spec.description, key
        text, _, link = spec.description.rpartition("\n\n")
        assert len(re.findall(r"[.;:](?=\s|$)", text or link)) >= 2, key
        if key != REPORT:
            assert LINK.fullmatch(link), key
            assert "one row per" in text.lower(), f"{key} does not say its grain"


def test_every_object_has_a_caveat() -> None:
    """And there is none for an object that does not exist."""
    assert CAVEATS.keys() == {object.name for object in OBJECTS}


def test_every_asset_has_owners_kinds_and_tags(specs: dict[str, dg.AssetSpec]) -> None:
    """So that the catalog can be searched by any of them."""
    for key, spec in specs.items():
        assert tuple(spec.owners) == OWNERS, key
        assert ("html" if key == REPORT else "duckdb") in spec.kinds, key
        assert spec.tags["read"] in {"incremental", "whole", "webhooks", "sweep", "derived"}, key
        assert spec.tags["personal_data"] in {"true", "false"}, key


def test_what_tells_about_persons_is_tagged(specs: dict[str, dg.AssetSpec]) -> None:
    """Names, addresses, cards and free text; whatever a webhook told, and the last state of what was deleted."""
    tagged = {key for key, spec in specs.items() if spec.tags["personal_data"] == "true"}
    masked = {f"ordergroove/{one.name}" for one in OBJECTS if any(column.is_masked for column in one.columns)}
    assert {"ordergroove/customers", "ordergroove/addresses", "ordergroove/payments"} <= masked
    assert tagged == masked | {"ordergroove/events", "analytics/deletion_tombstones"}


def test_every_column_of_every_asset_is_described(specs: dict[str, dg.AssetSpec]) -> None:
    """Its type and its meaning; and the name of the table that it is a column of. The report is no table."""
    for key, spec in specs.items():
        if key == REPORT:
            continue
        schema = spec.metadata["dagster/column_schema"]
        assert isinstance(schema, dg.TableSchema)
        assert len(schema.columns) > 1, key
        assert all(column.type and column.description for column in schema.columns), key
        assert re.fullmatch(r"(ordergroove|analytics|ops)\.\w+", spec.metadata["dagster/table_name"]), key


def test_derived_tables_say_what_their_columns_are_made_of(specs: dict[str, dg.AssetSpec]) -> None:
    """Every column, and no other."""
    for key in GRAPH["analytics"]:
        lineage = specs[key].metadata["dagster/column_lineage"]
        columns = [column.name for column in specs[key].metadata["dagster/column_schema"].columns]
        assert isinstance(lineage, dg.TableColumnLineage)
        assert list(lineage.deps_by_column) == columns


def test_the_columns_that_assets_tell_of_are_those_that_duckdb_has(site: Site, specs: dict[str, dg.AssetSpec]) -> None:
    """Names, types, meanings and NOT NULL of every table that an asset names, those of objects apart."""
    tables = {
        spec.metadata["dagster/table_name"]: spec.metadata["dagster/column_schema"].columns
        for key, spec in specs.items()
        if key not in GRAPH["objects"] | GRAPH["marts"]
    }
    assert len(tables) == 7
    for table, columns in tables.items():
        in_duckdb = site.rows(
            "SELECT column_name, data_type, comment, is_nullable FROM duckdb_columns()"
            " WHERE database_name = current_database() AND schema_name || '.' || table_name = ? ORDER BY column_index",
            table,
        )
        told = [(column.name, column.type, column.description, column.constraints.nullable) for column in columns]
        assert told == in_duckdb


def test_jobs_schedules_and_sensors_say_what_they_do(definitions: dg.Definitions) -> None:
    """A sentence each."""
    repository = definitions.get_repository_def()
    named = [
        *(job for job in repository.get_all_jobs() if not job.name.startswith("__")),
        *repository.schedule_defs,
        *repository.sensor_defs,
    ]
    assert {"sync", "full_refresh", "reconcile_deletions", "ingest_events"} <= {one.name for one in named}
    assert {"sync_at_noon", "sync_at_8pm", "webhook_inbox_sensor"} <= {one.name for one in named}
    for one in named:
        assert one.description, one.name
        assert one.description.endswith("."), one.name


def test_resources_and_their_settings_are_described(definitions: dg.Definitions) -> None:
    """So is each option that a person may set in the launchpad."""
    for name, resource in definitions.get_repository_def().get_top_level_resources().items():
        assert resource.description, name
        for option, field in resource.config_schema.config_type.fields.items():  # type: ignore[union-attr]
            assert field.description, (name, option)
