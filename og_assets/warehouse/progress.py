"""What a pull reports about itself, as plain data. Knows nothing of where it is written."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a pull has come since its start (not since its last batch); `next_url` is where it goes on.

    `retries` counts retried requests per status code or kind of failure. `clock_skew_seconds` is
    Ordergroove's clock minus ours.
    """

    pages: int = 0
    requests: int = 0
    retries: Mapping[str, int] = field(default_factory=dict)
    records: int = 0
    noted: int = 0
    bytes: int = 0
    slowest_response_seconds: float | None = None
    clock_skew_seconds: float | None = None
    next_url: str | None = None

    def __add__(self, then: "Progress") -> "Progress":
        """This progress and what came after it: counts add up, the clock was measured first, `next_url` is the last."""
        slowest = [p.slowest_response_seconds for p in (self, then) if p.slowest_response_seconds is not None]
        skew = self.clock_skew_seconds if self.clock_skew_seconds is not None else then.clock_skew_seconds
        return Progress(
            pages=self.pages + then.pages,
            requests=self.requests + then.requests,
            retries=dict(Counter(self.retries) + Counter(then.retries)),
            records=self.records + then.records,
            noted=self.noted + then.noted,
            bytes=self.bytes + then.bytes,
            slowest_response_seconds=max(slowest, default=None),
            clock_skew_seconds=skew,
            next_url=then.next_url,
        )


@dataclass(frozen=True, slots=True)
class Resume:
    """The last loaded batch of a pull that stopped: go on at `next_url`, counting from `progress`.

    `started_at` is the start of the whole pull, which remains the watermark it may set. `resumed_from` is the number
    of the pull that loaded the first pages, None when it was in this run.
    """

    next_url: str
    started_at: datetime
    progress: Progress
    resumed_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """What a pull, sweep or reading of the inbox is about to do, for ops.sync_runs; datetimes are aware.

    `resume_key` is what another run must have in common with this one so that either may go on with the other's
    pull, besides mode and filters; None when none may.
    """

    object_name: str
    run_id: str
    mode: str
    started_at: datetime
    filters: Mapping[str, Any] = field(default_factory=dict)
    window_start: datetime | None = None
    window_end: datetime | None = None
    watermark_before: datetime | None = None
    resume_key: str | None = None


@dataclass(frozen=True, slots=True)
class SyncRun:
    """A pull of one object that is under way: a row of ops.sync_runs. `resume` is None when it starts at the start."""

    sync_id: int
    object_name: str
    resume: Resume | None = None


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A record that cannot be loaded, as it may be shown, and why.

    `digest` tells it from every other record; None where `raw` shows all that was received.
    """

    reason: str
    raw: str
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """What a batch did, in keys: new ones, replaced rows, and rows that were left as they were."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, then: "BatchCounts") -> "BatchCounts":
        """Both batches together."""
        return BatchCounts(self.inserted + then.inserted, self.updated + then.updated, self.unchanged + then.unchanged)
