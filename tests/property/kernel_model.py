"""A centre, written down plainly: lists and dictionaries, and a look at everybody at every step.

Laws of this file: it shares no code with the kernel, only the values that go in; it tells what it
expects as `Told`, in order, and raises `Refused` before it tells anything. Its parts are the other
`kernel_model_*.py`, one for each side of a centre's work.
"""

from datetime import datetime
from types import SimpleNamespace
from typing import NamedTuple

from tests.property.kernel_model_arrivals import Arrivals
from tests.property.kernel_model_customers import Customers
from tests.property.kernel_model_lines import ANSWERS, CONSENTS, Lines
from tests.property.kernel_model_ongoing import Ongoing
from tests.property.kernel_model_parts import Parts
from tests.property.kernel_model_serving import Serving
from tests.property.kernel_model_theirs import Theirs
from tests.property.kernel_model_words import Words
from tests.property.kernel_model_workers import Workers

from onechannel import commands as c
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.policy import DEFAULT_POLICY, PlanRule
from onechannel.model.queue import Queue

# What the policy decides, unless somebody has named who is to serve.
ROUTED = {"interaction.queued", "assignment.opened", "policy.faulted"}
NAMING = {"reach", "consult", "join", "assign"}


class Refused(Exception):
    """What the model says to a command that does not apply."""


class Told(NamedTuple):
    """An event as it is foretold: what, and the envelope it is in."""

    name: str
    position: int
    fields: dict
    cause: str
    occurred_at: datetime


