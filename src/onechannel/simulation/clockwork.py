"""Clockwork: virtual time, and what is to be done as it passes.

Laws of this file: time passes only when it is told to, and never back; a deadline of the kernel
comes before what is on the agenda for the same moment; what is on the agenda is done in order of
time, then of asking; time does not pass while something of the agenda is being done.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from heapq import heappop, heappush
from itertools import count
from typing import Final, TypeAlias

from onechannel.errors import InvalidValue
from onechannel.model.checks import utc
from onechannel.model.zones import zone_named

__all__ = ["Action", "Clockwork", "clock_reading", "is_clock", "span_of"]

#: Something to do once its time has come; what it gives is not looked at.
Action: TypeAlias = Callable[[], object]

# When, as the how many-th asked for, and what; taken off again it is nothing.
_Entry: TypeAlias = tuple[datetime, int, list[Action]]

# Before whatever date a clock may be said to show.
_EARLY: Final = datetime(102, 1, 1, tzinfo=UTC)

_DAY: Final = timedelta(days=1)
_CLOCK: Final = re.compile(
    r"(?:(?P<day>mon|tue|wed|thu|fri|sat|sun|\d{4}-\d\d-\d\d)\s+)?"
    r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?",
    re.IGNORECASE,
)
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Whoever does more than this at one moment has asked for it in a circle.
_MOST_AT_ONCE: Final = 100_000


class Clockwork(ABC):
    """The virtual time of a centre, with an agenda."""

    def __init__(self, start: datetime, zone: str) -> None:
        self._now = utc(start)
        self.zone: tzinfo = UTC if zone == "UTC" else zone_named(zone)
        self._agenda: list[_Entry] = []
        self._asked = count()
        self._doing = False

    @abstractmethod
    def _next_deadline(self) -> datetime | None:
        """When the kernel has something to do by itself."""

    @abstractmethod
    def _fire(self) -> None:
        """Let the kernel do what is due now."""

    # -- time -------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self._now

    def advance(self, span: timedelta | None = None, **parts: float) -> None:
        """Let time pass: `advance(timedelta(hours=1))` or `advance(minutes=5, seconds=30)`."""
        self.advance_to(self._in(span_of(span, parts, "advance")))

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until then; whatever is due on the way comes at its own moment."""
        for _ in self.until(moment):
            pass

    def at(self, clock: str) -> None:
        """Let time pass until the clock next reads so: `at("09:00")`, `at("Tue 14:30")`.

        On a day of the centre's zone; by the date, too: `at("2026-01-06 09:00")`.
        """
        self.advance_to(clock_reading(clock, self._now, self.zone))

    def until(self, moment: datetime) -> Iterator[None]:
        """Let time pass until then, stopping after whatever comes on the way, and at the end."""
        until = max(utc(moment), self._now)
        while (due := self.next_due) is not None and due <= until:
            self._pass_to(due)
            yield
        self._now = max(until, self._now)  # whoever steps through may let it pass further
        yield

    def run_until_idle(
        self, quiet: timedelta = timedelta(hours=1), most: timedelta = timedelta(days=1)
    ) -> None:
        """Let time pass until nothing is due for so long a time; it stands at what came last.

        What is promised for tomorrow, or lapses in a month, does not keep a centre busy. Raises
        `InvalidValue` where it is still busy after `most`: somebody asks in a circle.
        """
        last = self._now + most
        while (due := self.next_due) is not None and due - self._now < quiet:
            if due > last:
                raise InvalidValue(
                    f"something is due every {quiet} still, {most} after {last - most}: the next "
                    f"at {due}; look at the log for who goes in a circle, or allow for more"
                )
            self._pass_to(due)

    # -- the agenda -------------------------------------------------------------------------------

    def later(self, when: timedelta | datetime, action: Action) -> Action:
        """Have something done once its time has come: so much later, or at a time.

        Gives what takes it off the agenda again, if it has not been done.
        """
        moment = self._in(when) if isinstance(when, timedelta) else utc(when)
        todo = [action]
        heappush(self._agenda, (max(moment, self._now), next(self._asked), todo))
        return todo.clear

    def _in(self, span: timedelta) -> datetime:
        try:
            return utc(self._now + span)
        except OverflowError:
            raise InvalidValue(f"{span} from now is beyond the calendar") from None

    @property
    def next_due(self) -> datetime | None:
        """When something is to be done next, by the kernel or from the agenda, if anything is."""
        if self._doing:
            raise InvalidValue(
                "time does not pass while something of the agenda is done: ask for the rest with "
                "later(...)"
            )
        deadline = self._next_deadline()
        self._forget()
        if not self._agenda:
            return deadline
        first = self._agenda[0][0]
        return first if deadline is None else min(first, deadline)

    def _pass_to(self, due: datetime) -> None:
        self._now = max(due, self._now)
        deadline = self._next_deadline()
        if deadline is not None and deadline <= self._now:
            self._fire()
        self._settle()

    def _forget(self) -> None:
        """Let go of what was taken off, as far as it is next."""
        while self._agenda and not self._agenda[0][2]:
            heappop(self._agenda)

    def _settle(self) -> None:
        """Do what is on the agenda for now."""
        agenda = self._agenda
        if self._doing or not agenda or agenda[0][0] > self._now:
            return
        self._doing = True
        try:
            for _ in range(_MOST_AT_ONCE):
                self._forget()
                if not agenda or agenda[0][0] > self._now:
                    return
                heappop(agenda)[2].pop()()
        finally:
            self._doing = False
        raise InvalidValue(
            f"more than {_MOST_AT_ONCE:,} things are to be done at {self._now}: somebody asks in "
            "a circle; let some time pass in between"
        )


