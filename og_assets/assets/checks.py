"""What is watched in each table: the checks of every asset, and their results as Dagster shows them.

Checks are evaluated inside the asset's own step. ERROR stops what depends on the asset where a check is blocking,
WARN informs. docs/operations.md says what each one means and what to do.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from duckdb import DuckDBPyConnection

from og_assets.assets.covered_days import PULL_MODE_TAG
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.columns import Kind
from og_assets.ordergroove.objects import BY_NAME, OrdergrooveObject
from og_assets.ordergroove.tracked import TRACKED
from og_assets.sync.pull import object_table
from og_assets.sync.spot_check import SpotCheck
from og_assets.sync.windows import PullMode, last_evening
from og_assets.warehouse.checks import NONE, SINCE, Check, Limit, Outcome, Verdict, evaluate, filled_in, unique_key
from og_assets.warehouse.checks_since import EVER, Derivation, Loads, evaluate_since
from og_assets.warehouse.derive import DeriveReport
from og_assets.warehouse.derived_table import DerivedTable
from og_assets.warehouse.history import kept_columns
from og_assets.warehouse.place import Turn
from og_assets.warehouse.tables import ensure_tables, quoted

if TYPE_CHECKING:
    Checked = dg.MaterializeResult[None]
else:
    # Of an asset with checks Dagster takes the bare class alone for the annotation of what it returns.
    Checked = dg.MaterializeResult

HANDBOOK = Path(__file__).parents[1] / "documents" / "operations.md"

WATCHED_REFERENCES = {
    "subscriptions": ("customer", "product"),
    "orders": ("customer",),
    "items": ("order", "subscription"),
}
"""Of the references of objects those that are checked: what is derived depends on them."""

VOLUME = "volume"
VALIDITY = "validity"
"""Checks that people look at together. Each check of Dagster's is three events of a run, at 6 to 8 ms each."""

_SEVERITIES = {
    Verdict.WARN: dg.AssetCheckSeverity.WARN,
    Verdict.ERROR: dg.AssetCheckSeverity.ERROR,
}


def object_checks(object: OrdergrooveObject) -> tuple[Check, ...]:
    """The checks of an object's table."""
    columns = {column.name: column.kind for column in object.columns}
    stamps = [name for name in ("created", object.change_stamp) if name and columns.get(name) is Kind.STAMP]
    names = {
        "object": object.name,
        "table": f"ordergroove.{object.name}",
        "key": ", ".join(map(quoted, object.key)),
        "stamps": ", ".join([*map(quoted, stamps), "NULL::TIMESTAMP"]),
    }
    rows = f"SELECT count(*) FROM {names['table']}"
    pulled = filled_in("check_pulled_records.sql", **names)
    shows_keys = object.name != "customers"  # a shop may use the e-mail address as its customer id
    checks = [
        unique_key(names["table"], object.key, shows_keys=shows_keys, loaded=object.name),
        Check(
            "row_count",
            "No row that a pull has loaded is gone from the table.",
            filled_in("check_row_count.sql", **names),
            rows,
            warn=Limit(10, 0.001),
            error=Limit(10, 0.05),
            is_blocking=True,
            shown_in=VOLUME,
        ),
        Check(
            "sudden_growth",
            "The last pull did not bring implausibly many new rows, as another merchant's key would.",
            filled_in("check_sudden_growth.sql", **names),
            rows,
            warn=Limit(1000, 1 / 3),
            shown_in=VOLUME,
        ),
        Check(
            "quarantine",
            "Every record of the last run has a usable key.",
            filled_in("check_quarantine.sql", **names),
            pulled,
            warn=NONE,
            error=Limit(10, 0.05),
            is_blocking=True,
            shown_in=VALIDITY,
        ),
        Check(
            "notes",
            "Few records of the last run have values that fit no column.",
            filled_in("check_notes.sql", **names),
            pulled,
            warn=Limit(5, 0.05),
            shown_in=VALIDITY,
        ),
        Check(
            "future_stamps",
            "No stamp is later than now.",
            filled_in("check_future_stamps.sql", **names, since=EVER),
            rows,
            warn=NONE,
            since_sql=filled_in("check_future_stamps.sql", **names, since=SINCE),
            shows_keys=shows_keys,
            shown_in=VALIDITY,
        ),
    ]
    if not object.is_incremental:
        checks.append(
            Check(
                "missing_rows",
                "The complete lists of the last seven days have left out few rows.",
                filled_in("check_missing_rows.sql", **names),
                rows,
                warn=Limit(2, 0.2),
                error=Limit(2, 0.5),
            )
        )
    if object.name in TRACKED:
        checks.append(_history(object, shows_keys=shows_keys))
    for column in WATCHED_REFERENCES.get(object.name, ()):
        parent = object.references[column]
        referred = {
            **names,
            "column": quoted(column),
            "parent": parent,
            "parent_table": f"ordergroove.{parent}",
            "parent_key": quoted(BY_NAME[parent].key[0]),
        }
        checks.append(
            Check(
                f"{column}_reference",
                f"Each `{column}` is in `ordergroove.{parent}`, once that was pulled after the row.",
                filled_in("check_reference.sql", **referred, since=EVER),
                rows,
                warn=Limit(0, 0.001),
                error=Limit(10, 0.05),
                is_blocking=column == "order",
                since_sql=filled_in("check_reference.sql", **referred, since=SINCE),
            )
        )
    return tuple(checks)


