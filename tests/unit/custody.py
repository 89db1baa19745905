"""Who has the customer: a fold over the log that knows nothing of the kernel.

Laws of this file: it looks at events alone, never at a kernel's state; what it keeps of each
interaction is what somebody who reads the log aloud would know.
"""

from collections.abc import Iterable
from datetime import timedelta

import attrs

from onechannel import events as e
from onechannel.model.assignment import SPEAKING, SUGGESTING, Role
from onechannel.model.channel import Channel
from onechannel.model.interaction import Direction
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker

__all__ = ["Custody", "assert_custody"]

#: Roles after which a worker has something to write up.
_WRITES_UP = {Role.SERVES, Role.CONSULTED, Role.CONFERENCED}
_TAKING_PART = {"active", "held"}
_ROUTED = ("longest idle of", "named: ", "consulted")


@attrs.define(eq=False)
class Part:
    """One worker's part, as the log tells it."""

    id: str
    interaction: str
    worker: str
    role: Role
    queue: str | None
    channel: str
    load: int
    state: str = "pending"


@attrs.define(eq=False)
class Line:
    """One interaction: `holder` names the queue, the worker's part or the keeper that has it."""

    id: str
    channel: str
    direction: Direction
    holder: str | None = None
    queue: str | None = None
    ours: bool = False
    serving: str | None = None
    asked: str | None = None
    scheduled: bool = False
    closed: bool = False


