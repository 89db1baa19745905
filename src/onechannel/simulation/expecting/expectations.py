"""What may be expected by name: a method for each row of the table of kinds.

Laws of this file: a method takes the fields of its row, in their order; whatever is not said may be
anything.
"""

from abc import ABC, abstractmethod
from typing import Any

from onechannel.events import Event
from onechannel.simulation.cast import Refusal
from onechannel.simulation.expecting.conditions import (
    AnyCustomer,
    AnyInteraction,
    AnyJourney,
    AnyPromise,
    AnyWorker,
    Text,
)
from onechannel.simulation.expecting.expectation import Expectation

__all__ = ["Expectations"]


class Expectations(ABC):
    """An expectation of each kind."""

    @abstractmethod
    def by_name(self, name: str, /, **fields: Any) -> Expectation[Any]:
        """The expectation of that name in `KINDS`."""

    # -- who serves -------------------------------------------------------------------------------

    def arrived(
        self,
        interaction: AnyInteraction | None = None,
        *,
        customer: AnyCustomer | None = None,
        channel: Text | None = None,
        about: Text | None = None,
        direction: str | None = None,
    ) -> Expectation[Event]:
        """An interaction begins: a customer comes, or is reached, or a side conversation is."""
        return self.by_name(
            "arrived",
            interaction=interaction,
            customer=customer,
            channel=channel,
            about=about,
            direction=direction,
        )

    def queued(
        self,
        interaction: AnyInteraction | None = None,
        *,
        queue: Text | None = None,
        because: str | None = None,
        reason: Text | None = None,
        customer: AnyCustomer | None = None,
    ) -> Expectation[Event]:
        """It stands in a line: `because` of its arrival, an escalation, a transfer or the like."""
        return self.by_name(
            "queued",
            interaction=interaction,
            queue=queue,
            because=because,
            reason=reason,
            customer=customer,
        )

    def asked(
        self,
        worker: AnyWorker | None = None,
        interaction: AnyInteraction | None = None,
        *,
        role: str | None = None,
        customer: AnyCustomer | None = None,
    ) -> Expectation[Event]:
        """A worker is asked to take a part in it, in any `role` or in this one."""
        return self.by_name(
            "asked", worker=worker, interaction=interaction, role=role, customer=customer
        )

    def assigned(
        self,
        worker: AnyWorker | None = None,
        interaction: AnyInteraction | None = None,
        *,
        customer: AnyCustomer | None = None,
    ) -> Expectation[Event]:
        """A worker serves: it has accepted, or taken over."""
        return self.by_name("assigned", worker=worker, interaction=interaction, customer=customer)

    def declined(
        self,
        worker: AnyWorker | None = None,
        interaction: AnyInteraction | None = None,
        *,
        reason: Text | None = None,
        customer: AnyCustomer | None = None,
    ) -> Expectation[Event]:
        """A worker does not take it."""
        return self.by_name(
            "declined", worker=worker, interaction=interaction, reason=reason, customer=customer
        )

    def missed(
        self,
        worker: AnyWorker | None = None,
        interaction: AnyInteraction | None = None,
        *,
        customer: AnyCustomer | None = None,
    ) -> Expectation[Event]:
        """A worker has not answered in time."""
        return self.by_name("missed", worker=worker, interaction=interaction, customer=customer)

    def released(
        self,
        worker: AnyWorker | None = None,
        interaction: AnyInteraction | None = None,
        *,
        customer: AnyCustomer | None = None,
    ) -> Expectation[Event]:
        """A worker's part is over, wrap-up and all."""
        return self.by_name("released", worker=worker, interaction=interaction, customer=customer)

    def closed(
        self,
        interaction: AnyInteraction | None = None,
        *,
        reason: str | None = None,
        disposition: Text | None = None,
        customer: AnyCustomer | None = None,
        channel: Text | None = None,
    ) -> Expectation[Event]:
        """It is over; `reason` is why: resolved, abandoned or the like."""
        return self.by_name(
            "closed",
            interaction=interaction,
            reason=reason,
            disposition=disposition,
            customer=customer,
            channel=channel,
        )

    def superseded(
        self,
        interaction: AnyInteraction | None = None,
        *,
        customer: AnyCustomer | None = None,
        channel: Text | None = None,
    ) -> Expectation[Event]:
        """It is over because the customer came another way."""
        return self.by_name(
            "superseded", interaction=interaction, customer=customer, channel=channel
        )

    # -- what is said -----------------------------------------------------------------------------

    def heard(
        self,
        text: Text | None = None,
        interaction: AnyInteraction | None = None,
        *,
        customer: AnyCustomer | None = None,
        channel: Text | None = None,
    ) -> Expectation[Event]:
        """A customer says something."""
        return self.by_name(
            "heard", text=text, interaction=interaction, customer=customer, channel=channel
        )

    def sent(
        self,
        text: Text | None = None,
        interaction: AnyInteraction | None = None,
        *,
        worker: AnyWorker | None = None,
        customer: AnyCustomer | None = None,
        channel: Text | None = None,
        template: Text | None = None,
    ) -> Expectation[Event]:
        """Something is said to the customer."""
        return self.by_name(
            "sent",
            text=text,
            interaction=interaction,
            worker=worker,
            customer=customer,
            channel=channel,
            template=template,
        )

    # -- what is promised -------------------------------------------------------------------------

    def promised(
        self,
        what: Text | None = None,
        customer: AnyCustomer | None = None,
        *,
        worker: AnyWorker | None = None,
        interaction: AnyInteraction | None = None,
    ) -> Expectation[Event]:
        """A customer is told that something will happen; after a renegotiation, once more."""
        return self.by_name(
            "promised", what=what, customer=customer, worker=worker, interaction=interaction
        )

    def kept(
        self,
        promise: AnyPromise | None = None,
        *,
        what: Text | None = None,
        customer: AnyCustomer | None = None,
        worker: AnyWorker | None = None,
    ) -> Expectation[Event]:
        """A promise is kept; `worker` is who answers for it."""
        return self.by_name("kept", promise=promise, what=what, customer=customer, worker=worker)

    def broken(
        self,
        promise: AnyPromise | None = None,
        *,
        what: Text | None = None,
        customer: AnyCustomer | None = None,
        worker: AnyWorker | None = None,
    ) -> Expectation[Event]:
        """A promise is broken."""
        return self.by_name("broken", promise=promise, what=what, customer=customer, worker=worker)

    def renegotiated(
        self,
        promise: AnyPromise | None = None,
        *,
        what: Text | None = None,
        customer: AnyCustomer | None = None,
        worker: AnyWorker | None = None,
    ) -> Expectation[Event]:
        """Another time is agreed on for a promise."""
        return self.by_name(
            "renegotiated", promise=promise, what=what, customer=customer, worker=worker
        )

    def withdrawn(
        self,
        promise: AnyPromise | None = None,
        *,
        what: Text | None = None,
        customer: AnyCustomer | None = None,
        worker: AnyWorker | None = None,
        reason: Text | None = None,
    ) -> Expectation[Event]:
        """A promise need not be kept any more."""
        return self.by_name(
            "withdrawn",
            promise=promise,
            what=what,
            customer=customer,
            worker=worker,
            reason=reason,
        )

    def paused(
        self,
        promise: AnyPromise | None = None,
        *,
        what: Text | None = None,
        customer: AnyCustomer | None = None,
        worker: AnyWorker | None = None,
        reason: Text | None = None,
    ) -> Expectation[Event]:
        """The time of a promise stands still."""
        return self.by_name(
            "paused", promise=promise, what=what, customer=customer, worker=worker, reason=reason
        )

    # -- what customers pursue --------------------------------------------------------------------

    def achieved(
        self,
        journey: AnyJourney | None = None,
        *,
        customer: AnyCustomer | None = None,
        about: Text | None = None,
        reason: Text | None = None,
    ) -> Expectation[Event]:
        """A customer got what it was about."""
        return self.by_name(
            "achieved", journey=journey, customer=customer, about=about, reason=reason
        )

    def failed(
        self,
        journey: AnyJourney | None = None,
        *,
        customer: AnyCustomer | None = None,
        about: Text | None = None,
        reason: Text | None = None,
    ) -> Expectation[Event]:
        """A customer did not get what it was about."""
        return self.by_name(
            "failed", journey=journey, customer=customer, about=about, reason=reason
        )

    def lapsed(
        self,
        journey: AnyJourney | None = None,
        *,
        customer: AnyCustomer | None = None,
        about: Text | None = None,
    ) -> Expectation[Event]:
        """Nothing happened any more in what a customer pursued."""
        return self.by_name("lapsed", journey=journey, customer=customer, about=about)

    # -- what is refused --------------------------------------------------------------------------

    def refused(
        self,
        worker: AnyWorker | None = None,
        interaction: AnyInteraction | None = None,
        *,
        verb: str | None = None,
        customer: AnyCustomer | None = None,
        because: Text | None = None,
    ) -> Expectation[Refusal]:
        """Somebody asks for something and is refused; `because` is what stands in the refusal."""
        return self.by_name(
            "refused",
            worker=worker,
            interaction=interaction,
            verb=verb,
            customer=customer,
            because=because,
        )
