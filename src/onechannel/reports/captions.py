"""Captions: the names of bars that are too short to bear them, in a line below.

Law of this file: they stand in order of time, as near to their bars as they can, and none covers
another; if there are too many, the shortest times go unnamed, and how many do is said.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs

from onechannel.reports.lanes import BarKind
from onechannel.reports.lettering import measured, took
from onechannel.reports.markup import element, label
from onechannel.reports.places import LEFT, RIGHT, spread
from onechannel.reports.style import bar_look

__all__ = ["Piece", "captions"]

_SIZE: Final = 10.0
_SAMPLE: Final = 8.0
_GAP: Final = 9.0
_LONGEST: Final = 150.0


@attrs.frozen(kw_only=True)
class Piece:
    """A bar's name, how long it took, and where it begins."""

    kind: BarKind
    text: str
    length: timedelta
    anchor: float

    @property
    def words(self) -> str:
        """What is written."""
        return f"{self.text} {took(self.length)}"

    @property
    def width(self) -> float:
        """The room it needs."""
        return _SAMPLE + 3 + min(measured(self.words, _SIZE), _LONGEST)


def captions(pieces: Sequence[Piece], prefix: str, middle: float) -> str:
    """The line, around the height `middle`."""
    kept, more = _that_fit(pieces)
    widths = [piece.width for piece in kept]
    tail = f"+{more} more" if more else ""
    room = RIGHT - (_GAP + measured(tail, _SIZE) if more else 0)
    anchors = [piece.anchor for piece in kept]
    places = spread(anchors, widths, gap=_GAP, left=LEFT, right=room)
    drawn = [
        _sample(piece, prefix, x, middle)
        + label(x + _SAMPLE + 3, middle, piece.words, _SIZE, room=_LONGEST, class_="caption")
        for piece, x in zip(kept, places, strict=True)
    ]
    if more:
        x = places[-1] + widths[-1] + _GAP
        drawn.append(label(x, middle, tail, _SIZE, room=RIGHT - x, class_="dim"))
    return "".join(drawn)


def _sample(piece: Piece, prefix: str, x: float, middle: float) -> str:
    return element(
        "rect",
        x=x,
        y=middle - _SAMPLE / 2,
        width=_SAMPLE,
        height=_SAMPLE,
        **bar_look(piece.kind, prefix),
    )


def _that_fit(pieces: Sequence[Piece]) -> tuple[list[Piece], int]:
    """The longest that fit into the line, in order of time, and how many do not."""
    room = RIGHT - LEFT - measured("+9999 more", _SIZE) - _GAP
    order = sorted(range(len(pieces)), key=lambda index: (-pieces[index].length, index))
    kept: set[int] = set()
    for index in order:
        room -= pieces[index].width + _GAP
        if room < 0 and kept:
            break
        kept.add(index)
    return [piece for index, piece in enumerate(pieces) if index in kept], len(pieces) - len(kept)
