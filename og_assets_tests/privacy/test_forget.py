"""A person who asks to be forgotten is in no file any more, and stays out of them whatever comes later."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest
from click.testing import CliRunner

import og_assets
from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.commands.cli import main
from og_assets.commands.export import export
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.forgetting import CannotForget, forget
from og_assets.sync.ingest import ingest
from og_assets.sync.windows import PullMode
from og_assets.warehouse.analytics import TOMBSTONES
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.file import WarehouseFile
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets_tests.pulling import pull_one

WORDS = [
    b"Zebedee",
    b"Quillfeather",
    b"zq@quill.example",
    b"5550198765",
    b"Marmalade Mews",
    b"Glitterbottle",
    b"4b7e-zq-token",
]
"""What tells about the person, and about nobody else in that world."""


class Shop:
    """An emulated merchant with one person that is easily recognized, a warehouse and an inbox."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder = folder
        self.emulator = emulator
        self.world = emulator.world
        self.warehouse = WarehouseFile(folder / "warehouse.duckdb")
        self.inbox = Inbox(folder / "inbox.sqlite")
        self.told = 0
        self.subscription, self.customer = self.world.store.tuples(
            "SELECT public_id, customer FROM subscriptions WHERE live ORDER BY id LIMIT 1"
        )[0]
        self.name_the_person()

    def name_the_person(self) -> None:
        """Give the person the words, wherever there is a place for one."""
        named = {"first_name": "Zebedee", "last_name": "Quillfeather"}
        gift = {"extra_data": json.dumps({"gift": "For Zebedee, also called Glitterbottle"})}
        for table, owner, fields in (
            (
                "customers",
                "merchant_user_id",
                {**named, **gift, "email": "zq@quill.example", "phone_number": "5550198765"},
            ),
            ("addresses", "customer", {**named, "address": "12 Marmalade Mews", "phone": "5550198765"}),
            ("payments", "customer", {"cc_holder": "Zebedee Quillfeather", "token_id": "4b7e-zq-token"}),
            ("subscriptions", "customer", gift),
            ("orders", "customer", gift),
        ):
            for key in self.world.keys(table, f"{owner} = ?", self.customer):
                self.world.store.update(table, key, fields)
                self.world.touch(table, key)

    def live(self) -> None:
        """The person takes a shipment less and is told of by webhooks."""
        self.world.advance(timedelta(minutes=1))
        self.world.skip_subscription(self.subscription)
        self.world.subscribe(self.customer)
        self.name_the_person()
        self.world.emit("subscriber.create", "customers", self.customer)

    def sync(self, mode: PullMode = PullMode.SINCE_WATERMARK) -> None:
        """Pull all objects, receive what webhooks tell, find tombstones."""
        for object in OBJECTS:
            pull_one(self.emulator, self.warehouse, object, mode=mode)  # type: ignore[arg-type]
        for event in self.world.events[self.told :]:
            envelope = event.envelope()
            body = json.dumps(envelope).encode()
            self.inbox.store(InboxEvent(event.id, event.type, envelope["created"], datetime.now(UTC), body))
        self.told = len(self.world.events)
        ingest(self.inbox, self.warehouse, run_id=str(uuid4()), masking=KEEPING)
        with self.warehouse.get_connection() as connection:
            prepare(connection, READ_BY_DERIVED)
            derive(connection, TOMBSTONES)

    def traces(self) -> dict[str, list[str]]:
        """By word, the files that hold it; of tables and columns that are stored compressed, what they say."""
        self.inbox.close()
        dump = self.folder / "dump"
        export(self.warehouse.path, dump, format="csv", replace=True, views=True)
        found = {
            word.decode(): [
                str(path.relative_to(self.folder))
                for path in sorted(self.folder.rglob("*"))
                if path.is_file() and word in path.read_bytes()
            ]
            for word in WORDS
        }
        return {word: files for word, files in found.items() if files}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that has been synced twice, with an export and a record of the person in quarantine."""
    with Emulator(World(3, customers=6)) as emulator:
        shop = Shop(tmp_path, emulator)
        shop.sync()
        shop.live()
        shop.sync()
        with shop.warehouse.get_connection() as connection:
            connection.execute(
                "INSERT INTO ops.quarantine BY NAME SELECT 'customers' AS object, 'no key' AS reason, $1 AS raw,"
                " 1 AS sync_id, now() AS quarantined_at",
                ['{"email": "zq@quill.example", "first_name": "Zebedee", broken'],
            )
        export(shop.warehouse.path, tmp_path / "exports" / "bi", format="csv")
        yield shop
        shop.inbox.close()


def test_forgotten_person_is_in_no_file_and_does_not_come_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in tables, `_raw`, events, tombstones, quarantine, inbox and export; not after syncs, webhooks, once more."""
    caplog.set_level(logging.INFO)
    before = shop.traces()
    tables = {Path(file).stem for files in before.values() for file in files}
    assert {"customers", "addresses", "payments", "subscriptions", "orders", "events", "quarantine"} <= tables
    assert any(file.startswith("inbox.sqlite") for files in before.values() for file in files)
    assert any("exports" in file for files in before.values() for file in files)
    with og_assets.open_warehouse(shop.warehouse.path) as warehouse:
        totals = warehouse.execute("SELECT sum(total), count(*) FROM ordergroove.orders").fetchall()
        states = warehouse.execute("FROM history.orders ORDER BY ALL").fetchall()

    monkeypatch.setenv("ORDERGROOVE_WEBHOOK_INBOX", str(shop.inbox.path))
    bi = str(shop.folder / "exports" / "bi")
    words = ["forget", shop.customer, "--warehouse", str(shop.warehouse.path), "--export", bi]
    told = CliRunner().invoke(main, words, catch_exceptions=False)
    assert told.exit_code == 0, told.output
    assert "ordergroove.customers" in told.output
    assert "webhook inbox" in told.output
    assert shop.traces() == {}
    with og_assets.open_warehouse(shop.warehouse.path) as warehouse:
        assert warehouse.execute("SELECT sum(total), count(*) FROM ordergroove.orders").fetchall() == totals
        assert warehouse.execute("FROM history.orders ORDER BY ALL").fetchall() == states
        others = "SELECT count(*) FROM ordergroove.customers WHERE email IS NOT NULL AND merchant_user_id <> ?"
        assert warehouse.execute(others, [shop.customer]).fetchall() == [(5,)]

    shop.live()
    shop.sync()
    shop.sync(PullMode.WHOLE_HISTORY)
    assert shop.traces() == {}
    assert CliRunner().invoke(main, words, catch_exceptions=False).exit_code == 0
    assert shop.traces() == {}
    assert shop.customer not in caplog.text
    assert not any(word.decode() in caplog.text for word in WORDS)
    with og_assets.open_warehouse(shop.warehouse.path) as warehouse:
        assert warehouse.execute(
            "SELECT count(*), any_value(digest) = ? FROM ops.forgotten", [shop.customer]
        ).fetchall() == [(1, False)]


