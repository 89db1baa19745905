"""Consistency: whether a log can be what the kernel made.

Laws of this file: the kernel's own replay is the first check; what is checked beside it is derived
from the events alone, by other code than the kernel's; one event costs no more than its own share.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs

from onechannel import events as e
from onechannel.errors import LogInconsistent
from onechannel.kernel import Kernel
from onechannel.model.channel import Channel
from onechannel.model.ids import AssignmentId, InteractionId, WorkerId
from onechannel.model.worker import Worker

__all__ = ["Consistency", "check"]


@attrs.frozen
class Consistency:
    """How many events from the first on are consistent; where one is not, its position and why."""

    events: int
    position: int | None = None
    reason: str | None = None


def check(events: Iterable[e.Event]) -> Consistency:
    """Replay a log from its first event on.

    Beside what replay itself refuses, at every event: an open interaction of ours is waiting in a
    queue or served by one worker, once the decision that moved it is complete; the policy asks
    nobody who is not available, and lifts no worker's load above its capacity.
    """
    kernel, watch, number = Kernel(), _Watch(), 0
    try:
        for event in events:
            watch.before(event)
            _follow(kernel, event)
            watch.after(event)
            number += 1
        watch.end()
    except LogInconsistent as fault:
        return Consistency(min(number, fault.position - 1), fault.position, fault.reason)
    return Consistency(number)


def _follow(kernel: Kernel, event: e.Event) -> None:
    try:
        kernel.follow((event,))
    except LogInconsistent:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever a spoilt event does, it is the event's
        reason = f"{event.type} cannot be applied: {type(fault).__name__}"
        raise LogInconsistent(event.position, reason) from None


# -- what is watched -------------------------------------------------------------------------------


@attrs.define(eq=False)
class _Bearer:
    """A worker, with what it bears."""

    definition: Worker
    available: bool = False
    load: int = 0
    counts: dict[str, int] = attrs.field(factory=dict)

    def bear(self, channel: str, load: int, times: int) -> None:
        self.load += times * load
        self.counts[channel] = self.counts.get(channel, 0) + times

    def excess(self, channel: str) -> str | None:
        """What it bears too much of."""
        capacity = self.definition.capacity
        limit = capacity.channels.get(channel, capacity.others)
        if capacity.total is not None and self.load > capacity.total:
            return f"a load of {self.load}, above its capacity of {capacity.total}"
        if limit is not None and self.counts[channel] > limit:
            return f"{self.counts[channel]} on channel {channel}, above its limit of {limit}"
        return None


@attrs.define(eq=False)
class _Assignment:
    """What an assignment adds to its worker's load."""

    worker: _Bearer
    channel: str
    load: int


#: Stands in place of an assignment where a queue owns the interaction.
_QUEUE: Final = ""


