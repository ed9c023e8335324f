"""The marts: tables that merchants and analysts use without knowing Ordergroove. Knows neither objects nor Dagster."""
