"""Evolve: what an event does to the state.

Laws of this file: this is the only code that changes state; it decides nothing, calls no policy,
and looks at the event and the state alone, so that a replay arrives where the live kernel stood.
"""

from collections.abc import Callable
from typing import Any, Final

from onechannel import events as e
from onechannel.errors import LogInconsistent
from onechannel.kernel.state import (
    Alarm,
    LiveAssignment,
    LiveInteraction,
    LiveWorker,
    State,
    stand,
    step_out,
)
from onechannel.kernel.transitions import ASSIGNMENT, INTERACTION, WORKER
from onechannel.model.worker import WorkerState
from onechannel.routing import Seat

__all__ = ["apply", "evolve"]

_MOVE_INTERACTION: Final = INTERACTION.moves
_MOVE_ASSIGNMENT: Final = ASSIGNMENT.moves
_MOVE_WORKER: Final = WORKER.moves


def evolve(state: State, event: e.Event) -> None:
    """Apply an event from a log; raises `LogInconsistent`, at which the state is of no more use."""
    origin = event.origin
    if event.position != state.position + 1:
        raise LogInconsistent(state.position + 1, f"the log goes on at position {event.position}")
    if state.at is not None and origin.recorded_at < state.at:
        raise LogInconsistent(event.position, "it was recorded before the event that precedes it")
    if state.tenant is not None and origin.tenant != state.tenant:
        raise LogInconsistent(event.position, "it belongs to another tenant")
    try:
        apply(state, event)
    except (KeyError, IndexError):
        # A move that no table has, a thing that is not live, a step that no plan has.
        raise LogInconsistent(event.position, _misfit(state, event)) from None


def apply(state: State, event: e.Event) -> e.Event:
    """Apply an event that was decided on this very state, and give it back."""
    origin, data = event.origin, event.data
    state.position = event.position
    state.at = origin.recorded_at
    state.tenant = origin.tenant
    _EVOLVE[type(data)](state, data)
    return event


def _misfit(state: State, event: e.Event) -> str:
    subjects = {
        "assignment": {key: value.state.value for key, value in state.assignments.items()},
        "interaction": {key: value.state.value for key, value in state.interactions.items()},
        "worker": {key: value.state.value for key, value in state.workers.items()},
    }
    said = [
        f"{name} {subject} is {known.get(subject, 'not live')}"
        for name, known in subjects.items()
        if (subject := getattr(event.data, name, None)) is not None
    ]
    return f"{event.type} does not apply: {', '.join(said) or 'what it names is not defined'}"


# -- the centre itself ----------------------------------------------------------------------------


def _channel_defined(state: State, data: e.ChannelDefined) -> None:
    state.channels[data.channel.name] = data.channel
    state.index.redefine(data.channel)


def _queue_defined(state: State, data: e.QueueDefined) -> None:
    state.queues[data.queue.name] = data.queue


def _worker_defined(state: State, data: e.WorkerDefined) -> None:
    known = state.workers.get(data.worker)
    if known is None:
        known = state.workers[data.worker] = LiveWorker(Seat(data.definition, order=state.position))
    known.seat.worker = data.definition
    state.index.seat(known.seat)


def _policy_adopted(state: State, data: e.PolicyAdopted) -> None:
    state.policy = data.policy


def _recorded(_state: State, _data: e.EventData) -> None:
    """Nothing that a later decision depends on."""


# -- interactions ---------------------------------------------------------------------------------


def _arrived(state: State, data: e.InteractionArrived) -> None:
    if data.interaction in state.interactions:
        raise KeyError(data.interaction)
    state.interactions[data.interaction] = LiveInteraction(
        data.interaction,
        state.position,
        state.channels[data.channel].name,
        data.customer,
        data.about,
        data.priority,
        INTERACTION.initial,
    )


def _queued(state: State, data: e.InteractionQueued) -> None:
    live = state.interactions[data.interaction]
    live.state = _MOVE_INTERACTION[live.state, e.InteractionQueued]
    live.queue = state.queues[data.queue].name
    live.since = data.since
    live.plan = data.plan
    live.owner = None
    step_out(state, live.id)
    if data.step is not None:
        live.step = data.step
        stand(state, live)
    _arm_step(state, data)


def _step_expired(state: State, data: e.StepExpired) -> None:
    live = state.interactions[data.interaction]
    live.state = _MOVE_INTERACTION[live.state, e.StepExpired]
    step_out(state, live.id)
    live.step = data.step
    stand(state, live)
    _arm_step(state, data)


def _arm_step(state: State, data: e.InteractionQueued | e.StepExpired) -> None:
    state.deadlines.cancel(Alarm.STEP, data.interaction)
    if data.expires_at is not None:
        state.deadlines.arm(Alarm.STEP, data.interaction, data.expires_at, state.position)


def _dequeued(state: State, data: e.InteractionDequeued) -> None:
    live = state.interactions[data.interaction]
    live.state = _MOVE_INTERACTION[live.state, e.InteractionDequeued]
    live.queue = None


def _closed(state: State, data: e.InteractionClosed) -> None:
    live = state.interactions[data.interaction]
    live.state = _MOVE_INTERACTION[live.state, e.InteractionClosed]
    del state.interactions[live.id]
    step_out(state, live.id)
    state.deadlines.cancel(Alarm.STEP, live.id)


# -- assignments ----------------------------------------------------------------------------------


