"""Reads a report back out of its HTML: what stands in its tables, as a person sees it."""

from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser

Table = list[list[str]]


@dataclass
class Page(HTMLParser):
    """The tables by the section that they are in, the heading of each as its first row; and all words of the page."""

    tables: dict[str, list[Table]] = field(default_factory=lambda: defaultdict(list))
    words: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._section = ""
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "section":
            self._section = str(dict(attrs)["id"])
        elif tag == "table":
            self.tables[self._section].append([])
        elif tag == "tr":
            self.tables[self._section][-1].append([])
        elif tag in {"td", "th"}:
            self._in_cell = True
            self.tables[self._section][-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._in_cell:
            self.tables[self._section][-1][-1][-1] += data


def read(html: str) -> Page:
    """The page of this text."""
    page = Page()
    page.feed(html)
    return page
