"""The commit cycle: requests in, committed events out.

Laws of this file: one cycle is one session of the store, in this order: catch up, advance, then
each request against the store as overlaid by this session, then one commit at the expected
position. The replica is given up before a cycle changes it and taken back once its commit is known:
after any fault it is built anew. A command id is served once, for ever.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import attrs

from onechannel.commands import Command, Request
from onechannel.delivery.overlay import OVERLAID, Overlay
from onechannel.delivery.replica import rebuilt, stored_snapshot
from onechannel.errors import CommandRefused, PolicyMissing, StoreFault
from onechannel.events import Event
from onechannel.facts import Facts
from onechannel.kernel import Kernel
from onechannel.model.actor import SYSTEM, Actor
from onechannel.model.checks import ident, utc
from onechannel.model.ids import TenantId
from onechannel.model.policy import Callables
from onechannel.ports import (
    Answer,
    Batch,
    Clock,
    Conflict,
    EventStore,
    Reference,
    StoreSession,
)

__all__ = ["Chain", "CommitCycle", "Refused", "Served", "Skipped", "Submission", "Turnout"]

# Somebody else's append can come between reading and committing only where the store has no lock.
_TRIES: Final = 8


@attrs.frozen
class Submission:
    """A command as its sender gives it: the session adds the time and the tenant."""

    command: Command
    id: str = attrs.field(validator=ident)
    actor: Actor = SYSTEM
    claimed_at: datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(utc)
    )


#: Submissions that stand or fall together from the first refusal on.
Chain: TypeAlias = Sequence[Submission]


@attrs.frozen
class Served:
    """The events a command made; `repeated` if it did so on an earlier occasion."""

    first: int
    last: int
    repeated: bool = False


@attrs.frozen
class Refused:
    """Why a command was refused; it may come again under the same id."""

    error: CommandRefused | PolicyMissing


@attrs.frozen
class Skipped:
    """Not tried, since an earlier one of its chain was refused."""


@attrs.frozen
class Turnout:
    """What one cycle came to: an answer for each submission, and every event it committed.

    `passing` are the events that are not kept: that somebody is typing.
    """

    answers: tuple[tuple[Served | Refused | Skipped, ...], ...]
    events: tuple[Event, ...]
    passing: tuple[Event, ...] = ()


@attrs.define(eq=False)
class _Sitting:
    """One session's uncommitted work."""

    session: StoreSession
    kernel: Kernel
    at: datetime
    tenant: TenantId
    seen: Mapping[str, tuple[int, int]]
    events: list[Event] = attrs.field(factory=list)
    passing: list[Event] = attrs.field(factory=list)
    commands: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    overlay: Overlay = attrs.field(factory=Overlay)

    def advance(self) -> None:
        self._add(self.kernel.advance(self.at))

    def serve(self, chain: Chain) -> Iterator[Served | Refused | Skipped]:
        refused = False
        for submission in chain:
            answer = self._repeated(submission) or (
                Skipped() if refused else self._decided(submission)
            )
            refused = refused or isinstance(answer, Refused)
            yield answer

    def batch(self) -> Batch | None:
        """What there is to commit, if anything."""
        if not self.events and not self.commands:
            return None
        return Batch(
            events=tuple(self.events),
            commands=self.commands,
            keys=self.overlay.keys,
            freed=frozenset(self.overlay.freed),
        )

    def _repeated(self, submission: Submission) -> Served | None:
        earlier = self.seen.get(submission.id) or self.commands.get(submission.id)
        return None if earlier is None else Served(*earlier, repeated=True)

    def _decided(self, submission: Submission) -> Served | Refused:
        request = Request(
            submission.command,
            submission.id,
            self.at,
            self.tenant,
            submission.actor,
            submission.claimed_at,
        )
        try:
            events = self.kernel.handle(request, self._facts(request))
        except (CommandRefused, PolicyMissing) as refusal:
            return Refused(refusal)
        passing = [event for event in events if not event.data.stored]
        if passing:
            self.passing += passing
            events = tuple(event for event in events if event.data.stored)
        self._add(events)
        served = Served(events[0].position, events[-1].position) if events else Served(0, 0)
        self.commands[submission.id] = (served.first, served.last)
        return served

    def _add(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        for event in events:
            if type(event.data) in OVERLAID:
                self.overlay.add(event)

    def _facts(self, request: Request) -> Facts:
        facts = Facts()
        while missing := self.kernel.needs(request, facts):
            stored = self.session.lookup(missing)
            known: dict[Reference, Answer] = {**facts.answers}
            for asked in missing:
                known[asked] = self.overlay.answer(asked, stored[asked])
            facts = Facts(known)
        return facts


class CommitCycle:
    """A centre's kernel at its store."""

    def __init__(self, store: EventStore, callables: Callables | None = None) -> None:
        self._store = store
        self._callables = callables
        self._kernel: Kernel | None = None

    @property
    def kernel(self) -> Kernel:
        """The replica, as of its last cycle; built from the store where there is none."""
        if self._kernel is None:
            self._kernel = rebuilt(self._store, self._callables)
        return self._kernel

    def run(self, chains: Sequence[Chain], clock: Clock) -> Turnout:
        """One cycle; raises `StoreFault`, after which the same submissions may come again.

        They come under their ids: what was served before is answered and not done again.
        """
        for _ in range(_TRIES):
            turnout = self._run(chains, clock)
            if turnout is not None:
                return turnout
        raise StoreFault(f"somebody else appended first, {_TRIES} times in a row: try again")

    def save_snapshot(self) -> None:
        """Keep the replica's state, so that the next start need not replay the log."""
        self._store.save_snapshot(stored_snapshot(self.kernel))

    def _run(self, chains: Sequence[Chain], clock: Clock) -> Turnout | None:
        """One try; None where somebody else appended first."""
        kernel = self.kernel
        with self._store.session() as session:
            self._kernel = None
            kernel.follow(session.read_since(kernel.position))
            expected = kernel.position
            seen = session.seen([one.id for chain in chains for one in chain])
            sitting = _Sitting(session, kernel, clock(), self._store.tenant, seen)
            sitting.advance()
            answers = tuple(tuple(sitting.serve(chain)) for chain in chains)
            batch = sitting.batch()
            if batch is not None and isinstance(session.commit(expected, batch), Conflict):
                return None
        self._kernel = kernel
        return Turnout(answers, tuple(sitting.events), tuple(sitting.passing))
