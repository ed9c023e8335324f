"""One pull of one object: read its pages, validate, stage, load. Joins Ordergroove and the warehouse; knows no Dagster.

A pull ends in one of two ways: every page is loaded and the last batch has moved the watermark, or
an error is raised, the batches before it are loaded and the watermark is where it was.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from duckdb import DuckDBPyConnection

from og_assets.errors import message_of
from og_assets.ordergroove.client import PAGE_SIZE
from og_assets.ordergroove.clock import CLOCK_SKEW_LIMIT
from og_assets.ordergroove.errors import CursorExpired
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.page import Page
from og_assets.ordergroove.read_ahead import read_ahead
from og_assets.ordergroove.reader import Accepted
from og_assets.ordergroove.tracked import TRACKED
from og_assets.sync.forgetting import forgetful
from og_assets.sync.load_behind import LoadBehind
from og_assets.sync.logged_run import logged_run
from og_assets.sync.progress_lines import ProgressLines
from og_assets.sync.source import Source
from og_assets.sync.staged_records import stage_records
from og_assets.sync.windows import PullMode, PullRequest, SegmentRequest, SyncWindow
from og_assets.warehouse.forgotten import NOBODY, read_forgotten, require_same
from og_assets.warehouse.history import ensure_objects
from og_assets.warehouse.load import Batch, load_batch
from og_assets.warehouse.progress import BatchCounts, Progress, QuarantinedRecord, SyncPlan, SyncRun
from og_assets.warehouse.staging import Staging, staging_folder
from og_assets.warehouse.sync_log import (
    begin_sync,
    fail_sync,
    forget_resume,
    read_counts,
    read_last_whole_count,
    read_watermark,
)
from og_assets.warehouse.tables import Table, Versions
from og_assets.warehouse.warehouse import Warehouse

log = logging.getLogger("og_assets")

PAGES_AHEAD = 64
"""How many pages the reader may be ahead: enough that it does not wait while a batch waits for the load before it."""


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a complete pull did. Instants are aware; `counts` are keys of the table."""

    sync_id: int
    window: SyncWindow
    filters: dict[str, str]
    watermark_before: datetime | None
    watermark_after: datetime | None
    progress: Progress
    counts: BatchCounts
    quarantined: int
    seconds: float
    rows: int
    started_at: datetime
    """The start of the pull on Ordergroove's clock, or on ours when it told none."""


def object_table(object: OrdergrooveObject) -> Table:
    """The table in the warehouse that holds an object."""
    return Table(
        "ordergroove",
        object.name,
        object.key,
        object.columns,
        f"{object.record.__doc__}",
        listed_whole=not object.is_incremental,
        deletable=object.deletable,
        versions=Versions(TRACKED[object.name], object.change_stamp) if object.name in TRACKED else None,
    )


def pull(
    object: OrdergrooveObject,
    source: Source,
    warehouse: Warehouse,
    request: PullRequest | SegmentRequest,
    *,
    run_id: str,
    page_size: int = PAGE_SIZE,
) -> PullReport:
    """Pull `object` for the window that `request` makes of its watermark, and load it.

    A pull of the same `run_id`, mode and window that stopped after a loaded batch goes on there if
    Ordergroove still takes its cursor. So does a first sync that stopped in an earlier run; what changed since that
    began is then pulled after it, and the report has the figures of both.
    Raises OrdergrooveError, WarehouseError or SettingError, each with a message for a person; what was
    loaded until then stays loaded.
    """
    report, went_on = _pull(object, source, warehouse, request, run_id=run_id, page_size=page_size)
    if not went_on:
        return report
    then, _ = _pull(object, source, warehouse, request, run_id=run_id, page_size=page_size)
    return summed([report, then])


def summed(reports: Sequence[PullReport]) -> PullReport:
    """Pulls that together read the window of the first: the last report with the figures of all."""
    return replace(
        reports[-1],
        window=reports[0].window,
        filters=reports[0].filters,
        watermark_before=reports[0].watermark_before,
        progress=sum((report.progress for report in reports), Progress()),
        counts=sum((report.counts for report in reports), BatchCounts()),
        quarantined=sum(report.quarantined for report in reports),
        seconds=sum(report.seconds for report in reports),
    )


def _pull(
    object: OrdergrooveObject,
    source: Source,
    warehouse: Warehouse,
    request: PullRequest | SegmentRequest,
    *,
    run_id: str,
    page_size: int,
) -> tuple[PullReport, bool]:
    """One pull, and whether it went on after pages that an earlier run had loaded."""
    started = time.monotonic()
    begun = _Begun(object, source, request, run_id)
    with logged_run(warehouse, begun.plan) as run:
        log.info("%s: %s", object.name, _intent(object, begun, run))
        work = _Pull(begun, source, warehouse, run, page_size=page_size)
        work.run()
    report = PullReport(
        sync_id=run.sync_id,
        window=begun.window,
        filters=begun.filters,
        watermark_before=begun.watermark,
        watermark_after=work.watermark_after,
        progress=work.progress,
        counts=work.counts,
        quarantined=work.quarantined,
        seconds=time.monotonic() - started,
        rows=work.rows,
        started_at=work.started_at,
    )
    return report, work.went_on


