"""The code location as it is put together from the environment of this moment, and its assets by their names."""

import dagster as dg

from og_assets.definitions import build_defs
from og_assets.merchants import load_merchants


def definitions() -> dg.Definitions:
    """All definitions, made anew; `og_assets.definitions.defs` keeps the environment of when it was first asked for."""
    return build_defs(load_merchants())


def assets(location: dg.Definitions) -> dict[str, dg.AssetsDefinition]:
    """The assets by the last part of their key."""
    found = [one for one in location.assets or () if isinstance(one, dg.AssetsDefinition)]
    return {key.path[-1]: asset for asset in found for key in asset.keys}
