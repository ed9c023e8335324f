"""Requests, pages and answers, before they are bytes on a connection."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

Shape = Literal["v2", "count", "results_only", "bare_array", "bare_object"]
"""How a list is wrapped; every shape is in some example of the documents (reference: pagination, the *-list pages)."""

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after the row `after` of a walk (or before it when `reverse`).

    It carries the page size and the number of the page, so that both stay as they are through a walk.
    `nonce` makes another cursor to the same place.
    """

    after: int
    page_size: int
    page: int
    created: str = ""
    reverse: bool = False
    nonce: int = 0

    def encode(self) -> str:
        """The opaque text: Base64 of an URL-encoded position."""
        parts = {"p": f"{self.created}|{self.after}", "n": self.page_size, "k": self.page}
        if self.reverse:
            parts["r"] = 1
        if self.nonce:
            parts["d"] = self.nonce
        return urlsafe_b64encode(urlencode(parts).encode()).decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Read an opaque text; ValueError when it is none of ours."""
        query = parse_qs(urlsafe_b64decode(text).decode(), strict_parsing=True)
        parts = {name: values[0] for name, values in query.items()}
        try:
            created, _, after = parts["p"].rpartition("|")
            numbers = (int(after), int(parts["n"]), int(parts["k"]))
        except KeyError:
            raise ValueError("the cursor lacks a part") from None
        return cls(*numbers, created, "r" in parts, int(parts.get("d", 0)))


@dataclass(frozen=True, slots=True)
class Request:
    """A request as served: `headers` are in lower case and without the API key, `object` is None off the lists."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    base_url: str
    at: datetime
    object: str | None = None
    key: str | None = None
    tail: str | None = None
    cursor: Cursor | None = None
    api_key: str | None = field(default=None, repr=False)

    @property
    def is_list(self) -> bool:
        """Whether a list of an object is asked for."""
        return self.object is not None and self.key is None and self.tail is None

    @property
    def page(self) -> int:
        """The number of the page within its walk, from 1."""
        if self.cursor is not None:
            return self.cursor.page
        text = self.query.get("page", ["1"])[-1]
        return int(text) if text.isdecimal() else 1

    @property
    def version_2(self) -> bool:
        """Whether the version header asks for cursor paging."""
        return self.headers.get("x-og-api-version") == "2"

    def url(self, **changes: str | None) -> str:
        """The request's URL with some query parameters replaced, or removed by None."""
        query = {name: values for name, values in self.query.items() if name not in changes}
        query |= {name: [value] for name, value in changes.items() if value is not None}
        text = urlencode(sorted(query.items()), doseq=True)
        return f"{self.base_url}{self.path}{'?' if text else ''}{text}"


@dataclass(slots=True)
class Page:
    """A page of a list: the JSON texts of its records and where to go from here."""

    records: list[str]
    next: str | None = None
    previous: str | None = None
    count: int | None = None
    shape: Shape = "v2"

    def encode(self) -> bytes:
        """The page as a body in its shape."""
        results = f"[{', '.join(self.records)}]"
        if self.shape == "bare_array":
            return results.encode()
        if self.shape == "bare_object" and len(self.records) == 1:
            return self.records[0].encode()
        if self.shape == "results_only":
            return f'{{"results": {results}}}'.encode()
        links = f'"next": {json.dumps(self.next)}, "previous": {json.dumps(self.previous)}'
        count = f'"count": {self.count}, ' if self.shape == "count" else ""
        return f'{{{count}{links}, "results": {results}}}'.encode()


@dataclass(slots=True)
class Answer:
    """What is sent back: a page, or a body as it is."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    page: Page | None = None

    def payload(self) -> bytes:
        """The bytes of the body."""
        return self.body if self.page is None else self.page.encode()


def json_answer(value: Any, status: int = 200) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, json.dumps(value).encode(), {"Content-Type": JSON_TYPE})
