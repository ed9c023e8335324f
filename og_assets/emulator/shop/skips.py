"""The journal of skips: which boxes were left out, by whom, and what they were worth. No body tells it."""

from collections.abc import Iterable
from itertools import groupby

from og_assets.emulator.shop.state import Shop, Skip
from og_assets.emulator.shop.store import Row


def note_skip(shop: Shop, items: Iterable[Row], by: str, *, whole: bool) -> None:
    """Note the boxes that these items, each with the `place` of its order, are about to be left out of."""
    belonging = [item for item in items if item["subscription"] is not None]
    belonging.sort(key=_box)
    for (subscription, order, due), lines in groupby(belonging, _box):
        left_out = list(lines)
        units, cents = (sum(line[name] for line in left_out) for name in ("quantity", "total_price"))
        shop.skips.append(Skip(subscription, order, due, shop.now, by, whole, units, cents))


def _box(item: Row) -> tuple[str, str, str]:
    return item["subscription"], item["order"], item["place"]
