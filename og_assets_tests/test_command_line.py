"""The commands that a person types: what they say, and the exit codes that scripts can use."""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.commands.run import tell_why
from og_assets.commands.sync import what_is_pulled
from og_assets.emulator.api import KeyPermission
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.sync.windows import CHICAGO
from og_assets_tests.load import SOAK
from og_assets_tests.pulling import sync


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A merchant whose clock is ours, and a second key that sees one customer."""
    keys = {EMULATOR_KEY: KeyPermission(), "narrow": KeyPermission(bulk=False)}
    with Emulator(World(customers=5, now=datetime.now(UTC)), keys=keys) as emulator:
        yield emulator


UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override"] if shutil.which("setpriv") else []
"""Before a command: for root too a folder is read-only when its mode says so."""


class CommandLine:
    """`og` in a folder of its own, pointed at an emulator."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder = folder
        self.variables = {
            "ORDERGROOVE_API_KEY": EMULATOR_KEY,
            "ORDERGROOVE_BASE_URL": emulator.url,
            "ORDERGROOVE_WAREHOUSE": str(folder / "og.duckdb"),
        }

    def run(self, *words: str, through: Sequence[str] = (), **variables: str) -> subprocess.CompletedProcess[str]:
        """The finished command, started by way of the words `through`."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ORDERGROOVE_")}
        return subprocess.run(
            [*through, sys.executable, "-m", "og_assets", *words],
            cwd=self.folder,
            env={**inherited, "DAGSTER_HOME": str(self.folder / "home"), **self.variables, **variables},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def og(tmp_path: Path, emulator: Emulator) -> CommandLine:
    """The command in a new folder."""
    return CommandLine(tmp_path, emulator)


def verdicts(finished: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What `og doctor --json` found, by subject."""
    return {finding["subject"]: finding["verdict"] for finding in json.loads(finished.stdout)}


def test_doctor_finds_all_well(og: CommandLine) -> None:
    """Key, permission, clock and warehouse are good; that no webhook came is worth a word only."""
    finished = og.run("doctor", "--json")
    assert finished.returncode == 0, finished.stderr
    assert verdicts(finished) == {
        "settings": "good",
        "API key": "good",
        "bulk permission": "good",
        "clock": "good",
        "cost of a sync": "good",
        "warehouse": "good",
        "history": "good",
        "webhook inbox": "attention",
    }


def test_doctor_says_what_to_do_about_a_narrow_key(og: CommandLine) -> None:
    """Nothing else would say so."""
    finished = og.run("doctor", ORDERGROOVE_API_KEY="narrow")
    assert finished.returncode == 1
    assert "Grant it Bulk Operations" in finished.stdout


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ORDERGROOVE_API_KEY", "unknown", "Application API key with the Bulk Operations permission"),
        ("ORDERGROOVE_API_KEY", "", "ORDERGROOVE_API_KEY is not set"),
        ("ORDERGROOVE_BASE_URL", "http://127.0.0.1:9", "no connection to Ordergroove"),
        ("ORDERGROOVE_BASE_URL", "http://example.com", "must be https"),
        ("ORDERGROOVE_WAREHOUSE", "/proc/og.duckdb", "/proc/og.duckdb"),
        ("ORDERGROOVE_DROPS", "/nowhere", "no folder of drops at /nowhere"),
    ],
)
def test_doctor_names_what_is_wrong(og: CommandLine, variable: str, value: str, said: str) -> None:
    """One sentence each, no traceback."""
    finished = og.run("doctor", **{variable: value})
    assert finished.returncode == 1
    assert said in " ".join(finished.stdout.split())
    assert "Traceback" not in finished.stderr


def test_the_environment_wins_over_dotenv_and_doctor_says_where_each_setting_comes_from(og: CommandLine) -> None:
    """The address and the warehouse stand in both; what only `.env` has is taken from there."""
    (og.folder / ".env").write_text(
        "ORDERGROOVE_BASE_URL=http://127.0.0.1:9\nORDERGROOVE_WAREHOUSE=other.duckdb\nORDERGROOVE_SCHEDULES=off\n"
    )
    finished = og.run("doctor", "--json")
    assert finished.returncode == 0, finished.stdout
    settings = json.loads(finished.stdout)[0]["message"].splitlines()
    assert settings[0] == f"reading {og.variables['ORDERGROOVE_BASE_URL']}"
    assert "ORDERGROOVE_BASE_URL (not the line in .env)" in settings[1]
    assert settings[1].startswith("environment: ORDERGROOVE_API_KEY, ")
    assert settings[2] == ".env: ORDERGROOVE_SCHEDULES"
    assert settings[3].startswith("default: ORDERGROOVE_SOURCE_TZ, ")
    assert (og.folder / "og.duckdb").exists()
    assert not (og.folder / "other.duckdb").exists()


