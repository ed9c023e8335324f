"""One record per report: which columns a row may have, what they mean, what they become in the warehouse.

Names are the report's headers in small letters. Merchants choose their columns, so every one may be missing; those
that no page shows stay in `_raw` (help: Order Report, CRM Subscription File, Cancelation Report, Member Activity File).
"""

from og_assets.ordergroove.drops.dates import DropDay, DropStamp
from og_assets.ordergroove.fields import Money, Text, TextFlag, TextInteger, TextSmallInteger
from og_assets.ordergroove.records import Record, _field, _personal


class OrderLine(Record):
    """A product in an order that was placed, or tried, on the business day, with what the API does not tell of it."""

    merchant: Text = _field("Merchant, as Ordergroove names it.", "Coffee Club")
    ordergroove_user_id: Text = _field("Ordergroove's number of the customer.", "896371")
    merchant_user_id: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).", "00040003")
    place_date: DropDay = _field("Day on which the order was placed.", "2025-06-03")
    ordergroove_order_id: Text = _field("Ordergroove's number of the order; the API does not tell it.", "5512")
    order_item_id: Text = _field("Ordergroove's number of the line, where the merchant has the column.", "91277")
    ordergroove_subscription_id: Text = _field("Subscription of the line; empty for a one-time item.", "7781")
    email_address: Text = _personal("E-mail address of the customer.")
    first_name: Text = _personal("First name.")
    last_name: Text = _personal("Last name.")
    product: Text = _field("Product name.", "Medium Roast Coffee Bag")
    external_product_id: Text = _field("Product (products.external_product_id).", "0070000693")
    sku: Text = _field("Stock keeping unit.", "COFFEE-M")
    quantity: TextInteger = _field("Units.", "2")
    price: Money = _field("Price as reported; no page says of one unit or of the line.", "12.9900")
    order_subtotal: Money = _field("Sum of the order's items after discounts (orders.sub_total).", "25.9800")
    order_status: Text = _field("Where the order stands, in words.", "Success")
    merchant_order_id: Text = _field("Order id in the shop, once it was placed (orders.order_merchant_id).", "301617")
    rejected_error_code: Text = _personal("Code with which the shop rejected it, and text if any.", "140", coded=True)


class SubscriptionLine(Record):
    """A subscription that changed on the business day (another page: that was created then), as it stood after it."""

    merchant: Text = _field("Merchant, as Ordergroove names it.", "Coffee Club")
    ordergroove_user_id: Text = _field("Ordergroove's number of the customer.", "896371")
    merchant_user_id: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).", "00040003")
    create_date: DropDay = _field("Day on which it was created.", "2025-06-02")
    create_time: DropStamp = _field("When it was created, UTC.", "2025-06-02 17:30:00")
    start_date: DropDay = _field("Day on which it starts.", "2025-06-02")
    customer_status: Text = _field("New or Existing.", "New")
    subscription_id: Text = _field("Ordergroove's number of the subscription.", "7781")
    public_subscription_id: Text = _field("Subscription (subscriptions.public_id).")
    subscription_status: Text = _field("Where it stands, in words.", "Active")
    cancel_date: DropDay = _field("Day on which it was cancelled.")


class CrmSubscriptionLine(Record):
    """A subscription that changed in the period, which normally is one day, for the merchant's customer relations."""

    og_subscription_id: Text = _field("Subscription (subscriptions.public_id).", "f9cb2f93e1c845eb9de9eff46ddb3cbf")
    customer_id: Text = _field("Ordergroove's number of the customer.", "896371")
    customer_email: Text = _personal("E-mail address of the customer.")
    subscription_create_date: DropStamp = _field("When it was created, UTC.", "2025-06-02 17:30:00")
    merchant_order_id: Text = _field("Order in the shop that created it.", "301617")
    external_product_id: Text = _field("Product (products.external_product_id).", "0070000693")
    sku: Text = _field("Stock keeping unit.", "COFFEE-M")
    quantity: TextInteger = _field("Units per shipment.", "2")
    frequency: TextInteger = _field("Days between two orders.", "28")
    subscription_status: TextFlag = _field("Whether it is active.", "true")
    next_order_date: DropDay = _field("Day of the next order.", "2025-07-01")


class CancelationLine(Record):
    """A subscription that was cancelled on the business day."""

    public_subscription_id: Text = _field("Subscription (subscriptions.public_id), where the merchant asked for it.")
    merchant: Text = _field("Merchant, as Ordergroove names it.", "Coffee Club")
    ordergroove_user_id: Text = _field("Ordergroove's number of the customer.", "896371")
    merchant_user_id: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).", "00040003")
    create_date: DropDay = _field("Day on which it was created.", "2025-06-02")
    create_time: DropStamp = _field("When it was created, UTC.", "2025-06-02 17:30:00")
    start_date: DropDay = _field("Day on which it started.", "2025-06-02")
    customer_status: Text = _field("New or Existing.", "Existing")
    subscription_id: Text = _field("Ordergroove's number of the subscription.", "7781")
    offer_id: Text = _field("Ordergroove's number of the offer.", "412")
    merchant_order_id: Text = _field("Order in the shop that created it.", "301617")
    guest_checkout: Text = _field("Whether the customer had no account, as reported.", "No")


class ActivityLine(Record):
    """Something that happened to a subscription on the business day. Rows have no key; a day's file is its log."""

    og_subscription_id: Text = _field("Subscription (subscriptions.public_id).", "f9cb2f93e1c845eb9de9eff46ddb3cbf")
    merchant_user_id: Text = _field("Customer id in the merchant's shop (customers.merchant_user_id).", "00040003")
    customer_email: Text = _personal("E-mail address of the customer.")
    subscription_action_event: TextSmallInteger = _field(
        "1 started, 2 order placed, 3 card issue, 4 reminder, 5 cancelled, 6 card expired, 8 address, 9 reactivated, "
        "10 payment, 11 frequency, 12 next date, 13 reminder days, 14 quantity, 15 skipped, 16 product, 17 sent now, "
        "18 to 20 changed for all.",
        "5",
    )
