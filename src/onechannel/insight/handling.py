"""Handling: what persons' parts in interactions come to.

Laws of this file: a part counts when it is over, by the role it had; talk, hold and wrap-up of a
part make its whole; a duration below zero is zero.
"""

from datetime import datetime, timedelta
from typing import Final

import attrs

from onechannel.model.assignment import Role
from onechannel.model.ids import WorkerId

__all__ = ["CONSULTING", "Part", "Work"]

_ZERO: Final = timedelta(0)

#: Whoever is asked for advice works beside the one who serves; supervisors and machines do not.
CONSULTING: Final = frozenset({Role.CONSULTED, Role.CONFERENCED})


@attrs.define(eq=False)
class Work:
    """Sums over parts that are over: of those who served, and of those who were consulted."""

    served: int = 0
    talked: timedelta = _ZERO
    held: timedelta = _ZERO
    wrapped: timedelta = _ZERO
    consulted: int = 0
    advised: timedelta = _ZERO

    def add(self, other: "Work") -> None:
        """Take in what others did."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def handled(self) -> timedelta:
        """The whole of those who served."""
        return self.talked + self.held + self.wrapped


_SUMS: Final = [field.name for field in attrs.fields(Work)]


@attrs.define(eq=False)
class Part:
    """A person's part that runs, in the role it has since `since`."""

    worker: WorkerId
    role: Role
    since: datetime
    held: timedelta = _ZERO
    held_since: datetime | None = None
    wrapping_since: datetime | None = None

    def hold(self, at: datetime) -> None:
        """Its side is on hold."""
        self.held_since = at

    def resume(self, at: datetime) -> None:
        """It is no longer, if it was."""
        if self.held_since is not None:
            self.held += max(at - self.held_since, _ZERO)
            self.held_since = None

    def wrap_up(self, at: datetime) -> None:
        """It wraps up; said again, it goes on wrapping up."""
        if self.wrapping_since is None:
            self.resume(at)
            self.wrapping_since = max(at, self.since)

    def change(self, role: Role, at: datetime, work: Work) -> None:
        """It has another role: advice becomes service, and counts as what it was."""
        self.resume(at)
        if role not in CONSULTING or self.role not in CONSULTING:
            self.end(at, work)
            self.since, self.held = max(at, self.since), _ZERO
        self.role = role

    def end(self, at: datetime, work: Work) -> datetime:
        """It is over and counts; gives when, which is not before it began."""
        self.resume(at)
        end = max(at, self.since)
        if self.role in CONSULTING:
            work.consulted += 1
            work.advised += end - self.since
        elif self.role is Role.SERVES:
            wrapped = _ZERO if self.wrapping_since is None else end - self.wrapping_since
            wrapped = max(wrapped, _ZERO)
            held = min(self.held, end - self.since - wrapped)
            work.served += 1
            work.wrapped += wrapped
            work.held += held
            work.talked += end - self.since - wrapped - held
        return end
