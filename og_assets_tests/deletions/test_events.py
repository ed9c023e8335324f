"""Events get from the inbox into the warehouse exactly once, whatever they say and however often they are read."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from og_assets.assets.events import request_for_new_events
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.ordergroove.masking import KEEPING
from og_assets.sync.ingest import EVENTS_PER_BATCH, KEPT_IN_INBOX, ingest, read_event
from og_assets.warehouse.errors import WarehouseError
from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.inbox import Inbox, InboxEvent

NOW = datetime.now(UTC).replace(microsecond=0)
NOON = datetime(2025, 6, 3, 17, tzinfo=UTC)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """An inbox that is not made yet."""
    inbox = Inbox(tmp_path / "inbox.sqlite")
    yield inbox
    inbox.close()


def event(id: str, type: str | None = "order.create", *, created: int | None = None, body: object = None) -> InboxEvent:
    """An event as received."""
    content = {"id": id, "type": type, "data": {"object": {"public_id": f"of {id}"}}} if body is None else body
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return InboxEvent(id, type, int(NOON.timestamp()) if created is None else created, NOW, raw)


def stored(warehouse: WarehouseResource, columns: str = "event_id") -> list[tuple[object, ...]]:
    """These columns of all events, by id."""
    with warehouse.get_connection(read_only=True) as connection:
        return connection.execute(f"SELECT {columns} FROM ordergroove.events ORDER BY event_id").fetchall()


def test_an_event_is_stored_as_received(warehouse: WarehouseResource, inbox: Inbox) -> None:
    """Type, family, object, when it happened and when it came, and the body byte for byte."""
    body = '{ "id":"1", "type":"item.remove",\n "data":{"object":{"public_id":"é\\u00e9"}}, "n":1.10 }'
    inbox.store(event("1", "item.remove", body=body.encode()))
    report = ingest(inbox, warehouse, run_id="run", masking=KEEPING)
    columns = "event_id, type, family, object_id, event_at, received_at, raw"
    assert stored(warehouse, columns) == [("1", "item.remove", "item", "éé", NOON, NOW, body)]
    assert (report.read, report.new, report.new_by_day) == (1, 1, {date(2025, 6, 3): 1})


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("subscriber.create", {"data": {"object": {"merchant_user_id": "00040001"}}}, ("subscriber", "00040001")),
        ("subscriber.cancel", {"data": {"object": {"merchant_user_id": 40001}}}, ("subscriber", "40001")),
        ("entitlement.granted", {"data": {"object": {}}}, ("entitlement", None)),
        ("brand new", {"data": [1]}, ("brand new", None)),
        (None, {"id": "x"}, (None, None)),
        ("order.create", {"data": {"object": {"public_id": ["x"]}}}, ("order", None)),
        ("order.create", {"data": {"object": {"public_id": True}}}, ("order", None)),
        ("order.create", {"data": {"object": {"public_id": "\0'\""}}}, ("order", "\0'\"")),
        ("order.delete", b'{"data": {"object": {"public_id": "a", "total": 1e400}}}', ("order", "a")),
        ("order.delete", b'{"data": {"object": {"note": "\\ud83d", "public_id": "a"}, "n": NaN}}', ("order", "a")),
        ("order.delete", b'{"data": {"object": {"name": "Zo\xeb", "public_id": 7}}}', ("order", "7")),
    ],
)
def test_unknown_and_odd_events_are_kept(
    warehouse: WarehouseResource, inbox: Inbox, kind: str | None, body: object, expected: tuple[str | None, str | None]
) -> None:
    """What a body does not tell is null."""
    inbox.store(event("1", kind, body=body))
    ingest(inbox, warehouse, run_id="run", masking=KEEPING)
    assert stored(warehouse, "family, object_id") == [expected]


def test_times_that_are_missing_or_far_away_are_kept(warehouse: WarehouseResource, inbox: Inbox) -> None:
    """The first second of the epoch, the last of the year 9999, and none at all; days follow Chicago."""
    inbox.store(InboxEvent("a", "order.create", None, NOW, b"{}"))
    inbox.store(event("b", created=0))
    inbox.store(event("c", created=253_402_300_799))
    inbox.store(event("d", created=int(datetime(2025, 6, 4, 4, 59, tzinfo=UTC).timestamp())))
    report = ingest(inbox, warehouse, run_id="run", masking=KEEPING)
    assert [time is None for (time,) in stored(warehouse, "event_at")] == [True, False, False, False]
    assert report.new_by_day[date(2025, 6, 3)] == 1
    assert report.new_by_day[date(1969, 12, 31)] == 1


def test_reading_again_stores_nothing_twice(warehouse: WarehouseResource, inbox: Inbox) -> None:
    """New ones are read from where the last reading ended; without that note, all is read and the ids decide."""
    inbox.store_all([event(str(number)) for number in range(5)])
    assert ingest(inbox, warehouse, run_id="1", masking=KEEPING).new == 5
    again = ingest(inbox, warehouse, run_id="2", masking=KEEPING)
    assert (again.read, again.new) == (0, 0)
    inbox.store(event("5"))
    assert (ingest(inbox, warehouse, run_id="3", masking=KEEPING).read, len(stored(warehouse))) == (1, 6)
    with warehouse.get_connection() as connection:
        connection.execute("DELETE FROM ops.inbox_state")
    lost = ingest(inbox, warehouse, run_id="4", masking=KEEPING)
    assert (lost.read, lost.new, len(stored(warehouse))) == (6, 0, 6)


def test_many_batches_are_one_reading(warehouse: WarehouseResource, inbox: Inbox) -> None:
    """A backlog is moved whole, and is one row of the log."""
    inbox.store_all([event(f"{number:06d}") for number in range(2 * EVENTS_PER_BATCH + 1)])
    assert ingest(inbox, warehouse, run_id="run", masking=KEEPING).new == 2 * EVENTS_PER_BATCH + 1
    with warehouse.get_connection(read_only=True) as connection:
        runs = connection.execute("SELECT object, mode, outcome, records, inserted FROM ops.sync_runs").fetchall()
    assert runs == [("events", "inbox", "succeeded", 2 * EVENTS_PER_BATCH + 1, 2 * EVENTS_PER_BATCH + 1)]


def test_a_reading_that_stops_in_the_middle_goes_on_there(
    warehouse: WarehouseResource, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Position and events are one commit: nothing is lost, nothing twice."""
    monkeypatch.setattr("og_assets.sync.ingest.EVENTS_PER_BATCH", 10)
    inbox.store_all([event(f"{number:03d}") for number in range(35)])
    after = inbox.after
    reads = 0

    def after_until_the_third(position: int, limit: int = 1000) -> list[tuple[int, InboxEvent]]:
        nonlocal reads
        reads += 1
        if reads == 4:
            raise WarehouseError("the disk is full")
        return after(position, limit)

    monkeypatch.setattr(inbox, "after", after_until_the_third)
    with pytest.raises(WarehouseError):
        ingest(inbox, warehouse, run_id="run", masking=KEEPING)
    assert len(stored(warehouse)) == 20
    monkeypatch.undo()
    report = ingest(inbox, warehouse, run_id="run", masking=KEEPING)
    assert (report.read, report.new, len(stored(warehouse))) == (15, 15, 35)
    with warehouse.get_connection(read_only=True) as connection:
        assert connection.execute("SELECT outcome, error FROM ops.sync_runs ORDER BY sync_id").fetchall() == [
            ("failed", "the disk is full"),
            ("succeeded", None),
        ]


