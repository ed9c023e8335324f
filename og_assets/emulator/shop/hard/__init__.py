"""A hard world: all that Ordergroove documents and an ordinary shop seldom meets, one family a module.

Currencies and rhythms, prepaid terms, free trials, placements that fail in every way, and changes of mind.
"""

from og_assets.emulator.shop.day import USUAL_DAY
from og_assets.emulator.shop.hard import changes, currencies, placing, prepaid, rhythms, trials
from og_assets.emulator.shop.people import after_trial, bundle, legacy_bundle, price_locked, with_grantee
from og_assets.emulator.shop.state import Habits
from og_assets.emulator.shop.store import Row


def _charge(subscription: Row, cents: int) -> int:
    return trials.charge(subscription, prepaid.charge(subscription, cents))


HARD = Habits(
    frequencies=rhythms.FREQUENCIES,
    variations=(
        (0.03, legacy_bundle),
        (0.10, bundle),
        (0.13, after_trial),
        (0.15, with_grantee),
        (0.18, price_locked),
        (0.26, rhythms.imported),
        (0.29, rhythms.of_unknown_period),
        (0.32, rhythms.without_rhythm),
    ),
    outcomes=placing.outcomes,
    happenings=(*USUAL_DAY, *prepaid.HAPPENINGS, *trials.HAPPENINGS, *placing.HAPPENINGS, *changes.HAPPENINGS),
    currency=currencies.currency,
    next_day=rhythms.next_day,
    charge=_charge,
    shipped=prepaid.shipped,
    lived_days=120,
    pace=0.5,
)
"""Its last 120 days were lived through, so that its past has take-ups, recoveries and changed terms that are true."""
