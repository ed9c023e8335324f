"""Wall clock, CPU seconds and peak memory of one command with all that it starts. Linux only.

    python -m bench.measure COMMAND ARGUMENT...

Memory is the largest sum of proportional set sizes over the tree of processes (pages that are shared
count once), looked at ten times a second. What outlives its parent, such as a fork server, is
inherited by this process, so that its CPU seconds are counted too.
"""

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any, Self

SECONDS_BETWEEN_LOOKS = 0.1
_PR_SET_CHILD_SUBREAPER = 36


class MeasuredFailure(Exception):
    """The command that was measured failed; the end of its output says why."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a command took, and `said`: the JSON object that it printed as its last line."""

    wall: float
    cpu: float
    peak_mb: float
    said: Mapping[str, Any]

    @property
    def own_wall(self) -> float:
        """The seconds of the work itself, as the command told them; without its start, when it told any."""
        return float(self.said.get("seconds", self.wall))


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measurement:
    """Run a command to its end. Raises MeasuredFailure with the end of its output when it fails."""
    finished = subprocess.run(
        [sys.executable, "-m", "bench.measure", *command],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    if finished.returncode:
        raise MeasuredFailure(f"{' '.join(command)} failed:\n{finished.stderr[-3000:]}")
    return Measurement(**json.loads(finished.stdout.splitlines()[-1]))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _proportional_kb(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


class _Watch:
    """The peak memory of the children of this process, for the time of the block."""

    def __enter__(self) -> Self:
        self.peak_kb = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(SECONDS_BETWEEN_LOOKS):
            used = sum(_proportional_kb(pid) for pid in _tree(os.getpid()) if pid != os.getpid())
            self.peak_kb = max(self.peak_kb, used)


def main(command: Sequence[str]) -> None:
    """Run a command as a child and print its Measurement."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    began = time.perf_counter()
    with _Watch() as watch:
        finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        wall = time.perf_counter() - began
    if finished.returncode:
        sys.stderr.write(finished.stdout[-1000:])
        sys.exit(finished.returncode)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = getrusage(RUSAGE_CHILDREN)
    lines = finished.stdout.splitlines()
    said = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"wall": wall, "cpu": cpu, "peak_mb": watch.peak_kb / 1024, "said": said}))


if __name__ == "__main__":
    main(sys.argv[1:])
