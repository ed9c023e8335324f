"""Webhook events as the receiver takes them: envelope, masking, inbox, and from there into the warehouse."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from og_assets.ordergroove.event_mask import mask_event
from og_assets.sync.ingest import ingest
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets.webhooks.envelope import BadEnvelope, read_envelope
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets_tests.fuzz.claims import Claim, Problem, leak
from og_assets_tests.fuzz.contract import EVENT_IDS
from og_assets_tests.fuzz.events import Event
from og_assets_tests.fuzz.json_text import OPEN, TEXT, Json, Tokens, members, take_apart
from og_assets_tests.fuzz.modes import Mode, difference
from og_assets_tests.fuzz.stored import leaks, rows_of
from og_assets_tests.fuzz.through_reader import masking_of

Found = tuple[Event, Problem]
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
RECEIVED = datetime(2025, 6, 3, 17, tzinfo=UTC)


def check_mask(event: Event, mode: Mode) -> list[Problem]:
    """What is wrong with what masking makes of one event."""
    try:
        stored = mask_event(event.data, masking_of(mode))
    except Exception as error:  # noqa: BLE001 - an acknowledged event must get into the inbox
        return [Problem(Claim.LOST, f"mask_event raises {type(error).__name__}", str(error)[:200])]
    return list(_problems(event, stored, mode))


def check_events(events: Sequence[Event], mode: Mode, folder: Path) -> Iterator[Found]:
    """Problems of events that go through an inbox into a new warehouse, both in `folder`, some of them twice."""
    warehouse = WarehouseAt(folder / "warehouse.duckdb")
    inbox = Inbox(folder / "inbox.sqlite")
    sent: dict[str, Event] = {}
    taken: list[InboxEvent] = []
    known: set[tuple[str, Claim]] = set()
    for event in events:
        try:
            envelope = read_envelope(event.data)
        except BadEnvelope as error:
            if _has_id(event):
                yield event, Problem(Claim.LOST, "an event with an id is refused", str(error))
            continue
        except Exception as error:  # noqa: BLE001 - the receiver must answer
            yield event, Problem(Claim.LOST, f"read_envelope raises {type(error).__name__}", str(error)[:200])
            continue
        problems = check_mask(event, mode)
        known.update((envelope.id, problem.claim) for problem in problems)
        yield from ((event, problem) for problem in problems)
        if problems and problems[0].family.startswith("mask_event raises"):
            continue
        sent.setdefault(envelope.id, event)
        stored = mask_event(event.data, masking_of(mode))
        taken.append(InboxEvent(envelope.id, envelope.type, envelope.created, RECEIVED, stored))
    inbox.store_all(taken)
    inbox.store_all(taken[::7])
    ingest(inbox, warehouse, run_id="fuzz", masking=masking_of(mode))
    inbox.close()
    # What masking alone gets wrong is not told a second time.
    for id, event, problem in _compare(sent, mode, warehouse):
        if (id, problem.claim) not in known:
            yield event, problem
    for problem in leaks(folder, warehouse, mode):
        yield next((event for event in events if event.inner.serial[2:] in problem.detail), events[0]), problem


def _compare(sent: dict[str, Event], mode: Mode, warehouse: WarehouseAt) -> Iterator[tuple[str, Event, Problem]]:
    rows = {row["event_id"]: row for row in rows_of(warehouse, "ordergroove.events")}
    for id, event in sent.items():
        row = rows.get(id) if "\ud800" not in id else {}
        if row is None:
            yield id, event, Problem(Claim.LOST, "an acknowledged event has no row", repr(id))
        elif row:
            for problem in _problems(event, row["raw"].encode(), mode):
                yield id, event, Problem(problem.claim, f"ordergroove.events: {problem.family}", problem.detail)
            yield from ((id, event, problem) for problem in _row_problems(event, row))
    if len(rows) != len(sent):
        id, some = next(iter(sent.items()))
        yield id, some, Problem(Claim.LOST, "events are not each there once", f"{len(sent)} sent, {len(rows)} rows")


def _problems(event: Event, stored: bytes, mode: Mode) -> Iterator[Problem]:
    text = stored.decode("utf-8", "backslashreplace")
    leaked = leak(text, mode)
    if leaked:
        yield Problem(Claim.LEAKED, "planted text is shown", leaked)
    came, shown = event.json, take_apart(text)
    if came is None or came.flaws or _NOT_UTF8.search(event.text) or came.tokens[0] != (OPEN, "{"):
        return
    if shown is None or shown.flaws:
        yield Problem(Claim.LOST, "a stored event is not JSON", text[:200])
    elif not mode.masked:
        problem = difference(came.tokens, shown.tokens, mode)
        if problem:
            leaks_it = problem.endswith("in clear")
            family = "a secret is in clear" if leaks_it else "a stored event is not what came"
            yield Problem(Claim.LEAKED if leaks_it else Claim.LOST, family, problem)
    else:
        yield from _missing_ids(event, came, shown)


def _missing_ids(event: Event, came: Json, shown: Json) -> Iterator[Problem]:
    """In hash and drop, what tells the event and what it is about is there as it came."""
    for name in ("id", "type", "created"):
        if not event.odd_envelope and _last(came.tokens, name) != _last(shown.tokens, name):
            yield Problem(Claim.LOST, "a stored event lacks what tells it", name)
    for name in EVENT_IDS:
        mine, theirs = (_last(json.tokens, "data", "object", name) for json in (came, shown))
        if event.odd_envelope or name in event.inner.touched or mine == theirs or not mine:
            continue
        yield Problem(Claim.LOST, "a stored event lacks what it is about", f"{name}: {theirs} came as {mine}")


def _row_problems(event: Event, row: dict[str, object]) -> Iterator[Problem]:
    if event.odd_envelope or event.json is None:
        return
    told = {name: value[0][1] for name in ("id", "type", "created") if (value := _last(event.json.tokens, name))}
    if len(told) < 3:
        return
    family, at = told["type"].partition(".")[0], datetime.fromtimestamp(int(told["created"]), UTC)
    if (row["event_id"], row["type"], row["family"], row["event_at"]) != (told["id"], told["type"], family, at):
        yield Problem(Claim.SILENT, "a row tells another event", str(row)[:200])
    key = "merchant_user_id" if family == "subscriber" else "public_id"
    about = _last(event.json.tokens, "data", "object", key)
    if key not in event.inner.touched and about and about[0][0] == TEXT and row["object_id"] != about[0][1]:
        yield Problem(Claim.SILENT, "a row is about another object", f"{row['object_id']!r} for {about[0][1]!r}")


def _last(tokens: Tokens, *path: str) -> Tokens:
    for name in path:
        tokens = dict(members(tokens)).get(name, [])
    return tokens


def _has_id(event: Event) -> bool:
    """Whether a body is JSON and has an id that tells it from others."""
    if event.json is None or event.json.flaws or _NOT_UTF8.search(event.text):
        return False
    ids = [tokens for name, tokens in members(event.json.tokens) if name == "id"]
    return bool(ids) and all(map(_is_id, ids))


def _is_id(tokens: Tokens) -> bool:
    kind, text = tokens[0]
    return len(tokens) == 1 and (bool(text.strip()) if kind == TEXT else text.isdigit())
