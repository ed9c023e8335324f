"""OBJECTS: every Ordergroove object that is read, one row each. Client, tables, assets, emulator and docs follow it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from og_assets.columns import Column
from og_assets.ordergroove import records
from og_assets.ordergroove.records import Record

REFERENCE = "https://developer.ordergroove.com/reference/"


@dataclass(frozen=True, slots=True)
class OrdergrooveObject:
    """One kind of Ordergroove object and how the REST API lists it.

    `start_param` and `end_param` are the inclusive time filters of the list; both are None for an
    object that can only be read whole. `change_stamp` is the field of the body that these filters
    compare (it is never used as a watermark). `params` are sent with every first page, most of
    them to switch off a default filter that hides rows. `deletable` ones are deleted for good, and webhooks
    at most say so (guide: data pipelines). `references` says of which object a column holds the key (guide:
    object-reference).
    """

    name: str
    path: str
    key: tuple[str, ...]
    record: type[Record]
    reference_page: str
    change_stamp: str | None = None
    start_param: str | None = None
    end_param: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    retrievable: bool = True
    deletable: bool = False
    references: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_incremental(self) -> bool:
        """Whether the list can be asked for what changed since an instant."""
        return self.start_param is not None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the object's table, in order, without the metadata columns."""
        return self.record.columns()

    @property
    def reference_url(self) -> str:
        """The page of the API reference that describes the list."""
        return REFERENCE + self.reference_page

    def retrieve_path(self, key: str) -> str:
        """The path that answers one object by its key, or 404 when it is gone."""
        return f"{self.path}{key}/"


# In the order in which a whole sync best reads them: what is referred to comes first.
OBJECTS: tuple[OrdergrooveObject, ...] = (
    OrdergrooveObject(
        "customers",
        "/customers/",
        ("merchant_user_id",),
        records.Customer,
        "customers-list",
        change_stamp="last_updated",
        start_param="updated_start",
        end_param="updated_end",
    ),
    OrdergrooveObject(
        "addresses",
        "/addresses/",
        ("public_id",),
        records.Address,
        "addresses-list",
        change_stamp="updated",
        start_param="updated_start",
        end_param="updated_end",
        references={"customer": "customers"},
    ),
    OrdergrooveObject(
        "payments",
        "/payments/",
        ("public_id",),
        records.Payment,
        "payments-list",
        change_stamp="last_updated",
        references={"customer": "customers", "billing_address": "addresses"},
    ),
    OrdergrooveObject(
        "products",
        "/products/",
        ("external_product_id",),
        records.Product,
        "products-list",
        change_stamp="last_update",
        params={"autoship_enabled": "all", "allow_discontinued": "true"},
    ),
    OrdergrooveObject(
        "offer_profiles",
        "/offer_profiles/",
        ("public_id",),
        records.OfferProfile,
        "offer-profile-list",
        params={"status": "all"},
        retrievable=False,
    ),
    OrdergrooveObject(
        "subscriptions",
        "/subscriptions/",
        ("public_id",),
        records.Subscription,
        "subscriptions-list",
        change_stamp="updated",
        start_param="updated_start",
        end_param="updated_end",
        references={
            "customer": "customers",
            "product": "products",
            "payment": "payments",
            "shipping_address": "addresses",
            "cancel_reason_code_number": "cancel_reasons",
        },
    ),
    OrdergrooveObject(
        "orders",
        "/orders/",
        ("public_id",),
        records.Order,
        "orders-list",
        change_stamp="updated",
        start_param="updated_start",
        end_param="updated_end",
        deletable=True,
        references={"customer": "customers", "payment": "payments", "shipping_address": "addresses"},
    ),
    OrdergrooveObject(
        "items",
        "/items/",
        ("public_id",),
        records.Item,
        "items-list",
        change_stamp="order_updated",
        start_param="order_updated_start",
        end_param="order_updated_end",
        deletable=True,
        references={"order": "orders", "subscription": "subscriptions", "product": "products"},
    ),
    OrdergrooveObject(
        "one_time_incentives",
        "/one_time_incentives/",
        ("public_id",),
        records.OneTimeIncentive,
        "otd-list",
        change_stamp="last_updated",
        references={"order": "orders", "item": "items"},
    ),
    OrdergrooveObject(
        "product_groups",
        "/product_groups/",
        ("group_type", "name"),
        records.ProductGroup,
        "product-groups-list",
        retrievable=False,
    ),
    OrdergrooveObject(
        "resources",
        "/resources/",
        ("public_id",),
        records.Resource,
        "resources-list",
        change_stamp="last_updated",
    ),
    OrdergrooveObject(
        "cancel_reasons",
        "/merchant/cancel_reason/",
        ("cancel_reason",),
        records.CancelReason,
        "list-cancellation-reasons",
        retrievable=False,
    ),
)

BY_NAME: Mapping[str, OrdergrooveObject] = {object.name: object for object in OBJECTS}
