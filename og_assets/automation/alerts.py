"""Tells a chat, through one webhook, what is wrong: failed runs, red checks, stale tables; and when it is over.

What is wrong is read from Dagster's state at each tick and held against what was told already, so that each problem
is told once. No message has anything of a record: messages of our own errors do not, others are named by class.
"""

import html
import json
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from http.client import HTTPException
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.storage.tags import WILL_RETRY_TAG
from pydantic import SecretStr

from og_assets.assets.scope import Scope
from og_assets.sync.windows import CHICAGO

KINDS = {
    "run failed": "A run failed, and Dagster does not start it again by itself.",
    "check red": "A check did not pass; ERROR or WARN is said with it.",
    "stale": "A scheduled sync did not happen, or did not finish within an hour.",
    "recovered": "A problem that was reported before is over.",
}
"""The kinds of messages."""

NEWS = timedelta(days=7)
"""A run that failed longer ago is not told any more."""
RUNS_LOOKED_AT = 20
TRIES = 60
"""So many ticks in a row, a minute apart, a message is tried; then it is given up, and the next one tried anew."""
SECONDS_TO_DELIVER = 10.0
MOST_LINES = 10
"""Of one message; what is beyond is counted."""
AD_HOC_JOB = "__ASSET_JOB"
"""Dagster's name for what a person materializes outside of a job."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: `id` stays while it is the same problem, `since` is a phrase for people.

    One that `is_news` no longer is not told any more, and not over either.
    """

    id: str
    kind: str
    what: str
    since: str
    link: str
    is_news: bool = True

    @property
    def subject(self) -> str:
        """What the problem is about: the same for another error of the same job, another severity of the same check."""
        return _subject(self.id)


@dataclass(frozen=True, slots=True)
class Memory:
    """What was told, by id, and how often in a row delivery has failed; the sensor's cursor."""

    told: dict[str, str] = field(default_factory=dict)
    failures: int = 0

    @classmethod
    def read(cls, cursor: str | None) -> "Memory":
        """The memory in a cursor; an empty one when there is none."""
        return cls(**json.loads(cursor)) if cursor else cls()

    def written(self) -> str:
        """The memory as a cursor."""
        return json.dumps({"told": self.told, "failures": self.failures})


def problems(instance: dg.DagsterInstance, graph: Any, scope: Scope, now: datetime) -> list[Problem]:
    """All that is wrong now with one merchant's runs and tables. `graph` is the code location's asset graph."""
    base_url = scope.merchant.settings.dagster_url
    checks = [key for key in graph.asset_check_keys if scope.owns(key.asset_key)]
    assets = [key for key in graph.get_all_asset_keys() if scope.owns(key)]
    return [
        *_failed_runs(instance, scope, base_url, now),
        *_red_checks(instance, checks, base_url),
        *_stale_assets(instance, assets, base_url),
    ]


def tell(current: Sequence[Problem], memory: Memory, url: SecretStr) -> tuple[Memory, str]:
    """Deliver what is new and what is over; what to remember, and what happened in a phrase for the tick."""
    subjects = {problem.subject for problem in current}
    known = {problem.id: problem.what for problem in current}
    # A problem that has become another one of the same subject is not over, and told as that one.
    told = {id: what for id, what in memory.told.items() if id in known or _subject(id) not in subjects}
    memory = replace(memory, told=told)
    sent = 0
    for text, ids in _messages(current, memory):
        trouble = deliver(url, text)
        tries = memory.failures + 1
        if trouble and tries < TRIES:
            return replace(
                memory, failures=tries
            ), f"{sent} sent, then not delivered: {trouble} (try {tries} of {TRIES})"
        settled = {id: known[id] for id in ids if id in known}
        memory = Memory({id: what for id, what in memory.told.items() if id not in ids} | settled)
        if trouble:
            return memory, f"{sent} sent, one given up after {TRIES} tries: {trouble}"
        sent += 1
    return memory, f"{sent} sent"


def deliver(url: SecretStr, text: str) -> str | None:
    """Post a message as Slack and its likes take it; None, or why it failed, without the address, which is a secret."""
    body = json.dumps({"text": html.escape(text, quote=False)}).encode()
    request = urllib.request.Request(  # noqa: S310 - the setting allows https, and http on loopback
        url.get_secret_value(), data=body, headers={"Content-Type": "application/json"}
    )
    try:
        with _opener.open(request, timeout=SECONDS_TO_DELIVER):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"no connection ({type(reason).__name__})"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could carry the message elsewhere, and would come as a GET."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def _messages(current: Iterable[Problem], memory: Memory) -> Iterator[tuple[str, set[str]]]:
    """Each message with the ids that it settles: one for each failed run, one for all checks, one for all tables."""
    groups: dict[str, list[Problem]] = defaultdict(list)
    for problem in current:
        if problem.is_news and problem.id not in memory.told:
            groups[problem.id if problem.kind == "run failed" else problem.kind].append(problem)
    for group in groups.values():
        first = group[0]
        lines = [f"{problem.what}, {problem.since}" for problem in group]
        yield f"Ordergroove {first.kind}:{_listed(lines)}\n{first.link}", {problem.id for problem in group}
    known = {problem.id for problem in current}
    over = {id: what for id, what in memory.told.items() if id not in known}
    if over:
        yield f"Ordergroove recovered:{_listed(list(over.values()))}", set(over)


def _subject(id: str) -> str:
    return id.rpartition("/")[0]


