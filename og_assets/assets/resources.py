"""The Ordergroove connection as a Dagster resource, configured by the environment."""

from dagster import ConfigurableResource
from pydantic import Field

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.settings import load_settings


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

    def clock(self) -> SourceClock:
        """The clock on which stored stamps without a zone are read."""
        return SourceClock(load_settings().source_tz)
