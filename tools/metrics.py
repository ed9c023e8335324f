"""Writes the end of docs/metrics.md: every mart with the sums that hold it. `make docs` runs it."""

from pathlib import Path

from og_assets.warehouse.marts.all_marts import MARTS
from og_assets.warehouse.marts.sums import sums_of

FILE = Path(__file__).parents[1] / "docs" / "metrics.md"
MARK = "<!-- marts: written by `make docs` from the marts and their sums; change these, not the rest of this file -->\n"


def metrics() -> str:
    """The document: what people wrote up to the mark, and the list of marts."""
    written, mark, _ = FILE.read_text(encoding="utf-8").partition(MARK)
    return f"{written}{mark}{_list_of_marts()}"


def _list_of_marts() -> str:
    lines = [
        "## All marts, and the sums that must agree",
        "A build whose sums do not agree is not published. A *share* may be exceeded: then a check warns.",
        "",
        "| Mart of `analytics` | Key | Sums |",
        "|---|---|---|",
    ]
    for mart in MARTS:
        keys = ", ".join(f"`{key}`" for key in mart.key)
        sums = "; ".join(
            one.name if one.is_error else f"*{one.name}: {one.allowed}*"
            for one in sums_of(mart)
            if one.name != "one row per key"
        )
        lines.append(f"| `{mart.name}` | {keys} | {sums.replace('|', '&#124;')} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Write the document."""
    FILE.write_text(metrics(), encoding="utf-8")


if __name__ == "__main__":
    main()
