"""A shop with one person who is easily recognized, and all places where something is kept of them."""

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from click.testing import CliRunner, Result

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.marts import prepare_reading
from og_assets.commands.cli import main
from og_assets.commands.export import export
from og_assets.emulator.drops import DropStyle, DropWriter
from og_assets.emulator.server import Emulator
from og_assets.emulator.shop.schema import TABLES
from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.reports import REPORTS
from og_assets.ordergroove.drops.source import LocalFolder
from og_assets.ordergroove.masking import KEEPING, Masking, PersonalData
from og_assets.ordergroove.objects import OBJECTS
from og_assets.report.report import read_report, render, write
from og_assets.sync.drops import Drops, drop_sources, take
from og_assets.sync.forgetting import Places
from og_assets.sync.ingest import ingest
from og_assets.sync.windows import PullMode
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.drop_analytics import ID_MAP, RECONCILIATION, derive_from_drops
from og_assets.warehouse.marts.build import build_marts
from og_assets.warehouse.marts.options import Terms
from og_assets.warehouse.staging import staging_folder
from og_assets.warehouse.warehouse import WarehouseAt
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
            warehouse=WarehouseAt(self.warehouse.place.path),
            inbox=self.inbox,
            archive=self.archive,
            salt=self.masking.salt,
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
        self.store_events()
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

    def show(self) -> None:
        """Build the marts and write the report."""
        build_marts(self.warehouse, Terms("America/New_York"), prepare_reading)
        with self.warehouse.get_connection(read_only=True) as connection:
            write(render(read_report(connection)), self.folder / "report")
        self.warehouse.close()

    def store_events(self) -> None:
        """Put into the inbox what webhooks told since this was done last."""
        for event in self.world.events[self.told :]:
            envelope = event.envelope()
            body = json.dumps(envelope).encode()
            self.inbox.store(InboxEvent(event.id, event.type, envelope["created"], datetime.now(UTC), body))
        self.told = len(self.world.events)

    def traces(self) -> dict[str, list[str]]:
        """By word, the files that hold it; of tables and columns that are stored compressed, what they say."""
        self.inbox.close()
        self.warehouse.close()
        dump = self.folder / "dump"
        export(self.warehouse.place.path, dump, format="csv", replace=True, views=True)
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
    if "@" in shop.customer:  # of persons the marts hold their ids alone
        shop.show()
        (shop.folder / "warehouse.duckdb.marts").write_text(f"of a killed build: {shop.customer}")
    export(shop.warehouse.place.path, shop.folder / "exports" / "bi", format="csv")
    killed = staging_folder(shop.warehouse.place.path) / "customers-1-0a0b0c0d"
    killed.mkdir()
    (killed / "00001.ndjson").write_bytes(b'{"first_name": "Zebedee"}')
    killed.with_name(f"{killed.name}.lock").touch()
    (shop.archive.incoming() / "half.part").write_bytes(b"Email Address\r\nzq@quill.example\r\n")
    (shop.folder / "home").mkdir()
    typed = "SELECT 1;\nFROM ordergroove.customers WHERE email = 'zq@quill.example';\n"
    (shop.folder / "home" / "query_history").write_text(typed)
    return shop
