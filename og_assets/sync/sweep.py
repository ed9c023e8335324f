"""The sweep: finds orders and items that Ordergroove has deleted, without any event. Joins client and warehouse.

Ordergroove hides deleted rows from every list (guide: implement-custom-data-pipelines), so the sweep lists what
is open, takes what the warehouse believes open beside it, and looks up the difference one by one. What webhooks told
of deletions and moves since the last sweep is looked up too: they may be wrong. Only an answer 404 counts. A look-up
or two without an answer are left undecided, for the next sweep; more, or a list that fails, and nothing at all is
written. Where webhooks are shown to tell of every deletion, what is open is listed once a night, and the sweep between
looks only at what they and changed orders point at. Knows no Dagster.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from duckdb import DuckDBPyConnection
from pydantic_core import to_json

from og_assets.errors import OgAssetsError
from og_assets.ordergroove.errors import OrdergrooveError, StillFailing, UnexpectedPage, Unreachable
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.ordergroove.reader import Accepted
from og_assets.sync.forgetting import forgetful
from og_assets.sync.logged_run import logged_run
from og_assets.sync.pull import object_table, progress_of
from og_assets.sync.source import Source
from og_assets.sync.staged_records import staged_line
from og_assets.sync.windows import last_evening
from og_assets.warehouse.findings import (
    Finding,
    Suspect,
    Suspects,
    find_suspects,
    finish_sweep,
    open_statuses,
    told_by_webhooks_since,
)
from og_assets.warehouse.forgotten import NOBODY, Forgotten, read_forgotten, require_same
from og_assets.warehouse.history import ensure_objects
from og_assets.warehouse.load import Batch, load_batch
from og_assets.warehouse.progress import Progress, QuarantinedRecord, SyncPlan, SyncRun
from og_assets.warehouse.staging import Segment, Staging, staging_folder
from og_assets.warehouse.warehouse import Warehouse

log = logging.getLogger("og_assets")

MODE = "sweep"
"""`ops.sync_runs.mode` of a sweep."""
ALWAYS_PLAUSIBLE = 50
"""So many missing ones are looked up whatever their share: a small merchant may cancel half of its orders."""
PLAUSIBLE_SHARE = 0.2
"""Up to this share of the open ones may be missing; more looks like a wrong key or a broken list."""

UNDECIDED_AT_MOST = 3
"""So many look-ups may stay without an answer, though each is retried for minutes; more look like an outage."""


class SweepRefused(OgAssetsError):
    """A sweep that would not be safe; nothing was written. The message says what was seen and what to check."""


class OneCustomerSeen(SweepRefused):
    """The key lists fewer than two customers, so that everybody else's orders would look deleted."""

    def __init__(self, object_name: str, customers: int) -> None:
        seen = "one customer" if customers else "no customer"
        super().__init__(
            f"{object_name}: the API key shows {seen}, so what it does not show is no sign of a deletion. Nothing was "
            "written. Check that ORDERGROOVE_API_KEY has the Bulk Operations permission and belongs to the merchant "
            "of this warehouse, and that ORDERGROOVE_BASE_URL is the same environment."
        )


class TooManyMissing(SweepRefused):
    """More of the open ones are missing from the list than is plausible."""

    def __init__(self, object_name: str, missing: int, believed: int, limit: int) -> None:
        super().__init__(
            f"{object_name}: {missing:,} of {believed:,} that the warehouse believes open are not in Ordergroove's "
            f"list; more than {limit:,} are not taken for deleted. Nothing was written. Check that the last sync is "
            "recent and complete (run `sync` first), and that ORDERGROOVE_API_KEY and ORDERGROOVE_BASE_URL are those "
            "of this warehouse. If so many were really deleted, run this asset with the config `max_share: 1.0`."
        )


