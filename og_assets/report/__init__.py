"""The report: what the marts say, as one HTML file that needs nothing else. Knows the warehouse, and not Dagster."""