def test_a_new_inbox_file_is_read_from_its_start(warehouse: WarehouseResource, inbox: Inbox, tmp_path: Path) -> None:
    """Positions of another file mean nothing here."""
    inbox.store_all([event(str(number)) for number in range(5)])
    ingest(inbox, warehouse, run_id="1", masking=KEEPING)
    other = Inbox(tmp_path / "other.sqlite")
    other.store_all([event("3"), event("new")])
    report = ingest(other, warehouse, run_id="2", masking=KEEPING)
    other.close()
    assert (report.read, report.new, len(stored(warehouse))) == (2, 1, 6)


def test_old_events_leave_the_inbox_once_they_are_stored(warehouse: WarehouseResource, inbox: Inbox) -> None:
    """Young ones stay: they may be sent again."""
    old = InboxEvent("old", "order.create", 1, NOW - KEPT_IN_INBOX - timedelta(hours=1), b"{}")
    inbox.store_all([old, event("young")])
    ingest(inbox, warehouse, run_id="run", masking=KEEPING)
    assert [received.id for _, received in inbox.after(0)] == ["young"]
    assert len(stored(warehouse)) == 2


def test_no_inbox_is_no_event(warehouse: WarehouseResource, inbox: Inbox) -> None:
    """Webhooks are optional; no file is made by looking."""
    assert ingest(inbox, warehouse, run_id="run", masking=KEEPING).read == 0
    assert inbox.identity() is None


