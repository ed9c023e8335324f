"""Drops on an SFTP server (guide: sftp-file-drops). Only this module knows SSH, and paramiko is imported to connect.

The server has to show the key that the settings name before anything is told to it: there is no trust on first use.
"""

import base64
import hashlib
import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import unquote, urlsplit

from og_assets.errors import SettingError
from og_assets.ordergroove.drops.errors import DropChanged, DropsUnreachable, LoginRefused, NoDropFolder, WrongHostKey
from og_assets.ordergroove.drops.source import CHUNK, DropFile

if TYPE_CHECKING:
    import paramiko

TIMEOUT_SECONDS = 30.0
PORT = 22
_PIECE = 32 * 1024
"""Bytes of one request; servers need not answer larger ones."""


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """An address such as `sftp://user@feeds.ordergroove.com/outgoing/`."""

    user: str
    host: str
    port: int
    folder: str

    @classmethod
    def read(cls, url: str) -> Self:
        """The parts of the address; raises ValueError that says what it takes."""
        parts = urlsplit(url)
        if parts.scheme != "sftp" or not parts.hostname or not parts.username or parts.query or parts.fragment:
            raise ValueError("takes the path of a folder, or an address such as sftp://user@host/outgoing/")
        if parts.password is not None:
            raise ValueError("must not hold a password; it goes into ORDERGROOVE_DROPS_PASSWORD")
        return cls(unquote(parts.username), parts.hostname, parts.port or PORT, unquote(parts.path) or "/")

    def __str__(self) -> str:
        """The address as it was written."""
        return f"sftp://{self.user}@{self.host}:{self.port}{self.folder}"


@dataclass(frozen=True, slots=True)
class HostKey:
    """What the server has to prove: a fingerprint `SHA256:...`, or the key itself, by type and bytes."""

    fingerprint: str
    type: str | None = None
    key: bytes | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Of a fingerprint, or of a line of a known-hosts file; raises ValueError that says what it takes."""
        words = text.split()
        if len(words) == 1 and words[0].startswith("SHA256:") and words[0].removeprefix("SHA256:"):
            return cls(words[0].rstrip("="))
        types = [place for place, word in enumerate(words[:-1]) if word.startswith(("ssh-", "ecdsa-", "sk-"))]
        if types and not text.startswith("@"):
            type, written = words[types[0]], words[types[0] + 1]
            try:
                key = base64.b64decode(written, validate=True)
            except ValueError:
                key = b""
            if key:
                return cls(fingerprint(key), type, key)
        raise ValueError("takes a fingerprint SHA256:... or a line of a known-hosts file: `host ssh-ed25519 AAAA...`")


def fingerprint(key: bytes) -> str:
    """The fingerprint of a public key as ssh-keygen prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Login:
    """How we prove who we are: a password, a private key (its text, or the path of its file), or both.

    With a private key, the password is also what unlocks it.
    """

    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