@pytest.mark.long
def test_dagsters_processes_take_the_same_settings(og: CommandLine) -> None:
    """They lay `.env` over the environment, which would lead this run to an address where nobody answers."""
    (og.folder / ".env").write_text("ORDERGROOVE_BASE_URL=http://127.0.0.1:9\nORDERGROOVE_API_KEY=\n")
    select = ["-m", "og_assets.definitions", "--select", "ordergroove/resources"]
    today = str(datetime.now(CHICAGO).date())
    finished = og.run("dagster", "asset", "materialize", *select, "--partition", today)
    assert finished.returncode == 0, finished.stderr[-3000:]
    counted = og.run("query", "--format", "csv", "SELECT count(*) > 0 AS some FROM ordergroove.resources")
    assert counted.stdout == "some\ntrue\n"


@pytest.mark.skipif(not UNPRIVILEGED, reason="root may write everywhere, and there is no setpriv here")
def test_reading_needs_no_state_of_dagsters_and_works_in_a_folder_that_cannot_be_written(
    og: CommandLine, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A person who may read the warehouse needs no more."""
    sync(emulator, WarehouseResource(database=og.variables["ORDERGROOVE_WAREHOUSE"]))
    exports = tmp_path_factory.mktemp("exports")
    before = sorted(path.name for path in og.folder.iterdir())
    og.folder.chmod(0o555)
    for words in (["status"], ["query", "FROM ops.sync_state"], ["query", ".tables"], ["export", str(exports / "new")]):
        finished = og.run(*words, through=UNPRIVILEGED)
        assert finished.returncode == 0, finished.stderr
    assert sorted(path.name for path in og.folder.iterdir()) == before
    assert (exports / "new" / "export.json").exists()


@pytest.mark.parametrize("command", ["dev", "emulator", "webhooks"])
def test_a_port_that_is_taken_is_one_sentence_and_nothing_is_started(og: CommandLine, command: str) -> None:
    """Nor is any state of Dagster's made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = og.run(command, "--port", str(port), ORDERGROOVE_WEBHOOK_KEYS="a-verification-key")
    assert finished.returncode == 1
    assert "Address already in use" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    assert not (og.folder / "home").exists()


def test_status_before_and_after_a_sync(og: CommandLine, emulator: Emulator) -> None:
    """Without a warehouse one sentence; after a sync every object with its watermark, and exit code 0."""
    before = og.run("status")
    assert (before.returncode, before.stdout) == (1, "")
    assert "There is no warehouse" in before.stderr
    sync(emulator, WarehouseResource(database=og.variables["ORDERGROOVE_WAREHOUSE"]))
    after = og.run("status", "--json")
    assert after.returncode == 0
    statuses = json.loads(after.stdout)
    assert len(statuses) == 12
    assert {status["outcome"] for status in statuses} == {"succeeded"}
    assert all(status["watermark"] for status in statuses)
    assert "orders" in og.run("status").stdout
    assert og.run("status", "--max-age", "1h").returncode == 0
    too_old = og.run("status", "--max-age", "0s")
    assert too_old.returncode == 1
    assert re.search(r"^Older than 0 min: customers \(0 min\), .*orders \(0 min\)", too_old.stderr)
    no_time = og.run("status", "--max-age", "soon")
    assert no_time.returncode == 2
    assert "'soon' is no length of time" in no_time.stderr
    database = og.variables["ORDERGROOVE_WAREHOUSE"]
    with WarehouseResource(database=database).get_connection() as connection:
        connection.execute("UPDATE ops.sync_runs SET outcome = 'running' WHERE object = 'orders'")
    assert og.run("status").returncode == 0, "a sync that runs is no alarm"
    with WarehouseResource(database=database).get_connection() as connection:
        connection.execute("UPDATE ops.sync_runs SET outcome = 'failed' WHERE object = 'orders'")
    assert og.run("status").returncode == 1


def test_the_former_default_file_is_found_used_and_named(og: CommandLine, emulator: Emulator) -> None:
    """Where there is no file of today's name; a new warehouse gets that."""
    del og.variables["ORDERGROOVE_WAREHOUSE"]
    (og.folder / "data").mkdir()
    sync(emulator, WarehouseResource(database=str(og.folder / "data" / "ordergroove.duckdb")))
    assert og.run("status").returncode == 0
    doctor = " ".join(og.run("doctor", "--json").stdout.split())
    assert "data/ordergroove.duckdb, the default of former releases, was found and is used." in doctor
    (og.folder / "data" / "ordergroove.duckdb").rename(og.folder / "data" / "warehouse.duckdb")
    assert og.run("status").returncode == 0
    assert "data/warehouse.duckdb can be written" in og.run("doctor", "--json").stdout


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="it runs in `make soak`; in `make test` the demo runs the same code twice")
def test_sync_pulls_everything_and_shows_where_it_stands(og: CommandLine) -> None:
    """A line per step where nobody watches, then the status; what it loaded can be asked at once."""
    # One day to turn green; the whole history is pulled all the same.
    finished = og.run("sync", ORDERGROOVE_START_DATE=str(datetime.now(CHICAGO).date()))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "all there is, for the first time" in finished.stdout
    for step in ("customers", "items_sweep", "order_totals"):
        assert re.search(rf"^   {step}: [0-9.]+ s$", finished.stdout, re.MULTILINE), step
    assert "   orders: pulls the whole history; there is no watermark yet\n" in finished.stdout
    assert finished.stdout.count("succeeded") == 12
    counted = og.run("query", "--format", "csv", "SELECT count(*) > 0 AS some FROM analytics.order_totals")
    assert counted.stdout == "some\ntrue\n"


