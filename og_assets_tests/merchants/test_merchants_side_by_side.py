"""Two merchants in one deployment: what goes wrong with one stops nothing of the other, and nothing of them mixes."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import httpx
import pytest
import uvicorn

from og_assets.assets.scope import Scope
from og_assets.automation.alerts import problems
from og_assets.definitions import build_defs
from og_assets.emulator.api import KeyPermission
from og_assets.emulator.effects import Call
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.merchants import load_merchants
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import BY_NAME
from og_assets.ordergroove.signature import SIGNATURE_HEADER, signature_header
from og_assets.playground.comparison import compare
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.receiver import Reception, create_app
from og_assets.webhooks.serve import make_server
from og_assets_tests.merchants import one_sync
from og_assets_tests.merchants.one_sync import READ, sync
from og_assets_tests.pulling import Told


@contextmanager
def deployment(folder: Path, monkeypatch: pytest.MonkeyPatch, **keys: str) -> Iterator[dict[str, Emulator]]:
    """Emulated merchants of one seed and other sizes, so that they share keys, in one merchants.toml; by API key."""
    with ExitStack() as stack:
        emulators = {
            name: stack.enter_context(Emulator(World(4, customers=6 + 3 * number))) for number, name in enumerate(keys)
        }
        for name, key in keys.items():
            monkeypatch.setenv(f"{name.upper()}_KEY", key)
        lines = [
            f'[merchants.{name}]\napi_key = "${name.upper()}_KEY"\nbase_url = "{emulator.url}"\n'
            f'warehouse = "{folder}/{name}.duckdb"\nwebhook_inbox = "{folder}/{name}.sqlite"\n'
            for name, emulator in emulators.items()
        ]
        (folder / "merchants.toml").write_text("\n".join(lines))
        monkeypatch.setenv("ORDERGROOVE_MERCHANTS", str(folder / "merchants.toml"))
        yield emulators


def assert_is_the_emulators(folder: Path, name: str, emulator: Emulator) -> None:
    """Every row and no other."""
    with WarehouseAt(folder / f"{name}.duckdb").get_connection(read_only=True) as connection:
        for object_name in READ:
            found = compare(connection, Told(emulator), BY_NAME[object_name], KEEPING)  # type: ignore[arg-type]
            assert found.is_equal, f"{name}.{object_name}: {found}"


def test_merchants_with_the_same_keys_never_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in its warehouse, by runs of one instance; green days are each one's own."""
    with (
        deployment(tmp_path, monkeypatch, acme=EMULATOR_KEY, zeta=EMULATOR_KEY) as emulators,
        dg.instance_for_test() as instance,
    ):
        merchants = load_merchants()
        assert sync(instance, merchants, "acme").success
        assert not instance.get_materialized_partitions(dg.AssetKey(["zeta", "ordergroove", "orders"]))
        assert sync(instance, merchants, "zeta").success
        for name, emulator in emulators.items():
            assert_is_the_emulators(tmp_path, name, emulator)


def test_what_fails_for_others_at_the_same_time_leaves_a_merchant_green_and_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong key, a damaged warehouse and an outage, in one instance; the alerts are each one's own, too."""
    keys = {"wrong": "revoked", "damaged": EMULATOR_KEY, "down": EMULATOR_KEY, "zeta": EMULATOR_KEY}
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with deployment(tmp_path, monkeypatch, **keys) as emulators, dg.DagsterInstance.get() as instance:
        (tmp_path / "damaged.duckdb").write_bytes(b"no database at all" * 1000)
        emulators["down"].stop()
        programs = {
            name: subprocess.Popen([sys.executable, one_sync.__file__, name], stdout=subprocess.PIPE, text=True)
            for name in keys
        }
        failures = {name: "\n".join(json.loads(program.communicate()[0])) for name, program in programs.items()}
        assert failures["zeta"] == ""
        assert_is_the_emulators(tmp_path, "zeta", emulators["zeta"])
        assert "ORDERGROOVE_API_KEY" in failures["wrong"]
        assert "damaged.duckdb" in failures["damaged"]
        assert "no connection to Ordergroove" in failures["down"]
        merchants = load_merchants()
        graph, now = build_defs(merchants).resolve_asset_graph(), datetime.now(UTC)
        told = {one.name: {found.kind for found in problems(instance, graph, Scope(one), now)} for one in merchants}
        assert {name for name, kinds in told.items() if "run failed" in kinds} == {"wrong", "damaged", "down"}


