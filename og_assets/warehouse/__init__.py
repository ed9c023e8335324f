"""Where Ordergroove's objects land: a DuckDB file, its tables, and how a batch gets in. Knows no HTTP and no asset."""