class _Begun:
    """What a pull knows once it has looked at the warehouse: its watermark, window and filters, and what to expect."""

    def __init__(
        self, object: OrdergrooveObject, source: Source, request: PullRequest | SegmentRequest, run_id: str
    ) -> None:
        self.object = object
        self._source = source
        self.request = request
        self.table = object_table(object)
        self._run_id = run_id
        self.watermark: datetime | None = None
        self.expected: int | None = None
        self.forgotten = NOBODY

    def plan(self, connection: DuckDBPyConnection) -> SyncPlan:
        """Make the table, read the watermark; what ops.sync_runs is to say of this pull."""
        self.started_at = datetime.now(UTC)
        ensure_objects(connection, [self.table])
        self.forgotten = read_forgotten(connection)
        self.watermark = read_watermark(connection, self.object.name)
        self.window = self.request.window(self.watermark)
        self.filters = self.window.filters(self.object)
        if not self.filters:
            self.expected = read_last_whole_count(connection, self.object.name, self.object.params)
        return SyncPlan(
            object_name=self.object.name,
            run_id=self._run_id,
            mode=self.request.mode.value,
            window_start=self.window.start,
            window_end=self.window.end,
            filters={**self.filters, **self.object.params},
            watermark_before=self.watermark,
            started_at=self.started_at,
            resume_key=self._source.fingerprint() if self._is_first_sync else None,
        )

    @property
    def _is_first_sync(self) -> bool:
        """Whether a later run may go on with it (docs/decisions.md).

        Not for an object that is always read whole: what was left out would be judged by two halves of two lists.
        Nor for a whole history that somebody asked for: that one is to be read anew.
        """
        is_sync = self.request.mode is PullMode.SINCE_WATERMARK
        return is_sync and self.watermark is None and self.object.is_incremental

    @property
    def moves_watermark(self) -> bool:
        """Whether the watermark moves when all pages are loaded."""
        return self.request.moves_watermark(self.watermark)


