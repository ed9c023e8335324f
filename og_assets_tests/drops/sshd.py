"""Debian's own sshd on loopback, for tests: a process of ours, with keys and a folder of its own."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from og_assets_tests.ports import a_free_port

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING = "there is no sshd here: apt-get install openssh-server"


@dataclass(frozen=True, slots=True)
class Sshd:
    """A server that runs: its address, its key, a private key that it accepts, its process."""

    url: str
    known_hosts_line: str
    private_key: Path
    process: "subprocess.Popen[bytes]"

    def cut(self) -> None:
        """End every connection, as a network would."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)


@contextmanager
def sshd(home: Path, outgoing: Path, *, user: str | None = None) -> Iterator[Sshd]:
    """Serve `outgoing` to `user` (who runs the tests) from a server whose files are in `home`."""
    user = user or pwd.getpwuid(os.getuid()).pw_name
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True)  # noqa: S607
    (home / "authorized").write_text((home / "user_key.pub").read_text())
    (home / "authorized").chmod(0o600)
    port = a_free_port()
    (home / "config").write_text(
        f"""
        ListenAddress 127.0.0.1
        Port {port}
        HostKey {home}/host_key
        PidFile none
        AuthorizedKeysFile {home}/authorized
        StrictModes no
        UsePAM no
        PermitRootLogin yes
        PasswordAuthentication yes
        Subsystem sftp internal-sftp
        LogLevel ERROR
        """
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd locks its unprivileged half up
    process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", home / "config"], stderr=(home / "log").open("wb"))
    try:
        _wait_for(port, process, home / "log")
        line = f"[127.0.0.1]:{port} {(home / 'host_key.pub').read_text()}"
        yield Sshd(f"sftp://{user}@127.0.0.1:{port}{outgoing}", line, home / "user_key", process)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(5)
            if probe.connect_ex(("127.0.0.1", port)) == 0 and probe.recv(1):
                return
    raise AssertionError(f"sshd did not start: {log.read_text()}")
