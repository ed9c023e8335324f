"""The four ways in which personal data is kept, as docs/decisions.md tells them, and what may be shown in each."""

import hashlib
import hmac
import re
from dataclasses import dataclass

from og_assets_tests.fuzz.contract import NULL_WORDS, Named, named
from og_assets_tests.fuzz.json_text import NAME, TEXT, WORD, Token, Tokens, after, container_in

SALT = b"a salt of the fuzzer, long enough for anyone"


@dataclass(frozen=True, slots=True)
class Mode:
    """`ORDERGROOVE_PII` and whether `ORDERGROOVE_PII_SALT` is set."""

    name: str
    personal: str
    salt: bytes

    @property
    def masked(self) -> bool:
        """Whether personal data is hidden."""
        return self.personal != "keep"

    def hashed(self, text: str) -> str:
        """What stands for a text that is hidden, where a salt is set (docs/decisions.md, "Personal data")."""
        return "hmac:" + hmac.new(self.salt, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def hidden(self, text: str) -> str | None:
        """A secret: hashed with a salt, else null."""
        return self.hashed(text) if self.salt else None


KEEP = Mode("keep", "keep", b"")
MODES = (KEEP, Mode("keep, salt", "keep", SALT), Mode("hash", "hash", SALT), Mode("drop", "drop", b""))

_HAS_NO_BYTES = re.compile(r"\\|[\ud800-\udfff]")
_MEMBER_IN_TEXT = re.compile(r"""(?<![A-Za-z0-9_-])([A-Za-z][A-Za-z0-9_-]{0,60})\\{0,9}["']?\s{0,9}[:=]""")


def difference(came: Tokens, stored: Tokens, mode: Mode) -> str | None:
    """Where what is stored differs from what came, secrets aside, which must be hidden; None when nowhere."""
    if came == stored and not any(kind == NAME and named(text) is not Named.PLAIN for kind, text in came):
        return None
    i = j = 0
    inside = "the value"
    while i < len(came):
        if j >= len(stored):
            return f"cut off behind {inside}"
        mine, theirs = came[i], stored[j]
        if mine[0] == NAME:
            inside = f"member {mine[1][:60]!r}"
        if mine[0] == NAME and mine == theirs and named(mine[1]) is not Named.PLAIN:
            end, theirs_end = after(came, i + 1), after(stored, j + 1)
            problem = _secret_problem(mine[1], came[i + 1 : end], stored[j + 1 : theirs_end], mode)
            if problem:
                return f"{inside} {problem}"
            i, j = end, theirs_end
            continue
        if mine != theirs and not _hides_secrets_in_text(mine, theirs, mode):
            return f"{inside} is {theirs[1][:80]!r}, came as {mine[1][:80]!r}"
        i, j = i + 1, j + 1
    return None if j == len(stored) else f"more than came behind {inside}"


def _secret_problem(name: str, came: Tokens, stored: Tokens, mode: Mode) -> str | None:
    if named(name) is Named.UNCLEAR or len(came) > 1 or came[0][1].lstrip()[:1] in ("{", "["):
        return None
    [(kind, text)] = came
    if came == stored and (text in NULL_WORDS or (kind == WORD and text in ("null", "true", "false"))):
        return None
    if stored == [(WORD, "null")] and (not mode.salt or kind == WORD):
        return None
    if mode.salt and (
        stored == [(TEXT, mode.hashed(text))] or (_HAS_NO_BYTES.search(text) and stored[0][1].startswith("hmac:"))
    ):
        return None
    return "is in clear" if stored == came else f"is {stored[0][1][:80]!r}, neither null nor the hash"


def _hides_secrets_in_text(came: Token, stored: Token, mode: Mode) -> bool:
    """Whether a text differs only in the secrets of the JSON in it, or is broken JSON that seems to name secrets."""
    if came[0] != TEXT:
        return False
    json = container_in(came[1])
    if json is None:
        broken = came[1].lstrip()[:1] in ("{", "[") and names_a_secret(came[1])
        return broken and (stored == (WORD, "null") or stored[1].startswith("hmac:"))
    shown = container_in(stored[1]) if stored[0] == TEXT else None
    return shown is not None and _has_secrets(json.tokens) and difference(json.tokens, shown.tokens, mode) is None


def _has_secrets(tokens: Tokens) -> bool:
    for kind, text in tokens:
        if kind == NAME and named(text) is not Named.PLAIN:
            return True
        if kind == TEXT:
            inner = container_in(text)
            if inner and _has_secrets(inner.tokens):
                return True
    return False


def names_a_secret(text: str) -> bool:
    """Whether a text that cannot be taken apart has what looks like a member with a secret's name."""
    return "\\u" in text or any(named(name) is not Named.PLAIN for name in _MEMBER_IN_TEXT.findall(text))
