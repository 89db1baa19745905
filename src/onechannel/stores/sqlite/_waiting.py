"""Who waits for the lock: a place for each store in the lock's file, behind its holder's.

Law of this file: it is courtesy and nothing hangs on it. The system hands a lock to nobody: on a
busy machine who has just let it go has it again before another could wake, unless it gives way; a
place that is not renewed (its store was stopped or killed) counts for a second and no more.
"""

import os
import struct
import time
from contextlib import suppress
from itertools import count
from typing import Final

__all__ = ["new_name", "others_wait", "wait_no_more", "waits"]

_PLACES: Final = 16
# What a store is called, and when it last said that it waits, in nanoseconds.
_PLACE: Final = struct.Struct("=QQ")
_FIRST: Final = 64
_FRESH: Final = 1_000_000_000
_SERIAL: Final = count()


def new_name() -> int:
    """A name for a store; another's is another."""
    return os.getpid() << 20 | next(_SERIAL) % (1 << 20)


def waits(file: int, name: int) -> None:
    """Say that this store waits; to be said again twice a second."""
    _write(file, name, _PLACE.pack(name, time.monotonic_ns()))


def wait_no_more(file: int, name: int) -> None:
    """Say that it does so no more."""
    _write(file, name, bytes(_PLACE.size))


def others_wait(file: int, name: int) -> bool:
    """Whether other stores wait; of two that share a place, one is seen."""
    found = os.pread(file, _PLACES * _PLACE.size, _FIRST)
    if not found.strip(b"\0"):
        return False
    since = time.monotonic_ns() - _FRESH
    places = _PLACE.iter_unpack(found[: len(found) // _PLACE.size * _PLACE.size])
    return any(other not in {0, name} and said > since for other, said in places)


def _write(file: int, name: int, place: bytes) -> None:
    number = (name ^ name >> 20) % _PLACES
    with suppress(OSError):  # on a full disk nobody gives way, and that is all
        os.pwrite(file, place, _FIRST + number * _PLACE.size)
