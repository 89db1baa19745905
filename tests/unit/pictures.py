"""Pictures read back: what of an SVG the tests ask for.

Law of this file: widths are those of the library's own measure, places those in the file.
"""

from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree

import attrs

from onechannel.reports.lettering import measured

__all__ = ["Drawn", "Words"]

SVG = "{http://www.w3.org/2000/svg}"


@attrs.frozen
class Words:
    """A line of text, and the box it is in."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    look: str

    def covers(self, other: "Words") -> bool:
        """Whether one is over the other."""
        across = self.left < other.right - 0.2 and other.left < self.right - 0.2
        return across and self.top < other.bottom - 0.2 and other.top < self.bottom - 0.2


@attrs.frozen
class Rectangle:
    """A bar: where it is drawn, and what it says it is."""

    kind: str
    begun: datetime
    until: datetime
    left: float
    right: float
    row: float


class Drawn:
    """A picture, parsed: what is not well-formed cannot be."""

    def __init__(self, svg: str) -> None:
        self.root = ElementTree.fromstring(svg)  # noqa: S314  (our own picture)
        self.width, self.height = (float(self.root.get(name, "")) for name in ("width", "height"))

    @property
    def texts(self) -> list[str]:
        """All that is written or told."""
        return [text for one in self.root.iter() if (text := (one.text or "").strip())]

    @property
    def words(self) -> list[Words]:
        """All lines of text."""
        return [_words(one) for one in self.root.iter(f"{SVG}text")]

    @property
    def lanes(self) -> list[ElementTree.Element]:
        """The interactions."""
        return [one for one in self.root.iter(f"{SVG}g") if one.get("class") == "lane"]

    def bars(self, within: ElementTree.Element | None = None) -> Iterator[Rectangle]:
        """The bars, with the times that they stand for."""
        for one in (within or self.root).iter(f"{SVG}g"):
            if one.get("data-kind") is None:
                continue
            drawn = one.find(f"{SVG}rect")
            assert drawn is not None
            left = float(drawn.get("x", ""))
            yield Rectangle(
                one.get("data-kind", ""),
                datetime.fromisoformat(one.get("data-from", "")),
                datetime.fromisoformat(one.get("data-until", "")),
                left,
                left + float(drawn.get("width", "")),
                float(drawn.get("y", "")) + float(drawn.get("height", "")) / 2,
            )

    def looks(self) -> set[str]:
        """The classes that occur."""
        return {look for one in self.root.iter() for look in one.get("class", "").split()}


def _words(one: ElementTree.Element) -> Words:
    size, x, y = (float(one.get(name, "")) for name in ("font-size", "x", "y"))
    text = one.text or ""
    shown = text.replace("\u2068", "").replace("\u2069", "")
    look = one.get("class", "")
    return Words(text, x, x + measured(shown, size), y - 0.76 * size, y + 0.24 * size, look)
