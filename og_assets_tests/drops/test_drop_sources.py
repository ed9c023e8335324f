"""Where drops come from: a local folder, the emulated SFTP server, and Debian's own sshd."""

import os
import pwd
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from og_assets.emulator.sftp import SFTP_PASSWORD, SftpServer
from og_assets.errors import SettingError
from og_assets.ordergroove.drops.errors import (
    DropChanged,
    DropsUnreachable,
    LoginRefused,
    NoDropFolder,
    WrongHostKey,
)
from og_assets.ordergroove.drops.sftp import HostKey, Login, SftpAddress, SftpFolder
from og_assets.ordergroove.drops.source import DropSource, LocalFolder, fetch
from og_assets_tests.drops.sshd import MISSING, SSHD, Sshd, sshd

BODY = os.urandom(6_000_000)
NAME = "acme_orders_03182025040506.csv"


@pytest.fixture
def outgoing(tmp_path: Path) -> Path:
    """A folder with one large drop."""
    folder = tmp_path / "outgoing"
    folder.mkdir()
    (folder / NAME).write_bytes(BODY)
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Where copies go."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def folder_at(server: SftpServer, host_key: str | None = None, login: Login | None = None) -> SftpFolder:
    key = HostKey.read(host_key or server.host_key)
    return SftpFolder(SftpAddress.read(server.url), key, login or Login(SFTP_PASSWORD))


def fetch_only(source: DropSource, here: Path) -> bytes:
    """The bytes of the one file of a source, fetched."""
    [file] = source.files()
    return fetch(source, file, here).read_bytes()


def test_a_local_folder_is_a_source(outgoing: Path, here: Path) -> None:
    source = LocalFolder(outgoing)
    assert fetch_only(source, here) == BODY
    assert (outgoing / NAME).read_bytes() == BODY
    with pytest.raises(NoDropFolder, match="ORDERGROOVE_DROPS"):
        LocalFolder(outgoing / "none").files()


@pytest.mark.parametrize("told", ["fingerprint", "line"])
def test_a_server_that_shows_the_known_key_is_read(told: str, outgoing: Path, here: Path) -> None:
    with SftpServer(outgoing) as server:
        source = folder_at(server, server.host_key if told == "fingerprint" else server.known_hosts_line)
        assert fetch_only(source, here) == BODY
        source.close()


@pytest.mark.parametrize("told", ["fingerprint", "line"])
def test_a_server_with_another_key_gets_no_password(told: str, outgoing: Path) -> None:
    """Its own fingerprint is told, for a person to hold against what Ordergroove says."""
    other = paramiko.ECDSAKey.generate()
    with SftpServer(outgoing) as server, SftpServer(outgoing) as stranger:
        wrong = server.host_key if told == "fingerprint" else f"x {other.get_name()} {other.get_base64()}"
        with pytest.raises(WrongHostKey, match=stranger.host_key.replace("+", r"\+")):
            folder_at(stranger, wrong).files()


@pytest.mark.parametrize("key", ["", "SHA256:", "host", "@revoked host ssh-ed25519 AAAA", "host ssh-ed25519 ???"])
def test_a_host_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="known-hosts"):
        HostKey.read(key)


def test_a_wrong_password_is_told_without_it(outgoing: Path) -> None:
    with SftpServer(outgoing) as server, pytest.raises(LoginRefused) as refused:
        folder_at(server, login=Login("mistyped")).files()
    assert "mistyped" not in str(refused.value)


def test_a_private_key_logs_in_as_text_and_as_file(outgoing: Path, here: Path, tmp_path: Path) -> None:
    key = paramiko.ECDSAKey.generate()
    file = tmp_path / "key"
    key.write_private_key_file(str(file))
    with SftpServer(outgoing, authorized=key) as server:
        for told in (str(file), file.read_text(), file.read_text().replace("\n", "\\n")):
            source = folder_at(server, login=Login(private_key=told))
            assert [found.name for found in source.files()] == [NAME]
            source.close()
        with pytest.raises(SettingError, match="PRIVATE_KEY"):
            folder_at(server, login=Login(private_key="/nowhere")).files()


def test_a_transfer_that_is_cut_goes_on_where_it_was(outgoing: Path, here: Path) -> None:
    """Twice; no more than what was under way is asked for again."""
    with SftpServer(outgoing, cut_after=2_500_000, cuts=2) as server:
        source = folder_at(server)
        assert fetch_only(source, here) == BODY
        assert server.cuts == 0
        assert server.bytes_read < len(BODY) + 2 * 1_100_000
        source.close()


def test_a_transfer_that_is_cut_for_good_is_resumed_by_the_next_run(outgoing: Path, here: Path) -> None:
    with SftpServer(outgoing, cut_after=1_200_000, cuts=100) as server:
        source = folder_at(server)
        [file] = source.files()
        server.cut_after = 0
        with pytest.raises(DropsUnreachable):
            fetch(source, file, here)
        assert not [path for path in here.iterdir() if path.suffix != ".part"]
        server.cut_after = None
        assert fetch(source, file, here).read_bytes() == BODY
        source.close()


