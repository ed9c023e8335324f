"""The resource of a merchant: when its secrets are read."""

import dagster as dg
import pytest

from og_assets.assets.ordergroove_resource import OrdergrooveResource
from og_assets.errors import SettingError
from og_assets.merchants import Merchant, load_merchants, read_merchant

ONLY = load_merchants({})[0]
NAMED = read_merchant("acme", {"api_key": "$ACME_KEY", "pii_salt": "$ACME_SALT"}, {})


def key_in_a_step(resource: OrdergrooveResource) -> str:
    """The key that a step finds."""
    found = []

    @dg.asset
    def reads(ordergroove: OrdergrooveResource) -> None:
        found.append(ordergroove.settings().require_api_key())

    assert dg.materialize([reads], resources={"ordergroove": resource}).success
    return found[0]


@pytest.mark.parametrize(
    ("merchant", "key", "salt"),
    [(ONLY, "ORDERGROOVE_API_KEY", "ORDERGROOVE_PII_SALT"), (NAMED, "ACME_KEY", "ACME_SALT")],
    ids=["the only one", "one of several"],
)
def test_a_secret_that_is_set_once_the_code_location_is_loaded_is_read_in_the_step(
    merchant: Merchant, key: str, salt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And until then the step says which variable is missing."""
    for name in (key, salt):
        monkeypatch.delenv(name, raising=False)
    resource = OrdergrooveResource.of(merchant)
    with pytest.raises(SettingError, match=f"{key}.* is not set"):
        resource.client()
    monkeypatch.setenv(key, "set-later")
    monkeypatch.setenv(salt, "s" * 32)
    assert key_in_a_step(resource) == "set-later"
    read = resource.settings().salt
    assert read is not None
    assert read.get_secret_value() == "s" * 32
