"""Which parts of a record are masked before anything is written: only what is known stays.

A field that has no column is masked like a personal one, whatever it is called: nobody has said that it
is harmless. The reading of records (reader.py) adds the values that do not fit their column.
"""

import re

import msgspec

from og_assets.columns import Column, Kind
from og_assets.ordergroove.masking import Masking, is_secret, joined, may_hold_secrets
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.page import BrokenBody, cut_object

SHOP_CUSTOMER = frozenset({"merchant_user_id", "customer"})
"""Ids that the merchant's shop gives; some shops use e-mail addresses."""

_EMAIL = re.compile(rb'"\s*[^@\s"]+@[^@\s"]+\s*"')
_DAY = re.compile(rb'"\d{4}-\d\d-\d\d')
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class RecordMask:
    """Masks the bodies of one object."""

    def __init__(self, object: OrdergrooveObject, masking: Masking) -> None:
        self._masking = masking
        # The first column of a member describes it; those that follow are read out of it.
        columns = {str(object.record.path(column.name)[0]): column for column in reversed(object.columns)}
        self._masked = {name: column for name, column in columns.items() if _may_change(column, masking)}
        self._left_alone = frozenset(columns) - frozenset(self._masked)
        self._secrets = tuple(f'"{column.name}"'.encode() for column in object.columns if column.secret)

    def record(self, body: bytes) -> bytes | None:
        """The body as it may be written, itself when nothing was masked; None when it cannot be taken apart."""
        if self._masking.keeps_personal and not self._secrets and not may_hold_secrets(body):
            return body
        try:
            members = _members.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            try:
                members = {name: msgspec.Raw(value) for name, value in cut_object(body).items()}
            except BrokenBody:
                return None
        changed = {
            name: masked
            for name, value in members.items()
            if name not in self._left_alone and (masked := self._changed(name, bytes(value))) is not None
        }
        if changed:
            written = (changed.get(name) or (name, value) for name, value in members.items())
            return msgspec.json.encode({name: value for name, value in written if name is not None})
        # Of a member that stands twice only the last is seen above.
        return body if self._is_once(body, members) else msgspec.json.encode(members)

    def odd(self, body: str) -> str:
        """A masked body in which something does not fit its column, and so may hold secrets where none belong."""
        return self._masking.secrets(body.encode()).decode() if self._masking.keeps_personal else body

    def hide(self, body: str, names: set[str]) -> str:
        """A masked body with these members masked as well, because they are not what their columns say."""
        if self._masking.keeps_personal or not names:
            return body
        members = cut_object(body.encode())
        return joined({n: self._masking.everything(v) if n in names else v for n, v in members.items()}).decode()

    def refused(self, body: str) -> str:
        """A masked body for quarantine. What is in it was not held against any type, so all of it is masked."""
        return body if self._masking.keeps_personal else self._masking.everything(body.encode()).decode()

    def unreadable(self, text: str) -> str:
        """A body that cannot be taken apart, for quarantine."""
        harmless = self._masking.keeps_personal and not self._secrets and not may_hold_secrets(text.encode())
        return text if harmless else self._masking.unreadable(text)

    def _changed(self, name: str, value: bytes) -> tuple[str | None, msgspec.Raw] | None:
        """Name and value as they may be written, None when both stay; without a name neither is written."""
        masking = self._masking
        column = self._masked.get(name)
        written: str | None = name
        if column is not None:
            masked = mask_column(masking, column, value)
        elif masking.keeps_personal:
            masked = masking.everything(value) if is_secret(name) else masking.secrets(value)
        else:
            written, masked = masking.member_name(name), masking.everything(value)
        return None if (written, masked) == (name, value) else (written, msgspec.Raw(masked))

    def _is_once(self, body: bytes, members: dict[str, msgspec.Raw]) -> bool:
        if self._masking.keeps_personal:
            return all(body.count(name) < 2 for name in self._secrets)  # noqa: PLR2004 - once or not at all
        return msgspec.json.encode(members).count(b'"') == body.count(b'"')


def _may_change(column: Column, masking: Masking) -> bool:
    """Whether masking may change a value that fits its column; one that does not is looked at again."""
    if column.secret or column.kind is Kind.JSON:
        return True
    if masking.keeps_personal:
        return column.members is not None
    return column.is_masked or column.kind is Kind.DAY or column.name in SHOP_CUSTOMER


def mask_column(masking: Masking, column: Column, value: bytes) -> bytes:
    """The JSON text of a column's value as it may be written."""
    if column.secret:
        return masking.everything(value)
    if masking.keeps_personal:
        return masking.secrets(value)
    if column.coded:
        return masking.coded(value)
    if column.is_masked:
        harmless = frozenset(column.members or ())
        return masking.only(value, harmless.__contains__, bare="" in harmless)
    if column.name in SHOP_CUSTOMER and _EMAIL.fullmatch(value):
        return masking.identifier(value)
    day = _DAY.match(value) if column.kind is Kind.DAY else None
    return day[0] + b'"' if day else masking.secrets(value)
