"""A merchant as a Dagster component: a folder with a defs.yaml says what merchants.toml would say."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster.components.core.package_entry import discover_entry_point_package_objects
from dagster.components.testing.utils import DefsFolderSandbox, create_defs_folder_sandbox
from dagster_shared.serdes import serialize_value
from dagster_shared.serdes.objects import EnvRegistryKey

import og_assets
from og_assets.assets.ordergroove_resource import OrdergrooveResource
from og_assets.merchants import SECRETS, SETTINGS
from og_assets_tests.assets.definitions_outline import outline

TYPE = "og_assets.OrdergrooveComponent"
KEY, SALT = "key-that-nobody-may-see", "salt-that-nobody-may-see-" + "0" * 32
ACME = {"name": "acme", "api_key": "{{ env.ACME_API_KEY }}"}

Load = Callable[..., dg.Definitions]


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACME", "ZETA"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
        monkeypatch.setenv(f"{name}_SALT", SALT)


@contextmanager
def project(*components: dict[str, Any]) -> Iterator[DefsFolderSandbox]:
    """A project whose folder of definitions has a defs.yaml with these attributes for each component."""
    with create_defs_folder_sandbox() as sandbox:
        for number, attributes in enumerate(components):
            folder = sandbox.defs_folder_path / f"component_{number}"
            folder.mkdir()
            (folder / "defs.yaml").write_text(yaml.safe_dump({"type": TYPE, "attributes": attributes}))
        yield sandbox


@pytest.fixture
def load() -> Load:
    """The definitions of a project with these components."""

    def loaded(*components: dict[str, Any]) -> dg.Definitions:
        with project(*components) as sandbox, sandbox.build_all_defs() as definitions:
            return definitions

    return loaded


def refused(load: Load, *components: dict[str, Any]) -> str:
    """All that is said of components that cannot be loaded."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - Dagster wraps what a component raises
        load(*components)
    said, error = "", raised.value
    while error:
        said, error = f"{said}\n{error}", error.__cause__ or error.__context__  # type: ignore[assignment]
    return said


def resource(definitions: dg.Definitions, key: str = "acme__ordergroove") -> OrdergrooveResource:
    found = (definitions.resources or {})[key]
    assert isinstance(found, OrdergrooveResource)
    return found


def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def job_keys(definitions: dg.Definitions, name: str) -> set[str]:
    return {key.to_user_string() for key in definitions.resolve_job_def(name).asset_layer.selected_asset_keys}


def test_definitions_are_those_of_the_same_merchant_in_a_code_location(load: Load, tmp_path: Path) -> None:
    """With file drops, which are the most that a merchant can have."""
    settings = {"start_date": "2024-06-01", "drops": str(tmp_path), "schedules": False, "pii": "hash"}
    told = {**settings, "api_key": "$ACME_API_KEY", "pii_salt": "$ACME_SALT"}
    merchant = og_assets.read_merchant("acme", told, {"ACME_API_KEY": KEY, "ACME_SALT": SALT})
    expected = og_assets.build_defs([merchant])
    made = load({**settings, **ACME, "pii_salt": "{{ env('ACME_SALT') }}"})
    assert list(outline(made)) == list(outline(expected))
    assert resource(made) == resource(expected)


@pytest.mark.parametrize("setting", sorted(SETTINGS))
def test_every_setting_is_an_attribute_with_its_meaning(setting: str) -> None:
    attribute = og_assets.OrdergrooveComponent.model().model_fields[setting]
    assert attribute.description == SETTINGS[setting].description


def test_dagster_finds_it_and_begins_a_file(tmp_path: Path) -> None:
    """What `dg list components` and `dg scaffold defs` ask for."""
    found = discover_entry_point_package_objects()
    assert found[EnvRegistryKey("og_assets", "OrdergrooveComponent")] is og_assets.OrdergrooveComponent
    with create_defs_folder_sandbox() as sandbox:
        folder = sandbox.scaffold_component(og_assets.OrdergrooveComponent, "acme")
        begun = yaml.safe_load((folder / "defs.yaml").read_text())
    assert begun["attributes"] == ACME


@pytest.mark.parametrize(
    "written", ["$ACME_API_KEY", "${ACME_API_KEY}", "{{ env.ACME_API_KEY }}", "{{env('ACME_API_KEY')}}"]
)
def test_a_secret_is_read_in_the_step_by_the_variable_that_is_named(load: Load, written: str) -> None:
    field = resource(load({"name": "acme", "api_key": written})).api_key
    assert isinstance(field, dg.EnvVar)
    assert field.env_var_name == "ACME_API_KEY"


