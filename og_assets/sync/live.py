"""What the steps of a run are doing now, for a person who watches the command that started it.

The command makes a folder and names it in the environment; each step writes there what it logs and how far it is. Where
nobody watches, nothing is written. Knows nothing of Dagster.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER = "OG_ASSETS_LIVE"
"""The variable that names the folder."""

log = logging.getLogger("og_assets")

now = logging.getLogger("og_assets.now")
"""For what is true for a moment only: shown to a person who watches, and kept nowhere."""
now.propagate = False


@contextmanager
def shown_as(step: str) -> Iterator[None]:
    """For the time of the block, show what this process logs as what `step` is doing, if anybody watches."""
    folder = os.environ.get(FOLDER)
    if not folder or not Path(folder).is_dir():
        yield
        return
    said, current = _Said(Path(folder), step), _Current(Path(folder), step)
    levels = log.level, now.level
    log.handlers.insert(0, said)  # before Dagster's, which puts the names of run and step into the record
    now.addHandler(current)
    for logger in (log, now):
        if not logger.isEnabledFor(logging.INFO):
            logger.setLevel(logging.INFO)
    current.write("")
    try:
        yield
    finally:
        log.removeHandler(said)
        now.removeHandler(current)
        log.setLevel(levels[0])
        now.setLevel(levels[1])
        current.path.unlink(missing_ok=True)


class _Said(logging.Handler):
    """Appends what is logged, a line each."""

    def __init__(self, folder: Path, step: str) -> None:
        super().__init__(logging.INFO)
        self._path = folder / f"{step}.said"
        self._prefix = f"{step}: "

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; that it cannot be shown is no reason for a step to fail."""
        text = " ".join(record.getMessage().removeprefix(self._prefix).split())
        with suppress(OSError), self._path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{text}\n")


class _Current(logging.Handler):
    """Keeps the newest text alone. Its file is there for as long as the step runs."""

    def __init__(self, folder: Path, step: str) -> None:
        super().__init__(logging.INFO)
        self.path = folder / f"{step}.now"

    def emit(self, record: logging.LogRecord) -> None:
        """Put the text in the place of the one before."""
        self.write(record.getMessage())

    def write(self, text: str) -> None:
        """Whole or not at all."""
        new = self.path.with_suffix(".new")
        with suppress(OSError):
            new.write_text(text, encoding="utf-8", errors="replace")
            new.replace(self.path)


class Spectator:
    """Reads such a folder: which steps run, what they do, and what they have said since the last look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}

    def said(self) -> Iterator[tuple[str, str]]:
        """Step and line of all that is new."""
        for path in sorted(self._folder.glob("*.said")):
            lines = path.read_text(encoding="utf-8").split("\n")[:-1]  # the last one is empty, or half written
            for line in lines[self._read.get(path.stem, 0) :]:
                yield path.stem, line
            self._read[path.stem] = len(lines)

    def running(self) -> dict[str, str]:
        """The steps that run, each with how far it is; empty where that is not known yet."""
        found = {}
        for path in sorted(self._folder.glob("*.now")):
            with suppress(OSError):  # it has just ended
                found[path.stem] = path.read_text(encoding="utf-8")
        return found
