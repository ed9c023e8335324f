"""How long former states are kept, as plain data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keeping:
    """What becomes of the states that rows leave: kept or not, and removed so many days after they ended, or never."""

    on: bool = True
    days: int | None = None


KEEP_FOR_GOOD = Keeping()
