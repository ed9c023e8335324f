"""What is measured and what is asked of it: SCENARIOS, by name, in the order in which `make bench` runs them."""

from bench.scenarios import checks, dagster, drops, history, lake, marts, pulling, tables
from bench.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        *pulling.SCENARIOS,
        *tables.SCENARIOS,
        *checks.SCENARIOS,
        *history.SCENARIOS,
        *marts.SCENARIOS,
        *drops.SCENARIOS,
        *dagster.SCENARIOS,
        *lake.SCENARIOS,
    )
}
