"""Writes docs/commands.md: every command with its options and examples, as --help shows them. `make docs` runs it."""

from pathlib import Path

import click

from og_assets.commands.cli import main as og

FILE = Path(__file__).parents[1] / "docs" / "commands.md"

INTRODUCTION = """\
# The commands
<!-- Written by `make docs` from the commands' own help: change that, not this file. -->

`og` is in `.venv/bin`. It reads `.env` of the folder that it is started in, and keeps Dagster's state in `.dagster`
there unless DAGSTER_HOME says otherwise.
"""


def command_reference() -> str:
    """The document."""
    parts = [INTRODUCTION, _section("og", og)]
    parts += [_section(f"og {name}", command) for name, command in sorted(og.commands.items())]
    return "\n".join(parts)


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, terminal_width=110, **og.context_settings)
    return f"## {name}\n```text\n{command.get_help(context)}\n```\n"


def main() -> None:
    """Write the document."""
    FILE.write_text(command_reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
