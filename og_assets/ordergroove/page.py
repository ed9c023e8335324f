"""One page of a list, cut into the raw text of its records. Judges the page, never what is inside a record."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import msgspec

from og_assets.ordergroove.json_text import BrokenBody, cut_list, cut_members, cut_object, text_of


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


class WrongShape(ValueError):
    """The body is sound JSON but no page of this object; the text says what it is, without its values."""


class _Envelope(msgspec.Struct):
    results: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    next: str | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_next = msgspec.json.Decoder(str | None)
_ESCAPED_LETTER = re.compile(rb"\\u00[67]")


def split(body: bytes, key: tuple[str, ...]) -> tuple[list[bytes], str | None]:
    """The raw records of a page and the address of the next one.

    Accepts every shape of list that the API reference shows: an envelope with `results`, a bare
    array, and a bare object that has the fields of `key`, which is a page of one record.

    Raises BrokenBody when the body is cut off or no JSON, WrongShape when it is none of these.
    """
    try:
        page = _envelope.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return _split_tolerantly(body, key)
    if isinstance(page.results, list):
        records = [bytes(record) for record in page.results]
        if not _may_have_doubles(_around(body, records)):
            return records, page.next or None
    return _split_tolerantly(body, key)


def require_record(body: bytes, key: tuple[str, ...]) -> bytes:
    """The body of a retrieve, when it is one object that has the fields of `key`.

    Raises BrokenBody or WrongShape otherwise, as `split` does.
    """
    text = body.strip()
    if not text.startswith(b"{"):
        _reject(text)
    if not set(key) <= cut_object(text).keys():
        raise WrongShape("an object without " + " and ".join(key))
    return text


def _may_have_doubles(body: bytes) -> bool:
    """Whether `results` or `next` may be there twice, of which a decoder drops the first without a word."""
    if body.count(b'"results"') > 1 or body.count(b'"next"') > 1:
        return True
    return b"\\u00" in body and _ESCAPED_LETTER.search(body) is not None


def _around(body: bytes, records: Sequence[bytes]) -> bytes:
    """The body without its records, or whole where it is not sure that nothing else is between them."""
    if not records:
        return body
    begin, end = body.find(records[0]), body.rfind(records[-1]) + len(records[-1])
    commas = len(records) - 1
    return body[:begin] + body[end:] if end - begin == sum(map(len, records)) + commas else body


def _split_tolerantly(body: bytes, key: tuple[str, ...]) -> tuple[list[bytes], str | None]:
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"["):
        return cut_list(text), None
    if not text.startswith(b"{"):
        _reject(text)
    members = [(text_of(name), value) for name, value in cut_members(text)]
    lists = [value for name, value in members if name == "results"]
    if lists:
        if not all(value.startswith(b"[") for value in lists):
            raise WrongShape("`results` is not a list")
        return [record for value in lists for record in cut_list(value)], _next_of(members)
    if set(key) <= {name for name, _ in members}:
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


def _next_of(members: Sequence[tuple[str, bytes]]) -> str | None:
    try:
        addresses = {_next.decode(value) or None for name, value in members if name == "next"}
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise WrongShape("`next` is neither an address nor null") from None
    if len(addresses) > 1:
        raise WrongShape("`next` is there twice, with different addresses")
    return addresses.pop() if addresses else None
