"""Ways in which a member of a record can be odd. Each changes one member, or adds one, in the record's own text."""

import json
from collections.abc import Callable
from random import Random

from og_assets_tests.fuzz.claims import DIGITS_MARK, PERSONAL_MARK, SECRET_MARK, Body
from og_assets_tests.fuzz.contract import DESCRIBED, Field, Kind

BROKEN = (
    "{not json", "[gift] for mom", "{'error': 'Card declined'}", "{", "[", '{"a":', "[1,2", "{}}", "{a}", "[]]", "{ }x",
    '{"a": NaN}', '{"a": 01}', "{\\", '["', "{\n", " {x", "[[[[", '{"a" "b"}', "}{", '{"token: 1', "[tokens]",
)  # fmt: skip
QUOTES = (
    r"\"", r"\\", r"\\\"", r"\u0000", r"a\u0000b", r"\ud83d", r"\ude00 x", r"x\ud83d\ude00", r"\/", r"\b\f", r"\u2028",
    r"'", r"\\u0041", r"${x}", r"%s", r"\ufeff", r"\uffff", r"\u007f", "\u202e", r"\\x00", r"{\"a\": \"\ud800\"}",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-1", "1.50", "1e400", "1E+2", "1e3", "-1e-400", "0.1", "5.0", "1.10", "1e0", "32767", "32768",
    "2147483647", "2147483648", "9007199254740993", "12345678901234567890123456789", "99999999999999.99",
    "99999999999999.99995", "1e14", "100000000000000", "0.00005", "0.00004999", "1.5", "26001.0", "1736510400",
    "1736510400.5", "20240701",
)  # fmt: skip
SPELLINGS = (
    "05", "+5", " 5 ", "5.", ".5", "1e3", "1.10", "1,000", "1_000", "$12", "12,50", "NaN", "Infinity", "-inf",
    "\uff11\uff12", "\u0663", "5.0", "0x10", "1e400", "99999999999999.99", "99999999999999.99996", "12.34565", "-0",
    "TRUE", "yes", "off", "t", "null", "undefined", "None", "", " ", "NULL", "4|", "4|x", "20240701", "1736510400",
    "1719792000", "0", "1.5e0",
)  # fmt: skip
STAMPS = (
    "2017-02-29 12:00:00", "2020-06-13 014:16:57", "2025-02-30", "0000-00-00 00:00:00", "0001-01-01 00:00:00",
    "9999-12-31 23:59:59", "2025-01-10T12:00:00Z", "2025-01-10T12:00:00+02:00", "2025-01-10 12:00:00-0500",
    "2025-01-10 12:00:00.5", "2025-09-23T13:12:22.704013", "2025-09-23T13:12:22.7040135", "2025-03-09 02:30:00",
    "2025-11-02 01:30:00", "2025-11-02T01:30:00", "2025-01-10 24:00:00", "2016-12-31 23:59:60", "2025-01-10 12:00",
    "2025-01-10", "01/10/2025", "2025-1-5 1:2:3", "12:00:00", "09/3099", "epoch", "now", "infinity", "today",
    "2025-01-10 12:00:00 EST", "2025-01-10 12:00:00+25:00", "1883-11-18 12:00:00", "2025-13-01 00:00:00",
    "2025-01-10 12:60:00", "2025-01-10  12:00:00", "2025-01-10T12:00:00.123456789Z", "+12025-01-10", "-0044-03-15",
    "2025-W02-5", "20250110T120000", "2025-01-10 12:00:00\\u0000", "2025-01-10\\t12:00:00", "2025-07-21trailing",
    "12025-01-10 12:00:00", "2025-01-10 12:00:00+00:00:30", "2025-01-10T12", "2025-06-01 12:00:00+0000 (BC)",
)  # fmt: skip
FLAWS = (
    "NaN",
    "-Infinity",
    "Infinity",
    "007",
    "1.",
    ".5",
    "+1",
    "True",
    "None",
    '"\\x"',
    '"\\u12"',
    '"a\nb"',
    '"\t"',
    "'a'",
)
SECRET_NAMES = (
    "token_id",
    "card_number",
    "points_token",
    "cardNumber",
    "one_click_token",
    "cc_number",
    "TOKEN",
    "cc-exp-date",
)
PLAIN_NAMES = ("note", "loyalty", "Gift to", "é", "", "a.b", 'quo"te', "x" * 300, "tier", "$ref", "__proto__")

_CATALOGUE = ("products", "offer_profiles")

Oddity = Callable[[Random, Body, int, Field], None]


def make_odd(random: Random, body: Body) -> None:
    """Make one member odd in one way."""
    at = random.randrange(len(body.members))
    name = json.loads(body.members[at][0])
    fields = DESCRIBED[body.object].fields
    oddity = random.choice(_ODDITIES) if random.random() > 0.004 else random.choice(_HEAVY)
    if name in DESCRIBED[body.object].key and oddity in _VALUES:
        oddity = _odd_key
    if name in fields:
        oddity(random, body, at, fields[name])
        body.touched |= {name}
        body.odd += (oddity.__name__.strip("_").replace("_", " "),)


