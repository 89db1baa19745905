"""Axis: the times over the lanes, and the breaks through them.

Law of this file: a time that is left out is seen as such from top to bottom, and how long it is
is told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from onechannel.reports.frame import Frame
from onechannel.reports.lettering import clock, day, measured, took
from onechannel.reports.markup import element, label, title
from onechannel.reports.places import LEFT, RIGHT
from onechannel.reports.scale import Stretch, ticks

__all__ = ["HEIGHT", "breaks", "grid", "times"]

#: Of the days, the times and the lengths of breaks together.
HEIGHT: Final = 46.0
_SIZE: Final = 10.5
_SMALL: Final = 9.0
_APART: Final = 58.0


def _marked(frame: Frame) -> list[datetime]:
    return list(ticks(frame.scale, frame.zone, _APART))


def grid(frame: Frame, top: float, bottom: float) -> str:
    """A thin line through all lanes at each time that is marked."""
    lines = "".join(f"M{frame.scale.place(at):.1f} {top:.1f}V{bottom:.1f}" for at in _marked(frame))
    return element("path", d=lines, class_="grid", fill="none") if lines else ""


def times(frame: Frame, top: float) -> str:
    """Days, times and the lengths of breaks, from `top` down."""
    marked = _marked(frame)
    seconds = any(at.second for at in marked)
    drawn = [_time(frame, at, top + 23, seconds=seconds) for at in marked]
    return "".join([_days(frame, top + 8), *drawn, _lengths(frame.scale.breaks, top + 37)])


def _time(frame: Frame, at: datetime, middle: float, *, seconds: bool) -> str:
    text, x = clock(at, frame.zone, seconds=seconds), frame.scale.place(at)
    width = measured(text, _SIZE)
    begin = min(max(x - width / 2, LEFT - 24), RIGHT + 14 - width)
    return label(begin, middle, text, _SIZE, room=width, class_="dim time")


def _days(frame: Frame, middle: float) -> str:
    """Each day where it begins to be drawn; those without room for their name have none."""
    found: dict[str, float] = {}
    for part in frame.scale.parts:
        found.setdefault(day(part.begun, frame.zone), part.left)
        for at in _midnights(part, frame):
            found.setdefault(day(at, frame.zone), part.place(at))
    kept: list[tuple[str, float]] = []
    free = LEFT - 24
    for name, x in found.items():
        short = name if not kept else f"{name[:4]}{name[-5:]}"
        if x >= free and x + measured(short, _SIZE) <= RIGHT + 14:
            kept.append((short, x))
            free = x + measured(short, _SIZE) + 10
    return "".join(
        label(x, middle, name, _SIZE, room=RIGHT + 16 - x, class_="bold day") for name, x in kept
    )


_DAY: Final = timedelta(days=1)
#: In a stretch of more days than this not every midnight is looked for.
_MOST_DAYS: Final = 400


def _midnights(part: Stretch, frame: Frame) -> list[datetime]:
    local = part.begun.astimezone(frame.zone)
    first = local.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    number = min(int((part.until - part.begun) / _DAY) + 1, _MOST_DAYS)
    found = (first + index * _DAY for index in range(number))
    return [at for at in found if part.begun < at <= part.until]


# -- breaks ---------------------------------------------------------------------------------------


def _lengths(found: Sequence[Stretch], middle: float) -> str:
    """How long the silences are, those with room for it."""
    drawn, free = [], LEFT - 20
    for part in found:
        text = rounded(part.until - part.begun)
        width = measured(text, _SMALL)
        x = (part.left + part.right) / 2 - width / 2
        if x >= free and x + width <= RIGHT + 14:
            drawn.append(label(x, middle, text, _SMALL, room=width, class_="dim silence"))
            free = x + width + 5
    return "".join(drawn)


def rounded(span: timedelta) -> str:
    """`35m`, `2h`, `3d`: the larger unit of what `took` says, to the nearest."""
    units = ((_DAY, "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"))
    for unit, name in units:
        # One of a unit is told in the next smaller, which says more of it.
        if round(span / unit) > 1:
            return f"{round(span / unit)}{name}"
    return took(span)


def breaks(frame: Frame, top: float, bottom: float) -> str:
    """The silences that are left out, through all lanes."""
    return "".join(_break(part, frame, top, bottom) for part in frame.scale.breaks)


def _break(part: Stretch, frame: Frame, top: float, bottom: float) -> str:
    left, width = part.left, part.right - part.left
    words = f"{took(part.until - part.begun)} left out, in which nothing happened: "
    words += f"{frame.moment(part.begun)} to {frame.moment(part.until)}"
    return element(
        "g",
        title(words),
        element("rect", x=left, y=top, width=width, height=bottom - top, class_="left-out"),
        frame.cut(part, top, 10),
        class_="break",
    )
