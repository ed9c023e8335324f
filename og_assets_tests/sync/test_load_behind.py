"""A load runs while the next batch is read; nothing that it raises is lost, and nobody who stops waits for it."""

import threading

import pytest

from og_assets.sync.load_behind import LoadBehind


class NoRoom(Exception):
    """What a load raises."""


def no_room() -> None:
    """A load that fails."""
    raise NoRoom


def test_a_load_runs_beside_what_is_read_and_the_next_one_waits_for_it() -> None:
    """The second starts when the first is done; the end of the block waits for it."""
    may_end, done = threading.Event(), []
    with LoadBehind() as behind:
        behind.start(lambda: done.append("first" if may_end.wait(60) else "never"))
        behind.check()
        assert not done
        may_end.set()
        behind.start(lambda: done.append("second"))
        assert done[0] == "first"
    assert done == ["first", "second"]


@pytest.mark.parametrize("then", ["check", "start", "finish", "nothing"])
def test_what_a_load_raises_is_raised_by_what_comes_next(then: str) -> None:
    """At the end of the block at the latest; a load that was to follow does not start."""
    followed = []
    behind = LoadBehind()

    def go_on() -> None:
        with behind:
            behind.start(no_room)
            for thread in threading.enumerate():
                if thread.name == "load-behind":
                    thread.join()
            {"check": behind.check, "finish": behind.finish, "nothing": list}.get(
                then, lambda: behind.start(lambda: followed.append(1))
            )()

    with pytest.raises(NoRoom):
        go_on()
    assert not followed


def test_an_error_of_the_reading_waits_for_the_load_and_a_stop_does_not() -> None:
    """What was read before an error is loaded; a load may stand in a queue for minutes when somebody stops the run."""
    may_end, done = threading.Event(), []

    def read(error: BaseException) -> None:
        with LoadBehind() as behind:
            behind.start(lambda: done.append(may_end.wait(60) and not behind.is_over))
            if isinstance(error, Exception):
                threading.Timer(0.2, may_end.set).start()
            raise error

    with pytest.raises(KeyboardInterrupt):
        read(KeyboardInterrupt())
    assert not done
    with pytest.raises(NoRoom):
        read(NoRoom())
    for thread in threading.enumerate():
        if thread.name == "load-behind":
            thread.join()
    assert sorted(done) == [False, True], "the load of the block that was stopped has seen so, the other has not"
