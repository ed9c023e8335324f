"""docs/operations.md has an answer to everything that can turn red or speak up."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import og_assets
from og_assets.assets.checks import object_checks, what_to_do
from og_assets.automation.alerts import KINDS
from og_assets.errors import OgAssetsError
from og_assets.ordergroove.objects import OBJECTS
from og_assets_tests.code_location import definitions

GUIDE = (Path(__file__).parents[1] / "docs" / "operations.md").read_text()
SECTIONS = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
ANCHORS = {title.lower().replace(" ", "-") for title in SECTIONS}


def test_every_check_has_a_section() -> None:
    """Of its name, which Dagster shows beside each result; short enough to be read there."""
    shown = {key.name for key in definitions().resolve_asset_graph().asset_check_keys}
    names = shown | {check.name for object in OBJECTS for check in object_checks(object)}
    assert names - set(SECTIONS) == set()
    for name in names:
        told = what_to_do(name)
        assert told in GUIDE
        assert "og docs" not in told
        assert len(told) < 1000


def test_every_kind_of_alert_has_a_section() -> None:
    """Of the words that the message begins with."""
    assert set(KINDS) - set(SECTIONS) == set()


def test_every_error_has_an_entry() -> None:
    """By the name of its class; SweepRefused is the common root of two."""
    for module in pkgutil.walk_packages(og_assets.__path__, "og_assets."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    errors = {error.__name__ for error in descendants(OgAssetsError)} - {"SweepRefused"}
    assert {"SettingError", "WrongKey", "WarehouseLocked", "ExportRefused"} < errors
    assert {name for name in errors if f"`{name}`" not in GUIDE} == set()


def descendants(error: type[Exception]) -> Iterator[type[Exception]]:
    """All classes below this one that are og_assets' own."""
    for child in error.__subclasses__():
        if child.__module__.startswith("og_assets."):
            yield child
        yield from descendants(child)


def test_its_own_links_lead_somewhere() -> None:
    """To sections of the guide."""
    links = set(re.findall(r"\]\(#([^)]+)\)", GUIDE))
    assert links
    assert links - ANCHORS == set()
