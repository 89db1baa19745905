"""What whoever serves does in an interaction: takes it, holds it, hands it over, ends it.

Law of this file: a verb is one command about the worker's own part, or about the interaction; which
part is meant is read from the log, and whether it applies is the kernel's to say.
"""

from datetime import datetime, timedelta

from onechannel import commands as c
from onechannel.errors import CommandRefused
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.ids import AssignmentId
from onechannel.model.interaction import EndReason
from onechannel.model.message import Attachment
from onechannel.model.worker import WorkerKind
from onechannel.simulation.handles.common import CommonVerbs
from onechannel.simulation.handles.facts import InteractionFacts, WorkerFacts
from onechannel.simulation.handles.stage import moment
from onechannel.simulation.records import Message

__all__ = ["ServingVerbs"]

_PENDING, _ACTIVE = AssignmentState.PENDING, AssignmentState.ACTIVE
_HELD, _WRAPPING = AssignmentState.HELD, AssignmentState.WRAPPING


class ServingVerbs(WorkerFacts, CommonVerbs):
    """What a worker does in an interaction; a machine acts as one."""

    __slots__ = ()

    @property
    def _actor(self) -> Actor:
        machine = self.definition.kind is WorkerKind.MACHINE
        return Actor(ActorKind.MACHINE if machine else ActorKind.WORKER, self.id)

    # -- its part ---------------------------------------------------------------------------------

    def accepts(self, interaction: InteractionFacts) -> None:
        """Take what it is asked to take."""
        self._do(c.Accept(assignment=self._part(interaction, _PENDING)))

    def declines(self, interaction: InteractionFacts, reason: str | None = None) -> None:
        """Do not take it."""
        self._do(c.Decline(assignment=self._part(interaction, _PENDING), reason=reason))

    def holds(self, interaction: InteractionFacts, worker: WorkerFacts | None = None) -> None:
        """Put its side on hold, or that of a `worker` in what it serves."""
        self._do(c.Hold(assignment=self._part(interaction, _ACTIVE, worker=worker)))

    def resumes(self, interaction: InteractionFacts, worker: WorkerFacts | None = None) -> None:
        """End a hold."""
        self._do(c.Resume(assignment=self._part(interaction, _HELD, worker=worker)))

    def releases(self, interaction: InteractionFacts, worker: WorkerFacts | None = None) -> None:
        """Have wrapped up; leave what another serves; let a `worker` go from what it serves."""
        part = self._part(interaction, _WRAPPING, _ACTIVE, _HELD, worker=worker)
        self._do(c.Release(assignment=part))

    def extends_wrap_up(self, interaction: InteractionFacts, duration: timedelta) -> None:
        """Take that much longer to wrap up."""
        part = self._part(interaction, _WRAPPING)
        self._do(c.ExtendWrapUp(assignment=part, duration=duration))

    # -- what it says -----------------------------------------------------------------------------

    def says(
        self,
        interaction: InteractionFacts,
        text: str,
        *,
        channel: str | None = None,
        template: str | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> Message:
        """Say something to the customer; in a side conversation, to whom was asked, or who asked.

        Gives the message as it was when it was said.
        """
        command = c.Say(
            interaction=interaction.id,
            text=text,
            assignment=self._speaks_as(interaction),
            channel=channel,
            template=template,
            attachments=attachments,
        )
        self._do(command)
        return interaction.messages[-1]

    def types(self, interaction: InteractionFacts) -> None:
        """Be typing."""
        part = self._speaks_as(interaction)
        self._do(c.Type(interaction=interaction.id, assignment=part))

    def _speaks_as(self, interaction: InteractionFacts) -> AssignmentId | None:
        """Its part; None for whoever asked, in a side conversation in which it has none."""
        taking_part = any(one.worker == self.id for one in interaction.parts)
        if interaction.is_side and not taking_part:
            return None
        return self._part(interaction, _ACTIVE)

    def suggests(self, interaction: InteractionFacts, text: str) -> None:
        """Say something to whoever serves, which the customer does not hear."""
        self._do(c.Suggest(assignment=self._part(interaction, _ACTIVE), text=text))

    # -- who else comes in ------------------------------------------------------------------------

    def joins(self, interaction: InteractionFacts, role: Role | str = Role.ASSISTS) -> None:
        """Come in unasked: a machine assists."""
        self._do(c.Join(interaction=interaction.id, worker=self.id, role=role))

    def consults(
        self,
        interaction: InteractionFacts,
        whom: WorkerFacts | None = None,
        *,
        queue: str | None = None,
        department: str | None = None,
    ) -> None:
        """Ask a worker for advice, or the longest idle of a queue or department."""
        self._do(
            c.Consult(
                interaction=interaction.id,
                worker=None if whom is None else whom.id,
                queue=queue,
                department=department,
            )
        )

    def changes_role(
        self, interaction: InteractionFacts, role: Role | str, worker: WorkerFacts | None = None
    ) -> None:
        """Let a `worker` in what it serves be something else in it; a supervisor, itself."""
        part = self._part(interaction, _ACTIVE, _HELD, worker=worker)
        self._do(c.ChangeRole(assignment=part, role=role))

    def conferences(self, interaction: InteractionFacts, worker: WorkerFacts | None = None) -> None:
        """Let whom it consults speak with the customer, too."""
        part = self._beside(interaction, worker, Role.CONSULTED)
        self._do(c.ChangeRole(assignment=part, role=Role.CONFERENCED))

    def completes_transfer(
        self, interaction: InteractionFacts, worker: WorkerFacts | None = None
    ) -> None:
        """Hand over to whom it consults, or has in conference: a consult transfer."""
        part = self._beside(interaction, worker, Role.CONSULTED, Role.CONFERENCED)
        self._do(c.ChangeRole(assignment=part, role=Role.SERVES))

    def _beside(
        self, interaction: InteractionFacts, worker: WorkerFacts | None, *roles: Role
    ) -> AssignmentId:
        """The latest part in one of these roles, of that worker if one is named."""
        if worker is not None:
            return self._part(interaction, _ACTIVE, _HELD, worker=worker)
        for one in reversed(interaction.parts):
            if one.role in roles and one.state in {_ACTIVE, _HELD}:
                return one.assignment
        raise CommandRefused(
            f"nobody who was asked takes part in interaction {interaction.id} beside "
            f"worker {self.id}: consult somebody, who accepts"
        )

    # -- where the work goes ----------------------------------------------------------------------

    def hands_back(self, interaction: InteractionFacts, reason: str | None = None) -> None:
        """Hand it back to a machine."""
        self._do(c.HandBack(interaction=interaction.id, reason=reason))

    def transfers(
        self,
        interaction: InteractionFacts,
        to: WorkerFacts | None = None,
        *,
        queue: str | None = None,
        department: str | None = None,
        returns_after: timedelta | None = None,
        reason: str | None = None,
    ) -> None:
        """Give it away: to a worker, a queue, a department, or back into its line."""
        self._do(
            c.Transfer(
                interaction=interaction.id,
                worker=None if to is None else to.id,
                queue=queue,
                department=department,
                returns_after=returns_after,
                reason=reason,
            )
        )

    def sleeps(self, interaction: InteractionFacts) -> None:
        """Leave it to the customer, whose turn it is."""
        self._do(c.Sleep(interaction=interaction.id))

    def suspends(
        self, interaction: InteractionFacts, party: str, reason: str, due: timedelta | datetime
    ) -> None:
        """Let it wait on a third party, until a time or for so long."""
        until = moment(self.centre, due)
        self._do(c.Suspend(interaction=interaction.id, party=party, reason=reason, due=until))

    def reactivates(self, interaction: InteractionFacts) -> None:
        """Go on with what is dormant or suspended."""
        self._do(c.Reactivate(interaction=interaction.id))

    def misses_callback(self, interaction: InteractionFacts) -> None:
        """Have called back, and not reached the customer."""
        self._do(c.MissCallback(interaction=interaction.id))

    def renews_lease(self, interaction: InteractionFacts) -> None:
        """Say that real-time work is still going on."""
        self._do(c.RenewLease(interaction=interaction.id))

    def closes(
        self,
        interaction: InteractionFacts,
        *,
        disposition: str | None = None,
        reason: EndReason | str = EndReason.RESOLVED,
    ) -> None:
        """End it."""
        self._do(c.Close(interaction=interaction.id, reason=reason, disposition=disposition))
