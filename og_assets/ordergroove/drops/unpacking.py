"""The report inside a dropped file: as it is, or in a gzip or zip. Knows nothing of what it says."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from og_assets.ordergroove.drops.errors import DropUnreadable

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@contextmanager
def unpacked(path: Path, name: str) -> Iterator[BinaryIO]:
    """The bytes of the report in the file at `path`, read as they are needed; `name` is what messages call it.

    What a file is tell its first bytes. Raises DropUnreadable, also out of the block, when it is cut short or damaged,
    or when a zip holds anything but one file.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if start.startswith(_GZIP):
                with gzip.GzipFile(fileobj=file) as report:
                    yield cast("BinaryIO", report)
            elif start in _ZIP:
                with zipfile.ZipFile(file) as archive, archive.open(_only_member(archive, name)) as report:
                    yield cast("BinaryIO", report)
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        # RuntimeError is what zipfile says to a password; all of them are about bytes, none quotes a row.
        raise DropUnreadable(f"{name} cannot be unpacked: {error}.") from error


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir() and "__MACOSX" not in member.filename]
    if len(members) != 1:
        raise DropUnreadable(f"{name} is a zip of {len(members)} files; one report is expected in it.")
    return members[0]
