"""What the log says of interactions: where they are, what was said, and who takes part.

Law of this file: which state follows which is looked up in the tables.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.machines import ASSIGNMENT, INTERACTION
from onechannel.model.actor import ActorKind
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.ids import is_derived, spoken_in
from onechannel.model.interaction import Direction
from onechannel.simulation.records import (
    Decision,
    InteractionView,
    Message,
    Part,
    Records,
    Suggestion,
)

__all__ = ["SERVICE"]


def _arrived(shown: Records, data: e.InteractionArrived, _event: e.Event) -> None:
    shown.interactions[data.interaction] = InteractionView(data, data.channel, data.journey)
    shown.begun += not is_derived(data.interaction)
    if data.customer is not None:
        shown.customers[data.customer].interactions.append(data.interaction)
    if data.journey is not None:
        shown.journeys[data.journey].interactions.append(data.interaction)
    if data.parent is not None:
        shown.interactions[data.parent].sides.append(data.interaction)
    if data.predecessor is not None:
        shown.interactions[data.predecessor].successors.append(data.interaction)


_OnInteraction: TypeAlias = (
    e.InteractionQueued
    | e.InteractionScheduled
    | e.InteractionDequeued
    | e.InteractionSlept
    | e.InteractionSuspended
    | e.InteractionMoved
    | e.InteractionClosed
)


def _moved(shown: Records, data: _OnInteraction) -> InteractionView:
    """The interaction, in the state that this brings it to; nobody serves it any more."""
    found = shown.interactions[data.interaction]
    found.state = INTERACTION.moves[found.state, type(data)]
    found.owner = found.keeper = found.party = found.due = None
    return found


def _queued(shown: Records, data: e.InteractionQueued, _event: e.Event) -> None:
    found = _moved(shown, data)
    found.queue = data.queue
    found.decision = Decision(policy=data.policy)


def _scheduled(shown: Records, data: e.InteractionScheduled, _event: e.Event) -> None:
    _moved(shown, data).due = data.at


def _slept(shown: Records, data: e.InteractionSlept, _event: e.Event) -> None:
    _moved(shown, data).keeper = data.keeper


def _suspended(shown: Records, data: e.InteractionSuspended, _event: e.Event) -> None:
    found = _moved(shown, data)
    found.keeper, found.party, found.due = data.keeper, data.party, data.due


def _closed(shown: Records, data: e.InteractionClosed, _event: e.Event) -> None:
    found = _moved(shown, data)
    found.end_reason, found.disposition = data.reason, data.disposition


def _channel_changed(shown: Records, data: e.InteractionMoved, _event: e.Event) -> None:
    shown.interactions[data.interaction].channel = data.channel


# -- what is said ---------------------------------------------------------------------------------

_SERVING: Final = frozenset({ActorKind.WORKER, ActorKind.MACHINE, ActorKind.SUPERVISOR})


def _received(shown: Records, data: e.MessageReceived, event: e.Event) -> None:
    found = shown.interactions[data.interaction]
    actor = event.origin.actor
    # In a side conversation it is a worker who asks.
    asks = found.arrived.direction is Direction.INTERNAL and actor.kind in _SERVING
    _said(shown, data, event, worker=actor.id if asks else None, author=data.author)
    found.heard_at[data.channel] = event.recorded_at


def _sent(shown: Records, data: e.MessageSent, event: e.Event) -> None:
    _said(shown, data, event, worker=data.worker, author=None, template=data.template)


def _said(
    shown: Records, data: e.MessageReceived | e.MessageSent, event: e.Event, **more: Any
) -> None:
    shown.interactions[data.interaction].messages[data.message] = Message(
        id=data.message,
        interaction=data.interaction,
        channel=data.channel,
        public=shown.channel(data.channel).public,
        at=event.occurred_at,
        position=event.position,
        text=data.text,
        attachments=data.attachments,
        **more,
    )


def _suggested(shown: Records, data: e.MessageSuggested, event: e.Event) -> None:
    made = Suggestion(at=event.occurred_at, worker=data.worker, text=data.text)
    shown.interactions[data.interaction].suggestions.append(made)


_OnMessage: TypeAlias = (
    e.MessageEdited | e.MessageRetracted | e.MessageIdentified | e.DeliveryReported
)


def _message_moved(shown: Records, data: _OnMessage, _event: e.Event) -> None:
    messages = shown.interactions[spoken_in(data.message)].messages
    message = messages[data.message]
    changes: dict[str, Any]
    match data:
        case e.MessageEdited():
            changes = {"text": data.text, "edited": True}
        case e.MessageRetracted():
            changes = {"text": "", "attachments": (), "retracted": True}
        case e.MessageIdentified():
            changes = {"reference": data.reference}
        case e.DeliveryReported():
            changes = {"reported": (*message.reported, data.state)}
    messages[data.message] = attrs.evolve(message, **changes)


# -- assignments ----------------------------------------------------------------------------------


def _opened(shown: Records, data: e.AssignmentOpened, _event: e.Event) -> None:
    found = shown.interactions[data.interaction]
    found.parts[data.assignment] = Part(
        assignment=data.assignment,
        worker=data.worker,
        role=data.role,
        state=ASSIGNMENT.initial,
        reason=data.reason,
        expires_at=data.expires_at,
    )
    shown.workers[data.worker].parts[data.assignment] = data.interaction
    if data.role is Role.SERVES:
        found.decision.winner, found.decision.reason = data.worker, data.reason


_OnPart: TypeAlias = (
    e.AssignmentAccepted
    | e.AssignmentDeclined
    | e.AssignmentExpired
    | e.AssignmentRescinded
    | e.AssignmentHeld
    | e.AssignmentResumed
    | e.AssignmentWrapping
    | e.AssignmentReleased
    | e.RoleChanged
)


def _part_moved(shown: Records, data: _OnPart, _event: e.Event) -> Part:
    """The part, in the state that this brings it to."""
    parts = shown.interactions[data.interaction].parts
    part = parts[data.assignment]
    state = ASSIGNMENT.moves[part.state, type(data)]
    # Not attrs.evolve, which takes five times as long, and this is for every step of every part.
    parts[data.assignment] = part = Part(
        assignment=part.assignment,
        worker=part.worker,
        role=part.role,
        state=state,
        reason=part.reason,
    )
    if state in ASSIGNMENT.final:
        del shown.workers[data.worker].parts[data.assignment]
    return part


def _accepted(shown: Records, data: e.AssignmentAccepted, event: e.Event) -> None:
    if _part_moved(shown, data, event).role is Role.SERVES:
        _serves(shown, data)


def _serves(shown: Records, data: e.AssignmentAccepted | e.RoleChanged) -> None:
    found = shown.interactions[data.interaction]
    found.state = INTERACTION.moves[found.state, type(data)]
    found.owner, found.last_owner = data.assignment, data.worker
    found.keeper = found.party = found.due = None


def _role_changed(shown: Records, data: e.RoleChanged, event: e.Event) -> None:
    part = _part_moved(shown, data, event)
    found = shown.interactions[data.interaction]
    found.parts[data.assignment] = attrs.evolve(part, role=data.role)
    if data.role is Role.SERVES:
        _serves(shown, data)
        found.decision.winner = data.worker
        found.decision.reason = f"{part.role.value} before"


#: What is said of those who did not take what they were asked to.
_NOT_TAKEN: Final = {
    AssignmentState.DECLINED: "declined",
    AssignmentState.EXPIRED: "did not answer",
    AssignmentState.RESCINDED: "is no longer asked",
}


def _not_taken(
    shown: Records,
    data: e.AssignmentDeclined | e.AssignmentExpired | e.AssignmentRescinded,
    event: e.Event,
) -> None:
    part = _part_moved(shown, data, event)
    if part.role is not Role.SERVES:
        return
    decision, said = shown.interactions[data.interaction].decision, _NOT_TAKEN[part.state]
    if isinstance(data, e.AssignmentDeclined) and data.reason is not None:
        said = f"{said}: {data.reason}"
    decision.excluded[data.worker] = said
    if decision.winner == data.worker:
        decision.winner = decision.reason = None


def _released(shown: Records, data: e.AssignmentReleased, event: e.Event) -> None:
    _part_moved(shown, data, event)
    found = shown.interactions[data.interaction]
    if found.owner == data.assignment:
        # Only an observed system lets go of a customer without saying who is next.
        found.state = INTERACTION.moves[found.state, e.AssignmentReleased]
        found.owner = None


#: What each kind of event adds.
SERVICE: Final[dict[type[e.EventData], Callable[[Records, Any, e.Event], object]]] = {
    e.InteractionArrived: _arrived,
    e.InteractionQueued: _queued,
    e.InteractionScheduled: _scheduled,
    e.InteractionSlept: _slept,
    e.InteractionSuspended: _suspended,
    e.InteractionMoved: _channel_changed,
    e.InteractionClosed: _closed,
    e.MessageReceived: _received,
    e.MessageSent: _sent,
    e.MessageSuggested: _suggested,
    **dict.fromkeys((e.MessageEdited, e.MessageRetracted), _message_moved),
    **dict.fromkeys((e.MessageIdentified, e.DeliveryReported), _message_moved),
    e.AssignmentOpened: _opened,
    e.AssignmentAccepted: _accepted,
    e.AssignmentReleased: _released,
    **dict.fromkeys((e.AssignmentHeld, e.AssignmentResumed, e.AssignmentWrapping), _part_moved),
    **dict.fromkeys((e.AssignmentDeclined, e.AssignmentExpired), _not_taken),
    e.AssignmentRescinded: _not_taken,
    e.RoleChanged: _role_changed,
}
