"""Records through the record reader alone: no page, no file, no database."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import Masking, PersonalData
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.reader import Accepted, RecordReader
from og_assets_tests.fuzz import contract
from og_assets_tests.fuzz.claims import (
    Body,
    Claim,
    Place,
    Problem,
    Row,
    leak,
    place_of,
    quarantine_problem,
    row_problems,
)
from og_assets_tests.fuzz.contract import MEMBERS, Kind
from og_assets_tests.fuzz.modes import Mode

_BY_NAME = {object.name: object for object in OBJECTS}


def masking_of(mode: Mode) -> Masking:
    """The product's own setting for a mode."""
    return Masking(PersonalData(mode.personal), mode.salt)


@lru_cache
def _reader(object: str, mode: Mode) -> RecordReader:
    return RecordReader(_BY_NAME[object], SourceClock("America/New_York"), masking_of(mode))


def check_record(body: Body, mode: Mode) -> list[Problem]:
    """What is wrong with what the reader makes of one record."""
    place, keys = place_of(body, mode)
    try:
        outcome = _reader(body.object, mode).read(body.data)
    except Exception as error:  # noqa: BLE001 - a record must never be the end of its pull
        return [Problem(Claim.LOST, f"the reader raises {type(error).__name__}", str(error)[:200])]
    problems: list[Problem] = []
    if isinstance(outcome, Accepted):
        values = outcome.values.decode()
        shown = " ".join((values, outcome.raw, *outcome.notes))
        if place is Place.QUARANTINE or body.json is None:
            problems.append(Problem(Claim.SILENT, "a row without a usable key", values[:120]))
        else:
            row = Row(_columns(body.object, values), outcome.raw, list(outcome.notes))
            key = tuple(row.columns[name] for name in contract.OBJECTS[body.object].key)
            if key not in keys:
                problems.append(Problem(Claim.SILENT, "a row with another key", f"{key} of {keys}"))
            problems += row_problems(body, row, mode)
    else:
        shown = f"{outcome.reason} {outcome.raw}"
        if place is Place.TABLE:
            problems.append(Problem(Claim.LOST, "a record with a usable key is refused", outcome.reason[:200]))
        found = quarantine_problem(body, outcome.raw, mode)
        problems += [found] if found else []
    leaked = leak(shown, mode)
    if leaked:
        problems.append(Problem(Claim.LEAKED, "planted text is shown", leaked))
    return problems


@lru_cache
def kinds_of(object: str) -> dict[str, Kind]:
    """The kind of each column."""
    kinds: dict[str, Kind] = {}
    for field in contract.OBJECTS[object].fields.values():
        kinds[field.name] = field.kind
        kinds |= dict(MEMBERS.get(field.name, {}).values())
    return kinds | {"place_date": Kind.DAY, "cancel_reason_code_number": Kind.INT}


def _columns(object: str, values: str) -> dict[str, object]:
    kinds = kinds_of(object)
    told: dict[str, object] = json.loads(values)
    return {name: _CANONICAL[kinds.get(name, Kind.TEXT)](value) for name, value in told.items()}


def _made_by(make: Callable[[str], object]) -> Callable[[object], object]:
    return lambda value: make(value) if isinstance(value, str) else value


_CANONICAL: dict[Kind, Callable[[object], object]] = dict.fromkeys(Kind, lambda value: value) | {
    Kind.MONEY: _made_by(Decimal),
    Kind.STAMP: _made_by(datetime.fromisoformat),
    Kind.DAY: _made_by(date.fromisoformat),
}
