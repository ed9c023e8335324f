"""A port that is taken is said before anything is started, in one sentence."""

import socket

from og_assets.errors import OgAssetsError


class PortTaken(OgAssetsError):
    """A command cannot listen where it was told to; the message says why and what to do."""


def require_free(port: int) -> None:
    """Raise PortTaken unless a program may listen on this port of this machine."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PortTaken(
            f"Cannot listen on 127.0.0.1 port {port}: {reason}. Choose another with --port, or stop what uses it."
        ) from None
