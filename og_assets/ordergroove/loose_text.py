"""Members that are shown in text which is no sound JSON: cut off, badly quoted, or in another language's spelling."""

import re
from collections.abc import Callable

# Backslashes double with each text in a text: 40 are five of them. Without a bound, a megabyte of them takes hours.
_NAME = re.compile(rb"""(\\{0,40}+["'])([^"'\\]{1,200})\1\s*:\s*""")
_QUOTED = re.compile(rb"""(\\*["'])(.*?)(?:(?<!\\)\1|\Z)""", re.DOTALL)
_BARE = re.compile(rb"[^,}\]\r\n]*")
_BRACKET = re.compile(rb"[{}\[\]]")
_SAYS_NOTHING = frozenset({b"", b"null", b"None", b"true", b"false", b"True", b"False"})


def rewritten(text: bytes, chooses: Callable[[str], bool], mask: Callable[[str], str | None]) -> bytes:
    """The text with the values of members whose names `chooses` takes replaced by what `mask` makes of them.

    What belongs to a value is read widely: up to its own closing quote or bracket, and where that is missing up to
    the end of the text.
    """
    written: list[bytes] = []
    copied = position = 0
    while found := _NAME.search(text, position):
        position = found.end(2)  # where the name is none, its last quote may be the first one of another
        if not chooses(found[2].decode(errors="replace")):
            continue
        position, content = _value(text, found.end())
        if content.strip() in _SAYS_NOTHING:
            continue
        said, quote = mask(content.decode(errors="backslashreplace")), found[1]
        written += text[copied : found.end()], b"null" if said is None else quote + said.encode() + quote
        copied = position
    return b"".join([*written, text[copied:]]) if written else text


def _value(text: bytes, begin: int) -> tuple[int, bytes]:
    """Where the value that begins there ends, and its content."""
    if quoted := _QUOTED.match(text, begin):
        return quoted.end(), quoted[2]
    if text[begin : begin + 1] in (b"{", b"["):
        end = _after_bracket(text, begin)
        return end, text[begin:end]
    bare = _BARE.match(text, begin)
    return (bare.end(), bare[0]) if bare else (begin, b"")


def _after_bracket(text: bytes, begin: int) -> int:
    depth = 0
    for bracket in _BRACKET.finditer(text, begin):
        depth += 1 if bracket[0] in b"{[" else -1
        if depth == 0:
            return bracket.end()
    return len(text)
