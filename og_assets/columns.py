"""What a warehouse column is, said once for records, tables and documents. Knows neither Ordergroove nor DuckDB."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a value is read and what it becomes in the warehouse."""

    TEXT = "text"
    """A string as Ordergroove sent it; numbers are kept as their digits."""
    INTEGER = "integer"
    """A whole number of at most 32 bits."""
    SMALLINT = "smallint"
    """A whole number of at most 16 bits: codes and enumerations."""
    MONEY = "money"
    """An exact decimal with 14 digits before and 4 after the point; never a float on its way."""
    STAMP = "stamp"
    """An instant, stored as a UTC wall clock without a zone."""
    DAY = "day"
    """A calendar day that no zone moves."""
    FLAG = "flag"
    """True or false."""
    JSON = "json"
    """Any JSON value, stored as JSON text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an object table.

    `personal` marks values that tell about a person, or may: free text, and free keys of an object that
    belongs to a customer. `secret` marks payment tokens and card fields, which are sensitive even without
    a name beside them and are never stored in clear.

    `members` names what is known to be harmless inside a value that is JSON, an empty name what belongs to
    no member there; None means all of it.
    `coded` marks personal text spelled `code|text`, whose code is harmless.
    `path` is where in a record the value is; empty for a member of the column's name.
    """

    name: str
    kind: Kind
    description: str
    example: str | None = None
    required: bool = False
    personal: bool = False
    secret: bool = False
    members: tuple[str, ...] | None = None
    coded: bool = False
    path: tuple[str | int, ...] = ()

    @property
    def member(self) -> str:
        """The member of a record that has the value, or has it inside."""
        return str(self.path[0]) if self.path else self.name

    @property
    def is_inside(self) -> bool:
        """Whether the value is inside of its member."""
        return len(self.path) > 1

    @property
    def is_masked(self) -> bool:
        """Whether a value may hold what must not be stored in clear, were personal data not wanted."""
        return self.personal or self.secret or self.members is not None