class Model(
    Arrivals, Customers, Lines, Ongoing, Parts, Serving, Theirs, Words, Workers
):  # fmt: skip
    """What a centre should be after everything it was asked."""

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.now: datetime | None = None
        self.tenant: str | None = None
        self.position = 0
        self.told: list[Told] = []
        self.policy = DEFAULT_POLICY
        self.adopted = False
        self.channels: dict[str, Channel] = {}
        self.queues: dict[str, Queue] = {}
        self.calendars: dict[str, Calendar] = {}
        self.workers: dict[str, SimpleNamespace] = {}
        self.customers: set[str] = set()
        self.known_by: dict[str, str] = {}
        self.merged: dict[str, str] = {}
        self.open: dict[str, SimpleNamespace] = {}
        self.latest: dict[str, SimpleNamespace] = {}
        self.parts: dict[str, SimpleNamespace] = {}
        self.places: dict[str, SimpleNamespace] = {}
        self.journeys: dict[str, SimpleNamespace] = {}
        self.promises: dict[str, SimpleNamespace] = {}
        self.parked: dict[str, list] = {}
        self.messages: dict[str, str] = {}
        self.deadlines: dict[tuple[str, str], tuple[datetime, int]] = {}

    # -- what is asked of it ----------------------------------------------------------------------

    def ask(self, request: c.Request) -> list[Told]:
        """What comes of a request; raises `Refused`."""
        self.told = []
        self.now = request.at if self.at is None else max(self.at, request.at)
        self.actor, self.claimed = request.actor, request.claimed_at or self.now
        verb = c.VERBS[type(request.command)]
        observed = verb.name.startswith("observe") or verb.name == "reconcile"
        self.cause, self.occurred = "observed" if observed else "command", self.claimed
        self.named = observed or verb.name in NAMING
        self.require(self.tenant in {None, request.tenant})
        self.may = verb.actors.get(request.actor.kind)
        self.require(self.may is not None)
        getattr(self, verb.name)(request.command)
        if self.told:
            self.tenant = request.tenant
            self.settle()
        return self.told

    def advance(self, at: datetime) -> list[Told]:
        """What is due by then."""
        self.told = []
        self.now = at if self.at is None else max(self.at, at)
        self.actor, self.may, self.claimed, self.named = None, "any", self.now, False
        while self.deadlines:
            # Of two that one event armed for the same time, what ends it all comes first.
            (kind, subject), (due, _) = min(
                self.deadlines.items(), key=lambda item: (*item[1], item[0][0])
            )
            if due > self.now:
                break
            self.cause, self.occurred = "deadline", due
            del self.deadlines[kind, subject]
            getattr(self, f"fire_{kind.replace('-', '_')}")(subject)
            self.settle()
        return self.told

    def require(self, condition: object) -> None:
        """Refuse, unless it is so."""
        if not condition:
            assert not self.told, "every refusal comes before the first event"
            raise Refused

    def tell(self, stored_name: str, **fields: object) -> None:
        """Expect one more event."""
        self.position += 1
        self.at = self.now
        self.pass_on(stored_name, **fields)

    def pass_on(self, stored_name: str, **fields: object) -> None:
        """Expect what is said to have happened; only what is told is kept."""
        cause, occurred = self.cause, self.occurred
        if cause == "policy" or (stored_name in ROUTED and not self.named):
            cause, occurred = "policy", self.now
        self.told.append(Told(stored_name, self.position, fields, cause, occurred))

    # -- deadlines --------------------------------------------------------------------------------

    def arm(self, kind: str, subject: str, at: datetime | None) -> None:
        """It is due then, or never: whatever was armed before is not."""
        self.deadlines.pop((kind, subject), None)
        if at is not None and at > self.now:
            self.deadlines[kind, subject] = (at, self.position)

    def disarm(self, subject: str, *kinds: str) -> None:
        """None of these is due any more."""
        for kind in kinds:
            self.deadlines.pop((kind, subject), None)

    # -- who may ----------------------------------------------------------------------------------

    @property
    def works(self) -> bool:
        """Whether who asks is somebody who serves."""
        return self.actor is not None and self.actor.kind in {"worker", "machine"}

    @property
    def buys(self) -> bool:
        """Whether who asks is a customer."""
        return self.actor is not None and self.actor.kind == "customer"

    def may_as(self, worker: str) -> bool:
        """Whether who asks may for that worker."""
        return self.may == "any" or self.actor.id == worker

    def may_for(self, customer: str | None) -> bool:
        """Whether who asks may for that customer: a customer is itself and nobody else."""
        if not self.buys:
            return True
        known = self.actor.id is not None and customer is not None
        return known and self.known_as(self.actor.id) == self.known_as(customer)

    def has(self, live: SimpleNamespace | None) -> bool:
        """Whether who asks is the worker who has an interaction."""
        return live is not None and self.works and self.actor.id == self.keeper(live) is not None

    def live(self, name: str, *states: str) -> SimpleNamespace:
        """The open interaction of that name, in one of these states, if one may with it."""
        self.require(name in self.open)
        live = self.open[name]
        if self.buys:
            self.require(live.direction != "internal" and self.may_for(live.customer))
        else:
            self.require(self.may == "any" or self.has(live))
        self.require(not states or live.state in states)
        return live

    def ours(self, name: str, *states: str) -> SimpleNamespace:
        """The same, if nobody else routes it."""
        live = self.live(name, *states)
        self.require(live.plan is not None)
        return live

    def outward(self, name: str, *states: str) -> SimpleNamespace:
        """The same, if it is the customer's: no side conversation is."""
        live = self.ours(name, *states)
        self.require(live.direction != "internal")
        return live

    def part(self, name: str, *states: str) -> SimpleNamespace:
        """The live assignment of that name, in one of these states, if one may with it."""
        self.require(name in self.parts)
        part = self.parts[name]
        if self.may != "any":
            own = self.works and part.worker == self.actor.id
            has = self.has(self.open.get(part.interaction))
            self.require({"own": own, "served": has, "involved": own or has}[self.may])
        self.require(part.state in states)
        return part

    # -- the centre itself ------------------------------------------------------------------------

    def define(self, thing: Channel | Queue | Calendar) -> None:
        """It is from now on as given."""
        kind = type(thing).__name__.lower()
        self.tell(f"{kind}.defined", **{kind: thing})
        getattr(self, f"{kind}s")[thing.name] = thing

    def define_channel(self, command: c.DefineChannel) -> None:
        if self.channels.get(command.channel.name) != command.channel:
            self.define(command.channel)

    def define_queue(self, command: c.DefineQueue) -> None:
        queue, known = command.queue, self.queues.get(command.queue.name)
        standing = any(one.queue == queue.name for one in self.open.values())
        self.require(known is None or known.router is queue.router or not standing)
        if known != queue:
            self.define(queue)

    def define_calendar(self, command: c.DefineCalendar) -> None:
        self.require(command.calendar.zone != "Nowhere/Land")
        if self.calendars.get(command.calendar.name) != command.calendar:
            self.define(command.calendar)

    def adopt_policy(self, command: c.AdoptPolicy) -> None:
        plan, consent = command.policy.plan, command.policy.consent
        self.require(isinstance(plan, PlanRule) or plan.name in ANSWERS)
        self.require(consent is None or consent.name in CONSENTS)
        if self.policy != command.policy or not self.adopted:
            self.tell("policy.adopted", policy=command.policy)
            self.policy, self.adopted = command.policy, True
