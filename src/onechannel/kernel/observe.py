"""Observed work: what somebody else decided.

Laws of this file: no policy is asked, no order or capacity enforced, no deadline armed. What the
tables do not allow is recorded as an anomaly, with the verb and its data, and never dropped; names
nobody defined are defined by being observed.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final, TypeAlias

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel import machines
from onechannel import model as m
from onechannel.kernel.arrivals import new_id
from onechannel.kernel.custody import end, leased
from onechannel.live.state import LiveInteraction
from onechannel.live.turn import Turn
from onechannel.model.ids import AssignmentId, WorkerId, assignment_id

__all__ = ["OBSERVE"]

Observed: TypeAlias = Iterator[e.EventData]
_OnOpen: TypeAlias = (
    c.ObserveQueued | c.ObserveDequeued | c.ObserveAccepted | c.ObserveReleased | c.ObserveClosed
)


def _arrival(turn: Turn, command: c.ObserveArrival) -> Observed:
    interaction = new_id(turn, command.interaction)
    if command.channel not in turn.state.channels:
        yield e.ChannelDefined(m.known_channel(command.channel))
    if command.customer is not None and turn.facts.customer(command.customer) is None:
        yield e.CustomerRegistered(command.customer, None, ())
    yield e.InteractionArrived(
        interaction,
        command.channel,
        turn.known_as(command.customer),
        None,
        command.about,
        command.priority,
        None,
    )


def _queued(turn: Turn, command: c.ObserveQueued, live: LiveInteraction) -> Observed:
    queue = turn.state.queues.get(command.queue)
    if queue is not None and queue.router is m.Router.OURS:
        yield _anomaly(command, f"queue {queue.name} is routed by us")
        return
    if queue is None:
        yield e.QueueDefined(m.Queue(name=command.queue, router=m.Router.THEIRS))
    owner = live.owner
    yield e.InteractionQueued(
        live.id, command.queue, m.QueuedBecause.OBSERVED, turn.claimed_at, None, None, None, None
    )
    yield from _let_go(turn, owner)


def _dequeued(_turn: Turn, command: c.ObserveDequeued, live: LiveInteraction) -> Observed:
    if live.queue is None:
        yield _anomaly(command, "it is in no queue")
        return
    yield e.InteractionDequeued(live.id)


def _accepted(turn: Turn, command: c.ObserveAccepted, live: LiveInteraction) -> Observed:
    owner = live.owner
    if owner is not None and turn.state.assignments[owner].worker == command.worker:
        yield _anomaly(command, "that worker serves it already")
        return
    if command.worker not in turn.state.workers:
        yield e.WorkerDefined(command.worker, m.Worker(id=command.worker, kind=command.kind))
    assignment = assignment_id(live.id, live.opened + 1)
    yield e.AssignmentOpened(assignment, live.id, command.worker, m.Role.SERVES, None, "observed")
    yield e.AssignmentAccepted(assignment, live.id, command.worker)
    yield from _let_go(turn, owner)


def _released(turn: Turn, command: c.ObserveReleased, live: LiveInteraction) -> Observed:
    assert live.owner is not None  # engaged
    if turn.state.assignments[live.owner].worker != command.worker:
        yield _anomaly(command, "another worker serves it")
        return
    yield from _let_go(turn, live.owner)


def _closed(turn: Turn, command: c.ObserveClosed, live: LiveInteraction) -> Observed:
    yield from end(turn, live, command.reason, command.disposition)


def _stated(_turn: Turn, command: c.ObserveAnomaly) -> Observed:
    yield e.AnomalyObserved(command.interaction, command.verb, command.reason, command.details)


def _is_held(turn: Turn, live: LiveInteraction) -> bool:
    """Whether a vendor holds it, if it goes on: a call, what somebody serves, or what is theirs."""
    if live.plan is None or live.state is m.InteractionState.ENGAGED:
        return True
    calls = live.direction is m.Direction.INBOUND and live.callback is None
    waits = live.state is m.InteractionState.WAITING
    return waits and calls and turn.state.channels[live.channel].real_time


def _reconcile(turn: Turn, command: c.Reconcile) -> Observed:
    """Here as there: what they no longer hold is over, what they hold is as they say."""
    for live in tuple(turn.state.interactions.values()):
        if live.channel != command.channel or live.id not in turn.state.interactions:
            continue
        if live.id not in command.serving:
            if _is_held(turn, live):
                yield from end(turn, live, m.EndReason.FAILED, "reconciled")
        elif live.plan is not None:
            worker = command.serving[live.id]
            if worker is not None and worker != turn.keeper(live):
                details = m.FrozenMap({"worker": worker})
                yield e.AnomalyObserved(live.id, "reconcile", "we say who serves it", details)
            if live.state is m.InteractionState.ENGAGED:
                yield from leased(turn.state, turn.now, live)
        else:
            yield from _as_they_say(turn, live, command.serving[live.id])
    for unknown in sorted(command.serving.keys() - turn.state.interactions.keys()):
        details = m.FrozenMap({"worker": command.serving[unknown] or "nobody"})
        yield e.AnomalyObserved(unknown, "reconcile", "the interaction is not open", details)


def _as_they_say(turn: Turn, live: LiveInteraction, worker: WorkerId | None) -> Observed:
    served_by = None if live.owner is None else turn.state.assignments[live.owner].worker
    if worker is None:
        yield from _let_go(turn, live.owner)
    elif worker != served_by:
        yield from _accepted(turn, c.ObserveAccepted(interaction=live.id, worker=worker), live)


def _let_go(turn: Turn, owner: AssignmentId | None) -> Observed:
    if owner is not None:
        assignment = turn.state.assignments[owner]
        yield e.AssignmentReleased(assignment.id, assignment.interaction, assignment.worker)


def _on_open(
    observed: Callable[[Turn, Any, LiveInteraction], Observed],
) -> Callable[[Turn, Any], Observed]:
    """The same, where the tables allow it; an anomaly where they do not."""

    def decide(turn: Turn, command: _OnOpen) -> Observed:
        live = turn.state.interactions.get(command.interaction)
        if live is None:
            yield _anomaly(command, "the interaction is not open")
        elif live.plan is not None:
            yield _anomaly(command, "the interaction is routed by us")
        elif live.state not in machines.INTERACTION.admits[type(command)]:
            yield _anomaly(command, f"the interaction is {live.state.value}")
        else:
            yield from observed(turn, command, live)

    return decide


def _anomaly(command: _OnOpen, reason: str) -> e.AnomalyObserved:
    details = {
        name: value.value if isinstance(value, Enum) else str(value)
        for name, value in attrs.asdict(command, recurse=False).items()
        if name != "interaction" and value is not None
    }
    verb = c.VERBS[type(command)].name
    return e.AnomalyObserved(command.interaction, verb, reason, m.FrozenMap(details))


#: The decision on every command that says what somebody else decided.
OBSERVE: Final[dict[type, Callable[[Turn, Any], Observed]]] = {
    c.ObserveArrival: _arrival,
    c.ObserveQueued: _on_open(_queued),
    c.ObserveDequeued: _on_open(_dequeued),
    c.ObserveAccepted: _on_open(_accepted),
    c.ObserveReleased: _on_open(_released),
    c.ObserveClosed: _on_open(_closed),
    c.ObserveAnomaly: _stated,
    c.Reconcile: _reconcile,
}
