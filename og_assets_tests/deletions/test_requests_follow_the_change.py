"""What a sync asks Ordergroove for follows what changed, and not how large the merchant is."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from og_assets.emulator.shop.subscription_changes import change_payment, change_quantity
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import BY_NAME, OBJECTS
from og_assets.settings import ReadEvery
from og_assets.sync.cadence import look_up_named, looked_up_after, what_waits
from og_assets.sync.source import Source
from og_assets_tests.deletions.reconciling import Site, open_pulled_site
from og_assets_tests.deletions.test_sweep_between_lists import delete
from og_assets_tests.pulling import assert_equals_world, client_for, pull_one

PAGE_SIZE = 5
CHANGES = 20
NIGHTLY = {"payments": ReadEvery.NIGHT, "one_time_incentives": ReadEvery.NIGHT}
"""What is read whole takes five minutes at a large merchant, and is then left to the night (cadence.py)."""


def sync(site: Site) -> tuple[int, bool]:
    """All that a sync reads, without Dagster around it; its requests, and whether a sweep listed what is open."""
    before = len(site.emulator.requests)
    waiting = what_waits(OBJECTS, site.warehouse, NIGHTLY)
    with client_for(site.emulator) as client:
        source = Source(client, SourceClock(), KEEPING)
        for object in OBJECTS:
            if object.name in waiting:
                continue
            report = pull_one(site.emulator, site.warehouse, object, page_size=PAGE_SIZE, client=client)
            for named in looked_up_after(object):
                if named.name in waiting:
                    look_up_named(object, report, named, source, site.warehouse, run_id=str(uuid4()))
    swept = site.sweep(may_trust_webhooks=True).values()
    site.derive()
    return len(site.emulator.requests) - before, any(report.told_since is None for report in swept)


def change(site: Site) -> None:
    """Subscriptions change with their orders, some are paid anew, an order and an item go; webhooks tell of it."""
    site.world.advance(timedelta(hours=1))
    before = len(site.world.events)
    live = [row["public_id"] for row in site.world.truth("subscriptions") if row["live"]][:CHANGES]
    for subscription in live:
        change_quantity(site.world, subscription, 7)
    for subscription in live[:2]:
        change_payment(site.world, subscription)
    delete(site)
    site.receive(site.world.events[before:])


def requests_of_a_change(site: Site) -> int:
    """Of a sync after `change`, where webhooks told of the deletions that the list of this night found."""
    change(site)
    sync(site)
    change(site)
    asked, listed = sync(site)
    assert not listed
    assert_equals_world(site.emulator, site.warehouse, [BY_NAME[name] for name in ("subscriptions", "payments")])
    for name in ("orders", "items"):
        deleted = set(site.world.deleted(name))
        assert deleted & site.fetched(name) <= site.held_deleted(name) <= deleted
    return asked


def test_a_merchant_of_three_times_the_customers_costs_as_many_requests(tmp_path: Path, templates: Path) -> None:
    """Measured with six times as many: 97 requests beside 95. A first sync lists all, and costs what the size is."""
    with open_pulled_site(tmp_path / "small", templates, customers=40) as small:
        of_forty = requests_of_a_change(small)
    with open_pulled_site(tmp_path / "large", templates, customers=130) as large:
        of_a_hundred_and_thirty = requests_of_a_change(large)
    assert of_a_hundred_and_thirty <= 1.2 * of_forty
