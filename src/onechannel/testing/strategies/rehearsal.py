"""Rehearsals: a kernel at work, on whatever is tried next.

Laws of this file: a rehearsal follows from its script alone, so that the same script gives the same
log in every process; it knows the kernel by its face only.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from onechannel.commands import Command, Request
from onechannel.errors import CommandRefused, PolicyMissing
from onechannel.events import Event
from onechannel.kernel import Facts, Kernel
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.testing.strategies.cues import PLANNERS, Cue, made, stock
from onechannel.testing.strategies.stage import Stage, astray, one

__all__ = ["START", "Rehearsal"]

#: When rehearsals begin: a Monday morning.
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Rehearsal:
    """A kernel at work, with its log, and the facts that stand in it.

    `stocked` defines queues, workers and customers to begin with. What is asked is kept in
    `requests`, whether it was served or refused.
    """

    def __init__(self, *, stocked: bool = True) -> None:
        self.kernel: Kernel = Kernel(PLANNERS)
        self.log: list[Event] = []
        self.requests: list[Request] = []
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
        command = made(cue, self.stage)
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
        return self._keep(self.kernel.handle(request, self.facts(request)))

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
        """Mostly the system; now and then who serves, and now and then anybody at all."""
        if cue.third % 3 == 1:
            part = getattr(command, "assignment", None) or ""
            worker = self.stage.serves(part) or self.stage.worker(cue.second, "available")
            return Actor(ActorKind.WORKER, worker)
        if astray(cue.third, 2):
            kind = one(tuple(ActorKind), cue.first)
            customer = one(("c1", "c2"), cue.second)
            is_customer = kind is ActorKind.CUSTOMER
            worker = self.stage.worker(cue.second, "available")
            return Actor(kind, customer if is_customer else worker)
        return SYSTEM

    def _keep(self, made: Sequence[Event]) -> tuple[Event, ...]:
        self.log.extend(made)
        for event in made:
            self.stage.note(event.data)
        return tuple(made)
