"""Timers: whatever was to happen by itself happens once, when it is due.

Laws of this file: the table says of each event which times it sets and which it unsets, by other
words than the kernel's; nothing fires that was not set for that moment, and no command comes before
what was due.
"""

from datetime import datetime
from heapq import heappop, heappush
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.model.assignment import Role
from onechannel.model.interaction import InteractionState
from onechannel.testing.invariants._broken import InvariantBroken
from onechannel.testing.invariants._floor import Floor

__all__ = ["Timers"]

#: A kind of thing, the id of one, and which of its times.
_Timer: TypeAlias = tuple[str, str, str]

#: The times that an event sets, by kind of thing and name; all others of that thing are unset.
_SETS: Final[dict[type[e.EventData], tuple[str, dict[str, str]]]] = {
    e.InteractionQueued: ("interaction", {"step": "expires_at", "close": "closes_at"}),
    e.InteractionScheduled: ("interaction", {"turn": "at"}),
    e.InteractionSlept: ("interaction", {"close": "closes_at"}),
    e.InteractionSuspended: ("interaction", {"turn": "due"}),
    e.InteractionClosed: ("interaction", {"place": "place_until"}),
    e.PlaceLost: ("interaction", {}),
    e.AssignmentOpened: ("assignment", {"ring": "expires_at"}),
    e.AssignmentAccepted: ("assignment", {}),
    e.AssignmentDeclined: ("assignment", {}),
    e.AssignmentExpired: ("assignment", {}),
    e.AssignmentRescinded: ("assignment", {}),
    e.AssignmentWrapping: ("assignment", {"wrap-up": "until"}),
    e.AssignmentReleased: ("assignment", {}),
    e.WorkerSignedIn: ("worker", {}),
    e.WorkerSignedOut: ("worker", {}),
    e.WorkerAvailable: ("worker", {}),
    e.WorkerUnavailable: ("worker", {"pause": "until"}),
    e.WorkerDraining: ("worker", {"return": "until"}),
    e.PromiseMade: ("promise", {"due": "due"}),
    e.PromiseResumed: ("promise", {"due": "due"}),
    e.PromisePaused: ("promise", {"resume": "until"}),
    e.PromiseKept: ("promise", {}),
    e.PromiseBroken: ("promise", {}),
    e.PromiseRenegotiated: ("promise", {}),
    e.PromiseWithdrawn: ("promise", {}),
    e.JourneyOpened: ("journey", {"lapse": "lapses_at"}),
    e.JourneyExtended: ("journey", {"lapse": "lapses_at"}),
    e.JourneyAchieved: ("journey", {}),
    e.JourneyFailed: ("journey", {}),
    e.JourneyLapsed: ("journey", {}),
    e.ReceiptParked: ("reference", {"receipt": "until"}),
    e.MessageIdentified: ("reference", {}),
    e.ReceiptUnmatched: ("reference", {}),
}
#: The same where an event touches these times only: None unsets one.
_TOUCHES: Final[dict[type[e.EventData], dict[str, str | None]]] = {
    e.StepExpired: {"step": "expires_at"},
    e.InteractionLeased: {"lease": "until"},
    e.LeaseExpired: {"lease": None},
    e.InteractionMoved: {"lease": None, "idle": None},
    e.MessageSent: {"idle": "idle_at"},
    e.MessageReceived: {"idle": None},
}
#: What happens only because its own time has come.
_DIRECT: Final = (
    e.AssignmentExpired,
    e.LeaseExpired,
    e.PlaceLost,
    e.PromiseBroken,
    e.JourneyLapsed,
    e.JourneyExtended,
    e.ReceiptUnmatched,
)
#: What may stand in front of what a deadline brings about.
_IN_FRONT: Final = (e.QueueDefined, e.ChannelDefined, e.PolicyFaulted)


