"""Images of a centre at random instants, whose write-ahead log is cut or hurt.

Laws of this file: an image is taken while the process is stopped, so it is what a crash at that
moment would leave; how it is hurt is drawn from a seed; what must be left is told by the log's own
frames, which are read here by other code than SQLite's.
"""

import os
import signal
import sqlite3
import struct
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random

import attrs
from tests.crash.givers import fast_folder
from tests.crash.giving import Given, give_next, prepare
from tests.crash.judging import complaints
from tests.crash.rounds import Figures, Say, rounds

from onechannel.delivery import CommitCycle
from onechannel.stores.sqlite import SQLiteStore

__all__ = ["Torn", "tear_many"]

#: So many images of one file; then another is begun: logs stay short.
ROUND = 25
_PAUSE = (0.001, 0.012)
_SECTORS = (512, 4096)
# sqlite.org/fileformat2.html#walformat
_HEADER, _FRAME, _PAGE = 32, 24, 4096
_WHOLE_FRAME = _FRAME + _PAGE
# What of it has been copied, and is being copied, says the index: sqlite.org/walformat.html
_BACKFILLED = (96, 128)
_SALTS = slice(32, 40)
_ROWS = "select * from events order by position"


@attrs.define
class Torn(Figures):
    """What so many images came to; `given` were the commits in them, of which `lost` were torn."""

    hurt: int = 0
    lost: int = 0

    def __str__(self) -> str:
        return (
            f"{self.count} torn images ({self.hurt} lost something, {self.lost} of {self.given} "
            f"commits in all): each a beginning, whole up to the tear ({self.each})"
        )


# -- how a tail is hurt ---------------------------------------------------------------------------


def _cut(tail: bytearray, at: int, _old: bytes, _chance: Random) -> None:
    """The file ends there."""
    del tail[at:]


def _zeroed(tail: bytearray, at: int, _old: bytes, _chance: Random) -> None:
    """From there on nothing was written, though the file had been made longer."""
    tail[at:] = bytes(len(tail) - at)


def _torn(tail: bytearray, at: int, _old: bytes, chance: Random) -> None:
    """What is left of that sector holds something else."""
    end = min(_sector_end(at, chance.choice(_SECTORS)), len(tail))
    tail[at:end] = chance.randbytes(end - at)


def _stale(tail: bytearray, at: int, old: bytes, chance: Random) -> None:
    """From there on, every other sector holds what it held before."""
    size, skip = chance.choice(_SECTORS), False
    while at < len(tail):
        end = min(_sector_end(at, size), len(tail))
        if not skip:
            tail[at:end] = old[at:end].ljust(end - at, b"\0")
        at, skip = end, chance.random() < 1 / 2


def _sector_end(at: int, size: int) -> int:
    return at - at % size + size


def _flipped(tail: bytearray, at: int, _old: bytes, chance: Random) -> None:
    """One bit is another."""
    tail[at] ^= 1 << chance.randrange(8)


_HURTS: tuple[Callable[[bytearray, int, bytes, Random], None], ...] = (
    _cut,
    _zeroed,
    _torn,
    _stale,
    _flipped,
)


def _synced(tail: bytes, index: bytes) -> int:
    """Up to where the log was synced long before: what has been copied into the database."""
    if index[_SALTS] != tail[16:24]:  # all of it has, and it is just about to begin anew
        return len(tail)
    copied = max(struct.unpack_from("=I", index, at)[0] for at in _BACKFILLED)
    return _HEADER + copied * _WHOLE_FRAME


def commit_ends(tail: bytes) -> list[int]:
    """Where in a write-ahead log its commits end; those of an earlier round of it do not count."""
    if len(tail) < _HEADER:
        return []
    salts, ends = tail[16:24], []
    for start in range(_HEADER, len(tail) - _WHOLE_FRAME + 1, _WHOLE_FRAME):
        if tail[start + 8 : start + 16] != salts:
            break
        if struct.unpack_from(">I", tail, start + 4)[0]:
            ends.append(start + _WHOLE_FRAME)
    return ends


# -- a centre that is alive -----------------------------------------------------------------------


