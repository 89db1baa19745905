"""Rendering: a timeline as lines of plain text.

Laws of this file: columns are aligned by what a terminal shows, not by what a string counts; what
was said is shown only where it is asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from unicodedata import combining, east_asian_width

import attrs

from onechannel.insight.timeline import Entry, EntryKind
from onechannel.model.personal import personal

__all__ = ["Line", "render_lines", "render_text"]

#: A sign for each well-known channel, so that the eye finds a change; any other has a dot.
_MARKS: Final = {
    "voice": "(",
    "video": "[",
    "store": "^",
    "web": "#",
    "app": "*",
    "chat": '"',
    "sms": ":",
    "whatsapp": ";",
    "social": "&",
    "email": "@",
    "task": "+",
}
_OTHER_MARK: Final = "."

_BARS: Final = {EntryKind.WAITING: ".", EntryKind.SERVED: "=", EntryKind.WRAPPING: "-"}
_BAR_WIDTH: Final = 12

# Names of our own, since strftime's depend on the process's locale.
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_GAP: Final = "  "
_LONG: Final = timedelta(hours=1)


@attrs.frozen
class Line:
    """A line of text, and what it is about; a heading and an empty line are about nothing."""

    text: str = personal(subject="customer")
    kind: EntryKind | None = None


def render_text(
    entries: Iterable[Entry], *, show_text: bool = False, zone: tzinfo = UTC
) -> Iterator[str]:
    """A timeline to read: `render_lines` without the kinds."""
    return (line.text for line in render_lines(entries, show_text=show_text, zone=zone))


def render_lines(
    entries: Iterable[Entry], *, show_text: bool = False, zone: tzinfo = UTC
) -> Iterator[Line]:
    """A timeline to read, under a heading for each day of `zone`.

    A line has: the time; how long after the arrival of that interaction; how long it took, as a
    number and as a bar against the longest; channel, interaction, who, and what. An empty line
    stands where nothing happened for an hour. `kind` is there for those who colour.
    """
    kept = list(entries)
    rows = list(_rows(kept, zone))
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    last: datetime | None = None
    for entry, row in zip(kept, rows, strict=True):
        local = entry.at.astimezone(zone)
        new_day = last is None or local.date() != last.date()
        if last is not None and (new_day or local - last >= _LONG):
            yield Line("")
        if new_day:
            yield Line(f"{_DAYS[local.weekday()]} {local.date().isoformat()} ({local.tzname()})")
        last = local
        margin = _GAP + _GAP.join(map(_aligned, row, widths, _RIGHT)) + _GAP
        said = entry.text.split("\n") if show_text and entry.text else [""]
        yield Line(margin + _phrase(entry, said[0]), entry.kind)
        for more in said[1:]:
            yield Line(" " * (_width(margin) + 2) + more, entry.kind)


#: Which columns have their numbers at the right.
_RIGHT: Final = (False, True, True, False, False, False, False)


def _rows(entries: Sequence[Entry], zone: tzinfo) -> Iterator[tuple[str, ...]]:
    """All columns but the last."""
    longest = max((_took(entry) for entry in entries if entry.kind in _BARS), default=_ZERO)
    arrivals: dict[str, datetime] = {}
    for entry in entries:
        after = ""
        if entry.interaction is not None:
            first = arrivals.setdefault(entry.interaction, entry.at)
            after = f"+{_length(entry.at - first)}" if entry.at > first else ""
        yield (
            entry.at.astimezone(zone).strftime("%H:%M:%S"),
            after,
            "" if entry.until is None else _length(_took(entry)),
            _bar(entry, longest),
            _channel(entry.channel),
            entry.interaction or "",
            entry.who,
        )


_ZERO: Final = timedelta(0)


def _took(entry: Entry) -> timedelta:
    return _ZERO if entry.until is None else entry.until - entry.at


def _bar(entry: Entry, longest: timedelta) -> str:
    took = _took(entry)
    if entry.kind not in _BARS or not took:
        return ""
    return _BARS[entry.kind] * max(1, round(_BAR_WIDTH * (took / longest)))


def _channel(name: str | None) -> str:
    return "" if name is None else f"{_MARKS.get(name, _OTHER_MARK)} {name}"


def _phrase(entry: Entry, said: str) -> str:
    opening, closing = _AROUND.get(entry.kind, (" (", ")"))
    detail = "" if entry.detail is None else f"{opening}{entry.detail}{closing}"
    return f"{entry.what}{detail}{': ' if said else ''}{said}"


#: What stands around the detail, where it is no aside.
_AROUND: Final = {
    EntryKind.ARRIVAL: (" ", ""),
    EntryKind.WAITING: (" ", ""),
    EntryKind.CUSTOMER: (" ", ""),
    EntryKind.ANOMALY: (": ", ""),
}

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def _length(span: timedelta) -> str:
    """`42s`, `2m 50s`, `1h 05m`, `3d 04h`."""
    seconds = int(span.total_seconds())
    if seconds < _MINUTE:
        return f"{seconds}s" if seconds or not span else "<1s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m {seconds % _MINUTE:02}s"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h {seconds % _HOUR // _MINUTE:02}m"
    return f"{seconds // _DAY}d {seconds % _DAY // _HOUR:02}h"


def _aligned(text: str, width: int, right: bool) -> str:
    padding = " " * (width - _width(text))
    return padding + text if right else text + padding


def _width(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 1 + (east_asian_width(sign) in "WF") for sign in text)
