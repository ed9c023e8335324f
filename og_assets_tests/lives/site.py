"""The warehouse of a shop, and what people and schedules do with it: pull, ingest, sweep, derive. What is tested."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.sync.ingest import ingest
from og_assets.sync.pull import pull
from og_assets.sync.source import Source
from og_assets.sync.sweep import sweep
from og_assets.sync.windows import CHICAGO, PullMode, PullRequest
from og_assets.warehouse import staging
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.keeping import KEEP_FOR_GOOD
from og_assets.warehouse.place import FilePlace, Turn
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets_tests.lives.server import KEY, Server
from og_assets_tests.lives.shop import Event

BY_NAME = {object.name: object for object in OBJECTS}
KEPT = {("ops", "schema_versions"), ("ops", "schema_digest"), ("ops", "loads"), ("ordergroove", "order_statuses")}


class OpenWarehouse:
    """A warehouse file that stays open between uses: what is tested here is the data, not the opening."""

    def __init__(self, path: Path, connection: DuckDBPyConnection) -> None:
        self.place = FilePlace(path)
        self._connection = connection
        self._lock = threading.RLock()

    keeping = KEEP_FOR_GOOD

    @contextmanager
    def get_connection(self, read_only: bool = False, turn: Turn = Turn.LOAD) -> Iterator[DuckDBPyConnection]:
        """The connection, for one thread at a time."""
        with self._lock:
            yield self._connection


class Site:
    """A warehouse with its inbox, of the shop that the server serves."""

    def __init__(self, server: Server, warehouse: OpenWarehouse, inbox: Inbox) -> None:
        self.server = server
        self.warehouse = warehouse
        self.inbox = inbox

    def empty(self) -> None:
        """Nothing was ever pulled or received."""
        with self.warehouse.get_connection() as connection:
            for schema, table in connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
                " AND schema_name IN ('ordergroove', 'analytics', 'ops')"
            ).fetchall():
                if (schema, table) not in KEPT:
                    connection.execute(f"DELETE FROM {schema}.{table}")
            prepare(connection, READ_BY_DERIVED)
        self.inbox.trim(2**62, datetime.max.replace(tzinfo=UTC))

    def pull(self, name: str, *, whole: bool = False, page_size: int = 100) -> None:
        """Pull what changed of an object, or all of it."""
        today = self.server.shop.now.astimezone(CHICAGO).date()
        mode = PullMode.WHOLE_HISTORY if whole else PullMode.SINCE_WATERMARK
        request = PullRequest(mode=mode, first_day=today, last_day=today, today=today)
        with self._source() as source:
            pull(BY_NAME[name], source, self.warehouse, request, run_id=str(uuid4()), page_size=page_size)

    def sweep(self) -> None:
        """Look for deleted orders, then items."""
        for name in ("orders", "items"):
            with self._source() as source:
                sweep(BY_NAME[name], source, self.warehouse, run_id=str(uuid4()))

    def receive(self, event: Event) -> None:
        """An event comes into the inbox, from which `ingest` takes it."""
        envelope = event.envelope()
        body = json.dumps(envelope).encode()
        self.inbox.store(InboxEvent(event.id, event.type, envelope["created"], datetime.now(UTC), body))

    def ingest(self) -> None:
        """What the inbox has, into the warehouse."""
        ingest(self.inbox, self.warehouse, run_id=str(uuid4()), masking=KEEPING)

    def derive(self) -> None:
        """Bring tombstones, bridge and totals up to date."""
        with self.warehouse.get_connection() as connection:
            prepare(connection, READ_BY_DERIVED)
            for table in (TOMBSTONES, BRIDGE, ORDER_TOTALS):
                derive(connection, table)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.warehouse.get_connection() as connection:
            return connection.execute(sql).fetchall()

    def pages_loaded(self, name: str) -> int:
        """How many pages of its oldest running or abandoned pull are in the warehouse."""
        found = self.rows(
            f"SELECT pages FROM ops.sync_runs WHERE object = '{name}' AND outcome IN ('running', 'abandoned')"
            " ORDER BY sync_id LIMIT 1"
        )
        return int(found[0][0]) if found else 0

    @contextmanager
    def _source(self) -> Iterator[Source]:
        retry = RetryPolicy(first_delay=0.001, max_delay=0.01)
        with OrdergrooveClient(self.server.url, KEY, requests_per_minute=None, retry=retry) as client:
            yield Source(client, SourceClock(), KEEPING)


@contextmanager
def open_site(server: Server, folder: Path) -> Iterator[Site]:
    """An empty warehouse in a folder."""
    path = folder / "warehouse.duckdb"
    inbox = Inbox(folder / "inbox.sqlite")
    try:
        with open_warehouse(path) as connection:
            yield Site(server, OpenWarehouse(path, connection), inbox)
    finally:
        inbox.close()


@contextmanager
def a_batch_for_each_page() -> Iterator[None]:
    """Batches of a hundred pages would leave nothing to happen between those of a small shop."""
    pages, staging.PAGES_PER_SEGMENT = staging.PAGES_PER_SEGMENT, 1
    try:
        yield
    finally:
        staging.PAGES_PER_SEGMENT = pages
