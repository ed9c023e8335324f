-- A few items of orders that are believed open, and a few that are held for deleted.
(
    SELECT items.public_id AS id, false AS is_gone
    FROM ordergroove.items
    JOIN ordergroove.orders ON orders.public_id = items."order"
    JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
    WHERE statuses.is_open
      AND NOT EXISTS (
          FROM ordergroove.deletion_evidence AS deletion
          WHERE deletion.id = items.public_id AND deletion.known_at >= items._synced_at
      )
      AND NOT EXISTS (
          FROM ordergroove.deletion_evidence AS deletion
          WHERE deletion.id = items."order" AND deletion.known_at >= items._synced_at
      )
    ORDER BY random()
    LIMIT $size
)
UNION ALL
(
    SELECT id, true
    FROM analytics.deletion_tombstones
    WHERE object = 'items' AND lifted_at IS NULL
    ORDER BY random()
    LIMIT $size
)