class StampsAhead(SweepRefused):
    """Many are suspect because of stamps that are later than the fetch that told them."""

    def __init__(self, object_name: str, missing: int, believed: int, ahead: int, zone_name: str) -> None:
        super().__init__(
            f"{object_name}: {missing:,} of {believed:,} look deleted, {ahead:,} of them because their order's stamp "
            f"is later than the moment when it was fetched: Ordergroove's stamps are not of the zone {zone_name}. "
            "Nothing was written. Set ORDERGROOVE_SOURCE_TZ to the zone of Ordergroove's stamps, then run the job "
            "`full_refresh`, which reads everything again."
        )


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep did: open ones listed, believed open, looked up as missing, gone, and still there.

    `lifted` counts those that were there although they were held for deleted or in another order,
    `undecided` look-ups that got no answer. `told_since` (aware) is since when webhooks told of all deletions, and
    nothing was listed; None when all was.
    """

    sync_id: int
    listed: int = 0
    believed: int = 0
    candidates: int = 0
    gone: int = 0
    came_back: int = 0
    lifted: int = 0
    undecided: int = 0
    requests: int = 0
    seconds: float = 0.0
    told_since: datetime | None = None


class _Listed(msgspec.Struct):
    public_id: str | int


_listed = msgspec.json.Decoder(_Listed)


def sweep(
    object: OrdergrooveObject,
    source: Source,
    warehouse: Warehouse,
    *,
    run_id: str,
    max_share: float = PLAUSIBLE_SHARE,
    may_trust_webhooks: bool = False,
) -> SweepReport:
    """Find what was deleted of `object`, orders or items, and keep the findings for the tombstones.

    Sweep orders before items: the items of an order that is gone are looked up too. Candidates that
    exist are upserted. `max_share` is the share of the open ones that may be missing. With `may_trust_webhooks` what is
    open is not listed again the same night, where webhooks are shown to tell of every deletion.

    Raises SweepRefused, OrdergrooveError and WarehouseError, each with a message for a person; nothing
    is then written but the failure in `ops.sync_runs`.
    """
    statuses: Sequence[int] = ()
    known = 0
    forgotten = NOBODY
    told_since: datetime | None = None

    def plan(connection: DuckDBPyConnection) -> SyncPlan:
        nonlocal statuses, known, forgotten, told_since
        ensure_objects(connection, [object_table(deletable) for deletable in OBJECTS if deletable.deletable])
        counted = connection.execute(f"SELECT count(*) FROM {object_table(object).qualified_name}").fetchone()
        known = counted[0] if counted else 0
        statuses = open_statuses(connection)
        forgotten = read_forgotten(connection)
        now = datetime.now(UTC)
        if may_trust_webhooks:
            told_since = told_by_webhooks_since(connection, object.name, last_evening(now), now)
        if told_since is not None:
            statuses = ()
        return SyncPlan(
            object_name=object.name,
            run_id=run_id,
            mode=MODE,
            filters={"status": statuses},
            window_start=told_since,
            started_at=now,
        )

    with logged_run(warehouse, plan) as run:
        work = _Sweep(object, source, warehouse, run, max_share, forgotten)
        return work.run(statuses, told_since) if known else work.nothing_known()


class _Sweep:
    """One sweep between its steps."""

    def __init__(
        self,
        object: OrdergrooveObject,
        source: Source,
        warehouse: Warehouse,
        run: SyncRun,
        max_share: float,
        forgotten: Forgotten,
    ) -> None:
        self._object = object
        self._table = object_table(object)
        self._client = source.client
        self._warehouse = warehouse
        self._reader = forgetful(object, source, forgotten)
        self._forgotten = forgotten
        self._clock = source.clock
        self._run = run
        self._max_share = max_share
        self._progress = Progress()
        self._refused: list[QuarantinedRecord] = []
        self._unanswered: list[OrdergrooveError] = []
        self._started = time.monotonic()

    def nothing_known(self) -> SweepReport:
        """The warehouse has no row that could be gone, so Ordergroove need not be asked."""
        self._write(None, [])
        return SweepReport(sync_id=self._run.sync_id)

    def run(self, statuses: Sequence[int], told_since: datetime | None) -> SweepReport:
        if told_since is not None:
            log.info(
                "%s: webhooks tell of every deletion, so what is open was last listed at %s UTC and is again tonight",
                self._object.name,
                f"{told_since:%Y-%m-%d %H:%M:%S}",
            )
        listed_since = datetime.now(UTC)
        preflight = self._client.preflight()
        if not preflight.sees_several_customers:
            raise OneCustomerSeen(self._object.name, preflight.customers)
        skew = preflight.clock_skew.total_seconds() if preflight.clock_skew is not None else None
        self._progress = Progress(requests=1, clock_skew_seconds=skew)
        with Staging(staging_folder(self._warehouse.place), self._table) as staging:
            self._list(statuses, staging)
            suspects = self._suspects(staging.close_segment(), listed_since, whole=told_since is None)
            self._guard(suspects)
            gone, there = self._look_up(suspects.candidates, staging)
            confirmed, lifted = self._look_up(suspects.doubtful, staging)
            self._write(staging.close_segment(), [*gone, *confirmed])
        log.info(
            "%s: %d listed as open, %d missing from the list, %d of them gone; %d requests",
            self._object.name,
            self._progress.records,
            len(suspects.candidates),
            len(gone),
            self._progress.requests,
        )
        return SweepReport(
            sync_id=self._run.sync_id,
            listed=self._progress.records,
            believed=suspects.believed,
            candidates=len(suspects.candidates),
            gone=len(gone),
            came_back=there,
            lifted=lifted,
            undecided=len(self._unanswered),
            requests=self._progress.requests,
            seconds=time.monotonic() - self._started,
            told_since=told_since,
        )

    def _list(self, statuses: Sequence[int], staging: Staging) -> None:
        """Stage the ids of all that is open. An order that changes its status meanwhile is in two lists or in none."""
        for status in statuses:
            for page in self._client.pages(self._object, {"status": str(status)}):
                self._progress += progress_of(page)
                ids = (_id_of(record) for record in page.records)
                # A record without a readable id is passed over: whoever it is gets looked up, and is there.
                staging.write_page(b'{"id":%b}' % to_json(id) for id in ids if id is not None)

    def _suspects(self, listed: Segment | None, listed_since: datetime, *, whole: bool) -> Suspects:
        zone = self._clock.zone_name
        with self._warehouse.get_connection() as connection:
            suspects = find_suspects(connection, self._object.name, listed, listed_since, zone, whole=whole)
        if listed:
            listed.discard()
        return suspects

    def _guard(self, suspects: Suspects) -> None:
        limit = max(ALWAYS_PLAUSIBLE, int(self._max_share * suspects.believed))
        missing = len(suspects.candidates)
        if missing <= limit:
            return
        ahead = sum(suspect.is_ahead for suspect in suspects.candidates)
        if ahead * 2 > missing:
            raise StampsAhead(self._object.name, missing, suspects.believed, ahead, self._clock.zone_name)
        raise TooManyMissing(self._object.name, missing, suspects.believed, limit)

    def _look_up(self, suspects: Sequence[Suspect], staging: Staging) -> tuple[list[Finding], int]:
        """Retrieve each suspect: those that answer 404, and how many exist; the records of these are staged."""
        findings, there = [], 0
        for suspect in suspects:
            asked_at = datetime.now(UTC)
            self._progress += Progress(requests=1)
            try:
                body = self._client.retrieve(self._object, suspect.id)
            except (StillFailing, UnexpectedPage) as error:
                self._leave_undecided(error)
                continue
            if body is None:
                findings.append(Finding(suspect, asked_at))
                continue
            there += 1
            record = self._reader.read(body)
            if isinstance(record, Accepted):
                staging.write(staged_line(record, to_json(asked_at)))
            else:
                self._refused.append(QuarantinedRecord(record.reason, record.raw, record.digest))
        return findings, there

    def _leave_undecided(self, error: OrdergrooveError) -> None:
        """Go on without an answer, unless there are too many of that kind or nobody answers at all."""
        if isinstance(error, Unreachable) or len(self._unanswered) == UNDECIDED_AT_MOST:
            raise error
        self._unanswered.append(error)
        log.warning("%s Whether it is gone is left undecided; the next sweep looks it up again.", error)

    def _write(self, segment: Segment | None, findings: Sequence[Finding]) -> None:
        with self._warehouse.get_connection() as connection:
            require_same(connection, self._forgotten)
            batch = Batch(segment=segment, progress=self._progress, quarantined=self._refused)
            load_batch(connection, self._table, self._run, batch, keeping=self._warehouse.keeping)
            finish_sweep(connection, self._run, self._progress, findings, self._left_undecided())

    def _left_undecided(self) -> str | None:
        """What the sync log says about look-ups without an answer."""
        if not self._unanswered:
            return None
        return f"Left undecided, {len(self._unanswered)} without an answer; last: {self._unanswered[-1]}"


def _id_of(record: bytes) -> str | None:
    try:
        return str(_listed.decode(record).public_id)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
