"""Rows: promises and journeys, a thin bar each, below the lanes.

Law of this file: a promise is drawn from its making to its end, and its due time is marked in any
case: what lies between the two is what it is about.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from onechannel.reports.frame import Frame
from onechannel.reports.lanes import Promise, Pursuit
from onechannel.reports.lettering import listed, took
from onechannel.reports.markup import element, label, title
from onechannel.reports.places import EDGE, GUTTER, LEFT, OUTCOME, RIGHT, WIDTH
from onechannel.reports.style import Outcome, outcome_glyph

__all__ = ["promises", "pursuits"]

_ROW: Final = 29.0
_BAR: Final = 8.0
_HEADING: Final = 26.0
_SEEN: Final = 2.5
_OUTCOMES: Final = {
    "open": Outcome.OPEN,
    "kept": Outcome.GOOD,
    "achieved": Outcome.GOOD,
    "broken": Outcome.BAD,
    "failed": Outcome.BAD,
    "lapsed": Outcome.BAD,
    "renegotiated": Outcome.ELSEWHERE,
    "withdrawn": Outcome.ELSEWHERE,
}


def promises(found: Sequence[Promise], frame: Frame, top: float) -> tuple[str, float]:
    """The promises under their heading, and where they end."""
    drawn = [_heading("Promises", top)] if found else []
    middle = top + _HEADING + _ROW / 2
    for promise in found:
        drawn.append(_promise(promise, frame, middle))
        middle += _ROW
    return "".join(drawn), middle - _ROW / 2 if found else top


def pursuits(found: Sequence[Pursuit], frame: Frame, top: float) -> tuple[str, float]:
    """The journeys under their heading, and where they end."""
    drawn = [_heading("Journeys", top)] if found else []
    middle = top + _HEADING + _ROW / 2
    for pursuit in found:
        drawn.append(_pursuit(pursuit, frame, middle))
        middle += _ROW
    return "".join(drawn), middle - _ROW / 2 if found else top


def _heading(text: str, top: float) -> str:
    return label(GUTTER, top + _HEADING / 2 + 4, text, 12.5, room=LEFT - GUTTER, class_="bold")


def _names(first: str, second: str, middle: float) -> str:
    room = LEFT - GUTTER - 12
    return label(GUTTER, middle - 5, first, 11, room=room) + label(
        GUTTER, middle + 7, second, 9, room=room, class_="dim"
    )


def _bar(begun: datetime, until: datetime, frame: Frame, middle: float, look: str) -> str:
    left, right = frame.scale.place(begun), frame.scale.place(until)
    width = max(right - left, _SEEN)
    drawn = element(
        "rect",
        x=min(left, RIGHT - width),
        y=middle - _BAR / 2,
        width=width,
        height=_BAR,
        rx=3,
        class_=f"bar {look}",
    )
    return drawn + frame.cuts(begun, until, middle, _BAR)


def _outcome(text: str, more: str, middle: float) -> str:
    room = WIDTH - EDGE - OUTCOME - 20
    first = middle - 6 if more else middle
    return (
        outcome_glyph(_OUTCOMES[text], OUTCOME + 4, first)
        + label(OUTCOME + 14, first, text, 11, room=room, class_="bold")
        + label(OUTCOME + 14, middle + 6, more, 10, room=room, class_="dim")
    )


# -- promises -------------------------------------------------------------------------------------


def _promise(promise: Promise, frame: Frame, middle: float) -> str:
    until = promise.ended or frame.until
    look = {"kept": "promise", "broken": "broken"}.get(promise.state, "open")
    pauses = "".join(
        _bar(begun, min(ended or until, until), frame, middle, "open paused")
        for begun, ended in promise.paused
        if begun < until
    )
    by = None if promise.worker is None else f"by {promise.worker}"
    told = listed(
        (
            f"{promise.promise} {promise.what}",
            by,
            f"made {frame.moment(promise.begun)}",
            f"due {frame.moment(promise.due)}",
            promise.state,
            None if promise.ended is None else frame.moment(promise.ended),
        )
    )
    return element(
        "g",
        title(told),
        _names(promise.what, listed((promise.promise, by)), middle),
        _line_to_due(promise, frame, middle),
        _bar(promise.begun, until, frame, middle, look),
        pauses,
        _outcome(promise.state, _against_due(promise, frame), middle),
        class_="promise-row",
        data_state=promise.state,
    )


def _line_to_due(promise: Promise, frame: Frame, middle: float) -> str:
    """A flag at the due time, or an arrow to it where it is not on the page."""
    begin, due = frame.scale.place(promise.begun), frame.scale.place(promise.due)
    if promise.due > frame.until:
        line = f"M{begin:.1f} {middle:.1f}H{RIGHT + 4:.1f}m-4 -3.5l4 3.5l-4 3.5"
    else:
        line = (
            f"M{begin:.1f} {middle:.1f}H{due:.1f}M{due:.1f} {middle + 7:.1f}v-15h7l-2 2.5l2 2.5h-7"
        )
    return element("path", d=line, class_="mark due")


def _against_due(promise: Promise, frame: Frame) -> str:
    due, ended = promise.due, promise.ended
    if promise.state == "kept" and ended is not None and ended <= due:
        return f"{took(due - ended)} early" if ended < due else "in time"
    return f"due {frame.moment(due)[4:-3]}" if len(frame.moment(due)) == _EXACT else "due"


_EXACT: Final = len("Mon 2026-01-05 09:00:00")


# -- journeys -------------------------------------------------------------------------------------


def _pursuit(pursuit: Pursuit, frame: Frame, middle: float) -> str:
    until = pursuit.ended or frame.until
    about = f"about {pursuit.about}" if pursuit.about else ""
    told = listed(
        (
            f"{pursuit.journey} {about}",
            f"from {frame.moment(pursuit.begun)}",
            pursuit.state,
            None if pursuit.ended is None else frame.moment(pursuit.ended),
        )
    )
    return element(
        "g",
        title(told),
        _names(pursuit.about or pursuit.journey, pursuit.journey, middle),
        _bar(pursuit.begun, until, frame, middle, "pursuit"),
        _outcome(pursuit.state, pursuit.reason or "", middle),
        class_="pursuit-row",
        data_state=pursuit.state,
    )
