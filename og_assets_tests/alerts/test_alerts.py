"""What the chat hears: each problem once, with its cause and a link, and when it is over; nothing of a person."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
from conftest import ADDRESS, Chat, at
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.loader import LoadingContextForTest
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster._core.test_utils import freeze_time
from dagster._daemon.freshness import FreshnessDaemon

from og_assets.automation.alerts import MOST_LINES, TRIES, Memory, Problem, tell
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.errors import SettingError
from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import Settings, load_settings
from og_assets.sync.windows import CHICAGO
from og_assets_tests.code_location import definitions

ORDERS = dg.AssetKey(["ordergroove", "orders"])
LIST_OF_REASONS = dg.AssetKey(["ordergroove", "cancel_reasons"])
PERSON = "jane@example.com"


class Ticks:
    """The sensor, tick by tick, with the cursor that Dagster keeps for it."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None

    def tick(self) -> str:
        """One tick; what it says."""
        repository = definitions().get_repository_def()
        with dg.build_sensor_context(self.instance, cursor=self.cursor, repository_def=repository) as context:
            answer = repository.get_sensor_def("alerts")(context)
        assert isinstance(answer, dg.SensorResult)
        self.cursor = answer.cursor
        assert answer.skip_reason
        return str(answer.skip_reason.skip_message)


@pytest.fixture
def ticks(instance: dg.DagsterInstance, chat: Chat) -> Ticks:
    """A sensor that has not ticked yet."""
    return Ticks(instance)


