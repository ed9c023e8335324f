"""The rows of a world in an in-memory SQLite. Knows tables and columns; nothing of what they mean."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from og_assets.emulator.shop.schema import TABLES

Row = dict[str, Any]


def parsed(text: str | None) -> Any:
    """A JSON column as Python objects."""
    return None if text is None else json.loads(text)


class Store:
    """SQLite behind one re-entrant lock, so that server threads and a moving world never see half a change."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None, cached_statements=512)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        for table in TABLES.values():
            self._db.execute(table.ddl)

    def index(self) -> None:
        """Make the indexes; called once, after the history is loaded."""
        for table in TABLES.values():
            for statement in table.index_ddl:
                self._db.execute(statement)

    def remember(self, tables: Iterable[str], now: Callable[[], int]) -> None:
        """From now on keep each state that a row of these tables leaves, in `<table>_past`; `now` in epoch seconds.

        `until` tells when it ended, `existed` is 0 for the time before the row was made; rowid gives the order.
        """
        self._db.create_function("now_in_shop", 0, now)
        for name in tables:
            columns = ", ".join(f'"{column}"' for column in TABLES[name].columns)
            old = ", ".join(f'old."{column}"' for column in TABLES[name].columns)
            past = f'INSERT INTO "{name}_past"'
            self._db.executescript(f"""
                CREATE TABLE "{name}_past" AS
                SELECT 0 AS "until", 0 AS existed, id, {columns} FROM "{name}" LIMIT 0;
                CREATE INDEX "{name}_past_id" ON "{name}_past" (id);
                CREATE TRIGGER "{name}_made" AFTER INSERT ON "{name}" BEGIN
                    {past} ("until", existed, id) VALUES (now_in_shop(), 0, new.id);
                END;
                CREATE TRIGGER "{name}_changed" AFTER UPDATE ON "{name}" BEGIN
                    {past} ("until", existed, id, {columns}) VALUES (now_in_shop(), 1, old.id, {old});
                END;
                CREATE TRIGGER "{name}_deleted" AFTER DELETE ON "{name}" BEGIN
                    {past} ("until", existed, id, {columns}) VALUES (now_in_shop(), 1, old.id, {old});
                END;
            """)

    def load(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Insert many rows, given as the table's columns in order, in one transaction."""
        marks = ", ".join("?" * len(TABLES[table].columns))
        names = ", ".join(f'"{column}"' for column in TABLES[table].columns)
        with self.lock:
            self._db.execute("BEGIN")
            self._db.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
            self._db.execute("COMMIT")

    def insert(self, table: str, row: Mapping[str, object]) -> None:
        """Insert one row."""
        names = ", ".join(f'"{name}"' for name in row)
        with self.lock:
            self._db.execute(
                f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})',
                tuple(row.values()),
            )

    def update(self, table: str, key: str, changes: Mapping[str, object]) -> int:
        """Change the row of that key; returns how many rows there were."""
        sets = ", ".join(f'"{name}" = ?' for name in changes)
        with self.lock:
            sql = f'UPDATE "{table}" SET {sets} WHERE "{TABLES[table].key}" = ?'
            return self._db.execute(sql, (*changes.values(), key)).rowcount

    def delete(self, table: str, key: str) -> None:
        """Remove the row of that key."""
        with self.lock:
            self._db.execute(f'DELETE FROM "{table}" WHERE "{TABLES[table].key}" = ?', (key,))

    def find(self, table: str, key: str) -> Row | None:
        """The row of that key as a dict, or None."""
        found = self.rows(f'SELECT * FROM "{table}" WHERE "{TABLES[table].key}" = ?', key)
        return found[0] if found else None

    def rows(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query as dicts."""
        with self.lock:
            cursor = self._db.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def tuples(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query as tuples."""
        with self.lock:
            return self._db.execute(sql, values).fetchall()

    def scan(self, sql: str, batch: int = 1000) -> Iterator[tuple[Any, ...]]:
        """The rows of a query whose first column is the internal id and which ends in `AND id > ? ORDER BY id`.

        The lock is held per batch, so a long reader does not stop the world.
        """
        last = 0
        while rows := self.tuples(f"{sql} LIMIT {batch}", (last,)):
            yield from rows
            last = rows[-1][0]

    def value(self, sql: str, *values: object) -> Any:
        """The first column of the first row of a query, or None."""
        with self.lock:
            row = self._db.execute(sql, values).fetchone()
        return None if row is None else row[0]