class _Pull:
    """The state of a pull between its pages."""

    def __init__(self, begun: _Begun, source: Source, warehouse: Warehouse, run: SyncRun, *, page_size: int) -> None:
        self._begun = begun
        self._object = begun.object
        self._table = begun.table
        self._client = source.client
        self._reader = forgetful(begun.object, source, begun.forgotten)
        self._warehouse = warehouse
        self._page_size = page_size
        self.watermark_after: datetime | None = None
        self.counts = BatchCounts()
        self.quarantined = 0
        self.rows = 0
        resume = run.resume
        self._start_from(
            run, resume.started_at if resume else begun.started_at, resume.progress if resume else Progress()
        )

    def run(self) -> None:
        """Read and load until there is no next page. An expired cursor starts the window again, once.

        The start and what was measured with it stay, so the watermark is that of the first attempt.
        """
        try:
            self._read(self._run.resume.next_url if self._run.resume else None)
        except CursorExpired as error:
            log.warning("%s Starting again from the first page now.", error)
            with self._warehouse.get_connection() as connection:
                run = forget_resume(connection, self._run.sync_id)
            self._start_from(run, self._started_at, Progress(clock_skew_seconds=self.progress.clock_skew_seconds))
            self._read(None)

    @property
    def went_on(self) -> bool:
        """Whether an earlier run loaded the first pages."""
        return bool(self._run.resume and self._run.resume.resumed_from)

    def _start_from(self, run: SyncRun, started_at: datetime, progress: Progress) -> None:
        self._run = run
        self._started_at = started_at
        self.progress = progress
        self._refused: list[QuarantinedRecord] = []
        self._lines = ProgressLines(self._object, self._begun.expected, already=self.progress.records)

    def _read(self, first_url: str | None) -> None:
        pages = self._client.pages(self._object, self._begun.filters, first_url=first_url, page_size=self._page_size)
        with (
            Staging(staging_folder(self._warehouse.place), self._table) as staging,
            closing(read_ahead(pages, PAGES_AHEAD, when_sent=self._client.when_sent)) as ahead,
            LoadBehind() as behind,
        ):
            for page in ahead:
                behind.check()
                noted, refused = stage_records(page.records, page.fetched_at, self._reader, staging)
                self._refused += refused
                self._advance(page, noted)
                self._lines.after_page(self.progress, partial(self._rows_of, page))
                if page.next_url is None or staging.is_full:
                    batch = self._batch(staging, finished=page.next_url is None)
                    behind.start(partial(self._load, batch, behind))

    def _rows_of(self, page: Page) -> list[bytes]:
        return [record.values for record in map(self._reader.read, page.records) if isinstance(record, Accepted)]

    def _advance(self, page: Page, noted: int) -> None:
        if self.progress.clock_skew_seconds is None and page.server_date is not None:
            self.progress += Progress(clock_skew_seconds=self._measure_clock(page.server_date, page))
        self.progress += progress_of(page, noted)

    def _measure_clock(self, server_date: datetime, page: Page) -> float:
        """Ordergroove's clock minus ours, in seconds; a difference that could matter is said.

        Taken as if `Date` were of the end of the answer: a watermark may be early, never late.
        """
        skew = server_date - page.fetched_at - timedelta(seconds=page.seconds)
        if abs(skew) > CLOCK_SKEW_LIMIT:
            log.warning(
                "%s: Ordergroove's clock and this machine's differ by %.0f s. Watermarks follow Ordergroove's; "
                "check the time service of this machine.",
                self._object.name,
                skew.total_seconds(),
            )
        return skew.total_seconds()

    def _batch(self, staging: Staging, *, finished: bool) -> Batch:
        """What was read since the last batch."""
        refused, self._refused = self._refused, []
        return Batch(
            segment=staging.close_segment(self._reader.offsets()),
            progress=self.progress,
            quarantined=refused,
            watermark=self._new_watermark() if finished else None,
            finished=finished,
        )

    def _load(self, batch: Batch, behind: LoadBehind) -> None:
        with self._warehouse.get_connection() as connection:
            if behind.is_over:  # ops.sync_runs says that the pull was stopped, or is about to
                return
            require_same(connection, self._begun.forgotten)
            load_batch(connection, self._table, self._run, batch, keeping=self._warehouse.keeping)
            if batch.finished:
                self.watermark_after = read_watermark(connection, self._object.name)
                self.counts, self.quarantined = read_counts(connection, self._run)
                counted = connection.execute(f"SELECT count(*) FROM {self._table.qualified_name}").fetchone()
                self.rows = counted[0] if counted else 0
        if batch.segment:
            batch.segment.discard()

    def _new_watermark(self) -> datetime | None:
        if not self._begun.moves_watermark:
            return None
        return self._begun.request.covered_since or self.started_at

    @property
    def started_at(self) -> datetime:
        """The start of this pull on Ordergroove's clock, or on ours when it told none."""
        return self._started_at + timedelta(seconds=self.progress.clock_skew_seconds or 0.0)


def progress_of(page: Page, noted: int = 0) -> Progress:
    """What reading one page adds to the progress."""
    return Progress(
        pages=1,
        requests=page.requests,
        retries=page.retries,
        records=len(page.records),
        noted=noted,
        bytes=page.body_bytes,
        slowest_response_seconds=page.seconds,
        next_url=page.next_url,
    )


def _intent(object: OrdergrooveObject, begun: _Begun, run: SyncRun) -> str:
    """What a pull is about to do, for the run's log."""
    window = begun.window
    if run.resume:
        page = run.resume.progress.pages
        if run.resume.resumed_from is None:
            return f"goes on after page {page}, where this run stopped"
        began = f"{run.resume.started_at:%Y-%m-%d %H:%M:%S}"
        return f"goes on after page {page} with the whole history that an earlier sync began at {began} UTC"
    if not object.is_incremental:
        return "pulls everything; the API has no time filter for it"
    if window.start is None:
        return "pulls the whole history" + ("; there is no watermark yet" if begun.watermark is None else "")
    until = f" to {window.end:%Y-%m-%d %H:%M:%S}" if window.end else ""
    return f"pulls what changed since {window.start:%Y-%m-%d %H:%M:%S}{until} UTC"


def record_refusal(
    object: OrdergrooveObject, warehouse: Warehouse, *, mode: PullMode, run_id: str, error: Exception
) -> None:
    """Write to the sync log that a pull could not begin: no key, no host, no permission.

    A warehouse that does not exist is not made for it.
    """
    if not warehouse.place.exists():
        return
    try:
        with warehouse.get_connection() as connection:
            plan = SyncPlan(
                object_name=object.name,
                run_id=run_id,
                mode=mode.value,
                watermark_before=read_watermark(connection, object.name),
                started_at=datetime.now(UTC),
            )
            fail_sync(connection, begin_sync(connection, plan).sync_id, message_of(error))
    except Exception as second:  # noqa: BLE001 - the first error is the one to tell
        log.warning(
            "That %s was not pulled could not be written to ops.sync_runs: %s", object.name, type(second).__name__
        )
