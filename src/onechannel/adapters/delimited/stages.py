"""The cells of a row: stages with their times, and texts.

Laws of this file: what is not as the mapping says makes the row `Unfit`, and the reason cites
columns, never values; an empty cell is unfit unless the mapping lists it; where a duration is given
it decides, and an end that says otherwise `disagrees`.
"""

import re
from collections.abc import Mapping as Places
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import attrs

from onechannel.adapters.delimited.mapping import Stage, Value
from onechannel.adapters.delimited.times import WallClock

__all__ = ["NOTHING", "Span", "StageReader", "Unfit", "ValueReader", "misfit", "named"]

# Ids are made of names, and have 200 characters at most.
_NAME_LIMIT: Final = 170

# Some hundred days: a longer duration is a fault of the file.
_SECONDS: Final = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,6})?")

_NEGATIVE: Final = "it ended before it began"
_ENDLESS: Final = "it has no end"


class Unfit(Exception):
    """The row cannot be read."""


def misfit(column: str, text: str, form: str) -> Unfit:
    """A cell that is not as it should be; its text decides what is said, and is not cited."""
    return Unfit(f"column {column} is empty" if text == "" else f"column {column} is not {form}")


def named(column: str, text: str) -> str:
    """The text of a cell, if it can be a name."""
    if text == "" or len(text) > _NAME_LIMIT or not text.isprintable():
        raise misfit(column, text, f"a name of at most {_NAME_LIMIT} printable signs")
    return text


@attrs.define
class Span:
    """What a row says of one stage.

    `who` is the worker or the queue, None where it has no name. `start` is None where it did not
    happen, though it may have `lasted` all the same; `end` is None where `flaw` says why.
    """

    who: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    lasted: timedelta | None = None
    flaw: str | None = None
    disagrees: bool = False

    @property
    def claimed(self) -> bool:
        """Whether it happened, or lasted all the same."""
        return self.start is not None or bool(self.lasted)

    @property
    def seconds(self) -> str | None:
        """The duration given, as a detail of an anomaly."""
        return None if self.lasted is None else str(round(self.lasted.total_seconds()))


#: A stage that the mapping does not have.
NOTHING: Final = Span()


class ValueReader:
    """Reads a text that is fixed, or stands in a column; `places` is where each column stands."""

    def __init__(self, value: Value, places: Places[str, int]) -> None:
        self._value = value
        self._places = places

    def read(self, fields: Sequence[str]) -> str | None:
        """The text, None where it is one of those that say there is none."""
        column = self._value.column
        if column is None:
            return self._value.fixed
        text = fields[self._places[column]]
        return None if text in self._value.none else named(column, text)


class StageReader:
    """Reads one stage's columns."""

    def __init__(self, stage: Stage, places: Places[str, int], clock: WallClock) -> None:
        self._stage = stage
        self._clock = clock
        self._who = ValueReader(stage.who, places)
        self._start = places[stage.start]
        self._end = None if stage.end is None else places[stage.end]
        self._seconds = None if stage.seconds is None else places[stage.seconds]
        self._none = _readings(stage.none, clock)

    def read(self, fields: Sequence[str], day: date, previous: datetime | None) -> Span:
        """The stage in one row, last heard of at `previous`; raises `Unfit`."""
        who = self._who.read(fields)
        begins = self._reading(fields[self._start], self._stage.start)
        ends = self._ends(fields)
        lasted = self._lasted(fields)
        if begins is None:
            return Span(who, lasted=lasted)
        if previous is None:
            start = self._clock.first(begins, day)
        else:
            start = self._clock.nearest(begins, previous)
        if lasted is not None:
            return self._lasting(who, start, lasted, fields)
        if ends is None:
            return Span(who, start, flaw=_ENDLESS)
        end = self._clock.nearest(ends, start)
        return Span(who, start, flaw=_NEGATIVE) if end < start else Span(who, start, end)

    def _lasting(
        self, who: str | None, start: datetime, lasted: timedelta, fields: Sequence[str]
    ) -> Span:
        end = start + lasted
        disagrees = self._end is not None and not self._shows(end, fields[self._end])
        if end < start:
            return Span(who, start, None, lasted, _NEGATIVE, disagrees)
        return Span(who, start, end, lasted, None, disagrees)

    def _shows(self, end: datetime, text: str) -> bool:
        """Whether the end column agrees: as it stands, for midnight may be what means nothing."""
        try:
            return self._clock.shows(end, self._clock.read(text))
        except ValueError:
            return True  # one of the texts that mean nothing; any other was refused before

    def _ends(self, fields: Sequence[str]) -> datetime | None:
        if self._end is None or self._stage.end is None:
            return None
        return self._reading(fields[self._end], self._stage.end)

    def _reading(self, text: str, column: str) -> datetime | None:
        if text in self._stage.none:
            return None
        try:
            found = self._clock.read(text)
        except ValueError:
            raise misfit(column, text, f"a time of the form {self._clock.time_form}") from None
        return None if found in self._none else found

    def _lasted(self, fields: Sequence[str]) -> timedelta | None:
        if self._seconds is None or self._stage.seconds is None:
            return None
        text = fields[self._seconds]
        if text in self._stage.none:
            return None
        if _SECONDS.fullmatch(text) is None:
            raise misfit(self._stage.seconds, text, "a number of seconds")
        return timedelta(seconds=float(text))


def _readings(texts: frozenset[str], clock: WallClock) -> frozenset[datetime]:
    """Those of the texts that are times: however such a time is written, it means nothing."""
    found = set()
    for text in texts:
        try:
            found.add(clock.read(text))
        except ValueError:
            continue
    return frozenset(found)
