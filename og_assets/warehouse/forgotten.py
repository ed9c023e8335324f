"""Who is forgotten, and a file without a trace of what was overwritten in it. Knows persons by keyed hashes alone."""

import hmac
import json
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from og_assets.warehouse.connecting import ROWS_PER_GROUP, STORAGE_VERSION
from og_assets.warehouse.errors import ForgottenMeanwhile
from og_assets.warehouse.lake_maintenance import keep_only_now
from og_assets.warehouse.owner_only import new_files_for_owner_only
from og_assets.warehouse.place import Lake, Place
from og_assets.warehouse.tables import literal

_CUSTOMER = re.compile(rb'"(?:customer|merchant_user_id)"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}\]]+)')
"""Where bodies of records and events name the customer; also in those that are no JSON."""
_SUBSCRIPTION = re.compile(rb'"subscription"\s*:\s*("(?:[^"\\]|\\.)*")')
"""Where items, which name no customer, say whose they are."""
OF_SUBSCRIPTION = "subscription"
"""The kind of trait that a subscription's id is."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Whom to forget: those of whom something has one of these digests under the key.

    That is the customer's id, and where files name no customer what `trait` makes of other ids and addresses.
    """

    key: bytes = b""
    digests: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.digests)

    def has(self, told: str) -> bool:
        """Whether that customer, or the person whose trait that is, is forgotten."""
        return bool(self.digests) and _digest(self.key, told) in self.digests

    def concerns(self, body: bytes) -> bool:
        """Whether the text of a record or an event names a customer who is forgotten, or a subscription of theirs."""
        if not self.digests:
            return False
        subscriptions = {trait(OF_SUBSCRIPTION, _plain(found)) for found in _SUBSCRIPTION.findall(body)}
        return any(self.has(told) for told in {_plain(found) for found in _named(body)} | subscriptions)


NOBODY = Forgotten()


def trait(kind: str, value: str) -> str:
    """What tells of a person where no customer is named, such as an e-mail address, as `Forgotten` hashes it."""
    return f"{kind}\0{value.strip().casefold()}"


def read_forgotten(connection: DuckDBPyConnection) -> Forgotten:
    """Whom this warehouse is to forget."""
    keys = connection.execute("SELECT key FROM ops.forgotten_key").fetchall()
    digests = connection.execute("SELECT digest FROM ops.forgotten").fetchall()
    return Forgotten(bytes.fromhex(keys[0][0]), frozenset(digest for (digest,) in digests)) if keys else NOBODY


def require_same(connection: DuckDBPyConnection, forgotten: Forgotten) -> None:
    """Raise ForgottenMeanwhile unless these are still all; asked before what was read with them is loaded."""
    count = connection.execute("SELECT count(*) FROM ops.forgotten").fetchone()
    if count != (len(forgotten.digests),):
        raise ForgottenMeanwhile


def ensure_key(connection: DuckDBPyConnection) -> bytes:
    """The key of the hashes, made at random when there is none; part of the transaction of the caller."""
    known = read_forgotten(connection)
    if known.key:
        return known.key
    key = secrets.token_bytes(32)
    connection.execute("INSERT INTO ops.forgotten_key VALUES (?)", [key.hex()])
    return key


def forget_from_now(connection: DuckDBPyConnection, told: Iterable[str]) -> Forgotten:
    """Add what tells of a person, ids of a customer and traits, each once; part of the transaction of the caller."""
    key = ensure_key(connection)
    known = read_forgotten(connection)
    new = sorted({_digest(key, each) for each in told} - known.digests)
    connection.execute("INSERT INTO ops.forgotten SELECT unnest(?::VARCHAR[]), now()", [new])
    return Forgotten(key, known.digests | frozenset(new))


def write_anew(connection: DuckDBPyConnection, place: Place) -> None:
    """Leave no byte of overwritten rows in the open warehouse, which DuckDB would keep.

    Of a lake only the snapshot of now is left. The connection has no warehouse after that.
    """
    if isinstance(place, Lake):
        keep_only_now(connection, place)
    else:
        _copy_in_place(connection, place.path)


def _copy_in_place(connection: DuckDBPyConnection, path: Path) -> None:
    """Put a copy in the place of the open file `path`. A crash leaves the old one or the new one, both whole."""
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    with new_files_for_owner_only():
        catalog = str(connection.execute("SELECT current_database()").fetchall()[0][0])
        options = f"ROW_GROUP_SIZE {ROWS_PER_GROUP}, STORAGE_VERSION '{STORAGE_VERSION}'"
        try:
            connection.execute(f"ATTACH {literal(str(fresh))} AS fresh ({options})")
            connection.execute(f"COPY FROM DATABASE {catalog} TO fresh")
            connection.execute("USE memory")
            connection.execute("DETACH fresh")
            connection.execute(f"DETACH {catalog}")
            fresh.replace(path)
            path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
        finally:
            with suppress(duckdb.Error):
                connection.execute("DETACH fresh")
            fresh.unlink(missing_ok=True)


def _named(body: bytes) -> list[bytes]:
    found: list[bytes] = _CUSTOMER.findall(body)
    return found


def _plain(token: bytes) -> str:
    text = token.decode(errors="replace")
    if text.startswith('"'):
        with suppress(ValueError):
            return str(json.loads(text))
    return text


def _digest(key: bytes, customer: str) -> str:
    return hmac.new(key, customer.encode(errors="replace"), "sha256").hexdigest()
