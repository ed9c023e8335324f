"""`og forget`: one person, in the warehouse, the inbox and exports, and what of it was done."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from og_assets.commands.export import FORMATS, MANIFEST, export
from og_assets.settings import load_settings
from og_assets.sync.forgetting import CannotForget, forget
from og_assets.warehouse.file import WarehouseFile
from og_assets.webhooks.inbox import Inbox


def run_forget(console: Console, customer: str, warehouse: Path | None, exports: Sequence[Path]) -> None:
    """Forget a customer and print what was masked where. Raises CannotForget before anything is changed."""
    formats = {folder: _format(folder) for folder in exports}
    settings = load_settings()
    path = warehouse.expanduser() if warehouse else settings.warehouse
    inbox = Inbox(settings.webhook_inbox)
    try:
        report = forget(customer, WarehouseFile(path), inbox)
    finally:
        inbox.close()
    for name, rows in report.masked.items():
        if rows:
            console.print(f"{rows:>8,}  {name}", highlight=False)
    for folder, format in formats.items():
        export(path, folder, format=format, replace=True)
        console.print(f"          {folder} was written anew", highlight=False)
    console.print(
        "Forgotten, also when a later sync brings the person again. Delete backups and other copies of yours, and the "
        "archive of file drops where there is one.",
        highlight=False,
    )


def _format(folder: Path) -> str:
    try:
        format = str(json.loads((folder / MANIFEST).read_text())["format"])
    except (OSError, ValueError, KeyError):
        format = ""
    if format not in FORMATS:
        raise CannotForget(f"{folder} is no export of ours: it has no usable {MANIFEST}. Nothing was changed.")
    return format
