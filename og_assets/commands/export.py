"""`og export`: every table as a file, all of one moment, and the folder complete or not there at all."""

import glob
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack
from uuid import uuid4

import duckdb
from duckdb import DuckDBPyConnection
from filelock import Timeout

from og_assets.errors import OgAssetsError
from og_assets.locking import ProcessLock
from og_assets.warehouse.place import Place, Where, place_of
from og_assets.warehouse.processes import Holder
from og_assets.warehouse.reading import read_warehouse
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import quoted

FORMATS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER true"}
MANIFEST = "export.json"
"""Tells what an export holds and of when, and marks a folder as one that may be replaced by the next."""

FORMER = "former"


class Waiting(TypedDict, total=False):
    """How a load that runs is waited for, as `read_warehouse` says."""

    wait_seconds: float
    on_wait: Callable[[Holder | None], None] | None


class ExportRefused(OgAssetsError):
    """An export cannot be written where it was asked for; the message says why and what to do."""


def export(
    where: Where,
    folder: Path,
    *,
    format: str = "parquet",
    replace: bool = False,
    views: bool = False,
    on_table: Callable[[str, int, int, int], None] | None = None,
    **waiting: Unpack[Waiting],
) -> dict[str, int]:
    """Write the tables of the warehouse to `folder`/<schema>/<table>.<format>; returns rows by table.

    All tables are read in one transaction. They are written to a folder beside `folder` that takes its name
    when all are complete, so what stands under `folder` is always whole. With `replace` an earlier export there
    is replaced. `on_table` is told name, rows, number and count of each table that is written; `waiting` says how
    long a load that runs is waited for, and who is told of it.
    Raises ExportRefused, and WarehouseError as reading does.
    """
    folder = folder.resolve()
    _check(folder, replace=replace)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with ProcessLock(folder.with_name(f".{folder.name}.export.lock"), timeout=0):
            _clear_up(folder)
            _note(place_of(where), folder)
            written = _new_folder_beside(folder)
            try:
                with read_warehouse(where, hold_seconds=None, **waiting) as connection:
                    rows = _write_tables(connection, written, format, views=views, on_table=on_table)
                _put_in_place(written, folder, replace=replace)
            finally:
                shutil.rmtree(written, ignore_errors=True)
    except Timeout:
        raise ExportRefused(f"Another export to {folder} is running; wait for it or name another folder.") from None
    except (OSError, duckdb.IOException) as error:
        raise ExportRefused(f"The export to {folder} could not be written: {error}. Nothing of it is there.") from error
    return rows


def exports_of(place: Place) -> list[Path]:
    """The folders to which the warehouse was exported from this machine, as far as they were noted beside it."""
    try:
        noted = _notes(place).read_text().splitlines()
    except OSError:
        return []
    return [Path(json.loads(folder)) for folder in dict.fromkeys(noted)]


def is_export(folder: Path) -> bool:
    """Whether an export of ours is there, after what a killed one has left was cleared up."""
    _clear_up(folder)
    return (folder / MANIFEST).exists()


def refresh(where: Where, folder: Path, **waiting: Unpack[Waiting]) -> dict[str, int]:
    """Write the export in `folder` anew as it was written; raises as `export` does, and when there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        format, views = str(manifest["format"]), bool(manifest.get("views", True))
    except (OSError, ValueError, KeyError):
        format, views = "", False
    if format not in FORMATS:
        raise ExportRefused(f"{folder} is no export of ours: it has no usable {MANIFEST}.")
    return export(where, folder, format=format, views=views, replace=True, **waiting)


def _notes(place: Place) -> Path:
    return place.beside("exports")


def _note(place: Place, folder: Path) -> None:
    """Note beside the warehouse where an export is, so that `og forget` finds it; who may not write there does not."""
    if folder not in exports_of(place) and place.folder.exists():
        with suppress(OSError), _notes(place).open("a") as notes:
            notes.write(json.dumps(str(folder)) + "\n")


def _check(folder: Path, *, replace: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportRefused(f"{folder} is a file; name a folder that is new, or an earlier export with --replace.")
    if not any(folder.iterdir()):
        return
    if not (folder / MANIFEST).exists():
        raise ExportRefused(f"{folder} holds something that is no export of ours; name another folder.")
    if not replace:
        raise ExportRefused(f"{folder} holds an export already; add --replace, or name another folder.")


def _clear_up(folder: Path) -> None:
    """Remove what a killed export has left beside the folder, and give back a name that it died holding."""
    for leftover in folder.parent.glob(f".{glob.escape(folder.name)}.export-*"):
        former = leftover / FORMER
        if former.exists() and not folder.exists():
            former.rename(folder)
        shutil.rmtree(leftover, ignore_errors=True)


def _write_tables(
    connection: DuckDBPyConnection,
    folder: Path,
    format: str,
    *,
    views: bool,
    on_table: Callable[[str, int, int, int], None] | None,
) -> dict[str, int]:
    connection.begin()
    listed = connection.execute(read_sql("list_tables.sql")).fetchall()
    names = [(schema, name) for schema, name, kind, *_ in listed if views or kind == "table"]
    exported_at = datetime.now(UTC)
    rows: dict[str, int] = {}
    for number, (schema, table) in enumerate(names, 1):
        (folder / schema).mkdir(exist_ok=True)
        file = str(folder / schema / f"{table}.{format}").replace("'", "''")
        source = f"{quoted(schema)}.{quoted(table)}"
        counted = connection.execute(f"COPY (FROM {source}) TO '{file}' ({FORMATS[format]})").fetchone()
        rows[f"{schema}.{table}"] = counted[0] if counted else 0
        if on_table:
            on_table(f"{schema}.{table}", rows[f"{schema}.{table}"], number, len(names))
    connection.commit()
    manifest = {"exported_at": exported_at.isoformat(), "format": format, "views": views, "rows": rows}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    return rows


def _new_folder_beside(folder: Path) -> Path:
    """A folder whose name no reader of exports looks at; who may read it is what the umask says."""
    beside = folder.with_name(f".{folder.name}.export-{uuid4().hex}")
    beside.mkdir()
    return beside


def _put_in_place(written: Path, folder: Path, *, replace: bool) -> None:
    """Give the new folder its name; the old one keeps it until then, or for ever should this not be allowed."""
    former = None
    if folder.exists():
        _check(folder, replace=replace)
        former = _new_folder_beside(folder) / FORMER
        folder.rename(former)
    try:
        written.rename(folder)
    except OSError:
        if former:
            former.rename(folder)
        raise
    if former:
        shutil.rmtree(former.parent, ignore_errors=True)