@attrs.define(eq=False)
class _Watch:
    """The state that the invariants need, built from the events alone."""

    channels: dict[str, Channel] = attrs.field(factory=dict)
    workers: dict[WorkerId, _Bearer] = attrs.field(factory=dict)
    assignments: dict[AssignmentId, _Assignment] = attrs.field(factory=dict)
    channel_of: dict[InteractionId, str] = attrs.field(factory=dict)
    owner: dict[InteractionId, AssignmentId | None] = attrs.field(factory=dict)
    homeless: dict[InteractionId, int] = attrs.field(factory=dict)
    command: str | None = None

    def before(self, event: e.Event) -> None:
        """Whoever had no home when the last decision was complete has been lost by it."""
        command = event.origin.command
        if self.homeless and (command is None or command != self.command):
            self.end()
        self.command = command

    def end(self) -> None:
        """The log ends, or a decision does."""
        for interaction, position in self.homeless.items():
            raise LogInconsistent(
                position, f"it leaves interaction {interaction} with neither queue nor worker"
            )

    def after(self, event: e.Event) -> None:
        """Take in an event that replay has taken."""
        data = event.data
        watch = _WATCH.get(type(data))
        if watch is not None:
            watch(self, event, data)

    # -- the centre itself -------------------------------------------------------------------------

    def channel_defined(self, _event: e.Event, data: e.ChannelDefined) -> None:
        self.channels[data.channel.name] = data.channel

    def worker_defined(self, _event: e.Event, data: e.WorkerDefined) -> None:
        known = self.workers.get(data.worker)
        if known is None:
            self.workers[data.worker] = _Bearer(data.definition)
        else:
            known.definition = data.definition

    def available(self, _event: e.Event, data: e.WorkerSignedIn | e.WorkerAvailable) -> None:
        self.workers[data.worker].available = True

    def unavailable(self, _event: e.Event, data: e.WorkerSignedOut | e.WorkerUnavailable) -> None:
        self.workers[data.worker].available = False

    # -- who owns the customer ---------------------------------------------------------------------

    def arrived(self, event: e.Event, data: e.InteractionArrived) -> None:
        self.channel_of[data.interaction] = data.channel
        if event.origin.cause is not e.Cause.OBSERVED:
            self._lose(event, data.interaction)

    def _lose(self, event: e.Event, interaction: InteractionId) -> None:
        self.owner[interaction] = None
        self.homeless[interaction] = event.position

    def _give(self, interaction: InteractionId, owner: AssignmentId) -> None:
        self.owner[interaction] = owner
        self.homeless.pop(interaction, None)

    def queued(self, _event: e.Event, data: e.InteractionQueued) -> None:
        if data.interaction in self.owner:
            self._give(data.interaction, _QUEUE)

    def accepted(self, event: e.Event, data: e.AssignmentAccepted) -> None:
        if data.interaction not in self.owner:
            return
        if self.owner[data.interaction]:
            raise LogInconsistent(
                event.position, f"interaction {data.interaction} is served by another worker"
            )
        self._give(data.interaction, data.assignment)

    def closed(self, _event: e.Event, data: e.InteractionClosed) -> None:
        del self.channel_of[data.interaction]
        self.owner.pop(data.interaction, None)
        self.homeless.pop(data.interaction, None)

    # -- what a worker bears -----------------------------------------------------------------------

    def opened(self, event: e.Event, data: e.AssignmentOpened) -> None:
        worker = self.workers[data.worker]
        channel = self.channels[self.channel_of[data.interaction]]
        self.assignments[data.assignment] = _Assignment(worker, channel.name, channel.load)
        worker.bear(channel.name, channel.load, 1)
        if event.origin.cause is e.Cause.OBSERVED:
            return
        if not worker.available:
            raise LogInconsistent(
                event.position, f"worker {data.worker} is asked and not available"
            )
        excess = worker.excess(channel.name)
        if excess is not None:
            raise LogInconsistent(event.position, f"it gives worker {data.worker} {excess}")

    def wrapping(self, event: e.Event, data: e.AssignmentWrapping) -> None:
        if self.owner.get(data.interaction) == data.assignment:
            self._lose(event, data.interaction)

    def ended(
        self,
        event: e.Event,
        data: e.AssignmentDeclined
        | e.AssignmentExpired
        | e.AssignmentRescinded
        | e.AssignmentReleased,
    ) -> None:
        over = self.assignments.pop(data.assignment)
        over.worker.bear(over.channel, over.load, -1)
        if self.owner.get(data.interaction) == data.assignment:
            self._lose(event, data.interaction)


_WATCH: Final[dict[type[e.EventData], Callable[[_Watch, e.Event, Any], None]]] = {
    e.ChannelDefined: _Watch.channel_defined,
    e.WorkerDefined: _Watch.worker_defined,
    e.WorkerSignedIn: _Watch.available,
    e.WorkerAvailable: _Watch.available,
    e.WorkerSignedOut: _Watch.unavailable,
    e.WorkerUnavailable: _Watch.unavailable,
    e.InteractionArrived: _Watch.arrived,
    e.InteractionQueued: _Watch.queued,
    e.InteractionClosed: _Watch.closed,
    e.AssignmentOpened: _Watch.opened,
    e.AssignmentAccepted: _Watch.accepted,
    e.AssignmentWrapping: _Watch.wrapping,
    e.AssignmentDeclined: _Watch.ended,
    e.AssignmentExpired: _Watch.ended,
    e.AssignmentRescinded: _Watch.ended,
    e.AssignmentReleased: _Watch.ended,
}
