"""The store in one SQLite file.

Laws of this file: one file is one stream; a commit is durable when it returns (WAL,
synchronous=FULL) or has not happened; nothing is looked up but by an index.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

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
    Past,
    Reference,
    StoredSnapshot,
    Tally,
)
from onechannel.stores._shared import (
    COLUMNS,
    READ_COLUMNS,
    TURN_OVER,
    check_batch,
    events_from_rows,
    line_of,
    rows_from_events,
)
from onechannel.stores.sqlite import _mail as mail
from onechannel.stores.sqlite._connection import Connection, Row, Values, connect
from onechannel.stores.sqlite._database import (
    DEFINES,
    IN_MEMORY,
    MERGES,
    SURVIVOR,
    Database,
    translated,
)
from onechannel.stores.sqlite._lock import lock_beside

__all__ = ["SQLiteStore"]

# The queries are put together of names that stand in the code; what is asked for is bound.
_EVENTS: Final = f"select {', '.join(READ_COLUMNS)} from events"  # noqa: S608
_AFTER: Final = f"{_EVENTS} where position > ? order by position limit ?"
_NAMED: Final = "select position, interaction, journey from events where"
_HISTORY: Final = f"""
with named as (
    {_NAMED} customer = :customer union {_NAMED} journey = :journey
    union {_NAMED} {SURVIVOR} = :customer and {MERGES}
)
{_EVENTS} where position in (
    select position from named
    union select position from events where interaction = :interaction
    union select position from events where interaction in (select interaction from named)
    union select position from events where journey in (select journey from named)
) order by position
"""  # noqa: S608
_DEFINITIONS: Final = f"{_EVENTS} where {DEFINES} order by position"
_REGISTERED: Final = f"{_EVENTS} where type = 'customer.registered' and customer = ?"
# The arrival of the latest of a line and, where it is closed, its closing.
_LINE: Final = f"""
{_EVENTS} join (
    select arrived, closed from interactions where root = ? order by number desc limit 1
) on position in (arrived, closed) order by position
"""  # noqa: S608
_HOLDER: Final = "select holder from keys where key = ?"
_SEEN: Final = "select id, first, last from commands where id in"
_LAST: Final = "select coalesce(max(position), 0) from events"

_ADD_EVENT: Final = f"insert into events values ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
_ADD_ARRIVAL: Final = "insert into interactions (root, number, arrived) values (?, ?, ?)"
_ADD_CLOSING: Final = """
update interactions set closed = ? where root = ? and number = ? and closed is null
"""
_ADD_COMMAND: Final = "insert into commands values (?, ?, ?)"
_FREE_KEY: Final = "delete from keys where key = ?"
_ADD_KEY: Final = "insert into keys values (?, ?)"
_SAVE: Final = """
insert into snapshots values (1, ?, ?) on conflict (slot) do update
set position = excluded.position, body = excluded.body where excluded.position >= position
"""

_LOCK_TIMEOUT: Final = timedelta(seconds=5)  # Python's own default for SQLite
# Long enough that a query costs nothing for each event, short enough for bodies of 1 MiB.
_CHUNK: Final = 250
# SQLite's own limit on parameters was 999 until 3.32; staying under it costs nothing.
_PARAMETERS: Final = 900


class SQLiteStore:
    """The log of one centre in a file, which any number of processes may have open.

    `create=False` refuses a file that is not there, `read_only=True` never writes. One thread at a
    time may use a store, and no process but the one that opened it. The path `:memory:` is a
    database that is gone when it is closed.

    Processes take turns by a lock on the file `<path>-lock`, made with the first session.
    `lock_timeout` is how long another that holds it is waited for. One that is killed lets go at
    once; one that hangs, or is stopped, is named by the `StoreFault` of those who gave up. With
    `evict_after`, who finds that the same process has held the lock for longer than that ends it
    with SIGKILL and goes on, which is safe, since what it had not committed never happened; in the
    field this is called STONITH. It needs Linux, one machine and the right to end that process.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        tenant: TenantId | None = None,
        *,
        create: bool = True,
        read_only: bool = False,
        lock_timeout: timedelta = _LOCK_TIMEOUT,
        evict_after: timedelta | None = None,
    ) -> None:
        place = os.fsdecode(path)
        self._database = Database(place, read_only, lock_timeout, self._connect)
        self._database.open(tenant, create=create and not read_only)
        self._connection = self._database.connection
        shared = place != IN_MEMORY
        self._lock = lock_beside(place, lock_timeout, evict_after) if shared else None

    @property
    def tenant(self) -> TenantId:
        """Whose log it is."""
        return self._database.tenant

    @property
    def path(self) -> str:
        """The file."""
        return self._database.path

    @property
    def last_position(self) -> int:
        """The position of the log's last event, 0 before the first."""
        return int(self._rows(_LAST)[0][0])

    @contextmanager
    def session(self) -> Iterator["_SQLiteSession"]:
        """One turn at the stream, alone among all processes."""
        self._begin()
        session = _SQLiteSession(self)
        try:
            yield session
        finally:
            session.over = True
            self._end()

    def holder(self) -> LockHolder | None:
        """Which process holds the lock at this moment, if any does; any thread may ask."""
        return None if self._lock is None else self._lock.holder()

    def _begin(self) -> None:
        with translated(self.path):
            self._refuse_unless_writable()
        lock = self._lock
        alone = lock is not None and lock.acquire()
        try:
            with translated(self.path):
                self._database.begin(alone=alone or self.path == IN_MEMORY)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def _end(self) -> None:
        try:
            with translated(self.path):
                self._connection.rollback()
        finally:
            if self._lock is not None:
                self._lock.release()

    def _refuse_unless_writable(self) -> None:
        self._database.refuse_elsewhere()
        if self._database.read_only:
            raise StoreFault(f"{self.path}: is open for reading only: open it for writing")
        if self._connection.in_transaction:
            raise StoreFault(f"{self.path}: is locked by another session: end that one first")

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """Committed events after a position, in order, at most `limit`."""
        last = None if limit is None else after + limit
        while last is None or after < last:
            size = _CHUNK if last is None else min(_CHUNK, last - after)
            rows = self._rows(_AFTER, (after, size))
            if not rows:
                return
            yield from events_from_rows(rows, self.tenant)
            after = rows[-1][0]

    def history(
        self,
        *,
        customer: CustomerId | None = None,
        interaction: InteractionId | None = None,
        journey: JourneyId | None = None,
    ) -> Iterator[Event]:
        """What is recorded of a customer, an interaction or a journey, each event once."""
        wanted = {"customer": customer, "interaction": interaction, "journey": journey}
        yield from events_from_rows(self._rows(_HISTORY, wanted), self.tenant)

    def definitions(self) -> Iterator[Event]:
        """What channels and workers are and were, in order of the log."""
        yield from events_from_rows(self._rows(_DEFINITIONS), self.tenant)

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep a snapshot in place of an earlier one; outside sessions."""
        self._begin()
        try:
            with translated(self.path):
                self._connection.execute(_SAVE, (snapshot.position, snapshot.text))
                self._connection.execute("commit")
        finally:
            self._end()

    def snapshot(self) -> StoredSnapshot | None:
        """The snapshot kept, if any."""
        found = self._rows("select position, body from snapshots")
        return StoredSnapshot(*found[0]) if found else None

    def letters(
        self, state: LetterState, *, after: int = 0, limit: int | None = None
    ) -> tuple[LetterRow, ...]:
        """The letters in a state, in the order they came, after the one of that number."""
        return mail.letters_in(self._rows, state, after, limit)

    def effects(
        self, state: EffectState, destination: str | None = None, limit: int | None = None
    ) -> tuple[Effect, ...]:
        """The effects in a state, of one destination or of all, in order of the log."""
        return mail.effects_in(self._rows, state, destination, limit)

    def due(self, destination: str, at: datetime, limit: int) -> tuple[Effect, ...]:
        """What a claim would find now."""
        return mail.due(self._rows, destination, at, limit)

    def destinations(self) -> tuple[Destination, ...]:
        """Who is told of what happens."""
        return mail.destinations(self._rows)

    def tallies(self) -> Mapping[Tally, int]:
        """What was counted since the log began."""
        return mail.tallies(self._rows)

    def cursor(self, name: str) -> int:
        """The position up to which a reader of this name has read; 0 for one not known."""
        return mail.cursor(self._rows, name)

    def close(self) -> None:
        """Close the file; a session that is open ends without a commit."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    @staticmethod
    def _connect(place: str, patience: timedelta) -> Connection:
        """How to connect: in development another library runs the same statements."""
        return connect(place, patience)

    # -- what a session does ----------------------------------------------------------------------

    def _rows(self, query: str, values: Values = ()) -> list[Row]:
        self._database.refuse_elsewhere()
        with translated(self.path):
            return self._connection.execute(query, values).fetchall()

    def _keep(self, batch: Batch) -> None:
        with translated(self.path):
            try:
                self._insert(batch)
                self._connection.execute("commit")
            finally:
                # After a fault SQLite may have done so by itself; then this does nothing.
                self._connection.rollback()

    def _insert(self, batch: Batch) -> None:
        arrived, closed = [], []
        for event in batch.events:
            data = event.data
            if isinstance(data, InteractionArrived):
                arrived.append((*line_of(data.interaction), event.position))
            elif isinstance(data, InteractionClosed):
                closed.append((event.position, *line_of(data.interaction)))
        many = self._connection.executemany
        if batch.events:
            many(_ADD_EVENT, rows_from_events(batch.events))
        if arrived:
            many(_ADD_ARRIVAL, arrived)
        if closed:
            many(_ADD_CLOSING, closed)
        if batch.commands:
            many(_ADD_COMMAND, [(command, *made) for command, made in batch.commands.items()])
        if batch.freed:
            many(_FREE_KEY, [(key,) for key in batch.freed])
        if batch.keys:
            many(_ADD_KEY, batch.keys.items())
        if batch.mail is not None:
            mail.keep(many, batch.mail)


