"""What handles show of their thing by itself, in plain values; what leads to others is `handles`'.

Law of this file: everything is read from the log, when it is asked for.
"""

from datetime import datetime

from onechannel.errors import CommandRefused
from onechannel.model.address import Address
from onechannel.model.assignment import AssignmentState
from onechannel.model.context import Context
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId
from onechannel.model.interaction import Direction, EndReason, InteractionState
from onechannel.model.journey import JourneyState
from onechannel.model.message import ReplyWindow, reply_window
from onechannel.model.promise import PromiseState
from onechannel.model.worker import Worker, WorkerState
from onechannel.simulation.context import context_of, seen_by
from onechannel.simulation.handles.stage import Handle
from onechannel.simulation.records import (
    CustomerView,
    InteractionView,
    JourneyView,
    Message,
    Part,
    PromiseView,
    Suggestion,
    WorkerView,
)
from onechannel.simulation.view import View

__all__ = [
    "CustomerFacts",
    "InteractionFacts",
    "JourneyFacts",
    "PromiseFacts",
    "WorkerFacts",
    "address_for",
]


class PromiseFacts(Handle):
    """What a promise shows."""

    __slots__ = ()
    _kind = "promise"

    @property
    def _view(self) -> PromiseView:
        return self.centre.view.promises[self.id]

    @property
    def state(self) -> PromiseState:
        """Open, paused, kept, broken, renegotiated or withdrawn."""
        return self._view.state

    @property
    def what(self) -> str:
        """What was promised, as a code."""
        return self._view.made.what

    @property
    def due(self) -> datetime:
        """By when; later than it was made for, if it was paused."""
        return self._view.due

    @property
    def calendar(self) -> str | None:
        """The calendar its time runs by."""
        return self._view.made.calendar

    @property
    def reason(self) -> str | None:
        """Why it is paused, or was withdrawn."""
        return self._view.reason

    @property
    def evidence(self) -> str | None:
        """Where it shows that it was kept."""
        return self._view.evidence


class JourneyFacts(Handle):
    """What a journey shows."""

    __slots__ = ()
    _kind = "journey"

    @property
    def _view(self) -> JourneyView:
        return self.centre.view.journeys[self.id]

    @property
    def state(self) -> JourneyState:
        """Open, achieved, failed or lapsed."""
        return self._view.state

    @property
    def about(self) -> str | None:
        """What the customer pursues, as a code."""
        return self._view.opened.about

    @property
    def reference(self) -> str | None:
        """What it is known by outside: an order, a case."""
        return self._view.opened.reference

    @property
    def reason(self) -> str | None:
        """Why it was achieved, or failed."""
        return self._view.reason


