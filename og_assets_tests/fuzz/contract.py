"""Ordergroove's objects and events as its documents describe them: names, kinds, what is personal, what is secret.

Written from the documents (reference: *-list; guide: object-reference), not from the code that is checked.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache


class Kind(Enum):
    """What a documented field holds."""

    TEXT = auto()
    INT = auto()
    SMALL = auto()
    BOOL = auto()
    MONEY = auto()
    STAMP = auto()
    DAY = auto()
    JSON = auto()
    COMPONENTS = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """A field; `personal` tells of a person, `secret` opens something, `column` says whether the warehouse types it."""

    name: str
    kind: Kind
    personal: bool = False
    secret: bool = False
    column: bool = True


@dataclass(frozen=True, slots=True)
class Described:
    """An object of the API: its name, the path of its list, the fields that name a row, all fields."""

    name: str
    path: str
    key: tuple[str, ...]
    fields: dict[str, Field]


def _described(name: str, path: str, key: str, fields: str) -> Described:
    """Fields are `name` (a text) or `name:kind`, with `*` when personal, `!` when secret, `-` when without a column."""
    described: dict[str, Field] = {}
    for written in fields.split():
        word, _, kind = written.rstrip("*!-").partition(":")
        described[word] = Field(
            word,
            Kind[(kind or "text").upper()],
            personal=written.endswith("*"),
            secret=written.endswith("!"),
            column=not written.endswith("-"),
        )
    return Described(name, path, tuple(key.split()), described)


# Personal are the fields that the reference marks as PII, free text and free keys of what belongs to a customer.
# docs/decisions.md, "Personal data", adds session cookies and an incentive's description, and leaves out ids.
OBJECTS: dict[str, Described] = {
    found.name: found
    for found in (
        _described(
            "subscriptions",
            "/subscriptions/",
            "public_id",
            """public_id customer merchant product payment shipping_address offer subscription_type
            raw_subscription_type components:components extra_data:json* product_attribute- quantity:int price:money
            frequency_days:int reminder_days:int every:int every_period:small start_date:day cancelled:stamp
            cancel_reason* cancel_reason_code* currency_code session_id* merchant_order_id created:stamp updated:stamp
            live:bool external_id prepaid_subscription_context:json free_trial_subscription_context:json
            grantees:json*""",
        ),
        _described(
            "orders",
            "/orders/",
            "public_id",
            """public_id merchant customer payment shipping_address currency_code sub_total:money tax_total:money
            shipping_total:money discount_total:money total:money created:stamp updated:stamp place:stamp
            cancelled:stamp tries:int generic_error_count:int status:small type:small order_merchant_id
            rejected_message* extra_data:json* locked:bool oos_free_shipping:bool has_plan:bool""",
        ),
        _described(
            "items",
            "/items/",
            "public_id",
            """public_id order offer subscription product components:components subscription_component quantity:int
            price:money extra_cost:money total_price:money one_time:bool order_updated:stamp frozen:bool first_placed
            product_attribute-""",
        ),
        _described(
            "customers",
            "/customers/",
            "merchant_user_id",
            """merchant_user_id merchant session_id* user_token_id! first_name* last_name* email* phone_number*
            phone_type:small live:bool created:stamp last_updated:stamp last_login:stamp extra_data:json* locale
            price_code""",
        ),
        _described(
            "addresses",
            "/addresses/",
            "public_id",
            """public_id customer label* company_name* address2* fax* first_name* last_name* address* city*
            state_province_code zip_postal_code* phone* country_code live:bool created:stamp updated:stamp token_id!
            store_public_id""",
        ),
        _described(
            "payments",
            "/payments/",
            "public_id",
            """public_id customer billing_address cc_number_ending! label* cc_holder* token_id! cc_type:small
            cc_exp_date! payment_method live:bool created:stamp last_updated:stamp""",
        ),
        _described(
            "products",
            "/products/",
            "external_product_id",
            """external_product_id merchant name sku price:money image_url detail_url groups:json autoship_enabled:bool
            prepaid_eligible:bool premier_enabled:int created:stamp last_update:stamp live:bool discontinued:bool
            extra_data:json product_type autoship_by_default:bool every:int every_period:small offer_profile
            incentive_group product_selection_rules:json product_free_trial_configurations:json""",
        ),
        _described(
            "offer_profiles",
            "/offer_profiles/",
            "public_id",
            "public_id name merchant live:bool status weight:int offers:json recurring_coupon:json initial_coupon:json",
        ),
        _described(
            "one_time_incentives",
            "/one_time_incentives/",
            "public_id",
            """public_id external_code description* merchant customer order item created:stamp last_updated:stamp
            applied_at:stamp incentive:json""",
        ),
        _described("product_groups", "/product_groups/", "group_type name", "group_type name"),
        _described(
            "resources",
            "/resources/",
            "public_id",
            """merchant public_id name external_resource_id description image_url created:stamp last_updated:stamp""",
        ),
        _described("cancel_reasons", "/merchant/cancel_reason/", "cancel_reason", "cancel_reason application"),
    )
}

# Members of an object field that have a column of their own (reference: prepaid-subscriptions, otd-list).
MEMBERS: dict[str, dict[str, tuple[str, Kind]]] = {
    "prepaid_subscription_context": {
        "prepaid_orders_remaining": ("prepaid_orders_remaining", Kind.INT),
        "prepaid_orders_per_billing": ("prepaid_orders_per_billing", Kind.INT),
        "renewal_behavior": ("renewal_behavior", Kind.TEXT),
        "last_renewal_revenue": ("last_renewal_revenue", Kind.MONEY),
        "prepaid_origin_merchant_order_id": ("prepaid_origin_merchant_order_id", Kind.TEXT),
    },
    "incentive": {
        "public_id": ("incentive_public_id", Kind.TEXT),
        "type": ("incentive_type", Kind.TEXT),
        "discount_type": ("incentive_discount_type", Kind.TEXT),
        "target": ("incentive_target", Kind.TEXT),
        "value": ("incentive_value", Kind.MONEY),
    },
}

# Fields of `data.object` per family of events; times are whole seconds since 1970 (reference: webhooks-*-events).
EVENTS: dict[str, Described] = {
    found.name: found
    for found in (
        _described(
            "subscriber",
            "",
            "merchant_user_id",
            """merchant_user_id subscription subscriptions:json session_id* first_name* last_name* email* phone_number*
            phone_type:int phone_type_display live:bool created:int last_updated:int extra_data:json* locale
            locale_display""",
        ),
        _described(
            "subscription",
            "",
            "public_id",
            """public_id customer product components:components extra_data:json* prepaid_subscription_context:json
            quantity:int price:money frequency_days:int reminder_days:int every:int every_period:int
            every_period_display cancelled:int cancel_reason* cancel_reason_code* session_id* merchant_order_id
            live:bool external_id created:int updated:int start_date:day offer payment shipping_address
            one_click_token!""",
        ),
        _described(
            "order",
            "",
            "public_id",
            """public_id customer payment shipping_address sub_total:money tax_total:money shipping_total:money
            discount_total:money total:money created:int place:day cancelled:int tries:int generic_error_count:int
            status:int status_display order_merchant_id rejected_message* extra_data:json* one_click_token!""",
        ),
        _described(
            "item",
            "",
            "public_id",
            """public_id customer product order subscription offer quantity:int price:money total_price:money
            first_placed components:components""",
        ),
    )
}
DESCRIBED = OBJECTS | EVENTS

EVENT_TYPES: dict[str, str] = {
    "subscriber": "create cancel subscriptions_created",
    "subscription": """create cancel change_live reactivate sku_swap change_frequency change_quantity change_components
        change_shipping_address change_payment refresh_one_click_token created cancelled""",
    "order": """create change_shipping_address change_payment change_billing change_next_order_date skip_order send_now
        cancel success delete generic_error reject retryable_placement_failure awaiting_retry_instructions reminder
        refresh_one_click_token""",
    "item": """create change_order change_quantity item_subscribe update_price sku_swap successfully_placed out_of_stock
        remove""",
}

# What a deletion is known and joined by: these must arrive in every mode (guide: implement-custom-data-pipelines).
EVENT_IDS = ("public_id", "merchant_user_id", "customer", "order", "subscription")

_SECRET_WORDS = re.compile(r"token(id)?$|^token|ccnumber|cardnumber|ccexp|cardexp|cvv|cvc")
_UNCLEAR = re.compile(
    r"token|tok|card|cc|cv|pan$|^pan|exp|secret|pass|pwd|key|iban|account|number|auth|ending|last4|pin"
)


class Named(Enum):
    """What a member's name says about its value."""

    SECRET = "a token or card data"  # noqa: S105 - what a name says
    UNCLEAR = "perhaps a secret"
    PLAIN = "no secret"


@lru_cache(maxsize=65536)
def named(name: str) -> Named:
    """Whether a name says that its value is a secret.

    Secrets are tokens and card data (reference: payments-list; webhooks: `one_click_token`), however these names are
    spelled. docs/decisions.md, "Personal data": kind of card and holder are no secrets.
    """
    if name in _DOCUMENTED:
        return Named.SECRET if _DOCUMENTED[name] else Named.PLAIN
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    if not name.isascii():
        return Named.UNCLEAR
    if _SECRET_WORDS.search(letters):
        return Named.SECRET
    return Named.UNCLEAR if _UNCLEAR.search(letters) else Named.PLAIN


_DOCUMENTED = {field.name: field.secret for described in DESCRIBED.values() for field in described.fields.values()} | {
    "expiration": False
}
NULL_WORDS = frozenset({"", "null", "undefined"})
