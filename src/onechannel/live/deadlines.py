"""Deadlines: what is armed, for what, and what is due first.

Laws of this file: a deadline belongs to one thing in its present state. The table says which events
clear a thing's deadlines and which times of theirs arm new ones, so that a log alone arms them all
again; nothing is armed that is due already.
"""

from collections.abc import Mapping
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.model.code import Code

__all__ = ["TIMERS", "Alarm", "Deadlines", "Thing", "Timers"]


class Thing:
    """Whom a deadline belongs to, by the field of events that names it."""

    INTERACTION: Final = "interaction"
    ASSIGNMENT: Final = "assignment"
    WORKER: Final = "worker"
    PROMISE: Final = "promise"
    JOURNEY: Final = "journey"
    RECEIPT: Final = "reference"


class Alarm(Code):
    """What a deadline was armed for."""

    STEP = "step"
    CLOSE = "close"
    TURN = "turn"
    IDLE = "idle"
    LEASE = "lease"
    PLACE = "place"
    RING = "ring"
    WRAP_UP = "wrap-up"
    PAUSE = "pause"
    RETURN = "return"
    DUE = "due"
    RESUME = "resume"
    LAPSE = "lapse"
    RECEIPT = "receipt"


@attrs.frozen
class Timers:
    """What an event does to the deadlines of a thing.

    It clears them all, or only the alarms named; `arms` maps an alarm to the field that holds its
    time, and to None where it is only cleared.
    """

    thing: str
    arms: Mapping[Alarm, str | None]
    clears_all: bool = True
    #: What of `arms` holds a time, for the look-up that every event makes.
    fields: tuple[tuple[Alarm, str], ...] = attrs.field(init=False, repr=False)

    @fields.default
    def _fields(self) -> tuple[tuple[Alarm, str], ...]:
        return tuple((alarm, field) for alarm, field in self.arms.items() if field is not None)


def _moved(thing: str, **arms: str) -> Timers:
    return Timers(thing, {Alarm(name.replace("_", "-")): field for name, field in arms.items()})


def _only(thing: str, **arms: str | None) -> Timers:
    return Timers(thing, {Alarm(name): field for name, field in arms.items()}, clears_all=False)


#: Every event that arms or clears a deadline.
TIMERS: Final[Mapping[type[e.EventData], Timers]] = {
    e.InteractionQueued: _moved(Thing.INTERACTION, step="expires_at", close="closes_at"),
    e.InteractionScheduled: _moved(Thing.INTERACTION, turn="at"),
    e.InteractionSlept: _moved(Thing.INTERACTION, close="closes_at"),
    e.InteractionSuspended: _moved(Thing.INTERACTION, turn="due"),
    e.InteractionClosed: _moved(Thing.INTERACTION, place="place_until"),
    e.PlaceLost: _moved(Thing.INTERACTION),
    e.StepExpired: _only(Thing.INTERACTION, step="expires_at"),
    e.InteractionLeased: _only(Thing.INTERACTION, lease="until"),
    e.LeaseExpired: _only(Thing.INTERACTION, lease=None),
    e.InteractionMoved: _only(Thing.INTERACTION, lease=None, idle=None),
    e.MessageSent: _only(Thing.INTERACTION, idle="idle_at"),
    e.MessageReceived: _only(Thing.INTERACTION, idle=None),
    e.AssignmentOpened: _moved(Thing.ASSIGNMENT, ring="expires_at"),
    e.AssignmentAccepted: _moved(Thing.ASSIGNMENT),
    e.AssignmentDeclined: _moved(Thing.ASSIGNMENT),
    e.AssignmentExpired: _moved(Thing.ASSIGNMENT),
    e.AssignmentRescinded: _moved(Thing.ASSIGNMENT),
    e.AssignmentWrapping: _moved(Thing.ASSIGNMENT, wrap_up="until"),
    e.AssignmentReleased: _moved(Thing.ASSIGNMENT),
    e.WorkerSignedIn: _moved(Thing.WORKER),
    e.WorkerSignedOut: _moved(Thing.WORKER),
    e.WorkerAvailable: _moved(Thing.WORKER),
    e.WorkerUnavailable: _moved(Thing.WORKER, pause="until"),
    e.WorkerDraining: Timers(Thing.WORKER, {Alarm.RETURN: "until"}),
    e.PromiseMade: _moved(Thing.PROMISE, due="due"),
    e.PromiseResumed: _moved(Thing.PROMISE, due="due"),
    e.PromisePaused: _moved(Thing.PROMISE, resume="until"),
    e.PromiseKept: _moved(Thing.PROMISE),
    e.PromiseBroken: _moved(Thing.PROMISE),
    e.PromiseRenegotiated: _moved(Thing.PROMISE),
    e.PromiseWithdrawn: _moved(Thing.PROMISE),
    e.JourneyOpened: _moved(Thing.JOURNEY, lapse="lapses_at"),
    e.JourneyExtended: _moved(Thing.JOURNEY, lapse="lapses_at"),
    e.JourneyAchieved: _moved(Thing.JOURNEY),
    e.JourneyFailed: _moved(Thing.JOURNEY),
    e.JourneyLapsed: _moved(Thing.JOURNEY),
    e.ReceiptParked: _moved(Thing.RECEIPT, receipt="until"),
    e.MessageIdentified: _moved(Thing.RECEIPT),
    e.ReceiptUnmatched: _moved(Thing.RECEIPT),
}

