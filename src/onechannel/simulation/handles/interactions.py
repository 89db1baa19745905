"""What is said of an interaction itself, without saying who does it.

Law of this file: a verb on an interaction acts as the worker who serves it or, while it is dormant
or suspended, who keeps it; where there is none, as the centre.
"""

from onechannel import commands as c
from onechannel.errors import CommandRefused
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.interaction import EndReason
from onechannel.model.worker import WorkerKind
from onechannel.simulation.handles.facts import InteractionFacts

__all__ = ["InteractionVerbs"]


class InteractionVerbs(InteractionFacts):
    """What happens to an interaction."""

    __slots__ = ()

    @property
    def _actor(self) -> Actor:
        view = self._view
        worker = view.keeper if view.owner is None else view.parts[view.owner].worker
        if worker is None:
            return SYSTEM
        machine = self.centre.view.workers[worker].definition.kind is WorkerKind.MACHINE
        return Actor(ActorKind.MACHINE if machine else ActorKind.WORKER, worker)

    def says(self, text: str) -> None:
        """Who serves it says something to the customer."""
        owner = self._view.owner
        if owner is None:
            raise CommandRefused(f"interaction {self.id} is {self.state.value}: nobody serves it")
        self._do(c.Say(interaction=self.id, text=text, assignment=owner))

    def escalates(self, reason: str | None = None) -> None:
        """The machine that serves it hands it to people."""
        self._do(c.Escalate(interaction=self.id, reason=reason))

    def hands_back(self, reason: str | None = None) -> None:
        """The person who serves it hands it back to a machine."""
        self._do(c.HandBack(interaction=self.id, reason=reason))

    def sleeps(self) -> None:
        """It is the customer's turn."""
        self._do(c.Sleep(interaction=self.id))

    def reactivates(self) -> None:
        """What is dormant or suspended goes on."""
        self._do(c.Reactivate(interaction=self.id))

    def leaves(self) -> None:
        """The customer goes."""
        self.centre.do(c.Leave(interaction=self.id))

    def closes(
        self, *, disposition: str | None = None, reason: EndReason | str = EndReason.RESOLVED
    ) -> None:
        """It is over; one that waits is ended by the centre itself."""
        self._do(c.Close(interaction=self.id, reason=reason, disposition=disposition))
