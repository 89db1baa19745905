"""What happened to the centre itself: what is defined, and who decides.

Law of this file: a definition stands whole in its event.
"""

from onechannel.events.declare import EventData, event
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.ids import InteractionId, WorkerId
from onechannel.model.policy import Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker

__all__ = [
    "CalendarDefined",
    "ChannelDefined",
    "PolicyAdopted",
    "PolicyFaulted",
    "QueueDefined",
    "WorkerDefined",
]


@event("channel.defined")
class ChannelDefined(EventData):
    """A channel is from now on as given."""

    channel: Channel


@event("queue.defined")
class QueueDefined(EventData):
    """A queue is from now on as given."""

    queue: Queue


@event("calendar.defined")
class CalendarDefined(EventData):
    """A calendar is from now on as given."""

    calendar: Calendar


@event("worker.defined")
class WorkerDefined(EventData):
    """A worker is from now on as given; a new one is signed out."""

    worker: WorkerId
    definition: Worker


@event("policy.adopted")
class PolicyAdopted(EventData):
    """From now on this policy decides."""

    policy: Policy


@event("policy.faulted", by_policy=True)
class PolicyFaulted(EventData):
    """A policy raised or answered nonsense for this interaction, and the default plan was used.

    `fault` says which of the two in codes; what the policy said is not kept, since it may hold
    personal data.
    """

    interaction: InteractionId
    policy: str
    fault: str
