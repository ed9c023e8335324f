"""Whoever reads while a person is forgotten loads nothing of what was read before, and reads again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from forgetting_shop import Shop

from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.drops.reports import BY_NAME as REPORTS
from og_assets.ordergroove.objects import BY_NAME
from og_assets.sync.cadence import look_up_named
from og_assets.sync.drops import take
from og_assets.sync.forgetting import forget
from og_assets.sync.ingest import ingest
from og_assets.sync.source import Source
from og_assets.sync.sweep import sweep
from og_assets.warehouse.errors import ForgottenMeanwhile
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets_tests.pulling import client_for, pull_one


def forget_during(shop: Shop, path: str, **which: object) -> None:
    """Forget the person when Ordergroove is asked for that, before it answers."""
    asked = fx.Call(lambda world, request: forget(shop.customer, shop.places))
    shop.emulator.faults.add(Fault(asked, path, times=1, **which))  # type: ignore[arg-type]


def warehouse_of(shop: Shop) -> WarehouseAt:
    """The shop's warehouse, not held open."""
    shop.warehouse.close()
    return WarehouseAt(shop.warehouse.place.path)


def left_of(shop: Shop) -> set[str]:
    """The files that tell of the person; exports are masked by the command alone."""
    files = {file for found in shop.traces().values() for file in found}
    return {file for file in files if not file.startswith(("exports/", "home/"))}


def test_pull(shop: Shop) -> None:
    """The page with the person was read before."""
    shop.live()
    forget_during(shop, "customers", page=1)
    with pytest.raises(ForgottenMeanwhile):
        pull_one(shop.emulator, warehouse_of(shop), BY_NAME["customers"], page_size=2)  # type: ignore[arg-type]
    shop.emulator.faults.clear()
    shop.sync()
    assert left_of(shop) == set()


def test_sweep(shop: Shop) -> None:
    """An order that is not open any more is looked up; what the answer tells of the person is not loaded."""
    shop.sync()
    order = next(key for key in shop.world.keys("orders", "customer = ? AND status = 1", shop.customer))
    shop.world.advance(timedelta(minutes=1))
    shop.world.skip_order(order)
    forget_during(shop, "orders", page=1)
    with client_for(shop.emulator) as client, pytest.raises(ForgottenMeanwhile):
        sweep(BY_NAME["orders"], Source(client, SourceClock(), shop.masking), warehouse_of(shop), run_id="a run")
    shop.emulator.faults.clear()
    assert shop.rows("SELECT status FROM ordergroove.orders WHERE public_id = ?", order) == [(1,)]
    with client_for(shop.emulator) as client:
        sweep(BY_NAME["orders"], Source(client, SourceClock(), shop.masking), warehouse_of(shop), run_id="again")
    assert shop.rows("SELECT status FROM ordergroove.orders WHERE public_id = ?", order) == [(4,)]
    assert left_of(shop) == set()


def test_look_up(shop: Shop) -> None:
    """Of a payment that a changed subscription names."""
    shop.world.advance(timedelta(minutes=1))
    payment = shop.world.change_payment(shop.subscription)
    shop.name_the_person()
    report = pull_one(shop.emulator, shop.warehouse, BY_NAME["subscriptions"])  # type: ignore[arg-type]

    def look_up(run_id: str) -> int:
        with client_for(shop.emulator) as client:
            source = Source(client, SourceClock(), shop.masking)
            named = (BY_NAME["subscriptions"], report, BY_NAME["payments"])
            return look_up_named(*named, source, warehouse_of(shop), run_id=run_id)

    forget_during(shop, "payments", retrieve=True)
    with pytest.raises(ForgottenMeanwhile):
        look_up("a run")
    shop.emulator.faults.clear()
    found = "SELECT count(*) FROM ordergroove.payments WHERE public_id = ?"
    assert shop.rows(found, payment) == [(0,)]
    assert look_up("again")
    assert shop.rows(found, payment) == [(1,)]
    assert left_of(shop) == set()


class AskedWhileRead(Inbox):
    """An inbox out of which something happens to have been read when a person is forgotten."""

    def __init__(self, path: Path, then: Callable[[], object]) -> None:
        super().__init__(path)
        self._then: Callable[[], object] | None = then

    def after(self, position: int, limit: int = 1000) -> list[tuple[int, InboxEvent]]:
        """What the inbox has; the person is forgotten after that, once."""
        read = super().after(position, limit)
        if self._then:
            then, self._then = self._then, None
            then()
        return read


def test_ingest(shop: Shop) -> None:
    """Events that were read out of the inbox in clear; they are masked there, and taken by the next reading."""
    shop.live()
    shop.store_events()
    inbox = AskedWhileRead(shop.inbox.place, lambda: forget(shop.customer, shop.places))
    known = shop.rows("SELECT count(*) FROM ordergroove.events")
    with pytest.raises(ForgottenMeanwhile):
        ingest(inbox, warehouse_of(shop), run_id="a run", masking=shop.masking)
    assert shop.rows("SELECT count(*) FROM ordergroove.events") == known
    report = ingest(inbox, warehouse_of(shop), run_id="again", masking=shop.masking)
    inbox.close()
    assert report.new > 0
    assert left_of(shop) == set()


def test_drops(shop: Shop) -> None:
    """A file that is fetched by then is in no table, and in clear in no archive either."""
    shop.live()
    for file in shop.outgoing.glob("*orders*"):
        file.touch()  # somebody may be writing it still, and the person is forgotten while the run waits for that
    waiting = replace(shop.drops, rest=lambda: forget(shop.customer, shop.places))
    with pytest.raises(ForgottenMeanwhile):
        take(REPORTS["orders"], waiting, warehouse_of(shop), run_id="a run")
    assert left_of(shop) == set()
    loaded = take(REPORTS["orders"], shop.drops, warehouse_of(shop), run_id="again")
    assert loaded.counts.rows
    assert left_of(shop) == set()
