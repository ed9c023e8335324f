"""A lake beside the file: what a catalog in PostgreSQL and files in a folder or a bucket cost, and what they spare."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from bench.lab import LAKE_PYTHON, REPOSITORY, Lab
from bench.measure import MeasuredFailure, Measurement, measure
from bench.rounds import Spread, alternate, cpu, own_wall, peak_mb, ratio
from bench.scenarios.scenario import Goal, Outcome, Scenario
from og_assets.commands.child_process import child
from og_assets_tests.lake.services import S3, Postgres, running_postgres, running_s3

ORDERS, MANY_ORDERS, CHANGED, ITEMS = 100_000, 1_000_000, 1_000, 100_000
FILE, FOLDER, BUCKET = "a file", "a lake in a folder", "a lake in a bucket"


@dataclass(frozen=True, slots=True)
class _Site:
    """Where warehouses of both kinds are made and worked on, each time a new one."""

    lab: Lab
    postgres: Postgres
    s3: S3

    @property
    def variables(self) -> Mapping[str, str]:
        """By which servers are reached."""
        return {**self.postgres.variables, **self.s3.variables}

    def new(self, kind: str) -> str:
        """The address of a warehouse that is not made yet."""
        folder = self.lab.new_folder()
        if kind == FILE:
            return str(folder / "bench.duckdb")
        data = f"{folder}/data/" if kind == FOLDER else self.s3.new_prefix()
        database = subprocess.run(
            [LAKE_PYTHON, "-c", _NEW_DATABASE, self.postgres.words("postgres")],
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        return f"ducklake:postgres:{self.postgres.words(database)} data_path={data} scratch={folder}/scratch"

    def pull(self, place: str, name: str = "orders") -> Measurement:
        """A pull since the watermark."""
        return measure([str(LAKE_PYTHON), "-m", "bench.library_pull", self.lab.url, place, name], self.variables)

    def work(self, verb: str, place: str, *words: str) -> Measurement:
        """Something else of bench.lake_work."""
        return measure([str(LAKE_PYTHON), "-m", "bench.lake_work", verb, place, *words], self.variables)


_NEW_DATABASE = """
import psycopg2, secrets, sys
session, name = psycopg2.connect(sys.argv[1]), f"og_{secrets.token_hex(6)}"
session.autocommit = True
session.cursor().execute(f"CREATE DATABASE {name}")
print(name)
"""


@contextmanager
def _site(lab: Lab) -> Iterator[_Site]:
    if not LAKE_PYTHON.exists():
        raise MeasuredFailure("there is no environment for lakes; `make bench` makes it")
    try:
        with running_postgres() as postgres, running_s3() as s3:
            yield _Site(lab, postgres, s3)
    except pytest.skip.Exception as missing:
        raise MeasuredFailure(str(missing)) from None


def _pull(lab: Lab, rounds: int) -> Outcome:
    with _site(lab) as site:

        def into(kind: str) -> Callable[[], Measurement]:
            def pull() -> Measurement:
                lab.serve(records=lab.records(ORDERS))
                place = site.new(kind)
                measured = site.pull(place)
                site.work("check", place, lab.url)
                return measured

            return pull

        found = alternate({kind: into(kind) for kind in (FILE, FOLDER, BUCKET)}, rounds)
    beside = f"into it over into a file: {ratio(found, BUCKET, FILE, own_wall)}"
    return Outcome(
        found,
        [
            Goal("into a lake in a folder over a file", ratio(found, FOLDER, FILE, own_wall), 1.5),
            Goal("the same, CPU seconds", ratio(found, FOLDER, FILE, cpu), 1.5),
            Goal("peak MB into a lake", Spread.of([peak_mb(measured) for measured in found[FOLDER]]), 256),
        ],
        [
            f"The bucket is s3rver's, a test server in Node; {beside}.",
            "PostgreSQL runs without fsync; neither its CPU nor the bucket's is counted.",
        ],
    )


def _changed(lab: Lab, rounds: int) -> Outcome:
    with _site(lab) as site:

        def into(kind: str) -> Callable[[], Measurement]:
            def pull() -> Measurement:
                lab.serve(records=lab.records(MANY_ORDERS))
                place = site.new(kind)
                site.pull(place)
                lab.serve(records=lab.records(MANY_ORDERS), changed=lab.records(CHANGED))
                measured = site.pull(place)
                site.work("check", place, lab.url, "changed")
                return measured

            return pull

        found = alternate({kind: into(kind) for kind in (FILE, FOLDER)}, rounds)
    return Outcome(found, [], [f"Into a lake over a file: {ratio(found, FOLDER, FILE, own_wall)}; no goal is set."])


def _derived(lab: Lab, rounds: int) -> Outcome:
    with _site(lab) as site:
        lab.serve(orders=lab.records(ORDERS * 2 // 5), items=lab.records(ITEMS))
        places = {kind: site.new(kind) for kind in (FILE, FOLDER)}
        for place in places.values():
            for name in ("orders", "items"):
                site.pull(place, name)
        found = alternate(
            {kind: lambda place=place: site.work("derive", place) for kind, place in places.items()}, rounds
        )
    return Outcome(found, [], [f"In a lake over a file: {ratio(found, FOLDER, FILE, own_wall)}; no goal is set."])


def _readers(lab: Lab, rounds: int) -> Outcome:
    waits: dict[str, dict[str, list[float]]] = {}
    with _site(lab) as site:

        def beside(kind: str) -> Callable[[], Measurement]:
            def pull() -> Measurement:
                place, end = site.new(kind), lab.new_folder() / "end"
                lab.serve(records=lab.records(CHANGED))
                site.pull(place)
                lab.serve(records=lab.records(ORDERS), changed=lab.records(ORDERS))
                command = [str(LAKE_PYTHON), "-m", "bench.lake_work", "read", place, str(end)]
                environment = {**os.environ, **site.variables}
                with child(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True) as reader:
                    measured = site.pull(place)
                    end.touch()
                    told = json.loads(reader.communicate()[0])
                for what, seconds in told.items():
                    waits.setdefault(kind, {}).setdefault(what, []).append(seconds)
                return measured

            return pull

        found = alternate({kind: beside(kind) for kind in (FILE, FOLDER)}, rounds)
    remarks = [
        f"The longest of a reader while the load ran, in {kind}: first opening {Spread.of(longest['first_opening'])} s,"
        f" a later one {Spread.of(longest['later_opening'])} s, a count {Spread.of(longest['statement'])} s."
        for kind, longest in waits.items()
    ]
    return Outcome(found, [], [*remarks, "The first opening of a lake in a process loads the extensions."])


SCENARIOS = [
    Scenario("lake", "A first pull of 100,000 orders without latency, into a file and into lakes", 3, _pull),
    Scenario("lake-changed", "1,000 changed in 1,000,000 orders, in a file and in a lake", 2, _changed),
    Scenario(
        "lake-derived", "Tombstones, bridge and totals of 100,000 items anew, in a file and in a lake", 3, _derived
    ),
    Scenario("lake-readers", "A pull of 100,000 orders beside one who reads all the time", 3, _readers),
]
