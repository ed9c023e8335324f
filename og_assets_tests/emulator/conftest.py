"""A running emulator and a client that speaks the documented headers to it."""

from collections.abc import Iterator

import httpx
import pytest
from emulator_reading import HEADERS, Pages, read_all

from og_assets.emulator import Emulator, World


@pytest.fixture
def world() -> World:
    """A world of forty customers."""
    return World(7, customers=40)


@pytest.fixture
def emulator(world: World) -> Iterator[Emulator]:
    """The world, served."""
    with Emulator(world) as running:
        yield running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[httpx.Client]:
    """A client with a good key and the version header."""
    with httpx.Client(base_url=emulator.url, headers=HEADERS, timeout=5) as client:
        yield client


@pytest.fixture
def walk(client: httpx.Client) -> Pages:
    """All records of a list, page by page along `next`."""
    return lambda path, **params: read_all(client, path, **params)
