"""The command `og`. Each command imports what it needs when it runs, so that help and mistakes answer at once."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from og_assets.home import prepare_home
from og_assets.settings import SettingError

Command = TypeVar("Command", bound=Callable[..., Any])


class Group(click.Group):
    """A group whose commands end with one sentence instead of a traceback when the cause is known."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; a known failure is told on stderr and exits with 1."""
        try:
            return super().invoke(context)
        except Exception as error:
            if not isinstance(error, known_failures()):
                raise
            raise click.ClickException(str(error)) from None


def known_failures() -> tuple[type[Exception], ...]:
    """The errors that have a message for a person."""
    from og_assets.ordergroove.errors import OrdergrooveError
    from og_assets.warehouse.errors import WarehouseError

    return (SettingError, OrdergrooveError, WarehouseError)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="og-assets")
def main() -> None:
    """Ordergroove in DuckDB.

    \b
    Examples:
      og demo                        see the main job run on an emulated merchant
      og dev                         open the Dagster UI
      og emulator --port 8080        serve an emulated Ordergroove
    """
    prepare_home()


@main.command()
@click.option("--customers", default=400, show_default=True, help="How many customers the emulated merchant has.")
@click.option("--seed", default=0, show_default=True, help="Which merchant: the same seed gives the same one.")
def demo(customers: int, seed: int) -> None:
    """Run the main job end to end on the embedded emulator.

    Exits with 0 when every table equals the emulator's truth.
    """
    from rich.console import Console

    from og_assets.demo import demo as run

    sys.exit(0 if run(Console(width=None if sys.stdout.isatty() else 160), customers=customers, seed=seed) else 1)
