"""Everything one can ask the kernel, and who may ask it.

Law of this file: a command is a frozen value, checked when it is built and in the imperative; the
table `VERBS` is the only place where a command meets its name and its actors.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address, addresses_of
from onechannel.model.channel import Channel
from onechannel.model.checks import (
    ident,
    is_a,
    mapping_of,
    member,
    optional,
    reference,
    some_time,
    text,
    utc,
    whole,
)
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, TenantId, WorkerId
from onechannel.model.interaction import EndReason
from onechannel.model.personal import personal
from onechannel.model.policy import Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker, WorkerKind

__all__ = [
    "VERBS",
    "Accept",
    "AdoptPolicy",
    "Arrive",
    "BecomeAvailable",
    "BecomeUnavailable",
    "Close",
    "Command",
    "Decline",
    "DefineChannel",
    "DefineQueue",
    "DefineWorker",
    "Escalate",
    "HandBack",
    "Leave",
    "ObserveAccepted",
    "ObserveAnomaly",
    "ObserveArrival",
    "ObserveClosed",
    "ObserveDequeued",
    "ObserveQueued",
    "ObserveReleased",
    "RegisterCustomer",
    "Release",
    "Request",
    "Say",
    "SignIn",
    "SignOut",
    "Verb",
]

_maybe_ident = optional(ident)


# -- the customer ---------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class RegisterCustomer:
    """A customer becomes known, with addresses nobody else has."""

    customer: CustomerId = attrs.field(validator=ident)
    name: str | None = personal(subject="customer", default=None, validator=optional(text))
    addresses: tuple[Address, ...] = personal(
        subject="customer", default=(), converter=addresses_of
    )


@attrs.frozen(kw_only=True)
class Arrive:
    """A customer reaches us.

    `interaction` is unique for ever; leave it out where `follows` names the closed interaction this
    one succeeds. `customer` may be left out: then `address` decides by exact look-up, and nobody
    may be known by it. `about` is what the customer wants, as a code; `says` the first words.
    """

    interaction: InteractionId | None = attrs.field(default=None, validator=_maybe_ident)
    channel: str = attrs.field(validator=ident)
    customer: CustomerId | None = attrs.field(default=None, validator=_maybe_ident)
    address: Address | None = personal(
        subject="customer", default=None, validator=optional(is_a(Address))
    )
    queue: str | None = attrs.field(default=None, validator=_maybe_ident)
    about: str | None = attrs.field(default=None, validator=_maybe_ident)
    priority: int = attrs.field(default=0, validator=whole)
    says: str | None = personal(subject="customer", default=None, validator=optional(text))
    follows: InteractionId | None = attrs.field(default=None, validator=optional(reference))


@attrs.frozen(kw_only=True)
class Say:
    """A message: the customer's, or with `assignment` that worker's.

    A customer who speaks in a closed interaction opens its successor.
    """

    interaction: InteractionId = attrs.field(validator=reference)
    text: str = personal(subject="customer", validator=text)
    assignment: AssignmentId | None = attrs.field(default=None, validator=optional(reference))


@attrs.frozen(kw_only=True)
class Leave:
    """The customer goes, at whatever instant."""

    interaction: InteractionId = attrs.field(validator=reference)


# -- who serves -----------------------------------------------------------------------------------


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
class Release:
    """A worker has finished wrapping up."""

    assignment: AssignmentId = attrs.field(validator=reference)


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


# -- workers --------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class SignIn:
    """A worker is there, and available."""

    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class SignOut:
    """A worker goes; what it was asked goes back to its place in the line."""

    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class BecomeAvailable:
    """A worker takes new work again, whatever made it unavailable."""

    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class BecomeUnavailable:
    """A worker takes no new work, for a time or until it says otherwise; `reason` is a code."""

    worker: WorkerId = attrs.field(validator=ident)
    reason: str = attrs.field(default="break", validator=ident)
    duration: timedelta | None = attrs.field(default=None, validator=optional(some_time))


# -- the centre itself ----------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class DefineWorker:
    """A worker exists, or is from now on as given."""

    worker: Worker = attrs.field(validator=is_a(Worker))


@attrs.frozen(kw_only=True)
class DefineQueue:
    """A queue exists, or is from now on as given."""

    queue: Queue = attrs.field(validator=is_a(Queue))


@attrs.frozen(kw_only=True)
class DefineChannel:
    """A channel is from now on as given; an undefined one is plain, or well known by its name."""

    channel: Channel = attrs.field(validator=is_a(Channel))


@attrs.frozen(kw_only=True)
class AdoptPolicy:
    """From now on this policy decides."""

    policy: Policy = attrs.field(validator=is_a(Policy))


# -- what somebody else decided -------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ObserveArrival:
    """A customer reached a system we observe; an unknown `customer` becomes known by it."""

    interaction: InteractionId = attrs.field(validator=ident)
    channel: str = attrs.field(validator=ident)
    customer: CustomerId | None = attrs.field(default=None, validator=_maybe_ident)
    about: str | None = attrs.field(default=None, validator=_maybe_ident)
    priority: int = attrs.field(default=0, validator=whole)


@attrs.frozen(kw_only=True)
class ObserveQueued:
    """It joined a queue; whoever served it does so no longer."""

    interaction: InteractionId = attrs.field(validator=reference)
    queue: str = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class ObserveDequeued:
    """It left the queue, by the queue's own clock."""

    interaction: InteractionId = attrs.field(validator=reference)


def _worker_kind(value: WorkerKind | str) -> WorkerKind:
    return member(WorkerKind, value)