def _put(body: Body, at: int, value: str) -> None:
    body.members[at] = (body.members[at][0], value)


def _personal(field: Field) -> bool:
    """Whether what is put into a field must be hidden: texts of columns that are not personal are trusted."""
    return field.personal


def _wrong_type(random: Random, body: Body, at: int, field: Field) -> None:
    mark = f"{PERSONAL_MARK}{body.serial[2:]}"
    values = ["5", "-1", "0", "true", "false", "null", "1.5", "[]", "{}", "[1,2]", "[[]]", '"5"', "[null]", '{"a":{}}']
    # docs/decisions.md, "Personal data": a list of what may stay, so what does not fit is hidden, at any depth.
    # What belongs to no customer, the catalogue and its free keys, is taken for what it is documented to be.
    is_trusted = field.kind is Kind.COMPONENTS or (field.kind is Kind.JSON and body.object in _CATALOGUE)
    if field.personal or not is_trusted:
        values += [f'{{"who": "{mark}"}}', f'[{{"who": "{mark}"}}]', f'{{"{mark}@example.com": 1}}']
        # A list of texts is what an event names subscriptions by: texts that are ids are trusted.
        values += [f'["{mark}"]'] if field.name != "subscriptions" else []
    if field.kind is not Kind.TEXT and (field.personal or field.kind not in (Kind.JSON, Kind.COMPONENTS)):
        values += [f'"{mark}"'] * 3
    if field.kind in (Kind.INT, Kind.SMALL, Kind.BOOL):
        values.append(f"{DIGITS_MARK}{random.randint(10, 99)}")
    _put(body, at, random.choice(values))


def _odd_number(random: Random, body: Body, at: int, field: Field) -> None:
    _put(body, at, random.choice(NUMBERS))


def _odd_spelling(random: Random, body: Body, at: int, field: Field) -> None:
    _put(body, at, json.dumps(random.choice(SPELLINGS), ensure_ascii=random.random() < 0.5))


def _odd_stamp(random: Random, body: Body, at: int, field: Field) -> None:
    for place, (name, _) in enumerate(body.members):
        stamped = DESCRIBED[body.object].fields.get(json.loads(name))
        if stamped and stamped.kind in (Kind.STAMP, Kind.DAY) and random.random() < 0.5:
            at = place
            body.touched |= {stamped.name}
            break
    _put(body, at, f'"{random.choice(STAMPS)}"')


def _broken_json_in_text(random: Random, body: Body, at: int, field: Field) -> None:
    at = _text_place(random, body, at)
    text = random.choice(BROKEN)
    if json.loads(body.members[at][0]) in _personal_names(body) and random.random() < 0.5:
        text += f" {PERSONAL_MARK}{body.serial[2:]}"
    _put(body, at, json.dumps(text))


def _json_in_text(random: Random, body: Body, at: int, field: Field) -> None:
    at = _text_place(random, body, at)
    inner: object = {"a": 1.5, "b": [None, "[x] y"]}
    if random.random() < 0.6:
        inner = {random.choice(SECRET_NAMES): f"{SECRET_MARK}{body.serial[2:]}", "c": inner}
    if random.random() < 0.3:
        inner = [json.dumps(inner)]
    text = json.dumps(json.dumps(inner))
    if random.random() < 0.3:
        text = text.replace("_", "\\\\u005f")
    _put(body, at, text)


def _odd_characters(random: Random, body: Body, at: int, field: Field) -> None:
    at = _text_place(random, body, at)
    _put(body, at, f'"{random.choice(("", "x", "Ä "))}{random.choice(QUOTES)}{random.choice(("", "y"))}"')


def _escaped_name(random: Random, body: Body, at: int, field: Field) -> None:
    name, value = body.members[at]
    body.members[at] = (_escape_some(random, name), value)


def _duplicate_member(random: Random, body: Body, at: int, field: Field) -> None:
    name, value = body.members[at]
    if random.random() < 0.4:
        name = _escape_some(random, name)
    if field.name in DESCRIBED[body.object].key:
        other = random.choice(("null", f'"{body.serial}x"', value))
    elif random.random() < 0.7:
        other = random.choice(("null", '""', "5", '"other"', "[]", '"2025-01-10 12:00:00"', '"1.00"'))
    else:
        other = value
    body.members.insert(random.choice((at, at + 1, len(body.members))), (name, other))


def _unknown_secret(random: Random, body: Body, at: int, field: Field) -> None:
    name = json.dumps(random.choice(SECRET_NAMES))
    if random.random() < 0.4:
        name = _escape_some(random, name)
    value = f'"{SECRET_MARK}{body.serial[2:]}"'
    wrapped = random.choice(("%s", '{"x": %s}', "[%s, 1]")) % value
    member = (name, random.choice((value, value, wrapped)))
    if random.random() < 0.4:
        member = ('"meta"', random.choice(("{%s:%s}", '[{"k": 1.0, %s: %s}]', '{"deep": {"er": [{%s: %s}]}}')) % member)
    body.members.insert(random.randint(0, len(body.members)), member)


