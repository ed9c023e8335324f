"""What truly happened to subscriptions, from what a shop remembers: when each was on, and on which terms."""

from dataclasses import dataclass
from datetime import datetime

from og_assets.emulator.shop.memory import changes_of, truth_as_of
from og_assets.emulator.shop.reading import truth
from og_assets.emulator.shop.state import Shop, WorldError, locked


@dataclass(frozen=True, slots=True)
class Switch:
    """The instant (UTC) from which a subscription was active, or was not."""

    subscription: str
    at: datetime
    live: bool


@locked
def switches(shop: Shop) -> list[Switch]:
    """Each time that a subscription began or ended, in order of time for each; WorldError when nothing is remembered.

    Before the shop remembered, nothing that had ended was ever taken up again.
    """
    if shop.remembers_since is None:
        raise WorldError("this world does not remember when its subscriptions began and ended")
    first = {row["public_id"]: row for row in truth_as_of(shop, "subscriptions", shop.remembers_since)}
    found = [Switch(row["public_id"], row["created"], live=True) for row in truth(shop, "subscriptions")]
    found += [Switch(key, row["cancelled"], live=False) for key, row in first.items() if not row["live"]]
    changes = changes_of(shop, "subscriptions", "live")
    return found + [Switch(key, at, bool(live)) for key, at, _, live in changes]
