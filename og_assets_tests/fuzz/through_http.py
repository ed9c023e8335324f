"""Records over real HTTP through client, pages, reader and staging into a DuckDB file, and back out of it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from uuid import uuid4

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.sync.pull import pull
from og_assets.sync.source import Source
from og_assets.sync.windows import PullMode, PullRequest
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets_tests.fuzz import contract
from og_assets_tests.fuzz.claims import (
    Body,
    Claim,
    Place,
    Problem,
    place_of,
    quarantine_problem,
    row_problems,
    serials,
)
from og_assets_tests.fuzz.modes import Mode
from og_assets_tests.fuzz.server import ListServer
from og_assets_tests.fuzz.stored import leaks, row_of, rows_of
from og_assets_tests.fuzz.through_reader import masking_of

QUICK = RetryPolicy(tries=2, first_delay=0.001, max_delay=0.01)
Found = tuple[Body, Problem]


def check_pull(bodies: Sequence[Body], mode: Mode, folder: Path, page_size: int = 100) -> Iterator[Found]:
    """Problems of a pull that lists these records, all of one object, into a new warehouse in `folder`."""
    object = next(object for object in OBJECTS if object.name == bodies[0].object)
    warehouse = WarehouseAt(folder / "warehouse.duckdb")
    today = date(2025, 6, 3)
    request = PullRequest(mode=PullMode.WHOLE_HISTORY, first_day=today, last_day=today, today=today)
    with ListServer(page_size) as server:
        server.bodies = [body.data for body in bodies]
        with OrdergrooveClient(server.url, "key", requests_per_minute=None, retry=QUICK) as client:
            try:
                source = Source(client, SourceClock("America/New_York"), masking_of(mode))
                pull(object, source, warehouse, request, run_id=str(uuid4()), page_size=page_size)
            except Exception as error:  # noqa: BLE001 - no record may be the end of its pull
                yield bodies[0], Problem(Claim.LOST, f"the pull ends with {type(error).__name__}", str(error)[:300])
                return
    yield from _compare(bodies, mode, warehouse)
    for problem in leaks(folder, warehouse, mode):
        numbers = set(re.findall("[0-9a-f]{8}", problem.detail.lower()))
        yield next((body for body in bodies if body.serial[2:] in numbers), bodies[0]), problem


def _compare(bodies: Sequence[Body], mode: Mode, warehouse: WarehouseAt) -> Iterator[Found]:
    key = contract.OBJECTS[bodies[0].object].key
    rows = {tuple(row[name] for name in key): row for row in rows_of(warehouse, f"ordergroove.{bodies[0].object}")}
    refused: list[Body] = []
    meant: dict[tuple[str, ...], list[Body]] = defaultdict(list)
    for body in bodies:
        place, keys = place_of(body, mode)
        found = next((candidate for candidate in keys if candidate in rows), None)
        if found is not None and (place is Place.TABLE or _is_from(rows[found]["_raw"], body)):
            meant[found].append(body)
        else:
            refused.append(body)
            if place is Place.TABLE:
                yield body, Problem(Claim.LOST, "a record with a usable key has no row", str(keys[:1]))
    for found, senders in meant.items():
        for problem in row_problems(senders[-1], row_of(rows[found]), mode):
            yield senders[-1], problem
    for found in rows.keys() - meant.keys():
        yield bodies[0], Problem(Claim.SILENT, "a row that no record explains", f"{found} {rows[found]['_raw'][:200]}")
    yield from _compare_quarantine(refused, mode, warehouse)


def _is_from(raw: str, body: Body) -> bool:
    marks = serials(raw)
    return body.serial in marks or not marks


def _compare_quarantine(refused: Sequence[Body], mode: Mode, warehouse: WarehouseAt) -> Iterator[Found]:
    """Each distinct record once, and whole as far as it may be shown."""
    shown = [row["raw"] for row in rows_of(warehouse, "ops.quarantine")]
    distinct = {body.data: body for body in refused}
    by_serial: dict[str, list[str]] = defaultdict(list)
    for raw in shown:
        for serial in serials(raw) or {""}:
            by_serial[serial].append(raw)
    vanished: list[Body] = []
    for body in distinct.values():
        # Where all that names a record was a secret, its quarantined text has no name either.
        named = body.serial if body.serial in by_serial else ""
        problems = [quarantine_problem(body, raw, mode) for raw in by_serial[named]]
        if None not in problems and not _may_be_withheld(body, mode):
            vanished.append(body)
            yield (
                body,
                next(filter(None, problems), None)
                or Problem(Claim.LOST, "a record is neither in its table nor in quarantine"),
            )
    if len(shown) != len(distinct):
        suspects = [body for body in distinct.values() if not by_serial[body.serial]] or list(distinct.values())
        missing = len(distinct) - len(shown)
        if missing != len(vanished):
            detail = f"{len(distinct)} refused, {len(shown)} in quarantine"
            yield (suspects or refused)[0], Problem(Claim.LOST, "quarantine does not hold each record once", detail)


def _may_be_withheld(body: Body, mode: Mode) -> bool:
    """Whether quarantine may hold no more of a record than that it came."""
    return quarantine_problem(body, "", mode) is None