def test_a_file_that_is_replaced_while_it_is_read_is_not_taken(outgoing: Path, here: Path) -> None:
    """By a rename, as tools do it: what was read is the old file, and the next listing has the new one."""

    def replace(path: Path, offset: int) -> None:
        if offset > 1_000_000 and path.stat().st_size == len(BODY):
            (path.parent / "new").write_bytes(b"new")
            (path.parent / "new").replace(path)

    with SftpServer(outgoing, on_read=replace) as server:
        source = folder_at(server)
        [file] = source.files()
        with pytest.raises(DropChanged, match=NAME):
            fetch(source, file, here)
        assert not list(here.iterdir())
        assert fetch_only(source, here) == b"new"
        source.close()


def test_addresses_are_read_and_hold_no_password() -> None:
    address = SftpAddress.read("sftp://coffee@feeds.ordergroove.com/outgoing/")
    assert address == SftpAddress("coffee", "feeds.ordergroove.com", 22, "/outgoing/")
    for wrong in ("sftp://feeds.ordergroove.com/", "https://a@b/c", "sftp://a@/"):
        with pytest.raises(ValueError, match="sftp://user@host"):
            SftpAddress.read(wrong)
    with pytest.raises(ValueError, match="PASSWORD"):
        SftpAddress.read("sftp://user:secret@host/")


@pytest.fixture
def real(tmp_path: Path, outgoing: Path) -> Iterator[Sshd]:
    """Debian's sshd, for who runs the tests."""
    home = tmp_path / "sshd"
    home.mkdir()
    with sshd(home, outgoing) as server:
        yield server


def at_sshd(server: Sshd, known: str | None = None, login: Login | None = None) -> SftpFolder:
    return SftpFolder(
        SftpAddress.read(server.url),
        HostKey.read(known or server.known_hosts_line),
        login or Login(private_key=str(server.private_key)),
    )


with_sshd = pytest.mark.skipif(SSHD is None, reason=MISSING)


@with_sshd
def test_sshd_takes_a_key_and_its_files_are_fetched(real: Sshd, here: Path) -> None:
    source = at_sshd(real)
    assert fetch_only(source, here) == BODY
    source.close()


@with_sshd
def test_sshd_with_another_key_is_refused(real: Sshd) -> None:
    other = paramiko.ECDSAKey.generate()
    with pytest.raises(WrongHostKey):
        at_sshd(real, f"x {other.get_name()} {other.get_base64()}").files()
    with pytest.raises(WrongHostKey):
        at_sshd(real, "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").files()


@with_sshd
def test_a_connection_to_sshd_that_is_cut_midway_goes_on(real: Sshd, here: Path, outgoing: Path) -> None:
    source = at_sshd(real)
    [file] = source.files()
    pieces = source.read(file.name, 0)
    part = here / f"{file.identity}.part"
    part.write_bytes(next(pieces))
    real.cut()
    with pytest.raises(DropsUnreachable):
        list(pieces)
    assert fetch(source, file, here).read_bytes() == BODY
    source.close()


@with_sshd
def test_sshd_lists_ten_thousand_files_and_a_replaced_one_is_seen(real: Sshd, here: Path, outgoing: Path) -> None:
    for number in range(10_000):
        (outgoing / f"acme_orders_{number:05d}.csv").touch()
    source = at_sshd(real)
    files = {file.name: file for file in source.files()}
    assert len(files) == 10_001
    pieces = source.read(NAME, 0)
    next(pieces)
    (outgoing / "new").write_bytes(b"new")
    (outgoing / "new").replace(outgoing / NAME)
    list(pieces)
    with pytest.raises(DropChanged):
        fetch(source, files[NAME], here)
    source.close()


@with_sshd
@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a user with a password")
def test_sshd_takes_a_password() -> None:
    """Of a user that is made for this test and gone after it."""
    user, password = f"ogdrops{os.getpid()}", secrets.token_hex(8)
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],  # noqa: S607
        input=password,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        outgoing = Path(home) / "outgoing"
        outgoing.mkdir()
        (outgoing / NAME).write_bytes(b"OG Order ID\n")
        subprocess.run(["useradd", "-M", "-d", home, "-p", hashed, user], check=True)  # noqa: S607
        try:
            assert pwd.getpwnam(user)
            with sshd(Path(home), outgoing, user=user) as server:
                source = at_sshd(server, login=Login(password))
                assert [file.name for file in source.files()] == [NAME]
                source.close()
                with pytest.raises(LoginRefused):
                    at_sshd(server, login=Login("another")).files()
        finally:
            subprocess.run(["userdel", "--force", user], check=True)  # noqa: S607


def test_without_paramiko_a_server_is_refused_with_what_to_install(
    outgoing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SftpServer(outgoing) as server:
        source = folder_at(server)
        monkeypatch.setitem(sys.modules, "paramiko", None)
        with pytest.raises(SettingError, match=r"og-assets\[drops\]"):
            source.files()


def test_paramiko_is_not_imported_before_it_connects() -> None:
    """A merchant without drops does not pay for it."""
    modules = "sys, og_assets.ordergroove.drops.sftp, og_assets.definitions"
    script = f"import {modules}; assert 'paramiko' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
