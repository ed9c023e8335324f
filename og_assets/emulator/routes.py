"""From a request line to what is asked for: the paths of every object (reference: the list and retrieve pages)."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

from og_assets.emulator.messages import Cursor, Request
from og_assets.ordergroove.objects import OBJECTS

LISTS = {listed.path.rstrip("/"): listed for listed in OBJECTS}


def parse(method: str, target: str, headers: Mapping[str, str], base_url: str, at: datetime) -> Request:
    """A request as understood; the slash at the end of a path may be missing."""
    parts = urlsplit(target)
    query = parse_qs(parts.query, keep_blank_values=False)
    lower = {name.lower(): value for name, value in headers.items()}
    api_key = lower.pop("x-api-key", None)
    object_name, key, tail = locate(parts.path)
    return Request(
        method,
        parts.path,
        query,
        lower,
        base_url,
        at,
        object_name,
        key,
        tail,
        _cursor(query),
        api_key,
    )


def locate(path: str) -> tuple[str | None, str | None, str | None]:
    """Object, key and what of the object is asked for; all None for a path that is not served."""
    path = path.rstrip("/")
    if path in LISTS:
        return LISTS[path].name, None, None
    parent, _, last = path.rpartition("/")
    found = LISTS.get(parent)
    if found is not None and found.retrievable:
        return found.name, unquote(last), None
    if parent == "/subscriptions/components":
        return "subscriptions", unquote(last), "components"
    products, _, key = parent.rpartition("/")
    if last == "relationships" and products == "/products":
        return "products", unquote(key), "relationships"
    return None, None, None


def _cursor(query: Mapping[str, list[str]]) -> Cursor | None:
    """The cursor of a query, or None for none and for one that cannot be read."""
    if "cursor" not in query:
        return None
    try:
        return Cursor.decode(query["cursor"][-1])
    except ValueError:
        return None
