"""One record per Ordergroove object: which fields a body has, what they mean, what they become in the warehouse.

Field names are Ordergroove's own, in the order of its reference pages (objects.py names the page).
Only keys are required; everything else may be null or absent. reader.py turns bodies into records.
"""

from functools import cache
from typing import Any

from pydantic import AliasPath, BaseModel, ConfigDict, Field, create_model

from og_assets.columns import Column, Kind
from og_assets.ordergroove.fields import (
    Code,
    CodeText,
    Components,
    Day,
    DayOfStamp,
    Flag,
    Integer,
    Json,
    Key,
    Money,
    SmallInteger,
    Stamp,
    Text,
    TextSmallInteger,
)
from og_assets.ordergroove.spellings import Reading, Reads

BUNDLE_LINE = ("", "public_id", "quantity", "product")
"""What is in `components`; the legacy spellings are bare product ids."""


class Record(BaseModel):
    """An Ordergroove object with canonical values. What it does not name stays in the table's `_raw`."""

    # Only its plain form validates anything; to build both for all objects takes a tenth of a small pull's CPU.
    model_config = ConfigDict(extra="ignore", defer_build=True)

    @classmethod
    @cache
    def columns(cls) -> tuple[Column, ...]:
        """The record's columns in order, each with its meaning."""
        return tuple(_column(cls, name) for name in cls.model_fields)

    @classmethod
    def path(cls, name: str) -> tuple[str | int, ...]:
        """Where in a body the value of a column is."""
        alias = cls.model_fields[name].validation_alias
        return tuple(alias.path) if isinstance(alias, AliasPath) else (str(alias or name),)

    @classmethod
    @cache
    def plain(cls) -> type[BaseModel]:
        """The record without the columns whose JSON text is cut out of the body: JSON, and what is inside of it."""
        fields = {
            column.name: (cls.model_fields[column.name].annotation, cls.model_fields[column.name])
            for column in cls.columns()
            if column.kind is not Kind.JSON and len(cls.path(column.name)) == 1
        }
        config = {**cls.model_config, "defer_build": False}
        return create_model(cls.__name__, __config__=config, **fields)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def reading(cls, name: str) -> Reading:
        """How the text of a column's value is read, whatever its spelling."""
        return next(item for item in cls.model_fields[name].metadata if isinstance(item, Reads)).reading


def _column(record: type[Record], name: str) -> Column:
    field = record.model_fields[name]
    marks = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return Column(
        name=name,
        kind=next(item for item in field.metadata if isinstance(item, Kind)),
        description=str(field.description),
        example=field.examples[0] if field.examples else None,
        required=field.is_required(),
        personal=bool(marks.get("personal")),
        secret=bool(marks.get("secret")),
        members=_names(marks.get("members")),
        coded=bool(marks.get("coded")),
        path=record.path(name),
    )


def _names(names: Any) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _field(description: str, example: str | None = None, **options: Any) -> Any:
    return Field(None, description=description, examples=[example] if example else None, **options)


def _key(description: str, example: str) -> Any:
    return Field(description=description, examples=[example])


def _personal(description: str, example: str | None = None, **marks: Any) -> Any:
    return _field(description, example, json_schema_extra={"personal": True, **marks})


def _nested(description: str, *members: str) -> Any:
    """JSON of which these members are known to hold nothing personal."""
    return _field(description, json_schema_extra={"members": list(members)})


def _secret(description: str, example: str | None = None) -> Any:
    return _field(description, example, json_schema_extra={"secret": True})


def _inside(parent: str, name: str, description: str, example: str | None = None) -> Any:
    return _field(description, example, validation_alias=AliasPath(parent, name))


