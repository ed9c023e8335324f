"""The merchants of a deployment: one without a name, set by the environment, or those of a file merchants.toml.

    [defaults]
    pii = "hash"

    [merchants.acme]
    api_key = "$ACME_API_KEY"        # a secret is named by its variable and never stands in the file
    pii_salt = "$ACME_PII_SALT"
    start_date = "2024-06-01"

    [merchants.zeta]
    api_key = "$ZETA_API_KEY"

A setting is called as its variable without ORDERGROOVE_, in small letters.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from og_assets.environment import restore
from og_assets.errors import SettingError
from og_assets.settings import Settings
from og_assets.warehouse.place import PREFIX as PREFIX_OF_LAKES

VARIABLE = "ORDERGROOVE_MERCHANTS"
"""Names the file; unset: `merchants.toml` in this folder, if there is one. Empty: none."""
FILE = Path("merchants.toml")
PREFIX = "ORDERGROOVE_"
OWN_FILES = {
    "warehouse": "data/{merchant}.duckdb",
    "webhook_inbox": "data/{merchant}_inbox.sqlite",
    "drops_archive": "data/{merchant}_drops",
    "report": "data/report/{merchant}",
}
"""Where a merchant with a name has what a deployment of one has in data/."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
SETTINGS = {name.removeprefix(PREFIX).lower(): told for name, told in Settings.variables().items()}
"""The settings, as they are called in merchants.toml."""
SECRETS = frozenset(
    setting
    for setting, told in SETTINGS.items()
    if SecretStr in getattr(told.annotation, "__args__", ()) or told.annotation is SecretStr
)
"""Those of them that only a variable may hold."""
RESERVED = frozenset({"ordergroove", "analytics", "ops", "history", "drops", "all_merchants", "warehouse"})
"""Names of schemas and of asset keys, which a merchant's would be taken for."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """One merchant: a name, empty for the only one of a deployment, and settings.

    `secrets` says by which environment variable a secret is set, by the name of its setting: what Dagster is told
    in place of the value.
    """

    settings: Settings
    name: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)

    def require_api_key(self) -> str:
        """The API key in clear; raises SettingError that says how to set it."""
        if self.name and self.settings.api_key is None:
            variable = self.secrets.get("api_key")
            missing = f"names {variable}, which is not set" if variable else "is not set"
            raise SettingError(
                f"merchant {self.name}: api_key {missing}. Create a key with the Bulk Operations permission in the "
                f"Ordergroove admin (rc3.ordergroove.com/keys/) and set {variable or 'a variable'} to it."
            )
        return self.settings.require_api_key()


def load_merchants(environment: Mapping[str, str] | None = None) -> tuple[Merchant, ...]:
    """The merchants that the environment (by default this process's) and its file name.

    Raises SettingError that names merchant and setting.
    """
    if environment is None:
        restore()
        environment = os.environ
    named = environment.get(VARIABLE)
    path = FILE if named is None else Path(named).expanduser()
    if named == "" or (named is None and not path.exists()):
        secrets = {setting: str(SETTINGS[setting].alias) for setting in SECRETS}
        return (Merchant(Settings.from_environment(environment), secrets=secrets),)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path} cannot be read: {error}. {VARIABLE} names the file of the merchants.") from error
    return _of_file(path, told, environment)


def read_merchant(name: str, settings: Mapping[str, Any], environment: Mapping[str, str]) -> Merchant:
    """The merchant of a table as in merchants.toml; raises SettingError that names merchant and setting."""
    if name and not _NAME.fullmatch(name):
        raise SettingError(f"merchant {name!r}: a name has small letters, digits and _, at most 31, a letter first.")
    if name in RESERVED:
        raise SettingError(f"merchant {name}: the name is taken by a schema of the warehouse; choose another.")
    values: dict[str, str] = {}
    secrets = {}
    for setting, value in {**(OWN_FILES if name else {}), **settings}.items():
        if setting not in SETTINGS:
            raise SettingError(f"merchant {name}: there is no setting {setting}. Settings: {', '.join(SETTINGS)}.")
        reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if setting in SECRETS:
            if reference is None:
                raise SettingError(
                    f"merchant {name}: {setting} is a secret; name a variable that holds it, such as "
                    f'"${name.upper() or "MY"}_{setting.upper()}", and set that in .env.'
                )
            secrets[setting] = reference[1]
        values[str(SETTINGS[setting].alias)] = environment.get(reference[1], "") if reference else _text(value, name)
    if values.get("ORDERGROOVE_WAREHOUSE", "").startswith(PREFIX_OF_LAKES) and "webhook_inbox" not in settings:
        values.pop("ORDERGROOVE_WEBHOOK_INBOX", None)
    try:
        return Merchant(Settings.from_environment(values, called=_setting), name, secrets)
    except SettingError as error:
        raise SettingError(f"merchant {name}: {error}") from None


def chosen(merchants: Sequence[Merchant], name: str | None) -> Sequence[Merchant]:
    """All merchants, or the one of that name; raises SettingError that lists the names there are."""
    if name is None:
        return merchants
    found = [merchant for merchant in merchants if merchant.name == name]
    if not found:
        names = ", ".join(merchant.name for merchant in merchants if merchant.name)
        known = f"There are: {names}." if names else f"There is one merchant, without a name; {FILE} would name more."
        raise SettingError(f"There is no merchant {name}. {known}")
    return found


def _of_file(path: Path, told: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[Merchant, ...]:
    unknown = set(told) - {"defaults", "merchants"}
    tables = told.get("merchants", {})
    if unknown or not isinstance(tables, dict) or not tables:
        raise SettingError(f"{path} needs tables [merchants.NAME], and may have [defaults]; it has {', '.join(told)}.")
    found = []
    for name, own in tables.items():
        if not isinstance(own, dict):
            raise SettingError(f"{path}: merchants.{name} is no table of settings.")
        try:
            found.append(read_merchant(name, {**told.get("defaults", {}), **own}, environment))
        except SettingError as error:
            raise SettingError(f"{path}: {error}") from None
    try:
        require_own_files(found)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from None
    return tuple(map(_sharing_pace_with(found[0]), found))


def _sharing_pace_with(first: Merchant) -> Callable[[Merchant], Merchant]:
    """A merchant as it is, but with the readers' folder of `first` where it names none: wherever warehouses lie."""
    shared = {"readers": first.settings.readers or first.settings.warehouse.folder / "readers"}
    return lambda each: (
        each if each.settings.readers else replace(each, settings=each.settings.model_copy(update=shared))
    )


def require_own_files(merchants: Iterable[Merchant]) -> None:
    """Raise SettingError when two merchants have the same warehouse, inbox or another file of their own."""
    for setting in OWN_FILES:
        owners: dict[object, str] = {}
        for merchant in merchants:
            own = getattr(merchant.settings, "inbox" if setting == "webhook_inbox" else setting)
            other = owners.setdefault(own.resolve() if isinstance(own, Path) else own.identity, merchant.name)
            if other != merchant.name:
                raise SettingError(
                    f"merchants {other} and {merchant.name} have the same {setting}, {own}. Each needs its "
                    f"own: leave {setting} out, or write {{merchant}} into it."
                )


def _setting(variable: str) -> str:
    """How a setting is called in merchants.toml."""
    return variable.removeprefix(PREFIX).lower()


def _text(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).replace("{merchant}", name)
