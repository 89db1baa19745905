"""What customers do, and what becomes of who they are.

Law of this file: a verb is one command, given by the customer itself where the table of verbs lets
it, and by the centre where it does not.
"""

from datetime import timedelta

from onechannel import commands as c
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.address import Address
from onechannel.simulation.handles.common import CommonVerbs
from onechannel.simulation.handles.facts import CustomerFacts, InteractionFacts
from onechannel.simulation.scripts import Patience

__all__ = ["CustomerVerbs"]


class CustomerVerbs(CustomerFacts, CommonVerbs):
    """What a customer does, beside what begins something new."""

    __slots__ = ()

    @property
    def _actor(self) -> Actor:
        return Actor(ActorKind.CUSTOMER, self.id)

    # -- in an interaction ------------------------------------------------------------------------

    def types(self, interaction: InteractionFacts) -> None:
        """Be typing."""
        self._do(c.Type(interaction=interaction.id))

    def leaves(self, interaction: InteractionFacts) -> None:
        """Hang up, close the page, walk out."""
        self._do(c.Leave(interaction=interaction.id))

    # -- by itself --------------------------------------------------------------------------------

    def waits(self, span: timedelta | None = None, **parts: float) -> None:
        """Let time pass: `ana.waits(minutes=2)`."""
        self.centre.advance(span, **parts)

    def has_patience(
        self, waits_for: timedelta, *, returns_after: timedelta | None = None, returns: int = 1
    ) -> None:
        """From now on stand in a real-time line for so long, and then leave.

        It comes the same way again after `returns_after`, so many times.
        """
        self.centre.cast.patience[self.id] = Patience(
            waits_for=waits_for, returns_after=returns_after, returns=returns
        )

    # -- who it is --------------------------------------------------------------------------------

    def links(self, address: str, evidence: str = "stated") -> None:
        """Be known by one address more."""
        self._do(c.LinkAddress(customer=self.id, address=Address.parse(address), evidence=evidence))

    def unlinks(self, address: str, evidence: str = "stated") -> None:
        """Be known by an address no longer."""
        self._do(
            c.UnlinkAddress(customer=self.id, address=Address.parse(address), evidence=evidence)
        )

    def merges(self, other: CustomerFacts, evidence: str = "stated") -> None:
        """Turn out to be the same as another, who is known by this one from now on.

        Nobody does that to itself: the centre does.
        """
        command = c.MergeCustomers(customer=other.id, survivor=self.id, evidence=evidence)
        self.centre.do(command)

    def unmerges(self, evidence: str = "stated") -> None:
        """Turn out not to be the one it was merged into: the centre says so."""
        self.centre.do(c.UnmergeCustomer(customer=self.id, evidence=evidence))
