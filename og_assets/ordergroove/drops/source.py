"""Where drops lie, as what reading them needs: a list of files, and the bytes of one from any place on.

A folder of this machine is one such place, an SFTP server (sftp.py) another. Nothing is ever changed or deleted there.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from og_assets.ordergroove.drops.errors import DropChanged, DropsUnreachable, NoDropFolder

CHUNK = 1024 * 1024
TRIES = 5
"""How often in a row a transfer may be cut without a byte in between."""


@dataclass(frozen=True, slots=True, order=True)
class DropFile:
    """A file as it was listed; `modified_at` is aware. All three together say whether it is the same file."""

    name: str
    size: int
    modified_at: datetime

    @property
    def identity(self) -> str:
        """The three as a name that any disk takes."""
        told = f"{self.name}\0{self.size}\0{self.modified_at.isoformat()}"
        return hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()


class DropSource(Protocol):
    """A folder of drops. Every method raises DropError when the folder cannot be read."""

    @property
    def place(self) -> str:
        """Where that is, without anything secret."""

    def files(self) -> list[DropFile]:
        """The files in the folder, by name."""

    def look(self, name: str) -> DropFile | None:
        """The file of that name as it is now; None when there is none."""

    def read(self, name: str, offset: int) -> Iterator[bytes]:
        """The bytes of the file from `offset` on, in pieces."""

    def close(self) -> None:
        """Let go of the connection."""


class LocalFolder:
    """Drops that some other tool puts into a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        """The path."""
        return str(self._folder)

    def files(self) -> list[DropFile]:
        """The regular files in the folder, by name."""
        try:
            with os.scandir(self._folder) as entries:
                return sorted(_described(entry.name, entry.stat()) for entry in entries if entry.is_file())
        except OSError as error:
            raise NoDropFolder(
                f"There is no folder of drops at {self._folder}: {error.strerror}. Correct ORDERGROOVE_DROPS."
            ) from error

    def look(self, name: str) -> DropFile | None:
        """The file of that name as it is now."""
        try:
            return _described(name, (self._folder / name).stat())
        except FileNotFoundError:
            return None

    def read(self, name: str, offset: int) -> Iterator[bytes]:
        """The bytes of the file from `offset` on."""
        try:
            with (self._folder / name).open("rb") as file:
                file.seek(offset)
                while chunk := file.read(CHUNK):
                    yield chunk
        except FileNotFoundError as error:
            raise DropChanged(f"{name} is no longer there.") from error
        except OSError as error:
            raise DropsUnreachable(f"{name} in {self._folder} cannot be read: {error.strerror}.") from error

    def close(self) -> None:
        """Nothing is held."""


def fetch(source: DropSource, file: DropFile, folder: Path) -> Path:
    """The file as a copy in `folder`, which exists; the copy is there whole or not at all.

    What was transferred before the connection was cut is not transferred again, in this call or a later one. Raises
    DropChanged when the file is another than was listed, before or while it was fetched, and DropsUnreachable.
    """
    whole, part = folder / file.identity, folder / f"{file.identity}.part"
    if whole.exists():
        return whole
    _transfer(source, file, part)
    if source.look(file.name) != file or not part.exists() or part.stat().st_size != file.size:
        part.unlink(missing_ok=True)  # somebody may have tidied up meanwhile
        raise DropChanged(f"{file.name} changed while it was fetched from {source.place}; the next run takes it.")
    part.replace(whole)
    return whole


def _transfer(source: DropSource, file: DropFile, part: Path) -> None:
    tries = 0
    while True:
        had = part.stat().st_size if part.exists() else 0
        if had >= file.size and part.exists():
            return
        try:
            with part.open("ab") as copy:
                for chunk in source.read(file.name, had):
                    copy.write(chunk)
                copy.flush()
                os.fsync(copy.fileno())
            return
        except DropsUnreachable:
            tries = 1 if part.exists() and part.stat().st_size > had else tries + 1
            if tries >= TRIES:
                raise
            with suppress(DropsUnreachable):
                source.close()


def _described(name: str, stat: os.stat_result) -> DropFile:
    return DropFile(name, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))
