"""docs/guarantees.md speaks of tests and faults that exist, and of every fault that is played."""

import ast
import re
from pathlib import Path

import pytest

from og_assets_tests.faults.table import HAZARDS

DOCUMENT = Path(__file__).parents[2] / "docs" / "guarantees.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
LINKS = re.findall(r"\[(test_\w+)\]\((\S+?)\)", TEXT)
PROMISES = re.split(r"^\d+\. ", TEXT.partition("## Ten promises")[2].partition("\n## ")[0], flags=re.MULTILINE)[1:]


@pytest.mark.parametrize(("name", "path"), LINKS, ids=[name for name, _ in LINKS])
def test_linked_test_exists(name: str, path: str) -> None:
    """Under its name, as a function of the linked file."""
    module = ast.parse((DOCUMENT.parent / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def test_each_of_the_ten_promises_has_a_test() -> None:
    """A promise without one is a hope."""
    assert len(PROMISES) == 10
    assert all(re.search(r"\[test_\w+\]\(", promise) for promise in PROMISES)


def test_table_of_faults_is_the_one_that_is_played() -> None:
    """Row by row, with the rounds of the long form."""
    rows = re.findall(r"^\| (.+?) +\| +(\d+) +\|", TEXT.partition("## Faults")[2], flags=re.MULTILINE)
    assert rows == [(hazard.name, str(hazard.long)) for hazard in HAZARDS]
