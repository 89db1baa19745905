"""Records: what the log says of one thing, as handles show it.

Laws of this file: what a handle gives away is frozen, and stays as it was when it was read; what
still changes is for the folds alone.
"""

from collections.abc import Iterator
from datetime import datetime

import attrs

from onechannel import events as e
from onechannel.identity import Families
from onechannel.machines import INTERACTION, JOURNEY, PROMISE, WORKER
from onechannel.model.address import Address
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.channel import Channel, known_channel
from onechannel.model.ids import (
    AssignmentId,
    CustomerId,
    InteractionId,
    JourneyId,
    MessageId,
    PromiseId,
    WorkerId,
)
from onechannel.model.interaction import EndReason, InteractionState
from onechannel.model.journey import JourneyState
from onechannel.model.message import Attachment, Delivery, furthest
from onechannel.model.personal import personal
from onechannel.model.promise import PromiseState
from onechannel.model.worker import Worker, WorkerState

__all__ = [
    "CustomerView",
    "Decision",
    "InteractionView",
    "JourneyView",
    "Message",
    "Part",
    "PromiseView",
    "Records",
    "Suggestion",
    "WorkerView",
]


# -- what handles give away -----------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Message:
    """Something said: by a worker, or by a customer where `worker` is None.

    `author` is which customer, where that is known; `public` whether everybody could see it. What
    was edited has its latest text, what was retracted has none.
    """

    id: MessageId
    interaction: InteractionId
    channel: str
    public: bool
    at: datetime
    position: int
    worker: WorkerId | None
    author: CustomerId | None
    text: str = personal(subject="customer")
    template: str | None = None
    attachments: tuple[Attachment, ...] = personal(subject="customer", default=())
    edited: bool = False
    retracted: bool = False
    reference: str | None = None
    reported: tuple[Delivery, ...] = ()

    @property
    def delivery(self) -> Delivery | None:
        """How far it got: the furthest of all receipts, whatever their order; None without any."""
        return furthest(self.reported)


@attrs.frozen(kw_only=True)
class Suggestion:
    """Something said to whoever serves, which the customer does not see."""

    at: datetime
    worker: WorkerId
    text: str = personal(subject="customer")


@attrs.frozen(kw_only=True)
class Part:
    """One worker's part in an interaction; `reason` is why it was asked, or came in.

    `expires_at` is until when it is asked; None where it is not, or no clock of ours runs.
    """

    assignment: AssignmentId
    worker: WorkerId
    role: Role
    state: AssignmentState
    reason: str
    expires_at: datetime | None = None


# -- what the fold writes -------------------------------------------------------------------------


@attrs.define(eq=False)
class Decision:
    """Who is asked to serve or does, and why; who was before, since it last came into a queue."""

    winner: WorkerId | None = None
    reason: str | None = None
    policy: str | None = None
    excluded: dict[WorkerId, str] = attrs.field(factory=dict)


@attrs.define(eq=False)
class InteractionView:
    """What the log says of one interaction.

    `owner` is the assignment that serves; `keeper` who had it before it was dormant or suspended;
    `due` when it comes back by itself; `heard_at` when its customer last spoke, by channel.
    """

    arrived: e.InteractionArrived
    channel: str
    journey: JourneyId | None
    state: InteractionState = INTERACTION.initial
    queue: str | None = None
    end_reason: EndReason | None = None
    disposition: str | None = None
    owner: AssignmentId | None = None
    last_owner: WorkerId | None = None
    keeper: WorkerId | None = None
    party: str | None = None
    due: datetime | None = None
    heard_at: dict[str, datetime] = attrs.field(factory=dict)
    messages: dict[MessageId, Message] = attrs.field(factory=dict)
    suggestions: list[Suggestion] = attrs.field(factory=list)
    parts: dict[AssignmentId, Part] = attrs.field(factory=dict)
    sides: list[InteractionId] = attrs.field(factory=list)
    successors: list[InteractionId] = attrs.field(factory=list)
    promises: list[PromiseId] = attrs.field(factory=list)
    decision: Decision = attrs.field(factory=Decision)


@attrs.define(eq=False)
class WorkerView:
    """What the log says of one worker; `parts` are those that are not over."""

    definition: Worker
    state: WorkerState = WORKER.initial
    reason: str | None = None
    parts: dict[AssignmentId, InteractionId] = attrs.field(factory=dict)
    promises: list[PromiseId] = attrs.field(factory=list)


@attrs.define(eq=False)
class CustomerView:
    """What the log says of one customer, merged or not."""

    name: str | None = personal(subject="customer")
    addresses: list[Address] = personal(subject="customer")
    interactions: list[InteractionId] = attrs.field(factory=list)
    journeys: list[JourneyId] = attrs.field(factory=list)
    promises: list[PromiseId] = attrs.field(factory=list)


@attrs.define(eq=False)
class JourneyView:
    """What the log says of one journey."""

    opened: e.JourneyOpened
    state: JourneyState = JOURNEY.initial
    reason: str | None = None
    interactions: list[InteractionId] = attrs.field(factory=list)
    promises: list[PromiseId] = attrs.field(factory=list)


@attrs.define(eq=False)
class PromiseView:
    """What the log says of one promise; `reason` is why it is paused or was withdrawn."""

    made: e.PromiseMade
    due: datetime
    state: PromiseState = PROMISE.initial
    reason: str | None = None
    evidence: str | None = None
    successor: PromiseId | None = None


@attrs.define(eq=False)
class Records:
    """All of them, by id; `begun` counts the interactions that began by an id from outside.

    `families` says which customers are one.
    """

    interactions: dict[InteractionId, InteractionView] = attrs.field(factory=dict)
    workers: dict[WorkerId, WorkerView] = attrs.field(factory=dict)
    customers: dict[CustomerId, CustomerView] = attrs.field(factory=dict)
    journeys: dict[JourneyId, JourneyView] = attrs.field(factory=dict)
    promises: dict[PromiseId, PromiseView] = attrs.field(factory=dict)
    channels: dict[str, Channel] = attrs.field(factory=dict)
    families: Families = attrs.field(factory=Families)
    begun: int = 0

    def channel(self, name: str) -> Channel:
        """A channel as it was last defined, or as its name says."""
        return self.channels.get(name) or known_channel(name)

    def family(self, customer: CustomerId) -> Iterator[CustomerView]:
        """A customer and all who are the same, by whom they are known first."""
        return (self.customers[one] for one in self.families.family(customer))
