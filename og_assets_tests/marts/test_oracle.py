"""The oracle against small shops whose figures anyone can count by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from oracle import (
    Box,
    Period,
    Rate,
    Skip,
    Story,
    Subscription,
    Terms,
    active_days,
    boxes_per_month,
    end_of,
    month_ends,
    mrr,
    periods,
    rounded,
    skipped_boxes,
    units_placed,
)

JUNE_30 = date(2026, 6, 30)
KEY = "s"
MONTHLY = Terms()


def noon(month: int, day: int) -> datetime:
    """Noon in UTC, the morning of the same day in New York."""
    return datetime(2026, month, day, 12, tzinfo=UTC)


def box(day: date, cents: int | None, status: int = 5, order: str = "", **fields: Any) -> Box:
    """A box of the one subscription."""
    created = fields.pop("created", noon(1, 1))
    return Box(KEY, order or f"o{day}", day, status, created, fields.pop("units", 1), cents, "USD")


def story(*boxes: Box, terms: Terms = MONTHLY, **fields: Any) -> Story:
    """One subscription of two units at ten dollars, active since January."""
    subscription = Subscription(KEY, "USD", 2, 1000, is_live=True, is_in_trial=fields.pop("is_in_trial", False))
    return Story(
        as_of=noon(7, 1),
        subscriptions={KEY: subscription},
        switches={KEY: fields.pop("switches", [(noon(1, 1), True)])},
        boxes=boxes,
        terms={JUNE_30: {KEY: terms}},
        skips=fields.pop("skips", ()),
    )


def worth(story: Story) -> Decimal | None:
    """Its MRR at the end of June."""
    rate = mrr(story, JUNE_30).get(KEY)
    return rate.amount if rate else None


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (Terms(1, 3, 30), Fraction(1)),
        (Terms(2, 3, 60), Fraction(1, 2)),
        (Terms(1, 4, 365), Fraction(1, 12)),
        (Terms(28, 1, 28), Fraction(365, 336)),
        (Terms(4, 2, 28), Fraction(365, 336)),
        (Terms(None, None, 45), Fraction(365, 540)),
        (Terms(0, 3, 45), Fraction(365, 540)),
        (Terms(1, 9, 30), Fraction(365, 360)),
        (Terms(None, 3, None), None),
        (Terms(0, 0, 0), None),
    ],
)
def test_boxes_per_month(terms: Terms, expected: Fraction | None) -> None:
    assert boxes_per_month(terms) == expected


def test_rounding_is_half_up_to_four_digits() -> None:
    assert rounded(Fraction(1, 20_000)) == Decimal("0.0001")
    assert rounded(Fraction(1, 20_001)) == Decimal("0.0000")
    assert rounded(Fraction(2, 3)) == Decimal("0.6667")


def test_the_last_placed_box_by_the_day_counts() -> None:
    """Not a later one, not a planned, skipped or merged one."""
    assert worth(
        story(
            box(date(2026, 6, 1), 1500),
            box(JUNE_30, 2000),
            box(date(2026, 7, 1), 9900),
            box(date(2026, 6, 29), 7700, status=3, order="r"),
        )
    ) == Decimal(20)


def test_of_two_boxes_of_a_day_the_order_made_last_counts_then_the_greater_id() -> None:
    made = [box(JUNE_30, 100, order="b"), box(JUNE_30, 200, order="a", created=noon(2, 1))]
    assert worth(story(*made)) == Decimal(2)
    assert worth(story(box(JUNE_30, 100, order="b"), box(JUNE_30, 200, order="a"))) == Decimal(1)


def test_before_the_first_placed_box_the_earliest_in_any_status_counts_and_else_the_price() -> None:
    assert worth(story(box(date(2026, 7, 9), 500, status=1), box(date(2026, 7, 2), 300, status=4))) == Decimal(3)
    assert worth(story(box(date(2026, 7, 2), 0, status=17))) == Decimal(20)
    assert worth(story()) == Decimal(20)


def test_a_box_without_amounts_tells_nothing() -> None:
    assert worth(story(box(date(2026, 6, 1), 1500), box(JUNE_30, None))) == Decimal(15)


def test_prepaid_is_a_share_of_the_last_renewal_and_without_one_its_box() -> None:
    renewed = Terms(2, 3, 60, boxes_per_billing=3, last_renewal_cents=10_000)
    assert worth(story(box(JUNE_30, 0), terms=renewed)) == Decimal("16.6667")
    unknown = Terms(2, 3, 60, boxes_per_billing=3)
    assert worth(story(box(JUNE_30, 3000), terms=unknown)) == Decimal(15)


def test_none_in_trial_without_interval_or_when_not_active_at_the_days_end() -> None:
    paid = box(JUNE_30, 1500)
    assert worth(story(paid, is_in_trial=True)) is None
    assert worth(story(paid, terms=Terms(None, None, None))) is None
    assert worth(story(paid, switches=[(noon(1, 1), True), (noon(6, 30), False)])) is None
    assert worth(story(paid, switches=[(noon(1, 1), True), (noon(7, 1), False)])) == Decimal(15)
    assert mrr(story(paid), JUNE_30) == {KEY: Rate("USD", Decimal(15))}


def test_periods_join_switches_that_say_the_same() -> None:
    """The first "on" and the last "off" count; one that is taken up on the same day ends and begins there."""
    on, off = True, False
    told = story(
        switches=[
            (noon(1, 1), on), (noon(1, 3), on), (noon(2, 1), off), (noon(2, 2), off), (noon(3, 1), on),
            (noon(3, 5), off), (noon(3, 5).replace(hour=13), on),
        ]
    )  # fmt: skip
    assert periods(told)[KEY] == [
        Period(date(2026, 1, 1), date(2026, 2, 2)),
        Period(date(2026, 3, 1), date(2026, 3, 5)),
        Period(date(2026, 3, 5), None),
    ]
    assert active_days(told, date(2026, 2, 1), date(2026, 3, 1)) == {
        (KEY, date(2026, 2, 1)),
        (KEY, date(2026, 3, 1)),
    }


def test_days_are_those_of_new_york() -> None:
    """03:30 UTC is the evening before, and a day that is over at 04:00 UTC in summer is at 05:00 in winter."""
    told = story(switches=[(datetime(2026, 6, 2, 3, 30, tzinfo=UTC), True)])
    assert periods(told)[KEY] == [Period(date(2026, 6, 1), None)]
    assert end_of(JUNE_30) == datetime(2026, 7, 1, 3, 59, 59, tzinfo=UTC)
    assert end_of(date(2026, 1, 1)) == datetime(2026, 1, 2, 4, 59, 59, tzinfo=UTC)


def test_a_skip_counts_only_while_the_subscription_goes_on() -> None:
    skip = Skip(KEY, "o", noon(3, 1))
    assert skipped_boxes(story(skips=[skip])) == {(KEY, "o")}
    assert skipped_boxes(story(skips=[skip], switches=[(noon(1, 1), True), (noon(3, 1), False)])) == set()


def test_month_ends_run_to_the_last_day() -> None:
    assert month_ends(date(2026, 1, 15), date(2026, 3, 2)) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 2)]


def test_units_are_those_of_placed_boxes_of_the_subscriptions_asked_for() -> None:
    told = story(box(JUNE_30, 1, units=3), box(JUNE_30, 1, units=2, order="x"), box(date(2026, 6, 29), 1, status=3))
    assert units_placed(told, date(2026, 6, 1), JUNE_30, {KEY}) == {JUNE_30: 5}
    assert units_placed(told, date(2026, 6, 1), JUNE_30, set()) == {}
