"""Reads Ordergroove's REST API: pages in their order, single records, a look before a run. No Dagster, no tables.

One client belongs to one reader: it keeps one connection, one pace, and asks for one page at a time.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, NoReturn, Self
from urllib.parse import quote

import httpx
import msgspec

from og_assets.locking import Starts
from og_assets.ordergroove import errors
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.ordergroove.page import Page, require_record, split
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.ordergroove.transport import Answer, Transport

PAGE_SIZE = 100
"""The most records that Ordergroove puts on a page (API reference: pagination)."""
EMPTY_PAGES_IN_A_ROW = 1000
"""So many pages without a record, each with a `next`, are taken for a circle."""
TIMEOUT = httpx.Timeout(90.0, connect=10.0)
"""Seconds; lists of a large merchant may take more than 20 (guide: implement-custom-data-pipelines)."""

_BAD_REQUEST, _NOT_FOUND = 400, 404
_REFUSALS: Mapping[int, type[errors.Refused]] = {
    _BAD_REQUEST: errors.BadParameter,
    401: errors.WrongKey,
    403: errors.MissingPermission,
    _NOT_FOUND: errors.NotFoundOnList,
}
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}(\[\])?")


@dataclass(frozen=True, slots=True)
class Preflight:
    """What one look at the customers says: that host and key work, and how much the key may see.

    `customers` counts the different customers on a page of two. With fewer than two, the key
    probably lacks the Bulk Operations permission, or the merchant is new. `clock_skew` is the
    server's clock minus ours, to about a second, None when the server sends no `Date`; `seconds`
    is what the answer took.
    """

    customers: int
    clock_skew: timedelta | None
    seconds: float

    @property
    def sees_several_customers(self) -> bool:
        """Whether the key lists rows of more than one customer, as every sync needs."""
        return self.customers > 1

    def require_bulk_permission(self) -> None:
        """Raise MissingPermission for one customer or none: Ordergroove gives no error for the missing permission.

        A pull would be complete, and move the watermark over changes that nobody has read.
        """
        if not self.sees_several_customers:
            seen = "one customer" if self.customers else "no customer"
            raise errors.MissingPermission(
                "customers, first page", f"it lists {seen}, as for a key without the Bulk Operations permission"
            )


class OrdergrooveClient:
    """A reader of one Ordergroove host with one API key; a context manager.

    `base_url` is scheme, host and port of the REST API. `requests_per_minute` is the rate limit, None for
    no pace; readers with the same `starts` share it. `timeout` bounds each wait for the network, `retry`
    says how often and how long a request is tried again.

    Raises ValueError for an address that is none, WrongKey for a key that no header can carry.
    Every method may raise any of `og_assets.ordergroove.errors`.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        requests_per_minute: float | None,
        starts: Starts | None = None,
        timeout: httpx.Timeout | float = TIMEOUT,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
    ) -> None:
        self._base = _parse_base(base_url)
        self._transport = Transport(
            api_key,
            encrypted=self._base.scheme == "https",
            requests_per_minute=requests_per_minute,
            starts=starts,
            timeout=timeout,
            retry=retry,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. A request or a wait in another thread ends at once, there with Closed."""
        self._transport.close()

    @property
    def address(self) -> str:
        """The address of the REST API."""
        return str(self._base)

    def when_sent(self, call: Callable[[], None]) -> None:
        """Call a function whenever a request is on its way, in the thread that waits for the answer."""
        self._transport.on_sent = call

    def pages(
        self,
        object: OrdergrooveObject,
        filters: Mapping[str, str],
        *,
        first_url: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Page]:
        """The pages of a list, one request after the other, until Ordergroove names no next one.

        `filters` are query parameters; the object's own `params` are always sent with them.
        `first_url` is the `next_url` of an earlier page to go on from, which has its filters in it.

        Raises NotFoundOnList when there is no such list, CursorExpired when a `next` is no longer
        accepted, ForeignNext before the key would go to another host, CursorLoop when pages repeat.
        A page is yielded before its `next` is judged.
        """
        query = {**filters, **object.params, "page_size": str(page_size)}
        url = self._at(object.path).copy_merge_params(query)
        following, is_next, number, empty = first_url, False, 0, 0
        seen: set[int] = set()  # hashes, so that a pull of 100,000 pages takes a few megabytes
        while True:
            number += 1
            where = f"{object.name}, page {number}"
            if following is not None:
                url, is_next = self._own(url, following, where), True
            if hash(url) in seen:
                raise errors.CursorLoop(where, "its address was read before")
            seen.add(hash(url))
            page = self._page(object, url, number, is_next=is_next)
            yield page
            empty = 0 if page.records else empty + 1
            if page.next_url is None:
                return
            if empty >= EMPTY_PAGES_IN_A_ROW:
                raise errors.CursorLoop(where, f"{empty} empty pages in a row")
            following = page.next_url

    def retrieve(self, object: OrdergrooveObject, key: str) -> bytes | None:
        """The raw JSON of one record by its key, or None when Ordergroove answers 404.

        None may also mean that the record is out of this key's scope; 403 raises, it is never
        "gone". Raises ValueError for an object that Ordergroove cannot be asked for one by one.
        """
        if not object.retrievable:
            raise ValueError(f"Ordergroove documents no way to retrieve one of {object.name}")
        if key in ("", ".", ".."):
            raise ValueError(f"no key of {object.name} is empty or dots: its path would be another one")
        where = f"{object.name}, one record"
        url = self._at(object.retrieve_path(quote(key, safe="")))
        answer = self._transport.get(url, where, lambda body: require_record(body, object.key))
        if answer.status == _NOT_FOUND:
            return None
        if answer.content is None:
            _refuse(answer, where, is_next=False)
        return answer.content

    def preflight(self) -> Preflight:
        """List two customers: whether host and key work, before anything relies on them (guide: data pipelines)."""
        customers = next(object for object in OBJECTS if object.name == "customers")
        page = next(self.pages(customers, {}, page_size=2))
        answered_at = datetime.now(UTC)
        return Preflight(
            customers=len({_key_of(record, customers.key[0]) for record in page.records}),
            clock_skew=page.server_date - answered_at if page.server_date else None,
            seconds=page.seconds,
        )

    def _page(self, object: OrdergrooveObject, url: httpx.URL, number: int, *, is_next: bool) -> Page:
        where = f"{object.name}, page {number}"
        answer = self._transport.get(url, where, lambda body: split(body, object.key))
        if answer.content is None:
            _refuse(answer, where, is_next=is_next)
        records, next_url = answer.content
        return Page(
            number=number,
            records=records,
            next_url=next_url,
            url=str(url),
            server_date=answer.server_date,
            fetched_at=answer.sent_at,
            body_bytes=len(answer.body),
            requests=sum(answer.retries.values()) + 1,
            retries=answer.retries,
            seconds=answer.seconds,
        )

    def _at(self, path: str) -> httpx.URL:
        return self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + path.encode())

    def _own(self, url: httpx.URL, following: str, where: str) -> httpx.URL:
        """The address of a next page, once it is sure that it is on our host."""
        try:
            joined = url.join(following)
        except (httpx.InvalidURL, ValueError):
            raise errors.UnexpectedPage(where, "`next` is no address") from None
        if _origin(joined) != _origin(self._base) or joined.userinfo:
            raise errors.ForeignNext(where, f"{_shown(joined)} instead of {_shown(self._base)}")
        return joined


def _parse_base(base_url: str) -> httpx.URL:
    try:
        base = httpx.URL(base_url)
    except httpx.InvalidURL:
        base = httpx.URL("")
    if base.scheme not in ("http", "https") or not base.host or base.userinfo or base.query or base.fragment:
        raise ValueError(
            "ORDERGROOVE_BASE_URL must be scheme and host of the REST API, such as https://restapi.ordergroove.com"
        )
    return base


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _shown(url: httpx.URL) -> str:
    port = "" if url.port is None else f":{url.port}"
    return f"{url.scheme}://{url.host}{port}"


def _refuse(answer: Answer[Any], where: str, *, is_next: bool) -> NoReturn:
    """Raise what a status other than 200 means for a person."""
    status = f"HTTP {answer.status}"
    if is_next and answer.status in (_BAD_REQUEST, _NOT_FOUND):
        raise errors.CursorExpired(where, status)
    if httpx.codes.is_success(answer.status):
        raise errors.UnexpectedPage(where, status)
    if httpx.codes.is_redirect(answer.status):
        raise errors.Redirected(where, status + _target(answer.location))
    names = _named_fields(answer.body) if answer.status == _BAD_REQUEST else ""
    raise _REFUSALS.get(answer.status, errors.Refused)(where, status + names)


def _target(location: str | None) -> str:
    try:
        target = httpx.URL(location or "")
    except httpx.InvalidURL:
        return ""
    return f" to {_shown(target)}" if target.host else ""


def _named_fields(body: bytes) -> str:
    """The parameters that a 400 names; what it says about them may repeat personal values and is left out."""
    try:
        names = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""
    return "".join(f", {name}" for name in list(names)[:5] if _FIELD_NAME.fullmatch(name))


def _key_of(record: bytes, key: str) -> str:
    try:
        return str(msgspec.json.decode(record, type=dict[str, Any]).get(key))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""
