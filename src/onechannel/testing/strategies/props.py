"""Props: few names and few values, so that what is tried meets what is there.

Law of this file: everything here is valid and is made once; which of it is taken, a number chooses.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import attrs

from onechannel import commands as c
from onechannel.model.address import Address
from onechannel.model.calendar import Calendar
from onechannel.model.channel import VOICE, Channel
from onechannel.model.message import Attachment
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import (
    DEFAULT_POLICY,
    ConsentAsk,
    ConsentHook,
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

__all__ = [
    "ABOUT",
    "ATTACHMENTS",
    "CALENDARS",
    "CAPACITIES",
    "CHANNELS",
    "CUSTOMERS",
    "DEPARTMENTS",
    "FEATURES",
    "NO_TIME",
    "PLANNERS",
    "POLICIES",
    "PURPOSES",
    "QUEUES",
    "REFERENCES",
    "SKILLS",
    "WORKERS",
    "WRAP_UPS",
    "address",
    "stock",
]

NO_TIME: Final = timedelta(0)


def _seconds(number: int) -> timedelta:
    return timedelta(seconds=number)


# -- callables ------------------------------------------------------------------------------------


def _good(ask: PlanAsk) -> Plan:
    hurried = Step(requirement=Requirement(kinds=PEOPLE), expires_after=_seconds(8))
    return Plan(queue="second", priority=ask.priority + 1, steps=(hurried, Step()))


def _raising(ask: PlanAsk) -> Plan:
    raise RuntimeError(f"no plan for {ask.interaction}")


def _silent(_ask: PlanAsk) -> Plan:
    return None  # type: ignore[return-value]  # the fault that is rehearsed


def _trespassing(_ask: PlanAsk) -> Plan:
    return Plan(queue="theirs", steps=(Step(),))


def _allowing(_ask: ConsentAsk) -> str | None:
    return None


def _discreet(ask: ConsentAsk) -> str | None:
    return "opted-out" if ask.purpose == "marketing" else None


def _unreachable(ask: ConsentAsk) -> str | None:
    raise LookupError(f"nothing is known of {ask.customer}")


_PLANS: Final[Mapping[str, Planner]] = {
    "good": _good,
    "raising": _raising,
    "silent": _silent,
    "trespassing": _trespassing,
}
_CONSENTS: Final[Mapping[str, ConsentHook]] = {
    "allowing": _allowing,
    "discreet": _discreet,
    "unreachable": _unreachable,
}
#: Callables to be named in policies. Of those that plan one does, and three are at fault; of those
#: that are asked for consent one allows, one refuses marketing, and one raises.
PLANNERS: Final[Mapping[str, Planner | ConsentHook]] = {**_PLANS, **_CONSENTS}

# -- names ----------------------------------------------------------------------------------------

CUSTOMERS: Final = (None, "c1", "c2", "c3")
CHANNELS: Final = ("voice", "chat", "odd", "email", "social")
QUEUES: Final = ("main", "second", "theirs", "unheard-of")
ABOUT: Final = (None, "billing", "card")
WORKERS: Final = ("p1", "p2", "p4", "m1", "m2")
DEPARTMENTS: Final = ("finance", "store", "nowhere")
REFERENCES: Final = (None, None, "order-1", "order-2")
PURPOSES: Final = ("service", "marketing")


def address(number: int) -> Address:
    """One of a few telephone numbers."""
    return Address.parse(f"tel:+3460000000{number % 8}")


# -- workers, queues, channels, calendars ---------------------------------------------------------

SKILLS: Final[tuple[dict[str, float], ...]] = (
    {"billing": 4, "card": 2},
    {"billing": 1},
    {"card": 3},
    {},
)
CAPACITIES: Final = (
    Capacity(),
    Capacity(total=None),
    Capacity(total=200, channels={"voice": 1, "chat": 2}),
    Capacity(total=50),
    Capacity.only("chat"),
    Capacity(total=None, others=1),
    Capacity(total=0),
)
WRAP_UPS: Final = (None, _seconds(30), NO_TIME)
#: What a channel may have beside its name, its load and whether it is real-time.
FEATURES: Final[tuple[Mapping[str, Any], ...]] = (
    {},
    {"can_hold": True, "lease": _seconds(45)},
    {"dormant_after": _seconds(20), "closes_after": _seconds(60)},
    {"reply_window": _seconds(30), "templates": True, "dormant_after": _seconds(90)},
    {"public": True, "reply_window": _seconds(15)},
    {"can_hold": True},
)
CALENDARS: Final = (
    Calendar.weekly("office", mon_fri="09:00-14:00, 16:00-19:00"),
    Calendar.weekly("office", daily="09:05-09:10", holidays=["2026-01-06"]),
    Calendar.weekly("nights", zone="Pacific/Chatham", daily="22:00-02:00"),
)
ATTACHMENTS: Final = (
    (),
    (Attachment(reference="sha256-1", media_type="image/png", size=7, name="bill.png"),),
)
_MACHINES: Final = frozenset({WorkerKind.MACHINE})

# -- policies -------------------------------------------------------------------------------------

_EXPIRING: Final = StepRule(kinds=PEOPLE, skill_from_about=True, expires_after=_seconds(15))
_STEPS: Final = PlanRule(
    queue="second",
    steps=(
        attrs.evolve(_EXPIRING, skills={"card": 2}),
        StepRule(kinds=_MACHINES, expires_after=NO_TIME),
        _EXPIRING,
        StepRule(),
    ),
)
_MOMENTS: Final = PlanRule(
    steps=(
        StepRule(skills={"card": 3}, expires_after=NO_TIME),
        StepRule(kinds=PEOPLE, skill_from_about=True, expires_after=NO_TIME),
        StepRule(expires_after=NO_TIME),
        StepRule(),
    )
)
_ANYBODY: Final = PlanRule(steps=(StepRule(),))
# What takes hours and days elsewhere takes minutes here, so that it comes to pass.
_PATIENT: Final = attrs.evolve(
    DEFAULT_POLICY,
    name="patient",
    ring_for=_seconds(60),
    after_expiry=Pause(reason="no-answer", duration=_seconds(10)),
    keeper_first=_seconds(20),
    return_after=_seconds(30),
    journey_window=_seconds(240),
    callback_within=_seconds(60),
    callback_retry=_seconds(10),
    callback_attempts=2,
    consent=Named("discreet"),
)
_MISSED: Final = Pause(reason="missing", duration=_seconds(25), after=2)
POLICIES: Final = (
    _PATIENT,
    Policy(name="plain", plan=_ANYBODY, ring_for=_seconds(10)),
    attrs.evolve(_PATIENT, name="allowed", plan=_ANYBODY, consent=Named("allowing")),
    attrs.evolve(_PATIENT, name="unsure", keeper_first=NO_TIME, consent=Named("unreachable")),
    Policy(
        name="steps",
        plan=_STEPS,
        after_decline=Pause(reason="refusing", after=2),
        after_expiry=_MISSED,
        return_after=_seconds(5),
        journey_window=_seconds(30),
        callback_attempts=1,
        consent=Named("discreet"),
    ),
    Policy(name="moments", plan=_MOMENTS, after_decline=Pause(reason="refusing")),
    DEFAULT_POLICY,
    *(Policy(name=f"by-{name}", plan=Named(name)) for name in _PLANS),
    Policy(name="lost", plan=Named("nowhere")),
    Policy(name="lost-consent", plan=_ANYBODY, consent=Named("nowhere")),
)


# -- a stock of all of it -------------------------------------------------------------------------


def stock() -> tuple[c.Command, ...]:
    """What a centre needs before anything can happen in it."""
    # Little room, so that some have to wait; the partner has no skill, and room for the rest.
    workers = (
        Worker(id="p1", skills=SKILLS[0], wrap_up=_seconds(30)),
        Worker(
            id="p2",
            department="finance",
            skills={"billing": 1, "card": 3},
            capacity=Capacity(total=150),
        ),
        Worker(id="p3", kind=WorkerKind.PARTNER, department="store", capacity=Capacity(total=None)),
        Worker(
            id="m1",
            kind=WorkerKind.MACHINE,
            capacity=Capacity(total=None, channels={"chat": 2, "odd": 1}, others=0),
            wrap_up=NO_TIME,
        ),
        Worker(
            id="m2",
            kind=WorkerKind.MACHINE,
            capacity=Capacity(total=None, channels={"voice": 1}, others=0),
            accepts_by_itself=False,
        ),
    )
    main = Queue(name="main", wrap_up=_seconds(15), place_kept=_seconds(90))
    second = Queue(name="second", wrap_up=_seconds(20), place_kept=_seconds(60))
    return (
        c.AdoptPolicy(policy=_PATIENT),
        c.DefineQueue(queue=main),
        c.DefineQueue(queue=second),
        c.DefineQueue(queue=Queue(name="theirs", router=Router.THEIRS)),
        c.DefineChannel(channel=Channel(name="odd", **FEATURES[3])),
        c.DefineChannel(channel=attrs.evolve(VOICE, lease=_seconds(300))),
        c.DefineCalendar(calendar=CALENDARS[0]),
        c.RegisterCustomer(customer="c1", name="Ana", addresses=(address(1),)),
        c.RegisterCustomer(customer="c2", addresses=(address(2), address(3))),
        *(c.DefineWorker(worker=worker) for worker in workers),
        *(c.SignIn(worker=worker.id) for worker in workers),
    )
