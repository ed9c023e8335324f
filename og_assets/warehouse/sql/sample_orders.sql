-- A few orders that are believed open, and a few that are held for deleted.
(
    SELECT public_id AS id, false AS is_gone
    FROM ordergroove.orders
    JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
    WHERE statuses.is_open
      AND NOT EXISTS (
          FROM ordergroove.deletion_evidence AS deletion
          WHERE deletion.object = 'orders' AND deletion.id = public_id AND deletion.known_at >= orders._synced_at
      )
    ORDER BY random()
    LIMIT $size
)
UNION ALL
(
    SELECT id, true
    FROM analytics.deletion_tombstones
    WHERE object = 'orders' AND lifted_at IS NULL
    ORDER BY random()
    LIMIT $size
)
