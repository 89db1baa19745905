"""The verbs of the command table, to be awaited.

Law of this file: one line for each verb, no more; what a verb takes is what its command takes, and
a test holds the names to the table.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, ParamSpec, TypeAlias, overload

from onechannel import commands as c
from onechannel.commands import Command
from onechannel.events import Event

__all__ = ["Giving", "Verbs"]

P = ParamSpec("P")
#: A command under way: to be awaited for the events it made.
Giving: TypeAlias = Coroutine[Any, Any, tuple[Event, ...]]


class _Verb(Generic[P]):
    """A verb: called with what its command takes, it gives the command."""

    def __init__(self, command: Callable[P, Command]) -> None:
        self.command = command

    @overload
    def __get__(self, verbs: None, owner: type) -> "_Verb[P]": ...
    @overload
    def __get__(self, verbs: "Verbs", owner: type) -> Callable[P, Giving]: ...
    def __get__(self, verbs: "Verbs | None", owner: type) -> "_Verb[P] | Callable[P, Giving]":
        if verbs is None:
            return self
        command = self.command

        # Not a coroutine itself: what the command refuses is said where it is called.
        def give(*args: P.args, **fields: P.kwargs) -> Giving:
            return verbs._give(command(*args, **fields))

        return give


class Verbs:
    """Every verb of the command table; each gives the events it made, or raises.

    `CommandRefused` and `PolicyMissing` changed nothing. After a `StoreFault` it is not known
    whether it happened: give it again under the same id.
    """

    __slots__ = ()

    async def _give(self, command: Command) -> tuple[Event, ...]:
        """Give a command as whoever this is."""
        raise NotImplementedError

    register: Final = _Verb(c.RegisterCustomer)
    link: Final = _Verb(c.LinkAddress)
    unlink: Final = _Verb(c.UnlinkAddress)
    merge: Final = _Verb(c.MergeCustomers)
    unmerge: Final = _Verb(c.UnmergeCustomer)
    open_journey: Final = _Verb(c.OpenJourney)
    join_journey: Final = _Verb(c.JoinJourney)
    achieve_journey: Final = _Verb(c.AchieveJourney)
    fail_journey: Final = _Verb(c.FailJourney)
    promise: Final = _Verb(c.MakePromise)
    keep_promise: Final = _Verb(c.KeepPromise)
    renegotiate_promise: Final = _Verb(c.RenegotiatePromise)
    pause_promise: Final = _Verb(c.PausePromise)
    resume_promise: Final = _Verb(c.ResumePromise)
    withdraw_promise: Final = _Verb(c.WithdrawPromise)
    start: Final = _Verb(c.Arrive)
    reach: Final = _Verb(c.Reach)
    say: Final = _Verb(c.Say)
    edit: Final = _Verb(c.EditMessage)
    retract: Final = _Verb(c.RetractMessage)
    type: Final = _Verb(c.Type)
    report_delivery: Final = _Verb(c.ReportDelivery)
    leave: Final = _Verb(c.Leave)
    move: Final = _Verb(c.MoveChannel)
    request_callback: Final = _Verb(c.RequestCallback)
    miss_callback: Final = _Verb(c.MissCallback)
    renew_lease: Final = _Verb(c.RenewLease)
    accept: Final = _Verb(c.Accept)
    decline: Final = _Verb(c.Decline)
    hold: Final = _Verb(c.Hold)
    resume: Final = _Verb(c.Resume)
    release: Final = _Verb(c.Release)
    extend_wrap_up: Final = _Verb(c.ExtendWrapUp)
    change_role: Final = _Verb(c.ChangeRole)
    suggest: Final = _Verb(c.Suggest)
    join: Final = _Verb(c.Join)
    consult: Final = _Verb(c.Consult)
    delegate: Final = _Verb(c.Delegate)
    escalate: Final = _Verb(c.Escalate)
    hand_back: Final = _Verb(c.HandBack)
    transfer: Final = _Verb(c.Transfer)
    assign: Final = _Verb(c.Assign)
    sleep: Final = _Verb(c.Sleep)
    suspend: Final = _Verb(c.Suspend)
    reactivate: Final = _Verb(c.Reactivate)
    close: Final = _Verb(c.Close)
    sign_in: Final = _Verb(c.SignIn)
    sign_out: Final = _Verb(c.SignOut)
    drain: Final = _Verb(c.Drain)
    become_available: Final = _Verb(c.BecomeAvailable)
    become_unavailable: Final = _Verb(c.BecomeUnavailable)
    sanction: Final = _Verb(c.Sanction)
    define_worker: Final = _Verb(c.DefineWorker)
    define_queue: Final = _Verb(c.DefineQueue)
    define_channel: Final = _Verb(c.DefineChannel)
    define_calendar: Final = _Verb(c.DefineCalendar)
    adopt_policy: Final = _Verb(c.AdoptPolicy)
    observe_arrival: Final = _Verb(c.ObserveArrival)
    observe_queued: Final = _Verb(c.ObserveQueued)
    observe_dequeued: Final = _Verb(c.ObserveDequeued)
    observe_accepted: Final = _Verb(c.ObserveAccepted)
    observe_released: Final = _Verb(c.ObserveReleased)
    observe_closed: Final = _Verb(c.ObserveClosed)
    observe_anomaly: Final = _Verb(c.ObserveAnomaly)
    reconcile: Final = _Verb(c.Reconcile)
