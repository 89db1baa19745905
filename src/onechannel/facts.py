"""Facts: what of the past a decision may look at.

Laws of this file: the kernel holds live things only and asks for the rest by reference; one table
says which references each command has. The answer is a value, or None for "there is no such thing".
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs

from onechannel import commands as c
from onechannel.errors import FactsMissing
from onechannel.events import CustomerRegistered
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.ids import CustomerId, InteractionId, root_of, spoken_in
from onechannel.ports import (
    Answer,
    CustomerKnown,
    HolderOf,
    LineOf,
    Past,
    Reference,
    reference_key,
)

__all__ = ["NOTHING_PAST", "Facts", "references"]


@attrs.frozen
class Facts:
    """Answers by reference; `complete`: what is not there does not exist, and is not asked for."""

    answers: Mapping[Reference, Answer] = attrs.field(factory=dict)
    complete: bool = False

    def answer(self, reference: Reference) -> Answer:
        """The answer; raises `FactsMissing` where there is none."""
        if reference in self.answers:
            return self.answers[reference]
        if self.complete:
            return None
        raise FactsMissing(
            f"{type(reference).__name__} is unanswered: ask `needs` and answer it first"
        )

    def customer(self, customer: CustomerId) -> CustomerRegistered | None:
        """How a customer was registered."""
        answer = self.answer(CustomerKnown(customer))
        return answer if isinstance(answer, CustomerRegistered) else None

    def holder_of(self, key: str) -> str | None:
        """Whom or what a key denotes."""
        answer = self.answer(HolderOf(key))
        return answer if isinstance(answer, str) else None

    def line_of(self, interaction: InteractionId) -> Past | None:
        """The latest of an interaction and its successors."""
        if self.complete and not self.answers:
            return None
        answer = self.answer(LineOf(root_of(interaction)))
        return answer if isinstance(answer, Past) else None


#: For a driver that begins with an empty log and gives every interaction and customer a new id.
NOTHING_PAST: Final = Facts(complete=True)


_IsOpen: TypeAlias = Callable[[InteractionId], bool]


def _arrive(command: c.Arrive, actor: Actor, _open: _IsOpen) -> Iterator[Reference]:
    for line in (command.interaction, command.follows):
        if line is not None:
            yield LineOf(root_of(line))
    if command.customer is not None:
        yield CustomerKnown(command.customer)
    elif actor.kind is ActorKind.CUSTOMER and actor.id is not None:
        yield CustomerKnown(actor.id)
    elif command.address is not None:
        yield HolderOf(command.address.key)


def _reach(
    command: c.Reach | c.ObserveArrival, _actor: Actor, _open: _IsOpen
) -> Iterator[Reference]:
    yield LineOf(root_of(command.interaction))
    if command.customer is not None:
        yield CustomerKnown(command.customer)


def _register(command: c.RegisterCustomer, _actor: Actor, _open: _IsOpen) -> Iterator[Reference]:
    yield CustomerKnown(command.customer)
    for address in command.addresses:
        yield HolderOf(address.key)


def _link(
    command: c.LinkAddress | c.UnlinkAddress, _actor: Actor, _open: _IsOpen
) -> Iterator[Reference]:
    yield CustomerKnown(command.customer)
    yield HolderOf(command.address.key)


def _merge(command: c.MergeCustomers, _actor: Actor, _open: _IsOpen) -> Iterator[Reference]:
    yield CustomerKnown(command.customer)
    yield CustomerKnown(command.survivor)


def _customer(
    command: c.MakePromise | c.OpenJourney | c.Say, _actor: Actor, _open: _IsOpen
) -> Iterator[Reference]:
    customer = command.author if isinstance(command, c.Say) else command.customer
    if customer is not None:
        yield CustomerKnown(customer)


def _say(command: c.Say, actor: Actor, is_open: _IsOpen) -> Iterator[Reference]:
    # Most of what is said is said in what is open, and that is known without asking.
    if not is_open(command.interaction):
        yield LineOf(root_of(command.interaction))
    yield from _customer(command, actor, is_open)


def _receipt(command: c.ReportDelivery, _actor: Actor, _open: _IsOpen) -> Iterator[Reference]:
    if command.reference is not None:
        yield HolderOf(reference_key(command.reference))
    if command.message is not None:
        yield LineOf(root_of(spoken_in(command.message)))


def _message(
    command: c.EditMessage | c.RetractMessage, _actor: Actor, _open: _IsOpen
) -> Iterator[Reference]:
    yield LineOf(root_of(spoken_in(command.message)))


_REFERENCES: Final[dict[type, Callable[[Any, Actor, _IsOpen], Iterator[Reference]]]] = {
    c.Arrive: _arrive,
    c.Reach: _reach,
    c.ObserveArrival: _reach,
    c.RegisterCustomer: _register,
    c.LinkAddress: _link,
    c.UnlinkAddress: _link,
    c.MergeCustomers: _merge,
    c.MakePromise: _customer,
    c.OpenJourney: _customer,
    c.Say: _say,
    c.EditMessage: _message,
    c.RetractMessage: _message,
    c.ReportDelivery: _receipt,
}


def references(request: c.Request, is_open: _IsOpen) -> tuple[Reference, ...]:
    """Everything of the past that the decision on this request may look at.

    `is_open` says whether an interaction is: then nothing of its past is asked.
    """
    asked = _REFERENCES.get(type(request.command))
    if asked is None:
        return ()
    return tuple(asked(request.command, request.actor, is_open))
