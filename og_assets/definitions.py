"""The Dagster code location: `build_defs` puts it together from merchants; `defs` is what workspace.yaml loads.

`defs` is made when it is first asked for, so that nothing is read when this module is imported.
"""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from og_assets.assets.analytics import analytics_assets
from og_assets.assets.drops import drop_assets
from og_assets.assets.events import events_asset
from og_assets.assets.marts import marts_asset
from og_assets.assets.objects import object_asset
from og_assets.assets.report import report_asset
from og_assets.assets.scope import Scope
from og_assets.assets.sweeps import sweep_assets
from og_assets.automation.jobs import build_jobs, executor
from og_assets.automation.lake_maintenance import maintenance_job, maintenance_schedule
from og_assets.automation.recounts import recount_job, recount_schedule
from og_assets.automation.schedules import BUILT_DAILY, SYNCED_ON_SCHEDULE, build_schedules
from og_assets.automation.sensors import build_sensors
from og_assets.merchants import Merchant, load_merchants
from og_assets.ordergroove.objects import OBJECTS
from og_assets.warehouse.marts.options import Cadence

Translation = Callable[[dg.AssetSpec], dg.AssetSpec]


def build_defs(merchants: Sequence[Merchant]) -> dg.Definitions:
    """All that Dagster knows of these merchants. With a name, a merchant's assets, jobs and the rest begin with it."""
    return dg.Definitions.merge(*map(merchant_defs, merchants), dg.Definitions(executor=executor))


def merchant_defs(
    merchant: Merchant, *, key_prefix: Sequence[str] = (), translation: Translation | None = None
) -> dg.Definitions:
    """All that Dagster knows of one merchant, but for the code location's own executor, of which there can be one.

    `key_prefix` stands before the merchant's name in asset keys; `translation` changes all else of an asset's spec.
    """
    scope = Scope(merchant, key_prefix)
    assets = [
        *(object_asset(scope, object) for object in OBJECTS),
        events_asset(scope),
        *sweep_assets(scope),
        *analytics_assets(scope),
    ]
    marts = [] if merchant.settings.marts is Cadence.OFF else [marts_asset(scope), report_asset(scope)]
    assets = [
        *dg.map_asset_specs(lambda spec: spec.replace_attributes(freshness_policy=SYNCED_ON_SCHEDULE), assets),
        *dg.map_asset_specs(lambda spec: spec.replace_attributes(freshness_policy=BUILT_DAILY), marts),
        *drop_assets(scope),
    ]
    jobs = build_jobs(scope, assets)
    recounts = [recount_job(scope)] if marts else []
    maintenance = [maintenance_job(scope)] if merchant.settings.warehouse.is_lake else []
    return dg.Definitions(
        assets=dg.map_asset_specs(translation, assets) if translation else assets,
        jobs=[*jobs.values(), *recounts, *maintenance],
        schedules=[
            *build_schedules(scope, jobs["sync"]),
            *(recount_schedule(scope, job) for job in recounts),
            *(maintenance_schedule(scope, job) for job in maintenance),
        ],
        sensors=build_sensors(scope, jobs),
        resources=scope.resources(),
    )


def __dir__() -> list[str]:
    return [*globals(), "defs"]


def __getattr__(name: str) -> Any:
    if name != "defs":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    made = globals()["defs"] = build_defs(load_merchants())
    return made
