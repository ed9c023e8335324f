"""Reads Ordergroove into a warehouse: pulls, sweeps, ingested webhooks. The engine; knows no Dagster."""
