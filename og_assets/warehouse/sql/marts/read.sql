-- What the marts need of the warehouse, copied narrow into the scratch database while the file is held; nothing is
-- sorted or grouped here that can be later. Ids of 32 characters are joined once and are row numbers (s, c) from here on.
CREATE TABLE scratch.customers AS
SELECT rowid AS c, merchant_user_id AS customer
FROM ordergroove.customers;

CREATE TABLE scratch.subscriptions AS
SELECT
    subscriptions.rowid                                               AS s,
    subscriptions.public_id                                           AS subscription,
    subscriptions.customer,
    coalesce(customers.c, -1 - subscriptions.rowid)                   AS c,  -- an unknown customer is one of its own
    subscriptions.product,
    subscriptions.offer,
    coalesce(subscriptions.live, subscriptions.cancelled IS NULL)     AS live,
    subscriptions.created,
    subscriptions.cancelled,
    subscriptions.updated,
    subscriptions.start_date,
    subscriptions.every,
    subscriptions.every_period,
    subscriptions.frequency_days,
    subscriptions.quantity,
    subscriptions.price,
    coalesce(nullif(regexp_extract(subscriptions.currency_code, '^[A-Za-z]{3}$'), ''), 'XXX')                      AS currency_code,
    subscriptions.prepaid_orders_remaining,
    subscriptions.prepaid_orders_per_billing,
    subscriptions.renewal_behavior,
    subscriptions.last_renewal_revenue,
    subscriptions.cancel_reason_code_number                           AS reason_code,
    coalesce(json_array_length(subscriptions.components), 0) > 0      AS is_bundle,
    coalesce(json_extract_string(subscriptions.free_trial_subscription_context, '$.is_in_free_trial') = 'true', false) AS in_trial,
    CASE
        WHEN subscriptions.raw_subscription_type LIKE 'IU %' THEN 'upsell'
        WHEN subscriptions.raw_subscription_type LIKE 'CSA %' THEN 'service_desk'
        WHEN subscriptions.raw_subscription_type IN ('replenishment', subscriptions.subscription_type) THEN 'checkout'
    END                                                               AS origin
FROM ordergroove.subscriptions
LEFT JOIN scratch.customers ON customers.customer = subscriptions.customer;

CREATE TABLE scratch.products AS
SELECT external_product_id AS product, name, sku, price, discontinued
FROM ordergroove.products;

-- A wording that few have may be a person's own words.
CREATE TABLE scratch.reasons AS
SELECT code, arg_max(wording, (subscriptions, wording)) AS wording
FROM (
    SELECT
        cancel_reason_code_number                   AS code,
        regexp_replace(cancel_reason, '^\d+\|', '') AS wording,
        count(*)                                    AS subscriptions
    FROM ordergroove.subscriptions
    WHERE cancel_reason_code_number IS NOT NULL AND cancel_reason NOT LIKE '%hmac:%'
    GROUP BY ALL
    HAVING count(*) >= 10
)
WHERE regexp_matches(wording, '\D')
GROUP BY code;

CREATE TABLE scratch.orders AS
SELECT
    rowid                          AS at_row,
    "order",
    customer,
    coalesce(nullif(regexp_extract(currency_code, '^[A-Za-z]{3}$'), ''), 'XXX') AS currency_code,
    place_date,
    outcome,
    is_placed,
    created_at,
    cancelled_at,
    units,
    subscription_revenue,
    one_time_revenue,
    sub_total,
    discount_total,
    shipping_total,
    tax_total,
    total
FROM analytics.order_totals;

CREATE TABLE scratch.line_rows AS
SELECT
    orders.at_row,
    subscriptions.s,
    bridge.subscription IS NULL AS is_one_time,
    bridge.product,
    bridge.offer,
    bridge.quantity,
    bridge.price,
    bridge.total_price
FROM analytics.items_orders_bridge AS bridge
JOIN scratch.orders AS orders ON orders."order" = bridge."order"
LEFT JOIN scratch.subscriptions ON subscriptions.subscription = bridge.subscription
WHERE NOT bridge.is_deleted AND bridge.order_found;

