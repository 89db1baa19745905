"""What supervisors do: they come in, take over, give work away, and send workers to a break.

Law of this file: where the table of verbs knows no supervisor, it acts as the worker it is, too.
"""

from datetime import timedelta

from onechannel import commands as c
from onechannel.events import Event
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.assignment import AssignmentState, Role
from onechannel.simulation.handles.facts import InteractionFacts, WorkerFacts
from onechannel.simulation.handles.working import WorkingVerbs

__all__ = ["SupervisingVerbs"]

_TAKING_PART = (AssignmentState.ACTIVE, AssignmentState.HELD)


class SupervisingVerbs(WorkingVerbs):
    """What a supervisor does beside all that a worker does."""

    __slots__ = ()

    def _do(self, command: c.Command) -> tuple[Event, ...]:
        supervises = ActorKind.SUPERVISOR in c.VERBS[type(command)].actors
        kind = ActorKind.SUPERVISOR if supervises else ActorKind.WORKER
        return self.centre.do(command, Actor(kind, self.id))

    def listens(self, interaction: InteractionFacts) -> None:
        """Hear both sides; neither hears it."""
        self._steps(interaction, Role.LISTENS)

    def whispers(self, interaction: InteractionFacts) -> None:
        """Be heard by whoever serves, and not by the customer."""
        self._steps(interaction, Role.WHISPERS)

    def barges(self, interaction: InteractionFacts) -> None:
        """Be heard by both sides."""
        self._steps(interaction, Role.BARGES)

    def takes_over(self, interaction: InteractionFacts) -> None:
        """Serve, in place of whoever serves."""
        if self._takes_part(interaction):
            self.changes_role(interaction, Role.SERVES)
        else:
            self.assigns(interaction, self)

    def assigns(self, interaction: InteractionFacts, worker: WorkerFacts) -> None:
        """Give it to a worker, asked or not, whatever that one holds."""
        self._do(c.Assign(interaction=interaction.id, worker=worker.id))

    def sanctions(self, worker: WorkerFacts, reason: str, duration: timedelta) -> None:
        """Let a worker take no new work for a time, which it cannot change itself."""
        self._do(c.Sanction(worker=worker.id, reason=reason, duration=duration))

    def joins(self, interaction: InteractionFacts, role: Role | str = Role.LISTENS) -> None:
        """Come in unasked: to listen, to whisper or to barge."""
        super().joins(interaction, role)

    def _steps(self, interaction: InteractionFacts, role: Role) -> None:
        """Come in so, or come nearer, or step back."""
        if self._takes_part(interaction):
            self.changes_role(interaction, role)
        else:
            self.joins(interaction, role)

    def _takes_part(self, interaction: InteractionFacts) -> bool:
        return any(one.worker == self.id and one.state in _TAKING_PART for one in interaction.parts)
