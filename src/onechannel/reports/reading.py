"""Reading: a journey's lanes, read off its timeline.

Laws of this file: the timeline says what happened and when; only what its words do not carry (of
what kind a worker is, which queue, what comes from what) is read off the events. What was said is
kept only where it may be shown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.insight import Entry, EntryKind, printable, timeline
from onechannel.model.ids import CustomerId, InteractionId, JourneyId
from onechannel.model.interaction import EndReason
from onechannel.model.message import Delivery
from onechannel.model.worker import WorkerKind
from onechannel.reports.lanes import (
    ASIDE,
    FOLLOWS,
    REPLACES,
    Bar,
    BarKind,
    End,
    Lane,
    Mark,
    MarkKind,
    Promise,
    Pursuit,
    Seen,
)

__all__ = ["seen"]

_SAID: Final = (e.MessageReceived, e.MessageSent, e.MessageSuggested)


@attrs.define(eq=False)
class _Facts:
    """The events of a log by position; of what was said, only of which kind."""

    data: dict[int, Any] = attrs.field(factory=dict)
    workers: dict[str, WorkerKind] = attrs.field(factory=dict)
    latest: datetime | None = None

    def noting(self, events: Iterable[e.Event]) -> Iterator[e.Event]:
        """The same events, noted while they pass."""
        for event in events:
            data, at = event.data, event.origin.occurred_at
            if self.latest is None or at > self.latest:
                self.latest = at
            if isinstance(data, e.WorkerDefined):
                self.workers[printable(data.worker)] = data.definition.kind
            self.data[event.position] = type(data) if isinstance(data, _SAID) else data
            yield event


def seen(
    events: Iterable[e.Event],
    *,
    customer: CustomerId | None = None,
    interaction: InteractionId | None = None,
    journey: JourneyId | None = None,
    show_text: bool = False,
    until: datetime | None = None,
) -> Seen:
    """What is to be drawn of all that these choose, as it stood at `until`."""
    facts = _Facts()
    noted = facts.noting(events)
    entries = timeline(noted, customer=customer, interaction=interaction, journey=journey)
    reading = _Reading(facts, Seen(until=until), show_text)
    for entry in entries:
        as_of = reading.found.until = until or facts.latest
        if as_of is None or entry.at > as_of:
            break
        is_open = entry.until is not None and entry.until > as_of
        reading.take_in(attrs.evolve(entry, until=None) if is_open else entry)
    return reading.done()


# -- reading -----------------------------------------------------------------------------------


@attrs.define(eq=False)
class _Reading:
    """A picture in the making."""

    facts: _Facts
    found: Seen
    show_text: bool

    def take_in(self, entry: Entry) -> None:
        """The next entry of the timeline."""
        data = self.facts.data[entry.position]
        read = _READ.get(entry.kind)
        if read is not None:
            read(self, entry, data)

    def done(self) -> Seen:
        """What was found; whether a lane takes another's place shows in how that one ended."""
        lanes = self.found.lanes
        for lane in lanes.values():
            before = lanes.get(lane.of or "")
            if before is None or lane.because == ASIDE or before.end is None:
                continue
            replaces = before.end.reason == EndReason.SUPERSEDED
            lane.because = REPLACES if replaces else FOLLOWS
        return self.found

    def lane(self, entry: Entry) -> Lane | None:
        """Where an entry belongs; a lane begins with the first that does."""
        if entry.interaction is None:
            return None
        lane = self.found.lanes.get(entry.interaction)
        if lane is None:
            channel = entry.channel or "?"
            lane = Lane(entry.interaction, channel, entry.at, channels=[channel])
            self.found.lanes[entry.interaction] = lane
        return lane

    def mark(self, kind: MarkKind, entry: Entry) -> None:
        """Something that happened at an instant."""
        lane = self.lane(entry)
        if lane is not None:
            detail = "" if entry.detail is None else f" ({entry.detail})"
            words = f"{entry.who} {entry.what}{detail}"
            text = entry.text if self.show_text else None
            lane.marks.append(Mark(kind=kind, at=entry.at, words=words, text=text))

    def bar(self, kind: BarKind, entry: Entry, name: str) -> None:
        """Something that takes time."""
        lane = self.lane(entry)
        if lane is not None:
            lane.bars.append(
                Bar(
                    kind=kind,
                    name=name,
                    what=entry.what,
                    detail=entry.detail,
                    begun=entry.at,
                    until=entry.until,
                    due=entry.due,
                )
            )

    # -- one kind of entry each --------------------------------------------------------------------

    def arrival(self, entry: Entry, data: Any) -> None:
        lane = self.lane(entry)
        if lane is None or not isinstance(data, e.InteractionArrived):
            return
        lane.customer, lane.about = _printable(data.customer), _printable(data.about)
        lane.journey = _printable(data.journey)
        lane.of = _printable(data.parent or data.predecessor)
        if lane.of is not None:
            lane.because = FOLLOWS if data.parent is None else ASIDE

    def waiting(self, entry: Entry, data: Any) -> None:
        name = data.queue if isinstance(data, e.InteractionQueued) else ""
        self.bar(BarKind.WAITING, entry, printable(name))

    def away(self, entry: Entry, data: Any) -> None:
        if isinstance(data, e.InteractionSuspended):
            self.bar(BarKind.THIRD_PARTY, entry, printable(data.party))
        elif isinstance(data, e.InteractionScheduled):
            self.bar(BarKind.APPOINTMENT, entry, "")
        else:
            self.bar(BarKind.CUSTOMERS_TURN, entry, "")

    def served(self, entry: Entry, data: Any) -> None:
        kind = self.facts.workers.get(entry.who, WorkerKind.PERSON)
        self.bar(_SERVES[kind], entry, entry.who)
        if isinstance(data, e.RoleChanged):
            self.mark(MarkKind.HANDED_OVER, entry)

    def held(self, entry: Entry, data: Any) -> None:
        if isinstance(data, e.AssignmentHeld):
            self.bar(BarKind.HELD, entry, entry.who)

    def wrapping(self, entry: Entry, _data: Any) -> None:
        # One that is longer than was meant is told twice, and is one all the same.
        if entry.due is None:
            self.bar(BarKind.WRAPPING, entry, entry.who)

    def asked(self, entry: Entry, data: Any) -> None:
        kind = _ASKED.get(type(data))
        if kind is not None:
            self.mark(kind, entry)

    def moved(self, entry: Entry, data: Any) -> None:
        kind = _MOVES.get(type(data))
        if kind is not None:
            self.mark(kind, entry)
        lane = self.lane(entry)
        if lane is not None and isinstance(data, e.InteractionMoved):
            lane.channels.append(printable(data.channel))

    def message(self, entry: Entry, data: Any) -> None:
        if data is e.MessageSuggested:
            self.mark(MarkKind.SUGGESTS, entry)
        elif data is e.MessageSent or entry.aside:
            self.mark(MarkKind.COMPANY_SAYS, entry)
        elif data is e.MessageReceived:
            self.mark(MarkKind.CUSTOMER_SAYS, entry)

    def receipt(self, entry: Entry, data: Any) -> None:
        if isinstance(data, e.DeliveryReported) and data.state is Delivery.FAILED:
            self.mark(MarkKind.WARNING, entry)

    def lease(self, entry: Entry, data: Any) -> None:
        if isinstance(data, e.LeaseExpired):
            self.mark(MarkKind.WARNING, entry)

    def ended(self, entry: Entry, data: Any) -> None:
        lane = self.lane(entry)
        if lane is not None and isinstance(data, e.InteractionClosed):
            lane.end = End(entry.at, data.reason.value, _printable(data.disposition))

    def promise(self, entry: Entry, data: Any) -> None:
        if isinstance(data, e.PromiseMade):
            self.found.promises[data.promise] = Promise(
                promise=entry.who,
                what=printable(data.what),
                begun=entry.at,
                due=data.due,
                worker=_printable(data.worker),
            )
            return
        promise = self.found.promises.get(getattr(data, "promise", ""))
        if promise is None:
            return
        if isinstance(data, e.PromisePaused):
            promise.paused.append((entry.at, None))
        elif promise.paused and promise.paused[-1][1] is None:
            promise.paused[-1] = (promise.paused[-1][0], entry.at)
        if isinstance(data, e.PromiseResumed):
            promise.due = data.due
        state = _PROMISES.get(type(data))
        if state is not None:
            promise.state, promise.ended = state, entry.at

    def pursuit(self, entry: Entry, data: Any) -> None:
        if isinstance(data, e.JourneyOpened):
            about = _printable(data.about)
            opened = Pursuit(printable(data.journey), about, entry.at)
            self.found.pursuits[data.journey] = opened
            return
        if isinstance(data, e.JourneyJoined):
            lane = self.lane(entry)
            if lane is not None:
                lane.journey = printable(data.journey)
            return
        pursuit = self.found.pursuits.get(getattr(data, "journey", ""))
        state = _PURSUITS.get(type(data))
        if pursuit is not None and state is not None:
            pursuit.state, pursuit.ended, pursuit.reason = state, entry.at, entry.detail


