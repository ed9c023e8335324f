-- What drops and API agree and disagree on. A drop tells how things stood when its file was finished, the API how they
-- stand now: what it has changed since is not compared, and what it was not read for since then waits.

CREATE OR REPLACE TEMP TABLE read_until AS
SELECT
    (SELECT watermark FROM ops.sync_state WHERE object = 'subscriptions')            AS subscriptions,
    (SELECT min(watermark) FROM ops.sync_state WHERE object IN ('orders', 'items')
        HAVING count(*) = 2)                                                         AS orders;

CREATE OR REPLACE TEMP TABLE drop_days AS
SELECT report, business_day, count(*) AS files
FROM ops.drop_files
WHERE report IS NOT NULL AND problem IS NULL
GROUP BY ALL;

-- One row per report and subscription, as its latest file tells.
CREATE OR REPLACE TEMP TABLE dropped_subscriptions AS
WITH told AS (
    SELECT 'subscriptions' AS report, public_subscription_id AS id, _business_day, _file_at, _file, _line,
        CASE
            WHEN lower(subscription_status) IN ('active', 'live', '1', 'true') THEN true
            WHEN lower(subscription_status) IN ('cancelled', 'canceled', 'inactive', '0', 'false') THEN false
        END AS live,
        CAST(NULL AS INTEGER) AS quantity, CAST(NULL AS INTEGER) AS frequency_days
    FROM drops.subscriptions
    UNION ALL
    SELECT 'crm_subscriptions', og_subscription_id, _business_day, _file_at, _file, _line,
        subscription_status, quantity, frequency
    FROM drops.crm_subscriptions
    UNION ALL
    SELECT 'cancelations', public_subscription_id, _business_day, _file_at, _file, _line, false, NULL, NULL
    FROM drops.cancelations
    UNION ALL
    SELECT 'member_activity', og_subscription_id, _business_day, _file_at, _file, _line, NULL, NULL, NULL
    FROM drops.member_activity
)
FROM told
WHERE id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY report, id ORDER BY _file_at DESC, _file DESC, _line DESC) = 1;

CREATE OR REPLACE TEMP TABLE compared_subscriptions AS
SELECT
    dropped.*,
    api.public_id IS NOT NULL                                   AS is_there,
    api.live                                                    AS api_live,
    api.quantity                                                AS api_quantity,
    api.frequency_days                                          AS api_frequency_days,
    CASE
        WHEN coalesce(until.subscriptions < dropped._file_at AT TIME ZONE 'UTC', true) THEN 'waiting'
        WHEN api.updated > dropped._file_at THEN 'changed'
        ELSE 'compared'
    END                                                         AS verdict
FROM dropped_subscriptions AS dropped
CROSS JOIN read_until AS until
LEFT JOIN ordergroove.subscriptions AS api ON api.public_id = dropped.id;

-- One row per order that has its id in the shop: without that nothing joins it to the API.
CREATE OR REPLACE TEMP TABLE dropped_orders AS
SELECT
    merchant_order_id                                           AS id,
    max(_business_day)                                          AS _business_day,
    max(_file_at)                                               AS _file_at,
    any_value(order_subtotal)                                   AS sub_total,
    any_value(CASE lower(order_status)
        WHEN 'success' THEN 5 WHEN 'rejected' THEN 3 WHEN 'cancelled' THEN 4 WHEN 'canceled' THEN 4
    END)                                                        AS status,
    count(*) = count(external_product_id)                       AS tells_products
FROM drops.orders
WHERE merchant_order_id IS NOT NULL
GROUP BY merchant_order_id;

CREATE OR REPLACE TEMP TABLE compared_orders AS
SELECT
    dropped.*,
    api.public_id                                               AS public_id,
    api.sub_total                                               AS api_sub_total,
    api.status                                                  AS api_status,
    CASE
        WHEN coalesce(until.orders < dropped._file_at AT TIME ZONE 'UTC', true) THEN 'waiting'
        WHEN api.updated > dropped._file_at THEN 'changed'
        ELSE 'compared'
    END                                                         AS verdict
FROM dropped_orders AS dropped
CROSS JOIN read_until AS until
LEFT JOIN ordergroove.orders AS api ON api.order_merchant_id = dropped.id;

CREATE OR REPLACE TEMP TABLE dropped_lines AS
SELECT merchant_order_id AS id, external_product_id AS product, sum(quantity) AS quantity
FROM drops.orders
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE api_lines AS
SELECT compared.id, items.product, sum(items.quantity) AS quantity
FROM compared_orders AS compared
JOIN ordergroove.items AS items ON items."order" = compared.public_id
WHERE compared.verdict = 'compared' AND compared.tells_products
  AND NOT EXISTS (
      FROM analytics.deletion_tombstones AS gone
      WHERE gone.object = 'items' AND gone.id = items.public_id AND gone.lifted_at IS NULL
  )
GROUP BY ALL;

