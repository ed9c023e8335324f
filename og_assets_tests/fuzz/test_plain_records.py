"""The two ways of a record are one function: plain ones through the database come to what reading them gives."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.ordergroove.reader import Accepted, RecordReader, Refused
from og_assets.sync.pull import object_table
from og_assets.sync.staged_records import ReadsRecords, stage_records
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.history import ensure_objects, written_by
from og_assets.warehouse.load import Batch, begin_sync, load_batch
from og_assets.warehouse.progress import Progress, SyncPlan
from og_assets.warehouse.staging import Staging, staging_folder
from og_assets_tests.fuzz.bodies import make_body
from og_assets_tests.fuzz.contract import DESCRIBED, Kind
from og_assets_tests.fuzz.modes import MODES, Mode
from og_assets_tests.fuzz.odd import NUMBERS, QUOTES, SPELLINGS, STAMPS
from og_assets_tests.fuzz.through_reader import masking_of
from og_assets_tests.warehouse.warehouse_rows import NOON

ZONES = ("America/New_York", "UTC", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca")
"""Clocks that change by an hour, never, by half an hour, by a whole day, and at the wrong time of the year."""
STRANGE_STAMPS = (
    *STAMPS, "2011-12-30 10:00:00", "2024-02-29 23:59:59", "2023-02-29 00:00:00", "1970-01-01T00:00:00", "2025-04-31",
    "2025-10-05 02:15:00", "2025-04-06 01:45:00", "0001-01-02 00:00:00", "9999-12-30 23:59:59", "1492-10-12 10:00:00",
)  # fmt: skip
NESTED = (
    "{}", "[]", "[[]]", '{"a":{}}', '{"a":1}', '{"a":1,"a":2}', '{"a":1.10}', '{"a":1e5}', '["x","y"]', "[1,-2,0,-0]",
    '{"a": 1}', '{"é":"/","n":[1,true,null]}', '[{"public_id":"1","quantity":2,"product":"3"}]', '{"a":[[[1]]]}',
    '{"card_number":"4111"}', '[{"x":{"api_token":"z"}}]', '{"merged_order_id":"x","who":"Ann"}', '["p1","p2"]',
    '{"a":123456789012345,"b":12345678901234567890}', '"{}"', '"[1, 2]"', '"p1,p2"', '{"type":"x","value":"1.00"}',
)  # fmt: skip
TEXTS = (
    '"\x7f"', '"a,b"', '"},{"', '"#"', '"%s {x}"', '"O\'Brien"', "\"{'token': 'x'}\"", "\"it's a card\"", '" pad "',
    '"\u2028\u0085"', '"漢 😀 é"', '"5|x"', '"12|\t"', '"0012|x|y"', '"4|"', '"123456789012"', '"\ufeff"', '"\u00a0"',
)  # fmt: skip
_WORDS = ("null", "true", "false", *NUMBERS, *(f'"{text}"' for text in (*SPELLINGS, *QUOTES)), *TEXTS)
_STAMPED = tuple(f'"{stamp}"' for stamp in STRANGE_STAMPS)
_VALUES = {Kind.STAMP: _STAMPED, Kind.DAY: _STAMPED, Kind.JSON: NESTED, Kind.COMPONENTS: NESTED}


@dataclass(frozen=True, slots=True)
class OneByOne:
    """The same reader without the way through the database."""

    reader: RecordReader

    def plain(self, bodies: Sequence[bytes]) -> Sequence[bytes | None]:
        """No record is plain."""
        return [None] * len(bodies)

    def offsets(self) -> list[tuple[date, timedelta]]:
        """None are needed."""
        return []

    def read(self, body: bytes) -> Accepted | Refused:
        """As the reader reads it."""
        return self.reader.read(body)


def make_bodies(random: Random, name: str, count: int) -> list[bytes]:
    """Records, some of the fuzzer's and some compact ones with a value or two at the edge of what is plain."""
    bodies = []
    for number in range(count):
        body = make_body(random, number, name)
        if random.random() < 0.7:
            body.text = _near_plain(random, name, number)
        bodies.append(body.data)
    return bodies + random.sample(bodies, count // 10)


def _near_plain(random: Random, name: str, number: int, odd: float = 0.06) -> str:
    fields = DESCRIBED[name].fields
    plain = {
        Kind.TEXT: f'"{random.getrandbits(60):x}"', Kind.INT: str(random.randrange(9)), Kind.BOOL: "true",
        Kind.SMALL: str(random.randrange(9)), Kind.MONEY: f'"{random.randrange(10**6) / 100:.2f}"',
        Kind.STAMP: f'"20{random.randrange(10, 40)}-0{random.randrange(1, 10)}-1{random.randrange(10)} 02:30:00"',
        Kind.DAY: '"2024-02-29"', Kind.JSON: "{}", Kind.COMPONENTS: "[]",
    }  # fmt: skip
    members = [
        (f'"{field.name}"', "null" if field.secret or random.random() < 0.1 else plain[field.kind])
        for field in fields.values()
    ]
    for at, (token, _) in enumerate(members):
        if token.strip('"') in DESCRIBED[name].key:
            members[at] = (token, f'"k{number // random.choice((1, 1, 1, 2))}"')
        elif random.random() < odd:
            kind = fields[token.strip('"')].kind
            members[at] = (token, random.choice(_VALUES.get(kind, _WORDS) if random.random() < 0.7 else _WORDS))
    if random.random() < 1.5 * odd:
        names = ("note", "gift_token", "e@x.co", 'a"b', "cc_number", "Live", "live")
        members.insert(random.randrange(len(members)), (f'"{random.choice(names)}"', random.choice((*_WORDS, *NESTED))))
    return "{" + ",".join(f"{token}:{value}" for token, value in members) + "}"


def rows(
    folder: Path, object: OrdergrooveObject, reader: ReadsRecords, batches: Sequence[Sequence[bytes]]
) -> tuple[list[object], int]:
    """Load the batches, each as a pull; all that is in the warehouse then, and how many records were plain."""
    path = folder / f"{type(reader).__name__}.duckdb"
    table = object_table(object)
    found: list[object] = []
    plain = 0
    with open_warehouse(path) as connection:
        ensure_objects(connection, [table])
        for number, bodies in enumerate(batches):
            now = NOON + number * timedelta(days=1)
            plan = SyncPlan(
                object_name=object.name, run_id=str(number), mode="sync", window_start=None, window_end=None,
                filters={}, watermark_before=None, started_at=now,
            )  # fmt: skip
            run = begin_sync(connection, plan)
            with Staging(staging_folder(path), table) as staging:
                noted, refused = stage_records(bodies, now, reader, staging)
                segment = staging.close_segment(reader.offsets())
                batch = Batch(segment=segment, progress=Progress(noted=noted), quarantined=refused, finished=True)
                found += [noted, load_batch(connection, table, run, batch)]
            plain += segment.plain_rows if segment else 0
        for name in written_by(table):
            found += connection.execute(f"FROM {name} ORDER BY ALL").fetchall()
        found += connection.execute("SELECT object, reason, raw FROM ops.quarantine ORDER BY ALL").fetchall()
    return found, plain


@pytest.mark.parametrize("name", [object.name for object in OBJECTS])
def test_every_strange_value_of_every_member_comes_to_the_same(name: str, tmp_path: Path) -> None:
    """Each in a record that is plain otherwise, so that nothing but the value decides on its way."""
    object = next(object for object in OBJECTS if object.name == name)
    fields = DESCRIBED[name].fields
    bodies = []
    for field in fields.values():
        for value in (*_VALUES.get(field.kind, ()), *_WORDS):
            key = f'"k{len(bodies)}"'
            members = {other: key if other in DESCRIBED[name].key else "null" for other in fields} | {field.name: value}
            bodies.append("{" + ",".join(f'"{other}":{text}' for other, text in members.items()) + "}")
    batch = [body.encode(errors="surrogateescape") for body in bodies]
    reader = RecordReader(object, SourceClock(), KEEPING)
    expected, _ = rows(tmp_path, object, OneByOne(reader), [batch])
    found, plain = rows(tmp_path, object, reader, [batch])
    assert found == expected
    assert plain > len(fields)


@pytest.mark.parametrize("name", [object.name for object in OBJECTS])
@settings(deadline=None, max_examples=2)
@given(seed=st.integers(0, 2**32), mode=st.sampled_from(MODES), zone=st.sampled_from(ZONES))
def test_both_ways_of_a_record_come_to_the_same(name: str, seed: int, mode: Mode, zone: str) -> None:
    """Rows with their raw records and notes, what is refused, counts and history; in every mode and zone."""
    random = Random(seed)
    object = next(object for object in OBJECTS if object.name == name)
    plain_ones = [_near_plain(random, name, 1_000 + number, odd=0).encode() for number in range(10)]
    batches = [make_bodies(random, name, 40), [*make_bodies(random, name, 40), *plain_ones]]
    reader = RecordReader(object, SourceClock(zone), masking_of(mode))
    with tempfile.TemporaryDirectory() as folder:
        expected, _ = rows(Path(folder), object, OneByOne(reader), batches)
        found, plain = rows(Path(folder), object, reader, batches)
    assert found == expected
    assert plain, "no record went through the database"


@pytest.mark.parametrize("name", [object.name for object in OBJECTS])
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_a_page_is_plain_where_each_of_its_records_is(name: str, seed: int) -> None:
    """Most pages have one form, and one look at all of their records must find what a look at each does."""
    random = Random(seed)
    object = next(object for object in OBJECTS if object.name == name)
    at_once, one_by_one = (RecordReader(object, SourceClock(), KEEPING) for _ in range(2))
    for _ in range(10):
        page = [_near_plain(random, name, number, odd=0).encode() for number in range(random.randrange(1, 6))]
        for body in make_bodies(random, name, 10)[: random.choice((0, 0, 1))]:
            page.insert(random.randrange(len(page) + 1), body)
        if random.random() < 0.3:
            at = random.randrange(len(page))
            page[at] = random.choice((page[at] + b"\n", page[at][:-1] + b"\n}", b"\n".join(page[at:]), b"", b"\n"))
        for strange in (b"\xeb", b"{'token': 'x'}"):
            texts = page[0].split(b':"')
            at = random.randrange(len(texts))
            page.append(b':"'.join((*texts[:at], strange + texts[at], *texts[at + 1 :])) if at else page[0])
            random.shuffle(page)
        assert list(at_once.plain(page)) == [one_by_one.plain([body])[0] for body in page]
    assert at_once.offsets() == one_by_one.offsets()
