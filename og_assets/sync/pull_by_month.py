"""The whole history of an object in segments, for lists that answer too slowly as one. Knows no Dagster."""

from dataclasses import replace
from datetime import date, datetime

from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.sync.pull import PullReport, pull, summed
from og_assets.sync.source import Source
from og_assets.sync.windows import WHOLE_HISTORY, SegmentRequest, segments
from og_assets.warehouse.status import finished_pull
from og_assets.warehouse.warehouse import Warehouse


def pull_by_month(
    object: OrdergrooveObject, source: Source, warehouse: Warehouse, *, since: date, today: date, run_id: str
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
            request = SegmentRequest(segment=window, covered_since=began)
            report = pull(object, source, warehouse, request, run_id=run_id)
            reports.append(report)
            done = report.started_at
        began = began or done
    return replace(summed(reports), window=WHOLE_HISTORY)
