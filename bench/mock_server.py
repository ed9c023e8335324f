"""Serves the lists of an invented merchant, fast enough not to matter: one join of bytes a page.

    python -m bench.mock_server        prints its address and serves until it is stopped

`GET /__set?records=100000&latency_ms=20&changed=1000&orders=50000` sets what is served (`orders` and
the like for one object), `GET /__truth/orders` tells what a complete pull must arrive at and
`GET /__truth/orders?only=changed` what its changed records must be.
"""

import asyncio
import json
import re
from dataclasses import asdict
from datetime import datetime
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from bench.pages import Listing
from og_assets.ordergroove.client import PAGE_SIZE
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject

_HOST = re.compile(rb"\r\nhost: *([^\r]+)", re.IGNORECASE)
_BY_PATH = {object.path: object for object in OBJECTS}


class Merchant:
    """What is served now."""

    def __init__(self) -> None:
        self.set({})

    def set(self, settings: dict[str, str]) -> None:
        """Serve something else from now on; what is not named is as it is at the start."""
        self.latency_seconds = float(settings.get("latency_ms", 0)) / 1000
        usual = int(settings.get("records", 100_000))
        changed = int(settings.get("changed", 0))
        # The wall clock of Ordergroove's stamps, so that a pull since its watermark finds them.
        now = datetime.now(ZoneInfo("America/New_York")).replace(tzinfo=None)
        # All of them now, so that no request that is measured waits for one.
        self._listings = {
            object.name: Listing(object, int(settings.get(object.name, usual)), changed, now) for object in OBJECTS
        }

    def listing(self, object: OrdergrooveObject) -> Listing:
        """The list of an object."""
        return self._listings[object.name]

    def answer(self, object: OrdergrooveObject, query: dict[str, str], host: bytes) -> bytes:
        """The body of one page of a list."""
        listing = self.listing(object)
        start = query.get(object.start_param or "")
        if query.get("page_size") != str(PAGE_SIZE):  # a look at the first few
            few = json.loads(listing.page(0))[: int(query["page_size"])]
            return json.dumps({"next": None, "results": few}).encode()
        if "cursor" in query:
            position = int(query["cursor"])
            records = listing.page(position)
        elif start:
            position, records = listing.since(start, object.change_stamp or "")
        else:
            position, records = 0, listing.page(0) if listing.pages else b"[]"
        following = b"null"
        if position + 1 < listing.pages:
            following = b'"http://%s%s?cursor=%d&page_size=%d"' % (host, object.path.encode(), position + 1, PAGE_SIZE)
        return b'{"next":%s,"previous":null,"results":%s}' % (following, records)


class Connection(asyncio.Protocol):
    """One connection, whose requests have no body."""

    def __init__(self, merchant: Merchant) -> None:
        self._merchant = merchant
        self._received = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._handle(head)

    def _handle(self, head: bytes) -> None:
        due = self._loop.time() + self._merchant.latency_seconds
        url = urlsplit(head.split(b" ", 2)[1].decode())
        query = dict(parse_qsl(url.query))
        host = _HOST.search(head)
        assert host
        if url.path == "/__set":
            self._merchant.set(query)
            self._reply(b"{}")
        elif url.path.startswith("/__truth/"):
            object = _BY_PATH[f"/{url.path.removeprefix('/__truth/')}/"]
            truth = self._merchant.listing(object).truth(only_changed="only" in query)
            self._reply(json.dumps(asdict(truth)).encode())
        elif url.path in _BY_PATH:
            self._loop.call_at(due, self._reply, self._merchant.answer(_BY_PATH[url.path], query, host[1]))
        else:
            self._reply(b'{"detail":"Not found."}', b"404 Not Found")

    def _reply(self, body: bytes, status: bytes = b"200 OK") -> None:
        if not self._transport.is_closing():
            head = b"HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self._transport.writelines((head % (status, formatdate(usegmt=True).encode(), len(body)), body))


async def main() -> None:
    """Serve."""
    merchant = Merchant()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(merchant), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
