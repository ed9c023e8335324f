"""Where a scenario is measured: the mock server, empty folders, and the contestants, each checked after its run."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.request import urlopen

import duckdb

from bench.measure import Measurement, measure
from bench.pages import money_columns
from og_assets.columns import Kind
from og_assets.commands.child_process import child
from og_assets.ordergroove.client import PAGE_SIZE
from og_assets.ordergroove.objects import OBJECTS

REPOSITORY = Path(__file__).parents[1]
DLT_PYTHON = REPOSITORY / ".bench" / "dlt" / "bin" / "python"
OUR_PYTHON = REPOSITORY / ".bench" / "og" / "bin" / "python"
"""og_assets as `pip install og-assets` has it, without what its tests need."""
LAKE_PYTHON = REPOSITORY / ".bench" / "lake" / "bin" / "python"
"""og_assets with what a lake needs."""
BY_NAME = {object.name: object for object in OBJECTS}
FIRST_OF_THE_CHANGED = "2025-01-01"
"""Change stamps of the mock server are earlier, but those of changed records, which are of today."""


class WrongResult(Exception):
    """A contestant ended with other rows or sums than the server told; its speed says nothing."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A mock server at `url`, a `folder` to work in; `scale` times the usual number of records."""

    url: str
    folder: Path
    scale: float = 1.0
    _numbers: Iterator[int] = field(default_factory=count)

    def records(self, usual: int) -> int:
        """So many records at this scale, whole pages, at least one."""
        return max(round(usual * self.scale / PAGE_SIZE), 1) * PAGE_SIZE

    def serve(self, **settings: float) -> None:
        """Serve so many `records` of each object, or of the one that is named, with `latency_ms` and `changed`."""
        query = "&".join(f"{name}={value}" for name, value in settings.items())
        with urlopen(f"{self.url}/__set?{query}") as answer:  # noqa: S310 - our own server
            answer.read()

    @property
    def has_dlt(self) -> bool:
        """Whether dlt's environment is there; `make bench` makes it."""
        return DLT_PYTHON.exists()

    def new_folder(self) -> Path:
        """An empty folder."""
        folder = self.folder / f"{next(self._numbers)}"
        folder.mkdir()
        return folder

    def floor(self, name: str, *client: str) -> Measurement:
        """Only follow `next`; `client` may be httpx."""
        return measure([str(OUR_PYTHON), "-m", "bench.floor", f"{self.url}{BY_NAME[name].path}", *client])

    def pull(self, *names: str) -> Measurement:
        """Our library, into an empty warehouse."""
        with self._emptied() as folder:
            measured = self.pull_into(folder / "bench.duckdb", *names)
            self.check(folder / "bench.duckdb", *names)
        return measured

    def pull_into(self, warehouse: Path, *names: str) -> Measurement:
        """Our library, into a warehouse that may be there; unchecked."""
        return measure([str(OUR_PYTHON), "-m", "bench.library_pull", self.url, str(warehouse), *names])

    def run(self, *names: str) -> Measurement:
        """Our assets in a run of the job `sync`, into an empty warehouse."""
        with self._emptied() as folder:
            environment = dagster_environment(folder, self.url)
            measured = measure([str(OUR_PYTHON), "-m", "bench.dagster_run", "sync", *names], environment)
            self.check(folder / "bench.duckdb", *names)
        return measured

    def pull_with_dlt(self, *names: str) -> Measurement:
        """dlt, into an empty file."""
        with self._emptied() as folder:
            measured = self.pull_with_dlt_into(folder, *names)
            self.check(folder / "bench.duckdb", *names)
        return measured

    def pull_with_dlt_into(self, folder: Path, *names: str) -> Measurement:
        """dlt, into the file and with the state that a folder has; unchecked."""
        files = [str(folder / "bench.duckdb"), str(folder / "state")]
        script = str(REPOSITORY / "bench" / "dlt_pull.py")
        return measure([str(DLT_PYTHON), script, self.url, *files, json.dumps([_for_dlt(name) for name in names])])

    def check(self, database: Path, *names: str, only_changed: bool = False) -> None:
        """Compare rows and sums of money with what the server tells; raises WrongResult."""
        with duckdb.connect(str(database), read_only=True) as connection:
            for name in names:
                check_table(connection, self.url, name, only_changed=only_changed)

    @contextmanager
    def _emptied(self) -> Iterator[Path]:
        folder = self.new_folder()
        yield folder
        shutil.rmtree(folder)


def check_table(connection: duckdb.DuckDBPyConnection, url: str, name: str, *, only_changed: bool) -> None:
    """Compare rows and sums of money of a table with what the server tells; raises WrongResult."""
    with urlopen(f"{url}/__truth/{name}{'?only=changed' if only_changed else ''}") as answer:  # noqa: S310 - our own server
        truth = json.load(answer)
    object = BY_NAME[name]
    sums = "".join(f", sum({column})::VARCHAR" for column in truth["money"])
    where = f"{object.change_stamp} >= '{FIRST_OF_THE_CHANGED}'" if only_changed else "true"
    found = connection.execute(
        f"SELECT count(*), count(DISTINCT {object.key[0]}){sums} FROM {_schema(connection)}.{name} WHERE {where}"
    ).fetchall()[0]
    expected = (truth["records"], truth["records"], *(f"{total}00" for total in truth["money"].values()))
    if found != expected:
        raise WrongResult(f"{name}: {found} instead of {expected}")


def _schema(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("SELECT current_database()").fetchone()
    return f"{row[0] if row else ''}.ordergroove"


def _for_dlt(name: str) -> Mapping[str, object]:
    object = BY_NAME[name]
    stamps = [column.name for column in object.columns if column.kind is Kind.STAMP]
    return {
        "name": name,
        "path": object.path,
        "key": object.key[0],
        "change_stamp": object.change_stamp,
        "start_param": object.start_param,
        "money": [column.name for column in money_columns(object)],
        "stamps": stamps,
    }


def dagster_environment(folder: Path, url: str) -> dict[str, str]:
    """Variables for runs with the project's Dagster settings, whose state and warehouse are in a folder."""
    home = folder / "dagster_home"
    home.mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    return {
        "DAGSTER_HOME": str(home),
        "ORDERGROOVE_API_KEY": "emulator-key",
        "ORDERGROOVE_BASE_URL": url,
        "ORDERGROOVE_WAREHOUSE": str(folder / "bench.duckdb"),
        "ORDERGROOVE_WEBHOOK_INBOX": str(folder / "inbox.sqlite"),
        "ORDERGROOVE_SCHEDULES": "off",
    }


def measure_here(work: Callable[[], object]) -> Measurement:
    """What a piece of work takes in this process, whose memory is not looked at."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Measurement(time.perf_counter() - wall, time.process_time() - cpu, 0.0, {})


@contextmanager
def open_lab(scale: float) -> Iterator[Lab]:
    """A lab with a mock server of its own, both gone after the block."""
    with tempfile.TemporaryDirectory() as folder, serving(["-m", "bench.mock_server"]) as url:
        yield Lab(url, Path(folder), scale)


@contextmanager
def serving(command: list[str]) -> Iterator[str]:
    """A server in a process of its own, by its address, which is in the first line that it prints."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    options = {"stdout": subprocess.PIPE, "text": True, "env": environment}
    with child([sys.executable, *command], cwd=REPOSITORY, **options) as process:
        assert process.stdout
        address = re.search(r"http://\S+", process.stdout.readline())
        assert address
        yield address[0]
