"""The REST API over a world: which request means what, who may ask, and the pages and objects that answer it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from og_assets.emulator.filters import BadParameter, Condition, conditions, flag
from og_assets.emulator.listing import Listing
from og_assets.emulator.messages import JSON_TYPE, Answer, Cursor, Page, Request, Shape, json_answer
from og_assets.emulator.render import Body, Dialect, Renderer
from og_assets.emulator.shop.clock import STAMP_ZONE
from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.world import World

FILTER_ZONE = ZoneInfo("America/Chicago")
"""The zone in which the pipelines guide says that filters are read."""

DEFAULT_PAGE_SIZE = 10
MAX_PAGE_SIZE = 100
OWNERS = {
    "customers": "merchant_user_id",
    "subscriptions": "customer",
    "orders": "customer",
    "items": "orders.customer",
    "addresses": "customer",
    "payments": "customer",
    "one_time_incentives": "customer",
}
"""The column that a key without Bulk Operations permission is held to."""


@dataclass(frozen=True, slots=True)
class KeyPermission:
    """What an API key may read: with `bulk` everything, else the rows of one `customer` (by default the oldest)."""

    bulk: bool = True
    customer: str | None = None


class Api:
    """Answers requests from a world. Stamps are written in `stamp_zone`, filters read in `filter_zone`.

    `body_shape` gives the wrapping of a list by object name, where it is not the usual one.
    """

    def __init__(
        self,
        world: World,
        keys: Mapping[str, KeyPermission],
        *,
        stamp_zone: tzinfo = STAMP_ZONE,
        filter_zone: tzinfo = FILTER_ZONE,
        dialect: Dialect = "strict",
    ) -> None:
        self.world = world
        self.keys = dict(keys)
        self.body_shape: dict[str, Shape] = {}
        self.stamp_zone = stamp_zone
        self._filter_zone = filter_zone
        self._renderer = Renderer(world.merchant, stamp_zone, dialect)
        self._nonce = 0

    def answer(self, request: Request) -> Answer:
        """The answer to a request for an object, a list or nothing known."""
        if request.api_key is None:
            return _detail(401, "Authentication credentials were not provided.")
        permission = self.keys.get(request.api_key)
        if permission is None:
            return _detail(403, "Authentication Failed")
        if request.object is None:
            return _missing(request)
        if request.method != "GET":
            return _detail(405, f'Method "{request.method}" not allowed.')
        scope = self._scope(request.object, permission)
        try:
            with self.world.lock:
                if request.tail == "relationships":
                    return self._relationships(request)
                if request.tail == "components":
                    return self._component(request)
                return self._list(request, scope) if request.is_list else self._retrieve(request, scope)
        except BadParameter as bad:
            return json_answer({bad.field: str(bad)}, 400)

    def again(self, request: Request) -> str:
        """A URL with a cursor of its own that answers what `request` answers."""
        self._nonce += 1
        at = request.cursor or Cursor(0, _page_size(request), 1)
        cursor = Cursor(at.after, at.page_size, at.page, at.created, at.reverse, self._nonce)
        return request.url(cursor=cursor.encode(), page_size=None)

    def _scope(self, object_name: str, permission: KeyPermission) -> list[Condition]:
        if permission.bulk or object_name not in OWNERS:
            return []
        customer = permission.customer
        if customer is None:
            customer = self.world.store.value("SELECT merchant_user_id FROM customers ORDER BY id LIMIT 1")
        return [Condition(f"{OWNERS[object_name]} = ?", (customer,))]

    def _list(self, request: Request, scope: list[Condition]) -> Answer:
        assert request.object is not None
        asked = conditions(request.object, request.query, self._filter_zone)
        found = Listing(self.world.store, request.object, asked + scope)
        shape: Shape = self.body_shape.get(request.object, "v2" if request.version_2 else "count")
        if shape in ("results_only", "bare_array"):
            page: Page | None = Page([self._text(request, row) for row in found.rows(0)])
        elif request.version_2:
            page = self._cursor_page(request, found)
        else:
            page = self._numbered_page(request, found)
        if page is None:
            return _detail(404, "Invalid cursor" if request.version_2 else "Invalid page.")
        if shape == "count" and page.count is None:
            page.count = found.count()
        page.shape = shape
        return Answer(headers={"Content-Type": JSON_TYPE}, page=page)

    def _cursor_page(self, request: Request, found: Listing) -> Page | None:
        at = request.cursor
        if at is None:
            if "cursor" in request.query:
                return None
            at = Cursor(0, _page_size(request), 1)
        size = _page_size(request) if "page_size" in request.query else at.page_size
        rows = found.rows(at.after, size + 1, reverse=at.reverse)
        more, rows = len(rows) > size, rows[:size]
        if at.reverse:
            rows.reverse()
        bodies = [self._body(request, row) for row in rows]
        page = Page([json.dumps(body) for body in bodies])
        if rows and (more or at.reverse):
            last = Cursor(rows[-1][0], size, at.page + 1, bodies[-1].get("created", ""))
            page.next = request.url(cursor=last.encode(), page_size=None)
        if rows and at.after and (more or not at.reverse):
            first = Cursor(rows[0][0], size, max(1, at.page - 1), bodies[0].get("created", ""), reverse=True)
            page.previous = request.url(cursor=first.encode(), page_size=None)
        return page

    def _numbered_page(self, request: Request, found: Listing) -> Page | None:
        size, count = _page_size(request), found.count()
        text = request.query.get("page", ["1"])[-1]
        number, last = request.page, max(1, -(-count // size))
        if not text.isdecimal() or not 1 <= number <= last:
            return None
        rows = found.rows(0, size, offset=(number - 1) * size)
        page = Page([self._text(request, row) for row in rows], count=count)
        page.next = request.url(page=str(number + 1)) if number < last else None
        page.previous = request.url(page=str(number - 1)) if number > 1 else None
        return page

    def _retrieve(self, request: Request, scope: list[Condition]) -> Answer:
        assert request.object is not None
        table = TABLES[request.object]
        key = Condition(f'"{table.name}"."{table.key}" = ?', (request.key,))
        rows = Listing(self.world.store, table.name, [key, *scope]).rows(0, 1)
        return json_answer(self._body(request, rows[0])) if rows else _missing(request)

    def _relationships(self, request: Request) -> Answer:
        product = Condition("from_product = ?", (request.key,))
        rows = Listing(self.world.store, "relationships", [product]).rows(0)
        return json_answer([self._renderer.body("relationships", row) for row in rows])

    def _component(self, request: Request) -> Answer:
        text = self.world.store.value(
            "SELECT line.value FROM subscriptions, json_each(components) AS line "
            "WHERE json_extract(line.value, '$.public_id') = ?",
            request.key,
        )
        return _missing(request) if text is None else json_answer(json.loads(text))

    def _text(self, request: Request, row: tuple[Any, ...]) -> str:
        return json.dumps(self._body(request, row))

    def _body(self, request: Request, row: tuple[Any, ...]) -> Body:
        assert request.object is not None
        body = self._renderer.body(request.object, row)
        asked = {name for name in _OPTIONS.get(request.object, ()) if flag(name, request.query.get(name, ["0"])[-1])}
        if "omit_price_calculation" in asked:
            for name in ("price", "extra_cost", "total_price", "order_updated"):
                body.pop(name, None)
        if "include_has_plan" in asked:
            body["has_plan"] = bool(
                self.world.store.value(
                    'SELECT 1 FROM items JOIN products ON external_product_id = product WHERE "order" = ? '
                    "AND product_type = 'plan'",
                    body["public_id"],
                )
            )
        for name in asked & _EMPTY_LISTS.keys():
            body[_EMPTY_LISTS[name]] = []
        return body


_EMPTY_LISTS = {
    "include_product_selection_rules": "product_selection_rules",
    "include_product_resource_grants": "product_resource_grants",
    "include_product_free_trials": "product_free_trial_configurations",
}
"""What products carry on request. No product of this world has any, so the lists are empty."""

_OPTIONS = {
    "items": ("omit_price_calculation",),
    "orders": ("include_has_plan",),
    "products": tuple(_EMPTY_LISTS),
}


def _page_size(request: Request) -> int:
    text = request.query.get("page_size", [""])[-1]
    size = int(text) if text.isdecimal() else 0
    return min(size, MAX_PAGE_SIZE) if size else DEFAULT_PAGE_SIZE


def _detail(status: int, text: str) -> Answer:
    return json_answer({"detail": text}, status)


def _missing(request: Request) -> Answer:
    incentive = request.object == "one_time_incentives"
    return _detail(404, "Not found" if incentive else "Unable to find requested asset.")
