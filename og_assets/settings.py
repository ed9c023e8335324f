"""The environment variables that configure og_assets, read and checked in one place."""

import ipaddress
import os
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from og_assets.environment import restore
from og_assets.errors import SettingError
from og_assets.ordergroove.drops.archive import KEPT_DAYS
from og_assets.ordergroove.drops.sftp import HostKey, SftpAddress
from og_assets.ordergroove.masking import Masking, PersonalData
from og_assets.ordergroove.objects import OBJECTS
from og_assets.warehouse.marts.options import DISENGAGED, Cadence, Terms
from og_assets.warehouse.place import FilePlace, Lake, Place, parse_place

PRODUCTION_URL = "https://restapi.ordergroove.com"
STAGING_URL = "https://staging.restapi.ordergroove.com"


MOST_DAYS = 36_500
MOST_DIGITS = 9
SHORTEST_SALT = 32
"""Characters; 32 hexadecimal ones are 128 bits, which nobody tries out."""


def _base_url(value: str) -> str:
    named = {"production": PRODUCTION_URL, "staging": STAGING_URL}.get(value.strip().lower(), value.strip())
    url = urlsplit(named)
    if url.scheme not in {"https", "http"} or not url.hostname or url.query or url.fragment:
        raise ValueError("takes `production`, `staging` or an address such as https://restapi.ordergroove.com")
    if url.username or url.password:
        raise ValueError("must not hold a user or password; the key goes into ORDERGROOVE_API_KEY")
    if url.scheme == "http" and not _is_loopback(url.hostname):
        raise ValueError("must be https: over plain http the key would travel in clear (allowed on loopback only)")
    return named.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _zone_name(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("takes the name of a time zone such as America/New_York") from error
    return value


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("takes a day written YYYY-MM-DD, such as 2025-01-01") from error


def _path(value: str) -> Path:
    if "\0" in value:
        raise ValueError("takes the path of a file")
    return Path(value).expanduser()


def _api_key(value: str) -> SecretStr:
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError("has characters that no key has (blanks at an end, a line break, or non-ASCII)")
    return SecretStr(value)


def _webhook_keys(value: str) -> tuple[SecretStr, ...]:
    keys = [key.strip() for key in value.split(",")]
    if not all(keys):
        raise ValueError("has an empty key between its commas")
    return tuple(map(_api_key, keys))


def _above_zero(what: str) -> Callable[[str], float]:
    def number(value: str) -> float:
        try:
            read = float(value)
        except ValueError:
            read = 0
        if not 0 < read < float("inf"):
            raise ValueError(f"takes a number of {what}")
        return read

    return number


def _switch(value: str) -> bool:
    if value.strip().lower() not in {"on", "off"}:
        raise ValueError("takes `on` or `off`")
    return value.strip().lower() == "on"


def _personal_data(value: str) -> PersonalData:
    try:
        return PersonalData(value.strip().lower())
    except ValueError:
        raise ValueError("takes `keep`, `hash` or `drop`") from None


def _cadence(value: str) -> Cadence:
    try:
        return Cadence(value.strip().lower())
    except ValueError:
        raise ValueError("takes `sync`, `daily` or `off`") from None


def _code(value: str) -> int:
    if not value.strip().isdecimal() or len(value.strip()) > MOST_DIGITS:
        raise ValueError("takes the number of a cancel reason, such as 9")
    return int(value)


def _salt(value: str) -> SecretStr:
    if len(value.strip()) < SHORTEST_SALT:
        raise ValueError(f"needs at least {SHORTEST_SALT} characters; make one with `openssl rand -hex 32`")
    return SecretStr(value.strip())


def _alert_url(value: str) -> SecretStr:
    try:
        url = urlsplit(value)
        usable = url.scheme == "https" or (url.scheme == "http" and _is_loopback(str(url.hostname)))
    except ValueError:
        usable = False
    # The address is a secret: whoever has it can write into the chat.
    if not usable or not url.hostname or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("takes the https address of an incoming webhook")
    return SecretStr(value)


def _dagster_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"https", "http"} or not url.hostname or url.username or url.password:
        raise ValueError("takes the address of the Dagster UI, such as http://127.0.0.1:3000")
    return value.rstrip("/")