class Customer(Record):
    """A person who subscribes, under the id that the merchant's shop gave."""

    merchant_user_id: Key = _key("Customer id in the merchant's shop.", "00040003")
    merchant: Text = _field("Merchant public id.", "ac4f7938383a11e89ecbbc764e1107f2")
    session_id: Text = _personal("Ordergroove session cookie at sign-up.", "ac4f.896371.1539022086")
    user_token_id: Text = _secret("Token of the customer in the shop; often empty text.")
    first_name: Text = _personal("First name.")
    last_name: Text = _personal("Last name.")
    email: Text = _personal("E-mail address.")
    phone_number: Text = _personal("Phone number.")
    phone_type: SmallInteger = _field("Phone type: 0 invalid, 1 landline, 2 mobile, 3 VoIP.", "2")
    live: Flag = _field("Whether the account is active.", "true")
    created: Stamp = _field("When the customer was created, UTC.", "2018-11-12 20:45:39")
    last_updated: Stamp = _field("When the customer last changed, UTC; filtered as updated_*.", "2018-11-16 02:49:10")
    last_login: Stamp = _field("Last login, UTC.")
    extra_data: Json = _personal("Free keys and values of the merchant.", members=[])
    locale: CodeText = _field("Locale, as a code number or a name such as en-us.", "1")
    price_code: Text = _field("Price list of the customer.", "prom_customer")


class Address(Record):
    """A shipping or billing address of a customer."""

    public_id: Key = _key("Address id.", "c4cd7f86ccc411e8ada3bc764e101db1")
    customer: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).", "00040003")
    label: Text = _personal("Name that the customer gave the address.")
    company_name: Text = _personal("Company.")
    first_name: Text = _personal("First name of the receiver.")
    last_name: Text = _personal("Last name of the receiver.")
    address: Text = _personal("Street and number.")
    address2: Text = _personal("Second address line.")
    city: Text = _personal("City.")
    state_province_code: Text = _field("State or province; null abroad.", "NY")
    zip_postal_code: Text = _personal("Postal code.")
    country_code: Text = _field("Country, ISO 3166 alpha-2.", "US")
    phone: Text = _personal("Phone number.")
    fax: Text = _personal("Fax number.")
    live: Flag = _field("Whether an order or subscription uses it.", "true")
    created: Stamp = _field("When the address was created, UTC.", "2018-10-10 18:43:32")
    updated: Stamp = _field("When the address last changed, UTC.", "2018-10-10 18:43:32")
    token_id: Text = _secret("Deprecated token of the shop.")
    store_public_id: Text = _field("Physical store, for pick-up.")


class Payment(Record):
    """A means of payment of a customer. Card data is what the shop passed on: last four digits and expiry."""

    public_id: Key = _key("Payment id.", "c4d1d4e6ccc411e8ada3bc764e101db1")
    customer: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).", "00040003")
    billing_address: Text = _field("Billing address (addresses.public_id).", "c4cfc106ccc411e8ada3bc764e101db1")
    cc_number_ending: Text = _secret("Last four digits of the card, as text.")
    label: Text = _personal("Name that the customer gave the payment.")
    cc_holder: Text = _personal("Card holder.")
    token_id: Text = _secret("Token of the shop's card vault.")
    cc_type: SmallInteger = _field("Card: 1 Visa, 2 Mastercard, 3 American Express, 4 Discover, 5 Diners, 6 JCB.", "1")
    cc_exp_date: Text = _secret("Card expiry, MM/YYYY.")
    payment_method: CodeText = _field("Method, as a name or a code number.", "credit card")
    live: Flag = _field("Whether the payment is in use.", "true")
    created: Stamp = _field("When the payment was created, UTC.", "2018-10-10 18:43:32")
    last_updated: Stamp = _field("When the payment last changed, UTC.", "2018-10-10 18:43:32")


