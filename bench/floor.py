"""The floor under every pull: follow `next` over one kept-alive connection, and do nothing else.

    python -m bench.floor http://127.0.0.1:8765/orders/ [httpx]

By Python's own http.client, as bare as it gets, or by httpx, which has proxies, certificates and time-outs.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

_NEXT = re.compile(rb'"next":"([^"]+)"')


def follow(url: str, get: Callable[[str], bytes]) -> int:
    """How many pages a list has."""
    pages, following = 0, f"{url}?page_size=100"
    while following:
        found = _NEXT.search(get(following))
        pages += 1
        following = found[1].decode() if found else ""
    return pages


def by_http_client(url: str) -> Callable[[str], bytes]:
    """Gets bodies from the host of `url` by http.client."""
    base = urlsplit(url)
    connection = HTTPConnection(base.netloc)
    root = f"{base.scheme}://{base.netloc}"

    def get(address: str) -> bytes:
        connection.request("GET", address.removeprefix(root))
        return connection.getresponse().read()

    return get


def by_httpx(_: str) -> Callable[[str], bytes]:
    """Gets bodies by httpx."""
    import httpx

    client = httpx.Client(verify=False)  # noqa: S501 - no certificate is asked for on loopback
    return lambda address: client.get(address).content


if __name__ == "__main__":
    get = (by_httpx if sys.argv[2:] == ["httpx"] else by_http_client)(sys.argv[1])
    began = time.perf_counter()
    pages = follow(sys.argv[1], get)
    print(json.dumps({"seconds": time.perf_counter() - began, "pages": pages}))
