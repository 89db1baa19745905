"""Cues: what is tried next, as numbers that are resolved against what is there.

Laws of this file: a cue comes to a valid command whatever is there; few names and few values, so
that commands meet each other.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import attrs

from onechannel import commands as c
from onechannel.model.address import Address
from onechannel.model.channel import Channel
from onechannel.model.ids import interaction_of
from onechannel.model.interaction import EndReason
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import (
    DEFAULT_POLICY,
    Named,
    Pause,
    PlanAsk,
    Planner,
    PlanRule,
    Policy,
    StepRule,
)
from onechannel.model.queue import Queue, Router
from onechannel.model.requirement import Requirement
from onechannel.model.worker import PEOPLE, Capacity, Worker, WorkerKind
from onechannel.testing.strategies.stage import Stage, astray, one

__all__ = ["PLANNERS", "Cue", "made", "stock"]


@attrs.frozen
class Cue:
    """One thing that is tried, and how long after the one before.

    The numbers say for whom and how, among what is there when its turn comes.
    """

    command: type[c.Command]
    wait: timedelta = timedelta(0)
    first: int = 0
    second: int = 0
    third: int = 0


# -- names and values -----------------------------------------------------------------------------


def _good(ask: PlanAsk) -> Plan:
    hurried = Step(requirement=Requirement(kinds=PEOPLE), expires_after=timedelta(seconds=8))
    return Plan(queue="second", priority=ask.priority + 1, steps=(hurried, Step()))


def _raising(ask: PlanAsk) -> Plan:
    raise RuntimeError(f"no plan for {ask.interaction}")


def _silent(_ask: PlanAsk) -> Plan:
    return None  # type: ignore[return-value]  # the fault that is rehearsed


def _trespassing(_ask: PlanAsk) -> Plan:
    return Plan(queue="theirs", steps=(Step(),))


#: Planners to be named in policies: one that plans, and three that are at fault.
PLANNERS: Final[Mapping[str, Planner]] = {
    "good": _good,
    "raising": _raising,
    "silent": _silent,
    "trespassing": _trespassing,
}

_CUSTOMERS: Final = (None, "c1", "c2", "c3")
_CHANNELS: Final = ("voice", "chat", "odd", "email")
_QUEUES: Final = ("main", "second", "theirs", "unheard-of")
_ABOUT: Final = (None, "billing", "card")
_WORKERS: Final = ("p1", "p2", "p3", "m1", "m2")
_SKILLS: Final[tuple[dict[str, float], ...]] = (
    {"billing": 4, "card": 2},
    {"billing": 1},
    {"card": 3},
    {},
)
_CAPACITIES: Final = (
    Capacity(),
    Capacity(total=None),
    Capacity(total=200, channels={"voice": 1, "chat": 2}),
    Capacity(total=50),
    Capacity.only("chat"),
    Capacity(total=None, others=1),
    Capacity(total=0),
)
_NO_TIME: Final = timedelta(0)
_WRAP_UPS: Final = (None, timedelta(seconds=30), _NO_TIME)
_EXPIRING: Final = StepRule(
    kinds=PEOPLE, skill_from_about=True, expires_after=timedelta(seconds=15)
)
_STEPS: Final = PlanRule(
    queue="second",
    steps=(
        attrs.evolve(_EXPIRING, skills={"card": 2}),
        StepRule(kinds={WorkerKind.MACHINE}, expires_after=_NO_TIME),
        _EXPIRING,
        StepRule(),
    ),
)
_MOMENTS: Final = PlanRule(
    steps=(
        StepRule(skills={"card": 3}, expires_after=_NO_TIME),
        StepRule(kinds=PEOPLE, skill_from_about=True, expires_after=_NO_TIME),
        StepRule(expires_after=_NO_TIME),
        StepRule(),
    )
)
_PATIENT: Final = attrs.evolve(
    DEFAULT_POLICY,
    name="patient",
    ring_for=timedelta(seconds=60),
    after_expiry=Pause(reason="no-answer", duration=timedelta(seconds=10)),
)
_POLICIES: Final = (
    _PATIENT,
    Policy(name="plain", plan=PlanRule(steps=(StepRule(),)), ring_for=timedelta(seconds=10)),
    Policy(
        name="steps",
        plan=_STEPS,
        after_decline=Pause(reason="refusing"),
        after_expiry=Pause(reason="missing", duration=timedelta(seconds=25)),
    ),
    Policy(name="moments", plan=_MOMENTS, after_decline=Pause(reason="refusing")),
    DEFAULT_POLICY,
    *(Policy(name=f"by-{name}", plan=Named(name)) for name in PLANNERS),
    Policy(name="lost", plan=Named("nowhere")),
)
_ENDS: Final = ("resolved", "withdrawn", "rejected", "failed", "expired")


def _address(number: int) -> Address:
    return Address.parse(f"tel:+3460000000{number % 8}")


def stock() -> tuple[c.Command, ...]:
    """What a centre needs before anything can happen in it."""
    # Little room, so that some have to wait.
    workers = (
        Worker(id="p1", skills=_SKILLS[0], wrap_up=timedelta(seconds=30)),
        Worker(id="p2", skills={"billing": 1, "card": 3}, capacity=Capacity(total=150)),
        Worker(
            id="m1",
            kind=WorkerKind.MACHINE,
            capacity=Capacity(total=None, channels={"chat": 2, "odd": 1}, others=0),
        ),
        Worker(
            id="m2",
            kind=WorkerKind.MACHINE,
            capacity=Capacity(total=None, channels={"voice": 1}, others=0),
            accepts_by_itself=False,
        ),
    )
    return (
        c.AdoptPolicy(policy=_PATIENT),
        c.DefineQueue(queue=Queue(name="second", wrap_up=timedelta(seconds=20))),
        c.DefineQueue(queue=Queue(name="theirs", router=Router.THEIRS)),
        c.RegisterCustomer(customer="c1", name="Ana", addresses=(_address(1),)),
        c.RegisterCustomer(customer="c2", addresses=(_address(2), _address(3))),
        *(c.DefineWorker(worker=worker) for worker in workers),
        *(c.SignIn(worker=worker.id) for worker in workers),
    )


# -- what a cue comes to --------------------------------------------------------------------------


def made(cue: Cue, stage: Stage) -> c.Command:
    """The command that a cue comes to now."""
    return _MAKE[cue.command](stage, cue)


def _arrive(stage: Stage, cue: Cue) -> c.Command:
    follows = stage.closed(cue.second) if astray(cue.first) else None
    return c.Arrive(
        interaction=None if follows and cue.third % 2 else stage.new_name(cue.first, "i"),
        channel=one(_CHANNELS, cue.second),
        customer=one(_CUSTOMERS[:-1], cue.third),
        address=_address(cue.first) if cue.third % 2 else None,
        queue=one(_QUEUES, cue.first) if astray(cue.third) else None,
        about=one(_ABOUT, cue.first),
        priority=cue.second % 3 - 1,
        says="good morning" if cue.first % 4 == 0 else None,
        follows=follows,
    )


def _say(stage: Stage, cue: Cue) -> c.Command:
    if cue.first % 3:
        return c.Say(interaction=stage.interaction(cue.second), text="hello")
    part = stage.part(cue.second, "active")
    interaction = "absent" if astray(cue.third) else interaction_of(part)
    return c.Say(interaction=interaction, text="hello", assignment=part)


def _decline(stage: Stage, cue: Cue) -> c.Command:
    reason = one((None, "lunch"), cue.third)
    return c.Decline(assignment=stage.part(cue.first, "pending"), reason=reason)


def _define_worker(_stage: Stage, cue: Cue) -> c.Command:
    worker = Worker(
        id=one(_WORKERS, cue.first),
        kind=one(tuple(WorkerKind), cue.second // 2),
        skills=one(_SKILLS, cue.second),
        capacity=one(_CAPACITIES, cue.third // 4),
        wrap_up=one(_WRAP_UPS, cue.second // 4),
        accepts_by_itself=cue.third % 4 == 0,
    )
    return c.DefineWorker(worker=worker)


def _define_queue(_stage: Stage, cue: Cue) -> c.Command:
    router = one((Router.OURS, Router.OURS, Router.OURS, Router.THEIRS), cue.second)
    wrap_up = one((_NO_TIME, timedelta(seconds=30)), cue.third)
    return c.DefineQueue(queue=Queue(name=one(_QUEUES, cue.first), router=router, wrap_up=wrap_up))


def _define_channel(_stage: Stage, cue: Cue) -> c.Command:
    name, load = one(_CHANNELS, cue.first), one((0, 25, 50, 100, 150), cue.second)
    return c.DefineChannel(channel=Channel(name=name, load=load, real_time=cue.third % 2 == 0))


def _unavailable(stage: Stage, cue: Cue) -> c.Command:
    worker = stage.worker(cue.first, "available", "unavailable")
    duration = one((None, timedelta(seconds=10), timedelta(seconds=90)), cue.second)
    return c.BecomeUnavailable(worker=worker, duration=duration)


def _seen_arriving(stage: Stage, cue: Cue) -> c.Command:
    return c.ObserveArrival(
        interaction=stage.new_name(cue.first, "o"),
        channel=one(_CHANNELS, cue.second),
        customer=one(_CUSTOMERS, cue.third),
    )


def _foreign(stage: Stage, cue: Cue, state: str = "") -> str:
    return stage.interaction(cue.first, state, ours=False)


_MAKE: Final[Mapping[type[c.Command], Callable[[Stage, Cue], c.Command]]] = {
    c.RegisterCustomer: lambda _, cue: c.RegisterCustomer(
        customer=one(("c3", "c4", "c1"), cue.first), addresses=(_address(cue.second),)
    ),
    c.Arrive: _arrive,
    c.Say: _say,
    c.Leave: lambda stage, cue: c.Leave(
        interaction=stage.interaction(cue.first, ours=not astray(cue.third))
    ),
    c.Accept: lambda stage, cue: c.Accept(assignment=stage.part(cue.first, "pending")),
    c.Decline: _decline,
    c.Release: lambda stage, cue: c.Release(assignment=stage.part(cue.first, "wrapping")),
    c.Escalate: lambda stage, cue: c.Escalate(interaction=stage.interaction(cue.first, "engaged")),
    c.HandBack: lambda stage, cue: c.HandBack(interaction=stage.interaction(cue.first, "engaged")),
    c.Close: lambda stage, cue: c.Close(
        interaction=stage.interaction(
            cue.first, "engaged" if cue.third % 2 else "", ours=not astray(cue.third)
        ),
        reason=EndReason(one(_ENDS, cue.second)),
    ),
    c.SignIn: lambda stage, cue: c.SignIn(worker=stage.worker(cue.first, "signed_out")),
    c.SignOut: lambda stage, cue: c.SignOut(
        worker=stage.worker(cue.first, "available", "unavailable")
    ),
    c.BecomeAvailable: lambda stage, cue: c.BecomeAvailable(
        worker=stage.worker(cue.first, "unavailable")
    ),
    c.BecomeUnavailable: _unavailable,
    c.DefineWorker: _define_worker,
    c.DefineQueue: _define_queue,
    c.DefineChannel: _define_channel,
    c.AdoptPolicy: lambda _, cue: c.AdoptPolicy(policy=one(_POLICIES, cue.first)),
    c.ObserveArrival: _seen_arriving,
    c.ObserveQueued: lambda stage, cue: c.ObserveQueued(
        interaction=_foreign(stage, cue), queue=one(("theirs", "new", "main"), cue.second)
    ),
    c.ObserveDequeued: lambda stage, cue: c.ObserveDequeued(
        interaction=_foreign(stage, cue, "waiting")
    ),
    c.ObserveAccepted: lambda stage, cue: c.ObserveAccepted(
        interaction=_foreign(stage, cue), worker=one((*_WORKERS, "w9"), cue.second)
    ),
    c.ObserveReleased: lambda stage, cue: c.ObserveReleased(
        interaction=_foreign(stage, cue, "engaged"), worker=one(_WORKERS, cue.second)
    ),
    c.ObserveClosed: lambda stage, cue: c.ObserveClosed(
        interaction=_foreign(stage, cue), reason=one(tuple(EndReason), cue.second)
    ),
    c.ObserveAnomaly: lambda stage, cue: c.ObserveAnomaly(
        interaction=_foreign(stage, cue), verb="conference", reason="unheard of"
    ),
}
