"""Who is asked: the plans, lines and routing of the plain model of a centre.

Laws of this file: as in `kernel_model.py`, of which it is a part; who is asked next is found by
looking at everybody.
"""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple

from onechannel.model.policy import DEFAULT_POLICY, PlanRule
from onechannel.model.queue import Queue

EVERYBODY = frozenset({"person", "machine", "partner"})
PEOPLE = frozenset({"person", "partner"})
MACHINES = frozenset({"machine"})
NO_TIME = timedelta(0)


class Step(NamedTuple):
    """Who is asked, and for how long."""

    kinds: frozenset = EVERYBODY
    skills: dict = {}  # noqa: RUF012 - it is never changed
    department: str | None = None
    workers: frozenset = frozenset()
    lasts: timedelta | None = None


class Plan(NamedTuple):
    """Who is asked in which order, in which queue and by whose rules."""

    queue: str
    priority: int
    steps: list
    policy: str
    faulty: bool = False


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def after(at: datetime, span: timedelta | None) -> datetime | None:
    """That much later; never, if None."""
    return None if span is None else at + span


# What the planners answer: queue, priority and steps; None is a fault.
ANSWERS = {
    "good": lambda priority: (
        *("second", priority + 1),
        [Step(PEOPLE, lasts=seconds(8)), Step()],
    ),
    "naming": lambda priority: (
        *("second", priority),
        [
            Step(workers=frozenset({"p1", "p9"}), lasts=seconds(12)),
            Step(skills={"billing": 1}, department="finance", lasts=seconds(7)),
            Step(PEOPLE, lasts=NO_TIME),
            Step(MACHINES),
        ],
    ),
    "raising": lambda _: None,
    "silent": lambda _: None,
    "trespassing": lambda _: ("theirs", 0, [Step()]),
}

# Whether the hooks for consent allow what is for that purpose.
CONSENTS = {
    "allowing": lambda _: True,
    "discreet": lambda purpose: purpose != "marketing",
    "unreachable": lambda _: False,
}