@attrs.frozen(kw_only=True)
class ObserveAccepted:
    """A worker began to serve; an unknown one becomes known, as of this `kind`."""

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId = attrs.field(validator=ident)
    kind: WorkerKind = attrs.field(default=WorkerKind.PERSON, converter=_worker_kind)


@attrs.frozen(kw_only=True)
class ObserveReleased:
    """A worker ceased to serve."""

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class ObserveClosed:
    """It ended; whoever served it does so no longer."""

    interaction: InteractionId = attrs.field(validator=reference)
    reason: EndReason = attrs.field(default=EndReason.RESOLVED, converter=_end_reason)
    disposition: str | None = attrs.field(default=None, validator=_maybe_ident)


def _details(value: Mapping[str, object]) -> FrozenMap[str, str]:
    return FrozenMap({name: str(detail) for name, detail in mapping_of(value).items()})


@attrs.frozen(kw_only=True)
class ObserveAnomaly:
    """A source claims what cannot be.

    `verb` is what it claims, `details` the rest of the claim in codes and ids, `reason` why not.
    """

    interaction: InteractionId = attrs.field(validator=reference)
    verb: str = attrs.field(validator=ident)
    reason: str = attrs.field(validator=ident)
    details: FrozenMap[str, str] = attrs.field(factory=FrozenMap, converter=_details)

    @details.validator
    def _check(self, field: "attrs.Attribute[object]", value: FrozenMap[str, str]) -> None:
        for name, detail in value.items():
            ident(self, field, name)
            text(self, field, detail)


Command: TypeAlias = (
    RegisterCustomer
    | Arrive
    | Say
    | Leave
    | Accept
    | Decline
    | Release
    | Escalate
    | HandBack
    | Close
    | SignIn
    | SignOut
    | BecomeAvailable
    | BecomeUnavailable
    | DefineWorker
    | DefineQueue
    | DefineChannel
    | AdoptPolicy
    | ObserveArrival
    | ObserveQueued
    | ObserveDequeued
    | ObserveAccepted
    | ObserveReleased
    | ObserveClosed
    | ObserveAnomaly
)


@attrs.frozen
class Verb:
    """One row of the table: what a command is called, and whose it may be."""

    name: str
    command: type[Command]
    actors: frozenset[ActorKind]

    @property
    def third_person(self) -> str:
        """How a test or a scenario says it of somebody: `accepts`, `hands_back`."""
        first, mark, rest = self.name.partition("_")
        return f"{first}s{mark}{rest}"


_C, _W, _M = ActorKind.CUSTOMER, ActorKind.WORKER, ActorKind.MACHINE
_O, _S, _V = ActorKind.SUPERVISOR, ActorKind.SYSTEM, ActorKind.VENDOR


def _verbs(*rows: tuple[str, type[Command], tuple[ActorKind, ...]]) -> dict[type[Command], Verb]:
    return {command: Verb(name, command, frozenset(actors)) for name, command, actors in rows}


#: Every command, the verb that gives it, and the kinds of actor it may come from.
VERBS: Final[Mapping[type[Command], Verb]] = _verbs(
    ("register", RegisterCustomer, (_C, _W, _M, _O, _S, _V)),
    ("start", Arrive, (_C, _W, _M, _O, _S, _V)),
    ("say", Say, (_C, _W, _M, _O, _S, _V)),
    ("leave", Leave, (_C, _S, _V)),
    ("accept", Accept, (_W, _M, _S, _V)),
    ("decline", Decline, (_W, _M, _S, _V)),
    ("release", Release, (_W, _M, _O, _S, _V)),
    ("escalate", Escalate, (_C, _W, _M, _O, _S, _V)),
    ("hand_back", HandBack, (_W, _O, _S, _V)),
    ("close", Close, (_W, _M, _O, _S, _V)),
    ("sign_in", SignIn, (_W, _M, _O, _S, _V)),
    ("sign_out", SignOut, (_W, _M, _O, _S, _V)),
    ("become_available", BecomeAvailable, (_W, _M, _O, _S, _V)),
    ("become_unavailable", BecomeUnavailable, (_W, _M, _O, _S, _V)),
    ("define_worker", DefineWorker, (_O, _S)),
    ("define_queue", DefineQueue, (_O, _S)),
    ("define_channel", DefineChannel, (_O, _S)),
    ("adopt_policy", AdoptPolicy, (_O, _S)),
    ("observe_arrival", ObserveArrival, (_S, _V)),
    ("observe_queued", ObserveQueued, (_S, _V)),
    ("observe_dequeued", ObserveDequeued, (_S, _V)),
    ("observe_accepted", ObserveAccepted, (_S, _V)),
    ("observe_released", ObserveReleased, (_S, _V)),
    ("observe_closed", ObserveClosed, (_S, _V)),
    ("observe_anomaly", ObserveAnomaly, (_S, _V)),
)


def _at(value: datetime) -> datetime:
    return utc(value, "Request.at")


def _claimed_at(value: datetime | None) -> datetime | None:
    return None if value is None else utc(value, "Request.claimed_at")


@attrs.frozen
class Request:
    """A command as handed to the kernel.

    `id` makes it happen once only. `at` is the clock's time where the decision is made,
    `claimed_at` what the caller or vendor says; both aware, kept in UTC.
    """

    command: Command
    id: str = attrs.field(validator=ident)
    at: datetime = attrs.field(converter=_at)
    tenant: TenantId = attrs.field(default="main", validator=ident)
    actor: Actor = SYSTEM
    claimed_at: datetime | None = attrs.field(default=None, converter=_claimed_at)
