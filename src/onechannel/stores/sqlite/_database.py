"""A SQLite file as a centre's database: how it is opened, made, and what is said when it fails.

Laws of this file: a file that is not a centre's is refused and left as it was; every fault of the
database becomes a `StoreFault` that names the file, its state and the way out. What SQLite says may
cite values, so it goes no further.
"""

import os
import random
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import attrs

from onechannel.errors import BatchRefused, StoreFault
from onechannel.model.ids import TenantId
from onechannel.stores._shared import doubled
from onechannel.stores.sqlite._connection import Connect, Connection
from onechannel.stores.sqlite._mail import MAIL_SCHEMA

__all__ = [
    "DEFINES",
    "IN_MEMORY",
    "MERGES",
    "SCHEMA",
    "SCHEMA_VERSION",
    "SURVIVOR",
    "Database",
    "translated",
]

# Written into the file's header: "1chn". Another number is another program's database.
_APPLICATION_ID: Final = 0x3163686E
SCHEMA_VERSION: Final = 3

# A query finds a partial index where it says the index's condition in the same words.
DEFINES: Final = "type in ('channel.defined', 'worker.defined')"
MERGES: Final = "type in ('customer.merged', 'customer.unmerged')"
SURVIVOR: Final = "json_extract(data, '$.survivor')"

SCHEMA: Final = f"""
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
create index events_by_survivor on events ({SURVIVOR}) where {MERGES};
create index definitions on events (position) where {DEFINES};
create unique index one_registration on events (customer) where type = 'customer.registered';
create table interactions (
    root    text not null,
    number  integer not null,
    arrived integer not null,
    closed  integer,
    primary key (root, number)
) strict, without rowid;
create table commands (
    id    text primary key,
    first integer not null,
    last  integer not null
) strict, without rowid;
create table keys (key text primary key, holder text not null) strict, without rowid;
create table snapshots (
    slot     integer primary key check (slot = 1),
    position integer not null,
    body     text not null
) strict;
{MAIL_SCHEMA}"""

IN_MEMORY: Final = ":memory:"
# Seconds. Measured with four processes: long enough to let one begin, short enough to be fair.
_PAUSE: Final = (0.0005, 0.001)
_UNWRITABLE: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})


@attrs.define
class Database:
    """A connection to one centre's database, for the process that opened it.

    `lock_timeout` is how long a lock that somebody else holds is waited for.
    """

    path: str
    read_only: bool
    lock_timeout: timedelta
    connect: Connect
    connection: Connection = attrs.field(init=False)
    process: int = attrs.field(init=False, factory=os.getpid)
    tenant: TenantId = attrs.field(init=False)

    def open(self, tenant: TenantId | None, *, create: bool) -> None:
        """Open the file, or make it; raises `StoreFault` where it is not this tenant's centre."""
        with translated(self.path):
            self.connection = self._connect(create=create)
            try:
                self.tenant = self._prepare(tenant, create=create)
            except BaseException:
                self.connection.close()
                raise

    def _connect(self, *, create: bool) -> Connection:
        if self.path == IN_MEMORY:
            return self._connection_to(self.path)
        place = Path(self.path).absolute().as_uri()
        if not self.read_only:
            return self._connection_to(f"{place}?mode={'rwc' if create else 'rw'}")
        connection = self._connection_to(f"{place}?mode=ro")
        try:
            connection.execute("select count(*) from sqlite_schema")
        except sqlite3.Error as fault:
            connection.close()
            if _primary(fault) not in _UNWRITABLE or not os.path.isfile(self.path):
                raise
            # To read the write-ahead log an index of it must be written, which is not possible
            # here. Where no such log was left, the file alone holds everything.
            if os.path.exists(f"{self.path}-wal") and os.path.getsize(f"{self.path}-wal"):
                raise StoreFault(
                    f"{self.path}: its last commits stand in a write-ahead log that cannot be "
                    "read here: open it once where it may be written"
                ) from None
            return self._connection_to(f"{place}?mode=ro&immutable=1")
        return connection

    def _connection_to(self, place: str) -> Connection:
        return self.connect(place, self.lock_timeout)

    def refuse_elsewhere(self) -> None:
        """Raise `StoreFault` in another process than the one that opened the file."""
        if os.getpid() != self.process:
            raise StoreFault(
                f"{self.path}: was opened by process {self.process}, which made this one: open it "
                "here anew"
            )

    def begin(self, *, alone: bool) -> None:
        """Begin a transaction that writes; `alone` where nobody else is about to do the same.

        SQLite would wait by itself, and for seconds, while others come and go.
        """
        execute = self.connection.execute
        if alone:
            execute("begin immediate")
            return
        until = time.monotonic() + self.lock_timeout.total_seconds()
        execute("pragma busy_timeout = 0")
        try:
            while not self._has_begun(until):
                time.sleep(random.uniform(*_PAUSE))
        finally:
            execute(f"pragma busy_timeout = {self.lock_timeout // timedelta(milliseconds=1)}")

    def _has_begun(self, until: float) -> bool:
        try:
            self.connection.execute("begin immediate")
        except sqlite3.OperationalError as fault:
            if _primary(fault) != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            return False
        return True

    def _prepare(self, tenant: TenantId | None, *, create: bool) -> TenantId:
        if self._is_empty():
            if not create:
                raise StoreFault(f"{self.path}: holds no centre: give another file")
            self._create(tenant or "main")
        if not self.read_only:
            self._keep_write_ahead_log()
            self.connection.execute("pragma synchronous = full")
        found, *others = [
            row[0] for row in self.connection.execute("select tenant from centre")
        ] or [None]
        if found is None or others:
            raise StoreFault(
                f"{self.path}: does not say whose centre it is: restore it from a backup"
            )
        if tenant is not None and tenant != found:
            raise StoreFault(
                f"{self.path}: holds the centre of tenant {found}, not {tenant}: give another file"
            )
        return str(found)

    def _is_empty(self) -> bool:
        """Whether it is a database of nobody's yet; raises where it is somebody else's."""
        execute = self.connection.execute
        # In one transaction: another process may be making this very database.
        execute("begin")
        (tables,) = execute("select count(*) from sqlite_schema").fetchone()
        (application,) = execute("pragma application_id").fetchone()
        (version,) = execute("pragma user_version").fetchone()
        execute("commit")
        if not tables and not application and not version:
            return True
        if application != _APPLICATION_ID:
            raise StoreFault(f"{self.path}: a database of another program: give another file")
        if version != SCHEMA_VERSION:
            way_out = "upgrade onechannel" if version > SCHEMA_VERSION else "make it anew"
            raise StoreFault(
                f"{self.path}: the database is of version {version}, this release knows "
                f"{SCHEMA_VERSION}: {way_out}"
            )
        return False

    def _create(self, tenant: TenantId) -> None:
        execute = self.connection.execute
        execute("begin immediate")
        try:
            if not execute("select count(*) from sqlite_schema").fetchone()[0]:
                for statement in SCHEMA.split(";"):
                    execute(statement)
                execute("insert into centre values (?)", (tenant,))
                execute(f"pragma application_id = {_APPLICATION_ID}")
                execute(f"pragma user_version = {SCHEMA_VERSION}")
            execute("commit")
        finally:
            self.connection.rollback()

    def _keep_write_ahead_log(self) -> None:
        until = time.monotonic() + self.lock_timeout.total_seconds()
        while (mode := self._write_ahead_log(until)) is None:
            time.sleep(random.uniform(*_PAUSE))
        if mode != "wal" and self.path != IN_MEMORY:
            raise StoreFault(
                f"{self.path}: no write-ahead log can be kept here: put the file on a local disk"
            )

    def _write_ahead_log(self, until: float) -> str | None:
        """The mode of the journal, or None where a lock that SQLite does not wait for is held."""
        try:
            (mode,) = self.connection.execute("pragma journal_mode = wal").fetchone()
        except sqlite3.OperationalError as fault:
            if _primary(fault) != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            return None
        return str(mode)