class Product(Record):
    """A product of the merchant's feed, including those that are discontinued or cannot be subscribed to."""

    external_product_id: Key = _key("Product id in the merchant's shop.", "48398751432995")
    merchant: Text = _field("Merchant public id.", "ac4f7938383a11e89ecbbc764e1107f2")
    name: Text = _field("Product name.", "Medium Roast Coffee Bag")
    sku: Text = _field("Stock keeping unit.", "COFFEE-M")
    price: Money = _field("Base price from the product feed.", "10.0000")
    image_url: Text = _field("Picture.")
    detail_url: Text = _field("Product page.")
    groups: Json = _field("List of {group_type, name} (product_groups).")
    autoship_enabled: Flag = _field("Whether it can be subscribed to.", "true")
    prepaid_eligible: Flag = _field("Whether it can be prepaid.", "true")
    premier_enabled: Integer = _field("Deprecated.")
    created: Stamp = _field("When the product was created, UTC.", "2024-05-09 19:20:09")
    last_update: Stamp = _field("When the product last changed, UTC.", "2024-05-13 12:56:36")
    live: Flag = _field("In stock, as sent (the documents disagree: stock or account status).", "true")
    discontinued: Flag = _field("Whether it is discontinued.", "false")
    extra_data: Json = _field("Free keys and values of the merchant.")
    product_type: Text = _field("standard, rotating, static or dynamic price bundle, plan, bundle.", "standard")
    autoship_by_default: Flag = _field("Whether the subscription is preselected.", "true")
    every: Integer = _field("Default frequency: number of periods.", "1")
    every_period: SmallInteger = _field("Default frequency: 1 days, 2 weeks, 3 months, 4 years.", "3")
    offer_profile: Text = _field("Offer profile (offer_profiles.public_id); deprecated.")
    incentive_group: Text = _field("Incentive group.")
    product_selection_rules: Json = _field("Rules of a rotating product, when sent.")
    product_free_trial_configurations: Json = _field("Free trials, when sent.")


class OfferProfile(Record):
    """A set of offers (incentives on subscribing and on recurring orders), archived ones included."""

    public_id: Key = _key("Offer profile id.", "e3e9ac44a24f15e485b0bc764e107cf3")
    name: Text = _field("Name.", "Subscribe and save")
    merchant: Text = _field("Merchant public id.")
    live: Flag = _field("Whether the profile is in force.", "true")
    status: Text = _field("available or archived.", "available")
    weight: Integer = _field("Rank among profiles.", "100")
    offers: Json = _field("List of offer ids, as items and subscriptions hold them in `offer`.")
    recurring_coupon: Json = _field("Incentive on recurring orders.")
    initial_coupon: Json = _field("Incentive on the first order.")


class Subscription(Record):
    """An agreement to send one product (or bundle) to a customer again and again."""

    public_id: Key = _key("Subscription id.", "f9cb2f93e1c845eb9de9eff46ddb3cbf")
    customer: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).", "00026001")
    merchant: Text = _field("Merchant public id.", "ac4f7938383a11e89ecbbc764e1107f2")
    product: Text = _field("Product (products.external_product_id).", "0070000693")
    payment: Text = _field("Payment (payments.public_id).", "070001bc02fd11e99542bc764e1043b0")
    shipping_address: Text = _field("Shipping address (addresses.public_id).", "66c25cd0564011e9abc5bc764e107990")
    offer: Text = _field("Offer: one element of offer_profiles.offers.", "a748aa648ac811e8af3bbc764e106cf4")
    subscription_type: Text = _field("Coarse type.", "replenishment")
    raw_subscription_type: Text = _field("Origin: checkout, instant upsell or service tool.", "IU replenishment")
    components: Components = _nested(
        "Bundle lines: list of {public_id, quantity, product}; [] when no bundle.",
        *BUNDLE_LINE,
    )
    extra_data: Json = _personal("Free keys and values of the merchant.", members=[])
    quantity: Integer = _field("Units per shipment.", "2")
    price: Money = _field("Locked price; normally null.", "12.9900")
    frequency_days: Integer = _field("Interval in days, as reported; every and every_period are the truth.", "42")
    reminder_days: Integer = _field("Days of notice before placement.", "10")
    every: Integer = _field("Number of periods between orders.", "6")
    every_period: SmallInteger = _field("Period: 1 days, 2 weeks, 3 months, 4 years.", "2")
    start_date: Day = _field("Day on which it starts.", "2019-07-21")
    cancelled: Stamp = _field("When it was cancelled, UTC.")
    cancel_reason: Text = _personal("Why it was cancelled, as `code|text` or text.", "4|Overstocked", coded=True)
    cancel_reason_code: CodeText = _personal("Code of the reason as sent.", "4", coded=True)
    cancel_reason_code_number: Code = _field(
        "Leading digits of cancel_reason_code (cancel_reasons.cancel_reason).",
        "4",
        validation_alias="cancel_reason_code",
    )
    currency_code: Text = _field("Currency, ISO 4217.", "USD")
    session_id: Text = _personal("Ordergroove session cookie at sign-up.")
    merchant_order_id: Text = _field("Order in the shop that created it.", "301617")
    created: Stamp = _field("When it was created, UTC.", "2019-07-21 16:00:00")
    updated: Stamp = _field("When it last changed, UTC.", "2019-07-21 16:00:00")
    live: Flag = _field("Whether the subscription is active.", "true")
    external_id: Text = _field("Id on the merchant's side.", "gid://shopify/SubscriptionContract/10831298836")
    prepaid_subscription_context: Json = _nested(
        "Prepaid terms; null or {} when not prepaid.",
        "prepaid_orders_remaining",
        "prepaid_orders_per_billing",
        "renewal_behavior",
        "last_renewal_revenue",
        "prepaid_origin_merchant_order_id",
    )
    prepaid_orders_remaining: Integer = _inside(
        "prepaid_subscription_context", "prepaid_orders_remaining", "Prepaid orders left; 0: the next one renews.", "2"
    )
    prepaid_orders_per_billing: Integer = _inside(
        "prepaid_subscription_context", "prepaid_orders_per_billing", "Orders that one billing pays.", "3"
    )
    renewal_behavior: Text = _inside(
        "prepaid_subscription_context", "renewal_behavior", "autorenew, cancel or downgrade.", "autorenew"
    )
    last_renewal_revenue: Money = _inside(
        "prepaid_subscription_context", "last_renewal_revenue", "Revenue of the last renewal.", "100.8000"
    )
    prepaid_origin_merchant_order_id: Text = _inside(
        "prepaid_subscription_context",
        "prepaid_origin_merchant_order_id",
        "Order in the shop that prepaid it.",
        "#3082",
    )
    free_trial_subscription_context: Json = _nested(
        "Free trial terms, when there is one.", "product", "days", "conversion_item", "expiration", "is_in_free_trial"
    )
    grantees: Json = _personal("List of {external_id, name} who benefit.", members=["external_id"])


