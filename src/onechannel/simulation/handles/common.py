"""What customers and workers do alike.

Law of this file: a verb is one command, on behalf of whoever's handle it is.
"""

from datetime import datetime, timedelta

from onechannel import commands as c
from onechannel.simulation.handles.facts import (
    InteractionFacts,
    JourneyFacts,
    WorkerFacts,
    address_for,
)
from onechannel.simulation.handles.stage import Handle, moment
from onechannel.simulation.records import Message

__all__ = ["CommonVerbs"]


class CommonVerbs(Handle):
    """Verbs that a customer has, and a worker, too."""

    __slots__ = ()

    def edits(self, message: Message, text: str) -> None:
        """Let a message of its own say something else."""
        self._do(c.EditMessage(message=message.id, text=text))

    def retracts(self, message: Message) -> None:
        """Take a message of its own back."""
        self._do(c.RetractMessage(message=message.id))

    def escalates(self, interaction: InteractionFacts, reason: str | None = None) -> None:
        """From the machine that serves to people."""
        self._do(c.Escalate(interaction=interaction.id, reason=reason))

    def moves(self, interaction: InteractionFacts, channel: str) -> None:
        """Go on by another channel, at the customer's first address that it takes."""
        address = address_for(self.centre.view, interaction.customer_id, channel)
        self._do(c.MoveChannel(interaction=interaction.id, channel=channel, address=address))

    def requests_callback(
        self,
        interaction: InteractionFacts,
        at: timedelta | datetime | None = None,
        *,
        worker: WorkerFacts | None = None,
        owned_for: timedelta | None = None,
        only: bool = False,
        within: timedelta | None = None,
    ) -> None:
        """Let the customer be called back instead of waiting: in turn, or `at` a time.

        `worker` is asked alone for `owned_for`, and nobody after that if it is `only` that one's.
        """
        self._do(
            c.RequestCallback(
                interaction=interaction.id,
                at=None if at is None else moment(self.centre, at),
                worker=None if worker is None else worker.id,
                owned_for=owned_for,
                only=only,
                within=within,
            )
        )

    def achieves_journey(self, journey: JourneyFacts, reason: str | None = None) -> None:
        """The customer got what it was about."""
        self._do(c.AchieveJourney(journey=journey.id, reason=reason))

    def fails_journey(self, journey: JourneyFacts, reason: str | None = None) -> None:
        """The customer did not get what it was about."""
        self._do(c.FailJourney(journey=journey.id, reason=reason))
