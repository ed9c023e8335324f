"""What is derived of file drops and the API together, anew each time: numbers beside ids, and what differs."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from og_assets.warehouse.checks import Check, Limit, filled_in
from og_assets.warehouse.derived_table import DerivedTable, clear
from og_assets.warehouse.memory import allow_joins
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import Table, ensure_tables
from og_assets.warehouse.transactions import transaction

# fmt: off
ID_MAP = DerivedTable(
    name="id_map",
    description="Ordergroove's own numbers, which only file drops tell, beside the ids that the API tells; the latest "
        "file counts.",
    key=("object", "ordergroove_id"),
    depends_on=(
        "drops.orders", "drops.subscriptions", "drops.crm_subscriptions", "drops.cancelations",
        "subscriptions", "orders",
    ),
    columns=(
        ("object", "VARCHAR NOT NULL", "customers, subscriptions or orders.", ""),
        ("ordergroove_id", "VARCHAR NOT NULL", "Ordergroove's number, as text.", ""),
        ("public_id", "VARCHAR NOT NULL", "Key of the row in ordergroove.<object>.", ""),
        ("report", "VARCHAR NOT NULL", "Report that told it last.", ""),
        ("last_file", "VARCHAR NOT NULL", "File that told it last.", ""),
        ("business_day", "DATE NOT NULL", "Day of that file.", ""),
        ("others", "BIGINT NOT NULL", "How many other ids the number was told with; 0 when all files agree.", ""),
    ),
)

RECONCILIATION = DerivedTable(
    name="drop_reconciliation",
    description="What file drops and API disagree on, one row per difference. Rows that the API may have changed since "
        "are not compared.",
    depends_on=(
        "drops.orders", "drops.subscriptions", "drops.crm_subscriptions", "drops.cancelations", "drops.member_activity",
        "subscriptions", "orders", "items",
    ),
    columns=(
        ("business_day", "DATE NOT NULL",
            "Day of the drop, or, for what no drop has, the day on which it should have been in one.", ""),
        ("report", "VARCHAR NOT NULL", "The report.", ""),
        ("id", "VARCHAR NOT NULL",
            "What it is about: the order's id in the shop for orders, else the subscription.", ""),
        ("difference", "VARCHAR NOT NULL",
            "missing (the API does not have it), extra (no drop has it), other amount or other status.", ""),
        ("field", "VARCHAR", "What differs; null where all of it is missing or extra.", ""),
        ("in_drops", "VARCHAR", "What the drop says.", ""),
        ("in_api", "VARCHAR", "What the API says.", ""),
    ),
    more_checks=(
        Check(
            "drops_agree",
            "Of the last 31 business days, what drops tell is what the API tells, but for one in a thousand.",
            filled_in("check_drops_agree.sql"),
            "SELECT sum(compared) FROM analytics.drop_reconciliation_days",
            warn=Limit(0, 0.001),
        ),
    ),
)

RECONCILIATION_DAYS = DerivedTable(
    name="drop_reconciliation_days",
    description="How far file drops and API agree, one row per business day and report; analytics.drop_reconciliation "
        "has what they disagree on.",
    columns=(
        ("business_day", "DATE NOT NULL", "Day that the drops tell about.", ""),
        ("report", "VARCHAR NOT NULL", "The report.", ""),
        ("files", "BIGINT NOT NULL", "Files of that day.", ""),
        ("compared", "BIGINT NOT NULL", "Orders or subscriptions that were compared.", ""),
        ("agreed", "BIGINT NOT NULL", "Of these, the ones that agree in all that both tell.", ""),
        ("differing", "BIGINT NOT NULL", "Of these, the ones with a difference.", ""),
        ("waiting", "BIGINT NOT NULL", "Not compared: the API was not read since the file was finished.", ""),
        ("changed", "BIGINT NOT NULL", "Not compared: the API tells of a change after the file was finished.", ""),
    ),
)
# fmt: on

DROP_ANALYTICS: tuple[DerivedTable, ...] = (ID_MAP, RECONCILIATION, RECONCILIATION_DAYS)
"""All of them; the last is made with the one before it."""


def derive_from_drops(connection: DuckDBPyConnection, table: DerivedTable, sources: Sequence[Table]) -> int:
    """Make ID_MAP anew, or RECONCILIATION and its days, in one transaction; returns the rows of `table`.

    `sources` are the tables that it reads, those of drops and of objects; they are made where there are none.
    """
    allow_joins(connection)
    ensure_tables(connection, sources)
    with transaction(connection):
        for made in (table, RECONCILIATION_DAYS) if table is RECONCILIATION else (table,):
            clear(connection, made)
        connection.execute(read_sql(f"{table.name}.sql"))
        counted = connection.execute(f"SELECT count(*) FROM {table.qualified_name}").fetchone()
    return int(counted[0]) if counted else 0
