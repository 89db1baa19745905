"""A disk that forgets: SQLite's files in memory, behind a VFS, and the store that works on them.

Laws of this file: what was not synced when the power went is there, is not there, or is there in
part, sector by sector and in any order; what was synced is there. A fault comes at the call it was
planned for, and is over when it was planned to be.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import apsw
import attrs

from onechannel.stores.sqlite import SQLiteStore

__all__ = ["Disk", "DiskStore", "Fault", "insert"]

SECTOR = 512
_NAME = "onechannel-disk"
_PLACE = "/disk/centre.db"


# -- the disk -------------------------------------------------------------------------------------


@attrs.define(eq=False)
class _File:
    """What a process reads of a file, what is safe of it, and what was done to it since."""

    now: bytearray = attrs.field(factory=bytearray)
    safe: bytes | None = None  # None: not even its name
    since: list[tuple[int, bytes | None]] = attrs.field(factory=list)

    def write(self, at: int, data: bytes) -> None:
        _put(self.now, at, data)
        self.since.append((at, data))

    def truncate(self, size: int) -> None:
        del self.now[size:]
        self.since.append((size, None))

    def sync(self) -> None:
        self.safe, self.since = bytes(self.now), []

    def survivor(self, chance: Random) -> "_File | None":
        """The file after the power was lost."""
        kept = chance.choice((0, 0.5, 0.9, 1))
        if self.safe is None and chance.random() >= kept:
            return None
        left = bytearray(self.safe or b"")
        torn = chance.random() < 1 / 2
        for at, data in self.since:
            for start, part in _parts(at, data) if torn else ((at, data),):
                if chance.random() < kept:
                    _apply(left, start, part)
        return _File(left, bytes(left))


def _put(content: bytearray, at: int, data: bytes) -> None:
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del content[at:]
    else:
        _put(content, at, data)


def _parts(at: int, data: bytes | None) -> Iterator[tuple[int, bytes | None]]:
    """What is written at once: what of it lies in one sector."""
    if data is None:
        yield at, None
        return
    start = 0
    while start < len(data):
        end = start + SECTOR - (at + start) % SECTOR
        yield at + start, data[start:end]
        start = end


@attrs.define(eq=False)
class Fault:
    """So many calls fail, from that one on: with "eio", "full" (writes alone) or "power" (all)."""

    kind: str
    at: int
    calls: int = 1
    hit: int = 0


@attrs.define(eq=False)
class Disk:
    """Files by name; of deleted ones, those whose deletion is not yet safe."""

    files: dict[str, _File] = attrs.field(factory=dict)
    deleted: dict[str, _File] = attrs.field(factory=dict)
    fault: Fault | None = None
    calls: int = 0

    def call(self, *, writes: bool = False) -> None:
        """Count one call, and fail if it was so planned."""
        self.calls += 1
        fault = self.fault
        if fault is None or self.calls < fault.at:
            return
        if fault.kind != "power" and fault.hit >= fault.calls:
            return
        if fault.kind == "full" and not writes:
            return
        fault.hit += 1
        code = apsw.SQLITE_FULL if fault.kind == "full" else apsw.SQLITE_IOERR
        raise apsw.exception_for(code)

    @property
    def powered(self) -> bool:
        """Whether the power is still there."""
        return not (self.fault and self.fault.kind == "power" and self.fault.hit)

    def after_power_loss(self, chance: Random) -> "Disk":
        """The disk when the power is back."""
        left = Disk()
        files = {**self.files}
        for name, file in self.deleted.items():
            if chance.random() < 1 / 2:
                files.setdefault(name, file)
        for name, file in files.items():
            survivor = file.survivor(chance)
            if survivor is not None:
                left.files[name] = survivor
        return left


# -- SQLite's view of it --------------------------------------------------------------------------


@attrs.define(eq=False)
class _Open:
    """An open file, as SQLite asks for it."""

    disk: Disk
    file: _File

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self.disk.call()
        return bytes(self.file.now[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        # What fails, or is cut off with the power, may have been written all the same.
        if self.disk.powered:
            self.file.since.append((offset, bytes(data)))
        self.disk.call(writes=True)
        self.file.since.pop()
        self.file.write(offset, bytes(data))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self.disk.call(writes=True)
        self.file.truncate(size)

    def xSync(self, _flags: int) -> None:  # noqa: N802
        self.disk.call()
        if self.file.safe is None:
            # With a new journal SQLite syncs the folder too, and with it what was deleted there.
            self.disk.deleted.clear()
        self.file.sync()

    def xFileSize(self) -> int:  # noqa: N802
        self.disk.call()
        return len(self.file.now)

    def xLock(self, _level: int) -> None:  # noqa: N802
        """One process, one connection."""

    def xUnlock(self, _level: int) -> None:  # noqa: N802
        """One process, one connection."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xClose(self) -> None:  # noqa: N802
        """Nothing to let go of."""

    def xSectorSize(self) -> int:  # noqa: N802
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xFileControl(self, _operation: int, _pointer: int) -> bool:  # noqa: N802
        return False