def _printable(text: str | None) -> str | None:
    return None if text is None else printable(text)


_SERVES: Final = {
    WorkerKind.PERSON: BarKind.PERSON,
    WorkerKind.MACHINE: BarKind.MACHINE,
    WorkerKind.PARTNER: BarKind.PARTNER,
}
_ASKED: Final[Mapping[type[e.EventData], MarkKind]] = {
    e.AssignmentOpened: MarkKind.ASKED,
    e.AssignmentDeclined: MarkKind.DECLINED,
    e.AssignmentExpired: MarkKind.MISSED,
}
_MOVES: Final[Mapping[type[e.EventData], MarkKind]] = {
    e.InteractionQueued: MarkKind.HANDED_OVER,
    e.StepExpired: MarkKind.HANDED_OVER,
    e.InteractionScheduled: MarkKind.MISSED,
    e.InteractionMoved: MarkKind.MOVED,
}
_PROMISES: Final[Mapping[type[e.EventData], str]] = {
    e.PromiseKept: "kept",
    e.PromiseBroken: "broken",
    e.PromiseRenegotiated: "renegotiated",
    e.PromiseWithdrawn: "withdrawn",
}
_PURSUITS: Final[Mapping[type[e.EventData], str]] = {
    e.JourneyAchieved: "achieved",
    e.JourneyFailed: "failed",
    e.JourneyLapsed: "lapsed",
}

_Read: TypeAlias = Callable[[_Reading, Entry, Any], None]
_READ: Final[Mapping[EntryKind, _Read]] = {
    EntryKind.ARRIVAL: _Reading.arrival,
    EntryKind.WAITING: _Reading.waiting,
    EntryKind.AWAY: _Reading.away,
    EntryKind.SERVED: _Reading.served,
    EntryKind.BESIDE: lambda reading, entry, _: reading.bar(BarKind.BESIDE, entry, entry.who),
    EntryKind.HELD: _Reading.held,
    EntryKind.WRAPPING: _Reading.wrapping,
    EntryKind.ASKED: _Reading.asked,
    EntryKind.MOVED: _Reading.moved,
    EntryKind.MESSAGE: _Reading.message,
    EntryKind.RECEIPT: _Reading.receipt,
    EntryKind.LEASE: _Reading.lease,
    EntryKind.ANOMALY: lambda reading, entry, _: reading.mark(MarkKind.WARNING, entry),
    EntryKind.ENDED: _Reading.ended,
    EntryKind.PROMISE: _Reading.promise,
    EntryKind.JOURNEY: _Reading.pursuit,
}
