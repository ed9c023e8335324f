"""The command `og`. Each command imports what it needs when it runs, so that help and mistakes answer at once."""

import sys
from typing import TYPE_CHECKING, Any

import click

from og_assets.home import prepare_home
from og_assets.settings import SettingError

if TYPE_CHECKING:
    from rich.console import Console


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
    from og_assets.webhooks.errors import WebhookError

    return (SettingError, OrdergrooveError, WarehouseError, WebhookError)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="og-assets")
def main() -> None:
    r"""Ordergroove in DuckDB.

    \b
    Examples:
      og demo                  see the main job run on an emulated merchant
      og dev                   open the Dagster UI
      og doctor                check key, permission, clock, warehouse, inbox
      og status                see where each object stands
      og webhooks --port 8766  receive webhooks into the inbox
      og emulator --port 8765  serve an emulated Ordergroove
    """
    prepare_home()


@main.command()
@click.option("--customers", default=400, show_default=True, help="How many customers the emulated merchant has.")
@click.option("--seed", default=0, show_default=True, help="Which merchant: the same seed gives the same one.")
def demo(customers: int, seed: int) -> None:
    """Run the main job end to end on the embedded emulator.

    Exits with 0 when every table equals the emulator's truth.
    """
    from og_assets.demo import demo as run

    sys.exit(0 if run(_console(), customers=customers, seed=seed) else 1)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the Dagster UI, on this machine only.")
def dev(port: int) -> None:
    """Open the Dagster UI and run the daemon; on the emulator when ORDERGROOVE_API_KEY is not set."""
    from og_assets.dev import dev as run

    sys.exit(run(_console(), port=port))


@main.command()
@click.option("--port", default=8765, show_default=True, help="Port to listen on, on this machine only.")
@click.option("--customers", default=100, show_default=True, help="How many customers the merchant has.")
@click.option("--orders", type=int, help="A history of about this many orders, in place of --customers.")
@click.option("--seed", default=0, show_default=True, help="Which merchant: the same seed gives the same one.")
@click.option("--latency", default=0.0, show_default=True, help="Seconds that every answer takes longer.")
def emulator(port: int, customers: int, orders: int | None, seed: int, latency: float) -> None:
    """Serve an emulated Ordergroove until Ctrl-C; its clock goes with this machine's."""
    from og_assets.emulator.server import run

    run(port=port, customers=customers, orders=orders, seed=seed, latency=latency, follow_clock=True)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; a proxy adds TLS.")
@click.option("--port", default=8766, show_default=True, help="Port to listen on.")
def webhooks(host: str, port: int) -> None:
    """Receive Ordergroove's webhooks into the inbox until Ctrl-C.

    Needs ORDERGROOVE_WEBHOOK_KEYS. Answers 2xx only for what is safely stored.
    """
    from og_assets.settings import load_settings
    from og_assets.webhooks.serve import serve

    settings = load_settings()
    keys = [key.get_secret_value() for key in settings.webhook_keys]
    serve(host, port, settings.webhook_inbox, keys, tolerance=settings.webhook_tolerance)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def status(as_json: bool) -> None:
    """Show watermark, last outcome and age of each object.

    Exits with 1 when an object has no watermark or its last pull did not succeed.
    """
    from og_assets.report import show_status

    sys.exit(0 if show_status(_console(), as_json=as_json) else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def doctor(as_json: bool) -> None:
    """Check key, bulk permission, clock, warehouse and inbox, and say what to do.

    Exits with 1 when a sync cannot work.
    """
    from og_assets.report import show_findings

    sys.exit(0 if show_findings(_console(), as_json=as_json) else 1)


def _console() -> "Console":
    """A console for a person; a fixed wide one for a file or pipe, so that tables are not cut."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160)