class Order(Record):
    """One box for one customer, address, payment and date; it may hold items of several subscriptions."""

    public_id: Key = _key("Order id.", "6120b166d62d11e8aaf0bc764e107990")
    merchant: Text = _field("Merchant public id.", "ac4f7938383a11e89ecbbc764e1107f2")
    customer: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).", "00026001")
    payment: Text = _field("Payment (payments.public_id).", "070001bc02fd11e99542bc764e1043b0")
    shipping_address: Text = _field("Shipping address (addresses.public_id).", "66c25cd0564011e9abc5bc764e107990")
    currency_code: Text = _field("Currency, ISO 4217.", "USD")
    sub_total: Money = _field("Sum of the items after discounts.", "95.1200")
    tax_total: Money = _field("Tax; Ordergroove usually computes none.", "0.0000")
    shipping_total: Money = _field("Shipping fee.", "14.0000")
    discount_total: Money = _field("Discount, already inside sub_total.", "91.7800")
    total: Money = _field("Grand total as Ordergroove says.", "109.1200")
    created: Stamp = _field("When the order was created, UTC.", "2018-10-22 18:05:02")
    updated: Stamp = _field("When the order or one of its items last changed, UTC.", "2018-10-22 19:06:25")
    place: Stamp = _field("Placement instant, UTC; midnight of the source zone while planned.", "2018-10-22 19:06:25")
    place_date: DayOfStamp = _field("Placement day as Ordergroove wrote it.", "2018-10-22", validation_alias="place")
    cancelled: Stamp = _field("When it was cancelled, UTC.")
    tries: Integer = _field("Placement attempts.", "1")
    generic_error_count: Integer = _field("Answers 999 of the shop so far.", "0")
    status: SmallInteger = _field("Status code; 1 is unsent, 5 success (reference: order-status-codes).", "5")
    type: TextSmallInteger = _field("Order type; 1 is a subscription order.", "1")
    order_merchant_id: Text = _field("Order id in the shop, once placed.", "301617")
    rejected_message: Text = _personal("The shop's message; may itself be JSON text.", members=["code", "category"])
    extra_data: Json = _personal(
        "Free keys and values; merged_order_id when status is 17.", members=["merged_order_id"]
    )
    locked: Flag = _field("Whether it can no longer be edited.", "false")
    oos_free_shipping: Flag = _field("Internal to Ordergroove.", "false")
    has_plan: Flag = _field("Whether it holds a plan product, when sent.")


