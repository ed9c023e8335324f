"""PostgreSQL and an S3 server on loopback, for tests: processes of ours, with folders and passwords of their own."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from og_assets.commands.child_process import child
from og_assets_tests.ports import a_free_port

PACKAGES = ("psycopg2", "dagster_postgres", "duckdb_extension_ducklake", "duckdb_extension_postgres_scanner")
S3RVER = Path(__file__).parents[2] / ".lake" / "node_modules" / ".bin" / "s3rver"
BUCKET = "lake"
USER = "og"
DEADLINE = 60


def missing_packages() -> str | None:
    """Why no lake can be opened in this environment, or None when one can."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    return f"og-assets[lake] is not installed here (no {', '.join(missing)}): `make lake` is" if missing else None


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that runs. It asks for a password, which the file holds that `variables` name."""

    port: int
    password: str
    variables: Mapping[str, str]
    folder: Path

    def kill(self) -> None:
        """End it and its sessions at once, as a machine that dies would; nothing is written any more."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        while _listens(self.port):
            time.sleep(0.02)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The server, for the time of the block."""
        # What a commit has handed to the system outlives the server, and the machine does not die in a test.
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        command = [_of_postgres("postgres"), "-D", "data", *(word for line in settings for word in ("-c", line))]
        ready = [_of_postgres("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        with _server(command, self.folder, **_not_root()) as process:
            _wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, process, self.folder)
            yield

    def new_database(self) -> str:
        """The words by which libpq connects to a new, empty database; without a password."""
        name = f"og_{secrets.token_hex(6)}"
        with self.cursor(self.words("postgres")) as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        return self.words(name)

    def words(self, database: str) -> str:
        """How libpq is told where a database is."""
        return f"host=127.0.0.1 port={self.port} dbname={database} user={USER}"

    @contextmanager
    def cursor(self, words: str) -> Iterator[Any]:
        """A session of its own, whose statements are committed one by one."""
        import psycopg2

        connection = psycopg2.connect(words, password=self.password)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class S3:
    """A server that runs and has a bucket; `variables` are those of AWS's own tools, by which it is reached."""

    variables: Mapping[str, str]
    folder: Path

    def new_prefix(self) -> str:
        """An empty place in the bucket."""
        return f"s3://{BUCKET}/{secrets.token_hex(6)}/"

    def keys(self, prefix: str) -> list[str]:
        """What lies below a prefix, each as an address like it."""
        bucket = self.folder / prefix.removeprefix("s3://")
        files = bucket.rglob("*._S3rver_object")
        return sorted(f"{prefix}{file.relative_to(bucket)}".removesuffix("._S3rver_object") for file in files)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A new PostgreSQL; where its programs are not there, the test is skipped."""
    if not all(map(_path_of, ("initdb", "postgres", "pg_isready"))):
        pytest.skip("there is no PostgreSQL here: apt-get install postgresql")
    with _folder() as folder:
        password = secrets.token_hex(16)
        postgres = Postgres(a_free_port(), password, {"PGPASSFILE": str(folder / "pgpass")}, folder)
        (folder / "password").write_text(password)
        (folder / "pgpass").write_text(f"127.0.0.1:{postgres.port}:*:{USER}:{password}\n")
        (folder / "pgpass").chmod(0o600)
        command = [_of_postgres("initdb"), "-D", "data", "-U", USER, "--auth=scram-sha-256", "--pwfile=password"]
        command += ["--no-sync", "--no-locale", "--encoding=UTF8"]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **_not_root())
        with postgres.running():
            yield postgres


@contextmanager
def running_s3() -> Iterator[S3]:
    """A new S3 server with an empty bucket; where the program is not there, the test is skipped."""
    if not S3RVER.exists():
        pytest.skip("there is no S3 server here: `make lake` installs s3rver, with npm")
    port = a_free_port()
    with _folder() as folder:
        command = [str(S3RVER), "-d", "data", "-a", "127.0.0.1", "-p", str(port), "--no-vhost-buckets", "--silent"]
        with _server([*command, "--configure-bucket", BUCKET], folder) as process:
            _wait_until(lambda: _listens(port), process, folder)
            variables = {
                "AWS_ACCESS_KEY_ID": "S3RVER",
                "AWS_SECRET_ACCESS_KEY": "S3RVER",
                "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
            }
            yield S3(variables, folder / "data")


def _path_of(program: str) -> str | None:
    """A program of the newest PostgreSQL; Debian keeps them out of PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return shutil.which(program, path=os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")]))


def _of_postgres(program: str) -> str:
    """A program of PostgreSQL that is there."""
    path = _path_of(program)
    assert path
    return path


def _not_root() -> dict[str, Any]:
    """Options of a process that PostgreSQL's programs accept: they refuse to be root."""
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.getuid() == 0 else {}


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that a server may write to; those of tests nobody but who runs them may enter."""
    with tempfile.TemporaryDirectory(prefix="og_lake_") as name:
        if os.getuid() == 0:
            os.chown(name, pwd.getpwnam("nobody").pw_uid, -1)
        yield Path(name)


@contextmanager
def _server(command: list[str], folder: Path, **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """A server in its folder for the time of the block. At the end it drops everything: nobody reads it again."""
    with (folder / "log").open("wb") as log, child(command, cwd=folder, stdout=log, stderr=log, **options) as server:
        try:
            yield server
        finally:
            server.send_signal(signal.SIGQUIT)


def _wait_until(answers: Callable[[], bool], process: "subprocess.Popen[Any]", folder: Path) -> None:
    until = time.monotonic() + DEADLINE
    while not answers():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, "the server does not answer"
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
