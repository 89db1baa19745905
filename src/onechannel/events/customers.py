"""What happened to customers, their journeys and what they were promised.

Law of this file: nothing is rewritten; what is undone is undone by an event of its own.
"""

from datetime import datetime

from onechannel.events.declare import EventData, event
from onechannel.model.address import Address
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, PromiseId, WorkerId
from onechannel.model.journey import StitchedBecause
from onechannel.model.personal import personal

__all__ = [
    "CustomerLinked",
    "CustomerMerged",
    "CustomerRegistered",
    "CustomerUnlinked",
    "CustomerUnmerged",
    "JourneyAchieved",
    "JourneyExtended",
    "JourneyFailed",
    "JourneyJoined",
    "JourneyLapsed",
    "JourneyOpened",
    "PromiseBroken",
    "PromiseKept",
    "PromiseMade",
    "PromisePaused",
    "PromiseRenegotiated",
    "PromiseResumed",
    "PromiseWithdrawn",
]


@event("customer.registered")
class CustomerRegistered(EventData):
    """A customer became known."""

    customer: CustomerId
    name: str | None = personal(subject="customer")
    addresses: tuple[Address, ...] = personal(subject="customer")


@event("customer.linked")
class CustomerLinked(EventData):
    """An address denotes a customer; `evidence` is a code for how that is known."""

    customer: CustomerId
    address: Address = personal(subject="customer")
    evidence: str


@event("customer.unlinked")
class CustomerUnlinked(EventData):
    """An address denotes a customer no longer."""

    customer: CustomerId
    address: Address = personal(subject="customer")
    evidence: str


@event("customer.merged")
class CustomerMerged(EventData):
    """`customer` is the same as `survivor`, by whom both are known from now on."""

    customer: CustomerId
    survivor: CustomerId
    evidence: str


@event("customer.unmerged")
class CustomerUnmerged(EventData):
    """They are not the same after all: everything is as if they had never been merged."""

    customer: CustomerId
    survivor: CustomerId
    evidence: str


# -- journeys -------------------------------------------------------------------------------------


@event("journey.opened")
class JourneyOpened(EventData):
    """A customer pursues something: the matter `about`, known outside by `reference`."""

    journey: JourneyId
    customer: CustomerId
    about: str | None
    reference: str | None
    lapses_at: datetime


@event("journey.joined")
class JourneyJoined(EventData):
    """An interaction belongs to the journey, and to no other."""

    journey: JourneyId
    interaction: InteractionId
    because: StitchedBecause


@event("journey.extended")
class JourneyExtended(EventData):
    """Something is still going on in it: it does not lapse yet."""

    journey: JourneyId
    lapses_at: datetime


@event("journey.achieved")
class JourneyAchieved(EventData):
    """The customer got what it was about."""

    journey: JourneyId
    reason: str | None


@event("journey.failed")
class JourneyFailed(EventData):
    """The customer did not get what it was about."""

    journey: JourneyId
    reason: str | None


@event("journey.lapsed")
class JourneyLapsed(EventData):
    """Nothing happened in it for the policy's window."""

    journey: JourneyId


# -- promises -------------------------------------------------------------------------------------


@event("promise.made")
class PromiseMade(EventData):
    """The customer was told that `what` would happen by `due`.

    `worker` is who answers for it, `calendar` the one its time runs by (None: all day), and
    `predecessor` the promise it replaces.
    """

    promise: PromiseId
    customer: CustomerId | None
    what: str
    due: datetime
    calendar: str | None
    worker: WorkerId | None
    interaction: InteractionId | None
    journey: JourneyId | None
    predecessor: PromiseId | None


@event("promise.kept")
class PromiseKept(EventData):
    """It happened in time; `evidence` is an id or a code of where that shows."""

    promise: PromiseId
    customer: CustomerId | None
    interaction: InteractionId | None
    journey: JourneyId | None
    evidence: str | None


@event("promise.broken")
class PromiseBroken(EventData):
    """It was due and had not happened."""

    promise: PromiseId
    customer: CustomerId | None
    interaction: InteractionId | None
    journey: JourneyId | None


@event("promise.renegotiated")
class PromiseRenegotiated(EventData):
    """The customer agreed to another time: `successor` is the promise of it."""

    promise: PromiseId
    customer: CustomerId | None
    interaction: InteractionId | None
    journey: JourneyId | None
    successor: PromiseId


@event("promise.paused")
class PromisePaused(EventData):
    """Its time does not run, until `until` or until it is resumed."""

    promise: PromiseId
    customer: CustomerId | None
    interaction: InteractionId | None
    journey: JourneyId | None
    reason: str
    until: datetime | None


@event("promise.resumed")
class PromiseResumed(EventData):
    """Its time runs again, and it is due at `due`."""

    promise: PromiseId
    customer: CustomerId | None
    interaction: InteractionId | None
    journey: JourneyId | None
    due: datetime


@event("promise.withdrawn")
class PromiseWithdrawn(EventData):
    """It need not be kept any more."""

    promise: PromiseId
    customer: CustomerId | None
    interaction: InteractionId | None
    journey: JourneyId | None
    reason: str