def test_commands_serve_all_merchants_or_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`og status`, `og query` and `og doctor`, by the names of the file."""
    with deployment(tmp_path, monkeypatch, acme="revoked", zeta=EMULATOR_KEY), dg.instance_for_test() as instance:
        assert sync(instance, load_merchants(), "zeta").success

        def og(*words: str) -> subprocess.CompletedProcess[str]:
            environment = {**os.environ, "DAGSTER_HOME": str(tmp_path / "home")}
            return subprocess.run(
                [sys.executable, "-m", "og_assets", *words],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )

        counted = og(
            "query", "--merchant", "zeta", "--format", "csv", "SELECT count(*) AS n FROM ordergroove.customers"
        )
        assert counted.stdout.split() == ["n", "9"], counted.stderr
        stands = og("status")
        assert "acme: There is no warehouse at" in stands.stderr
        assert "customers" in stands.stdout
        doctor = og("doctor")
        assert doctor.returncode == 1
        assert "acme: API key" in doctor.stdout
        assert "zeta: API key" in doctor.stdout
        assert "There is no merchant beta. There are: acme, zeta." in og("status", "--merchant", "beta").stderr


def test_webhooks_come_to_the_merchant_of_their_path_and_key(tmp_path: Path) -> None:
    """One receiver; a merchant's key opens no other's path, and there is no path without a merchant."""
    inboxes = {name: Inbox(tmp_path / f"{name}.sqlite") for name in ("acme", "zeta")}
    receptions = {name: Reception(inbox, [f"{name}-key"], KEEPING) for name, inbox in inboxes.items()}
    with ThreadedServer(make_server(create_app(receptions))) as url, httpx.Client(base_url=url) as client:

        def post(path: str, key: str) -> int:
            body = b'{"id":"%b","type":"order.delete","created":1,"data":{}}' % key.encode()
            header = signature_header(body, [key], int(time.time()))
            return client.post(path, content=body, headers={SIGNATURE_HEADER: header}).status_code

        assert (post("/webhooks/acme", "acme-key"), post("/webhooks/zeta", "zeta-key")) == (200, 200)
        assert (post("/webhooks/acme", "zeta-key"), post("/webhooks", "acme-key")) == (401, 404)
        assert client.get("/healthz").text == "ok"
    stored = {name: [event.id for _, event in inbox.after(0, 10)] for name, inbox in inboxes.items()}
    assert stored == {"acme": ["acme-key"], "zeta": ["zeta-key"]}


class ThreadedServer:
    """A web server of ours in a thread; gives its address."""

    def __init__(self, server: uvicorn.Server) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [self._listener]})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


ASK = """
import sys
from og_assets.assets.ordergroove_resource import OrdergrooveResource
from og_assets.merchants import chosen, load_merchants
from og_assets.ordergroove.objects import BY_NAME
(merchant,) = chosen(load_merchants(), sys.argv[1])
ordergroove = OrdergrooveResource.of(merchant).process_config_and_initialize()
with ordergroove.reader("orders", merchant.settings.warehouse) as source:
    for _ in range(15):
        source.client.retrieve(BY_NAME["orders"], "none-of-that-key")
"""


def test_three_merchants_at_once_keep_the_pace_of_one_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """30 requests a second in all, counted at the emulator, though their warehouses lie in three folders."""
    names = ("acme", "beta", "zeta")
    arrived: list[float] = []
    with Emulator(World(4, customers=6), keys={name: KeyPermission() for name in names}) as emulator:
        emulator.faults.add(Fault(Call(lambda _world, _request: arrived.append(time.monotonic()))))
        lines = [
            f'[merchants.{name}]\napi_key = "${name.upper()}_KEY"\nwarehouse = "{tmp_path}/{name}/{name}.duckdb"\n'
            for name in names
        ]
        (tmp_path / "merchants.toml").write_text(
            "\n".join([f'[defaults]\nbase_url = "{emulator.url}"\nrate_limit = 1800\n', *lines])
        )
        monkeypatch.setenv("ORDERGROOVE_MERCHANTS", str(tmp_path / "merchants.toml"))
        for name in names:
            monkeypatch.setenv(f"{name.upper()}_KEY", name)
        readers = [subprocess.Popen([sys.executable, "-c", ASK, name]) for name in names]
        assert [reader.wait(120) for reader in readers] == [0, 0, 0]
        assert {served.request.api_key for served in emulator.requests} == set(names)
    assert len(arrived) == 45
    # A request may be late on its way, and the one after it punctual.
    busiest = max(sum(1 for other in arrived if start <= other < start + 1) for start in arrived)
    assert busiest <= 30 + 5
