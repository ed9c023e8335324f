"""merchants.toml: what it may say, and that each mistake names the merchant and the setting."""

import os
from pathlib import Path
from typing import Any

import pytest

from og_assets.environment import HANDED_OVER, read_dotenv, restore
from og_assets.errors import SettingError
from og_assets.merchants import Merchant, chosen, load_merchants, read_merchant
from og_assets.settings import Settings

TWO = """
[defaults]
pii = "hash"
pii_salt = "$SALT"

[merchants.acme]
api_key = "$ACME_KEY"
start_date = "2024-06-01"
schedules = false

[merchants.zeta]
api_key = "${ZETA_KEY}"
base_url = "staging"
warehouse = "/data/{merchant}/og.duckdb"
webhook_keys = "$ZETA_HOOKS"
"""
SECRETS = {"ACME_KEY": "a-key", "ZETA_KEY": "z-key", "SALT": "s" * 32, "ZETA_HOOKS": "new,old"}


def load(tmp_path: Path, text: str, **variables: Any) -> dict[str, Merchant]:
    """The merchants of a file, by name."""
    file = tmp_path / "merchants.toml"
    file.write_text(text)
    found = load_merchants({**SECRETS, "ORDERGROOVE_MERCHANTS": str(file), **variables})
    return {merchant.name: merchant for merchant in found}


def test_each_merchant_has_its_settings_the_defaults_and_files_of_its_own(tmp_path: Path) -> None:
    """Variables of the single merchant do not count."""
    found = load(tmp_path, TWO, ORDERGROOVE_API_KEY="nobody's", ORDERGROOVE_SOURCE_TZ="America/Chicago")
    acme, zeta = found["acme"].settings, found["zeta"].settings
    assert (found["acme"].require_api_key(), found["zeta"].require_api_key()) == ("a-key", "z-key")
    assert (acme.start_date.isoformat(), zeta.start_date.isoformat()) == ("2024-06-01", "2025-01-01")
    assert (acme.schedules, zeta.schedules) == (False, True)
    assert acme.source_tz == zeta.source_tz == "America/New_York"
    assert acme.masking.salt == zeta.masking.salt == b"s" * 32
    assert (str(acme.warehouse), acme.inbox) == ("data/acme.duckdb", Path("data/acme_inbox.sqlite"))
    assert str(zeta.warehouse) == "/data/zeta/og.duckdb"
    assert [key.get_secret_value() for key in zeta.webhook_keys] == ["new", "old"]
    assert acme.readers == zeta.readers == Path("data/readers"), "the rate limit counts the machine"
    assert found["acme"].secrets == {"pii_salt": "SALT", "api_key": "ACME_KEY"}


def test_a_folder_of_readers_that_is_named_stays(tmp_path: Path) -> None:
    """One in [defaults] is everybody's, and so is the one of the first merchant, but for who names another."""
    own = load(tmp_path, TWO + 'readers = "/run/zeta"\n')
    assert [merchant.settings.readers for merchant in own.values()] == [Path("data/readers"), Path("/run/zeta")]
    all_have = load(tmp_path, TWO.replace("[defaults]", '[defaults]\nreaders = "/run/og"'))
    assert [merchant.settings.readers for merchant in all_have.values()] == [Path("/run/og")] * 2


def test_a_secret_that_is_not_set_yet_is_missed_where_it_is_used(tmp_path: Path) -> None:
    """The definitions can be looked at; the key is asked for with merchant and variable."""
    acme = load(tmp_path, TWO, ACME_KEY="")["acme"]
    with pytest.raises(SettingError, match=r"merchant acme: api_key names ACME_KEY, which is not set"):
        acme.require_api_key()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[merchants.acme]\napi_key = "in-clear"', r"merchant acme: api_key is a secret; name a variable"),
        ('[merchants.acme]\nstart_date = "soon"', r"merchant acme: start_date takes a day written YYYY-MM-DD"),
        ("[merchants.acme]\nstart_day = 1", r"merchant acme: there is no setting start_day"),
        ('[merchants.acme]\npii = "hash"', r"merchant acme: pii_salt is not set, and pii=hash needs it"),
        ("[merchants.Acme]", r"merchant 'Acme': a name has small letters"),
        ("[merchants.ordergroove]", r"merchant ordergroove: the name is taken"),
        ('[merchants.a]\nwarehouse = "x"\n[merchants.b]\nwarehouse = "./x"', r"a and b have the same warehouse"),
        ('[merchants.a]\nwebhook_inbox = "x"\n[merchants.b]\nwebhook_inbox = "x"', r"the same webhook_inbox"),
        ("[defaults]\npii = 'keep'", r"needs tables \[merchants\.NAME\]"),
        ("[[[", r"cannot be read"),
    ],
)
def test_a_mistake_is_named_and_no_secret_quoted(tmp_path: Path, text: str, said: str) -> None:
    """With the file, the merchant and the setting."""
    with pytest.raises(SettingError, match=said) as caught:
        load(tmp_path, text)
    assert "merchants.toml" in str(caught.value)
    assert "in-clear" not in str(caught.value)


def test_without_the_file_there_is_one_merchant_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable means no file, also where one lies in the folder."""
    monkeypatch.chdir(tmp_path)
    (alone,) = load_merchants({"ORDERGROOVE_API_KEY": "key"})
    assert (alone.name, alone.require_api_key(), alone.secrets["api_key"]) == ("", "key", "ORDERGROOVE_API_KEY")
    load(tmp_path, TWO)
    assert len(load_merchants(SECRETS)) == 2
    assert len(load_merchants({**SECRETS, "ORDERGROOVE_MERCHANTS": ""})) == 1


def test_a_merchant_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    """For `--merchant`."""
    found = list(load(tmp_path, TWO).values())
    assert [merchant.name for merchant in chosen(found, "zeta")] == ["zeta"]
    assert len(chosen(found, None)) == 2
    with pytest.raises(SettingError, match=r"no merchant beta\. There are: acme, zeta\."):
        chosen(found, "beta")


def test_a_secret_of_the_environment_wins_over_its_line_in_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Dagster's processes too, which lay `.env` over the environment."""
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("ACME_KEY=line\n")
    monkeypatch.setenv(HANDED_OVER, "")
    monkeypatch.setenv("ACME_KEY", "environment")
    read_dotenv()
    monkeypatch.setenv("ACME_KEY", "line")
    restore()
    assert os.environ["ACME_KEY"] == "environment"


def test_a_merchant_with_a_lake_has_its_inbox_there_unless_a_file_is_named() -> None:
    """So that receivers on any host store into it; merchants in one database are told apart by their schemas."""
    lake = "ducklake:postgres:host=db schema={merchant} data_path=s3://bucket/{merchant}/"
    acme, zeta = (read_merchant(name, {"warehouse": lake}, {}).settings for name in ("acme", "zeta"))
    assert (acme.inbox, zeta.inbox) == (acme.warehouse, zeta.warehouse)
    assert read_merchant("acme", {"warehouse": lake, "webhook_inbox": "x"}, {}).settings.inbox == Path("x")
    assert read_merchant("acme", {}, {}).settings.inbox == Path("data/acme_inbox.sqlite")
    assert Settings.from_environment({}).inbox == Path("data/webhook_inbox.sqlite")
