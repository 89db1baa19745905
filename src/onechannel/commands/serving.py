"""What whoever serves asks: to take, to hold, to hand over, to end.

Law of this file: a command is a frozen value, checked when it is built and in the imperative; a
worker's part is named by its assignment, what concerns the customer by the interaction.
"""

from datetime import datetime, timedelta
from typing import Final

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.assignment import JOINING, Role
from onechannel.model.checks import ident, member, optional, reference, some_time, text, utc
from onechannel.model.ids import AssignmentId, InteractionId, WorkerId
from onechannel.model.interaction import EndReason
from onechannel.model.personal import personal

__all__ = [
    "Accept",
    "Assign",
    "ChangeRole",
    "Close",
    "Consult",
    "Decline",
    "Delegate",
    "Escalate",
    "ExtendWrapUp",
    "HandBack",
    "Hold",
    "Join",
    "Reactivate",
    "Release",
    "Resume",
    "Sleep",
    "Suggest",
    "Suspend",
    "Transfer",
]

_maybe_ident = optional(ident)


# -- a worker's part ------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Accept:
    """A worker who is asked takes the interaction."""

    assignment: AssignmentId = attrs.field(validator=reference)


@attrs.frozen(kw_only=True)
class Decline:
    """A worker who is asked does not take it; `reason` is a code."""

    assignment: AssignmentId = attrs.field(validator=reference)
    reason: str | None = attrs.field(default=None, validator=_maybe_ident)


@attrs.frozen(kw_only=True)
class Hold:
    """A worker's side is put on hold."""

    assignment: AssignmentId = attrs.field(validator=reference)


@attrs.frozen(kw_only=True)
class Resume:
    """A hold is over."""

    assignment: AssignmentId = attrs.field(validator=reference)


@attrs.frozen(kw_only=True)
class Release:
    """A worker has finished wrapping up, or leaves what somebody else serves."""

    assignment: AssignmentId = attrs.field(validator=reference)


@attrs.frozen(kw_only=True)
class ExtendWrapUp:
    """A worker needs that much more time to wrap up."""

    assignment: AssignmentId = attrs.field(validator=reference)
    duration: timedelta = attrs.field(validator=some_time)


def _role(value: Role | str) -> Role:
    return member(Role, value)


@attrs.frozen(kw_only=True)
class ChangeRole:
    """A worker's part becomes another.

    Who was consulted comes into a conference or takes over (a consult transfer), who listens
    whispers, barges or takes over.
    """

    assignment: AssignmentId = attrs.field(validator=reference)
    role: Role = attrs.field(converter=_role)


@attrs.frozen(kw_only=True)
class Suggest:
    """Whoever is consulted, whispers or assists says something to the one who serves."""

    assignment: AssignmentId = attrs.field(validator=reference)
    text: str = personal(subject="customer", validator=text)


# -- who else comes in ----------------------------------------------------------------------------


def _joining(_instance: object, _field: "attrs.Attribute[Role]", value: Role) -> None:
    if value not in JOINING:
        raise InvalidValue(f"nobody joins as one who {value.value}: that is asked for")


@attrs.frozen(kw_only=True)
class Join:
    """A supervisor comes in and listens, whispers or barges; or a machine assists."""

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId = attrs.field(validator=ident)
    role: Role = attrs.field(default=Role.LISTENS, converter=_role, validator=_joining)


def _one_target(command: "Consult | Delegate") -> None:
    named = [command.worker, command.queue, command.department]
    if sum(name is not None for name in named) != 1:
        raise InvalidValue("one is asked: a worker, a queue or a department")


@attrs.frozen(kw_only=True)
class Consult:
    """A worker is asked for advice, or the longest idle of a queue or department.

    An outside party is a worker of kind partner.
    """

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId | None = attrs.field(default=None, validator=_maybe_ident)
    queue: str | None = attrs.field(default=None, validator=_maybe_ident)
    department: str | None = attrs.field(default=None, validator=_maybe_ident)

    def __attrs_post_init__(self) -> None:
        _one_target(self)


