"""A centre, written down plainly: lists and dictionaries, and a look at everybody at every step.

Laws of this file: it shares no code with the kernel, only the values that go in; it tells what it
expects as `(stored name, fields)`, in order, and raises `Refused` before it tells anything.
"""

import re
from datetime import datetime, timedelta
from types import SimpleNamespace

from tests.property.kernel_model_theirs import Theirs

from onechannel import commands as c
from onechannel.model.channel import Channel, known_channel
from onechannel.model.policy import DEFAULT_POLICY, PlanRule
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker

EVERYBODY = {"person", "machine", "partner"}
PEOPLE = {"person", "partner"}
MACHINES = {"machine"}
NO_TIME = timedelta(0)

# What the planners of the rehearsals answer: queue, priority and steps; None is a fault.
ANSWERS = {
    "good": lambda priority: (
        *("second", priority + 1),
        [(PEOPLE, {}, timedelta(seconds=8)), (EVERYBODY, {}, None)],
    ),
    "raising": lambda _: None,
    "silent": lambda _: None,
    "trespassing": lambda _: ("theirs", 0, [(EVERYBODY, {}, None)]),
}


class Refused(Exception):
    """What the model says to a command that does not apply."""


def successor(name: str) -> str:
    """The id after this one."""
    root, number = split(name)
    return f"{root}~{number + 1}"


def split(name: str) -> tuple[str, int]:
    """An id and how often it came back."""
    found = re.fullmatch(r"(.+)~([0-9]+)", name)
    return (found[1], int(found[2])) if found else (name, 0)


