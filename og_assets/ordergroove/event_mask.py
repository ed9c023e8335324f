"""What of a webhook event may be written (reference: events-and-payloads). Only what is known stays, as in records.

Events name fields as records do, so the records' columns say what is harmless. A name that is personal in
one object counts as personal in all: which object a snapshot shows is not always said.
"""

import re
from dataclasses import replace

import msgspec

from og_assets.columns import Column, Kind
from og_assets.ordergroove.json_text import BrokenBody, cut_list, cut_members, text_of
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.record_mask import mask_column

_CONTAINERS = frozenset(
    {"data", "object", "context", "snapshot", "customer", "orders", "items", "addresses", "payments", "subscriptions"}
    | {"products"}
)
_IN_EVENTS_ONLY = (
    *("id", "type", "source", "subscriptions"),
    *("status_display", "every_period_display", "locale_display", "phone_type_display"),
)
_LISTS_OF_IDS = frozenset({"subscriptions"})
_DEEPEST = 20
"""How deep containers are looked into; the documents show them four deep."""
_AMBIGUOUS = frozenset({"name", "description"})
_STAMP = rb"1\d{9}|\d{4}-\d\d-\d\d([T ][\d:.]{5,15}(Z|[+-]\d\d:\d\d)?)?"
_LOOKS = {
    kind: re.compile(rb'"?(?:%b|null|undefined|)"?' % pattern, re.IGNORECASE)
    for kind, pattern in {
        Kind.INTEGER: rb"-?\d{1,9}",
        Kind.SMALLINT: rb"-?\d{1,5}",
        Kind.MONEY: rb"-?\d{1,9}(\.\d+)?",
        Kind.STAMP: _STAMP,
        Kind.DAY: _STAMP,
        Kind.FLAG: rb"true|false|0|1",
    }.items()
}
"""How values of a type are spelled. Nobody else holds events against types; too long a number may be a phone's."""


def _known_columns() -> dict[str, Column]:
    known: dict[str, Column] = {}
    for column in (column for object in OBJECTS for column in object.columns):
        before = known.get(column.name, column)
        if column.name not in _AMBIGUOUS:
            stricter = before if before.is_masked else column
            members = (*(before.members or ()), *(column.members or ()))
            known[column.name] = replace(stricter, members=members) if members else stricter
    return known | {name: Column(name, Kind.TEXT, "In events only.") for name in _IN_EVENTS_ONLY}


_COLUMNS = _known_columns()


def mask_event(body: bytes, masking: Masking) -> bytes:
    """The body of an event as it may be written, itself when nothing was masked."""
    return masking.secrets(body) if masking.keeps_personal else _object(body, masking, 0)


def _object(text: bytes, masking: Masking, depth: int) -> bytes:
    try:
        members = cut_members(text)
    except BrokenBody:
        return masking.everything(text)
    written = [_member(text_of(name), name, value, masking, depth) for name, value in members]
    return b"{" + b",".join(b"%b:%b" % member for member in written) + b"}"


def _member(name: str, token: bytes, value: bytes, masking: Masking, depth: int) -> tuple[bytes, bytes]:
    written = name if name in _COLUMNS or name in _CONTAINERS else masking.member_name(name)
    return token if written == name else msgspec.json.encode(written), _value(name, value, masking, depth)


def _value(name: str, value: bytes, masking: Masking, depth: int) -> bytes:
    if name in _CONTAINERS and depth < _DEEPEST:
        if value.startswith(b"{"):
            return _object(value, masking, depth + 1)
        if value.startswith(b"["):
            return _list(name, value, masking, depth + 1)
    column = _COLUMNS.get(name)
    if column is None or not _fits(column, value):
        return masking.everything(value)
    return mask_column(masking, column, value)


def _list(name: str, text: bytes, masking: Masking, depth: int) -> bytes:
    try:
        elements = cut_list(text)
    except BrokenBody:
        return masking.everything(text)
    written = (
        _value(name, element, masking, depth)
        if name in _LISTS_OF_IDS or element.startswith((b"{", b"["))
        else masking.everything(element)
        for element in elements
    )
    return b"[" + b",".join(written) + b"]"


def _fits(column: Column, value: bytes) -> bool:
    """Whether a harmless column's value looks like what the column says."""
    if column.is_masked or column.kind is Kind.JSON:
        return True
    if column.kind is Kind.TEXT:
        return value.startswith(b'"') or _LOOKS[Kind.INTEGER].fullmatch(value) is not None
    return _LOOKS[column.kind].fullmatch(value) is not None
