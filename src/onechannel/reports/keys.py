"""Keys: what the kinds of bars and marks on the page mean.

Law of this file: what is not drawn is not explained.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeAlias

from onechannel.reports.frame import Frame
from onechannel.reports.lanes import ASIDE, FOLLOWS, REPLACES, BarKind, Lane, MarkKind, Seen
from onechannel.reports.lettering import measured
from onechannel.reports.markup import element, label
from onechannel.reports.places import EDGE, GUTTER, WIDTH
from onechannel.reports.scale import Stretch
from onechannel.reports.style import BAR_WORDS, MARK_WORDS, bar_look, glyph

__all__ = ["keys"]

_SIZE: Final = 10.5
_SAMPLE: Final = 22.0
_LINE: Final = 20.0
_GAP: Final = 18.0
_LINK_WORDS: Final = {FOLLOWS: "follows", REPLACES: "takes its place", ASIDE: "aside of it"}

#: Draws a sample, of a width of 22, from a place on.
_Sample: TypeAlias = Callable[[float, float], str]


def keys(lanes: Sequence[Lane], found: Seen, frame: Frame, top: float) -> tuple[str, float]:
    """The legend from `top` down, and where it ends."""
    x, middle, drawn = GUTTER, top + _LINE / 2, []
    for words, sample in _all(lanes, found, frame):
        width = _SAMPLE + 6 + measured(words, _SIZE)
        if x + width > WIDTH - GUTTER:
            x, middle = GUTTER, middle + _LINE
        drawn.append(sample(x, middle))
        drawn.append(
            label(x + _SAMPLE + 6, middle, words, _SIZE, room=measured(words, _SIZE), class_="key")
        )
        x += width + _GAP
    line = element("path", d=f"M{EDGE} {top - 4:.1f}H{WIDTH - EDGE}", class_="grid", fill="none")
    return line + element("g", *drawn, class_="keys"), middle + _LINE / 2 + 4


def _all(lanes: Sequence[Lane], found: Seen, frame: Frame) -> Iterator[tuple[str, _Sample]]:
    bars = {bar.kind for lane in lanes for bar in lane.bars}
    marks = {mark.kind for lane in lanes for mark in lane.marks}
    names = {lane.interaction for lane in lanes}
    links = {lane.because for lane in lanes if lane.of in names}
    for kind, words in BAR_WORDS.items():
        if kind in bars:
            under = [BarKind.PERSON] if kind is BarKind.HELD else []
            looks = [bar_look(one, frame.prefix) for one in (*under, kind)]
            yield words, partial(_rectangles, looks)
    for mark, words in MARK_WORDS.items():
        if mark in marks:
            yield words, partial(_mark, mark)
    for link, words in _LINK_WORDS.items():
        if link in links:
            yield words, partial(_line, f"link {link}")
    if any(lane.end is not None for lane in lanes):
        yield "it ends", _stop
    if found.promises:
        yield "promise, with the time it is due", _promised
    if frame.scale.breaks:
        yield "time left out, as nothing happened", partial(_broken, frame)


def _rectangles(looks: Sequence[dict[str, str | float | None]], x: float, y: float) -> str:
    return "".join(
        element("rect", x=x, y=y - 6, width=_SAMPLE, height=12, **look) for look in looks
    )


def _mark(kind: MarkKind, x: float, y: float) -> str:
    return glyph(kind, x + _SAMPLE / 2, y)


def _line(look: str, x: float, y: float) -> str:
    return element("path", d=f"M{x:.1f} {y:.1f}h{_SAMPLE}", class_=look)


def _stop(x: float, y: float) -> str:
    return element("path", d=f"M{x + _SAMPLE / 2:.1f} {y - 8:.1f}v16", class_="mark stop")


def _promised(x: float, y: float) -> str:
    bar = element("rect", x=x, y=y - 3, width=13, height=8, rx=3, class_="bar promise")
    return bar + element(
        "path", d=f"M{x + 15:.1f} {y + 7:.1f}v-14h7l-2 2.5l2 2.5h-7", class_="mark"
    )


def _broken(frame: Frame, x: float, y: float) -> str:
    part = Stretch(frame.until, frame.until, x, x + _SAMPLE)
    ground = element("rect", x=x, y=y - 8, width=_SAMPLE, height=16, class_="left-out")
    return ground + frame.cut(part, y - 8, 16)
