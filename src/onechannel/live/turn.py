"""One turn: a command or a deadline, with all that its decision may look at.

Laws of this file: look-ups refuse what is not there or not in the state asked for, before anything
has changed. What the actor may not have to do with is answered as if it were not there.
"""

from datetime import datetime
from typing import Any, TypeVar

import attrs

from onechannel import machines
from onechannel import model as m
from onechannel.commands import Command, Relation
from onechannel.errors import CommandRefused
from onechannel.facts import Facts
from onechannel.identity import Families
from onechannel.journeys import LiveJourney, LivePromise
from onechannel.live.state import LiveAssignment, LiveInteraction, LiveWorker, State
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, WorkerId, interaction_of

__all__ = ["Turn", "not_open"]

T = TypeVar("T", bound=Any)


def not_open(interaction: InteractionId) -> CommandRefused:
    """What is answered for an interaction that is not there, or not the actor's."""
    return CommandRefused(
        f"interaction {interaction} is not open: it never arrived, is closed, or is not yours"
    )


@attrs.define(eq=False)
class Turn:
    """The state, the effective time, who asks for what, and what is known of the past."""

    state: State
    now: datetime
    claimed_at: datetime
    actor: m.Actor
    relation: Relation
    facts: Facts
    callables: m.Callables

    def for_anybody(self) -> "Turn":
        """The same turn, for whoever has no part yet in what it asks about."""
        return attrs.evolve(self, relation=Relation.ANY)

    @property
    def families(self) -> Families:
        """Who is the same as whom."""
        return self.state.families

    # -- what is there ----------------------------------------------------------------------------

    def interaction(self, wanted: InteractionId, command: Command) -> LiveInteraction:
        """An open interaction to which the command applies."""
        live = self.state.interactions.get(wanted)
        if live is None or not self._may_with(live):
            raise not_open(wanted)
        return _admitted(machines.INTERACTION, live, command)

    def ours(self, wanted: InteractionId, command: Command) -> LiveInteraction:
        """The same, unless somebody else routes it."""
        return self.refuse_theirs(self.interaction(wanted, command))

    def outward(self, wanted: InteractionId, command: Command) -> LiveInteraction:
        """The same, unless it is a side conversation, which the customer never sees."""
        live = self.ours(wanted, command)
        if live.direction is m.Direction.INTERNAL:
            raise CommandRefused(
                f"interaction {live.id} is a side conversation: ask for its parent"
            )
        return live

    def refuse_theirs(self, live: LiveInteraction) -> LiveInteraction:
        """The interaction, if we route it."""
        if live.plan is None:
            raise CommandRefused(
                f"interaction {live.id} is routed by others: say what they decided"
            )
        return live

    def assignment(self, wanted: AssignmentId, command: Command) -> LiveAssignment:
        """A live assignment to which the command applies."""
        found = self.state.assignments.get(wanted)
        if found is None:
            raise CommandRefused(self._over(wanted))
        if not self._may_with_part(found):
            raise CommandRefused(f"assignment {wanted} is not live: it is over, or never was")
        return _admitted(machines.ASSIGNMENT, found, command)

    def _over(self, wanted: AssignmentId) -> str:
        live = self.state.interactions.get(interaction_of(wanted))
        state, worker = (None, None) if live is None else live.ended.get(wanted, (None, None))
        own = self.by_worker and self.actor.id == worker
        if state is None or not (self.relation is Relation.ANY or own):
            return f"assignment {wanted} is not live: it is over, or never was"
        return f"assignment {wanted} is {state}: it is over"

    def worker(self, wanted: WorkerId, command: Command) -> LiveWorker:
        """A worker to whose presence the command applies."""
        found = self.defined(wanted)
        if found.state not in machines.WORKER.admits[type(command)]:
            raise CommandRefused(machines.WORKER.refusal(wanted, found.state))
        return found

    def defined(self, wanted: WorkerId, *, by_anybody: bool = False) -> LiveWorker:
        """A worker, whatever its presence; one that the actor is, unless anybody may name it."""
        found = self.state.workers.get(wanted)
        if found is None or not (by_anybody or self._may_as(wanted)):
            raise CommandRefused(f"worker {wanted} is not defined: DefineWorker first")
        return found

    def present(self, wanted: WorkerId) -> LiveWorker:
        """A worker that is there, and not about to go."""
        found = self.defined(wanted)
        if found.state in {m.WorkerState.SIGNED_OUT, m.WorkerState.DRAINING}:
            raise CommandRefused(f"worker {wanted} is {found.state.value}: SignIn first")
        return found

    def promise(self, wanted: str, command: Command) -> LivePromise:
        """An open promise to which the command applies."""
        found = self.state.pursuits.promises.get(wanted)
        if found is None or not self._may_with_promise(found):
            raise CommandRefused(
                f"promise {wanted} is not open: it was never made, or is over, or is not yours"
            )
        return _admitted(machines.PROMISE, found, command)

    def journey(self, wanted: str, command: Command) -> LiveJourney:
        """An open journey to which the command applies."""
        found = self.state.pursuits.journeys.get(wanted)
        if found is None or not self.may_for(found.customer):
            raise CommandRefused(
                f"journey {wanted} is not open: it was never opened, or is over, or is not yours"
            )
        return _admitted(machines.JOURNEY, found, command)

    def customer(self, wanted: CustomerId) -> CustomerId:
        """By whom a registered customer is known."""
        if self.facts.customer(wanted) is None or not self.may_for(wanted):
            raise CommandRefused(f"customer {wanted} is not registered: RegisterCustomer first")
        return self.families.root(wanted)

    def known_as(self, customer: CustomerId | None) -> CustomerId | None:
        """By whom a customer is known now, if it is known who it is."""
        return None if customer is None else self.families.root(customer)

    def is_machine(self, worker: WorkerId) -> bool:
        """Whether a worker is a machine."""
        return self.state.workers[worker].seat.worker.kind is m.WorkerKind.MACHINE

    def owner(self, live: LiveInteraction) -> LiveAssignment:
        """The assignment that serves an engaged interaction."""
        assert live.owner is not None  # engaged
        return self.state.assignments[live.owner]

    def keeper(self, live: LiveInteraction) -> WorkerId | None:
        """Who has it, or keeps it."""
        return live.keeper if live.owner is None else self.owner(live).worker

    # -- who may ----------------------------------------------------------------------------------

    @property
    def by_worker(self) -> bool:
        """Whether a person, a machine or a partner asks."""
        return self.actor.kind in {m.ActorKind.WORKER, m.ActorKind.MACHINE}

    def _may_with(self, live: LiveInteraction) -> bool:
        if self.relation is Relation.ANY:
            return True
        if self.actor.kind is m.ActorKind.CUSTOMER:
            own = live.customer is not None and self.may_for(live.customer)
            return own and live.direction is not m.Direction.INTERNAL
        return self.serves(live)

    def serves(self, live: LiveInteraction | None) -> bool:
        """Whether the actor is the worker who has the interaction, or keeps it."""
        if live is None or not self.by_worker or self.actor.id is None:
            return False
        return self.keeper(live) == self.actor.id

    def _may_with_part(self, found: LiveAssignment) -> bool:
        if self.relation is Relation.ANY:
            return True
        own = self.by_worker and found.worker == self.actor.id
        if self.relation is Relation.OWN:
            return own
        serves = self.serves(self.state.interactions.get(found.interaction))
        return serves or (own and self.relation is Relation.INVOLVED)

    def _may_with_promise(self, found: LivePromise) -> bool:
        if self.actor.kind is m.ActorKind.CUSTOMER:
            return found.customer is not None and self.may_for(found.customer)
        if found.worker is None and self.relation is not Relation.ANY:
            return self.serves(self.state.interactions.get(found.interaction or ""))
        return self._may_as(found.worker or "")

    def _may_as(self, worker: WorkerId) -> bool:
        return self.relation is Relation.ANY or self.actor.id == worker

    def may_for(self, customer: CustomerId) -> bool:
        """Whether the actor is that customer, or may give this command for any."""
        if self.actor.kind is not m.ActorKind.CUSTOMER:
            return True
        root = self.families.root
        return self.actor.id is not None and root(self.actor.id) == root(customer)


def _admitted(machine: machines.Machine[Any], found: T, command: Command) -> T:
    if found.state not in machine.admits[type(command)]:
        raise CommandRefused(machine.refusal(found.id, found.state))
    return found
