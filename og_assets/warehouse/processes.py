"""Which process holds a file, as far as the operating system tells. Linux knows; elsewhere the answer is None."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock; `command` is its program name, or None where the system does not say."""

    pid: int
    command: str | None

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})" if self.command else f"process {self.pid}"


def holder_with_pid(pid: int) -> Holder:
    """The process `pid` with its program name; arguments are left out, they may hold secrets."""
    try:
        return Holder(pid, Path(f"/proc/{pid}/comm").read_text().strip() or None)
    except OSError:
        return Holder(pid, None)


def lock_holder(path: Path) -> Holder | None:
    """The process that holds an advisory lock on `path`, or None when there is none or nobody can tell."""
    try:
        inode = str(path.stat().st_ino)
        locks = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for lock in locks:
        # "1: FLOCK  ADVISORY  WRITE 4711 08:01:1835020 0 EOF"; lines of waiting processes have "->" after the number.
        fields = lock.split()
        if "->" not in fields and fields[5].rsplit(":", 1)[-1] == inode and int(fields[4]) > 0:
            return holder_with_pid(int(fields[4]))
    return None
