"""`og docs`: the documents, which travel with the package, for a person who has no checkout."""

import re
from pathlib import Path

from og_assets.errors import OgAssetsError

FOLDER = Path(__file__).parents[1] / "documents"
"""The repository's docs/, linked into the package; a wheel has a copy."""

HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|^    .*?$", re.MULTILINE | re.DOTALL)


class NoSuchDocument(OgAssetsError):
    """There is no document, or no section in it, of the name that was asked for."""


def documents() -> dict[str, Path]:
    """The documents by the name that a person types: a file's name, without `.md`."""
    files = [*FOLDER.glob("*.md"), *FOLDER.glob("*.sql"), *FOLDER.glob("systemd/*")]
    return dict(sorted((str(file.relative_to(FOLDER)).removesuffix(".md").lower(), file) for file in files))


def title(file: Path) -> str:
    """What a document is about: its heading, or the first line of its comment."""
    return file.read_text(encoding="utf-8").partition("\n")[0].lstrip("#- ").partition(". ")[0]


def find(name: str) -> tuple[Path, str]:
    """The document of this name and its text, or with `name#section` the section's; raises NoSuchDocument."""
    wanted, _, anchor = name.lower().partition("#")
    known = documents()
    file = known.get(wanted.removeprefix("docs/").removesuffix(".md"))
    if file is None:
        raise NoSuchDocument(f"There is no document `{wanted}`. There are: {', '.join(known)}.")
    text = file.read_text(encoding="utf-8")
    return file, _section(text, anchor, wanted) if anchor else text


def _section(text: str, anchor: str, name: str) -> str:
    """From a heading to the next one that is not below it; anchors are made as GitHub makes them."""
    # What looks like a heading in an example is none, hence blanks of the same length in its place.
    headings = list(HEADING.finditer(CODE.sub(lambda code: " " * len(code[0]), text)))
    for number, heading in enumerate(headings):
        if anchor_of(heading[2]) == anchor:
            end = (later.start() for later in headings[number + 1 :] if len(later[1]) <= len(heading[1]))
            return text[heading.start() : next(end, len(text))].rstrip() + "\n"
    raise NoSuchDocument(f"There is no section `{anchor}` in `og docs {name}`.")


def anchor_of(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
