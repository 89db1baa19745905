"""How a few bytes come to a request: choosing among what the model knows.

Laws of this file: the same bytes choose the same; a choice rarely goes astray, to what is absent,
over or in another state, so that what does not apply is asked as well.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import attrs
from hypothesis import strategies as st

from onechannel import commands as c
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import DEFAULT_POLICY, Named, Pause, PlanRule, Policy, StepRule
from onechannel.model.queue import Queue
from onechannel.model.requirement import Requirement
from onechannel.model.worker import PEOPLE, Capacity, Worker
from onechannel.testing.strategies import PLANNERS

SECOND = timedelta(seconds=1)
# Enough for all the choices of a step, and for as many rules as there are.
ROLL = 16
ROLLS = st.binary(min_size=ROLL, max_size=ROLL)


class Dice:
    """Choices, one after the other, out of one number; most often it is the first."""

    __slots__ = ("left",)

    def __init__(self, roll: bytes) -> None:
        self.left = int.from_bytes(roll, "little")

    def below(self, number: int) -> int:
        """A number from 0 on, and below that."""
        self.left, found = divmod(self.left, number)
        return found

    def one(self, some: Sequence):
        """One of them."""
        return some[self.below(len(some))]

    def rarely(self, number: int = 8) -> bool:
        """One time in so many."""
        return self.below(number) == number - 1

    def maybe(self, some: Sequence, number: int = 4):
        """One of them, one time in so many; else None."""
        found = self.one(some)
        return found if self.rarely(number) else None


#: What there is to try, by name: the condition under which it makes sense, and how.
TRIALS: dict[str, tuple[Callable, Callable]] = {}


def trial(when: Callable | None = None, *, seldom: bool = False) -> Callable:
    """Take a method that takes dice into the table of trials; it is tried only `when` that is so.

    What empties a centre is tried `seldom`, and a moment passes instead.
    """

    def decorate(method: Callable) -> Callable:
        def attempt(self, dice: Dice) -> None:
            if seldom and dice.below(3):
                self.until(self.now + SECOND)
            else:
                method(self, dice)

        TRIALS[method.__name__] = (when or (lambda _: True), attempt)
        return method

    return decorate


# -- when -----------------------------------------------------------------------------------------


def part(*states: str) -> Callable:
    """While some assignment is in one of these states."""
    return lambda self: any(one.state in states for one in self.model.parts.values())


def interaction(*states: str, ours: bool = True) -> Callable:
    """While some interaction, ours or not, is in one of these states."""
    return lambda self: bool(self.in_state(*states, ours=ours))


def worker(*states: str) -> Callable:
    """While some worker is in one of these states."""
    return lambda self: any(one.state in states for one in self.model.workers.values())


def some(name: str) -> Callable:
    """While there are any of those."""
    return lambda self: bool(getattr(self.model, name))


def room(self) -> bool:
    """While not too many are open: what matters shows with a few."""
    return len(self.model.open) < 14


# -- names and values -----------------------------------------------------------------------------

CUSTOMERS = ("c1", "c2", "c3", "p1")
CHANNELS = ("voice", "chat", "email", "odd", "social", "whatsapp")
WORKERS = ("p1", "p2", "p3", "p4", "m1", "m2")
QUEUES = ("main", "second", "theirs", "far")
ABOUT = (None, "billing", "card")
REFERENCES = (None, None, None, "order-1", "order-2")
DEPARTMENTS = ("finance", "legal", "nowhere")
SKILLS = ({"billing": 4, "card": 2}, {"billing": 1}, {"card": 3}, {})
CAPACITIES = (
    Capacity(total=None),
    Capacity(),
    Capacity(total=200, channels={"voice": 1, "chat": 2}),
    Capacity(total=50),
    Capacity.only("chat", "odd"),
    Capacity(total=None, others=1),
    Capacity(total=0),
)
WRAP_UPS = (None, 0 * SECOND, 20 * SECOND)
SPANS = (5 * SECOND, 10 * SECOND, 30 * SECOND, 90 * SECOND)
LOADS = (25, 50, 100, 0, 150)
FEATURES = (
    {},
    {"real_time": True, "can_hold": True, "lease": 45 * SECOND},
    {"real_time": True},
    {"dormant_after": 20 * SECOND, "closes_after": 60 * SECOND},
    {"reply_window": 30 * SECOND, "templates": True, "dormant_after": 90 * SECOND},
    {"reply_window": 15 * SECOND, "public": True},
    {"can_hold": True, "lease": 45 * SECOND, "dormant_after": 10 * SECOND},
)
CALENDARS = (
    Calendar.weekly("office", mon_fri="09:00-14:00, 16:00-19:00"),
    Calendar.weekly("office", daily="09:05-09:10", holidays=["2026-01-06"]),
    Calendar.weekly("nights", zone="Pacific/Chatham", daily="22:00-02:00"),
    Calendar.weekly("gone", zone="Nowhere/Land", daily="09:00-10:00"),
    Calendar(name="once", hours={}, special={"2026-01-05": "09:00-09:30"}),
)


def naming(ask) -> Plan:
    """A planner that names workers and a department."""
    named = Requirement(workers={"p1", "p9"})
    able = Requirement(skills={"billing": 1}, department="finance")
    return Plan(
        queue="second",
        priority=ask.priority,
        steps=(
            Step(requirement=named, expires_after=12 * SECOND),
            Step(requirement=able, expires_after=7 * SECOND),
            Step(requirement=Requirement(kinds=PEOPLE), expires_after=0 * SECOND),
            Step(requirement=Requirement(kinds={"machine"})),
        ),
    )


CALLABLES = {**PLANNERS, "naming": naming}
STEPS = PlanRule(
    queue="second",
    steps=(
        StepRule(kinds=PEOPLE, skills={"card": 2}, expires_after=15 * SECOND),
        StepRule(kinds={"machine"}, expires_after=0 * SECOND),
        StepRule(kinds={"person"}, skill_from_about=True, expires_after=9 * SECOND),
        StepRule(),
    ),
)
# What takes hours and days elsewhere takes a minute here, so that it comes to pass.
PATIENT = attrs.evolve(
    DEFAULT_POLICY,
    name="patient",
    ring_for=60 * SECOND,
    after_decline=None,
    after_expiry=Pause(reason="no-answer", duration=10 * SECOND),
    keeper_first=20 * SECOND,
    return_after=30 * SECOND,
    journey_window=90 * SECOND,
    callback_within=50 * SECOND,
    callback_retry=10 * SECOND,
    callback_attempts=2,
    consent=Named("discreet"),
)
POLICIES = (
    PATIENT,
    DEFAULT_POLICY,
    Policy(name="plain", plan=PlanRule(steps=(StepRule(),)), ring_for=10 * SECOND),
    Policy(
        name="steps",
        plan=STEPS,
        after_decline=Pause(reason="refusing", after=2),
        after_expiry=Pause(reason="missing", duration=25 * SECOND, after=2),
        keeper_first=0 * SECOND,
        journey_window=30 * SECOND,
        callback_attempts=1,
        consent=Named("allowing"),
    ),
    attrs.evolve(PATIENT, name="unsure", plan=STEPS, consent=Named("unreachable")),
    *(
        attrs.evolve(PATIENT, name=f"by-{name}", plan=Named(name))
        for name in ("good", "naming", "raising", "silent", "trespassing")
    ),
    Policy(name="lost", plan=Named("nowhere")),
    attrs.evolve(PATIENT, name="lost-consent", consent=Named("nowhere")),
)


def address(number: int) -> Address:
    """One of a few telephone numbers."""
    return Address.parse(f"tel:+3460000000{number}")


ADDRESSES = tuple(map(address, range(6)))


def stock() -> Sequence[c.Command]:
    """What a centre needs before anything can happen in it."""
    voice = Capacity(total=None, channels={"voice": 2}, others=0)
    workers = (
        Worker(id="p1", skills={"billing": 4, "card": 2}, wrap_up=20 * SECOND),
        Worker(id="p2", skills={"billing": 1}, capacity=Capacity(total=250), department="finance"),
        Worker(id="p3", capacity=Capacity(total=None), department="legal"),
        Worker(id="m1", kind="machine", capacity=Capacity.only("chat", "odd")),
        Worker(id="m2", kind="machine", capacity=voice, accepts_by_itself=False),
    )
    return (
        c.AdoptPolicy(policy=PATIENT),
        c.DefineCalendar(calendar=CALENDARS[0]),
        c.DefineQueue(queue=Queue(name="main", place_kept=60 * SECOND)),
        c.DefineQueue(queue=Queue(name="second", wrap_up=30 * SECOND, wrap_up_forced=True)),
        c.DefineQueue(queue=Queue(name="theirs", router="theirs", place_kept=60 * SECOND)),
        c.DefineChannel(channel=Channel(name="voice", **FEATURES[1])),
        c.DefineChannel(channel=Channel(name="odd", load=25, **FEATURES[3])),
        c.DefineChannel(channel=Channel(name="social", load=25, **FEATURES[5])),
        c.RegisterCustomer(customer="c1", name="Ana", addresses=ADDRESSES[1:2]),
        c.RegisterCustomer(customer="c2"),
        *(c.DefineWorker(worker=one) for one in workers),
        *(c.SignIn(worker=one.id) for one in workers),
    )


class Choosing:
    """Choices among what the model knows."""

    def choose(self, dice: Dice, fitting, others=()) -> str:
        """One that fits, if there is any; rarely one that does not."""
        found = [*fitting]
        if not found or dice.rarely():
            found = ["absent", *others, *found]
        return dice.one(found)

    def in_state(self, *states: str, ours: bool | None = True) -> list[str]:
        """The open interactions in one of these states, ours or not; no state is any."""
        return [
            live.id
            for live in self.model.open.values()
            if (not states or live.state in states)
            and (ours is None or ours is (live.plan is not None))
        ]

    def interaction(self, dice: Dice, *states: str, ours: bool | None = True) -> str:
        """An open interaction in one of these states."""
        return self.choose(dice, self.in_state(*states, ours=ours), self.everything())

    def everything(self) -> list[str]:
        """The latest of every line of interactions, and where it began."""
        return [*self.model.latest, *(one.id for one in self.model.latest.values())]

    def part(self, dice: Dice, *states: str, role: str | None = None) -> str:
        """An assignment in one of these states."""
        parts = self.model.parts.values()
        fitting = [one.id for one in parts if one.state in states and role in {None, one.role}]
        others = [one.id for one in parts] + [f"{name}/1" for name in self.model.latest]
        return self.choose(dice, fitting, others)

    def worker(self, dice: Dice, *states: str) -> str:
        """A worker in one of these states."""
        workers = self.model.workers
        return self.choose(
            dice, [name for name, one in workers.items() if one.state in states], workers
        )

    # -- who asks ---------------------------------------------------------------------------------

    def asker(self, dice: Dice, worker: str | None = None, customer: str | None = None) -> Actor:
        """Mostly the system; often whose it is, and rarely somebody else."""
        natural = [
            (kind, name) for kind, name in (("worker", worker), ("customer", customer)) if name
        ]
        roll = dice.below(8)
        if roll in {4, 5, 6} and natural:
            kind, name = dice.one(natural)
            is_machine = kind == "worker" and name in self.model.workers
            if is_machine and self.model.is_machine(name) and not dice.rarely(4):
                kind = "machine"
            return Actor(ActorKind(kind), name)
        if roll == 7:
            kind = dice.one(tuple(ActorKind))
            return Actor(kind, dice.one([None, "p1", "p1", "p2", "c1", "c2", "m1", *WORKERS]))
        return SYSTEM

    def by(self, dice: Dice, name: str, customer: bool = True) -> Actor:
        """Who asks for something with that interaction or assignment."""
        part = self.model.parts.get(name)
        live = self.model.open.get(name)
        if part is not None:
            live, worker = self.model.open.get(part.interaction), part.worker
            if live is not None and dice.rarely(4):
                worker = self.model.keeper(live)
        else:
            worker = self.model.keeper(live) if live else None
        return self.asker(dice, worker, live.customer if live and customer else None)
