"""The servers that tests of a lake run on are real ones: they keep what they are given, and ask for a password."""

import importlib.resources
import os
import subprocess
import sys

import duckdb
import psycopg2
import pytest

from og_assets_tests.lake.services import S3, Postgres


def test_postgres_asks_for_the_password_of_the_password_file(postgres: Postgres, catalog: str) -> None:
    """So that a test which finds no password in a message could have found one."""
    assert postgres.password not in catalog
    psycopg2.connect(catalog).close()
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(catalog, passfile="/nowhere")


def test_processes_that_a_test_starts_find_the_servers(catalog: str, s3: S3) -> None:
    """By the environment alone."""
    code = "import os, psycopg2, sys; psycopg2.connect(sys.argv[1]); print(os.environ['AWS_ENDPOINT_URL_S3'])"
    told = subprocess.run([sys.executable, "-c", code, catalog], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == os.environ["AWS_ENDPOINT_URL_S3"]


def test_the_bucket_keeps_what_duckdb_writes(s3: S3) -> None:
    """And tells its keys."""
    prefix = s3.new_prefix()
    (wheel,) = importlib.resources.files("duckdb_extension_httpfs").rglob(f"v{duckdb.__version__}/*.duckdb_extension")
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute(f"LOAD '{wheel}'")
        connection.execute(
            "CREATE SECRET (TYPE s3, KEY_ID $key, SECRET $secret, ENDPOINT $host, USE_SSL false, URL_STYLE path)",
            {
                "key": s3.variables["AWS_ACCESS_KEY_ID"],
                "secret": s3.variables["AWS_SECRET_ACCESS_KEY"],
                "host": s3.variables["AWS_ENDPOINT_URL_S3"].removeprefix("http://"),
            },
        )
        connection.execute(f"COPY (FROM range(3)) TO '{prefix}a/b.parquet'")
        assert connection.execute(f"SELECT count(*) FROM '{prefix}a/b.parquet'").fetchone() == (3,)
    assert s3.keys(prefix) == [f"{prefix}a/b.parquet"]
