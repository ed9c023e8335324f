"""What of a webhook event may be written (reference: events-and-payloads). Only what is known stays, as in records.

Events name fields as records do, so the records' columns say what is harmless. A name that is personal in
one object counts as personal in all: which object a snapshot shows is not always said.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from og_assets.columns import Column, Kind
from og_assets.ordergroove.masking import Masking, joined
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.page import BrokenBody, cut_list, cut_object
from og_assets.ordergroove.record_mask import mask_column

_CONTAINERS = frozenset(
    {"data", "object", "context", "snapshot", "customer", "orders", "items", "addresses", "payments", "subscriptions"}
    | {"products"}
)
_IN_EVENTS_ONLY = (
    *("id", "type", "source", "subscriptions"),
    *("status_display", "every_period_display", "locale_display", "phone_type_display"),
)
_AMBIGUOUS = frozenset({"name", "description"})
_STAMP = rb"\d{1,10}|\d{4}-\d\d-\d\d([T ][\d:.]{5,15}(Z|[+-]\d\d:\d\d)?)?"
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
    if masking.keeps_personal:
        return masking.secrets(body)
    try:
        return _inside(cut_object(body), masking)
    except (BrokenBody, RecursionError):
        return masking.scalar(body)


def _inside(members: Mapping[str, bytes], masking: Masking) -> bytes:
    return joined(
        {
            written: _member(name, value, masking)
            for name, value in members.items()
            if (written := masking.member_name(name)) is not None
        }
    )


def _member(name: str, value: bytes, masking: Masking) -> bytes:
    if name in _CONTAINERS and value.startswith(b"{"):
        return _inside(cut_object(value), masking)
    if name in _CONTAINERS and value.startswith(b"["):
        return b"[" + b",".join(_member(name, element, masking) for element in cut_list(value)) + b"]"
    column = _COLUMNS.get(name)
    if column is None or not _fits(column, value):
        return masking.everything(value)
    return mask_column(masking, column, value)


def _fits(column: Column, value: bytes) -> bool:
    """Whether a harmless column's value looks like what the column says."""
    if column.is_masked or column.kind is Kind.JSON:
        return True
    if column.kind is Kind.TEXT:
        return not value.startswith((b"{", b"["))
    return _LOOKS[column.kind].fullmatch(value) is not None
