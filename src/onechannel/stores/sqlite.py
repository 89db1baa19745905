"""The store in one SQLite file.

Laws of this file: one file is one stream; a commit is durable when it returns (WAL, synchronous=FULL) or has not happened;
every fault of the database becomes a `StoreFault` that says what to do, without the values it was given.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from onechannel.codec import (
    SUBJECTS,
    actor_from_text,
    data_from_json,
    data_to_json,
    time_from_text,
    time_to_text,
)
from onechannel.errors import LogInconsistent, StoreFault
from onechannel.events import Cause, CustomerRegistered, Event, InteractionArrived, InteractionClosed, Origin
from onechannel.model.ids import CustomerId, InteractionId, TenantId
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

__all__ = ["SCHEMA", "SCHEMA_VERSION", "SQLiteStore"]

#: Written into the file's header: "1chn". Another number is another program's database.
_APPLICATION_ID: Final = 0x3163686E
SCHEMA_VERSION: Final = 1

SCHEMA: Final = """
create table centre (tenant text not null) strict;
create table events (
    position    integer primary key,
    type        text not null,
    version     integer not null,
    recorded_at text not null,
    occurred_at text not null,
    cause       text not null,
    command     text,
    actor       text not null,
    interaction text,
    customer    text,
    journey     text,
    worker      text,
    data        text not null
) strict;
create index events_by_interaction on events (interaction) where interaction is not null;
create index events_by_customer on events (customer) where customer is not null;
create index events_by_journey on events (journey) where journey is not null;
create unique index one_arrival on events (interaction) where type = 'interaction.arrived';
create unique index one_closing on events (interaction) where type = 'interaction.closed';
create unique index one_registration on events (customer) where type = 'customer.registered';
create table commands (id text primary key, first integer not null, last integer not null) strict, without rowid;
create table addresses (key text primary key, customer text not null) strict, without rowid;
create table snapshots (slot integer primary key check (slot = 1), position integer not null, body text not null) strict;
"""

_COLUMNS: Final = (
    "position, type, version, recorded_at, occurred_at, cause, command, actor, "
    "interaction, customer, journey, worker, data"
)
_INSERT: Final = f"insert into events ({_COLUMNS}) values ({', '.join('?' * 13)})"
# How long to wait for another process before saying that the file is locked.
_BUSY_SECONDS: Final = 5.0
_CHUNK: Final = 1000
# SQLite's own limit on parameters was 999 until 3.32; staying under it costs nothing.
_PARAMETERS: Final = 900


def _faults() -> Any:
    """Turn the database's errors into ours; theirs may cite values, so they go no further."""

    @contextmanager
    def translate(path: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise StoreFault(
                f"{path}: the batch gives an id or address a second time: nothing of it was kept"
            ) from None
        except sqlite3.Error as fault:
            raise StoreFault(f"{path}: {_advice(fault)}") from None

    return translate


_translated: Final = _faults()


def _advice(fault: sqlite3.Error) -> str:
    code = getattr(fault, "sqlite_errorcode", None)
    base = None if code is None else code & 0xFF  # extended codes keep the primary one in the low byte
    return _ADVICE.get(base, f"the database failed with {getattr(fault, 'sqlite_errorname', 'an error')}")


_ADVICE: Final[dict[int | None, str]] = {
    sqlite3.SQLITE_FULL: "the disk is full: nothing of the batch was kept; make room and try again",
    sqlite3.SQLITE_NOTADB: "the file is not a database: give another, or a new name",
    sqlite3.SQLITE_CORRUPT: "the database is damaged: restore it from a backup",
    sqlite3.SQLITE_BUSY: "the database is locked by another process: try again",
    sqlite3.SQLITE_LOCKED: "the database is locked: try again",
    sqlite3.SQLITE_READONLY: "the file may not be written: check its permissions",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: check that it and its folder exist and may be read",
    sqlite3.SQLITE_IOERR: "reading or writing failed: check the disk",
    sqlite3.SQLITE_PERM: "the file may not be opened: check its permissions",
}


class SQLiteStore:
    """The log of one centre in a file; `create=False` refuses a file that is not there."""

    def __init__(
        self, path: str | os.PathLike[str], tenant: TenantId | None = None, *, create: bool = True
    ) -> None:
        self._path = os.fspath(path)
        if not create and not os.path.exists(self._path):
            raise StoreFault(f"{self._path}: there is no such file")
        with _translated(self._path):
            self._connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._tenant = self._prepare(tenant, create=create)
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self, tenant: TenantId | None, *, create: bool) -> TenantId:
        execute = self._connection.execute
        (application,) = execute("pragma application_id").fetchone()
        (tables,) = execute("select count(*) from sqlite_schema").fetchone()
        if tables and application != _APPLICATION_ID:
            raise StoreFault(f"{self._path}: a database of another program: give another file")
        if not tables and not create:
            raise StoreFault(f"{self._path}: holds no centre: give another file")
        (version,) = execute("pragma user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreFault(
                f"{self._path}: the database is of version {version}, this release knows {SCHEMA_VERSION}: "
                "upgrade onechannel"
            )
        execute("pragma journal_mode = wal")
        execute("pragma synchronous = full")
        if not tables:
            self._create(tenant or "main")
        (found,) = execute("select tenant from centre").fetchone()
        if tenant is not None and tenant != found:
            raise StoreFault(f"{self._path}: holds the centre of tenant {found}, not {tenant}")
        return str(found)

    def _create(self, tenant: TenantId) -> None:
        execute = self._connection.execute
        execute("begin immediate")
        try:
            (tables,) = execute("select count(*) from sqlite_schema").fetchone()
            if not tables:
                for statement in SCHEMA.split(";"):
                    execute(statement)
                execute("insert into centre values (?)", (tenant,))
                execute(f"pragma application_id = {_APPLICATION_ID}")
                execute(f"pragma user_version = {SCHEMA_VERSION}")
            execute("commit")
        except BaseException:
            execute("rollback")
            raise

    @property
    def tenant(self) -> TenantId:
        """Whose log it is."""
        return self._tenant

    @property
    def path(self) -> str:
        """The file."""
        return self._path

    @contextmanager
    def session(self) -> Iterator["_SQLiteSession"]:
        """One turn at the stream, alone among all processes."""
        with _translated(self._path):
            if self._connection.in_transaction:
                raise StoreFault(f"{self._path}: locked by another session: end that one first")
            self._connection.execute("begin immediate")
        session = _SQLiteSession(self)
        try:
            yield session
        finally:
            if self._connection.in_transaction:
                self._connection.execute("rollback")

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """Committed events after a position, in order, at most `limit`."""
        last = None if limit is None else after + limit
        while last is None or after < last:
            size = _CHUNK if last is None else min(_CHUNK, last - after)
            events = self._select("where position > ? order by position limit ?", (after, size))
            if not events:
                return
            yield from events
            after = events[-1].position

    def history(
        self, *, customer: CustomerId | None = None, interaction: InteractionId | None = None
    ) -> Iterator[Event]:
        """What happened to one customer or in one interaction, in order."""
        if interaction is not None:
            yield from self._select("where interaction = ? order by position", (interaction,))
        if customer is not None:
            yield from self._select(
                "where customer = ? or interaction in (select interaction from events where customer = ?) "
                "order by position",
                (customer, customer),
            )

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep a snapshot in place of an earlier one."""
        with _translated(self._path):
            self._connection.execute(
                "insert into snapshots values (1, ?, ?) on conflict (slot) do update "
                "set position = excluded.position, body = excluded.body where excluded.position >= position",
                (snapshot.position, snapshot.text),
            )

    def snapshot(self) -> StoredSnapshot | None:
        """The snapshot kept, if any."""
        with _translated(self._path):
            row = self._connection.execute("select position, body from snapshots").fetchone()
        return None if row is None else StoredSnapshot(*row)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # -- rows ------------------------------------------------------------------------------------------------------

    def _select(self, condition: str, values: tuple[object, ...]) -> list[Event]:
        with _translated(self._path):
            rows = self._connection.execute(f"select {_COLUMNS} from events {condition}", values).fetchall()
        return [self._event(row) for row in rows]

    def _event(self, row: tuple[Any, ...]) -> Event:
        position, name, version, recorded_at, occurred_at, cause, command, actor = row[:8]
        try:
            origin = Origin(
                time_from_text(recorded_at),
                time_from_text(occurred_at),
                Cause(cause),
                command,
                actor_from_text(actor),
                self._tenant,
            )
        except ValueError:
            raise LogInconsistent(position, "its envelope cannot be read") from None
        return Event(position, origin, data_from_json(position, name, version, row[12]))


def _row(event: Event) -> tuple[object, ...]:
    origin, data = event.origin, event.data
    return (
        event.position,
        data.stored_name,
        data.version,
        time_to_text(origin.recorded_at),
        time_to_text(origin.occurred_at),
        origin.cause.value,
        origin.command,
        str(origin.actor),
        *(event.subject(subject) for subject in SUBJECTS),
        data_to_json(data),
    )


class _SQLiteSession:
    """One turn at a SQLite store, inside one transaction."""

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        self._execute = store._connection.execute

    def read_since(self, position: int) -> Iterator[Event]:
        return self._store.read(position)

    def lookup(self, references: Iterable[Reference]) -> Mapping[Reference, Answer]:
        with _translated(self._store.path):
            return {reference: self._answer(reference) for reference in references}

    def _answer(self, reference: Reference) -> Answer:
        if isinstance(reference, CustomerKnown):
            return self._first(CustomerRegistered, "customer", reference.customer)
        if isinstance(reference, CustomerAt):
            query = "select customer from addresses where key = ?"
            row = self._execute(query, (reference.key,)).fetchone()
            return None if row is None else str(row[0])
        latest = self._latest(reference.root)
        arrived = self._first(InteractionArrived, "interaction", latest)
        if arrived is None:
            return None
        return Past(arrived, self._first(InteractionClosed, "interaction", latest))

    def _latest(self, root: InteractionId) -> InteractionId:
        # Successors are root~1, root~2, …; U+007F comes right after the tilde.
        query = (
            "select interaction from events where type = 'interaction.arrived' "
            "and interaction >= ? || '~' and interaction < ? || char(127) "
            "order by length(interaction) desc, interaction desc limit 1"
        )
        row = self._execute(query, (root, root)).fetchone()
        return root if row is None else str(row[0])

    def _first(self, kind: type[Any], subject: str, wanted: str) -> Any:
        found = self._store._select(
            f"where type = '{kind.stored_name}' and {subject} = ?", (wanted,)
        )
        return found[0].data if found else None

    def seen(self, commands: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        wanted = list(commands)
        found: dict[str, tuple[int, int]] = {}
        with _translated(self._store.path):
            for start in range(0, len(wanted), _PARAMETERS):
                part = wanted[start : start + _PARAMETERS]
                query = f"select id, first, last from commands where id in ({', '.join('?' * len(part))})"
                found.update({row[0]: (row[1], row[2]) for row in self._execute(query, part)})
        return found

    def commit(self, expected: int, batch: Batch) -> Committed | Conflict:
        connection = self._store._connection
        with _translated(self._store.path):
            if not connection.in_transaction:
                raise StoreFault("a session commits once: begin another")
            (position,) = self._execute("select coalesce(max(position), 0) from events").fetchone()
            if position != expected:
                self._execute("rollback")
                return Conflict(position)
            last = position + len(batch.events)
            if [event.position for event in batch.events] != [*range(position + 1, last + 1)]:
                raise StoreFault(f"the batch does not go on at position {position + 1}: nothing was kept")
            connection.executemany(_INSERT, map(_row, batch.events))
            connection.executemany(
                "insert into commands values (?, ?, ?)",
                [(one, *positions) for one, positions in batch.commands.items()],
            )
            connection.executemany("insert into addresses values (?, ?)", batch.addresses.items())
            self._execute("commit")
        return Committed(last)
