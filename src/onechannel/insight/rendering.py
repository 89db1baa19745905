"""Rendering: a timeline as lines of plain text.

Laws of this file: columns are aligned by what a terminal shows, not by what a string counts; a line
is no longer than it is asked to be, where words allow it; what was said is shown only where it is
asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import attrs

from onechannel.insight.entries import Entry, EntryKind
from onechannel.insight.terminal import aligned, width, wrapped
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
#: Before what the customer never sees.
_ASIDE: Final = "> "

_BARS: Final = {
    EntryKind.WAITING: ".",
    EntryKind.AWAY: ",",
    EntryKind.SERVED: "=",
    EntryKind.BESIDE: "+",
    EntryKind.HELD: "_",
    EntryKind.WRAPPING: "-",
}
_BAR_WIDTH: Final = 6

# Names of our own, since strftime's depend on the process's locale.
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_GAP: Final = "  "
_LONG: Final = timedelta(hours=1)

#: How wide a line is by default, and how much of it the last column has at least.
_CELLS: Final = 100
_LAST_COLUMN: Final = 30


@attrs.frozen
class Line:
    """A line of text, and what it is about; a heading and an empty line are about nothing."""

    text: str = personal(subject="customer")
    kind: EntryKind | None = None


def render_text(
    entries: Iterable[Entry],
    *,
    show_text: bool = False,
    zone: tzinfo = UTC,
    cells: int = _CELLS,
) -> Iterator[str]:
    """A timeline to read: `render_lines` without the kinds."""
    lines = render_lines(entries, show_text=show_text, zone=zone, cells=cells)
    return (line.text for line in lines)


def render_lines(
    entries: Iterable[Entry],
    *,
    show_text: bool = False,
    zone: tzinfo = UTC,
    cells: int = _CELLS,
) -> Iterator[Line]:
    """A timeline to read, under a heading for each day of `zone`.

    A line has: the time; how long after the arrival of that interaction; how long it took, as a
    number and as a bar against the longest; channel, interaction, who, and what, which goes on
    below where it is too long for `cells` columns. What is in a side conversation has a `>`. An
    empty line stands where nothing happened for an hour. `kind` is there for those who colour.
    """
    kept = list(entries)
    rows = list(_rows(kept, zone))
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    last: datetime | None = None
    for entry, row in zip(kept, rows, strict=True):
        local = entry.at.astimezone(zone)
        new_day = last is None or local.date() != last.date()
        if last is not None and (new_day or local - last >= _LONG):
            yield Line("")
        if new_day:
            yield Line(f"{_DAYS[local.weekday()]} {local.date().isoformat()} ({local.tzname()})")
        last = local
        margin = _GAP + _GAP.join(map(aligned, row, widths, _RIGHT)) + _GAP
        said = entry.text if show_text else None
        for line in _column(entry, said, zone, max(cells - width(margin), _LAST_COLUMN)):
            yield Line(margin + line, entry.kind)
            margin = " " * width(margin)


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


# -- the last column ------------------------------------------------------------------------------


def _column(entry: Entry, said: str | None, zone: tzinfo, cells: int) -> Iterator[str]:
    """What happened, on as many lines as it takes; all but the first stand further in."""
    mark = _ASIDE if entry.aside else ""
    paragraphs = [_phrase(entry, zone)]
    if said:
        first, *others = said.split("\n")
        paragraphs = [f"{paragraphs[0]}: {first}", *others]
    for number, paragraph in enumerate(paragraphs):
        begin = _GAP if number else ""
        for line in wrapped(begin + paragraph, cells - len(mark), _GAP):
            yield mark + line


def _phrase(entry: Entry, zone: tzinfo) -> str:
    opening, closing = _AROUND.get(entry.kind, (" (", ")"))
    detail = "" if entry.detail is None else f"{opening}{entry.detail}{closing}"
    return f"{entry.what}{detail}{_due(entry, zone)}"


#: What stands around the detail, where it is no aside.
_AROUND: Final = {
    EntryKind.ARRIVAL: (" ", ""),
    EntryKind.WAITING: (" ", ""),
    EntryKind.CUSTOMER: (" ", ""),
    EntryKind.ANOMALY: (": ", ""),
}


def _due(entry: Entry, zone: tzinfo) -> str:
    """`, by 13:00`, with the day where it is another, and seconds where there are any."""
    if entry.due is None:
        return ""
    local = entry.due.astimezone(zone)
    day = "" if local.date() == entry.at.astimezone(zone).date() else f"{local.date().isoformat()} "
    clock = local.strftime("%H:%M:%S" if local.second or local.microsecond else "%H:%M")
    return f", {'by' if entry.kind is EntryKind.PROMISE else 'until'} {day}{clock}"


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
