"""The stage: what people, vendors and supervisors find at the centre, by its log.

Laws of this file: what is found is in the log's own order, so that a choice among it follows from
the dice; nothing is asked of the kernel.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.model.address import Address
from onechannel.model.assignment import AssignmentState
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel, Medium
from onechannel.model.interaction import InteractionState
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import (
    DEFAULT_POLICY,
    Callables,
    Named,
    Pause,
    PlanAsk,
    PlanRule,
    Policy,
    StepRule,
)
from onechannel.model.queue import Queue
from onechannel.model.requirement import Requirement
from onechannel.model.worker import PEOPLE, Capacity, Worker, WorkerKind, WorkerState
from onechannel.testing.faults._dice import Dice
from onechannel.testing.invariants import Floor, Line, Part

__all__ = [
    "ABOUTS",
    "ASYNCHRONOUS",
    "CALLABLES",
    "CANARY",
    "CUSTOMERS",
    "NEVER",
    "PEOPLE_OF",
    "POLICIES",
    "REAL_TIME",
    "Stage",
    "address",
    "opening",
    "queue",
    "said",
    "worker",
]

T = TypeVar("T")

#: Stands in all that is personal; no error and no repr may show it.
CANARY: Final = "zanzibar"

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

#: The end of time, as far as anything can be due, which some systems say for "never".
NEVER: Final = datetime(9898, 12, 31, tzinfo=UTC)

REAL_TIME: Final = ("voice", "chat", "store")
ASYNCHRONOUS: Final = ("whatsapp", "email", "social")
ABOUTS: Final = (None, "billing", "returns")
CUSTOMERS: Final = ("ana", "ben", "eva", "jon", "kim", "lea")
PEOPLE_OF: Final = ("p1", "p2", "p3", "p4")

#: Before and after clocks are put forward or back in Europe and America, and a plain Monday.
_STARTS: Final = (
    datetime(2026, 1, 5, 9, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
    datetime(2026, 10, 24, 23, tzinfo=UTC),
    datetime(2026, 3, 8, 5, 30, tzinfo=UTC),
    datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
)
_ZONES: Final = ("Europe/Madrid", "America/New_York")


def said(number: int) -> str:
    """Something personal to say."""
    return f"{CANARY} {number}"


def address(number: int) -> Address:
    """One of a few addresses."""
    return Address.parse(f"mailto:{CANARY}{number}@example.com")


# -- policies -------------------------------------------------------------------------------------


def _by_kind(ask: PlanAsk) -> Plan:
    """People for what is about something, anybody for the rest."""
    kinds = ask.kinds & PEOPLE if ask.about else ask.kinds
    last = Step(requirement=Requirement(kinds=kinds or ask.kinds))
    queue = ask.queue or ("second" if ask.about == "returns" else "main")
    return Plan(queue=queue, priority=ask.priority, steps=(last,))


def _in_trouble(ask: PlanAsk) -> Plan:
    """A planner that fails for some."""
    if ask.about == "billing":
        raise ValueError(said(0))
    return _by_kind(ask)


#: What the policies of some worlds name.
CALLABLES: Final[Callables] = {"by-kind": _by_kind, "in-trouble": _in_trouble}

_NO_ANSWER: Final = Pause(reason="no-answer", duration=5 * _MINUTE)
_STEPS: Final = (
    StepRule(kinds={WorkerKind.MACHINE}, expires_after=timedelta(0)),
    StepRule(kinds=PEOPLE, skill_from_about=True, expires_after=2 * _MINUTE),
    StepRule(kinds=PEOPLE),
)
POLICIES: Final = (
    DEFAULT_POLICY,
    Policy(
        name="patient",
        plan=PlanRule(steps=_STEPS),
        ring_for=30 * _SECOND,
        after_expiry=_NO_ANSWER,
        after_decline=Pause(reason="declined", duration=_MINUTE),
        callback_within=_HOUR,
        callback_retry=10 * _MINUTE,
        keeper_first=_MINUTE,
    ),
    Policy(name="named", plan=Named("by-kind"), after_expiry=_NO_ANSWER),
    Policy(name="shaky", plan=Named("in-trouble"), after_expiry=_NO_ANSWER),
)


def opening(dice: Dice) -> tuple[datetime, list[c.Command]]:
    """When a world begins, and how its centre is set up."""
    lease = dice.one((None, 2 * _HOUR, 20 * _MINUTE))
    sleeps = dice.one((None, 10 * _MINUTE, _HOUR))
    made: list[c.Command] = [
        c.DefineChannel(
            channel=Channel(
                name="voice", medium=Medium.VOICE, real_time=True, can_hold=True, lease=lease
            )
        ),
        c.DefineChannel(
            channel=Channel(
                name="whatsapp",
                load=25,
                has_receipts=True,
                dormant_after=sleeps,
                closes_after=dice.one((None, _HOUR)),
            )
        ),
        c.DefineCalendar(
            calendar=Calendar(
                name="hours",
                zone=dice.one(_ZONES),
                hours=dict.fromkeys(("mon", "tue", "wed", "sat", "sun"), "01:00-04:00,09:00-18:00"),
            )
        ),
        *(queue(name, dice) for name in ("main", "second")),
        c.AdoptPolicy(policy=dice.one(POLICIES)),
        c.DefineWorker(
            worker=Worker(
                id="bot", kind=WorkerKind.MACHINE, capacity=Capacity.only("chat", "email")
            )
        ),
        c.SignIn(worker="bot"),
    ]
    for name in PEOPLE_OF:
        made += [c.DefineWorker(worker=worker(name, dice)), c.SignIn(worker=name)]
    made += [
        c.RegisterCustomer(customer=one, name=CANARY, addresses=(address(number),))
        for number, one in enumerate(CUSTOMERS[:4])
    ]
    return dice.one(_STARTS), made


def queue(name: str, dice: Dice) -> c.DefineQueue:
    """A queue, as of now."""
    return c.DefineQueue(
        queue=Queue(
            name=name,
            wrap_up=dice.one((timedelta(0), 30 * _SECOND)),
            wrap_up_forced=dice.chance(200),
            place_kept=dice.one((None, 5 * _MINUTE)),
        )
    )


def worker(name: str, dice: Dice) -> Worker:
    """A person, as of now: what she can do, and how much at once."""
    skills = dice.one(({}, {"billing": 3}, {"returns": 2}, {"billing": 5, "returns": 1}))
    capacity = dice.one(
        (Capacity(), Capacity(), Capacity(total=200), Capacity(total=None, channels={"voice": 1}))
    )
    wrap_up = dice.one((None, None, 20 * _SECOND))
    department = dice.one((None, None, "finance"))
    return Worker(id=name, skills=skills, capacity=capacity, wrap_up=wrap_up, department=department)


# -- what is there --------------------------------------------------------------------------------

_TAKING_PART: Final = (AssignmentState.ACTIVE, AssignmentState.HELD)


@attrs.define(eq=False)
class Stage:
    """What is there to act on, after the events that were added."""

    floor: Floor
    now: datetime
    closed: list[Line] = attrs.field(factory=list)
    promises: dict[str, bool] = attrs.field(factory=dict)
    journeys: dict[str, str] = attrs.field(factory=dict)
    messages: list[str] = attrs.field(factory=list)
    merged: dict[str, None] = attrs.field(factory=dict)
    arrivals: int = 0
    named: int = 0

    def see(self, event: e.Event) -> None:
        """Take in the next event, before the floor does."""
        see = _SEE.get(type(event.data))
        if see is not None:
            see(self, event.data)

    def name(self, kind: str) -> str:
        """A name that nobody has."""
        self.named += 1
        return f"{kind}{self.named}"

    def line(
        self, dice: Dice, *states: InteractionState, channels: tuple[str, ...] = ()
    ) -> Line | None:
        """An open interaction in one of these states."""
        found = [
            line
            for line in self.floor.lines.values()
            if (not states or line.state in states) and (not channels or line.channel in channels)
        ]
        return dice.one(found) if found else None

    def part(self, dice: Dice, *states: AssignmentState) -> Part | None:
        """A part in one of these states; by default one that is taken."""
        states = states or _TAKING_PART
        found = [part for part in self.floor.parts.values() if part.state in states]
        return dice.one(found) if found else None

    def served(self, dice: Dice) -> tuple[Line, Part] | None:
        """An interaction with the part of whoever serves it."""
        line = self.line(dice, InteractionState.ENGAGED)
        if line is None or line.serving is None:
            return None
        return line, self.floor.parts[line.serving]

    def worker(self, dice: Dice, *states: WorkerState) -> str | None:
        """A person in one of these states."""
        found = [
            name
            for name, desk in self.floor.desks.items()
            if desk.presence in states and (name != "bot" or dice.chance(100))
        ]
        return dice.one(found) if found else None

    def _closed(self, data: e.InteractionClosed) -> None:
        line = self.floor.lines.get(data.interaction)
        if line is not None:
            self.closed = [*self.closed[-20:], line]

    def _arrived(self, _data: e.InteractionArrived) -> None:
        self.arrivals += 1

    def _sent(self, data: e.MessageSent | e.MessageReceived) -> None:
        self.messages = [*self.messages[-20:], data.message]

    def _made(self, data: e.PromiseMade | e.PromiseResumed) -> None:
        self.promises[data.promise] = True

    def _paused(self, data: e.PromisePaused) -> None:
        self.promises[data.promise] = False

    def _over(self, data: Any) -> None:
        self.promises.pop(data.promise, None)

    def _pursued(self, data: e.JourneyOpened) -> None:
        self.journeys[data.journey] = data.customer

    def _ended(self, data: Any) -> None:
        self.journeys.pop(data.journey, None)

    def _merged(self, data: e.CustomerMerged) -> None:
        self.merged[data.customer] = None

    def _unmerged(self, data: e.CustomerUnmerged) -> None:
        self.merged.pop(data.customer, None)


_SEE: Final[dict[type[e.EventData], Callable[[Stage, Any], None]]] = {
    e.InteractionClosed: Stage._closed,
    e.InteractionArrived: Stage._arrived,
    e.MessageSent: Stage._sent,
    e.MessageReceived: Stage._sent,
    e.PromiseMade: Stage._made,
    e.PromiseResumed: Stage._made,
    e.PromisePaused: Stage._paused,
    **dict.fromkeys(
        (e.PromiseKept, e.PromiseBroken, e.PromiseRenegotiated, e.PromiseWithdrawn), Stage._over
    ),
    e.JourneyOpened: Stage._pursued,
    **dict.fromkeys((e.JourneyAchieved, e.JourneyFailed, e.JourneyLapsed), Stage._ended),
    e.CustomerMerged: Stage._merged,
    e.CustomerUnmerged: Stage._unmerged,
}
