"""Readers of Ordergroove on several hosts: one an object, five in all, one pace; by the database of the catalog."""

import threading
from pathlib import Path

import pytest

from og_assets.locking import Locks
from og_assets.ordergroove.turns import READERS, Turns
from og_assets.warehouse.place import Place
from og_assets_tests.places import new_lake


@pytest.fixture
def lakes(catalog: str, tmp_path: Path) -> tuple[Place, Place]:
    """The lakes of two merchants in one database; neither has to be made for it."""
    return new_lake(catalog, tmp_path), new_lake(catalog, tmp_path)


@pytest.fixture
def locks(lakes: tuple[Place, Place], tmp_path: Path) -> Locks:
    """The locks of the first."""
    return lakes[0].locks(tmp_path)


def test_a_second_reader_of_an_object_waits_for_the_first(locks: Locks) -> None:
    """It says so, and gets its turn when the first is done."""
    waits, reads = threading.Event(), threading.Event()

    def second() -> None:
        with locks.either(["orders"], waits.set):
            reads.set()

    with locks.either(["orders"], lambda: None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(60)
        assert not reads.is_set()
    thread.join(60)
    assert reads.is_set()


def test_five_read_one_host_whatever_their_merchants(lakes: tuple[Place, Place], tmp_path: Path) -> None:
    """The sixth waits until one of the five is done; a reader of another host does not."""
    turns = [Turns(lake.locks(tmp_path), "restapi.ordergroove.com") for lake in lakes]
    done, reads = threading.Event(), threading.Semaphore(0)

    def read(number: int) -> None:
        with turns[number % 2].reader(f"object {number}", "object"):
            reads.release()
            assert done.wait(60)

    readers = [threading.Thread(target=read, args=[number]) for number in range(READERS + 1)]
    for reader in readers:
        reader.start()
    for _ in range(READERS):
        assert reads.acquire(timeout=60)
    with Turns(lakes[0].locks(tmp_path), "staging.restapi.ordergroove.com").reader("object", "object"):
        assert not reads.acquire(blocking=False)
    done.set()
    assert reads.acquire(timeout=60)
    for reader in readers:
        reader.join(60)


def test_starts_of_all_keep_their_distance(lakes: tuple[Place, Place], tmp_path: Path) -> None:
    """Each is an interval after the one before it, whoever takes it; another host has starts of its own."""
    first, second = (lake.locks(tmp_path) for lake in lakes)
    with first.starts("host") as one, second.starts("host") as other, first.starts("another") as elsewhere:
        waits = [one.reserve(25), other.reserve(25), one.reserve(25)]
        assert elsewhere.reserve(25) == 0
    assert 0 == waits[0] < waits[1] <= 25 < waits[2] <= 50
