"""The warehouse's own schema: what every warehouse has, made or grown when it is opened. Objects: see tables.py.

It follows from the values alone. A hash of them is kept in the warehouse, so that opening asks one question, and a
release that brings a table or a column needs no migration.
"""

from functools import cache
from hashlib import sha256

from duckdb import CatalogException, DuckDBPyConnection

from og_assets.warehouse.analytics import ANALYTICS
from og_assets.warehouse.derived_table import ensure_derived, make_derived
from og_assets.warehouse.dialect import make_views
from og_assets.warehouse.drop_analytics import DROP_ANALYTICS
from og_assets.warehouse.errors import WarehouseFromTheFuture
from og_assets.warehouse.fixed_tables import FIXED_TABLES
from og_assets.warehouse.place import Where
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import Storable, grow, make_anew, names_of_tables
from og_assets.warehouse.transactions import transaction

VERSION = 10
"""Raised when a release must not be followed by an older one on the same warehouse; growing is no reason."""
HISTORY_SINCE = 7
"""The first version whose releases keep the states that rows leave."""

_DERIVED = (*ANALYTICS, *DROP_ANALYTICS)
_STATUSES, _VIEWS = "order_statuses.sql", "evidence_views.sql"
_MOVES_SINCE = 5


def schema_version(connection: DuckDBPyConnection) -> int:
    """The version that the warehouse has; 0 when nothing of ours is in it."""
    try:
        row = connection.execute("SELECT coalesce(max(version), 0) FROM ops.schema_versions").fetchone()
    except CatalogException:  # asking first whether the table is there takes five times as long
        return 0
    return int(row[0]) if row else 0


def refuse_newer(connection: DuckDBPyConnection, where: Where) -> int:
    """The version that the warehouse has; raises WarehouseFromTheFuture when this release does not know it."""
    version = schema_version(connection)
    if version > VERSION:
        raise WarehouseFromTheFuture(where, version, VERSION)
    return version


def is_up_to_date(connection: DuckDBPyConnection, where: Where) -> bool:
    """Whether all that this release has was made; raises WarehouseFromTheFuture."""
    version = refuse_newer(connection, where)
    return version == VERSION and connection.execute("FROM ops.schema_digest").fetchone() == (_digest(),)


def bring_up_to_date(connection: DuckDBPyConnection, where: Where) -> None:
    """Make and grow what this release has, in one transaction; raises WarehouseFromTheFuture."""
    if is_up_to_date(connection, where):
        return
    version = schema_version(connection)
    with transaction(connection):
        there = names_of_tables(connection)
        for table in FIXED_TABLES:
            make = grow if (table.schema, table.name) in there else make_anew
            make(connection, table)
        connection.execute(read_sql(_STATUSES))
        make_views(connection, read_sql(_VIEWS))
        for derived in _DERIVED:
            ensure = ensure_derived if (derived.schema, derived.name) in there else make_derived
            ensure(connection, derived)
        if version < _MOVES_SINCE:  # what webhooks told of moves did not count for the bridge
            connection.execute("DELETE FROM ops.derived_state WHERE table_name = 'items_orders_bridge'")
        if version < VERSION:
            connection.execute("INSERT INTO ops.schema_versions VALUES (?, now())", [VERSION])
        connection.execute("INSERT INTO ops.loads SELECT 0 WHERE NOT EXISTS (FROM ops.loads)")
        connection.execute("DELETE FROM ops.schema_digest")
        connection.execute("INSERT INTO ops.schema_digest VALUES (?)", [_digest()])


@cache
def _digest() -> str:
    """A hash of all that is made here."""
    tables: tuple[Storable, ...] = (*FIXED_TABLES, *_DERIVED)
    told = (repr((table.qualified_name, table.description, table.stored_columns)) for table in tables)
    return sha256("\n".join((*told, *map(read_sql, (_STATUSES, _VIEWS)))).encode()).hexdigest()
