"""What the emulator stores of each object: the field tables of the REST bodies, and the SQL tables that hold them."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a field is kept in SQLite and what a reader finds in the body."""

    TEXT = "text"
    INT = "int"
    CODE = "code"
    """A number in bodies that names something: text to whoever stores it."""
    MONEY = "money"
    """Kept in whole cents; a decimal string in bodies."""
    STAMP = "stamp"
    """Kept in epoch seconds (UTC); a naive wall clock in bodies."""
    DAY = "day"
    """Kept and sent as YYYY-MM-DD."""
    PLACE = "place"
    """A planned day, and beside it in `place_at` the instant of the last attempt to place."""
    FLAG = "flag"
    JSON = "json"
    MERCHANT = "merchant"
    """The merchant of the world; not kept per row."""
    NULL = "null"
    """Deprecated or internal: always null; not kept per row."""
    JOINED = "joined"
    """A stamp that another table holds: the `updated` of an item's order."""


SQL_TYPES = {
    Kind.TEXT: "TEXT",
    Kind.INT: "INTEGER",
    Kind.CODE: "INTEGER",
    Kind.MONEY: "INTEGER",
    Kind.STAMP: "INTEGER",
    Kind.DAY: "TEXT",
    Kind.PLACE: "TEXT",
    Kind.FLAG: "INTEGER",
    Kind.JSON: "TEXT",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body. An `optional` field is left out of the body when it has no value."""

    name: str
    kind: Kind
    optional: bool = False

    @property
    def stored(self) -> bool:
        """Whether the table has a column of that name."""
        return self.kind in SQL_TYPES


@dataclass(frozen=True, slots=True)
class Table:
    """One object: its fields in the order of the body, its key, its change stamp and the columns looked up by."""

    name: str
    fields: tuple[Field, ...]
    key: str | None
    stamp: str | None
    indexes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The stored columns without the internal `id`, in the order of an INSERT."""
        names = [field.name for field in self.fields if field.stored]
        return (*names, "place_at") if self.name == "orders" else tuple(names)

    @property
    def ddl(self) -> str:
        """The CREATE TABLE. `id` grows with creation, so it gives lists their order and never reaches a body."""
        columns = [f'"{field.name}" {SQL_TYPES[field.kind]}' for field in self.fields if field.stored]
        if self.name == "orders":
            columns.append('"place_at" INTEGER')
        return f'CREATE TABLE "{self.name}" (id INTEGER PRIMARY KEY, {", ".join(columns)})'

    @property
    def index_ddl(self) -> list[str]:
        """The CREATE INDEX statements, to be run after a bulk load."""
        made = [f'CREATE INDEX "{self.name}_{column}" ON "{self.name}" ("{column}")' for column in self.indexes]
        if self.key is not None:
            made.insert(0, f'CREATE UNIQUE INDEX "{self.name}_key" ON "{self.name}" ("{self.key}")')
        return made


def _fields(text: str) -> tuple[Field, ...]:
    """Read `name`, `name:kind` and `name:kind?` (left out when null), separated by blanks; kind defaults to text."""
    fields = []
    for word in text.split():
        name, _, kind = word.partition(":")
        fields.append(Field(name, Kind(kind.rstrip("?") or "text"), kind.endswith("?")))
    return tuple(fields)


CUSTOMERS = Table(
    "customers",
    _fields("""
    merchant_user_id merchant:merchant session_id user_token_id first_name last_name email phone_number phone_type:int
    live:flag created:stamp last_updated:stamp last_login:stamp extra_data:json locale:code price_code:text?
    """),
    "merchant_user_id",
    "last_updated",
    ("last_updated", "email"),
)

ADDRESSES = Table(
    "addresses",
    _fields("""
    public_id customer label first_name last_name company_name address address2 city state_province_code
    zip_postal_code phone fax country_code live:flag created:stamp updated:stamp token_id store_public_id
    """),
    "public_id",
    "updated",
    ("updated", "customer"),
)

PAYMENTS = Table(
    "payments",
    _fields("""
    public_id customer billing_address cc_number_ending label cc_holder token_id cc_type:int cc_exp_date
    payment_method live:flag created:stamp last_updated:stamp
    """),
    "public_id",
    "last_updated",
    ("customer",),
)

PRODUCTS = Table(
    "products",
    _fields("""
    external_product_id merchant:merchant name sku price:money image_url detail_url groups:json autoship_enabled:flag
    prepaid_eligible:flag premier_enabled:null created:stamp last_update:stamp live:flag discontinued:flag
    extra_data:json product_type autoship_by_default:flag every:int every_period:int offer_profile incentive_group
    """),
    "external_product_id",
    "last_update",
)

OFFER_PROFILES = Table(
    "offer_profiles",
    _fields("""
    public_id name merchant:merchant live:flag status weight:int offers:json recurring_coupon:json initial_coupon:json
    """),
    "public_id",
    None,
)

SUBSCRIPTIONS = Table(
    "subscriptions",
    _fields("""
    public_id customer merchant:merchant product payment shipping_address offer subscription_type raw_subscription_type
    components:json extra_data:json product_attribute:null iteration:null sequence:null customer_rep:null club:null
    quantity:int price:money frequency_days:int reminder_days:int every:int every_period:int start_date:day
    cancelled:stamp cancel_reason cancel_reason_code currency_code session_id merchant_order_id created:stamp
    updated:stamp live:flag external_id prepaid_subscription_context:json free_trial_subscription_context:json?
    grantees:json?
    """),
    "public_id",
    "updated",
    ("updated", "customer"),
)

ORDERS = Table(
    "orders",
    _fields("""
    public_id merchant:merchant customer payment shipping_address currency_code sub_total:money tax_total:money
    shipping_total:money discount_total:money total:money created:stamp updated:stamp place:place cancelled:stamp
    tries:int generic_error_count:int status:int type:int order_merchant_id rejected_message extra_data:json
    locked:flag oos_free_shipping:flag
    """),
    "public_id",
    "updated",
    ("updated", "created", "status", "customer"),
)

ITEMS = Table(
    "items",
    _fields("""
    public_id order offer subscription product components:json subscription_component:text? quantity:int price:money
    extra_cost:money total_price:money one_time:flag order_updated:joined frozen:flag first_placed:null
    product_attribute:null
    """),
    "public_id",
    None,
    ("order", "subscription"),
)

ONE_TIME_INCENTIVES = Table(
    "one_time_incentives",
    _fields("""
    public_id external_code description merchant:merchant customer order:text? item:text? created:stamp
    last_updated:stamp applied_at:stamp incentive:json
    """),
    "public_id",
    "last_updated",
    ("order", "item", "customer"),
)

PRODUCT_GROUPS = Table("product_groups", _fields("name group_type"), None, None)

RESOURCES = Table(
    "resources",
    _fields("""
    merchant:merchant public_id name external_resource_id description image_url created:stamp last_updated:stamp
    """),
    "public_id",
    "last_updated",
)

CANCEL_REASONS = Table("cancel_reasons", _fields("cancel_reason:code application"), None, None)

RELATIONSHIPS = Table("relationships", _fields("relationship_type from_product to_product"), None, None)

TABLES = {
    table.name: table
    for table in (
        CUSTOMERS,
        ADDRESSES,
        PAYMENTS,
        PRODUCTS,
        OFFER_PROFILES,
        SUBSCRIPTIONS,
        ORDERS,
        ITEMS,
        ONE_TIME_INCENTIVES,
        PRODUCT_GROUPS,
        RESOURCES,
        CANCEL_REASONS,
        RELATIONSHIPS,
    )
}

ITEMS_FIRST = 'items CROSS JOIN orders ON orders.public_id = items."order"'
"""In SQLite CROSS JOIN fixes the order of the loops: items in order of creation, each looking up its order."""


def select(object_name: str, tables: str | None = None) -> str:
    """SELECT of the internal id and the fields that have a column, in the order of the body.

    A placement's column tells an instant (whole number) once it was tried, a day (text) before.
    """
    columns = []
    for field in TABLES[object_name].fields:
        if field.kind is Kind.PLACE:
            columns.append("coalesce(orders.place_at, orders.place)")
        elif field.kind is Kind.JOINED:
            columns.append("orders.updated")
        elif field.stored:
            columns.append(f'"{object_name}"."{field.name}"')
    if tables is None:
        tables = ITEMS_FIRST if object_name == "items" else f'"{object_name}"'
    return f'SELECT "{object_name}".id, {", ".join(columns)} FROM {tables}'
