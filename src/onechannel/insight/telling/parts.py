"""Telling of workers' parts: who is asked, who serves, who else is there, and until when.

Laws of this file: one function for each kind of event, which says in words what stands in it; a
part that was taken at the instant of the asking is told once.
"""

from collections.abc import Mapping
from typing import Final

from onechannel import events as e
from onechannel.insight.entries import EntryKind
from onechannel.insight.telling.book import Book, Tell
from onechannel.model.assignment import Role

__all__ = ["PARTS"]

_ASKED: Final = {Role.SERVES: "is asked", Role.CONSULTED: "is asked for advice"}
_TAKES: Final = {
    Role.SERVES: "serves",
    Role.CONSULTED: "advises",
    Role.CONFERENCED: "confers with both",
    Role.LISTENS: "listens",
    Role.WHISPERS: "whispers",
    Role.BARGES: "barges in",
    Role.ASSISTS: "assists",
}
#: What every reason of the routing's begins with, and need not be said each time.
_ROUTED: Final = "longest idle of: "
#: Reasons that say more than the plan does.
_TELLING: Final = ("assigned", "outbound")


def _opened(book: Book, event: e.Event, data: e.AssignmentOpened) -> None:
    what = _ASKED.get(data.role, f"is asked: {data.role}")
    detail = None if data.role.value == data.reason else data.reason.removeprefix(_ROUTED)
    book.put(event, EntryKind.ASKED, data.worker, what, detail=detail)
    book.begin(EntryKind.ASKED, data.assignment)


def _accepted(book: Book, event: e.Event, data: e.AssignmentAccepted) -> None:
    at = event.origin.occurred_at
    asked = book.drop_if_at_once(EntryKind.ASKED, data.assignment, at)
    book.end(EntryKind.ASKED, data.assignment, at)
    role = book.custody.parts[data.assignment].role
    if role is Role.SERVES:
        book.drop_if_at_once(EntryKind.WAITING, data.interaction, at)
        for kind in (EntryKind.WAITING, EntryKind.AWAY):
            book.end(kind, data.interaction, at)
    detail = None if asked is None else asked.detail
    _takes(book, event, data, role, detail if (detail or "").startswith(_TELLING) else None)


def _takes(
    book: Book,
    event: e.Event,
    data: e.AssignmentAccepted | e.RoleChanged,
    role: Role,
    detail: str | None,
) -> None:
    kind = EntryKind.SERVED if role is Role.SERVES else EntryKind.BESIDE
    book.put(event, kind, data.worker, _TAKES[role], detail=detail)
    book.begin(kind, data.assignment)


def _role_changed(book: Book, event: e.Event, data: e.RoleChanged) -> None:
    at = event.origin.occurred_at
    for kind in (EntryKind.BESIDE, EntryKind.HELD):
        book.end(kind, data.assignment, at)
    detail = None
    if data.role is Role.SERVES:
        detail = "takes over" if book.had is None else f"takes over from {book.had}"
        for kind in (EntryKind.WAITING, EntryKind.AWAY):
            book.end(kind, data.interaction, at)
    _takes(book, event, data, data.role, detail)


def _declined(book: Book, event: e.Event, data: e.AssignmentDeclined) -> None:
    _not_accepted(book, event, data, "declines", data.reason)


def _expired(book: Book, event: e.Event, data: e.AssignmentExpired) -> None:
    _not_accepted(book, event, data, "does not answer")


def _rescinded(book: Book, event: e.Event, data: e.AssignmentRescinded) -> None:
    _not_accepted(book, event, data, "is no longer asked")


def _not_accepted(
    book: Book,
    event: e.Event,
    data: e.AssignmentDeclined | e.AssignmentExpired | e.AssignmentRescinded,
    what: str,
    detail: str | None = None,
) -> None:
    book.end(EntryKind.ASKED, data.assignment, event.origin.occurred_at)
    book.put(event, EntryKind.ASKED, data.worker, what, detail=detail)


def _held(book: Book, event: e.Event, data: e.AssignmentHeld) -> None:
    book.put(event, EntryKind.HELD, data.worker, "holds")
    book.begin(EntryKind.HELD, data.assignment)


def _resumed(book: Book, event: e.Event, data: e.AssignmentResumed) -> None:
    if not book.end(EntryKind.HELD, data.assignment, event.origin.occurred_at):
        book.put(event, EntryKind.HELD, data.worker, "holds no longer")


def _wrapping(book: Book, event: e.Event, data: e.AssignmentWrapping) -> None:
    _part_over(book, event, data)
    if book.runs(EntryKind.WRAPPING, data.assignment):
        book.put(event, EntryKind.WRAPPING, data.worker, "needs longer", due=data.until)
        return
    book.put(event, EntryKind.WRAPPING, data.worker, "wraps up")
    book.begin(EntryKind.WRAPPING, data.assignment)


def _part_over(
    book: Book, event: e.Event, data: e.AssignmentWrapping | e.AssignmentReleased
) -> None:
    for kind in (EntryKind.SERVED, EntryKind.BESIDE, EntryKind.HELD):
        book.end(kind, data.assignment, event.origin.occurred_at)


def _released(book: Book, event: e.Event, data: e.AssignmentReleased) -> None:
    _part_over(book, event, data)
    book.end(EntryKind.WRAPPING, data.assignment, event.origin.occurred_at)


PARTS: Final[Mapping[type[e.EventData], Tell]] = {
    e.AssignmentOpened: _opened,
    e.AssignmentAccepted: _accepted,
    e.RoleChanged: _role_changed,
    e.AssignmentDeclined: _declined,
    e.AssignmentExpired: _expired,
    e.AssignmentRescinded: _rescinded,
    e.AssignmentHeld: _held,
    e.AssignmentResumed: _resumed,
    e.AssignmentWrapping: _wrapping,
    e.AssignmentReleased: _released,
}
