"""The floor: who waits, who serves and who is there, read off the events alone.

Laws of this file: nothing of the kernel is looked at; an event that cannot follow is complained of
at once, and what an occasion leaves behind when it is over.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.channel import Channel
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, JourneyId, WorkerId
from onechannel.model.interaction import Direction, InteractionState, QueuedBecause
from onechannel.model.plan import Plan
from onechannel.model.requirement import Requirement
from onechannel.model.worker import Worker, WorkerState
from onechannel.testing.invariants._broken import InvariantBroken

__all__ = ["Desk", "Floor", "Line", "Part", "Rank"]

#: Lower is sooner: (minus priority, age in the line, order of arrival).
Rank: TypeAlias = tuple[int, datetime, int]

_TAKING_PART: Final = frozenset({AssignmentState.ACTIVE, AssignmentState.HELD})
_PENDING: Final = frozenset({AssignmentState.PENDING})
_ENDING: Final = _TAKING_PART | {AssignmentState.WRAPPING}


@attrs.define(eq=False)
class Part:
    """One worker's part in one interaction, from being asked to having wrapped up."""

    id: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    role: Role
    channel: str
    load: int
    state: AssignmentState = AssignmentState.PENDING


@attrs.define(eq=False)
class Line:
    """One open interaction: where it is, who has it and who is asked for it."""

    id: InteractionId
    place: int
    channel: str
    customer: CustomerId | None
    about: str | None
    direction: Direction
    predecessor: InteractionId | None
    ours: bool
    state: InteractionState = InteractionState.WAITING
    journey: JourneyId | None = None
    queue: str | None = None
    plan: Plan | None = None
    step: int = 0
    since: datetime | None = None
    serving: AssignmentId | None = None
    asked: AssignmentId | None = None
    keeper: WorkerId | None = None
    scheduled: bool = False
    called_back: bool = False
    messages: int = 0
    parts: dict[AssignmentId, Part] = attrs.field(factory=dict)

    @property
    def rank(self) -> Rank | None:
        """Its place in the line, if it stands in one of ours and nobody is asked for it."""
        waits = self.state is InteractionState.WAITING and not self.scheduled
        if self.plan is None or self.since is None or self.asked is not None or not waits:
            return None
        return -self.plan.priority, self.since, self.place

    @property
    def wanted(self) -> Requirement:
        """Whom its step asks for; it must have a plan."""
        assert self.plan is not None  # or nobody is asked by us
        return self.plan.steps[self.step].requirement


@attrs.define(eq=False)
class Desk:
    """One worker: its presence, what it bears, and since which position it is idle."""

    worker: Worker
    idle_since: int
    presence: WorkerState = WorkerState.SIGNED_OUT
    load: int = 0
    counts: dict[str, int] = attrs.field(factory=dict)
    parts: dict[AssignmentId, Part] = attrs.field(factory=dict)

    def can_take(self, channel: Channel, wanted: Requirement) -> bool:
        """Whether it could be asked for one more now, by presence, capacity and requirement."""
        if self.presence is not WorkerState.AVAILABLE:
            return False
        capacity = self.worker.capacity
        if capacity.total is not None and self.load + channel.load > capacity.total:
            return False
        limit = capacity.channels.get(channel.name, capacity.others)
        if limit is not None and self.counts.get(channel.name, 0) >= limit:
            return False
        return self._meets(wanted)

    def _meets(self, wanted: Requirement) -> bool:
        worker = self.worker
        if wanted.workers and worker.id not in wanted.workers:
            return False
        if wanted.kinds and worker.kind not in wanted.kinds:
            return False
        if wanted.department is not None and worker.department != wanted.department:
            return False
        return all(
            name in worker.skills and worker.skills[name] >= least
            for name, least in wanted.skills.items()
        )

    def bear(self, part: Part, times: int) -> None:
        """One part more, or less."""
        self.load += times * part.load
        self.counts[part.channel] = self.counts.get(part.channel, 0) + times


