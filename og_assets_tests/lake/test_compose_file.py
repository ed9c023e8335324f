"""What deploy/compose.yaml starts, as plain processes on this machine, with its own words and variables."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
import yaml

from og_assets.commands.child_process import child
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.warehouse.errors import WarehouseMissing
from og_assets.warehouse.place import parse_place
from og_assets.warehouse.reading import read_warehouse
from og_assets_tests.lake.services import S3, Postgres
from og_assets_tests.ports import a_free_port
from og_assets_tests.webhooks.webhook_receivers import KEY, envelope, post

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVICES: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "og-assets"}
DEADLINE = 120


class Host:
    """This machine in the place of one with Docker: a folder as the image has it, with other addresses and ports."""

    def __init__(self, folder: Path, postgres: Postgres, catalog: str, s3: S3) -> None:
        self.folder = folder
        self.ports = {port: str(a_free_port()) for port in ("4000", "3000", "8766")}
        database = catalog.partition("dbname=")[2].split()[0]
        self._here = {
            "host=postgres port=5432 dbname=og": f"host=127.0.0.1 port={postgres.port} dbname={database}",
            "s3://lake/ordergroove/": s3.new_prefix(),
            "/scratch/": f"{folder}/scratch/",
            "http://s3:9000": s3.variables["AWS_ENDPOINT_URL_S3"],
            "host: code": "host: 127.0.0.1",
            "port: 4000": f"port: {self.ports['4000']}",
        }
        self.variables = {name: self._told_here(value) for name, value in OURS["code"]["environment"].items()}
        self.variables |= {"DAGSTER_POSTGRES_HOST": "127.0.0.1", "DAGSTER_POSTGRES_PORT": str(postgres.port)}
        self.variables |= {"DAGSTER_POSTGRES_DB": database, "DAGSTER_HOME": str(folder / "home")}
        for name in ("dagster.yaml", "workspace.yaml"):
            (folder / name).write_text(self._told_here((DEPLOY / name).read_text()))

    def command(self, words: list[str]) -> list[str]:
        """The words of a service, with the environment of these tests and with ports that are free."""
        modules = {"og": "og_assets", "dagster": "dagster"}
        return [sys.executable, "-m", modules[words[0]], *(self.ports.get(word, word) for word in words[1:])]

    def run(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        """A command to its end."""
        return subprocess.run(
            self.command(words),
            cwd=self.folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, services: ExitStack, name: str) -> None:
        """A service, until the end of the stack."""
        log = services.enter_context((self.folder / f"{name}.log").open("wb"))
        command = self.command(OURS[name]["command"])
        services.enter_context(
            child(command, cwd=self.folder, env={**os.environ, **self.variables}, stdout=log, stderr=log)
        )

    def wait(self, answers: Callable[[], object]) -> None:
        """Until something is there or answers; the logs tell why it does not."""
        until = time.monotonic() + DEADLINE
        while not answers():
            assert time.monotonic() < until, "\n".join(log.read_text()[-2000:] for log in self.folder.glob("*.log"))
            time.sleep(0.2)

    def _told_here(self, text: str) -> str:
        for there, here in self._here.items():
            text = text.replace(there, here)
        return text


def answers(url: str) -> bool:
    """Whether a server is up and well."""
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.long
def test_an_event_goes_through_all_services_into_the_bucket(
    tmp_path: Path, postgres: Postgres, catalog: str, s3: S3
) -> None:
    """Receiver, inbox, the daemon's sensor, a run of the code server: each started by its words, the UI beside them."""
    host = Host(tmp_path, postgres, catalog, s3)
    lake = parse_place(host.variables["ORDERGROOVE_WAREHOUSE"])

    def events() -> list[str]:
        try:
            with read_warehouse(lake) as connection:
                return [id for (id,) in connection.execute("SELECT event_id FROM ordergroove.events").fetchall()]
        except (WarehouseMissing, duckdb.CatalogException):  # nothing was loaded yet
            return []

    with Emulator(World(customers=3)) as emulator, ExitStack() as services:
        host.variables |= {"ORDERGROOVE_API_KEY": EMULATOR_KEY, "ORDERGROOVE_BASE_URL": emulator.url}
        host.variables |= {"ORDERGROOVE_WEBHOOK_KEYS": KEY}
        made = host.run(OURS["storage"]["command"])
        assert made.returncode == 0, made.stderr
        for name in ("receiver", "code"):
            host.start(services, name)
        receiver = f"http://127.0.0.1:{host.ports['8766']}"
        host.wait(lambda: answers(f"{receiver}/healthz"))
        with httpx.Client(base_url=receiver) as client:
            assert post(client, envelope("evt-1")) == 200
        host.wait(lambda: host.run(OURS["code"]["healthcheck"]["test"][1:]).returncode == 0)
        for name in ("daemon", "webserver"):
            host.start(services, name)
        host.wait(lambda: answers(f"http://127.0.0.1:{host.ports['3000']}/server_info"))
        host.wait(events)
        assert events() == ["evt-1"]
    assert s3.keys(lake.data_path)
    assert not list(tmp_path.rglob("*.sqlite"))
    assert OURS.keys() == {"storage", "code", "webserver", "daemon", "receiver"}
