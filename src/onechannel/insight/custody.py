"""Custody: with whom each interaction is, read off the events alone.

Laws of this file: an open interaction is with one party at a time, and that party is named by an
event; whoever takes part beside it changes nothing. Nothing of the kernel is looked at.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs

from onechannel import events as e
from onechannel.model.assignment import Role
from onechannel.model.code import Code
from onechannel.model.ids import AssignmentId, InteractionId, WorkerId
from onechannel.model.plan import Plan
from onechannel.model.worker import Worker, WorkerKind

__all__ = ["Custody", "Part", "Party", "PartyKind"]


class PartyKind(Code):
    """Who an interaction can be with.

    A queue, in which it waits; a worker of ours, who serves it; a partner, likewise; the customer,
    whose turn it is; an appointment, the time a callback was agreed for; a third party it waits
    on. Nobody is known to have it where somebody else routes and says nothing.
    """

    QUEUE = "queue"
    WORKER = "worker"
    PARTNER = "partner"
    CUSTOMER = "customer"
    APPOINTMENT = "appointment"
    THIRD_PARTY = "third_party"
    NOBODY = "nobody"


@attrs.frozen(order=True, cache_hash=True)
class Party:
    """Somebody an interaction is with: `name` of the queue, the worker or the third party.

    `department` is a worker's, as of when it was asked; or the one that is waited for in a queue.
    """

    kind: PartyKind
    name: str = ""
    department: str = ""


_NOBODY: Final = Party(PartyKind.NOBODY)
_CUSTOMER: Final = Party(PartyKind.CUSTOMER)
_APPOINTMENT: Final = Party(PartyKind.APPOINTMENT)


@attrs.define(eq=False)
class Part:
    """A worker's part in an interaction; `party` is who that worker was when it was asked.

    First it is asked for, then `taken`; `wrapping`, it is a part no longer.
    """

    interaction: InteractionId
    worker: WorkerId
    role: Role
    party: Party
    taken: bool = False
    wrapping: bool = False


@attrs.define(eq=False)
class Custody:
    """Who has each open interaction, after the events that were added.

    `held_by` maps each open interaction to its party, `owners` to the assignment that serves it,
    `plans` to the plan it last waited by; `parts` are the assignments that are not over.
    """

    held_by: dict[InteractionId, Party] = attrs.field(factory=dict)
    owners: dict[InteractionId, AssignmentId] = attrs.field(factory=dict)
    parts: dict[AssignmentId, Part] = attrs.field(factory=dict)
    workers: dict[WorkerId, Worker] = attrs.field(factory=dict)
    plans: dict[InteractionId, Plan] = attrs.field(factory=dict)

    def add(self, data: e.EventData) -> None:
        """Take in what happened next."""
        move = _MOVE.get(type(data))
        if move is not None:
            move(self, data)

    def _give(self, interaction: InteractionId, party: Party) -> None:
        """To a party that is no worker; what has not arrived, or is over, is nobody's."""
        if interaction in self.held_by:
            self.held_by[interaction] = party
            self.owners.pop(interaction, None)

    def _own(self, assignment: AssignmentId, part: Part) -> None:
        if part.interaction in self.held_by:
            self.held_by[part.interaction] = part.party
            self.owners[part.interaction] = assignment

    def _worker_defined(self, data: e.WorkerDefined) -> None:
        self.workers[data.worker] = data.definition

    def server_of(self, interaction: InteractionId | None) -> WorkerId | None:
        """Who serves an open interaction."""
        part = self.parts.get(self.owners.get(interaction or "", ""))
        return None if part is None else part.worker

    def party_of(self, worker: WorkerId) -> Party:
        """Who a worker is now; one that nobody defined is a person without a department."""
        known = self.workers.get(worker)
        if known is None:
            return Party(PartyKind.WORKER, worker)
        partner = known.kind is WorkerKind.PARTNER
        kind = PartyKind.PARTNER if partner else PartyKind.WORKER
        return Party(kind, worker, known.department or "")

    def _arrived(self, data: e.InteractionArrived) -> None:
        self.held_by[data.interaction] = _NOBODY

    def _queued(self, data: e.InteractionQueued) -> None:
        if data.plan is not None:
            self.plans[data.interaction] = data.plan
        department = _asked_for(data.plan, data.step)
        self._give(data.interaction, Party(PartyKind.QUEUE, data.queue, department))

    def _step_expired(self, data: e.StepExpired) -> None:
        plan = self.plans.get(data.interaction)
        if plan is not None:
            department = _asked_for(plan, data.step)
            self._give(data.interaction, Party(PartyKind.QUEUE, plan.queue, department))

    def _dequeued(self, data: e.InteractionDequeued) -> None:
        self._give(data.interaction, _NOBODY)

    def _scheduled(self, data: e.InteractionScheduled) -> None:
        self._give(data.interaction, _APPOINTMENT)

    def _slept(self, data: e.InteractionSlept) -> None:
        self._give(data.interaction, _CUSTOMER)

    def _suspended(self, data: e.InteractionSuspended) -> None:
        self._give(data.interaction, Party(PartyKind.THIRD_PARTY, data.party))

    def _closed(self, data: e.InteractionClosed) -> None:
        for about in (self.held_by, self.owners, self.plans):
            about.pop(data.interaction, None)

    def _opened(self, data: e.AssignmentOpened) -> None:
        party = self.party_of(data.worker)
        self.parts[data.assignment] = Part(data.interaction, data.worker, data.role, party)

    def _accepted(self, data: e.AssignmentAccepted) -> None:
        part = self.parts.get(data.assignment)
        if part is None:
            # A log that begins in the middle: who accepts, serves.
            part = Part(data.interaction, data.worker, Role.SERVES, self.party_of(data.worker))
            self.parts[data.assignment] = part
        part.taken = True
        if part.role is Role.SERVES:
            self._own(data.assignment, part)

    def _role_changed(self, data: e.RoleChanged) -> None:
        part = self.parts.get(data.assignment)
        if part is None:
            return
        part.role = data.role
        if part.role is Role.SERVES:
            self._own(data.assignment, part)

    def _wrapping(self, data: e.AssignmentWrapping) -> None:
        if data.assignment in self.parts:
            self.parts[data.assignment].wrapping = True
        self._let_go(data.interaction, data.assignment)

    def _over(
        self,
        data: e.AssignmentDeclined
        | e.AssignmentExpired
        | e.AssignmentRescinded
        | e.AssignmentReleased,
    ) -> None:
        self.parts.pop(data.assignment, None)
        self._let_go(data.interaction, data.assignment)

    def _let_go(self, interaction: InteractionId, assignment: AssignmentId) -> None:
        if self.owners.get(interaction) == assignment:
            self._give(interaction, _NOBODY)


def _asked_for(plan: Plan | None, step: int | None) -> str:
    """The department that a step of a plan asks for, if it is one alone."""
    if plan is None or step is None or step >= len(plan.steps):
        return ""
    return plan.steps[step].requirement.department or ""


_MOVE: Final[dict[type[e.EventData], Callable[[Custody, Any], None]]] = {
    e.WorkerDefined: Custody._worker_defined,
    e.InteractionArrived: Custody._arrived,
    e.InteractionQueued: Custody._queued,
    e.StepExpired: Custody._step_expired,
    e.InteractionDequeued: Custody._dequeued,
    e.InteractionScheduled: Custody._scheduled,
    e.InteractionSlept: Custody._slept,
    e.InteractionSuspended: Custody._suspended,
    e.InteractionClosed: Custody._closed,
    e.AssignmentOpened: Custody._opened,
    e.AssignmentAccepted: Custody._accepted,
    e.RoleChanged: Custody._role_changed,
    e.AssignmentWrapping: Custody._wrapping,
    e.AssignmentDeclined: Custody._over,
    e.AssignmentExpired: Custody._over,
    e.AssignmentRescinded: Custody._over,
    e.AssignmentReleased: Custody._over,
}