@attrs.define(eq=False)
class Floor:
    """Open interactions, live parts and workers, after the events that were added.

    `fresh` are interactions and `freed` workers for which a pair may have become possible since
    the last `rest`.
    """

    lines: dict[InteractionId, Line] = attrs.field(factory=dict)
    parts: dict[AssignmentId, Part] = attrs.field(factory=dict)
    desks: dict[WorkerId, Desk] = attrs.field(factory=dict)
    channels: dict[str, Channel] = attrs.field(factory=dict)
    arrived: set[InteractionId] = attrs.field(factory=set)
    fresh: dict[InteractionId, None] = attrs.field(factory=dict)
    freed: dict[WorkerId, None] = attrs.field(factory=dict)
    _opened: set[AssignmentId] = attrs.field(factory=set)
    _touched: dict[InteractionId, Line] = attrs.field(factory=dict)
    _closing: dict[InteractionId, Line] = attrs.field(factory=dict)

    def add(self, event: e.Event) -> None:
        """Take in the next event; raises `InvariantBroken`."""
        move = _MOVES.get(type(event.data))
        if move is not None:
            move(self, event, event.data)

    def waiting(self) -> Iterator[Line]:
        """What stands in a line of ours, and nobody is asked for."""
        return (line for line in self.lines.values() if line.rank is not None)

    # -- what must be when an occasion is over ----------------------------------------------------

    def rest(self, position: int) -> None:
        """Nothing hangs in the air; raises `InvariantBroken`."""
        for line in self._touched.values():
            self._rest_line(line, position)
        for line in self._closing.values():
            for part in line.parts.values():
                if part.state is not AssignmentState.WRAPPING:
                    reason = f"{part.id} is {part.state}, and what it is part of is closed"
                    raise InvariantBroken("I7", reason, position)
        self._touched.clear()
        self._closing.clear()
        for worker in self.freed:
            desk = self.desks[worker]
            if desk.parts and desk.presence is WorkerState.SIGNED_OUT and self._ours(desk):
                reason = f"worker {worker} is signed out and has {len(desk.parts)} parts"
                raise InvariantBroken("I7", reason, position)

    def _ours(self, desk: Desk) -> bool:
        lines = self.lines
        return any(
            one.interaction in lines and lines[one.interaction].ours for one in desk.parts.values()
        )

    def _rest_line(self, line: Line, position: int) -> None:
        if line.id not in self.lines:
            return
        serving = [
            one.id
            for one in line.parts.values()
            if one.role is Role.SERVES and one.state in _TAKING_PART
        ]
        if serving != ([] if line.serving is None else [line.serving]):
            reason = f"{line.id} is owned by {line.serving}, and {serving} serve it"
            raise InvariantBroken("I3", reason, position)
        homeless = line.state is InteractionState.WAITING and line.queue is None
        if line.ours and (homeless or (line.state is _ENGAGED and line.serving is None)):
            raise InvariantBroken("I14", f"nobody has {line.id}", position)
        if line.predecessor in self.lines:
            reason = f"{line.id} succeeds {line.predecessor}, which is open"
            raise InvariantBroken("I3", reason, position)

    def _line(self, event: e.Event, interaction: InteractionId) -> Line:
        line = self.lines.get(interaction)
        if line is None:
            raise InvariantBroken("I14", f"{interaction} is not open", event.position)
        self._touched[interaction] = line
        return line

    # -- definitions and presence -----------------------------------------------------------------

    def _channel(self, _event: e.Event, data: e.ChannelDefined) -> None:
        self.channels[data.channel.name] = data.channel
        self.freed.update(dict.fromkeys(self.desks))

    def _worker(self, event: e.Event, data: e.WorkerDefined) -> None:
        desk = self.desks.get(data.worker)
        if desk is None:
            self.desks[data.worker] = Desk(data.definition, event.position)
        else:
            desk.worker = data.definition
        self.freed[data.worker] = None

    def _present(self, event: e.Event, data: Any) -> None:
        desk = self.desks[data.worker]
        desk.presence = _PRESENCE[type(data)]
        if desk.presence is WorkerState.AVAILABLE:
            desk.idle_since = event.position
        self.freed[data.worker] = None

    # -- where an interaction is ------------------------------------------------------------------

    def _arrive(self, event: e.Event, data: e.InteractionArrived) -> None:
        if data.interaction in self.arrived:
            raise InvariantBroken("I2", f"{data.interaction} arrived before", event.position)
        self.arrived.add(data.interaction)
        line = Line(
            data.interaction,
            event.position,
            data.channel,
            data.customer,
            data.about,
            data.direction,
            data.predecessor,
            event.origin.cause is not e.Cause.OBSERVED,
        )
        line.journey = data.journey
        self.lines[line.id] = self._touched[line.id] = line

    def _queue(self, event: e.Event, data: e.InteractionQueued) -> None:
        line = self._line(event, data.interaction)
        if data.since > event.recorded_at and data.plan is not None:
            raise InvariantBroken("I5", f"{line.id} is younger than now", event.position)
        keeps = data.because in _KEEPS_ITS_AGE and line.plan is not None
        if keeps and line.since not in {None, data.since}:
            raise InvariantBroken("I5", f"{line.id} loses its age", event.position)
        line.state, line.queue, line.plan = InteractionState.WAITING, data.queue, data.plan
        line.ours, line.since, line.step = data.plan is not None, data.since, data.step or 0
        line.serving = line.keeper = None
        line.scheduled = False
        self.fresh[line.id] = None

    def _step(self, event: e.Event, data: e.StepExpired) -> None:
        line = self._line(event, data.interaction)
        line.step = data.step
        self.fresh[line.id] = None

    def _dequeue(self, event: e.Event, data: e.InteractionDequeued) -> None:
        self._line(event, data.interaction).queue = None

    def _schedule(self, event: e.Event, data: e.InteractionScheduled) -> None:
        line = self._line(event, data.interaction)
        line.state, line.scheduled, line.called_back = InteractionState.WAITING, True, True
        if data.at != event.recorded_at:
            line.since = None
        line.serving = line.keeper = None

    def _set_aside(self, event: e.Event, data: e.InteractionSlept | e.InteractionSuspended) -> None:
        line = self._line(event, data.interaction)
        asleep = isinstance(data, e.InteractionSlept)
        line.state = InteractionState.DORMANT if asleep else InteractionState.SUSPENDED
        line.keeper, line.serving, line.scheduled = data.keeper, None, False

    def _move(self, event: e.Event, data: e.InteractionMoved) -> None:
        line = self._line(event, data.interaction)
        line.channel = data.channel
        channel = self.channels[data.channel]
        moved = [one for one in line.parts.values() if one.state is not AssignmentState.WRAPPING]
        for part in moved:
            desk = self.desks[part.worker]
            desk.bear(part, -1)
            part.channel, part.load = channel.name, channel.load
            desk.bear(part, 1)
            desk.idle_since = event.position
            self.freed[part.worker] = None
        self.fresh[line.id] = None

    def _close(self, event: e.Event, data: e.InteractionClosed) -> None:
        line = self._line(event, data.interaction)
        del self.lines[line.id]
        self._closing[line.id] = line
        self.fresh.pop(line.id, None)

    def _join(self, event: e.Event, data: e.JourneyJoined) -> None:
        self._line(event, data.interaction).journey = data.journey

    def _say(self, event: e.Event, data: e.MessageReceived | e.MessageSent) -> None:
        self._line(event, data.interaction).messages += 1

    # -- who has a part ---------------------------------------------------------------------------

    def _open(self, event: e.Event, data: e.AssignmentOpened) -> None:
        line = self._line(event, data.interaction)
        if data.assignment in self._opened:
            raise InvariantBroken("I2", f"{data.assignment} was opened before", event.position)
        self._opened.add(data.assignment)
        channel, desk = self.channels[line.channel], self.desks[data.worker]
        part = Part(data.assignment, line.id, data.worker, data.role, channel.name, channel.load)
        if data.role is Role.SERVES and event.origin.cause is not e.Cause.OBSERVED:
            if line.asked is not None:
                raise InvariantBroken("I3", f"{line.asked} is asked for {line.id}", event.position)
            line.asked = part.id
        self.parts[part.id] = line.parts[part.id] = desk.parts[part.id] = part
        desk.bear(part, 1)
        desk.idle_since = event.position
        self.freed[part.worker] = None

    def _accept(self, event: e.Event, data: e.AssignmentAccepted) -> None:
        part = self._moved(event, data.assignment, _PENDING, AssignmentState.ACTIVE)
        if part.role is Role.SERVES:
            self._own(event, part)

    def _change(self, event: e.Event, data: e.RoleChanged) -> None:
        part = self._moved(event, data.assignment, _TAKING_PART, AssignmentState.ACTIVE)
        part.role = data.role
        if part.role is Role.SERVES:
            self._own(event, part)

    def _own(self, event: e.Event, part: Part) -> None:
        line = self._line(event, part.interaction)
        line.state, line.serving = _ENGAGED, part.id
        line.keeper, line.scheduled = None, False
        if line.asked == part.id:
            line.asked = None

    def _hold(self, event: e.Event, data: e.AssignmentHeld) -> None:
        self._moved(event, data.assignment, {AssignmentState.ACTIVE}, AssignmentState.HELD)

    def _resume(self, event: e.Event, data: e.AssignmentResumed) -> None:
        self._moved(event, data.assignment, {AssignmentState.HELD}, AssignmentState.ACTIVE)

    def _not_taken(self, event: e.Event, data: Any) -> None:
        part = self._moved(event, data.assignment, _PENDING, AssignmentState.DECLINED)
        self._over(event, part)
        line = self.lines.get(part.interaction)
        if line is not None and line.asked == part.id:
            line.asked = None
            self.fresh[line.id] = None

    def _wrap(self, event: e.Event, data: e.AssignmentWrapping) -> None:
        part = self._moved(event, data.assignment, _ENDING, AssignmentState.WRAPPING)
        self._let_go(event, part)

    def _release(self, event: e.Event, data: e.AssignmentReleased) -> None:
        part = self._moved(event, data.assignment, _ENDING, AssignmentState.RELEASED)
        self._let_go(event, part)
        self._over(event, part)

    def _let_go(self, event: e.Event, part: Part) -> None:
        line = self.lines.get(part.interaction)
        if line is None or line.serving != part.id:
            return
        if line.ours:
            reason = f"{part.worker} lets go of {line.id}, and nobody has it"
            raise InvariantBroken("I14", reason, event.position)
        line.state, line.serving = InteractionState.WAITING, None

    def _over(self, event: e.Event, part: Part) -> None:
        desk = self.desks[part.worker]
        desk.bear(part, -1)
        del desk.parts[part.id], self.parts[part.id]
        desk.idle_since = event.position
        self.freed[part.worker] = None
        for line in (self.lines.get(part.interaction), self._closing.get(part.interaction)):
            if line is not None:
                line.parts.pop(part.id, None)

    def _moved(
        self,
        event: e.Event,
        assignment: AssignmentId,
        before: set[AssignmentState] | frozenset[AssignmentState],
        after: AssignmentState,
    ) -> Part:
        part = self.parts.get(assignment)
        if part is None:
            raise InvariantBroken("I3", f"{assignment} is not live", event.position)
        if part.state not in before:
            raise InvariantBroken("I3", f"{assignment} is {part.state}", event.position)
        part.state = after
        if part.interaction in self.lines:
            self._touched[part.interaction] = self.lines[part.interaction]
        return part


