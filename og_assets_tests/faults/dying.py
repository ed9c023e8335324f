"""The process that is to die: a real pull that kills itself at one point. Imports little, to start fast."""

import json
import logging
import os
import re
import resource
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import duckdb

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.sync.pull import pull
from og_assets.sync.source import Source
from og_assets.sync.windows import PullMode, PullRequest
from og_assets.warehouse import staging

PRODUCT = str(Path(staging.__file__).parent.parent)
Kind = Literal["function", "statement", "line"]


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process kills itself: before or after the `nth` happening of a kind; at the 0th it only counts them.

    `what` is a function of the product ("module:name") for functions, a regular expression for
    statements that DuckDB gets, and nothing for lines of the product's code. A COMMIT is matched
    together with the statements that it commits.
    """

    kind: Kind
    what: str = ""
    when: Literal["before", "after"] = "before"
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Errand:
    """A pull for a process of its own: what to read, where to, and how."""

    url: str
    key: str
    database: str
    object_name: str
    run_id: str
    mode: PullMode
    days: tuple[str, str]
    today: str
    page_size: int
    pages_per_segment: int
    lock_timeout_seconds: float = 60
    file_size_limit: int | None = None


class Watch:
    """Counts happenings, and kills the process at its point."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.seen = 0
        self._lock = threading.Lock()

    def around(self, act: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Do something that is a happening."""
        with self._lock:
            self.seen += 1
            is_due = self.seen == self.point.nth
        if is_due and self.point.when == "before":
            die()
        result = act(*arguments, **options)
        if is_due:
            die()
        return result

    def function(self) -> None:
        """Watch the calls of a function."""
        module, _, name = self.point.what.partition(":")
        owner: Any = import_module(module)
        *parents, last = name.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        true = getattr(owner, last)
        setattr(owner, last, lambda *arguments, **options: self.around(true, *arguments, **options))

    def statement(self) -> None:
        """Watch what DuckDB is told."""
        connect = duckdb.connect
        duckdb.connect = lambda *arguments, **options: Connection(  # type: ignore[assignment]
            connect(*arguments, **options), self
        )

    def line(self) -> None:
        """Watch the product's lines, in all threads."""

        def follow(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                self.around(int)
            return follow

        def enter(frame: FrameType, event: str, argument: Any) -> Any:
            return follow if frame.f_code.co_filename.startswith(PRODUCT) else None

        threading.settrace(enter)
        sys.settrace(enter)


class Connection:
    """A connection of DuckDB that tells a watch what it is about to do."""

    def __init__(self, true: duckdb.DuckDBPyConnection, watch: Watch) -> None:
        self._true = true
        self._watch = watch
        self._told: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._true, name)

    def execute(self, sql: str, *arguments: Any) -> Any:
        """One or more statements."""
        self._told.append(sql)
        return self._watched(sql, self._true.execute, sql, *arguments)

    def begin(self) -> Any:
        """Begin a transaction."""
        self._told = []
        return self._watched("BEGIN", self._true.begin)

    def commit(self) -> Any:
        """Commit it."""
        return self._watched("COMMIT " + "; ".join(self._told), self._true.commit)

    def _watched(self, told: str, act: Callable[..., Any], *arguments: Any) -> Any:
        if re.match(self._watch.point.what, told, re.DOTALL):
            return self._watch.around(act, *arguments)
        return act(*arguments)


def die() -> None:
    """End at once, as by a crash or the system's out-of-memory killer."""
    os.kill(os.getpid(), signal.SIGKILL)


def run(errand: Errand, point: Point | None = None, told: str | None = None) -> None:
    """Pull, and die at the point if one is given.

    Who lives writes into the file `told` how often the point was passed, or the kind of error and its message.
    """
    logging.getLogger("og_assets").setLevel(logging.ERROR)
    staging.PAGES_PER_SEGMENT = errand.pages_per_segment
    if errand.file_size_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (errand.file_size_limit, errand.file_size_limit))
    watch = Watch(point) if point else None
    if watch:
        getattr(watch, watch.point.kind)()
    try:
        pull_for(errand)
    except Exception as error:
        sys.settrace(None)
        if told is None:
            raise
        Path(told).write_text(f"{type(error).__name__}: {error}")
        raise SystemExit(1) from None
    sys.settrace(None)
    if told:
        Path(told).write_text(str(watch.seen) if watch else "")


def pull_for(errand: Errand) -> None:
    """The pull of an errand."""
    first_day, last_day, today = map(date.fromisoformat, (*errand.days, errand.today))
    request = PullRequest(mode=errand.mode, first_day=first_day, last_day=last_day, today=today)
    warehouse = WarehouseResource(database=errand.database, threads=1, lock_timeout_seconds=errand.lock_timeout_seconds)
    retry = RetryPolicy(first_delay=0.001, max_delay=0.01)
    with OrdergrooveClient(errand.url, errand.key, requests_per_minute=None, retry=retry) as client:
        pull(
            next(object for object in OBJECTS if object.name == errand.object_name),
            Source(client, SourceClock(), KEEPING),
            warehouse,
            request,
            run_id=errand.run_id,
            page_size=errand.page_size,
        )


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    run(Errand(**{**told, "mode": PullMode(told["mode"]), "days": tuple(told["days"])}), told=sys.argv[2])
