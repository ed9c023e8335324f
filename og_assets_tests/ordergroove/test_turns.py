"""One reader per object, five in all, between real processes."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from og_assets.locking import FileLocks
from og_assets.ordergroove.turns import READERS, Turns

READ = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s")
from pathlib import Path
from og_assets.locking import FileLocks
from og_assets.ordergroove.turns import Turns
with Turns(FileLocks(Path(sys.argv[1])), "host").reader(sys.argv[2], sys.argv[2]):
    print("reading", flush=True)
    input()
"""


class Reader:
    """A process that asks for its turn, and reads until it is told to stop."""

    def __init__(self, folder: Path, object_name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", READ, str(folder), object_name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for_turn(self) -> None:
        """Return once the process reads."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "reading\n"

    def says_that_it_waits(self) -> str:
        """Its message, once it has found no turn to take."""
        assert self.process.stderr is not None
        return self.process.stderr.readline().strip()

    def stop(self) -> None:
        """Let it finish."""
        self.process.communicate("\n", timeout=20)


@pytest.fixture
def readers(tmp_path: Path) -> list[Reader]:
    """As many readers of different objects as there may be, all of them reading."""
    readers = [Reader(tmp_path, f"object_{number}") for number in range(READERS)]
    for reader in readers:
        reader.wait_for_turn()
    return readers


def test_sixth_reader_waits_until_one_of_five_is_done(readers: list[Reader], tmp_path: Path) -> None:
    """It says that it waits, and gets its turn when any of the five ends."""
    sixth = Reader(tmp_path, "sixth")
    with ExitStack() as stack:
        for reader in readers[1:]:
            stack.callback(reader.stop)
        stack.callback(sixth.stop)
        assert sixth.says_that_it_waits() == "sixth: waiting, because 5 objects are being read"
        readers[0].stop()
        sixth.wait_for_turn()


def test_second_reader_of_an_object_gets_its_turn_when_the_first_is_killed(tmp_path: Path) -> None:
    """A killed reader holds nothing."""
    first = Reader(tmp_path, "orders")
    first.wait_for_turn()
    second = Reader(tmp_path, "orders")
    assert second.says_that_it_waits() == "orders: waiting, because another run reads it"
    first.process.kill()
    second.wait_for_turn()
    second.stop()
    first.process.communicate()


def test_turn_ends_with_an_exception(tmp_path: Path) -> None:
    """The next one in the same process may read."""
    with pytest.raises(ZeroDivisionError), Turns(FileLocks(tmp_path), "host").reader("orders", "orders"):
        raise ZeroDivisionError
    with Turns(FileLocks(tmp_path), "host").reader("orders", "orders"):
        pass
