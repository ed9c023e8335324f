"""Misbehaviour on request: which requests a fault strikes. What it then does is an effect (effects.py)."""

import random
import threading
from dataclasses import dataclass, field

from og_assets.emulator.effects import Effect
from og_assets.emulator.messages import Request


@dataclass(eq=False)
class Fault:
    """An effect and the requests that it strikes; every condition given must hold.

    `path` is an object name ("orders") or the beginning of a path ("/orders/"). `nth` counts the
    requests that meet the other conditions, from 1; `page` is the number of the page within its walk;
    `cursor` says whether the request carries one; `retrieve` whether it asks for one row. With
    `probability` dice decide (from `seed`, so alike in each run); after `times` strikes it is over.
    """

    effect: Effect
    path: str | None = None
    nth: int | None = None
    page: int | None = None
    cursor: bool | None = None
    retrieve: bool | None = None
    probability: float = 1.0
    seed: int = 0
    times: int | None = None
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def strikes(self, request: Request) -> bool:
        """Whether the fault strikes this request, which it counts."""
        if not self._concerns(request):
            return False
        self.seen += 1
        if self.times is not None and self.struck >= self.times:
            return False
        if self.nth is not None and self.seen != self.nth:
            return False
        if self.probability < 1.0 and self._dice.random() >= self.probability:
            return False
        self.struck += 1
        return True

    def _concerns(self, request: Request) -> bool:
        if self.path is not None and request.object != self.path and not request.path.startswith(self.path):
            return False
        if self.page is not None and (not request.is_list or request.page != self.page):
            return False
        if self.cursor is not None and ("cursor" in request.query) != self.cursor:
            return False
        return self.retrieve is None or (request.key is not None) == self.retrieve


class Faults:
    """The faults in force, in the order in which they were added; safe to change while requests are served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, *faults: Fault) -> Fault:
        """Put faults in force; returns the last."""
        with self._lock:
            self._faults.extend(faults)
        return faults[-1]

    def remove(self, fault: Fault) -> None:
        """Take one fault out of force."""
        with self._lock:
            self._faults.remove(fault)

    def clear(self) -> None:
        """Behave again, and release connections that a stall holds."""
        with self._lock:
            faults, self._faults = self._faults, []
        for fault in faults:
            fault.effect.release()

    def strike(self, request: Request) -> list[Effect]:
        """The effects that this request gets."""
        with self._lock:
            return [fault.effect for fault in self._faults if fault.strikes(request)]
