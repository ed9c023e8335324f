"""`og report`: the figures of the marts as one HTML file, from the warehouse as it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Unpack

from og_assets.commands.export import Waiting
from og_assets.merchants import chosen, load_merchants
from og_assets.playground import merchant as playground
from og_assets.report.report import read_report, render, write
from og_assets.settings import default_report
from og_assets.warehouse.place import Place
from og_assets.warehouse.reading import read_warehouse


def write_reports(
    warehouse: Place | None, merchant: str | None, folder: Path | None, **waiting: Unpack[Waiting]
) -> Iterator[Path]:
    """Write the report of a warehouse, or of each merchant that is meant, and say where.

    `folder` stands in place of the one that each sync writes to. Raises ReportRefused, SettingError, and WarehouseError
    as reading does.
    """
    if warehouse:
        is_emulated = warehouse.identity == playground.WAREHOUSE.resolve()
        own = playground.REPORT if is_emulated else default_report(warehouse)
        yield _write(warehouse, folder or own, "", waiting)
        return
    found = chosen(load_merchants(), merchant)
    for each in found:
        place = each.settings.report if folder is None else folder / (each.name if len(found) > 1 else "")
        yield _write(each.settings.warehouse, place, each.name, waiting)


def _write(warehouse: Place, folder: Path, merchant: str, waiting: Waiting) -> Path:
    with read_warehouse(warehouse, **waiting) as connection:
        figures = read_report(connection)
    return write(render(figures, merchant), folder)
