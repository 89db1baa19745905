"""The store in memory, for tests and simulations.

Law of this file: it refuses what the database refuses; the contract suite holds both to the same
words.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias

from onechannel.errors import StoreFault
from onechannel.events import CustomerRegistered, Event, InteractionArrived, InteractionClosed
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, TenantId
from onechannel.ports import (
    Answer,
    Batch,
    Committed,
    Conflict,
    CustomerKnown,
    HolderOf,
    Past,
    Reference,
    StoredSnapshot,
)
from onechannel.stores._shared import (
    DEFINITIONS,
    TURN_OVER,
    check_batch,
    customers_of,
    doubled,
    line_of,
    rows_from_events,
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
        self._in_session = False

    @property
    def tenant(self) -> TenantId:
        """Whose log it is."""
        return self._tenant

    @property
    def last_position(self) -> int:
        """The position of the log's last event, 0 before the first."""
        return len(self._events)

    @contextmanager
    def session(self) -> Iterator["_MemorySession"]:
        """One turn at the stream; a second one inside it is refused, as a locked database would."""
        self._refuse_in_session()
        self._in_session = True
        session = _MemorySession(self)
        try:
            yield session
        finally:
            session.over = True
            self._in_session = False

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
        for _ in rows_from_events(batch.events):
            pass  # what the database could not carry is refused here too
        arrivals, customers = self._new(batch.events)
        if not self._commands.keys().isdisjoint(batch.commands):
            raise doubled("a command id")
        if not (self._keys.keys() - batch.freed).isdisjoint(batch.keys):
            raise doubled("a key")
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


class _MemorySession:
    """One turn at a memory store."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.over = False

    def read_since(self, position: int) -> Iterator[Event]:
        return self._store.read(position)

    def lookup(self, references: Iterable[Reference]) -> Mapping[Reference, Answer]:
        return {reference: self._store._answer(reference) for reference in references}

    def seen(self, commands: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        known = self._store._commands
        return {one: known[one] for one in commands if one in known}

    def commit(self, expected: int, batch: Batch) -> Committed | Conflict:
        if self.over:
            raise StoreFault(TURN_OVER)
        self.over = True
        position = self._store.last_position
        if position != expected:
            return Conflict(position)
        self._store._keep(batch)
        return Committed(self._store.last_position)