class _SQLiteSession:
    """One turn at a SQLite store, inside one transaction."""

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        self.over = False

    def read_since(self, position: int) -> Iterator[Event]:
        return self._store.read(position)

    def lookup(self, references: Iterable[Reference]) -> Mapping[Reference, Answer]:
        return {reference: self._answer(reference) for reference in references}

    def _answer(self, reference: Reference) -> Answer:
        store = self._store
        if isinstance(reference, HolderOf):
            found = store._rows(_HOLDER, (reference.key,))
            return str(found[0][0]) if found else None
        if isinstance(reference, CustomerKnown):
            rows = store._rows(_REGISTERED, (reference.customer,))
        else:
            rows = store._rows(_LINE, (reference.root,))
        match [event.data for event in events_from_rows(rows, store.tenant)]:
            case []:
                return None
            case [CustomerRegistered() as registered]:
                return registered
            case [InteractionArrived() as arrived]:
                return Past(arrived, None)
            case [InteractionArrived() as arrived, InteractionClosed() as closed]:
                return Past(arrived, closed)
        raise StoreFault(f"{store.path}: an index is damaged: restore it from a backup")

    def seen(self, commands: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        wanted = list(commands)
        found: dict[str, tuple[int, int]] = {}
        for start in range(0, len(wanted), _PARAMETERS):
            part = wanted[start : start + _PARAMETERS]
            rows = self._store._rows(f"{_SEEN} ({', '.join('?' * len(part))})", part)
            found |= {command: (first, last) for command, first, last in rows}
        return found

    def letters(self, wanted: Iterable[LetterIds]) -> Mapping[LetterIds, LetterRow]:
        return mail.letters_of(self._store._rows, wanted)

    def parked(
        self,
        *,
        awaits: Iterable[str] = (),
        conversations: Iterable[tuple[str, str]] = (),
        before: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[LetterRow, ...]:
        return mail.parked(self._store._rows, awaits, conversations, before, limit)

    def destinations(self) -> tuple[Destination, ...]:
        return self._store.destinations()

    def effects(self, wanted: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Effect]:
        return mail.effects_of(self._store._rows, wanted)

    def due(self, destination: str, at: datetime, limit: int) -> tuple[Effect, ...]:
        return self._store.due(destination, at, limit)

    def commit(self, expected: int, batch: Batch) -> Committed | Conflict:
        store = self._store
        if self.over:
            raise StoreFault(TURN_OVER)
        self.over = True
        position = store.last_position
        if position != expected:
            return Conflict(position)
        check_batch(store.tenant, position, batch)
        store._keep(batch)
        return Committed(position + len(batch.events))
