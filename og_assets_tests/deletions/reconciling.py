"""An emulated merchant and its warehouse, for tests about deletions: pull, sweep, receive events, derive, look."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.shop.state import Event
from og_assets.emulator.world import World
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.ingest import IngestReport, ingest
from og_assets.sync.source import Source
from og_assets.sync.sweep import SweepReport, sweep
from og_assets.sync.windows import PullMode
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, STATUS_CHANGES, SUBSCRIPTION_CHANGES, TOMBSTONES
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.derive import DeriveReport, derive, prepare
from og_assets.warehouse.keeping import KEEP_FOR_GOOD
from og_assets.warehouse.place import Lake, Place, Turn
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets_tests.places import place_at
from og_assets_tests.pulling import client_for, pull_one

BY_NAME = {object.name: object for object in OBJECTS}
DELETIONS = ("order.delete", "item.remove")
CENT = Decimal("0.01")


@dataclass
class Site:
    """A merchant, its warehouse and its inbox of webhooks."""

    emulator: Emulator
    warehouse: WarehouseResource
    inbox: Inbox

    @property
    def world(self) -> World:
        """The merchant."""
        return self.emulator.world

    def pull(self, *names: str, whole: bool = False) -> None:
        """Pull what changed of these objects (by default those that deletions are about), or all of it."""
        mode = PullMode.WHOLE_HISTORY if whole else PullMode.SINCE_WATERMARK
        for name in names or ("customers", "orders", "items"):
            pull_one(self.emulator, self.warehouse, BY_NAME[name], mode=mode)

    def sweep(self, *names: str, key: str = EMULATOR_KEY, **options: Any) -> dict[str, SweepReport]:
        """Sweep orders, then items."""
        reports = {}
        for name in names or ("orders", "items"):
            with client_for(self.emulator, key) as client:
                source = Source(client, SourceClock(), KEEPING)
                reports[name] = sweep(BY_NAME[name], source, self.warehouse, run_id=str(uuid4()), **options)
        return reports

    def receive(self, events: Iterable[Event], received_at: datetime | None = None) -> IngestReport:
        """Put events into the inbox, in this order, and move the inbox into the warehouse."""
        for event in events:
            self.inbox.store(as_received(event, received_at))
        return ingest(self.inbox, self.warehouse, run_id=str(uuid4()), masking=KEEPING)

    def derive(self, *, rebuild: bool = False) -> list[DeriveReport]:
        """Bring tombstones, bridge and totals up to date, and the timelines."""
        with self.warehouse.get_connection() as connection:
            prepare(connection, READ_BY_DERIVED)
            reports = [derive(connection, table, rebuild=rebuild) for table in (TOMBSTONES, BRIDGE, ORDER_TOTALS)]
            for table in (STATUS_CHANGES, SUBSCRIPTION_CHANGES):
                derive(connection, table, rebuild=rebuild)
            return reports

    def derive_tombstones(self) -> DeriveReport:
        """Bring the tombstones alone up to date."""
        with self.warehouse.get_connection() as connection:
            return derive(connection, TOMBSTONES)

    def reconcile(self) -> None:
        """What a sync does: pull, sweep, derive."""
        self.pull()
        self.sweep()
        self.derive()

    @contextmanager
    def connection(self) -> Iterator[DuckDBPyConnection]:
        """The warehouse, to look at."""
        with self.warehouse.get_connection(read_only=True) as connection:
            yield connection

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.connection() as connection:
            return connection.execute(sql, list(values)).fetchall()

    def execute(self, sql: str, *values: object) -> None:
        """Change the warehouse by hand."""
        with self.warehouse.get_connection() as connection:
            connection.execute(sql, list(values))

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of a table, in an order of their own."""
        return self.rows(f"FROM {name} ORDER BY ALL")

    def derived(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all derived tables."""
        names = ("deletion_tombstones", "items_orders_bridge", "order_totals")
        return {name: self.table(f"analytics.{name}") for name in names}

    def held_deleted(self, object_name: str) -> set[str]:
        """The ids under a tombstone that is not lifted."""
        sql = "SELECT id FROM analytics.deletion_tombstones WHERE object = ? AND lifted_at IS NULL"
        return {id for (id,) in self.rows(sql, object_name)}

    def fetched(self, object_name: str) -> set[str]:
        """The ids that the warehouse has a row of."""
        return {id for (id,) in self.rows(f"SELECT public_id FROM ordergroove.{object_name}")}

    def tombstone(self, id: str) -> dict[str, Any]:
        """The tombstone of an id."""
        with self.connection() as connection:
            cursor = connection.execute("FROM analytics.deletion_tombstones WHERE id = ?", [id])
            names = [column[0] for column in cursor.description or ()]
            (row,) = cursor.fetchall()
        return dict(zip(names, row, strict=True))


def as_received(event: Event, received_at: datetime | None = None) -> InboxEvent:
    """An event as the receiver stores it."""
    envelope = event.envelope()
    return InboxEvent(
        event.id, event.type, envelope["created"], received_at or datetime.now(UTC), json.dumps(envelope).encode()
    )


def deletion(world: World, type: str, id: str, event_id: str | None = None, **body: Any) -> Event:
    """An event that says that an order or item was deleted, whether that is so or not."""
    return Event(event_id or str(uuid4()), type, world.now, {"type": type.partition(".")[0], "public_id": id, **body})


def deletion_events(world: World) -> list[Event]:
    """What the webhooks said about deletions so far."""
    return [event for event in world.events if event.type in DELETIONS]


def failed_syncs(site: Site) -> list[tuple[str, str]]:
    """Object and error of each failed row of ops.sync_runs."""
    return site.rows("SELECT object, error FROM ops.sync_runs WHERE outcome = 'failed' ORDER BY sync_id")


def assert_deletions_are_known(site: Site) -> None:
    """Every deleted order and item that was ever fetched has a tombstone that holds, and no other has one."""
    for name in ("orders", "items"):
        deleted = set(site.world.deleted(name))
        assert site.held_deleted(name) == deleted & site.fetched(name), name


def assert_totals_are_true(site: Site) -> None:
    """Each order that exists adds up, to the cent, to what the world's items say; and nothing else is current."""
    orders = {order["public_id"]: order for order in site.world.truth("orders")}
    sums = _sums(site.world.truth("items"))
    columns = (
        '"order", items, units, subscriptions, subscription_revenue, one_time_revenue, items_total,'
        " sub_total, total, status, agrees"
    )
    found = {row[0]: row for row in site.rows(f"SELECT {columns} FROM analytics.order_totals_current")}
    assert found.keys() == orders.keys()
    for id, order in orders.items():
        held, once, units, count, subscriptions = sums.get(id, (Decimal(0), Decimal(0), 0, 0, set()))
        expected = (
            id, count, units, len(subscriptions), held, once, held + once,
            order["sub_total"], order["total"], order["status"], True,
        )  # fmt: skip
        assert found[id] == expected


def _sums(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for item in items:
        held, once, units, count, subscriptions = sums.setdefault(item["order"], (Decimal(0), Decimal(0), 0, 0, set()))
        if item["subscription"] is None:
            once += item["total_price"]
        else:
            held += item["total_price"]
            subscriptions.add(item["subscription"])
        sums[item["order"]] = (held, once, units + item["quantity"], count + 1, subscriptions)
    return sums


class OpenWarehouse:
    """A warehouse that stays open between uses: what is tested here is the data, not the opening."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._opened = ExitStack()
        self._connection = self._opened.enter_context(open_warehouse(place))

    keeping = KEEP_FOR_GOOD

    @contextmanager
    def get_connection(self, read_only: bool = False, turn: Turn = Turn.LOAD) -> Iterator[DuckDBPyConnection]:
        """The connection, as WarehouseResource gives it."""
        yield self._connection

    def close(self) -> None:
        """Close the file."""
        self._opened.close()


@contextmanager
def open_site(folder: Path, *, seed: int = 1, customers: int = 20) -> Iterator[Site]:
    """A merchant of that many customers, nothing of it pulled yet."""
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = OpenWarehouse(place_at(folder / "ordergroove.duckdb"))
    inbox = Inbox(folder / "inbox.sqlite")
    try:
        with Emulator(World(seed, customers=customers)) as emulator:
            yield Site(emulator, warehouse, inbox)  # type: ignore[arg-type]
    finally:
        inbox.close()
        warehouse.close()


@contextmanager
def open_pulled_site(folder: Path, templates: Path, *, customers: int = 20) -> Iterator[Site]:
    """The same with all of its history pulled and derived; a file is made once per session and copied."""
    if isinstance(place_at(folder), Lake):
        with open_site(folder, customers=customers) as site:
            site.pull()
            site.derive()
            yield site
        return
    folder.mkdir(parents=True, exist_ok=True)
    template = templates / f"{customers}.duckdb"
    if not template.exists():
        with open_site(templates / str(customers), customers=customers) as site:
            site.pull()
            site.derive()
        shutil.copy(templates / str(customers) / "ordergroove.duckdb", template)
    shutil.copy(template, folder / "ordergroove.duckdb")
    with open_site(folder, customers=customers) as site:
        yield site
