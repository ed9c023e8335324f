"""A merchant whose history is in the warehouse, the same as for the tests of deletions."""

from og_assets_tests.deletions.conftest import site, templates

__all__ = ["site", "templates"]
