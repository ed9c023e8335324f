"""How a failing step speaks: one message for a person, and another try only where one may help."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import extract_tb

import dagster as dg

from og_assets.errors import OgAssetsError, what_stopped
from og_assets.ordergroove.drops.errors import DropsUnreachable
from og_assets.ordergroove.errors import PagingFailed, StillFailing
from og_assets.sync.live import shown_as
from og_assets.warehouse.errors import CatalogUnreachable, CommitRefused, ForgottenMeanwhile, WarehouseLocked

RETRIES = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For failures that another try may not meet; the client has retried each request for minutes by then."""

_MAY_PASS = (
    StillFailing,
    PagingFailed,
    DropsUnreachable,
    WarehouseLocked,
    ForgottenMeanwhile,
    CatalogUnreachable,
    CommitRefused,
)


@contextmanager
def told_clearly(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[None]:
    """Turn a known error of the block into a Failure with its message, any other into one without.

    The last try fails by itself: Dagster would say that retries were exceeded, and hide the cause below.
    """
    try:
        step = context.op_execution_context if isinstance(context, dg.AssetExecutionContext) else context
        with shown_as(step.op.name.rpartition("__")[2]):
            yield
    except OgAssetsError as error:
        may_pass = isinstance(error, _MAY_PASS) and context.retry_number < RETRIES.max_retries
        raise dg.Failure(str(error), allow_retries=may_pass) from None
    except (dg.Failure, dg.RetryRequested, dg.DagsterError):
        raise
    except Exception as error:  # noqa: BLE001 - Dagster would store the message, and it may quote a record
        if stopped := what_stopped(error):
            raise stopped from None
        may_pass = context.retry_number < RETRIES.max_retries
        raise dg.Failure(_withheld(error), allow_retries=may_pass) from None


def _withheld(error: Exception) -> str:
    """What happened and where, without the message: a database or a validator may quote a value in it."""
    frames = "\n".join(
        f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in extract_tb(error.__traceback__)
    )
    return (
        f"{type(error).__name__}, not foreseen. Its message is withheld, because it may quote personal "
        f"data. Nothing of the open batch was loaded; run it again, and report these lines if it lasts:\n{frames}"
    )
