"""A person who asks to be forgotten is in no file any more, and stays out of them whatever comes later."""

import gzip
import json
import logging
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.commands.cli import main
from og_assets.commands.export import export
from og_assets.emulator import effects as fx
from og_assets.emulator.drops import DropStyle, DropWriter
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import Emulator
from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.world import World
from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.reports import BY_NAME, REPORTS
from og_assets.ordergroove.drops.source import LocalFolder
from og_assets.ordergroove.masking import KEEPING, Masking, PersonalData
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.drops import Drops, drop_sources, take
from og_assets.sync.forgetting import CannotForget, Places, forget
from og_assets.sync.ingest import ingest
from og_assets.sync.windows import PullMode
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.drop_analytics import ID_MAP, RECONCILIATION, derive_from_drops
from og_assets.warehouse.errors import ForgottenMeanwhile
from og_assets.warehouse.file import WarehouseFile
from og_assets.warehouse.staging import staging_folder
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets_tests.held_warehouse import HeldWarehouse
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
ADDRESS = "zq.id@quill.example"
SALT = "0123456789abcdef0123456789abcdef"
HASHING = Masking(PersonalData.HASH, SALT.encode())


class Shop:
    """An emulated merchant with one person that is easily recognized, and all that is kept of it.

    With an `address`, the shop has that as the person's id, and as another one's an address that ends with it.
    """

    def __init__(self, folder: Path, emulator: Emulator, *, address: str = "", masking: Masking = KEEPING) -> None:
        self.folder = folder
        self.emulator = emulator
        self.masking = masking
        self.world = emulator.world
        self.warehouse = HeldWarehouse(database=str(folder / "warehouse.duckdb"))
        self.inbox = Inbox(folder / "inbox.sqlite")
        self.outgoing = folder / "outgoing"
        self.archive = Archive(folder / "archive", keeps=masking.keeps_personal)
        self.drops = Drops(LocalFolder(self.outgoing), self.archive, masking, rest=lambda: None)
        self.told = 0
        self.subscription, self.customer = self.world.store.tuples(
            "SELECT public_id, customer FROM subscriptions WHERE live ORDER BY id LIMIT 1"
        )[0]
        (self.other,) = self.world.store.tuples(
            "SELECT customer FROM subscriptions WHERE live AND customer <> ? ORDER BY id LIMIT 1", (self.customer,)
        )[0]
        if address:
            self.customer = self.rename(self.customer, address)
            self.other = self.rename(self.other, f"o.{address}")
        self.words = [*WORDS, address.encode()] if address else WORDS
        self.name_the_person()

    @property
    def places(self) -> Places:
        """All that is kept."""
        self.warehouse.close()
        return Places(
            warehouse=WarehouseFile(self.warehouse.path), inbox=self.inbox, archive=self.archive, salt=self.masking.salt
        )

    def rename(self, customer: str, id: str) -> str:
        """Give a customer another id."""
        for name, table in TABLES.items():
            column = table.key if name == "customers" else "customer"
            if column in table.columns:
                for key in self.world.keys(name, f"{column} = ?", customer):
                    self.world.store.update(name, key, {column: id})
        return id

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
        """The person takes a shipment less and is told of by webhooks; others live on; the day's drops come."""
        self.world.advance(timedelta(minutes=1))
        self.world.skip_subscription(self.subscription)
        self.world.subscribe(self.customer)
        self.world.subscribe(self.other)
        self.name_the_person()
        self.world.emit("subscriber.create", "customers", self.customer)
        writer = DropWriter(
            self.world, self.outgoing, style=DropStyle(only=[r.name for r in REPORTS if r.name != "orders"])
        )
        writer.write(self.world.today)
        self.write_orders()

    def write_orders(self) -> None:
        """A drop of orders as a shop may ask for it: with a column of its own, line breaks in cells, a broken line."""
        header = (
            "Merchant User ID,Ordergroove User ID,Ordergroove Order ID,Order Item ID,Email Address,First Name,Gift,"
            "Quantity"
        )
        name = f"coffee_orders_{self.world.now:%m%d%Y%H%M%S}.csv"
        lines = [
            header,
            f"{self.other},77,5001,9001,other@example.com,Otto,none,1",
            f'{self.customer},78,5002,9002,ZQ@quill.example,"Zebe\r\ndee",For Zebedee,2',
            f'{self.customer},78,5002,9003,zq@quill.example,"Zebedee,For Glitterbottle',
            ",78,5003,9004,zq@quill.example,Zebedee,,3",
            f"{self.other},77,5004,9005,other@example.com,Ott\u00f3,none,4",
        ]
        (self.outgoing / name).write_bytes("\r\n".join([*lines, ""]).encode("latin-1"))
        old = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
        os.utime(self.outgoing / name, (old, old))

    def sync(self, mode: PullMode = PullMode.SINCE_WATERMARK) -> None:
        """Pull all objects, take in drops and what webhooks tell, derive."""
        for object in OBJECTS:
            pull_one(self.emulator, self.warehouse, object, mode=mode, masking=self.masking)  # type: ignore[arg-type]
        for event in self.world.events[self.told :]:
            envelope = event.envelope()
            body = json.dumps(envelope).encode()
            self.inbox.store(InboxEvent(event.id, event.type, envelope["created"], datetime.now(UTC), body))
        self.told = len(self.world.events)
        ingest(self.inbox, self.warehouse, run_id=str(uuid4()), masking=self.masking)
        self.outgoing.mkdir(exist_ok=True)
        for report in REPORTS:
            take(report, self.drops, self.warehouse, run_id=str(uuid4()))
        with self.warehouse.get_connection() as connection:
            prepare(connection, READ_BY_DERIVED)
            for derived in (TOMBSTONES, BRIDGE, ORDER_TOTALS):
                derive(connection, derived)
            for table in (ID_MAP, RECONCILIATION):
                derive_from_drops(connection, table, drop_sources())
        self.warehouse.close()

    def traces(self) -> dict[str, list[str]]:
        """By word, the files that hold it; of tables and columns that are stored compressed, what they say."""
        self.inbox.close()
        self.warehouse.close()
        dump = self.folder / "dump"
        export(self.warehouse.path, dump, format="csv", replace=True, views=True)
        found: dict[str, list[str]] = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and self.outgoing not in path.parents:
                body = path.read_bytes()
                if body.startswith(b"\x1f\x8b"):
                    body = gzip.decompress(body)
                body = body.replace(self.other.encode(), b"")
                for word in self.words:
                    if word.lower() in body.lower():
                        found.setdefault(word.decode(), []).append(str(path.relative_to(self.folder)))
        return found

    def ask_to_forget(self, *options: str) -> Result:
        """The command."""
        self.warehouse.close()
        return CliRunner().invoke(main, ["forget", self.customer, *options], catch_exceptions=False)

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The rows of a query."""
        with self.warehouse.get_connection() as connection:
            return connection.execute(sql, list(values)).fetchall()


def lived(shop: Shop) -> Shop:
    """A shop that has been synced twice, with all that may be left of a person anywhere."""
    shop.sync()
    shop.live()
    shop.sync()
    with shop.warehouse.get_connection() as connection:
        connection.execute(
            "INSERT INTO ops.quarantine BY NAME SELECT 'customers' AS object, 'no key' AS reason, $1 AS raw,"
            " 1 AS sync_id, now() AS quarantined_at",
            ['{"email": "zq@quill.example", "first_name": "Zebedee", broken'],
        )
    shop.warehouse.close()
    export(shop.warehouse.path, shop.folder / "exports" / "bi", format="csv")
    killed = staging_folder(shop.warehouse.path) / "customers-1-0a0b0c0d"
    killed.mkdir()
    (killed / "00001.ndjson").write_bytes(b'{"first_name": "Zebedee"}')
    killed.with_name(f"{killed.name}.lock").touch()
    (shop.archive.incoming() / "half.part").write_bytes(b"Email Address\r\nzq@quill.example\r\n")
    (shop.folder / "home").mkdir()
    typed = "SELECT 1;\nFROM ordergroove.customers WHERE email = 'zq@quill.example';\n"
    (shop.folder / "home" / "query_history").write_text(typed)
    return shop


@pytest.fixture
def make_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Shop]]:
    """A shop of that kind that has been lived in, in this process's environment."""
    with Emulator(World(3, customers=6)) as emulator:
        made: list[Shop] = []

        def make(**kind: object) -> Shop:
            shop = lived(Shop(tmp_path, emulator, **kind))  # type: ignore[arg-type]
            made.append(shop)
            for name, value in {
                "DAGSTER_HOME": shop.folder / "home",
                "ORDERGROOVE_MERCHANTS": "",
                "ORDERGROOVE_WAREHOUSE": shop.warehouse.path,
                "ORDERGROOVE_WEBHOOK_INBOX": shop.inbox.path,
                "ORDERGROOVE_DROPS": shop.outgoing,
                "ORDERGROOVE_DROPS_ARCHIVE": shop.archive.folder,
            }.items():
                monkeypatch.setenv(name, str(value))
            return shop

        yield make
        for shop in made:
            shop.inbox.close()
            shop.warehouse.close()


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    """A shop whose ids are numbers, and which keeps personal data."""
    return make_shop()


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_forgotten_person_is_in_no_file_and_does_not_come_back(
    make_shop: Callable[..., Shop], address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in tables, files and exports; not after syncs, webhooks and drops, and not when it is asked for once more."""
    caplog.set_level(logging.INFO)
    shop = make_shop(address=address)
    before = {file for files in shop.traces().values() for file in files}
    assert {
        *(
            f"ordergroove/{name}"
            for name in ("customers", "addresses", "payments", "subscriptions", "orders", "events")
        ),
        *("drops/orders", "drops/crm_subscriptions", "drops/member_activity", "ops/quarantine"),
    } <= {file.removeprefix("dump/").removesuffix(".csv") for file in before}
    for place in (
        "inbox.sqlite",
        "archive/orders/",
        "archive/crm",
        "archive/incoming",
        "home/",
        "exports/bi",
        "warehouse.duckdb.staging",
    ):
        assert any(file.startswith(place) for file in before), place
    totals = shop.rows("SELECT sum(total), count(*), count(DISTINCT customer) FROM ordergroove.orders")
    states = shop.rows("SELECT * EXCLUDE (customer) FROM history.orders ORDER BY ALL")
    drops = shop.rows("SELECT _file, _line, order_item_id, quantity FROM drops.orders ORDER BY ALL")
    joined = shop.rows(
        "SELECT count(*) FROM ordergroove.orders JOIN ordergroove.customers ON customer = merchant_user_id"
    )

    told = shop.ask_to_forget()
    assert told.exit_code == 0, told.output
    for place in ("ordergroove.customers", "drops.orders", "webhook inbox", "archive of file drops", "exports/bi"):
        assert place in told.output
    assert told.output.count("is not ours and tells of the person") == 3 + bool(address), told.output
    assert shop.traces() == {}
    assert shop.rows("SELECT sum(total), count(*), count(DISTINCT customer) FROM ordergroove.orders") == totals
    assert shop.rows("SELECT * EXCLUDE (customer) FROM history.orders ORDER BY ALL") == states
    assert shop.rows("SELECT _file, _line, order_item_id, quantity FROM drops.orders ORDER BY ALL") == drops
    known = "SELECT count(*) FROM ordergroove.customers WHERE email IS NOT NULL"
    assert shop.rows(known) == [(5,)]
    assert shop.rows("SELECT count(*) FROM ordergroove.customers WHERE merchant_user_id = ?", shop.other) == [(1,)]

    shop.live()
    shop.sync()
    shop.sync(PullMode.WHOLE_HISTORY)
    take(BY_NAME["orders"], shop.drops, shop.warehouse, run_id="again", days=(date(2025, 1, 1), date(2030, 1, 1)))
    assert shop.traces() == {}
    assert (
        shop.rows("SELECT count(*) FROM ordergroove.orders JOIN ordergroove.customers ON customer = merchant_user_id")
        >= joined
    )
    assert shop.rows("SELECT count(*) FROM drops.orders WHERE merchant_user_id = ?", shop.other) == [(2,)]
    assert shop.ask_to_forget().exit_code == 0
    assert shop.traces() == {}
    for said in (caplog.text, told.output):
        assert shop.customer not in said
        assert not any(word.decode() in said for word in WORDS)
    assert shop.rows("SELECT count(*) FROM ops.forgotten WHERE contains(digest, ?)", shop.customer) == [(0,)]


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
        return [shop.rows(sql) for sql in catalog]

    before = look()
    assert all(before)
    forget(shop.customer, shop.places)
    assert look() == before
    shop.live()
    shop.sync()


def test_hash_of_an_address_stays_as_the_id_and_hashes_of_the_rest_go(
    make_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With hashed data the hash of the id joins as before, and no hash tells of the person, later neither."""
    shop = make_shop(address=ADDRESS, masking=HASHING)
    monkeypatch.setenv("ORDERGROOVE_PII", "hash")
    monkeypatch.setenv("ORDERGROOVE_PII_SALT", SALT)
    id = HASHING.text(ADDRESS)
    asked = "SELECT count(*), count(email), count(first_name) FROM ordergroove.customers WHERE merchant_user_id = ?"
    assert shop.rows(asked, id) == [(1, 1, 1)]
    assert shop.ask_to_forget().exit_code == 0
    for _ in range(2):
        assert shop.rows(asked, id) == [(1, 0, 0)]
        assert shop.rows("SELECT count(*) > 0 FROM ordergroove.orders WHERE customer = ?", id) == [(True,)]
        for table in ("ordergroove.customers", "ordergroove.events", "drops.crm_subscriptions", "drops.orders"):
            for word in ("zq@quill.example", "Zebedee", "5550198765"):
                assert shop.rows(
                    f"SELECT count(*) FROM {table} AS t WHERE contains(CAST(t AS VARCHAR), ?)", HASHING.text(word)
                ) == [(0,)]
        shop.live()
        shop.sync(PullMode.WHOLE_HISTORY)
    with pytest.raises(CannotForget, match="as the shop has it"):
        forget(str(id), shop.places)


def test_pull_that_has_read_of_the_person_reads_again(shop: Shop) -> None:
    """What was read before somebody was forgotten is not loaded after it."""
    shop.live()
    asked = Fault(fx.Call(lambda world, request: forget(shop.customer, shop.places)), "customers", page=1, times=1)
    shop.emulator.faults.add(asked)
    customers = next(object for object in OBJECTS if object.name == "customers")
    with pytest.raises(ForgottenMeanwhile):
        pull_one(shop.emulator, WarehouseFile(shop.warehouse.path), customers, page_size=2)  # type: ignore[arg-type]
    told = "SELECT email FROM ordergroove.customers WHERE merchant_user_id = ?"
    assert shop.rows(told, shop.customer) == [(None,)]
    shop.emulator.faults.clear()
    shop.sync()
    assert shop.rows(told, shop.customer) == [(None,)]


def test_merchant_is_named_where_there_are_several(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Customers of two merchants may have the same id; the file of the other one is not even opened."""
    file = shop.folder / "merchants.toml"
    file.write_text(
        f"""
        [defaults]
        drops_archive = "{shop.folder}/{{merchant}}_archive"
        webhook_inbox = "{shop.folder}/{{merchant}}.sqlite"
        [merchants.acme]
        warehouse = "{shop.warehouse.path}"
        [merchants.zeta]
        warehouse = "{shop.folder}/zeta.duckdb"
        """
    )
    monkeypatch.setenv("ORDERGROOVE_MERCHANTS", str(file))
    refused = shop.ask_to_forget()
    assert refused.exit_code == 1
    assert "--merchant, one of: acme, zeta" in refused.output
    assert shop.rows("SELECT count(*) FROM ops.forgotten") == [(0,)]
    told = shop.ask_to_forget("--merchant", "acme")
    assert told.exit_code == 0, told.output
    assert "ordergroove.customers" in told.output
    assert not (shop.folder / "zeta.duckdb").exists()


def test_unknown_id_is_told(shop: Shop) -> None:
    """A slip of the pen is not taken for a person who is forgotten."""
    shop.customer = "Zq-nobody"
    assert "Nothing is known of that customer" in shop.ask_to_forget().output


def test_folder_that_is_no_export_is_refused_before_anything_is_changed(shop: Shop) -> None:
    """It would be replaced."""
    assert shop.ask_to_forget("--export", str(shop.folder / "home")).exit_code == 1
    assert shop.rows("SELECT count(*) FROM ops.forgotten") == [(0,)]
