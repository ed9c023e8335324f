-- Orders whose own amounts are others than their items add up to, once both were fetched in the same state.
WITH reached AS (
    -- Up to here orders and items are both complete.
    SELECT coalesce(min(timezone('UTC', watermark)), 'epoch') AS instant
    FROM ops.sync_state
    WHERE object IN ('orders', 'items')
    HAVING count(*) = 2
)
SELECT totals."order" AS key, 1 AS rows
FROM {totals} AS totals
JOIN ordergroove.orders ON orders.public_id = totals."order"
WHERE NOT totals.agrees
  AND (totals.items > 0 OR orders.updated < (SELECT instant FROM reached))
  -- Items carry their order's stamp. Another one says that a change is in one of the two tables only; the next sync
  -- brings the other half, so that is no finding for a day.
  AND NOT EXISTS (
      FROM analytics.items_orders_bridge AS bridge
      JOIN ordergroove.items ON items.public_id = bridge.item
      WHERE bridge."order" = totals."order"
        AND NOT bridge.is_deleted
        AND items.order_updated IS DISTINCT FROM orders.updated
        AND greatest(items.order_updated, orders.updated)
            >= coalesce((SELECT instant FROM reached), 'epoch') - INTERVAL 1 DAY
  )
  -- So does a webhook: what it tells of an order's items is in the bridge before the next sync brings the amounts.
  AND NOT EXISTS (
      FROM ordergroove.moved_items AS moved
      JOIN ordergroove.items ON items.public_id = moved.item
      WHERE totals."order" IN (moved."order", items."order")
  )
  AND NOT EXISTS (
      FROM analytics.deletion_tombstones AS gone
      WHERE gone."order" = totals."order"
        AND gone.lifted_at IS NULL
        AND gone.detected_at > greatest(orders._synced_at, now() - INTERVAL 1 DAY)
  )
