"""The SFTP server of an emulated Ordergroove, on loopback: hands out a folder of drops, and can be told to misbehave.

Nothing in the folder can be changed through it. Needs paramiko.
"""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import paramiko
from paramiko import sftp

from og_assets.ordergroove.drops.sftp import fingerprint

SFTP_USER = "coffee"
SFTP_PASSWORD = "drops-password"  # noqa: S105 - of an emulator


class SftpServer:
    """`with SftpServer(folder) as server: ...`; the folder is `/outgoing/` there.

    `authorized` is a public key that is let in beside SFTP_PASSWORD. `cut_after` ends the connection once so many bytes
    of files were read in it, as often as `cuts` says. `on_read(path, offset)` is called before each read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        authorized: paramiko.PKey | None = None,
        cut_after: int | None = None,
        cuts: int = 1,
        on_read: Callable[[Path, int], None] | None = None,
    ) -> None:
        self.folder = folder
        self.authorized = authorized
        self.cut_after = cut_after
        self.cuts = cuts
        self.on_read = on_read
        self.connections = 0
        self.bytes_read = 0
        self._key = paramiko.ECDSAKey.generate()
        self._socket = socket.socket()
        self._transports: list[paramiko.Transport] = []

    @property
    def url(self) -> str:
        """The address, for ORDERGROOVE_DROPS."""
        return f"sftp://{SFTP_USER}@127.0.0.1:{self._socket.getsockname()[1]}/outgoing/"

    @property
    def host_key(self) -> str:
        """The fingerprint of the server's key."""
        return fingerprint(self._key.asbytes())

    @property
    def known_hosts_line(self) -> str:
        """The server's key as a line of a known-hosts file."""
        port = self._socket.getsockname()[1]
        return f"[127.0.0.1]:{port} {self._key.get_name()} {self._key.get_base64()}"

    def __enter__(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(20)
        threading.Thread(target=self._accept, name="sftp emulator", daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()
        for transport in self._transports:
            transport.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            transport = paramiko.Transport(connection)
            self._transports.append(transport)
            transport.add_server_key(self._key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self, _Budget(transport, self))
            try:
                transport.start_server(server=_Login(self))
            except (paramiko.SSHException, EOFError):
                continue


class _Budget:
    """How many bytes of files a connection may still read before it is cut."""

    def __init__(self, transport: paramiko.Transport, server: SftpServer) -> None:
        self._transport = transport
        self._server = server
        self._read = 0

    def spend(self, size: int) -> None:
        """Count what is read, and cut the connection when that is too much."""
        self._read += size
        self._server.bytes_read += size
        limit = self._server.cut_after
        if limit is not None and self._server.cuts > 0 and self._read > limit:
            self._server.cuts -= 1
            self._transport.close()


class _Login(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        known = (username, password) == (SFTP_USER, SFTP_PASSWORD)
        return paramiko.common.AUTH_SUCCESSFUL if known else paramiko.common.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username == SFTP_USER and key == self._server.authorized
        return paramiko.common.AUTH_SUCCESSFUL if known else paramiko.common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED


class _Folder(paramiko.SFTPServerInterface):
    def __init__(self, login: paramiko.ServerInterface, server: SftpServer, budget: _Budget) -> None:
        super().__init__(login)
        self._server = server
        self._budget = budget

    def list_folder(self, path: str) -> Any:
        if path.strip("/") != "outgoing":
            return sftp.SFTP_NO_SUCH_FILE
        entries = os.scandir(self._server.folder)
        return [paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in entries]

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._local(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        if flags & (os.O_WRONLY | os.O_RDWR):
            return sftp.SFTP_PERMISSION_DENIED
        try:
            return _File(self._local(path), self._server, self._budget)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def _local(self, path: str) -> Path:
        return self._server.folder / Path(path).name


class _File(paramiko.SFTPHandle):
    def __init__(self, path: Path, server: SftpServer, budget: _Budget) -> None:
        super().__init__()
        self._path = path
        self._server = server
        self._budget = budget
        self._file = path.open("rb")

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self._file.fileno()))

    def read(self, offset: int, length: int) -> Any:
        if self._server.on_read:
            self._server.on_read(self._path, offset)
        self._budget.spend(length)
        self._file.seek(offset)
        return self._file.read(length)

    def close(self) -> None:
        self._file.close()
