"""Every command with its verb, and who may give it: one table.

Laws of this file: the table `VERBS` is the only place where a command meets its name and its
actors; whoever is not in a row may not, and whoever may only for what is its own is answered, for
anything else, as if that were not there.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias

import attrs

from onechannel.commands.centre import (
    AdoptPolicy,
    BecomeAvailable,
    BecomeUnavailable,
    DefineCalendar,
    DefineChannel,
    DefineQueue,
    DefineWorker,
    Drain,
    Sanction,
    SignIn,
    SignOut,
)
from onechannel.commands.conversations import (
    Arrive,
    EditMessage,
    Leave,
    MissCallback,
    MoveChannel,
    Reach,
    RenewLease,
    ReportDelivery,
    RequestCallback,
    RetractMessage,
    Say,
    Type,
)
from onechannel.commands.customers import (
    AchieveJourney,
    FailJourney,
    JoinJourney,
    KeepPromise,
    LinkAddress,
    MakePromise,
    MergeCustomers,
    OpenJourney,
    PausePromise,
    RegisterCustomer,
    RenegotiatePromise,
    ResumePromise,
    UnlinkAddress,
    UnmergeCustomer,
    WithdrawPromise,
)
from onechannel.commands.observed import (
    ObserveAccepted,
    ObserveAnomaly,
    ObserveArrival,
    ObserveClosed,
    ObserveDequeued,
    ObserveQueued,
    ObserveReleased,
    Reconcile,
)
from onechannel.commands.serving import (
    Accept,
    Assign,
    ChangeRole,
    Close,
    Consult,
    Decline,
    Delegate,
    Escalate,
    ExtendWrapUp,
    HandBack,
    Hold,
    Join,
    Reactivate,
    Release,
    Resume,
    Sleep,
    Suggest,
    Suspend,
    Transfer,
)
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.checks import ident, utc
from onechannel.model.code import Code
from onechannel.model.ids import TenantId

__all__ = ["VERBS", "Command", "Relation", "Request", "Verb"]

Command: TypeAlias = (
    AchieveJourney
    | FailJourney
    | JoinJourney
    | KeepPromise
    | LinkAddress
    | MakePromise
    | MergeCustomers
    | OpenJourney
    | PausePromise
    | RegisterCustomer
    | RenegotiatePromise
    | ResumePromise
    | UnlinkAddress
    | UnmergeCustomer
    | WithdrawPromise
    | Arrive
    | EditMessage
    | Leave
    | MissCallback
    | MoveChannel
    | Reach
    | RenewLease
    | ReportDelivery
    | RequestCallback
    | RetractMessage
    | Say
    | Type
    | Accept
    | Assign
    | ChangeRole
    | Close
    | Consult
    | Decline
    | Delegate
    | Escalate
    | ExtendWrapUp
    | HandBack
    | Hold
    | Join
    | Reactivate
    | Release
    | Resume
    | Sleep
    | Suggest
    | Suspend
    | Transfer
    | AdoptPolicy
    | BecomeAvailable
    | BecomeUnavailable
    | DefineCalendar
    | DefineChannel
    | DefineQueue
    | DefineWorker
    | Drain
    | Sanction
    | SignIn
    | SignOut
    | ObserveAccepted
    | ObserveAnomaly
    | ObserveArrival
    | ObserveClosed
    | ObserveDequeued
    | ObserveQueued
    | ObserveReleased
    | Reconcile
)


class Relation(Code):
    """For what an actor may give a command.

    OWN: a customer's own interaction, journey or account; a worker's own part, presence or promise,
    or the interaction it serves. SERVED: any part in an interaction that the worker serves.
    INVOLVED: its own part, or any in an interaction it serves.
    """

    ANY = "any"
    OWN = "own"
    SERVED = "served"
    INVOLVED = "involved"


@attrs.frozen
class Verb:
    """One row of the table: what a command is called, and who may give it for what."""

    name: str
    command: type[Command]
    actors: Mapping[ActorKind, Relation]

    @property
    def third_person(self) -> str:
        """How a test or a scenario says it of somebody: `accepts`, `hands_back`."""
        first, mark, rest = self.name.partition("_")
        ending = "es" if first.endswith(("s", "ch")) else "s"
        return f"{first}{ending}{mark}{rest}"


_Actors: TypeAlias = Mapping[ActorKind, Relation]


def _may(relation: Relation, *kinds: ActorKind) -> dict[ActorKind, Relation]:
    return dict.fromkeys(kinds, relation)


_C, _W, _M = ActorKind.CUSTOMER, ActorKind.WORKER, ActorKind.MACHINE
_O, _S, _V = ActorKind.SUPERVISOR, ActorKind.SYSTEM, ActorKind.VENDOR

_CUSTOMER: Final = _may(Relation.OWN, _C)
_SERVING: Final = _may(Relation.OWN, _W, _M)
_WORKERS: Final = _may(Relation.ANY, _W, _M)
_HOUSE: Final = _may(Relation.ANY, _O, _S, _V)
_MACHINERY: Final = _may(Relation.ANY, _S, _V)
_MANAGING: Final = _may(Relation.ANY, _O, _S)


def _verbs(*rows: tuple[str, type[Command], _Actors]) -> dict[type[Command], Verb]:
    return {command: Verb(name, command, actors) for name, command, actors in rows}


#: Every command, the verb that gives it, and who may.
VERBS: Final[Mapping[type[Command], Verb]] = _verbs(
    ("register", RegisterCustomer, _CUSTOMER | _WORKERS | _HOUSE),
    ("link", LinkAddress, _CUSTOMER | _WORKERS | _HOUSE),
    ("unlink", UnlinkAddress, _CUSTOMER | _WORKERS | _HOUSE),
    ("merge", MergeCustomers, _may(Relation.ANY, _W) | _HOUSE),
    ("unmerge", UnmergeCustomer, _may(Relation.ANY, _W) | _HOUSE),
    ("open_journey", OpenJourney, _CUSTOMER | _WORKERS | _HOUSE),
    ("join_journey", JoinJourney, _SERVING | _HOUSE),
    ("achieve_journey", AchieveJourney, _CUSTOMER | _WORKERS | _HOUSE),
    ("fail_journey", FailJourney, _CUSTOMER | _WORKERS | _HOUSE),
    ("promise", MakePromise, _SERVING | _HOUSE),
    ("keep_promise", KeepPromise, _SERVING | _HOUSE),
    ("renegotiate_promise", RenegotiatePromise, _SERVING | _HOUSE),
    ("pause_promise", PausePromise, _SERVING | _HOUSE),
    ("resume_promise", ResumePromise, _SERVING | _HOUSE),
    ("withdraw_promise", WithdrawPromise, _CUSTOMER | _SERVING | _HOUSE),
    ("start", Arrive, _CUSTOMER | _WORKERS | _HOUSE),
    ("reach", Reach, _SERVING | _HOUSE),
    ("say", Say, _CUSTOMER | _SERVING | _HOUSE),
    ("edit", EditMessage, _CUSTOMER | _SERVING | _HOUSE),
    ("retract", RetractMessage, _CUSTOMER | _SERVING | _HOUSE),
    ("type", Type, _CUSTOMER | _SERVING | _HOUSE),
    ("report_delivery", ReportDelivery, _MACHINERY),
    ("leave", Leave, _CUSTOMER | _MACHINERY),
    ("move", MoveChannel, _CUSTOMER | _SERVING | _HOUSE),
    ("request_callback", RequestCallback, _CUSTOMER | _SERVING | _HOUSE),
    ("miss_callback", MissCallback, _SERVING | _HOUSE),
    ("renew_lease", RenewLease, _SERVING | _HOUSE),
    ("accept", Accept, _SERVING | _MACHINERY),
    ("decline", Decline, _SERVING | _MACHINERY),
    ("hold", Hold, _may(Relation.INVOLVED, _W, _M) | _HOUSE),
    ("resume", Resume, _may(Relation.INVOLVED, _W, _M) | _HOUSE),
    ("release", Release, _may(Relation.INVOLVED, _W, _M) | _HOUSE),
    ("extend_wrap_up", ExtendWrapUp, _SERVING | _HOUSE),
    ("change_role", ChangeRole, _may(Relation.SERVED, _W, _M) | _HOUSE),
    ("suggest", Suggest, _SERVING | _HOUSE),
    ("join", Join, _may(Relation.OWN, _M) | _HOUSE),
    ("consult", Consult, _SERVING | _HOUSE),
    ("delegate", Delegate, _SERVING | _HOUSE),
    ("escalate", Escalate, _CUSTOMER | _SERVING | _HOUSE),
    ("hand_back", HandBack, _may(Relation.OWN, _W) | _HOUSE),
    ("transfer", Transfer, _SERVING | _HOUSE),
    ("assign", Assign, _HOUSE),
    ("sleep", Sleep, _SERVING | _HOUSE),
    ("suspend", Suspend, _SERVING | _HOUSE),
    ("reactivate", Reactivate, _SERVING | _HOUSE),
    ("close", Close, _SERVING | _HOUSE),
    ("sign_in", SignIn, _SERVING | _HOUSE),
    ("sign_out", SignOut, _SERVING | _HOUSE),
    ("drain", Drain, _SERVING | _HOUSE),
    ("become_available", BecomeAvailable, _SERVING | _HOUSE),
    ("become_unavailable", BecomeUnavailable, _SERVING | _HOUSE),
    ("sanction", Sanction, _MANAGING),
    ("define_worker", DefineWorker, _MANAGING),
    ("define_queue", DefineQueue, _MANAGING),
    ("define_channel", DefineChannel, _MANAGING),
    ("define_calendar", DefineCalendar, _MANAGING),
    ("adopt_policy", AdoptPolicy, _MANAGING),
    ("observe_arrival", ObserveArrival, _MACHINERY),
    ("observe_queued", ObserveQueued, _MACHINERY),
    ("observe_dequeued", ObserveDequeued, _MACHINERY),
    ("observe_accepted", ObserveAccepted, _MACHINERY),
    ("observe_released", ObserveReleased, _MACHINERY),
    ("observe_closed", ObserveClosed, _MACHINERY),
    ("observe_anomaly", ObserveAnomaly, _MACHINERY),
    ("reconcile", Reconcile, _MACHINERY),
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