@attrs.define(eq=False)
class _Centre:
    """A process that serves and is stopped while a copy is made."""

    path: str
    pid: int = 0
    pipe: int = -1
    rest: bytes = b""
    given: list[Given] = attrs.field(factory=list)

    def begin(self, checkpoint: int) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(reading)
                self._serve(checkpoint, writing)
            finally:
                os._exit(1)
        os.close(writing)
        os.set_blocking(reading, False)
        self.pipe = reading

    def _serve(self, checkpoint: int, pipe: int) -> None:
        store = SQLiteStore(self.path)
        store._connection.execute(f"pragma wal_autocheckpoint = {checkpoint}")
        cycle = CommitCycle(store)
        for one in prepare(cycle):
            os.write(pipe, f"{one.command} {one.first} {one.last}\n".encode())
        for number in count():
            one = give_next(cycle, "t", number)
            os.write(pipe, f"{one.command} {one.first} {one.last}\n".encode())

    def runs_for(self, seconds: float) -> None:
        """Let it work, and at first until there are tables."""
        until = time.monotonic() + seconds
        while time.monotonic() < until or not self.given:
            time.sleep(0.001)
            self._hear()

    def stopped(self) -> "_Image":
        """What a crash at this moment would leave; the process is stopped until `goes_on`."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)
        self._hear()
        tail, index = (Path(f"{self.path}-{name}").read_bytes() for name in ("wal", "shm"))
        return _Image(Path(self.path).read_bytes(), tail, _synced(tail, index))

    def goes_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.pipe)

    def _hear(self) -> None:
        try:
            while data := os.read(self.pipe, 1 << 16):
                *lines, self.rest = (self.rest + data).split(b"\n")
                for line in lines:
                    command, first, last = line.decode().split()
                    self.given.append(Given(command, int(first), int(last)))
        except BlockingIOError:
            pass


@attrs.frozen
class _Image:
    """The two files that hold a database, and from where on the second can be torn."""

    database: bytes
    tail: bytes
    synced: int

    def put(self, path: Path) -> Path:
        for leftover in path.parent.glob(f"{path.name}*"):
            leftover.unlink()
        path.write_bytes(self.database)
        Path(f"{path}-wal").write_bytes(self.tail)
        return path

    def rows(self, path: Path) -> list[tuple[object, ...]]:
        """The events in it, read by SQLite alone."""
        with closing(sqlite3.connect(self.put(path))) as connection:
            return connection.execute(_ROWS).fetchall()

    def hurt(self, tail: bytes) -> "_Image":
        return _Image(self.database, tail, self.synced)


# -- who tears ------------------------------------------------------------------------------------


def tear_many(count: int, seed: int, first: int = 0, say: Say | None = None) -> Torn:
    """So many images; raises `AssertionError` with what is wrong, if anything is."""
    figures = Torn()
    rounds("torn", figures, _one_round, size=ROUND, count=count, seed=seed, first=first, say=say)
    return figures


def _one_round(images: int, chance: Random, figures: Torn) -> None:
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        centre = _Centre(str(Path(folder) / "centre.db"))
        # Sometimes so few pages that the write-ahead log begins anew every few commits.
        centre.begin(chance.choice((50, 300, 1000)))
        try:
            old = b""
            for _ in range(images):
                centre.runs_for(chance.uniform(*_PAUSE))
                image = centre.stopped()
                _judge(Path(folder) / "image.db", image, centre.given, old, chance, figures)
                old = image.tail
                figures.count += 1
                centre.goes_on()
        finally:
            centre.end()


def _judge(
    path: Path, image: _Image, given: list[Given], old: bytes, chance: Random, figures: Torn
) -> None:
    whole = image.rows(path)
    assert not given or given[-1].last <= len(whole), "acknowledged before it was written"
    ends = commit_ends(image.tail)
    tail = bytearray(image.tail)
    if ends and image.synced < len(tail):
        # Mostly near the end, where a crash tears.
        reach = chance.choice((_PAGE, 16 * _PAGE, len(tail)))
        at = max(image.synced, chance.randint(ends[-1] - reach, ends[-1] + _PAGE))
        chance.choice(_HURTS)(tail, min(at, len(tail) - 1), old, chance)
    first = _first_difference(image.tail, tail)
    left = max((end for end in ends if end <= first), default=0)
    least = len(image.hurt(image.tail[:left]).rows(path))
    figures.given += len(ends)
    figures.lost += sum(end > left for end in ends)
    figures.hurt += least < len(whole)
    hurt = image.hurt(bytes(tail))
    with closing(SQLiteStore(hurt.put(path))) as store:
        rows = store._connection.execute(_ROWS).fetchall()
        assert len(rows) >= least, f"{least - len(rows)} events before the tear are gone"
        assert rows == whole[: len(rows)], "what is left is no beginning of what was"
        kept = [one for one in given if one.last <= len(rows)]
        found = complaints(store, kept)
        assert not found, found
        cycle = CommitCycle(store)
        more = [give_next(cycle, "after", number) for number in range(3)]
        assert [one.repeated for one in more] == [False] * 3
    with closing(SQLiteStore(path, create=False)) as store:
        assert store.last_position == more[-1].last


def _first_difference(left: bytes, right: bytes) -> int:
    """Where two texts first differ, or the shorter one ends."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high) // 2
        if left[low : middle + 1] == right[low : middle + 1]:
            low = middle + 1
        else:
            high = middle
    return low