def test_file_that_is_written_anew_has_all_of_the_old_one(shop: Shop) -> None:
    """Tables, views, macros, meanings, NOT NULL, and how `_raw` is stored."""
    catalog = (
        (
            "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()"
            " WHERE database_name = current_database() ORDER BY ALL"
        ),
        "SELECT schema_name, view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
        "SELECT function_name FROM duckdb_functions() WHERE schema_name = 'history' ORDER BY ALL",
        "SELECT count(*) FROM history.orders",
        (
            "SELECT DISTINCT compression FROM pragma_storage_info('ordergroove.orders')"
            " WHERE column_name = '_raw' AND segment_type <> 'VALIDITY'"
        ),
    )

    def look() -> list[list[tuple[object, ...]]]:
        with og_assets.open_warehouse(shop.warehouse.path) as warehouse:
            return [warehouse.execute(sql).fetchall() for sql in catalog]

    before = look()
    assert all(before)
    forget(shop.customer, shop.warehouse, shop.inbox)
    assert look() == before
    shop.live()
    shop.sync()


def test_id_that_is_an_address_is_refused_before_anything_is_changed(shop: Shop) -> None:
    """It joins the tables, so it cannot be dropped for one person."""
    with pytest.raises(CannotForget, match="ORDERGROOVE_PII"):
        forget("ann@example.com", shop.warehouse, shop.inbox)
    with og_assets.open_warehouse(shop.warehouse.path) as warehouse, pytest.raises(duckdb.Error):
        warehouse.execute("SELECT 1 / (SELECT count(*) FROM ops.forgotten) FROM nowhere")
