-- Ordergroove's own numbers beside the ids of the API, as the drops tell them. Of a number the latest file counts.
INSERT INTO analytics.id_map BY NAME
WITH told AS (
    SELECT 'customers' AS object, ordergroove_user_id AS ordergroove_id, merchant_user_id AS public_id,
        'orders' AS report, _file, _file_at, _line, _business_day
    FROM drops.orders
    UNION ALL
    SELECT 'customers', ordergroove_user_id, merchant_user_id, 'subscriptions', _file, _file_at, _line, _business_day
    FROM drops.subscriptions
    UNION ALL
    SELECT 'customers', ordergroove_user_id, merchant_user_id, 'cancelations', _file, _file_at, _line, _business_day
    FROM drops.cancelations
    UNION ALL
    -- That report has no customer id of the shop; its subscription has.
    SELECT 'customers', crm.customer_id, subscriptions.customer, 'crm_subscriptions',
        crm._file, crm._file_at, crm._line, crm._business_day
    FROM drops.crm_subscriptions AS crm
    JOIN ordergroove.subscriptions AS subscriptions ON subscriptions.public_id = crm.og_subscription_id
    UNION ALL
    SELECT 'subscriptions', subscription_id, public_subscription_id, 'subscriptions',
        _file, _file_at, _line, _business_day
    FROM drops.subscriptions
    UNION ALL
    SELECT 'subscriptions', subscription_id, public_subscription_id, 'cancelations',
        _file, _file_at, _line, _business_day
    FROM drops.cancelations
    UNION ALL
    -- Reports know orders by number and, once they are placed, by the shop's id.
    SELECT 'orders', dropped.ordergroove_order_id, orders.public_id, 'orders',
        dropped._file, dropped._file_at, dropped._line, dropped._business_day
    FROM drops.orders AS dropped
    JOIN ordergroove.orders AS orders ON orders.order_merchant_id = dropped.merchant_order_id
)
SELECT
    object,
    ordergroove_id,
    public_id,
    report,
    _file                                                                  AS last_file,
    _business_day                                                          AS business_day,
    count(DISTINCT public_id) OVER (PARTITION BY object, ordergroove_id) - 1  AS others
FROM told
WHERE ordergroove_id IS NOT NULL AND public_id IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY object, ordergroove_id ORDER BY _file_at DESC, _file DESC, report, _line DESC
) = 1;
