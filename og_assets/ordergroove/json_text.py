"""JSON text taken apart at its tokens, without making values of it: digits, spellings and doubles stay as they came.

What is sound JSON is cut in compiled code. The rest (NaN, a control character, half a surrogate pair, bytes that are
not UTF-8, thousands of nested brackets) is cut at its brackets and commas alone, whatever stands between them.
"""

import re

import msgspec

DEEPEST = 201
"""How deep a record may be nested: as deep as pydantic reads. Readers of JSON have limits, each another one."""

TOKEN = re.compile(rb'("(?:[^"\\]++|\\.)*+"?)(\s*:)?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
"""A string (up to the end of the text where its own is missing) and its colon, a mark of the syntax, or a bare word."""

_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
_MEMBER = re.compile(rb'("(?:[^"\\]++|\\.)*+")\s*:\s*(.+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_CLOSES = {b"]": b"[", b"}": b"{"}

_any = msgspec.json.Decoder(msgspec.Raw)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_text = msgspec.json.Decoder(str)


class BrokenBody(ValueError):
    """The text ends too early or is not JSON at all: where a body is broken, a fault of its transport."""


def is_json(text: bytes) -> bool:
    """Whether the text is one JSON value, to the letter of RFC 8259, with numbers of any size."""
    try:
        _any.decode(text)
        text.decode()  # which decoders of JSON judge only where they make text of it
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def is_too_deep(text: bytes) -> bool:
    """Whether brackets are nested deeper than DEEPEST."""
    if text.count(b"[") + text.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for match in _MARK.finditer(text):
        if match[0] in b"[{":
            depth += 1
            if depth > DEEPEST:
                return True
        elif match[0] in b"]}":
            depth -= 1
    return False


def text_of(value: bytes) -> str:
    """What a value says: the characters of a string, be it broken, or else its own text, as the digits of a number."""
    try:
        return _text.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = value.decode(errors="backslashreplace")
    return _ESCAPE.sub(_unescaped, text[1:].removesuffix('"')) if text.startswith('"') else text


def cut_members(text: bytes) -> list[tuple[bytes, bytes]]:
    """The members of a JSON object in order, doubles too, each as the texts of its name and its value.

    Raises BrokenBody when the text is no object or cannot be cut into members.
    """
    members = []
    for element in _elements(text, b"{"):
        match = _MEMBER.fullmatch(element)
        if match is None:
            raise BrokenBody("not JSON")
        members.append((match[1], match[2]))
    return members


def cut_object(text: bytes) -> dict[str, bytes]:
    """The members of a JSON object by name; of two with one name the last. Raises BrokenBody as `cut_members` does."""
    try:
        return {name: bytes(value) for name, value in _object.decode(text).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {text_of(name): value for name, value in cut_members(text)}


def cut_list(text: bytes) -> list[bytes]:
    """The elements of a JSON list, each as its own text. Raises BrokenBody as `cut_members` does."""
    try:
        return [bytes(element) for element in _list.decode(text)]
    except (msgspec.MsgspecError, RecursionError):
        return _elements(text, b"[")


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else _ESCAPED.get(escape[2], escape[2])


def _elements(text: bytes, bracket: bytes) -> list[bytes]:
    """What stands between the commas of the list or object that `text` is."""
    text = text.strip()
    if not text.startswith(bracket):
        raise BrokenBody("no JSON object" if bracket == b"{" else "no JSON list")
    elements: list[bytes] = []
    open_brackets: list[bytes] = []
    begin = 1
    for match in _MARK.finditer(text):
        token = match[0]
        if token == b'"':
            break
        if token in (b"[", b"{"):
            open_brackets.append(token)
        elif token == b"," and len(open_brackets) == 1:
            elements.append(text[begin : match.start()].strip())
            begin = match.end()
        elif token in _CLOSES:
            if open_brackets.pop() != _CLOSES[token]:
                raise BrokenBody("brackets that do not match")
            if not open_brackets:
                return _finish(text, elements, begin, match.start())
    raise BrokenBody("cut off before its end")


def _finish(text: bytes, elements: list[bytes], begin: int, end: int) -> list[bytes]:
    if text[end + 1 :].strip():
        raise BrokenBody("text after its end")
    last = text[begin:end].strip()
    if last or elements:
        elements.append(last)
    if b"" in elements:
        raise BrokenBody("a comma without an element")
    return elements