def _unknown_member(random: Random, body: Body, at: int, field: Field) -> None:
    mark = f"{PERSONAL_MARK}{body.serial[2:]}"
    values = (
        f'"{mark}"', f'{{"to": "{mark}", "n": 1.50}}', f'["{mark}", 1e400]', "1.10", "null",
        f'"{{\\"w\\": \\"{mark}\\"}}"', f"{DIGITS_MARK}1", f'{{"{mark}@example.com": 1}}', f'"[{mark}"',
    )  # fmt: skip
    name = random.choice((*PLAIN_NAMES, f"{mark}@example.com", f"for {mark}"))
    body.members.insert(random.randint(0, len(body.members)), (json.dumps(name), random.choice(values)))


def _missing_member(random: Random, body: Body, at: int, field: Field) -> None:
    if len(body.members) > 1:
        del body.members[at]


def _odd_key(random: Random, body: Body, at: int, field: Field) -> None:
    key = random.choice(DESCRIBED[body.object].key)
    for place, (name, _) in enumerate(body.members):
        if json.loads(name) == key:
            number = int(body.serial.removeprefix("fz"), 16)
            mark = f"{PERSONAL_MARK}{body.serial[2:]}"
            values = (
                "null", '""', '"null"', '"undefined"', "true", "[]", "{}", str(number), f"{number}.50", f"{number}e1",
                f'" {body.serial}"', f'"{body.serial}\\u0000"', "NaN", f'"00{number}"', f'"{body.serial}\\ud800"',
                f"-{number}", f'["{body.serial}"]', f"{number}e400", f"1{number:030}", f'"{{{body.serial}"',
                f'"[{body.serial}] \\"x\\" \\\\"', f'"{body.serial}\\u2028"', f"{number}E-400", f'"1e{number}"',
            )  # fmt: skip
            if body.object == "customers":
                values += (f'"{mark}@example.com"', f'"{mark}\\u0040example.com"')
            _put(body, place, random.choice(values))
            body.touched |= {key}


def _not_json(random: Random, body: Body, at: int, field: Field) -> None:
    _put(body, at, random.choice(FLAWS))


def _not_utf8(random: Random, body: Body, at: int, field: Field) -> None:
    at = _text_place(random, body, at)
    bad = random.choice(("\udcff", "\udce9", "\udcc3(", "\udced\udca0\udc80", "\udcf0\udc9f", "\udcc0\udc80"))
    _put(body, at, f'"caf{bad} {body.serial}"')


def _deep(random: Random, body: Body, at: int, field: Field) -> None:
    depth = 5000 if random.random() < 0.1 else random.choice((60, 127, 500, 1000))
    inner = random.choice(("1", f'{{"card_number": "{SECRET_MARK}{body.serial[2:]}"}}', '"x"'))
    opening, closing = random.choice((("[", "]"), ('{"a":', "}")))
    value = opening * depth + inner + closing * depth
    if random.random() < 0.3:
        value = json.dumps(value)
    body.members.insert(at, ('"unknown"', value)) if random.random() < 0.5 else _put(body, at, value)


def _large(random: Random, body: Body, at: int, field: Field) -> None:
    at = _text_place(random, body, at)
    size = 1_100_000 if random.random() < 0.05 else random.choice((3_000, 70_000))
    _put(body, at, json.dumps(random.choice(("x", "\\", "é", "[", '{"a":1},')) * size))


def _text_place(random: Random, body: Body, at: int) -> int:
    """A member that is no key, so that the record keeps its name; a text where there is one."""
    fields = DESCRIBED[body.object].fields
    places = [
        place
        for place, (name, _) in enumerate(body.members)
        if (field := fields.get(json.loads(name)))
        and field.name not in DESCRIBED[body.object].key
        and field.kind in (Kind.TEXT, Kind.JSON)
    ]
    if not places or random.random() < 0.15:
        return at
    at = random.choice(places)
    body.touched |= {json.loads(body.members[at][0])}
    return at


def _personal_names(body: Body) -> set[str]:
    return {field.name for field in DESCRIBED[body.object].fields.values() if field.personal}


def _escape_some(random: Random, name: str) -> str:
    """The same name, some letters of it written as escapes."""
    letters = list(json.loads(name))
    escaped = random.randrange(len(letters)) if letters else 0
    return '"' + "".join(
        f"\\u{ord(letter):04x}" if place == escaped or random.random() < 0.2 else json.dumps(letter)[1:-1]
        for place, letter in enumerate(letters)
    ) + '"'  # fmt: skip


_ODDITIES: tuple[Oddity, ...] = (
    _wrong_type,
    _odd_number,
    _odd_spelling,
    _odd_stamp,
    _broken_json_in_text,
    _json_in_text,
    _odd_characters,
    _escaped_name,
    _duplicate_member,
    _unknown_secret,
    _unknown_member,
    _missing_member,
    _odd_key,
    _not_json,
    _not_utf8,
)
_VALUES = _ODDITIES[:7]
"""Those that put another value in place. Keys get values of their own, so that each record keeps its own name."""
_HEAVY: tuple[Oddity, ...] = (_deep, _large)
