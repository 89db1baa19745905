"""Tables: clocks as lines of plain text.

Laws of this file: what stands indented adds up to what stands above it; times are cut to whole
seconds, never rounded up. Nothing foreign reaches a terminal unescaped.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Final, TypeAlias

from onechannel.insight.clocks import Clock, Clocks, ClocksReport, Life
from onechannel.insight.custody import PartyKind
from onechannel.insight.terminal import aligned, printable, width

__all__ = ["render_clocks"]

#: A row: what, how long, which share of the life, and what is to be said of it besides.
_Row: TypeAlias = tuple[str, str, str, str]

_OURS: Final = (PartyKind.QUEUE, PartyKind.WORKER)
_INDENT: Final = "  "
_RIGHT: Final = (False, True, True, False)
_NONE: Final = timedelta(0)


def render_clocks(report: ClocksReport) -> Iterator[str]:
    """The clocks of each interaction and, where there are several, of all of them together.

    A line has: with whom, how long as `h:mm:ss`, its share of the life, time on hold in it, and
    what the clock read at the first word of whoever had it.
    """
    for number, life in enumerate(report.lives):
        if number:
            yield ""
        yield _heading(life)
        yield from _lines(life.clocks)
    if len(report.lives) > 1:
        yield ""
        yield f"All {len(report.lives):,} together"
        yield from _lines(report.total)


def _heading(life: Life) -> str:
    about = [f"channel {life.channel}"]
    if life.customer is not None:
        about.append(f"customer {life.customer}")
    if life.journey is not None:
        about.append(f"journey {life.journey}")
    about.append("open" if life.ended is None else "closed")
    if life.first_word is not None:
        about.append(f"first word after {_clock(life.first_word)}")
    return f"Interaction {printable(life.interaction)} ({printable(', '.join(about))})"


def _lines(found: Clocks) -> Iterator[str]:
    rows = [*_custody(found), *_apart(found)]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield _INDENT + _INDENT.join(map(aligned, row, widths, _RIGHT)).rstrip()


def _row(depth: int, what: str, time: timedelta, whole: timedelta, note: str = "") -> _Row:
    share = f"{time / whole:.0%}" if whole else ""
    return _INDENT * depth + printable(what), _clock(time), share, note and f"({note})"


def _row_of(depth: int, what: str, clock: Clock, whole: timedelta) -> _Row:
    spoken = clock.first_word
    notes = (_on_hold(clock.held), "" if spoken is None else f"first word after {_clock(spoken)}")
    return _row(depth, what, clock.time, whole, "; ".join(filter(None, notes)))


def _on_hold(held: timedelta) -> str:
    return f"{_clock(held)} of it on hold" if held else ""


# -- with whom it was ------------------------------------------------------------------------------


def _custody(found: Clocks) -> Iterator[_Row]:
    """With us, by queue, department and worker; then with each other party; then in all."""
    whole = found.lifetime
    ours = [clock for clock in found.custody if clock.party.kind in _OURS]
    if ours:
        yield _sum(0, "with us", ours, whole)
        yield from _grouped(1, ours, whole)
    yield from _grouped(0, [clock for clock in found.custody if clock not in ours], whole)
    yield _row(0, "in all", whole, whole)


#: How those who are not us are called; a name follows where they have one.
_OTHERS: Final = {
    PartyKind.PARTNER: "with partner ",
    PartyKind.CUSTOMER: "with the customer",
    PartyKind.APPOINTMENT: "until an appointment",
    PartyKind.THIRD_PARTY: "with third party ",
    PartyKind.NOBODY: "with nobody we know of",
}


def _sum(depth: int, what: str, some: Sequence[Clock], whole: timedelta) -> _Row:
    time = sum((clock.time for clock in some), _NONE)
    held = sum((clock.held for clock in some), _NONE)
    return _row(depth, what, time, whole, _on_hold(held))


def _grouped(depth: int, some: Sequence[Clock], whole: timedelta) -> Iterator[_Row]:
    """The queues, then workers by department, then everybody else."""
    for clock in some:
        if clock.party.kind is PartyKind.QUEUE:
            yield _row_of(depth, _waiting(clock), clock, whole)
    serving = [clock for clock in some if clock.party.kind is PartyKind.WORKER]
    for department, group in groupby(sorted(serving, key=_department), key=_department):
        members = list(group)
        if department:
            yield _sum(depth, f"served by {department}", members, whole)
        for clock in members:
            inner = (depth + 1, "") if department else (depth, "served by ")
            yield _row_of(inner[0], inner[1] + clock.party.name, clock, whole)
    for clock in some:
        if clock.party.kind in _OTHERS:
            what = _OTHERS[clock.party.kind] + clock.party.name
            yield _row_of(depth, what, clock, whole)


def _department(clock: Clock) -> str:
    return clock.party.department


def _waiting(clock: Clock) -> str:
    party = clock.party
    return f"waiting in {party.name}" + (f" for {party.department}" if party.department else "")


# -- what ran beside it ----------------------------------------------------------------------------


def _apart(found: Clocks) -> Iterator[_Row]:
    """What is no part of the sum."""
    if found.aside:
        yield _sum(0, "beside it, in side conversations", found.aside, _NONE)
        yield from _grouped(1, found.aside, _NONE)
    for heading, some in (
        ("beside it, others who took part", found.beside),
        ("apart from it, wrapping up", found.wrap_up),
    ):
        if some:
            yield _sum(0, heading, some, _NONE)
            yield from (_row_of(1, _part(clock), clock, _NONE) for clock in some)


def _part(clock: Clock) -> str:
    party = clock.party
    about = [one for one in (party.department, clock.role and clock.role.value) if one]
    return party.name + (f" ({', '.join(about)})" if about else "")


_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE


def _clock(span: timedelta) -> str:
    """`0:00:42`, `26:05:00`: hours are not folded into days."""
    seconds = int(span.total_seconds())
    return f"{seconds // _HOUR}:{seconds % _HOUR // _MINUTE:02}:{seconds % _MINUTE:02}"
