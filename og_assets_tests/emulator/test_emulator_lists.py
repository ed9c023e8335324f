"""How lists answer: pages, filters, hidden rows, keys, shapes (reference: pagination, authentication, *-list)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from emulator_reading import HEADERS, Pages, read_all

from og_assets.emulator import EMULATOR_KEY, Emulator, KeyPermission, World


def get(client: httpx.Client, path: str, **params: str) -> Any:
    """The JSON of a good answer."""
    response = client.get(path, params=params)
    response.raise_for_status()
    return response.json()


def test_pages_hold_ten_by_default_and_a_hundred_at_most(client: httpx.Client) -> None:
    """The default is 10; more than 100 is cut to 100."""
    assert len(get(client, "/orders/")["results"]) == 10
    assert len(get(client, "/orders/", page_size="1000")["results"]) == 100


def test_next_keeps_filters_and_page_size(client: httpx.Client, world: World) -> None:
    """The URL in `next` repeats the filters beside its cursor; pages keep their size."""
    first = get(client, "/items/", page_size="7", one_time="false")
    assert "one_time=false" in first["next"]
    assert "page_size" not in first["next"]
    assert len(client.get(first["next"]).json()["results"]) == 7


def test_previous_leads_back(client: httpx.Client) -> None:
    """From the second page, `previous` shows the first page's rows."""
    first = get(client, "/orders/")
    second = client.get(first["next"]).json()
    assert first["previous"] is None
    assert client.get(second["previous"]).json()["results"] == first["results"]


def test_rows_that_change_between_pages_stay_where_they_are(client: httpx.Client, world: World) -> None:
    """Order is that of creation: changing every order while paging neither repeats nor hides one."""
    expected = world.keys("orders")
    page = get(client, "/orders/")
    found = [row["public_id"] for row in page["results"]]
    while page["next"]:
        world.advance(timedelta(seconds=1))
        world.touch("orders", found[-1])
        page = client.get(page["next"]).json()
        found += [row["public_id"] for row in page["results"]]
    assert found == expected


def test_without_the_version_header_pages_are_numbered(emulator: Emulator, world: World) -> None:
    """The deprecated scheme: a count, and `?page=`."""
    with httpx.Client(base_url=emulator.url, headers={"x-api-key": EMULATOR_KEY}) as client:
        first = get(client, "/orders/", page_size="50")
        assert first["count"] == world.count("orders")
        assert first["previous"] is None
        assert "page=2" in first["next"]
        assert client.get(first["next"]).json()["results"] != first["results"]
        assert client.get("/orders/", params={"page": "9999"}).status_code == 404


def test_an_unreadable_cursor_is_not_found(client: httpx.Client) -> None:
    """A cursor that the server never gave answers 404."""
    assert client.get("/orders/?cursor=bm9uc2Vuc2U=").status_code == 404
    assert client.get("/orders/?cursor=%%%").status_code == 404


@pytest.mark.parametrize("filter_zone", ["America/Chicago", "America/New_York", "Etc/GMT+6", "UTC"])
@pytest.mark.parametrize("month", [1, 7])
def test_bounds_are_inclusive_wall_clocks_of_the_filter_zone(filter_zone: str, month: int) -> None:
    """A change at 12:00:00 is inside [12:00:00, 12:00:00] on the clock of that zone, outside of one second on."""
    zone = ZoneInfo(filter_zone)
    world = World(1, now=datetime(2025, month, 10, 18, tzinfo=UTC))
    order = world.keys("orders")[0]
    world.touch("orders", order)
    clock = world.now.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    after = (world.now + timedelta(seconds=1)).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    before = (world.now - timedelta(seconds=1)).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    with Emulator(world, filter_zone=zone) as emulator, httpx.Client(base_url=emulator.url, headers=HEADERS) as client:
        exact = read_all(client, "/orders/", updated_start=clock, updated_end=clock)
        assert [row["public_id"] for row in exact] == [order]
        assert read_all(client, "/orders/", updated_start=after) == []
        assert order not in [row["public_id"] for row in read_all(client, "/orders/", updated_end=before)]
        items = read_all(client, "/items/", order_updated_start=clock)
        assert {row["order"] for row in items} == {order}


