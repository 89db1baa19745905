"""A journey as a picture: what happened to a customer at one look.

Laws of this file: a picture is a function of events, and its bytes are the same wherever it is
drawn; it is as large as a person can look at, and says what it leaves out. What was said is shown
only where it is asked for, and nobody's name is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, TypeVar
from zlib import crc32

import attrs

from onechannel import events as e
from onechannel.model.ids import CustomerId, InteractionId, JourneyId
from onechannel.reports import axis
from onechannel.reports.frame import Frame
from onechannel.reports.keys import keys
from onechannel.reports.lanes import (
    ASIDE,
    FOLLOWS,
    REPLACES,
    Bar,
    BarKind,
    Lane,
    Promise,
    Pursuit,
    Seen,
)
from onechannel.reports.lettering import day, listed, plain, took
from onechannel.reports.markup import element, label, number
from onechannel.reports.markup import title as titled
from onechannel.reports.places import EDGE, GUTTER, LEFT, RIGHT, WIDTH
from onechannel.reports.reading import seen
from onechannel.reports.rows import promises, pursuits
from onechannel.reports.scale import Scale
from onechannel.reports.strips import Strip, end_of, strip
from onechannel.reports.style import patterns, style

__all__ = ["journey_svg"]

#: What fits on a page that a person would still scroll through.
_MOST_LANES: Final = 80
_MOST_ROWS: Final = 30
_MOST_BARS: Final = 200


def journey_svg(
    events: Iterable[e.Event],
    *,
    customer: CustomerId | None = None,
    interaction: InteractionId | None = None,
    journey: JourneyId | None = None,
    title: str | None = None,
    show_text: bool = False,
    zone: tzinfo = UTC,
    until: datetime | None = None,
) -> str:
    """What happened, as an SVG picture of its own, 1,200 wide and as high as needed.

    Time runs from left to right; long silences are left out, visibly. One lane for each
    interaction says who had the customer, what was said and how it ended; below are the promises
    and the journeys. It is chosen as in `timeline`, and drawn as it stood at `until`, by default
    the latest time in the log. Pointing at anything tells its exact times in `zone`. With
    `show_text` that tells what was said, too, which is personal. Of more than 80 interactions, 30
    promises or 30 journeys the latest are drawn, and of more than 200 bars in a lane the longest.
    """
    found = seen(
        events,
        customer=customer,
        interaction=interaction,
        journey=journey,
        show_text=show_text,
        until=until,
    )
    heading = title or _title(customer, interaction, journey)
    return _Page(found, heading, zone).drawn()


def _title(customer: str | None, interaction: str | None, journey: str | None) -> str:
    named = (("Customer", customer), ("Interaction", interaction), ("Journey", journey))
    return (
        ", ".join(f"{name} {one}" for name, one in named if one is not None) or "All that happened"
    )


_T = TypeVar("_T")


def _latest(some: Iterable[_T], most: int) -> tuple[list[_T], int]:
    """As many as are drawn, and how many are not."""
    kept = list(some)
    return kept[-most:], max(len(kept) - most, 0)


# -- the page -------------------------------------------------------------------------------------

_HEAD: Final = 62.0
#: A page on which the times above are out of sight from below, and stand there again.
_HIGH: Final = 900.0


@attrs.define(eq=False)
class _Page:
    """What is drawn, bounded."""

    found: Seen
    heading: str
    zone: tzinfo
    lanes: list[Lane] = attrs.field(init=False)
    notes: list[str] = attrs.field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.lanes, fewer = _latest(self.found.lanes.values(), _MOST_LANES)
        self._note(fewer, "earlier interaction")
        if self.lanes and fewer:
            first = self.lanes[0].begun
            self._drop_before(first)
        for name in ("promises", "pursuits"):
            rows, fewer = _latest(getattr(self.found, name).items(), _MOST_ROWS)
            setattr(self.found, name, dict(rows))
            self._note(fewer, "earlier promise" if name == "promises" else "earlier journey")
        for lane in self.lanes:
            fewer = len(lane.bars) - _MOST_BARS
            if fewer > 0:
                self._note(
                    fewer, f"short bar of {lane.interaction}", f"short bars of {lane.interaction}"
                )
                longest = sorted(lane.bars, key=self._length, reverse=True)[:_MOST_BARS]
                lane.bars = sorted(longest, key=lambda bar: bar.begun)

    def _note(self, fewer: int, one: str, several: str | None = None) -> None:
        if fewer > 0:
            self.notes.append(f"{fewer:,} {one if fewer == 1 else several or one + 's'}")

    def _drop_before(self, first: datetime) -> None:
        """What was over before the first interaction that is drawn would only stretch the scale."""
        found = self.found
        found.promises = {n: one for n, one in found.promises.items() if one.begun >= first}
        found.pursuits = {n: one for n, one in found.pursuits.items() if one.begun >= first}

    def _length(self, bar: Bar) -> timedelta:
        return (bar.until or self.found.until or bar.begun) - bar.begun

    # -- drawing -----------------------------------------------------------------------------------

    def drawn(self) -> str:
        """The whole picture."""
        moments = sorted(set(self._moments()))
        if not moments:
            return self._framed([], "Nothing has happened.", _HEAD + 8, "oc-0")
        until = max(moments)
        prefix = f"oc-{crc32(repr((self.heading, moments[0], until, len(moments))).encode()):08x}"
        frame = Frame(Scale.of(moments, LEFT, RIGHT), self.zone, until, prefix)
        top = _HEAD + axis.HEIGHT
        strips = self._strips(frame, top)
        bottom = strips[-1].bottom if strips else top
        rows, bottom = promises(list(self.found.promises.values()), frame, bottom)
        more, bottom = pursuits(list(self.found.pursuits.values()), frame, bottom)
        body = [
            *(one.ground for one in strips),
            axis.breaks(frame, top - 10, bottom),
            axis.grid(frame, top - 12, bottom),
            *self._links(strips, frame),
            *(one.drawing for one in strips),
            rows,
            more,
            axis.times(frame, _HEAD - 4),
        ]
        if bottom - top > _HIGH:
            body.append(axis.times(frame, bottom + 4))
            bottom += axis.HEIGHT
        legend, bottom = keys(self.lanes, self.found, frame, bottom + 10)
        body.append(legend)
        if self.notes:
            words = f"Left out: {', '.join(self.notes)}."
            body.append(label(GUTTER, bottom + 8, words, 11, room=WIDTH - 2 * GUTTER, class_="dim"))
            bottom += 20
        return self._framed(body, self._summary(frame), bottom + EDGE, prefix)

    def _moments(self) -> Iterator[datetime]:
        """All at which something began, happened or ended, and the end of the picture."""
        found, is_open = self.found, False
        for lane in self.lanes:
            yield lane.begun
            yield from (mark.at for mark in lane.marks)
            if lane.end is not None:
                yield lane.end.at
            is_open = is_open or lane.end is None
            for bar in lane.bars:
                yield bar.begun
                yield end_of(bar, lane, found.until or bar.begun)
        rows: list[Promise | Pursuit] = [*found.promises.values(), *found.pursuits.values()]
        for row in rows:
            is_open = is_open or row.ended is None
            yield row.begun
            if row.ended is not None:
                yield row.ended
            if isinstance(row, Promise) and found.until is not None and row.due <= found.until:
                yield row.due
        if is_open and found.until is not None:
            yield found.until

    def _strips(self, frame: Frame, top: float) -> list[Strip]:
        strips = []
        for index, lane in enumerate(self.lanes):
            strips.append(strip(lane, frame, top, odd=index % 2 == 0))
            top = strips[-1].bottom
        return strips

    def _links(self, strips: Sequence[Strip], frame: Frame) -> Iterator[str]:
        """Lines from interactions to those that come from them."""
        places = {lane.interaction: one for lane, one in zip(self.lanes, strips, strict=True)}
        ends = {lane.interaction: lane.end for lane in self.lanes}
        for lane in self.lanes:
            before = places.get(lane.of or "")
            if before is None or lane.of is None or lane.because is None:
                continue
            x, here = frame.scale.place(lane.begun), places[lane.interaction]
            end = ends[lane.of]
            start = x if end is None else min(frame.scale.place(end.at), x)
            down = 1 if here.middle > before.middle else -1
            to = here.middle - down * 12
            path = f"M{start:.1f} {before.middle:.1f}H{x:.1f}V{to:.1f}"
            head = f"M{x:.1f} {to:.1f}l-3.5 {-6 * down}h7z"
            words = titled(f"{lane.interaction} {_LINKED[lane.because]} {lane.of}")
            yield element(
                "g",
                words,
                element("path", d=path, class_=f"link {lane.because}"),
                element("path", d=head, class_="head"),
            )

    def _framed(self, body: Sequence[str], summary: str, height: float, prefix: str) -> str:
        size = f"0 0 {number(WIDTH)} {number(height)}"
        room = WIDTH - 2 * GUTTER
        return element(
            "svg",
            titled(self.heading),
            element("desc", plain(summary)),
            style(f"#{prefix}"),
            patterns(prefix),
            element("rect", width=WIDTH, height=height, rx=6, class_="page"),
            label(GUTTER, 24, self.heading, 19, room=room, class_="bold"),
            label(GUTTER, 46, summary, 12, room=room, class_="dim"),
            *body,
            xmlns="http://www.w3.org/2000/svg",
            id=prefix,
            role="img",
            viewBox=size,
            width=WIDTH,
            height=height,
            style="max-width:100%;height:auto",
        )

    def _summary(self, frame: Frame) -> str:
        """What all of it comes to."""
        begun = frame.scale.parts[0].begun
        spans = [
            (bar.kind, end_of(bar, lane, frame.until) - bar.begun)
            for lane in self.lanes
            for bar in lane.bars
            if lane.because != ASIDE
        ]
        sums = {
            words: sum((span for kind, span in spans if kind in kinds), timedelta(0))
            for words, kinds in _SUMS.items()
        }
        channels = {
            channel for lane in self.lanes if lane.because != ASIDE for channel in lane.channels
        }
        kept = [promise.state for promise in self.found.promises.values()]
        days = dict.fromkeys((day(begun, self.zone), day(frame.until, self.zone)))
        return listed(
            (
                f"{' to '.join(days)} ({_zone_name(begun, self.zone)})",
                _counted(len(self.lanes), "interaction") if self.lanes else None,
                _counted(len(channels), "channel") if channels else None,
                *(f"{words} {took(span)}" for words, span in sums.items() if span),
                *(
                    f"{_counted(kept.count(state), 'promise')} {state}"
                    for state in ("kept", "broken", "open")
                    if state in kept
                ),
            )
        )


def _counted(number_of: int, what: str) -> str:
    return f"{number_of} {what}{'' if number_of == 1 else 's'}"


def _zone_name(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).tzname() or "local time"


_LINKED: Final = {ASIDE: "is aside of", REPLACES: "takes the place of", FOLLOWS: "follows"}
_SUMS: Final = {
    "waited": {BarKind.WAITING},
    "with people": {BarKind.PERSON, BarKind.PARTNER},
    "with machines": {BarKind.MACHINE},
}
