"""The emulated merchant that demo, dev, documents and tests use, and what compares tables with its truth."""