def test_a_run_that_failed_says_why(tmp_path: Path) -> None:
    """Step by step, with the message for a person and not a traceback; without a run, the end of its log."""

    @dg.asset(key=["ordergroove", "orders"])
    def refused() -> None:
        raise dg.Failure("Grant the key [Bulk Operations].")

    (tmp_path / "sync.log").write_text("first line\nlast line\n")
    with dg.instance_for_test() as instance:
        run = dg.materialize([refused], instance=instance, raise_on_error=False)
        told = Console(file=io.StringIO(), width=200)
        tell_why(told, instance, run.run_id, tmp_path / "sync.log")
        assert "orders: Grant the key [Bulk Operations].\n" in told.file.getvalue()
        assert "Traceback" not in told.file.getvalue()
        assert "last line" not in told.file.getvalue()
        crashed = instance.create_run_for_job(
            dg.define_asset_job("crashed").resolve(dg.Definitions([refused]).resolve_asset_graph())
        )
        tell_why(told, instance, crashed.run_id, tmp_path / "sync.log")
        assert told.file.getvalue().endswith("first line\nlast line\n")


def test_sync_without_a_key_says_which_setting_is_missing(og: CommandLine) -> None:
    """Before anything is started."""
    unset = og.run("sync", ORDERGROOVE_API_KEY="")
    assert (unset.returncode, unset.stdout) == (1, "")
    assert "ORDERGROOVE_API_KEY is not set" in unset.stderr


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ORDERGROOVE_API_KEY", "unknown", "Application API key with the Bulk Operations permission"),
        ("ORDERGROOVE_API_KEY", "narrow", "it lists one customer"),
        ("ORDERGROOVE_BASE_URL", "http://127.0.0.1:9", "no connection to Ordergroove"),
    ],
)
def test_sync_looks_before_it_runs_and_says_once_what_is_wrong(
    og: CommandLine, variable: str, value: str, said: str
) -> None:
    """One sentence; no run is made that would meet the same in every step."""
    finished = og.run("sync", **{variable: value})
    assert (finished.returncode, finished.stdout) == (1, "")
    assert said in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    assert not (og.folder / "home" / "history").exists()


def test_sync_says_what_it_pulls_of_which_objects() -> None:
    """After a first sync that was interrupted, some have a watermark and others have not."""
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert what_is_pulled(None, ["orders"]) == "all there is, for the first time"
    assert what_is_pulled(noon, []) == "what changed since 2026-07-01 12:00 UTC"
    assert what_is_pulled(noon, ["orders", "items"]) == (
        "what changed since 2026-07-01 12:00 UTC, "
        "and the whole history of orders, items, which no sync has completed yet"
    )


def test_webhooks_without_a_key_say_which_setting_is_missing(og: CommandLine) -> None:
    """A receiver that cannot verify must not listen."""
    finished = og.run("webhooks", "--port", "0")
    assert finished.returncode == 1
    assert "ORDERGROOVE_WEBHOOK_KEYS" in finished.stderr
