"""The connection to one merchant's Ordergroove as a Dagster resource."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from dagster import ConfigurableResource, EnvVar
from pydantic import Field

from og_assets.locking import Starts
from og_assets.merchants import Merchant
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.ordergroove.turns import Turns
from og_assets.settings import Settings
from og_assets.sync.source import Source
from og_assets.warehouse.errors import WarehouseUnwritable
from og_assets.warehouse.place import Place


class OrdergrooveResource(ConfigurableResource[OrdergrooveClient]):
    """Reads one merchant's Ordergroove. Options left empty have the defaults of the settings of the same meaning.

    Give secrets as `dg.EnvVar`: they are then read in the step that needs them, and shown nowhere. What decides which
    Ordergroove is read, on which clock, and what is masked has to be given: Dagster forgets all options of a resource
    when a run is launched with one of them, and a run that forgot to mask would write personal data.
    """

    merchant: str = Field(default="", description="The merchant's name; empty for the only one.")
    api_key: str = Field(description="Key with the Bulk Operations permission (ORDERGROOVE_API_KEY).")
    base_url: str = Field(description="`production`, `staging` or an address (ORDERGROOVE_BASE_URL).")
    source_tz: str = Field(description="Zone of the stamps that Ordergroove stores.")
    personal_data: str = Field(description="Personal data: `keep`, `hash` or `drop` (ORDERGROOVE_PII).")
    salt: str = Field(default="", description="Secret salt of the hashes, at least 32 characters.")
    readers: str = Field(default="", description="Folder by which all readers of this machine share the rate limit.")
    rate_limit: str = Field(default="", description="Requests a minute of this machine; empty: as documented.")
    variables: dict[str, str] = Field(
        default_factory=dict,
        description="By setting: the variable of a secret, which is read in the step where its option is empty.",
    )
    retry_budget_seconds: float = Field(
        default=300, gt=0, description="How long one request is tried before the step fails."
    )

    @classmethod
    def of(cls, merchant: Merchant) -> Self:
        """The resource of a merchant; secrets whose variable is known stay in it until a step reads them."""
        settings = merchant.settings

        def secret(setting: str, value: Any) -> Any:
            variable = merchant.secrets.get(setting)
            if value is None:
                return ""
            return EnvVar(variable) if variable else value.get_secret_value()

        return cls(
            merchant=merchant.name,
            api_key=secret("api_key", settings.api_key),
            base_url=settings.base_url,
            source_tz=settings.source_tz,
            personal_data=settings.personal_data.value,
            salt=secret("pii_salt", settings.salt),
            readers=str(settings.readers or ""),
            rate_limit=str(settings.rate_limit or ""),
            variables=dict(merchant.secrets),
        )

    def client(self) -> OrdergrooveClient:
        """A client with a pace of its own, to be used in a `with` block; raises SettingError without a key."""
        return self._client(None)

    @contextmanager
    def reader(self, object_name: str, warehouse: Place) -> Iterator[Source]:
        """Reads one object into a warehouse, when it is its turn: one reader per object, five in all, one pace."""
        settings = self.settings()
        folder = self.readers_folder(warehouse)
        turns = Turns(warehouse.locks(folder), str(urlsplit(settings.base_url).netloc))
        with ExitStack() as stack:
            try:
                pace = stack.enter_context(turns.pace())
                client = stack.enter_context(self._client(pace))
                turn = ".".join(filter(None, (self.merchant, warehouse.name, object_name)))
                stack.enter_context(turns.reader(turn, object_name))
            except OSError as error:
                raise WarehouseUnwritable(folder, str(error)) from error
            yield Source(client, SourceClock(settings.source_tz), settings.masking)

    def readers_folder(self, warehouse: Place) -> Path:
        """Where the readers of this machine take turns and tell each other what stops them."""
        return Path(self.readers).expanduser() if self.readers else warehouse.folder / "readers"

    def masking(self) -> Masking:
        """What becomes of personal values and secrets before anything is written."""
        return self.settings().masking

    def settings(self) -> Settings:
        """The options, checked; raises SettingError."""
        return Settings.from_environment(
            {
                "ORDERGROOVE_API_KEY": self.api_key or self._variable("api_key"),
                "ORDERGROOVE_BASE_URL": self.base_url,
                "ORDERGROOVE_SOURCE_TZ": self.source_tz,
                "ORDERGROOVE_PII": self.personal_data,
                "ORDERGROOVE_PII_SALT": self.salt or self._variable("pii_salt"),
                "ORDERGROOVE_RATE_LIMIT": self.rate_limit,
            }
        )

    def _variable(self, setting: str) -> str:
        """A secret that had no value when the code location was loaded.

        An `EnvVar` of it would stop every step, those too that need no secret.
        """
        return os.environ.get(self.variables.get(setting, ""), "")

    def _client(self, starts: Starts | None) -> OrdergrooveClient:
        settings = self.settings()
        return OrdergrooveClient(
            settings.base_url,
            Merchant(settings, self.merchant, self.variables).require_api_key(),
            requests_per_minute=settings.requests_per_minute,
            starts=starts,
            retry=RetryPolicy(budget=self.retry_budget_seconds),
        )