_THING_OF: Final = {alarm: timers.thing for timers in TIMERS.values() for alarm in timers.arms}

_Due: TypeAlias = tuple[datetime, int, Alarm, str]

# Cleared deadlines stay in the heap until met; they are thrown away when they outnumber the armed
# by more than this.
_SLACK: Final = 64


@attrs.define(eq=False)
class Deadlines:
    """Armed deadlines, in order of time, then of arming."""

    armed: dict[tuple[str, str], dict[Alarm, tuple[datetime, int]]] = attrs.field(factory=dict)
    _heap: list[_Due] = attrs.field(factory=list)

    def apply(self, timers: Timers, data: e.EventData, now: datetime, order: int) -> None:
        """Take in an event that has these timers, recorded at `now` as the one of that order."""
        if self.armed:
            subject = getattr(data, timers.thing)
            if timers.clears_all:
                self.clear(timers.thing, subject)
            else:
                for alarm in timers.arms:
                    self.clear_one(alarm, subject)
        for alarm, field in timers.fields:
            at = getattr(data, field)
            if at is not None and at > now:
                self.arm(alarm, getattr(data, timers.thing), at, order)

    def arm(self, alarm: Alarm, subject: str, at: datetime, order: int) -> None:
        """Set the deadline, anew if it was set."""
        self.armed.setdefault((_THING_OF[alarm], subject), {})[alarm] = (at, order)
        heappush(self._heap, (at, order, alarm, subject))

    def clear(self, thing: str, subject: str) -> None:
        """Unset all that the thing has; one that has none is as good."""
        if self.armed.pop((thing, subject), None) is not None:
            self._compact()

    def at(self, alarm: Alarm, subject: str) -> datetime:
        """When it is due; it must be set."""
        return self.armed[_THING_OF[alarm], subject][alarm][0]

    def clear_one(self, alarm: Alarm, subject: str) -> None:
        """Unset one; one that was not set is as good."""
        key = (_THING_OF[alarm], subject)
        alarms = self.armed.get(key)
        if alarms is None or alarms.pop(alarm, None) is None:
            return
        if not alarms:
            del self.armed[key]
        self._compact()

    def _compact(self) -> None:
        if len(self._heap) > 4 * len(self.armed) + _SLACK:
            self._heap = [
                (at, order, alarm, subject)
                for (_, subject), alarms in self.armed.items()
                for alarm, (at, order) in alarms.items()
            ]
            heapify(self._heap)

    @property
    def first(self) -> _Due | None:
        """The deadline that is due first."""
        if not self.armed:
            return None
        heap = self._heap
        while True:
            at, order, alarm, subject = heap[0]
            alarms = self.armed.get((_THING_OF[alarm], subject))
            if alarms is not None and alarms.get(alarm) == (at, order):
                return heap[0]
            heappop(heap)
