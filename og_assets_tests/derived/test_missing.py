"""Objects that are listed whole: what a complete pull leaves out is marked, and is back when it is listed again."""

import pytest

from og_assets.emulator.effects import Effect, Exchange, Splice, Status
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Page
from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.sync.pull import object_table
from og_assets_tests.deletions.reconciling import BY_NAME, Site


def missing(site: Site, name: str = "one_time_incentives") -> set[str]:
    """Keys of the rows that are marked."""
    return {key for (key,) in site.rows(f"SELECT public_id FROM ordergroove.{name} WHERE is_missing")}


@pytest.fixture
def listed(site: Site) -> Site:
    """A merchant with incentives, products, payments and groups pulled."""
    for order in site.world.keys("orders", "status = 1")[:4]:
        site.world.create_one_time_incentive(order)
    site.pull("one_time_incentives", "payments", "products", "product_groups")
    return site


def test_a_deleted_incentive_is_marked_with_the_time_of_the_pull(listed: Site) -> None:
    """No event tells of it (reference: one-time-incentives). The row stays."""
    key = listed.world.keys("one_time_incentives", "applied_at IS NULL")[0]
    listed.world.delete_one_time_incentive(key)
    before = len(listed.table("ordergroove.one_time_incentives"))
    listed.pull("one_time_incentives")
    assert missing(listed) == {key}
    ((since,),) = listed.rows("SELECT missing_since FROM ordergroove.one_time_incentives WHERE is_missing")
    assert listed.rows("SELECT max(started_at) FROM ops.sync_runs WHERE object = 'one_time_incentives'") == [(since,)]
    assert len(listed.table("ordergroove.one_time_incentives")) == before
    listed.pull("one_time_incentives")
    assert listed.rows("SELECT missing_since FROM ordergroove.one_time_incentives WHERE is_missing") == [(since,)]
    assert listed.table("ops.seen_keys") == []


def test_marks_make_no_row_look_changed(listed: Site) -> None:
    """Rows that are the same keep their pull and time, whether they are marked or not."""
    sql = "SELECT public_id, _sync_id, _synced_at FROM ordergroove.payments ORDER BY ALL"
    before = listed.rows(sql)
    listed.pull("payments")
    listed.pull("payments")
    assert listed.rows(sql) == before
    assert listed.rows("SELECT DISTINCT is_missing, missing_since FROM ordergroove.payments") == [(False, None)]


class LeaveOut(Effect):
    """Some rows are not listed, as by a filter that hides them."""

    def __init__(self, count: int) -> None:
        self.count = count

    def alter(self, exchange: Exchange, page: Page) -> None:
        page.records = page.records[self.count :]


def test_a_row_that_is_listed_again_is_no_longer_missing(listed: Site) -> None:
    """Unchanged as it is, and also with a key of two columns."""
    for name in ("payments", "product_groups"):
        listed.emulator.faults.add(Fault(LeaveOut(1), path=name, page=1))
        listed.pull(name)
        sql = f"SELECT count(*) FILTER (WHERE is_missing), count(missing_since) FROM ordergroove.{name}"
        assert listed.rows(sql) == [(1, 1)]
        listed.emulator.faults.clear()
        listed.pull(name)
        assert listed.rows(sql) == [(0, 0)]


def test_a_pull_that_stops_marks_nothing(listed: Site) -> None:
    """Its rows are no proof; the next complete pull is."""
    outage = Fault(Status(403), path="products", nth=1)
    listed.emulator.faults.add(outage)
    listed.execute("UPDATE ordergroove.products SET is_missing = NULL")
    with pytest.raises(OrdergrooveError):
        listed.pull("products")
    assert listed.rows("SELECT count(*) FROM ordergroove.products WHERE is_missing") == [(0,)]
    listed.pull("products")
    assert listed.rows("SELECT DISTINCT is_missing FROM ordergroove.products") == [(False,)]


def test_a_pull_with_a_refused_record_marks_nothing(listed: Site) -> None:
    """The record that could not be read may be the row that seems to be missing."""
    listed.emulator.faults.add(Fault(Splice(['{"public_id": null}'], at="replace"), path="payments", page=1))
    listed.pull("payments")
    assert missing(listed, "payments") == set()
    listed.emulator.faults.clear()
    listed.pull("payments")
    assert missing(listed, "payments") == set()


def test_an_empty_list_marks_nothing(listed: Site) -> None:
    """A list that has nothing at all says more about the list than about the rows."""
    listed.emulator.faults.add(Fault(LeaveOut(1000), path="payments"))
    listed.pull("payments")
    assert missing(listed, "payments") == set()


def test_objects_that_are_listed_by_time_have_no_marks(listed: Site) -> None:
    """A windowed pull is never a proof of absence."""
    for object in BY_NAME.values():
        names = {column.name for column in object_table(object).stored_columns}
        assert ("is_missing" in names) == (not object.is_incremental)
