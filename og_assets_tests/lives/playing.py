"""Plays lives one after the other on one server and one warehouse, which is emptied between them."""

import logging
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from og_assets_tests.lives.life import Life
from og_assets_tests.lives.server import serving
from og_assets_tests.lives.site import open_site


def play(seed: int, numbers: Sequence[int]) -> tuple[list[str], Counter[str]]:
    """What was wrong in these lives of the seed, each with its number, and what was done in all of them."""
    logging.getLogger("og_assets").setLevel(logging.ERROR)  # the shop's clock is of another year
    wrong, done = [], Counter[str]()
    with tempfile.TemporaryDirectory(prefix="og-lives-") as folder, serving() as server:
        with open_site(server, Path(folder)) as site:
            for number in numbers:
                life = Life(site, f"{seed}/{number}")
                life.live()
                wrong += [f"life {number}, {text}" for text in life.wrong]
                done += life.done + Counter(lives=1, **{"wrong lives": int(bool(life.wrong))})
    return wrong, done
