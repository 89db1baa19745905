"""Sending: what the outbox holds for one destination, brought about by a sender.

Laws of this file: nothing is sent that is not claimed, and nothing is settled but with the token of
its claim; a sender that fails, hangs or raises costs one try; the breaker is asked before each
claim.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio
import attrs

from onechannel.delivery import (
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
    effect_key,
)
from onechannel.errors import StoreFault
from onechannel.events import Event
from onechannel.model.checks import at_least, is_a, some_time
from onechannel.ports import Destination, Effect, EventStore

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from onechannel.runtime.stream import Stream

__all__ = ["Outgoing", "Reply", "Sender", "Sending", "deliver"]

_SECOND: Final = timedelta(seconds=1)
# Of the lease, what a sender may take; the rest is for settling before anybody else claims it.
_SHARE: Final = 0.8
# What is due again is looked for at least so often; what happens meanwhile wakes it at once.
_LOOK: Final = timedelta(seconds=1)
# How long after it was told to stop it waits for what is being sent, in seconds.
_GRACE: Final = 5.0


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


async def deliver(stream: "Stream", sending: Sending, holder: str, tenant: str) -> None:
    """Send what is due, for as long as the stream runs."""
    post = _Post(stream, sending, holder, tenant)
    with stream.kept_up():
        async with anyio.create_task_group() as group:
            while not stream.stopped:
                await post.turn(group)
            # What is under way may end; what does not is tried again after its lease.
            group.cancel_scope.deadline = anyio.current_time() + _GRACE


class _Post:
    """One destination's sending, in this process."""

    def __init__(self, stream: "Stream", sending: Sending, holder: str, tenant: str) -> None:
        self._stream = stream
        self._sending = sending
        self._holder = holder
        self._tenant = tenant
        self._breaker = Breaker()
        self._under_way = 0
        self._settled = anyio.Event()

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
        if limit <= 0:
            return ()
        try:
            if not stream.reader.due(name, now, 1):
                return ()
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
        now = self._stream.clock()
        spared = self._breaker.open_until
        wait = _LOOK if spared is None or spared <= now else min(_LOOK, spared - now)

        async def wait_for(event: anyio.Event) -> None:
            await event.wait()
            first.cancel_scope.cancel()

        with anyio.move_on_after(wait / _SECOND):
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
        with anyio.move_on_after(self._sending.lease / _SECOND * _SHARE):
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
            with anyio.move_on_after(_LOOK / _SECOND):
                await changed.wait()
