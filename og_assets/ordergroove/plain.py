"""Plain records: every value is spelled as its column expects, so that the database may read them by itself.

What is plain is said by one regular expression for each order of members: these members, each once, compact and
without an escape. Nothing is repaired here: what is not plain is read by reader.py, and what is, would be read by it
to the same row, without a note. So a spelling may be left out of this file at any time, but not added lightly.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

import msgspec

from og_assets.ordergroove import spellings
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import is_secret, may_hold_secrets
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.spellings import Reading

FORMS = 64
"""Of so many orders of members an object's plain records may be; a list has one or two."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_CHARACTER = rb'[^"\\\x00-\x1f]'
_TEXT = rb'"%b*+"' % _CHARACTER
_SCALAR = rb"(?:%b|true|false|null|0|-?[1-9][0-9]{0,14})" % _TEXT


def _nesting(inside: bytes) -> bytes:
    """A JSON value that is of `inside`, or a list or an object of these."""
    return rb"(?:%(in)b|\[(?:%(in)b(?:,%(in)b)*+)?+\]|\{(?:%(name)b:%(in)b(?:,%(name)b:%(in)b)*+)?+\})" % {
        b"in": inside,
        b"name": _TEXT,
    }


_JSON = _nesting(_nesting(_SCALAR))
_KEY = rb'"(?! |(?:null|undefined) *")[ !#-&(-\[\]-~]++"'
_DAY = rb"([0-9]{4}-[0-9]{2}-[0-9]{2})"
_STAMP = rb'"%b[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"' % _DAY
# JSON as the text that it came in: a text would be taken for the JSON in it, and a number may have another spelling.
_SPELLINGS: dict[frozenset[Reading], bytes] = {
    frozenset({spellings.read_text}): rb"%b|0|-?[1-9][0-9]{0,17}" % _TEXT,
    frozenset({spellings.read_text, spellings.read_code}): rb'"[0-9]{1,9}(?:\|%b*+)?"' % _CHARACTER,
    frozenset({spellings.read_integer}): rb'0|-?[1-9][0-9]{0,8}|"[0-9]{1,9}"',
    frozenset({spellings.read_small_integer}): rb'0|-?[1-9][0-9]{0,3}|"[0-9]{1,4}"',
    frozenset({spellings.read_money}): rb'"-?[0-9]{1,14}(?:\.[0-9]{1,4})?"',
    frozenset({spellings.read_stamp}): _STAMP,
    frozenset({spellings.read_stamp, spellings.read_day}): _STAMP,
    frozenset({spellings.read_day}): rb'"%b"' % _DAY,
    frozenset({spellings.read_flag}): rb"true|false",
    frozenset({spellings.read_json}): rb"(?=[\[{])%b" % _JSON,
    frozenset({spellings.read_components}): rb"\[\]",
}
"""How the values of a member may be spelled besides null, by the readings of its columns; of others they are null."""
_UNKNOWN = rb"%b|-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,9}" % _JSON

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class _Form:
    """Records with these members in this order. `names_secrets` says that a name does.

    `match` takes one record and finds its days; `match_lines` takes one a line and finds for each its brace and its
    days, or nothing.
    """

    match: Callable[[bytes], re.Match[bytes] | None]
    match_lines: Callable[[bytes], list[tuple[bytes, ...]]]
    names_secrets: bool


class PlainRecords:
    """Finds the plain records of one object; `mask` is what is done to a record before anything is written."""

    def __init__(
        self, object: OrdergrooveObject, clock: SourceClock, mask: Callable[[bytes], bytes], *, keeps_personal: bool
    ) -> None:
        self._clock = clock
        self._mask = mask
        self._keeps_personal = keeps_personal
        members = {str(object.record.path(column.name)[0]) for column in object.columns}
        self._values = {name: _spelling(object, name) for name in members}
        self._key = set(object.key)
        self._forms: dict[tuple[str, ...], _Form | None] = {}
        self._last: _Form | None = None
        self._days: set[bytes | None] = {None, b""}

    def find(self, bodies: Sequence[bytes]) -> Sequence[bytes | None]:
        """The records as they may be written; None for those that are not plain then."""
        if self._last is None or self._last.names_secrets or not self._keeps_personal:
            return [self._find(body) for body in bodies]
        page = b"\n".join(bodies)
        found = self._last.match_lines(page)
        # As many lines as records, so that none of them holds a line feed.
        if len(found) != len(bodies) or not _is_utf8(page) or _shows_members(page, len(bodies)):
            return [self._find(body) for body in bodies]
        matches, *days = zip(*found, strict=True)
        if all(matches) and self._are_plain({*chain.from_iterable(days)}):
            return bodies
        return [
            body if line[0] and self._are_plain(line[1:]) else self._find(body)
            for body, line in zip(bodies, found, strict=True)
        ]

    def _find(self, body: bytes) -> bytes | None:
        if not _is_utf8(body):
            return None
        if self._keeps_personal:
            form = self._form_of(body)
            if form and not form.names_secrets and not _shows_members(body, 1):
                return body
        masked = self._mask(body)
        return masked if self._form_of(masked) else None

    def offsets(self) -> list[tuple[date, timedelta]]:
        """From which day on what is to be taken off a stamp to make it UTC, for all days of plain records until now."""
        found: list[tuple[date, timedelta]] = []
        for day in sorted(date.fromisoformat(day.decode()) for day in self._days if day):
            offset = self._clock.plain_offset(day.toordinal())
            if offset is not None and (not found or found[-1][1] != offset):
                found.append((day, offset))
        return found

    def _form_of(self, body: bytes) -> _Form | None:
        """The form that the record has, if any."""
        form = self._last
        found = form.match(body) if form else None
        if found is None:
            form = self._form_with(body)
            found = form.match(body) if form else None
            if found is None:
                return None
            self._last = form
        days = found.groups()
        return form if self._are_plain(days) else None

    def _form_with(self, body: bytes) -> _Form | None:
        try:
            names = tuple(_members.decode(body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if names not in self._forms and len(self._forms) < FORMS:
            self._forms[names] = self._new_form(names)
        return self._forms.get(names)

    def _new_form(self, names: tuple[str, ...]) -> _Form | None:
        if not self._key.issubset(names) or not all(map(_NAME.fullmatch, names)):
            return None
        members = (rb'"%b":(?:%b)' % (name.encode(), self._values.get(name, _UNKNOWN)) for name in names)
        record = rb"\{%b\}" % b",".join(members)
        # Two groups at least, since one alone would not come in tuples.
        lines = re.compile(rb"^(?:(?=(\{))%b()|.*)$" % record, re.MULTILINE)
        return _Form(re.compile(record).fullmatch, lines.findall, any(map(is_secret, names)))

    def _are_plain(self, days: Collection[bytes | None]) -> bool:
        """Whether these are days of the calendar, on which the clock does not change."""
        if self._days.issuperset(days):
            return True
        for day in days:
            if day not in self._days:
                try:
                    ordinal = date.fromisoformat(day.decode() if day else "").toordinal()
                except ValueError:
                    return False
                if self._clock.plain_offset(ordinal) is None:
                    return False
        self._days.update(days)
        return True


def _spelling(object: OrdergrooveObject, member: str) -> bytes:
    columns = [column.name for column in object.columns if object.record.path(column.name)[0] == member]
    if member in object.key:
        return _KEY
    if any(len(object.record.path(name)) > 1 for name in columns):
        return rb"null|\{\}"
    usual = _SPELLINGS.get(frozenset(map(object.record.reading, columns)))
    return rb"null|%b" % usual if usual else b"null"


def _shows_members(text: bytes, records: int) -> bool:
    """Whether a value of these records may show members of which one is a secret; quick, and at times a false alarm."""
    return (b"'" in text or text.count(b"{") > records) and may_hold_secrets(text)


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