WAREHOUSE = FilePlace(Path("data/warehouse.duckdb"))
INBOX = Path("data/webhook_inbox.sqlite")
FORMER_WAREHOUSE = FilePlace(Path("data/ordergroove.duckdb"))
"""What the default was. DuckDB calls a catalog by its file, so `ordergroove.orders` is ambiguous in it."""


def default_warehouse() -> Place:
    """The warehouse when no setting names one: the former default where only that is there."""
    return FORMER_WAREHOUSE if FORMER_WAREHOUSE.exists() and not WAREHOUSE.exists() else WAREHOUSE


def default_report(warehouse: Place) -> Path:
    """Where the report of a warehouse is when no setting says so."""
    return warehouse.folder / "report"


def _drops(value: str) -> Path | SftpAddress:
    return SftpAddress.read(value) if "://" in value else _path(value)


def _days(value: str) -> int:
    if not value.strip().isdecimal() or not 0 < int(value) <= MOST_DAYS:
        raise ValueError(f"takes a number of days, 1 to {MOST_DAYS:,}")
    return int(value)


class ReadEvery(Enum):
    """In which syncs an object is read that has no time filter."""

    SYNC = "sync"
    NIGHT = "night"


def _read_every(value: str) -> Mapping[str, ReadEvery]:
    pairs = [pair.partition("=") for pair in value.split(",")]
    told = {name.strip(): how.strip().lower() for name, _, how in pairs}
    whole = [object.name for object in OBJECTS if not object.is_incremental]
    if not set(told) <= set(whole) or not set(told.values()) <= {how.value for how in ReadEvery}:
        raise ValueError(
            "takes pairs such as payments=night,products=sync; each is read every `sync` or every `night`, and only "
            f"what has no time filter is asked for: {', '.join(whole)}"
        )
    return {name: ReadEvery(how) for name, how in told.items()}