class Lines:
    """The part of the model that knows who waits, and for whom."""

    # -- plans ------------------------------------------------------------------------------------

    def plan(self, about, priority, queue, kinds, department=None) -> Plan:
        """The policy's plan, for workers of these kinds and that department."""
        self.require(queue is None or queue in self.queues)
        rule, policy, faulty = self.policy.plan, self.policy, False
        if not isinstance(rule, PlanRule):
            self.require(rule.name in ANSWERS)
            answer = ANSWERS[rule.name](priority)
            if answer and answer[0] in self.queues and self.queues[answer[0]].router == "ours":
                queue, priority, steps = answer
                return Plan(queue, priority, restricted(steps, kinds, department), policy.name)
            rule, policy, faulty = DEFAULT_POLICY.plan, DEFAULT_POLICY, True
        steps = []
        for step in rule.steps:
            skills = dict(step.skills)
            # Of a department anybody will do, whatever it is about.
            if step.skill_from_about and about and department is None:
                skills.setdefault(about, 0)
            steps.append(Step(step.kinds or EVERYBODY, skills, lasts=step.expires_after))
        queue = queue or rule.queue
        known = self.queues.get(queue)
        self.require(known is None or known.router == "ours")
        return Plan(queue, priority, restricted(steps, kinds, department), policy.name, faulty)

    def plan_again(self, live, kinds, queue=None, department=None) -> Plan:
        """The plan of one who has been in a line."""
        return self.plan(live.about, live.priority, queue or live.queue, kinds, department)

    def goes_on_with(self, worker) -> frozenset:
        """Who may go on with what that worker had: people, unless it was a machine."""
        is_machine = worker is None or self.workers[worker].definition.kind == "machine"
        return EVERYBODY if is_machine else PEOPLE

    # -- lines ------------------------------------------------------------------------------------

    def stand_in_line(
        self, live, plan, because, since=None, reason=None, closes_at=None
    ) -> None:  # fmt: skip
        """A queue has it now, and nobody else."""
        if plan.faulty:
            self.tell("policy.faulted", interaction=live.id, policy=self.policy.name, fault=ANY)
        if plan.queue not in self.queues:
            self.define(Queue(name=plan.queue))
        step, expires_at = self.first_step(live, plan, 0)
        self.tell(
            "interaction.queued", interaction=live.id, queue=plan.queue, because=because,
            since=since or self.now, plan=plan[:3], step=step, expires_at=expires_at,
            policy=plan.policy, reason=reason, closes_at=closes_at,
        )  # fmt: skip
        self.moved_on(live, "waiting")
        live.queue, live.since, live.plan, live.step = plan.queue, since or self.now, plan, step
        self.arm("step", live.id, expires_at)
        self.arm("close", live.id, closes_at)

    def moved_on(self, live, state) -> None:
        """Nobody has it by what was before, and nothing is due any more."""
        live.state, live.owner, live.keeper, live.scheduled = state, None, None, False
        self.disarm(live.id, "step", "close", "turn", "idle", "lease")

    def queue_again(self, live, plan, because, **more) -> None:
        """Into a line, out of the hands of everybody who had a part."""
        parts = self.parts_of(live)
        self.stand_in_line(live, plan, because, **more)
        self.all_let_go(parts)

    def first_step(self, live, plan, first) -> tuple[int, datetime | None]:
        """The step to begin with, from this one on, and when it is over."""
        for number, step in enumerate(plan.steps[first:-1], start=first):
            if self.gone(step.workers):
                continue
            if step.lasts is None:
                return number, None
            if step.lasts > NO_TIME:
                return number, self.now + step.lasts
            if self.able(live.channel, step):
                return number, None
        return len(plan.steps) - 1, None

    def gone(self, named) -> bool:
        """Whether somebody is named, and nobody of those is there, or will stay."""
        there = [self.workers[name].state for name in named if name in self.workers]
        return bool(named) and not {"available", "unavailable"} & {*there}

    def fire_step(self, name) -> None:
        self.next_step(self.open[name])

    def next_step(self, live) -> None:
        step, expires_at = self.first_step(live, live.plan, live.step + 1)
        fields = {"step": step, "expires_at": expires_at}
        self.tell("interaction.step_expired", interaction=live.id, **fields)
        live.step = step
        self.arm("step", live.id, expires_at)

    # -- routing ----------------------------------------------------------------------------------

    def able(self, channel, step) -> list[SimpleNamespace]:
        """Whoever can be asked now, longest idle first."""
        found = [
            worker
            for worker in self.workers.values()
            if worker.state == "available"
            and admits(step, worker.definition)
            and self.has_room(worker, channel)
        ]
        return sorted(found, key=lambda worker: (worker.idle_since, worker.definition.id))

    def has_room(self, worker, channel) -> bool:
        """Whether one more on that channel is within what the worker can have."""
        capacity, held = worker.definition.capacity, worker.parts.values()
        load = sum([part.load for part in held]) + self.channels[channel].load
        if capacity.total is not None and load > capacity.total:
            return False
        limit = capacity.channels.get(channel, capacity.others)
        return limit is None or [part.channel for part in held].count(channel) < limit

    def line(self) -> list[SimpleNamespace]:
        """Whoever waits and is asked for nobody, best first."""
        waiting = [
            live
            for live in self.open.values()
            if live.state == "waiting" and live.plan and not (live.pending or live.scheduled)
        ]
        return sorted(waiting, key=lambda live: (-live.plan.priority, live.since, live.place))

    def settle(self) -> None:
        """Ask whoever can be asked; a step of a moment in which nobody is asked is over.

        Who drains and has nothing left is gone.
        """
        self.cause = "policy"
        while True:
            waiting = self.line()
            pair = self.best_pair(waiting)
            moments = [live for live in waiting if live.plan.steps[live.step].lasts == NO_TIME]
            leaving = [
                worker
                for worker in self.workers.values()
                if worker.state == "draining" and not worker.parts
            ]
            if pair:
                self.ring(*pair)
            elif moments:
                self.next_step(moments[0])
            elif leaving:
                self.presence(min(leaving, key=lambda one: one.idle_since), "signed_out")
            else:
                return

    def best_pair(self, waiting) -> tuple[SimpleNamespace, SimpleNamespace] | None:
        """The first in line for whom anybody can be asked, and the longest idle of those."""
        for live in waiting:
            able = self.able(live.channel, live.plan.steps[live.step])
            if able:
                return live, able[0]
        return None

    def ring(self, live, worker) -> None:
        self.asked(live, worker, "serves", ANY)


def admits(step, worker) -> bool:
    """Whether a step is for that worker."""
    return (
        worker.kind in step.kinds
        and (step.department is None or worker.department == step.department)
        and (not step.workers or worker.id in step.workers)
        and all(worker.skills.get(name, -1) >= least for name, least in step.skills.items())
    )


def restricted(steps, kinds, department) -> list[Step]:
    """The steps for these kinds of worker and that department only; the last never expires."""
    kept = []
    for step in steps:
        some = {"kinds": step.kinds & kinds, "department": department or step.department}
        if some["kinds"]:
            kept.append(step._replace(**some))
    kept = kept or [Step(kinds, department=department)]
    kept[-1] = kept[-1]._replace(lasts=None)
    return kept


def first_asking(plan, worker, span) -> Plan:
    """The same plan after a step for one worker alone."""
    return plan._replace(steps=[Step(workers=frozenset({worker}), lasts=span), *plan.steps])


class _Any:
    """What the model does not foretell."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None

    def __repr__(self) -> str:
        return "..."


ANY = _Any()
