"""The view: what handles show, folded from the log.

Law of this file: it reads events only, never kernel state, so that what a handle says outlives the
interaction.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs

from onechannel import events as e
from onechannel.model.channel import Channel
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, WorkerId
from onechannel.model.interaction import EndReason, InteractionState
from onechannel.model.personal import personal
from onechannel.model.worker import WorkerState

__all__ = ["InteractionView", "Message", "View", "WorkerView"]


@attrs.frozen
class Message:
    """Something said: by the customer where `worker` is None."""

    worker: WorkerId | None
    text: str = personal(subject="customer")


@attrs.define(eq=False)
class InteractionView:
    """What the log says of one interaction."""

    arrived: e.InteractionArrived
    state: InteractionState = InteractionState.WAITING
    queue: str | None = None
    end_reason: EndReason | None = None
    disposition: str | None = None
    owner: AssignmentId | None = None
    last_owner: WorkerId | None = None
    messages: list[Message] = attrs.field(factory=list)


@attrs.define(eq=False)
class WorkerView:
    """What the log says of one worker; `asked` are those of its `parts` not accepted yet."""

    state: WorkerState = WorkerState.SIGNED_OUT
    reason: str | None = None
    parts: dict[AssignmentId, InteractionId] = attrs.field(factory=dict)
    asked: dict[AssignmentId, InteractionId] = attrs.field(factory=dict)
    wrapping: dict[AssignmentId, InteractionId] = attrs.field(factory=dict)


@attrs.define(eq=False)
class View:
    """Everything the handles of one centre show."""

    interactions: dict[InteractionId, InteractionView] = attrs.field(factory=dict)
    workers: dict[WorkerId, WorkerView] = attrs.field(factory=dict)
    customers: dict[CustomerId, e.CustomerRegistered] = attrs.field(factory=dict)
    channels: dict[str, Channel] = attrs.field(factory=dict)

    def add(self, event: e.Event) -> None:
        """Take in one event."""
        fold = _FOLDS.get(type(event.data))
        if fold is not None:
            fold(self, event.data)


def _registered(view: View, data: e.CustomerRegistered) -> None:
    view.customers[data.customer] = data


def _arrived(view: View, data: e.InteractionArrived) -> None:
    view.interactions[data.interaction] = InteractionView(data)


def _queued(view: View, data: e.InteractionQueued) -> None:
    found = view.interactions[data.interaction]
    found.state, found.queue, found.owner = InteractionState.WAITING, data.queue, None


def _closed(view: View, data: e.InteractionClosed) -> None:
    found = view.interactions[data.interaction]
    found.state, found.owner = InteractionState.CLOSED, None
    found.end_reason, found.disposition = data.reason, data.disposition


def _received(view: View, data: e.MessageReceived) -> None:
    view.interactions[data.interaction].messages.append(Message(None, data.text))


def _sent(view: View, data: e.MessageSent) -> None:
    view.interactions[data.interaction].messages.append(Message(data.worker, data.text))


def _defined(view: View, data: e.WorkerDefined) -> None:
    view.workers.setdefault(data.worker, WorkerView())


def _opened(view: View, data: e.AssignmentOpened) -> None:
    worker = view.workers[data.worker]
    worker.parts[data.assignment] = worker.asked[data.assignment] = data.interaction


def _accepted(view: View, data: e.AssignmentAccepted) -> None:
    del view.workers[data.worker].asked[data.assignment]
    found = view.interactions[data.interaction]
    found.state = InteractionState.ENGAGED
    found.owner, found.last_owner = data.assignment, data.worker


def _wrapping(view: View, data: e.AssignmentWrapping) -> None:
    view.workers[data.worker].wrapping[data.assignment] = data.interaction


def _channel(view: View, data: e.ChannelDefined) -> None:
    view.channels[data.channel.name] = data.channel


def _over(
    view: View,
    data: e.AssignmentDeclined | e.AssignmentExpired | e.AssignmentRescinded | e.AssignmentReleased,
) -> None:
    worker = view.workers[data.worker]
    del worker.parts[data.assignment]
    worker.asked.pop(data.assignment, None)
    worker.wrapping.pop(data.assignment, None)
    found = view.interactions[data.interaction]
    if found.owner == data.assignment:
        found.owner, found.state = None, InteractionState.WAITING


def _present(view: View, data: e.WorkerSignedIn | e.WorkerAvailable) -> None:
    worker = view.workers[data.worker]
    worker.state, worker.reason = WorkerState.AVAILABLE, None


def _absent(view: View, data: e.WorkerSignedOut) -> None:
    worker = view.workers[data.worker]
    worker.state, worker.reason = WorkerState.SIGNED_OUT, None


def _unavailable(view: View, data: e.WorkerUnavailable) -> None:
    worker = view.workers[data.worker]
    worker.state, worker.reason = WorkerState.UNAVAILABLE, data.reason


_FOLDS: Final[dict[type[e.EventData], Callable[[View, Any], None]]] = {
    e.CustomerRegistered: _registered,
    e.InteractionArrived: _arrived,
    e.InteractionQueued: _queued,
    e.InteractionClosed: _closed,
    e.MessageReceived: _received,
    e.MessageSent: _sent,
    e.WorkerDefined: _defined,
    e.AssignmentOpened: _opened,
    e.AssignmentAccepted: _accepted,
    e.AssignmentWrapping: _wrapping,
    e.ChannelDefined: _channel,
    e.AssignmentDeclined: _over,
    e.AssignmentExpired: _over,
    e.AssignmentRescinded: _over,
    e.AssignmentReleased: _over,
    e.WorkerSignedIn: _present,
    e.WorkerAvailable: _present,
    e.WorkerSignedOut: _absent,
    e.WorkerUnavailable: _unavailable,
}
