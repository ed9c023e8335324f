"""`og doctor`: is everything there that a sync needs, and if not, what to do."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import httpx

from og_assets.commands.costs import foretell
from og_assets.commands.finding import Finding, Verdict
from og_assets.environment import sources
from og_assets.errors import SettingError
from og_assets.merchants import Merchant, chosen, load_merchants
from og_assets.ordergroove.client import OrdergrooveClient, Preflight
from og_assets.ordergroove.clock import CLOCK_SKEW_LIMIT
from og_assets.ordergroove.drops.errors import DropError
from og_assets.ordergroove.drops.names import read_name
from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.settings import FORMER_WAREHOUSE, WAREHOUSE, Settings
from og_assets.sync.configured_drops import drop_source
from og_assets.warehouse.as_of import kept_since
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import WarehouseError
from og_assets.warehouse.history import count_states
from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.inbox import Inbox

IMPATIENT = RetryPolicy(tries=2, first_delay=0.5, budget=20.0)
FIRST_ANSWER = httpx.Timeout(90.0, connect=5.0)
"""Seconds: an address that nobody answers at is known soon, and a slow list is none."""


def examine(name: str | None = None) -> Iterator[Finding]:
    """Look at settings, key, permission, clock, warehouse, inbox and, where there are any, drops, one finding each.

    Of the merchant of that name, or of all.
    """
    try:
        merchants = chosen(load_merchants(), name)
    except SettingError as error:
        yield Finding("settings", Verdict.BAD, str(error))
        return
    for merchant in merchants:
        for finding in _examine(merchant):
            subject = f"{merchant.name}: {finding.subject}" if merchant.name else finding.subject
            yield replace(finding, subject=subject)


def _examine(merchant: Merchant) -> Iterator[Finding]:
    yield _examine_settings(merchant)
    yield from _examine_api(merchant)
    warehouse = _examine_warehouse(merchant.settings)
    yield warehouse
    if warehouse.verdict is not Verdict.BAD:
        yield _examine_history(merchant.settings)
    yield _examine_inbox(merchant.settings)
    if merchant.settings.drops is not None:
        yield _examine_drops(merchant.settings)


def _examine_settings(merchant: Merchant) -> Finding:
    """Which Ordergroove is read, and where each setting comes from, by the order in which they win."""
    reading = f"reading {merchant.settings.base_url}"
    if merchant.name:
        named = ", ".join(f"{setting} from {variable}" for setting, variable in merchant.secrets.items())
        return Finding("settings", Verdict.GOOD, "\n".join(filter(None, [reading, named])))
    origins = sources(Settings.variables())
    lines = [f"{source}: {', '.join(names)}" for source, names in origins.items() if names]
    return Finding("settings", Verdict.GOOD, "\n".join([reading, *lines]))


def _examine_api(merchant: Merchant) -> Iterator[Finding]:
    try:
        preflight = _preflight(merchant)
    except (SettingError, OrdergrooveError) as error:
        yield Finding("API key", Verdict.BAD, str(error))
        return
    yield Finding("API key", Verdict.GOOD, f"accepted; the first page took {preflight.seconds:.1f} s")
    yield _examine_permission(preflight)
    yield _examine_clock(preflight)
    if preflight.sees_several_customers:
        yield foretell(merchant.settings, partial(_client, merchant))


def look(merchant: Merchant) -> None:
    """See in seconds whether a sync can read Ordergroove; raises the error that would stop it."""
    _preflight(merchant).require_bulk_permission()


def _preflight(merchant: Merchant) -> Preflight:
    with _client(merchant) as client:
        return client.preflight()


def _client(merchant: Merchant) -> OrdergrooveClient:
    return OrdergrooveClient(
        merchant.settings.base_url,
        merchant.require_api_key(),
        requests_per_minute=merchant.settings.requests_per_minute,
        retry=IMPATIENT,
        timeout=FIRST_ANSWER,
    )


def _examine_permission(preflight: Preflight) -> Finding:
    if preflight.sees_several_customers:
        return Finding("bulk permission", Verdict.GOOD, "the key lists several customers")
    return Finding(
        "bulk permission",
        Verdict.BAD,
        f"The key sees {preflight.customers} customer(s). Grant it Bulk Operations in the Ordergroove admin "
        "(rc3.ordergroove.com/keys/); without it lists hold one customer only, and no error says so. "
        "A merchant who really has so few customers may go on.",
    )


def _examine_clock(preflight: Preflight) -> Finding:
    if preflight.clock_skew is None:
        return Finding("clock", Verdict.ATTENTION, "Ordergroove sent no Date; watermarks follow this machine's clock.")
    seconds = preflight.clock_skew.total_seconds()
    if abs(preflight.clock_skew) > CLOCK_SKEW_LIMIT:
        return Finding(
            "clock",
            Verdict.ATTENTION,
            f"Ordergroove's clock is {seconds:+.0f} s from this machine's. Watermarks follow Ordergroove's; "
            "partitions and schedules follow this machine's: check its time service.",
        )
    return Finding("clock", Verdict.GOOD, f"{abs(seconds):.0f} s from Ordergroove's")


def _examine_warehouse(settings: Settings) -> Finding:
    place = settings.warehouse
    existed = place.exists()
    try:
        with open_warehouse(place, lock_timeout_seconds=10, busy_timeout_seconds=5):
            pass
    except WarehouseError as error:
        return Finding("warehouse", Verdict.BAD, str(error))
    if place == FORMER_WAREHOUSE and not os.environ.get("ORDERGROOVE_WAREHOUSE"):
        return Finding(
            "warehouse",
            Verdict.GOOD,
            f"{place}, the default of former releases, was found and is used. To take today's, rename it to "
            f"{WAREHOUSE} while no sync runs: in plain DuckDB `ordergroove.orders` is ambiguous in a file of the old "
            "name.",
        )
    return Finding("warehouse", Verdict.GOOD, f"{place} " + ("can be written" if existed else "was made"))


BACKUPS = ("backups", "backup")
"""Folders, beside the warehouse or beside its folder, in which docs/deploy.md puts copies of it."""


def _examine_history(settings: Settings) -> Finding:
    """What of the warehouse cannot be fetched again, and how old the newest copy of it is, where that can be known."""
    place = settings.warehouse
    try:
        with open_warehouse(place, read_only=True, lock_timeout_seconds=10, busy_timeout_seconds=5) as connection:
            states, since = count_states(connection), kept_since(connection)
    except WarehouseError as error:
        return Finding("history", Verdict.BAD, str(error))
    told = f"{states:,} former states, kept since {since:%Y-%m-%d}; they cannot be fetched again" if since else "none"
    if not settings.history:
        return Finding("history", Verdict.ATTENTION, f"{told}; ORDERGROOVE_HISTORY is off: what changes now is lost")
    copies = [
        copy
        for folder in (place.folder, place.folder.parent)
        for name in BACKUPS
        for copy in folder.glob(f"{name}/*.duckdb")
    ]
    if copies:
        newest = datetime.fromtimestamp(max(copy.stat().st_mtime for copy in copies), UTC)
        return Finding(
            "history", Verdict.GOOD, f"{told}; the newest copy in {BACKUPS[0]}/ is of {newest:%Y-%m-%d %H:%M} UTC"
        )
    return Finding(
        "history",
        Verdict.ATTENTION if states else Verdict.GOOD,
        f"{told}; no copy of the warehouse is in {BACKUPS[0]}/ beside it (og docs deploy.md says how to make one)",
    )


def _examine_inbox(settings: Settings) -> Finding:
    inbox = Inbox(settings.inbox)
    try:
        if inbox.identity() is None:
            return Finding(
                "webhook inbox",
                Verdict.ATTENTION,
                f"{inbox.place} is not there yet: no webhook was received. Deletions are found by the sweep alone.",
            )
        inbox.probe()
    except InboxError as error:
        return Finding("webhook inbox", Verdict.BAD, str(error))
    finally:
        inbox.close()
    return Finding("webhook inbox", Verdict.GOOD, f"{inbox.place} can be read and written")


def _examine_drops(settings: Settings) -> Finding:
    source = drop_source(settings)
    try:
        files = source.files()
    except (DropError, SettingError) as error:
        return Finding("file drops", Verdict.BAD, str(error))
    finally:
        source.close()
    reports = sum(read_name(file.name, file.modified_at) is not None for file in files)
    if not reports:
        return Finding(
            "file drops", Verdict.ATTENTION, f"{len(files)} files at {source.place}, and none is called like a report."
        )
    return Finding("file drops", Verdict.GOOD, f"{reports} reports at {source.place}")
