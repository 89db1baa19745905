"""The centre: one stream, live, on asyncio or trio.

Laws of this file: what it is told is durable when it answers; it decides nothing and sends nothing
by itself; when it is left, what was under way is committed and the rest refused.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from secrets import token_hex
from types import TracebackType
from typing import TYPE_CHECKING, Final

import anyio
from anyio import to_thread
from typing_extensions import override

from onechannel import commands as c
from onechannel.codec import commands_to_json
from onechannel.delivery import (
    Answer,
    CommitCycle,
    Served,
    Submission,
    Subscribe,
    Work,
)
from onechannel.errors import InvalidValue, PolicyMissing, StoreFault
from onechannel.events import Event
from onechannel.model.actor import SYSTEM, Actor
from onechannel.model.ids import TenantId
from onechannel.model.policy import DEFAULT_POLICY, Callables, Policy
from onechannel.ports import Clock, EventStore
from onechannel.runtime.engine import DEFAULT_LIMITS, Limits
from onechannel.runtime.feed import Feed
from onechannel.runtime.health import Health, mailbox, unsent
from onechannel.runtime.live import LiveCentre, is_cancelled, or_raised
from onechannel.runtime.metrics import Metrics
from onechannel.runtime.opening import Opened, open_store
from onechannel.runtime.sending import Sending, deliver
from onechannel.runtime.stream import Stream

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

__all__ = ["Centre"]

#: How long an orderly end may take where it was cancelled.
_GRACE: Final = 5.0
#: How often gauges are set, in seconds: as often as most exporters ask.
_MEASURE: Final = 5.0
_SECOND: Final = timedelta(seconds=1)


def _now() -> datetime:
    return datetime.now(UTC)


class Centre(LiveCentre):
    """A contact centre, live: `async with Centre.open("sqlite:///centre.db") as centre`.

    Any number of processes may have the same one open.
    """

    def __init__(
        self,
        opening: Callable[[], Opened],
        *,
        policy: Policy | None = None,
        callables: Callables | None = None,
        sendings: Iterable[Sending] = (),
        limits: Limits = DEFAULT_LIMITS,
        metrics: Metrics | None = None,
        clock: Clock = _now,
    ) -> None:
        self._opening = opening
        self._policy = policy
        self._callables = callables
        self._sendings = tuple(sendings)
        self._limits, self._clock = limits, clock
        self._metrics = metrics
        self._store: EventStore | None = None
        self._reader: EventStore | None = None
        self._stream: Stream | None = None
        self._group: TaskGroup | None = None
        self._broken: Exception | None = None
        # Ids of commands that nobody else gives, in this process or another.
        self._prefix, self._count = token_hex(8), count(1)

    @classmethod
    def open(
        cls,
        store: str | EventStore | Opened,
        *,
        tenant: TenantId | None = None,
        policy: Policy | None = None,
        callables: Callables | None = None,
        sendings: Iterable[Sending] = (),
        limits: Limits = DEFAULT_LIMITS,
        metrics: Metrics | None = None,
        clock: Clock = _now,
    ) -> "Centre":
        """The centre at an address (`sqlite:///centre.db`, `memory:`) or in a store of yours.

        `policy` is adopted unless this very policy has been adopted before, by whatever process; a
        log without any adopts the built-in one, so that it stands in the log. `callables` are what
        policies may name. `sendings` are the destinations that this process sends to. A store of
        yours is read from the event loop's thread while a worker thread writes it: give two that
        are open on the same log, where one cannot do both. It is closed at the end.
        """

        def opening() -> Opened:
            if isinstance(store, str):
                return open_store(store, tenant)
            return store if isinstance(store, tuple) else (store, store)

        return cls(
            opening,
            policy=policy,
            callables=callables,
            sendings=sendings,
            limits=limits,
            metrics=metrics,
            clock=clock,
        )

    # -- opening and closing ----------------------------------------------------------------------

    async def __aenter__(self) -> "Centre":
        if self._stream is not None:
            raise InvalidValue("this centre is open already: make another")
        store, reader = await to_thread.run_sync(self._opening)
        self._store, self._reader = store, reader
        cycle = CommitCycle(store, self._callables, self._limits.mail)
        stream = self._stream = Stream(cycle, store, reader, self._clock, self._limits)
        group = self._group = anyio.create_task_group()
        await group.__aenter__()
        group.start_soon(self._run, stream)
        try:
            await stream.begun()
            if self._broken is None:
                await self._set_up(stream)
        except BaseException as fault:
            await self.__aexit__(type(fault), fault, fault.__traceback__)
            if self._broken is not None and isinstance(fault, StoreFault):
                raise self._broken from None
            raise
        if self._broken is not None:
            await self.__aexit__(None, None, None)
        return self

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
            if fault is not None and not isinstance(fault, Exception):
                with anyio.move_on_after(_GRACE, shield=True):
                    await stream.ended()
                group.cancel_scope.cancel()
            if is_cancelled(fault):
                return await group.__aexit__(kind, fault, trace)
            await group.__aexit__(None, None, None)
        finally:
            self._close_stores()
        if self._broken is not None and fault is None:
            raise self._broken
        return None

    async def _run(self, stream: Stream) -> None:
        """Run the stream; what ends it is raised where the centre is left, not as a group."""
        try:
            await stream.run()
        except Exception as fault:  # noqa: BLE001 - it is raised again by `__aexit__`
            self._broken = fault

    async def _set_up(self, stream: Stream) -> None:
        """Adopt the policy, subscribe the destinations and begin to send."""
        policy = self._policy
        if policy is None and stream.state.policy == DEFAULT_POLICY:
            # So that a later release, whose built-in policy is another, does not decide by that.
            policy = DEFAULT_POLICY
        if policy is not None:
            await self._adopt(policy)
        for sending in self._sendings:
            await self.sends(sending)
        if self._metrics is not None:
            assert self._group is not None
            self._group.start_soon(self._measure, stream, self._metrics)

    async def _adopt(self, policy: Policy) -> None:
        """Adopt a policy, if it never was; raises `PolicyMissing` where that cannot be.

        Where the one in force names callables that are not here, the deadlines that are due come
        first, and they are for processes that have those to fire.
        """
        until = time.monotonic() + self._limits.patience / _SECOND
        while True:
            try:
                await self.do(c.AdoptPolicy(policy=policy), id=_adoption(policy))
            except PolicyMissing:
                if time.monotonic() >= until:
                    raise
                await anyio.sleep(self._limits.poll / _SECOND)
            else:
                return

    async def _measure(self, stream: Stream, metrics: Metrics) -> None:
        while not stream.stopped:
            with suppress(StoreFault):
                metrics.health(self.health())
            with anyio.move_on_after(_MEASURE):
                await stream.ended()

    def _close_stores(self) -> None:
        for store in (self._reader, self._store):
            if store is not None:
                store.close()

    def _running(self) -> Stream:
        if self._stream is None:
            raise InvalidValue("this centre is not open: say `async with Centre.open(...)`")
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
        name = f"{self._prefix}-{next(self._count)}" if id is None else id
        submission = Submission(command, name, actor, claimed_at)
        if self._metrics is None:
            return self._events_of(*await self._running().do(submission))
        began = time.monotonic()
        answer, events = await self._running().do(submission)
        verb, outcome = c.VERBS[type(command)].name, type(answer).__name__.lower()
        self._metrics.command(verb, outcome, time.monotonic() - began)
        return self._events_of(answer, events)

    def _events_of(self, answer: Answer, events: Sequence[Event]) -> tuple[Event, ...]:
        answer = or_raised(answer)
        assert isinstance(answer, Served)
        if not answer.first:
            return ()
        begins = events[0].position if events else 0
        if begins and begins <= answer.first and answer.last <= events[-1].position:
            return tuple(events[answer.first - begins : answer.last + 1 - begins])
        assert self._reader is not None
        count = answer.last + 1 - answer.first
        return tuple(self._reader.read(answer.first - 1, count))

    # -- mail -------------------------------------------------------------------------------------

    @override
    async def sends(self, sending: Sending) -> None:
        stream = self._running()
        assert self._group is not None
        assert self._store is not None
        if sending.destination not in stream.reader.destinations():
            await self._work(Subscribe(sending.destination))
        holder = f"{socket.gethostname()}-{os.getpid()}"
        self._group.start_soon(deliver, stream, sending, holder, self._store.tenant)

    @override
    async def _work(self, work: Work) -> Answer:
        answer, _ = await self._running().do(work)
        return or_raised(answer)

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
        return self._running().state.position

    @property
    @override
    def store(self) -> EventStore:
        self._running()
        assert self._reader is not None
        return self._reader

    @override
    def health(self) -> Health:
        stream, now = self._running(), self._clock()
        position, state = stream.reader.last_position, stream.state
        due, since = state.next_deadline, state.failing_since
        assert self._store is not None
        return Health(
            at=now,
            position=position,
            lag=position - state.position,
            overdue=due if due is not None and due <= now else None,
            policy=state.policy.name,
            lacks=state.lacks,
            mail=mailbox(stream.reader),
            unsent=unsent(stream.reader, now),
            waiting=stream.waiting,
            failing_for=timedelta(0) if since is None else (time.monotonic() - since) * _SECOND,
            fault=None if state.fault is None else str(state.fault),
            holder=self._store.holder(),
        )

    # -- time -------------------------------------------------------------------------------------

    @property
    @override
    def now(self) -> datetime:
        return self._clock()

    @override
    async def wait(self, span: timedelta) -> None:
        await anyio.sleep(max(span / _SECOND, 0))


def _adoption(policy: Policy) -> str:
    """The id under which a policy is adopted by opening: once for ever, by whatever process.

    So of two releases side by side the older does not bring its own back.
    """
    text = commands_to_json([(c.AdoptPolicy(policy=policy), SYSTEM, None)])
    return f"adopt-{sha256(text.encode()).hexdigest()[:32]}"