CREATE TABLE scratch.unknown_orders AS
SELECT count(*) FILTER (NOT order_found AND NOT is_deleted) AS items, count(*) AS among
FROM analytics.items_orders_bridge;

-- Items that were taken out of an order, as they were planned.
CREATE TABLE scratch.removed_lines AS
SELECT
    subscriptions.s,
    tombstones."order",
    tombstones.deleted_at,
    tombstones.source,
    items.quantity,
    items.total_price,
    orders.place_date,
    coalesce(nullif(regexp_extract(orders.currency_code, '^[A-Za-z]{3}$'), ''), 'XXX') AS currency_code
FROM analytics.deletion_tombstones AS tombstones
JOIN scratch.subscriptions ON subscriptions.subscription = tombstones.subscription
JOIN ordergroove.items ON items.public_id = tombstones.id
LEFT JOIN ordergroove.orders ON orders.public_id = tombstones."order"
WHERE tombstones.object = 'items' AND tombstones.lifted_at IS NULL AND tombstones."order" IS NOT NULL;

-- Times are UTC wall clocks, as those of the objects.
CREATE TABLE scratch.subscription_events AS
SELECT
    subscriptions.s,
    events.type,
    coalesce(events.event_at, events.received_at) AT TIME ZONE 'UTC' AS happened,
    TRY_CAST(
        regexp_extract(json_extract_string(TRY_CAST(events.raw AS JSON), '$.data.object.cancel_reason_code'), '^\d+')
        AS INTEGER
    )                                                                AS reason_code
FROM ordergroove.events
JOIN scratch.subscriptions ON subscriptions.subscription = events.object_id
WHERE events.type IN (
    'subscription.cancel', 'subscription.cancelled', 'subscription.change_live', 'subscription.reactivate',
    'subscription.change_components'
);

CREATE TABLE scratch.skip_events AS
SELECT object_id AS "order", min(coalesce(event_at, received_at)) AS skipped_at
FROM ordergroove.events
WHERE type = 'order.skip_order'
GROUP BY object_id;

-- All known states of the subscriptions that have had others than the present one.
CREATE TABLE scratch.subscription_states AS
SELECT
    subscriptions.s,
    coalesce(states.live, states.cancelled IS NULL) AS live,
    states.cancelled,
    states.cancel_reason_code_number                AS reason_code,
    states.every,
    states.every_period,
    states.frequency_days,
    states.prepaid_orders_per_billing,
    states.last_renewal_revenue,
    states.valid_from,
    states.valid_to,
    states.seen_at
FROM history.subscriptions AS states
JOIN scratch.subscriptions ON subscriptions.subscription = states.public_id
WHERE states.public_id IN (SELECT public_id FROM history.subscriptions_past);

CREATE TABLE scratch.offers AS
SELECT
    offer,
    CASE WHEN count(*) = 1 THEN any_value(public_id) END AS offer_profile,
    CASE WHEN count(*) = 1 THEN any_value(name) END      AS offer_profile_name
FROM (SELECT public_id, name, unnest(TRY_CAST(offers AS VARCHAR[])) AS offer FROM ordergroove.offer_profiles)
GROUP BY offer;

CREATE TABLE scratch.incentives AS
SELECT
    incentives.external_code AS code,
    incentives.applied_at,
    incentives.incentive_discount_type AS discount_type,
    incentives.incentive_target AS target,
    incentives.incentive_value AS value,
    coalesce(nullif(regexp_extract(orders.currency_code, '^[A-Za-z]{3}$'), ''), 'XXX') AS currency_code
FROM ordergroove.one_time_incentives AS incentives
LEFT JOIN analytics.items_orders_bridge AS bridge ON bridge.item = incentives.item
LEFT JOIN analytics.order_totals AS orders ON orders."order" = coalesce(incentives."order", bridge."order")
WHERE incentives.applied_at IS NOT NULL;