class Settings(BaseModel):
    """What the environment says, checked. Unset and empty variables mean the default."""

    model_config = ConfigDict(frozen=True)

    api_key: Annotated[SecretStr | None, BeforeValidator(_api_key)] = Field(
        None, alias="ORDERGROOVE_API_KEY", description="Key with the Bulk Operations permission."
    )
    base_url: Annotated[str, BeforeValidator(_base_url)] = Field(
        PRODUCTION_URL, alias="ORDERGROOVE_BASE_URL", description="`production`, `staging` or an address."
    )
    source_tz: Annotated[str, BeforeValidator(_zone_name)] = Field(
        "America/New_York", alias="ORDERGROOVE_SOURCE_TZ", description="Zone of the stamps that Ordergroove stores."
    )
    start_date: Annotated[date, BeforeValidator(_day)] = Field(
        date(2025, 1, 1), alias="ORDERGROOVE_START_DATE", description="First daily partition."
    )
    warehouse: Annotated[Place, BeforeValidator(parse_place)] = Field(
        default_factory=default_warehouse,
        alias="ORDERGROOVE_WAREHOUSE",
        description="The DuckDB file, or the address of a lake.",
    )

    webhook_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_webhook_keys)] = Field(
        (),
        alias="ORDERGROOVE_WEBHOOK_KEYS",
        description="Verification keys of webhooks, comma separated, newest first.",
    )
    webhook_inbox: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None,
        alias="ORDERGROOVE_WEBHOOK_INBOX",
        description="File in which webhooks wait; unset: data/webhook_inbox.sqlite, or with a lake its database.",
    )
    webhook_tolerance: Annotated[
        float | None, BeforeValidator(_above_zero("seconds above 0; leave it unset to accept signatures of any age"))
    ] = Field(
        None,
        alias="ORDERGROOVE_WEBHOOK_TOLERANCE",
        description="Oldest signature accepted, in seconds; unset: any age.",
    )
    read_every: Annotated[Mapping[str, ReadEvery], BeforeValidator(_read_every)] = Field(
        {},
        alias="ORDERGROOVE_READ_EVERY",
        description="In which syncs lists without a time filter are read, such as payments=night; unset: in each, or "
        "at night where one takes five minutes.",
    )
    schedules: Annotated[bool, BeforeValidator(_switch)] = Field(
        True, alias="ORDERGROOVE_SCHEDULES", description="`on` or `off`: whether new instances run the two schedules."
    )
    history: Annotated[bool, BeforeValidator(_switch)] = Field(
        True, alias="ORDERGROOVE_HISTORY", description="`on` or `off`: whether the states that objects leave are kept."
    )
    history_days: Annotated[int | None, BeforeValidator(_days)] = Field(
        None,
        alias="ORDERGROOVE_HISTORY_DAYS",
        description="Days after their end for which former states are kept; unset: for good.",
    )
    snapshot_days: Annotated[int, BeforeValidator(_days)] = Field(
        7,
        alias="ORDERGROOVE_SNAPSHOT_DAYS",
        description="Days for which a lake keeps what was overwritten: more than the longest read takes.",
    )
    marts: Annotated[Cadence, BeforeValidator(_cadence)] = Field(
        Cadence.SYNC,
        alias="ORDERGROOVE_MARTS",
        description="`sync`, `daily` or `off`: how often the marts in schema analytics are built.",
    )
    business_tz: Annotated[str | None, BeforeValidator(_zone_name)] = Field(
        None,
        alias="ORDERGROOVE_BUSINESS_TZ",
        description="Zone whose days the marts count in; unset: ORDERGROOVE_SOURCE_TZ.",
    )
    disengaged_code: Annotated[int, BeforeValidator(_code)] = Field(
        DISENGAGED,
        alias="ORDERGROOVE_DISENGAGED_CODE",
        description="Cancel reason with which disengaged subscriptions are cancelled.",
    )
    report: Annotated[Path, BeforeValidator(_path)] = Field(
        default_factory=lambda told: default_report(told.get("warehouse", WAREHOUSE)),
        alias="ORDERGROOVE_REPORT",
        description="Folder of the report, index.html; unset: report, beside the warehouse.",
    )
    personal_data: Annotated[PersonalData, BeforeValidator(_personal_data)] = Field(
        PersonalData.KEEP,
        alias="ORDERGROOVE_PII",
        description="Personal data: `keep`, `hash` or `drop`, before anything is written.",
    )
    salt: Annotated[SecretStr | None, BeforeValidator(_salt)] = Field(
        None, alias="ORDERGROOVE_PII_SALT", description="Secret salt of the hashes, at least 32 characters."
    )

    alert_url: Annotated[SecretStr | None, BeforeValidator(_alert_url)] = Field(
        None, alias="ORDERGROOVE_ALERT_URL", description="Incoming webhook (Slack and its likes) that gets alerts."
    )
    dagster_url: Annotated[str, BeforeValidator(_dagster_url)] = Field(
        "http://127.0.0.1:3000", alias="ORDERGROOVE_DAGSTER_URL", description="The Dagster UI, for links in alerts."
    )

    drops: Annotated[Path | SftpAddress | None, BeforeValidator(_drops)] = Field(
        None,
        alias="ORDERGROOVE_DROPS",
        description="Where file drops lie: a folder, or sftp://user@host/outgoing/; unset: the merchant has none.",
    )
    drops_host_key: Annotated[HostKey | None, BeforeValidator(HostKey.read)] = Field(
        None,
        alias="ORDERGROOVE_DROPS_HOST_KEY",
        description="Key of the SFTP server: its fingerprint SHA256:..., or its line of a known-hosts file.",
    )
    drops_password: SecretStr | None = Field(
        None, alias="ORDERGROOVE_DROPS_PASSWORD", description="Password of the SFTP user, or of the private key."
    )
    drops_private_key: SecretStr | None = Field(
        None, alias="ORDERGROOVE_DROPS_PRIVATE_KEY", description="Private key of the SFTP user, or its path."
    )
    drops_archive: Annotated[Path, BeforeValidator(_path)] = Field(
        Path("data/drops"), alias="ORDERGROOVE_DROPS_ARCHIVE", description="Folder for copies of loaded files."
    )
    drops_kept_days: Annotated[int, BeforeValidator(_days)] = Field(
        KEPT_DAYS, alias="ORDERGROOVE_DROPS_KEPT_DAYS", description="How many days the copies stay."
    )

    readers: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None,
        alias="ORDERGROOVE_READERS",
        description="Folder by which all readers of this machine share the rate limit; unset: beside the warehouse.",
    )
    rate_limit: Annotated[float | None, BeforeValidator(_above_zero("requests a minute above 0, such as 6000"))] = (
        Field(
            None,
            alias="ORDERGROOVE_RATE_LIMIT",
            description="Requests a minute that this machine sends; unset: what Ordergroove documents for the address.",
        )
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], called: Callable[[str], str] = str) -> Self:
        """Read the settings out of `environment`; raises SettingError that names the variable and what it takes.

        `called` says what a variable is called where the person has written it.
        """
        given = {alias: environment[alias] for alias in cls.variables() if environment.get(alias)}
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            problems = error.errors(include_input=False, include_url=False)
            raise SettingError("\n".join(_sentence(problem, called) for problem in problems)) from None
        if settings.personal_data is PersonalData.HASH and settings.salt is None:
            raise SettingError(
                f"{called('ORDERGROOVE_PII_SALT')} is not set, and {called('ORDERGROOVE_PII')}=hash needs it: without "
                "a secret salt, hashes are guessed. Make one with `openssl rand -hex 32`, set the variable or write it "
                "into the file .env, and keep a copy where keys are kept."
            )
        if isinstance(settings.drops, SftpAddress):
            settings.require_drops_login(called)
        return settings

    def require_drops_login(self, called: Callable[[str], str] = str) -> None:
        """Raise SettingError when a server of drops is named, and not how it and we prove who we are."""
        if self.drops_host_key is None:
            raise SettingError(
                f"{called('ORDERGROOVE_DROPS_HOST_KEY')} is not set, and {called('ORDERGROOVE_DROPS')} names a server: "
                "without its key anybody could be it. Ask Ordergroove for the fingerprint of their SFTP server."
            )
        if self.drops_password is None and self.drops_private_key is None:
            raise SettingError(
                f"{called('ORDERGROOVE_DROPS')} names a server, and neither {called('ORDERGROOVE_DROPS_PASSWORD')} nor "
                f"{called('ORDERGROOVE_DROPS_PRIVATE_KEY')} is set."
            )

    @classmethod
    def variables(cls) -> Mapping[str, FieldInfo]:
        """The environment variable of each setting, with its field."""
        return {str(field.alias): field for field in cls.model_fields.values()}

    @property
    def inbox(self) -> Path | Lake:
        """Where webhooks wait: in a file, or in the database of a lake."""
        if self.webhook_inbox or not isinstance(self.warehouse, Lake):
            return self.webhook_inbox or INBOX
        return self.warehouse

    @property
    def masking(self) -> Masking:
        """What becomes of personal values and secrets before anything is written."""
        salt, api_key = (secret.get_secret_value().encode() if secret else b"" for secret in (self.salt, self.api_key))
        return Masking(self.personal_data, salt, digest_key=api_key)

    @property
    def mart_terms(self) -> Terms:
        """What the merchant defines of the marts."""
        return Terms(self.business_tz or self.source_tz, self.disengaged_code)

    def require_api_key(self) -> str:
        """The API key in clear, or SettingError that says where to get one."""
        if self.api_key is None:
            raise SettingError(
                "ORDERGROOVE_API_KEY is not set. Create a key with the Bulk Operations permission in the Ordergroove "
                "admin (rc3.ordergroove.com/keys/) and set the variable, or put the line ORDERGROOVE_API_KEY=... into "
                "the file .env of this folder. To try without a key: `og demo`, `og dev`."
            )
        return self.api_key.get_secret_value()

    @property
    def requests_per_minute(self) -> float | None:
        """How many requests this machine may send a minute; None where no limit is known (a loopback emulator).

        The documented limit counts an address of ours, so all readers share it.
        Staging is planned for 300 a minute, all else for 6,000 (API reference: api-rate-limits).
        """
        if self.rate_limit is not None:
            return self.rate_limit
        if _is_loopback(str(urlsplit(self.base_url).hostname)):
            return None
        return 300 if self.base_url == STAGING_URL else 6000


def _sentence(problem: Any, called: Callable[[str], str]) -> str:
    return f"{called(problem['loc'][0])} {problem['msg'].removeprefix('Value error, ')}."


def load_settings() -> Settings:
    """The settings of this process's environment; raises SettingError."""
    restore()
    return Settings.from_environment(os.environ)