@attrs.frozen(kw_only=True)
class Delegate:
    """A part of the work is handed to a worker, a queue or a department.

    That is a side conversation which the customer never sees. `says` is what is asked of them; if
    nobody has taken it within `returns_after` it comes back.
    """

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId | None = attrs.field(default=None, validator=_maybe_ident)
    queue: str | None = attrs.field(default=None, validator=_maybe_ident)
    department: str | None = attrs.field(default=None, validator=_maybe_ident)
    about: str | None = attrs.field(default=None, validator=_maybe_ident)
    says: str | None = personal(subject="customer", default=None, validator=optional(text))
    returns_after: timedelta | None = attrs.field(default=None, validator=optional(some_time))

    def __attrs_post_init__(self) -> None:
        _one_target(self)


# -- where the work goes --------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Escalate:
    """From the machine that serves to people; `reason` is a code."""

    interaction: InteractionId = attrs.field(validator=reference)
    reason: str | None = attrs.field(default=None, validator=_maybe_ident)


@attrs.frozen(kw_only=True)
class HandBack:
    """From the person who serves to a machine; `reason` is a code."""

    interaction: InteractionId = attrs.field(validator=reference)
    reason: str | None = attrs.field(default=None, validator=_maybe_ident)


@attrs.frozen(kw_only=True)
class Transfer:
    """The whole goes to a worker, a queue or a department; to none of them: back into the line.

    Whoever does not take it within `returns_after` (a worker: at once) is passed over: it comes
    back to the worker who gave it away, then to anybody. `reason` is a code.
    """

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId | None = attrs.field(default=None, validator=_maybe_ident)
    queue: str | None = attrs.field(default=None, validator=_maybe_ident)
    department: str | None = attrs.field(default=None, validator=_maybe_ident)
    returns_after: timedelta | None = attrs.field(default=None, validator=optional(some_time))
    reason: str | None = attrs.field(default=None, validator=_maybe_ident)

    def __attrs_post_init__(self) -> None:
        if self.worker is not None and (self.queue is not None or self.department is not None):
            raise InvalidValue("a worker is asked alone: name no queue or department beside it")


@attrs.frozen(kw_only=True)
class Assign:
    """A supervisor gives an interaction to a worker, asked or not, whatever it holds."""

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class Sleep:
    """It is the customer's turn: nobody's capacity is held until there is an answer."""

    interaction: InteractionId = attrs.field(validator=reference)


def _due(value: datetime) -> datetime:
    return utc(value, "Suspend.due")


@attrs.frozen(kw_only=True)
class Suspend:
    """It waits on a third `party` until `due`; `reason` is a code."""

    interaction: InteractionId = attrs.field(validator=reference)
    party: str = attrs.field(validator=ident)
    reason: str = attrs.field(validator=ident)
    due: datetime = attrs.field(converter=_due)


@attrs.frozen(kw_only=True)
class Reactivate:
    """What is dormant or suspended goes on."""

    interaction: InteractionId = attrs.field(validator=reference)


def _end_reason(value: EndReason | str) -> EndReason:
    return member(EndReason, value)


def _endable(_instance: object, _field: "attrs.Attribute[EndReason]", value: EndReason) -> None:
    if value not in _ENDABLE:
        raise InvalidValue(
            f"{value.value} is what the kernel finds, not what one asks for: use another reason"
        )


_ENDABLE: Final = frozenset(
    {
        EndReason.RESOLVED,
        EndReason.WITHDRAWN,
        EndReason.REJECTED,
        EndReason.FAILED,
        EndReason.EXPIRED,
    }
)


@attrs.frozen(kw_only=True)
class Close:
    """The interaction is over; `disposition` is the code recorded at the end."""

    interaction: InteractionId = attrs.field(validator=reference)
    reason: EndReason = attrs.field(
        default=EndReason.RESOLVED, converter=_end_reason, validator=_endable
    )
    disposition: str | None = attrs.field(default=None, validator=_maybe_ident)
