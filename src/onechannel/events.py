"""Everything that can have happened, and the envelope it is kept in.

Law of this file: events are frozen values in the past tense, built by the kernel alone and not
checked again. The stored name and the version of each are chosen here, never derived, and frozen by
a golden file.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeVar, dataclass_transform

import attrs

from onechannel.model.actor import Actor
from onechannel.model.address import Address
from onechannel.model.assignment import Role
from onechannel.model.channel import Channel
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import (
    AssignmentId,
    CustomerId,
    InteractionId,
    TenantId,
    WorkerId,
)
from onechannel.model.interaction import EndReason, QueuedBecause
from onechannel.model.personal import personal
from onechannel.model.plan import Plan
from onechannel.model.policy import Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker

__all__ = [
    "EVENT_TYPES",
    "AnomalyObserved",
    "AssignmentAccepted",
    "AssignmentDeclined",
    "AssignmentExpired",
    "AssignmentOpened",
    "AssignmentReleased",
    "AssignmentRescinded",
    "AssignmentWrapping",
    "Cause",
    "ChannelDefined",
    "CustomerRegistered",
    "Event",
    "EventData",
    "InteractionArrived",
    "InteractionClosed",
    "InteractionDequeued",
    "InteractionQueued",
    "MessageReceived",
    "MessageSent",
    "Origin",
    "PolicyAdopted",
    "PolicyFaulted",
    "QueueDefined",
    "StepExpired",
    "WorkerAvailable",
    "WorkerDefined",
    "WorkerSignedIn",
    "WorkerSignedOut",
    "WorkerUnavailable",
]


class Cause(StrEnum):
    """Why an event came about."""

    COMMAND = "command"
    DEADLINE = "deadline"
    POLICY = "policy"
    OBSERVED = "observed"


class EventData:
    """What happened.

    The subjects of an event are its fields named `interaction`, `customer`, `journey` and `worker`.
    """

    __slots__ = ()
    stored_name: ClassVar[str]
    version: ClassVar[int]
    #: Decided by the policy, not asked for by anybody.
    by_policy: ClassVar[bool]


#: Every kind of event by its stored name.
EVENT_TYPES: Final[dict[str, type[EventData]]] = {}

D = TypeVar("D", bound=EventData)
T = TypeVar("T")


# Frozen to every type checker, and mutable at run time: setting a frozen field costs three times as
# much, and these are built for every decision.


@dataclass_transform(frozen_default=True)
def _envelope(cls: type[T]) -> type[T]:
    return attrs.define(cls, unsafe_hash=True)


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field, personal))
def _event(
    stored_name: str, version: int = 1, *, by_policy: bool = False
) -> Callable[[type[D]], type[D]]:
    def declare(cls: type[D]) -> type[D]:
        made = attrs.define(cls, unsafe_hash=True)
        made.stored_name, made.version, made.by_policy = stored_name, version, by_policy
        EVENT_TYPES[stored_name] = made
        return made

    return declare


# -- the centre itself ----------------------------------------------------------------------------


@_event("channel.defined")
class ChannelDefined(EventData):
    """A channel is from now on as given."""

    channel: Channel


@_event("queue.defined")
class QueueDefined(EventData):
    """A queue is from now on as given."""

    queue: Queue


@_event("worker.defined")
class WorkerDefined(EventData):
    """A worker is from now on as given; a new one is signed out."""

    worker: WorkerId
    definition: Worker


@_event("policy.adopted")
class PolicyAdopted(EventData):
    """From now on this policy decides."""

    policy: Policy


@_event("policy.faulted", by_policy=True)
class PolicyFaulted(EventData):
    """A policy raised or answered nonsense for this interaction, and the default plan was used.

    `fault` says which of the two in codes; what the policy said is not kept, since it may hold
    personal data.
    """

    interaction: InteractionId
    policy: str
    fault: str


# -- the customer ---------------------------------------------------------------------------------


@_event("customer.registered")
class CustomerRegistered(EventData):
    """A customer became known."""

    customer: CustomerId
    name: str | None = personal(subject="customer")
    addresses: tuple[Address, ...] = personal(subject="customer")


# -- interactions ---------------------------------------------------------------------------------


@_event("interaction.arrived")
class InteractionArrived(EventData):
    """A customer reached us; a return names its `predecessor`."""

    interaction: InteractionId
    channel: str
    customer: CustomerId | None
    address: Address | None = personal(subject="customer")
    about: str | None
    priority: int
    predecessor: InteractionId | None


@_event("interaction.queued", by_policy=True)
class InteractionQueued(EventData):
    """It stands in a queue, and whoever served it does so no longer.

    `since` is its age in the line; `plan` and `step` say who is asked, `expires_at` when the next
    step is, `policy` who decided so. All four are None where somebody else routes. `reason` is the
    code of an escalation or a hand-back.
    """

    interaction: InteractionId
    queue: str
    because: QueuedBecause
    since: datetime
    plan: Plan | None
    step: int | None
    expires_at: datetime | None
    policy: str | None
    reason: str | None = None


@_event("interaction.step_expired")
class StepExpired(EventData):
    """Its plan has come to the next step."""

    interaction: InteractionId
    step: int
    expires_at: datetime | None


@_event("interaction.dequeued")
class InteractionDequeued(EventData):
    """It left a queue that somebody else routes, by that queue's clock."""

    interaction: InteractionId


