"""The lock that processes take turns by: a `flock` on a file beside the database.

Laws of this file: the database's own lock is the guarantee, and this one is for fairness, so
whatever becomes of it nothing is lost. Nobody waits longer than it was told to. A process that ends
lets go at once, since the kernel sees to that; one made by `fork` never shares its maker's lock.
"""

import os
import time
import weakref
from contextlib import suppress
from datetime import timedelta
from io import FileIO
from typing import Final

from onechannel.errors import StoreFault
from onechannel.ports import LockHolder
from onechannel.stores.sqlite._flock import AVAILABLE, Waiter, is_taken, let_go, take_if_free
from onechannel.stores.sqlite._holder import (
    Record,
    evicted,
    found,
    note,
    present,
    recorded,
    shown,
    start_of,
)
from onechannel.stores.sqlite._waiting import new_name, others_wait, wait_no_more, waits

__all__ = ["StreamLock", "lock_beside"]

# Killed, a process is gone within milliseconds, unless the kernel itself waits for a disk in it.
_GRACE: Final = 1.0
_SOON: Final = 0.01
# A place in the queue is renewed this often, well before it is thought to be left.
_RENEW: Final = 0.4
# Who let go this long ago has left others time enough to wake, even on a busy machine; who has only
# just done so gives way at first for about a turn's length, then longer, and at most so long.
_LATELY: Final = 0.005
_GIVE_WAY: Final = (0.0003, 0.010)


def lock_beside(
    path: str, timeout: timedelta, evict_after: timedelta | None
) -> "StreamLock | None":
    """The lock of a database's file; None where the system has no such locks."""
    return StreamLock(path, timeout, evict_after) if AVAILABLE else None


class StreamLock:
    """One store's hold on the lock; one thread at a time takes it.

    Its file is made when it is first taken.
    """

    def __init__(self, path: str, timeout: timedelta, evict_after: timedelta | None) -> None:
        self._path = path
        # Whoever reaches the database by another name, by a link, takes the same lock.
        self._place = f"{os.path.realpath(path)}-lock"
        self._timeout = timeout
        self._evict_after = evict_after
        self._file: FileIO | None = None
        self._waiter = Waiter()
        self._pid = self._start = self._name = self._noted = 0
        self._let_go_at = 0.0
        self._suspect: tuple[Record | None, Record | None] = (None, None)
        _LOCKS.add(self)

    def acquire(self) -> bool:
        """Take the lock; raises `StoreFault` after the time given, naming who holds it.

        False where the file's disk knows no such locks: then it is not held.
        """
        file = self._file or self._opened()
        if time.monotonic() - self._let_go_at < _LATELY:
            self._give_way(file)
        try:
            if self._waiter.waiting or not take_if_free(file):
                self._wait(file)
        except OSError:
            return False
        self._noted = note(file.fileno(), self._pid, self._start)
        self._suspect = (None, None)
        return True

    def release(self) -> None:
        """Let it go; without it, nothing."""
        if self._file is not None:
            let_go(self._file)
            self._let_go_at = time.monotonic()

    def holder(self) -> LockHolder | None:
        """Who holds the lock at this moment, if anybody does; may be asked in any thread."""
        try:
            with FileIO(self._place) as file:
                return shown(present(file.fileno())) if is_taken(file) else None
        except OSError:
            return None

    def close(self) -> None:
        """Let go of the file too; a second time does nothing."""
        file, self._file = self._file, None
        if file is not None:
            self._waiter.close(file)

    def disown(self) -> None:
        """In a process just made by `fork`: leave the lock to the maker."""
        file, self._file, self._waiter = self._file, None, Waiter()
        if file is not None:
            file.close()

    def _opened(self) -> FileIO:
        try:
            self._file = _made_like(self._path, self._place)
        except OSError:
            raise StoreFault(
                f"{self._place}: the lock cannot be opened: check the permissions of this file "
                "and its folder"
            ) from None
        self._pid = os.getpid()
        self._start = start_of(self._pid)
        self._name = new_name()
        return self._file

    def _give_way(self, file: FileIO) -> None:
        """Leave the lock to those who wait, until one of them has had its turn."""
        pause, longest = _GIVE_WAY
        until = time.monotonic() + longest
        while others_wait(file.fileno(), self._name) and time.monotonic() < until:
            record = recorded(file.fileno())
            if record is not None and record.since != self._noted:
                return
            time.sleep(pause)
            pause *= 2

    def _wait(self, file: FileIO) -> None:
        """Wait in the system's queue; raises `StoreFault` after the time given."""
        until = time.monotonic() + self._timeout.total_seconds()
        came = False
        try:
            while not came and (left := until - time.monotonic()) > 0:
                self._waiter.ask(file)
                waits(file.fileno(), self._name)
                came = self._waiter.came(min(left, self._patience(file), _RENEW))
                if not came and self._ends_whoever_hangs(file):
                    until = max(until, time.monotonic() + _GRACE)
        finally:
            wait_no_more(file.fileno(), self._name)
            if not came:
                self._waiter.gives_up(file)
        if not came:
            raise StoreFault(f"{self._path}: {self._said(present(file.fileno()))}")

    def _patience(self, file: FileIO) -> float:
        """After how many seconds to see whether whoever holds the lock has held it too long."""
        if self._evict_after is None:
            return self._timeout.total_seconds()
        record = self._suspect[1] or recorded(file.fileno())
        left = self._evict_after - (record.held if record else timedelta(0))
        return max(left.total_seconds(), _SOON)

    def _ends_whoever_hangs(self, file: FileIO) -> bool:
        """End a holder that has held the lock too long; whether there was one."""
        if self._evict_after is None:
            return False
        record = present(file.fileno()) or self._suspected(file)
        if record is None or record.held < self._evict_after:
            return False
        self._suspect = (None, None)
        return evicted(record, file.fileno())

    def _suspected(self, file: FileIO) -> Record | None:
        """One that was stopped before it could write who it is, since when it has been seen."""
        last = recorded(file.fileno())
        seen = None if last is None else found(file.fileno())
        before = self._suspect[1]
        same = seen and before and (seen.pid, seen.start) == (before.pid, before.start)
        # Where anybody has written meanwhile, the lock has changed hands.
        self._suspect = (last, before if same and self._suspect[0] == last else seen)
        return self._suspect[1]

    def _said(self, record: Record | None) -> str:
        if record is None:
            return "is locked by another process: try again, or end that one"
        held = f"{record.held.total_seconds():.1f} s"
        if record.pid == self._pid:
            return f"is held elsewhere in this process for {held}: end that session"
        return f"is held by process {record.pid} for {held}: continue it or end it"


def _made_like(path: str, place: str) -> FileIO:
    """A file opened or made, which whoever may write the database may write; raises `OSError`."""
    like = os.stat(path)
    file = FileIO(os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, like.st_mode & 0o777), "r+")
    if os.fstat(file.fileno()).st_size == 0:  # just made
        with suppress(OSError):  # somebody else has made it, or it need not be changed
            os.fchmod(file.fileno(), like.st_mode & 0o777)
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
    return file


#: The locks of this process, which one that it forks must not share.
_LOCKS: Final["weakref.WeakSet[StreamLock]"] = weakref.WeakSet()


def _disown_all() -> None:
    for lock in list(_LOCKS):
        lock.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
