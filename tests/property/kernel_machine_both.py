"""A kernel and a plain model of it, asked the same, and compared in all they say and know.

Laws of this file: the kernel is known by its face only, what it knows by its snapshot; whatever a
request may look at of the past is answered from the log.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import attrs
from tests.property.kernel_machine_laws import Laws
from tests.property.kernel_model import Model, Refused, Told
from tests.property.kernel_model_lines import EVERYBODY, Step

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused, PolicyMissing
from onechannel.events import Event
from onechannel.facts import Facts
from onechannel.kernel import Kernel, Snapshot
from onechannel.model.actor import SYSTEM
from onechannel.model.ids import root_of
from onechannel.model.plan import Plan
from onechannel.ports import (
    Answer,
    CustomerKnown,
    HolderOf,
    LineOf,
    Past,
    Reference,
    reference_key,
)

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
NO_TIME = timedelta(0)


class Both:
    """Two centres, one of them right by being plain."""

    def __init__(self, callables) -> None:
        super().__init__()
        self.callables = callables
        self.kernel, self.model = Kernel(callables), Model()
        self.laws = Laws()
        self.now = START
        self.asked: list[c.Request] = []
        self.history: list[c.Request | datetime] = []
        self.log: list[Event] = []
        self.answers: dict[Reference, Answer] = {}

    # -- asking -----------------------------------------------------------------------------------

    def ask(self, command, actor=SYSTEM, claimed_at=None, *, late=NO_TIME, tenant="main") -> bool:
        """Ask both, and compare what they say; gives whether it was served."""
        self.until(self.now)
        name = f"r{len(self.asked) + 1}"
        return self.put(c.Request(command, name, self.now - late, tenant, actor, claimed_at))

    def put(self, request: c.Request) -> bool:
        """Put one request to both, and compare what they say."""
        self.asked.append(request)
        self.history.append(request)
        facts = self.facts(request)
        try:
            told = self.model.ask(request)
        except Refused:
            try:
                self.kernel.handle(request, facts)
            except (CommandRefused, PolicyMissing):
                self.compare()
                return False
            raise AssertionError(f"it was served and is to be refused: {request}") from None
        self.hear(self.kernel.handle(request, facts), told, request)
        self.compare()
        return True

    def until(self, at: datetime) -> None:
        """Let both advance, and compare what they say."""
        self.now = max(self.now, at)
        self.history.append(self.now)
        told = self.model.advance(self.now)
        events = self.kernel.advance(self.now)
        if events or told:
            self.hear(events, told)
            self.compare()

    def play(self, what: c.Request | datetime) -> None:
        """Do again what stands in a history."""
        if isinstance(what, datetime):
            self.until(what)
        else:
            self.put(what)

    def hear(self, events: Sequence[Event], told: Sequence[Told], request=None) -> None:
        """What the kernel says is what the model told, and in that envelope."""
        asked = [essence(event) for event in events]
        assert asked == [*map(tuple, told)]
        who = (request.id, request.actor) if request else (None, SYSTEM)
        for event in events:
            origin = event.origin
            assert (origin.command, origin.actor) == who
            assert origin.recorded_at == self.model.now
        kept = [event for event in events if event.data.stored]
        self.log.extend(kept)
        self.laws.follow(kept)
        self.remember(kept)

    def facts(self, request: c.Request) -> Facts:
        """What is known of the past, by what has happened."""
        asked = self.kernel.needs(request, Facts())
        return Facts({reference: self.answers.get(reference) for reference in asked})

    def remember(self, events: Sequence[Event]) -> None:
        """Keep what a later request may ask of the past."""
        answers = self.answers
        for event in events:
            data = event.data
            if isinstance(data, e.CustomerRegistered):
                answers[CustomerKnown(data.customer)] = data
                answers.update({HolderOf(one.key): data.customer for one in data.addresses})
            elif isinstance(data, e.CustomerLinked):
                answers[HolderOf(data.address.key)] = data.customer
            elif isinstance(data, e.CustomerUnlinked):
                del answers[HolderOf(data.address.key)]
            elif isinstance(data, e.MessageIdentified):
                answers[HolderOf(reference_key(data.reference))] = data.message
            elif isinstance(data, e.InteractionArrived):
                answers[LineOf(root_of(data.interaction))] = Past(data, None)
            elif isinstance(data, e.InteractionClosed):
                line = LineOf(root_of(data.interaction))
                if answers[line].arrived.interaction == data.interaction:
                    answers[line] = attrs.evolve(answers[line], closed=data)

    # -- comparing --------------------------------------------------------------------------------

    def compare(self) -> None:
        """Both know the same, and it is within the laws."""
        now, model = self.kernel.snapshot(), self.model
        assert (now.position, now.at) == (model.position, model.at)
        there, expected = known_to_kernel(now), known_to_model(model)
        if there != expected:
            for kind in expected:
                assert there[kind] == expected[kind], kind
        due = min(model.deadlines.values(), default=(None, 0))[0]
        assert self.kernel.next_deadline == due
        self.laws.hold(now)

    def replayed(self) -> Kernel:
        """A kernel that has only read the log; it knows the same, to the letter."""
        kernel = Kernel.replay(self.log, self.callables)
        assert in_full(kernel.snapshot()) == in_full(self.kernel.snapshot())
        return kernel

    def restored(self) -> Kernel:
        """A kernel that was restored from a snapshot; it holds the same."""
        snapshot = self.kernel.snapshot()
        kernel = Kernel.restore(snapshot, self.callables)
        assert in_full(kernel.snapshot()) == in_full(snapshot)
        return kernel


def in_full(snapshot: Snapshot) -> dict:
    """All that a snapshot holds, as plain values."""
    return attrs.asdict(snapshot, filter=lambda field, _: field.name != "policy")


# -- as the model tells it ------------------------------------------------------------------------


def essence(event: Event) -> tuple:
    """An event as the model tells it."""
    data, origin = event.data, event.origin
    fields = {name: getattr(data, name) for name in names_of(type(data))}
    if isinstance(data, e.InteractionQueued) and data.plan is not None:
        fields["plan"] = as_told(data.plan)
    return data.stored_name, event.position, fields, origin.cause, origin.occurred_at


@lru_cache
def names_of(kind: type[e.EventData]) -> tuple[str, ...]:
    """The fields of an event."""
    return tuple(field.name for field in attrs.fields(kind))


@lru_cache(maxsize=4096)
def as_told(plan: Plan) -> tuple:
    """A plan as the model tells it."""
    steps = [
        Step(
            step.requirement.kinds or EVERYBODY,
            dict(step.requirement.skills),
            step.requirement.department,
            step.requirement.workers,
            step.expires_after,
        )
        for step in plan.steps
    ]
    return plan.queue, plan.priority, steps


def known_to_kernel(now: Snapshot) -> dict[str, object]:
    """What the kernel knows, of what the model knows too."""
    return {
        "interactions": {
            one.id: (
                *(one.state, one.queue, one.since, one.step, one.owner, one.pending, one.keeper),
                *(one.scheduled, one.channel, one.customer, one.address, one.opened),
                *(one.delegated, list(one.others), one.callback and one.callback.attempt),
            )
            for one in now.interactions
        },
        "assignments": {
            one.id: (one.state, one.role, one.worker, one.channel, one.queue, one.load)
            for one in now.assignments
        },
        "workers": {
            one.seat.worker.id: (
                *(one.state, one.reason, one.sanction, one.declined, one.missed),
                *(one.seat.load, [*one.assignments], one.seat.order),
            )
            for one in now.workers
        },
        "places": {one.id: (one.channel, one.queue, one.since) for one in now.places},
        "promises": {one.id: (one.state, one.due) for one in now.promises},
        "journeys": {one.id: ([*one.interactions], one.touched_at) for one in now.journeys},
        "merged": now.merged,
        "parked": now.parked,
        "deadlines": {(one.alarm, one.subject): (one.at, one.order) for one in now.deadlines},
    }


def known_to_model(model: Model) -> dict[str, object]:
    """What the model knows, in the same words."""
    return {
        "interactions": {
            one.id: (
                *(one.state, one.queue, one.since, one.step, one.owner, one.pending, one.keeper),
                *(one.scheduled, one.channel, one.customer, one.address, one.opened),
                *(one.delegated, one.others, one.callback and one.callback.attempt),
            )
            for one in model.open.values()
        },
        "assignments": {
            one.id: (one.state, one.role, one.worker, one.channel, one.queue, one.load)
            for one in model.parts.values()
        },
        "workers": {
            name: (
                *(one.state, one.reason, one.sanction, one.declined, one.missed),
                *(sum(part.load for part in one.parts.values()), [*one.parts], one.idle_since),
            )
            for name, one in model.workers.items()
        },
        "places": {one.id: (one.channel, one.queue, one.since) for one in model.places.values()},
        "promises": {one.id: (one.state, one.due) for one in model.promises.values()},
        "journeys": {one.id: (one.inside, one.touched_at) for one in model.journeys.values()},
        "merged": model.merged,
        "parked": model.parked,
        "deadlines": model.deadlines,
    }