@_event("interaction.closed")
class InteractionClosed(EventData):
    """It is over, for ever."""

    interaction: InteractionId
    reason: EndReason
    disposition: str | None


@_event("message.received")
class MessageReceived(EventData):
    """The customer said something."""

    interaction: InteractionId
    text: str = personal(subject="customer")


@_event("message.sent")
class MessageSent(EventData):
    """Who serves said something to the customer."""

    interaction: InteractionId
    assignment: AssignmentId
    worker: WorkerId
    text: str = personal(subject="customer")


# -- assignments ----------------------------------------------------------------------------------


@_event("assignment.opened", by_policy=True)
class AssignmentOpened(EventData):
    """A worker is asked; `expires_at` is None where no clock of ours runs, `reason` says why it."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    role: Role
    expires_at: datetime | None
    reason: str


@_event("assignment.accepted")
class AssignmentAccepted(EventData):
    """The worker serves: the interaction is its own."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


@_event("assignment.declined")
class AssignmentDeclined(EventData):
    """The worker does not take it; the interaction keeps its place and age."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    reason: str | None


@_event("assignment.expired")
class AssignmentExpired(EventData):
    """The worker did not answer; the interaction keeps its place and age."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


@_event("assignment.rescinded")
class AssignmentRescinded(EventData):
    """The worker is no longer asked."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


@_event("assignment.wrapping")
class AssignmentWrapping(EventData):
    """The worker no longer serves, and wraps up until `until`, holding capacity."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    until: datetime


@_event("assignment.released")
class AssignmentReleased(EventData):
    """The worker's part is over, and its capacity free."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


# -- workers --------------------------------------------------------------------------------------


@_event("worker.signed_in")
class WorkerSignedIn(EventData):
    """A worker is there, and available."""

    worker: WorkerId


@_event("worker.signed_out")
class WorkerSignedOut(EventData):
    """A worker is gone."""

    worker: WorkerId


@_event("worker.available")
class WorkerAvailable(EventData):
    """A worker takes new work."""

    worker: WorkerId


@_event("worker.unavailable")
class WorkerUnavailable(EventData):
    """A worker takes no new work, until `until` or, where that is None, until it says otherwise."""

    worker: WorkerId
    reason: str
    until: datetime | None


# -- what cannot be -------------------------------------------------------------------------------


@_event("anomaly.observed")
class AnomalyObserved(EventData):
    """A source claims what cannot be: `verb` is its claim, `details` the rest of it in codes."""

    interaction: InteractionId
    verb: str
    reason: str
    details: FrozenMap[str, str]


# -- the envelope ---------------------------------------------------------------------------------


@_envelope
class Origin:
    """When, why and at whose request: what the events of one decision have in common."""

    recorded_at: datetime
    occurred_at: datetime
    cause: Cause
    command: str | None
    actor: Actor
    tenant: TenantId


@_envelope
class Event:
    """One entry of the log.

    `position` counts from 1 without gaps; `recorded_at` never runs backwards along it.
    `occurred_at` is when it happened by whoever saw it.
    """

    position: int
    origin: Origin
    data: EventData

    @property
    def id(self) -> str:
        """Unique within the tenant's stream, and the same on every replay."""
        return f"{self.origin.tenant}-{self.position}"

    @property
    def type(self) -> str:
        """The stored name, `interaction.closed`."""
        return self.data.stored_name

    @property
    def recorded_at(self) -> datetime:
        """When it was decided or, if observed, learnt of."""
        return self.origin.recorded_at

    @property
    def occurred_at(self) -> datetime:
        """When it happened."""
        return self.origin.occurred_at

    def subject(self, kind: str) -> str | None:
        """The id of the interaction, customer, journey or worker it is about."""
        found: Any = getattr(self.data, kind, None)
        return found if isinstance(found, str) else None
