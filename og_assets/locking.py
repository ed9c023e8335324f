"""How processes take turns: a lock on a file that is made for it. Knows neither the warehouse nor Ordergroove."""

import os
from typing import Any, Self

from filelock import AcquireReturnProxy, FileLock


class ProcessLock(FileLock):
    """FileLock that raises OSError, with the reason, where its file cannot be made.

    FileLock by itself takes some such folders, `/proc` for one, for a lock that another process holds, and waits.
    """

    def acquire(self, *arguments: Any, **options: Any) -> AcquireReturnProxy[Self]:
        """Take the lock, as FileLock does; raises Timeout when another holds it for too long."""
        if not os.path.lexists(self.lock_file):
            os.close(os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o644))
        return super().acquire(*arguments, **options)
