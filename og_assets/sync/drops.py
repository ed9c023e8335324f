"""Takes dropped files into the warehouse: new ones, or again those of some days. Joins drops and warehouse; no Dagster.

A file is loaded whole or not at all, and each once: by name, size and time, so that a changed one is loaded again.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pydantic_core import to_json

from og_assets.ordergroove.drops.archive import KEPT_DAYS, Archive, hash_of
from og_assets.ordergroove.drops.errors import DropChanged, DropGone, DropUnreadable
from og_assets.ordergroove.drops.names import DropName, read_name
from og_assets.ordergroove.drops.reading import DropReader, RefusedRow, Row
from og_assets.ordergroove.drops.reports import REPORTS, Report
from og_assets.ordergroove.drops.rewriting import rewrite
from og_assets.ordergroove.drops.source import DropFile, DropSource, fetch
from og_assets.ordergroove.drops.unpacking import unpacked
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.forgotten_drops import dropping, persons
from og_assets.sync.logged_run import logged_run
from og_assets.sync.pull import object_table
from og_assets.warehouse import sync_log
from og_assets.warehouse.drops import (
    OF_THE_FILE,
    SCHEMA,
    DropCounts,
    KnownFile,
    LoggedDrop,
    ReadDrop,
    ensure_past,
    files_of_days,
    forget_past,
    known_files,
    load_drop,
    log_strangers,
    log_unloaded,
)
from og_assets.warehouse.errors import ForgottenMeanwhile
from og_assets.warehouse.forgotten import Forgotten, read_forgotten, require_same
from og_assets.warehouse.progress import BatchCounts, Progress, SyncPlan, SyncRun
from og_assets.warehouse.retention import forget_old_pulls
from og_assets.warehouse.staging import Staging, staging_folder
from og_assets.warehouse.tables import Table, ensure_tables
from og_assets.warehouse.transactions import transaction
from og_assets.warehouse.warehouse import Warehouse

log = logging.getLogger("og_assets")

MODE = "drops"
"""`ops.sync_runs.mode` of a run that loads dropped files."""
REST_SECONDS = 10.0
"""A file whose size or time differs after so long is still being written, and waits for the next run."""
SETTLED = timedelta(hours=1)
"""A file that last changed longer ago has rested; clocks that differ by less do not matter."""
NO_REPORT = "its name is no report's"


@dataclass(frozen=True, slots=True)
class Drops:
    """Where drops come from, where copies are kept and for how long, and what becomes of personal data.

    `rest` waits until a file that is being written shows it.
    """

    source: DropSource
    archive: Archive
    masking: Masking
    kept: timedelta = timedelta(days=KEPT_DAYS)
    rest: Callable[[], None] = lambda: time.sleep(REST_SECONDS)


@dataclass(frozen=True, slots=True)
class DropReport:
    """What a run did with the files of one report: those loaded, with their days, and those that could not be."""

    counts: DropCounts = field(default_factory=DropCounts)
    days: tuple[date, ...] = ()
    unreadable: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    rows: int = 0
    seconds: float = field(default=0.0, compare=False)


def drop_table(report: Report) -> Table:
    """The table in the warehouse that holds the rows of a report."""
    key = report.keys[0] if len(report.keys) == 1 else ()
    return Table(SCHEMA, report.name, key, (*report.columns, *OF_THE_FILE), f"{report.record.__doc__}")


def drop_sources() -> tuple[Table, ...]:
    """What is read for analytics of drops: their own tables, and those of the objects that they tell of."""
    objects = (object for object in OBJECTS if object.name in {"subscriptions", "orders", "items"})
    return (*map(drop_table, REPORTS), *map(object_table, objects))


def new_files(source: DropSource, known: set[KnownFile]) -> list[DropFile]:
    """The files at the source that were not seen before, or not as they are now."""
    return [file for file in source.files() if (file.name, file.size, file.modified_at) not in known]


def take(
    report: Report, drops: Drops, warehouse: Warehouse, *, run_id: str, days: tuple[date, date] | None = None
) -> DropReport:
    """Load the files of `report` that are new; with `days`, those of these days, and again the ones that were loaded.

    What is loaded again comes from the archive, else from the source. Raises DropError and WarehouseError; the files
    before are loaded then. A file that cannot be unpacked is noted in ops.drop_files and holds up no other.
    """
    started = time.monotonic()
    plan = SyncPlan(
        object_name=f"{SCHEMA}.{report.name}",
        run_id=run_id,
        mode=MODE,
        filters={} if days is None else {"days": [day.isoformat() for day in days]},
        started_at=datetime.now(UTC),
    )
    table = drop_table(report)
    with warehouse.get_connection() as connection:
        ensure_tables(connection, [table])
        ensure_past(connection, table, report.keys)
        forgotten = read_forgotten(connection)
    with logged_run(warehouse, lambda _: plan) as run:
        work = _Taking(report, table, drops, warehouse, run, forgotten)
        if days:
            work.again(*days)
        work.new(days)
        rows = work.finish()
    drops.archive.forget(datetime.now(UTC) - drops.kept)
    if work.gone:
        raise DropGone(
            f"{', '.join(work.gone)} is nowhere to be read again: neither in the archive {drops.archive.folder} nor at "
            f"{drops.source.place}. Ask Ordergroove for it, or leave that day out."
        )
    return replace(work.done, rows=rows, seconds=time.monotonic() - started)


class _Taking:
    """A run of one report between its files."""

    def __init__(
        self, report: Report, table: Table, drops: Drops, warehouse: Warehouse, run: SyncRun, forgotten: Forgotten
    ) -> None:
        self._report = report
        self._table = table
        self._drops = drops
        self._warehouse = warehouse
        self._run = run
        self._forgotten = forgotten
        self._progress = Progress()
        self.done = DropReport()
        self.gone: list[str] = []

    def again(self, first: date, last: date) -> None:
        """Load what was loaded of these days once more, oldest first."""
        with self._warehouse.get_connection() as connection:
            logged = files_of_days(connection, self._report.name, first, last)
        for file in logged:
            kept = self._drops.archive.find(file.archived)
            if kept:
                self._load(kept, file)
            elif self._drops.source.look(file.name) == DropFile(file.name, file.size, file.modified_at):
                self._fetch_and_load(DropFile(file.name, file.size, file.modified_at), file)
            else:
                self.gone.append(file.name)

    def new(self, days: tuple[date, date] | None) -> None:
        """Load what is new at the source, oldest first; of these days alone when there are any."""
        with self._warehouse.get_connection() as connection:
            known = known_files(connection)
        found = new_files(self._drops.source, known)
        named = [(read_name(file.name, file.modified_at), file) for file in found]
        self._log_strangers(file for name, file in named if name is None)
        mine = [(name, file) for name, file in named if name and self._is_wanted(name, days)]
        if not mine:
            return
        rested = self._rested([file for _, file in mine])
        for name, file in sorted(mine, key=lambda pair: (pair[0].stamped_at, pair[1].name)):
            if file in rested:
                self._fetch_and_load(file, self._logged(name, file))
            else:
                self._wait(file.name, f"{file.name} is still being written; the next run takes it.")

    def _rested(self, files: Sequence[DropFile]) -> set[DropFile]:
        """Those that nobody is writing any more."""
        settled = {file for file in files if file.modified_at < datetime.now(UTC) - SETTLED}
        if len(settled) == len(files):
            return settled
        self._drops.rest()
        return settled | set(self._drops.source.files())

    def finish(self) -> int:
        """End the run well; how many rows the table has."""
        with self._warehouse.get_connection() as connection:
            with transaction(connection):
                sync_log.report(connection, self._run, self._progress, BatchCounts(), 0)
                sync_log.succeed(connection, self._run, None)
                if self._report.keys:
                    forget_past(connection, self._table, self._warehouse.keeping)
                forget_old_pulls(connection, self._run, self._table.qualified_name)
            counted = connection.execute(f"SELECT count(*) FROM {self._table.qualified_name}").fetchone()
        return int(counted[0]) if counted else 0

    def _is_wanted(self, name: DropName, days: tuple[date, date] | None) -> bool:
        return name.report is self._report and (days is None or days[0] <= name.business_day <= days[1])

    def _logged(self, name: DropName, file: DropFile) -> LoggedDrop:
        return LoggedDrop(
            file.name,
            file.size,
            file.modified_at,
            self._drops.source.place,
            report=name.report.name,
            business_day=name.business_day,
            stamped_at=name.stamped_at,
            stamp_order=name.stamp_order,
            is_full=name.is_full,
        )

    def _log_strangers(self, files: Iterable[DropFile]) -> None:
        strangers = [(file.name, file.size, file.modified_at) for file in files]
        if strangers:
            log.warning("%d files at %s have names of no report.", len(strangers), self._drops.source.place)
            with self._warehouse.get_connection() as connection:
                log_strangers(connection, strangers, self._drops.source.place, NO_REPORT)

    def _wait(self, name: str, why: str) -> None:
        log.warning("%s", why)
        self.done = replace(self.done, waiting=(*self.done.waiting, name))

    def _fetch_and_load(self, file: DropFile, logged: LoggedDrop) -> None:
        try:
            copy = fetch(self._drops.source, file, self._drops.archive.incoming())
        except DropChanged as error:
            self._wait(file.name, str(error))
            return
        archived = None
        try:
            sha256 = hash_of(copy)
            self._mask_the_forgotten(copy)
            archived = self._drops.archive.keep(copy, logged.report, logged.business_day, file.name, sha256)
            fetched_at = logged.fetched_at or datetime.now(UTC)
            self._load(copy, replace(logged, sha256=sha256, archived=archived, fetched_at=fetched_at))
        except ForgottenMeanwhile:
            self._drops.archive.remove(archived)  # nobody masked it; it is fetched again
            raise
        finally:
            copy.unlink(missing_ok=True)

    def _mask_the_forgotten(self, copy: Path) -> None:
        """Mask them in a fetched file, before it is kept and loaded; one that cannot be unpacked is not loaded."""
        if self._forgotten:
            masking = dropping(self._forgotten.key, self._drops.masking.salt)
            with suppress(DropUnreadable):
                rewrite(copy, self._report, persons(self._report.name, self._forgotten, masking))

    def _load(self, path: Path, logged: LoggedDrop) -> None:
        try:
            counts = self._load_whole(path, logged)
        except DropUnreadable as error:
            log.warning("%s", error)
            with self._warehouse.get_connection() as connection:
                log_unloaded(connection, logged, str(error))
            self.done = replace(self.done, unreadable=(*self.done.unreadable, logged.name))
            return
        log.info("%s: %d rows, %d of them refused", logged.name, counts.rows, counts.quarantined)
        days = (*self.done.days, logged.business_day)
        self.done = replace(self.done, counts=self.done.counts + counts, days=days)

    def _load_whole(self, path: Path, logged: LoggedDrop) -> DropCounts:
        reader = DropReader(self._report, self._drops.masking)
        about = _about(logged)
        noted = read = 0
        folder = staging_folder(self._warehouse.place)
        with (
            unpacked(path, logged.name) as stream,
            Staging(folder, self._table) as rows,
            Staging(folder, self._table) as refused,
        ):
            for row in reader.read(stream):
                read += 1
                if isinstance(row, Row):
                    noted += bool(row.notes)
                    rows.write(_line(row, about))
                else:
                    refused.write(_refusal(row))
            self._progress += Progress(pages=1, requests=1, records=read, noted=noted, bytes=logged.size)
            drop = ReadDrop(
                logged=logged,
                rows=rows.close_segment(),
                refused=refused.close_segment(),
                key=reader.key,
                lines_per_key=self._report.lines_per_key and len(reader.key) > 1,
                noted=noted,
            )
            with self._warehouse.get_connection() as connection:
                require_same(connection, self._forgotten)
                return load_drop(
                    connection, self._table, drop, self._run, self._progress, keeping=self._warehouse.keeping
                )


def _about(file: LoggedDrop) -> bytes:
    """What each row of a file is told of it, as the end of a JSON object."""
    told = {
        "_business_day": file.business_day,
        "_file": file.name,
        "_file_at": file.stamped_at.astimezone(UTC).replace(tzinfo=None),
        "_synced_at": file.fetched_at,
    }
    return to_json(told)[1:-1]


def _line(row: Row, about: bytes) -> bytes:
    notes = to_json(to_json(row.notes).decode()) if row.notes else b"null"
    return b'%b,%b,"_line":%d,"_notes":%b,"_raw":%b}' % (row.values[:-1], about, row.line, notes, to_json(row.raw))


def _refusal(row: RefusedRow) -> bytes:
    return to_json({"line": row.line, "reason": row.reason, "raw": row.raw})
