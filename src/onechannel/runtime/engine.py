"""The engine: one centre's commit cycle on a thread of its own, driven by the real clock.

Laws of this file: nobody else touches the cycle and its store; one cycle takes as much work as
there is, up to a bound, so that nobody's turn is long; whoever gave the work hears of it only once
it is durable; after a fault the same work is tried again under its ids, until it is done or whoever
gave it has waited long enough. Nothing is decided here.
"""

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event as Signal
from typing import Final, TypeAlias

import attrs

from onechannel.delivery import DEFAULT_RULES, Answer, CommitCycle, MailRules, Tidy, Turnout, Work
from onechannel.errors import OneChannelError, StoreFault
from onechannel.events import Event
from onechannel.model.checks import at_least, is_a, some_time
from onechannel.model.policy import DEFAULT_POLICY, Policy
from onechannel.ports import Clock, EventStore

__all__ = ["DEFAULT_LIMITS", "Engine", "Limits", "Listener", "Pending", "State"]

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
# After a fault, and twice as long after each that follows.
_FIRST_REST: Final = 0.02
_LONGEST_REST: Final = 1.0
# Whoever waits for a commit waits for a snapshot too: it may take a hundredth of the time.
_SPARED: Final = 100
# How long after it was told to stop it still tries what cannot be committed, in seconds.
_GRACE: Final = 3.0


@attrs.frozen(kw_only=True)
class Limits:
    """How much at once, how often, and how long.

    At most `group` pieces of work go into one commit, and at most `waiting` wait for one: who comes
    then waits to be let in. Work that cannot be committed for `patience` is answered with the
    store's fault. Others' commits are looked for every `poll`. A snapshot is kept every
    `snapshot_every` events. `mail` says how long letters are kept and effects tried.
    """

    group: int = attrs.field(default=256, validator=at_least(1))
    waiting: int = attrs.field(default=10_000, validator=at_least(1))
    patience: timedelta = attrs.field(default=timedelta(seconds=10), validator=some_time)
    poll: timedelta = attrs.field(default=timedelta(milliseconds=10), validator=some_time)
    snapshot_every: int = attrs.field(default=2_000, validator=at_least(1))
    mail: MailRules = attrs.field(default=DEFAULT_RULES, validator=is_a(MailRules))


DEFAULT_LIMITS: Final = Limits()


@attrs.define(eq=False)
class Pending:
    """A piece of work that waits for its commit; `since` by the monotonic clock."""

    work: Work
    since: float = attrs.field(factory=time.monotonic)
    answer: Answer | None = None
    fault: StoreFault | None = None
    events: Sequence[Event] = ()


@attrs.frozen
class State:
    """Where the replica stands; `failing_since` by the monotonic clock, if nothing is committed."""

    position: int = 0
    next_deadline: datetime | None = None
    lacks: tuple[str, ...] = ()
    policy: Policy = DEFAULT_POLICY
    fault: OneChannelError | None = None
    failing_since: float | None = None


#: Is told, on the engine's thread, what was answered and what is new, and how it is now.
Listener: TypeAlias = Callable[[Sequence[Pending], Sequence[Event], State], None]


