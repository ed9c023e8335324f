"""How a warehouse is named, and what an address must not hold."""

import subprocess
import sys
from pathlib import Path

import pytest

from og_assets.errors import SettingError
from og_assets.settings import Settings
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import WarehouseError
from og_assets.warehouse.place import FilePlace, Lake, parse_place
from og_assets_tests.lake.services import missing_packages

ADDRESS = (
    "ducklake:postgres:host=db port=5433 dbname=og user=og schema=acme data_path=s3://bucket/acme/ scratch=/scratch"
)


def test_an_address_says_where_catalog_files_and_scratch_are() -> None:
    lake = parse_place(ADDRESS)
    assert lake == Lake("host=db port=5433 dbname=og user=og", "acme", "s3://bucket/acme/", Path("/scratch"))
    assert parse_place(str(lake)) == lake
    assert lake.beside("staging") == Path("/scratch/acme.staging")


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    """But for the place of the files, which nobody could guess."""
    lake = parse_place(f"ducklake:postgres:service=og data_path={tmp_path}")
    assert lake == Lake("service=og", "ordergroove", f"{tmp_path}/", Path("data/ordergroove"))
    with pytest.raises(ValueError, match="needs data_path="):
        parse_place("ducklake:postgres:service=og")


def test_all_else_is_a_file() -> None:
    assert parse_place("data/acme.duckdb") == FilePlace(Path("data/acme.duckdb"))
    assert parse_place("~/w.duckdb") == FilePlace(Path.home() / "w.duckdb")


@pytest.mark.parametrize(
    "address",
    [
        f"{ADDRESS} password=hunter2",
        f"{ADDRESS} sslpassword=hunter2",
        f"{ADDRESS} pasword=hunter2",
        "ducklake:postgres:postgres://og:hunter2@db/og",
        "ducklake:postgres:host=db user='hunter2'",
        "ducklake:postgresql://og:hunter2@db/og",
        "ducklake:postgres:host=db data_path=s3://key:hunter2@bucket/acme/",
        "ducklake:postgres:host=db data_path=s3://bucket/acme/?s3_secret_access_key=hunter2",
        "ducklake:postgres:host=db data_path=https://hunter2.example",
        "ducklake:postgres:host=db data_path=/data schema=hunter2-",
    ],
)
def test_an_address_with_a_secret_or_what_it_does_not_take_is_refused_and_not_quoted(address: str) -> None:
    """By the setting and by the option alike."""
    with pytest.raises(SettingError) as refused:
        Settings.from_environment({"ORDERGROOVE_WAREHOUSE": address})
    assert "ORDERGROOVE_WAREHOUSE" in str(refused.value)
    command = [sys.executable, "-m", "og_assets", "status", "--warehouse", address]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "hunter2" not in f"{refused.value}{told.stdout}{told.stderr}"


WITHOUT_LAKE = """
import pkgutil, sys, importlib
from pathlib import Path
import og_assets
from og_assets.warehouse.connecting import open_warehouse
for module in pkgutil.walk_packages(og_assets.__path__, "og_assets."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
with open_warehouse(Path(sys.argv[1])) as connection:
    loaded = connection.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()
names = {name.partition(".")[0] for name in sys.modules}
print(*sorted({name for name in names if name.startswith(("psycopg2", "duckdb_extension"))}))
print(*sorted({name for (name,) in loaded} & {"ducklake", "postgres_scanner", "httpfs"}))
"""


def test_a_file_needs_nothing_of_a_lake(tmp_path: Path) -> None:
    """Neither psycopg2 nor an extension is imported, whatever is."""
    command = [sys.executable, "-c", WITHOUT_LAKE, str(tmp_path / "w.duckdb")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n\n"


@pytest.mark.skipif(missing_packages() is None, reason="og-assets[lake] is installed here")
def test_a_lake_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    lake = parse_place(f"ducklake:postgres:host=db data_path={tmp_path}/lake scratch={tmp_path}/scratch")
    with pytest.raises(WarehouseError, match=r"og-assets\[lake\]"), open_warehouse(lake):
        pass
