"""Strips: an interaction's lane, drawn from left to right.

Laws of this file: a bar is as long as what it shows took, and at least as wide as can be seen; no
label covers another: what has no room in its bar stands in a line below, and what has none there
is left out with a number. Whatever is drawn stays within the page.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from onechannel.reports.captions import Piece, captions
from onechannel.reports.frame import Frame
from onechannel.reports.lanes import ASIDE, FOLLOWS, REPLACES, Bar, BarKind, Lane
from onechannel.reports.lettering import clock, listed, measured, took
from onechannel.reports.markup import element, label, title
from onechannel.reports.pins import pinned
from onechannel.reports.places import EDGE, GUTTER, LEFT, OUTCOME, RIGHT, WIDTH
from onechannel.reports.style import ON_DARK, Outcome, bar_look, outcome_glyph

__all__ = ["Strip", "end_of", "strip"]

_BAR: Final = 20.0
_SMALL_BAR: Final = 8.0
_ROW: Final = 13.0
_PINS: Final = 16.0
_LETTERS: Final = 11.0
_SMALL: Final = 10.0
_PADDING: Final = 7.0
_SEEN: Final = 2.5  # the least width that is seen
_GAP: Final = 6.0
_LEAST: Final = 48.0

#: What an interaction is in, one after the other; all else is beside that.
_MAIN: Final = frozenset(BarKind) - {BarKind.HELD, BarKind.WRAPPING, BarKind.BESIDE}
_ENDINGS: Final[Mapping[str, Outcome]] = {
    "resolved": Outcome.GOOD,
    "superseded": Outcome.ELSEWHERE,
    "merged": Outcome.ELSEWHERE,
    "withdrawn": Outcome.ELSEWHERE,
}
_RELATIONS: Final = {ASIDE: "aside of", REPLACES: "instead of", FOLLOWS: "after"}


def end_of(bar: Bar, lane: Lane, until: datetime) -> datetime:
    """When a bar was over; of one that is not, until when it is drawn."""
    if bar.until is not None:
        return bar.until
    closed = None if lane.end is None or bar.kind is BarKind.WRAPPING else lane.end.at
    return max(bar.begun, closed or until)


@attrs.frozen
class Strip:
    """A lane as it is drawn; `middle` is the height of its bars."""

    ground: str
    drawing: str
    bottom: float
    middle: float


@attrs.frozen
class _Span:
    """A bar and when it is over."""

    bar: Bar
    begun: datetime
    until: datetime


@attrs.define(eq=False)
class _Rows:
    """Which bars of a lane stand where: one after the other, over those, or each on its own."""

    main: list[_Span] = attrs.field(factory=list)
    thin: list[_Span] = attrs.field(factory=list)
    over: list[_Span] = attrs.field(factory=list)
    beside: list[_Span] = attrs.field(factory=list)


def strip(lane: Lane, frame: Frame, top: float, *, odd: bool) -> Strip:
    """An interaction's lane, from `top` down."""
    rows = _rows(lane, frame)
    middle = top + _PADDING + (_PINS if lane.marks else 0.0) + _BAR / 2
    below = middle + _BAR / 2 + 3
    drawn = [_bar(span, frame, middle, _BAR / 2) for span in rows.thin]
    drawn += [_bar(span, frame, middle, _BAR) for span in (*rows.main, *rows.over)]
    named = [(span, _inside(span, frame, middle, rows.over)) for span in rows.main]
    drawn += [inside for _, inside in named]
    pieces = [_piece(span, frame) for span, inside in named if not inside]
    if pieces:
        drawn.append(captions(pieces, frame.prefix, below + _ROW / 2))
        below += _ROW + 1
    for row in _packed(rows.beside, frame):
        drawn += [_beside(span, frame, below + _ROW / 2) for span in row]
        below += _ROW
    drawn.append(pinned(lane.marks, frame.scale, frame.moment, middle - _BAR / 2 - 9))
    bottom = max(below + _PADDING, top + _LEAST)
    words, heading = title(_told(lane, frame)), _heading(lane, (top + bottom) / 2)
    body = element("g", words, heading, *drawn, _outcome(lane, frame, middle), class_="lane")
    return Strip(_ground(top, bottom, odd=odd), body, bottom, middle)


def _ground(top: float, bottom: float, *, odd: bool) -> str:
    look, width = "strip" if odd else "page", WIDTH - 2 * EDGE
    return element("rect", x=EDGE, y=top, width=width, height=bottom - top, class_=look)


