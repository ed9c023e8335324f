"""Which parts of a record are masked before anything is written: only what is known stays.

A field that has no column is masked like a personal one, whatever it is called: nobody has said that it
is harmless. The reading of records (reader.py) adds the values that do not fit their column.
"""

import re
from collections.abc import Collection, Iterable

import msgspec

from og_assets.columns import Column, Kind
from og_assets.ordergroove.json_text import BrokenBody, cut_members, text_of
from og_assets.ordergroove.masking import Masking, may_hold_secrets
from og_assets.ordergroove.objects import OrdergrooveObject

SHOP_CUSTOMER = frozenset({"merchant_user_id", "customer"})
"""Ids that the merchant's shop gives; some shops use e-mail addresses."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class RecordMask:
    """Masks the bodies of one object."""

    def __init__(self, object: OrdergrooveObject, masking: Masking) -> None:
        self._masking = masking
        # The first column of a member describes it; those that follow are read out of it.
        self._columns = {str(object.record.path(column.name)[0]): column for column in reversed(object.columns)}
        self._left_alone = frozenset(name for name, column in self._columns.items() if not _may_change(column))

    def record(self, body: bytes) -> bytes:
        """The body of a record (UTF-8) as it may be written, itself when nothing was masked.

        What turns out to be no sound JSON is given to `refused` as well.
        """
        if self._masking.keeps_personal:
            if not may_hold_secrets(body):
                return body
            plain = self._masking.secrets_of_plain(body)
            return self._masking.secrets(body) if plain is None else plain
        # Without these, no text shows members, and each name is spelled in one way.
        shows_members = (b"\\" in body or b"'" in body) and may_hold_secrets(body)
        if not shows_members and (quick := self._quickly(body)) is not None:
            return quick
        try:
            members = cut_members(body)
        except BrokenBody:
            return self.refused(body)
        last = {text_of(name): place for place, (name, _) in enumerate(members)}
        written = [self._member(member, last[text_of(member[0])] == place) for place, member in enumerate(members)]
        return body if written == members else _joined(written)

    def hide(self, body: bytes, names: Collection[str]) -> bytes:
        """A masked body with these members masked as well, because they are not what their columns say."""
        if self._masking.keeps_personal or not names:
            return body
        members = cut_members(body)
        written = [(n, self._masking.everything(value) if text_of(n) in names else value) for n, value in members]
        return body if written == members else _joined(written)

    def refused(self, body: bytes) -> bytes:
        """A body for quarantine. It was held against no type, so all that may be personal is masked."""
        return self._masking.secrets(body) if self._masking.keeps_personal else self._masking.everything(body)

    def _quickly(self, body: bytes) -> bytes | None:
        """The record masked; None when it is not sound, or when a member is there twice, which a decoder drops."""
        try:
            members = _members.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if msgspec.json.encode(members).count(b'"') != body.count(b'"'):
            return None
        changed: dict[str, tuple[str, msgspec.Raw]] = {}
        for name, value in members.items():
            if name not in self._left_alone:
                text = bytes(value)
                masked, named = self._value(name, text), self._name(name)
                if masked != text or named != name:
                    changed[name] = (named, msgspec.Raw(masked))
        if not changed:
            return body
        written = dict(changed.get(name) or (name, value) for name, value in members.items())
        return msgspec.json.encode(written) if len(written) == len(members) else None

    def _member(self, member: tuple[bytes, bytes], counts: bool) -> tuple[bytes, bytes]:
        """A member as it may be written, both parts as JSON text; of two with one name only the last counts.

        The others are held against no type, so they are masked whole.
        """
        token, value = member
        name = text_of(token)
        named = self._name(name)
        masked = self._value(name, value) if counts else self._masking.everything(value)
        return token if named == name else msgspec.json.encode(named), masked

    def _name(self, name: str) -> str:
        return name if name in self._columns else self._masking.member_name(name)

    def _value(self, name: str, value: bytes) -> bytes:
        column = self._columns.get(name)
        return mask_column(self._masking, column, value) if column else self._masking.everything(value)


def _may_change(column: Column) -> bool:
    """Whether masking may change a sound value of the column that shows no members in its text."""
    typed = column.kind in (Kind.JSON, Kind.DAY)
    return typed or column.is_masked or column.name in SHOP_CUSTOMER


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
    text = text_of(value) if value.startswith(b'"') else ""
    if column.kind is Kind.DAY and (day := _DAY.match(text)):
        return b'"%b"' % day[0].encode()
    is_address = column.name in SHOP_CUSTOMER and "@" in text
    return masking.identifier(value) if is_address else masking.secrets(value)


def _joined(members: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"{" + b",".join(b"%b:%b" % member for member in members) + b"}"