def test_the_sensor_asks_for_one_run_per_news(inbox: Inbox) -> None:
    """Nothing without an inbox, one run when events came, none beside it, one for what came meanwhile."""

    def look(instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
        context = dg.build_sensor_context(instance=instance, cursor=cursor)
        return request_for_new_events(context, inbox, "process_webhooks", {"day": "today"})

    @dg.job(name="process_webhooks")
    def job() -> None:
        pass

    with dg.instance_for_test() as instance:
        nothing = look(instance, None)
        assert isinstance(nothing, dg.SkipReason)
        assert "no webhook inbox yet" in str(nothing.skip_message)
        inbox.store(event("1"))
        asked = look(instance, None)
        assert isinstance(asked, dg.SensorResult)
        (request,) = asked.run_requests or []
        assert request.tags == {"day": "today"}
        assert isinstance(look(instance, asked.cursor), dg.SkipReason)
        inbox.store(event("2"))
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        busy = look(instance, asked.cursor)
        assert isinstance(busy, dg.SkipReason)
        assert run.run_id in str(busy.skip_message)
        instance.report_run_canceled(run)
        later = look(instance, asked.cursor)
        assert isinstance(later, dg.SensorResult)
        assert later.cursor != asked.cursor


def test_the_sensor_says_why_an_inbox_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged file stops no other sensor."""
    path = tmp_path / "inbox.sqlite"
    path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with dg.instance_for_test() as instance:
        skipped = request_for_new_events(
            dg.build_sensor_context(instance=instance), Inbox(path), "process_webhooks", {}
        )
    assert isinstance(skipped, dg.SkipReason)
    assert str(path) in str(skipped.skip_message)


def test_a_failure_is_told_though_the_warehouse_is_locked_then(
    warehouse: WarehouseResource, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it cannot be written to the sync log either is not what a person has to know."""
    inbox.store(event("1"))

    def lose_the_disk(*arguments: object, **options: object) -> None:
        monkeypatch.setattr(type(warehouse), "get_connection", refuse)
        raise InboxError(inbox.place, "the first cause")

    def refuse(*arguments: object, **options: object) -> None:
        raise WarehouseError("locked")

    monkeypatch.setattr("og_assets.sync.ingest.store_events", lose_the_disk)
    with pytest.raises(InboxError, match="the first cause"):
        ingest(inbox, warehouse, run_id="run", masking=KEEPING)


def test_event_that_is_no_utf8_is_json_in_its_row() -> None:
    """What is derived reads it as JSON; its bytes are written out."""
    body = b'{"id": "e", "data": {"object": {"public_id": "o1", "note": "Zo\xeb"}}}'
    row = read_event(InboxEvent("e", "order.delete", 1, datetime(2025, 6, 3, tzinfo=UTC), body), KEEPING)
    assert row.object_id == "o1"
    assert json.loads(row.raw)["data"]["object"]["note"] == "Zo\\xeb"
