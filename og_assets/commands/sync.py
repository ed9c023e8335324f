"""`og sync`: the job `sync` of one merchant or of several, run now, from the command line."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from og_assets.assets.scope import Scope
from og_assets.automation.jobs import range_tags
from og_assets.automation.schedules import days_to_sync
from og_assets.commands.doctor import look
from og_assets.commands.run import run_job
from og_assets.commands.status import show_status
from og_assets.errors import OgAssetsError
from og_assets.merchants import Merchant
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.errors import WarehouseMissing
from og_assets.warehouse.place import Place
from og_assets.warehouse.reading import read_warehouse
from og_assets.warehouse.status import oldest_watermark


def sync_all(console: Console, merchants: Sequence[Merchant]) -> bool:
    """Sync these merchants one after the other; whether all succeeded. What stops one stops no other.

    Raises SettingError, OrdergrooveError and WarehouseError where there is only one.
    """
    if len(merchants) == 1:
        return sync(console, merchants[0])
    succeeded = True
    for merchant in merchants:
        console.print(f"[bold]{merchant.name}[/]")
        try:
            succeeded &= sync(console, merchant)
        except OgAssetsError as error:
            console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
            succeeded = False
    return succeeded


def sync(console: Console, merchant: Merchant) -> bool:
    """Bring everything since the last sync, as the schedules do, and show where each object stands then.

    Looks at Ordergroove first, so that a wrong key or address is said in seconds and once. Returns whether the run
    succeeded and each object's last pull did. Raises SettingError, OrdergrooveError and WarehouseError.
    """
    settings = merchant.settings
    look(merchant)
    watermark, without = _watermark(settings.warehouse)
    pulled = what_is_pulled(watermark, without)
    job = Scope(merchant).named("sync")
    announcement = f"Dagster runs the job `{job}`: {pulled}, from {settings.base_url} into {settings.warehouse}."
    console.print(announcement, soft_wrap=True)
    days = days_to_sync(watermark, datetime.now(CHICAGO).date(), settings.start_date)
    _, succeeded = run_job(console, job, settings.warehouse, tags=range_tags(*days), folder=Path())
    if not settings.warehouse.exists():
        return False
    return show_status(console, settings.warehouse) and succeeded


def what_is_pulled(watermark: datetime | None, without: list[str]) -> str:
    """What a sync is about to bring; `without` are the objects that have no watermark."""
    if watermark is None:
        return "all there is, for the first time"
    whole = f", and the whole history of {', '.join(without)}, which no sync has completed yet" if without else ""
    return f"what changed since {watermark:%Y-%m-%d %H:%M} UTC{whole}"


def _watermark(warehouse: Place) -> tuple[datetime | None, list[str]]:
    names = [object.name for object in OBJECTS]
    try:
        with read_warehouse(warehouse) as connection:
            return oldest_watermark(connection, names)
    except WarehouseMissing:
        return None, names