def _listed(lines: Sequence[str]) -> str:
    """One line after the colon, or several below it."""
    if len(lines) == 1:
        return f" {lines[0]}"
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "".join(f"\n- {line}" for line in [*lines[:MOST_LINES], *more])


def _failed_runs(instance: dg.DagsterInstance, scope: Scope, base_url: str, now: datetime) -> Iterator[Problem]:
    found: dict[str, Problem] = {}
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
    for record in instance.get_run_records(failed, limit=RUNS_LOOKED_AT):
        run = record.dagster_run
        if not _is_of(scope, run) or _is_tried_again(instance, run) or _is_made_good(instance, record):
            continue
        failures = _step_failures(instance, run.run_id)
        causes = _shortened(dict.fromkeys(failures.values()), "; ") or "no step failed: it was killed or crashed"
        assets = _shortened(failures, ", ")
        job = "a run of chosen assets" if run.job_name == AD_HOC_JOB else f"job {run.job_name}"
        id = f"run/{run.job_name}/{sha256(f'{sorted(failures)}{causes}'.encode()).hexdigest()[:16]}"
        # The newest run comes first: it is the one to look at.
        found.setdefault(
            id,
            Problem(
                id,
                "run failed",
                ": ".join(filter(None, [job, assets, causes])),
                _last_success(instance, failures),
                f"{base_url}/runs/{run.run_id}",
                is_news=record.update_timestamp > now - NEWS,
            ),
        )
    yield from found.values()


def _shortened(texts: Iterable[str], separator: str) -> str:
    first, *others = list(texts) or [""]
    return separator.join([first, *others[:2]]) + (f" and {len(others) - 2} more" if len(others) > 2 else "")  # noqa: PLR2004


def _is_of(scope: Scope, run: dg.DagsterRun) -> bool:
    """Whether a run is of this merchant's job or, where a person chose assets, of its assets."""
    if scope.merchant.name and run.job_name == AD_HOC_JOB:
        return any(map(scope.owns, run.asset_selection or ()))
    return run.job_name.startswith(scope.named(""))


def _is_tried_again(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether Dagster starts the run again; it says so a moment after the failure."""
    return instance.run_retries_enabled and run.tags.get(WILL_RETRY_TAG) != "false"


def _is_made_good(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Whether the same job has succeeded since, or all that failed was materialized since."""
    run, ended = record.dagster_run, record.end_time or 0.0
    succeeded = dg.RunsFilter(
        job_name=run.job_name,
        statuses=[dg.DagsterRunStatus.SUCCESS],
        created_after=record.create_timestamp,
    )
    if run.job_name != AD_HOC_JOB and instance.get_run_ids(succeeded, limit=1):
        return True
    failures = _step_failures(instance, run.run_id)
    return bool(failures) and all((_materialized_at(instance, asset) or 0.0) > ended for asset in failures)


def _step_failures(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """The assets whose step failed, with the cause: our own message, or the name of a foreign error."""
    failures = {}
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.get_dagster_event()
        told = event.step_failure_data.user_failure_data
        error = event.step_failure_data.error
        while error and error.cause:
            error = error.cause
        cause = told.description if told else error.cls_name if error else "unknown"
        if cause == "DagsterAssetCheckFailedError":
            cause = "a blocking check is red"
        failures[str(event.step_key).replace("__", "/")] = cause or "unknown"
    return failures


def _red_checks(instance: dg.DagsterInstance, keys: list[dg.AssetCheckKey], base_url: str) -> Iterator[Problem]:
    keys = sorted(keys, key=lambda key: (key.asset_key.path, key.name))
    summaries = instance.event_log_storage.get_asset_check_summary_records(keys)
    for key in keys:
        record = summaries[key].last_completed_check_execution_record
        event = record.event.dagster_event if record and record.event else None
        evaluation = event.event_specific_data if event else None
        if not record or not isinstance(evaluation, AssetCheckEvaluation) or evaluation.passed:
            continue
        asset = "/".join(key.asset_key.path)
        yield Problem(
            f"check/{asset}/{key.name}/{evaluation.severity.value}",
            "check red",
            f"{evaluation.severity.value} {asset} {key.name}: {evaluation.description}",
            f"since {_clock(record.create_timestamp)}",
            f"{base_url}/assets/{asset}?view=checks&checkDetail={key.name}",
        )


def _stale_assets(instance: dg.DagsterInstance, keys: list[dg.AssetKey], base_url: str) -> Iterator[Problem]:
    for key, record in sorted(instance.get_freshness_state_records(keys).items()):
        if record.freshness_state is FreshnessState.FAIL:
            asset = "/".join(key.path)
            yield Problem(
                f"stale/{asset}/late", "stale", asset, _last_success(instance, [asset]), f"{base_url}/assets/{asset}"
            )


def _last_success(instance: dg.DagsterInstance, assets: Iterable[str]) -> str:
    times = [_materialized_at(instance, asset) for asset in assets]
    if not times or None in times:
        return "never made before" if times else "see the run"
    return f"last success {_clock(min(time for time in times if time))}"


def _materialized_at(instance: dg.DagsterInstance, asset: str) -> float | None:
    event = instance.get_latest_materialization_event(dg.AssetKey(asset.split("/")))
    return event.timestamp if event else None


def _clock(timestamp: float) -> str:
    return f"{datetime.fromtimestamp(timestamp, CHICAGO):%Y-%m-%d %H:%M %Z}"
