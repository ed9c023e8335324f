-- All known changes of all subscriptions: a function of events and history.
INSERT INTO analytics.subscription_changes BY NAME
WITH told AS (
    SELECT object_id AS subscription, kinds.what, coalesce(event_at, received_at) AS changed_at, event_id
    FROM ordergroove.events
    JOIN (VALUES
        ('subscription.create', 'created'),
        ('subscription.created', 'created'),
        ('subscription.cancel', 'cancelled'),
        ('subscription.cancelled', 'cancelled'),
        ('subscription.change_live', 'reactivated'),
        ('subscription.reactivate', 'reactivated'),
        ('subscription.sku_swap', 'product'),
        ('subscription.change_quantity', 'quantity'),
        ('subscription.change_frequency', 'frequency'),
        ('subscription.change_components', 'components'),
        ('subscription.change_payment', 'payment'),
        ('subscription.change_shipping_address', 'shipping_address')
    ) AS kinds (type, what) USING (type)
    WHERE object_id IS NOT NULL
),
states AS (
    SELECT
        *,
        {
            'live': CAST(live AS VARCHAR),
            'product': product,
            'quantity': CAST(quantity AS VARCHAR),
            'frequency': every || ' x ' || every_period,
            'price': CAST(price AS VARCHAR),
            'offer': offer,
            'components': CAST(components AS VARCHAR),
            'payment': payment,
            'shipping_address': shipping_address,
            'renewal': renewal_behavior,
            'prepaid': prepaid_orders_remaining || ' of ' || prepaid_orders_per_billing
        } AS state
    FROM history.subscriptions
),
pairs AS (
    SELECT
        public_id AS subscription,
        live,
        created,
        cancelled,
        valid_from,
        seen_at,
        lag(valid_from) OVER in_order    AS from_before,
        lag(changed_after) OVER in_order AS changed_after,
        lag(changed_by) OVER in_order    AS changed_by,
        state                            AS new,
        lag(state) OVER in_order         AS old
    FROM states
    WINDOW in_order AS (PARTITION BY public_id ORDER BY valid_from, valid_to NULLS LAST, seen_at)
),
differing AS (
    SELECT
        *,
        unnest([
            {
                'what': CASE WHEN live THEN 'reactivated' ELSE 'cancelled' END,
                'old': coalesce(old.live, new.live),
                'new': coalesce(new.live, old.live)
            },
            {'what': 'product', 'old': old.product, 'new': new.product},
            {'what': 'quantity', 'old': old.quantity, 'new': new.quantity},
            {'what': 'frequency', 'old': old.frequency, 'new': new.frequency},
            {'what': 'price', 'old': old.price, 'new': new.price},
            {'what': 'offer', 'old': old.offer, 'new': new.offer},
            {'what': 'components', 'old': old.components, 'new': new.components},
            {'what': 'payment', 'old': old.payment, 'new': new.payment},
            {'what': 'shipping_address', 'old': old.shipping_address, 'new': new.shipping_address},
            {'what': 'renewal', 'old': old.renewal, 'new': new.renewal},
            {'what': 'prepaid', 'old': old.prepaid, 'new': new.prepaid}
        ]) AS difference
    FROM pairs
    WHERE from_before IS NOT NULL AND old IS DISTINCT FROM new
),
found AS (
    SELECT
        subscription,
        difference.what AS what,
        difference.old  AS old_value,
        difference.new  AS new_value,
        CASE
            -- The record says so itself, where it lies between the two fetches.
            WHEN what = 'cancelled' AND make_timestamptz(epoch_us(cancelled)) BETWEEN from_before AND changed_by
                THEN make_timestamptz(epoch_us(cancelled))
            ELSE valid_from
        END             AS changed_at,
        changed_after,
        changed_by,
        'history'       AS source
    FROM differing
    WHERE difference.old IS DISTINCT FROM difference.new
    UNION ALL
    SELECT subscription, 'created', NULL, NULL, least(make_timestamptz(epoch_us(created)), valid_from), NULL, seen_at, 'record'
    FROM pairs
    WHERE from_before IS NULL
    UNION ALL
    SELECT subscription, 'cancelled', NULL, NULL, least(make_timestamptz(epoch_us(cancelled)), valid_from), NULL, seen_at, 'record'
    FROM pairs
    WHERE from_before IS NULL AND NOT live
),
numbered AS (
    SELECT *, row_number() OVER () AS number FROM found
),
-- An event belongs to the first difference that it can explain, and explains it if it is the last that can.
claimed AS (
    SELECT told.event_id, any_value(told.changed_at) AS changed_at, arg_min(number, (changed_by, number)) AS number
    FROM told
    JOIN numbered USING (subscription, what)
    WHERE told.changed_at <= numbered.changed_by
        AND (numbered.changed_after IS NULL OR told.changed_at > numbered.changed_after - INTERVAL 10 MINUTE)
    GROUP BY told.event_id
),
explained AS (
    SELECT number, arg_max(event_id, (changed_at, event_id)) AS event_id FROM claimed GROUP BY number
),
changes AS (
    SELECT
        told.subscription,
        told.what,
        numbered.old_value,
        numbered.new_value,
        told.changed_at,
        NULL                                                                        AS changed_after,
        NULL                                                                        AS changed_by,
        CASE WHEN numbered.source = 'history' THEN 'event+history' ELSE 'event' END AS source,
        told.event_id
    FROM told
    LEFT JOIN explained USING (event_id)
    LEFT JOIN numbered USING (number)
    UNION ALL
    SELECT subscription, what, old_value, new_value, changed_at, changed_after, changed_by, source, NULL
    FROM numbered
    WHERE number NOT IN (SELECT number FROM explained)
)
SELECT changes.*, subscriptions.customer
FROM changes
LEFT JOIN ordergroove.subscriptions AS subscriptions ON subscriptions.public_id = changes.subscription;
