"""The virtual stream: what a live centre's stream is to feeds and senders, in virtual time.

Laws of this file: work is done when it is asked for, by the fake centre; who waits for a moment
stands on that centre's agenda; nobody is taken to be at rest who could still run.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import anyio
import anyio.lowlevel
import attrs

from onechannel.delivery import Answer, Settlement, Work
from onechannel.errors import BatchRefused, InvalidValue, StoreFault
from onechannel.events import Event
from onechannel.ports import EventStore
from onechannel.runtime import Outgoing, Reply, Sender
from onechannel.simulation import VirtualCentre

__all__ = ["VirtualStream"]

T = TypeVar("T")

#: How often a live centre tries what its store cannot keep, within its patience: after 0.02 s, then
#: after twice as long each time up to a second, for ten seconds.
_TRIES: Final = 15
#: How many events a feed reads at a time.
_CHUNK: Final = 250
#: Whoever runs for so long, in seconds of real time, never waits.
_IN_A_CIRCLE: Final = 10.0
#: Of an asyncio loop: what ends wakes whoever waits for it by some call-backs, one each round.
_QUIET_ROUNDS: Final = 6
_EVER: Final = datetime.max.replace(tzinfo=UTC)
_OVER: Final = object()


@attrs.define(eq=False)
class _Trip:
    """A sender that is under way; `waits` in virtual time, or has been waited for long enough."""

    waits: int = 0
    let_go: bool = False


_TRIP: Final[ContextVar[_Trip | None]] = ContextVar("_TRIP", default=None)


class VirtualStream:
    """A fake centre as feeds and senders see it; `patience` is for what is real, in seconds."""

    #: Whoever leaves the centre says when the end of waiting has come.
    grace: float = math.inf

    def __init__(self, centre: VirtualCentre, patience: float) -> None:
        self.centre: VirtualCentre = centre
        self.stopped: bool = False
        self.changed: anyio.Event = anyio.Event()
        self.fault: StoreFault | None = None
        self.failing_since: datetime | None = None
        self._patience = patience
        self._ended = anyio.Event()
        self._left = anyio.Event()
        self._moved = anyio.Event()
        self._trips: list[_Trip] = []
        centre.listeners.append(self._heard)

    @property
    def reader(self) -> EventStore:
        """The log."""
        return self.centre.store

    def clock(self) -> datetime:
        """The virtual time."""
        return self.centre.now

    # -- work -------------------------------------------------------------------------------------

    async def do(self, work: Work) -> tuple[Answer, Sequence[Event]]:
        """Its answer, and the events of its commit; raises `StoreFault`."""
        self.refuse_if_over()
        answered = self.done(work)
        await anyio.lowlevel.checkpoint()
        return answered

    async def settle(self, settlement: Settlement) -> Answer:
        """The same of a settlement, which comes in after it was told to stop too."""
        answer, _ = self.done(settlement)
        await anyio.lowlevel.checkpoint()
        return answer

    def done(self, work: Work) -> tuple[Answer, Sequence[Event]]:
        """The same at once."""
        turnout = self.tried(lambda: self.centre.work(work))
        return turnout.answers[0], turnout.events

    def tried(self, act: Callable[[], T]) -> T:
        """Do something; again where the store fails, as often as a live centre has the patience."""
        for tried in range(1, _TRIES + 1):
            try:
                done = act()
            except BatchRefused:
                raise
            except StoreFault as fault:
                self.fault = fault
                self.failing_since = self.failing_since or self.centre.now
                if tried == _TRIES:
                    raise
            else:
                self.fault = self.failing_since = None
                return done
        raise AssertionError

    # -- those who follow -------------------------------------------------------------------------

    async def after(self, position: int) -> Sequence[Event]:
        """The next events after a position, as soon as there are any; none once it has ended."""
        while True:
            changed = self.changed
            found = tuple(self.reader.read(position, _CHUNK))
            if found or self._ended.is_set():
                await anyio.lowlevel.checkpoint()
                return found
            await changed.wait()

    def _heard(self, _news: Sequence[Event]) -> None:
        self.wake()

    def wake(self) -> None:
        """Let whoever follows or sends have a look: not everything that is done is an event."""
        changed, self.changed = self.changed, anyio.Event()
        changed.set()

    # -- ending -----------------------------------------------------------------------------------

    def refuse_if_over(self) -> None:
        """Raise `StoreFault` once it was told to stop."""
        if self.stopped:
            raise StoreFault("the centre is closed: open it again")

    def kept_up(self) -> "nullcontext[None]":
        """Whoever leaves the centre waits for what is being sent."""
        return nullcontext()

    def stop(self) -> None:
        """Take no more work but settlements."""
        self.stopped = True
        self.wake()

    def end(self, *, orderly: bool) -> None:
        """Let whoever follows know that nothing comes any more, and orderly also whoever waits."""
        self.centre.listeners.remove(self._heard)
        self._ended.set()
        if orderly:
            self._left.set()
        self.wake()

    # -- time -------------------------------------------------------------------------------------

    @contextmanager
    def until(self, moment: datetime) -> Iterator[object]:
        """Whatever still waits within this at that moment is cancelled, and it goes on after it."""
        with anyio.CancelScope() as scope:
            if moment <= self.centre.now:
                scope.cancel()
            forget = self.centre.later(moment, scope.cancel) if moment < _EVER else _nothing
            try:
                yield scope
            finally:
                forget()

    @contextmanager
    def looking(self, moment: datetime) -> Iterator[object]:
        """The same: here everybody is told of whatever happens."""
        with self.until(moment) as scope:
            yield scope

    async def wait(self, span: timedelta) -> None:
        """Let a span of virtual time pass; a sender who waits so is not waited for.

        Raises `StoreFault` where the centre is left before that.
        """
        trip = _TRIP.get() or _Trip()
        trip.waits += 1
        self._has_moved()
        try:
            with self.until(self.centre.now + span):
                await self._left.wait()
                raise StoreFault(
                    "the centre is left, and no time passes there any more, while some code waits: "
                    "end that code before, as whatever starts it would"
                )
        finally:
            trip.waits -= 1

    async def pass_to(self, moment: datetime, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Let time pass until then; all others run to rest after each deadline on the way.

        Not further than it `goes_on`, which is asked each time they have come to rest.
        """
        steps: Iterator[None] | None = self.centre.until(moment)

        def step() -> bool:
            nonlocal steps
            if steps is None:
                self.centre.work()  # takes in what was kept, though nobody knew
                steps = self.centre.until(moment)
            try:
                return next(steps, _OVER) is not _OVER
            except StoreFault:
                steps = None
                raise

        while self.tried(step):
            await self.at_rest()
            if not goes_on():
                return

    # -- rest -------------------------------------------------------------------------------------

    def watched(self, sender: Sender) -> Sender:
        """The same sender, known to be under way as long as it is."""

        async def send(outgoing: Outgoing) -> Reply:
            trip = _Trip()
            self._trips.append(trip)
            token = _TRIP.set(trip)
            try:
                return await sender(outgoing)
            finally:
                _TRIP.reset(token)
                self._trips.remove(trip)
                self._has_moved()

        return send

    def _has_moved(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    async def at_rest(self) -> None:
        """Let everybody else run until they wait; a sender that is outside, for some real time.

        Raises `InvalidValue` where somebody never does.
        """
        await _others_wait()
        while under_way := [one for one in self._trips if not one.waits and not one.let_go]:
            with anyio.move_on_after(self._patience) as scope:
                await self._moved.wait()
            if scope.cancelled_caught:
                for trip in under_way:
                    trip.let_go = True
            await _others_wait()


def _nothing() -> None: ...


async def _others_wait() -> None:
    with anyio.move_on_after(_IN_A_CIRCLE) as scope:
        if _in_asyncio():
            await _asyncio_others_wait()
        else:
            await anyio.wait_all_tasks_blocked()
    if scope.cancelled_caught:
        raise InvalidValue(
            "time cannot pass: some code has been running for ten seconds and never waits; let it "
            "await an event, a feed or the centre's own wait(...)"
        )


def _in_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _asyncio_others_wait() -> None:
    """What anyio does, but for the tenth of a second that it sleeps where somebody still runs."""
    this = asyncio.current_task()
    quiet = 0
    while quiet < _QUIET_ROUNDS:
        await asyncio.sleep(0)
        busy = any(_may_run(one) for one in asyncio.all_tasks() if one is not this)
        quiet = 0 if busy else quiet + 1


def _may_run(other: "asyncio.Task[object]") -> bool:
    waiter = getattr(other, "_fut_waiter", None)  # as anyio looks at it
    return waiter is None or bool(waiter.done())