def _rows(lane: Lane, frame: Frame) -> _Rows:
    rows = _Rows()
    spans = [_Span(bar, bar.begun, end_of(bar, lane, frame.until)) for bar in lane.bars]
    free: datetime | None = None
    for span in spans:
        if span.bar.kind in _MAIN:
            if free is None or span.begun >= free:
                rows.main.append(span)
                free = span.until
            else:
                rows.beside.append(span)
    for span in spans:
        if span.bar.kind in _MAIN:
            continue
        if span.bar.kind is BarKind.HELD and _is_served(span, rows.main):
            rows.over.append(span)
        elif span.bar.kind is BarKind.WRAPPING and not _meets(span, [*rows.main, *rows.thin]):
            rows.thin.append(span)
        else:
            rows.beside.append(span)
    return rows


def _is_served(held: _Span, main: Sequence[_Span]) -> bool:
    """Whether who holds is who serves meanwhile."""
    return any(
        span.bar.name == held.bar.name and span.begun <= held.begun and held.until <= span.until
        for span in main
    )


def _meets(one: _Span, others: Sequence[_Span]) -> bool:
    return any(one.begun < other.until and other.begun < one.until for other in others)


# -- bars -----------------------------------------------------------------------------------------


def _bar(span: _Span, frame: Frame, middle: float, height: float) -> str:
    left, right = frame.scale.place(span.begun), frame.scale.place(span.until)
    width = max(right - left, _SEEN)
    rectangle = element(
        "rect",
        x=min(left, RIGHT - width),
        y=middle - height / 2,
        width=width,
        height=height,
        **bar_look(span.bar.kind, frame.prefix),
    )
    return element(
        "g",
        title(_bar_told(span, frame)),
        rectangle,
        frame.cuts(span.begun, span.until, middle, height),
        data_kind=span.bar.kind.value,
        data_from=span.begun.isoformat(),
        data_until=span.until.isoformat(),
    )


def _bar_told(span: _Span, frame: Frame) -> str:
    bar = span.bar
    ended = f"until {clock(span.until, frame.zone)}" if bar.until else "has not ended"
    who = f"{bar.name} " if bar.kind not in _NOBODYS and bar.name else ""
    detail = f" ({bar.detail})" if bar.detail else ""
    due = f", due {frame.moment(bar.due)}" if bar.due else ""
    length = took(span.until - span.begun)
    return f"{who}{bar.what}{detail}{due}: {length}, from {frame.moment(span.begun)}, {ended}"


_NOBODYS: Final = frozenset(
    {BarKind.WAITING, BarKind.CUSTOMERS_TURN, BarKind.APPOINTMENT, BarKind.THIRD_PARTY}
)
_NAMED: Final = {
    BarKind.CUSTOMERS_TURN: "customer's turn",
    BarKind.APPOINTMENT: "callback agreed",
    BarKind.THIRD_PARTY: "waits on",
    BarKind.WAITING: "waits",
}


def _name(bar: Bar) -> str:
    """What a bar is called."""
    named = _NAMED.get(bar.kind)
    if bar.kind is BarKind.WAITING:
        return f"waits in {bar.name}" if bar.name else "waits"
    if bar.kind is BarKind.THIRD_PARTY:
        return f"waits on {bar.name}"
    return bar.name if named is None else named


def _inside(span: _Span, frame: Frame, middle: float, over: Sequence[_Span]) -> str:
    """The name of a bar within it, beside breaks and what is drawn over it; else nothing."""
    pieces = [
        room for begun, until in _clear(span, over) for room in frame.scale.shown(begun, until)
    ]
    left, right = max(pieces, key=lambda piece: piece[1] - piece[0], default=(0.0, 0.0))
    name, room = _name(span.bar), right - left - 2 * _GAP
    for text in (f"{name} · {took(span.until - span.begun)}", name):
        if measured(text, _LETTERS) <= room:
            look = "on-dark" if span.bar.kind in ON_DARK else "on-light"
            x = left + _GAP
            return label(x, middle, text, _LETTERS, room=room, class_=look, pointer_events="none")
    return ""


def _clear(span: _Span, over: Sequence[_Span]) -> Iterator[tuple[datetime, datetime]]:
    """When nothing was over a bar."""
    begun = span.begun
    for other in sorted(over, key=lambda one: one.begun):
        if span.begun <= other.begun < span.until:
            yield begun, other.begun
            begun = max(begun, other.until)
    yield begun, span.until


def _piece(span: _Span, frame: Frame) -> Piece:
    return Piece(
        kind=span.bar.kind,
        text=_name(span.bar),
        length=span.until - span.begun,
        anchor=frame.scale.place(span.begun),
    )


# -- beside ---------------------------------------------------------------------------------------


