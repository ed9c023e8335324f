"""File drops: rows a second, and that memory does not follow the size of a file."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path

from bench.lab import Lab, WrongResult
from bench.measure import Measurement, measure
from bench.rounds import Spread, alternate, peak_mb, ratio
from bench.scenarios.scenario import Goal, Outcome, Scenario

NAME = "coffee_orders_06042025003000.csv"
HEADER = (
    "Merchant|Ordergroove User ID|Merchant User ID|Place Date|Ordergroove Order ID|Ordergroove Subscription ID"
    "|Email Address|First Name|Last Name|Product|External Product ID|SKU|Quantity|Price|Order Subtotal|Order Status"
    "|Merchant Order ID|Rejected Error Code"
)


def _write(folder: Path, rows: int) -> None:
    """Two lines an order, with an e-mail address and a product name that has to be quoted."""
    with (folder / NAME).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER.split("|"))
        for row in range(rows):
            order = row // 2
            writer.writerow(
                [
                    *("Coffee Club", order % 50_000, f"{order % 50_000:08d}", "06/03/2025", order, f"{row % 70_000}"),
                    *(f"shopper{order}@example.com", "Zoë", "Torres", 'Blend "No. 1", ground', row % 200),
                    *(f"SKU-{row % 200}", 1 + row % 4, "12.99", "38.97", "Success", 300_000 + order, ""),
                ]
            )


def _drops(lab: Lab, rounds: int) -> Outcome:
    def of(rows: int, *, only_read: bool = False) -> Callable[[], Measurement]:
        outgoing = lab.new_folder()
        _write(outgoing, rows)

        def load() -> Measurement:
            into = [] if only_read else [str(lab.new_folder() / "bench.duckdb")]
            measured = measure([sys.executable, "-m", "bench.drop_load", str(outgoing), *into])
            if measured.said["rows"] != rows:
                raise WrongResult(f"{measured.said['rows']} rows instead of {rows}")
            return measured

        return load

    small, large = "100,000 rows", "1,000,000 rows"
    rows = lab.records(1_000_000)
    found = alternate(
        {"only Python's csv, 1,000,000": of(rows, only_read=True), small: of(lab.records(100_000)), large: of(rows)},
        rounds,
    )
    return Outcome(
        found,
        [
            Goal("peak memory of 1,000,000 rows over 100,000", ratio(found, large, small, peak_mb), 1.75),
            Goal(
                "rows a second of processor time, of 1,000,000",
                Spread.of([rows / measured.cpu for measured in found[large]]),
                20_000,
                at_least=True,
            ),
        ],
    )


SCENARIOS = [Scenario("drops", "An order report of 1,000,000 rows from a folder into an empty warehouse", 1, _drops)]
