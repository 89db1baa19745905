"""Cues: what is tried next, as numbers that are resolved against what is there.

Laws of this file: a cue comes to a valid command whatever is there, one function for each command
of the table of verbs.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from onechannel import commands as c
from onechannel.model.channel import Channel
from onechannel.model.interaction import EndReason
from onechannel.model.queue import Queue, Router
from onechannel.model.worker import Worker, WorkerKind
from onechannel.testing.strategies import props
from onechannel.testing.strategies.choosing import Cue, astray, falls_on, one
from onechannel.testing.strategies.conversing import CONVERSING
from onechannel.testing.strategies.props import address
from onechannel.testing.strategies.serving import SERVING
from onechannel.testing.strategies.stage import Stage

__all__ = ["made"]

_Make: TypeAlias = Callable[[Stage, Cue, datetime], c.Command]


def made(cue: Cue, stage: Stage, at: datetime) -> c.Command:
    """The command that a cue comes to at that time."""
    return _MAKE[cue.command](stage, cue, at)


# -- customers, journeys, promises ----------------------------------------------------------------


def _register(_stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    customer = one(("c3", "c4", "c1"), cue.first)
    return c.RegisterCustomer(customer=customer, addresses=(address(cue.second),))


def _merge(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    return c.MergeCustomers(
        customer=stage.customer(cue.first), survivor=stage.customer(cue.second), evidence="same"
    )


def _unmerge(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    merged = [*stage.merged, *stage.customers[:1]]
    return c.UnmergeCustomer(customer=one(merged or ["nobody"], cue.first))


def _open_journey(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    return c.OpenJourney(
        customer=stage.customer(cue.first),
        about=one(props.ABOUT, cue.second),
        reference=one(props.REFERENCES, cue.third),
    )


def _join_journey(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    interaction = stage.interaction(cue.first)
    live = stage.open.get(interaction)
    whose = None if live is None or live.customer is None else stage.known_as(live.customer)
    return c.JoinJourney(interaction=interaction, journey=stage.journey(cue.second, whose))


_WITHIN: Final = (timedelta(seconds=40), timedelta(minutes=5), timedelta(hours=2))


def _promise(stage: Stage, cue: Cue, at: datetime) -> c.Command:
    due = at + one((*_WITHIN, timedelta(seconds=-5)), cue.second // 4)
    in_interaction = cue.third % 2 == 0
    return c.MakePromise(
        what=one(("refund", "visit"), cue.first),
        interaction=stage.interaction(cue.first) if in_interaction else None,
        customer=None if in_interaction else stage.customer(cue.first),
        due=None if cue.second % 2 else due,
        within=one(_WITHIN, cue.second // 2) if cue.second % 2 else None,
        calendar=one((None, None, "office", "nights"), cue.third // 2),
        worker=stage.worker(cue.second, "available") if falls_on(2, 8, cue.third) else None,
    )


def _renegotiate(stage: Stage, cue: Cue, at: datetime) -> c.Command:
    promise = stage.promise(cue.first, "open", "paused")
    if cue.second % 2:
        return c.RenegotiatePromise(promise=promise, within=one(_WITHIN, cue.third))
    return c.RenegotiatePromise(promise=promise, due=at + timedelta(seconds=cue.third - 20))


def _pause(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    duration = one((None, timedelta(seconds=10), timedelta(seconds=300)), cue.second)
    promise = stage.promise(cue.first, "open")
    return c.PausePromise(promise=promise, reason="waiting", duration=duration)


_CUSTOMERS: Final[Mapping[type[c.Command], _Make]] = {
    c.RegisterCustomer: _register,
    c.LinkAddress: lambda stage, cue, _: c.LinkAddress(
        customer=stage.customer(cue.first), address=address(cue.second)
    ),
    c.UnlinkAddress: lambda stage, cue, _: c.UnlinkAddress(
        customer=stage.customer(cue.first), address=address(cue.second)
    ),
    c.MergeCustomers: _merge,
    c.UnmergeCustomer: _unmerge,
    c.OpenJourney: _open_journey,
    c.JoinJourney: _join_journey,
    c.AchieveJourney: lambda stage, cue, _: c.AchieveJourney(journey=stage.journey(cue.first)),
    c.FailJourney: lambda stage, cue, _: c.FailJourney(
        journey=stage.journey(cue.first), reason=one((None, "gave-up"), cue.second)
    ),
    c.MakePromise: _promise,
    c.KeepPromise: lambda stage, cue, _: c.KeepPromise(
        promise=stage.promise(cue.first, "open", "paused")
    ),
    c.RenegotiatePromise: _renegotiate,
    c.PausePromise: _pause,
    c.ResumePromise: lambda stage, cue, _: c.ResumePromise(
        promise=stage.promise(cue.first, "paused")
    ),
    c.WithdrawPromise: lambda stage, cue, _: c.WithdrawPromise(
        promise=stage.promise(cue.first, "open", "paused")
    ),
}


# -- the centre itself ----------------------------------------------------------------------------


def _define_worker(_stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    worker = Worker(
        id=one(props.WORKERS, cue.first),
        kind=one(tuple(WorkerKind), cue.second // 2),
        department=one((None, *props.DEPARTMENTS), cue.first // 8),
        skills=one(props.SKILLS, cue.second),
        capacity=one(props.CAPACITIES, cue.third // 4),
        wrap_up=one(props.WRAP_UPS, cue.second // 4),
        accepts_by_itself=cue.third % 4 == 0,
    )
    return c.DefineWorker(worker=worker)


def _define_queue(_stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    queue = Queue(
        name=one(props.QUEUES, cue.first),
        router=one((Router.OURS, Router.OURS, Router.OURS, Router.THEIRS), cue.second),
        wrap_up=one((props.NO_TIME, timedelta(seconds=30)), cue.third),
        wrap_up_forced=cue.third % 4 == 1,
        place_kept=one((None, timedelta(seconds=60)), cue.third // 4),
    )
    return c.DefineQueue(queue=queue)


def _define_channel(_stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    channel = Channel(
        name=one(props.CHANNELS, cue.first),
        load=one((0, 25, 50, 100, 150), cue.second),
        real_time=cue.third % 2 == 0,
        **one(props.FEATURES, cue.second // 5),
    )
    return c.DefineChannel(channel=channel)


def _unavailable(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    worker = stage.worker(cue.first, "available", "unavailable")
    duration = one((None, timedelta(seconds=10), timedelta(seconds=90)), cue.second)
    return c.BecomeUnavailable(worker=worker, duration=duration)


def _sanction(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    return c.Sanction(
        worker=stage.worker(cue.first, "available", "unavailable"),
        reason="late",
        duration=one((timedelta(seconds=15), timedelta(seconds=60)), cue.second),
    )


_CENTRE: Final[Mapping[type[c.Command], _Make]] = {
    c.SignIn: lambda stage, cue, _: c.SignIn(
        worker=stage.worker(cue.first, "signed_out", "draining")
    ),
    c.SignOut: lambda stage, cue, _: c.SignOut(
        worker=stage.worker(cue.first, "available", "unavailable", "draining")
    ),
    c.Drain: lambda stage, cue, _: c.Drain(
        worker=stage.worker(cue.first, "available", "unavailable")
    ),
    c.BecomeAvailable: lambda stage, cue, _: c.BecomeAvailable(
        worker=stage.worker(cue.first, "unavailable")
    ),
    c.BecomeUnavailable: _unavailable,
    c.Sanction: _sanction,
    c.DefineWorker: _define_worker,
    c.DefineQueue: _define_queue,
    c.DefineChannel: _define_channel,
    c.DefineCalendar: lambda _, cue, __: c.DefineCalendar(calendar=one(props.CALENDARS, cue.first)),
    c.AdoptPolicy: lambda _, cue, __: c.AdoptPolicy(policy=one(props.POLICIES, cue.first)),
}


# -- what somebody else decided -------------------------------------------------------------------


def _seen_arriving(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    return c.ObserveArrival(
        interaction=stage.new_name(cue.first, "o"),
        channel=one(props.CHANNELS, cue.second),
        customer=one(props.CUSTOMERS, cue.third),
    )


def _foreign(stage: Stage, cue: Cue, *states: str) -> str:
    return stage.interaction(cue.first, *states, ours=astray(cue.third))


def _seen_leaving(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    interaction = _foreign(stage, cue, "engaged")
    served = stage.whose(interaction)
    worker = served if served and cue.second % 4 else one(props.WORKERS, cue.second)
    return c.ObserveReleased(interaction=interaction, worker=worker)


def _reconcile(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    channel = one(props.CHANNELS, cue.first)
    serving: dict[str, str | None] = {}
    for number, live in enumerate(stage.open.values()):
        if live.channel == channel and (number + cue.second) % 8:
            as_here = (number + cue.third) % 4
            serving[live.id] = stage.whose(live.id) if as_here else one(props.WORKERS, cue.third)
    if astray(cue.second, 2):
        serving["elsewhere"] = None
    return c.Reconcile(channel=channel, serving=serving)


_OBSERVED: Final[Mapping[type[c.Command], _Make]] = {
    c.ObserveArrival: _seen_arriving,
    c.ObserveQueued: lambda stage, cue, _: c.ObserveQueued(
        interaction=_foreign(stage, cue), queue=one(("theirs", "new", "main"), cue.second)
    ),
    c.ObserveDequeued: lambda stage, cue, _: c.ObserveDequeued(
        interaction=stage.interaction(
            cue.first, "waiting", ours=astray(cue.third), where=lambda live: live.queue
        )
    ),
    c.ObserveAccepted: lambda stage, cue, _: c.ObserveAccepted(
        interaction=_foreign(stage, cue), worker=one((*props.WORKERS, "w9"), cue.second)
    ),
    c.ObserveReleased: _seen_leaving,
    c.ObserveClosed: lambda stage, cue, _: c.ObserveClosed(
        interaction=_foreign(stage, cue), reason=one(tuple(EndReason), cue.second)
    ),
    c.ObserveAnomaly: lambda stage, cue, _: c.ObserveAnomaly(
        interaction=_foreign(stage, cue), verb="conference", reason="unheard of"
    ),
    c.Reconcile: _reconcile,
}

_MAKE: Final = {**_CUSTOMERS, **_CENTRE, **CONVERSING, **SERVING, **_OBSERVED}
