"""Ports for servers that cannot choose one themselves."""

import secrets
import socket
from contextlib import suppress


def a_free_port() -> int:
    """A port of loopback that nobody listens on at the moment.

    Below those that systems give to whoever asks for none, so that a server which starts late, or again, finds it free.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
