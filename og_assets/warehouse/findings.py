"""What a sweep asks of the warehouse and tells it: who is believed open, who is suspect, who was found gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from og_assets.warehouse import sync_log
from og_assets.warehouse.derive import ensure_moved_items
from og_assets.warehouse.memory import MEMORY_LIMIT
from og_assets.warehouse.progress import BatchCounts, Progress, SyncRun
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.staging import Segment
from og_assets.warehouse.transactions import transaction


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row to look up. `source` is why: sweep, order_items, or doubtful.

    Doubtful is what webhooks alone say of its deletion or its order, and what the list contradicts.
    `last_seen_at` is when it was last known to exist, our clock. `is_ahead` says that it is suspect by a
    stamp that is later than its fetch.
    """

    id: str
    source: str
    last_seen_at: datetime
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A suspect that is gone; `found_at` is when the retrieve that answered 404 was sent, our clock."""

    suspect: Suspect
    found_at: datetime

    @property
    def source(self) -> str:
        """How the deletion came out, as the tombstone tells: sweep or order_items."""
        return "sweep" if self.suspect.source == _DOUBTFUL else self.suspect.source


@dataclass(frozen=True, slots=True)
class Suspects:
    """What the list of open ones says about the warehouse: how many rows it believes open, and which to look up."""

    believed: int
    candidates: tuple[Suspect, ...]
    doubtful: tuple[Suspect, ...]


def open_statuses(connection: DuckDBPyConnection) -> list[int]:
    """The codes of orders that are still to be placed (ordergroove.order_statuses)."""
    rows = connection.execute("SELECT code FROM ordergroove.order_statuses WHERE is_open ORDER BY code").fetchall()
    return [code for (code,) in rows]


def count_open(connection: DuckDBPyConnection) -> dict[str, int]:
    """How many orders, and items of them, the warehouse believes open, so that a sweep has them listed."""
    row = connection.execute(read_sql("count_open.sql")).fetchone()
    return dict(zip(("orders", "items"), row or (0, 0), strict=True))


def told_by_webhooks_since(
    connection: DuckDBPyConnection, object_name: str, evening: datetime, now: datetime
) -> datetime | None:
    """Since when webhooks alone have told of all deletions of the object, as far as sweeps can show it; aware.

    None when that is not shown, or when no sweep has listed all that is open since `evening`. The table of items must
    be there.
    """
    given = {"object": object_name, "evening": evening, "now": now}
    row = connection.execute(read_sql("sweep_since.sql"), given).fetchone()
    return row[0].astimezone(UTC) if row else None


def find_suspects(
    connection: DuckDBPyConnection,
    object_name: str,
    listed: Segment | None,
    listed_since: datetime,
    zone_name: str,
    *,
    whole: bool = True,
) -> Suspects:
    """Hold the ids that Ordergroove listed as open (lines with `id`) against the orders or items of the warehouse.

    Rows loaded since `listed_since` (aware) are no suspects. `zone_name` is the zone of Ordergroove's stamps. When it
    was not the `whole` that was listed, suspects are what webhooks and changed orders point at. The tables of orders
    and items must be there.
    """
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    ensure_moved_items(connection)
    ids = f"read_json('{_escaped(listed)}', format = 'newline_delimited', {_COLUMNS})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE listed AS SELECT DISTINCT id FROM {ids if listed else _NO_IDS}")
    given = {"t0": listed_since, "whole": whole, **({"zone": zone_name} if object_name == "items" else {})}
    connection.execute(read_sql(f"sweep_{object_name}.sql"), given)
    counted = connection.execute("SELECT count(*) FROM temp.suspects WHERE source <> ?", [_DOUBTFUL]).fetchone()
    # Who was missing would have been looked up by the sweep before: it was there when that one began.
    rows = connection.execute(
        "SELECT id, source, greatest(last_seen_at, CASE source WHEN 'sweep' THEN ("
        "SELECT max(started_at) FROM ops.sync_runs WHERE object = ? AND mode = 'sweep' AND window_start IS NULL"
        " AND outcome = 'succeeded' AND error IS NULL) END), is_ahead"
        " FROM temp.suspects WHERE source <> 'listed' ORDER BY id",
        [object_name],
    ).fetchall()
    suspects = [Suspect(id, source, seen.astimezone(UTC), is_ahead) for id, source, seen, is_ahead in rows]
    return Suspects(
        believed=counted[0] if counted else 0,
        candidates=tuple(suspect for suspect in suspects if suspect.source != _DOUBTFUL),
        doubtful=tuple(suspect for suspect in suspects if suspect.source == _DOUBTFUL),
    )


def finish_sweep(
    connection: DuckDBPyConnection,
    run: SyncRun,
    progress: Progress,
    findings: Sequence[Finding],
    left_undecided: str | None,
) -> None:
    """Write what was found gone and end the sweep, in one transaction. Raises UnknownSync.

    `left_undecided` says that some suspects were not decided: it is kept as the sweep's error, and such a
    sweep is no proof for later ones that what it did not find was there.
    """
    with transaction(connection):
        connection.execute(
            "INSERT INTO ops.sweep_findings SELECT $object, unnest($ids::VARCHAR[]), unnest($sources::VARCHAR[]),"
            " unnest($found::TIMESTAMPTZ[]), unnest($seen::TIMESTAMPTZ[]), $sync_id",
            {
                "object": run.object_name,
                "sync_id": run.sync_id,
                "ids": [finding.suspect.id for finding in findings],
                "sources": [finding.source for finding in findings],
                "found": [finding.found_at for finding in findings],
                "seen": [finding.suspect.last_seen_at for finding in findings],
            },
        )
        sync_log.report(connection, run, progress, BatchCounts(), 0)
        if findings:
            sync_log.number_load(connection, run.sync_id)
        sync_log.succeed(connection, run, None)
        if left_undecided:
            connection.execute(
                "UPDATE ops.sync_runs SET error = ? WHERE sync_id = ?", [sync_log.storable(left_undecided), run.sync_id]
            )


_DOUBTFUL = "doubtful"
_NO_IDS = "(SELECT ''::VARCHAR AS id WHERE false)"
_COLUMNS = "columns = {id: 'VARCHAR'}"


def _escaped(segment: Segment | None) -> str:
    return str(segment.path).replace("'", "''") if segment else ""
