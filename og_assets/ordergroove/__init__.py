"""Ordergroove as its documents describe it: objects, records, client, clocks. No Dagster and no DuckDB in here."""
