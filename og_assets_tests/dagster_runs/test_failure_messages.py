"""What whoever is on call reads when a run fails: one message that names the cause and the next step."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dagster_jobs import failure_messages, instance_in, run_here, sync_job
from rich.console import Console

from og_assets.commands.run import tell_why
from og_assets.emulator.api import KeyPermission
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.status import read_status


def fail(variables: dict[str, str]) -> str:
    """The message of a sync of orders that must fail."""
    with instance_in(variables) as instance:
        result = run_here(instance, sync_job(), assets=["orders"])
        assert not result.success
        (message,) = failure_messages(instance, result.run_id)
        return message


def test_wrong_key_is_named(variables: dict[str, str], tmp_path: Path) -> None:
    """The key itself is not in the message, and there is no row in the warehouse."""
    message = fail({**variables, "ORDERGROOVE_API_KEY": "no-such-key"})
    assert "ORDERGROOVE_API_KEY" in message
    assert "no-such-key" not in message
    assert not Path(variables["ORDERGROOVE_WAREHOUSE"]).exists()


def test_one_step_looks_first_and_the_others_say_whose_failure_stopped_them(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """So that a wrong key is said once and not by every object; the command shows equal messages as one."""
    with instance_in({**variables, "ORDERGROOVE_API_KEY": "no-such-key"}) as instance:
        result = run_here(instance, sync_job(), assets=["customers", "orders", "products"])
        messages = failure_messages(instance, result.run_id)
        told = Console(file=io.StringIO(), width=400)
        tell_why(told, instance, result.run_id, tmp_path / "sync.log")
    (cause,) = [message for message in messages if "Application API key with the Bulk Operations" in message]
    first = re.search(r"(\w+), page 1", cause)
    assert first
    others = [message for message in messages if message != cause]
    assert len(others) == 2
    assert all("another step of this run looked at Ordergroove first" in message for message in others)
    printed = told.file.getvalue()
    assert printed.count("another step of this run looked at Ordergroove first") == 1
    assert printed.count("Bulk Operations") == 1


def test_refusal_is_in_the_sync_log_of_a_warehouse_that_exists(emulator: Emulator, variables: dict[str, str]) -> None:
    """So that `og status` does not go on to say that all is well."""
    with instance_in(variables) as instance:
        assert run_here(instance, sync_job(), assets=["orders"]).success
    message = fail({**variables, "ORDERGROOVE_API_KEY": "revoked"})
    with open_warehouse(Path(variables["ORDERGROOVE_WAREHOUSE"]), read_only=True) as connection:
        status = next(status for status in read_status(connection, ["orders"]))
    assert status.outcome == "failed"
    assert status.error
    assert message.strip().endswith(status.error)
    assert status.watermark is not None


def test_missing_key_is_named(variables: dict[str, str]) -> None:
    """It says where keys come from."""
    message = fail({**variables, "ORDERGROOVE_API_KEY": ""})
    assert "ORDERGROOVE_API_KEY is not set" in message
    assert "Bulk Operations" in message


def test_key_without_bulk_permission_stops_before_a_pull(variables: dict[str, str]) -> None:
    """One customer's rows must not pass for a merchant's."""
    keys = {"narrow": KeyPermission(bulk=False)}
    with Emulator(World(customers=5), keys=keys) as emulator:
        message = fail({**variables, "ORDERGROOVE_API_KEY": "narrow", "ORDERGROOVE_BASE_URL": emulator.url})
    assert "Bulk Operations" in message
    assert not Path(variables["ORDERGROOVE_WAREHOUSE"]).exists()


def test_key_that_sees_no_customer_stops_before_a_pull(variables: dict[str, str]) -> None:
    """A complete pull of nothing would move the watermark over what nobody has read."""
    with Emulator(World(customers=1)) as emulator:
        emulator.world.store.delete("customers", emulator.world.keys("customers")[0])
        message = fail({**variables, "ORDERGROOVE_BASE_URL": emulator.url})
    assert "no customer" in message


@pytest.mark.long
def test_unreachable_host_is_named(variables: dict[str, str]) -> None:
    """Nobody listens on the discard port of loopback."""
    message = fail({**variables, "ORDERGROOVE_BASE_URL": "http://127.0.0.1:9"})
    assert "no connection to Ordergroove" in message
    assert "ORDERGROOVE_BASE_URL" in message


def test_unwritable_warehouse_is_named(variables: dict[str, str], tmp_path: Path) -> None:
    """The folder that should hold it is a file."""
    (tmp_path / "a_file").write_text("")
    message = fail({**variables, "ORDERGROOVE_WAREHOUSE": str(tmp_path / "a_file" / "og.duckdb")})
    assert "a_file" in message
    assert "ORDERGROOVE_WAREHOUSE" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORDERGROOVE_BASE_URL", "ftp://nowhere"),
        ("ORDERGROOVE_SOURCE_TZ", "Mars/Olympus"),
        ("ORDERGROOVE_WEBHOOK_TOLERANCE", "soon"),
        ("ORDERGROOVE_START_DATE", "01/02/2025"),
        ("ORDERGROOVE_SCHEDULES", "maybe"),
    ],
)
def test_unusable_setting_is_named_when_the_code_location_loads(name: str, value: str) -> None:
    """The message names the variable and what it takes; importing the module alone reads nothing."""
    loading = subprocess.run(
        [sys.executable, "-c", "import og_assets.definitions; print('imported'); og_assets.definitions.defs"],
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert loading.returncode
    assert loading.stdout == "imported\n"
    assert f"SettingError: {name} takes" in loading.stderr


def test_locked_warehouse_names_the_process_that_holds_it(variables: dict[str, str]) -> None:
    """A person's shell is waited for, then named with its process id."""
    path = Path(variables["ORDERGROOVE_WAREHOUSE"])
    with open_warehouse(path):
        pass
    shell = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "open\n"
        doctor = subprocess.run(
            [sys.executable, "-m", "og_assets", "doctor"],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        shell.communicate("\n")
    assert doctor.returncode == 1
    told = " ".join(doctor.stdout.split())
    assert told.count(f"in use by process {shell.pid}") == told.count("waited 5 s for it") == 2, "cost, and warehouse"
    assert "Traceback" not in doctor.stdout + doctor.stderr
