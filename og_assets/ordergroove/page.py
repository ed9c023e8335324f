"""One page of a list, cut into the raw text of its records. Judges the page, never what is inside a record."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import msgspec


@dataclass(frozen=True, slots=True)
class Page:
    """One answered page of one object's list, and what it took to get it.

    `records` are verbatim slices of the body, each meant to be one JSON object; a record that is
    not valid JSON is delivered all the same, so that its reader can quarantine it. `next_url` is
    the address of the next page as Ordergroove gave it, None on the last one.

    `server_date` is the `Date` header of the answer, `fetched_at` our clock when the answered
    request was sent; both aware, in UTC. `body_bytes` counts the body after decompression.
    `requests` is how many tries it took, `retries` counts the failed ones by code ("429",
    "timeout"), `seconds` is how long the slowest of them lasted.
    """

    number: int
    records: list[bytes]
    next_url: str | None
    url: str
    server_date: datetime | None
    fetched_at: datetime
    body_bytes: int
    requests: int
    retries: Mapping[str, int]
    seconds: float


class BrokenBody(ValueError):
    """The body ends too early or is not JSON at all: a fault of its transport, worth another try."""


class WrongShape(ValueError):
    """The body is sound JSON but no page of this object; the text says what it is, without its values."""


class _Envelope(msgspec.Struct):
    results: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    next: str | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_next = msgspec.json.Decoder(str | None)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_member_name = msgspec.json.Decoder(str)


def split(body: bytes, key: tuple[str, ...]) -> tuple[list[bytes], str | None]:
    """The raw records of a page and the address of the next one.

    Accepts every shape of list that the API reference shows: an envelope with `results`, a bare
    array, and a bare object that has the fields of `key`, which is a page of one record.

    Raises BrokenBody when the body is cut off or no JSON, WrongShape when it is none of these.
    """
    try:
        page = _envelope.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return _split_tolerantly(body, key)
    if isinstance(page.results, list):
        return [bytes(record) for record in page.results], page.next or None
    return _split_tolerantly(body, key)


def require_record(body: bytes, key: tuple[str, ...]) -> bytes:
    """The body of a retrieve, when it is one object that has the fields of `key`.

    Raises BrokenBody or WrongShape otherwise, as `split` does.
    """
    text = body.strip()
    if not text.startswith(b"{"):
        _reject(text)
    if not set(key) <= _members(text).keys():
        raise WrongShape("an object without " + " and ".join(key))
    return text


def cut_object(text: bytes) -> dict[str, bytes]:
    """The members of a JSON object, each as its own text; of two with one name the last.

    Raises BrokenBody when the text is no object or its brackets do not match.
    """
    try:
        return {name: bytes(value) for name, value in _object.decode(text).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = text.strip()
        if not text.startswith(b"{"):
            raise BrokenBody("no JSON object") from None
        return _members(text)


def cut_list(text: bytes) -> list[bytes]:
    """The elements of a JSON list, each as its own text. Raises BrokenBody as `cut_object` does."""
    try:
        return [bytes(element) for element in _list.decode(text)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = text.strip()
        if not text.startswith(b"["):
            raise BrokenBody("no JSON list") from None
        return _elements(text)


# A record with NaN, a control character, a lone surrogate or thousands of nested brackets is refused by a strict
# decoder, and the 99 sound records around it with it. So when the strict way fails, the page is cut at its own
# brackets and commas, without a look at anything else.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_MEMBER = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*")\s*:\s*(.*)', re.DOTALL)
_CLOSES = {b"]": b"[", b"}": b"{"}


def _split_tolerantly(body: bytes, key: tuple[str, ...]) -> tuple[list[bytes], str | None]:
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"["):
        return _elements(text), None
    if not text.startswith(b"{"):
        _reject(text)
    members = _members(text)
    if "results" in members:
        results = members["results"]
        if not results.startswith(b"["):
            raise WrongShape("`results` is not a list")
        return _elements(results), _next_of(members)
    if set(key) <= members.keys():
        return [text], None
    raise WrongShape("an object with neither `results` nor " + " and ".join(key))


def _reject(text: bytes) -> NoReturn:
    if text.startswith(b"<"):
        raise BrokenBody("HTML or XML instead of JSON")
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BrokenBody("not JSON" if text else "empty body") from None
    raise WrongShape("JSON, but neither an object nor a list")


def _next_of(members: Mapping[str, bytes]) -> str | None:
    try:
        return _next.decode(members.get("next", b"null")) or None
    except msgspec.DecodeError:
        raise WrongShape("`next` is neither an address nor null") from None


def _members(text: bytes) -> dict[str, bytes]:
    members = {}
    for element in _elements(text):
        match = _MEMBER.fullmatch(element)
        if match is None:
            raise BrokenBody("not JSON")
        try:
            members[_member_name.decode(match[1])] = match[2]
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # a name that cannot be read is none of those that matter here
    return members


def _elements(text: bytes) -> list[bytes]:
    """What stands between the commas of the list or object that `text` is."""
    elements: list[bytes] = []
    open_brackets: list[bytes] = []
    begin = 1
    for match in _TOKEN.finditer(text):
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