def test_wide_and_narrow_windows_hold_the_same_rows(walk: Pages, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking a window up and walking past it give the same rows in the same order."""
    window = {"updated_start": "2025-01-01T00:00:00", "updated_end": "2025-05-01T00:00:00"}
    items = {f"order_{name}": value for name, value in window.items()}
    narrow = walk("/orders/", **window), walk("/items/", **items)
    monkeypatch.setattr("og_assets.emulator.listing.NARROW", -1)
    assert (walk("/orders/", **window), walk("/items/", **items)) == narrow
    assert narrow[0]
    assert narrow[1]


def test_filters_select_what_they_name(walk: Pages, world: World) -> None:
    """Each filter's rows are those of the truth with that value."""
    orders, items = list(world.truth("orders")), list(world.truth("items"))
    customer, subscription = orders[0]["customer"], items[0]["subscription"]
    unsent = {row["public_id"] for row in orders if row["status"] == 1}
    assert {row["public_id"] for row in walk("/orders/", status="1")} == unsent
    assert {row["customer"] for row in walk("/orders/", customer=customer)} == {customer}
    assert {row["subscription"] for row in walk("/items/", subscription=subscription)} == {subscription}
    assert {row["order"] for row in walk("/items/", status="1")} == unsent
    holding = {row["order"] for row in items if row["subscription"] == subscription}
    assert {row["public_id"] for row in walk("/orders/", subscription=subscription)} == holding
    day = orders[0]["place_date"].isoformat()
    assert {row["place"][:10] for row in walk("/orders/", place=day)} == {day}
    assert {row["place"][:10] >= day for row in walk("/orders/", place_start=day)} == {True}
    assert len(walk("/subscriptions/", live="True")) == len([s for s in world.truth("subscriptions") if s["live"]])
    assert len(walk("/items/", one_time="1")) == len([item for item in items if item["one_time"]])
    email = next(world.truth("customers"))["email"]
    assert [row["email"] for row in walk("/customers/", email=email)] == [email]


def test_products_hide_some_unless_asked(walk: Pages, world: World) -> None:
    """By default neither what is not autoship-enabled nor what is discontinued."""
    shown = walk("/products/")
    assert all(row["autoship_enabled"] and not row["discontinued"] for row in shown)
    assert len(walk("/products/", autoship_enabled="all", allow_discontinued="true")) == world.count("products")
    assert all(row["discontinued"] for row in walk("/products/", autoship_enabled="all", allow_discontinued="strict"))
    assert not any(row["autoship_enabled"] for row in walk("/products/", autoship_enabled="false"))
    assert [row["name"] for row in walk("/products/", search="espresso", fields="name")] == ["Espresso Beans"]
    two = [row["external_product_id"] for row in shown[:2]]
    assert [row["external_product_id"] for row in walk("/products/", **{"external_product_ids[]": two})] == two


def test_offer_profiles_hide_archived_ones_unless_asked(walk: Pages, world: World) -> None:
    """`status` defaults to available."""
    assert {row["status"] for row in walk("/offer_profiles/")} == {"available"}
    assert {row["status"] for row in walk("/offer_profiles/", status="archived")} == {"archived"}
    assert len(walk("/offer_profiles/", status="all")) == world.count("offer_profiles")


def test_unknown_parameters_are_ignored_and_malformed_ones_refused(client: httpx.Client) -> None:
    """A malformed datetime answers 400 with the field's name."""
    assert client.get("/orders/?colour=red").status_code == 200
    for value in ("yesterday", "2025-13-01T00:00:00", "2025-01-01T00:00:00Z", "2025-01-01T00:00:00-06:00"):
        response = client.get("/orders/", params={"updated_start": value})
        assert response.status_code == 400
        assert list(response.json()) == ["updated_start"]


def test_keys_are_needed_known_and_may_be_narrow(world: World) -> None:
    """No key 401, unknown key 403, a key without Bulk Operations sees one customer without being told."""
    keys = {"all": KeyPermission(), "one": KeyPermission(bulk=False)}
    with Emulator(world, keys=keys) as emulator, httpx.Client(base_url=emulator.url) as client:
        assert client.get("/orders/").status_code == 401
        refused = client.get("/orders/", headers={"x-api-key": "wrong"})
        assert (refused.status_code, refused.json()) == (403, {"detail": "Authentication Failed"})
        client.headers = {**HEADERS, "x-api-key": "one"}
        customer = world.keys("customers")[0]
        assert [row["merchant_user_id"] for row in read_all(client, "/customers/")] == [customer]
        assert {row["customer"] for row in read_all(client, "/orders/")} == {customer}
        own = {row["public_id"] for row in read_all(client, "/orders/")}
        assert {row["order"] for row in read_all(client, "/items/")} <= own
        foreign = next(row["public_id"] for row in world.truth("orders") if row["customer"] != customer)
        assert client.get(f"/orders/{foreign}/").status_code == 404


def test_one_row_is_retrieved_by_key_and_404_when_gone(client: httpx.Client, world: World) -> None:
    """The trailing slash is optional; a deleted row answers the documented body."""
    order = next(row["public_id"] for row in world.truth("orders") if row["status"] == 1)
    assert client.get(f"/orders/{order}").json() == client.get(f"/orders/{order}/").json()
    for item in [row["public_id"] for row in world.truth("items") if row["order"] == order]:
        world.remove_item(item)
    gone = client.get(f"/orders/{order}/")
    assert (gone.status_code, gone.json()) == (404, {"detail": "Unable to find requested asset."})
    assert client.get("/one_time_incentives/none/").json() == {"detail": "Not found"}
    assert client.get("/nowhere/").status_code == 404


def test_small_paths_answer(client: httpx.Client, world: World) -> None:
    """Cancel reasons, product relationships and bundle components."""
    assert {row["application"] for row in get(client, "/merchant/cancel_reason/")["results"]} == {"msi"}
    product = world.catalogue.subscribable[0]
    assert get(client, f"/products/{product}/relationships/")[0]["from_product"] == product
    lines = [line for row in world.truth("subscriptions") for line in row["components"] if line["public_id"]]
    assert get(client, f"/subscriptions/components/{lines[0]['public_id']}/") == lines[0]


def test_include_and_omit_parameters_change_bodies(client: httpx.Client) -> None:
    """`include_*` adds fields, `omit_price_calculation` takes prices and `order_updated` away."""
    assert get(client, "/orders/", include_has_plan="true")["results"][0]["has_plan"] is False
    bare = get(client, "/items/", omit_price_calculation="true")["results"][0]
    assert not {"price", "extra_cost", "total_price", "order_updated"} & bare.keys()
    trial = get(client, "/products/", include_product_free_trials="true")["results"][0]
    assert trial["product_free_trial_configurations"] == []


@pytest.mark.parametrize("shape", ["v2", "count", "results_only", "bare_array", "bare_object"])
def test_a_list_can_come_in_each_documented_shape(shape: Any, world: World) -> None:
    """The wrapping of a list is set per object."""
    with Emulator(world) as emulator:
        emulator.api.body_shape["resources"] = shape
        body = httpx.get(f"{emulator.url}/resources/?page_size=1", headers=HEADERS).json()
        expected = {
            "v2": {"next", "previous", "results"},
            "count": {"count", "next", "previous", "results"},
            "results_only": {"results"},
            "bare_array": None,
        }
        if shape == "bare_array":
            assert len(body) == world.count("resources")
        elif shape == "bare_object":
            assert body["external_resource_id"] == "resource-1"
        else:
            assert body.keys() == expected[shape]


def test_answers_carry_the_date_of_the_world(client: httpx.Client, world: World) -> None:
    """`Date` is the world's clock, in the form of RFC 7231."""
    world.advance(timedelta(hours=5))
    assert client.get("/orders/").headers["Date"] == world.now.strftime("%a, %d %b %Y %H:%M:%S GMT")
