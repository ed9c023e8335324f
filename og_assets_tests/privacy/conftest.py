"""What the tests of personal data share."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here speaks TLS, and reading all certificates takes each new client longer than a small pull."""
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
