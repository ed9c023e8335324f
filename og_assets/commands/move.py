"""`og move`: a merchant's warehouse to another place, and what waits in the webhook inbox with it."""

from pathlib import Path

from rich.console import Console

from og_assets.merchants import OWN_FILES, Merchant
from og_assets.settings import INBOX
from og_assets.warehouse.move import move
from og_assets.warehouse.place import Lake, Place
from og_assets.webhooks.inbox import Inbox


def run_move(console: Console, merchant: Merchant, source: Place, target: Place) -> None:
    """Copy a warehouse, check that each table arrived, and print what to set. Raises WarehouseError, InboxError."""
    moved = move(source, target)
    for table in moved:
        if table.rows:
            console.print(f"{table.rows:>12,}  {table.name}", highlight=False)
    old, new = Inbox(merchant.settings.inbox), Inbox(inbox_beside(merchant, target))
    if old.place != new.place:
        console.print(f"{copy_events(old, new):>12,}  webhook events, {new.place}", highlight=False, soft_wrap=True)
    rows = sum(table.rows for table in moved)
    console.print(
        f"{len(moved)} tables with {rows:,} rows have arrived, the same by count and by hash. Nothing was changed at "
        f"{source}. To go on with the copy, set ORDERGROOVE_WAREHOUSE to",
        highlight=False,
        soft_wrap=True,
    )
    console.print(str(target), highlight=False, soft_wrap=True)


def inbox_beside(merchant: Merchant, warehouse: Place) -> Path | Lake:
    """Where a merchant's webhooks wait once the warehouse is there: where the setting says, else by its default."""
    default = Path(OWN_FILES["webhook_inbox"].replace("{merchant}", merchant.name)) if merchant.name else INBOX
    if merchant.settings.webhook_inbox not in {None, default}:
        return merchant.settings.inbox
    return warehouse if isinstance(warehouse, Lake) else default


def copy_events(old: Inbox, new: Inbox) -> int:
    """Store in one inbox what another has, as it came; how many events there are. What is there already stays."""
    position, read = 0, 0
    try:
        while batch := old.after(position):
            new.store_all([event for _, event in batch])
            position, read = batch[-1][0], read + len(batch)
    finally:
        old.close()
        new.close()
    return read
