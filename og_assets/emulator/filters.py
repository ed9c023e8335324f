"""The query parameters of each list and the SQL that they become (reference: the *-list pages).

Instants arrive as naive wall clocks and are read in the zone that the server reads filters in; bounds
are inclusive. A parameter that a list does not name is ignored.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

Query = Mapping[str, list[str]]

DAY = re.compile(r"\d{4}-\d\d-\d\d")
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?")


class BadParameter(Exception):
    """A value that the list refuses with 400; `field` is the parameter's name."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} error detail")
        self.field = field


@dataclass(frozen=True, slots=True)
class Condition:
    """One SQL condition. `stamp` names the column of a range of instants, which a list may better scan or look up."""

    sql: str
    values: tuple[object, ...] = ()
    stamp: str | None = None


Parse = Callable[[str, list[str], tzinfo], Condition]


def wall_clock(field: str, text: str, zone: tzinfo) -> int:
    """A naive wall clock (or a day, meaning its midnight) in `zone` as epoch seconds; the earlier one if it repeats."""
    if not (INSTANT.fullmatch(text) or DAY.fullmatch(text)):
        raise BadParameter(field)
    try:
        naive = datetime.fromisoformat(text)
        return int(naive.replace(tzinfo=zone).timestamp())
    except (ValueError, OverflowError):
        raise BadParameter(field) from None


def _equal(column: str) -> Parse:
    return lambda field, values, zone: Condition(f"{column} = ?", (values[-1],))


def _number(column: str) -> Parse:
    def parse(field: str, values: list[str], zone: tzinfo) -> Condition:
        if not re.fullmatch(r"\d{1,9}", values[-1]):
            raise BadParameter(field)
        return Condition(f"{column} = ?", (int(values[-1]),))

    return parse


def _flag(column: str) -> Parse:
    def parse(field: str, values: list[str], zone: tzinfo) -> Condition:
        wanted = {flag(field, value) for value in values}
        return Condition("1") if len(wanted) == 2 else Condition(f"{column} = ?", (int(wanted.pop()),))

    return parse


def flag(field: str, text: str) -> bool:
    """A boolean parameter in any of its spellings."""
    spellings = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in spellings:
        raise BadParameter(field)
    return spellings[text.lower()]


def _bound(column: str, sign: str) -> Parse:
    def parse(field: str, values: list[str], zone: tzinfo) -> Condition:
        return Condition(f"{column} {sign} ?", (wall_clock(field, values[-1], zone),), column)

    return parse


def _on_day(column: str) -> Parse:
    """A parameter without suffix matches the whole day, in the zone of filters."""

    def parse(field: str, values: list[str], zone: tzinfo) -> Condition:
        start = wall_clock(field, values[-1][:10], zone)
        end = datetime.fromtimestamp(start, UTC).astimezone(zone) + timedelta(days=1)
        return Condition(f"{column} >= ? AND {column} < ?", (start, int(end.timestamp())), column)

    return parse


def _day(column: str, sign: str) -> Parse:
    def parse(field: str, values: list[str], zone: tzinfo) -> Condition:
        wall_clock(field, values[-1], zone)
        return Condition(f"{column} {sign} ?", (values[-1][:10],))

    return parse


def _instants(name: str, column: str) -> dict[str, Parse]:
    return {f"{name}_start": _bound(column, ">="), f"{name}_end": _bound(column, "<="), name: _on_day(column)}


def _days(name: str, column: str) -> dict[str, Parse]:
    return {f"{name}_start": _day(column, ">="), f"{name}_end": _day(column, "<="), name: _day(column, "=")}


def _contains(*columns: str) -> Parse:
    sql = " OR ".join(f"instr(lower(coalesce({column}, '')), ?)" for column in columns)
    return lambda field, values, zone: Condition(f"({sql})", (values[-1].lower(),) * len(columns))


def _in_group(name: str) -> Parse:
    sql = f"EXISTS (SELECT 1 FROM json_each(products.groups) WHERE json_extract(value, '$.{name}') = ?)"
    return lambda field, values, zone: Condition(sql, (values[-1],))


def _any_of(column: str) -> Parse:
    return lambda field, values, zone: Condition(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))


