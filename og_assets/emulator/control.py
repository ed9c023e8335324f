"""The strings behind the scene: paths under /__emulator__/ by which another process drives the world. No key needed.

POST /__emulator__/advance        {"seconds": 3600}   let time pass
POST /__emulator__/simulate_day   let a day happen
GET  /__emulator__/truth/orders   the rows as they should stand in a warehouse, as JSON lines
GET  /__emulator__/stats          clock, number of rows, deletions, events and requests
"""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from og_assets.emulator.messages import JSON_TYPE, Answer, json_answer
from og_assets.emulator.schema import TABLES
from og_assets.emulator.state import WorldError

if TYPE_CHECKING:
    from og_assets.emulator.server import Emulator

PREFIX = "/__emulator__/"


def answer(emulator: "Emulator", method: str, path: str, body: bytes) -> Answer:
    """Do what is asked of the world."""
    command, _, argument = path.removeprefix(PREFIX).strip("/").partition("/")
    world = emulator.world
    try:
        if method == "POST" and command == "advance":
            world.advance(timedelta(seconds=json.loads(body)["seconds"]))
        elif method == "POST" and command == "simulate_day":
            world.simulate_day()
        elif method == "GET" and command == "truth" and argument in TABLES:
            rows = world.truth(argument, stamp_zone=emulator.api.stamp_zone)
            lines = "".join(json.dumps(row, default=_plain) + "\n" for row in rows)
            return Answer(200, lines.encode(), {"Content-Type": "application/x-ndjson"})
        elif not (method == "GET" and command == "stats"):
            return json_answer({"detail": f"{method} {path} is no control path of the emulator"}, 404)
    except (WorldError, ValueError, KeyError, TypeError) as error:
        return json_answer({"detail": f"{type(error).__name__}: {error}"}, 400)
    return Answer(200, json.dumps(stats(emulator)).encode(), {"Content-Type": JSON_TYPE})


def stats(emulator: "Emulator") -> dict[str, Any]:
    """Where the world stands."""
    world = emulator.world
    with world.lock:
        return {
            "now": world.now.isoformat(),
            "rows": {name: world.count(name) for name in TABLES},
            "deleted": {name: len(world.deleted(name)) for name in ("orders", "items", "one_time_incentives")},
            "events": len(world.events),
            "requests": dict(emulator.served),
        }


def _plain(value: object) -> str:
    """Instants and days in ISO form, amounts as decimal text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
