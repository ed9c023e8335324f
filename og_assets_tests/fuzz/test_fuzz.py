"""The short form of `make fuzz`: odd records and events, on every way and in every mode."""

import os

from og_assets_tests.fuzz.findings import Findings
from og_assets_tests.fuzz.play import Part, play

SEED = int(os.environ.get("OG_SEED", "1"))
SIZE = 60


def test_nothing_is_lost_silent_or_leaked_whatever_a_record_holds() -> None:
    """Held against an oracle that is written from Ordergroove's documents alone."""
    findings = Findings()
    for number in range(12):
        findings.merge(play(Part(SEED, number, SIZE, events=number >= 8)))
    assert (findings.bodies, findings.events) == (8 * SIZE, 4 * SIZE)
    assert not findings.broken, "\n".join([*findings.report(), f"with OG_SEED={SEED}"])
