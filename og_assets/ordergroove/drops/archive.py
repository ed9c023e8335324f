"""The folder that keeps what was fetched: drops on their way in, and a compressed copy of each that was loaded.

incoming/                                     copies that are being fetched or loaded
orders/2025-06-02/coffee_orders_....csv.1f0e8c5a9d2b.gz
"""

import gzip
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from og_assets.ordergroove.drops.source import CHUNK

_COMPRESSED = (b"\x1f\x8b", b"PK")
KEPT_DAYS = 400
HALF_FETCHED = timedelta(days=2)
"""How long a transfer that was cut may be gone on with."""


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive at `folder`, for its owner alone. With `keeps` off, for personal data, nothing stays after loading."""

    folder: Path
    keeps: bool = True

    def incoming(self) -> Path:
        """Where fetched files wait to be loaded; made when it is not there."""
        incoming = self.folder / "incoming"
        for folder in (self.folder, incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return incoming

    def keep(self, copy: Path, report: str, day: date, name: str, sha256: str) -> str | None:
        """Keep a fetched file, compressed unless it is already; where in the archive that is. The copy stays.

        A copy that is there is replaced: this one may tell less, of persons who were forgotten since.
        """
        if not self.keeps:
            return None
        suffix = "" if is_packed(copy) else ".gz"
        kept = Path(report, day.isoformat(), f"{Path(name).name}.{sha256[:12]}{suffix}")
        target = self.folder / kept
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = target.with_name(f"{target.name}.new")
        with (
            copy.open("rb") as file,
            gzip.open(written, "wb", compresslevel=6) if suffix else written.open("wb") as into,
        ):
            shutil.copyfileobj(file, into, CHUNK)
        written.replace(target)
        return str(kept)

    def find(self, kept: str | None) -> Path | None:
        """The copy at that place of the archive; None when there is none any more."""
        path = self.folder / kept if kept else None
        return path if path and path.exists() else None

    def remove(self, kept: str | None) -> None:
        """Remove the copy at that place of the archive, if there is one."""
        if path := self.find(kept):
            path.unlink()

    def copies(self) -> Iterator[tuple[str, Path]]:
        """All copies, each with the name of its report."""
        return ((path.parts[-3], path) for path in sorted(self.folder.glob("*/????-??-??/*")))

    def clear_incoming(self) -> None:
        """Remove what was fetched and not loaded, which is fetched again."""
        for file in self.folder.glob("incoming/*"):
            file.unlink(missing_ok=True)

    def forget(self, before: datetime) -> int:
        """Remove copies that were made before that instant (aware), and what was left half fetched; how many."""
        left = (datetime.now(UTC) - HALF_FETCHED).timestamp()
        old = [kept for kept in self.folder.glob("*/????-??-??/*") if kept.stat().st_mtime < before.timestamp()]
        old += [part for part in self.folder.glob("incoming/*") if part.stat().st_mtime < left]
        for file in old:
            file.unlink()
            with suppress(OSError):  # it has others
                file.parent.rmdir()
        return len(old)


def is_packed(path: Path) -> bool:
    """Whether the file there is compressed."""
    with path.open("rb") as file:
        return file.read(2) in _COMPRESSED


def hash_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
