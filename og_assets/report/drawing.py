"""Draws charts as SVG: colours are left to the page's CSS, texts stay texts, each mark says its value when pointed at.

Every chart is drawn for a width, so that a phone gets one of its own and letters keep their size.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol
from xml.etree import ElementTree as ET

LETTER = 6.4
"""Width of a letter of the axes, in units of the drawing, which are pixels: wide rather than narrow."""


DEEP = 0.85
"""From this depth of a cell on, white letters are read better than those of the page."""


class Chart(Protocol):
    """What is shown, ready to be drawn as wide as there is room."""

    @property
    def title(self) -> str:
        """What the picture shows, for those who cannot see it too."""

    @property
    def legend(self) -> Sequence[tuple[str, str]]:
        """Colour and name of what is told apart by colours."""

    def draw(self, width: int) -> str:
        """The SVG."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, one for each place of the axis (None: nothing known), in a colour of the page's."""

    name: str
    colour: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns on top of each other, negative values below the line; or lines; or both."""

    title: str
    labels: Sequence[str]
    """What stands under the places of the axis; an empty one marks a place that needs none."""
    names: Sequence[str] = ()
    """What the places are called when pointed at; the labels, unless they are shortened."""
    columns: Sequence[Series] = ()
    lines: Sequence[Series] = ()
    written: Callable[[float], str]
    """How a value is written when pointed at."""
    height: int = 220
    unfinished: frozenset[int] = field(default=frozenset())
    """Places whose time is not over: drawn paler."""

    @property
    def legend(self) -> Sequence[tuple[str, str]]:
        """Columns first; nothing where there is only one kind."""
        shown = [(series.colour, series.name) for series in self.columns]
        shown += [(f"{series.colour} line", series.name) for series in self.lines]
        return shown if len(shown) > 1 else []

    def draw(self, width: int) -> str:
        """The SVG."""
        ticks = ticks_for(*self._range())
        left = 12 + LETTER * max(len(short(tick, self.written)) for tick in ticks)
        frame = _Frame(left, 8, width - 8, self.height - 24, ticks)
        svg = _svg(width, self.height, self.title)
        for tick in ticks:
            y = frame.y(tick)
            _line(svg, [(left, y), (frame.right, y)], "zero" if tick == 0 else "grid")
            _text(svg, left - 6, y + 4, short(tick, self.written), "end")
        step = (frame.right - left) / max(1, len(self.labels))
        self._draw_columns(svg, frame, step)
        for series in self.lines:
            self._draw_line(svg, frame, step, series)
        for place in _shown_labels(self.labels, step):
            x, room = frame.left + (place + 0.5) * step, LETTER * len(self.labels[place]) / 2
            at, anchor = (x, "middle") if x + room <= width else (width, "end")
            _text(svg, at, self.height - 6, self.labels[place], anchor)
        return _written(svg)

    def _range(self) -> tuple[float, float]:
        sums = [0.0]
        for place in range(len(self.labels)):
            values = [series.values[place] or 0.0 for series in self.columns]
            sums += [sum(value for value in values if value > 0), sum(value for value in values if value < 0)]
        sums += [value for series in self.lines for value in series.values if value is not None]
        return min(sums), max(sums)

    def _draw_columns(self, svg: ET.Element, frame: "_Frame", step: float) -> None:
        gap = min(step * 0.25, 8)
        names = self.names or self.labels
        for place in range(len(self.labels)):
            above = below = 0.0
            for series in self.columns:
                value = series.values[place]
                if not value:
                    continue
                bottom = above if value > 0 else below
                top = bottom + value
                above, below = (top, below) if value > 0 else (above, top)
                x, y = frame.left + place * step + gap / 2, min(frame.y(top), frame.y(bottom))
                pale = " pale" if place in self.unfinished else ""
                size = (max(step - gap, 0.8), abs(frame.y(top) - frame.y(bottom)))
                told = f"{names[place]}: {series.name} {self.written(abs(value))}"
                _bar(svg, (x, y), size, f"{series.colour}{pale}", told)

    def _draw_line(self, svg: ET.Element, frame: "_Frame", step: float, series: Series) -> None:
        names = self.names or self.labels
        points = [
            (place, frame.left + (place + 0.5) * step, frame.y(value))
            for place, value in enumerate(series.values)
            if value is not None
        ]
        _line(svg, [(x, y) for _, x, y in points], f"{series.colour} line")
        for place, x, y in points:
            radius = _n(min(3.0, max(1.5, step / 5)))
            dot = ET.SubElement(svg, "circle", {"class": series.colour, "cx": _n(x), "cy": _n(y), "r": radius})
            told = f"{names[place]}: {series.name} {self.written(series.values[place] or 0.0)}"
            ET.SubElement(dot, "title").text = told


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A bar that lies, of parts (colour and value), with its name above and what it comes to at the end of the line."""

    name: str
    parts: Sequence[tuple[str, float]]
    figure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars that lie below each other, with names of any length above them."""

    title: str
    rows: Sequence[Row]
    legend: Sequence[tuple[str, str]] = ()

    HEIGHT = 36

    def draw(self, width: int) -> str:
        """The SVG."""
        svg = _svg(width, self.HEIGHT * len(self.rows), self.title)
        longest = max((sum(value for _, value in row.parts) for row in self.rows), default=0) or 1
        for number, row in enumerate(self.rows):
            y = number * self.HEIGHT
            room = int((width - 8) / LETTER - len(row.figure) - 2)
            _text(svg, 0, y + 13, _shortened(row.name, room), "start", "name")
            _text(svg, width, y + 13, row.figure, "end", "name")
            x = 0.0
            for colour, value in row.parts:
                if value > 0:
                    length = value / longest * width
                    _bar(svg, (x, y + 18), (length, 10), colour, f"{row.name}: {row.figure}")
                    x += length
        return _written(svg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangle:
    """Shares by row and age, the darker the greater; a row may end early."""

    title: str
    rows: Sequence[tuple[str, Sequence[float | None]]]
    """What the row is called, and its shares, 0 to 1, from age 0 on."""

    HEIGHT = 22
    NARROWEST = 22

    @property
    def legend(self) -> Sequence[tuple[str, str]]:
        """The cells say it themselves."""
        return ()

    def draw(self, width: int) -> str:
        """The SVG."""
        left = 8 + LETTER * max((len(name) for name, _ in self.rows), default=0)
        # On a phone the last ages are in the table only.
        ages = min(max((len(shares) for _, shares in self.rows), default=0), int((width - left) // self.NARROWEST))
        cell = (width - left) / max(1, ages)
        svg = _svg(width, 18 + self.HEIGHT * len(self.rows), self.title)
        for age in range(ages):
            _text(svg, left + (age + 0.5) * cell, 12, str(age), "middle")
        for number, (name, shares) in enumerate(self.rows):
            y = 18 + number * self.HEIGHT
            _text(svg, left - 8, y + 15, name, "end")
            for age, share in enumerate(shares[:ages]):
                if share is None:
                    continue
                # From 40 % down to nothing the eye needs no steps: hardly a cohort gets there.
                depth = max(0.06, (share - 0.4) / 0.6)
                told = f"{name}, {age} months after the start: {share:.1%}"
                place = (left + age * cell, float(y))
                _bar(svg, place, (cell - 1.5, self.HEIGHT - 1.5), "heat", told, opacity=depth)
                of_cell = "cell light" if depth >= DEEP else "cell"
                _text(svg, place[0] + (cell - 1.5) / 2, y + 14, f"{share * 100:.0f}", "middle", of_cell)
        return _written(svg)


@dataclass(frozen=True, slots=True)
class _Frame:
    left: float
    top: float
    right: float
    bottom: float
    ticks: Sequence[float]

    def y(self, value: float) -> float:
        lowest, highest = self.ticks[0], self.ticks[-1]
        return self.bottom - (value - lowest) / (highest - lowest) * (self.bottom - self.top)


def ticks_for(lowest: float, highest: float) -> list[float]:
    """Round values from below `lowest` to above `highest`, four to eight of them."""
    if lowest == highest:
        highest = lowest + 1
    rough = (highest - lowest) / 4
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(step * magnitude for step in (1, 2, 2.5, 5, 10) if step * magnitude >= rough * 0.999)
    first, last = math.floor(lowest / step + 1e-9), math.ceil(highest / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def short(value: float, written: Callable[[float], str]) -> str:
    """A value at an axis: 1,200,000 is 1.2M, and shares stay per cent."""
    if written(1.0).endswith("%"):
        return f"{value * 100:.3g}%"
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.4g}{name}"
    return f"{value:.4g}"


def _shown_labels(labels: Sequence[str], step: float) -> list[int]:
    """The places whose labels have room, evenly from the last one back."""
    named = [place for place, label in enumerate(labels) if label]
    if not named:
        return []
    widest = max(len(label) for label in labels) * LETTER + 16
    apart = min((later - earlier for earlier, later in pairwise(named)), default=1) * step
    each = max(1, math.ceil(widest / apart))
    return [place for place in named[::-1][::each] if (place + 0.5) * step >= widest / 2 - 20]


def _svg(width: float, height: float, title: str) -> ET.Element:
    svg = ET.Element("svg", {"viewBox": f"0 0 {_n(width)} {_n(height)}", "role": "img", "aria-label": title})
    ET.SubElement(svg, "title").text = title
    return svg


def _bar(
    svg: ET.Element,
    place: tuple[float, float],
    size: tuple[float, float],
    colour: str,
    told: str,
    *,
    opacity: float | None = None,
) -> None:
    attributes = {
        "class": colour, "x": _n(place[0]), "y": _n(place[1]), "width": _n(size[0]), "height": _n(size[1]),
    }  # fmt: skip
    if opacity is not None:
        attributes["fill-opacity"] = f"{opacity:.2f}"
    rect = ET.SubElement(svg, "rect", attributes)
    ET.SubElement(rect, "title").text = told


def _line(svg: ET.Element, points: Sequence[tuple[float, float]], kind: str) -> None:
    drawn = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
    ET.SubElement(svg, "polyline", {"class": kind, "points": drawn})


def _text(svg: ET.Element, x: float, y: float, text: str, anchor: str, kind: str = "") -> None:
    attributes = {"x": _n(x), "y": _n(y), "text-anchor": anchor, **({"class": kind} if kind else {})}
    ET.SubElement(svg, "text", attributes).text = text


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(1, room - 1)]}…"


def _written(svg: ET.Element) -> str:
    return ET.tostring(svg, encoding="unicode")


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
