"""A world that remembers tells how it stood at any second since, and lives as one that does not."""

import random
from datetime import timedelta

import pytest

from og_assets.emulator import World
from og_assets.emulator.shop.memory import REMEMBERED
from og_assets.emulator.shop.state import WorldError

SEED = 11


def test_the_past_is_as_it_was_told_then() -> None:
    """At each of six moments of a week, every remembered object reads as `truth` read at that moment."""
    world = World(SEED, customers=15)
    world.remember()
    dice = random.Random(SEED)
    told = {}
    for _ in range(6):
        told[world.now] = {name: list(world.truth(name)) for name in REMEMBERED}
        world.advance(timedelta(minutes=dice.randrange(1, 600)))
        world.simulate_day()
    changed = 0
    for moment, then in told.items():
        for name in REMEMBERED:
            now = sorted(map(repr, world.truth_as_of(name, moment)))
            assert now == sorted(map(repr, then[name])), f"{name} at {moment}"
            changed += now != sorted(map(repr, world.truth(name)))
    assert changed > 6 * len(REMEMBERED) // 2
    assert any(world.deleted(name) for name in REMEMBERED)


def test_remembering_changes_nothing_else() -> None:
    """The same seed gives the same rows and events, whether the world remembers or not."""
    worlds = [World(SEED, customers=20) for _ in range(2)]
    worlds[0].remember()
    worlds[0].remember()
    for world in worlds:
        world.simulate_day()
    left, right = worlds
    assert [list(left.truth(name)) for name in REMEMBERED] == [list(right.truth(name)) for name in REMEMBERED]
    assert left.events == right.events


def test_changes_of_a_field_are_told_once_and_with_their_second() -> None:
    """Also one that is undone in the same second."""
    world = World(SEED, customers=5)
    world.remember()
    key = world.keys("subscriptions", "live")[0]
    quantity = world.row("subscriptions", key)["quantity"]
    at = world.now
    world.change_quantity(key, quantity + 1)
    world.change_quantity(key, quantity)
    world.advance(timedelta(seconds=1))
    world.change_quantity(key, quantity)
    world.subscribe()
    assert world.changes_of("subscriptions", "quantity") == [
        (key, at, quantity, quantity + 1),
        (key, at, quantity + 1, quantity),
    ]


def test_what_was_before_is_not_made_up() -> None:
    """A world answers only for the time since it was told to remember."""
    world = World(SEED, customers=2)
    with pytest.raises(WorldError, match="does not remember"):
        world.truth_as_of("orders", world.now)
    world.remember()
    with pytest.raises(WorldError, match="does not remember"):
        world.truth_as_of("orders", world.now - timedelta(seconds=1))
