"""One turn: a command or a deadline, with all that its decision may look at.

Laws of this file: look-ups refuse what is not there or not in the state asked for, before anything
has changed; a foreign id is answered like an absent one.
"""

from collections.abc import Mapping
from datetime import datetime

import attrs

from onechannel.commands import Command
from onechannel.errors import CommandRefused
from onechannel.kernel.facts import Facts
from onechannel.kernel.state import LiveAssignment, LiveInteraction, LiveWorker, State
from onechannel.kernel.transitions import ASSIGNMENT, INTERACTION, WORKER
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, WorkerId, interaction_of
from onechannel.model.policy import Planner

__all__ = ["Turn"]

_SERVING = frozenset({ActorKind.WORKER, ActorKind.MACHINE})


@attrs.define(eq=False)
class Turn:
    """The state, the effective time, who asks, and what is known of the past."""

    state: State
    now: datetime
    claimed_at: datetime
    actor: Actor
    facts: Facts
    callables: Mapping[str, Planner]

    def interaction(self, wanted: InteractionId, command: Command) -> LiveInteraction:
        """An open interaction to which the command applies."""
        live = self.state.interactions.get(wanted)
        if live is None or not self.may_speak_for(live.customer):
            raise CommandRefused(
                f"interaction {wanted} is not open: it never arrived, or is closed"
            )
        if live.state not in INTERACTION.admits[type(command)]:
            raise CommandRefused(INTERACTION.refusal(wanted, live.state))
        return live

    def assignment(self, wanted: AssignmentId, command: Command) -> LiveAssignment:
        """A live assignment of the actor's, if the actor serves, to which the command applies."""
        found = self.state.assignments.get(wanted)
        if found is None:
            raise CommandRefused(self._over(wanted))
        if not self.may_act_as(found.worker):
            raise CommandRefused(f"assignment {wanted} is not live: it is over, or never was")
        if found.state not in ASSIGNMENT.admits[type(command)]:
            raise CommandRefused(ASSIGNMENT.refusal(wanted, found.state))
        return found

    def _over(self, wanted: AssignmentId) -> str:
        live = self.state.interactions.get(interaction_of(wanted))
        state, worker = (None, None) if live is None else live.ended.get(wanted, (None, None))
        if state is None or not self.may_act_as(worker):
            return f"assignment {wanted} is not live: it is over, or never was"
        return f"assignment {wanted} is {state}: it is over"

    def owner(self, live: LiveInteraction) -> LiveAssignment:
        """The assignment that serves an engaged interaction, if the actor may speak for it."""
        self.claim(live)
        assert live.owner is not None  # engaged
        return self.state.assignments[live.owner]

    def claim(self, live: LiveInteraction) -> None:
        """Refuse a worker who does not serve the interaction; all other actors may speak for it."""
        owner = None if live.owner is None else self.state.assignments[live.owner].worker
        if not self.may_act_as(owner):
            raise CommandRefused(f"interaction {live.id} is not yours: only who serves it may")

    def worker(self, wanted: WorkerId, command: Command) -> LiveWorker:
        """A worker to whose presence the command applies."""
        found = self.state.workers.get(wanted)
        if found is None or not self.may_act_as(wanted):
            raise CommandRefused(f"worker {wanted} is not defined: DefineWorker first")
        if found.state not in WORKER.admits[type(command)]:
            raise CommandRefused(WORKER.refusal(wanted, found.state))
        return found

    def may_speak_for(self, customer: CustomerId | None) -> bool:
        """Whether the actor is that customer, or none; one who is not known may be anybody."""
        actor = self.actor
        return (
            actor.kind is not ActorKind.CUSTOMER
            or actor.id is None
            or customer is None
            or actor.id == customer
        )

    def may_act_as(self, worker: WorkerId | None) -> bool:
        """Whether the actor is that worker, or one who acts for any."""
        actor = self.actor
        return actor.kind not in _SERVING or actor.id is None or actor.id == worker
