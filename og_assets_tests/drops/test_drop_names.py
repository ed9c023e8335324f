"""Names of dropped files, in the patterns that the pages print, and the days that reports write."""

from datetime import UTC, date, datetime

import pytest

from og_assets.ordergroove.drops.dates import wall_clock
from og_assets.ordergroove.drops.names import DAY_FIRST, MONTH_FIRST, YEAR_FIRST, read_name

MORNING = datetime(2025, 3, 18, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "report", "order", "finished"),
    [
        ("acme_orders_03182025040506.csv", "orders", MONTH_FIRST, "2025-03-18 09:05:06"),
        ("acme_subscription_03182025040506.csv", "subscriptions", MONTH_FIRST, "2025-03-18 09:05:06"),
        ("acme_crm_subscription_03182025040506.csv", "crm_subscriptions", MONTH_FIRST, "2025-03-18 09:05:06"),
        ("acme_cancelled_subscriptions_031820250040506.csv", "cancelations", MONTH_FIRST, "2025-03-18 09:05:06"),
        ("acme_crm_subscriber_events_03182025040506.csv", "member_activity", MONTH_FIRST, "2025-03-18 09:05:06"),
        ("acmeorders__delta18032025040506.csv", "orders", DAY_FIRST, "2025-03-18 09:05:06"),
        ("merchant_orders_20250318_delta.csv", "orders", YEAR_FIRST, "2025-03-18 05:00:00"),
        ("preorders_crm_subscription_03182025040506.csv.gz", "crm_subscriptions", MONTH_FIRST, "2025-03-18 09:05:06"),
        ("ACME_ORDERS_03182025040506.CSV.ZIP", "orders", MONTH_FIRST, "2025-03-18 09:05:06"),
    ],
)
def test_every_printed_pattern_is_read(name: str, report: str, order: str, finished: str) -> None:
    """The stamp is when the file was finished, on Central time; the rows are of the day before."""
    read = read_name(name, MORNING)
    assert read is not None
    assert (read.report.name, read.stamp_order) == (report, order)
    assert read.stamped_at == datetime.fromisoformat(finished).replace(tzinfo=UTC)
    assert read.business_day == date(2025, 3, 17)


@pytest.mark.parametrize(
    ("modified", "order", "day"),
    [
        (datetime(2025, 4, 3, 9, tzinfo=UTC), MONTH_FIRST, date(2025, 4, 2)),
        (datetime(2025, 3, 4, 9, tzinfo=UTC), DAY_FIRST, date(2025, 3, 3)),
    ],
)
def test_of_two_readings_the_one_nearer_to_the_files_time_wins(modified: datetime, order: str, day: date) -> None:
    read = read_name("acme_orders_04032025040506.csv", modified)
    assert read is not None
    assert (read.stamp_order, read.business_day) == (order, day)


@pytest.mark.parametrize(
    "name",
    [
        "readme.txt",
        "acme_orders.csv",
        "acme_orders_99992025040506.csv",
        "acme_orders_03182025040506.csv.part",
        "acme_orders_03182025246060.csv",
        ".acme_orders_03182025040506.csv.swp",
        "",
    ],
)
def test_other_files_are_no_reports(name: str) -> None:
    assert read_name(name, MORNING) is None


def test_a_full_export_is_known_by_its_name() -> None:
    read = read_name("acmesubscription__full18032025040506.csv", MORNING)
    assert read is not None
    assert read.is_full


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("06/03/2025", datetime(2025, 6, 3)),
        ("6/3/2025 4:05:06", datetime(2025, 6, 3, 4, 5, 6)),
        ("06032025040506", datetime(2025, 6, 3, 4, 5, 6)),
        ("2025-06-03", datetime(2025, 6, 3)),
        ("2025-06-03T04:05:06.123", datetime(2025, 6, 3, 4, 5, 6)),
        ("20250603", datetime(2025, 6, 3)),
    ],
)
def test_days_are_read_in_each_form_that_a_report_writes(text: str, told: datetime) -> None:
    assert wall_clock(text) == told


@pytest.mark.parametrize("text", ["", "yesterday", "1748930400", "13/32/2025", "02/29/2025", "epoch"])
def test_what_is_no_day_is_not_taken_for_one(text: str) -> None:
    """Digits alone are no seconds since 1970 either."""
    with pytest.raises(ValueError, match=r"day|month"):
        wall_clock(text)
