"""Makes webhook bodies of every family, of documented shape, with odd members inside and odd envelopes around."""

import json
from dataclasses import dataclass
from functools import cached_property
from random import Random

from og_assets_tests.fuzz.bodies import make_body
from og_assets_tests.fuzz.claims import PERSONAL_MARK, Body
from og_assets_tests.fuzz.contract import EVENT_TYPES, EVENTS
from og_assets_tests.fuzz.json_text import Json, take_apart

SNAPSHOTS = ("orders", "items", "addresses", "payments", "subscriptions", "products")
_ODD_IDS = ("7", "1e3", "1.5", "null", '""', '" "', "true", "[]", '"\\u0000"', '"\\ud800"')
_ODD_TYPES = ("null", "5", '""', '"brand new"', '"order.refund"', "[]", '"order"', '"ORDER.DELETE"', '"\\u0000.x"')
_ODD_TIMES = ("0", "-1", "1.5", "1e400", "1e9", '"1622589211"', "null", "99999999999999", "true", '"2025-01-10"', "[]")


@dataclass
class Event:
    """A webhook as it came, bytes that are not UTF-8 as half surrogates; `inner` is what it is about."""

    inner: Body
    text: str
    odd_envelope: bool

    @cached_property
    def data(self) -> bytes:
        """The bytes on the wire."""
        return self.text.encode("utf-8", "surrogateescape")

    @cached_property
    def json(self) -> Json | None:
        """The body taken apart."""
        return take_apart(self.text)


def make_event(random: Random, number: int) -> Event:
    """One event of any family."""
    family = random.choice(tuple(EVENTS))
    inner = make_body(random, number, family)
    inner.members.insert(0, ('"type"', json.dumps(family)))
    inner.text = "{" + ",".join(f"{name}:{value}" for name, value in inner.members) + "}"
    kind = f"{family}.{random.choice(EVENT_TYPES[family].split())}"
    odd = random.random() < 0.2
    members = [
        ('"id"', json.dumps(f"e{inner.serial}")),
        ('"type"', json.dumps(kind)),
        ('"created"', str(random.randint(1_600_000_000, 1_800_000_000))),
        ('"data"', f'{{"object": {inner.text}}}'),
        ('"context"', "null"),
        ('"snapshot"', _snapshot(random, number)),
    ]
    if odd:
        _odd_envelope(random, members, inner)
    return Event(inner, "{" + ",".join(f"{name}: {value}" for name, value in members) + "}", odd)


def _snapshot(random: Random, number: int) -> str:
    if random.random() < 0.7:
        return "{}"
    parts = [f'"customer": {make_body(random, number, "customers").text}']
    parts += [f'"{name}": [{make_body(random, number, name).text}]' for name in random.sample(SNAPSHOTS, 2)]
    return "{" + ", ".join(parts) + "}"


def _odd_envelope(random: Random, members: list[tuple[str, str]], inner: Body) -> None:
    mark = f"{PERSONAL_MARK}{inner.serial[2:]}"
    match random.randrange(8):
        case 0:
            members[0] = (members[0][0], random.choice(_ODD_IDS))
        case 1:
            members[1] = (members[1][0], random.choice(_ODD_TYPES))
        case 2:
            members[2] = (members[2][0], random.choice(_ODD_TIMES))
        case 3:
            members[3] = (
                '"data"',
                f'{{"object": {inner.text}, "context": {{"source": "XML IMPORT"}}, "snapshot": {{}}}}',
            )
        case 4:
            members[3] = (
                '"data"',
                random.choice((inner.text, f"[{inner.text}]", f'"{mark}"', "null", f'{{"{mark}@x": 1}}')),
            )
        case 5:
            members.insert(random.randint(0, 6), (f'"for {mark}"', f'["{mark}"]'))
        case 6:
            members.append((members[0][0], json.dumps(f"e{inner.serial}")))
        case _:
            members.insert(random.randint(0, 6), ('"\\u0063ard_number"', '"Zzsec"'))
