"""Who holds the lock: what a holder writes into the lock's file, and how one that hangs is ended.

Law of this file: a process is ended only where the system itself says, at that moment, that it is
the one that was recorded and that it holds this very lock.
"""

import os
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs

from onechannel.ports import LockHolder

__all__ = ["Record", "evicted", "found", "note", "present", "recorded", "shown", "start_of"]

_LENGTH: Final = 64  # three numbers of 64 bits and what is between them
_START: Final = 19  # proc(5): the 22nd field of `stat`, the third being the first after the name


@attrs.frozen
class Record:
    """Which process took the lock: its id, when it began (0 where that is not known), and since.

    `since` is of the machine's monotonic clock, in nanoseconds.
    """

    pid: int
    start: int
    since: int

    @property
    def held(self) -> timedelta:
        """For how long by now."""
        return timedelta(microseconds=max(time.monotonic_ns() - self.since, 0) // 1000)


def note(file: int, pid: int, start: int) -> int:
    """Write down who has taken the lock, and since when, which is given.

    On a full disk nobody learns, and that is all.
    """
    since = time.monotonic_ns()
    text = f"{pid} {start} {since}\n"
    with suppress(OSError):
        os.pwrite(file, text.ljust(_LENGTH).encode(), 0)
    return since


def recorded(file: int) -> Record | None:
    """Who took the lock last."""
    try:
        pid, start, since = map(int, os.pread(file, _LENGTH, 0).split())
    except ValueError:
        return None
    return Record(pid, start, since)


def present(file: int) -> Record | None:
    """Who holds the lock: who took it last, unless the system knows better."""
    record = recorded(file)
    try:
        denied = record is not None and record.start and not _holds(record.pid, file)
    except OSError:  # gone, or somebody else's, into which one may not look
        denied = record is not None and start_of(record.pid) != record.start
    return None if denied else record


def found(file: int) -> Record | None:
    """Who holds the lock as the system says, whatever is written down; from now on."""
    for name in os.listdir("/proc") if os.path.isdir("/proc/self/fdinfo") else ():
        try:
            if name.isdecimal() and _holds(int(name), file):
                return Record(int(name), start_of(int(name)), time.monotonic_ns())
        except OSError:  # gone, or somebody else's
            continue
    return None


def shown(record: Record | None) -> LockHolder | None:
    """A record as others see it."""
    if record is None:
        return None
    return LockHolder(record.pid, datetime.now(UTC) - record.held, record.held)


def start_of(pid: int) -> int:
    """When a process began, in ticks since the machine did; 0 where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return 0
    # What the program is called stands in brackets, and may hold any character.
    return int(text.rpartition(")")[2].split()[_START])


def evicted(record: Record, file: int) -> bool:
    """End the process that was recorded, if it holds the lock of that file; whether it was ended.

    Never this process, and none where the system cannot tell.
    """
    if record.pid == os.getpid() or not record.start:
        return False
    try:
        # From here on the number means this process, even if it ends and another is given it.
        process = os.pidfd_open(record.pid)
    except (AttributeError, OSError):
        return False
    try:
        if start_of(record.pid) != record.start or not _holds(record.pid, file):
            return False
        signal.pidfd_send_signal(process, signal.SIGKILL)
    except OSError:  # somebody else's process, or one that has just ended
        return False
    finally:
        os.close(process)
    return True


def _holds(pid: int, file: int) -> bool:
    """Whether a process has that file open and locked; raises `OSError` if one may not look."""
    wanted = os.fstat(file)
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            found = os.stat(f"/proc/{pid}/fd/{number}")
            if (found.st_dev, found.st_ino) != (wanted.st_dev, wanted.st_ino):
                continue
            said = Path(f"/proc/{pid}/fdinfo/{number}").read_text("utf-8")
        except FileNotFoundError:
            continue
        if any("FLOCK" in line and "WRITE" in line for line in said.splitlines()):
            return True
    return False
