"""What can go wrong around a pull, as data that prints: each trouble knows the faults that make the emulator do it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from shop_life import CHANGES

from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Request
from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.world import World


@dataclass(frozen=True, slots=True)
class Passing:
    """A page fails a few times, then comes."""

    kind: Literal["429", "500", "reset", "cut", "html", "gzip"]
    page: int
    times: int

    def faults(self, object_name: str) -> list[Fault]:
        effect = {
            "429": fx.Status(429),
            "500": fx.Status(500),
            "reset": fx.Reset(midway=True),
            "cut": fx.Truncate(),
            "html": fx.Html(),
            "gzip": fx.BrokenGzip(),
        }[self.kind]
        return [Fault(effect, object_name, page=self.page, times=self.times)]


@dataclass(frozen=True, slots=True)
class Dies:
    """A page fails for good, and the pull with it. `killed`: its process could not even write that down."""

    page: int
    code: Literal[403, 503]
    killed: bool

    def faults(self, object_name: str) -> list[Fault]:
        return [Fault(fx.Status(self.code), object_name, page=self.page)]


@dataclass(frozen=True, slots=True)
class Expires:
    """The cursor of a page is refused, once or twice: a pull starts over once."""

    page: int
    code: Literal[400, 404]
    times: int

    def faults(self, object_name: str) -> list[Fault]:
        return [Fault(fx.expired_cursor(self.code), object_name, page=self.page, cursor=True, times=self.times)]


@dataclass(frozen=True, slots=True)
class Repeats:
    """The page before comes once more, or its last `rows` at the beginning of the next."""

    page: int
    rows: int | None

    def faults(self, object_name: str) -> list[Fault]:
        effect = fx.DuplicatePage() if self.rows is None else fx.ShiftPage(-self.rows)
        return [Fault(effect, object_name, page=self.page, times=1)]


@dataclass(frozen=True, slots=True)
class Changes:
    """The world changes before a page is made, or after it was and before it arrives; time passes before and after.

    With it changes one of the first rows of the list, which most pages come after.

    No time passes while a first page is asked for: a pull measures the server's clock by it, and trusts
    that it runs as fast as ours.
    """

    page: int
    when: Literal["before", "after"]
    change: str
    number: int
    minutes: int

    def faults(self, object_name: str) -> list[Fault]:
        pause = timedelta(minutes=0 if self.page == 1 else self.minutes)

        def act(world: World, request: Request) -> None:
            world.advance(pause)
            CHANGES[self.change](world, self.number)
            early = world.keys(object_name)[:4]
            if early and (TABLES[object_name].stamp or object_name == "items"):
                world.touch(object_name, early[self.number % len(early)])
            world.advance(pause)

        return [Fault(fx.Call(act, self.when), object_name, page=self.page, times=1)]


Trouble = Passing | Dies | Expires | Repeats | Changes