# -- faults ---------------------------------------------------------------------------------------


class translated:  # noqa: N801 - said as `with translated(path)`
    """Turns the database's errors into ours.

    A class, since it surrounds every statement, and a generator costs six times as much.
    """

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        if isinstance(fault, sqlite3.Error):
            raise _translation(self._path, fault) from None


def _translation(path: str, fault: sqlite3.Error) -> StoreFault:
    if isinstance(fault, sqlite3.IntegrityError):
        return _refused(path, str(fault))
    if isinstance(fault, sqlite3.ProgrammingError):
        return StoreFault(f"{path}: the store is closed: open it again")
    return StoreFault(f"{path}: {_advice(path, _primary(fault))}")


def _primary(fault: sqlite3.Error) -> int:
    # Extended codes keep the primary one in the low byte; faults that Python finds have none.
    return getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _refused(path: str, said: str) -> BatchRefused:
    """What SQLite says of a constraint is the name of a column, never a value."""
    for column, what in _ONCE.items():
        if said.startswith(f"UNIQUE constraint failed: {column}"):
            return doubled(what)
    return BatchRefused(f"{path}: the batch holds a value of another type: nothing of it was kept")


_ONCE: Final = {
    "interactions.": "an interaction",
    "events.customer": "a customer",
    "commands.": "a command id",
    "keys.": "a key",
    "letters.source, letters.delivery": "a delivery",
    "letters.": "a letter",
}


def _advice(path: str, code: int) -> str:
    if code != sqlite3.SQLITE_CANTOPEN:
        return _ADVICE.get(code, f"the database failed with code {code}: check the file")
    if os.path.isdir(path):
        return "is a folder: give the name of a file in it"
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        return "its folder does not exist: make that first"
    if not os.path.exists(path):
        return "there is no such file, and none was made: check the name and the permissions"
    return "the file cannot be opened: check the permissions of it and its folder"


_ADVICE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: nothing was kept; make room and try again",
    sqlite3.SQLITE_NOTADB: "the file is not a database: give another, or a new name",
    sqlite3.SQLITE_CORRUPT: "the database is damaged: restore it from a backup",
    sqlite3.SQLITE_ERROR: "the database is damaged: restore it from a backup",
    sqlite3.SQLITE_BUSY: "the database is locked by another process: try again, or end that one",
    sqlite3.SQLITE_READONLY: (
        "the file may not be written: check the permissions of it and its folder, "
        "or open it with read_only=True"
    ),
    sqlite3.SQLITE_IOERR: (
        "reading or writing failed, and whether the last commit was kept is not known: "
        "check the disk and the room on it, and try again"
    ),
    sqlite3.SQLITE_PERM: "the file may not be opened: check its permissions",
}
