"""What workers do beside serving: they come and go, keep promises, and know whose journey it is.

Law of this file: a verb is one command, on behalf of the worker.
"""

from datetime import timedelta

from onechannel import commands as c
from onechannel.simulation.handles.facts import InteractionFacts, JourneyFacts, PromiseFacts
from onechannel.simulation.handles.serving import ServingVerbs

__all__ = ["WorkingVerbs"]


class WorkingVerbs(ServingVerbs):
    """All that a worker does, but for what begins something new."""

    __slots__ = ()

    # -- presence ---------------------------------------------------------------------------------

    def signs_in(self) -> None:
        """Be there, and available."""
        self._do(c.SignIn(worker=self.id))

    def signs_out(self) -> None:
        """Be gone, once what is real-time is over; the rest goes back to its queue."""
        self._do(c.SignOut(worker=self.id))

    def drains(self) -> None:
        """Take nothing new, and be gone once nothing is left."""
        self._do(c.Drain(worker=self.id))

    def becomes_available(self) -> None:
        """Take new work again."""
        self._do(c.BecomeAvailable(worker=self.id))

    def becomes_unavailable(self, reason: str = "break", duration: timedelta | None = None) -> None:
        """Take no new work, for a time or until further notice."""
        self._do(c.BecomeUnavailable(worker=self.id, reason=reason, duration=duration))

    # -- promises ---------------------------------------------------------------------------------

    def keeps_promise(
        self, promise: PromiseFacts, evidence: str | InteractionFacts | None = None
    ) -> None:
        """Have done what was promised; `evidence` is where that shows."""
        shown = evidence.id if isinstance(evidence, InteractionFacts) else evidence
        self._do(c.KeepPromise(promise=promise.id, evidence=shown))

    def pauses_promise(
        self, promise: PromiseFacts, reason: str, duration: timedelta | None = None
    ) -> None:
        """Let its time not run, for a while or until it is resumed."""
        self._do(c.PausePromise(promise=promise.id, reason=reason, duration=duration))

    def resumes_promise(self, promise: PromiseFacts) -> None:
        """Let its time run again."""
        self._do(c.ResumePromise(promise=promise.id))

    def withdraws_promise(self, promise: PromiseFacts, reason: str = "withdrawn") -> None:
        """It need not be kept any more."""
        self._do(c.WithdrawPromise(promise=promise.id, reason=reason))

    # -- journeys ---------------------------------------------------------------------------------

    def joins_journey(self, interaction: InteractionFacts, journey: JourneyFacts) -> None:
        """What it serves belongs to that journey."""
        self._do(c.JoinJourney(interaction=interaction.id, journey=journey.id))