class Engine:
    """Runs a commit cycle; `run` is to be called on a thread of its own, once."""

    def __init__(
        self,
        cycle: CommitCycle,
        store: EventStore,
        clock: Clock,
        limits: Limits,
        listener: Listener,
    ) -> None:
        self._cycle = cycle
        self._store = store
        self._clock = clock
        self._limits = limits
        self._tell = listener
        self._queue: SimpleQueue[Pending | None] = SimpleQueue()
        self._again: list[Pending] = []
        self._stop = Signal()
        self._stops_by = math.inf
        self._state = State()
        self._rest = _FIRST_REST
        self._tidied = clock()
        self._saves_after = 0.0

    def give(self, pending: Pending) -> None:
        """Take work; from any thread."""
        self._queue.put(pending)

    def stop(self) -> None:
        """Come to an end once everything given is done, or cannot be; from any thread."""
        self._stops_by = min(self._stops_by, time.monotonic() + _GRACE)
        self._stop.set()
        self._queue.put(None)

    def run(self) -> None:
        """Run until stopped; raises `StoreFault` where the replica cannot even be built."""
        try:
            with _collection_paused():
                self._look()
            self._tell((), (), self._state)
            while not self._stop.is_set() or self._again or not self._queue.empty():
                group = self._gathered()
                if group or self._is_due():
                    self._turn(group)
                elif self._behind():
                    self._follow()
            self._save_snapshot()
        finally:
            if left := [*self._again, *self._drained(None)]:
                self._give_back(left, StoreFault("the centre is closed: open it again"))

    # -- one round --------------------------------------------------------------------------------

    def _gathered(self) -> list[Pending]:
        """What there is to do: what failed before comes first."""
        most = self._limits.group
        group, self._again = self._again[:most], self._again[most:]
        if not group:
            try:
                first = self._queue.get(timeout=self._pause())
            except Empty:
                return []
            if first is not None:
                group.append(first)
        return group + self._drained(most - len(group))

    def _drained(self, most: int | None) -> list[Pending]:
        found: list[Pending] = []
        while most is None or len(found) < most:
            try:
                one = self._queue.get_nowait()
            except Empty:
                break
            if one is not None:
                found.append(one)
        return found

    def _pause(self) -> float:
        """How long there is nothing to do but to wait for work, in seconds."""
        pause = self._limits.poll
        if self._state.next_deadline is not None and not self._state.lacks:
            pause = min(pause, self._state.next_deadline - self._clock())
        return max(pause / _SECOND, 0)

    def _is_due(self) -> bool:
        if self._stop.is_set():
            return False
        if self._state.failing_since is not None:
            return True  # or nobody would learn that it is well again
        if self._state.lacks:
            return False
        now, deadline = self._clock(), self._state.next_deadline
        return (deadline is not None and deadline <= now) or now - self._tidied >= _MINUTE

    def _behind(self) -> bool:
        try:
            return self._store.last_position > self._state.position
        except StoreFault as fault:
            self._failed([], fault)
            return False

    def _turn(self, group: list[Pending]) -> None:
        work: list[Work] = [one.work for one in group]
        failing = self._state.failing_since is not None
        tidies = failing or self._clock() - self._tidied >= _MINUTE  # which needs a commit
        if tidies:
            work.append(Tidy())
        try:
            turnout = self._cycle.run(work, self._clock)
        except StoreFault as fault:
            self._failed(group, fault)
            return
        except BaseException:
            self._again = [*group, *self._again]  # to be given back
            raise
        if tidies:
            self._tidied = self._clock()
        events = turnout.events if _is_whole(turnout.events) else ()
        for one, answer in zip(group, turnout.answers, strict=False):
            one.answer, one.events = answer, events
        self._well()
        self._tell(group, turnout.news, self._state)
        if self._crossed(turnout) and time.monotonic() >= self._saves_after:
            self._save_snapshot()

    def _follow(self) -> None:
        try:
            events = self._cycle.follow()
        except StoreFault as fault:
            self._failed([], fault)
        else:
            self._well()
            self._tell((), events, self._state)

    # -- how it is --------------------------------------------------------------------------------

    def _well(self) -> None:
        self._rest = _FIRST_REST
        self._look()

    def _look(self) -> None:
        kernel = self._cycle.kernel
        self._state = State(kernel.position, kernel.next_deadline, self._cycle.lacks, kernel.policy)

    def _failed(self, group: list[Pending], fault: StoreFault) -> None:
        """Whoever has waited long enough hears of it; the others come first the next time."""
        now, patience = time.monotonic(), self._limits.patience / _SECOND
        since = self._state.failing_since or now
        self._state = attrs.evolve(self._state, fault=fault, failing_since=since)
        waiting = [*group, *self._again, *self._drained(None)]
        long_ago = math.inf if now >= self._stops_by else now - patience
        self._again = [one for one in waiting if one.since > long_ago]
        self._give_back([one for one in waiting if one.since <= long_ago], fault)
        if self._stop.is_set():
            time.sleep(self._rest)
        else:
            self._stop.wait(self._rest)
        self._rest = min(self._rest * 2, _LONGEST_REST)

    def _give_back(self, group: list[Pending], fault: StoreFault) -> None:
        for one in group:
            one.fault = fault
        self._tell(group, (), self._state)

    # -- snapshots --------------------------------------------------------------------------------

    def _crossed(self, turnout: Turnout) -> bool:
        """Whether of all processes' commits this is the one after which a snapshot is due."""
        every, events = self._limits.snapshot_every, turnout.events
        return bool(events) and (events[0].position - 1) // every != events[-1].position // every

    def _save_snapshot(self) -> None:
        """Keep the replica's state; that it cannot be kept costs the next start some time."""
        began = time.monotonic()
        try:
            self._cycle.save_snapshot()
        except StoreFault as fault:
            self._state = attrs.evolve(self._state, fault=fault)
        took = time.monotonic() - began
        self._saves_after = began + took * _SPARED


def _is_whole(events: Sequence[Event]) -> bool:
    """Whether nobody else's events lie between; what was done in parts may have such."""
    return not events or events[-1].position - events[0].position == len(events) - 1


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Replaying makes many values and no garbage: without looking for any it is twice as fast."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
