"""Files that nobody but their owner can read: warehouse, inbox and staging hold what people have confided to a shop."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_blocks = 0
_umask_outside = 0


@contextmanager
def new_files_for_owner_only() -> Iterator[None]:
    """What is made while the block runs, by whichever library, is its owner's alone; what exists keeps its mode.

    The umask belongs to the whole process: the first of several blocks sets it and the last one restores it.
    """
    global _blocks, _umask_outside  # noqa: PLW0603 - there is one umask
    with _lock:
        if _blocks == 0:
            _umask_outside = os.umask(0o077)
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if _blocks == 0:
                os.umask(_umask_outside)
