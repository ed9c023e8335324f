"""What pages and records can be like: twice, shifted, out of order, and holding what no table was made for."""

import json
from collections.abc import Callable
from typing import Any

from og_assets.emulator import effects as fx
from og_assets.emulator.effects import Effect, Exchange
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Answer, Page
from og_assets.emulator.shop.schema import TABLES
from og_assets_tests.faults.rig import Rig

Inject = Callable[[Rig], None]
ODD_BYTES = "<odd bytes>"
MEGABYTE = 1024 * 1024


class Shuffled(Effect):
    """The records of the page in another order."""

    def __init__(self, rig: Rig) -> None:
        self._dice = rig.dice

    def alter(self, exchange: Exchange, page: Page) -> None:
        self._dice.shuffle(page.records)


class HeldBack(Effect):
    """The records of every other page come behind those of the page after it."""

    def __init__(self) -> None:
        self._held: list[str] = []

    def alter(self, exchange: Exchange, page: Page) -> None:
        if page.next is not None and not self._held:
            self._held, page.records = page.records, []
        else:
            page.records, self._held = page.records + self._held, []


class Spoilt(Effect):
    """One record of the page, by dice, is another than it should be."""

    def __init__(self, rig: Rig, spoil: Callable[[dict[str, Any], str], str]) -> None:
        self._rig = rig
        self._spoil = spoil
        self._key = TABLES[rig.object.name].key
        self.served: list[str] = []

    def alter(self, exchange: Exchange, page: Page) -> None:
        place = self._rig.dice.randrange(len(page.records))
        record = json.loads(page.records[place])
        self._rig.excused.add(str(record[self._key]))
        page.records[place] = self._spoil(record, self._key)
        self.served.append(page.records[place].replace(ODD_BYTES, r"\xff\xfe"))

    def encode(self, answer: Answer, body: bytes) -> bytes:
        return body.replace(ODD_BYTES.encode(), b"\xff\xfe")


def repeated(make: Callable[[Rig], Effect]) -> Inject:
    """An effect that brings records more than once or in another order, on all pages from the second on."""

    def inject(rig: Rig) -> None:
        effect = make(rig)
        for page in range(2, rig.pages + 1):
            rig.emulator.faults.add(Fault(effect, rig.object.name, page=page, times=1))
        rig.pull_expecting(None)

    return inject


def spoilt(spoil: Callable[[dict[str, Any], str], str]) -> Inject:
    """One record that is odd: its page is read, its neighbours are right, and it is kept as it was served."""

    def inject(rig: Rig) -> None:
        effect = Spoilt(rig, spoil)
        rig.emulator.faults.add(Fault(effect, rig.object.name, page=rig.any_page(), times=1))
        rig.pull_expecting(None)
        (served,) = effect.served
        kept = rig.rows(
            f"SELECT _raw::VARCHAR FROM ordergroove.{rig.object.name} UNION ALL SELECT raw FROM ops.quarantine"
        )
        assert (served,) in kept, "a record that was served is neither in its table nor in quarantine"

    return inject


def changed(**fields: Any) -> Inject:
    """A record with other fields."""
    return spoilt(lambda record, key: json.dumps({**record, **fields}))


def without_fields(record: dict[str, Any], key: str) -> str:
    """Nothing but its key and its creation stamp."""
    return json.dumps({name: value for name, value in record.items() if name in (key, "created")})


def of_wrong_types(record: dict[str, Any], key: str) -> str:
    """Lists where there were words, words where there were numbers."""
    return json.dumps(
        {
            name: value if name == key else {"odd": [value]} if isinstance(value, str) else "many"
            for name, value in record.items()
        }
    )


def with_nul(record: dict[str, Any], key: str) -> str:
    """NUL characters in a text."""
    return json.dumps({**record, "extra_data": {"note": "a\0b"}, "sub_total": "1\0"})


def with_odd_bytes(record: dict[str, Any], key: str) -> str:
    """Bytes that are no UTF-8."""
    return json.dumps({**record, "new_field": ODD_BYTES}, ensure_ascii=False)


def deep(record: dict[str, Any], key: str) -> str:
    """Brackets within brackets."""
    return json.dumps(record)[:-1] + ', "new_field": ' + "[" * 5000 + "]" * 5000 + "}"


FAULTS: dict[str, Inject] = {
    "page twice": repeated(lambda rig: fx.DuplicatePage()),
    "pages shifted": repeated(lambda rig: fx.ShiftPage(-rig.dice.randint(1, 4))),
    "records out of order": repeated(Shuffled),
    "pages out of order": repeated(lambda rig: HeldBack()),
    "unknown fields": changed(new_field={"a": [1, None]}, another=1.5),
    "missing fields": spoilt(without_fields),
    "wrong types": spoilt(of_wrong_types),
    "null key": spoilt(lambda record, key: json.dumps({**record, key: None})),
    "string of a megabyte": changed(new_field="x" * MEGABYTE),
    "JSON 5,000 deep": spoilt(deep),
    "invalid UTF-8": spoilt(with_odd_bytes),
    "NUL characters": spoilt(with_nul),
}
