"""Promises: when they are due, and what becomes of them.

Laws of this file: time runs for a promise by its calendar, and not while it is paused; every end is
an event of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused, InvalidValue, OneChannelError
from onechannel.model.calendar import Calendar
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, PromiseId, WorkerId
from onechannel.model.ids import promise_id as new_id
from onechannel.model.promise import PromiseState

__all__ = ["PROMISES", "LivePromise", "Occasion", "due_at", "resumed"]


@attrs.define(eq=False)
class LivePromise:
    """A promise that is not over; while it is paused, `paused_at` says since when."""

    id: PromiseId
    customer: CustomerId | None
    what: str
    due: datetime
    calendar: str | None
    worker: WorkerId | None
    interaction: InteractionId | None
    journey: JourneyId | None
    state: PromiseState = PromiseState.OPEN
    paused_at: datetime | None = None

    @property
    def ids(self) -> tuple[PromiseId, CustomerId | None, InteractionId | None, JourneyId | None]:
        """What every event about it begins with."""
        return self.id, self.customer, self.interaction, self.journey


@attrs.frozen
class Occasion:
    """What a decision on a promise looks at beside it; `position` is that of the next event."""

    now: datetime
    calendars: Mapping[str, Calendar]
    position: int


_Decision: TypeAlias = Iterator[e.EventData]


def due_at(
    now: datetime, due: datetime | None, within: timedelta | None, calendar: Calendar | None
) -> datetime:
    """When something is due: at a time to come, or after that much time of the calendar."""
    if due is not None:
        if due <= now:
            raise CommandRefused(
                f"{due.isoformat()} is past: a promise is due later than it is made"
            )
        return due
    assert within is not None  # one of the two is given
    try:
        return now + within if calendar is None else calendar.due(now, within)
    except InvalidValue as fault:
        raise CommandRefused(str(fault)) from None


def resumed(found: LivePromise, occasion: Occasion) -> e.PromiseResumed:
    """It is due as much later as its calendar ran while it was paused."""
    assert found.paused_at is not None  # paused
    return e.PromiseResumed(*found.ids, _due_later(found, found.paused_at, occasion))


def _due_later(found: LivePromise, paused_at: datetime, occasion: Occasion) -> datetime:
    calendar, later = _calendar(found, occasion), found.due + (occasion.now - paused_at)
    if calendar is None:
        return later
    try:
        left = calendar.business_time(paused_at, found.due)
        return calendar.due(occasion.now, left) if left > timedelta(0) else later
    except OneChannelError:
        # Where the calendar cannot say, every hour counts: a promise must never be without an end.
        return later


def _calendar(found: LivePromise, occasion: Occasion) -> Calendar | None:
    return None if found.calendar is None else occasion.calendars[found.calendar]


def _keep(found: LivePromise, command: c.KeepPromise, _occasion: Occasion) -> _Decision:
    yield e.PromiseKept(*found.ids, command.evidence)


def _renegotiate(
    found: LivePromise, command: c.RenegotiatePromise, occasion: Occasion
) -> _Decision:
    due = due_at(occasion.now, command.due, command.within, _calendar(found, occasion))
    # The old one ends first: the successor's is the position after that.
    successor = new_id(occasion.position + 1)
    yield e.PromiseRenegotiated(*found.ids, successor)
    yield e.PromiseMade(
        successor,
        found.customer,
        found.what,
        due,
        found.calendar,
        found.worker,
        found.interaction,
        found.journey,
        found.id,
    )


def _pause(found: LivePromise, command: c.PausePromise, occasion: Occasion) -> _Decision:
    until = None if command.duration is None else occasion.now + command.duration
    yield e.PromisePaused(*found.ids, command.reason, until)


def _resume(found: LivePromise, _command: c.ResumePromise, occasion: Occasion) -> _Decision:
    yield resumed(found, occasion)


def _withdraw(found: LivePromise, command: c.WithdrawPromise, _occasion: Occasion) -> _Decision:
    yield e.PromiseWithdrawn(*found.ids, command.reason)


#: What becomes of a promise, by command.
PROMISES: Final[dict[type, Callable[[LivePromise, Any, Occasion], _Decision]]] = {
    c.KeepPromise: _keep,
    c.RenegotiatePromise: _renegotiate,
    c.PausePromise: _pause,
    c.ResumePromise: _resume,
    c.WithdrawPromise: _withdraw,
}
