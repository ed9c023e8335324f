"""What Dagster knows of the code location stays what it is, with one merchant; and with several each has its own."""

import re

from og_assets.definitions import build_defs
from og_assets_tests.assets.definitions_outline import OUTLINE, merchant, outline


def test_definitions_of_one_merchant_are_those_written_down() -> None:
    """A wanted change is written by `python -m og_assets_tests.assets.definitions_outline`, and read in the diff."""
    assert list(outline(build_defs([merchant()]))) == OUTLINE.read_text().splitlines()


def test_definitions_of_two_merchants_are_those_of_one_twice_under_their_names() -> None:
    """Keys begin with `acme/`, all other names with `acme__`; no edge, job or pool joins the two."""
    alone = OUTLINE.read_text()
    both = list(outline(build_defs([merchant("acme"), merchant("zeta")])))
    for name in ("acme", "zeta"):
        other = {"acme": "zeta", "zeta": "acme"}[name]
        of_one = _sections([line.replace(f"{name}/", "").replace(f"{name}__", "") for line in both])
        theirs = {title: lines for title, lines in of_one.items() if not re.search(rf"{other}(/|__)", title)}
        assert theirs == _sections(alone.splitlines()), name
        assert not any(other in line for lines in theirs.values() for line in lines)


def _sections(lines: list[str]) -> dict[str, list[str]]:
    """The lines that are indented below each line that is not."""
    titles = [number for number, line in enumerate(lines) if not line.startswith("  ")]
    ends = [*titles[1:], len(lines)]
    return {lines[start]: lines[start + 1 : end] for start, end in zip(titles, ends, strict=True)}
