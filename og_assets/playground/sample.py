"""Fills a warehouse from a small emulated merchant with all that a warehouse can hold. For documents and tests."""

import json
from datetime import UTC, datetime
from pathlib import Path

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.marts import prepare_reading
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.shop.statuses import UNSENT
from og_assets.emulator.world import World
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.ingest import ingest
from og_assets.sync.pull import pull
from og_assets.sync.source import Source
from og_assets.sync.sweep import sweep
from og_assets.sync.windows import CHICAGO, PullMode, PullRequest
from og_assets.warehouse.analytics import ANALYTICS
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.marts.build import build_marts
from og_assets.warehouse.marts.options import Terms
from og_assets.webhooks.inbox import Inbox, InboxEvent

RUN = "5a3b1c2d-0000-4000-8000-000000000000"
"""The id that the runs of a sample have, so that the same merchant gives the same warehouse."""


def fill(warehouse: WarehouseResource, world: World, inbox: Path) -> None:
    """Pull the history, let two days with deletions pass, and sync: what a Dagster run does, without Dagster.

    Webhooks tell of the first day's deletions, the sweep finds the second day's.
    """
    with (
        Emulator(world) as emulator,
        OrdergrooveClient(emulator.url, EMULATOR_KEY, requests_per_minute=None) as client,
    ):
        source = Source(client, SourceClock(), KEEPING)
        _pull_all(source, warehouse, world)
        _delete_some(world)
        _receive(world, inbox)
        ingest(Inbox(inbox), warehouse, run_id=RUN, masking=KEEPING)
        _delete_some(world)
        _pull_all(source, warehouse, world)
        for object in OBJECTS:
            if object.deletable:
                sweep(object, source, warehouse, run_id=RUN)
    with warehouse.get_connection() as connection:
        prepare(connection, READ_BY_DERIVED)
        for table in ANALYTICS:
            derive(connection, table)
    build_marts(warehouse, Terms("America/New_York"), prepare_reading)


def _pull_all(source: Source, warehouse: WarehouseResource, world: World) -> None:
    today = world.now.astimezone(CHICAGO).date()
    request = PullRequest(mode=PullMode.SINCE_WATERMARK, first_day=today, last_day=today, today=today)
    # A finished pull of the same run would be the run's answer.
    run_id = f"{RUN[:-12]}{int(world.now.timestamp()):012d}"
    for object in OBJECTS:
        pull(object, source, warehouse, request, run_id=run_id)


def _delete_some(world: World) -> None:
    """A day in which a subscription is cancelled, a shipment skipped and a one-time incentive withdrawn."""
    world.simulate_day()
    world.cancel_subscription(world.keys("subscriptions", "live")[0])
    world.skip_subscription(world.keys("subscriptions", "live")[0])
    world.skip_order(world.keys("orders", f"status = {UNSENT}")[0])
    for incentive in world.keys("one_time_incentives", "applied_at IS NULL")[:1]:
        world.delete_one_time_incentive(incentive)


def _receive(world: World, inbox: Path) -> None:
    received = Inbox(inbox)
    for event in world.events:
        envelope = event.envelope()
        received.store(
            InboxEvent(event.id, event.type, envelope["created"], datetime.now(UTC), json.dumps(envelope).encode())
        )
    received.close()
