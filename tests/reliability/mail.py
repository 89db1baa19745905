"""Letters and effects for the tests of rules, and stores that get in the way.

Law of this file: a store here does what the one behind it does, but for what it is named after.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from onechannel import commands as c
from onechannel.delivery import (
    Claim,
    CommitCycle,
    Letter,
    Order,
    Settlement,
    Subscribe,
)
from onechannel.errors import StoreFault
from onechannel.ports import Destination, LetterState
from onechannel.testing.strategies import START

__all__ = [
    "DAY",
    "HOUR",
    "LEASE",
    "MINUTE",
    "SECOND",
    "Blind",
    "Failing",
    "Unlocked",
    "claim",
    "counted",
    "do",
    "kept",
    "letter",
    "said",
    "settle",
    "wanting",
]

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEASE = 30 * SECOND


def do(cycle: CommitCycle, *work: Any, at: datetime = START) -> tuple[Any, ...]:
    """One cycle; gives its answers."""
    return cycle.run(work, lambda: at).answers


def letter(name: str, *commands: c.Command, source: str = "v", **more: Any) -> Letter:
    """A letter that means these commands."""
    return Letter(source=source, id=name, orders=[Order(one) for one in commands], **more)


def said(store: Any) -> list[str]:
    """What customers said, in order of the log."""
    return [event.data.text for event in store.read() if event.type == "message.received"]


def kept(store: Any) -> dict[str, str]:
    """In which state each letter is."""
    return {row.id: state.value for state in LetterState for row in store.letters(state)}


def counted(store: Any, box: str = "inbox") -> Counter[str]:
    """What was counted, whatever the source or destination."""
    found: Counter[str] = Counter()
    for (of, _, what), count in store.tallies().items():
        if of == box:
            found[what] += count
    return found


# -- the outbox -----------------------------------------------------------------------------------


def wanting(store: Any, *types: str, name: str = "d") -> CommitCycle:
    """A cycle at a store where a destination wants events of these types."""
    cycle = CommitCycle(store)
    do(cycle, Subscribe(Destination(name=name, types=types)))
    return cycle


def claim(
    cycle: CommitCycle, *, at: datetime = START, limit: int = 99, holder: str = "h"
) -> tuple[Any, ...]:
    """What somebody gets to bring about."""
    (claimed,) = do(cycle, Claim(destination="d", holder=holder, lease=LEASE, limit=limit), at=at)
    effects: tuple[Any, ...] = claimed.effects
    return effects


def settle(cycle: CommitCycle, effect: Any, outcome: Any, *, at: datetime = START) -> bool:
    """Say what became of an effect; gives whether it was still one's own."""
    (settled,) = do(
        cycle,
        Settlement(destination="d", position=effect.position, token=effect.token, outcome=outcome),
        at=at,
    )
    held: bool = settled.held
    return held


# -- stores that get in the way -------------------------------------------------------------------


class _Behind:
    """Whatever is not said here is the one's behind."""

    def __init__(self, behind: Any) -> None:
        self.behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


class Blind(_Behind):
    """A store whose sessions have not seen what others wrote of letters and commands."""

    @contextmanager
    def session(self) -> Iterator[Any]:
        """One turn, blind."""
        with self.behind.session() as session:
            yield _BlindSession(session)


class _BlindSession(_Behind):
    def letters(self, _wanted: object) -> Mapping[Any, Any]:
        return {}

    def seen(self, _commands: object) -> Mapping[Any, Any]:
        return {}


class Failing(_Behind):
    """A store whose next commits fail: `before` they are kept, or `after`, which nobody is told."""

    def __init__(self, behind: Any) -> None:
        super().__init__(behind)
        self.before = self.after = 0

    @contextmanager
    def session(self) -> Iterator[Any]:
        """One turn, whose commit may fail."""
        with self.behind.session() as session:
            yield _FailingSession(session, self)


class _FailingSession(_Behind):
    def __init__(self, behind: Any, store: Failing) -> None:
        super().__init__(behind)
        self.store = store

    def commit(self, expected: int, batch: Any) -> Any:
        if self.store.before:
            self.store.before -= 1
            raise StoreFault("the disk is full")
        answer = self.behind.commit(expected, batch)
        if self.store.after:
            self.store.after -= 1
            raise StoreFault("nobody knows")
        return answer


class Unlocked(_Behind):
    """A store without a lock: others append between a session's reading and its commit."""

    def __init__(self, behind: Any) -> None:
        super().__init__(behind)
        self.between: Callable[[], object] = lambda: None

    @contextmanager
    def session(self) -> Iterator[Any]:
        """One turn, alone only in its commit."""
        yield _UnlockedSession(self)


class _UnlockedSession:
    def __init__(self, store: Unlocked) -> None:
        self.store = store

    def read_since(self, position: int) -> Iterator[Any]:
        return iter(list(self.store.behind.read(position)))

    def commit(self, expected: int, batch: Any) -> Any:
        between, self.store.between = self.store.between, lambda: None
        between()
        with self.store.behind.session() as session:
            return session.commit(expected, batch)

    def __getattr__(self, name: str) -> Any:
        def asked(*args: Any, **more: Any) -> Any:
            with self.store.behind.session() as session:
                return getattr(session, name)(*args, **more)

        return asked
