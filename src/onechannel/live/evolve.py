"""Evolve: what an event does to the state.

Laws of this file: this is the only code that changes state; it decides nothing, calls no policy,
and looks at the event and the state alone, so that a replay arrives where the live kernel stood.
One table says of each event which machine it moves, and what else it changes.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, TypeAlias

from onechannel import events as e
from onechannel import machines
from onechannel import model as m
from onechannel.errors import LogInconsistent
from onechannel.journeys import PURSUE
from onechannel.live.deadlines import TIMERS, Thing, Timers
from onechannel.live.state import (
    KeptPlace,
    LiveAssignment,
    LiveCallback,
    LiveInteraction,
    LiveWorker,
    State,
    stand,
    step_out,
)
from onechannel.routing import Seat

__all__ = ["apply", "evolve"]


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
    find, name, moves, change, timers, pursue = _EVOLVE[type(data)]
    if find is not None:
        record = find(state)[getattr(data, name)]
        if moves is not None:
            record.state = moves[record.state]
        change(state, data, record)
    elif change is not None:
        change(state, data)
    if timers is not None and (timers.fields or state.deadlines.armed):
        state.deadlines.apply(timers, data, origin.recorded_at, event.position)
    if pursue is not None:
        pursue(state.pursuits, data, origin.recorded_at)
    return event


def _misfit(state: State, event: e.Event) -> str:
    known: dict[str, dict[str, Any]] = {
        name: dict(find(state)) for name, (find, _) in _LIVE.items()
    }
    known |= {"promise": dict(state.pursuits.promises), "journey": dict(state.pursuits.journeys)}
    said = [
        f"{name} {subject} is {live[subject].state.value if subject in live else 'not live'}"
        for name, live in known.items()
        if (subject := getattr(event.data, name, None)) is not None
    ]
    return f"{event.type} does not apply: {', '.join(said) or 'what it names is not defined'}"


# -- the centre itself ----------------------------------------------------------------------------


def _channel_defined(state: State, data: e.ChannelDefined) -> None:
    state.channels[data.channel.name] = data.channel
    state.index.redefine(data.channel)


def _queue_defined(state: State, data: e.QueueDefined) -> None:
    state.queues[data.queue.name] = data.queue


def _calendar_defined(state: State, data: e.CalendarDefined) -> None:
    state.calendars[data.calendar.name] = data.calendar


def _worker_defined(state: State, data: e.WorkerDefined) -> None:
    known = state.workers.get(data.worker)
    if known is None:
        known = state.workers[data.worker] = LiveWorker(Seat(data.definition, order=state.position))
    known.seat.worker = data.definition
    state.index.seat(known.seat)


def _policy_adopted(state: State, data: e.PolicyAdopted) -> None:
    state.policy, state.adopted = data.policy, True


def _merged(state: State, data: e.CustomerMerged) -> None:
    state.families.join(data.customer, data.survivor)


def _unmerged(state: State, data: e.CustomerUnmerged) -> None:
    state.families.part(data.customer)


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
        machines.INTERACTION.initial,
        data.direction,
        data.parent,
        None if data.address is None else data.address.mark,
    )
    if data.parent is not None:
        state.interactions[data.parent].delegated += 1
    if data.predecessor is not None and state.places.pop(data.predecessor, None) is not None:
        state.deadlines.clear(Thing.INTERACTION, data.predecessor)


def _queued(state: State, data: e.InteractionQueued, live: LiveInteraction) -> None:
    live.queue = state.queues[data.queue].name
    live.since, live.plan = data.since, data.plan
    _let_go(state, data, live)
    if data.step is not None:
        live.step = data.step
        stand(state, live)


def _let_go(state: State, _data: e.EventData, live: LiveInteraction) -> None:
    """Nobody serves it any more, nor stands it in a line."""
    live.owner = live.keeper = None
    live.scheduled = False
    step_out(state, live.id)


def _step_expired(state: State, data: e.StepExpired, live: LiveInteraction) -> None:
    step_out(state, live.id)
    live.step = data.step
    stand(state, live)


def _dequeued(_state: State, _data: e.InteractionDequeued, live: LiveInteraction) -> None:
    live.queue = None


def _scheduled(state: State, data: e.InteractionScheduled, live: LiveInteraction) -> None:
    _let_go(state, data, live)
    owned = (data.worker, data.owned_for, data.only)
    live.callback = LiveCallback(data.promise, data.attempt, *owned)
    live.scheduled = True
    if data.at != state.at:
        live.since = None


def _set_aside(
    state: State, data: e.InteractionSlept | e.InteractionSuspended, live: LiveInteraction
) -> None:
    _let_go(state, data, live)
    live.keeper = data.keeper


def _moved(state: State, data: e.InteractionMoved, live: LiveInteraction) -> None:
    channel = state.channels[data.channel]
    step_out(state, live.id)
    live.been_on = (*(one for one in live.been_on if one != channel.name), live.channel)
    live.channel = channel.name
    if data.address is not None:
        live.address = data.address.mark
    parts = [state.assignments[one] for one in (live.pending, live.owner, *live.others) if one]
    # In the order in which a restored index would have them.
    for assignment in sorted(parts, key=attrgetter("worker")):
        seat = state.workers[assignment.worker].seat
        seat.drop(state.channels[assignment.channel], assignment.load)
        seat.take(channel)
        assignment.channel, assignment.load = channel.name, channel.load
        seat.order = state.position
        state.index.touch(seat)
    stand(state, live)


def _closed(state: State, data: e.InteractionClosed, live: LiveInteraction) -> None:
    del state.interactions[live.id]
    step_out(state, live.id)
    if data.place_until is not None and live.since is not None and live.queue is not None:
        place = (live.channel, live.queue, live.since, live.customer, live.address)
        state.places[live.id] = KeptPlace(live.id, *place)


def _place_lost(state: State, data: e.PlaceLost) -> None:
    del state.places[data.interaction]


# -- what is said ---------------------------------------------------------------------------------


def _received(state: State, data: e.MessageReceived, live: LiveInteraction) -> None:
    live.speakers = (*live.speakers, (False, data.author))
    assert state.at is not None  # as of this event
    live.heard_at = {**(live.heard_at or {}), data.channel: state.at}


def _sent(state: State, data: e.MessageSent, _assignment: LiveAssignment) -> None:
    live = state.interactions[data.interaction]
    live.speakers = (*live.speakers, (True, data.worker))


def _retracted(state: State, data: e.MessageRetracted) -> None:
    live = state.interactions.get(data.interaction)
    if live is not None:
        number = int(data.message.rpartition("#")[2])
        live.speakers = (*live.speakers[: number - 1], None, *live.speakers[number:])


def _parked(state: State, data: e.ReceiptParked) -> None:
    state.parked.setdefault(data.reference, []).append((data.state, data.reason))


def _joined(state: State, data: e.MessageIdentified | e.ReceiptUnmatched) -> None:
    state.parked.pop(data.reference, None)


# -- assignments ----------------------------------------------------------------------------------


def _opened(state: State, data: e.AssignmentOpened) -> None:
    live = state.interactions[data.interaction]
    worker = state.workers[data.worker]
    channel = state.channels[live.channel]
    if data.assignment in state.assignments or data.assignment in live.ended:
        raise KeyError(data.assignment)
    live.opened += 1
    if data.role is m.Role.SERVES:
        live.pending = data.assignment
        step_out(state, live.id)
    else:
        live.others = (*live.others, data.assignment)
    state.assignments[data.assignment] = LiveAssignment(
        data.assignment,
        live.id,
        data.worker,
        data.role,
        machines.ASSIGNMENT.initial,
        channel.name,
        live.queue,
        channel.load,
    )
    worker.assignments[data.assignment] = None
    state.leaving.pop(data.worker, None)
    seat = worker.seat
    seat.take(channel)
    seat.order = state.position
    state.index.touch(seat)


def _accepted(state: State, data: e.AssignmentAccepted, assignment: LiveAssignment) -> None:
    worker = state.workers[data.worker]
    worker.declined = worker.missed = 0
    if assignment.role is m.Role.SERVES:
        _own(state, data, assignment)


def _role_changed(state: State, data: e.RoleChanged, assignment: LiveAssignment) -> None:
    assignment.role = data.role
    if assignment.role is m.Role.SERVES:
        _own(state, data, assignment)


def _own(state: State, data: e.EventData, assignment: LiveAssignment) -> None:
    """Its worker has the interaction from here on."""
    live = state.interactions[assignment.interaction]
    if live.state is not m.InteractionState.ENGAGED:
        state.deadlines.clear(Thing.INTERACTION, live.id)
    live.state = machines.INTERACTION.moves[live.state, type(data)]
    live.owner, live.keeper, live.scheduled = assignment.id, None, False
    if live.pending == assignment.id:
        live.pending = None
    if live.others:
        _forget(live, assignment)
    if live.plan is None:
        # Where somebody else routes, to be served is to have left the queue.
        live.queue = None


def _not_accepted(state: State, data: e.EventData, assignment: LiveAssignment) -> None:
    worker = state.workers[assignment.worker]
    worker.declined += type(data) is e.AssignmentDeclined
    worker.missed += type(data) is e.AssignmentExpired
    live = _end(state, assignment)
    if live is not None and live.pending == assignment.id:
        live.pending = None
        stand(state, live)


def _wrapping(state: State, _data: e.AssignmentWrapping, assignment: LiveAssignment) -> None:
    live = state.interactions.get(assignment.interaction)
    if live is not None:
        _forget(live, assignment)


def _released(state: State, data: e.AssignmentReleased, assignment: LiveAssignment) -> None:
    live = _end(state, assignment)
    if live is not None and live.owner == assignment.id:
        # Only an observed system lets go of a customer without saying who is next.
        live.state = machines.INTERACTION.moves[live.state, type(data)]
        live.owner = None


def _forget(live: LiveInteraction, assignment: LiveAssignment) -> None:
    live.others = tuple(one for one in live.others if one != assignment.id)


def _end(state: State, assignment: LiveAssignment) -> LiveInteraction | None:
    """The worker bears it no longer; gives the interaction, if it is still open."""
    del state.assignments[assignment.id]
    worker = state.workers[assignment.worker]
    del worker.assignments[assignment.id]
    if worker.state is m.WorkerState.DRAINING and not worker.assignments:
        state.leaving[assignment.worker] = None
    seat = worker.seat
    seat.drop(state.channels[assignment.channel], assignment.load)
    seat.order = state.position
    state.index.touch(seat)
    live = state.interactions.get(assignment.interaction)
    if live is not None:
        live.ended[assignment.id] = (assignment.state, assignment.worker)
        if live.others:
            _forget(live, assignment)
    return live


# -- workers --------------------------------------------------------------------------------------


def _presence(state: State, data: Any, worker: LiveWorker) -> None:
    worker.reason = getattr(data, "reason", None)
    if isinstance(data, e.WorkerUnavailable):
        worker.sanction = (data.reason, data.until) if data.sanction and data.until else None
    elif isinstance(data, e.WorkerAvailable):
        worker.sanction = None
    state.leaving.pop(data.worker, None)
    seat = worker.seat
    seat.open = worker.state is m.WorkerState.AVAILABLE
    if seat.open:
        seat.order = state.position
    state.index.touch(seat)


# -- the table ------------------------------------------------------------------------------------


def _nothing(_state: State, _data: e.EventData, _record: object) -> None:
    """Nothing that a later decision depends on, but for the machine that was moved."""


#: Where the records of a machine are found.
_LIVE: Final = {
    "interaction": (attrgetter("interactions"), machines.INTERACTION),
    "assignment": (attrgetter("assignments"), machines.ASSIGNMENT),
    "worker": (attrgetter("workers"), machines.WORKER),
}
#: What an event does: where the thing it moves is found and named, its machine's moves, what else
#: changes, the deadlines, and what becomes of journeys and promises.
_Rule: TypeAlias = tuple[
    Callable[[State], Any] | None, str, Mapping[Any, Any] | None, Any, Timers | None, Any
]


def _rule(kind: type[e.EventData], change: Any, thing: str | None = None) -> _Rule:
    timers, pursue = TIMERS.get(kind), PURSUE.get(kind)
    if thing is None:
        return None, "", None, change, timers, pursue
    find, machine = _LIVE[thing]
    moves = {state: end for (state, moved), end in machine.moves.items() if moved is kind}
    return find, thing, moves or None, change, timers, pursue


_CHANGES: Final[Mapping[str | None, Mapping[type[e.EventData], Any]]] = {
    None: {
        e.ChannelDefined: _channel_defined,
        e.QueueDefined: _queue_defined,
        e.CalendarDefined: _calendar_defined,
        e.WorkerDefined: _worker_defined,
        e.PolicyAdopted: _policy_adopted,
        e.CustomerMerged: _merged,
        e.CustomerUnmerged: _unmerged,
        e.InteractionArrived: _arrived,
        e.PlaceLost: _place_lost,
        e.AssignmentOpened: _opened,
        e.MessageRetracted: _retracted,
        e.ReceiptParked: _parked,
        e.MessageIdentified: _joined,
        e.ReceiptUnmatched: _joined,
    },
    "interaction": {
        e.InteractionQueued: _queued,
        e.StepExpired: _step_expired,
        e.InteractionDequeued: _dequeued,
        e.InteractionScheduled: _scheduled,
        e.InteractionSlept: _set_aside,
        e.InteractionSuspended: _set_aside,
        e.InteractionLeased: _nothing,
        e.LeaseExpired: _nothing,
        e.InteractionMoved: _moved,
        e.InteractionClosed: _closed,
        e.MessageReceived: _received,
    },
    "assignment": {
        e.AssignmentAccepted: _accepted,
        e.RoleChanged: _role_changed,
        e.AssignmentHeld: _nothing,
        e.AssignmentResumed: _nothing,
        e.MessageSuggested: _nothing,
        e.MessageSent: _sent,
        e.AssignmentDeclined: _not_accepted,
        e.AssignmentExpired: _not_accepted,
        e.AssignmentRescinded: _not_accepted,
        e.AssignmentWrapping: _wrapping,
        e.AssignmentReleased: _released,
    },
    "worker": {event: _presence for _, event in machines.WORKER.moves},
}

_EVOLVE: Final[dict[type[e.EventData], _Rule]] = {
    **{kind: _rule(kind, None) for kind in e.EVENT_TYPES.values()},
    **{
        kind: _rule(kind, change, thing)
        for thing, changes in _CHANGES.items()
        for kind, change in changes.items()
    },
}
