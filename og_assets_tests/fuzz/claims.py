"""What must hold for a record that came and the row or quarantined record that it became.

The claims are those of docs/guarantees.md: nothing is lost, no value is wrong without a note, nothing leaks.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from og_assets_tests.fuzz.contract import MEMBERS, NULL_WORDS, OBJECTS, Field, Kind
from og_assets_tests.fuzz.json_columns import components_problem, json_problem
from og_assets_tests.fuzz.json_text import (
    OPEN,
    TEXT,
    WORD,
    Json,
    Tokens,
    container_in,
    depth,
    members,
    take_apart,
)
from og_assets_tests.fuzz.modes import Mode, difference, names_a_secret
from og_assets_tests.fuzz.readings import Reading, leading_number, read

PERSONAL_MARK, SECRET_MARK, DIGITS_MARK = "Zzper", "Zzsec", "73104598"
_MARKS = re.compile(f"{PERSONAL_MARK}|{SECRET_MARK}|{DIGITS_MARK}", re.IGNORECASE)
_SECRET_MARKS = re.compile(SECRET_MARK, re.IGNORECASE)
_ESCAPED = re.compile(r"(?<!\\)\\++u00([0-9a-fA-F]{2})")
_SERIAL = re.compile(r"fz[0-9a-f]{8}")
DEEP = 64


class Claim(StrEnum):
    """The three things that are counted."""

    LOST = "lost"
    SILENT = "silent"
    LEAKED = "leaked"


@dataclass(frozen=True, slots=True)
class Problem:
    """One claim that does not hold; `family` is what problems are grouped by, `detail` tells of this one."""

    claim: Claim
    family: str
    detail: str = ""


@dataclass
class Body:
    """A record as it came; `touched` are the members that were made odd, `odd` the ways in which."""

    object: str
    serial: str
    members: list[tuple[str, str]]
    touched: frozenset[str] = frozenset()
    odd: tuple[str, ...] = ()
    text: str = ""

    @cached_property
    def data(self) -> bytes:
        """The bytes on the wire."""
        return self.text.encode("utf-8", "surrogateescape")

    @cached_property
    def json(self) -> Json | None:
        """The record taken apart; None when it cannot be."""
        return take_apart(self.text)

    @cached_property
    def is_utf8(self) -> bool:
        """Whether all bytes are UTF-8."""
        return not re.search("[\udc80-\udcff]", self.text)

    @cached_property
    def values(self) -> dict[str, list[Tokens]]:
        """Each member's values in the order in which they came."""
        found: dict[str, list[Tokens]] = {}
        for name, tokens in members(self.json.tokens) if self.json else ():
            found.setdefault(name, []).append(tokens)
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a record that was accepted."""

    columns: dict[str, object]
    raw: str
    notes: list[str] = field(default_factory=list)

    def has_note(self, *names: str) -> bool:
        """Whether a note is about one of these columns."""
        return any(note.split(":")[0].split(".")[0] in names for note in self.notes)


class Place(StrEnum):
    """Where a record must be."""

    TABLE = "table"
    QUARANTINE = "quarantine"
    EITHER = "either"


def place_of(body: Body, mode: Mode) -> tuple[Place, list[tuple[str, ...]]]:
    """Where a record must be, and the keys that its row may have."""
    described = OBJECTS[body.object]
    place = Place.TABLE
    if body.json is None or body.json.tokens[0] != (OPEN, "{"):
        return Place.QUARANTINE, []
    if body.json.flaws or not body.is_utf8 or depth(body.json.tokens) > DEEP or "\\ud" in body.text.lower():
        place = Place.EITHER
    keys: list[tuple[str, ...]] = [()]
    for name in described.key:
        values = body.values.get(name, [])
        if not values:
            return Place.QUARANTINE, []
        if len(values) > 1:
            place = Place.EITHER
        usable: list[str] = []
        for tokens in values:
            [what, text], single = tokens[0], len(tokens) == 1
            if not single or (what == TEXT and text in NULL_WORDS) or (what == WORD and not text[-1:].isdigit()):
                continue
            is_plain = re.fullmatch("[ -?A-~]*[!-?A-~]", text) if what == TEXT else text.lstrip("-").isdigit()
            # What is left of a key that shows a secret is no id, and may be the same for many.
            if not is_plain or names_a_secret(text):
                place = Place.EITHER
            usable += [text, mode.hashed(text)] if mode.masked and mode.salt else [text]
        if not usable:
            return (Place.QUARANTINE if place is Place.TABLE else Place.EITHER), []
        keys = [(*key, text) for key in keys for text in usable]
    return place, keys


def row_problems(body: Body, row: Row, mode: Mode) -> Iterable[Problem]:
    """What is wrong with the row of a record."""
    raw = take_apart(row.raw)
    if raw is None or raw.flaws:
        yield Problem(Claim.SILENT, "_raw is not JSON", row.raw[:200])
        return
    assert body.json is not None
    yield from _raw_problems(body, raw, mode)
    for described in OBJECTS[body.object].fields.values():
        if not described.column:
            continue
        values = body.values.get(described.name, [[(WORD, "null")]])
        problems = [list(_column_problems(body, row, mode, described, tokens)) for tokens in values]
        # Of members with one name the last counts, as everywhere; another one with a note.
        if problems[-1] and not (row.has_note(described.name) and not all(problems)):
            yield from problems[-1]


def _raw_problems(body: Body, raw: Json, mode: Mode) -> Iterable[Problem]:
    assert body.json is not None
    if not mode.masked:
        problem = difference(body.json.tokens, raw.tokens, mode)
        if problem:
            yield _differs("_raw is not what came", problem)
        return
    stored: dict[str, list[Tokens]] = {}
    for name, tokens in members(raw.tokens):
        stored.setdefault(name, []).append(tokens)
    for described in OBJECTS[body.object].fields.values():
        came, shown = body.values.get(described.name, []), stored.get(described.name, [])
        if len(came) != 1 or not described.column:
            continue
        if len(shown) != 1:
            yield Problem(Claim.LOST, "_raw lacks a documented member", described.name)
        elif not described.personal and not described.secret and _must_stay(body, described, came[0]):
            problem = difference(came[0], shown[0], mode)
            if problem:
                yield _differs("_raw: a documented member is not what came", f"{described.name}: {problem}")


def _differs(family: str, problem: str) -> Problem:
    if problem.endswith("in clear"):
        return Problem(Claim.LEAKED, "a secret is in clear", problem)
    return Problem(Claim.LOST, family, problem)


def _must_stay(body: Body, described: Field, tokens: Tokens) -> bool:
    """Whether masking has to leave a value as it is: it is not personal and spelled as documented."""
    if described.kind in (Kind.JSON, Kind.COMPONENTS) or "@" in tokens[0][1] or tokens[0][1].lstrip()[:1] in ("{", "["):
        return described.name not in body.touched
    if described.kind is Kind.DAY and len(tokens[0][1]) > 10:
        # Of a day that has a time, the column has the day: docs/decisions.md, a list of what may stay.
        return False
    reading = read(described.kind, tokens)
    return reading.silent or (bool(reading.values) and not reading.noted)


def _column_problems(body: Body, row: Row, mode: Mode, described: Field, tokens: Tokens) -> Iterable[Problem]:
    name, kind = described.name, described.kind
    touched = name in body.touched
    if described.secret:
        yield from _secret_column_problems(body, row.columns.get(name), mode, name, tokens)
        return
    if mode.masked and described.personal:
        yield from _personal_problems(row, mode, described, tokens, touched)
        return
    for column, aspect, reading in _aspects(described, tokens):
        got = row.columns.get(column)
        if mode.masked and _may_be_masked(got, tokens, touched):
            continue
        problem = reading.problem(got, row.has_note(column, name))
        if problem and aspect is Kind.TEXT and isinstance(got, str) and not _text_differs(tokens, got, mode):
            continue
        if problem:
            claim = Claim.LOST if "not read" in problem else Claim.SILENT
            yield Problem(claim, f"{aspect.name} column: {problem}", f"{column}: {got!r} for {_short(tokens)}")
    if kind in (Kind.JSON, Kind.COMPONENTS) and not (mode.masked and touched):
        check = json_problem if kind is Kind.JSON else components_problem
        problem = check(name, tokens, row.columns.get(name), row.has_note(name), mode)
        if problem:
            leaked = problem.endswith("in clear")
            family = "a secret is in clear" if leaked else f"{kind.name} column: {problem}"
            yield Problem(Claim.LEAKED if leaked else Claim.SILENT, family, f"{name}: {_short(tokens)}")


def _secret_column_problems(body: Body, got: object, mode: Mode, name: str, tokens: Tokens) -> Iterable[Problem]:
    allowed = {None, *NULL_WORDS}
    if mode.salt and tokens[0][0] in (TEXT, WORD):
        allowed.add(mode.hashed(tokens[0][1]))
    odd = len(tokens) > 1 or (tokens[0][0] == WORD and str(got) in ("true", "false"))
    odd |= tokens[0][1].lstrip()[:1] in ("{", "[")
    odd |= bool(body.json and body.json.flaws) or "\\ud" in body.text.lower()
    if got not in allowed and not (odd and str(got).startswith(("hmac:", "true", "false", "[", "{"))):
        yield Problem(Claim.LEAKED, "a secret column holds more than a hash", f"{name}: {got!r}")


def _text_differs(tokens: Tokens, got: str, mode: Mode) -> bool:
    """Whether a text column holds something else than the text of JSON that came, with its secrets hidden."""
    if len(tokens) == 1:
        return difference(tokens, [(TEXT, got)], mode) is not None
    stored = take_apart(got)
    return stored is None or difference(tokens, stored.tokens, mode) is not None


def _may_be_masked(got: object, tokens: Tokens, touched: bool) -> bool:
    # Ids that are e-mail addresses are hashed with `hash`, null with `drop`: docs/decisions.md, "Personal data".
    if touched and len(tokens) > 1:
        return True
    return (touched or "@" in tokens[0][1]) and (got is None or str(got).startswith("hmac:"))


def _aspects(described: Field, tokens: Tokens) -> Iterable[tuple[str, Kind, Reading]]:
    """The columns that a field fills, with what they may hold."""
    name, kind = described.name, described.kind
    if kind not in (Kind.JSON, Kind.COMPONENTS):
        yield name, kind, read(kind, tokens)
    if name == "place":
        yield "place_date", Kind.DAY, read(Kind.DAY, tokens)
    if name == "cancel_reason_code":
        yield "cancel_reason_code_number", Kind.INT, leading_number(tokens)
    if name in MEMBERS:
        if len(tokens) == 1 and tokens[0][0] == TEXT:
            parsed = container_in(tokens[0][1])
            tokens = parsed.tokens if parsed else []
        values = dict(members(tokens))
        for member, (column, aspect) in MEMBERS[name].items():
            yield column, aspect, read(aspect, values[member]) if member in values else Reading(silent=True)


def _personal_problems(row: Row, mode: Mode, described: Field, tokens: Tokens, touched: bool) -> Iterable[Problem]:
    """In hash and drop: the hash of the exact text, or null. Codes that Ordergroove writes before a text stay."""
    name, got = described.name, row.columns.get(described.name)
    if name == "cancel_reason_code":
        problem = leading_number(tokens).problem(row.columns.get("cancel_reason_code_number"), row.has_note(name))
        if problem and not touched:
            yield Problem(Claim.SILENT, f"INT column: {problem}", f"{name}: {_short(tokens)}")
    if (
        touched
        or described.kind is not Kind.TEXT
        or len(tokens) != 1
        or name in ("cancel_reason", "cancel_reason_code")
    ):
        return
    what, text = tokens[0]
    if what != TEXT or text in NULL_WORDS or container_in(text):
        return
    expected = mode.hashed(text) if mode.personal == "hash" else None
    if got != expected:
        yield Problem(Claim.SILENT, "a personal column holds another hash", f"{name}: {got!r}")


def quarantine_problem(body: Body, shown: str, mode: Mode) -> Problem | None:
    """What is wrong with a record in quarantine: it is whole there, as far as it may be shown in this mode."""
    if mode.masked:
        return None
    stored = take_apart(shown)
    if body.json is not None and body.is_utf8:
        if stored is None:
            problem: str | None = None if shown == body.text else "shown as another text"
        else:
            problem = difference(body.json.tokens, stored.tokens, mode)
        if problem and body.json.flaws and names_a_secret(body.text):
            return None
    elif names_a_secret(body.text):
        return None
    else:
        problem = None if _pieces_in_order(body.text, shown) else "pieces of it are gone"
    return _differs("quarantine does not hold the record whole", f"{shown[:120]!r}: {problem}") if problem else None


def _pieces_in_order(came: str, shown: str) -> bool:
    """Whether all that is UTF-8 of a text is in another one, in its order."""
    at = 0
    for piece in re.split("[\udc80-\udcff]+", came):
        at = shown.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def leak(text: str, mode: Mode) -> str | None:
    """A planted text that may not be where `text` is found: secrets in no mode, personal texts in hash and drop."""
    marks = _MARKS if mode.masked else _SECRET_MARKS
    found = marks.search(text)
    if not found and "\\u00" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        found = marks.search(text)
    return text[max(0, found.start() - 60) : found.end() + 30] if found else None


def serials(text: str) -> set[str]:
    """The marks by which a text tells which bodies it comes from."""
    return set(_SERIAL.findall(text))


def _short(tokens: Tokens) -> str:
    return " ".join(text if kind != TEXT else repr(text) for kind, text in tokens[:12])[:160]