class SftpFolder:
    """A folder on an SFTP server; connects when it is first asked for something, and again after `close`."""

    def __init__(self, address: SftpAddress, host_key: HostKey, login: Login) -> None:
        self._address = address
        self._host_key = host_key
        self._login = login
        self._client: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None

    @property
    def place(self) -> str:
        """The address."""
        return str(self._address)

    def files(self) -> list[DropFile]:
        """The regular files in the folder, by name."""
        with self._reading() as sftp:
            try:
                return sorted(
                    _described(entry.filename, entry)
                    for entry in sftp.listdir_iter(self._address.folder)
                    if entry.st_mode is None or stat.S_ISREG(entry.st_mode)
                )
            except OSError as error:
                if not isinstance(error, FileNotFoundError | PermissionError):
                    raise
                raise NoDropFolder(
                    f"There is no folder of drops at {self.place}, or {self._address.user} may not read it."
                ) from error

    def look(self, name: str) -> DropFile | None:
        """The file of that name as it is now."""
        with self._reading() as sftp:
            try:
                return _described(name, sftp.stat(self._path(name)))
            except FileNotFoundError:
                return None

    def read(self, name: str, offset: int) -> Iterator[bytes]:
        """The bytes of the file from `offset` on; several requests are on their way at a time."""
        with self._reading() as sftp, _opened(sftp, self._path(name)) as file:
            size = file.stat().st_size or 0
            while offset < size:
                until = min(offset + CHUNK, size)
                wanted = [(start, min(_PIECE, until - start)) for start in range(offset, until, _PIECE)]
                for piece in file.readv(wanted):
                    offset += len(piece)
                    yield piece

    def close(self) -> None:
        """End the connection."""
        client, self._client, self._sftp = self._client, None, None
        if client is not None:
            client.close()

    def _path(self, name: str) -> str:
        return f"{self._address.folder.rstrip('/')}/{name}"

    @contextmanager
    def _reading(self) -> "Iterator[paramiko.SFTPClient]":
        """A connection; what is wrong with it is told by its class, whose text may be the server's."""
        sftp = self._sftp or self._connect()
        from paramiko import SSHException

        try:
            yield sftp
        except (SSHException, EOFError, OSError) as error:
            self.close()
            raise DropsUnreachable(f"{self.place}: the connection was cut ({type(error).__name__}).") from error

    def _connect(self) -> "paramiko.SFTPClient":
        ssh = _paramiko()
        # Read first: a setting that is wrong is told without a word to the server.
        key = _private_key(ssh, self._login) if self._login.private_key else None
        client = ssh.SSHClient()
        client.set_missing_host_key_policy(_Known(self._host_key, self.place))
        if self._host_key.type and self._host_key.key:
            known = ssh.PKey.from_type_string(self._host_key.type, self._host_key.key)
            client.get_host_keys().add(_known_name(self._address), self._host_key.type, known)
        try:
            client.connect(
                self._address.host,
                self._address.port,
                self._address.user,
                password=self._login.password or None,
                pkey=key,
                allow_agent=False,
                look_for_keys=False,
                timeout=TIMEOUT_SECONDS,
                banner_timeout=TIMEOUT_SECONDS,
                auth_timeout=TIMEOUT_SECONDS,
            )
            sftp = client.open_sftp()
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(TIMEOUT_SECONDS)
        except ssh.BadHostKeyException as error:
            client.close()
            raise wrong_host_key(self.place, error.key) from error
        except ssh.AuthenticationException as error:
            client.close()
            raise LoginRefused(
                f"{self.place} does not accept the login. Check the user in ORDERGROOVE_DROPS, and "
                "ORDERGROOVE_DROPS_PASSWORD or ORDERGROOVE_DROPS_PRIVATE_KEY."
            ) from error
        except WrongHostKey:
            client.close()
            raise
        except (ssh.SSHException, EOFError, OSError) as error:
            client.close()
            raise DropsUnreachable(
                f"{self.place} cannot be reached ({type(error).__name__}). Check address and network; Ordergroove lets "
                "in the addresses that are allow-listed."
            ) from error
        self._client, self._sftp = client, sftp
        return cast("paramiko.SFTPClient", sftp)


def _opened(sftp: "paramiko.SFTPClient", path: str) -> "paramiko.SFTPFile":
    try:
        return sftp.open(path, "rb")
    except FileNotFoundError as error:
        raise DropChanged(f"{path} is no longer there.") from error


class _Known:
    """Lets in the server whose key has the fingerprint."""

    def __init__(self, host_key: HostKey, place: str) -> None:
        self._host_key = host_key
        self._place = place

    def missing_host_key(self, client: Any, hostname: str, key: "paramiko.PKey") -> None:  # noqa: ARG002 - paramiko's
        if fingerprint(key.asbytes()) != self._host_key.fingerprint:
            raise wrong_host_key(self._place, key)


def wrong_host_key(place: str, key: "paramiko.PKey") -> WrongHostKey:
    """The error for a server that shows this key."""
    return WrongHostKey(
        f"{place} shows another host key than ORDERGROOVE_DROPS_HOST_KEY says, {key.get_name()} "
        f"{fingerprint(key.asbytes())}. Nothing was sent to it. Ask Ordergroove whether that key is theirs."
    )


def _paramiko() -> Any:
    try:
        import paramiko
    except ImportError as error:
        raise SettingError(
            "ORDERGROOVE_DROPS names an SFTP server, and that needs paramiko: `pip install 'og-assets[drops]'`."
        ) from error
    return paramiko


def _private_key(ssh: Any, login: Login) -> "paramiko.PKey":
    text = login.private_key.replace("\\n", "\n")
    try:
        if not text.startswith("-----BEGIN"):
            text = Path(text).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SettingError("ORDERGROOVE_DROPS_PRIVATE_KEY names a file that cannot be read.") from error
    for kind in (ssh.Ed25519Key, ssh.ECDSAKey, ssh.RSAKey):
        try:
            return cast("paramiko.PKey", kind.from_private_key(io.StringIO(text), login.password or None))
        except (ssh.SSHException, ValueError, IndexError, TypeError):
            continue
    raise SettingError(
        "ORDERGROOVE_DROPS_PRIVATE_KEY takes an Ed25519, ECDSA or RSA key, or the path of its file; one with a "
        "passphrase needs that in ORDERGROOVE_DROPS_PASSWORD."
    )


def _known_name(address: SftpAddress) -> str:
    return address.host if address.port == PORT else f"[{address.host}]:{address.port}"


def _described(name: str, attributes: "paramiko.SFTPAttributes") -> DropFile:
    return DropFile(name, attributes.st_size or 0, datetime.fromtimestamp(attributes.st_mtime or 0, UTC))
