"""Makes personal values and secrets inside JSON text unreadable. Knows JSON, neither records nor events.

Works on the text as it came: what may stay keeps its place, its digits and its spelling, and text that is not quite
JSON loses nothing but what is masked. Whatever is masked twice is the same as masked once: events are masked when they
arrive and when they are loaded.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache

import msgspec

from og_assets.ordergroove.json_text import TOKEN, is_json, text_of
from og_assets.ordergroove.loose_text import rewritten

MARK = "hmac:"
"""How a hashed value begins; 64 hexadecimal digits follow."""
NAMELESS = "withheld"
"""The name of a member whose own must not be written."""

_HASHED = re.compile(rf"{MARK}[0-9a-f]{{64}}")
_CODED = re.compile(r"([0-9]{1,6})(?:\|(.*))?", re.DOTALL)
_FIELD_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_-]{{0,63}}|{_HASHED.pattern}")
_NESTED = (b"{", b"[", b'"{', b'"[')
_SAYS_NOTHING = frozenset({b"null", b"true", b"false", b'""', b'"null"', b'"undefined"'})
_SECRET_NAME = re.compile(
    r"token|^cc[_-](?!type$|holder$)|^card$|(credit|debit)[_-]?card$"
    r"|card[_-]?(no$|num|exp|code|data|detail|last|ending|cv)",
    re.IGNORECASE | re.ASCII,
)
_ESCAPED_LETTER = re.compile(rb"\\u00[0-7]")
_NAME = 2
"""The last group of a TOKEN that is the name of a member."""
_SECRET_WORDS = (b"token", b"card", b"cc_", b"cc-")
_VALUE = re.compile(rb'\s*:\s*("[^"]*"|[^\s,}\]"]+)')

Keeps = Callable[[str], bool]
"""Whether the member of that name is known to hold nothing that must be masked."""


class PersonalData(Enum):
    """What becomes of personal values before anything is written."""

    KEEP = "keep"
    HASH = "hash"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What stays at a place: the members that `keeps` names, at any depth below each other; `bare` values if so."""

    keeps: Keeps
    bare: bool

    def below(self, name: str) -> "_Rule":
        """What stays of the value of a member."""
        if not self.keeps(name):
            return _NOTHING_STAYS
        return self if self.bare else _Rule(self.keeps, bare=True)


