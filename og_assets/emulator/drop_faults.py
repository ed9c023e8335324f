"""What goes wrong with dropped files: FAULTS, by name, each a change of a file's bytes. The world stays as it is."""

import gzip
import os
from collections.abc import Callable, Mapping
from pathlib import Path

Damage = Callable[[bytes], bytes]


def damage(path: Path, fault: str) -> None:
    """Let one of FAULTS strike a file; it then was changed a second later."""
    modified = path.stat().st_mtime + 1
    path.write_bytes(FAULTS[fault](path.read_bytes()))
    os.utime(path, (modified, modified))


def _in_the_middle(change: Callable[[bytes], bytes]) -> Damage:
    """A change of the line in the middle of a file; none of a file that has a header alone."""

    def changed(body: bytes) -> bytes:
        lines = body.splitlines(keepends=True)
        if len(lines) > 1:
            middle = max(1, len(lines) // 2)
            lines[middle] = change(lines[middle])
        return b"".join(lines)

    return changed


FAULTS: Mapping[str, Damage] = {
    "cut short": lambda body: body[: -max(1, len(body) // 3)],
    "empty": lambda _: b"",
    "header alone": lambda body: body.splitlines(keepends=True)[0],
    "no header": lambda body: b"".join(body.splitlines(keepends=True)[1:]),
    "header twice": lambda body: body + body.splitlines(keepends=True)[0],
    "short row": _in_the_middle(lambda line: line.partition(b",")[2]),
    "long row": _in_the_middle(lambda line: b"surplus," + line),
    "stray quote": _in_the_middle(lambda line: b'"' + line),
    "quote inside a cell": _in_the_middle(lambda line: line.replace(b",", b',5" disk,', 1)),
    "line break inside a row": _in_the_middle(lambda line: line.replace(b",", b",\n", 1)),
    "bytes that are no UTF-8": _in_the_middle(lambda line: line.replace(b",", b"\xff\xfe,", 1)),
    "zero bytes": _in_the_middle(lambda line: b"\0" * len(line) + b"\n"),
    "blank lines": _in_the_middle(lambda line: b"\r\n\n" + line),
    "gzip cut short": lambda body: gzip.compress(body)[:-9],
}
"""By name, what becomes of the bytes of a file."""