INSERT INTO analytics.drop_reconciliation BY NAME
WITH differences AS (
    SELECT _business_day AS business_day, report, id, 'missing' AS difference, CAST(NULL AS VARCHAR) AS field,
        CAST(NULL AS VARCHAR) AS in_drops, CAST(NULL AS VARCHAR) AS in_api
    FROM compared_subscriptions
    WHERE verdict = 'compared' AND NOT is_there
    UNION ALL
    SELECT _business_day, report, id, 'other status', 'live', CAST(live AS VARCHAR), CAST(api_live AS VARCHAR)
    FROM compared_subscriptions
    WHERE verdict = 'compared' AND live <> api_live
    UNION ALL
    SELECT _business_day, report, id, 'other amount', 'quantity', CAST(quantity AS VARCHAR),
        CAST(api_quantity AS VARCHAR)
    FROM compared_subscriptions
    WHERE verdict = 'compared' AND quantity <> api_quantity
    UNION ALL
    SELECT _business_day, report, id, 'other amount', 'frequency_days', CAST(frequency_days AS VARCHAR),
        CAST(api_frequency_days AS VARCHAR)
    FROM compared_subscriptions
    WHERE verdict = 'compared' AND frequency_days <> api_frequency_days
    UNION ALL
    SELECT _business_day, 'orders', id, 'missing', NULL, NULL, NULL
    FROM compared_orders
    WHERE verdict = 'compared' AND public_id IS NULL
    UNION ALL
    SELECT _business_day, 'orders', id, 'other status', 'status', CAST(status AS VARCHAR), CAST(api_status AS VARCHAR)
    FROM compared_orders
    WHERE verdict = 'compared' AND status <> api_status
    UNION ALL
    SELECT _business_day, 'orders', id, 'other amount', 'sub_total', CAST(sub_total AS VARCHAR),
        CAST(api_sub_total AS VARCHAR)
    FROM compared_orders
    WHERE verdict = 'compared' AND sub_total <> api_sub_total
    UNION ALL
    SELECT compared._business_day, 'orders', compared.id, 'other amount', 'quantity of ' || product,
        CAST(dropped.quantity AS VARCHAR), CAST(api.quantity AS VARCHAR)
    FROM dropped_lines AS dropped
    FULL JOIN api_lines AS api USING (id, product)
    JOIN compared_orders AS compared ON compared.id = coalesce(dropped.id, api.id)
    WHERE compared.verdict = 'compared' AND compared.tells_products AND compared.public_id IS NOT NULL
      AND (dropped.quantity <> api.quantity OR api.id IS NULL OR dropped.id IS NULL)
    UNION ALL
    -- What the API has and no drop: orders of the day that they were placed on, where that day's file was loaded.
    SELECT days.business_day, 'orders', api.order_merchant_id, 'extra', NULL, NULL, NULL
    FROM ordergroove.orders AS api
    JOIN drop_days AS days ON days.report = 'orders'
        AND days.business_day = CAST(api.place AT TIME ZONE 'UTC' AT TIME ZONE 'America/Chicago' AS DATE)
    WHERE api.status = 5 AND api.order_merchant_id IS NOT NULL
      AND NOT EXISTS (FROM dropped_orders AS dropped WHERE dropped.id = api.order_merchant_id)
    UNION ALL
    -- One page says that the report has the subscriptions created on the day, another that it has all that changed:
    -- a subscription that was created then belongs into it either way, at the latest on the day that it last changed.
    SELECT created.business_day, created.report, api.public_id, 'extra', NULL, NULL, NULL
    FROM ordergroove.subscriptions AS api
    JOIN drop_days AS created ON created.report IN ('subscriptions', 'crm_subscriptions')
        AND created.business_day = CAST(api.created AT TIME ZONE 'UTC' AT TIME ZONE 'America/Chicago' AS DATE)
    JOIN drop_days AS updated ON updated.report = created.report
        AND updated.business_day = CAST(api.updated AT TIME ZONE 'UTC' AT TIME ZONE 'America/Chicago' AS DATE)
    WHERE NOT EXISTS (
        FROM dropped_subscriptions AS dropped WHERE dropped.report = created.report AND dropped.id = api.public_id
    )
    UNION ALL
    SELECT days.business_day, 'cancelations', api.public_id, 'extra', NULL, NULL, NULL
    FROM ordergroove.subscriptions AS api
    JOIN drop_days AS days ON days.report = 'cancelations'
        AND days.business_day = CAST(api.cancelled AT TIME ZONE 'UTC' AT TIME ZONE 'America/Chicago' AS DATE)
    WHERE NOT api.live
      AND NOT EXISTS (
          FROM dropped_subscriptions AS dropped
          WHERE dropped.report = 'cancelations' AND dropped.id = api.public_id
            AND dropped._business_day >= days.business_day
      )
)
FROM differences
ORDER BY business_day, report, id, field;

INSERT INTO analytics.drop_reconciliation_days BY NAME
WITH verdicts AS (
    SELECT report, _business_day AS business_day, id, verdict FROM compared_subscriptions
    UNION ALL
    SELECT 'orders', _business_day, id, verdict FROM compared_orders
    UNION ALL
    SELECT report, business_day, id, 'compared' FROM analytics.drop_reconciliation WHERE difference = 'extra'
),
counted AS (
    SELECT
        verdicts.report,
        verdicts.business_day,
        count(*) FILTER (verdict = 'compared')                          AS compared,
        count(*) FILTER (verdict = 'compared' AND different.id IS NOT NULL)  AS differing,
        count(*) FILTER (verdict = 'waiting')                           AS waiting,
        count(*) FILTER (verdict = 'changed')                           AS changed
    FROM verdicts
    LEFT JOIN (SELECT DISTINCT report, business_day, id FROM analytics.drop_reconciliation) AS different
        USING (report, business_day, id)
    GROUP BY ALL
)
SELECT
    days.business_day,
    days.report,
    days.files,
    coalesce(counted.compared, 0)                                       AS compared,
    coalesce(counted.compared - counted.differing, 0)                   AS agreed,
    coalesce(counted.differing, 0)                                      AS differing,
    coalesce(counted.waiting, 0)                                        AS waiting,
    coalesce(counted.changed, 0)                                        AS changed
FROM drop_days AS days
LEFT JOIN counted USING (report, business_day)
ORDER BY ALL;
