"""What columns of JSON may hold: the value as sent, a text's JSON, or the text where it is none."""

from og_assets_tests.fuzz.contract import NULL_WORDS
from og_assets_tests.fuzz.json_text import (
    CLOSE,
    NAME,
    OPEN,
    TEXT,
    WORD,
    Tokens,
    container_in,
    elements,
    members,
    take_apart,
)
from og_assets_tests.fuzz.modes import Mode, difference, names_a_secret

_NULL: Tokens = [(WORD, "null")]


def json_problem(name: str, came: Tokens, got: object, has_note: bool, mode: Mode) -> str | None:
    """What is wrong with a JSON column that holds the text `got`."""
    is_text = len(came) == 1 and came[0][0] == TEXT
    if got is None or got == "null":
        empty = came == _NULL or (is_text and came[0][1].strip() in NULL_WORDS)
        hidden = is_text and came[0][1].lstrip()[:1] in ("{", "[") and names_a_secret(came[0][1])
        return None if empty or has_note or hidden else "null without a note"
    stored = take_apart(str(got))
    if stored is None or stored.flaws:
        return "no JSON"
    candidates = [came]
    if is_text:
        parsed = container_in(came[0][1]) or take_apart(came[0][1])
        if parsed and not parsed.flaws:
            candidates.append(parsed.tokens)
            # `extra_data` is tabled as a JSON text: the JSON is what counts (reference: subscriptions-list).
            if name == "extra_data" and parsed.tokens[0][0] == OPEN:
                del candidates[0]
    differences = [difference(candidate, stored.tokens, mode) for candidate in candidates]
    if None in differences or difference(last_wins(candidates[-1]), stored.tokens, mode) is None:
        return None
    leaked = next((text for text in differences if text and text.endswith("in clear")), None)
    return leaked or "another value than came"


def components_problem(name: str, came: Tokens, got: object, has_note: bool, mode: Mode) -> str | None:
    """What is wrong with bundle lines: a list of lines, one per product of the legacy text, none for `[]`."""
    if len(came) == 1 and came[0][0] == TEXT:
        text = came[0][1]
        parsed = container_in(text)
        if text.strip() in NULL_WORDS:
            return None if got is None or got == "[]" else "a bundle line out of nothing"
        if parsed:
            came = parsed.tokens
        else:
            return None if has_note else _legacy_problem(text, got)
    if came[0] != (OPEN, "[") or not all(line[0] == (OPEN, "{") for line in elements(came)):
        if _are_products(came, got):
            return None
        return None if has_note else json_problem(name, came, got, has_note, mode)
    return None if has_note else _lines_problem(came, got, mode)


def _are_products(came: Tokens, got: object) -> bool:
    """Whether a list of texts was read as that of a legacy bundle's products."""
    stored = take_apart(str(got))
    if came[0] != (OPEN, "[") or stored is None or stored.tokens[0] != (OPEN, "["):
        return False
    found = [dict(members(line)).get("product") for line in elements(stored.tokens)]
    return len(found) == len(list(elements(came))) and None not in found


def _lines_problem(came: Tokens, got: object, mode: Mode) -> str | None:
    if got is None:
        return "null without a note"
    stored = take_apart(str(got))
    if stored is None or stored.tokens[0] != (OPEN, "["):
        return "no list of lines"
    mine, theirs = (list(elements(tokens)) for tokens in (came, stored.tokens))
    if len(mine) != len(theirs):
        return "another number of lines"
    for line, shown in zip(mine, theirs, strict=True):
        wanted, found = dict(members(line)), dict(members(shown))
        for member in ("public_id", "quantity", "product"):
            if difference(wanted.get(member, _NULL), found.get(member, _NULL), mode):
                return "another line than came"
    return None


def _legacy_problem(text: str, got: object) -> str | None:
    if got is None:
        return "null without a note"
    stored = take_apart(str(got))
    if stored is None or stored.tokens[0] != (OPEN, "["):
        return "no list of lines"
    products = [part.strip() for part in text.split(",") if part.strip()]
    found = [dict(members(line)).get("product") for line in elements(stored.tokens)]
    return None if found == [[(TEXT, product)] for product in products] else "other products than came"


def last_wins(tokens: Tokens) -> Tokens:
    """The value with each member of an object once, the last one, where the first stood."""
    stack: list[tuple[bool, dict[str, Tokens] | list[Tokens]]] = []
    result: Tokens = []
    names: list[str] = []

    def put(value: Tokens) -> None:
        nonlocal result
        if not stack:
            result = value
        elif isinstance(stack[-1][1], dict):
            stack[-1][1][names.pop()] = value
        else:
            stack[-1][1].append(value)

    for kind, text in tokens:
        if kind == NAME:
            names.append(text)
        elif kind == OPEN:
            stack.append((text == "{", {} if text == "{" else []))
        elif kind == CLOSE:
            _, inner = stack.pop()
            if isinstance(inner, dict):
                body = [token for name, value in inner.items() for token in [(NAME, name), *value]]
                put([(OPEN, "{"), *body, (CLOSE, "}")])
            else:
                put([(OPEN, "["), *(token for value in inner for token in value), (CLOSE, "]")])
        else:
            put([(kind, text)])
    return result
