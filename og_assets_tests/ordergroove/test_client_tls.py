"""Over https the key goes to a server that can prove its name, and to no other."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_server import ScriptedServer, page

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import Unreachable
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.retry import RetryPolicy

ORDERS = next(object for object in OBJECTS if object.name == "orders")
AT_ONCE = RetryPolicy(first_delay=0.0, max_delay=0.0)


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[ScriptedServer]:
    """A server with a certificate that it has signed itself."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ScriptedServer(page("a"), tls=context) as server:
        yield server


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl to make a certificate with")
def test_key_is_not_sent_to_a_server_that_cannot_prove_its_name(impostor: ScriptedServer) -> None:
    """The connection ends before anything is asked."""
    with (
        OrdergrooveClient(impostor.url, "key", requests_per_minute=None, timeout=5.0, retry=AT_ONCE) as client,
        pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        next(client.pages(ORDERS, {}))
    assert impostor.asked == []
