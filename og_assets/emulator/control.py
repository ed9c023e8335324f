"""The strings behind the scene: paths under /__emulator__/ by which another process drives the world. No key needed.

POST /__emulator__/advance        {"seconds": 3600}   let time pass
POST /__emulator__/simulate_day   let a day happen
GET  /__emulator__/truth/orders   the rows as they should stand in a warehouse, as JSON lines
GET  /__emulator__/stats          clock, number of rows, deletions, events and requests
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from og_assets.emulator.messages import Answer, Request, json_answer
from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.shop.state import WorldError
from og_assets.emulator.world import World

PREFIX = "/__emulator__/"


def answer(world: World, request: Request, body: bytes, stamp_zone: tzinfo, served: Mapping[str, int]) -> Answer:
    """Do what is asked of the world; `served` counts the requests so far by object."""
    command, _, argument = request.path.removeprefix(PREFIX).strip("/").partition("/")
    try:
        match request.method, command:
            case "POST", "advance":
                world.advance(timedelta(seconds=json.loads(body)["seconds"]))
            case "POST", "simulate_day":
                world.simulate_day()
            case "GET", "truth" if argument in TABLES:
                rows = world.truth(argument, stamp_zone=stamp_zone)
                lines = "".join(json.dumps(row, default=_plain) + "\n" for row in rows)
                return Answer(200, lines.encode(), {"Content-Type": "application/x-ndjson"})
            case "GET", "stats":
                pass
            case _:
                problem = f"{request.method} {request.path} is no control path of the emulator"
                return json_answer({"detail": problem}, 404)
    except (WorldError, ValueError, KeyError, TypeError) as error:
        return json_answer({"detail": f"{type(error).__name__}: {error}"}, 400)
    return json_answer(_stats(world) | {"requests": dict(served)})


def _stats(world: World) -> dict[str, Any]:
    """Where the world stands."""
    with world.lock:
        return {
            "now": world.now.isoformat(),
            "rows": {name: world.count(name) for name in TABLES},
            "deleted": {name: len(world.deleted(name)) for name in ("orders", "items", "one_time_incentives")},
            "events": len(world.events),
        }


def _plain(value: object) -> str:
    """Instants and days in ISO form, amounts as decimal text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
