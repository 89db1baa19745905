"""The stage: what is there at one point of a log, for whoever looks for something to try.

Laws of this file: it knows what the log says and nothing else; the same number chooses the same
thing. One choice in so many is of something absent, or in another state than the one asked for.
What is over is remembered for a while only, so that a long log costs no more than a short one.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

import attrs

from onechannel import events as e
from onechannel.model.assignment import Role
from onechannel.model.channel import Channel
from onechannel.model.ids import root_of
from onechannel.model.interaction import Direction
from onechannel.model.worker import Worker, WorkerKind
from onechannel.ports import (
    Answer,
    CustomerKnown,
    HolderOf,
    LineOf,
    Past,
    Reference,
    reference_key,
)
from onechannel.testing.strategies.choosing import RARELY, astray, one

__all__ = ["Engagement", "Part", "Stage"]

_KEPT: Final = 40


@attrs.define(eq=False)
class Engagement:
    """An open interaction, as the log tells it."""

    id: str
    channel: str
    customer: str | None
    direction: Direction
    parent: str | None
    journey: str | None
    ours: bool = False
    state: str = "waiting"
    queue: str | None = None
    owner: str | None = None
    keeper: str | None = None
    callback: bool = False
    been_on: tuple[str, ...] = ()


@attrs.define(eq=False)
class Part:
    """An assignment that is not over."""

    id: str
    interaction: str
    worker: str
    role: Role
    state: str = "pending"


def _latest() -> "deque[str]":
    return deque(maxlen=_KEPT)


@attrs.define(eq=False)
class Stage:
    """All that is there by its state; what is over, said or answered about the past."""

    answers: dict[Reference, Answer] = attrs.field(factory=dict)
    open: dict[str, Engagement] = attrs.field(factory=dict)
    parts: dict[str, Part] = attrs.field(factory=dict)
    presences: dict[str, str] = attrs.field(factory=dict)
    workers: dict[str, Worker] = attrs.field(factory=dict)
    channels: dict[str, Channel] = attrs.field(factory=dict)
    customers: list[str] = attrs.field(factory=list)
    merged: dict[str, str] = attrs.field(factory=dict)
    #: State and who answers for it.
    promises: dict[str, tuple[str, str | None]] = attrs.field(factory=dict)
    #: Open ones, with their customer.
    journeys: dict[str, str] = attrs.field(factory=dict)
    parked: dict[str, None] = attrs.field(factory=dict)
    arrived: int = 0
    #: Of late: what closed, what is over, and what was said and sent.
    over: "deque[str]" = attrs.field(factory=_latest)
    ended: "deque[str]" = attrs.field(factory=_latest)
    said: "deque[str]" = attrs.field(factory=_latest)
    sent: "deque[str]" = attrs.field(factory=_latest)
    references: "deque[str]" = attrs.field(factory=_latest)

    # -- choosing ---------------------------------------------------------------------------------

    def interaction(
        self,
        number: int,
        *states: str,
        ours: bool = True,
        where: Callable[[Engagement], Any] | None = None,
    ) -> str:
        """An open interaction, ours or not, in one of those states or in any."""
        fitting = [
            live.id
            for live in self.open.values()
            if live.ours is ours
            and (not states or live.state in states)
            and (where is None or where(live))
        ]
        return _chosen(fitting, number, ("absent", *self.over), self.open)

    def part(self, number: int, *states: str, roles: Collection[Role] = ()) -> str:
        """An assignment in one of those states, of one of these roles or of any."""
        fitting = [
            part.id
            for part in self.parts.values()
            if part.state in states and (not roles or part.role in roles)
        ]
        return _chosen(fitting, number, ("absent/1", *self.ended), self.parts)

    def worker(self, number: int, *presences: str) -> str:
        """A worker with one of these presences."""
        fitting = [name for name, found in self.presences.items() if found in presences]
        return _chosen(fitting, number, ("absent",), self.presences)

    def customer(self, number: int) -> str:
        """A customer that is registered."""
        return _chosen(self.customers, number, ("nobody",), ())

    def promise(self, number: int, *states: str) -> str:
        """A promise in one of those states."""
        fitting = [name for name, (found, _) in self.promises.items() if found in states]
        return _chosen(fitting, number, ("p-0", "p-9"), self.promises)

    def journey(self, number: int, customer: str | None = None) -> str:
        """An open journey, of that customer or of any."""
        fitting = [name for name, whose in self.journeys.items() if customer in {None, whose}]
        return _chosen(fitting, number, ("j-0", "j-9"), self.journeys)

    def message(self, number: int, *, to_customer: bool = False) -> str:
        """Something that was said of late; or sent to a customer."""
        some = self.sent if to_customer else self.said
        return _chosen(some, number, ("absent#1", "#"), self.said)

    def closed(self, number: int) -> str | None:
        """A closed interaction, or None where there is none."""
        return one(self.over, number) if self.over else None

    def new_name(self, number: int, prefix: str) -> str:
        """An id that never arrived."""
        if astray(number, 2):
            return one(["i~1", *self.open, *self.over], number // RARELY)
        return f"{prefix}{self.arrived + 1}"

    # -- who and what -----------------------------------------------------------------------------

    def whose(self, name: str) -> str | None:
        """The worker whose assignment it is, who serves an interaction, or who keeps it."""
        live = self.open.get(name)
        if live is not None:
            name = live.owner or ""
        part = self.parts.get(name)
        if part is not None:
            return part.worker
        return None if live is None else live.keeper

    def is_machine(self, worker: str) -> bool:
        """Whether a worker is a machine."""
        known = self.workers.get(worker)
        return known is not None and known.kind is WorkerKind.MACHINE

    def known_as(self, customer: str) -> str:
        """By whom a customer is known."""
        while customer in self.merged:
            customer = self.merged[customer]
        return customer

    def real_time(self, live: Engagement) -> bool:
        """Whether it is on a channel that is real-time."""
        return self.channels[live.channel].real_time

    # -- taking in --------------------------------------------------------------------------------

    def note(self, data: e.EventData) -> None:
        """Take in what happened."""
        take = _TAKE.get(type(data))
        if take is not None:
            take(self, data)


def _chosen(
    fitting: Collection[str], number: int, absent: tuple[str, ...], others: Iterable[str]
) -> str:
    """The one of those that fit; now and then, or where none does, what does not fit."""
    if fitting and not astray(number):
        return one([*fitting], number)
    return one([*absent, *others], number // RARELY)


# -- customers ------------------------------------------------------------------------------------


def _registered(stage: Stage, data: e.CustomerRegistered) -> None:
    stage.customers.append(data.customer)
    stage.answers[CustomerKnown(data.customer)] = data
    for address in data.addresses:
        stage.answers[HolderOf(address.key)] = data.customer


def _linked(stage: Stage, data: e.CustomerLinked | e.CustomerUnlinked) -> None:
    linked = isinstance(data, e.CustomerLinked)
    stage.answers[HolderOf(data.address.key)] = data.customer if linked else None


def _merged(stage: Stage, data: e.CustomerMerged) -> None:
    stage.merged[data.customer] = data.survivor


def _unmerged(stage: Stage, data: e.CustomerUnmerged) -> None:
    del stage.merged[data.customer]


def _pursued(stage: Stage, data: e.JourneyOpened) -> None:
    stage.journeys[data.journey] = data.customer


def _joined(stage: Stage, data: e.JourneyJoined) -> None:
    stage.open[data.interaction].journey = data.journey


def _pursued_no_more(
    stage: Stage, data: e.JourneyAchieved | e.JourneyFailed | e.JourneyLapsed
) -> None:
    del stage.journeys[data.journey]


def _promised(stage: Stage, data: e.PromiseMade) -> None:
    stage.promises[data.promise] = ("open", data.worker)


def _paused(stage: Stage, data: e.PromisePaused | e.PromiseResumed) -> None:
    state = "paused" if isinstance(data, e.PromisePaused) else "open"
    stage.promises[data.promise] = (state, stage.promises[data.promise][1])


def _settled(stage: Stage, data: Any) -> None:
    del stage.promises[data.promise]


# -- interactions ---------------------------------------------------------------------------------


def _arrived(stage: Stage, data: e.InteractionArrived) -> None:
    stage.arrived += 1
    stage.answers[LineOf(root_of(data.interaction))] = Past(data, None)
    stage.open[data.interaction] = Engagement(
        data.interaction, data.channel, data.customer, data.direction, data.parent, data.journey
    )


def _queued(stage: Stage, data: e.InteractionQueued) -> None:
    live = stage.open[data.interaction]
    live.ours, live.state, live.queue = data.plan is not None, "waiting", data.queue
    live.owner = live.keeper = None


def _dequeued(stage: Stage, data: e.InteractionDequeued) -> None:
    stage.open[data.interaction].queue = None


def _scheduled(stage: Stage, data: e.InteractionScheduled) -> None:
    live = stage.open[data.interaction]
    live.state, live.callback = "waiting", True
    live.owner = live.keeper = None


def _set_aside(stage: Stage, data: e.InteractionSlept | e.InteractionSuspended) -> None:
    live = stage.open[data.interaction]
    live.state = "dormant" if isinstance(data, e.InteractionSlept) else "suspended"
    live.owner, live.keeper = None, data.keeper


def _moved(stage: Stage, data: e.InteractionMoved) -> None:
    live = stage.open[data.interaction]
    live.been_on = (*live.been_on, live.channel)
    live.channel = data.channel


def _closed(stage: Stage, data: e.InteractionClosed) -> None:
    del stage.open[data.interaction]
    stage.over.append(data.interaction)
    line = LineOf(root_of(data.interaction))
    latest = stage.answers[line]
    if isinstance(latest, Past) and latest.arrived.interaction == data.interaction:
        stage.answers[line] = Past(latest.arrived, data)


# -- what is said ---------------------------------------------------------------------------------


def _received(stage: Stage, data: e.MessageReceived) -> None:
    stage.said.append(data.message)


def _sent(stage: Stage, data: e.MessageSent) -> None:
    stage.said.append(data.message)
    stage.sent.append(data.message)


def _identified(stage: Stage, data: e.MessageIdentified) -> None:
    stage.answers[HolderOf(reference_key(data.reference))] = data.message
    stage.references.append(data.reference)
    stage.parked.pop(data.reference, None)


def _parked(stage: Stage, data: e.ReceiptParked) -> None:
    stage.parked[data.reference] = None


def _unmatched(stage: Stage, data: e.ReceiptUnmatched) -> None:
    del stage.parked[data.reference]


# -- assignments and workers ----------------------------------------------------------------------


def _opened(stage: Stage, data: e.AssignmentOpened) -> None:
    stage.parts[data.assignment] = Part(data.assignment, data.interaction, data.worker, data.role)


def _accepted(stage: Stage, data: e.AssignmentAccepted | e.RoleChanged) -> None:
    part = stage.parts[data.assignment]
    part.state = "active"
    if isinstance(data, e.RoleChanged):
        part.role = data.role
    if part.role is Role.SERVES:
        live = stage.open[data.interaction]
        live.state, live.owner, live.keeper = "engaged", part.id, None
        live.queue = live.queue if live.ours else None


_PART_STATES: Final = {
    e.AssignmentHeld: "held",
    e.AssignmentResumed: "active",
    e.AssignmentWrapping: "wrapping",
}


def _part_moved(stage: Stage, data: Any) -> None:
    stage.parts[data.assignment].state = _PART_STATES[type(data)]


def _part_over(stage: Stage, data: Any) -> None:
    del stage.parts[data.assignment]
    stage.ended.append(data.assignment)
    live = stage.open.get(data.interaction)
    if live is not None and live.owner == data.assignment:
        live.state, live.owner = "waiting", None


def _worker_defined(stage: Stage, data: e.WorkerDefined) -> None:
    stage.workers[data.worker] = data.definition
    stage.presences.setdefault(data.worker, "signed_out")


_PRESENCES: Final = {
    e.WorkerSignedOut: "signed_out",
    e.WorkerSignedIn: "available",
    e.WorkerAvailable: "available",
    e.WorkerUnavailable: "unavailable",
    e.WorkerDraining: "draining",
}


def _presence(stage: Stage, data: Any) -> None:
    stage.presences[data.worker] = _PRESENCES[type(data)]


def _channel_defined(stage: Stage, data: e.ChannelDefined) -> None:
    stage.channels[data.channel.name] = data.channel


_TAKE: Final[dict[type[e.EventData], Callable[[Stage, Any], None]]] = {
    e.ChannelDefined: _channel_defined,
    e.WorkerDefined: _worker_defined,
    **dict.fromkeys(_PRESENCES, _presence),
    e.CustomerRegistered: _registered,
    **dict.fromkeys((e.CustomerLinked, e.CustomerUnlinked), _linked),
    e.CustomerMerged: _merged,
    e.CustomerUnmerged: _unmerged,
    e.JourneyOpened: _pursued,
    e.JourneyJoined: _joined,
    **dict.fromkeys((e.JourneyAchieved, e.JourneyFailed, e.JourneyLapsed), _pursued_no_more),
    e.PromiseMade: _promised,
    **dict.fromkeys((e.PromisePaused, e.PromiseResumed), _paused),
    **dict.fromkeys((e.PromiseKept, e.PromiseBroken, e.PromiseRenegotiated), _settled),
    e.PromiseWithdrawn: _settled,
    e.InteractionArrived: _arrived,
    e.InteractionQueued: _queued,
    e.InteractionDequeued: _dequeued,
    e.InteractionScheduled: _scheduled,
    **dict.fromkeys((e.InteractionSlept, e.InteractionSuspended), _set_aside),
    e.InteractionMoved: _moved,
    e.InteractionClosed: _closed,
    e.MessageReceived: _received,
    e.MessageSent: _sent,
    e.MessageIdentified: _identified,
    e.ReceiptParked: _parked,
    e.ReceiptUnmatched: _unmatched,
    e.AssignmentOpened: _opened,
    **dict.fromkeys((e.AssignmentAccepted, e.RoleChanged), _accepted),
    **dict.fromkeys(_PART_STATES, _part_moved),
    **dict.fromkeys((e.AssignmentDeclined, e.AssignmentExpired), _part_over),
    **dict.fromkeys((e.AssignmentRescinded, e.AssignmentReleased), _part_over),
}
