"""Pins: what happened at an instant, above the bar in which it did.

Law of this file: marks that would cover each other stand beside each other, in order of time, or
are one mark with a number; a line leads each to its instant.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import attrs

from onechannel.reports.lanes import Mark, MarkKind
from onechannel.reports.lettering import measured
from onechannel.reports.markup import element, label, title
from onechannel.reports.places import LEFT, RIGHT, spread
from onechannel.reports.scale import Scale
from onechannel.reports.style import glyph

__all__ = ["pinned"]

_MARK: Final = 11.0
_SIZE: Final = 9.0
_GAP: Final = 3.0
_REACH: Final = 36.0  # how far a mark may stand from its instant before some are made one
_FIRST_REACH: Final = 4.0
#: How many of those that are one are told in words.
_TOLD: Final = 6


@attrs.define(eq=False)
class _Group:
    """Marks of one kind that are drawn as one."""

    kind: MarkKind
    anchor: float
    marks: list[Mark] = attrs.field(factory=list)

    @property
    def count(self) -> str:
        return "" if len(self.marks) == 1 else str(len(self.marks))

    @property
    def width(self) -> float:
        return _MARK + (1 + measured(self.count, _SIZE) if self.count else 0)


def pinned(
    marks: Sequence[Mark], scale: Scale, moment: Callable[[datetime], str], middle: float
) -> str:
    """The marks in a row around the height `middle`."""
    reach = _FIRST_REACH
    while (places := _places(groups := _grouped(marks, scale, reach), reach)) is None:
        reach *= 1.6
    return "".join(_pin(group, x, middle, moment) for group, x in zip(groups, places, strict=True))


def _grouped(marks: Sequence[Mark], scale: Scale, reach: float) -> list[_Group]:
    """One for each kind and place, where places nearer than `reach` are one."""
    found: list[_Group] = []
    last: dict[MarkKind, _Group] = {}
    for mark in marks:
        x, near = scale.place(mark.at), last.get(mark.kind)
        if near is None or x - near.anchor >= reach:
            near = last[mark.kind] = _Group(mark.kind, x)
            found.append(near)
        near.marks.append(mark)
    return found


def _places(groups: Sequence[_Group], reach: float) -> list[float] | None:
    """Where they stand, if each is near enough to where it belongs.

    There are not many kinds: if one of each is left, they always are.
    """
    widths = [group.width for group in groups]
    if sum(widths) + _GAP * len(groups) > RIGHT - LEFT:
        return None
    anchors = [group.anchor - _MARK / 2 for group in groups]
    places = spread(anchors, widths, gap=_GAP, left=LEFT - _MARK / 2, right=RIGHT + _MARK / 2)
    far = max((abs(x - a) for x, a in zip(places, anchors, strict=True)), default=0.0)
    return places if far <= max(_REACH, reach) else None


def _pin(group: _Group, x: float, middle: float, moment: Callable[[datetime], str]) -> str:
    told = [_words(mark, moment) for mark in group.marks[:_TOLD]]
    if len(group.marks) > _TOLD:
        told.append(f"and {len(group.marks) - _TOLD} more")
    centre = x + _MARK / 2
    line = element(
        "path",
        d=f"M{centre:.1f} {middle + 6:.1f}L{group.anchor:.1f} {middle + 9:.1f}",
        class_="pin",
        fill="none",
    )
    count = label(
        x + _MARK + 1, middle, group.count, _SIZE, room=measured(group.count, _SIZE), class_="dim"
    )
    return line + glyph(group.kind, centre, middle, title(" · ".join(told))) + count


def _words(mark: Mark, moment: Callable[[datetime], str]) -> str:
    said = f": {mark.text}" if mark.text else ""
    return f"{moment(mark.at)} {mark.words}{said}"