@attrs.define(eq=False)
class Custody:
    """All that a log says, and what in it cannot be."""

    lines: dict[str, Line] = attrs.field(factory=dict)
    parts: dict[str, Part] = attrs.field(factory=dict)
    workers: dict[str, Worker] = attrs.field(factory=dict)
    presence: dict[str, str] = attrs.field(factory=dict)
    queues: dict[str, Queue] = attrs.field(factory=dict)
    channels: dict[str, Channel] = attrs.field(factory=dict)
    wrong: list[str] = attrs.field(factory=list)
    _last: e.Event | None = None

    def add(self, event: e.Event) -> None:
        """Take in the next event."""
        last = self._last
        if last is not None:
            if event.position != last.position + 1:
                self._say(event, "a position was left out")
            if event.recorded_at < last.recorded_at:
                self._say(event, "time ran backwards")
            if self._occasion(last) != self._occasion(event):
                self.rest(last)
        self._last = event
        see = getattr(self, f"_{event.type.replace('.', '_')}", None)
        if see is not None:
            see(event, event.data)

    def rest(self, event: e.Event) -> None:
        """Between two occasions everything must stand: nobody hangs in the air."""
        for line in self.lines.values():
            if not line.closed and line.holder is None and line.ours:
                self._say(event, f"nobody has {line.id}")
        for part in self.parts.values():
            line = self.lines[part.interaction]
            if line.closed and part.state in {"pending", *_TAKING_PART}:
                self._say(event, f"{part.id} is {part.state} in what is closed")
            if part.state in _TAKING_PART and part.role is Role.SERVES and line.serving != part.id:
                self._say(event, f"{part.id} serves what it does not own")
            if (
                part.state != "over"
                and self.presence.get(part.worker) == "signed_out"
                and line.ours
            ):
                self._say(event, f"{part.id} is {part.state}, and its worker gone")

    @staticmethod
    def _occasion(event: e.Event) -> object:
        return event.origin.command, event.recorded_at, event.origin.actor

    def _say(self, event: e.Event, what: str) -> None:
        self.wrong.append(f"{event.position} {event.type}: {what}")

    # -- definitions ------------------------------------------------------------------------------

    def _channel_defined(self, _: e.Event, data: e.ChannelDefined) -> None:
        self.channels[data.channel.name] = data.channel

    def _queue_defined(self, _: e.Event, data: e.QueueDefined) -> None:
        self.queues[data.queue.name] = data.queue

    def _worker_defined(self, _: e.Event, data: e.WorkerDefined) -> None:
        self.workers[data.worker] = data.definition
        self.presence.setdefault(data.worker, "signed_out")

    # -- presence ---------------------------------------------------------------------------------

    def _worker_signed_in(self, _: e.Event, data: e.WorkerSignedIn) -> None:
        self.presence[data.worker] = "available"

    def _worker_available(self, _: e.Event, data: e.WorkerAvailable) -> None:
        self.presence[data.worker] = "available"

    def _worker_unavailable(self, _: e.Event, data: e.WorkerUnavailable) -> None:
        self.presence[data.worker] = "unavailable"

    def _worker_draining(self, _: e.Event, data: e.WorkerDraining) -> None:
        self.presence[data.worker] = "draining"

    def _worker_signed_out(self, _: e.Event, data: e.WorkerSignedOut) -> None:
        self.presence[data.worker] = "signed_out"

    # -- where the customer is --------------------------------------------------------------------

    def _interaction_arrived(self, event: e.Event, data: e.InteractionArrived) -> None:
        if data.interaction in self.lines:
            self._say(event, f"{data.interaction} arrived before")
        self.lines[data.interaction] = Line(
            data.interaction,
            data.channel,
            data.direction,
            ours=event.origin.cause is not e.Cause.OBSERVED,
        )

    def _interaction_queued(self, event: e.Event, data: e.InteractionQueued) -> None:
        line = self._open(event, data.interaction)
        line.ours = data.plan is not None
        line.queue = data.queue
        line.holder, line.serving, line.scheduled = f"queue {data.queue}", None, False
        if line.ours and data.since > event.recorded_at:
            self._say(event, f"{line.id} is younger than now")

    def _interaction_dequeued(self, event: e.Event, data: e.InteractionDequeued) -> None:
        line = self._open(event, data.interaction)
        if line.ours:
            self._say(event, f"{line.id} left a queue of ours by itself")
        line.holder = None

    def _interaction_scheduled(self, event: e.Event, data: e.InteractionScheduled) -> None:
        line = self._open(event, data.interaction)
        line.holder, line.serving = f"queue {line.queue}", None
        line.scheduled = data.at != event.recorded_at

    def _interaction_slept(self, event: e.Event, data: e.InteractionSlept) -> None:
        self._aside(event, data.interaction, data.keeper)

    def _interaction_suspended(self, event: e.Event, data: e.InteractionSuspended) -> None:
        self._aside(event, data.interaction, data.keeper)

    def _aside(self, event: e.Event, interaction: str, keeper: str | None) -> None:
        line = self._open(event, interaction)
        had = None if line.serving is None else self.parts[line.serving].worker
        if had is not None and keeper != had:
            self._say(event, f"{had} served {line.id}, and does not keep it")
        line.holder = f"queue {line.queue}" if keeper is None else f"keeper {keeper}"
        line.serving, line.scheduled = None, False

    def _interaction_moved(self, event: e.Event, data: e.InteractionMoved) -> None:
        line = self._open(event, data.interaction)
        line.channel = data.channel
        for part in self.parts.values():
            if part.interaction == line.id and part.state in {"pending", *_TAKING_PART}:
                part.channel, part.load = data.channel, self.channels[data.channel].load

    def _interaction_closed(self, event: e.Event, data: e.InteractionClosed) -> None:
        line = self._open(event, data.interaction)
        line.closed, line.holder, line.serving = True, None, None

    def _open(self, event: e.Event, interaction: str) -> Line:
        line = self.lines[interaction]
        if line.closed:
            self._say(event, f"{interaction} is closed")
        return line

    # -- who has a part ---------------------------------------------------------------------------

    def _assignment_opened(self, event: e.Event, data: e.AssignmentOpened) -> None:
        line = self._open(event, data.interaction)
        channel = self.channels[line.channel]
        part = Part(
            data.assignment,
            line.id,
            data.worker,
            data.role,
            line.queue,
            line.channel,
            channel.load,
        )
        if data.reason.startswith(_ROUTED):
            self._may_be_asked(event, part, channel)
        if data.role is Role.SERVES:
            if line.asked is not None:
                self._say(event, f"{line.asked} is asked for {line.id} already")
            line.asked = part.id
        self.parts[part.id] = part

    def _may_be_asked(self, event: e.Event, part: Part, channel: Channel) -> None:
        """Whom routing asks is there and has room, and what it is asked for waits."""
        if self.presence[part.worker] != "available":
            self._say(event, f"{part.worker} is {self.presence[part.worker]} and asked")
        capacity = self.workers[part.worker].capacity
        held = [p for p in self.parts.values() if p.worker == part.worker and p.state != "over"]
        load = sum(one.load for one in held)
        if capacity.total is not None and load + channel.load > capacity.total:
            self._say(event, f"{part.worker} has {load} of {capacity.total} and is asked")
        limit = capacity.channels.get(channel.name, capacity.others)
        if limit is not None and sum(one.channel == channel.name for one in held) >= limit:
            self._say(event, f"{part.worker} has {limit} on {channel.name} and is asked")
        line = self.lines[part.interaction]
        if part.role is Role.SERVES and (
            line.scheduled or not (line.holder or "").startswith("queue")
        ):
            self._say(event, f"{line.id} does not wait, and {part.worker} is asked")

    def _assignment_accepted(self, event: e.Event, data: e.AssignmentAccepted) -> None:
        part = self._moved(event, data.assignment, {"pending"}, "active")
        if part.role is Role.SERVES:
            self._own(event, part)

    def _assignment_role_changed(self, event: e.Event, data: e.RoleChanged) -> None:
        part = self._moved(event, data.assignment, _TAKING_PART, "active")
        part.role = data.role
        if part.role is Role.SERVES:
            self._own(event, part)

    def _own(self, event: e.Event, part: Part) -> None:
        line = self._open(event, part.interaction)
        line.holder, line.serving, line.scheduled = f"worker {part.worker}", part.id, False
        if line.asked == part.id:
            line.asked = None

    def _assignment_held(self, event: e.Event, data: e.AssignmentHeld) -> None:
        self._moved(event, data.assignment, {"active"}, "held")

    def _assignment_resumed(self, event: e.Event, data: e.AssignmentResumed) -> None:
        self._moved(event, data.assignment, {"held"}, "active")

    def _assignment_declined(self, event: e.Event, data: e.AssignmentDeclined) -> None:
        self._unanswered(event, data.assignment)

    def _assignment_expired(self, event: e.Event, data: e.AssignmentExpired) -> None:
        self._unanswered(event, data.assignment)

    def _assignment_rescinded(self, event: e.Event, data: e.AssignmentRescinded) -> None:
        self._unanswered(event, data.assignment)

    def _unanswered(self, event: e.Event, assignment: str) -> None:
        part = self._moved(event, assignment, {"pending"}, "over")
        line = self.lines[part.interaction]
        if line.asked == part.id:
            line.asked = None

    def _assignment_wrapping(self, event: e.Event, data: e.AssignmentWrapping) -> None:
        part = self._moved(event, data.assignment, {*_TAKING_PART, "wrapping"}, "wrapping")
        if data.until <= event.recorded_at:
            self._say(event, f"{part.id} wraps up until now")
        self._lets_go(event, part)

    def _assignment_released(self, event: e.Event, data: e.AssignmentReleased) -> None:
        part = self.parts[data.assignment]
        due = self._wrap_up(part)
        if part.state in _TAKING_PART and part.role in _WRITES_UP and due and self._ours(part):
            self._say(event, f"{part.id} wraps up for {due}, and did not")
        self._moved(event, data.assignment, {*_TAKING_PART, "wrapping"}, "over")
        self._lets_go(event, part)

    def _wrap_up(self, part: Part) -> timedelta:
        own = self.workers[part.worker].wrap_up
        if own is None and part.queue in self.queues:
            own = self.queues[part.queue].wrap_up
        return own or timedelta(0)

    def _ours(self, part: Part) -> bool:
        return self.lines[part.interaction].ours

    def _lets_go(self, event: e.Event, part: Part) -> None:
        line = self.lines[part.interaction]
        if line.serving == part.id:
            line.holder = line.serving = None
            if line.ours:
                self._say(event, f"{part.worker} let go of {line.id}, and nobody has it")

    def _moved(self, event: e.Event, assignment: str, before: set[str], after: str) -> Part:
        part = self.parts[assignment]
        if part.state not in before:
            self._say(event, f"{assignment} is {part.state}")
        part.state = after
        return part

    # -- what is said -----------------------------------------------------------------------------

    def _message_sent(self, event: e.Event, data: e.MessageSent) -> None:
        part = self.parts[data.assignment]
        if part.state != "active" or part.role not in SPEAKING or part.worker != data.worker:
            self._say(event, f"{data.worker} is {part.state}, {part.role}, and speaks")

    def _message_suggested(self, event: e.Event, data: e.MessageSuggested) -> None:
        part = self.parts[data.assignment]
        if part.state != "active" or part.role not in SUGGESTING:
            self._say(event, f"{data.worker} is {part.state}, {part.role}, and suggests")

    def _message_received(self, event: e.Event, data: e.MessageReceived) -> None:
        line = self._open(event, data.interaction)
        if line.direction is Direction.INTERNAL and data.author is not None:
            self._say(event, f"a customer speaks in {line.id}, which no customer sees")


def assert_custody(log: Iterable[e.Event]) -> Custody:
    """At every position of the log somebody or some queue has every customer; gives the end."""
    custody = Custody()
    last = None
    for event in log:
        custody.add(event)
        last = event
    if last is not None:
        custody.rest(last)
    assert custody.wrong == [], "\n".join(custody.wrong)
    return custody
