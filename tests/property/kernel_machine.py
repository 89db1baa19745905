"""The kernel and a plain model of it, asked the same, one request after the other.

Laws of this file: one rule for every verb; what a rule asks is chosen from what the model knows, so
that most of it applies and some of it does not; after every step both are compared in all they say.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.property.kernel_model import EVERYBODY, Model, Refused

from onechannel import commands as c
from onechannel.errors import CommandRefused, DeadlineDue, PolicyMissing
from onechannel.events import Event
from onechannel.kernel import Facts, Kernel
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.channel import Channel
from onechannel.model.ids import root_of
from onechannel.model.interaction import EndReason
from onechannel.model.plan import Plan
from onechannel.model.policy import DEFAULT_POLICY, Named, Pause, PlanRule, Policy, StepRule
from onechannel.model.queue import Queue
from onechannel.model.worker import PEOPLE, Capacity, Worker
from onechannel.ports import Answer, CustomerAt, CustomerKnown, LineOf, Past, Reference
from onechannel.testing.strategies import PLANNERS

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)

# What the model does not foretell: words, and why a decision fell as it did.
UNTOLD = {
    "assignment.opened": {"reason"},
    "anomaly.observed": {"reason", "details"},
    "policy.faulted": {"fault"},
    "message.received": {"text"},
    "message.sent": {"text"},
    "customer.registered": {"name", "addresses"},
    "interaction.arrived": {"address"},
}

PICK = st.integers(0, 255)
CHANNELS = st.sampled_from(["voice", "chat", "email", "odd"])
WORKERS = st.sampled_from(["p1", "p2", "p3", "m1", "m2"])
QUEUES = st.sampled_from(["main", "second", "theirs", "far"])
CUSTOMERS = st.sampled_from(["c1", "c2", "c3"])
MAYBE_CUSTOMERS = st.none() | CUSTOMERS
ABOUT = st.sampled_from([None, "billing", "card"])
PRIORITIES = st.integers(-1, 1)
SKILLS = st.sampled_from([{"billing": 4, "card": 2}, {"billing": 1}, {"card": 3}, {}])
CAPACITIES = st.sampled_from(
    [
        Capacity(),
        Capacity(total=None),
        Capacity(total=200, channels={"voice": 1, "chat": 2}),
        Capacity(total=50),
        Capacity.only("chat", "odd"),
        Capacity(total=None, others=1),
        Capacity(total=0),
    ]
)
DURATIONS = st.sampled_from([None, 10 * SECOND, 90 * SECOND])
WRAP_UPS = st.sampled_from([None, 0 * SECOND, 20 * SECOND])
PATIENT = attrs.evolve(
    DEFAULT_POLICY, name="patient", ring_for=60 * SECOND, after_expiry=None, after_decline=None
)
POLICIES = st.sampled_from(
    [
        DEFAULT_POLICY,
        PATIENT,
        Policy(name="plain", plan=PlanRule(steps=(StepRule(),)), ring_for=10 * SECOND),
        Policy(
            name="steps",
            plan=PlanRule(
                queue="second",
                steps=(
                    StepRule(kinds=PEOPLE, skills={"card": 2}, expires_after=15 * SECOND),
                    StepRule(kinds={"machine"}, expires_after=0 * SECOND),
                    StepRule(kinds={"person"}, skill_from_about=True, expires_after=9 * SECOND),
                    StepRule(),
                ),
            ),
            after_decline=Pause(reason="refusing"),
            after_expiry=Pause(reason="missing", duration=25 * SECOND),
        ),
        *(Policy(name=f"by-{name}", plan=Named(name)) for name in PLANNERS),
        Policy(name="lost", plan=Named("nowhere")),
    ]
)


def address(number: int) -> Address:
    """One of a few telephone numbers."""
    return Address.parse(f"tel:+3460000000{number % 6}")


def when_part(state: str):
    """Only while some assignment is in that state."""
    return precondition(lambda self: any(part.state == state for part in self.model.parts.values()))


def when_open(*states: str, ours: bool | None = None):
    """Only while some interaction, ours or not, is in one of these states."""
    return precondition(lambda self: self.in_state(*states, ours=ours))


def when_worker(state: str):
    """Only while some worker is in that state."""
    return precondition(lambda self: any(one.state == state for one in self.model.workers.values()))


def when_closed():
    """Only while something can be followed."""
    return precondition(lambda self: len(self.model.latest) > len(self.model.open))


def essence(event: Event) -> tuple[str, dict]:
    """An event as the model tells it."""
    name = event.data.stored_name
    fields = attrs.asdict(event.data, recurse=False)
    for untold in UNTOLD.get(name, ()):
        del fields[untold]
    if isinstance(fields.get("plan"), Plan):
        fields["plan"] = as_told(fields["plan"])
    return name, fields


def as_told(plan: Plan) -> tuple[int, list]:
    """A plan as the model tells it."""
    steps = [
        (
            set(step.requirement.kinds) or EVERYBODY,
            dict(step.requirement.skills),
            step.expires_after,
        )
        for step in plan.steps
    ]
    return plan.priority, steps


class KernelMachine(RuleBasedStateMachine):
    """Two centres, one of them right by being plain."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.model = Kernel(PLANNERS), Model()
        self.now = START
        self.asked: list[c.Request] = []
        self.log: list[Event] = []
        self.answers: dict[Reference, Answer] = {}

    # -- both at once -----------------------------------------------------------------------------

    def ask(
        self,
        command: c.Command,
        actor: Actor = SYSTEM,
        claimed_at: datetime | None = None,
        *,
        late: timedelta = timedelta(0),
    ) -> None:
        """Ask both, and compare what they say."""
        self.until(self.now)
        number = len(self.asked) + 1
        self.put(c.Request(command, f"r{number}", self.now - late, "main", actor, claimed_at))

    def put(self, request: c.Request) -> None:
        """Put one request to both, and compare what they say."""
        self.asked.append(request)
        facts = self.facts(request)
        try:
            told = self.model.ask(request)
        except Refused:
            with pytest.raises((CommandRefused, PolicyMissing)):
                self.kernel.handle(request, facts)
        else:
            self.hear(self.kernel.handle(request, facts), told)
        self.compare()

    def until(self, at: datetime) -> None:
        """Let both advance, and compare what they say."""
        self.now = max(self.now, at)
        told = self.model.advance(self.now)
        events = self.kernel.advance(self.now)
        assert all(event.recorded_at == self.now for event in events)
        self.hear(events, told)
        self.compare()

    def hear(self, events: Sequence[Event], told: list) -> None:
        """What the kernel says is what the model told."""
        assert [essence(event) for event in events] == told
        self.log.extend(events)
        self.remember(events)

    def facts(self, request: c.Request) -> Facts:
        """What is known of the past, by what has happened."""
        asked = self.kernel.needs(request, Facts())
        return Facts({reference: self.answers.get(reference) for reference in asked})

    def remember(self, events) -> None:
        """Keep what a later request may ask of the past."""
        for event in events:
            data, name = event.data, event.data.stored_name
            if name == "customer.registered":
                self.answers[CustomerKnown(data.customer)] = data
                keys = [known.key for known in data.addresses]
                self.answers.update({CustomerAt(key): data.customer for key in keys})
            elif name == "interaction.arrived":
                self.answers[LineOf(root_of(data.interaction))] = Past(data, None)
            elif name == "interaction.closed":
                line = LineOf(root_of(data.interaction))
                if self.answers[line].arrived.interaction == data.interaction:
                    self.answers[line] = Past(self.answers[line].arrived, data)

    def compare(self) -> None:
        """Both know the same."""
        now, model = self.kernel.snapshot(), self.model
        assert (now.position, now.at) == (model.position, model.at)
        assert {
            live.id: (live.state, live.queue, live.since, live.step, live.owner, live.pending)
            for live in now.interactions
        } == {
            live.id: (live.state, live.queue, live.since, live.step, live.owner, live.pending)
            for live in model.open.values()
        }
        assert {
            one.seat.worker.id: (one.state, one.reason, one.seat.load, [*one.assignments])
            for one in now.workers
        } == {
            name: (one.state, one.reason, model.load(one), [part.id for part in model.held(one)])
            for name, one in model.workers.items()
        }
        assert {part.id: part.state for part in now.assignments} == {
            part.id: part.state for part in model.parts.values()
        }
        due = min(model.deadlines.values(), default=(None, 0))[0]
        assert self.kernel.next_deadline == due

    # -- time -------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 2, 5, 10, 20]))
    def a_while_passes(self, seconds: int) -> None:
        """Most of the time little time passes."""
        self.until(self.now + seconds * SECOND)

    @rule(seconds=st.sampled_from([30, 60, 600]))
    def time_passes(self, seconds: int) -> None:
        """Deadlines fire, in order of time."""
        self.until(self.now + seconds * SECOND)

    @precondition(lambda self: self.kernel.next_deadline is not None)
    @rule()
    def a_request_overtakes_a_deadline(self) -> None:
        """It may not: the deadline comes first, even one that is due at the same instant."""
        at = self.kernel.next_deadline
        with pytest.raises(DeadlineDue):
            self.kernel.handle(c.Request(c.Leave(interaction="absent"), "early", at))
        self.compare()

    # -- choosing ---------------------------------------------------------------------------------

    def choose(self, fitting, pick: int, others=()) -> str:
        """One that fits, if there is any; sometimes one that does not."""
        some = [*fitting]
        if not some or pick % 8 == 5:
            some = ["absent", *others]
        return some[pick // 8 % len(some)]

    def part(self, pick: int, state: str) -> str:
        """An assignment in that state."""
        parts = self.model.parts.values()
        others = [part.id for part in parts] + [f"{name}/1" for name in self.model.latest]
        return self.choose([part.id for part in parts if part.state == state], pick, others)

    def interaction(self, pick: int, *states: str, ours: bool | None = None) -> str:
        """An open interaction in one of these states."""
        fitting = self.in_state(*states, ours=ours)
        line = [live.id for live in self.model.latest.values()]
        return self.choose(fitting, pick, [*self.model.latest, *line])

    def in_state(self, *states: str, ours: bool | None = None) -> list[str]:
        """The open interactions in one of these states, ours or not."""
        return [
            live.id
            for live in self.model.open.values()
            if live.state in states and (ours is None or ours is (live.plan is not None))
        ]

    def worker(self, pick: int, *states: str) -> str:
        """A worker in one of these states."""
        workers = self.model.workers
        fitting = [name for name, one in workers.items() if one.state in states]
        return self.choose(fitting, pick, workers)

    def actor(self, pick: int, worker: str | None = None) -> Actor:
        """Mostly the system; sometimes who serves, somebody else, or anybody who does not."""
        others = ["customer:c1", "customer:c2", "worker:p1", "machine:m1", "supervisor", "vendor"]
        if pick % 4 == 1 and worker:
            return Actor(ActorKind.WORKER, worker)
        if pick % 8 == 7:
            kind, _, name = others[pick // 8 % 6].partition(":")
            return Actor(ActorKind(kind), name or None)
        return SYSTEM

    def by_whom(self, name: str, pick: int) -> Actor:
        """An actor for what is done with an assignment or an interaction."""
        live = self.model.open.get(name)
        part = self.model.parts.get(live.owner if live else name)
        return self.actor(pick, part.worker if part else None)

    # -- the centre -------------------------------------------------------------------------------

    @initialize()
    def stock(self) -> None:
        """A few queues and workers to begin with."""
        self.ask(c.DefineQueue(queue=Queue(name="second", wrap_up=30 * SECOND)))
        self.ask(c.DefineQueue(queue=Queue(name="theirs", router="theirs")))
        self.ask(c.AdoptPolicy(policy=PATIENT))
        voice = Capacity(total=None, channels={"voice": 2}, others=0)
        for worker in (
            Worker(id="p1", skills={"billing": 4, "card": 2}, wrap_up=20 * SECOND),
            Worker(id="p2", skills={"billing": 1}, capacity=Capacity(total=250)),
            Worker(id="m1", kind="machine", capacity=Capacity.only("chat", "odd")),
            Worker(id="m2", kind="machine", capacity=voice, accepts_by_itself=False),
        ):
            self.ask(c.DefineWorker(worker=worker))
            self.ask(c.SignIn(worker=worker.id))

    @rule(
        name=WORKERS,
        kind=st.sampled_from(["person", "machine", "partner"]),
        skills=SKILLS,
        capacity=CAPACITIES,
        wrap_up=WRAP_UPS,
        by_itself=st.booleans(),
    )
    def define_worker(self, name, kind, skills, capacity, wrap_up, by_itself) -> None:
        worker = Worker(
            id=name, kind=kind, skills=skills, capacity=capacity, wrap_up=wrap_up,
            accepts_by_itself=by_itself,
        )  # fmt: skip
        self.ask(c.DefineWorker(worker=worker))

    @rule(name=QUEUES, router=st.sampled_from(["ours", "ours", "theirs"]), wrap_up=WRAP_UPS)
    def define_queue(self, name, router, wrap_up) -> None:
        queue = Queue(name=name, router=router, wrap_up=wrap_up or 0 * SECOND)
        self.ask(c.DefineQueue(queue=queue))

    @rule(name=CHANNELS, load=st.sampled_from([0, 25, 50, 100, 150]), real_time=st.booleans())
    def define_channel(self, name, load, real_time) -> None:
        self.ask(c.DefineChannel(channel=Channel(name=name, load=load, real_time=real_time)))

    @rule(policy=POLICIES)
    def adopt_policy(self, policy) -> None:
        self.ask(c.AdoptPolicy(policy=policy))

    # -- customers --------------------------------------------------------------------------------

    @rule(customer=CUSTOMERS, pick=PICK, numbers=st.lists(st.integers(0, 5), max_size=2))
    def register(self, customer, pick, numbers) -> None:
        addresses = [address(number) for number in numbers]
        command = c.RegisterCustomer(customer=customer, name="Ana", addresses=addresses)
        self.ask(command, self.actor(pick))

    @rule(
        pick=PICK, channel=CHANNELS, customer=MAYBE_CUSTOMERS, about=ABOUT, priority=PRIORITIES,
        queue=st.none() | QUEUES, says=st.none() | st.just("good morning"),
        late=st.sampled_from([0, 0, 30]),
    )  # fmt: skip
    def start(self, pick, channel, customer, about, priority, queue, says, late) -> None:
        name = self.new_name(pick, "i")
        command = c.Arrive(
            interaction=name, channel=channel, customer=customer, about=about, says=says,
            priority=priority, queue=queue if pick % 4 == 1 else None,
            address=address(pick) if pick % 2 else None,
        )  # fmt: skip
        self.ask(command, self.actor(pick), late=late * SECOND)

    def new_name(self, pick: int, prefix: str) -> str:
        """An id that never arrived; sometimes one that has, or that may not."""
        if pick % 16 == 13:
            return self.choose([*self.model.latest, "i~1", *self.model.open], pick)
        return f"{prefix}{len(self.model.latest) + 1}"

    @when_closed()
    @rule(pick=PICK, channel=CHANNELS, named=st.booleans(), customer=MAYBE_CUSTOMERS)
    def start_anew(self, pick, channel, named, customer) -> None:
        line = [live.id for live in self.model.latest.values()]
        closed = [name for name in line if name not in self.model.open]
        self.ask(
            c.Arrive(
                interaction=self.new_name(pick, "i") if named else None,
                channel=channel,
                customer=customer,
                follows=self.choose(closed, pick, line) if pick % 8 else None,
            )
        )

    @when_open("waiting", "engaged")
    @rule(pick=PICK, by=PICK, to_worker=st.booleans())
    def say(self, pick, by, to_worker) -> None:
        if to_worker:
            name = self.interaction(pick, "waiting", "engaged")
            self.ask(c.Say(interaction=name, text="hello"), self.actor(by))
            return
        part = self.part(pick, "active")
        name = "absent" if pick % 16 == 3 else part.rpartition("/")[0]
        command = c.Say(interaction=name or "absent", text="hello", assignment=part)
        self.ask(command, self.by_whom(part, by))

    @when_open("waiting", "engaged")
    @rule(pick=PICK, by=PICK)
    def leave(self, pick, by) -> None:
        name = self.interaction(pick, "waiting", "engaged")
        self.ask(c.Leave(interaction=name), self.actor(by))

    # -- who serves -------------------------------------------------------------------------------

    @when_part("pending")
    @rule(pick=PICK, by=PICK)
    def accept(self, pick, by) -> None:
        part = self.part(pick, "pending")
        self.ask(c.Accept(assignment=part), self.by_whom(part, by))

    @when_part("pending")
    @rule(pick=PICK, by=PICK, reason=st.none() | st.just("lunch"))
    def decline(self, pick, by, reason) -> None:
        part = self.part(pick, "pending")
        self.ask(c.Decline(assignment=part, reason=reason), self.by_whom(part, by))

    @when_part("wrapping")
    @rule(pick=PICK, by=PICK)
    def release(self, pick, by) -> None:
        part = self.part(pick, "wrapping")
        self.ask(c.Release(assignment=part), self.by_whom(part, by))

    @when_open("engaged")
    @rule(pick=PICK, by=PICK)
    def escalate(self, pick, by) -> None:
        name = self.interaction(pick, "engaged")
        self.ask(c.Escalate(interaction=name), self.by_whom(name, by))

    @when_open("engaged")
    @rule(pick=PICK, by=PICK)
    def hand_back(self, pick, by) -> None:
        name = self.interaction(pick, "engaged")
        self.ask(c.HandBack(interaction=name), self.by_whom(name, by))

    @when_open("waiting", "engaged")
    @rule(pick=PICK, by=PICK, reason=st.sampled_from(["resolved", "failed"]))
    def close(self, pick, by, reason) -> None:
        name = self.interaction(pick, *(["engaged"] if pick % 2 else ["waiting", "engaged"]))
        command = c.Close(interaction=name, reason=reason, disposition="done")
        self.ask(command, self.by_whom(name, by))

    @rule(pick=PICK, by=PICK)
    def what_cannot_be(self, pick, by) -> None:
        """Something is asked about what is absent, over, or in any state at all."""
        name = self.choose([], pick, [*self.model.latest, *self.model.open])
        part = self.choose(
            [], pick, [*self.model.parts, *(f"{one}/1" for one in self.model.latest)]
        )
        by_name = [c.Leave, c.Escalate, c.HandBack, c.Close, c.ObserveDequeued, c.ObserveClosed]
        commands = [kind(interaction=name) for kind in by_name]
        commands += [kind(assignment=part) for kind in (c.Accept, c.Decline, c.Release)]
        worker = self.choose([], pick, self.model.workers)
        by_worker = [c.SignIn, c.SignOut, c.BecomeAvailable, c.BecomeUnavailable]
        commands += [kind(worker=worker) for kind in by_worker]
        commands += [
            c.Say(interaction=name, text="hello"),
            c.ObserveReleased(interaction=name, worker=worker),
        ]
        self.ask(commands[by % len(commands)], self.actor(pick))

    # -- workers ----------------------------------------------------------------------------------

    @when_worker("signed_out")
    @rule(pick=PICK, by=PICK)
    def sign_in(self, pick, by) -> None:
        name = self.worker(pick, "signed_out")
        self.ask(c.SignIn(worker=name), self.actor(by, name))

    @rule(pick=PICK, by=PICK)
    def sign_out(self, pick, by) -> None:
        name = self.worker(pick, "available", "unavailable")
        self.ask(c.SignOut(worker=name), self.actor(by, name))

    @when_worker("unavailable")
    @rule(pick=PICK, by=PICK)
    def become_available(self, pick, by) -> None:
        name = self.worker(pick, "unavailable")
        self.ask(c.BecomeAvailable(worker=name), self.actor(by, name))

    @rule(pick=PICK, by=PICK, duration=DURATIONS)
    def become_unavailable(self, pick, by, duration) -> None:
        name = self.worker(pick, "available", "unavailable")
        self.ask(c.BecomeUnavailable(worker=name, duration=duration), self.actor(by, name))

    # -- what somebody else decided ---------------------------------------------------------------

    def observe(self, command: c.Command, pick: int) -> None:
        """Say it as a vendor does, who claims another time now and then."""
        claimed_at = self.now + (pick % 61 - 30) * SECOND if pick % 2 else None
        self.ask(command, self.actor(pick), claimed_at)

    @rule(pick=PICK, channel=CHANNELS, customer=MAYBE_CUSTOMERS, about=ABOUT, priority=PRIORITIES)
    def observe_arrival(self, pick, channel, customer, about, priority) -> None:
        name = self.new_name(pick, "o")
        wanted = {"customer": customer, "about": about, "priority": priority}
        self.observe(c.ObserveArrival(interaction=name, channel=channel, **wanted), pick)

    def theirs(self, pick: int, *states: str) -> str:
        """An open interaction that somebody else routes; sometimes one of ours."""
        return self.interaction(pick, *states, ours=pick % 16 == 11)

    @when_open("waiting", "engaged", ours=False)
    @rule(pick=PICK, queue=st.sampled_from(["theirs", "theirs", "main", "new"]))
    def observe_queued(self, pick, queue) -> None:
        name = self.theirs(pick, "waiting", "engaged")
        self.observe(c.ObserveQueued(interaction=name, queue=queue), pick)

    @when_open("waiting", "engaged", ours=False)
    @rule(pick=PICK)
    def observe_dequeued(self, pick) -> None:
        name = self.theirs(pick, "waiting", *(["engaged"] if pick % 4 == 2 else []))
        self.observe(c.ObserveDequeued(interaction=name), pick)

    @when_open("waiting", "engaged", ours=False)
    @rule(pick=PICK, worker=WORKERS | st.just("w9"))
    def observe_accepted(self, pick, worker) -> None:
        name = self.theirs(pick, "waiting", "engaged")
        self.observe(c.ObserveAccepted(interaction=name, worker=worker), pick)

    @when_open("engaged", ours=False)
    @rule(pick=PICK, other=WORKERS)
    def observe_released(self, pick, other) -> None:
        name = self.theirs(pick, "engaged", *(["waiting"] if pick % 4 == 2 else []))
        live = self.model.open.get(name)
        part = self.model.parts.get(live.owner) if live and live.owner else None
        worker = part.worker if part and pick % 8 else other
        self.observe(c.ObserveReleased(interaction=name, worker=worker), pick)

    @when_open("waiting", "engaged", ours=False)
    @rule(pick=PICK, reason=st.sampled_from(EndReason))
    def observe_closed(self, pick, reason) -> None:
        name = self.theirs(pick, "waiting", "engaged")
        self.observe(c.ObserveClosed(interaction=name, reason=reason), pick)

    @rule(pick=PICK)
    def observe_anomaly(self, pick) -> None:
        name = self.theirs(pick, "waiting", "engaged")
        self.observe(c.ObserveAnomaly(interaction=name, verb="merge", reason="unheard of"), pick)
