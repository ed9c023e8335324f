"""Makes personal values and secrets inside JSON text unreadable. Knows JSON, neither records nor events.

Works on the text as it came, so that what may stay keeps its digits and its spelling. Whatever is
masked twice is the same as masked once: events are masked when they arrive and when they are loaded.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache

import msgspec

from og_assets.ordergroove.page import BrokenBody, cut_list, cut_object

MARK = "hmac:"
"""How a hashed value begins; 64 hexadecimal digits follow."""

_HASHED = re.compile(rf"{MARK}[0-9a-f]{{64}}")
_CODED = re.compile(r"(\d{1,6})(?:\|(.*))?", re.DOTALL)
_FIELD_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_-]{{0,63}}|{_HASHED.pattern}")
_NESTED = (b"{", b"[", b'"{', b'"[')
_SAYS_NOTHING = frozenset({b"null", b"true", b"false", b'""', b'"null"', b'"undefined"'})
_SECRET_NAME = re.compile(
    r"token|^cc_(?!type$|holder$)|^card$|(credit|debit)_?card$|card_?(no$|num|exp|code|data|detail|last|ending|cv)",
    re.IGNORECASE,
)
_text = msgspec.json.Decoder(str)

Keeps = Callable[[str], bool]
"""Whether the member of that name is known to hold nothing personal."""


class PersonalData(Enum):
    """What becomes of personal values before anything is written."""

    KEEP = "keep"
    HASH = "hash"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Masking:
    """What becomes of personal values, and the salt that keys their hashes.

    Secrets (tokens and card data) are never kept: they are hashed where there is a salt, and else dropped,
    since a hash without a key tells the four digits of a card to whoever tries all ten thousand.
    """

    personal_data: PersonalData = PersonalData.KEEP
    salt: bytes = field(default=b"", repr=False)

    @property
    def keeps_personal(self) -> bool:
        """Whether personal values stay as they are."""
        return self.personal_data is PersonalData.KEEP

    def text(self, text: str) -> str | None:
        """A text, hashed (HMAC-SHA256 of its UTF-8 bytes), or None where hashes are not wanted or have no salt."""
        if not self.salt or self.personal_data is PersonalData.DROP:
            return None
        if _HASHED.fullmatch(text):
            return text
        return MARK + hmac.digest(self.salt, text.encode(errors="backslashreplace"), "sha256").hex()

    def scalar(self, value: bytes) -> bytes:
        """The JSON text of one value, masked; null, true, false and what is spelled like it stay."""
        if value in _SAYS_NOTHING:
            return value
        return _quoted(self.text(_text_of(value)))

    def identifier(self, value: bytes) -> bytes:
        """An e-mail address that serves as an id: hashed wherever there is a salt, since rows are joined by it."""
        return replace(self, personal_data=PersonalData.HASH).scalar(value)

    def coded(self, value: bytes) -> bytes:
        """A value spelled `code|text`: the text is masked, the digits of the code stay."""
        found = _CODED.fullmatch(_text_of(value))
        if not found:
            return self.everything(value)
        code, said = found.groups()
        return value if not said else _quoted(f"{code}|{self.text(said) or ''}")

    def member_name(self, name: str) -> str | None:
        """The name of a member as it is written. Names are a record's shape, unless somebody used an address as one."""
        return name if _FIELD_NAME.fullmatch(name) else self.text(name)

    def everything(self, value: bytes) -> bytes:
        """A JSON value with all that is in it masked; the names of its members stay."""
        return self.only(value, lambda _: False)

    def secrets(self, value: bytes) -> bytes:
        """A JSON value with what the names of its members call a secret masked."""
        if not value.startswith(_NESTED) or not may_hold_secrets(value):
            return value
        return self.only(value, lambda name: not is_secret(name), bare=True)

    def only(self, value: bytes, keeps: Keeps, *, bare: bool = False) -> bytes:
        """A JSON value with all masked but the members that `keeps` names, at any depth below members it names.

        With `bare`, values that belong to no member stay too. Text that holds JSON is treated as that JSON.
        """
        try:
            return self._only(value.strip(), keeps, bare)
        except (BrokenBody, RecursionError):
            return self.scalar(value)

    def unreadable(self, text: str) -> str:
        """What is kept of a record that cannot be taken apart, for `ops.quarantine`."""
        return self.text(text) or f"[{len(text)} characters withheld]"

    def _only(self, value: bytes, keeps: Keeps, bare: bool) -> bytes:
        if value.startswith(b"{"):
            cut, members = cut_object(value), {}
            for name, member in cut.items():
                kept = keeps(name)
                written = name if kept else self.member_name(name)
                if written is not None:
                    members[written] = self._only(member, keeps, True) if kept else self._only(member, _none, False)
            return rejoined(value, cut, members)
        if value.startswith(b"["):
            elements = cut_list(value)
            masked = [self._only(element, keeps, bare) for element in elements]
            return value if masked == elements else b"[" + b",".join(masked) + b"]"
        if value.startswith(_NESTED):
            text = _text_of(value)
            said = self._only(text.encode(), keeps, bare).decode()
            return value if said == text else _quoted(said)
        return value if bare else self.scalar(value)


KEEPING = Masking()
"""Personal values stay; secrets are dropped all the same."""


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a member of that name holds a token or card data, in whatever object it stands."""
    return _SECRET_NAME.search(name) is not None


def may_hold_secrets(body: bytes) -> bool:
    """Whether anything in the text is spelled like the name of a secret; quick, and at times a false alarm."""
    body = body.lower()
    return b"token" in body or b"card" in body or b"cc_" in body


def joined(members: Mapping[str, bytes]) -> bytes:
    """A JSON object of members that are JSON text."""
    return b"{" + b",".join(b"%b:%b" % (msgspec.json.encode(name), value) for name, value in members.items()) + b"}"


def rejoined(text: bytes, cut: Mapping[str, bytes], masked: Mapping[str, bytes]) -> bytes:
    """The JSON object `text`, cut into members and masked: itself where nothing was masked.

    Of a member that stands twice only the last was cut; the number of quotes tells, and the first is not written.
    """
    joint = joined(masked)
    return text if masked == cut and joint.count(b'"') == text.count(b'"') else joint


def _none(_: str) -> bool:
    return False


def _quoted(text: str | None) -> bytes:
    return msgspec.json.encode(text)


def _text_of(value: bytes) -> str:
    """What a JSON value says: the characters of a string, the digits of a number."""
    try:
        return _text.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return value.decode(errors="backslashreplace")
