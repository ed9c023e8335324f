"""A running emulator and a client that speaks the documented headers to it."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from og_assets.emulator import EMULATOR_KEY, Emulator, World

Pages = Callable[..., list[dict[str, Any]]]
HEADERS = {"x-api-key": EMULATOR_KEY, "X-OG-API-VERSION": "2"}


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


def read_all(client: httpx.Client, path: str, **params: str) -> list[dict[str, Any]]:
    """All records of a list, page by page along `next`."""
    response = client.get(path, params={"page_size": "100", **params})
    records = []
    while True:
        response.raise_for_status()
        page = response.json()
        records += page["results"]
        if page["next"] is None:
            return records
        response = client.get(page["next"])
