"""The invariants of a log, as a fold that is fed event by event.

Laws of this file: it complains at the first event that cannot be; it knows nothing of the kernel;
whatever harness makes a log can feed it, in one go or while the log grows.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import attrs

from onechannel import events as e
from onechannel.errors import LogInconsistent
from onechannel.insight.watching import (
    HomeWatch,
    LoadWatch,
    PartWatch,
    PursuitWatch,
    Stand,
    Watch,
)
from onechannel.model.ids import CustomerId, TenantId
from onechannel.testing.invariants._broken import InvariantBroken
from onechannel.testing.invariants._floor import Floor
from onechannel.testing.invariants._ledger import Ledger
from onechannel.testing.invariants._routing import check_asked, check_progress
from onechannel.testing.invariants._timers import Timers

__all__ = ["Invariants"]

#: The rule that each of the library's own watches looks after.
_RULES: Final[dict[type[Watch], str]] = {
    HomeWatch: "I14",
    PartWatch: "I3",
    LoadWatch: "I4",
    PursuitWatch: "I13",
}


def _watches() -> tuple[Watch, ...]:
    return HomeWatch(), PartWatch(), LoadWatch(), PursuitWatch()


@attrs.define(eq=False)
class Invariants:
    """What holds of any log, whatever happened to whoever wrote it.

    Feed it every event, from the first on; it raises `InvariantBroken` at the first that cannot
    be::

        invariants = Invariants()
        for event in store.read():
            invariants.add(event)
        invariants.finish(now)

    A command makes its events once and in one go (I2); an interaction has one owner at most (I3);
    nobody is asked who has no room (I4); the first in line comes first (I5), and nobody who could
    be asked is left unasked (I6); whoever lost its work is told so (I7); positions have no gaps
    (I9); customers are one for as long as they are merged (I10); all of it is one tenant's (I11);
    whatever was to happen by itself happens once, never early, and before any later command (I13);
    somebody or some queue has the customer (I14). With a `canary`, a text that stands in every
    piece of personal data, no `repr` of an event shows it (I12).
    """

    canary: str | None = None
    floor: Floor = attrs.field(factory=Floor)
    timers: Timers = attrs.field(factory=Timers)
    _ledger: Ledger = attrs.field(factory=Ledger)
    _stand: Stand = attrs.field(factory=Stand)
    _watches: tuple[Watch, ...] = attrs.field(factory=_watches)

    @classmethod
    def of(cls, events: Iterable[e.Event]) -> "Invariants":
        """After all of these, which end where an occasion does."""
        made = cls()
        for event in events:
            made.add(event)
        made.rest()
        return made

    @property
    def position(self) -> int:
        """The position of the last event; 0 before the first."""
        return self._ledger.position

    @property
    def tenant(self) -> TenantId | None:
        """Whose log it is."""
        return self._ledger.tenant

    @property
    def commands(self) -> dict[str, tuple[int, int]]:
        """The first and the last event of each command that made any."""
        return self._ledger.commands

    @property
    def keys(self) -> dict[str, str]:
        """What each key denotes."""
        return self._ledger.keys

    @property
    def customers(self) -> set[CustomerId]:
        """Who is registered."""
        return self._ledger.customers

    @property
    def survivors(self) -> dict[CustomerId, CustomerId]:
        """Who was merged into whom."""
        return self._ledger.survivors

    def root(self, customer: CustomerId) -> CustomerId:
        """By whom a customer is known."""
        return self._ledger.root(customer)

    def add(self, event: e.Event) -> None:
        """Take in the next event; raises `InvariantBroken` where it cannot be."""
        try:
            self._add(event)
        except LookupError as missing:
            reason = f"{event.type} names what is not there ({type(missing).__name__})"
            raise InvariantBroken("I8", reason, event.position) from missing

    def _add(self, event: e.Event) -> None:
        before = self._ledger.position
        if self._ledger.add(event) and before:
            self._rest(before)
        data = event.data
        if isinstance(data, e.AssignmentOpened):
            check_asked(event, data, self.floor)
        self.timers.add(event, self.floor)
        self.floor.add(event)
        self._stand.add(event)
        for watch in self._watches:
            try:
                watch.see(event, self._stand)
            except LogInconsistent as fault:
                raise _broken(watch, fault) from None
        if self.canary is not None and self.canary in repr(event):
            raise InvariantBroken("I12", "its repr shows personal data", event.position)

    def rest(self) -> None:
        """An occasion is over; raises `InvariantBroken` where something hangs in the air."""
        self._rest(self._ledger.position)

    def _rest(self, position: int) -> None:
        # In this order: the floor forgets who was freed only when progress was looked at.
        self.floor.rest(position)
        check_progress(self.floor, position)

    def finish(self, now: datetime | None = None) -> None:
        """The log ends here; with `now`, nothing that was due by then has not happened."""
        self.rest()
        for watch in self._watches:
            try:
                watch.end()
            except LogInconsistent as fault:
                raise _broken(watch, fault) from None
        if now is not None:
            self.timers.check(now)


def _broken(watch: Watch, fault: LogInconsistent) -> InvariantBroken:
    return InvariantBroken(_RULES[type(watch)], fault.reason, fault.position)
