"""Sending: what the outbox holds for one destination, brought about by a sender.

Laws of this file: nothing is sent that is not claimed, and nothing is settled but with the token of
its claim; a sender that fails, hangs or raises costs one try; the breaker is asked before each
claim.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import anyio
import attrs

from onechannel.delivery import (
    Answer,
    Breaker,
    Claim,
    Claimed,
    GivenUp,
    Order,
    Outcome,
    Postponed,
    Refused,
    Sent,
    Settlement,
    Work,
    effect_key,
)
from onechannel.errors import StoreFault
from onechannel.events import Event
from onechannel.model.checks import at_least, is_a, some_time
from onechannel.ports import Clock, Destination, Effect, EventStore

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

__all__ = ["Outgoing", "Outlet", "Reply", "Sender", "Sending", "deliver"]

# Of the lease, what a sender may take; the rest is for settling before anybody else claims it.
_SHARE: Final = 0.8
# What could not be looked for, or claimed, is tried again after this.
_AGAIN: Final = timedelta(seconds=1)
# To ask for whatever is ever due.
_EVER: Final = datetime.max.replace(tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Outgoing:
    """What a sender is asked to bring about.

    `key` is the same for every try of it and of nothing else: give it to a destination that can
    tell repetitions by it. `attempt` counts from 1. `store` is the log, to look up what the event
    does not say: `store.history(interaction=…)` has the address of who is written to.
    """

    key: str
    event: Event
    attempt: int
    store: EventStore = attrs.field(repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Reply:
    """What a sender has to say: what became of it, and what the destination's answer means."""

    outcome: Outcome = attrs.field(factory=Sent, validator=is_a(Sent, Postponed, GivenUp))
    orders: tuple[Order, ...] = ()


#: Brings one effect about. What it raises is taken for a fault that may pass.
Sender: TypeAlias = Callable[[Outgoing], Awaitable[Reply]]


@attrs.frozen(kw_only=True)
class Sending:
    """A destination with whoever sends to it: `at_once` at most, each within the `lease`."""

    destination: Destination
    sender: Sender
    lease: timedelta = attrs.field(default=timedelta(seconds=30), validator=some_time)
    at_once: int = attrs.field(default=8, validator=at_least(1))


class Outlet(Protocol):
    """What sending needs of a centre's stream, in real time or in virtual."""

    @property
    def reader(self) -> EventStore:
        """The log, to be read from the event loop's thread."""
        ...

    @property
    def clock(self) -> Clock:
        """Says what time it is."""
        ...

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        ...

    @property
    def grace(self) -> float:
        """How long after that it waits for what is being sent, in seconds of real time."""
        ...

    @property
    def changed(self) -> anyio.Event:
        """Is set with the next commit, or when it is told to stop."""
        ...

    async def do(self, work: Work) -> tuple[Answer, Sequence[Event]]:
        """Its answer once it is committed, and the events of that commit; raises `StoreFault`."""
        ...

    async def settle(self, settlement: Settlement) -> Answer:
        """The same of a settlement, which comes in after it was told to stop too."""
        ...

    def kept_up(self) -> AbstractContextManager[None]:
        """Not to end before this is over: what was sent is still to be settled."""
        ...

    def until(self, moment: datetime) -> AbstractContextManager[object]:
        """Whatever still waits within this at that moment is cancelled, and it goes on after it."""
        ...

    def looking(self, moment: datetime) -> AbstractContextManager[object]:
        """The same, or earlier where others may have made something due that nobody tells of."""
        ...


async def deliver(stream: Outlet, sending: Sending, holder: str, tenant: str) -> None:
    """Send what is due, for as long as the stream runs."""
    post = _Post(stream, sending, holder, tenant)
    with stream.kept_up():
        async with anyio.create_task_group() as group:
            while not stream.stopped:
                await post.turn(group)
            # What is under way may end; what does not is tried again after its lease.
            group.cancel_scope.deadline = anyio.current_time() + stream.grace


