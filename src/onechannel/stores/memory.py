"""The store in memory, for tests and simulations.

Law of this file: it refuses what the database refuses; the contract suite holds both to the same
words.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from typing import TypeAlias

import attrs

from onechannel.errors import StoreFault
from onechannel.events import CustomerRegistered, Event, InteractionArrived, InteractionClosed
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, TenantId
from onechannel.ports import (
    Answer,
    Batch,
    Committed,
    Conflict,
    CustomerKnown,
    Destination,
    Effect,
    EffectState,
    HolderOf,
    LetterIds,
    LetterRow,
    LetterState,
    LockHolder,
    Mail,
    Past,
    Reference,
    StoredSnapshot,
    StoreSession,
    Tally,
)
from onechannel.stores._shared import (
    DEFINITIONS,
    TURN_OVER,
    check_batch,
    check_carried,
    customers_of,
    doubled,
    line_of,
)

__all__ = ["MemoryStore"]

# An interaction's place: the root of its line, and its number in it.
_Place: TypeAlias = tuple[InteractionId, int]


class MemoryStore:
    """The log of one centre, gone with the process."""

    def __init__(self, tenant: TenantId = "main") -> None:
        self._tenant = tenant
        self._events: list[Event] = []
        self._commands: dict[str, tuple[int, int]] = {}
        self._keys: dict[str, str] = {}
        self._customers: dict[CustomerId, CustomerRegistered] = {}
        self._arrivals: dict[_Place, Past] = {}
        self._latest: dict[InteractionId, int] = {}
        self._snapshot: StoredSnapshot | None = None
        self._mail = _Mailroom()
        self._in_session = False

    @property
    def tenant(self) -> TenantId:
        """Whose log it is."""
        return self._tenant

    @property
    def last_position(self) -> int:
        """The position of the log's last event, 0 before the first."""
        return len(self._events)

    def session(self) -> AbstractContextManager[StoreSession]:
        """One turn at the stream; a second one inside it is refused, as a locked database would."""
        return _MemorySession(self)

    def _refuse_in_session(self) -> None:
        if self._in_session:
            raise StoreFault("the store is locked by another session: end that one first")

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """Committed events after a position, in order, at most `limit`."""
        last = len(self._events) if limit is None else min(after + limit, len(self._events))
        for index in range(max(after, 0), last):
            yield self._events[index]

    def history(
        self,
        *,
        customer: CustomerId | None = None,
        interaction: InteractionId | None = None,
        journey: JourneyId | None = None,
    ) -> Iterator[Event]:
        """What is recorded of a customer, an interaction or a journey, each event once."""

        def named(event: Event) -> bool:
            of_journey = journey is not None and event.subject("journey") == journey
            return of_journey or (customer is not None and customer in customers_of(event.data))

        interactions, journeys = {interaction}, {journey}
        for event in filter(named, self._events):
            interactions.add(event.subject("interaction"))
            journeys.add(event.subject("journey"))
        for event in self.read():
            if (
                named(event)
                or event.subject("interaction") in interactions - {None}
                or event.subject("journey") in journeys - {None}
            ):
                yield event

    def definitions(self) -> Iterator[Event]:
        """What channels and workers are and were, in order of the log."""
        return (event for event in self.read() if isinstance(event.data, DEFINITIONS))

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep a snapshot in place of an earlier one; outside sessions."""
        self._refuse_in_session()
        if self._snapshot is None or snapshot.position >= self._snapshot.position:
            self._snapshot = snapshot

    def snapshot(self) -> StoredSnapshot | None:
        """The snapshot kept, if any."""
        return self._snapshot

    def letters(
        self, state: LetterState, *, after: int = 0, limit: int | None = None
    ) -> tuple[LetterRow, ...]:
        """The letters in a state, in the order they came, after the one of that number."""
        rows = (row for row in self._mail.in_order() if row.state is state and row.number > after)
        return tuple(islice(rows, limit))

    def effects(
        self, state: EffectState, destination: str | None = None, limit: int | None = None
    ) -> tuple[Effect, ...]:
        """The effects in a state, of one destination or of all, in order of the log."""
        found = (
            one
            for one in sorted(self._mail.effects.values(), key=_by_position)
            if one.state is state and destination in (None, one.destination)
        )
        return tuple(islice(found, limit))

    def due(self, destination: str, at: datetime, limit: int) -> tuple[Effect, ...]:
        """What a claim would find now."""
        begun: set[str] = set()
        found: list[Effect] = []
        for effect in self.effects(EffectState.DUE, destination):
            if effect.conversation in begun:
                continue
            if effect.conversation is not None:
                begun.add(effect.conversation)
            if effect.due_at <= at:
                found.append(effect)
        return tuple(sorted(found, key=lambda effect: (effect.due_at, effect.position))[:limit])

    def destinations(self) -> tuple[Destination, ...]:
        """Who is told of what happens."""
        return tuple(self._mail.destinations.values())

    def tallies(self) -> Mapping[Tally, int]:
        """What was counted since the log began."""
        return dict(self._mail.tallies)

    def cursor(self, name: str) -> int:
        """The position up to which a reader of this name has read; 0 for one not known."""
        return self._mail.cursors.get(name, 0)

    def holder(self) -> LockHolder | None:
        """Nobody: no other process can have it open."""
        return None

    def close(self) -> None:
        """Nothing to let go of; the log can still be read, since nobody could open it again."""

    # -- what a session does ----------------------------------------------------------------------

    def _answer(self, reference: Reference) -> Answer:
        if isinstance(reference, CustomerKnown):
            return self._customers.get(reference.customer)
        if isinstance(reference, HolderOf):
            return self._keys.get(reference.key)
        latest = self._latest.get(reference.root)
        return None if latest is None else self._arrivals[reference.root, latest]

    def _keep(self, batch: Batch) -> None:
        """Take in the whole batch, or raise and take in nothing."""
        check_batch(self._tenant, len(self._events), batch)
        check_carried(batch.events)  # what the database could not carry is refused here too
        arrivals, customers = self._new(batch.events)
        if not self._commands.keys().isdisjoint(batch.commands):
            raise doubled("a command id")
        if any(key in self._keys and key not in batch.freed for key in batch.keys):
            raise doubled("a key")
        if batch.mail is not None:
            self._mail.check(batch.mail)
            self._mail.keep(batch.mail)
        self._events += batch.events
        self._arrivals |= arrivals
        for root, number in arrivals:
            self._latest[root] = max(number, self._latest.get(root, 0))
        self._customers |= customers
        self._commands |= batch.commands
        for key in batch.freed:
            self._keys.pop(key, None)
        self._keys |= batch.keys

    def _new(
        self, events: Iterable[Event]
    ) -> tuple[dict[_Place, Past], dict[CustomerId, CustomerRegistered]]:
        arrivals: dict[_Place, Past] = {}
        customers: dict[CustomerId, CustomerRegistered] = {}
        for event in events:
            data = event.data
            if isinstance(data, InteractionArrived):
                place = line_of(data.interaction)
                if place in arrivals or place in self._arrivals:
                    raise doubled("an interaction")
                arrivals[place] = Past(data, None)
            elif isinstance(data, InteractionClosed):
                place = line_of(data.interaction)
                past = arrivals.get(place) or self._arrivals.get(place)
                if past is not None and past.closed is None:
                    arrivals[place] = Past(past.arrived, data)
            elif isinstance(data, CustomerRegistered):
                if data.customer in customers or data.customer in self._customers:
                    raise doubled("a customer")
                customers[data.customer] = data
        return arrivals, customers


@attrs.define(eq=False)
class _Mailroom:
    """The inbox and the outbox."""

    rows: dict[tuple[str, str], LetterRow] = attrs.field(factory=dict)
    deliveries: dict[tuple[str, str], tuple[str, str]] = attrs.field(factory=dict)
    parked: dict[tuple[str, str], None] = attrs.field(factory=dict)
    effects: dict[tuple[str, int], Effect] = attrs.field(factory=dict)
    tallies: dict[Tally, int] = attrs.field(factory=dict)
    cursors: dict[str, int] = attrs.field(factory=dict)
    destinations: dict[str, Destination] = attrs.field(factory=dict)
    last: int = 0

    def in_order(self) -> list[LetterRow]:
        return sorted(self.rows.values(), key=lambda row: row.number)

    def check(self, mail: Mail) -> None:
        """Raise `BatchRefused` where a letter or a delivery is given a second time."""
        new = [row for row in mail.letters if not row.number]
        keys = [(row.source, row.id) for row in new]
        if len({*keys}) < len(keys) or not self.rows.keys().isdisjoint(keys):
            raise doubled("a letter")
        named = [(row.source, row.delivery) for row in new if row.delivery is not None]
        if len({*named}) < len(named) or not self.deliveries.keys().isdisjoint(named):
            raise doubled("a delivery")

    def keep(self, mail: Mail) -> None:
        for row in mail.letters:
            self._file(row)
        for effect in mail.effects:
            key = effect.destination, effect.position
            if effect.state is EffectState.DONE:
                self.effects.pop(key, None)
            else:
                self.effects[key] = effect
        for tally, count in mail.tallies.items():
            self.tallies[tally] = self.tallies.get(tally, 0) + count
        self.cursors |= mail.cursors
        self.destinations |= {one.name: one for one in mail.destinations}
        if mail.forget is not None:
            self._forget(mail.forget)

    def _file(self, row: LetterRow) -> None:
        if not row.number:
            row = attrs.evolve(row, number=self.last + 1)
        self.last = max(self.last, row.number)
        key = row.source, row.id
        self.rows[key] = row
        if row.delivery is not None:
            self.deliveries[row.source, row.delivery] = key
        if row.state is LetterState.PARKED:
            self.parked[key] = None
        else:
            self.parked.pop(key, None)

    def _forget(self, before: datetime) -> None:
        old = [
            row
            for row in self.rows.values()
            if row.state is LetterState.STORED and row.changed_at < before
        ]
        for row in old:
            del self.rows[row.source, row.id]
            if row.delivery is not None:
                del self.deliveries[row.source, row.delivery]


def _by_position(effect: Effect) -> tuple[int, str]:
    return effect.position, effect.destination


class _MemorySession:
    """One turn at a memory store."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.over = False

    def __enter__(self) -> "_MemorySession":
        self._store._refuse_in_session()
        self._store._in_session = True
        return self

    def __exit__(self, *_fault: object) -> None:
        self.over = True
        self._store._in_session = False

    def read_since(self, position: int) -> Iterator[Event]:
        return self._store.read(position)

    def lookup(self, references: Iterable[Reference]) -> Mapping[Reference, Answer]:
        return {reference: self._store._answer(reference) for reference in references}

    def seen(self, commands: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        known = self._store._commands
        return {one: known[one] for one in commands if one in known}

    def letters(self, wanted: Iterable[LetterIds]) -> Mapping[LetterIds, LetterRow]:
        mail = self._store._mail
        found: dict[LetterIds, LetterRow] = {}
        for source, name, delivery in wanted:
            key: tuple[str, str] | None = (source, name)
            if key not in mail.rows:
                key = None if delivery is None else mail.deliveries.get((source, delivery))
            if key is not None:
                found[source, name, delivery] = mail.rows[key]
        return found

    def parked(
        self,
        *,
        awaits: Iterable[str] = (),
        conversations: Iterable[tuple[str, str]] = (),
        before: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[LetterRow, ...]:
        mail = self._store._mail
        if not mail.parked:
            return ()
        texts, talks = frozenset(awaits), frozenset(conversations)
        found = (
            row
            for row in sorted((mail.rows[key] for key in mail.parked), key=lambda row: row.number)
            if row.awaits in texts
            or (row.source, row.conversation) in talks
            or (before is not None and row.received_at < before)
        )
        return tuple(islice(found, limit))

    def destinations(self) -> tuple[Destination, ...]:
        return self._store.destinations()

    def effects(self, wanted: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Effect]:
        known = self._store._mail.effects
        return {key: known[key] for key in wanted if key in known}

    def due(self, destination: str, at: datetime, limit: int) -> tuple[Effect, ...]:
        return self._store.due(destination, at, limit)

    def commit(self, expected: int, batch: Batch) -> Committed | Conflict:
        if self.over:
            raise StoreFault(TURN_OVER)
        self.over = True
        position = self._store.last_position
        if position != expected:
            return Conflict(position)
        self._store._keep(batch)
        return Committed(self._store.last_position)
