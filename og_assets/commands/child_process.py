"""Processes that a command starts and waits for: they end with it, within bounded time, however it is ended."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

GRACE_SECONDS = 20.0
"""How long a process may take to end when it is asked to; then it is killed, with all that it has started."""


@contextmanager
def child(
    command: Sequence[str], *, grace_seconds: float = GRACE_SECONDS, cwd: Path | None = None, **options: Any
) -> Iterator["subprocess.Popen[Any]"]:
    """A process for the time of the block, in a session of its own; `options` are those of `subprocess.Popen`.

    SIGTERM and SIGHUP interrupt the block as Ctrl-C does. Its end is the end of the process: by SIGTERM, and after
    `grace_seconds` by SIGKILL, together with what it has started.
    """
    with _interrupted_by_signals():
        with _ignoring_nothing():
            process = subprocess.Popen(command, cwd=cwd, start_new_session=True, **options)  # noqa: S603 - our own words
        try:
            yield process
        finally:
            end(process, grace_seconds)


def end(process: "subprocess.Popen[Any]", grace_seconds: float = GRACE_SECONDS) -> None:
    """End a process that leads a session, and what is left of the session."""
    process.terminate()  # one that has ended does not mind
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
    finally:  # also when a second Ctrl-C cuts the waiting short
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C and what is taken for it until the block is over: a database would complain in the middle."""
    held: list[int] = []
    former = {
        number: signal.signal(number, lambda number, _: held.append(number))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.default_int_handler
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if held:
        raise KeyboardInterrupt


def answer_sigterm() -> None:
    """Let SIGTERM end this process although it was started with the signal ignored.

    A process inherits what is ignored, and Dagster ignores SIGTERM in whatever a shell has started in the background.
    """
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """A hang-up that `nohup` has told us to ignore stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = {signal.SIGTERM, *({signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN else ())}
    former = {number: signal.signal(number, signal.default_int_handler) for number in wanted}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _ignoring_nothing() -> Iterator[None]:
    """What is started here answers SIGINT and SIGTERM: ignored signals are inherited, handlers are not.

    A shell without job control ignores SIGINT for what it runs in the background; Dagster makes that SIGTERM too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ignored = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