def _opened(state: State, data: e.AssignmentOpened) -> None:
    live = state.interactions[data.interaction]
    worker = state.workers[data.worker]
    channel = state.channels[live.channel]
    if data.assignment in state.assignments or data.assignment in live.ended:
        raise KeyError(data.assignment)
    live.opened += 1
    live.pending = data.assignment
    step_out(state, live.id)
    state.assignments[data.assignment] = LiveAssignment(
        data.assignment,
        live.id,
        data.worker,
        data.role,
        ASSIGNMENT.initial,
        channel.name,
        live.queue,
        channel.load,
    )
    worker.assignments[data.assignment] = None
    seat = worker.seat
    seat.take(channel)
    seat.order = state.position
    state.index.touch(seat)
    if data.expires_at is not None:
        state.deadlines.arm(Alarm.RING, data.assignment, data.expires_at, state.position)


def _accepted(state: State, data: e.AssignmentAccepted) -> None:
    assignment = state.assignments[data.assignment]
    assignment.state = _MOVE_ASSIGNMENT[assignment.state, e.AssignmentAccepted]
    live = state.interactions[assignment.interaction]
    live.state = _MOVE_INTERACTION[live.state, e.AssignmentAccepted]
    live.owner = assignment.id
    live.pending = None
    if live.plan is None:
        # Where somebody else routes, to be served is to have left the queue.
        live.queue = None
    state.deadlines.cancel(Alarm.RING, assignment.id)
    state.deadlines.cancel(Alarm.STEP, live.id)


def _message_sent(state: State, data: e.MessageSent) -> None:
    assignment = state.assignments[data.assignment]
    assignment.state = _MOVE_ASSIGNMENT[assignment.state, e.MessageSent]


def _not_accepted(
    state: State, data: e.AssignmentDeclined | e.AssignmentExpired | e.AssignmentRescinded
) -> None:
    assignment = state.assignments[data.assignment]
    assignment.state = _MOVE_ASSIGNMENT[assignment.state, type(data)]
    state.deadlines.cancel(Alarm.RING, assignment.id)
    live = _end(state, assignment)
    if live is not None:
        live.pending = None
        stand(state, live)


def _wrapping(state: State, data: e.AssignmentWrapping) -> None:
    assignment = state.assignments[data.assignment]
    assignment.state = _MOVE_ASSIGNMENT[assignment.state, e.AssignmentWrapping]
    state.deadlines.arm(Alarm.WRAP_UP, assignment.id, data.until, state.position)


def _released(state: State, data: e.AssignmentReleased) -> None:
    assignment = state.assignments[data.assignment]
    assignment.state = _MOVE_ASSIGNMENT[assignment.state, e.AssignmentReleased]
    state.deadlines.cancel(Alarm.WRAP_UP, assignment.id)
    live = _end(state, assignment)
    if live is not None and live.owner == assignment.id:
        # Only an observed system lets go of a customer without saying who is next.
        live.state = _MOVE_INTERACTION[live.state, e.AssignmentReleased]
        live.owner = None


def _end(state: State, assignment: LiveAssignment) -> LiveInteraction | None:
    """The worker bears it no longer; gives the interaction, if it is still open."""
    del state.assignments[assignment.id]
    worker = state.workers[assignment.worker]
    del worker.assignments[assignment.id]
    seat = worker.seat
    seat.drop(state.channels[assignment.channel], assignment.load)
    seat.order = state.position
    state.index.touch(seat)
    live = state.interactions.get(assignment.interaction)
    if live is not None:
        live.ended[assignment.id] = (assignment.state, assignment.worker)
    return live


# -- workers --------------------------------------------------------------------------------------


def _presence(
    state: State,
    data: e.WorkerSignedIn | e.WorkerSignedOut | e.WorkerAvailable | e.WorkerUnavailable,
) -> None:
    worker = state.workers[data.worker]
    worker.state = _MOVE_WORKER[worker.state, type(data)]
    worker.reason = None
    state.deadlines.cancel(Alarm.PAUSE, data.worker)
    if isinstance(data, e.WorkerUnavailable):
        worker.reason = data.reason
        if data.until is not None:
            state.deadlines.arm(Alarm.PAUSE, data.worker, data.until, state.position)
    seat = worker.seat
    seat.open = worker.state is WorkerState.AVAILABLE
    if seat.open:
        seat.order = state.position
    state.index.touch(seat)


_EVOLVE: Final[dict[type[e.EventData], Callable[[State, Any], None]]] = {
    e.ChannelDefined: _channel_defined,
    e.QueueDefined: _queue_defined,
    e.WorkerDefined: _worker_defined,
    e.PolicyAdopted: _policy_adopted,
    e.PolicyFaulted: _recorded,
    e.CustomerRegistered: _recorded,
    e.InteractionArrived: _arrived,
    e.InteractionQueued: _queued,
    e.StepExpired: _step_expired,
    e.InteractionDequeued: _dequeued,
    e.InteractionClosed: _closed,
    e.MessageReceived: _recorded,
    e.MessageSent: _message_sent,
    e.AssignmentOpened: _opened,
    e.AssignmentAccepted: _accepted,
    e.AssignmentDeclined: _not_accepted,
    e.AssignmentExpired: _not_accepted,
    e.AssignmentRescinded: _not_accepted,
    e.AssignmentWrapping: _wrapping,
    e.AssignmentReleased: _released,
    e.WorkerSignedIn: _presence,
    e.WorkerSignedOut: _presence,
    e.WorkerAvailable: _presence,
    e.WorkerUnavailable: _presence,
    e.AnomalyObserved: _recorded,
}