_ENGAGED: Final = InteractionState.ENGAGED
#: Whoever is given away, or left by whoever served, is as old in the line as before.
_KEEPS_ITS_AGE: Final = frozenset({QueuedBecause.TRANSFER, QueuedBecause.SIGNED_OUT})
_PRESENCE: Final[dict[type[e.EventData], WorkerState]] = {
    e.WorkerSignedIn: WorkerState.AVAILABLE,
    e.WorkerAvailable: WorkerState.AVAILABLE,
    e.WorkerUnavailable: WorkerState.UNAVAILABLE,
    e.WorkerDraining: WorkerState.DRAINING,
    e.WorkerSignedOut: WorkerState.SIGNED_OUT,
}
_MOVES: Final[dict[type[e.EventData], Callable[[Floor, e.Event, Any], None]]] = {
    e.ChannelDefined: Floor._channel,
    e.WorkerDefined: Floor._worker,
    **dict.fromkeys(_PRESENCE, Floor._present),
    e.InteractionArrived: Floor._arrive,
    e.InteractionQueued: Floor._queue,
    e.StepExpired: Floor._step,
    e.InteractionDequeued: Floor._dequeue,
    e.InteractionScheduled: Floor._schedule,
    e.InteractionSlept: Floor._set_aside,
    e.InteractionSuspended: Floor._set_aside,
    e.InteractionMoved: Floor._move,
    e.InteractionClosed: Floor._close,
    e.JourneyJoined: Floor._join,
    e.MessageReceived: Floor._say,
    e.MessageSent: Floor._say,
    e.AssignmentOpened: Floor._open,
    e.AssignmentAccepted: Floor._accept,
    e.RoleChanged: Floor._change,
    e.AssignmentHeld: Floor._hold,
    e.AssignmentResumed: Floor._resume,
    e.AssignmentDeclined: Floor._not_taken,
    e.AssignmentExpired: Floor._not_taken,
    e.AssignmentRescinded: Floor._not_taken,
    e.AssignmentWrapping: Floor._wrap,
    e.AssignmentReleased: Floor._release,
}