class Model(Theirs):
    """What a centre should be after everything it was asked."""

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.now: datetime | None = None
        self.position = 0
        self.told: list[tuple[str, dict]] = []
        self.policy = DEFAULT_POLICY
        self.channels: dict[str, Channel] = {}
        self.queues: dict[str, Queue] = {}
        self.workers: dict[str, SimpleNamespace] = {}
        self.customers: set[str] = set()
        self.known_by: dict[str, str] = {}
        self.open: dict[str, SimpleNamespace] = {}
        self.latest: dict[str, SimpleNamespace] = {}
        self.parts: dict[str, SimpleNamespace] = {}
        self.deadlines: dict[tuple[str, str], tuple[datetime, int]] = {}

    # -- what is asked of it ----------------------------------------------------------------------

    def ask(self, request: c.Request) -> list[tuple[str, dict]]:
        """What comes of a request; raises `Refused`."""
        self.told = []
        self.now = request.at if self.at is None else max(self.at, request.at)
        self.actor, self.claimed = request.actor, request.claimed_at or self.now
        verb = c.VERBS[type(request.command)]
        self.require(request.actor.kind in verb.actors)
        getattr(self, verb.name)(request.command)
        self.settle()
        return self.told

    def advance(self, at: datetime) -> list[tuple[str, dict]]:
        """What is due by then."""
        self.told = []
        self.now = at if self.at is None else max(self.at, at)
        while self.deadlines:
            (kind, subject), (due, _) = min(self.deadlines.items(), key=lambda item: item[1])
            if due > self.now:
                break
            getattr(self, f"fire_{kind}")(subject)
            self.settle()
        return self.told

    def require(self, condition: object) -> None:
        """Refuse, unless it is so."""
        if not condition:
            raise Refused

    def tell(self, stored_name: str, **fields: object) -> None:
        """Expect one more event."""
        self.position += 1
        self.at = self.now
        self.told.append((stored_name, fields))

    # -- customers --------------------------------------------------------------------------------

    def register(self, command: c.RegisterCustomer) -> None:
        keys = [address.key for address in command.addresses]
        self.require(command.customer not in self.customers)
        self.require(not any(key in self.known_by for key in keys))
        self.known(command.customer, keys)

    def known(self, customer: str, keys: list[str]) -> None:
        self.tell("customer.registered", customer=customer)
        self.customers.add(customer)
        self.known_by.update(dict.fromkeys(keys, customer))

    def start(self, command: c.Arrive) -> None:
        past = None
        if command.follows is not None:
            past = self.closed_line(command.follows)
        self.require(command.interaction or past)
        name = self.new_id(command.interaction) if command.interaction else successor(past.id)
        customer = command.customer
        if customer is not None:
            self.require(customer in self.customers and self.may_speak_for(customer))
        elif command.address is not None:
            customer = self.known_by.get(command.address.key)
        self.arrives(
            name,
            SimpleNamespace(
                channel=command.channel,
                customer=customer or (past and past.customer),
                about=command.about or (past and past.about),
                priority=command.priority,
            ),
            past and past.id,
            command.queue,
            command.says,
        )

    def say(self, command: c.Say) -> None:
        if command.assignment is not None:
            self.require(self.actor.kind != "customer")
            part = self.part(command.assignment, "active")
            self.require(part.interaction == command.interaction)
            fields = {"assignment": part.id, "worker": part.worker}
            self.tell("message.sent", interaction=part.interaction, **fields)
            return
        self.require(self.may_act_as(None))
        live = self.open.get(command.interaction)
        line = self.latest.get(split(command.interaction)[0])
        if live is None and line is not None and line.id in self.open:
            live = line
        if live is not None:
            self.require(self.may_speak_for(live.customer))
            self.tell("message.received", interaction=live.id)
            return
        past = self.closed_line(command.interaction)
        self.arrives(successor(past.id), past, past.id, None, command.text)

    def leave(self, command: c.Leave) -> None:
        live = self.live(command.interaction, "waiting", "engaged")
        ends = "abandoned" if self.channels[live.channel].real_time else "withdrawn"
        self.over(live, "resolved" if live.state == "engaged" else ends, None)

    def closed_line(self, name: str) -> SimpleNamespace:
        """The latest of a line of interactions, all of which must be closed."""
        line = self.latest.get(split(name)[0])
        self.require(name not in self.open and line and line.id not in self.open)
        self.require(self.may_speak_for(line.customer))
        return line

    def new_id(self, name: str) -> str:
        self.require(split(name)[1] == 0 and name not in self.latest)
        return name

    def arrives(self, name, like, predecessor, queue, says) -> None:
        planned = self.plan(like, queue, EVERYBODY)
        if like.channel not in self.channels:
            self.define(known_channel(like.channel))
        self.opens(name, like.channel, like.customer, like.about, like.priority, predecessor)
        self.stand_in_line(self.open[name], planned, "return" if predecessor else "arrival")
        if says is not None:
            self.tell("message.received", interaction=name)

    def opens(self, name, channel, customer, about, priority, predecessor) -> None:
        wanted = {"channel": channel, "customer": customer, "about": about, "priority": priority}
        self.tell("interaction.arrived", interaction=name, predecessor=predecessor, **wanted)
        self.open[name] = self.latest[split(name)[0]] = SimpleNamespace(
            id=name, state="waiting", place=self.position, queue=None, since=None, plan=None,
            step=0, owner=None, pending=None, opened=0, **wanted,
        )  # fmt: skip

    # -- plans and lines --------------------------------------------------------------------------

    def plan(self, live, queue, kinds) -> SimpleNamespace:
        """The plan for it, its policy, and whether that is a substitute for a faulty one."""
        self.require(queue is None or queue in self.queues)
        rule, faulty = self.policy.plan, False
        if not isinstance(rule, PlanRule):
            self.require(rule.name in ANSWERS)
            answer = ANSWERS[rule.name](live.priority)
            if answer and answer[0] in self.queues and self.queues[answer[0]].router == "ours":
                plan = self.restricted(*answer, kinds)
                plan.policy, plan.faulty = self.policy.name, False
                return plan
            rule, faulty = DEFAULT_POLICY.plan, True
        steps = []
        for step in rule.steps:
            skills = dict(step.skills)
            if step.skill_from_about and live.about:
                skills.setdefault(live.about, 0)
            steps.append((set(step.kinds) or EVERYBODY, skills, step.expires_after))
        plan = self.restricted(queue or rule.queue, live.priority, steps, kinds)
        plan.policy, plan.faulty = (DEFAULT_POLICY if faulty else self.policy).name, faulty
        known = self.queues.get(plan.queue)
        self.require(known is None or known.router == "ours")
        return plan

    def restricted(self, queue, priority, steps, kinds) -> SimpleNamespace:
        """A plan for these kinds of worker only, whose last step never expires."""
        kept = [(had & kinds, skills, expires) for had, skills, expires in steps if had & kinds]
        kept = kept or [(kinds, {}, None)]
        kept[-1] = (*kept[-1][:2], None)
        return SimpleNamespace(queue=queue, priority=priority, steps=kept)

    def stand_in_line(self, live, plan, because, reason=None) -> None:
        if plan.faulty:
            self.tell("policy.faulted", interaction=live.id, policy=self.policy.name)
        if plan.queue not in self.queues:
            self.define(Queue(name=plan.queue))
        step, expires_at = self.first_step(live, plan, 0)
        self.tell(
            "interaction.queued", interaction=live.id, queue=plan.queue, because=because,
            since=self.now, plan=(plan.priority, plan.steps), step=step, expires_at=expires_at,
            policy=plan.policy, reason=reason,
        )  # fmt: skip
        live.state, live.queue, live.since, live.owner = "waiting", plan.queue, self.now, None
        live.plan, live.step = plan, step
        self.arm("step", live.id, expires_at)

    def first_step(self, live, plan, first) -> tuple[int, datetime | None]:
        """The step to begin with, from this one on, and when it is over."""
        for number, step in enumerate(plan.steps[first:-1], start=first):
            if step[2] > NO_TIME:
                return number, self.now + step[2]
            if self.able(live.channel, step):
                return number, None
        return len(plan.steps) - 1, None

    def arm(self, kind, subject, at) -> None:
        self.deadlines.pop((kind, subject), None)
        if at is not None:
            self.deadlines[kind, subject] = (at, self.position)

    # -- routing ----------------------------------------------------------------------------------

    def able(self, channel, step) -> list[SimpleNamespace]:
        """Whoever can be asked now, longest idle first."""
        kinds, skills, _ = step
        return sorted(
            (
                worker
                for worker in self.workers.values()
                if worker.state == "available"
                and worker.definition.kind in kinds
                and all(worker.definition.skills.get(name, -1) >= skills[name] for name in skills)
                and self.has_room(worker, channel)
            ),
            key=lambda worker: worker.idle_since,
        )

    def has_room(self, worker, channel) -> bool:
        capacity, held = worker.definition.capacity, self.held(worker)
        number = len([part for part in held if part.channel == channel])
        limit = capacity.channels.get(channel, capacity.others)
        load = self.load(worker) + self.channels[channel].load
        fits = capacity.total is None or load <= capacity.total
        return fits and (limit is None or number < limit)

    def held(self, worker) -> list[SimpleNamespace]:
        return [part for part in self.parts.values() if part.worker == worker.definition.id]

    def load(self, worker) -> int:
        return sum(part.load for part in self.held(worker))

    def line(self) -> list[SimpleNamespace]:
        """Whoever waits and is asked for nobody, best first."""
        waiting = [
            live
            for live in self.open.values()
            if live.plan and live.state == "waiting" and live.pending is None
        ]
        return sorted(waiting, key=lambda live: (-live.plan.priority, live.since, live.place))

    def settle(self) -> None:
        """Ask whoever can be asked; a step of a moment in which nobody is asked is over."""
        while True:
            waiting = self.line()
            pairs = [
                (live, able[0])
                for live in waiting
                if (able := self.able(live.channel, live.plan.steps[live.step]))
            ]
            moments = [live for live in waiting if live.plan.steps[live.step][2] == NO_TIME]
            if pairs:
                self.ring(*pairs[0])
            elif moments:
                self.fire_step(moments[0].id)
            else:
                return

    def ring(self, live, worker) -> None:
        by_itself = worker.definition.accepts_by_itself
        part = self.opened(live, worker, None if by_itself else self.now + self.policy.ring_for)
        if by_itself:
            self.accepted(part)

    # -- assignments ------------------------------------------------------------------------------

    def opened(self, live, worker, expires_at) -> SimpleNamespace:
        live.opened += 1
        part = SimpleNamespace(
            id=f"{live.id}/{live.opened}", interaction=live.id, worker=worker.definition.id,
            state="pending", channel=live.channel, queue=live.queue,
            load=self.channels[live.channel].load,
        )  # fmt: skip
        self.tell_of(part, "opened", expires_at=expires_at, role="serves")
        self.parts[part.id] = part
        live.pending, worker.idle_since = part.id, self.position
        self.arm("ring", part.id, expires_at)
        return part

    def tell_of(self, part, what, **more) -> None:
        ids = {"assignment": part.id, "interaction": part.interaction, "worker": part.worker}
        self.tell(f"assignment.{what}", **ids, **more)

    def accepted(self, part) -> None:
        self.tell_of(part, "accepted")
        live = self.open[part.interaction]
        part.state, live.state, live.owner, live.pending = "active", "engaged", part.id, None
        if live.plan is None:
            live.queue = None
        self.arm("ring", part.id, None)
        self.arm("step", live.id, None)

    def ended(self, part, what, **more) -> None:
        """The worker bears it no longer."""
        self.tell_of(part, what, **more)
        del self.parts[part.id]
        self.workers[part.worker].idle_since = self.position
        self.arm("ring", part.id, None)
        self.arm("wrap_up", part.id, None)
        live = self.open.get(part.interaction)
        if live is not None and live.pending == part.id:
            live.pending = None
        if live is not None and live.owner == part.id:
            live.owner, live.state = None, "waiting"

    def leaves_off(self, part) -> None:
        """The worker serves no longer: it wraps up, or is free."""
        wrap_up = self.workers[part.worker].definition.wrap_up
        if wrap_up is None:
            wrap_up = self.queues[part.queue].wrap_up if part.queue else NO_TIME
        if wrap_up == NO_TIME:
            self.ended(part, "released")
            return
        self.tell_of(part, "wrapping", until=self.now + wrap_up)
        part.state = "wrapping"
        self.arm("wrap_up", part.id, self.now + wrap_up)

    def pause(self, name, pause) -> None:
        if pause is not None and self.workers[name].state == "available":
            self.presence(name, "unavailable", pause.reason, pause.duration)

    def accept(self, command: c.Accept) -> None:
        self.accepted(self.part(command.assignment, "pending"))

    def decline(self, command: c.Decline) -> None:
        part = self.part(command.assignment, "pending")
        self.ended(part, "declined", reason=command.reason)
        self.pause(part.worker, self.policy.after_decline)

    def release(self, command: c.Release) -> None:
        self.ended(self.part(command.assignment, "wrapping"), "released")

    def escalate(self, command: c.Escalate) -> None:
        self.transfer(command, MACHINES, PEOPLE, "escalation")

    def hand_back(self, command: c.HandBack) -> None:
        self.transfer(command, PEOPLE, MACHINES, "hand-back")

    def transfer(self, command, whence, whither, because) -> None:
        live = self.live(command.interaction, "engaged")
        self.require(live.plan is not None)
        owner = self.parts[live.owner]
        self.require(self.may_act_as(owner.worker))
        self.require(self.workers[owner.worker].definition.kind in whence)
        plan = self.plan(live, live.queue, whither)
        somebody = any(self.able(live.channel, step) for step in plan.steps)
        self.require(because == "escalation" or somebody)
        self.stand_in_line(live, plan, because, command.reason)
        self.leaves_off(owner)

    def close(self, command: c.Close) -> None:
        live = self.live(command.interaction, "waiting", "engaged")
        owner = self.parts[live.owner].worker if live.owner else None
        self.require(self.may_act_as(owner))
        self.over(live, command.reason.value, command.disposition)

    def over(self, live, reason, disposition) -> None:
        self.tell("interaction.closed", interaction=live.id, reason=reason, disposition=disposition)
        del self.open[live.id]
        self.arm("step", live.id, None)
        if live.pending is not None:
            self.ended(self.parts[live.pending], "rescinded")
        if live.owner is not None and live.plan is None:
            self.ended(self.parts[live.owner], "released")
        elif live.owner is not None:
            self.leaves_off(self.parts[live.owner])

    def live(self, name, *states) -> SimpleNamespace:
        self.require(name in self.open and self.open[name].state in states)
        self.require(self.may_speak_for(self.open[name].customer))
        return self.open[name]

    def part(self, name, state) -> SimpleNamespace:
        self.require(name in self.parts and self.parts[name].state == state)
        self.require(self.may_act_as(self.parts[name].worker))
        return self.parts[name]

    def may_act_as(self, worker) -> bool:
        serves = self.actor.kind in {"worker", "machine"}
        return not serves or self.actor.id in {None, worker}

    def may_speak_for(self, customer) -> bool:
        speaks = self.actor.kind == "customer"
        return not speaks or self.actor.id is None or customer in {None, self.actor.id}

    # -- workers ----------------------------------------------------------------------------------

    def presence(self, name, state, reason=None, duration=None, says=None) -> None:
        until = None if duration is None else self.now + duration
        more = {"reason": reason, "until": until} if reason else {}
        self.tell(f"worker.{says or state}", worker=name, **more)
        worker = self.workers[name]
        worker.state, worker.reason = state, reason
        if state == "available":
            worker.idle_since = self.position
        self.arm("pause", name, until)

    def present(self, name, *states) -> SimpleNamespace:
        self.require(name in self.workers and self.may_act_as(name))
        self.require(self.workers[name].state in states)
        return self.workers[name]

    def sign_in(self, command: c.SignIn) -> None:
        self.present(command.worker, "signed_out")
        self.presence(command.worker, "available", says="signed_in")

    def sign_out(self, command: c.SignOut) -> None:
        worker = self.present(command.worker, "available", "unavailable")
        held = self.held(worker)
        self.require(all(part.state != "active" for part in held))
        self.presence(command.worker, "signed_out")
        for part in held:
            if part.state == "pending":
                self.ended(part, "rescinded")
            else:
                self.ended(part, "released")

    def become_available(self, command: c.BecomeAvailable) -> None:
        self.present(command.worker, "unavailable")
        self.presence(command.worker, "available")

    def become_unavailable(self, command: c.BecomeUnavailable) -> None:
        self.present(command.worker, "available", "unavailable")
        self.presence(command.worker, "unavailable", command.reason, command.duration)

    # -- the centre itself ------------------------------------------------------------------------

    def define(self, thing: Channel | Queue) -> None:
        if isinstance(thing, Channel):
            self.tell("channel.defined", channel=thing)
            self.channels[thing.name] = thing
        else:
            self.tell("queue.defined", queue=thing)
            self.queues[thing.name] = thing

    def define_channel(self, command: c.DefineChannel) -> None:
        if self.channels.get(command.channel.name) != command.channel:
            self.define(command.channel)

    def define_queue(self, command: c.DefineQueue) -> None:
        known = self.queues.get(command.queue.name)
        standing = [one for one in self.open.values() if one.queue == command.queue.name]
        self.require(known is None or known.router is command.queue.router or not standing)
        if self.queues.get(command.queue.name) != command.queue:
            self.define(command.queue)

    def define_worker(self, command: c.DefineWorker) -> None:
        known = self.workers.get(command.worker.id)
        if known is None or known.definition != command.worker:
            self.employ(command.worker)

    def employ(self, definition: Worker) -> None:
        self.tell("worker.defined", worker=definition.id, definition=definition)
        self.workers.setdefault(
            definition.id,
            SimpleNamespace(state="signed_out", reason=None, idle_since=self.position),
        ).definition = definition

    def adopt_policy(self, command: c.AdoptPolicy) -> None:
        plan = command.policy.plan
        self.require(isinstance(plan, PlanRule) or plan.name in ANSWERS)
        if self.policy != command.policy:
            self.tell("policy.adopted", policy=command.policy)
            self.policy = command.policy

    # -- deadlines --------------------------------------------------------------------------------

    def fire_ring(self, name) -> None:
        part = self.parts[name]
        self.ended(part, "expired")
        self.pause(part.worker, self.policy.after_expiry)

    def fire_wrap_up(self, name) -> None:
        self.ended(self.parts[name], "released")

    def fire_pause(self, name) -> None:
        self.presence(name, "available")

    def fire_step(self, name) -> None:
        live = self.open[name]
        live.step, expires_at = self.first_step(live, live.plan, live.step + 1)
        self.tell(
            "interaction.step_expired", interaction=name, step=live.step, expires_at=expires_at
        )
        self.arm("step", name, expires_at)
