"""The tree of warehouse errors, each with a message for a person. Knows neither DuckDB nor Dagster.

WarehouseError
├── WarehouseLocked         another process holds the file
│   └── LakeBusy               another process has the turn in a lake
├── WarehouseUnwritable     the folder or the disk does not let us
├── WarehouseMissing        asked to read a file that does not exist
├── NotAWarehouse           not a DuckDB file, damaged, or written by a newer DuckDB
│   └── DamagedWriteAheadLog   the file is sound, the log of the last commits beside it is not
├── WarehouseFromTheFuture  a newer og_assets has changed its schema
├── WarehouseReadOnly       a statement would write where only reading is meant
├── WarehouseLetGo          a reader held the file for as long as it may
├── CatalogUnreachable      the database of a lake's catalog does not answer, or refuses us
├── LakeUnsupported         what a lake needs is not installed
├── LakeUnfit               a lake has an option that does not go with ours
├── CommitRefused           another process has changed the same in a lake
├── ColumnTypeChanged       a table has a column with another type than this release writes
├── ForgottenMeanwhile      a person was forgotten while what is to be loaded was read
├── MartsDisagree           marts break a sum, and were not published
└── UnknownSync             the pull has no row in ops.sync_runs
"""

from collections.abc import Mapping, Sequence
from typing import Any

from og_assets.errors import OgAssetsError
from og_assets.warehouse.place import Where
from og_assets.warehouse.processes import Holder

SETTING = "ORDERGROOVE_WAREHOUSE"


class WarehouseError(OgAssetsError):
    """Something about the warehouse file that a person has to know; the message says what, where and what next."""


class WarehouseLocked(WarehouseError):
    """Another process holds the warehouse; `holder` is that process when it could be told."""

    def __init__(self, path: Where, waited_seconds: float, holder: Holder | None) -> None:
        who = str(holder) if holder else "another process"
        stop = f"Close it there (or stop process {holder.pid})" if holder else "Close it there"
        super().__init__(
            f"The warehouse {path} is in use by {who}; waited {waited_seconds:.0f} s for it. "
            f"DuckDB lets one process at a time open the file for writing, and none reads meanwhile. "
            f"{stop} and run again, or read a copy of the file. {SETTING} names the file."
        )
        self.path = path
        self.holder = holder


class LakeBusy(WarehouseLocked):
    """Another process has the turn to load, to derive or to maintain a lake, for longer than we may wait."""

    def __init__(self, path: Where, turn: str, waited_seconds: float, holder: str | None) -> None:
        WarehouseError.__init__(
            self,
            f"The turn to {turn} in the warehouse {path} is with {holder or 'another process'}; waited "
            f"{waited_seconds:.0f} s for it. Wait until that is done, or stop it, and run again; readers need no turn.",
        )
        self.path = path
        self.holder = None


class WarehouseUnwritable(WarehouseError):
    """The file or its folder cannot be made, opened or written: missing, a permission, read-only, a full disk."""

    def __init__(self, path: Where, problem: str) -> None:
        super().__init__(
            f"The warehouse {path} cannot be written: {problem}. Check that its folder exists, belongs to this user "
            f"and has free space, or set {SETTING} to a file elsewhere."
        )
        self.path = path


class WarehouseMissing(WarehouseError):
    """There is no warehouse file to read yet."""

    def __init__(self, path: Where) -> None:
        super().__init__(
            f"There is no warehouse at {path} yet. Run `og sync` to make it, or set {SETTING} to the file you mean."
        )
        self.path = path


class NotAWarehouse(WarehouseError):
    """The file is no DuckDB database, is damaged, or has a storage format that this DuckDB does not read."""

    def __init__(self, path: Where, problem: str) -> None:
        super().__init__(
            f"{path} cannot be opened as a DuckDB warehouse: {problem}. If {SETTING} names the wrong file, correct it. "
            f"If the file is damaged, move it away together with {path}.wal and sync again, which reads the whole "
            f"history; if a newer DuckDB wrote it, install that version."
        )
        self.path = path


class DamagedWriteAheadLog(NotAWarehouse):
    """The log of what was committed last, which a process that died has left, is damaged or belongs to another file.

    Without it the file is as of its last checkpoint, watermarks included, so that a sync reads again what the log held.
    """

    def __init__(self, path: Where, problem: str) -> None:
        WarehouseError.__init__(
            self,
            f"The write-ahead log of the warehouse {path} cannot be used: {problem}. Move {path}.wal away and sync "
            f"again: the warehouse is then as it was before the commits in that log, its watermarks too, so the sync "
            f"reads them again from Ordergroove.",
        )
        self.path = path