def test_no_secret_is_in_what_dagster_is_told_of_a_project(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snapshot of a repository is what Dagster stores and shows; it names the variables."""
    secrets = {setting: f"ACME_{setting.upper()}" for setting in SECRETS}
    values = {name: f"https://secret.example/{name}/{SALT}" for name in secrets.values()}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    made = load({"name": "acme", "pii": "hash", **{key: f"{{{{ env.{name} }}}}" for key, name in secrets.items()}})
    shown = serialize_value(RepositorySnap.from_def(made.get_repository_def()))
    assert "ACME_API_KEY" in shown
    assert "ACME_PII_SALT" in shown
    assert [name for name, value in values.items() if value in shown or SALT in shown] == []


@pytest.mark.parametrize("setting", sorted(SECRETS))
@pytest.mark.parametrize("written", [KEY, f"{{{{ '{KEY}' }}}}", "{{ env.ACME_API_KEY }}x", "x{{ env.ACME_API_KEY }}"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(load: Load, setting: str, written: str) -> None:
    said = refused(load, {"name": "acme", setting: written})
    assert f"merchant acme: {setting} is a secret; name a variable that holds it" in said
    assert KEY not in said


def test_settings_that_are_no_secrets_take_the_values_of_variables(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_START", "2024-06-01")
    monkeypatch.setenv("ACME_LIMIT", "300")
    made = load(
        {**ACME, "start_date": "{{ env.ACME_START }}", "rate_limit": "{{ env.ACME_LIMIT }}", "drops": "{{ env.NO }}"}
    )
    days = specs(made)["acme/ordergroove/orders"].partitions_def
    assert isinstance(days, dg.DailyPartitionsDefinition)
    assert days.start.date() == date(2024, 6, 1)
    assert resource(made).rate_limit == "300.0"
    assert not any("/drops/" in key for key in specs(made))


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"start_date": "soon"}, "merchant acme: start_date takes a day written YYYY-MM-DD"),
        ({"pii": "hash"}, "merchant acme: pii_salt is not set, and pii=hash needs it"),
        ({"name": "Acme Inc"}, "merchant 'Acme Inc': a name has small letters"),
        ({"start": "2024-06-01"}, "start"),
        ({"translation": {"key": "orders"}}, "merchant acme: translation takes no key"),
    ],
)
def test_a_mistake_names_merchant_and_setting(load: Load, attributes: dict[str, Any], said: str) -> None:
    assert said in refused(load, {**ACME, **attributes})


def test_two_merchants_are_two_components_of_one_project(load: Load) -> None:
    """Each with its own keys, jobs and files; the project's own executor stays free."""
    zeta = {"name": "zeta", "api_key": "$ZETA_API_KEY"}
    both = dg.Definitions.merge(load(ACME, zeta), dg.Definitions(executor=dg.in_process_executor))
    assert {key.split("/")[0] for key in specs(both)} == {"acme", "zeta"}
    assert job_keys(both, "zeta__sync") == {key for key in specs(both) if key.startswith("zeta/")}
    executor = both.resolve_job_def("acme__sync").executor_def
    assert executor.name == "multiprocess"
    assert executor is not dg.in_process_executor


def test_two_merchants_with_one_warehouse_are_refused(load: Load) -> None:
    zeta = {"name": "zeta", "warehouse": "data/acme.duckdb"}
    assert "have the same warehouse" in refused(load, ACME, zeta)


def test_a_translation_changes_how_assets_are_called_and_shown_and_not_what_jobs_run(
    load: Load, tmp_path: Path
) -> None:
    plain = load({**ACME, "drops": str(tmp_path)})
    translation = {
        "key_prefix": ["raw", "shops"],
        "group_name": "shop_{{ spec.key.path[-1] }}",
        "owners": ["team:data"],
        "tags": {"tier": "gold"},
    }
    made = load({**ACME, "drops": str(tmp_path), "translation": translation})
    assert specs(made).keys() == {f"raw/shops/{key}" for key in specs(plain)}
    for name in ("sync", "full_refresh", "reconcile_deletions", "ingest_events", "load_drops"):
        assert job_keys(made, f"acme__{name}") == {f"raw/shops/{key}" for key in job_keys(plain, f"acme__{name}")}
    orders, before = specs(made)["raw/shops/acme/ordergroove/orders"], specs(plain)["acme/ordergroove/orders"]
    assert (orders.group_name, orders.owners) == ("shop_orders", ["team:data"])
    assert orders.tags == {**before.tags, "tier": "gold"}
    graph = made.resolve_asset_graph()
    bridge = graph.get(dg.AssetKey(["raw", "shops", "acme", "analytics", "items_orders_bridge"]))
    assert all(key.path[:2] == ["raw", "shops"] for key in bridge.parent_keys)
    assert bridge.parent_keys


def test_importing_the_package_imports_no_dagster_and_no_duckdb() -> None:
    """Who lists the public names pays for nothing, until one is asked for."""
    code = "import og_assets, sys; print(sorted({'dagster', 'duckdb', 'pandas'} & sys.modules.keys()), dir(og_assets))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.startswith("[] ")
    assert all(f"'{name}'" in told for name in og_assets.__all__)


@pytest.mark.parametrize("name", og_assets.__all__)
def test_every_public_name_is_there_and_in_the_document(name: str) -> None:
    assert getattr(og_assets, name).__doc__
    assert f"`{name}" in (Path(__file__).parents[2] / "docs" / "library.md").read_text()
