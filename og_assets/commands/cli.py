"""The command `og`. Each command imports what it needs when it runs, so that help and mistakes answer at once."""

import logging
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from og_assets.commands.child_process import answer_sigterm
from og_assets.commands.home import open_home, prepare_home, query_history
from og_assets.commands.options import Group, duration, hard_option, merchant_option, place, warehouse_option
from og_assets.commands.ports import require_free
from og_assets.environment import read_dotenv

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console

    from og_assets.merchants import Merchant
    from og_assets.warehouse.place import Place
    from og_assets.warehouse.processes import Holder


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="og-assets")
def main() -> None:
    """Ordergroove in DuckDB.

    Every command exits with 0 when all is well, with 1 when it is not or could not be done (the reason is on
    stderr), and with 2 when it was called in a way that it does not understand.

    \b
    Examples:
      og demo                    see the main job run on an emulated merchant
      og dev                     open the Dagster UI
      og doctor                  check key, permission, clock, warehouse, inbox
      og sync                    bring everything since the last sync, now
      og status                  see where each object stands
      og query                   ask the data, while syncs go on
      og export exports/today    every table as a Parquet file
      og move PLACE              the warehouse from a file into a lake, or back
      og report --open           the figures of the shop, as a page
      og webhooks                receive webhooks into the inbox
      og emulator                serve an emulated Ordergroove
      og docs                    read the documents
      og dagster                 Dagster's own commands, with the settings of this folder
    """
    answer_sigterm()
    logging.getLogger("og_assets").addHandler(logging.NullHandler())  # what matters here is in a command's own words
    read_dotenv()


@main.command()
@click.option("--customers", default=400, show_default=True, help="How many customers the emulated merchant has.")
@click.option("--seed", default=0, show_default=True, help="Which merchant: the same seed gives the same one.")
@hard_option
def demo(customers: int, seed: int, hard: bool) -> None:
    """Run the main job end to end on the embedded emulator.

    Pulls the whole history of an emulated merchant into data/emulator.duckdb, lets a day pass there, pulls what
    changed, and holds every table against the emulator's truth. Needs no key and no internet. Exits with 1 when
    a table differs.

    \b
    Examples:
      og demo
      og demo --customers 5000
      og demo --seed 7            another merchant
      og demo --hard --customers 60
    """
    from og_assets.commands.demo import demo as run

    prepare_home()
    sys.exit(0 if run(_console(), customers=customers, seed=seed, hard=hard) else 1)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the Dagster UI, on this machine only.")
def dev(port: int) -> None:
    """Open the Dagster UI, and run its daemon.

    On an emulated merchant when ORDERGROOVE_API_KEY is not set. Runs until Ctrl-C. The schedules work for as long
    as it runs.

    \b
    Examples:
      og dev
      og dev --port 3001
    """
    from og_assets.commands.dev import dev as run

    require_free(port)
    prepare_home()
    sys.exit(run(_console(), port=port))


@main.command()
@merchant_option
def sync(merchant: str | None) -> None:
    """Bring everything since the last sync, now.

    Runs the Dagster job `sync`, as the schedules do at noon and at 8 PM in Chicago; the first time it pulls the whole
    history. Before that it looks whether key and address work. The run is in the UI like any other. Exits with 1 when
    it failed or was stopped; what was loaded stays, and the next sync goes on from there.

    \b
    Examples:
      og sync
      og doctor && og sync && og export --replace exports/bi
    """
    from og_assets.commands.sync import sync_all

    prepare_home()
    sys.exit(0 if sync_all(_console(), _merchants(merchant)) else 1)


@main.command()
@click.option("--port", default=8765, show_default=True, help="Port to listen on, on this machine only.")
@click.option("--customers", default=100, show_default=True, help="How many customers the merchant has.")
@click.option("--orders", type=int, help="A history of about this many orders, in place of --customers.")
@click.option("--seed", default=0, show_default=True, help="Which merchant: the same seed gives the same one.")
@hard_option
@click.option("--latency", default=0.0, show_default=True, help="Seconds that every answer takes longer.")
@click.option(
    "--drops", type=click.Path(file_okay=False, path_type=Path), help="Folder for file drops: each day's reports."
)
def emulator(
    port: int, customers: int, orders: int | None, seed: int, hard: bool, latency: float, drops: Path | None
) -> None:
    """Serve an emulated Ordergroove until Ctrl-C.

    Its clock goes with this machine's. Prints its address and its API key, for ORDERGROOVE_BASE_URL and
    ORDERGROOVE_API_KEY or any other client.

    \b
    Examples:
      og emulator
      og emulator --orders 100000 --latency 0.02
      og emulator --hard                        prepaid terms, several currencies, failures of every kind
      og emulator --drops data/outgoing         with file drops, of yesterday to begin with
      curl -H 'x-api-key: emulator-key' http://127.0.0.1:8765/orders/
    """
    from og_assets.emulator import EASY, HARD, Emulator, World, run

    require_free(port)
    habits = HARD if hard else EASY
    world = World(seed, customers=customers, orders=orders, now=datetime.now(UTC), habits=habits)
    served = Emulator(world, port=port, latency=latency)
    if drops is None:
        run(served)
        return
    from og_assets.emulator.drops import DropWriter

    run(served, each_tick=DropWriter(world, drops).write_due)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; a proxy adds TLS.")
