"""How fast and how lean the pipeline is, beside the floor, beside dlt, and beside itself on a larger table."""
