"""Lettering: text in a picture, which is as wide as we think and cannot break out of its place.

Laws of this file: whatever it is given comes out as well-formed XML; a width is rather too large
than too small, since nobody knows the reader's typeface.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from html import escape
from typing import Final
from unicodedata import bidirectional, combining, east_asian_width

from onechannel.insight import printable

__all__ = ["ELLIPSIS", "clock", "day", "fitted", "listed", "measured", "plain", "took"]

ELLIPSIS: Final = "…"
_OURS: Final = {ELLIPSIS: 1.01, "·": 0.34, "→": 0.85}

# Widths in ems of the widest of the usual faces without serifs, DejaVu Sans, rounded up.
_EMS: Final = {
    **dict.fromkeys("ijl'|.,:; ", 0.34),
    **dict.fromkeys('ftr/()[]-!I"', 0.47),
    **dict.fromkeys("cksvxyz", 0.6),
    **dict.fromkeys("abdeghnopqu0123456789", 0.65),
    **dict.fromkeys("mwMW@%+=<>~#&", 1.01),
}
_USUAL_EMS: Final = 0.8
_BROAD_EMS: Final = 1.01
_FOREIGN_EMS: Final = 0.95
_WIDE_EMS: Final = 1.4
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})

_ISOLATE: Final = "\u2068"
_END_ISOLATE: Final = "\u2069"

# Names of our own, since strftime's depend on the process's locale.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _ems(sign: str) -> float:
    if sign.isascii():
        return _EMS.get(sign, _USUAL_EMS)
    if combining(sign):
        return 0.0
    if sign in _OURS:
        return _OURS[sign]
    return _WIDE_EMS if east_asian_width(sign) in "WF" else _FOREIGN_EMS


def measured(text: str, size: float) -> float:
    """How wide the text is at most, at that size of letters."""
    return size * sum(map(_ems, text))


def fitted(text: str, size: float, room: float) -> str:
    """The text, or as much of it as there is room for and an ellipsis; or nothing."""
    if measured(text, size) <= room:
        return text
    left, kept = room - size * _BROAD_EMS, ""
    for sign in text:
        left -= size * _ems(sign)
        if left < 0:
            break
        kept += sign
    kept = kept.rstrip(" \u200d")
    return kept + ELLIPSIS if kept else ""


def plain(text: str) -> str:
    """The text as it stands in XML: on one line, without signs that command anything."""
    safe = printable(text)
    return escape(safe if safe.isascii() else _isolated(safe), quote=True)


def _isolated(text: str) -> str:
    """What is written from right to left keeps its direction to itself: nothing else turns."""
    begun = end = None
    parts, taken = [], 0
    for index, sign in enumerate(text):
        direction = bidirectional(sign)
        if direction in _RIGHT_TO_LEFT:
            begun = index if begun is None else begun
            end = index + 1
        elif direction == "L" and begun is not None and end is not None:
            parts += [text[taken:begun], _ISOLATE, text[begun:end], _END_ISOLATE]
            begun, taken = None, end
    if begun is not None and end is not None:
        # Marks on the last letter belong to it.
        while end < len(text) and combining(text[end]):
            end += 1
        parts += [text[taken:begun], _ISOLATE, text[begun:end], _END_ISOLATE]
        taken = end
    return "".join((*parts, text[taken:]))


# -- times ----------------------------------------------------------------------------------------

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def took(span: timedelta) -> str:
    """`42s`, `2m 50s`, `1h 05m`, `3d 04h`; what would be nought goes unsaid."""
    seconds = int(span.total_seconds())
    if seconds < _MINUTE:
        return f"{seconds}s" if seconds or not span else "<1s"
    for unit, name, smaller, its_name in _UNITS:
        if seconds < unit * _LIMITS[name]:
            large, small = seconds // unit, seconds % unit // smaller
            return f"{large}{name} {small:02}{its_name}" if small else f"{large}{name}"
    return f"{seconds // _DAY}d"


_UNITS: Final = (
    (_MINUTE, "m", 1, "s"),
    (_HOUR, "h", _MINUTE, "m"),
    (_DAY, "d", _HOUR, "h"),
)
_LIMITS: Final = {"m": 60, "h": 24, "d": 100}


def clock(at: datetime, zone: tzinfo, *, seconds: bool = True) -> str:
    """`09:41:02`, with as much after the point as there is."""
    local = at.astimezone(zone)
    if not seconds:
        return f"{local.hour:02}:{local.minute:02}"
    tail = f".{local.microsecond:06}".rstrip("0") if local.microsecond else ""
    return f"{local.hour:02}:{local.minute:02}:{local.second:02}{tail}"


def day(at: datetime, zone: tzinfo) -> str:
    """`Mon 2026-01-05`."""
    local = at.astimezone(zone)
    return f"{_DAYS[local.weekday()]} {local.date().isoformat()}"


def listed(parts: Iterable[str | None]) -> str:
    """What there is of the parts, one after the other."""
    return " · ".join(part for part in parts if part)
