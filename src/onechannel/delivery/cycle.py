"""The commit cycle: work in, committed events out.

Laws of this file: one cycle is one session of the store, in this order: catch up, advance, then
each piece of work, then one commit at the expected position. The replica is given up before a cycle
changes it and taken back once its commit is known: after any fault it is built anew. A command id
is served once, for ever. Work that cannot be done costs itself alone: all else is done without it.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from onechannel.delivery import work as w
from onechannel.delivery.outbox import DEFAULT_RULES, MailRules
from onechannel.delivery.replica import rebuilt, stored_snapshot
from onechannel.delivery.sitting import Sitting
from onechannel.errors import BatchRefused, StoreFault
from onechannel.events import Event
from onechannel.kernel import Kernel
from onechannel.model.policy import Callables
from onechannel.ports import Clock, Conflict, EventStore

__all__ = ["CommitCycle", "Turnout"]

# Somebody else's append can come between reading and committing only where the store has no lock.
_TRIES: Final = 8


@attrs.frozen
class Turnout:
    """What one cycle came to: an answer for each piece of work, and every event it committed.

    `followed` are the events that are new to this process and not of this cycle; `passing` those
    that are not kept: that somebody is typing.
    """

    answers: tuple[w.Answer, ...]
    events: tuple[Event, ...]
    followed: tuple[Event, ...] = ()
    passing: tuple[Event, ...] = ()

    @property
    def news(self) -> tuple[Event, ...]:
        """Every event since the last time, in order of the log."""
        if not self.followed or not self.events:
            return self.followed or self.events
        if self.followed[-1].position < self.events[0].position:
            return self.followed + self.events
        return tuple(sorted(self.followed + self.events, key=lambda event: event.position))

    def and_then(self, other: "Turnout") -> "Turnout":
        """Two cycles as one."""
        return Turnout(
            self.answers + other.answers,
            self.events + other.events,
            self.followed + other.followed,
            self.passing + other.passing,
        )


class CommitCycle:
    """A centre's kernel at its store."""

    def __init__(
        self,
        store: EventStore,
        callables: Callables | None = None,
        rules: MailRules = DEFAULT_RULES,
    ) -> None:
        self._store = store
        self._callables = callables or {}
        self._rules = rules
        self._kernel: Kernel | None = None
        # Up to where whoever drives this has been told of events; what was there before is no news.
        self._told: int | None = None

    @property
    def kernel(self) -> Kernel:
        """The replica, as of its last cycle; built from the store where there is none."""
        if self._kernel is None:
            self._kernel = rebuilt(self._store, self._callables)
            if self._told is None:
                self._told = self._kernel.position
        return self._kernel

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the adopted policy names and this process has not: it may follow, not decide."""
        return self._lacks(self.kernel)

    def run(self, work: Sequence[w.Work], clock: Clock) -> Turnout:
        """One cycle; raises `StoreFault`, after which the same work may come again.

        It comes under its ids: what was done before is answered and not done again.
        """
        turnout = self._done(work, clock)
        told, now = self._told or 0, self.kernel.position
        if len(turnout.events) + len(turnout.followed) != now - told:
            # After a fault the replica was built anew, and took in what nobody was told of.
            own = {event.position for event in turnout.events}
            since = self._store.read(told, now - told)
            others = tuple(event for event in since if event.position not in own)
            turnout = attrs.evolve(turnout, followed=others)
        self._told = now
        return turnout

    def follow(self) -> tuple[Event, ...]:
        """Take in what others have committed; gives every event since the last time."""
        kernel = self.kernel
        told = self._told or 0
        events = tuple(self._store.read(min(told, kernel.position)))
        self._kernel = None
        kernel.follow(event for event in events if event.position > kernel.position)
        self._kernel = kernel
        self._told = kernel.position
        return tuple(event for event in events if event.position > told)

    def save_snapshot(self) -> None:
        """Keep the replica's state, so that the next start need not replay the log."""
        self._store.save_snapshot(stored_snapshot(self.kernel))

    def _done(self, work: Sequence[w.Work], clock: Clock) -> Turnout:
        for _ in range(_TRIES):
            try:
                turnout = self._tried(work, clock)
            except Exception as failure:
                if not work or _is_the_stores(failure):
                    raise
                return self._apart(work, clock, failure)
            if turnout is not None:
                return turnout
        raise StoreFault(f"somebody else appended first, {_TRIES} times in a row: try again")

    def _tried(
        self, work: Sequence[w.Work], clock: Clock, left: list[tuple[str, str]] | None = None
    ) -> Turnout | None:
        """One try; None where somebody else appended first.

        With `left`, parked letters stay where they are, and those whose time has come go in there.
        """
        kernel = self.kernel
        with self._store.session() as session:
            self._kernel = None
            followed = tuple(session.read_since(kernel.position))
            kernel.follow(followed)
            expected = kernel.position
            sitting = Sitting(
                session, kernel, clock(), self._store.tenant, rules=self._rules, work=work
            )
            if left is not None:
                sitting.inbox.holds_back = True
            answers = sitting.done(work, self._lacks(kernel))
            batch = sitting.batch()
            if batch is not None and isinstance(session.commit(expected, batch), Conflict):
                return None
        self._kernel = kernel
        if left is not None:
            left += sitting.inbox.left
        return Turnout(answers, tuple(sitting.events), followed, tuple(sitting.passing))

    def _lacks(self, kernel: Kernel) -> tuple[str, ...]:
        return tuple(name for name in kernel.policy.callables if name not in self._callables)

    # -- what fails -------------------------------------------------------------------------------

    def _apart(self, work: Sequence[w.Work], clock: Clock, failure: Exception) -> Turnout:
        """The same in halves, until whatever failed stands alone."""
        if len(work) == 1:
            return self._alone(work[0], clock, failure)
        half = len(work) // 2
        return self._done(work[:half], clock).and_then(self._done(work[half:], clock))

    def _alone(self, one: w.Work, clock: Clock, failure: Exception) -> Turnout:
        """One piece of work that failed: by itself, or by the parked letters it would take up."""
        left: list[tuple[str, str]] = []
        try:
            turnout = self._tried([one], clock, left)
        except Exception as again:
            if _is_the_stores(again):
                raise
            return self._failed(one, clock, failure)
        if turnout is None:
            return self._done([one], clock)  # somebody else appended first
        for source, name in left:
            after = self._done([w.TakeUp(source=source, id=name)], clock)
            turnout = attrs.evolve(turnout.and_then(after), answers=turnout.answers)
        return turnout

    def _failed(self, one: w.Work, clock: Clock, failure: Exception) -> Turnout:
        """What cannot be done is answered so; a letter is kept as a dead one."""
        if isinstance(one, (w.Letter, w.TakeUp)) and one.fault is None:
            fault = f"{type(failure).__name__} while it was handled"
            return self._done([attrs.evolve(one, fault=fault)], clock)
        if isinstance(one, w.Settlement) and one.orders:
            # What was sent was sent; otherwise it would be sent for ever.
            settled = self._done([attrs.evolve(one, orders=())], clock)
            return attrs.evolve(settled, answers=(w.Failed(failure),))
        # If time itself cannot go on it is nobody's work that failed, and this raises.
        empty = self._done((), clock)
        return attrs.evolve(empty, answers=(w.Failed(failure),))


def _is_the_stores(failure: Exception) -> bool:
    """Whether it is the store that failed, and not what it was given."""
    return isinstance(failure, StoreFault) and not isinstance(failure, BatchRefused)
