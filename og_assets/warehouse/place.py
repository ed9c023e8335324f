"""Where a warehouse is: in a DuckDB file, or in a DuckLake, whose catalog PostgreSQL keeps. Opens neither.

Whoever is handed a place need not know which of the two it is.
"""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar, TypeAlias

from og_assets.locking import FileLocks, Locks

PREFIX = "ducklake:postgres:"
OURS = ("schema", "data_path", "scratch")
THEIRS = (
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "service",
    "passfile",
    "connect_timeout",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "channel_binding",
    "gssencmode",
    "krbsrvname",
    "target_session_attrs",
)
"""Words of libpq that an address may have; none of them is a secret."""
SCHEMA = "ordergroove"

_WORD = re.compile(r"(\w+)=([^\s'\"\\]+)")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,40}")


class Turn(Enum):
    """What writers take turns for. In a file there is one turn for all; in a lake those of two kinds go together."""

    LOAD = "load"
    DERIVE = "derive"
    MAINTAIN = "maintain"


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A warehouse in a DuckDB file: one process at a time writes, and none reads meanwhile."""

    path: Path
    is_lake: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What the warehouse is called beside others in its folder."""
        return self.path.name

    @property
    def folder(self) -> Path:
        """Where this machine keeps what belongs to it: locks, staging, scratch."""
        return self.path.parent

    @property
    def identity(self) -> object:
        """The same for two places when they are the same warehouse."""
        return self.path.resolve()

    def beside(self, suffix: str) -> Path:
        """A file or folder of this machine's that belongs to the warehouse: `<name>.<suffix>`."""
        return self.path.with_name(f"{self.path.name}.{suffix}")

    def exists(self) -> bool:
        """Whether the warehouse has been made."""
        return self.path.exists()

    def locks(self, folder: Path) -> Locks:
        """The locks of all who work with the warehouse; those of one machine are in `folder`."""
        return FileLocks(folder)

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Lake:
    """A warehouse in a DuckLake: many hosts write in turns, and nobody waits who reads.

    `catalog` are libpq's words for the database, without a password; `schema` is where the catalog is in it.
    `data_path` is a folder or a prefix in a bucket, with a slash at its end. `scratch` is a folder of this machine's
    for staging and spilled rows; nothing in it outlives the process that wrote it.
    """

    catalog: str
    schema: str
    data_path: str
    scratch: Path
    is_lake: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """What the warehouse is called beside others in its database."""
        return self.schema

    @property
    def folder(self) -> Path:
        """Where this machine keeps what it needs for the time of its work: staging, scratch."""
        return self.scratch

    @property
    def identity(self) -> object:
        """The same for two places when they are the same warehouse, as far as addresses tell."""
        return (" ".join(sorted(self.catalog.split())), self.schema)

    @property
    def is_in_bucket(self) -> bool:
        """Whether the data is in an object store."""
        return self.data_path.startswith("s3://")

    def beside(self, suffix: str) -> Path:
        """A file or folder of this machine's that belongs to the warehouse: `<name>.<suffix>`."""
        return self.scratch / f"{self.schema}.{suffix}"

    def exists(self) -> bool:
        """Whether the warehouse has been made. Raises CatalogUnreachable."""
        from og_assets.warehouse.lake import is_made

        return is_made(self)

    def locks(self, folder: Path) -> Locks:  # noqa: ARG002 - of a file's, which are in a folder
        """The locks of all who work with warehouses in the same database, on whatever machine."""
        from og_assets.warehouse.lake_locks import CatalogLocks

        return CatalogLocks(self)

    def __str__(self) -> str:
        return f"{PREFIX}{self.catalog} schema={self.schema} data_path={self.data_path} scratch={self.scratch}"


Place: TypeAlias = FilePlace | Lake
Where: TypeAlias = Place | Path
"""A path says a file."""


def place_of(where: Where) -> Place:
    """The place that is meant."""
    return FilePlace(where) if isinstance(where, Path) else where


def parse_place(address: str) -> Place:
    """The place of an address: the path of a file, or `ducklake:postgres:` and words as libpq has them.

    Ours among them are data_path, and where the defaults will not do schema and scratch:
    `ducklake:postgres:host=db dbname=og user=og schema=acme data_path=s3://bucket/acme/ scratch=/scratch/acme`.

    Raises ValueError that says what an address takes, and nothing of what it has: there may be a password in it.
    """
    if "\0" in address:
        raise ValueError("takes the path of a file")
    if not address.startswith(PREFIX):
        if address.startswith("ducklake:"):
            raise ValueError(f"takes the path of a file, or {PREFIX}... for a lake")
        return FilePlace(Path(address).expanduser())
    words: dict[str, str] = {}
    for word in address.removeprefix(PREFIX).split():
        found = _WORD.fullmatch(word)
        name = found[1] if found else ""
        if name in ("password", "sslpassword"):
            raise ValueError("must not hold a password: name a file of passwords by the variable PGPASSFILE")
        if not found or name not in (*OURS, *THEIRS):
            raise ValueError(
                f"takes, after {PREFIX}, words such as host=db, without blanks or quotes in them; there are "
                f"{', '.join((*OURS, *THEIRS))}"
            )
        words[name] = found[2]
    schema = words.pop("schema", SCHEMA)
    if not _SCHEMA.fullmatch(schema):
        raise ValueError("takes a schema of small letters, digits and _, at most 41, no digit first")
    data_path, scratch = words.pop("data_path", ""), words.pop("scratch", f"data/{schema}")
    catalog = " ".join(f"{name}={value}" for name, value in words.items())
    return Lake(catalog, schema, _data_path(data_path), Path(scratch).expanduser())


def _data_path(given: str) -> str:
    if not given:
        raise ValueError("needs data_path=, the folder of a lake's files or a prefix such as s3://bucket/acme/")
    if "://" not in given:
        return f"{Path(given).expanduser().absolute()}/"
    if not given.startswith("s3://") or "?" in given or "@" in given:
        raise ValueError(
            "takes a data_path that is a folder or s3://bucket/prefix/, with no key in it: AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY hold that"
        )
    return f"{given.rstrip('/')}/"
