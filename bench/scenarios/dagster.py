"""What Dagster itself costs of a sync."""

from collections.abc import Callable

from bench.lab import OUR_PYTHON, Lab, dagster_environment, serving
from bench.measure import Measurement, measure
from bench.rounds import Spread, alternate, ratio, wall
from bench.scenarios.scenario import Goal, Outcome, Scenario

_EMULATOR = """
from datetime import UTC, datetime
from og_assets.emulator import Emulator, World, run
run(Emulator(World(now=datetime.now(UTC))))
"""


def _share(lab: Lab, rounds: int) -> Outcome:
    """The emulator, because the whole job also looks for deletions, one by one."""
    with serving(["-c", _EMULATOR]) as url:

        def contestant(job: str) -> Callable[[], Measurement]:
            environment = dagster_environment(lab.new_folder(), url)
            command = [str(OUR_PYTHON), "-m", "bench.dagster_run", job]
            measure(command, environment)  # pulls what there is
            return lambda: measure(command, environment)

        nothing, empty = "sync, nothing to fetch", "the same job, empty assets"
        found = alternate({nothing: contestant("sync"), empty: contestant("empty")}, rounds)
    return Outcome(
        found,
        [
            Goal("a sync with nothing to fetch over empty assets", ratio(found, nothing, empty, wall), 1.3),
            Goal(
                "seconds of a sync with nothing to fetch", Spread.of([measured.wall for measured in found[nothing]]), 7
            ),
            Goal("its seconds of CPU", Spread.of([measured.cpu for measured in found[nothing]]), 8),
        ],
    )


SCENARIOS = [
    Scenario("dagster", "The job `sync` with nothing to fetch, beside the same job with empty assets", 5, _share)
]
