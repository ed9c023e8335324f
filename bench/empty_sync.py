"""The job `sync` with assets that return at once: what Dagster itself costs.

They have the keys, dependencies, partitions, checks, pools, retries and resources of ours.
"""

from collections.abc import Iterator

import dagster as dg

from og_assets.definitions import defs


def empty_job() -> dg.JobDefinition:
    """The job `sync` without anything to do in it."""
    return _empty_defs.resolve_job_def("sync")


def _emptied(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=asset.node_def.name,
        specs=list(asset.specs),
        check_specs=list(asset.check_specs),
        partitions_def=asset.partitions_def,
        backfill_policy=asset.backfill_policy,
        required_resource_keys=set(asset.required_resource_keys),
        pool=asset.op.pool,
        retry_policy=asset.op.retry_policy,
    )
    def empty(_: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        for spec in asset.specs:
            yield dg.MaterializeResult(asset_key=spec.key)
        for check in asset.check_specs:
            yield dg.AssetCheckResult(passed=True, asset_key=check.asset_key, check_name=check.name)

    return empty


_sync = defs.resolve_job_def("sync")
_empty_defs = dg.Definitions(
    assets=[_emptied(asset) for asset in defs.assets or [] if isinstance(asset, dg.AssetsDefinition)],
    jobs=[dg.define_asset_job("sync", selection=list(_sync.asset_layer.executable_asset_keys), tags=_sync.tags)],
    resources=defs.resources,
    # Ours, but that its fork server has the empty assets in memory too.
    executor=dg.multiprocess_executor.configured(
        {"max_concurrent": 5, "start_method": {"forkserver": {"preload_modules": ["og_assets.warm_up", __name__]}}}
    ),
)
