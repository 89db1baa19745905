"""The book: what a file has given a name to so far, and how a value is read by its type.

Laws of this file: a name is given once, and used after that; what is called by a name stays a name
until it is played.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.address import Address
from onechannel.model.calendar import Calendar
from onechannel.model.code import Code
from onechannel.settings import Read, Setting, duration_of, hint
from onechannel.simulation.clockwork import clock_reading, is_clock
from onechannel.simulation.scenario.values import Clock, Name
from onechannel.simulation.scenario.verbs import (
    NAMED,
    codes_in,
    may_be_time,
    members_of,
    things_in,
)

__all__ = ["Book", "clock_of", "moment_of", "span_of"]

#: Whoever lets more pass at once has mistaken himself, and would soon leave the calendar.
_CENTURY: Final = timedelta(days=36_525)


@attrs.define
class Book:
    """What there is by name, of which kind; `calendars` are the names of those.

    `holders` are the customers whose addresses have these keys.
    """

    kinds: dict[str, type] = attrs.field(factory=dict)
    calendars: set[str] = attrs.field(factory=set)
    holders: dict[str, str] = attrs.field(factory=dict, repr=False)

    def enter(self, name: str, kind: type, where: Setting) -> None:
        """Give a name; raises where it has been given before."""
        if name in self.kinds:
            raise where.wrong(f"{name} is {NAMED[self.kinds[name]]} already: take another name")
        self.kinds[name] = kind

    def hold(self, address: Address, customer: str, where: Setting) -> None:
        """Say whose address it is; raises where it is another customer's."""
        holder = self.holders.setdefault(address.key, customer)
        if holder != customer:
            raise where.wrong(
                f"is an address of {holder} already: one that is shared has one holder"
            )

    def called(self, where: Setting, *kinds: type) -> Name:
        """What is called so; raises where nothing is, or only something of another kind."""
        name = where.text
        fitting = [one for one, kind in self.kinds.items() if not kinds or issubclass(kind, kinds)]
        if name in fitting:
            return Name(name)
        if name in self.kinds:
            wanted = " or ".join(dict.fromkeys(_noun(kind) for kind in kinds))
            raise where.wrong(f"{name} is {NAMED[self.kinds[name]]}, and {wanted} is needed")
        raise where.wrong(f"nobody and nothing is called {name} so far: {hint(name, fitting)}")

    def reading(self, of: Any) -> Read | None:
        """How a value of that type is read in a step; None where the usual way will do."""
        things, code = things_in(of), codes_in(of)
        if things:
            return lambda where: self._thing(where, things, or_text=str in members_of(of))
        if may_be_time(of):
            return time_of
        if code is not None:
            return lambda where: _code(where, code)
        if Calendar in members_of(of):
            return self._calendar
        return _PLAIN.get(members_of(of))

    def _thing(self, where: Setting, things: tuple[type, ...], *, or_text: bool) -> Any:
        if or_text and where.text not in self.kinds:
            return where.text
        return self.called(where, *things)

    def _calendar(self, where: Setting) -> str:
        if where.text not in self.calendars:
            raise where.wrong(
                f"no calendar is called {where.text}: {hint(where.text, self.calendars)}"
            )
        return where.text


def _noun(kind: type) -> str:
    """What a type of handle, or of what a handle shows, is called in a file."""
    return next((noun for known, noun in NAMED.items() if issubclass(known, kind)), kind.__name__)


def _code(where: Setting, code: type[Code]) -> str:
    known = [one.value for one in code]
    if where.text not in known:
        raise where.wrong(f"there is no {where.text}: {hint(where.text, known)}")
    return where.text


def time_of(where: Setting) -> Any:
    """A span of time, an instant, or what a clock reads."""
    if isinstance(where.value, datetime):
        if where.value.tzinfo is None:
            raise where.wrong("is a time without a zone: say a clock's reading, or add its offset")
        return where.value
    if isinstance(where.value, str) and is_clock(where.value):
        return Clock(where.value)
    return span_of(where)


def span_of(where: Setting) -> timedelta:
    """A span of time that may pass in a story."""
    span = duration_of(where)
    if span > _CENTURY:
        raise where.wrong("must not be longer than a century")
    return span


def clock_of(where: Setting) -> Clock:
    """What a clock reads."""
    if not is_clock(where.text):
        raise where.wrong(
            f'no clock reads {where.text!r}: say "09:00", "09:00:30", "Tue 09:00" or '
            '"2026-01-06 09:00"'
        )
    return Clock(where.text)


def moment_of(where: Setting, clock: Clock, now: datetime, zone: tzinfo) -> datetime:
    """When a clock reads so, from now on; raises where that is over, unless another day is said."""
    try:
        moment = clock_reading(clock.reading, now, zone)
    except InvalidValue as wrong:
        raise where.wrong(str(wrong)) from None
    here = now.astimezone(zone)
    if moment.astimezone(zone).date() != here.date() and len(clock.reading.split()) == 1:
        raise where.wrong(
            f"it is {here:%a %H:%M:%S} by then: of another day say which, "
            f'"{here + timedelta(days=1):%a} {clock.reading}"'
        )
    return moment


def _whole(where: Setting) -> int:
    if type(where.value) is not int:
        raise where.wrong("must be a whole number")
    return where.value


def _truth(where: Setting) -> bool:
    if not isinstance(where.value, bool):
        raise where.wrong("must be true or false")
    return where.value


def _text(where: Setting) -> str:
    return where.text


#: How a value is read that can be of one plain type only.
_PLAIN: Final[Mapping[tuple[Any, ...], Read]] = {
    (str,): _text,
    (int,): _whole,
    (bool,): _truth,
    (timedelta,): span_of,
}
