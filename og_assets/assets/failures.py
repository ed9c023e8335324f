"""How a failing step speaks: one message for a person, and another try only where one may help."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from og_assets.ordergroove.errors import OrdergrooveError, PagingFailed, StillFailing
from og_assets.settings import SettingError
from og_assets.sweep import SweepRefused
from og_assets.warehouse.errors import WarehouseError, WarehouseLocked
from og_assets.webhooks.errors import WebhookError

RETRIES = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For failures that another try may not meet; the client has retried each request for minutes by then."""

_MAY_PASS = (StillFailing, PagingFailed, WarehouseLocked)


@contextmanager
def told_clearly(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Turn a known error of the block into a Failure with its message.

    The last try fails by itself: Dagster would say that retries were exceeded, and hide the cause below.
    """
    try:
        yield
    except (OrdergrooveError, WarehouseError, SettingError, SweepRefused, WebhookError) as error:
        may_pass = isinstance(error, _MAY_PASS) and context.retry_number < RETRIES.max_retries
        raise dg.Failure(str(error), allow_retries=may_pass) from None
