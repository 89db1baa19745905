"""Scenes: centres at work, for the tests of what the kernel does, watched all the while.

Laws of this file: a scene is played by commands alone. When a test is over, the log of every scene
it played is read again: somebody had each customer at every position, a kernel rebuilt of it stands
where the live one stood, and so does one restored from a snapshot.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from tests.unit.custody import Custody, assert_custody

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_from_json, snapshot_to_json
from onechannel.commands import Request
from onechannel.delivery.overlay import Overlay
from onechannel.errors import CommandRefused
from onechannel.facts import Facts
from onechannel.kernel import Kernel
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.policy import Callables, PlanRule, Policy, StepRule
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker
from onechannel.testing.strategies import START

__all__ = [
    "MINUTE",
    "PLAIN",
    "RING",
    "SECOND",
    "WRAP_UP",
    "Scene",
    "customer",
    "everybody_was_somebodys",
    "machine",
    "person",
    "supervisor",
    "worker",
]

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
RING = 20 * SECOND
WRAP_UP = 30 * SECOND

#: Anybody, who has twenty seconds to answer; nothing follows from not answering.
PLAIN = Policy(name="plain", plan=PlanRule(steps=(StepRule(),)), ring_for=RING)

D = TypeVar("D", bound=e.EventData)

_played: "list[Scene]" = []


def person(name: str, **more: Any) -> Worker:
    """A person who wraps up for thirty seconds."""
    return Worker(id=name, **{"wrap_up": WRAP_UP, **more})


def machine(name: str, **more: Any) -> Worker:
    """A machine, which accepts by itself and has nothing to write up."""
    return Worker(id=name, kind="machine", **more)


def worker(name: str) -> Actor:
    """On behalf of a worker."""
    return Actor(ActorKind.WORKER, name)


def supervisor(name: str = "eva") -> Actor:
    """On behalf of a supervisor."""
    return Actor(ActorKind.SUPERVISOR, name)


def customer(name: str) -> Actor:
    """On behalf of a customer."""
    return Actor(ActorKind.CUSTOMER, name)


class Scene:
    """A centre with these workers, signed in; what happened is in its `log`.

    Every deadline fires at its own moment, as on a live centre; `outage` lets them be late.
    """

    def __init__(
        self, *workers: Worker, policy: Policy = PLAIN, callables: Callables | None = None
    ) -> None:
        self.kernel = Kernel(callables)
        self.callables = callables
        self.at = START
        self.log: list[e.Event] = []
        self.custody = Custody()
        self._requests = 0
        self.past = Overlay()
        _played.append(self)
        self.ask(c.AdoptPolicy(policy=policy))
        self.has(*workers)

    # -- requests and time ------------------------------------------------------------------------

    def ask(
        self,
        command: c.Command,
        *,
        after: float = 0,
        actor: Actor = SYSTEM,
        claimed_at: datetime | None = None,
    ) -> tuple[e.Event, ...]:
        """Ask it so many seconds later; gives its events, raises what the kernel raises."""
        self.advance(self.at + timedelta(seconds=after))
        self._requests += 1
        name = f"r{self._requests}"
        request = Request(command, name, self.at, "main", actor, claimed_at)
        made = self.kernel.handle(request, self.facts(request))
        self._keep(event for event in made if event.data.stored)
        return made

    def facts(self, request: Request) -> Facts:
        """What the log knows of all that the kernel needs for this request."""
        facts = Facts()
        while missing := self.kernel.needs(request, facts):
            found = {asked: self.past.answer(asked, None) for asked in missing}
            facts = Facts({**facts.answers, **found})
        return facts

    def advance(self, at: datetime) -> tuple[e.Event, ...]:
        """Let time pass until then, every deadline firing at its own moment."""
        made: list[e.Event] = []
        while (due := self.kernel.next_deadline) is not None and due <= at:
            made += self.outage(due)
        return (*made, *self.outage(at))

    def outage(self, at: datetime) -> tuple[e.Event, ...]:
        """Let time pass until then, all that is due firing only then."""
        self.at = max(self.at, at)
        return self._keep(self.kernel.advance(self.at))

    def passes(self, span: timedelta) -> tuple[e.Event, ...]:
        """Let so much time pass."""
        return self.advance(self.at + span)

    def _keep(self, made: Any) -> tuple[e.Event, ...]:
        for event in made:
            self.log.append(event)
            self.past.add(event)
            self.custody.add(event)
        return tuple(made)

    # -- who does what ----------------------------------------------------------------------------

    def has(self, *workers: Worker) -> None:
        """These are defined, and there."""
        for one in workers:
            self.ask(c.DefineWorker(worker=one))
            self.ask(c.SignIn(worker=one.id))

    def knows(self, *customers: str) -> None:
        """These are registered."""
        for one in customers:
            self.ask(c.RegisterCustomer(customer=one))

    def queue(self, name: str, **more: Any) -> None:
        """A queue is defined."""
        self.ask(c.DefineQueue(queue=Queue(name=name, **more)))

    def arrives(self, name: str = "i", channel: str = "voice", **more: Any) -> str:
        """Somebody arrives; gives the id."""
        self.ask(c.Arrive(interaction=name, channel=channel, **more))
        return name

    def accepts(self, interaction: str, name: str) -> str:
        """A worker who is asked accepts; gives the part."""
        part = self.part(interaction, name)
        self.ask(c.Accept(assignment=part), actor=worker(name))
        return part

    def served(self, name: str = "i", by: str = "p", channel: str = "voice", **more: Any) -> str:
        """Somebody arrives and is served by that worker, who was the one asked."""
        self.arrives(name, channel, **more)
        if self.custody.lines[name].serving is None:
            self.accepts(name, by)
        assert self.holder(name) == f"worker {by}"
        return name

    def refused(self, command: c.Command, match: str | None = None, actor: Actor = SYSTEM) -> str:
        """It is refused and changes nothing; gives what is said."""
        before = self.standing()
        with pytest.raises(CommandRefused, match=match) as refusal:
            self.ask(command, actor=actor)
        assert self.standing() == before
        return str(refusal.value)

    def comes_to(self, name: str, within: timedelta, interaction: str = "i") -> datetime:
        """That worker is asked within that time, by the clock alone; gives when."""
        until = self.at + within
        while self.asked(interaction) != name:
            due = self.kernel.next_deadline
            assert due is not None, f"nobody will ever be asked for {interaction}"
            assert due <= until, f"{name} is not asked for {interaction} within {within}"
            self.advance(due)
        return self.at

    # -- what the log says ------------------------------------------------------------------------

    def holder(self, interaction: str = "i") -> str | None:
        """Who has it: `queue main`, `worker p`, `keeper p`, or None once it is closed."""
        return self.custody.lines[interaction].holder

    def asked(self, interaction: str = "i") -> str | None:
        """Which worker is asked to serve it now."""
        found = self.custody.lines[interaction].asked
        return None if found is None else self.custody.parts[found].worker

    def part(self, interaction: str, name: str) -> str:
        """The latest part of that worker in it."""
        return [
            one.id
            for one in self.custody.parts.values()
            if one.interaction == interaction and one.worker == name
        ][-1]

    def state(self, interaction: str, name: str) -> str:
        """How that worker's latest part in it stands."""
        return self.custody.parts[self.part(interaction, name)].state

    def seen(self, kind: type[D], since: int = 0, **like: Any) -> list[D]:
        """What happened of that kind after a position, with these fields."""
        return [
            event.data
            for event in self.log[since:]
            if isinstance(event.data, kind)
            and all(getattr(event.data, name) == value for name, value in like.items())
        ]

    def last(self, kind: type[D], **like: Any) -> D:
        """The latest of that kind with these fields."""
        return self.seen(kind, **like)[-1]

    def when(self, kind: type[e.EventData], **like: Any) -> datetime:
        """When the latest of that kind with these fields was recorded."""
        data = self.last(kind, **like)
        return next(event.recorded_at for event in reversed(self.log) if event.data is data)

    def ended(self, interaction: str = "i") -> str:
        """Why it ended."""
        return self.last(e.InteractionClosed, interaction=interaction).reason.value

    # -- a kernel that is rebuilt -----------------------------------------------------------------

    def standing(self) -> str:
        """All that the kernel holds, as text."""
        return snapshot_to_json(self.kernel.snapshot())

    def replayed(self) -> Kernel:
        """A kernel of the log alone."""
        return Kernel.replay(self.log, self.callables)

    def restored(self) -> Kernel:
        """A kernel of a stored snapshot."""
        return Kernel.restore(snapshot_from_json(self.standing()), self.callables)

    def check(self) -> None:
        """Read the whole log again."""
        assert_custody(self.log)
        standing = self.standing()
        assert snapshot_to_json(self.replayed().snapshot()) == standing
        assert snapshot_to_json(self.restored().snapshot()) == standing


@pytest.fixture(autouse=True)
def everybody_was_somebodys() -> Iterator[None]:
    """After each test every scene it played is read again."""
    _played.clear()
    yield
    for scene in _played:
        scene.check()
