"""Scale: where in a picture a moment is.

Laws of this file: between two breaks a second is as long as between any other two; whatever is
left out is left out of a time in which nothing happened, and is shown as a break. Ticks stand at
round times of the reader's zone.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

import attrs

__all__ = ["Break", "Scale", "Stretch", "ticks"]

#: A silence that is shorter is never left out: it belongs to what goes on.
_SHORTEST: Final = timedelta(minutes=10)
#: How many times as long as its break a silence would be drawn, if it is left out.
_WORTH: Final = 2.5
#: How many times as long all that is drawn has to become, if anything is left out.
_MUCH: Final = 1.5
_WIDEST: Final = 44.0
_NARROWEST: Final = 6.0
#: Of the width: what all breaks have before they get narrower, and what they have at most.
_EASILY: Final = 0.35
_AT_MOST: Final = 0.65

_ZERO: Final = timedelta(0)
_SECOND: Final = timedelta(seconds=1)


@attrs.frozen
class Stretch:
    """A time from `left` to `right`, where all that happened in it is."""

    begun: datetime
    until: datetime
    left: float
    right: float

    @property
    def span(self) -> timedelta:
        """How long it is in time."""
        return self.until - self.begun

    def place(self, at: datetime) -> float:
        """Where a moment of it is."""
        return self.left + (self.right - self.left) * ((at - self.begun) / self.span)


@attrs.frozen
class Break(Stretch):
    """A time that is left out, as nothing happened in it."""


def _widths(breaks: int, room: float) -> float:
    """How wide each of so many breaks is."""
    return max(_NARROWEST, min(_WIDEST, _EASILY * room / breaks)) if breaks else 0.0


@attrs.frozen
class Scale:
    """Stretches and breaks, without a gap."""

    parts: tuple[Stretch, ...]
    _begins: tuple[datetime, ...] = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: tuple(part.begun for part in self.parts), takes_self=True
        ),
    )

    @classmethod
    def of(cls, moments: Iterable[datetime], left: float, right: float) -> "Scale":
        """The scale on which all of these moments, at least one, lie from `left` to `right`."""
        times = sorted(set(moments))
        if times[-1] - times[0] < _SECOND:
            times.append(times[0] + _SECOND)
        silent = sorted(_silences(times, right - left))
        width = _widths(len(silent), right - left)
        drawn = times[-1] - times[0] - sum((until - begun for begun, until in silent), _ZERO)
        rate = (right - left - width * len(silent)) / (drawn / _SECOND)
        parts: list[Stretch] = []
        begun, x = times[0], left
        for stops, goes_on in [*silent, (times[-1], times[-1])]:
            if stops > begun:
                end = x + rate * ((stops - begun) / _SECOND)
                parts.append(Stretch(begun, stops, x, end))
                x = end
            if goes_on > stops:
                parts.append(Break(stops, goes_on, x, x + width))
                x += width
            begun = goes_on
        return cls(tuple(parts))

    @property
    def breaks(self) -> tuple[Stretch, ...]:
        """The silences that are left out."""
        return tuple(part for part in self.parts if isinstance(part, Break))

    def place(self, at: datetime) -> float:
        """Where a moment is; what lies outside is at the edge."""
        part = self.parts[max(bisect_right(self._begins, at) - 1, 0)]
        return part.place(min(max(at, part.begun), part.until))

    def shown(self, begun: datetime, until: datetime) -> Iterator[tuple[float, float]]:
        """From where to where a time is drawn as it passed: the pieces between the breaks."""
        for part in self.parts:
            first, last = max(begun, part.begun), min(until, part.until)
            if first < last and not isinstance(part, Break):
                yield part.place(first), part.place(last)


def _silences(times: Sequence[datetime], room: float) -> list[tuple[datetime, datetime]]:
    """The longest silences, as many as are worth their breaks once all of them are left out.

    None, where all of them together would not make the rest much longer.
    """
    gaps = sorted(pairwise(times), key=lambda gap: (gap[0] - gap[1], gap[0]))
    drawn = whole = times[-1] - times[0]
    chosen = 0
    for number, (begun, until) in enumerate(gaps, 1):
        gap, width = until - begun, _widths(number, room)
        if gap < _SHORTEST or gap >= drawn or number * width > _AT_MOST * room:
            break
        drawn -= gap
        rate = (room - number * width) / (drawn / _SECOND)
        if rate * (gap / _SECOND) > _WORTH * width and rate > _MUCH * room / (whole / _SECOND):
            chosen = number
    return gaps[:chosen]


# -- ticks ----------------------------------------------------------------------------------------

_STEPS: Final = (
    *(timedelta(seconds=number) for number in (1, 2, 5, 10, 15, 30)),
    *(timedelta(minutes=number) for number in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=number) for number in (1, 2, 3, 6, 12)),
    *(timedelta(days=number) for number in (1, 2, 7, 14, 28, 91, 364)),
)


def ticks(scale: Scale, zone: tzinfo, apart: float) -> Iterator[datetime]:
    """Round times, at least `apart`, of every stretch on which there is one."""
    last = -apart
    for part in scale.parts:
        if isinstance(part, Break):
            continue
        for at in _round_times(part, zone, apart):
            place = part.place(at)
            if place - last >= apart:
                yield at
                last = place


def _round_times(part: Stretch, zone: tzinfo, apart: float) -> list[datetime]:
    """All round times of the finest step that is coarse enough, or else the roundest there is."""
    rate = (part.right - part.left) / (part.span / _SECOND)
    fitting = [step for step in _STEPS if rate * (step / _SECOND) >= apart]
    for step in fitting[:1]:
        found = list(_multiples(part, step, zone))
        if found:
            return found
    for step in reversed(_STEPS):
        found = list(_multiples(part, step, zone))
        if found:
            return found[:1]
    return []


def _multiples(part: Stretch, step: timedelta, zone: tzinfo) -> Iterator[datetime]:
    """What of a stretch is so round: counted from the midnight before it, in the zone's own time.

    Where the zone changes its clocks within the day, what follows is counted by the new ones.
    """
    local = part.begun.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if step >= _DAY:
        # Of several days, those that are so many after a Monday that everybody shares.
        midnight -= timedelta(days=midnight.toordinal() % step.days)
    passed = local.replace(tzinfo=None) - midnight
    naive = midnight + -(-passed // step) * step
    while (at := naive.replace(tzinfo=zone)) <= part.until:
        if at >= part.begun:
            yield at
        naive += step


_DAY: Final = timedelta(days=1)
