"""Health: whether a centre does its work, and what keeps it from it.

Law of this file: it says what is so, in figures, and in words only what somebody should do
something about.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import attrs

from onechannel.codec import time_to_text
from onechannel.delivery import CommitCycle
from onechannel.ports import EffectState, EventStore, LetterState, LockHolder

__all__ = ["Health", "Mailbox", "examined", "mailbox", "unsent"]

_NOTHING: Final = timedelta(0)
#: How late a deadline, or how old a request, may be before somebody should look: a second is what
#: callers notice, and what recovery may take.
_LATE: Final = timedelta(seconds=1)
#: A sender that runs looks every second; it may be busy with others for some.
_UNSENT: Final = timedelta(minutes=1)
#: Whoever holds the lock for longer than this is not just busy.
_HELD: Final = timedelta(seconds=5)
_SECOND: Final = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class Mailbox:
    """The inbox and the outbox in figures.

    `received` letters are `stored`, `duplicates`, `parked`, `refused` or `dead`; of effects, so
    many are `due` and so many `undelivered`: dead.
    """

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    parked: int = 0
    refused: int = 0
    dead: int = 0
    made: int = 0
    sent: int = 0
    undelivered: int = 0

    @property
    def due(self) -> int:
        """Effects that have been made and are neither sent nor dead."""
        return self.made - self.sent - self.undelivered

    @property
    def dead_letters(self) -> int:
        """What somebody has to look at: letters refused or dead, and effects that are dead."""
        return self.refused + self.dead + self.undelivered

    @property
    def adds_up(self) -> bool:
        """Whether every letter received is accounted for."""
        kept = self.stored + self.duplicates + self.parked + self.refused + self.dead
        return kept == self.received


_FIGURES: Final[Mapping[tuple[str, str], str]] = {
    ("inbox", "received"): "received",
    ("inbox", LetterState.STORED): "stored",
    ("inbox", "duplicate"): "duplicates",
    ("inbox", LetterState.PARKED): "parked",
    ("inbox", LetterState.REFUSED): "refused",
    ("inbox", LetterState.DEAD): "dead",
    ("outbox", "made"): "made",
    ("outbox", "sent"): "sent",
    ("outbox", EffectState.DEAD): "undelivered",
}


def mailbox(store: EventStore) -> Mailbox:
    """What a store has counted, over all sources and destinations."""
    counted: Counter[str] = Counter()
    for (box, _name, what), count in store.tallies().items():
        counted[_FIGURES[box, what]] += count
    return Mailbox(**counted)


def unsent(store: EventStore, now: datetime) -> dict[str, timedelta]:
    """For how long the longest due effect of each destination has been due, where that is long.

    One that somebody claims, or puts off, is due later.
    """
    found = {}
    for destination in store.destinations():
        for effect in store.due(destination.name, now - _UNSENT, 1):
            found[destination.name] = now - effect.due_at
    return found


def examined(store: EventStore, now: datetime) -> "Health":
    """How a centre is, for somebody who has just come: its log is taken in first.

    What others do with it at this moment is not seen, but for who holds its lock.
    """
    cycle = CommitCycle(store)
    kernel = cycle.kernel
    due = kernel.next_deadline
    return Health(
        at=now,
        position=kernel.position,
        lag=0,
        overdue=due if due is not None and due <= now else None,
        policy=kernel.policy.name,
        lacks=(),
        mail=mailbox(store),
        unsent=unsent(store, now),
        holder=store.holder(),
    )


@attrs.frozen(kw_only=True)
class Health:
    """How a centre is, as of `at`.

    `position` is where the log ends, `lag` how many events of it the replica has not taken in;
    `overdue` is the oldest deadline that is due and has not fired. `waiting` pieces of work wait
    for a commit, and nothing could be committed for `failing_for`, because of `fault`. `lacks`
    are the callables of the adopted policy that are not here: such a process follows and does not
    decide. `unsent` says of destinations for how long nobody has sent what is due there. `holder`
    is the process that holds the store's lock just now.
    """

    at: datetime
    position: int
    lag: int
    overdue: datetime | None
    policy: str
    lacks: tuple[str, ...]
    mail: Mailbox
    unsent: Mapping[str, timedelta] = attrs.field(factory=dict)
    waiting: int = 0
    failing_for: timedelta = _NOTHING
    fault: str | None = None
    holder: LockHolder | None = None

    @property
    def overdue_by(self) -> timedelta:
        """How late the oldest deadline is."""
        return _NOTHING if self.overdue is None else max(self.at - self.overdue, _NOTHING)

    @property
    def ok(self) -> bool:
        """Whether nobody has to do anything at once."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """What keeps it from its work."""
        return tuple(self._problems())

    @property
    def notes(self) -> tuple[str, ...]:
        """What somebody should look at, though work goes on."""
        return tuple(self._notes())

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON: durations in seconds."""
        return {
            "ok": self.ok,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "at": time_to_text(self.at),
            "position": self.position,
            "lag": self.lag,
            "overdue_s": self.overdue_by / _SECOND,
            "waiting": self.waiting,
            "failing_s": self.failing_for / _SECOND,
            "policy": self.policy,
            "lacks": list(self.lacks),
            "lock": None
            if self.holder is None
            else {"pid": self.holder.pid, "held_s": self.holder.held / _SECOND},
            "inbox": {
                "received": self.mail.received,
                "stored": self.mail.stored,
                "duplicates": self.mail.duplicates,
                "parked": self.mail.parked,
                "refused": self.mail.refused,
                "dead": self.mail.dead,
            },
            "outbox": {
                "made": self.mail.made,
                "sent": self.mail.sent,
                "due": self.mail.due,
                "dead": self.mail.undelivered,
                "unsent_s": {name: late / _SECOND for name, late in self.unsent.items()},
            },
        }

    def _problems(self) -> Iterator[str]:
        if self.fault is not None and self.failing_for >= _LATE:
            yield f"nothing could be committed for {_told(self.failing_for)}: {self.fault}"
        if self.overdue_by >= _LATE:
            yield (
                f"a deadline is overdue by {_told(self.overdue_by)}: nobody fires it; "
                "start a process that serves, with what the policy names"
            )
        if self.holder is not None and self.holder.held >= _HELD:
            yield (
                f"process {self.holder.pid} has held the lock for {_told(self.holder.held)}: "
                "continue it or end it"
            )
        for destination, late in self.unsent.items():
            yield (
                f"what is due for {destination} has not been sent for {_told(late)}: "
                "start a process that sends there"
            )
        if not self.mail.adds_up:
            yield "the letters received are not all accounted for: restore from a backup"

    def _notes(self) -> Iterator[str]:
        if self.lacks:
            yield (
                f"policy {self.policy} names {', '.join(self.lacks)}, which this process lacks: "
                "it follows and does not decide"
            )
        if self.mail.dead_letters:
            yield f"{self.mail.dead_letters} dead letters: list, mend and replay them"


def _told(span: timedelta) -> str:
    return f"{span / _SECOND:,.1f} s"
