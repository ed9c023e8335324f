"""The long form: `make lives LIVES=1000`. Prints its seed, and at the end how many lives were right."""

import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import batched, repeat
from pathlib import Path

from og_assets_tests.lives.playing import play

LIVES = int(os.environ.get("LIVES") or 1000)
WORKERS = os.cpu_count() or 1
SHOWN = 20
"""How many wrong things are printed."""
