"""How a pull, a sweep or a reading of the inbox ends in ops.sync_runs when it does not end well. One way for all."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from duckdb import DuckDBPyConnection

from og_assets.errors import message_of, what_stopped
from og_assets.warehouse.progress import SyncPlan, SyncRun
from og_assets.warehouse.sync_log import begin_sync, fail_sync
from og_assets.warehouse.warehouse import Warehouse

log = logging.getLogger("og_assets")


@contextmanager
def logged_run(warehouse: Warehouse, plan: Callable[[DuckDBPyConnection], SyncPlan]) -> Iterator[SyncRun]:
    """Begin the run that `plan` describes and follow it to the end of the block; if it fails, ops.sync_runs says why.

    `plan` may prepare what the run needs, in the same opening of the warehouse. A run that succeeds is ended by its
    last batch, in that transaction. One that somebody stops (KeyboardInterrupt, and what Dagster raises in a run that
    is terminated) is `canceled`. The error is raised as it came, also where the log cannot be written: the first
    error is the one to tell.
    """
    with warehouse.get_connection() as connection:
        begun = begin_sync(connection, plan(connection))
    try:
        yield begun
    except BaseException as error:
        try:
            with warehouse.get_connection() as connection:
                fail_sync(connection, begun.sync_id, None if what_stopped(error) else message_of(error))
        except Exception as second:  # noqa: BLE001 - the first error is the one to tell
            log.warning(
                "%s: that sync %d failed could not be written to ops.sync_runs: %s",
                begun.object_name,
                begun.sync_id,
                type(second).__name__,
            )
        raise