class _VFS(apsw.VFS):
    """Where SQLite finds the disk that is inserted."""

    def __init__(self) -> None:
        super().__init__(_NAME, base="")
        self.disk = Disk()

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        if name is None:
            return _Open(Disk(), _File())
        path = name if isinstance(name, str) else name.filename()
        self.disk.call()
        if path not in self.disk.files and not flags[0] & apsw.SQLITE_OPEN_CREATE:
            raise apsw.exception_for(apsw.SQLITE_CANTOPEN)
        return _Open(self.disk, self.disk.files.setdefault(path, _File()))

    def xDelete(self, path: str, safely: bool) -> None:  # noqa: N802
        self.disk.call(writes=True)
        file = self.disk.files.pop(path, None)
        if file is not None and not safely:
            self.disk.deleted[path] = file

    def xAccess(self, path: str, _flags: int) -> bool:  # noqa: N802
        self.disk.call()
        return path in self.disk.files

    def xFullPathname(self, path: str) -> str:  # noqa: N802
        return path


_VFS_OF_ALL = _VFS()


def insert(disk: Disk) -> None:
    """From now on this is the disk."""
    _VFS_OF_ALL.disk = disk


# -- the connection -------------------------------------------------------------------------------


class _Rows:
    """The rows of one statement, all of them."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = iter(rows)

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


class _Connection:
    """What the store asks of a connection, through apsw; its faults are `sqlite3`'s."""

    def __init__(self, place: str) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        self.pages = 1000  # as SQLite has it: after so many, into the file itself
        self._inner = _translated(apsw.Connection, place, flags, _NAME)
        self._inner.set_wal_hook(self._checkpoint)
        # There is no memory to share with others: the index of the write-ahead log is its own.
        self.execute("pragma locking_mode = exclusive")

    @property
    def in_transaction(self) -> bool:
        return bool(_translated(lambda: self._inner.in_transaction))

    def execute(self, statement: str, values: Any = ()) -> _Rows:
        return _Rows(_translated(lambda: list(self._inner.execute(statement, values))))

    def executemany(self, statement: str, values: Iterable[Any]) -> object:
        return _translated(lambda: list(self._inner.executemany(statement, values)))

    def _checkpoint(self, _connection: object, _name: str, pages: int) -> int:
        # SQLite's own does the same, but apsw would raise what SQLite passes over here.
        if pages >= self.pages:
            with suppress(apsw.Error):
                self._inner.wal_checkpoint()
        return apsw.SQLITE_OK

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("rollback")

    def close(self) -> None:
        with suppress(apsw.Error):  # as SQLite's own does, which closes come what may
            self._inner.close(force=True)


def _translated(ask: Any, *values: Any) -> Any:
    try:
        return ask(*values)
    except apsw.ConnectionClosedError as fault:
        raise sqlite3.ProgrammingError(str(fault)) from None
    except apsw.ConstraintError as fault:
        raise sqlite3.IntegrityError(str(fault)) from None
    except apsw.Error as fault:
        known = sqlite3.OperationalError(str(fault))
        known.sqlite_errorcode = fault.extendedresult
        raise known from None


class DiskStore(SQLiteStore):
    """The store, on the disk that is inserted; it is alone with its file there."""

    def __init__(self, place: str = _PLACE, tenant: str | None = None) -> None:
        super().__init__(place, tenant)
        self._lock = None

    @staticmethod
    def _connect(place: str, patience: timedelta) -> Any:
        assert patience
        return _Connection(place)
