"""What tests of a lake ask for by name: the servers, and addresses of lakes that nobody else uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from og_assets_tests.lake.services import S3, Postgres, missing_packages, running_postgres, running_s3


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for all tests of this process, whose password the environment tells."""
    if reason := missing_packages():
        pytest.skip(reason)
    with running_postgres() as postgres, pytest.MonkeyPatch.context() as environment:
        for name, value in postgres.variables.items():
            environment.setenv(name, value)
        yield postgres


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """An S3 server for all tests of this process, whose address and key the environment tells."""
    if reason := missing_packages():
        pytest.skip(reason)
    with running_s3() as s3, pytest.MonkeyPatch.context() as environment:
        for name, value in s3.variables.items():
            environment.setenv(name, value)
        yield s3


@pytest.fixture
def catalog(postgres: Postgres) -> str:
    """The words of an empty database."""
    return postgres.new_database()


@pytest.fixture(params=["folder", "s3"])
def lake_address(request: pytest.FixtureRequest, catalog: str, tmp_path: Path) -> str:
    """What ORDERGROOVE_WAREHOUSE says of a lake that is not made yet: one in a folder, and one in a bucket."""
    data = request.getfixturevalue("s3").new_prefix() if request.param == "s3" else f"{tmp_path}/lake/"
    return f"ducklake:postgres:{catalog} schema=acme data_path={data} scratch={tmp_path}/scratch/acme"
