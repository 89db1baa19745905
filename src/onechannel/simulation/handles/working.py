"""What workers do beside serving: they come and go, keep promises, and know whose journey it is.

Law of this file: a verb is one command, on behalf of the worker.
"""

from datetime import timedelta

from onechannel import commands as c
from onechannel.errors import CommandRefused
from onechannel.model.assignment import AssignmentState
from onechannel.model.checks import tuple_of
from onechannel.model.worker import WorkerState
from onechannel.simulation.handles.facts import InteractionFacts, JourneyFacts, PromiseFacts
from onechannel.simulation.handles.serving import ServingVerbs
from onechannel.simulation.scripts import Routine, Turn

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

    # -- by itself --------------------------------------------------------------------------------

    def plays(self, *turns: Turn) -> None:
        """From now on take these turns, one after the other, in whatever it comes to serve."""
        self.centre.cast.turns[self.id] = tuple_of(Turn, turns)

    def works(
        self,
        *,
        answers_after: timedelta | None = None,
        serves_for: timedelta | None = None,
        wraps_up_for: timedelta | None = None,
        disposition: str | None = None,
    ) -> None:
        """From now on answer, serve and wrap up by itself, each after so long; None: not.

        What it serves it then closes with the `disposition`.
        """
        self.centre.cast.routines[self.id] = Routine(
            answers_after=answers_after,
            serves_for=serves_for,
            wraps_up_for=wraps_up_for,
            disposition=disposition,
        )

    def ignores(self, interaction: InteractionFacts) -> None:
        """Let it ring: time passes until nobody asks it any more."""
        asked = interaction.part(self._part(interaction, AssignmentState.PENDING))
        if asked.state is not AssignmentState.PENDING or asked.expires_at is None:
            raise CommandRefused(
                f"worker {self.id} cannot ignore interaction {interaction.id}: its part is "
                f"{asked.state.value}, and no clock runs; ignore what is asked"
            )
        self.centre.advance_to(asked.expires_at)

    def vanishes(self, noticed_after: timedelta | None = None) -> None:
        """Be gone without a word: its line is dead, its machine is off.

        Nothing comes from it until it `comes_back`. After `noticed_after` the centre notices, signs
        it out, and gives what it served back to its line; until then only asking times pass.
        """
        self.centre.cast.vanish(self.id, noticed_after)

    def comes_back(self) -> None:
        """Be there again, and available, after having vanished."""
        self.centre.cast.vanished.pop(self.id, None)
        if self.state in {WorkerState.SIGNED_OUT, WorkerState.DRAINING}:
            self.signs_in()
        elif self.state is WorkerState.UNAVAILABLE:
            self.becomes_available()

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
