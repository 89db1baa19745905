"""Rehearsals: a kernel at work, on whatever is tried next.

Laws of this file: a rehearsal follows from its script alone, so that the same script gives the same
log in every process; it knows the kernel by its face only.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from onechannel.commands import VERBS, Command, Request
from onechannel.errors import CommandRefused, PolicyMissing
from onechannel.events import Event
from onechannel.facts import Facts
from onechannel.kernel import Kernel
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.ids import spoken_in
from onechannel.testing.strategies.choosing import Cue, astray, falls_on, one
from onechannel.testing.strategies.cues import made
from onechannel.testing.strategies.props import PLANNERS, stock
from onechannel.testing.strategies.stage import Stage

__all__ = ["START", "Rehearsal"]

#: When rehearsals begin: a Monday morning.
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)

_SERVING: Final = frozenset({ActorKind.WORKER, ActorKind.MACHINE})


class Rehearsal:
    """A kernel at work, with its log, and the facts that stand in it.

    `stocked` defines queues, workers and customers to begin with. What is asked is kept in
    `requests`, whether it was served or refused; `served` has the ids of what was served.
    """

    def __init__(self, *, stocked: bool = True) -> None:
        self.kernel: Kernel = Kernel(PLANNERS)
        self.log: list[Event] = []
        self.requests: list[Request] = []
        self.served: set[str] = set()
        self.at: datetime = START
        self.stage: Stage = Stage()
        for command in stock() if stocked else ():
            self.ask(command)

    @classmethod
    def of(cls, script: Sequence[Cue]) -> "Rehearsal":
        """One that has performed all of a script."""
        rehearsal = cls()
        for cue in script:
            rehearsal.perform(cue)
        return rehearsal

    def perform(self, cue: Cue) -> tuple[Event, ...]:
        """Let time pass and try it; a refusal leaves what the deadlines made."""
        before = len(self.log)
        self.attempt(self.request(cue))
        return tuple(self.log[before:])

    def attempt(self, request: Request) -> bool:
        """Handle it; gives whether it was served."""
        with suppress(CommandRefused, PolicyMissing):
            self.handle(request)
            return True
        return False

    def request(self, cue: Cue) -> Request:
        """What a cue comes to now: somebody's request about what is there."""
        late = min(cue.wait, timedelta(0))
        self.advance(self.at + cue.wait - late)
        command = made(cue, self.stage, self.at)
        distance = timedelta(seconds=cue.first % 61 - 30)
        claimed_at = self.at + distance if cue.third % 5 == 1 else None
        at = self.at + late
        return Request(command, self._next_id(), at, "main", self._actor(command, cue), claimed_at)

    def ask(
        self,
        command: Command,
        *,
        after: float = 0,
        actor: Actor = SYSTEM,
        claimed_at: datetime | None = None,
    ) -> tuple[Event, ...]:
        """Ask it so many seconds later; gives its events, raises what the kernel raises."""
        at = self.at + timedelta(seconds=after)
        return self.handle(Request(command, self._next_id(), at, "main", actor, claimed_at))

    def handle(self, request: Request) -> tuple[Event, ...]:
        """Deadlines first, then this request; gives the request's events."""
        self.advance(request.at)
        self.requests.append(request)
        made = self.kernel.handle(request, self.facts(request))
        self.served.add(request.id)
        self._keep([event for event in made if event.data.stored])
        return made

    def advance(self, at: datetime) -> tuple[Event, ...]:
        """Fire what is due by then."""
        self.at = max(self.at, at)
        return self._keep(self.kernel.advance(at))

    def facts(self, request: Request) -> Facts:
        """What the log knows of all that the kernel needs for this request."""
        facts, answers = Facts(), self.stage.answers
        while missing := self.kernel.needs(request, facts):
            facts = Facts({**facts.answers, **{asked: answers.get(asked) for asked in missing}})
        return facts

    def _next_id(self) -> str:
        return f"r{len(self.requests) + 1}"

    def _actor(self, command: Command, cue: Cue) -> Actor:
        """Mostly the system; now and then whose it is, and now and then anybody at all."""
        stage = self.stage
        if cue.third % 3 == 1:
            customer = _customer_of(stage, command)
            if customer is not None and cue.second % 2:
                return Actor(ActorKind.CUSTOMER, customer)
            if not _SERVING & VERBS[type(command)].actors.keys():
                return Actor(ActorKind.VENDOR, "pbx")
            worker = _worker_of(stage, command) or stage.worker(cue.second, "available")
            machine = stage.is_machine(worker) and not falls_on(2, 4, cue.second)
            return Actor(ActorKind.MACHINE if machine else ActorKind.WORKER, worker)
        if astray(cue.third, 2):
            kind = one(tuple(ActorKind), cue.first)
            is_customer = kind is ActorKind.CUSTOMER
            worker = stage.worker(cue.second, "available")
            return Actor(kind, one(("c1", "c2"), cue.second) if is_customer else worker)
        return SYSTEM

    def _keep(self, made: Sequence[Event]) -> tuple[Event, ...]:
        self.log.extend(made)
        for event in made:
            self.stage.note(event.data)
        return tuple(made)


def _customer_of(stage: Stage, command: Command) -> str | None:
    """The customer whom a command is about, if a customer may give it."""
    if ActorKind.CUSTOMER not in VERBS[type(command)].actors:
        return None
    live = stage.open.get(getattr(command, "interaction", None) or "")
    if live is not None:
        return live.customer
    customer: str | None = getattr(command, "customer", None)
    return customer


def _worker_of(stage: Stage, command: Command) -> str | None:
    """The worker whom a command is about."""
    names = [
        getattr(command, "assignment", None),
        getattr(command, "interaction", None),
        spoken_in(getattr(command, "message", None) or ""),
    ]
    found = next(filter(None, (stage.whose(name) for name in names if name)), None)
    if found is not None:
        return found
    _, promised_by = stage.promises.get(getattr(command, "promise", ""), ("", None))
    worker: str | None = getattr(command, "worker", None)
    return promised_by or (worker if isinstance(worker, str) else None)