@click.option("--port", default=8766, show_default=True, help="Port to listen on.")
@merchant_option
def webhooks(host: str, port: int, merchant: str | None) -> None:
    """Receive webhooks into the inbox until Ctrl-C.

    Needs ORDERGROOVE_WEBHOOK_KEYS. Answers 2xx only for what is safely stored. Merchants of merchants.toml have a
    path each: /webhooks/NAME.

    \b
    Examples:
      og webhooks
      og webhooks --host 0.0.0.0 --port 8080    behind a proxy on another machine
    """
    from og_assets.webhooks.serve import reception_of, serve

    serve(host, port, {each.name: reception_of(each) for each in _merchants(merchant)})


@main.command()
@warehouse_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--max-age", metavar="TIME", callback=duration, help="How old the oldest watermark may be, such as 14h, 90m or 2d."
)
@merchant_option
def status(warehouse: "Place | None", as_json: bool, max_age: timedelta | None, merchant: str | None) -> None:
    """Show where each object stands.

    Exits with 1 when an object has no watermark, when its last pull failed, or when its watermark is older than
    --max-age. A pull that is running is no failure.

    \b
    Examples:
      og status
      og status --max-age 17h    for monitoring: scheduled syncs are at most 16 hours apart
      og status --json | jq '.[] | {object, watermark}'
      og status --warehouse data/emulator.duckdb
    """
    from og_assets.commands.status import show_all

    sys.exit(0 if show_all(_console(), _warehouses(warehouse, merchant), as_json=as_json, max_age=max_age) else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@merchant_option
def doctor(as_json: bool, merchant: str | None) -> None:
    """Check what a sync needs and say what to do.

    That is settings, key, permission, clock, warehouse, history and inbox. Exits with 1 when a sync cannot work.

    \b
    Examples:
      og doctor
      og doctor --json | jq '.[] | select(.verdict == "bad")'
    """
    from og_assets.commands.status import show_findings

    sys.exit(0 if show_findings(_console(), merchant, as_json=as_json) else 1)


@main.command()
@click.argument("sql", required=False)
@warehouse_option
@click.option(
    "--format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How results are printed; csv and json have all rows.",
)
@click.option("--rows", default=100, show_default=True, help="How many rows of a result a table shows.")
@click.option("--wait", default=60.0, show_default=True, help="Seconds to wait for a load to give the file back.")
@click.option(
    "--hold",
    "hold_seconds",
    default=120.0,
    show_default=True,
    help="Seconds that a statement may take; loads wait for it.",
)
@click.option(
    "--as-of",
    metavar="INSTANT",
    help="Show objects as they stood then: a day or a time, UTC unless it has a zone. What has no past is not there;"
    " in a lake it is as loaded by then, for the days of ORDERGROOVE_SNAPSHOT_DAYS.",
)
@merchant_option
def query(
    sql: str | None, merchant: str | None, warehouse: "Place | None", wait: float, as_of: str | None, **shown: Any
) -> None:
    """Run SQL on the warehouse while syncs go on.

    Nothing can be changed. Without SQL it asks for statements, or takes them from standard input. The file is open
    while a statement runs and no longer, so no load waits while you think; a load that runs is waited for. Every
    statement stands by itself: SET and temporary tables do not outlast it. Times are UTC. With several merchants,
    all_merchants.orders has the rows of all, with a column `merchant`, and acme.ordergroove.orders those of one.

    \b
    Examples:
      og query                                          ask one thing after the other
      og query .tables                                  what there is
      og query "FROM analytics.order_totals LIMIT 5"
      og query --format csv "FROM ordergroove.orders_current" > orders.csv
      og docs recipes.sql | og query
      og query --as-of 2026-07-01 "SELECT status, count(*) FROM ordergroove.orders GROUP BY ALL"
      og query --warehouse data/emulator.duckdb .tables
    """
    from og_assets.commands.query import UNCUT, Query, shell
    from og_assets.warehouse.as_of import instant_of

    console = _console()
    warehouses = _warehouses(warehouse, merchant)
    if as_of is not None and len(warehouses) > 1:
        raise click.UsageError("--as-of shows one merchant at a time: add --merchant NAME.")
    reader = Query(
        warehouses=warehouses,
        **shown,
        width=console.width if sys.stdout.isatty() else UNCUT,
        wait_seconds=wait,
        on_wait=_tell_of_waiting(wait),
        as_of=None if as_of is None else instant_of(as_of),
    )
    if sql is None and sys.stdin.isatty():
        shell(reader, query_history(), console.print)
        return
    statements = sys.stdin.read() if sql is None else sql
    if not statements.strip():
        raise click.UsageError("There is no statement; give one as an argument or on standard input.")
    reader.run(statements)


@main.command()
@click.argument("customer")
@warehouse_option
@click.option(
    "--export",
    "exports",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An export that is to be written anew without the person, and is not known by itself; may be repeated.",
)
@click.option("--merchant", metavar="NAME", help="The person's merchant; needed where merchants.toml has several.")
def forget(customer: str, warehouse: "Place | None", exports: tuple[Path, ...], merchant: str | None) -> None:
    """Mask all that tells about one person, for good.

    CUSTOMER is the id in the shop, spelled as there. Names, addresses, numbers, free text and records as received go
    from all tables, `_raw`, events, quarantine, tombstones, the webhook inbox, the archive of file drops, exports of
    this release and what was typed into `og query`; rows and ids stay, so that sums stay. An id that is an e-mail
    address becomes a hash. What a later sync, webhook or file drop brings of the person is masked as well. May be run
    again. The warehouse file is written anew, which needs its size on the disk. Copies of yours, such as backups, are
    yours to delete.

    \b
    Examples:
      og forget 00040003
      og forget ann@example.com --merchant acme
      og forget 00040003 --export /mnt/exports/bi
    """
    from og_assets.commands.forget import run_forget

    settings = _one_merchant(merchant).settings
    if warehouse:
        settings = settings.model_copy(update={"warehouse": warehouse})
    run_forget(_console(), customer, settings, exports)


@main.command()
@click.argument("target", metavar="PLACE", callback=place)
@warehouse_option
@click.option("--merchant", metavar="NAME", help="Whose warehouse; needed where merchants.toml has several.")
def move(target: "Place", warehouse: "Place | None", merchant: str | None) -> None:
    """Copy the warehouse to another place: from a file into a lake, or back.

    PLACE is a path, or the address of a lake as ORDERGROOVE_WAREHOUSE takes it, where nothing was loaded yet. All
    tables and views are copied and compared by count and by hash; what waits in the webhook inbox goes along. Stop
    daemon and receiver first: Ordergroove sends again what nobody takes, for up to three days. The old warehouse stays
    as it is.

    \b
    Examples:
      og move "ducklake:postgres:host=db dbname=og user=og data_path=s3://bucket/og/"
      og move data/back.duckdb
    """
    from og_assets.commands.move import run_move

    found = _one_merchant(merchant)
    run_move(_console(), found, warehouse or found.settings.warehouse, target)


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@warehouse_option
@click.option(
    "--format",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="What the files are.",
)
@click.option("--replace", is_flag=True, help="Replace the export that DIR holds.")
@click.option("--views", is_flag=True, help="Write the views too, such as ordergroove.orders_current.")
@click.option("--wait", default=60.0, show_default=True, help="Seconds to wait for a load to give the file back.")
@merchant_option
def export(folder: Path, warehouse: "Place | None", merchant: str | None, wait: float, **options: Any) -> None:
    """Write every table to a folder of files.

    The files are DIR/<schema>/<table>.<format>, all of one moment. DIR gets its name when all files are complete:
    what stands there is whole, also when an export is stopped midway. Loads wait while the tables are read.
    DIR/export.json says when that was and how many rows there are. With several merchants, each has its own
    DIR/<merchant>.

    \b
    Examples:
      og export exports/today
      og export --replace --views exports/bi     for BI tools, refreshed after each sync
      og export --format csv handover
    """
    from og_assets.commands.status import show_export

    for name, file in _warehouses(warehouse, merchant).items():
        show_export(file, folder / name, **options, wait_seconds=wait, on_wait=_tell_of_waiting(wait))


@main.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
@warehouse_option
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@click.option("--wait", default=60.0, show_default=True, help="Seconds to wait for a load to give the file back.")
@merchant_option
def report(folder: Path | None, warehouse: "Place | None", merchant: str | None, opens: bool, wait: float) -> None:
    """Write the figures of the shop as one HTML file.

    Recurring revenue, churn, cohorts, forecast, orders, revenue, products, skips and cancel reasons, as of the last
    sync: the file DIR/index.html, by default where each sync writes it (ORDERGROOVE_REPORT, data/report). It needs no
    server and no network, and names no customer. With several merchants, each has its own DIR/<merchant>. Prints the
    path. Loads wait for a moment while it is read.

    \b
    Examples:
      og report --open
      og report public/shop
      og report --warehouse data/emulator.duckdb --open
    """
    from og_assets.commands.report import write_reports

    for file in write_reports(warehouse, merchant, folder, wait_seconds=wait, on_wait=_tell_of_waiting(wait)):
        click.echo(file)
        if opens:
            click.launch(str(file))


@main.command()
@click.argument("name", required=False)
@click.option("--open", "opens", is_flag=True, help="Open it with the program that this machine has for such files.")
@click.option("--path", is_flag=True, help="Print where its file is.")
def docs(name: str | None, opens: bool, path: bool) -> None:
    """List, print or open the documents.

    Without a NAME it lists them. A section of a document is NAME#SECTION, as messages and links name it.

    \b
    Examples:
      og docs
      og docs operations
      og docs operations#disk-full
      og docs recipes.sql | og query
      og docs deploy --open
      cp "$(og docs systemd/og-daemon.service --path)" /etc/systemd/system/
    """
    from og_assets.commands.documents import documents, find, title

    if name is None:
        for known, file in documents().items():
            click.echo(f"{known:28} {title(file)}")
        return
    file, text = find(name)
    if path:
        click.echo(file)
    elif opens:
        click.launch(str(file))
    elif sys.stdout.isatty() and file.suffix == ".md":
        from rich.markdown import Markdown

        console = _console()
        with console.pager(styles=True):
            console.print(Markdown(text, hyperlinks=False))
    else:
        click.echo(text, nl=False)


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND [ARGS]...")
def dagster(words: tuple[str, ...]) -> None:
    """Run a command of Dagster's with the settings and the state of this folder.

    COMMAND is one of those of `dagster`, or `daemon`, or `webserver`. Started without `og`, Dagster's commands let
    the lines of `.env` win over the environment.

    \b
    Examples:
      og dagster asset materialize -m og_assets.definitions --select ordergroove/orders --partition 2026-07-01
      og dagster daemon run --workspace workspace.yaml
      og dagster webserver --port 3000 --workspace workspace.yaml
      og dagster --help
    """
    prepare_home()
    open_home()
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # Dagster does on SIGTERM what it does on SIGINT, nothing under `nohup`
    command, *arguments = words or ("--help",)
    modules = {"daemon": "dagster._daemon", "webserver": "dagster_webserver"}
    program = [modules[command]] if command in modules else ["dagster", command]
    os.execv(sys.executable, [sys.executable, "-m", *program, *arguments])  # noqa: S606 - what the person asked for


def _merchants(name: str | None) -> "Sequence[Merchant]":
    from og_assets.merchants import chosen, load_merchants

    return chosen(load_merchants(), name)


def _one_merchant(name: str | None) -> "Merchant":
    from og_assets.errors import SettingError

    found = _merchants(name)
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise SettingError(f"Of which merchant? Name it with --merchant, one of: {names}.")
    return found[0]


def _warehouses(given: "Place | None", merchant: str | None) -> "Mapping[str, Place]":
    """The warehouses that a command reads, by the names of merchants; the only one has none."""
    if given:
        return {"": given}
    found = _merchants(merchant)
    return {each.name if len(found) > 1 else "": each.settings.warehouse for each in found}


def _tell_of_waiting(seconds: float) -> "Callable[[Holder | None], None]":
    def tell(holder: "Holder | None") -> None:
        who = holder or "another process"
        click.echo(f"The warehouse is in use by {who}; waiting for it, at most {seconds:.0f} s.", err=True)

    return tell


def _console() -> "Console":
    """A console for a person; a fixed wide one for a file or pipe, so that tables are not cut."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160)
