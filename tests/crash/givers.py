"""Processes that give commands to one SQLite file, until they are stopped or killed.

Laws of this file: a giver acknowledges a command only when it has been served; who begins again
does so three commands before the last that it acknowledged, so what it gives is given again.
"""

import os
import selectors
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import attrs
from tests.crash.giving import Given, give_next, name_of, prepare
from tests.crash.judging import complaints

from onechannel.delivery import CommitCycle
from onechannel.stores.sqlite import SQLiteStore

__all__ = ["Giver", "Givers", "fast_folder", "givers_at_work"]

_AGAIN = 3
_SNAPSHOT_EVERY = 40
_PATIENCE = timedelta(seconds=20)


@attrs.define(eq=False)
class Giver:
    """A process that gives commands, and what it has acknowledged in all its lives."""

    name: str
    path: str
    options: dict[str, Any]
    pid: int = 0
    pipe: int = -1
    rest: bytes = b""
    given: dict[int, Given] = attrs.field(factory=dict)
    repeated: int = 0

    def begin(self, others: list["Giver"]) -> None:
        """Begin to give, in a process that is made by `fork`."""
        reading, writing = os.pipe()
        self.pid, self.rest = os.fork(), b""
        if self.pid == 0:
            self._live(writing, [reading, *(other.pipe for other in others)])
        os.close(writing)
        os.set_blocking(reading, False)
        self.pipe = reading

    def _live(self, pipe: int, pipes_of_others: list[int]) -> None:
        try:
            for other in pipes_of_others:
                with suppress(OSError):  # of one that does not live
                    os.close(other)
            self.serve(pipe)
        except BaseException as fault:  # noqa: BLE001 - said in the pipe, and judged
            os.write(pipe, f"! {type(fault).__name__} {fault}\n".encode())
        finally:
            os._exit(1)

    def serve(self, pipe: int) -> None:
        """Give one command after the other, and say of each where it is."""
        store = SQLiteStore(self.path, create=False, lock_timeout=_PATIENCE, **self.options)
        cycle = CommitCycle(store)
        for number in count(max(0, len(self.given) - _AGAIN)):
            given = give_next(cycle, self.name, number)
            said = f"{number} {given.first} {given.last} {given.repeated:d}\n"
            os.write(pipe, said.encode())
            if number % _SNAPSHOT_EVERY == 0:
                cycle.save_snapshot()

    def hear(self) -> None:
        """Take in what it has acknowledged."""
        with suppress(BlockingIOError):
            while data := os.read(self.pipe, 1 << 16):
                *lines, self.rest = (self.rest + data).split(b"\n")
                for line in lines:
                    self._heard(line.decode())

    def _heard(self, line: str) -> None:
        assert not line.startswith("!"), f"{self.name}: {line}"
        number, first, last, repeated = map(int, line.split())
        given = Given(name_of(self.name, number), first, last)
        assert self.given.setdefault(number, given) == given, f"{given} was {self.given[number]}"
        self.repeated += repeated

    def signal(self, number: int) -> None:
        """Stop it, or let it go on."""
        os.kill(self.pid, number)

    def has_died(self) -> bool:
        """Whether somebody has ended it; it is then gone for good."""
        return os.waitpid(self.pid, os.WNOHANG)[0] != 0

    def die(self) -> None:
        """End it at once."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@attrs.define(eq=False)
class Givers:
    """Several of them on one file."""

    all: list[Giver]
    selector: selectors.BaseSelector = attrs.field(factory=selectors.DefaultSelector)

    def begin(self, giver: Giver) -> None:
        """Let one begin, or begin again."""
        giver.begin(self.all)
        self.selector.register(giver.pipe, selectors.EVENT_READ, giver)

    def bury(self, giver: Giver) -> None:
        """Take in the last words of one that has died."""
        self.selector.unregister(giver.pipe)
        giver.hear()
        os.close(giver.pipe)

    def hear_for(self, seconds: float) -> None:
        """Take in what all of them acknowledge, for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                key.data.hear()

    def draw(self, chance: Random) -> Giver:
        """Anybody, or, every other time, whoever wrote last that it holds the lock."""
        drawn = chance.choice(self.all)
        if chance.random() < 1 / 2:
            with suppress(OSError, ValueError):
                said = Path(f"{drawn.path}-lock").read_text("ascii")
                holding = [one for one in self.all if one.pid == int(said.split()[0])]
                return (holding or [drawn])[0]
        return drawn

    def end(self) -> None:
        """End those who live."""
        for giver in self.all:
            if giver.pid:
                giver.die()
                self.bury(giver)
        self.selector.close()


@contextmanager
def givers_at_work(number: int, **options: Any) -> Iterator[Givers]:
    """So many givers on a new file, which is judged when they have been ended."""
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        path = os.path.join(folder, "centre.db")
        with closing(SQLiteStore(path)) as store:
            prepared = prepare(CommitCycle(store))
        givers = Givers([Giver(f"g{one}", path, options) for one in range(number)])
        try:
            for giver in givers.all:
                givers.begin(giver)
            yield givers
        finally:
            givers.end()
        given = [one for giver in givers.all for one in giver.given.values()]
        with closing(SQLiteStore(path, create=False)) as store:
            found = complaints(store, [*prepared, *given])
            assert not found, found
        assert given, "nothing was acknowledged, so nothing is proved"


def fast_folder() -> str | None:
    """Where files are fast, if there is such a place: what is killed here needs no disk."""
    return "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
