"""The long form: `make lives LIVES=1000`. Prints its seed first, and last what was done and what was wrong."""

import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from rich.console import Console

from og_assets_tests.lives.playing import play

WORKERS = int(os.environ.get("WORKERS") or os.cpu_count() or 1)
AT_ONCE = 20
"""So many lives share a server and a warehouse file."""
SHOWN = 40
"""So many wrong things are printed."""


def main() -> int:
    """Play the lives."""
    seed = int(os.environ.get("OG_SEED") or random.randrange(2**32))
    lives = int(os.environ.get("LIVES") or 1000)
    say = Console(width=200, highlight=False, markup=False, soft_wrap=True).print
    say(f"Seed {seed}: the same lives again with OG_SEED={seed} make lives LIVES={lives}")
    started = time.monotonic()
    wrong: list[str] = []
    done: Counter[str] = Counter()
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = [pool.submit(play, seed, range(lives)[first : first + AT_ONCE]) for first in range(0, lives, AT_ONCE)]
        for part in as_completed(parts):
            found, counts = part.result()
            for text in found[: max(0, SHOWN - len(wrong))]:
                say(text)
            wrong += found
            done += counts
            if done["lives"] % 100 == 0:
                say(f"{done['lives']} lives, {len(wrong)} wrong so far")
    say(
        f"{done['lives']} lives in {time.monotonic() - started:.0f} s: {done['syncs']} syncs, "
        f"{done['events']} webhooks, {done['overlaps']} overlapping pulls, "
        f"{done['looks between syncs']} looks between syncs, {done['named']} rows wrong there as guarantees.md names; "
        f"{done['wrong lives']} lives with something wrong, {len(wrong)} wrong in all."
    )
    return 1 if wrong or done["lives"] != lives else 0


if __name__ == "__main__":
    sys.exit(main())