@attrs.define(eq=False)
class Timers:
    """The times that are set, after the events that were added."""

    due: dict[tuple[str, str], dict[str, datetime]] = attrs.field(factory=dict)
    _heap: list[tuple[datetime, _Timer]] = attrs.field(factory=list)
    _fired: set[datetime] = attrs.field(factory=set)
    at: datetime | None = None

    def add(self, event: e.Event, floor: Floor) -> None:
        """Take in the next event, the floor being as it was before; raises `InvariantBroken`."""
        now, data = event.recorded_at, event.data
        if event.origin.command is not None:
            self.check(now, event.position)
        if now != self.at or event.origin.command is not None:
            self._fired.clear()
            self.at = now
        gone = self._unset(data, floor)
        came = {at for at in gone if at <= now}
        self._fired |= came
        if event.origin.cause is e.Cause.DEADLINE:
            self._check_fired(event, came)
        self._set(data, now)

    def check(self, now: datetime, position: int | None = None) -> None:
        """Nothing is due; raises `InvariantBroken`."""
        first = self.first
        if first is not None and first[0] <= now:
            _, (thing, name, alarm) = first
            reason = f"the {alarm} of {thing} {name} was due at {first[0].isoformat()} and is not"
            raise InvariantBroken("I13", reason, position)

    @property
    def first(self) -> tuple[datetime, _Timer] | None:
        """What is due first, if anything."""
        heap = self._heap
        while heap:
            at, (thing, name, alarm) = heap[0]
            if self.due.get((thing, name), {}).get(alarm) == at:
                return heap[0]
            heappop(heap)
        return None

    def _check_fired(self, event: e.Event, came: set[datetime]) -> None:
        data, due = event.data, event.occurred_at
        if isinstance(data, _IN_FRONT):
            return
        if due > event.recorded_at:
            raise InvariantBroken("I13", f"{event.type} happens before it is due", event.position)
        if due not in (came if isinstance(data, _DIRECT) else self._fired):
            reason = f"{event.type} happens by itself, and nothing was due at {due.isoformat()}"
            raise InvariantBroken("I13", reason, event.position)

    def _unset(self, data: e.EventData, floor: Floor) -> list[datetime]:
        """The times that are set no longer."""
        kind = type(data)
        touches = _TOUCHES.get(kind)
        if touches is not None:
            times = self.due.get(("interaction", getattr(data, "interaction", "")), {})
            return [times.pop(alarm) for alarm in touches if alarm in times]
        gone: list[datetime] = []
        row = _SETS.get(kind)
        if row is not None:
            gone += self._clear(row[0], getattr(data, row[0]))
        if isinstance(data, (e.AssignmentAccepted, e.RoleChanged)) and _engages(data, floor):
            gone += self._clear("interaction", data.interaction)
        elif isinstance(data, e.InteractionArrived) and data.predecessor not in floor.lines:
            # Its place, if it had one, is taken.
            gone += self._clear("interaction", data.predecessor or "")
        return gone

    def _clear(self, thing: str, name: str) -> list[datetime]:
        return list(self.due.pop((thing, name), {}).values())

    def _set(self, data: e.EventData, now: datetime) -> None:
        row: tuple[str, dict[str, Any]] | None = _SETS.get(type(data))
        if row is None:
            touches = _TOUCHES.get(type(data))
            row = None if touches is None else ("interaction", {**touches})
        if row is None:
            return
        thing, fields = row
        for alarm, field in fields.items():
            at = None if field is None else getattr(data, field)
            if at is not None and at > now:
                name = getattr(data, thing)
                self.due.setdefault((thing, name), {})[alarm] = at
                heappush(self._heap, (at, (thing, name, alarm)))


def _engages(data: e.AssignmentAccepted | e.RoleChanged, floor: Floor) -> bool:
    """Whether it was with nobody until now."""
    part, line = floor.parts.get(data.assignment), floor.lines.get(data.interaction)
    role = data.role if isinstance(data, e.RoleChanged) else part and part.role
    engaged = line is None or line.state is InteractionState.ENGAGED
    return role is Role.SERVES and not engaged