class _Post:
    """One destination's sending, in this process."""

    def __init__(self, stream: Outlet, sending: Sending, holder: str, tenant: str) -> None:
        self._stream = stream
        self._sending = sending
        self._holder = holder
        self._tenant = tenant
        self._breaker = Breaker()
        self._under_way = 0
        self._settled = anyio.Event()
        #: When there may be something to claim though nothing has happened.
        self._next = _EVER

    async def turn(self, group: "TaskGroup") -> None:
        """Begin to send what may be sent now, or wait until there may be something."""
        changed = self._stream.changed
        claimed = await self.claim()
        for effect in claimed:
            group.start_soon(self.send, effect)
        if not claimed:
            await self.rest(changed)

    async def claim(self) -> tuple[Effect, ...]:
        """What may be sent now; nothing where nothing is due, or the store does not answer."""
        now, stream, name = self._stream.clock(), self._stream, self._sending.destination.name
        room = self._sending.at_once - self._under_way
        admitted = self._breaker.admits(now)
        limit = room if admitted is None else min(room, admitted - self._under_way)
        self._next = _EVER
        if limit <= 0:
            return ()
        try:
            first = next(iter(stream.reader.due(name, _EVER, 1)), None)
            if first is None or first.due_at > now:
                self._next = _EVER if first is None else first.due_at
                return ()
            self._next = now + _AGAIN
            claim = Claim(
                destination=name, holder=self._holder, lease=self._sending.lease, limit=limit
            )
            answer, _ = await stream.do(claim)
        except StoreFault:
            return ()
        if not isinstance(answer, Claimed):
            return ()  # what keeps it from being done is no reason to end
        self._under_way += len(answer.effects)
        return answer.effects

    async def rest(self, changed: anyio.Event) -> None:
        """Wait until there may be something to claim: a commit, room for more, or some time."""
        spared = self._breaker.open_until
        if spared is not None and spared > self._stream.clock():
            self._next = min(self._next, spared)

        async def wait_for(event: anyio.Event) -> None:
            await event.wait()
            first.cancel_scope.cancel()

        with self._stream.looking(self._next):
            async with anyio.create_task_group() as first:
                first.start_soon(wait_for, changed)
                first.start_soon(wait_for, self._settled)
        self._settled = anyio.Event()

    async def send(self, effect: Effect) -> None:
        """Try it, and settle it; what cannot be settled now is tried again after the lease."""
        try:
            reply = await self._tried(effect)
            self._breaker = self._breaker.after(reply.outcome, self._stream.clock())
            await self._settle(effect, reply)
        except StoreFault:
            return
        finally:
            self._under_way -= 1
            self._settled.set()

    async def _tried(self, effect: Effect) -> Reply:
        event = next(self._stream.reader.read(effect.position - 1, 1))
        outgoing = Outgoing(
            key=effect_key(self._tenant, effect),
            event=event,
            attempt=effect.attempts,
            store=self._stream.reader,
        )
        reply = Reply(outcome=Postponed("it took too long"))
        with self._stream.until(self._stream.clock() + self._sending.lease * _SHARE):
            try:
                reply = await self._sending.sender(outgoing)
            except Exception as fault:  # noqa: BLE001 - whatever a sender raises is its own
                reply = Reply(outcome=Postponed(f"raised {type(fault).__name__}"))
        if not isinstance(reply, Reply):
            reply = Reply(outcome=Postponed(f"answered a {type(reply).__name__}"))
        return reply

    async def _settle(self, effect: Effect, reply: Reply) -> None:
        settlement = Settlement(
            destination=effect.destination,
            position=effect.position,
            token=effect.token,
            outcome=reply.outcome,
            orders=reply.orders,
        )
        while True:
            changed = self._stream.changed
            answer = await self._stream.settle(settlement)
            # One that only follows waits until another has fired what is due.
            if not isinstance(answer, Refused) or self._stream.clock() >= effect.due_at:
                return
            with self._stream.looking(effect.due_at):
                await changed.wait()