class WarehouseFromTheFuture(WarehouseError):
    """A newer release of og_assets has written this file."""

    def __init__(self, path: Where, version: int, known: int) -> None:
        super().__init__(
            f"The warehouse {path} has schema version {version}; this og_assets knows versions up to {known}. "
            f"Install the newer og_assets that wrote it, or set {SETTING} to another file."
        )
        self.path = path
        self.version = version


class WarehouseReadOnly(WarehouseError):
    """A reader was asked to write."""

    def __init__(self, path: Where) -> None:
        super().__init__(
            f"The warehouse {path} is opened for reading only, so that nothing but a sync changes it. To keep a "
            f"result, write it to a file: COPY (SELECT ...) TO 'result.parquet'. For tables of your own, work on an "
            f"export (og export)."
        )
        self.path = path


class WarehouseLetGo(WarehouseError):
    """A reader reached the time for which it may keep syncs from writing."""

    def __init__(self, path: Where, seconds: float) -> None:
        super().__init__(
            f"The warehouse {path} was given back after {seconds:.0f} s, because no sync can write while it is read. "
            f"Read less at once, allow more time, or work on an export (og export), which may stay open."
        )
        self.path = path


class CatalogUnreachable(WarehouseError):
    """The database of a lake's catalog does not answer, refuses us, or went away in the middle."""

    def __init__(self, path: Where, problem: str) -> None:
        super().__init__(
            f"The catalog of the warehouse {path} cannot be used: {problem}. Check that PostgreSQL runs there, that "
            f"{SETTING} names it, and that PGPASSFILE names a file with its password. Nothing of the open batch was "
            f"loaded; run it again."
        )


class LakeUnsupported(WarehouseError):
    """A lake was named, and what it needs is not there."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"A warehouse in a lake cannot be opened here: {problem}. Install og-assets[lake] with the versions of "
            f"constraints-lake.txt, or set {SETTING} to a file."
        )


class LakeUnfit(WarehouseError):
    """A lake was told otherwise than what our loads need."""

    def __init__(self, path: Where, option: str, value: str) -> None:
        super().__init__(
            f"The lake {path} does not have the option {option} at {value}, with which alone it is safe to load. "
            f"Set it, also where it was set for a schema or table: CALL set_option('{option}', '{value}')."
        )


class CommitRefused(WarehouseError):
    """Another process has changed the same in a lake, so that this transaction was refused whole."""

    def __init__(self, path: Where) -> None:
        super().__init__(
            f"What was to be written into the warehouse {path} was refused, because another process had written the "
            f"same meanwhile. Nothing of it was written; run it again."
        )


class ColumnTypeChanged(WarehouseError):
    """A column of a table has another type than this release stores; nothing was changed."""

    def __init__(self, table: str, column: str, found: str, expected: str) -> None:
        super().__init__(
            f"Column {column} of {table} is {found}, this og_assets stores {expected}. Rename or drop the table and "
            f"run a full refresh; the raw records are in its _raw column."
        )


class UnknownSync(WarehouseError):
    """A batch or a failure was reported for a pull that ops.sync_runs does not know."""

    def __init__(self, sync_id: int) -> None:
        super().__init__(
            f"ops.sync_runs has no pull {sync_id}: the warehouse file was replaced while the pull ran. Run it again."
        )


class ForgottenMeanwhile(WarehouseError):
    """A person was forgotten after a pull had begun, so what it read may have them in clear; nothing was loaded."""

    def __init__(self) -> None:
        super().__init__("A person was forgotten while this was read, so it has to be read again. Run it again.")


class MartsDisagree(WarehouseError):
    """Marts were built that break a sum; the published ones are as they were. `findings` has every sum by mart."""

    def __init__(self, broken: Sequence[str], findings: Mapping[str, Sequence[Any]]) -> None:
        super().__init__(
            f"The marts were not published, for a sum does not agree: {'; '.join(broken)}. Those of the last good "
            "build are still there. Look at the checks of the tables that they are made of, derive these anew "
            "(rebuild), and build the marts again."
        )
        self.findings = findings