def _history(object: OrdergrooveObject, *, shows_keys: bool) -> Check:
    kept = {
        quoted(column.name): value
        for column, value in kept_columns(object_table(object))
        if column.name not in object.key
    }
    names = {"object": object.name, "key": quoted(object.key[0]), "tracked": ", ".join(kept)}
    return Check(
        "history",
        "The states that it has been in meet without gap or overlap, and each differs from the next.",
        filled_in("check_history.sql", **names),
        f"SELECT count(*) FROM history.{object.name}_past",
        warn=NONE,
        since_sql=filled_in("check_history_since.sql", **names, values=", ".join(kept.values()), since=SINCE),
        shows_keys=shows_keys,
    )


def specs(asset: dg.AssetKey, checks: Iterable[Check]) -> list[dg.AssetCheckSpec]:
    """The checks as Dagster knows them before any run."""
    return [_spec(asset, name, [*shown]) for name, shown in groupby(checks, lambda check: check.shown_as)]


def _spec(asset: dg.AssetKey, name: str, checks: Sequence[Check]) -> dg.AssetCheckSpec:
    description = " ".join(check.description for check in checks)
    return dg.AssetCheckSpec(name, asset=asset, description=description, blocking=any(c.is_blocking for c in checks))


@cache
def what_to_do(check: str) -> str:
    """What the handbook says about a check, as text: Dagster shows it at once, and Markdown only after a click."""
    section = re.search(
        rf"^### {check}\n(.+?)(?=^#|\Z)", HANDBOOK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return section[1].strip() if section else f"See `og docs operations#{check}`."


def check_object(
    warehouse: WarehouseResource, object: OrdergrooveObject, *, whole_since: datetime
) -> list[dg.AssetCheckResult]:
    """The results of an object's checks. Tables that it refers to are made when they are not there yet.

    Where all was found good after `whole_since` (aware), they look at what was loaded since.
    """
    # ops.checked_tables is written by derivations too, and who writes the same takes the same turn.
    with warehouse.get_connection(turn=Turn.DERIVE) as connection:
        named = [object.references[column] for column in WATCHED_REFERENCES.get(object.name, ())]
        ensure_tables(connection, [object_table(BY_NAME[name]) for name in named])
        return check_loads(connection, object_checks(object), object.name, whole_since=whole_since)


def check_loads(
    connection: DuckDBPyConnection, checks: Sequence[Check], object_name: str, *, whole_since: datetime
) -> list[dg.AssetCheckResult]:
    """The results of the checks of `ordergroove.<object_name>`, likewise."""
    loads = Loads(f"ordergroove.{object_name}", object_name)
    return _results(evaluate_since(connection, checks, loads, whole_since))


def check_derived(
    connection: DuckDBPyConnection, table: DerivedTable, report: DeriveReport, *, whole_since: datetime
) -> list[dg.AssetCheckResult]:
    """The results of a derived table's checks, in the connection that has just derived it; likewise."""
    derivation = Derivation(f"{table.schema}.{table.name}", report)
    return _results(evaluate_since(connection, table.checks, derivation, whole_since))


def whole_since(context: dg.AssetExecutionContext) -> datetime:
    """Since when all of a table must have been looked at once: the last evening, and now in a full refresh."""
    now = datetime.now(UTC)
    is_whole = context.run.tags.get(PULL_MODE_TAG) == PullMode.WHOLE_HISTORY.value
    return now if is_whole else last_evening(now)


def results(connection: DuckDBPyConnection, checks: Iterable[Check]) -> list[dg.AssetCheckResult]:
    """The result of each check of a whole table, with what helps to look closer; ids at most, nothing of a person."""
    return _results(evaluate(connection, checks))


def _results(outcomes: Iterable[Outcome]) -> list[dg.AssetCheckResult]:
    return [_result(name, [*shown]) for name, shown in groupby(outcomes, lambda outcome: outcome.check.shown_as)]


def _result(name: str, outcomes: Sequence[Outcome]) -> dg.AssetCheckResult:
    """As one result, which is as bad as the worst; it shows how to look closer at what is not good, or at all."""
    wrong = [outcome for outcome in outcomes if outcome.verdict is not Verdict.GOOD]
    shown = wrong or outcomes
    metadata: dict[str, dg.MetadataValue] = {
        "found": dg.MetadataValue.int(sum(outcome.found for outcome in shown)),
        "among": dg.MetadataValue.int(max(outcome.among for outcome in shown)),
        "what_to_do": dg.MetadataValue.text("\n\n".join(what_to_do(outcome.check.name) for outcome in shown)),
        "look_closer": dg.MetadataValue.md("\n".join(f"```sql\n{outcome.check.sql};\n```" for outcome in shown)),
    }
    sample = [key for outcome in shown for key in outcome.sample]
    if sample:
        metadata["sample"] = dg.MetadataValue.json(sample)
    return dg.AssetCheckResult(
        passed=not wrong,
        check_name=name,
        severity=_SEVERITIES[Verdict.ERROR if any(one.verdict is Verdict.ERROR for one in wrong) else Verdict.WARN],
        description=" ".join(map(_said, shown)),
        metadata=metadata,
    )


def _said(outcome: Outcome) -> str:
    check = outcome.check
    return outcome.problem or f"{outcome.found:,} of {_among(outcome)}. {check.description}"


def _among(outcome: Outcome) -> str:
    if outcome.whole_at is None:
        return f"{outcome.among:,}"
    return f"{outcome.among:,} since all was looked at, at {outcome.whole_at:%Y-%m-%d %H:%M:%S} UTC"


TOMBSTONES_STAY_GONE = "tombstones_stay_gone"
OPEN_ROWS_EXIST = "open_rows_exist"


def spot_check_specs(asset: dg.AssetKey, object: OrdergrooveObject) -> list[dg.AssetCheckSpec]:
    """The two checks of a sweep that ask Ordergroove itself."""
    return [
        dg.AssetCheckSpec(
            TOMBSTONES_STAY_GONE,
            asset=asset,
            description=f"A few {object.name} that are held for deleted still answer 404.",
        ),
        dg.AssetCheckSpec(
            OPEN_ROWS_EXIST,
            asset=asset,
            description=f"A few {object.name} that are believed open do exist.",
        ),
    ]


def spot_check_results(found: SpotCheck) -> list[dg.AssetCheckResult]:
    """Both are warnings: the next fetch lifts a wrong tombstone, and the next sweep finds what is gone."""
    return [
        _answer(TOMBSTONES_STAY_GONE, found.exist_after_all, found.held_deleted, found.problem),
        _answer(OPEN_ROWS_EXIST, found.gone_unnoticed, found.believed_open, found.problem),
    ]


def _answer(name: str, wrong: tuple[str, ...], asked: int, problem: str | None) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not wrong and problem is None,
        check_name=name,
        severity=dg.AssetCheckSeverity.WARN,
        description=problem or f"{len(wrong)} of {asked} answered otherwise than the warehouse says.",
        metadata={
            "found": len(wrong),
            "among": asked,
            "sample": dg.MetadataValue.json(list(wrong)),
            "what_to_do": dg.MetadataValue.text(what_to_do(name)),
        },
    )
