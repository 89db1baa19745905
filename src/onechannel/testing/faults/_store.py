"""A store that fails as it is told, between any two steps of a session.

Laws of this file: what fails is decided outside, at every step anew; whatever was kept stays kept,
and nothing that was not is ever seen. It has no lock: anybody may commit while another decides, and
whoever has read before that has a conflict.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

from onechannel.errors import StoreFault
from onechannel.events import Event
from onechannel.model.code import Code
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, TenantId
from onechannel.ports import (
    Batch,
    Committed,
    Conflict,
    Destination,
    Effect,
    EffectState,
    EventStore,
    LetterRow,
    LetterState,
    LockHolder,
    StoredSnapshot,
    StoreSession,
    Tally,
)

__all__ = ["Crash", "FaultyStore", "Planted", "Step", "Strike"]


class Crash(BaseException):
    """The process is gone, with all that it remembered; what it has stored stays."""


class Planted(StoreFault):
    """A fault of the store that was planted here, and is none of its own."""


class Step(Code):
    """Where in a session something may happen: before each of these, and after a commit."""

    ENTER = "enter"
    READ = "read"
    LOOK = "look"
    BEFORE = "before"
    AFTER = "after"
    LEAVE = "leave"
    SAVE = "save"


#: Called at every step; it raises `Crash` or a `StoreFault`, or lets somebody else commit.
Strike: TypeAlias = Callable[[Step], None]

#: What a session reads as it goes; everything else is a look-up.
_READS: Final = frozenset({"read_since"})


class FaultyStore:
    """Another store, at every step of which `strike` is called, and `kept` for what it keeps.

    Several processes may share one: it locks nobody out, as a log without locks would not. What was
    read before anybody else committed is a conflict, though the log's position may be the same::

        def strike(step):
            if step is Step.AFTER and dice.chance(10):
                raise Planted("nobody knows whether it was kept")

        cycle = CommitCycle(FaultyStore(MemoryStore(), strike))
    """

    def __init__(
        self, store: EventStore, strike: Strike, kept: Callable[[Batch], None] | None = None
    ) -> None:
        self.store: EventStore = store
        self.strike: Strike = strike
        self.kept: Callable[[Batch], None] | None = kept
        self.commits: int = 0

    @property
    def tenant(self) -> TenantId:
        """Whose log it is."""
        return self.store.tenant

    @property
    def last_position(self) -> int:
        """The position of the log's last event, 0 before the first."""
        return self.store.last_position

    @contextmanager
    def session(self) -> Iterator[StoreSession]:
        """One turn at the stream, alone with nobody."""
        self.strike(Step.ENTER)
        session = _FaultySession(self)
        try:
            yield cast("StoreSession", session)
        finally:
            session.over = True
        self.strike(Step.LEAVE)

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """Committed events after a position, in order, at most `limit`."""
        self.strike(Step.READ)
        return self.store.read(after, limit)

    def history(
        self,
        *,
        customer: CustomerId | None = None,
        interaction: InteractionId | None = None,
        journey: JourneyId | None = None,
    ) -> Iterator[Event]:
        """What is recorded of a customer, an interaction or a journey, in order."""
        return self.store.history(customer=customer, interaction=interaction, journey=journey)

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep a snapshot in place of an earlier one."""
        self.strike(Step.SAVE)
        self.store.save_snapshot(snapshot)

    def snapshot(self) -> StoredSnapshot | None:
        """The snapshot kept, if any."""
        return self.store.snapshot()

    def letters(
        self, state: LetterState, *, after: int = 0, limit: int | None = None
    ) -> tuple[LetterRow, ...]:
        """The letters in a state, in the order they came."""
        return self.store.letters(state, after=after, limit=limit)

    def effects(
        self, state: EffectState, destination: str | None = None, limit: int | None = None
    ) -> tuple[Effect, ...]:
        """The effects in a state, in order of the log."""
        return self.store.effects(state, destination, limit)

    def due(self, destination: str, at: datetime, limit: int) -> tuple[Effect, ...]:
        """What a claim would find now."""
        return self.store.due(destination, at, limit)

    def destinations(self) -> tuple[Destination, ...]:
        """Who is told of what happens."""
        return self.store.destinations()

    def holder(self) -> LockHolder | None:
        """Which process holds the lock of the store beneath, if any does."""
        return self.store.holder()

    def tallies(self) -> Mapping[Tally, int]:
        """What was counted since the log began."""
        return self.store.tallies()

    def cursor(self, name: str) -> int:
        """The position up to which a reader of this name has read."""
        return self.store.cursor(name)

    def close(self) -> None:
        """Let go of what the store holds."""
        self.store.close()


class _FaultySession:
    """One turn: each look-up is a turn of its own at the store beneath."""

    def __init__(self, store: FaultyStore) -> None:
        self._store = store
        self._commits = store.commits
        self.over = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Whatever else a session is asked: a look-up."""
        store, reads = self._store, name in _READS

        def ask(*positional: Any, **named: Any) -> Any:
            store.strike(Step.READ if reads else Step.LOOK)
            with store.store.session() as session:
                answer = getattr(session, name)(*positional, **named)
                return iter(tuple(answer)) if reads else answer

        return ask

    def commit(self, expected: int, batch: Batch) -> Committed | Conflict:
        store = self._store
        if self.over:
            raise StoreFault("a session commits once, before it ends: begin another")
        self.over = True
        store.strike(Step.BEFORE)
        if self._commits != store.commits and expected == store.last_position:
            # Only mail was committed, and the position does not tell.
            return Conflict(expected)
        with store.store.session() as session:
            answer = session.commit(expected, batch)
        if isinstance(answer, Committed):
            store.commits += 1
            if store.kept is not None:
                store.kept(batch)
        store.strike(Step.AFTER)
        return answer
