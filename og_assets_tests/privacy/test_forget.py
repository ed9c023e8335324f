"""A person who asks to be forgotten is in no file any more, and stays out of them whatever comes later."""

import hmac
import json
import logging
from collections.abc import Callable
from datetime import date

import pytest
from forgetting_shop import ADDRESS, HASHING, SALT, WORDS, Shop

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.drops.reports import BY_NAME
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import BY_NAME as OBJECTS
from og_assets.ordergroove.reader import Accepted
from og_assets.sync.drops import take
from og_assets.sync.forgetting import CannotForget, forget, forgetful
from og_assets.sync.forgotten_drops import SUBSCRIPTION
from og_assets.sync.source import Source
from og_assets.sync.windows import PullMode
from og_assets.warehouse.forgotten import Forgotten, trait


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_forgotten_person_is_in_no_file_and_does_not_come_back(
    make_shop: Callable[..., Shop], address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in tables, files and exports; not after syncs, webhooks and drops, and not when it is asked for once more."""
    caplog.set_level(logging.INFO)
    shop = make_shop(address=address)
    before = {file for files in shop.traces().values() for file in files}
    assert {
        *(
            f"ordergroove/{name}"
            for name in ("customers", "addresses", "payments", "subscriptions", "orders", "events")
        ),
        *("drops/orders", "drops/crm_subscriptions", "drops/member_activity", "ops/quarantine"),
    } <= {file.removeprefix("dump/").removesuffix(".csv") for file in before}
    for place in (
        "inbox.sqlite",
        "archive/orders/",
        "archive/crm",
        "archive/incoming",
        "home/",
        "exports/bi",
        "warehouse.duckdb.staging",
    ):
        assert any(file.startswith(place) for file in before), place
    if address:
        assert {"dump/analytics/customer_overview.csv", "warehouse.duckdb.marts"} <= before
        assert "exports/bi/analytics/mrr_movements.csv" in before
        assert (shop.folder / "report" / "index.html").exists()
    totals = shop.rows("SELECT sum(total), count(*), count(DISTINCT customer) FROM ordergroove.orders")
    states = shop.rows("SELECT * EXCLUDE (customer) FROM history.orders ORDER BY ALL")
    drops = shop.rows("SELECT _file, _line, order_item_id, quantity FROM drops.orders ORDER BY ALL")
    joined = shop.rows(
        "SELECT count(*) FROM ordergroove.orders JOIN ordergroove.customers ON customer = merchant_user_id"
    )

    told = shop.ask_to_forget()
    assert told.exit_code == 0, told.output
    for place in ("ordergroove.customers", "drops.orders", "webhook inbox", "archive of file drops", "exports/bi"):
        assert place in told.output
    assert told.output.count("is not ours and tells of the person") == 3 + bool(address), told.output
    assert shop.traces() == {}
    assert shop.rows("SELECT sum(total), count(*), count(DISTINCT customer) FROM ordergroove.orders") == totals
    assert shop.rows("SELECT * EXCLUDE (customer) FROM history.orders ORDER BY ALL") == states
    assert shop.rows("SELECT _file, _line, order_item_id, quantity FROM drops.orders ORDER BY ALL") == drops
    known = "SELECT count(*) FROM ordergroove.customers WHERE email IS NOT NULL"
    assert shop.rows(known) == [(5,)]
    assert shop.rows("SELECT count(*) FROM ordergroove.customers WHERE merchant_user_id = ?", shop.other) == [(1,)]

    shop.live()
    shop.sync()
    shop.sync(PullMode.WHOLE_HISTORY)
    take(BY_NAME["orders"], shop.drops, shop.warehouse, run_id="again", days=(date(2025, 1, 1), date(2030, 1, 1)))
    if address:
        shop.show()
    assert shop.traces() == {}
    assert (
        shop.rows("SELECT count(*) FROM ordergroove.orders JOIN ordergroove.customers ON customer = merchant_user_id")
        >= joined
    )
    assert shop.rows("SELECT count(*) FROM drops.orders WHERE merchant_user_id = ?", shop.other) == [(2,)]
    assert shop.ask_to_forget().exit_code == 0
    assert shop.traces() == {}
    for said in (caplog.text, told.output):
        assert shop.customer not in said
        assert not any(word.decode() in said for word in WORDS)
    assert shop.rows("SELECT count(*) FROM ops.forgotten WHERE contains(digest, ?)", shop.customer) == [(0,)]


def test_file_that_is_written_anew_has_all_of_the_old_one(shop: Shop) -> None:
    """Tables, views, macros, meanings, NOT NULL, and how `_raw` is stored."""
    catalog = (
        (
            "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()"
            " WHERE database_name = current_database() ORDER BY ALL"
        ),
        "SELECT schema_name, view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
        "SELECT function_name FROM duckdb_functions() WHERE schema_name = 'history' ORDER BY ALL",
        "SELECT count(*) FROM history.orders",
        (
            "SELECT DISTINCT compression FROM pragma_storage_info('ordergroove.orders')"
            " WHERE column_name = '_raw' AND segment_type <> 'VALIDITY'"
        ),
    )

    def look() -> list[list[tuple[object, ...]]]:
        return [shop.rows(sql) for sql in catalog]

    before = look()
    assert all(before)
    forget(shop.customer, shop.places)
    assert look() == before
    shop.live()
    shop.sync()


def test_hash_of_an_address_stays_as_the_id_and_hashes_of_the_rest_go(
    make_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With hashed data the hash of the id joins as before, and no hash tells of the person, later neither."""
    shop = make_shop(address=ADDRESS, masking=HASHING)
    monkeypatch.setenv("ORDERGROOVE_PII", "hash")
    monkeypatch.setenv("ORDERGROOVE_PII_SALT", SALT)
    id = HASHING.text(ADDRESS)
    asked = "SELECT count(*), count(email), count(first_name) FROM ordergroove.customers WHERE merchant_user_id = ?"
    assert shop.rows(asked, id) == [(1, 1, 1)]
    assert shop.ask_to_forget().exit_code == 0
    for _ in range(2):
        assert shop.rows(asked, id) == [(1, 0, 0)]
        assert shop.rows("SELECT count(*) > 0 FROM ordergroove.orders WHERE customer = ?", id) == [(True,)]
        for table in ("ordergroove.customers", "ordergroove.events", "drops.crm_subscriptions", "drops.orders"):
            for word in ("zq@quill.example", "Zebedee", "5550198765"):
                assert shop.rows(
                    f"SELECT count(*) FROM {table} AS t WHERE contains(CAST(t AS VARCHAR), ?)", HASHING.text(word)
                ) == [(0,)]
        shop.live()
        shop.sync(PullMode.WHOLE_HISTORY)
    with pytest.raises(CannotForget, match="as the shop has it"):
        forget(str(id), shop.places)


def test_merchant_is_named_where_there_are_several(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Customers of two merchants may have the same id; the file of the other one is not even opened."""
    file = shop.folder / "merchants.toml"
    file.write_text(
        f"""
        [defaults]
        drops_archive = "{shop.folder}/{{merchant}}_archive"
        webhook_inbox = "{shop.folder}/{{merchant}}.sqlite"
        [merchants.acme]
        warehouse = "{shop.warehouse.place.path}"
        [merchants.zeta]
        warehouse = "{shop.folder}/zeta.duckdb"
        """
    )
    monkeypatch.setenv("ORDERGROOVE_MERCHANTS", str(file))
    refused = shop.ask_to_forget()
    assert refused.exit_code == 1
    assert "--merchant, one of: acme, zeta" in refused.output
    assert shop.rows("SELECT count(*) FROM ops.forgotten") == [(0,)]
    told = shop.ask_to_forget("--merchant", "acme")
    assert told.exit_code == 0, told.output
    assert "ordergroove.customers" in told.output
    assert not (shop.folder / "zeta.duckdb").exists()


def test_unknown_id_is_told(shop: Shop) -> None:
    """A slip of the pen is not taken for a person who is forgotten."""
    shop.customer = "Zq-nobody"
    assert "Nothing is known of that customer" in shop.ask_to_forget().output


def test_folder_that_is_no_export_is_refused_before_anything_is_changed(shop: Shop) -> None:
    """It would be replaced."""
    assert shop.ask_to_forget("--export", str(shop.folder / "home")).exit_code == 1
    assert shop.rows("SELECT count(*) FROM ops.forgotten") == [(0,)]


@pytest.mark.parametrize(("subscription", "theirs"), [("s1", True), ("s2", False)])
def test_item_that_comes_later_is_known_by_its_subscription(subscription: str, theirs: bool) -> None:
    """Items name no customer, and may have fields that nobody knows."""
    key = b"k" * 32
    digest = hmac.new(key, trait(SUBSCRIPTION, "s1").encode(), "sha256").hexdigest()
    forgotten = Forgotten(key, frozenset({digest}))
    reader = forgetful(OBJECTS["items"], Source(None, SourceClock(), KEEPING), forgotten)  # type: ignore[arg-type]
    body = json.dumps({"public_id": "i", "order": "o", "subscription": subscription, "note": "For Zebedee"}).encode()
    assert (reader.plain([body])[0] is None) or not theirs
    read = reader.read(body)
    assert isinstance(read, Accepted)
    assert ("Zebedee" not in read.raw) is theirs
