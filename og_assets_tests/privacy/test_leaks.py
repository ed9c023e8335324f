"""A whole run with unmistakable personal values, secrets and key; then every byte and every cell it left is searched.

Real processes on real files: `og webhooks` receives, the job `sync` runs in a Dagster home of its own (with `hash` on
Dagster's command line, each step in a process of its own), one of its pulls fails, and records are spoilt in every
way that the reader knows.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from og_assets.automation.jobs import range_tags
from og_assets.columns import Kind
from og_assets.emulator.api import KeyPermission
from og_assets.emulator.effects import Effect, Exchange, Status
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Page
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.ordergroove.signature import SIGNATURE_HEADER, signature_header
from og_assets.warehouse.connecting import open_warehouse
from og_assets_tests.dagster_runs.dagster_jobs import environment, instance_in, run_here, sync_job, today

pytestmark = pytest.mark.long

PERSON = "Zq7Person"
"""Is in every personal value."""
PHONE = "15550199777"
"""A personal value of digits, which fits where numbers are expected."""
CARD = "Zq7Secret"
"""Is in every token and card field."""
KEY = "Zq7ApiKey-0123456789"
WEBHOOK_KEY = "Zq7WebhookKey-0123456789"
SALT = "Zq7Salt-0123456789abcdef0123456789abcdef"
BY_NAME = {object.name: object for object in OBJECTS}


class Confide(Effect):
    """Fills every field of a page that may tell about a person, and adds records that are spoilt."""

    def alter(self, exchange: Exchange, page: Page) -> None:
        object = BY_NAME[str(exchange.request.object)]
        bodies = [json.loads(record) for record in page.records]
        for number, body in enumerate(bodies):
            body.update(confidences(object, number))
        # One that fails its types, and one of the same object without a key, or broken.
        if object.name == "subscriptions" and bodies:
            bodies[0].update(
                quantity=PERSON, every=PHONE, start_date=f"2025-01-31 {PERSON}", currency_code={"x": PERSON}
            )
        page.records[:] = [json.dumps(body) for body in bodies]
        if object.is_incremental or object.name == "payments":
            keyless = dict.fromkeys(object.key) | confidences(object, 0)
            page.records += [json.dumps(keyless), json.dumps(keyless)[:-1] + ', "live": NaN}']


def confidences(object: OrdergrooveObject, number: int) -> dict[str, Any]:
    """A value for each personal and each secret column of an object, and for fields that have no column."""
    told: dict[str, Any] = {
        "unheard_of": f"{PERSON} unheard of",
        "unheard_box": {"inner": [f"{PERSON} inner", int(PHONE)], "card_token": CARD, f"{PERSON}@example.com": 1},
        "one_click_token": CARD,
    }
    for column in object.columns:
        name = object.record.path(column.name)[0]
        if column.secret:
            told[str(name)] = f"{CARD} {column.name}"
        elif column.personal and column.kind is Kind.TEXT:
            told[str(name)] = f"{PERSON} {column.name} {number}"
        elif column.personal:
            told[str(name)] = {"note": f"{PERSON} {column.name}", "gateway_token": CARD}
    return told


def event(event_id: str, type: str, **body: Any) -> bytes:
    """A webhook event that tells as much as one can."""
    snapshot = {name + "s": [confidences(BY_NAME[f"{name}s"], 0)] for name in ("subscription", "order", "payment")}
    snapshot["customer"] = confidences(BY_NAME["customers"], 0)  # type: ignore[assignment]
    told = confidences(BY_NAME["customers"], 0) | confidences(BY_NAME["subscriptions"], 0) | body
    return json.dumps(
        {"id": event_id, "type": type, "created": 1735689600, "data": {"object": told}, "snapshot": snapshot}
    ).encode()


@dataclass(frozen=True)
class Left:
    """What a run left behind: `output` is what its processes printed."""

    folder: Path
    variables: Mapping[str, str]
    output: str
    waiting: bytes
    """The inbox's files before the run took the events out."""

    @property
    def warehouse(self) -> Path:
        return Path(self.variables["ORDERGROOVE_WAREHOUSE"])

    def files_with(self, text: str) -> set[str]:
        """The names of all files that hold a text, in any case of letters."""
        found = set()
        for file in self.folder.rglob("*"):
            if file.is_file() and text.lower().encode() in file.read_bytes().lower():
                found.add(file.name)
        return found

    def cells_with(self, text: str) -> set[str]:
        """The columns of the warehouse in which a text is, since a file that is compressed may hide it."""
        found = set()
        with open_warehouse(self.warehouse, read_only=True) as connection:
            tables = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
            ).fetchall()
            for schema, table in tables:
                cursor = connection.execute(f'SELECT * FROM "{schema}"."{table}"')
                names = [column[0] for column in cursor.description or []]
                for row in cursor.fetchall():
                    found |= {f"{schema}.{table}.{n}" for n, v in zip(names, row, strict=True) if text in str(v)}
        return found


def run_everything(mode: str, folder: Path) -> Left:
    """Webhooks into the inbox, then a sync with a failing pull, under a setting."""
    world = World(5, customers=3)
    (order,) = world.keys("orders")[-1:]
    with Emulator(world, keys={KEY: KeyPermission()}) as emulator:
        emulator.faults.add(
            Fault(Status(403, json.dumps({"detail": f"{PERSON} {KEY} {CARD}"})), path="resources"),
            Fault(Confide(), retrieve=False),
        )
        variables = environment(emulator, folder) | {
            "ORDERGROOVE_API_KEY": KEY,
            "ORDERGROOVE_WEBHOOK_KEYS": WEBHOOK_KEY,
            "ORDERGROOVE_PII": mode,
            **({"ORDERGROOVE_PII_SALT": SALT} if mode == "hash" else {}),
        }
        customer = world.keys("customers")[0]
        told = receive(
            variables,
            folder,
            event("evt-1", "subscriber.create", merchant_user_id=customer),
            event("evt-2", "order.delete", public_id=order, customer=customer),
            event("evt-3", "item.remove", public_id="never-seen", customer=customer, order=order),
            event("evt-4", "order.unheard_of", quantity=PERSON, tries=PHONE + "0000"),
        )
        waiting = b"".join(file.read_bytes() for file in (folder / "warehouse").glob("inbox*"))
        told += on_the_command_line(variables, folder) if mode == "hash" else in_this_process(variables)
    return Left(folder, variables, told, waiting)


