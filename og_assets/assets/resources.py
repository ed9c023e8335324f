"""The Ordergroove connection as a Dagster resource, configured by the environment."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.ordergroove.turns import reader_turn
from og_assets.settings import load_settings
from og_assets.sync.source import Source
from og_assets.warehouse.errors import WarehouseUnwritable


def readers_folder(warehouse: Path) -> Path:
    """Where the readers of one rate limit take turns and tell each other what stops them."""
    return warehouse.with_name(f"{warehouse.name}.readers")


class OrdergrooveResource(ConfigurableResource[OrdergrooveClient]):
    """Reads Ordergroove with the key and address of the environment, looked up when a run needs them."""

    retry_budget_seconds: float = Field(
        default=300, gt=0, description="How long one request is tried before the step fails."
    )

    def client(self) -> OrdergrooveClient:
        """A client, to be used in a `with` block; raises SettingError without ORDERGROOVE_API_KEY."""
        settings = load_settings()
        return OrdergrooveClient(
            settings.base_url,
            settings.require_api_key(),
            requests_per_minute=settings.requests_per_minute,
            retry=RetryPolicy(budget=self.retry_budget_seconds),
        )

    @contextmanager
    def reader(self, object_name: str) -> Iterator[Source]:
        """Reads one object, when it is its turn: one reader per object, five in all."""
        warehouse = load_settings().warehouse
        with self.client() as client:
            try:
                turn = ExitStack()
                turn.enter_context(reader_turn(readers_folder(warehouse), object_name))
            except OSError as error:
                raise WarehouseUnwritable(warehouse, str(error)) from error
            with turn:
                yield Source(client, SourceClock(load_settings().source_tz), self.masking())

    def masking(self) -> Masking:
        """What becomes of personal values and secrets before anything is written."""
        return load_settings().masking