class InteractionFacts(Handle):
    """What an interaction shows."""

    __slots__ = ()
    _kind = "interaction"

    @property
    def _view(self) -> InteractionView:
        return self.centre.view.interactions[self.id]

    @property
    def state(self) -> InteractionState:
        """Waiting, engaged, dormant, suspended or closed."""
        return self._view.state

    @property
    def end_reason(self) -> EndReason | None:
        """Why it ended; None while it is open."""
        return self._view.end_reason

    @property
    def disposition(self) -> str | None:
        """The code recorded at the end."""
        return self._view.disposition

    @property
    def about(self) -> str | None:
        """What the customer wants, as a code."""
        return self._view.arrived.about

    @property
    def customer_id(self) -> CustomerId | None:
        """Whose it is, where that is known."""
        return self._view.arrived.customer

    @property
    def direction(self) -> Direction:
        """Who reached whom; a side conversation is internal."""
        return self._view.arrived.direction

    @property
    def is_side(self) -> bool:
        """Whether it is a side conversation, which the customer never sees."""
        return self.direction is Direction.INTERNAL

    @property
    def channel(self) -> str:
        """The channel it is on, or was at the end."""
        return self._view.channel

    @property
    def queue(self) -> str | None:
        """The queue it stands in, or last stood in."""
        return self._view.queue

    @property
    def party(self) -> str | None:
        """The third party it waits on, while it is suspended."""
        return self._view.party

    @property
    def due(self) -> datetime | None:
        """When it comes back by itself: suspended, or to be called back at a time."""
        return self._view.due

    # -- who takes part ---------------------------------------------------------------------------

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everybody's parts in it so far, in order, whatever became of them."""
        return tuple(self._view.parts.values())

    def part(self, assignment: AssignmentId) -> Part:
        """One of them."""
        return self._view.parts[assignment]

    # -- what was said ----------------------------------------------------------------------------

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was said, in order."""
        return tuple(self._view.messages.values())

    @property
    def public_messages(self) -> tuple[Message, ...]:
        """What everybody could see."""
        return tuple(one for one in self.messages if one.public)

    @property
    def private_messages(self) -> tuple[Message, ...]:
        """What passed between the customer and the company alone."""
        return tuple(one for one in self.messages if not one.public)

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """What was said to whoever serves, and not to the customer."""
        return tuple(self._view.suggestions)

    @property
    def reply_window(self) -> ReplyWindow:
        """What may be sent to the customer now, and until when anything may."""
        view = self._view
        channel = self.centre.view.channel(view.channel)
        return reply_window(channel, view.heard_at.get(view.channel), self.centre.now)

    @property
    def context(self) -> Context:
        """All that was said so far in its journey, for whoever serves; see `CustomerHandle.sees`.

        It holds side conversations, too, which a customer never sees.
        """
        return context_of(self.centre.view, self.id)


class WorkerFacts(Handle):
    """What a worker shows."""

    __slots__ = ()
    _kind = "worker"

    @property
    def _view(self) -> WorkerView:
        return self.centre.view.workers[self.id]

    @property
    def definition(self) -> Worker:
        """As it was last defined: its skills, department, capacity."""
        return self._view.definition

    @property
    def state(self) -> WorkerState:
        """Signed out, available, unavailable or draining."""
        return self._view.state

    @property
    def reason(self) -> str | None:
        """Why it is unavailable."""
        return self._view.reason

    def _part(
        self,
        interaction: InteractionFacts,
        *states: AssignmentState,
        worker: "WorkerFacts | None" = None,
    ) -> AssignmentId:
        """Its part in the first of these states, or another's; else its latest at all.

        What does not apply to that one the kernel refuses, saying what does.
        """
        whose = self.id if worker is None else worker.id
        parts = [one for one in interaction.parts if one.worker == whose]
        if not parts:
            raise CommandRefused(
                f"worker {whose} has no part in interaction {interaction.id}, which is "
                f"{interaction.state.value}: it takes part once it is asked, or comes in"
            )
        wanted = (one for state in states for one in parts if one.state is state)
        return next(wanted, parts[-1]).assignment

    def _serving(self, customer: "CustomerFacts") -> InteractionId | None:
        """The interaction it serves for a customer; of several, the one it was given last."""
        view = self.centre.view
        for assignment, one in reversed(self._view.parts.items()):
            found = view.interactions[one]
            if found.owner == assignment and customer.is_customer(found.arrived.customer):
                return one
        return None


class CustomerFacts(Handle):
    """What a customer shows."""

    __slots__ = ()
    _kind = "customer"

    @property
    def _views(self) -> tuple[CustomerView, ...]:
        """Of everybody who is the same."""
        return tuple(self.centre.view.family(self.id))

    @property
    def addresses(self) -> tuple[Address, ...]:
        """By what the customer is known; of those merged with it, too."""
        return tuple(address for one in self._views for address in one.addresses)

    def is_customer(self, customer: str | None) -> bool:
        """Whether that id is this customer's, or of one merged with it."""
        root = self.centre.view.families.root
        return customer is not None and root(customer) == root(self.id)

    def sees(self, interaction: InteractionFacts) -> Context:
        """What was said so far that this customer may see: no side conversation, none of others."""
        return seen_by(self.centre.view, self.id, interaction.id)


def address_for(view: View, customer: CustomerId | None, channel: str) -> Address | None:
    """The customer's first address whose scheme the channel takes, most natural scheme first."""
    if customer is None:
        return None
    addresses = [address for one in view.family(customer) for address in one.addresses]
    for scheme in view.channel(channel).schemes:
        for address in addresses:
            if address.scheme == scheme:
                return address
    return None
