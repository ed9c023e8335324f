"""`og sync`: the job `sync`, run now, from the command line; `og demo` runs it by the same means."""

from datetime import date, datetime
from pathlib import Path

from rich.console import Console

from og_assets.automation.jobs import range_tags
from og_assets.automation.schedules import days_to_sync
from og_assets.commands.doctor import look
from og_assets.commands.run import run_job
from og_assets.commands.status import show_status
from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import load_settings
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.errors import WarehouseMissing
from og_assets.warehouse.reading import read_warehouse
from og_assets.warehouse.status import oldest_watermark


def sync(console: Console) -> bool:
    """Bring everything since the last sync, as the schedules do, and show where each object stands then.

    Looks at Ordergroove first, so that a wrong key or address is said in seconds and once. Returns whether the run
    succeeded and each object's last pull did. Raises SettingError, OrdergrooveError and WarehouseError.
    """
    settings = load_settings()
    look(settings)
    watermark, without = _watermark(settings.warehouse)
    pulled = what_is_pulled(watermark, without)
    announcement = f"Dagster runs the job `sync`: {pulled}, from {settings.base_url} into {settings.warehouse}."
    console.print(announcement, soft_wrap=True)
    days = days_to_sync(watermark, datetime.now(CHICAGO).date(), settings.start_date)
    _, succeeded = run_sync(console, Path(), *days)
    if not settings.warehouse.exists():
        return False
    return show_status(console, settings.warehouse, as_json=False) and succeeded


def what_is_pulled(watermark: datetime | None, without: list[str]) -> str:
    """What a sync is about to bring; `without` are the objects that have no watermark."""
    if watermark is None:
        return "all there is, for the first time"
    whole = f", and the whole history of {', '.join(without)}, which no sync has completed yet" if without else ""
    return f"what changed since {watermark:%Y-%m-%d %H:%M} UTC{whole}"


def run_sync(console: Console, folder: Path, first_day: date, last_day: date) -> tuple[str, bool]:
    """Run the job from `folder`, with these days' partitions; the run's id and whether it succeeded."""
    return run_job(console, "sync", tags=range_tags(first_day, last_day), folder=folder)


def _watermark(warehouse: Path) -> tuple[datetime | None, list[str]]:
    names = [object.name for object in OBJECTS]
    try:
        with read_warehouse(warehouse) as connection:
            return oldest_watermark(connection, names)
    except WarehouseMissing:
        return None, names
