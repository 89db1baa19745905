"""What the kernel remembers: live things only.

Laws of this file: only `evolve` changes state; nobody outside the kernel sees it. Records refer to
each other by id, so that a snapshot is the records themselves; the routing index is derived from
them.
"""

from datetime import datetime, timedelta
from typing import Final

import attrs

from onechannel import events as e
from onechannel import model as m
from onechannel.identity import Families
from onechannel.journeys import LivePromise, Pursuits
from onechannel.live.deadlines import Deadlines
from onechannel.model.ids import (
    AssignmentId,
    CustomerId,
    InteractionId,
    JourneyId,
    PromiseId,
    WorkerId,
)
from onechannel.routing import Rank, RoutingIndex, Seat

__all__ = [
    "AT_ONCE",
    "KeptPlace",
    "LiveAssignment",
    "LiveCallback",
    "LiveInteraction",
    "LiveWorker",
    "State",
    "called_back",
    "kept_for",
    "stand",
    "step_out",
    "waiting_in",
]


@attrs.frozen
class LiveCallback:
    """That a customer is reached later: the promise of it, and whose it is."""

    promise: PromiseId
    attempt: int
    worker: WorkerId | None
    owned_for: timedelta | None
    only: bool


@attrs.define(eq=False)
class LiveInteraction:
    """An interaction that is not closed.

    `place` is its order of arrival, `owner` the assignment that serves, `pending` the one that is
    asked to, `others` those of everybody else; `keeper` had it before it was dormant or suspended.
    `plan` is None where somebody else routes. `speakers` says of each message whether a worker said
    it, and who (None: it was taken back); `heard_at` when the customer last said something, by
    channel. `address` is the mark of where the customer was.
    """

    id: InteractionId
    place: int
    channel: str
    customer: CustomerId | None
    about: str | None
    priority: int
    state: m.InteractionState
    direction: m.Direction = m.Direction.INBOUND
    parent: InteractionId | None = None
    address: str | None = None
    queue: str | None = None
    since: datetime | None = None
    plan: m.Plan | None = None
    step: int = 0
    owner: AssignmentId | None = None
    pending: AssignmentId | None = None
    others: tuple[AssignmentId, ...] = ()
    keeper: WorkerId | None = None
    callback: LiveCallback | None = None
    scheduled: bool = False
    opened: int = 0
    delegated: int = 0
    been_on: tuple[str, ...] = ()
    heard_at: dict[str, datetime] | None = None
    speakers: tuple[tuple[bool, str | None] | None, ...] = ()
    ended: dict[AssignmentId, tuple[m.AssignmentState, WorkerId]] = attrs.field(factory=dict)


@attrs.define(eq=False)
class LiveAssignment:
    """An assignment that is not over; it may outlive its interaction while its worker wraps up."""

    id: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    role: m.Role
    state: m.AssignmentState
    channel: str
    queue: str | None
    load: int


@attrs.define(eq=False)
class LiveWorker:
    """A worker, with its presence and what it holds.

    `sanction` is the reason and the end of one, which lasts wherever the worker goes; `declined`
    and `missed` count what it did not take since it last took something.
    """

    seat: Seat
    state: m.WorkerState = m.WorkerState.SIGNED_OUT
    reason: str | None = None
    sanction: tuple[str, datetime] | None = None
    declined: int = 0
    missed: int = 0
    assignments: dict[AssignmentId, None] = attrs.field(factory=dict)


@attrs.frozen
class KeptPlace:
    """The place of one who abandoned, and may come back to it."""

    id: InteractionId
    channel: str
    queue: str
    since: datetime
    customer: CustomerId | None
    address: str | None


#: The duration of a step that is for a moment only.
AT_ONCE: Final = timedelta(0)


@attrs.define(eq=False)
class State:
    """Everything the next decision depends on."""

    position: int = 0
    at: datetime | None = None
    tenant: str | None = None
    policy: m.Policy = m.DEFAULT_POLICY
    #: Whether that stands in the log, or is only what this release begins with.
    adopted: bool = False
    channels: dict[str, m.Channel] = attrs.field(factory=dict)
    queues: dict[str, m.Queue] = attrs.field(factory=dict)
    calendars: dict[str, m.Calendar] = attrs.field(factory=dict)
    workers: dict[WorkerId, LiveWorker] = attrs.field(factory=dict)
    interactions: dict[InteractionId, LiveInteraction] = attrs.field(factory=dict)
    assignments: dict[AssignmentId, LiveAssignment] = attrs.field(factory=dict)
    places: dict[InteractionId, KeptPlace] = attrs.field(factory=dict)
    pursuits: Pursuits = attrs.field(factory=Pursuits)
    families: Families = attrs.field(factory=Families)
    #: Receipts for what is not known yet, by the vendor's reference.
    parked: dict[str, list[tuple[m.Delivery, str | None]]] = attrs.field(factory=dict)
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    index: RoutingIndex = attrs.field(factory=RoutingIndex)
    #: Those who stand in a step of a moment: when nobody is asked for one, its moment is over.
    momentary: dict[InteractionId, Rank] = attrs.field(factory=dict)
    #: Those who drain and have nothing left.
    leaving: dict[WorkerId, None] = attrs.field(factory=dict)


def stand(state: State, live: LiveInteraction) -> None:
    """Into the line, at its place; not while somebody is asked, nor where somebody else routes."""
    plan, since = live.plan, live.since
    waits = live.state is m.InteractionState.WAITING and live.pending is None and not live.scheduled
    if plan is None or since is None or not waits:
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


def kept_for(state: State, arrived: e.InteractionArrived, queue: str) -> KeptPlace | None:
    """The place of one who abandoned and is back in time, on the same channel in the same queue.

    An address says who it is only where that is not known of both.
    """
    mark, root = arrived.address and arrived.address.mark, state.families.root
    for kept in state.places.values():
        if kept.customer is not None and arrived.customer is not None:
            same = root(kept.customer) == arrived.customer
        else:
            same = mark is not None and kept.address == mark
        here = (kept.channel, kept.queue) == (arrived.channel, queue)
        if same and here and arrived.predecessor in {None, kept.id}:
            return kept
    return None


def waiting_in(state: State, journey: JourneyId) -> LiveInteraction | None:
    """What waits in a journey, is real-time, and is over when the customer comes another way."""
    for one in state.pursuits.journeys[journey].interactions:
        live = state.interactions[one]
        waits = live.state is m.InteractionState.WAITING and live.plan is not None
        inbound = live.direction is m.Direction.INBOUND
        if waits and inbound and state.channels[live.channel].real_time:
            return live
    return None


def called_back(state: State, promise: LivePromise) -> LiveInteraction | None:
    """What waits for the callback that a promise is of."""
    live = state.interactions.get(promise.interaction or "")
    waits = live is not None and live.state is m.InteractionState.WAITING
    callback = live.callback if live is not None and waits else None
    return live if callback is not None and callback.promise == promise.id else None