def sync_reasons(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """A run of the job `sync` for the smallest object."""
    return (
        definitions()
        .resolve_job_def("sync")
        .execute_in_process(
            instance=instance,
            partition_key=datetime.now(CHICAGO).date().isoformat(),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            asset_selection=[LIST_OF_REASONS],
            raise_on_error=False,
        )
    )


def test_failed_run_is_told_once_and_so_is_its_recovery(
    ticks: Ticks, chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A revoked key, until a new one is set."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ORDERGROOVE_WAREHOUSE", str(tmp_path / "ordergroove.duckdb"))
    with Emulator(World(customers=3)) as emulator:
        monkeypatch.setenv("ORDERGROOVE_BASE_URL", emulator.url)
        monkeypatch.setenv("ORDERGROOVE_API_KEY", "revoked-key")
        assert ticks.tick() == "0 problems, 0 sent."
        failed = sync_reasons(ticks.instance)
        assert not failed.success
        assert ticks.tick() == "1 problems, 1 sent."
        (text,) = chat.heard()
        assert text.startswith("Ordergroove run failed: job sync: ordergroove/cancel_reasons: ")
        assert "Ordergroove does not let this API key read here" in text
        assert "never made before" in text
        assert text.endswith(f"https://dagster.example/runs/{failed.run_id}")
        assert "revoked-key" not in text

        again = sync_reasons(ticks.instance)
        assert not again.success
        assert ticks.tick() == "1 problems, 0 sent.", "the next sync fails in the same way"

        monkeypatch.setenv("ORDERGROOVE_API_KEY", EMULATOR_KEY)
        assert sync_reasons(ticks.instance).success
        assert ticks.tick() == "0 problems, 1 sent."
        (text,) = chat.heard()
        assert text.startswith("Ordergroove recovered: job sync: ordergroove/cancel_reasons")
        assert ticks.tick() == "0 problems, 0 sent."
    assert ADDRESS not in caplog.text
    assert ADDRESS not in str(ticks.cursor)


@dg.op
def leaky() -> None:
    """Fails with a message that quotes a record."""
    raise ValueError(f"cannot read {PERSON}")


@dg.job
def leaky_job() -> None:
    """One op."""
    leaky()


def test_foreign_error_is_named_by_its_class_alone(ticks: Ticks, chat: Chat) -> None:
    """Its text may quote a record."""
    leaky_job.execute_in_process(instance=ticks.instance, raise_on_error=False)
    ticks.tick()
    (text,) = chat.heard()
    assert "job leaky_job: leaky: ValueError" in text
    assert PERSON not in text


def test_run_that_dagster_starts_again_is_no_alert_until_the_last_try(ticks: Ticks, chat: Chat) -> None:
    """A crashed worker is started again twice."""
    crashed = ticks.instance.create_run_for_job(leaky_job, status=dg.DagsterRunStatus.FAILURE)
    for undecided in ({}, {WILL_RETRY_TAG: "true"}):
        ticks.instance.add_run_tags(crashed.run_id, undecided)
        assert ticks.tick() == "0 problems, 0 sent."
    ticks.instance.add_run_tags(crashed.run_id, {WILL_RETRY_TAG: "false"})
    ticks.tick()
    (text,) = chat.heard()
    assert "killed or crashed" in text


def test_old_failure_is_neither_news_nor_over(chat: Chat) -> None:
    """It was told when it was new, and nothing has succeeded since."""
    url = load_settings().alert_url
    assert url
    old = replace(problem("run/sync/x", "run failed"), is_news=False)
    memory = Memory({"run/sync/x": "job sync"})
    assert tell([old], memory, url) == (memory, "0 sent")
    assert tell([old], Memory(), url) == (Memory(), "0 sent")


def evaluated(instance: dg.DagsterInstance, name: str, *, passed: bool, severity: str = "ERROR") -> None:
    """A check of orders was evaluated."""
    instance.report_runless_asset_event(
        AssetCheckEvaluation(ORDERS, name, passed, {}, severity=dg.AssetCheckSeverity(severity), description="3 of 30.")
    )


def test_red_checks_are_told_with_their_severity_in_one_message(ticks: Ticks, chat: Chat) -> None:
    """A warning that becomes an error is told again, and is not over before it is green."""
    evaluated(ticks.instance, "unique_key", passed=False)
    evaluated(ticks.instance, "history", passed=False, severity="WARN")
    evaluated(ticks.instance, "volume", passed=True)
    ticks.tick()
    (text,) = chat.heard()
    assert text.startswith("Ordergroove check red:\n- WARN ordergroove/orders history: 3 of 30., since ")
    assert "ERROR ordergroove/orders unique_key: 3 of 30." in text
    assert "volume" not in text
    assert "https://dagster.example/assets/ordergroove/orders?view=checks&amp;checkDetail=history" in text

    evaluated(ticks.instance, "history", passed=False, severity="ERROR")
    ticks.tick()
    (text,) = chat.heard()
    assert "ERROR ordergroove/orders history" in text

    evaluated(ticks.instance, "history", passed=True)
    evaluated(ticks.instance, "unique_key", passed=False)
    ticks.tick()
    (text,) = chat.heard()
    assert text.startswith("Ordergroove recovered: ERROR ordergroove/orders history")


def judged(instance: dg.DagsterInstance) -> None:
    """Dagster's freshness daemon looks at every asset."""
    graph = definitions().resolve_asset_graph()

    async def judge() -> None:
        daemon = FreshnessDaemon()
        context = LoadingContextForTest(instance)
        for key in graph.get_all_asset_keys():
            await daemon._evaluate_asset(context, graph.get(key))  # type: ignore[arg-type]

    asyncio.run(judge())


def made(instance: dg.DagsterInstance, moment: datetime, *names: str) -> None:
    """These objects were materialized at this moment."""
    with freeze_time(moment):
        for name in names:
            instance.report_runless_asset_event(dg.AssetMaterialization(["ordergroove", name]))


def test_schedule_that_did_not_happen_is_told_once_for_all_tables(ticks: Ticks, chat: Chat) -> None:
    """The noon sync made all objects; at eight none but one was made."""
    names = [object.name for object in OBJECTS]
    made(ticks.instance, at(12, 5), *names)
    with freeze_time(at(20, 59)):
        judged(ticks.instance)
    assert ticks.tick() == "0 problems, 0 sent."

    made(ticks.instance, at(20, 1), "orders")
    with freeze_time(at(21, 1)):
        judged(ticks.instance)
    ticks.tick()
    (text,) = chat.heard()
    assert text.startswith("Ordergroove stale:\n- ordergroove/addresses, last success ")
    assert text.count("last success 2026-07-01 12:05 CDT") == MOST_LINES
    assert "and 1 more" in text
    assert "ordergroove/orders," not in text

    made(ticks.instance, at(22, 30), *names)
    with freeze_time(at(22, 31)):
        judged(ticks.instance)
    assert ticks.tick() == "0 problems, 1 sent."


def problem(id: str, kind: str = "check red") -> Problem:
    """Something wrong."""
    return Problem(id, kind, f"{id} is wrong", "since noon", "https://dagster.example")


def test_undelivered_message_is_tried_again_and_given_up_in_the_end(chat: Chat) -> None:
    """Then the next problem is told all the same."""
    url = load_settings().alert_url
    assert url
    memory = Memory()
    chat.answers = [500] * TRIES
    for number in range(1, TRIES):
        memory, happened = tell([problem("check/a/x")], memory, url)
        assert f"HTTP 500 (try {number} of {TRIES})" in happened
        assert ADDRESS not in happened
        memory = Memory.read(memory.written())
    memory, happened = tell([problem("check/a/x")], memory, url)
    assert "given up" in happened
    assert tell([problem("check/a/x")], memory, url) == (memory, "0 sent")
    memory, happened = tell([problem("check/a/x"), problem("check/b/x")], memory, url)
    assert happened == "1 sent"
    assert [text for text in chat.heard() if "check/a" in text] == []


def test_message_that_fails_once_arrives_with_the_next_tick(chat: Chat) -> None:
    """And what was sent before it is not sent again."""
    url = load_settings().alert_url
    assert url
    chat.answers = [200, 503]
    current = [problem("run/sync/x", "run failed"), problem("check/a/x")]
    memory, happened = tell(current, Memory(), url)
    assert happened.startswith("1 sent, then not delivered: HTTP 503")
    memory, happened = tell(current, memory, url)
    assert happened == "1 sent"
    assert [text.split(":")[0] for text in chat.heard()] == ["Ordergroove run failed", "Ordergroove check red"]
    assert memory.failures == 0


def test_redirect_is_not_followed_and_a_closed_port_is_no_crash(chat: Chat) -> None:
    """Neither tells the address."""
    url = load_settings().alert_url
    assert url
    chat.answers = [302]
    assert "HTTP 302" in tell([problem("check/a/x")], Memory(), url)[1]
    assert len(chat.paths) == 1
    closed = Settings.from_environment({"ORDERGROOVE_ALERT_URL": f"http://127.0.0.1:9{ADDRESS}"}).alert_url
    assert closed
    assert "no connection (ConnectionRefusedError)" in tell([problem("check/a/x")], Memory(), closed)[1]


def test_without_an_address_nothing_is_told(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sensor is there, stopped, and says why."""
    monkeypatch.delenv("ORDERGROOVE_ALERT_URL", raising=False)
    repository = definitions().get_repository_def()
    alerts = repository.get_sensor_def("alerts")
    assert alerts.default_status is dg.DefaultSensorStatus.STOPPED
    with dg.build_sensor_context(instance, repository_def=repository) as context:
        answer = alerts(context)
    assert isinstance(answer, dg.SkipReason)
    assert "ORDERGROOVE_ALERT_URL" in str(answer.skip_message)


@pytest.mark.parametrize(
    "value", ["hooks.example/secret", "http://hooks.example/secret", "https://", "ftp://a/secret", "https://a/secret b"]
)
def test_unusable_address_is_refused_without_being_quoted(value: str) -> None:
    """Over plain http, anybody on the way could read it."""
    with pytest.raises(SettingError, match="ORDERGROOVE_ALERT_URL takes the https address") as refused:
        Settings.from_environment({"ORDERGROOVE_ALERT_URL": value})
    assert "secret" not in str(refused.value)


def test_address_is_not_in_the_settings_as_text() -> None:
    """A dump of the settings does not tell it."""
    settings = Settings.from_environment({"ORDERGROOVE_ALERT_URL": f"https://hooks.example{ADDRESS}"})
    assert ADDRESS not in repr(settings)
    assert ADDRESS not in settings.model_dump_json()
