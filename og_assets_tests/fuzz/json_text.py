"""JSON as the text it came in: names, texts, numbers and brackets in their order, nothing merged, rounded or respelled.

Flat and without recursion, so that depth is no matter. Knows nothing of the code that it helps to check.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

NAME, TEXT, WORD, OPEN, CLOSE = "name", "text", "word", "open", "close"
Token = tuple[str, str]
Tokens = list[Token]

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PIECE = re.compile(r'[ \t\r\n]*(?:("[^"\\]*(?:\\.[^"\\]*)*")|([{}\[\],:])|([^ \t\r\n{}\[\],:"]+))', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
SHORT = 10_000
"""Characters of a text that is worth remembering."""
_PAIR = {"}": "{", "]": "["}


class Flaw(Enum):
    """What keeps a text that can still be taken apart from being JSON."""

    WORD = "a word or number that JSON does not have"
    ESCAPE = "an escape that JSON does not have"
    CONTROL = "a control character in a text"


@dataclass(frozen=True, slots=True)
class Json:
    """A text in its tokens, and what is wrong with it."""

    tokens: Tokens
    flaws: frozenset[Flaw]


def take_apart(text: str) -> Json | None:
    """The tokens of one value with nothing around it; None when brackets, commas or quotes are not those of JSON."""
    return _take_apart_again(text) if len(text) < SHORT else _take_apart(text)


def _take_apart(text: str) -> Json | None:
    reading = _Reading()
    at, end = 0, len(text.rstrip(" \t\r\n"))
    while at < end:
        piece = _PIECE.match(text, at)
        if piece is None:
            return None
        at = piece.end()
        quoted, sign, word = piece.groups()
        if not (reading.sign(sign) if sign else reading.scalar(quoted, word)):
            return None
    return Json(reading.tokens, frozenset(reading.flaws)) if reading.wanted == "nothing" else None


_take_apart_again = lru_cache(maxsize=4096)(_take_apart)
"""What was stored is most often what came, letter by letter."""


class _Reading:
    """How far a text is taken apart: which brackets are open, and what may come next."""

    def __init__(self) -> None:
        self.tokens: Tokens = []
        self.flaws: set[Flaw] = set()
        self.wanted = "value"
        self._open: list[str] = []

    def scalar(self, quoted: str | None, word: str) -> bool:
        """Take a text or a word; whether it may stand here."""
        if self.wanted in ("value", "first value"):
            self.tokens.append(
                (WORD, _word(word, self.flaws)) if quoted is None else (TEXT, _unquote(quoted, self.flaws))
            )
            self._value_ends()
        elif self.wanted in ("name", "first name") and quoted is not None:
            self.tokens.append((NAME, _unquote(quoted, self.flaws)))
            self.wanted = "colon"
        else:
            return False
        return True

    def sign(self, sign: str) -> bool:
        """Take a bracket, colon or comma; whether it may stand here."""
        if sign in "{[" and self.wanted in ("value", "first value"):
            self.tokens.append((OPEN, sign))
            self._open.append(sign)
            self.wanted = "first name" if sign == "{" else "first value"
        elif sign in "}]" and self._open and self.wanted in ("comma", "first name" if sign == "}" else "first value"):
            self.tokens.append((CLOSE, sign))
            if self._open.pop() != _PAIR[sign]:
                return False
            self._value_ends()
        elif sign == ":" and self.wanted == "colon":
            self.wanted = "value"
        elif sign == "," and self.wanted == "comma":
            self.wanted = "name" if self._open[-1] == "{" else "value"
        else:
            return False
        return True

    def _value_ends(self) -> None:
        self.wanted = "comma" if self._open else "nothing"


def _unquote(quoted: str, flaws: set[Flaw]) -> str:
    inner = quoted[1:-1]
    if _CONTROL.search(inner):
        flaws.add(Flaw.CONTROL)
    if "\\" not in inner:
        return inner
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        flaws.add(Flaw.ESCAPE)
        return inner


def _word(word: str, flaws: set[Flaw]) -> str:
    if word not in ("true", "false", "null") and not NUMBER.fullmatch(word):
        flaws.add(Flaw.WORD)
    return word


def after(tokens: Tokens, at: int) -> int:
    """The place after the value that begins at `at`."""
    depth = 0
    for place in range(at, len(tokens)):
        kind = tokens[place][0]
        depth += (kind == OPEN) - (kind == CLOSE)
        if depth == 0 and kind != NAME:
            return place + 1
    return len(tokens)


def members(tokens: Tokens) -> Iterator[tuple[str, Tokens]]:
    """Names and values of an object, each as often as it came; nothing for what is no object."""
    if not tokens or tokens[0] != (OPEN, "{"):
        return
    at = 1
    while tokens[at][0] == NAME:
        end = after(tokens, at + 1)
        yield tokens[at][1], tokens[at + 1 : end]
        at = end


def elements(tokens: Tokens) -> Iterator[Tokens]:
    """Values of a list."""
    at = 1
    while tokens[at][0] != CLOSE:
        end = after(tokens, at)
        yield tokens[at:end]
        at = end


@lru_cache(maxsize=256)
def container_in(text: str) -> Json | None:
    """The object or list that a text holds, when it is one and nothing else."""
    if text.lstrip(" \t\r\n")[:1] not in ("{", "["):
        return None
    found = take_apart(text)
    return found if found and not found.flaws else None


def depth(tokens: Tokens) -> int:
    """How deep brackets are nested."""
    most = now = 0
    for kind, _ in tokens:
        now += (kind == OPEN) - (kind == CLOSE)
        most = max(most, now)
    return most


def parts(text: str) -> list[tuple[int, int]]:
    """Where in a text the members and elements are, each with a comma beside it, so that one can be left out."""
    found: list[tuple[int, int]] = []
    begins: list[int] = []
    at = 0
    while piece := _PIECE.match(text, at):
        sign, at = piece[2], piece.end()
        if sign and sign in "{[":
            begins.append(at)
        elif sign and sign in ",}]" and begins:
            first = text[begins[-1] - 1 : begins[-1]] != ","
            found.append((begins[-1], at) if first and sign == "," else (begins[-1] - (not first), piece.start(2)))
            begins[-1] = at
            if sign != ",":
                begins.pop()
    return [(begin, end) for begin, end in found if end > begin]
