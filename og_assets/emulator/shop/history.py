"""The past of a new world: eighteen months of sign-ups, orders, skips and cancellations, in one pass over the days."""

import gc
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from og_assets.emulator.shop import people
from og_assets.emulator.shop.clock import daytime
from og_assets.emulator.shop.past import Box, Past
from og_assets.emulator.shop.past_orders import next_order
from og_assets.emulator.shop.past_sign_ups import sign_up
from og_assets.emulator.shop.state import Shop

DAYS = 548
ORDERS_PER_CUSTOMER = 6.45
"""About how many orders the history leaves per customer."""


def write_history(shop: Shop, customers: int) -> None:
    """Write the past of that many customers up to the shop's now, in order of creation."""
    # Millions of small tuples come and go without a cycle among them: looking for cycles would double the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        past = Past(shop)
        _live_through(past, customers)
        past.flush()
    finally:
        if collecting:
            gc.enable()


def _live_through(past: Past, customers: int) -> None:
    agenda: dict[date, list[tuple[int, Box | None]]] = defaultdict(list)
    number = people.FIRST_CUSTOMER
    sign_ups = _sign_ups(past, customers)
    for back in range(DAYS, -1, -1):
        day = past.shop.today - timedelta(days=back)
        todo = agenda.pop(day, []) + [(at, None) for at in sorted(next(sign_ups, []))]
        todo.sort(key=lambda entry: entry[0])
        for at, box in todo:
            if at > past.now:
                continue
            if box is None:
                boxes, number = sign_up(past, number, at, day), number + 1
            else:
                boxes = [box]
            for shipping in boxes:
                due = next_order(past, shipping, at, day)
                if due is not None:
                    on, then = due
                    agenda[on].append((then, shipping))


def _sign_ups(past: Past, customers: int) -> Iterator[list[int]]:
    """Per day, the instants at which people subscribe."""
    per_day = [0] * DAYS
    for _ in range(customers):
        per_day[past.rng.randrange(DAYS)] += 1
    for number, count in enumerate(per_day):
        day = past.shop.today - timedelta(days=DAYS - number)
        yield [daytime(past.rng, day) for _ in range(count)]
