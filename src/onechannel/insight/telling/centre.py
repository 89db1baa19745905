"""Telling of the centre itself: what is defined, who decides, who is there.

Law of this file: one function for each kind of event, which says in words what stands in it.
"""

from collections.abc import Mapping
from typing import Final

from onechannel import events as e
from onechannel.insight.entries import EntryKind
from onechannel.insight.telling.book import Book, Tell
from onechannel.model.queue import Router

__all__ = ["CENTRE"]


def _channel_defined(book: Book, event: e.Event, data: e.ChannelDefined) -> None:
    detail = "public" if data.channel.public else None
    book.put(event, EntryKind.DEFINED, data.channel.name, "is a channel", detail=detail)


def _queue_defined(book: Book, event: e.Event, data: e.QueueDefined) -> None:
    detail = f"routed by {'us' if data.queue.router is Router.OURS else 'somebody else'}"
    book.put(event, EntryKind.DEFINED, data.queue.name, "is a queue", detail=detail)


def _calendar_defined(book: Book, event: e.Event, data: e.CalendarDefined) -> None:
    detail = f"in zone {data.calendar.zone}"
    book.put(event, EntryKind.DEFINED, data.calendar.name, "is a calendar", detail=detail)


def _worker_defined(book: Book, event: e.Event, data: e.WorkerDefined) -> None:
    what, department = f"is a {data.definition.kind.value}", data.definition.department
    detail = None if department is None else f"department {department}"
    book.put(event, EntryKind.DEFINED, data.worker, what, detail=detail)


def _policy_adopted(book: Book, event: e.Event, data: e.PolicyAdopted) -> None:
    book.put(event, EntryKind.DEFINED, data.policy.name, "is the policy from now on")


def _policy_faulted(book: Book, event: e.Event, data: e.PolicyFaulted) -> None:
    what = "makes no plan, and the default one is used"
    book.put(event, EntryKind.ANOMALY, data.policy, what, detail=data.fault)


# -- presence -------------------------------------------------------------------------------------


def _signed_in(book: Book, event: e.Event, data: e.WorkerSignedIn) -> None:
    _now(book, event, data.worker, "signs in")


def _signed_out(book: Book, event: e.Event, data: e.WorkerSignedOut) -> None:
    _now(book, event, data.worker, "signs out")


def _available(book: Book, event: e.Event, data: e.WorkerAvailable) -> None:
    _now(book, event, data.worker, "is available")


def _now(book: Book, event: e.Event, worker: str, what: str, **more: object) -> None:
    """One presence ends where the next begins."""
    book.end(EntryKind.PRESENCE, worker, event.origin.occurred_at)
    book.put(event, EntryKind.PRESENCE, worker, what, **more)


def _unavailable(book: Book, event: e.Event, data: e.WorkerUnavailable) -> None:
    what = "is sanctioned" if data.sanction else "is unavailable"
    _now(book, event, data.worker, what, detail=data.reason, due=data.until)
    book.begin(EntryKind.PRESENCE, data.worker)


def _draining(book: Book, event: e.Event, data: e.WorkerDraining) -> None:
    detail = None if data.until is None else "asynchronous work goes back then"
    what = "takes no new work, and goes when all is done"
    _now(book, event, data.worker, what, detail=detail, due=data.until)
    book.begin(EntryKind.PRESENCE, data.worker)


CENTRE: Final[Mapping[type[e.EventData], Tell]] = {
    e.ChannelDefined: _channel_defined,
    e.QueueDefined: _queue_defined,
    e.CalendarDefined: _calendar_defined,
    e.WorkerDefined: _worker_defined,
    e.PolicyAdopted: _policy_adopted,
    e.PolicyFaulted: _policy_faulted,
    e.WorkerSignedIn: _signed_in,
    e.WorkerSignedOut: _signed_out,
    e.WorkerAvailable: _available,
    e.WorkerUnavailable: _unavailable,
    e.WorkerDraining: _draining,
}
