"""First pulls: what a user waits beside the floor, how much work it is beside dlt, how much memory it takes."""

from collections.abc import Callable

from bench.lab import Lab
from bench.measure import Measurement
from bench.rounds import Measurements, Spread, alternate, cpu, own_wall, peak_mb, ratio, wall
from bench.scenarios.scenario import Goal, Outcome, Scenario

Contestants = dict[str, Callable[[], Measurement]]


def _floors(lab: Lab, name: str, floor: str = "floor") -> Contestants:
    """Only the requests, one after the other: as bare as it gets, and by the HTTP client that the pull uses."""
    return {floor: lambda: lab.floor(name), f"{floor} by httpx": lambda: lab.floor(name, "httpx")}


def _over_floors(found: Measurements, what: str, limit: float) -> list[Goal]:
    floors = [name for name in found if name.startswith("floor")]
    return [Goal(f"{what} over the {floor}", ratio(found, "our library", floor, own_wall), limit) for floor in floors]


def _latency_20(lab: Lab, rounds: int) -> Outcome:
    lab.serve(records=lab.records(100_000), latency_ms=20)
    contestants: Contestants = {
        **_floors(lab, "orders"),
        "our library": lambda: lab.pull("orders"),
        "our Dagster run": lambda: lab.run("orders"),
    }
    found = alternate(contestants, rounds)
    return Outcome(found, _over_floors(found, "a pull", 1.05))


def _latency_100(lab: Lab, rounds: int) -> Outcome:
    lab.serve(records=lab.records(30_000), latency_ms=100)
    contestants: Contestants = {**_floors(lab, "orders"), "our library": lambda: lab.pull("orders")}
    found = alternate(contestants, rounds)
    return Outcome(found, _over_floors(found, "a pull", 1.02))


_FIVE = {"customers": 20_000, "addresses": 25_000, "subscriptions": 30_000, "orders": 40_000, "items": 50_000}


def _five_at_once(lab: Lab, rounds: int) -> Outcome:
    lab.serve(latency_ms=20, **{name: lab.records(records) for name, records in _FIVE.items()})
    contestants: Contestants = {
        **_floors(lab, "items", "floor of the longest"),
        "our library": lambda: lab.pull(*_FIVE),
        "our Dagster run": lambda: lab.run(*_FIVE),
    }
    found = alternate(contestants, rounds)
    return Outcome(found, _over_floors(found, "five pulls at once", 1.10))


def _no_latency(lab: Lab, rounds: int) -> Outcome:
    records = lab.records(100_000)
    lab.serve(records=records)
    contestants: Contestants = {
        **_floors(lab, "orders"),
        "our library": lambda: lab.pull("orders"),
        "our Dagster run": lambda: lab.run("orders"),
    }
    if lab.has_dlt:
        contestants["dlt"] = lambda: lab.pull_with_dlt("orders")
    found = alternate(contestants, rounds)
    per_second = {name: records / Spread.of([measured.wall for measured in found[name]]).median for name in found}
    remarks = [f"Records a second: {', '.join(f'{name} {speed:,.0f}' for name, speed in per_second.items())}."]
    goals = []
    if lab.has_dlt:
        goals = [
            Goal(
                "records a second over dlt's, whole processes",
                ratio(found, "dlt", "our library", wall),
                4.5,
                at_least=True,
            ),
            Goal(
                "records a second of a Dagster run over dlt's, a plain process",
                ratio(found, "dlt", "our Dagster run", wall),
                2,
                at_least=True,
            ),
            Goal("CPU seconds over dlt's, whole processes", ratio(found, "our library", "dlt", cpu), 1 / 4),
        ]
    return Outcome(found, goals, remarks)


def _memory(lab: Lab, rounds: int) -> Outcome:
    def pull_of(records: int) -> Callable[[], Measurement]:
        def pull() -> Measurement:
            lab.serve(records=lab.records(records))
            return lab.pull("orders")

        return pull

    small, large = "our library, 100,000", "our library, 1,000,000"
    found = alternate({small: pull_of(100_000), large: pull_of(1_000_000)}, rounds)
    return Outcome(
        found,
        [
            Goal("peak memory of 1,000,000 records over 100,000", ratio(found, large, small, peak_mb), 1.25),
            Goal(
                "peak memory of 1,000,000 records, MB", Spread.of([peak_mb(measured) for measured in found[large]]), 200
            ),
        ],
    )


SCENARIOS = [
    Scenario("latency20", "100,000 orders, 20 ms a page", 3, _latency_20),
    Scenario("latency100", "30,000 orders, 100 ms a page", 2, _latency_100),
    Scenario("five", "Five objects at once, 20,000 to 50,000 records, 20 ms a page", 3, _five_at_once),
    Scenario("throughput", "100,000 orders without latency, beside dlt", 3, _no_latency),
    Scenario("memory", "Memory of a pull, 1,000,000 orders beside 100,000", 1, _memory),
]
