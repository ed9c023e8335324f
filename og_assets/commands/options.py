"""What commands have in common: how they end, and the options that several of them take."""

from datetime import timedelta
from typing import Any

import click

from og_assets.errors import OgAssetsError


def duration(_: click.Context, __: click.Parameter, value: str | None) -> timedelta | None:
    """A length of time, of a number and s, m, h or d."""
    if value is None:
        return None
    number, unit = value[:-1], {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}.get(value[-1:])
    if not number.isdecimal() or unit is None:
        raise click.BadParameter(f"{value!r} is no length of time; it takes a number and s, m, h or d, such as 14h.")
    return timedelta(**{unit: int(number)})


class Group(click.Group):
    """A group whose commands end with one sentence instead of a traceback when the cause is known."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; a known failure is told on stderr and exits with 1."""
        try:
            return super().invoke(context)
        except OgAssetsError as error:
            raise click.ClickException(str(error)) from None


def warehouse_option(command: Any) -> Any:
    """`--warehouse FILE`, for commands that read a warehouse; they are handed its Place."""
    return click.option(
        "--warehouse",
        metavar="FILE",
        callback=place,
        help="The DuckDB file, or the address of a lake, in place of the setting ORDERGROOVE_WAREHOUSE.",
    )(command)


def place(_context: click.Context, _option: click.Parameter, address: str | None) -> Any:
    """The place of a warehouse, by its path or address."""
    from og_assets.warehouse.place import parse_place

    try:
        return parse_place(address) if address else None
    except ValueError as error:  # which does not quote the address: there may be a password in it
        raise click.BadParameter(str(error)) from None


def merchant_option(command: Any) -> Any:
    """`--merchant NAME`, for commands that can serve several."""
    return click.option("--merchant", metavar="NAME", help="One merchant of merchants.toml; without it all of them.")(
        command
    )


def hard_option(command: Any) -> Any:
    """`--hard`, for commands that make an emulated merchant."""
    return click.option(
        "--hard", is_flag=True, help="A merchant that meets everything Ordergroove documents, however seldom."
    )(command)
