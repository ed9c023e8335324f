"""Two hosts that sync one merchant at once: Dagster's state in PostgreSQL, each its own, and no disk in common."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets_tests.lake.services import S3, USER, Postgres
from og_assets_tests.pulling import assert_equals_world

DEPLOY = Path(__file__).parents[2] / "deploy"
DEADLINE = 600
A_SECOND = 20
"""Requests that are allowed: less than two hosts would send, so that the pace is what holds them."""


class Watched(Emulator):
    """An emulator that notes when each request came, and how many there were at once, of an object and in all."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.came: list[float] = []
        self.most: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._guard = threading.Lock()

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
        """Answer after a moment, in which another reader would come."""
        asked = urlsplit(target)
        names = ["in all"]
        if parse_qs(asked.query).get("page_size") != ["2"]:  # a look whether the key works, at two customers
            names.append(asked.path.strip("/").split("/")[0])
        with self._guard:
            self.came.append(time.monotonic())
            for name in names:
                self._now[name] = self._now.get(name, 0) + 1
                self.most[name] = max(self.most.get(name, 0), self._now[name])
        self.stopping.wait(0.1)
        try:
            return super().respond(method, target, headers, body)
        finally:
            with self._guard:
                for name in names:
                    self._now[name] -= 1

    def busiest_second(self) -> int:
        """The most requests that came in any second."""
        return max(sum(start <= other < start + 1 for other in self.came) for start in self.came)


class Host:
    """A machine of its own: a folder, a Dagster whose state is in a database of its own, and the words of one lake."""

    def __init__(self, folder: Path, postgres: Postgres, lake: str, url: str) -> None:
        self.folder = folder
        folder.mkdir()
        shutil.copy(DEPLOY / "dagster.yaml", folder)
        database = postgres.new_database().partition("dbname=")[2].split()[0]
        self.variables = {
            **os.environ,
            "DAGSTER_HOME": str(folder / "home"),
            "DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "DAGSTER_POSTGRES_PORT": str(postgres.port),
            "DAGSTER_POSTGRES_USER": USER,
            "DAGSTER_POSTGRES_DB": database,
            "ORDERGROOVE_API_KEY": EMULATOR_KEY,
            "ORDERGROOVE_BASE_URL": url,
            "ORDERGROOVE_RATE_LIMIT": str(60 * A_SECOND),
            "ORDERGROOVE_WAREHOUSE": f"{lake} scratch={folder}/scratch",
            "ORDERGROOVE_MARTS": "off",
        }

    def sync(self) -> "subprocess.Popen[str]":
        """The job `sync`, under way."""
        command = [sys.executable, "-m", "og_assets", "sync"]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )


@pytest.mark.long
def test_two_hosts_sync_at_once_as_one_reader_per_object(
    tmp_path: Path, postgres: Postgres, catalog: str, s3: S3
) -> None:
    """Both succeed; counted at the emulator: one reader per object, five in all, and the pace of one address."""
    lake = f"ducklake:postgres:{catalog} schema=acme data_path={s3.new_prefix()}"
    with Watched(World(customers=20, now=datetime.now(UTC))) as emulator:
        hosts = [Host(tmp_path / name, postgres, lake, emulator.url) for name in ("one", "two")]
        syncs = [host.sync() for host in hosts]
        told = [sync.communicate(timeout=DEADLINE)[0] for sync in syncs]
        assert [sync.returncode for sync in syncs] == [0, 0], "\n".join(told)
        assert emulator.most.pop("in all") <= 5
        assert {name for name, most in emulator.most.items() if most > 1} == set()
        # A request may be late on its way, and the one after it punctual.
        assert emulator.busiest_second() <= A_SECOND + 1
        warehouse = WarehouseResource(database=hosts[0].variables["ORDERGROOVE_WAREHOUSE"])
        assert_equals_world(emulator, warehouse)
    with warehouse.get_connection(read_only=True) as connection:
        runs, numbers, failed = connection.execute(
            "SELECT count(DISTINCT run_id), count(*) - count(DISTINCT sync_id), count(*) FILTER (error IS NOT NULL)"
            " FROM ops.sync_runs"
        ).fetchall()[0]
    assert (runs, numbers, failed) == (2, 0, 0)
