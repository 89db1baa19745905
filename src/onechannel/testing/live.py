"""The async face of a fake centre: what awaits a live centre awaits this one, in virtual time.

Laws of this file: log, clock and agenda are those of the fake centre beneath, and everything is
done in one thread, in order of asking; time passes only when it is told to, deadline by deadline,
and not while anybody could still run. What sends here is what sends in a live centre.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar
from weakref import WeakKeyDictionary

import anyio
import anyio.lowlevel
import attrs
from typing_extensions import override

from onechannel import commands as c
from onechannel.delivery import Answer, Subscribe, Work
from onechannel.errors import InvalidValue, StoreFault
from onechannel.events import Event
from onechannel.model.actor import SYSTEM, Actor
from onechannel.ports import EventStore
from onechannel.runtime import Feed, Health, LiveCentre, Sending, mailbox
from onechannel.runtime.health import unsent
from onechannel.runtime.live import is_cancelled, or_raised
from onechannel.runtime.sending import deliver
from onechannel.simulation import VirtualCentre
from onechannel.simulation.clockwork import clock_reading, span_of
from onechannel.simulation.expecting import Expectation
from onechannel.simulation.expecting.steps import Steps
from onechannel.simulation.expecting.witness import Found
from onechannel.testing._virtual_stream import VirtualStream

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

__all__ = ["FakeLiveCentre", "live_of"]

T = TypeVar("T")
F = TypeVar("F", bound=Found)
R = TypeVar("R")

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)

#: Which face is open on a centre; of several, the last.
_OPEN: Final[WeakKeyDictionary[VirtualCentre, "FakeLiveCentre"]] = WeakKeyDictionary()
#: How many faces a centre has had.
_FACES: Final[WeakKeyDictionary[VirtualCentre, int]] = WeakKeyDictionary()


def live_of(centre: VirtualCentre) -> "FakeLiveCentre | None":
    """The face that is open on a centre, if any is."""
    return _OPEN.get(centre)


class FakeLiveCentre(LiveCentre):
    """A fake centre for code that awaits one: `async with centre.live() as live`.

    Give `live` to the code under test, and go on using the centre itself meanwhile: both are one
    and the same. Time passes when the test says so, by `advance`, `advance_to`, `at` and
    `run_until_idle`, which let all other code run to rest after each deadline. `sendings` are
    destinations with the senders of the code under test.

    A sender that waits for something real, as an answer from a socket, keeps time from passing for
    at most `stands_still` of real time.
    """

    def __init__(
        self,
        centre: VirtualCentre,
        *,
        sendings: Iterable[Sending] = (),
        stands_still: timedelta = _SECOND,
    ) -> None:
        self.centre: VirtualCentre = centre
        self._sendings = tuple(sendings)
        self._patience = stands_still / _SECOND
        self._stream: VirtualStream | None = None
        self._group: TaskGroup | None = None
        self._losses: list[bool] = []
        self._passes = False
        self._names: Iterator[str] = iter(())

    # -- opening and closing ----------------------------------------------------------------------

    @override
    async def __aenter__(self) -> Self:
        if self._stream is not None:
            raise InvalidValue("this face is open already: make another")
        self._stream = VirtualStream(self.centre, self._patience)
        self._names = _names(self.centre)
        group = self._group = anyio.create_task_group()
        await group.__aenter__()
        _OPEN[self.centre] = self
        try:
            for sending in self._sendings:
                await self.sends(sending)
        except BaseException as fault:
            await self.__aexit__(type(fault), fault, fault.__traceback__)
            raise
        return self

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        stream, group = self._stream, self._group
        assert stream is not None
        assert group is not None
        stream.stop()
        try:
            if fault is None or isinstance(fault, Exception):
                # What is being sent may end; what does not is tried again after its lease.
                with anyio.move_on_after(2 * self._patience):
                    await stream.at_rest()
        finally:
            # What has failed is to be seen, and not what comes of that in whatever waits.
            stream.end(orderly=fault is None)
            if _OPEN.get(self.centre) is self:
                del _OPEN[self.centre]
            group.cancel_scope.cancel()
            left = (kind, fault, trace) if is_cancelled(fault) else (None, None, None)
            swallowed = await group.__aexit__(*left)
        return swallowed if is_cancelled(fault) else None

    def _running(self) -> VirtualStream:
        if self._stream is None:
            raise InvalidValue("this centre is not open: say `async with centre.live() as live`")
        return self._stream

    # -- commands ---------------------------------------------------------------------------------

    @override
    async def do(
        self,
        command: c.Command,
        actor: Actor = SYSTEM,
        *,
        id: str | None = None,
        claimed_at: datetime | None = None,
    ) -> tuple[Event, ...]:
        stream = self._running()
        stream.refuse_if_over()
        name = next(self._names) if id is None else id
        events = self._perhaps_lost(
            lambda: stream.tried(
                lambda: self.centre.do(command, actor, id=name, claimed_at=claimed_at)
            )
        )
        await anyio.lowlevel.checkpoint()
        return events

    @override
    async def _work(self, work: Work) -> Answer:
        stream = self._running()
        stream.refuse_if_over()
        answer = self._perhaps_lost(lambda: stream.done(work)[0])
        stream.wake()
        await anyio.lowlevel.checkpoint()
        return or_raised(answer)

    def store_fails(self, times: int = 1, *, kept: bool = False) -> None:
        """Answer the next so many calls with a `StoreFault`, as a store does that is away for long.

        Nothing of them is done; or, if `kept`, all of it: only that it was is not known. Whoever
        gives a command or a letter again, under its id, has it done once either way.
        """
        self._losses += [kept] * times

    def _perhaps_lost(self, act: Callable[[], T]) -> T:
        if not self._losses:
            return act()
        if self._losses.pop(0):
            act()
        raise StoreFault("the store fails, as it was told to: give it again under its id")

    # -- mail -------------------------------------------------------------------------------------

    @override
    async def sends(self, sending: Sending) -> None:
        stream = self._running()
        assert self._group is not None
        if sending.destination not in stream.reader.destinations():
            await self._work(Subscribe(sending.destination))
        watched = attrs.evolve(sending, sender=stream.watched(sending.sender))
        self._group.start_soon(deliver, stream, watched, "fake", stream.reader.tenant)

    # -- what is there ----------------------------------------------------------------------------

    @override
    def feed(self, name: str | None = None, *, after: int | None = None) -> Feed:
        stream = self._running()
        if after is None:
            after = 0 if name is None else stream.reader.cursor(name)
        return Feed(stream, name, after)

    @property
    @override
    def position(self) -> int:
        return self._running().centre.kernel.position

    @property
    @override
    def store(self) -> EventStore:
        return self._running().reader

    @override
    def health(self) -> Health:
        stream, now = self._running(), self.centre.now
        kernel, store, since = self.centre.kernel, stream.reader, stream.failing_since
        due = kernel.next_deadline
        return Health(
            at=now,
            position=store.last_position,
            lag=store.last_position - kernel.position,
            overdue=due if due is not None and due <= now else None,
            policy=kernel.policy.name,
            lacks=self.centre.lacks,
            mail=mailbox(store),
            unsent=unsent(store, now),
            failing_for=timedelta(0) if since is None else now - since,
            fault=None if stream.fault is None else str(stream.fault),
            holder=store.holder(),
        )

    # -- time -------------------------------------------------------------------------------------

    @property
    @override
    def now(self) -> datetime:
        return self.centre.now

    @override
    async def wait(self, span: timedelta) -> None:
        await self._running().wait(span)

    async def advance(self, span: timedelta | None = None, **parts: float) -> None:
        """Let time pass: `await live.advance(minutes=5)`.

        All other code runs to rest first, and again after each deadline at its own moment.
        """
        await self.advance_to(self.now + span_of(span, parts, "advance"))

    async def advance_to(self, moment: datetime) -> None:
        """Let time pass until then, as `advance` does."""
        with self._passing() as stream:
            await stream.at_rest()
            await stream.pass_to(moment)

    async def at(self, clock: str) -> None:
        """Let time pass until the clock next reads so: `await live.at("09:00")`."""
        await self.advance_to(clock_reading(clock, self.now, self.centre.zone))

    async def run_until_idle(self, quiet: timedelta = _HOUR, most: timedelta = _DAY) -> None:
        """Let time pass until nothing is due for so long a time, and nobody waits for less.

        Raises `InvalidValue` where somebody is still busy after `most`.
        """
        with self._passing() as stream:
            await stream.at_rest()
            last = self.now + most
            while (due := self.centre.next_due) is not None and due - self.now < quiet:
                if due > last:
                    raise InvalidValue(
                        f"something is due every {quiet} still, {most} after {last - most}: the "
                        f"next at {due}; somebody waits or tries in a circle, or allow for more"
                    )
                await stream.pass_to(due)

    # -- what is expected -------------------------------------------------------------------------

    async def within(
        self, expectation: Expectation[F], span: timedelta | None = None, **parts: float
    ) -> F:
        """Let time pass until it happens, at most so long; gives the first time it does.

        `await live.within(centre.expect.assigned(marc), seconds=20)`; raises `ExpectationFailed`.
        """
        __tracebackhide__ = True
        return await self.asked(expectation.within_steps(span, **parts))

    async def never(
        self, expectation: Expectation[F], span: timedelta | None = None, **parts: float
    ) -> None:
        """It has not happened so far, nor does while so much time passes."""
        __tracebackhide__ = True
        await self.asked(expectation.never_steps(span, **parts))

    async def times(
        self,
        expectation: Expectation[F],
        count: int,
        span: timedelta | None = None,
        **parts: float,
    ) -> tuple[F, ...]:
        """It has happened exactly so often once so much time has passed."""
        __tracebackhide__ = True
        return await self.asked(expectation.times_steps(count, span, **parts))

    async def asked(self, steps: Steps[R]) -> R:
        """What any asking comes to as time passes: `live.asked(centre.expect.silent_steps(bot))`.

        All other code runs to rest before it begins, and after each deadline on the way.
        """
        __tracebackhide__ = True
        over: list[R] = []

        def goes_on(told: bool = True) -> bool:
            try:
                steps.send(told)
            except StopIteration as stop:
                over.append(stop.value)
            return not over

        with closing(steps), self._passing() as stream:
            await stream.at_rest()
            try:
                end = next(steps)
            except StopIteration as stop:
                result: R = stop.value
                return result
            await stream.pass_to(end, goes_on)
            if not over:
                goes_on(False)
        return over[0]

    @contextmanager
    def _passing(self) -> Iterator[VirtualStream]:
        stream = self._running()
        if self._passes:
            raise InvalidValue("time passes already: let one at a time advance it")
        self._passes = True
        stream.wake()
        try:
            yield stream
        finally:
            self._passes = False


def _names(centre: VirtualCentre) -> Iterator[str]:
    """Ids for commands, which nobody has given before: the same in every run of a test."""
    position = centre.store.last_position
    _FACES[centre] = first = _FACES.get(centre, 0) + 1
    with centre.store.session() as session:
        names = (f"live-{position}-{number}" for number in count(first))
        prefix = next(name for name in names if not session.seen([f"{name}-1"]))
    return (f"{prefix}-{number}" for number in count(1))
