"""The store in memory, for tests and simulations.

Law of this file: it refuses what the database refuses; the contract suite holds both to the same words.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from onechannel.errors import StoreFault
from onechannel.events import CustomerRegistered, Event, InteractionArrived, InteractionClosed
from onechannel.model.ids import CustomerId, InteractionId, TenantId, root_of
from onechannel.ports import (
    Answer,
    Batch,
    Committed,
    Conflict,
    CustomerAt,
    CustomerKnown,
    Past,
    Reference,
    StoredSnapshot,
)

__all__ = ["MemoryStore"]


class MemoryStore:
    """The log of one centre, gone with the process."""

    def __init__(self, tenant: TenantId = "main") -> None:
        self._tenant = tenant
        self._events: list[Event] = []
        self._commands: dict[str, tuple[int, int]] = {}
        self._addresses: dict[str, CustomerId] = {}
        self._customers: dict[CustomerId, CustomerRegistered] = {}
        self._arrived: dict[InteractionId, InteractionArrived] = {}
        self._closed: dict[InteractionId, InteractionClosed] = {}
        self._latest: dict[InteractionId, InteractionId] = {}
        self._snapshot: StoredSnapshot | None = None
        self._in_session = False

    @property
    def tenant(self) -> TenantId:
        """Whose log it is."""
        return self._tenant

    @contextmanager
    def session(self) -> Iterator["_MemorySession"]:
        """One turn at the stream; a second one inside it is refused, as a locked database would."""
        if self._in_session:
            raise StoreFault("the store is locked by another session: end that one first")
        self._in_session = True
        try:
            yield _MemorySession(self)
        finally:
            self._in_session = False

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """Committed events after a position, in order, at most `limit`."""
        last = len(self._events) if limit is None else min(after + limit, len(self._events))
        for index in range(after, last):
            yield self._events[index]

    def history(
        self, *, customer: CustomerId | None = None, interaction: InteractionId | None = None
    ) -> Iterator[Event]:
        """What happened to one customer or in one interaction, in order."""
        wanted = {interaction} if interaction is not None else set()
        if customer is not None:
            wanted |= {one.interaction for one in self._arrived.values() if one.customer == customer}
        for event in self.read():
            of_customer = customer is not None and event.subject("customer") == customer
            if of_customer or event.subject("interaction") in wanted:
                yield event

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep a snapshot in place of an earlier one."""
        if self._snapshot is None or snapshot.position >= self._snapshot.position:
            self._snapshot = snapshot

    def snapshot(self) -> StoredSnapshot | None:
        """The snapshot kept, if any."""
        return self._snapshot

    def close(self) -> None:
        """Nothing to let go of."""

    # -- what a session does ---------------------------------------------------------------------------------------

    def _answer(self, reference: Reference) -> Answer:
        if isinstance(reference, CustomerKnown):
            return self._customers.get(reference.customer)
        if isinstance(reference, CustomerAt):
            return self._addresses.get(reference.key)
        latest = self._latest.get(reference.root)
        if latest is None:
            return None
        return Past(self._arrived[latest], self._closed.get(latest))

    def _refuse_doubles(self, batch: Batch) -> None:
        firsts = {
            "interaction": (InteractionArrived, self._arrived),
            "customer": (CustomerRegistered, self._customers),
        }
        for subject, (kind, known) in firsts.items():
            new = [event.subject(subject) for event in batch.events if isinstance(event.data, kind)]
            if len(set(new)) < len(new) or any(one in known for one in new):
                raise StoreFault(f"the batch gives {subject} a second time: nothing of it was kept")
        if any(one in self._commands for one in batch.commands):
            raise StoreFault("the batch gives a command id a second time: nothing of it was kept")
        if any(key in self._addresses for key in batch.addresses):
            raise StoreFault("the batch gives an address a second time: nothing of it was kept")

    def _keep(self, batch: Batch) -> None:
        for event in batch.events:
            self._events.append(event)
            data = event.data
            if isinstance(data, InteractionArrived):
                self._arrived[data.interaction] = data
                self._latest[root_of(data.interaction)] = data.interaction
            elif isinstance(data, InteractionClosed):
                self._closed[data.interaction] = data
            elif isinstance(data, CustomerRegistered):
                self._customers[data.customer] = data
        self._commands |= batch.commands
        self._addresses |= batch.addresses


class _MemorySession:
    """One turn at a memory store."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._ended = False

    def read_since(self, position: int) -> Iterator[Event]:
        return self._store.read(position)

    def lookup(self, references: Iterable[Reference]) -> Mapping[Reference, Answer]:
        return {reference: self._store._answer(reference) for reference in references}

    def seen(self, commands: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        known = self._store._commands
        return {one: known[one] for one in commands if one in known}

    def commit(self, expected: int, batch: Batch) -> Committed | Conflict:
        store = self._store
        position = len(store._events)
        if self._ended:
            raise StoreFault("a session commits once: begin another")
        self._ended = True
        if position != expected:
            return Conflict(position)
        if [event.position for event in batch.events] != [
            *range(position + 1, position + 1 + len(batch.events))
        ]:
            raise StoreFault(f"the batch does not go on at position {position + 1}: nothing was kept")
        store._refuse_doubles(batch)
        store._keep(batch)
        return Committed(len(store._events))
