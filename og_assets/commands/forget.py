"""`og forget`: one person, in all that we keep for a merchant and in exports, and what of it was done."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from og_assets.commands.export import exports_of, is_export, refresh
from og_assets.commands.home import query_history
from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.errors import DropUnreadable
from og_assets.ordergroove.drops.names import read_name
from og_assets.ordergroove.drops.rewriting import count_rows
from og_assets.ordergroove.drops.source import LocalFolder
from og_assets.settings import Settings
from og_assets.sync.forgetting import CannotForget, ForgetReport, Places, forget
from og_assets.sync.forgotten_drops import dropping, persons
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets.webhooks.inbox import Inbox


def run_forget(console: Console, customer: str, settings: Settings, exports: Sequence[Path]) -> None:
    """Forget a customer and print what was masked where. Raises CannotForget before anything is changed."""
    for folder in exports:
        if not is_export(folder):
            raise CannotForget(f"{folder} is no export of ours. Nothing was changed.")
    salt = settings.salt.get_secret_value().encode() if settings.salt else b""
    inbox = Inbox(settings.inbox)
    try:
        report = forget(
            customer,
            Places(
                warehouse=WarehouseAt(settings.warehouse),
                inbox=inbox,
                archive=Archive(settings.drops_archive),
                typed=[query_history()],
                salt=salt,
            ),
        )
    finally:
        inbox.close()
    for name, rows in report.masked.items():
        if rows:
            _say(console, f"{rows:>8,}  {name}")
    if not any(report.masked.values()):
        _say(console, "Nothing is known of that customer; ids have to be as the shop spells them.")
    noted = [folder for folder in exports_of(settings.warehouse) if is_export(folder)]
    for folder in dict.fromkeys([*noted, *(folder.resolve() for folder in exports)]):
        refresh(settings.warehouse, folder)
        _say(console, f"          the export {folder} was written anew")
    for left in _left(settings, report, salt):
        _say(console, left)
    _say(
        console, "Forgotten, also when a later sync brings the person again. Delete backups and other copies of yours."
    )


def _left(settings: Settings, report: ForgetReport, salt: bytes) -> Iterator[str]:
    """What a person has to do by themselves, and why."""
    for path in report.unreadable:
        yield f"The copy {path} cannot be unpacked, so nobody knows what is in it: delete it."
    if settings.drops is None:
        return
    if not isinstance(settings.drops, Path):
        yield "The server of the file drops is not ours: ask for the removal of its files, which tell of the person."
        return
    masking = dropping(report.forgotten.key, salt)
    for file in LocalFolder(settings.drops).files():
        path, name = settings.drops / file.name, read_name(file.name, file.modified_at)
        try:
            if name and count_rows(path, name.report, persons(name.report.name, report.forgotten, masking)):
                yield f"The file drop {path} is not ours and tells of the person: delete it there."
        except DropUnreadable:
            yield f"The file drop {path} cannot be unpacked, so nobody knows what is in it: delete it there."


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)