def span_of(span: timedelta | None, parts: dict[str, float], verb: str) -> timedelta:
    """A span of time as such, or by its parts; `verb` is who wants to know."""
    if span is not None and not isinstance(span, timedelta):
        raise InvalidValue(
            f"{verb} needs to know {type(span).__name__} of what: say {verb}(seconds=60), "
            f"{verb}(days=2, hours=3) or {verb}(timedelta(minutes=5))"
        )
    if span is not None and parts:
        raise InvalidValue(f"{verb} takes a timedelta or its parts, not both: {', '.join(parts)}")
    try:
        found = timedelta(**parts) if span is None else span
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue(
            f"{verb} takes what timedelta takes, so many days, hours, minutes or seconds, not "
            f"{', '.join(f'{name}={value!r}' for name, value in parts.items())}"
        ) from None
    if found < timedelta(0):
        raise InvalidValue(f"time does not go back: {verb} was told {found}")
    return found


def is_clock(text: str) -> bool:
    """Whether a clock may read so."""
    try:
        clock_reading(text, _EARLY, UTC)
    except InvalidValue:
        return False
    return True


def clock_reading(clock: str, now: datetime, zone: tzinfo) -> datetime:
    """The next instant, from now on, at which a clock of that zone reads so."""
    found = _CLOCK.fullmatch(str(clock))
    try:
        if found is None:
            raise ValueError
        hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
        reading = time(hour, minute, second)
        given = (found["day"] or "").lower()
        date = datetime.fromisoformat(given).date() if given[:1].isdigit() else None
    except ValueError:
        raise InvalidValue(
            f'no clock reads {clock!r}: say "09:00", "09:00:30", "Tue 09:00" or "2026-01-06 09:00"'
        ) from None
    if date is not None:
        moment = datetime.combine(date, reading, zone).astimezone(UTC)
        if moment < now:
            raise InvalidValue(f"time does not go back: it is {now.astimezone(zone)} already")
        return moment
    days = (now.astimezone(zone).date() + _DAY * number for number in count())
    return next(
        moment
        for day in days
        if given in {"", _WEEKDAYS[day.weekday()]}
        for fold in (0, 1)  # it reads so twice on the day on which clocks go back
        if (moment := datetime.combine(day, reading.replace(fold=fold), zone).astimezone(UTC))
        >= now
    )
