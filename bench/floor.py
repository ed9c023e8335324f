"""The floor under every pull: follow `next` over one kept-alive connection, and do nothing else.

python -m bench.floor http://127.0.0.1:8765/orders/
"""

import json
import re
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

_NEXT = re.compile(rb'"next":"([^"]+)"')


def follow(url: str) -> int:
    """How many pages a list has."""
    base = urlsplit(url)
    connection = HTTPConnection(base.netloc)
    pages, path = 0, f"{base.path}?page_size=100"
    while path:
        connection.request("GET", path)
        body = connection.getresponse().read()
        pages += 1
        following = _NEXT.search(body)
        path = following[1].decode().removeprefix(f"{base.scheme}://{base.netloc}") if following else ""
    return pages


if __name__ == "__main__":
    began = time.perf_counter()
    pages = follow(sys.argv[1])
    print(json.dumps({"seconds": time.perf_counter() - began, "pages": pages}))