FILTERS: dict[str, dict[str, Parse]] = {
    "subscriptions": {
        "live": _flag("live"),
        "product": _equal("product"),
        "shipping_address": _equal("shipping_address"),
        "customer": _equal("customer"),
        **_instants("created", "created"),
        **_instants("updated", "updated"),
    },
    "orders": {
        "status": _number("status"),
        "customer": _equal("customer"),
        **_days("place", "place"),
        "subscription": lambda field, values, zone: Condition(
            'orders.public_id IN (SELECT "order" FROM items WHERE subscription = ?)',
            (values[-1],),
        ),
        **_instants("created", "created"),
        **_instants("updated", "updated"),
    },
    "items": {
        **_instants("order_updated", "orders.updated"),
        "order": _equal('items."order"'),
        "offer": _equal("offer"),
        "subscription": _equal("subscription"),
        "one_time": _flag("one_time"),
        "status": _number("orders.status"),
        **_days("place", "orders.place"),
        "product": _equal("product"),
    },
    "customers": {
        "live": _flag("live"),
        "email": _equal("email"),
        **_instants("updated", "last_updated"),
        **_instants("created", "created"),
    },
    "addresses": {"customer": _equal("customer"), "live": _flag("live"), **_instants("updated", "updated")},
    "payments": {"customer": _equal("customer")},
    "products": {
        "id_or_name": _contains("external_product_id", "name"),
        "group_name": _in_group("name"),
        "group_type": _in_group("group_type"),
        "autoship_by_default": _flag("autoship_by_default"),
        "live": _flag("live"),
        "external_product_ids[]": _any_of("external_product_id"),
        "product_type": _equal("product_type"),
    },
    "one_time_incentives": {
        "customer": _equal("customer"),
        "external_code": _equal("external_code"),
        "item": _equal('"item"'),
        **_instants("created", "created"),
        **_instants("last_updated", "last_updated"),
        **_instants("applied_at", "applied_at"),
    },
}


def conditions(object_name: str, query: Query, zone: tzinfo) -> list[Condition]:
    """What the parameters of a list ask for, its default filters included."""
    known = FILTERS.get(object_name, {})
    asked = [known[name](name, values, zone) for name, values in query.items() if name in known]
    defaults = _DEFAULTS.get(object_name)
    return asked + defaults(query) if defaults else asked


def _choice(query: Query, name: str, default: str, choices: Mapping[str, str]) -> Condition:
    value = query.get(name, [default])[-1]
    if value not in choices:
        raise BadParameter(name)
    return Condition(choices[value])


def _products(query: Query) -> list[Condition]:
    """Products hide what is not autoship-enabled and what is discontinued, unless asked."""
    enabled = {"": "autoship_enabled", "true": "autoship_enabled", "all": "1", "false": "NOT autoship_enabled"}
    discontinued = {"": "NOT discontinued", "false": "NOT discontinued", "true": "1", "strict": "discontinued"}
    found = [
        _choice(query, "autoship_enabled", "", enabled),
        _choice(query, "allow_discontinued", "", discontinued),
    ]
    if "search" in query:
        names = {"name": "name", "sku": "sku", "external_product_id": "external_product_id"}
        columns = [names[name] for name in ",".join(query.get("fields", [])).split(",") if name in names]
        found.append(_contains(*(columns or names.values()))("search", query["search"], UTC))
    return found


def _offer_profiles(query: Query) -> list[Condition]:
    """Offer profiles hide archived ones unless asked."""
    choices = {"available": "status = 'available'", "archived": "status = 'archived'", "all": "1"}
    return [_choice(query, "status", "available", choices)]


def _one_time_incentives(query: Query) -> list[Condition]:
    """`order` finds the incentives of an order; with `include_item_level`, those of its items as well."""
    if "order" not in query:
        return []
    order = query["order"][-1]
    if flag("include_item_level", query.get("include_item_level", ["false"])[-1]):
        sql = '("order" = ? OR "item" IN (SELECT public_id FROM items WHERE items."order" = ?))'
        return [Condition(sql, (order, order))]
    return [Condition('"order" = ?', (order,))]


_DEFAULTS: dict[str, Callable[[Query], list[Condition]]] = {
    "products": _products,
    "offer_profiles": _offer_profiles,
    "one_time_incentives": _one_time_incentives,
}
