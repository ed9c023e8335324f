"""What receives Ordergroove's webhooks and keeps them until they are taken into the warehouse. Knows no DuckDB."""
