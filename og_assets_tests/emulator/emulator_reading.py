"""How the tests read the emulator: the documented headers, and a whole list along `next`."""

from collections.abc import Callable
from typing import Any

import httpx

from og_assets.emulator import EMULATOR_KEY

Pages = Callable[..., list[dict[str, Any]]]
HEADERS = {"x-api-key": EMULATOR_KEY, "X-OG-API-VERSION": "2"}


def read_all(client: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
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
