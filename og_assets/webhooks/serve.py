"""The receiver as a process: listens, serves until it is told to stop, lets requests in flight finish."""

import logging
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager

import uvicorn
from starlette.applications import Starlette

from og_assets.errors import SettingError
from og_assets.merchants import Merchant
from og_assets.webhooks.errors import ListenError
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.receiver import Reception, create_app

MOST_CONNECTIONS = 256
"""More at a time are answered with 503, which bounds what bodies take of the memory."""

GRACE_SECONDS = 10


def serve(
    host: str, port: int, receptions: Mapping[str, Reception], *, ready: Callable[[str], None] | None = None
) -> None:
    """Receive webhooks until SIGTERM or SIGINT, then finish what is in flight and return.

    `receptions` are by the names of merchants, each on its path `/webhooks/<merchant>`; the one without a name is on
    `/webhooks`. Port 0 means any free one. `ready` is called with the address once connections are accepted; by
    default the addresses are printed. Raises InboxError when an inbox cannot be opened, ListenError when the port
    cannot be had. TLS is left to the proxy in front.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for reception in receptions.values():
        reception.inbox.open()
    with closing(_listen(host, port)) as listener:
        server = make_server(create_app(receptions))
        address = _address(host, listener)
        if ready:
            ready(address)
        else:
            _announce(address, receptions)
        with _returning_on_signals():
            server.run(sockets=[listener])


def make_server(app: Starlette) -> uvicorn.Server:
    """A web server for the receiver: `make_server(app).run(sockets=[listening])` serves until `should_exit` is set."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="on",
            ws="none",
            interface="asgi3",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def reception_of(merchant: Merchant) -> Reception:
    """What is needed to receive a merchant's webhooks; raises SettingError when there is no key to verify with."""
    settings = merchant.settings
    setting = f"merchant {merchant.name}: webhook_keys" if merchant.name else "ORDERGROOVE_WEBHOOK_KEYS"
    if not settings.webhook_keys:
        raise SettingError(
            f"{setting} is not set, so no webhook could be verified. Copy the verification key of your "
            "webhook route from the Ordergroove admin, and set the variable or write it into the file .env. After "
            "regenerating it, put the new one first and keep the old one behind a comma for a day."
        )
    keys = [key.get_secret_value() for key in settings.webhook_keys]
    try:
        return Reception(Inbox(settings.inbox), keys, settings.masking, settings.webhook_tolerance)
    except ValueError as error:
        raise SettingError(f"{setting} cannot be used: {error}.") from None


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise ListenError(host, port, str(getattr(error, "strerror", None) or error)) from error


def _address(host: str, listener: socket.socket) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def _announce(address: str, receptions: Iterable[str]) -> None:
    for name in receptions:
        print(f"Receiving webhooks on {address}/webhooks{f'/{name}' if name else ''}", flush=True)


@contextmanager
def _returning_on_signals() -> Iterator[None]:
    """Uvicorn raises the signal that stopped it once more when it is done; a wanted stop is no failure of ours."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    former = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
