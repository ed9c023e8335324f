"""Processes that commands start: they answer signals whatever a shell ignores, and nothing is waited for for ever."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from og_assets.commands.child_process import child
from og_assets_tests.background import ignoring

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(grandchild.pid, flush=True)
time.sleep(600)
"""
WAITING = """
import sys
from og_assets.commands.child_process import child
from og_assets_tests.background import ignoring
try:
    with child([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        print(process.pid, flush=True)
        process.wait()
finally:
    print(process.returncode, flush=True)
"""


def is_there(pid: int) -> bool:
    """Whether a process runs, and is not only waiting for its exit code to be read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_child_that_does_not_answer_is_killed_with_all_that_it_started() -> None:
    """And this ends, instead of waiting for ever."""
    with child([sys.executable, "-c", STUBBORN], grace_seconds=0.5, stdout=subprocess.PIPE, text=True) as process:
        grandchild = int(process.stdout.readline())
        assert is_there(grandchild)
    assert process.returncode == -signal.SIGKILL
    while is_there(grandchild):
        time.sleep(0.01)


@pytest.mark.parametrize("ignored", [(), ("INT",), ("INT", "TERM")])
def test_sigterm_ends_what_waits_and_its_child_whatever_was_ignored(ignored: tuple[str, ...]) -> None:
    """The child ends by SIGTERM, not by being killed in the end."""
    with subprocess.Popen(
        [*ignoring(*ignored), sys.executable, "-c", WAITING],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as waiting:
        try:
            grandchild = int(waiting.stdout.readline())
            waiting.send_signal(signal.SIGTERM)
            assert int(waiting.stdout.readline()) == -signal.SIGTERM
            assert waiting.wait(60) != 0
            assert not is_there(grandchild)
        finally:
            waiting.kill()


def test_command_answers_sigterm_that_it_was_started_to_ignore(tmp_path: Path) -> None:
    """Here one that waits for statements."""
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path), "ORDERGROOVE_WAREHOUSE": str(tmp_path / "none.duckdb")}
    with subprocess.Popen(
        [*ignoring("INT", "TERM"), sys.executable, "-m", "og_assets", "query"],
        env=environment,
        stdin=subprocess.PIPE,
    ) as command:
        try:
            while ignores_sigterm(command.pid):
                assert command.poll() is None
                time.sleep(0.01)
            command.terminate()
            assert command.wait(60) == -signal.SIGTERM
        finally:
            command.kill()


def ignores_sigterm(pid: int) -> bool:
    """Whether a process ignores SIGTERM at this moment."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line for line in status.splitlines() if line.startswith("SigIgn"))
    return bool(int(mask.split()[1], 16) & 1 << (signal.SIGTERM - 1))