@dataclass(frozen=True, slots=True)
class Masking:
    """What becomes of personal values, and the salt that keys their hashes.

    Secrets (tokens and card data) are never kept: they are hashed where there is a salt, and else dropped,
    since a hash without a key tells the four digits of a card to whoever tries all ten thousand.
    For the same reason what tells refused records apart is keyed: by the salt, or else by `digest_key`.
    """

    personal_data: PersonalData = PersonalData.KEEP
    salt: bytes = field(default=b"", repr=False)
    digest_key: bytes = field(default=b"", repr=False)

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
        return _quoted(self.text(text_of(value)))

    def identifier(self, value: bytes) -> bytes:
        """An e-mail address that serves as an id: hashed wherever there is a salt, since rows are joined by it."""
        return replace(self, personal_data=PersonalData.HASH).scalar(value)

    def coded(self, value: bytes) -> bytes:
        """A value spelled `code|text`: the text is masked, the digits of the code stay."""
        found = _CODED.fullmatch(text_of(value))
        if not found:
            return self.everything(value)
        code, said = found.groups()
        return value if not said else _quoted(f"{code}|{self.text(said) or ''}")

    def member_name(self, name: str) -> str:
        """The name of a member as it is written. Names are a record's shape, unless somebody used an address as one."""
        return name if _FIELD_NAME.fullmatch(name) else self.text(name) or NAMELESS

    def everything(self, value: bytes) -> bytes:
        """A JSON value with all that is in it masked; the names of its members stay, but not those in its texts."""
        return self._walk(value, _NOTHING_STAYS) if value.startswith((b"{", b"[")) else self.scalar(value)

    def secrets(self, value: bytes) -> bytes:
        """A text, JSON or not, with what names call a secret masked: of members, and in texts that show members."""
        if not may_hold_secrets(value):
            return value
        walked = self._walk(value, _SECRETS_GO)
        return walked if is_json(walked) else rewritten(walked, is_secret, self.text)

    def secrets_of_plain(self, body: bytes) -> bytes | None:
        """What `secrets` makes of sound JSON; None when it is not plain enough to be done at once."""
        if b"\\" in body or b"'" in body:
            return None
        lower = body.lower()
        found: dict[int, int] = {}
        for word in _SECRET_WORDS:
            at = lower.find(word)
            while at >= 0:
                end = body.find(b'"', at)
                name = body[body.rfind(b'"', 0, at) + 1 : end].decode()
                if is_secret(name) and (value := _VALUE.match(body, end + 1)):
                    if value[1].startswith((b"{", b"[")):
                        return None
                    found[value.start(1)] = value.end()
                at = lower.find(word, end)
        written: list[bytes] = []
        copied = 0
        for begin, end in sorted(found.items()):
            written += body[copied:begin], self.scalar(body[begin:end])
            copied = end
        return b"".join([*written, body[copied:]]) if written else body

    def only(self, value: bytes, keeps: Keeps, *, bare: bool = False) -> bytes:
        """A JSON value with all masked but the members that `keeps` names, at any depth below members it names.

        With `bare`, values that belong to no member stay too. Text that holds JSON is treated as that JSON.
        """
        if value.startswith(_NESTED):
            return self._walk(value, _Rule(keeps, bare))
        return self.secrets(value) if bare else self.scalar(value)

    def unreadable(self, text: str) -> str:
        """What is kept of a text whose values cannot be told apart, where some of them may have to be masked."""
        return self.text(text) or f"[{len(text)} characters withheld]"

    def digest(self, body: bytes) -> str:
        """What tells a body from every other one and tells nothing of it."""
        return hmac.digest(self.salt or self.digest_key, body, "sha256").hex()

    def _walk(self, text: bytes, rule: _Rule) -> bytes:
        """The text with its tokens masked in their places, however deep it is and whether or not it is sound."""
        written: list[bytes] = []
        copied = 0
        outside: list[tuple[_Rule, _Rule | None]] = []
        below: _Rule | None = None
        for match in TOKEN.finditer(text):
            token = match[0]
            if match.lastindex == _NAME and below is None:
                token = match[1]
                name = text_of(token)
                below = rule.below(name)
                masked = token if below.bare else self._name(token, name)
            elif match.lastindex:
                token = match[1]
                masked = self._value(token, below or rule)
            elif token in b"{[":
                outside.append((rule, below))
                rule, below = below or rule, None
                continue
            elif token in b"}]":
                if outside:
                    rule, below = outside.pop()
                continue
            elif token in b",:":
                if token == b",":
                    below = None
                continue
            else:
                masked = token if (below or rule).bare else self.scalar(token)
            if masked is not token:
                written += text[copied : match.start()], masked
                copied = match.start() + len(token)
        return b"".join([*written, text[copied:]]) if written else text

    def _name(self, token: bytes, name: str) -> bytes:
        masked = self.member_name(name)
        return token if masked == name else _quoted(masked)

    def _value(self, token: bytes, rule: _Rule) -> bytes:
        if rule is _NOTHING_STAYS:
            return self.scalar(token)
        if rule is _SECRETS_GO and not may_hold_secrets(token):
            return token
        text = text_of(token).encode(errors="backslashreplace")
        if rule is not _SECRETS_GO and text.lstrip().startswith(_NESTED) and is_json(text):
            masked = self._walk(text, rule)
        elif rule.bare:
            masked = self.secrets(text)
        else:
            return self.scalar(token)
        return token if masked == text else _quoted(masked.decode())


KEEPING = Masking()
"""Personal values stay; secrets are dropped all the same."""


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a member of that name holds a token or card data, in whatever object it stands."""
    return _SECRET_NAME.search(name) is not None


_NOTHING_STAYS = _Rule(lambda _: False, bare=False)
_SECRETS_GO = _Rule(lambda name: not is_secret(name), bare=True)


def may_hold_secrets(body: bytes) -> bool:
    """Whether anything in the text could be the name of a secret; quick, and at times a false alarm."""
    if b"\\" in body and _ESCAPED_LETTER.search(body):
        return True
    body = body.lower()
    return b"token" in body or b"card" in body or b"cc_" in body or b"cc-" in body


def _quoted(text: str | None) -> bytes:
    return msgspec.json.encode(text)
