"""The whole history of an object in segments, for lists that answer too slowly as one. Knows no Dagster."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING, Masking
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.sync.pull import PullReport, pull
from og_assets.sync.windows import WHOLE_HISTORY, PullMode, segments
from og_assets.warehouse.file import Warehouse
from og_assets.warehouse.progress import BatchCounts
from og_assets.warehouse.status import finished_pull


def pull_by_month(
    object: OrdergrooveObject,
    *,
    since: date,
    today: date,
    client: OrdergrooveClient,
    warehouse: Warehouse,
    clock: SourceClock,
    run_id: str,
    masking: Masking = KEEPING,
) -> PullReport:
    """Pull the whole history of an object in segments: all before the month of `since`, then month by month.

    For a merchant whose lists answer too slowly as one (guide: data pipelines, "longer than 20 seconds").
    Segments that this run has pulled already are not pulled again, but for the last, which moves the
    watermark to the start of the first. Reports the last segment, with the figures of all that were pulled now.
    """
    began: datetime | None = None
    reports: list[PullReport] = []
    for window in segments(since, today):
        done = None
        if window.end is not None:
            with warehouse.get_connection() as connection:
                done = finished_pull(connection, object.name, run_id, window.start, window.end)
        if done is None:
            report = pull(
                object,
                client=client,
                warehouse=warehouse,
                clock=clock,
                window_for=lambda _, window=window: window,  # type: ignore[misc]
                mode=PullMode.WHOLE_HISTORY,
                run_id=run_id,
                covered_since=began,
                masking=masking,
            )
            reports.append(report)
            done = report.started_at
        began = began or done
    return _summed(reports)


def _summed(reports: list[PullReport]) -> PullReport:
    """The last report with the figures of all."""
    progress = [report.progress for report in reports]
    return replace(
        reports[-1],
        window=WHOLE_HISTORY,
        watermark_before=reports[0].watermark_before,
        progress=replace(
            progress[-1],
            pages=sum(part.pages for part in progress),
            requests=sum(part.requests for part in progress),
            retries=dict(sum((Counter(part.retries) for part in progress), Counter())),
            records=sum(part.records for part in progress),
            noted=sum(part.noted for part in progress),
            bytes=sum(part.bytes for part in progress),
            slowest_response_seconds=max(part.slowest_response_seconds or 0.0 for part in progress),
        ),
        counts=BatchCounts(
            inserted=sum(report.counts.inserted for report in reports),
            updated=sum(report.counts.updated for report in reports),
            unchanged=sum(report.counts.unchanged for report in reports),
        ),
        quarantined=sum(report.quarantined for report in reports),
        seconds=sum(report.seconds for report in reports),
    )
