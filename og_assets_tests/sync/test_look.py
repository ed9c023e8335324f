"""One step of a run looks at Ordergroove first; what stops it stops the others, and nothing else does."""

import os
from pathlib import Path

import pytest

from og_assets.emulator.api import KeyPermission
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import (
    DelayedByAnother,
    MissingPermission,
    StillFailing,
    StoppedByAnother,
    Unreachable,
)
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.sync.look import KEPT_SECONDS, look_first


def client(url: str, key: str = EMULATOR_KEY) -> OrdergrooveClient:
    """A reader that tries once."""
    return OrdergrooveClient(url, key, requests_per_minute=None, retry=RetryPolicy(tries=1))


def test_what_stops_the_first_step_stops_the_others_of_the_same_attempt(tmp_path: Path) -> None:
    """They name it. Another attempt looks for itself, and a step whose key has lost its permission is stopped too."""
    keys = {EMULATOR_KEY: KeyPermission(), "narrow": KeyPermission(bulk=False)}
    with Emulator(World(customers=5), keys=keys) as emulator:
        with pytest.raises(MissingPermission):
            look_first(client(emulator.url, "narrow"), tmp_path, "run-0", "customers")
        with pytest.raises(StoppedByAnother, match=r"orders: not tried, .* \(`customers`\)") as caught:
            look_first(client(emulator.url), tmp_path, "run-0", "orders")
        assert not isinstance(caught.value, StillFailing), "another try would meet the same"
        look_first(client(emulator.url), tmp_path, "run-1", "orders")
        look_first(client(emulator.url), tmp_path, "run-1", "customers")
        with pytest.raises(MissingPermission):
            look_first(client(emulator.url, "narrow"), tmp_path, "run-1", "items")


def test_a_fault_that_may_pass_lets_the_others_try_again(tmp_path: Path) -> None:
    """As the first step does."""
    nobody = client("http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        look_first(nobody, tmp_path, "run-0", "customers")
    with pytest.raises(DelayedByAnother) as caught:
        look_first(nobody, tmp_path, "run-0", "orders")
    assert isinstance(caught.value, StillFailing)


def test_what_was_seen_is_forgotten_after_a_day(tmp_path: Path) -> None:
    """By the first look of a later run."""
    with Emulator(World(customers=5)) as emulator:
        look_first(client(emulator.url), tmp_path, "old-0", "customers")
        for path in tmp_path.iterdir():
            os.utime(path, (path.stat().st_mtime - KEPT_SECONDS - 60,) * 2)
        look_first(client(emulator.url), tmp_path, "new-0", "customers")
    assert {path.name for path in tmp_path.iterdir()} == {"look-new-0.json", "look-new-0.lock"}
