"""Calendars: when it is open, and how business time passes.

Laws of this file: it is open at an instant if and only if the wall clock of the zone then shows a
time within the hours of its day, and everything else follows from that; a calendar is data, and
only using it looks its zone up; what is asked are instants, and what is answered is in UTC.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, TypeAlias

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.checks import ident, is_a, tuple_of, utc
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.zones import FIRST, LAST, offset_at, steady, zone_syntax

__all__ = ["ALWAYS_OPEN", "Calendar", "Hours", "Opening"]

_MIDNIGHT: Final = time(0)
_NO_TIME: Final = timedelta(0)
_DAY: Final = timedelta(days=1)
# What neither opens nor closes for so long is taken never to do so again.
_TEN_YEARS: Final = timedelta(days=3_653)
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OPENING: Final = re.compile(r" *([0-9]{1,2}:[0-9]{2}) *- *([0-9]{1,2}:[0-9]{2}) *")
_FORM: Final = 'such as "09:00-14:00, 16:00-19:00", "22:00-02:00" or "00:00-24:00"'

#: Since midnight, by the wall clock: opens, closes.
_Span: TypeAlias = tuple[timedelta, timedelta]


# -- hours ----------------------------------------------------------------------------------------


def _whole_minutes(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    is_a(time)(instance, field, value)
    if value.tzinfo is not None or value.second or value.microsecond or value.fold:
        raise InvalidValue(f"Opening.{field.name} must be a whole minute, without a zone")


@attrs.frozen(kw_only=True, repr=False)
class Opening:
    """From one time of day to another, by the wall clock.

    One that closes no later than it opens closes on the next day, and belongs to the day on which
    it opened. From midnight to midnight is the whole day.
    """

    opens: time = attrs.field(validator=_whole_minutes)
    closes: time = attrs.field(validator=_whole_minutes)

    @closes.validator
    def _check(self, _field: "attrs.Attribute[object]", value: time) -> None:
        if value == self.opens != _MIDNIGHT:
            raise InvalidValue("Opening.closes must not be when it opens")

    @classmethod
    def parse(cls, text: str) -> "Opening":
        """The opening that is written so: `9:00-14:00`, `22:00-02:00`, `00:00-24:00`."""
        found = _OPENING.fullmatch(text)
        wrong = InvalidValue(f"it must be written as hours, {_FORM}")
        if found is None:
            raise wrong
        to_midnight = found[2] == "24:00"
        try:
            opens = time.fromisoformat(found[1].zfill(5))
            closes = _MIDNIGHT if to_midnight else time.fromisoformat(found[2].zfill(5))
        except ValueError:
            raise wrong from None
        # Some write nothing at all so, and others the whole day.
        if opens == closes and not to_midnight:
            raise wrong
        return cls(opens=opens, closes=closes)

    def __str__(self) -> str:
        closes = "24:00" if self.closes == _MIDNIGHT else f"{self.closes:%H:%M}"
        return f"{self.opens:%H:%M}-{closes}"

    def __repr__(self) -> str:
        return f"Opening.parse('{self}')"


#: The hours of one day, as people may give them.
Hours: TypeAlias = str | Iterable[Opening]


def _span(opening: Opening) -> _Span:
    opens, closes = (
        timedelta(hours=shown.hour, minutes=shown.minute)
        for shown in (opening.opens, opening.closes)
    )
    return opens, closes if closes > opens else closes + _DAY


def _openings(value: Hours, where: str) -> tuple[Opening, ...]:
    """The openings of a day in order, which do not overlap."""
    try:
        if isinstance(value, str):
            given = tuple(Opening.parse(part) for part in value.split(",")) if value.strip() else ()
        else:
            given = tuple_of(Opening, value)
    except InvalidValue as wrong:
        raise InvalidValue(f"{where}: {wrong}") from None
    ordered = tuple(sorted(given, key=lambda one: one.opens))
    if any(later < closes for (_, closes), (later, _) in pairwise(map(_span, ordered))):
        raise InvalidValue(f"{where}: it opens once more before it closes")
    return ordered


# -- fields of a calendar -------------------------------------------------------------------------


def _by_day(value: Mapping[str, Hours]) -> FrozenMap[str, tuple[Opening, ...]]:
    week = _mapping(value, "hours")
    if not all(day in _DAYS for day in week):
        raise InvalidValue(f"Calendar.hours must be by day: {', '.join(_DAYS)}")
    days = {day: _openings(hours, f"Calendar.hours of {day}") for day, hours in week.items()}
    return FrozenMap({day: openings for day, openings in days.items() if openings})


def _by_date(
    value: Mapping[date, Hours] | Mapping[str, Hours],
) -> FrozenMap[str, tuple[Opening, ...]]:
    dates = _mapping(value, "special")
    days = ((_date(day).isoformat(), hours) for day, hours in dates.items())
    return FrozenMap({day: _openings(hours, f"Calendar.special of {day}") for day, hours in days})


def _dates(value: Iterable[date | str]) -> tuple[date, ...]:
    return tuple(sorted({_date(one) for one in tuple_of(object, value)}))


def _mapping(value: Any, field: str) -> Mapping[Any, Hours]:
    if isinstance(value, Mapping):
        return value
    raise InvalidValue(f"Calendar.{field} must be a mapping, not {type(value).__name__}")


def _date(value: object) -> date:
    if type(value) is date:
        return value
    try:
        if isinstance(value, str) and (read := date.fromisoformat(value)).isoformat() == value:
            return read
    except ValueError:
        pass
    raise InvalidValue('a holiday or special day must be a date, or text such as "2026-12-25"')


# -- calendars ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Calendar:
    """Opening hours by the wall clock of a zone, with holidays and special days.

    `hours` is by day of the week (`mon` to `sun`), in order; a day that is not there is closed.
    `holidays` are closed, and `special` days, by date, have hours of their own. All three say when
    it opens: what opens before a holiday and closes after midnight is not cut short. `weekly` is
    how people make one.

    The zone is an IANA name and is looked up on use, never when a calendar is built or read: a log
    can be read where time zones are not known. What looks it up raises `ExtraMissing` where this
    machine has none at all, and `InvalidValue` where it lacks this one; `check_zone` asks before.
    Where clocks are put forward, what would open or close in the hour that is skipped does so at
    its end; where they are put back, an hour that is shown twice is open, or closed, both times.

    Every instant may be of any zone and lie in the years 2 to 9998 (`InvalidValue` otherwise).
    """

    name: str = attrs.field(validator=ident)
    zone: str = attrs.field(default="UTC", validator=zone_syntax)
    hours: FrozenMap[str, tuple[Opening, ...]] = attrs.field(converter=_by_day)
    holidays: tuple[date, ...] = attrs.field(default=(), converter=_dates)
    special: FrozenMap[str, tuple[Opening, ...]] = attrs.field(
        factory=FrozenMap, converter=_by_date
    )

    @special.validator
    def _check(self, _field: "attrs.Attribute[object]", value: FrozenMap[str, Any]) -> None:
        for day, openings in value.items():
            if not openings:
                raise InvalidValue(f"Calendar.special of {day}: a day without hours is a holiday")
            if date.fromisoformat(day) in self.holidays:
                raise InvalidValue(f"Calendar.special of {day}: it is among the holidays as well")
        if not self.hours and not value:
            raise InvalidValue("Calendar.hours: it would never open; give the hours of a day")

    @classmethod
    def weekly(  # noqa: PLR0913 - a week has seven days
        cls,
        name: str,
        *,
        zone: str = "UTC",
        daily: Hours = (),
        mon_fri: Hours | None = None,
        sat_sun: Hours | None = None,
        mon: Hours | None = None,
        tue: Hours | None = None,
        wed: Hours | None = None,
        thu: Hours | None = None,
        fri: Hours | None = None,
        sat: Hours | None = None,
        sun: Hours | None = None,
        holidays: Iterable[date | str] = (),
        special: Mapping[date, Hours] | Mapping[str, Hours] | None = None,
    ) -> "Calendar":
        """A calendar as people put it; hours are text, or openings.

        A day by itself goes before `mon_fri` and `sat_sun`, and these before `daily`; no hours
        (`""`) close a day. Dates may be written as ISO has them.

        >>> office = Calendar.weekly(
        ...     "office",
        ...     zone="Europe/Madrid",
        ...     mon_fri="09:00-14:00, 16:00-19:00",
        ...     fri="09:00-15:00",
        ...     holidays=["2026-12-25"],
        ...     special={"2026-12-24": "09:00-13:00"},
        ... )
        >>> [str(opening) for opening in office.hours["mon"]]
        ['09:00-14:00', '16:00-19:00']
        """
        parts = (*(mon_fri,) * 5, *(sat_sun,) * 2)
        days = (mon, tue, wed, thu, fri, sat, sun)
        week = {
            day: next((given for given in (own, part) if given is not None), daily)
            for day, own, part in zip(_DAYS, days, parts, strict=True)
        }
        return cls(name=name, zone=zone, hours=week, holidays=holidays, special=special or {})

    # -- what people ask ---------------------------------------------------------------------------

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at that instant: from the opening on, and not at the closing."""
        instant = _instant(at)
        shown = instant + offset_at(self.zone, instant)
        today = shown.toordinal()
        now = timedelta(hours=shown.hour, minutes=shown.minute)
        return any(
            opens <= since < closes
            for day, since in ((today, now), (today - 1, now + _DAY))
            for opens, closes in self._spans_of(day)
        )

    def next_opening(self, at: datetime) -> datetime | None:
        """When it opens next, `at` itself if it is open; None if not within ten years."""
        since = _instant(at)
        return next((opens for opens, _ in self._open(since, _far_from(since))), None)

    def next_closing(self, at: datetime) -> datetime | None:
        """When it closes next, and so always after `at`; None if not within ten years.

        From `next_opening` to `next_closing` it is open without a break.
        """
        since = _instant(at)
        until = _far_from(since)
        end = None
        for opens, closes in self._open(since, until):
            if end is not None and opens > end:
                return end
            end = closes
        return None if end == until else end

    def business_time(self, start: datetime, end: datetime) -> timedelta:
        """How long it is open between two instants; negative where the end comes first.

        So for any three instants the time from the first to the third is the sum of both parts.
        """
        since, until = _instant(start), _instant(end)
        if until < since:
            return -self.business_time(until, since)
        return sum((closes - opens for opens, closes in self._open(since, until)), _NO_TIME)

    def due(self, start: datetime, span: timedelta) -> datetime:
        """The first instant at which so much business time has passed since the start.

        `business_time(start, due(start, span)) == span`, exactly. Nothing has passed at the start
        itself, open or not; what lasts until closing time is due then, and not on the next day.
        Raises `InvalidValue` for a negative span, and if it is closed for ten years before that.
        """
        since, left = _instant(start), span
        if left < _NO_TIME:
            raise InvalidValue("a span of business time must not be negative")
        while left:
            before = since
            for opens, closes in self._open(since, _far_from(since)):
                if left <= closes - opens:
                    return opens + left
                left -= closes - opens
                since = closes
            if since == before:
                raise InvalidValue(f"calendar {self.name} does not open for ten years: give hours")
        return since

    # -- how it is found ---------------------------------------------------------------------------

    def _open(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The periods between two instants in which it is open, in order, and none overlaps.

        They may touch, so that the first of an endless row is not long in coming.
        """
        last = since
        for begin, end, offset in steady(self.zone, since, until):
            for opens, closes in self._shifted(begin, end, offset):
                opening, closing = max(opens, begin, last), min(closes, end)
                if opening < closing:
                    yield opening, closing
                    last = closing

    def _shifted(
        self, begin: datetime, end: datetime, offset: timedelta
    ) -> Iterator[tuple[datetime, datetime]]:
        """The hours of all days that touch a stretch, if its offset held for ever."""
        shown = begin + offset
        # From the day before on, whose last opening may still last.
        day = shown.toordinal() - 1
        midnight = datetime.combine(shown, _MIDNIGHT, UTC) - offset - _DAY
        while midnight < end:
            for opens, closes in self._spans_of(day):
                yield midnight + opens, midnight + closes
            day += 1
            midnight += _DAY

    def _spans_of(self, day: int) -> tuple[_Span, ...]:
        """The spans of a day, given by its ordinal."""
        week, dated = self._rules
        return dated[day] if day in dated else week[day % 7]

    @cached_property
    def _rules(self) -> tuple[tuple[tuple[_Span, ...], ...], dict[int, tuple[_Span, ...]]]:
        """The spans by ordinal modulo 7 (which is 1 for a Monday), and those of single days."""
        week = tuple(
            tuple(map(_span, self.hours.get(_DAYS[number - 1], ()))) for number in range(7)
        )
        dated: dict[int, tuple[_Span, ...]] = {day.toordinal(): () for day in self.holidays}
        for day, openings in self.special.items():
            dated[date.fromisoformat(day).toordinal()] = tuple(map(_span, openings))
        return week, dated


def _instant(at: datetime) -> datetime:
    instant = utc(at)
    if FIRST <= instant < LAST:
        return instant
    raise InvalidValue("the time is beyond the calendar: give one in the years 2 to 9998")


def _far_from(since: datetime) -> datetime:
    return since + _TEN_YEARS if since < LAST - _TEN_YEARS else LAST


#: Open at every instant: what there is where nobody says otherwise.
ALWAYS_OPEN: Final = Calendar.weekly("always-open", daily="00:00-24:00")
