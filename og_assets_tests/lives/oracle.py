"""What the tables must say, from the shop alone. Own code: nothing of how the tables are derived is used here."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from og_assets_tests.lives.shop import Shop

if TYPE_CHECKING:
    from og_assets_tests.lives.life import Life

MOVES = ("item.change_order", "item.out_of_stock")
CLOSE = timedelta(seconds=2)
"""Events have whole seconds, and so has the `Date` that tells the server's clock at a fetch."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
HELD = "SELECT object, id FROM analytics.deletion_tombstones WHERE lifted_at IS NULL"
BRIDGE = (
    'SELECT item, "order", subscription, customer, product, quantity, CAST(total_price * 100 AS BIGINT), order_status,'
    " order_merchant_id, is_deleted FROM analytics.items_orders_bridge"
)
TOTALS = (
    'SELECT "order", customer, status, items, units, subscriptions, CAST(items_total * 100 AS BIGINT),'
    " CAST(sub_total * 100 AS BIGINT), CAST(total * 100 AS BIGINT), agrees, is_deleted FROM analytics.order_totals"
)


def after_a_sync(life: "Life") -> list[str]:
    """What is wrong after a sync that began with the change `base`; what changed since is left to the next one."""
    shop, site, wrong = life.shop, life.site, []
    held = set(site.rows(HELD))
    for name, exist in (("orders", shop.orders), ("items", shop.items)):
        fetched = {id for (id,) in site.rows(f"SELECT public_id FROM ordergroove.{name}")}
        current = {id for (id,) in site.rows(f"SELECT public_id FROM ordergroove.{name}_current")}
        settled = _untouched(life, fetched | exist.keys() | {id for object, id in held if object == name})
        for id in settled:
            is_held = (name, id) in held
            if id in exist and is_held:
                wrong.append(f"tombstone of {id}, which exists")
            elif id in exist and id not in current:
                wrong.append(f"{id} is not in {name}_current")
            elif id not in exist and id in fetched and not is_held:
                wrong.append(f"no tombstone of {id}, which is gone")
            elif id not in exist and id in current:
                wrong.append(f"{id}, which is gone, is in {name}_current")
            elif is_held and id not in shop.deleted:
                wrong.append(f"tombstone of {id}, which never existed")
    wrong += _differences("bridge", _bridge(shop), site.rows(BRIDGE), life)
    wrong += _differences("totals", _totals(shop), site.rows(TOTALS), life)
    return wrong + missing_marks(life, life.base)


def missing_marks(life: "Life", since: int) -> list[str]:
    """Wrong `is_missing` of what has not changed since that change."""
    there = {*life.shop.incentives, *(set(life.shop.payments) - life.shop.hidden_payments)}
    return [
        f"is_missing of {id} is {is_missing}"
        for id, is_missing in life.site.rows(f"SELECT public_id, is_missing FROM ordergroove.{life.listed_whole}")
        if life.shop.touched.get(id, 0) <= since and is_missing is not (id not in there)
    ]


def between_syncs(life: "Life") -> list[str]:
    """What is wrong between two syncs beyond what docs/guarantees.md names: none told of it, or falsely."""
    shop, wrong = life.shop, []
    stories = _Stories(life)
    bridge = life.site.rows(BRIDGE)
    for item, order, *_, is_deleted in bridge:
        exists = item in shop.items
        is_wrong = is_deleted is exists or (exists and order != shop.items[item].order)
        if is_wrong and not stories.excuse_item(item):
            wrong.append(f"bridge of {item}: in {order}, is_deleted {is_deleted}; every webhook of it came")
        life.done["named"] += is_wrong
    sums: Counter[str] = Counter()
    for _, order, *_, is_deleted in bridge:
        sums[order] += not is_deleted
    for order, _, _, items, *_, is_deleted in life.site.rows(TOTALS):
        if is_deleted is (order in shop.orders) and not stories.excuse_order(order):
            wrong.append(f"totals of {order}: is_deleted {is_deleted}; every webhook of it came")
        if items != sums[order]:
            wrong.append(f"totals of {order}: {items} items, the bridge has {sums[order]}")
    for _, id in life.site.rows(HELD):
        if (id in shop.orders or id in shop.items) and not any(lie.about == id for lie in life.lies):
            wrong.append(f"tombstone of {id}, which exists, and no webhook was false")
    return wrong


class _Stories:
    """What the webhooks since the last sync should have told, and whether they did."""

    def __init__(self, life: "Life") -> None:
        self._untold: set[str] = set()
        self._orders: dict[str, set[str]] = {}
        moved: dict[str, datetime] = {}
        for event in life.shop.events:
            if event.type.startswith("item."):
                self._orders.setdefault(event.about, set()).add(str(event.body["order"]))
            if event.at >= life.base_at and event.id not in life.ingested:
                self._untold.add(event.about)
            if event.type in MOVES:
                # Of two moves that close, one of them perhaps before the fetch, nobody can tell which was the last.
                if event.at >= life.base_at - CLOSE and event.at - moved.get(event.about, LONG_AGO) <= CLOSE:
                    self._untold.add(event.about)
                moved[event.about] = event.at
        self._lied_about = {lie.about for lie in life.lies}
        self._orders_of_lies = {lie.about: str(lie.body.get("order")) for lie in life.lies}

    def excuse_order(self, order: str) -> bool:
        """Whether a webhook about the order is missing or false."""
        return order in self._untold | self._lied_about

    def excuse_item(self, item: str) -> bool:
        """Whether a webhook about the item, or an order that it was in, is missing or false."""
        return item in self._untold | self._lied_about or any(map(self.excuse_order, self._orders.get(item, ())))


def _untouched(life: "Life", ids: Iterable[str]) -> list[str]:
    return [id for id in ids if life.shop.touched.get(id, 0) <= life.base]


def _bridge(shop: Shop) -> list[tuple[Any, ...]]:
    return [
        (item.id, item.order, item.subscription, order.customer, item.product, item.quantity,
         item.quantity * item.price, order.status, order.merchant_id, False)
        for item in shop.items.values()
        for order in [shop.orders[item.order]]
    ]  # fmt: skip


def _totals(shop: Shop) -> list[tuple[Any, ...]]:
    rows = []
    for order in shop.orders.values():
        items = list(shop.items_of(order.id))
        subscriptions = {item.subscription for item in items} - {None}
        sub_total = shop.sub_total(order.id)
        rows.append(
            (order.id, order.customer, order.status, len(items), sum(item.quantity for item in items),
             len(subscriptions), sub_total, sub_total, sub_total + order.tax + order.shipping, True, False)
        )  # fmt: skip
    return rows


def _differences(name: str, expected: list[tuple[Any, ...]], found: list[tuple[Any, ...]], life: "Life") -> list[str]:
    """Rows that are others than they must be, of objects that have not changed since the sync began."""
    must, have = {row[0]: row for row in expected}, {row[0]: row for row in found}
    wrong = []
    for id in _untouched(life, must.keys() | have.keys()):
        row = have.get(id)
        if id in must:
            order = must[id][1] if name == "bridge" else id
            if row != must[id] and life.shop.touched.get(order, 0) <= life.base:
                wrong.append(f"{name} of {id}: {row} instead of {must[id]}")
        elif row is not None and not row[-1]:
            wrong.append(f"{name} of {id}, which is gone, is not marked as deleted")
    return wrong
