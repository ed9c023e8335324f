"""What a sync will cost, as `og doctor` tells it: how long the first one takes, or what each later one reads whole."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from og_assets.commands.finding import Finding, Verdict
from og_assets.ordergroove.client import PAGE_SIZE, OrdergrooveClient
from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.ordergroove.objects import BY_NAME, OBJECTS
from og_assets.settings import Settings
from og_assets.sync.cadence import is_left_to_the_night
from og_assets.sync.prediction import predict_first_pull
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import WarehouseError, WarehouseMissing
from og_assets.warehouse.findings import count_open, told_by_webhooks_since
from og_assets.warehouse.status import last_whole_reading
from og_assets.warehouse.sync_log import read_watermark

LONGEST_LISTS = ("orders", "items")
"""A sync reads five lists at a time, and takes as long as the longest of them."""


def foretell(settings: Settings, client: Callable[[], OrdergrooveClient]) -> Finding:
    """What the next sync costs: by days of the past before the first one, by the last readings after it."""
    try:
        with open_warehouse(
            settings.warehouse, read_only=True, lock_timeout_seconds=10, busy_timeout_seconds=5
        ) as connection:
            if all(read_watermark(connection, name) for name in LONGEST_LISTS):
                return Finding("cost of a sync", Verdict.GOOD, "\n".join(_later_ones(connection, settings)))
    except WarehouseMissing:
        pass
    except WarehouseError as error:
        return Finding("cost of a sync", Verdict.ATTENTION, f"not known: {error}")
    try:
        with client() as opened:
            return Finding("cost of a sync", Verdict.GOOD, _first_one(opened))
    except OrdergrooveError as error:
        return Finding("cost of a sync", Verdict.ATTENTION, f"The first sync's length could not be foretold: {error}")


def _first_one(client: OrdergrooveClient) -> str:
    """How long the first sync takes: as long as the longer of the two longest lists."""
    today = datetime.now(CHICAGO).date()
    foretold = {name: predict_first_pull(client, BY_NAME[name], today) for name in LONGEST_LISTS}
    lists = ", ".join(f"{found.records:,} {name}" for name, found in foretold.items())
    longest = max(foretold.values(), key=lambda found: found.duration)
    bound = "at least " if any(found.is_at_least for found in foretold.values()) else ""
    return (
        f"the first one reads about {bound}{lists}: {longest.pages:,} pages of {longest.page_seconds:.2f} s one after "
        f"the other, {bound}{_spoken(longest.duration)} (from a few days of the past as a sample)"
    )


def _later_ones(connection: DuckDBPyConnection, settings: Settings) -> Iterator[str]:
    """What later syncs read whether or not anything has changed."""
    now = datetime.now(UTC)
    each, took = [], timedelta()
    for object in OBJECTS:
        last = None if object.is_incremental else last_whole_reading(connection, object.name)
        if last is None:
            continue
        if is_left_to_the_night(last, settings.read_every.get(object.name)):
            yield f"{object.name}: all of it is read once a night, {_spoken(last.took)} the last time"
        else:
            each.append(object.name)
            took += last.took
    if each:
        yield f"{', '.join(each)}: all of them are read in each sync, {_spoken(took)} the last time"
    for name, count in count_open(connection).items():
        told = told_by_webhooks_since(connection, name, datetime.fromtimestamp(0, UTC), now)
        when = "once a night, since webhooks tell of every deletion" if told else "in each sync"
        yield f"deleted {name}: {count:,} open ones are listed {when}, {-(-count // PAGE_SIZE) + 1:,} requests"


def _spoken(duration: timedelta) -> str:
    minutes = duration.total_seconds() / 60
    if minutes < 1:
        return f"{max(1, round(duration.total_seconds()))} s"
    return f"{minutes:,.0f} minutes" if minutes < 120 else f"{minutes / 60:,.1f} hours"  # noqa: PLR2004 - two hours
