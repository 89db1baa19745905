"""Time zones: what a wall clock shows at an instant.

Laws of this file: zones are looked up here and nowhere else; what is asked is always an instant,
never a reading of a clock, so nothing is ever ambiguous; UTC needs no time zone data.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from onechannel.errors import ExtraMissing, InvalidValue

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import attrs

__all__ = ["FIRST", "LAST", "check_zone", "offset_at", "steady", "zone_named", "zone_syntax"]

#: Between these, an instant can be told in every zone.
FIRST: Final = datetime(2, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)

# Names in the database begin with a capital; what does not (localtime, posixrules, right/...) is a
# machine's own, and differs between machines.
_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
_LONGEST: Final = 100
_NO_OFFSET: Final = timedelta(0)
_SECOND: Final = timedelta(seconds=1)
# The shortest time between two changes of clocks in the database (2025b) is 95 hours and 40
# minutes: Africa/Freetown, September 1939.
_PROBE: Final = timedelta(days=1)

_Change: TypeAlias = tuple[datetime, timedelta]


def zone_syntax(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    """Validator: the form of a time zone's name, known here or not."""
    if not _is_name(value):
        name = f"{type(instance).__name__}.{field.name}"
        raise InvalidValue(f"{name} must be the name of a time zone, such as Europe/Madrid")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and bool(_NAME.fullmatch(value))


def check_zone(name: str) -> None:
    """Refuse a time zone that is not known on this machine.

    A calendar checks only how its zone is written, since an old log must be readable everywhere;
    call this where a person gives the name. Raises `InvalidValue`, or `ExtraMissing` where this
    machine has no time zone data at all: Windows has none of its own.
    """
    if name != "UTC":
        zone_named(name)


def zone_named(name: str) -> "ZoneInfo":
    """The time zone of that IANA name; raises `InvalidValue` or `ExtraMissing` as `check_zone`."""
    if not _is_name(name):
        raise InvalidValue("a time zone must be a name such as Europe/Madrid")
    found = _found(name)
    if found is not None:
        return found
    if _found("Europe/London") is None:
        raise ExtraMissing("time zones", "tz")
    raise InvalidValue(
        f"time zone {name} is unknown here: give an IANA name such as Europe/Madrid, "
        "or renew the time zone data"
    )


def _found(name: str) -> "ZoneInfo | None":
    # It is not loaded before somebody asks: reading a log needs no time zones.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def offset_at(zone: str, at: datetime) -> timedelta:
    """What the wall clock is ahead of UTC at an instant in UTC."""
    changes = _offsets_of(zone, at.year)
    return next(offset for since, offset in reversed(changes) if since <= at)


def steady(
    zone: str, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The stretches between two instants in which no clock is changed, each with its offset.

    Both are in UTC, between `FIRST` and `LAST`; the stretches join, and may be cut at a new year.
    """
    for year in range(since.year, (until - timedelta.resolution).year + 1):
        changes = (*_offsets_of(zone, year), (datetime(year + 1, 1, 1, tzinfo=UTC), _NO_OFFSET))
        for (begin, offset), (end, _) in pairwise(changes):
            if begin < until and end > since:
                yield max(begin, since), min(end, until), offset


# A year of a zone takes half a millisecond to find and less than a kilobyte to keep.
@lru_cache(maxsize=4096)
def _offsets_of(zone: str, year: int) -> tuple[_Change, ...]:
    """The offset at the start of a year (in UTC), and each other one with its first instant."""
    begin = datetime(year, 1, 1, tzinfo=UTC)
    if zone == "UTC":
        return ((begin, _NO_OFFSET),)
    known = zone_named(zone)
    end = datetime(year + 1, 1, 1, tzinfo=UTC) - _SECOND
    changes = [(begin, _offset(known, begin))]
    while begin < end:
        probe = min(begin + _PROBE, end)
        offset = _offset(known, probe)
        if offset != changes[-1][1]:
            changes.append((_changed(known, begin, probe), offset))
        begin = probe
    return tuple(changes)


def _changed(zone: "ZoneInfo", before: datetime, after: datetime) -> datetime:
    """The first second at which the offset is that of `after`."""
    old = _offset(zone, before)
    low, high = 0, (after - before) // _SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, before + middle * _SECOND) == old:
            low = middle
        else:
            high = middle
    return before + high * _SECOND


def _offset(zone: "ZoneInfo", at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
