"""Pulls without Dagster, for tests that are about the data: the same code that the assets run."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from og_assets.assets.checks import object_checks
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING, Masking
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.playground.comparison import compare
from og_assets.sync.pull import PullReport, pull
from og_assets.sync.source import Source
from og_assets.sync.windows import CHICAGO, PullMode, PullRequest
from og_assets.warehouse.checks import evaluate
from og_assets.warehouse.warehouse import Warehouse

QUICK = RetryPolicy(first_delay=0.001, max_delay=0.01)


def client_for(emulator: Emulator, key: str = EMULATOR_KEY) -> OrdergrooveClient:
    """A client of the emulator that retries without long waits."""
    return OrdergrooveClient(emulator.url, key, requests_per_minute=None, retry=QUICK)


def pull_one(
    emulator: Emulator,
    warehouse: Warehouse,
    object: OrdergrooveObject,
    *,
    mode: PullMode = PullMode.SINCE_WATERMARK,
    days: tuple[date, date] | None = None,
    run_id: str | None = None,
    page_size: int = 100,
    source_tz: str = "America/New_York",
    client: OrdergrooveClient | None = None,
    masking: Masking = KEEPING,
) -> PullReport:
    """One pull of one object; `days` are those a person asked for, today in the world when None.

    A `client` that is given stays open: making one costs more than a small pull.
    """
    today = emulator.world.now.astimezone(CHICAGO).date()
    first_day, last_day = days or (today, today)
    request = PullRequest(mode=mode, first_day=first_day, last_day=last_day, today=today)
    with nullcontext(client) if client else client_for(emulator) as reader:
        source = Source(reader, SourceClock(source_tz), masking)
        return pull(object, source, warehouse, request, run_id=run_id or str(uuid4()), page_size=page_size)


def sync(
    emulator: Emulator, warehouse: WarehouseResource, *, page_size: int = 100, source_tz: str = "America/New_York"
) -> dict[str, PullReport]:
    """One pull of each object since its watermark, as the job `sync` does."""
    return {
        object.name: pull_one(emulator, warehouse, object, page_size=page_size, source_tz=source_tz)
        for object in OBJECTS
    }


@dataclass(frozen=True, slots=True)
class Told:
    """A world as the emulator's bodies tell it.

    Stamps have no zone, so those of the hour that autumn repeats tell the earlier of two instants.
    """

    emulator: Emulator

    def truth(self, object_name: str) -> Iterator[dict[str, Any]]:
        """The rows of an object, with the instants that their wall clocks mean."""
        zone = self.emulator.api.stamp_zone
        for row in self.emulator.world.truth(object_name, stamp_zone=zone):
            yield {
                name: value.astimezone(zone).replace(fold=0).astimezone(UTC) if isinstance(value, datetime) else value
                for name, value in row.items()
            }

    def deleted(self, object_name: str) -> dict[str, datetime]:
        """The keys of deleted rows."""
        return self.emulator.world.deleted(object_name)


def assert_equals_world(
    emulator: Emulator, warehouse: WarehouseResource, objects: Iterable[OrdergrooveObject] = OBJECTS
) -> None:
    """Every table has the rows of the world, field by field."""
    with warehouse.get_connection(read_only=True) as connection:
        for object in objects:
            comparison = compare(connection, Told(emulator), object, KEEPING)  # type: ignore[arg-type]
            assert comparison.is_equal, f"{object.name}: {comparison}"


def broken_states(warehouse: WarehouseResource, objects: Iterable[OrdergrooveObject] = OBJECTS) -> int:
    """States in history that are lost or doubled: they do not meet the next one, or do not differ from it."""
    with warehouse.get_connection() as connection:
        found = [
            outcome.found
            for object in objects
            for outcome in evaluate(connection, [check for check in object_checks(object) if check.name == "history"])
        ]
    return sum(found)
