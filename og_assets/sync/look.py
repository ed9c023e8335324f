"""A look at Ordergroove before a run relies on it: one step looks first, and what stops it stops the others of the run.

Each step then looks for itself too: a key may lose its permission while a run goes on.
"""

import json
import time
from pathlib import Path

from og_assets.locking import ProcessLock
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import DelayedByAnother, OrdergrooveError, StillFailing, StoppedByAnother

KEPT_SECONDS = 24 * 3600
"""Longer than any run goes on that looks again."""


def look_first(client: OrdergrooveClient, folder: Path, attempt: str, step: str) -> None:
    """See that host, key and permission are as a pull needs them; the first of an `attempt` tells the others.

    `folder` is shared by the steps, `attempt` names the run and which try of it this is.
    Raises what looking raised; in the steps that come after a failed one StoppedByAnother, or DelayedByAnother when
    another try may succeed.
    """
    folder.mkdir(parents=True, exist_ok=True)  # with a lake, turns need no folder that would be there
    outcome = folder / f"look-{attempt}.json"
    with ProcessLock(outcome.with_suffix(".lock")):
        if not outcome.exists():
            _forget_old(folder)
            _look(client, outcome, step)
            return
        failed = json.loads(outcome.read_text())
    if failed:
        kind = DelayedByAnother if failed["may_pass"] else StoppedByAnother
        raise kind(step, f"`{failed['step']}`")
    client.preflight().require_bulk_permission()


def _look(client: OrdergrooveClient, outcome: Path, step: str) -> None:
    try:
        client.preflight().require_bulk_permission()
    except OrdergrooveError as error:
        outcome.write_text(json.dumps({"step": step, "may_pass": isinstance(error, StillFailing)}))
        raise
    outcome.write_text("{}")


def _forget_old(folder: Path) -> None:
    for path in folder.glob("look-*"):
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            path.unlink(missing_ok=True)
