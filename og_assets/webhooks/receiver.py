"""The web application that receives webhooks: verify, store, acknowledge. What an event means it does not know.

| Status | When | What Ordergroove does |
|---|---|---|
| 200 | the event is on the disk, now or from before | counts it as delivered |
| 400 | rightly signed, but no JSON object with an id | tries again |
| 401 | no signature, or none that fits | tries again |
| 404, 405, 408, 413 | another path or method; a body too slow or too large | tries again |
| 503 | the inbox cannot be written | tries again |

Ordergroove takes any 2xx as delivered and anything else, or five seconds without an answer, as a failure
(reference: configuring-your-server-to-receive-webhooks). Logs tell what happened and nothing that was sent.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from og_assets.ordergroove.event_mask import mask_event
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.signature import SIGNATURE_HEADER, Signature, SignatureError, check_keys
from og_assets.webhooks.commits import GroupCommit
from og_assets.webhooks.envelope import BadEnvelope, read_envelope
from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.inbox import Inbox, InboxEvent

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes. An event is about a kilobyte; with every snapshot extension a large customer's may be some hundred."""

BODY_SECONDS = 10.0
"""How long a body may take to arrive; Ordergroove itself has given up by then."""

_log = logging.getLogger("og_assets")


class _Refusal(Exception):
    """A request that is not taken, with the status and the reason that are answered."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Reception:
    """Where one merchant's events go, and by which verification keys they are known to be Ordergroove's.

    `tolerance` is how many seconds the signature's time may lie from the clock, None for any; `masking` is applied to
    what was verified, before it is stored. Raises ValueError when `keys` are none or cannot be keys.
    """

    inbox: Inbox
    keys: Sequence[str]
    masking: Masking
    tolerance: float | None = None

    def __post_init__(self) -> None:
        check_keys(self.keys)


def create_app(
    receptions: Mapping[str, Reception], *, body_limit: int = BODY_LIMIT, clock: Callable[[], float] = time.time
) -> Starlette:
    """The application: POST of a merchant's events to `/webhooks/<merchant>`, GET of `/healthz`.

    The merchant without a name, of a deployment of one, has `/webhooks` and `/`. `body_limit` is in bytes, `clock`
    gives epoch seconds. The inboxes are closed when the application shuts down.
    """
    receivers = {name: _Receiver(reception, body_limit, clock) for name, reception in receptions.items()}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for receiver in receivers.values():
                await stack.enter_async_context(receiver.running())
            yield

    async def health(_: Request) -> Response:
        """Whether an event of each merchant could be stored now."""
        for receiver in receivers.values():
            if problem := await receiver.problem():
                return problem
        return PlainTextResponse("ok")

    routes = [
        Route(path, receiver.receive, methods=["POST"])
        for name, receiver in receivers.items()
        for path in ([f"/webhooks/{name}"] if name else ["/", "/webhooks"])
    ]
    app = Starlette(routes=[*routes, Route("/healthz", health, methods=["GET"])], lifespan=lifespan)
    app.router.redirect_slashes = False
    return app


class _Receiver:
    """The endpoint of one merchant."""

    def __init__(self, reception: Reception, body_limit: int, clock: Callable[[], float]) -> None:
        self._reception = reception
        self._commits = GroupCommit(reception.inbox)
        self._body_limit = body_limit
        self._clock = clock

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Commits what is received for the time of the block."""
        self._commits.start()
        try:
            yield
        finally:
            await self._commits.stop()

    async def receive(self, request: Request) -> Response:
        """Take one event and answer when it is safe."""
        try:
            new = await self._commits.store(await self._read(request))
        except _Refusal as refusal:
            _log.warning("webhook refused with %d: %s", refusal.status, refusal)
            return PlainTextResponse(str(refusal), refusal.status)
        except Exception as error:  # noqa: BLE001 - whatever it is, Ordergroove is to send the event again
            return _unavailable(error)
        return PlainTextResponse("stored" if new else "known already")

    async def problem(self) -> Response | None:
        """Why no event could be stored now; None when one could."""
        try:
            await self._commits.check()
        except Exception as error:  # noqa: BLE001 - whatever it is, no event could be stored
            return _unavailable(error)
        return None

    async def _read(self, request: Request) -> InboxEvent:
        """The event of a request whose signature fits. The body is not looked into before that is known."""
        received_at = datetime.now(UTC)
        # A header that comes twice means the same as its values in one line (RFC 9110).
        headers = request.headers.getlist(SIGNATURE_HEADER)
        try:
            signature = Signature.parse(",".join(headers) if headers else None)
            body = await self._body(request)
            signature.verify(body, self._reception.keys, tolerance=self._reception.tolerance, now=self._clock())
            envelope = read_envelope(body)
        except SignatureError as error:
            raise _Refusal(401, str(error)) from None
        except BadEnvelope as error:
            raise _Refusal(400, str(error)) from None
        stored = mask_event(body, self._reception.masking)
        return InboxEvent(envelope.id, envelope.type, envelope.created, received_at, stored)

    async def _body(self, request: Request) -> bytes:
        too_large = _Refusal(413, f"the body is larger than {self._body_limit} bytes")
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._body_limit:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > self._body_limit:
                        raise too_large
        except TimeoutError:
            raise _Refusal(408, f"the body did not arrive within {BODY_SECONDS:g} s") from None
        except ClientDisconnect:
            raise _Refusal(400, "the sender hung up before the end of the body") from None
        return bytes(body)


def _unavailable(error: Exception) -> Response:
    # The message of an unforeseen error might quote what was sent, so only its place is told.
    problem = error.problem if isinstance(error, InboxError) else _place_of(error)
    _log.error("answered 503, the inbox cannot be written: %s", problem)
    return PlainTextResponse("the inbox cannot be written", 503, {"Retry-After": "60"})


def _place_of(error: Exception) -> str:
    """The type of an error and the line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
