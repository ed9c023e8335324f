"""Ordergroove in DuckDB: a Dagster code location and component, and `open_warehouse` for those who read what it loads.

What is listed here is what other programs may lean on; docs/library.md shows it in use.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date
    from os import PathLike

    import pandas as pd
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from og_assets.component import OrdergrooveComponent
    from og_assets.definitions import build_defs
    from og_assets.errors import OgAssetsError
    from og_assets.merchants import Merchant, load_merchants, read_merchant

__all__ = [
    "Merchant",
    "OgAssetsError",
    "OrdergrooveComponent",
    "build_defs",
    "exact_frame",
    "load_merchants",
    "open_warehouse",
    "read_merchant",
]


@contextmanager
def open_warehouse(
    path: "str | PathLike[str] | None" = None,
    *,
    merchant: str | None = None,
    wait_seconds: float = 60,
    hold_seconds: float | None = 120,
    as_of: "str | date | None" = None,
) -> "Iterator[DuckDBPyConnection]":
    """The warehouse for reading, as a DuckDB connection, for the time of this block.

        with og_assets.open_warehouse() as warehouse:
            orders = warehouse.sql("FROM ordergroove.orders_current").df()

    `path` is the DuckDB file, or the address of a lake; by default the setting ORDERGROOVE_WAREHOUSE, of the
    environment, else of `.env` in this folder. Where merchants.toml names several merchants, `merchant` chooses one;
    without it all are there: `all_merchants.orders` with a column `merchant`, and `acme.ordergroove.orders`.

    A sync that loads is waited for, at most `wait_seconds`. No sync can load while the block lasts, so keep it short:
    after `hold_seconds` the file is given back, and what is asked then raises WarehouseLetGo
    (og_assets.warehouse.errors, where all that is raised is listed). Shown times are UTC. `.df()` turns amounts,
    which are DECIMAL, into floats; `exact_frame` keeps them exact.

    With `as_of`, a day or an instant such as "2026-07-01" or a datetime (UTC where it has no zone), objects are as
    they stood then: orders, items, subscriptions, customers, products, offer_profiles. Other objects and what is
    derived are not there. It is for one merchant at a time.
    """
    from og_assets.errors import SettingError
    from og_assets.warehouse.all_merchants import read_all
    from og_assets.warehouse.as_of import instant_of
    from og_assets.warehouse.place import parse_place
    from og_assets.warehouse.reading import read_warehouse

    if path is None:
        from og_assets.environment import settings_here
        from og_assets.merchants import chosen, load_merchants

        found = chosen(load_merchants(settings_here()), merchant)
        if len(found) > 1 and as_of is not None:
            raise SettingError("as_of shows one merchant at a time: name it with `merchant`.")
        if len(found) > 1:
            warehouses = {each.name: each.settings.warehouse for each in found}
            with read_all(warehouses, wait_seconds=wait_seconds, hold_seconds=hold_seconds) as connection:
                yield connection
            return
        place = found[0].settings.warehouse
    else:
        place = parse_place(str(path))
    instant = None if as_of is None else instant_of(as_of)
    with read_warehouse(place, wait_seconds=wait_seconds, hold_seconds=hold_seconds, as_of=instant) as connection:
        yield connection


def exact_frame(relation: "DuckDBPyRelation") -> "pd.DataFrame":
    """What `warehouse.sql(...)` gives, as a pandas frame whose DECIMAL columns hold `decimal.Decimal`, not floats.

    with og_assets.open_warehouse() as warehouse:
        totals = og_assets.exact_frame(warehouse.sql("FROM analytics.order_totals_current"))
    """
    from og_assets.warehouse import reading

    return reading.exact_frame(relation)


_HOMES = {
    "Merchant": "merchants",
    "OgAssetsError": "errors",
    "OrdergrooveComponent": "component",
    "build_defs": "definitions",
    "load_merchants": "merchants",
    "read_merchant": "merchants",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    # Imported when it is asked for: who only reads a warehouse does not wait for Dagster.
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
