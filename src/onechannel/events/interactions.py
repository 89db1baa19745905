"""What happened in interactions, and what was said in them.

Law of this file: the event that ends one custody names the next: a queue, a worker, or the one who
keeps what is dormant or suspended.
"""

from datetime import datetime, timedelta

from onechannel.events.declare import EventData, event
from onechannel.model.address import Address
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import (
    AssignmentId,
    CustomerId,
    InteractionId,
    JourneyId,
    MessageId,
    PromiseId,
    WorkerId,
)
from onechannel.model.interaction import Direction, EndReason, QueuedBecause
from onechannel.model.journey import StitchedBecause
from onechannel.model.message import Attachment, Delivery
from onechannel.model.personal import personal
from onechannel.model.plan import Plan

__all__ = [
    "AnomalyObserved",
    "DeliveryReported",
    "InteractionArrived",
    "InteractionClosed",
    "InteractionDequeued",
    "InteractionLeased",
    "InteractionMoved",
    "InteractionQueued",
    "InteractionScheduled",
    "InteractionSlept",
    "InteractionSuspended",
    "LeaseExpired",
    "MessageEdited",
    "MessageIdentified",
    "MessageReceived",
    "MessageRetracted",
    "MessageSent",
    "MessageSuggested",
    "PlaceLost",
    "ReceiptParked",
    "ReceiptUnmatched",
    "StepExpired",
    "TypingNoticed",
]


@event("interaction.arrived")
class InteractionArrived(EventData):
    """A customer reached us, or we the customer; or one department asks another.

    A return names its `predecessor`, a side conversation its `parent`; `stitched` says why it
    belongs to the `journey`, and `consent` how we know that we may reach the customer.
    """

    interaction: InteractionId
    channel: str
    customer: CustomerId | None
    address: Address | None = personal(subject="customer")
    about: str | None
    priority: int
    predecessor: InteractionId | None
    direction: Direction = Direction.INBOUND
    parent: InteractionId | None = None
    journey: JourneyId | None = None
    stitched: StitchedBecause | None = None
    consent: str | None = None


@event("interaction.queued", by_policy=True)
class InteractionQueued(EventData):
    """It stands in a queue, and whoever served it does so no longer.

    `since` is its age in the line; `plan` and `step` say who is asked, `expires_at` when the next
    step is, `policy` who decided so. All four are None where somebody else routes. `reason` is the
    code of who moved it. At `closes_at` it is over, if nobody has taken it.
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
    closes_at: datetime | None = None


@event("interaction.scheduled")
class InteractionScheduled(EventData):
    """Its turn comes at `at`: a callback, with the promise of it, and how often it was tried.

    It keeps its queue. An owner, `worker`, is asked alone for `owned_for`; then, if it is `only`
    the owner's, it is over, else anybody is asked.
    """

    interaction: InteractionId
    at: datetime
    promise: PromiseId
    attempt: int
    worker: WorkerId | None
    owned_for: timedelta | None
    only: bool


@event("interaction.step_expired")
class StepExpired(EventData):
    """Its plan has come to the next step."""

    interaction: InteractionId
    step: int
    expires_at: datetime | None


@event("interaction.dequeued")
class InteractionDequeued(EventData):
    """It left a queue that somebody else routes, by that queue's clock."""

    interaction: InteractionId


@event("interaction.slept")
class InteractionSlept(EventData):
    """It is the customer's turn and holds no capacity; `keeper` is asked first afterwards."""

    interaction: InteractionId
    keeper: WorkerId | None
    closes_at: datetime | None


@event("interaction.suspended")
class InteractionSuspended(EventData):
    """It waits on a third party, and comes back at `due` whatever happens."""

    interaction: InteractionId
    keeper: WorkerId | None
    party: str
    reason: str
    due: datetime


@event("interaction.moved")
class InteractionMoved(EventData):
    """It goes on by another channel, at that address."""

    interaction: InteractionId
    channel: str
    address: Address | None = personal(subject="customer")


@event("interaction.leased")
class InteractionLeased(EventData):
    """It is known to be going on; unless that is said again, it is over at `until`."""

    interaction: InteractionId
    until: datetime


@event("interaction.lease_expired")
class LeaseExpired(EventData):
    """Nothing was heard of it for too long: its end was lost."""

    interaction: InteractionId


@event("interaction.closed")
class InteractionClosed(EventData):
    """It is over, for ever: it was part of that open `journey` and last on that `channel`.

    `said` is the number of its messages. Until `place_until` its customer may come back to its
    place.
    """

    interaction: InteractionId
    reason: EndReason
    disposition: str | None
    place_until: datetime | None = None
    journey: JourneyId | None = None
    channel: str | None = None
    said: int = 0


@event("interaction.place_lost")
class PlaceLost(EventData):
    """Who had abandoned it did not come back in time."""

    interaction: InteractionId


# -- what is said ---------------------------------------------------------------------------------


@event("message.received")
class MessageReceived(EventData):
    """The customer said something, or `author` did where many may speak."""

    interaction: InteractionId
    message: MessageId
    channel: str
    author: CustomerId | None
    text: str = personal(subject="customer")
    attachments: tuple[Attachment, ...] = personal(subject="customer", default=())


@event("message.sent")
class MessageSent(EventData):
    """Who serves said something to the customer; unanswered, it is dormant at `idle_at`."""

    interaction: InteractionId
    message: MessageId
    channel: str
    assignment: AssignmentId
    worker: WorkerId
    text: str = personal(subject="customer")
    template: str | None = None
    attachments: tuple[Attachment, ...] = personal(subject="customer", default=())
    idle_at: datetime | None = None


@event("message.suggested")
class MessageSuggested(EventData):
    """Something was said to who serves, and not to the customer."""

    interaction: InteractionId
    assignment: AssignmentId
    worker: WorkerId
    text: str = personal(subject="customer")


@event("message.edited")
class MessageEdited(EventData):
    """It says something else now."""

    interaction: InteractionId
    message: MessageId
    text: str = personal(subject="customer")


@event("message.retracted")
class MessageRetracted(EventData):
    """It was taken back."""

    interaction: InteractionId
    message: MessageId


@event("message.identified")
class MessageIdentified(EventData):
    """The vendor took it, and calls it by `reference`."""

    interaction: InteractionId
    message: MessageId
    reference: str


@event("message.reported")
class DeliveryReported(EventData):
    """How far it got, by one receipt; `reason` is a code."""

    interaction: InteractionId
    message: MessageId
    state: Delivery
    reason: str | None


@event("receipt.parked")
class ReceiptParked(EventData):
    """A receipt for what is not known yet, kept until it is or until `until`."""

    reference: str
    state: Delivery
    reason: str | None
    until: datetime


@event("receipt.unmatched")
class ReceiptUnmatched(EventData):
    """Receipts for this reference came, and what they are for never did."""

    reference: str


@event("typing.noticed", stored=False)
class TypingNoticed(EventData):
    """Somebody is typing: the customer, or the worker whose `assignment` is given."""

    interaction: InteractionId
    assignment: AssignmentId | None


@event("anomaly.observed")
class AnomalyObserved(EventData):
    """A source claims what cannot be: `verb` is its claim, `details` the rest of it in codes."""

    interaction: InteractionId
    verb: str
    reason: str
    details: FrozenMap[str, str]
