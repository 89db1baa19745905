"""What happened to workers, and to their parts in interactions.

Law of this file: an assignment is one worker's part in one interaction, and has one end.
"""

from datetime import datetime

from onechannel.events.declare import EventData, event
from onechannel.model.assignment import Role
from onechannel.model.ids import AssignmentId, InteractionId, WorkerId

__all__ = [
    "AssignmentAccepted",
    "AssignmentDeclined",
    "AssignmentExpired",
    "AssignmentHeld",
    "AssignmentOpened",
    "AssignmentReleased",
    "AssignmentRescinded",
    "AssignmentResumed",
    "AssignmentWrapping",
    "RoleChanged",
    "WorkerAvailable",
    "WorkerDraining",
    "WorkerSignedIn",
    "WorkerSignedOut",
    "WorkerUnavailable",
]


@event("assignment.opened", by_policy=True)
class AssignmentOpened(EventData):
    """A worker is asked; `expires_at` is None where no clock of ours runs, `reason` says why it."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    role: Role
    expires_at: datetime | None
    reason: str


@event("assignment.accepted")
class AssignmentAccepted(EventData):
    """The worker serves: the interaction is its own."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


@event("assignment.declined")
class AssignmentDeclined(EventData):
    """The worker does not take it; the interaction keeps its place and age."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    reason: str | None


@event("assignment.expired")
class AssignmentExpired(EventData):
    """The worker did not answer; the interaction keeps its place and age."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


@event("assignment.rescinded")
class AssignmentRescinded(EventData):
    """The worker is no longer asked."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


@event("assignment.held")
class AssignmentHeld(EventData):
    """The worker's side is on hold."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


@event("assignment.resumed")
class AssignmentResumed(EventData):
    """The hold is over."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


@event("assignment.role_changed")
class RoleChanged(EventData):
    """The worker's part is another now; one that serves owns the interaction from here on."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    role: Role


@event("assignment.wrapping")
class AssignmentWrapping(EventData):
    """The worker no longer serves, and wraps up until `until`, holding capacity."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId
    until: datetime


@event("assignment.released")
class AssignmentReleased(EventData):
    """The worker's part is over, and its capacity free."""

    assignment: AssignmentId
    interaction: InteractionId
    worker: WorkerId


# -- presence -------------------------------------------------------------------------------------


@event("worker.signed_in")
class WorkerSignedIn(EventData):
    """A worker is there, and available."""

    worker: WorkerId


@event("worker.signed_out")
class WorkerSignedOut(EventData):
    """A worker is gone."""

    worker: WorkerId


@event("worker.available")
class WorkerAvailable(EventData):
    """A worker takes new work."""

    worker: WorkerId


@event("worker.unavailable")
class WorkerUnavailable(EventData):
    """A worker takes no new work, until `until` or, where that is None, until it says otherwise.

    A `sanction` it cannot lift itself.
    """

    worker: WorkerId
    reason: str
    until: datetime | None
    sanction: bool = False


@event("worker.draining")
class WorkerDraining(EventData):
    """A worker takes no new work and is gone when it has none left.

    At `until`, what is asynchronous goes back to its queue.
    """

    worker: WorkerId
    until: datetime | None