def receive(variables: Mapping[str, str], folder: Path, *bodies: bytes) -> str:
    """`og webhooks` as an operator runs it, sent these bodies, the last of them once more with a wrong signature."""
    with (folder / "receiver.log").open("w") as log:
        receiver = subprocess.Popen(
            [sys.executable, "-m", "og_assets", "webhooks", "--port", "0"],
            env={**os.environ, **variables},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert receiver.stdout
            address = receiver.stdout.readline().split()[-1]
            for body in bodies:
                headers = {SIGNATURE_HEADER: signature_header(body, [WEBHOOK_KEY], 1735689605)}
                assert httpx.post(address, content=body, headers=headers).status_code == 200
            refused = httpx.post(address, content=bodies[-1], headers={SIGNATURE_HEADER: "ts=1,sig=00"})
            assert refused.status_code == 401
        finally:
            receiver.terminate()
            receiver.wait(20)
    return refused.text


def on_the_command_line(variables: Mapping[str, str], folder: Path) -> str:
    """The job `sync`, each step in a process of its own; returns what was printed."""
    tags = json.dumps(range_tags(today(), today()))
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "dagster",
            "job",
            "execute",
            "-m",
            "og_assets.definitions",
            "-j",
            "sync",
            "--tags",
            tags,
        ],
        env={**os.environ, **variables},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert "ordergroove__resources" in finished.stdout
    return finished.stdout


def in_this_process(variables: Mapping[str, str]) -> str:
    """The job `sync` without step processes, which cost a second each."""
    with instance_in(variables) as instance:
        result = run_here(instance, sync_job())
        return "\n".join(str(entry) for entry in instance.all_logs(result.run_id))


@pytest.mark.parametrize("mode", ["keep", "hash", "drop"])
def test_a_run_leaves_personal_values_in_the_warehouse_of_keep_only_and_secrets_nowhere(
    mode: str, tmp_path: Path
) -> None:
    """One test for each setting, because the run is what takes the time."""
    left = run_everything(mode, tmp_path)
    assert_what_could_leak_happened(left)
    assert_personal_values_are_in_the_warehouse_of_keep_only(left)
    assert_secrets_are_nowhere(left)
    assert_hashed_values_join(left)
    assert_nothing_lies_about_in_staging(left)


def assert_what_could_leak_happened(left: Left) -> None:
    """Rows, quarantine, events, a tombstone of an event, notes and a failed pull are there to be searched."""
    with open_warehouse(left.warehouse, read_only=True) as connection:
        for table in ("ordergroove.customers", "ordergroove.payments", "ordergroove.events", "ops.quarantine"):
            assert connection.execute(f"SELECT count(*) > 0 FROM {table}").fetchone() == (True,), table
        outcomes = dict(connection.execute("SELECT object, min(outcome) FROM ops.sync_runs GROUP BY 1").fetchall())
        assert outcomes.pop("resources") == "failed"
        assert set(outcomes.values()) == {"succeeded"}
        (notes,) = connection.execute("SELECT count(_notes) FROM ordergroove.subscriptions").fetchall()[0]
        assert notes
        tombstones = connection.execute("SELECT id FROM analytics.deletion_tombstones").fetchall()
        assert ("never-seen",) in tombstones


def assert_personal_values_are_in_the_warehouse_of_keep_only(left: Left) -> None:
    """Not in Dagster's storage, in logs, in staging, nor, with hash and drop, anywhere."""
    kept = left.variables["ORDERGROOVE_PII"] == "keep"
    for text in (PERSON, PHONE):
        assert (text.encode() in left.waiting) == kept
        assert bool(left.cells_with(text)) == kept, left.cells_with(text)
        assert left.files_with(text) <= ({left.warehouse.name, "inbox.sqlite", "inbox.sqlite-wal"} if kept else set())
        assert text not in left.output


def assert_secrets_are_nowhere(left: Left) -> None:
    """Neither of Ordergroove's customers nor of ours."""
    for text in (CARD, KEY, WEBHOOK_KEY, SALT):
        assert left.files_with(text) == set(), text
        assert left.cells_with(text) == set(), text
        assert text not in left.output
        assert text.encode() not in left.waiting


def assert_hashed_values_join(left: Left) -> None:
    """The point of hashing: whoever is told by an event is the same as in the table, without anybody's name."""
    with open_warehouse(left.warehouse, read_only=True) as connection:
        (joined,) = connection.execute(
            "SELECT count(*) FROM ordergroove.customers AS customers JOIN ordergroove.events AS events"
            " ON events.raw::JSON ->> '$.data.object.email' = customers.email WHERE customers.email LIKE 'hmac:%'"
        ).fetchall()[0]
    assert bool(joined) == (left.variables["ORDERGROOVE_PII"] == "hash")


def assert_nothing_lies_about_in_staging(left: Left) -> None:
    """The rows on their way are gone when the pull is."""
    staged = left.warehouse.with_name(f"{left.warehouse.name}.staging")
    assert [file.name for file in staged.rglob("*") if file.is_file()] == [".lock"]
