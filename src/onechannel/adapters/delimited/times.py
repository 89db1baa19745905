"""Wall clocks: what a log writes of time, as instants.

Laws of this file: the zone turns what a wall clock shows into an instant once, at a start; from
there on durations count in UTC, so that no change of clocks can corrupt one. What cannot be read is
a bare `ValueError`, and what lies outside the calendar an `OverflowError`: neither cites a text.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import attrs

from onechannel.errors import InvalidValue
from onechannel.model import zones

__all__ = ["DayClock", "StampClock", "WallClock", "is_format", "zone_named"]

_DAY: Final = timedelta(days=1)
_HALF_A_DAY: Final = timedelta(hours=12)
_PLAIN_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])")
# Directives with nothing between them: where a digit is lost, `strptime` would guess.
_UNSEPARATED: Final = re.compile(r"(%[A-Za-z])+")


class WallClock(Protocol):
    """Reads the times of one log.

    A reading is what a text says by itself; it is naive unless the text names an offset.
    """

    @property
    def time_form(self) -> str:
        """How a time is written, for people."""
        ...

    @property
    def date_form(self) -> str:
        """How a date is written, for people."""
        ...

    def read(self, text: str) -> datetime:
        """The reading of a text."""
        ...

    def day(self, text: str) -> date:
        """The day of a date column's text; any day where no such column is needed."""
        ...

    def first(self, reading: datetime, day: date) -> datetime:
        """The instant of a row's first fact; of two when the clocks go back, the earlier."""
        ...

    def nearest(self, reading: datetime, previous: datetime) -> datetime:
        """The instant at which the clock shows this, nearest to the row's previous fact."""
        ...

    def shows(self, instant: datetime, reading: datetime) -> bool:
        """Whether the clock shows this at that instant."""
        ...


@attrs.frozen(kw_only=True)
class DayClock:
    """Times of day beside a date: `H:MM:SS`, or as `time_format` says."""

    zone: ZoneInfo
    date_form: str
    time_format: str | None = None

    @property
    def time_form(self) -> str:
        """How a time is written, for people."""
        return self.time_format or "H:MM:SS"

    def read(self, text: str) -> datetime:
        """The time, on no day in particular."""
        if self.time_format is not None:
            return _parsed(text, self.time_format)
        found = _PLAIN_TIME.fullmatch(text)
        if found is None:
            raise ValueError
        return datetime(1900, 1, 1, int(found[1]), int(found[2]), int(found[3]))  # noqa: DTZ001

    def day(self, text: str) -> date:
        """The day."""
        return _day(text, self.date_form)

    def first(self, reading: datetime, day: date) -> datetime:
        """The instant on that day."""
        return self._instant(day, reading, 0)

    def nearest(self, reading: datetime, previous: datetime) -> datetime:
        """The instant nearest to `previous`: on its day, the day before or the day after."""
        local = previous.astimezone(self.zone)
        if not _is_steady(self.zone, local.date()):
            candidates = self._around(local.date(), reading)
            return min(candidates, key=lambda one: (abs(one - previous), one < previous))
        ahead = _since_midnight(reading) - _since_midnight(local)
        if ahead > _HALF_A_DAY:
            ahead -= _DAY
        elif ahead <= -_HALF_A_DAY:
            ahead += _DAY
        return previous + ahead

    def shows(self, instant: datetime, reading: datetime) -> bool:
        """Whether it is that time of day then."""
        return _since_midnight(instant.astimezone(self.zone)) == _since_midnight(reading)

    def _around(self, day: date, reading: datetime) -> Iterator[datetime]:
        for one in (day - _DAY, day, day + _DAY):
            for fold in (0, 1):
                yield self._instant(one, reading, fold)

    def _instant(self, day: date, reading: datetime, fold: int) -> datetime:
        local = datetime.combine(day, reading.time(), self.zone)
        return local.replace(fold=fold).astimezone(UTC)


@attrs.frozen(kw_only=True)
class StampClock:
    """Dates and times in one text; `zone` is None where the text names its offset."""

    time_form: str
    zone: ZoneInfo | None

    @property
    def date_form(self) -> str:
        """How a date is written, for people."""
        return self.time_form

    def read(self, text: str) -> datetime:
        """The date and time."""
        return _parsed(text, self.time_form)

    def day(self, text: str) -> date:
        """Any day."""
        return date.min

    def first(self, reading: datetime, day: date) -> datetime:
        """The instant."""
        return self._instant(reading, 0)

    def nearest(self, reading: datetime, previous: datetime) -> datetime:
        """The instant; of two when the clocks go back, the nearer to `previous`."""
        both = (self._instant(reading, 0), self._instant(reading, 1))
        return min(both, key=lambda one: abs(one - previous))

    def shows(self, instant: datetime, reading: datetime) -> bool:
        """Whether it is that date and time then."""
        return instant in (self._instant(reading, 0), self._instant(reading, 1))

    def _instant(self, reading: datetime, fold: int) -> datetime:
        if reading.tzinfo is None:
            reading = reading.replace(tzinfo=self.zone, fold=fold)
        return reading.astimezone(UTC)


def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of that IANA name, None where there is no such zone.

    Raises `ExtraMissing` where this machine has no time zones at all.
    """
    try:
        return zones.zone_named(name)
    except InvalidValue:
        return None


def is_format(form: str, *, dated: bool = False, timed: bool = False) -> bool:
    """Whether texts of this form say the date, or the time to the minute at least."""
    sample = datetime(2001, 12, 25, 16, 59, tzinfo=UTC)
    try:
        found = _parsed(sample.strftime(form), form)
    except ValueError:
        return False
    dates = found.date() == sample.date() or not dated
    return dates and (found.time() == sample.time() or not timed)


@lru_cache(maxsize=64)
def _day(text: str, form: str) -> date:
    found = _parsed(text, form)
    if _UNSEPARATED.fullmatch(form) and found.strftime(form) != text:
        raise ValueError
    return found.date()


@lru_cache(maxsize=64)
def _is_steady(zone: ZoneInfo, day: date) -> bool:
    """Whether the clocks are not changed from the day before to the day after."""
    midnights = (
        datetime(day.year, day.month, day.day, tzinfo=zone) + n * _DAY for n in range(-1, 3)
    )
    return len({midnight.utcoffset() for midnight in midnights}) == 1


def _parsed(text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone comes after
    except (ValueError, re.error):
        # Their words cite the text.
        raise ValueError from None


def _since_midnight(moment: datetime) -> timedelta:
    seconds = 3600 * moment.hour + 60 * moment.minute + moment.second
    return timedelta(0, seconds, moment.microsecond)