def _besides(span: _Span) -> str:
    what = {BarKind.HELD: "holds", BarKind.WRAPPING: "wraps up"}.get(span.bar.kind, span.bar.what)
    who = _name(span.bar)
    text = who if span.bar.kind in _NOBODYS else f"{who} {what}"
    return f"{text} · {took(span.until - span.begun)}"


def _extent(span: _Span, frame: Frame) -> tuple[float, float, float]:
    """From where to where a bar and its words need room, and where the words begin."""
    left = frame.scale.place(span.begun)
    right = max(frame.scale.place(span.until), left + _SEEN)
    width = min(measured(_besides(span), _SMALL), RIGHT - LEFT)
    if right + _GAP + width <= RIGHT:
        return left, right + _GAP + width, right + _GAP
    begin = left - _GAP - width
    if begin >= LEFT:
        return begin, right, begin
    # A bar that leaves no room beside it has its words upon it.
    return left, RIGHT, max(LEFT, min(left + _GAP, RIGHT - width))


def _packed(spans: Sequence[_Span], frame: Frame) -> list[list[_Span]]:
    """As few rows as there can be without anything over anything else."""
    rows: list[list[_Span]] = []
    ends: list[float] = []
    for span in sorted(spans, key=lambda one: _extent(one, frame)[0]):
        left, right, _ = _extent(span, frame)
        for index, end in enumerate(ends):
            if end + _GAP <= left:
                rows[index].append(span)
                ends[index] = right
                break
        else:
            rows.append([span])
            ends.append(right)
    return rows


def _beside(span: _Span, frame: Frame, middle: float) -> str:
    _, _, x = _extent(span, frame)
    within = frame.scale.place(span.begun) <= x < frame.scale.place(span.until)
    words = label(
        x, middle, _besides(span), _SMALL, room=RIGHT - x, class_="on-light" if within else "dim"
    )
    return _bar(span, frame, middle, _ROW - 2 if within else _SMALL_BAR) + words


# -- beside the times -----------------------------------------------------------------------------


def _heading(lane: Lane, middle: float) -> str:
    """The channel, and which interaction it is."""
    inset = 14.0 if lane.because == ASIDE else 0.0
    x, room = GUTTER + inset, LEFT - GUTTER - inset - _GAP * 2
    of = f"{_RELATIONS[lane.because]} {lane.of}" if lane.because and lane.of else None
    lines = [
        (" → ".join(lane.channels), 12.5, "bold"),
        (listed((lane.interaction, lane.about)), _SMALL, "dim"),
        *([(of, _SMALL, "dim")] if of else []),
    ]
    first = middle - 13.0 * (len(lines) - 1) / 2
    return "".join(
        label(x, first + 13.0 * index, text, size, room=room, class_=look)
        for index, (text, size, look) in enumerate(lines)
    )


def _outcome(lane: Lane, frame: Frame, middle: float) -> str:
    """How it ended, or that it has not."""
    outcome, lines = _ending(lane)
    room = WIDTH - EDGE - OUTCOME - 20
    first = middle - 6.5 * (len(lines) - 1)
    texts = "".join(
        label(OUTCOME + 14, first + 13 * index, text, size, room=room, class_=look)
        for index, (text, size, look) in enumerate(lines)
    )
    stop = ""
    if lane.end is not None:
        x = min(frame.scale.place(lane.end.at), RIGHT)
        stop = element(
            "path",
            title(f"{listed(line[0] for line in lines)}: {frame.moment(lane.end.at)}"),
            d=f"M{x:.1f} {middle - _BAR / 2 - 3:.1f}v{_BAR + 6:.1f}",
            class_="mark stop",
        )
    return stop + outcome_glyph(outcome, OUTCOME + 4, first) + texts


def _ending(lane: Lane) -> tuple[Outcome, list[tuple[str, float, str]]]:
    if lane.end is None:
        return Outcome.OPEN, [("still open", _LETTERS, "bold")]
    outcome = _ENDINGS.get(lane.end.reason, Outcome.BAD)
    lines = [(lane.end.reason, _LETTERS, "bold")]
    if lane.end.disposition:
        lines.append((lane.end.disposition, _SMALL, "dim"))
    return outcome, lines


def _told(lane: Lane, frame: Frame) -> str:
    """The lane in words."""
    of = f"{_RELATIONS[lane.because]} {lane.of}" if lane.because and lane.of else None
    end = "still open" if lane.end is None else f"{lane.end.reason} {frame.moment(lane.end.at)}"
    about = None if lane.about is None else f"about {lane.about}"
    journey = None if lane.journey is None else f"on {lane.journey}"
    name = f"{lane.channels[-1]} {lane.interaction}"
    return listed((name, about, of, journey, f"from {frame.moment(lane.begun)}", end))
