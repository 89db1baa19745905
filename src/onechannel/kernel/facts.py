"""Facts: what a decision needs of the past.

Laws of this file: the kernel holds live things only and asks for the rest by reference; a reference
says what is asked, its answer is a value or None for "there is no such thing".
"""

from collections.abc import Mapping
from typing import Final

import attrs

from onechannel.commands import Arrive, Command, ObserveArrival, RegisterCustomer, Say
from onechannel.errors import FactsMissing
from onechannel.events import CustomerRegistered
from onechannel.model.ids import CustomerId, InteractionId, root_of
from onechannel.ports import Answer, CustomerAt, CustomerKnown, LineOf, Past, Reference

__all__ = ["NOTHING_PAST", "Facts", "references"]


@attrs.frozen
class Facts:
    """Answers by reference; `complete`: what is not there does not exist, and is not asked for."""

    answers: Mapping[Reference, Answer] = attrs.field(factory=dict)
    complete: bool = False

    def _answer(self, reference: Reference) -> Answer:
        if reference in self.answers:
            return self.answers[reference]
        if self.complete:
            return None
        raise FactsMissing(
            f"{type(reference).__name__} is unanswered: ask `needs` and answer it first"
        )

    @property
    def _nothing(self) -> bool:
        return self.complete and not self.answers

    def customer(self, customer: CustomerId) -> CustomerRegistered | None:
        """How a customer was registered."""
        answer = self._answer(CustomerKnown(customer))
        return answer if isinstance(answer, CustomerRegistered) else None

    def customer_at(self, key: str) -> CustomerId | None:
        """Who is known by an address."""
        answer = self._answer(CustomerAt(key))
        return answer if isinstance(answer, str) else None

    def line_of(self, interaction: InteractionId) -> Past | None:
        """The latest of an interaction and its successors."""
        if self._nothing:
            return None
        answer = self._answer(LineOf(root_of(interaction)))
        return answer if isinstance(answer, Past) else None


#: For a driver that begins with an empty log and gives every interaction and customer a new id.
NOTHING_PAST: Final = Facts(complete=True)


def references(command: Command) -> tuple[Reference, ...]:
    """Everything of the past that the decision on this command may look at."""
    if isinstance(command, Arrive):
        lines = (command.interaction, command.follows)
        asked: list[Reference] = [LineOf(root_of(line)) for line in lines if line is not None]
        if command.customer is not None:
            asked.append(CustomerKnown(command.customer))
        elif command.address is not None:
            asked.append(CustomerAt(command.address.key))
        return tuple(asked)
    if isinstance(command, Say):
        return (LineOf(root_of(command.interaction)),)
    if isinstance(command, ObserveArrival):
        line_of = LineOf(root_of(command.interaction))
        return (
            (line_of,) if command.customer is None else (line_of, CustomerKnown(command.customer))
        )
    if isinstance(command, RegisterCustomer):
        return (
            CustomerKnown(command.customer),
            *(CustomerAt(address.key) for address in command.addresses),
        )
    return ()
