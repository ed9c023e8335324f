"""Ordergroove in DuckDB: a Dagster code location."""
