"""The settings of personal data: what they take, and what a wrong one is answered with."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from og_assets.automation.jobs import range_tags
from og_assets.errors import SettingError
from og_assets.ordergroove.masking import Masking, PersonalData
from og_assets.settings import Settings
from og_assets_tests import code_location

SALT = "0123456789abcdef0123456789abcdef"


def test_personal_data_is_kept_unless_asked_otherwise() -> None:
    """The default; secrets have no salt then and are dropped."""
    assert Settings.from_environment({}).masking == Masking(PersonalData.KEEP, b"")


def test_hash_takes_the_salt() -> None:
    """The salt is in no representation of the settings."""
    settings = Settings.from_environment({"ORDERGROOVE_PII": "HASH", "ORDERGROOVE_PII_SALT": SALT})
    assert settings.masking == Masking(PersonalData.HASH, SALT.encode())
    assert SALT not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"ORDERGROOVE_PII": "hash"}, "ORDERGROOVE_PII_SALT is not set"),
        (
            {"ORDERGROOVE_PII": "hash", "ORDERGROOVE_PII_SALT": "salt-too-short"},
            "ORDERGROOVE_PII_SALT needs at least 32",
        ),
        ({"ORDERGROOVE_PII_SALT": "salt-too-short"}, "ORDERGROOVE_PII_SALT needs at least 32"),
        ({"ORDERGROOVE_PII": "hide"}, "ORDERGROOVE_PII takes `keep`, `hash` or `drop`"),
    ],
)
def test_refused_setting_is_named_with_what_to_do(environment: dict[str, str], named: str) -> None:
    """One clear error, without the salt in it."""
    with pytest.raises(SettingError) as caught:
        Settings.from_environment(environment)
    assert named in str(caught.value)
    assert "salt-too-short" not in str(caught.value)


def test_a_run_cannot_be_launched_with_one_option_of_the_resource_and_forget_to_mask() -> None:
    """Dagster would give all other options their defaults, and personal data would be kept."""
    forgetful = {"resources": {"ordergroove": {"config": {"retry_budget_seconds": 2}}}}
    job = code_location.definitions().resolve_job_def("sync")
    with dg.instance_for_test() as instance, pytest.raises(dg.DagsterInvalidConfigError, match="personal_data"):
        job.execute_in_process(
            instance=instance, run_config=forgetful, tags=range_tags(*2 * [datetime.now(UTC).date()])
        )
