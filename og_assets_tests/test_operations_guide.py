"""docs/operations.md has an answer to everything that can turn red or speak up."""

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import og_assets.ordergroove.errors
import og_assets.settings
import og_assets.sync.sweep
import og_assets.warehouse.errors
import og_assets.webhooks.errors
from og_assets.automation.alerts import KINDS
from og_assets.definitions import defs

GUIDE = (Path(__file__).parents[1] / "docs" / "operations.md").read_text()
SECTIONS = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
ANCHORS = {title.lower().replace(" ", "-") for title in SECTIONS}


def test_every_check_has_a_section() -> None:
    """Of its name, which the metadata of its results links to."""
    names = {key.name for key in defs.resolve_asset_graph().asset_check_keys}
    assert names - set(SECTIONS) == set()


def test_every_kind_of_alert_has_a_section() -> None:
    """Of the words that the message begins with."""
    assert set(KINDS) - set(SECTIONS) == set()


@pytest.mark.parametrize(
    "module",
    [
        og_assets.ordergroove.errors,
        og_assets.warehouse.errors,
        og_assets.webhooks.errors,
        og_assets.settings,
        og_assets.sync.sweep,
    ],
)
def test_every_error_has_an_entry(module: ModuleType) -> None:
    """By the name of its class."""
    errors = [
        name
        for name, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, Exception) and value.__module__ == module.__name__ and name != "SweepRefused"
    ]
    assert errors
    assert [name for name in errors if f"`{name}`" not in GUIDE] == []


def test_its_own_links_lead_somewhere() -> None:
    """To sections of the guide."""
    links = set(re.findall(r"\]\(#([^)]+)\)", GUIDE))
    assert links
    assert links - ANCHORS == set()
