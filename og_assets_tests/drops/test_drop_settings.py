"""The settings of file drops, and what is said of those that cannot be used."""

from pathlib import Path

import pytest

from og_assets.errors import SettingError
from og_assets.ordergroove.drops.sftp import SftpAddress
from og_assets.settings import Settings

SERVER = {
    "ORDERGROOVE_DROPS": "sftp://coffee@feeds.ordergroove.com/outgoing/",
    "ORDERGROOVE_DROPS_HOST_KEY": "SHA256:abc",
    "ORDERGROOVE_DROPS_PASSWORD": "not to be shown",
}


def test_a_merchant_has_no_drops_unless_they_are_named() -> None:
    assert Settings.from_environment({}).drops is None


def test_a_folder_needs_nothing_else() -> None:
    assert Settings.from_environment({"ORDERGROOVE_DROPS": "/srv/outgoing"}).drops == Path("/srv/outgoing")


def test_a_server_needs_its_key_and_a_login() -> None:
    assert Settings.from_environment(SERVER).drops == SftpAddress("coffee", "feeds.ordergroove.com", 22, "/outgoing/")
    for missing, told in (("HOST_KEY", "anybody could be it"), ("PASSWORD", "neither")):
        less = {name: value for name, value in SERVER.items() if not name.endswith(missing)}
        with pytest.raises(SettingError, match=told):
            Settings.from_environment(less)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ORDERGROOVE_DROPS", "ftp://user@host/", "sftp://user@host"),
        ("ORDERGROOVE_DROPS", "sftp://user:secret@host/", "must not hold a password"),
        ("ORDERGROOVE_DROPS_HOST_KEY", "whatever", "fingerprint"),
        ("ORDERGROOVE_DROPS_KEPT_DAYS", "0", "number of days"),
        ("ORDERGROOVE_DROPS_KEPT_DAYS", "soon", "number of days"),
    ],
)
def test_a_value_that_cannot_be_used_is_told(variable: str, value: str, told: str) -> None:
    with pytest.raises(SettingError, match=f"{variable} .*{told}"):
        Settings.from_environment({**SERVER, variable: value})


def test_no_secret_is_shown() -> None:
    settings = Settings.from_environment({**SERVER, "ORDERGROOVE_DROPS_PRIVATE_KEY": "-----BEGIN not to be shown"})
    assert "not to be shown" not in repr(settings)
