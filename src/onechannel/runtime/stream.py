"""The stream: an engine as it is seen from an event loop, asyncio's or trio's.

Laws of this file: whatever is awaited is woken on the loop's own thread, by one call for a whole
commit; events are told in order, none skipped and none twice, from memory where they are recent and
from the store where not.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeAlias

import anyio
from anyio import to_thread

from onechannel.delivery import Answer, CommitCycle, Settlement, Work
from onechannel.errors import StoreFault
from onechannel.events import Event
from onechannel.ports import Clock, EventStore
from onechannel.runtime.engine import Engine, Limits, Pending, State

__all__ = ["Stream"]

#: How many events a feed finds in memory before it has to read the store, and how many it reads.
_RECENT: Final = 4096
_CHUNK: Final = 250
_CLOSED: Final = "the centre is closed: open it again"

_SECOND: Final = timedelta(seconds=1)

_Soon: TypeAlias = Callable[[Callable[[], object]], object]


class Stream:
    """An engine that is given work and listened to.

    `reader` is the log on a connection of its own, which only the event loop's thread uses. What
    other processes have put off is looked for every `look`, and for what is being sent when it is
    told to stop it waits so many seconds of `grace`.
    """

    look: timedelta = timedelta(seconds=1)
    grace: float = 5.0

    def __init__(
        self,
        cycle: CommitCycle,
        store: EventStore,
        reader: EventStore,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self.reader = reader
        self.clock = clock
        self.state: State = State()
        self.waiting: int = 0
        self._engine = Engine(cycle, store, clock, limits, self._listen)
        self._most = limits.waiting
        self._soon = _calls_soon()
        self._answered: dict[Pending, anyio.Event] = {}
        self._room = anyio.Event()
        self._begun = anyio.Event()
        self._ended = anyio.Event()
        self._changed = anyio.Event()
        self._recent: deque[Event] = deque(maxlen=_RECENT)
        self._kept_up = 0
        self.stopped: bool = False

    # -- work -------------------------------------------------------------------------------------

    async def do(self, work: Work) -> tuple[Answer, Sequence[Event]]:
        """Its answer once it is committed, and the events of that commit; raises `StoreFault`.

        After that it is not known whether it was done: the same work may come again.
        """
        while self.waiting >= self._most and not self.stopped:
            if self._room.is_set():
                self._room = anyio.Event()
            await self._room.wait()
        if self.stopped:
            raise StoreFault(_CLOSED)
        return await self._done(work)

    async def settle(self, settlement: Settlement) -> Answer:
        """The same of a settlement, which comes in after it was told to stop too."""
        answer, _ = await self._done(settlement)
        return answer

    async def _done(self, work: Work) -> tuple[Answer, Sequence[Event]]:
        if self._ended.is_set():
            raise StoreFault(_CLOSED)
        pending = Pending(work)
        self._answered[pending] = answered = anyio.Event()
        self.waiting += 1
        self._engine.give(pending)
        await answered.wait()
        if pending.fault is not None:
            raise pending.fault
        assert pending.answer is not None
        return pending.answer, pending.events

    # -- running ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run the engine; raises `StoreFault` where its replica cannot be built."""
        try:
            await to_thread.run_sync(self._engine.run, limiter=anyio.CapacityLimiter(1))
        finally:
            self.stopped = True
            self._ended.set()
            for pending, answered in self._answered.items():
                pending.fault = StoreFault(_CLOSED)  # given when it was just ending
                answered.set()
            self._answered.clear()
            self._begun.set()
            self._wake()

    async def begun(self) -> None:
        """Wait until it takes work."""
        await self._begun.wait()

    async def ended(self) -> None:
        """Wait until there is nothing left to do."""
        await self._ended.wait()

    def stop(self) -> None:
        """Take no more work, and end once what is there is done."""
        self.stopped = True
        if not self._kept_up:
            self._engine.stop()
        self._wake()

    @contextmanager
    def kept_up(self) -> Iterator[None]:
        """Not to end before this is over: what was sent is still to be settled."""
        self._kept_up += 1
        try:
            yield
        finally:
            self._kept_up -= 1
            if self.stopped and not self._kept_up:
                self._engine.stop()

    def _listen(self, group: Sequence[Pending], events: Sequence[Event], state: State) -> None:
        """On the engine's thread: let the loop know."""
        self._soon(lambda: self._heard(group, events, state))

    def _heard(self, group: Sequence[Pending], events: Sequence[Event], state: State) -> None:
        self.state = state
        self._begun.set()
        for pending in group:
            self._answered.pop(pending).set()
        if group:
            self.waiting -= len(group)
            self._room.set()
        if events:
            self._recent.extend(events)
            self._wake()

    def _wake(self) -> None:
        """Whoever waits for something has a look."""
        self._room.set()
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    # -- time -------------------------------------------------------------------------------------

    def until(self, moment: datetime) -> anyio.CancelScope:
        """Whatever still waits within this at that moment is cancelled, and it goes on after it."""
        return anyio.move_on_after(max((moment - self.clock()) / _SECOND, 0))

    def looking(self, moment: datetime) -> anyio.CancelScope:
        """The same, or earlier: of others' commits only those that add to the log are told of."""
        return self.until(min(moment, self.clock() + self.look))

    # -- those who follow -------------------------------------------------------------------------

    async def after(self, position: int) -> Sequence[Event]:
        """The next events after a position, as soon as there are any; none once it has ended."""
        while True:
            changed, recent = self._changed, self._recent
            if recent and recent[0].position <= position + 1:
                start = position + 1 - recent[0].position
                if start < len(recent):
                    await anyio.lowlevel.checkpoint()
                    return [*islice(recent, start, None)]
            elif found := [*self.reader.read(position, _CHUNK)]:
                await anyio.lowlevel.checkpoint()
                return found
            if self._ended.is_set():
                return ()
            await changed.wait()

    @property
    def changed(self) -> anyio.Event:
        """Is set with the next commit, or when it is told to stop."""
        return self._changed


def _calls_soon() -> _Soon:
    """Calls something on this thread's event loop, from any other thread, without waiting for it.

    anyio itself offers only calls that wait, which would hold up the engine.
    """
    if "trio" in sys.modules:
        import trio

        try:
            return trio.lowlevel.current_trio_token().run_sync_soon
        except RuntimeError:
            pass  # trio is imported, and it is not trio that runs
    import asyncio

    return asyncio.get_running_loop().call_soon_threadsafe