class Item(Record):
    """One product in one order; of a subscription, or one-time. It may move to another order under the same id."""

    public_id: Key = _key("Item id.", "58072de4ccc811e88516bc764e106cf4")
    order: Text = _field("Order (orders.public_id); may change.", "c4e05d04ccc411e8ada3bc764e101db1")
    offer: Text = _field("Offer: one element of offer_profiles.offers.")
    subscription: Text = _field("Subscription (subscriptions.public_id); null for a one-time item.")
    product: Text = _field("Product (products.external_product_id).", "0070000693")
    components: Components = _nested("Legacy bundle lines: list of {public_id, quantity, product}.", *BUNDLE_LINE)
    subscription_component: Text = _field("Bundle component of the subscription that it fulfils.")
    quantity: Integer = _field("Units.", "2")
    price: Money = _field("Unit price.", "26.9900")
    extra_cost: Money = _field("Deprecated.", "0.0000")
    total_price: Money = _field("Line total after quantity and discount.", "13.2200")
    one_time: Flag = _field("Whether it was added once, through Instant Upsell.", "true")
    order_updated: Stamp = _field("When its order last changed, UTC.", "2025-01-31 05:00:00")
    frozen: Flag = _field("Whether the price was pinned.", "false")
    first_placed: Text = _field("Undocumented and null in every example.")


class OneTimeIncentive(Record):
    """A discount for one order or one item."""

    public_id: Key = _key("Incentive id.", "8637c3fe9b7011eaa2c1bc764e107990")
    external_code: Text = _field("Code of the merchant.", "awesome_discount")
    description: Text = _personal("Text for people.")
    merchant: Text = _field("Merchant public id.")
    customer: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).")
    order: Text = _field("Order it applies to (orders.public_id), unless to an item.")
    item: Text = _field("Item it applies to (items.public_id), unless to an order.")
    created: Stamp = _field("When it was created, UTC.", "2020-05-21 13:36:57")
    last_updated: Stamp = _field("When it last changed, UTC.", "2020-05-21 13:36:57")
    applied_at: Stamp = _field("When it was applied, UTC.")
    incentive: Json = _nested(
        "The incentive as sent.", "public_id", "type", "discount_type", "target", "field", "name", "value"
    )
    incentive_public_id: Text = _inside("incentive", "public_id", "Id of the incentive itself.")
    incentive_type: Text = _inside("incentive", "type", "Type.", "Discount")
    incentive_discount_type: Text = _inside("incentive", "discount_type", "Discount Percent or Flat Amount.")
    incentive_target: Text = _inside("incentive", "target", "item, order or shipping_total.", "order")
    incentive_value: Money = _inside("incentive", "value", "Per cent or amount, by discount type.", "10.0000")


class ProductGroup(Record):
    """A named group of products."""

    group_type: Key = _key("Group type: eligibility, sku_swap, incentive.", "incentive")
    name: Key = _key("Group name.", "summer_sale")


class Resource(Record):
    """Something that a product grants access to."""

    public_id: Key = _key("Resource id.", "79d2dc76245111eeb185acde48001122")
    merchant: Text = _field("Merchant public id.")
    name: Text = _field("Name.", "Members' area")
    external_resource_id: Text = _field("Id on the merchant's side.")
    description: Text = _field("Text for people.")
    image_url: Text = _field("Picture.")
    created: Stamp = _field("When it was created, UTC.", "2024-05-09 19:20:09")
    last_updated: Stamp = _field("When it last changed, UTC.", "2024-05-09 19:20:09")


class CancelReason(Record):
    """A reason that customers can give when they cancel."""

    cancel_reason: Key = _key("Code of the reason.", "1")
    application: Text = _field("Application that offers it.", "msi")
