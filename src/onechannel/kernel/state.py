"""What the kernel remembers: live things only.

Laws of this file: only `evolve` changes state; nobody outside the kernel sees it. Records refer to
each other by id, so that a snapshot is the records themselves; the routing index is derived from
them.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

import attrs

from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.channel import Channel
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, TenantId, WorkerId
from onechannel.model.interaction import InteractionState
from onechannel.model.plan import Plan
from onechannel.model.policy import DEFAULT_POLICY, Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import WorkerState
from onechannel.routing import Rank, RoutingIndex, Seat

__all__ = [
    "AT_ONCE",
    "Alarm",
    "Deadlines",
    "LiveAssignment",
    "LiveInteraction",
    "LiveWorker",
    "State",
    "Timer",
    "stand",
    "step_out",
]


@attrs.define(eq=False)
class LiveInteraction:
    """An interaction that is not closed.

    `place` is its order of arrival, `owner` the assignment that serves, `pending` the one that is
    asked. `plan` is None where somebody else routes.
    """

    id: InteractionId
    place: int
    channel: str
    customer: CustomerId | None
    about: str | None
    priority: int
    state: InteractionState
    queue: str | None = None
    since: datetime | None = None
    plan: Plan | None = None
    step: int = 0
    owner: AssignmentId | None = None
    pending: AssignmentId | None = None
    opened: int = 0
    ended: dict[AssignmentId, tuple[AssignmentState, WorkerId]] = attrs.field(factory=dict)


@attrs.define(eq=False)
class LiveAssignment:
    """An assignment that is not over; it may outlive its interaction while its worker wraps up."""

    id: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    role: Role
    state: AssignmentState
    channel: str
    queue: str | None
    load: int


@attrs.define(eq=False)
class LiveWorker:
    """A worker, with its presence and what it holds."""

    seat: Seat
    state: WorkerState = WorkerState.SIGNED_OUT
    reason: str | None = None
    assignments: dict[AssignmentId, None] = attrs.field(factory=dict)


#: The duration of a step that is for a moment only.
AT_ONCE: Final = timedelta(0)


class Alarm(StrEnum):
    """What a deadline was armed for."""

    RING = "ring"
    WRAP_UP = "wrap-up"
    STEP = "step"
    PAUSE = "pause"


#: A deadline by what it is for and whom: there is one of each at most.
Timer: TypeAlias = tuple[Alarm, str]

_Due: TypeAlias = tuple[datetime, int, Timer]

# Cancelled deadlines stay in the heap until met; they are thrown away when they outnumber the armed
# by more than this.
_SLACK: Final = 64


@attrs.define(eq=False)
class Deadlines:
    """Armed deadlines, in order of time, then of arming."""

    armed: dict[Timer, tuple[datetime, int]] = attrs.field(factory=dict)
    _heap: list[_Due] = attrs.field(factory=list)

    def arm(self, alarm: Alarm, subject: str, at: datetime, order: int) -> None:
        """Set the deadline, anew if it was set."""
        self.armed[alarm, subject] = (at, order)
        heappush(self._heap, (at, order, (alarm, subject)))

    def cancel(self, alarm: Alarm, subject: str) -> None:
        """Unset the deadline; one that was not set is as good."""
        if not self.armed or self.armed.pop((alarm, subject), None) is None:
            return
        if len(self._heap) > 2 * len(self.armed) + _SLACK:
            self._heap = [(at, order, timer) for timer, (at, order) in self.armed.items()]
            heapify(self._heap)

    @property
    def first(self) -> _Due | None:
        """The deadline that is due first."""
        if not self.armed:
            return None
        heap = self._heap
        while self.armed.get(heap[0][2]) != heap[0][:2]:
            heappop(heap)
        return heap[0]


@attrs.define(eq=False)
class State:
    """Everything the next decision depends on."""

    position: int = 0
    at: datetime | None = None
    tenant: TenantId | None = None
    policy: Policy = DEFAULT_POLICY
    channels: dict[str, Channel] = attrs.field(factory=dict)
    queues: dict[str, Queue] = attrs.field(factory=dict)
    workers: dict[WorkerId, LiveWorker] = attrs.field(factory=dict)
    interactions: dict[InteractionId, LiveInteraction] = attrs.field(factory=dict)
    assignments: dict[AssignmentId, LiveAssignment] = attrs.field(factory=dict)
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    index: RoutingIndex = attrs.field(factory=RoutingIndex)
    #: Those who stand in a step of a moment: when nobody is asked for one, its moment is over.
    momentary: dict[InteractionId, Rank] = attrs.field(factory=dict)


def stand(state: State, live: LiveInteraction) -> None:
    """Into the line, at its place; not while somebody is asked, nor where somebody else routes."""
    plan, since = live.plan, live.since
    if (
        plan is None
        or since is None
        or live.state is not InteractionState.WAITING
        or live.pending is not None
    ):
        return
    rank = (-plan.priority, since, live.place)
    step = plan.steps[live.step]
    state.index.put(live.id, state.channels[live.channel], step.requirement, rank)
    if step.expires_after == AT_ONCE:
        state.momentary[live.id] = rank


def step_out(state: State, interaction: InteractionId) -> None:
    """Out of the line; one that was not in it is as good."""
    state.index.drop(interaction)
    state.momentary.pop(interaction, None)
