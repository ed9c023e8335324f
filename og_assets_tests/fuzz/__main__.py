"""The long form of the fuzzer: `make fuzz`. Prints its seed and each family of broken claims, and fails on any."""

import argparse
import multiprocessing
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from og_assets_tests.fuzz.claims import Claim
from og_assets_tests.fuzz.findings import Findings
from og_assets_tests.fuzz.play import parts, play


def main() -> int:
    """Send as many bodies and events as are asked for, and say what became of them."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--bodies", type=int, default=200_000)
    parser.add_argument("--events", type=int, default=50_000)
    asked = parser.parse_args()
    seed = int(os.environ.get("OG_SEED") or random.randrange(2**32))
    _say(f"Seed {seed}: the same bodies again with OG_SEED={seed} make fuzz")
    findings = Findings()
    started = told = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        for part in pool.map(play, parts(seed, asked.bodies, asked.events)):
            for family in part.families.keys() - findings.families.keys():
                _say(f"{family[0]}: {family[1]}: {part.examples[family][0].problem.detail[:200]!r}")
            findings.merge(part)
            if time.monotonic() - told > 20:
                told = time.monotonic()
                _say(f"{told - started:6.0f} s  {_verdict(findings)}")
    for line in findings.report():
        _say(line)
    _say(f"fuzz: {_verdict(findings)} (seed {seed})")
    return 1 if findings.broken else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _verdict(findings: Findings) -> str:
    counts = ", ".join(f"{findings.count(claim):,} {claim}" for claim in Claim)
    return f"{findings.bodies:,} bodies, {findings.events:,} events: {counts}"


if __name__ == "__main__":
    sys.exit(main())
