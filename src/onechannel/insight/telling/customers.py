"""Telling of customers: who they are, what they pursue, and what they were promised.

Laws of this file: one function for each kind of event, which says in words what stands in it;
neither a name nor an address is a part of those words.
"""

from collections.abc import Mapping
from typing import Final

from onechannel import events as e
from onechannel.insight.entries import EntryKind
from onechannel.insight.telling.book import Book, Tell, joined

__all__ = ["CUSTOMERS"]


def _registered(book: Book, event: e.Event, data: e.CustomerRegistered) -> None:
    number = len(data.addresses)
    detail = f"by {number} address{'es' if number > 1 else ''}" if number else None
    book.put(event, EntryKind.CUSTOMER, data.customer, "is known", detail=detail, text=data.name)


def _linked(book: Book, event: e.Event, data: e.CustomerLinked) -> None:
    what, detail = "is known by one more address", f"{data.address.verification}, {data.evidence}"
    book.put(event, EntryKind.CUSTOMER, data.customer, what, detail=f"({detail})")


def _unlinked(book: Book, event: e.Event, data: e.CustomerUnlinked) -> None:
    what = "is no longer known by one address"
    book.put(event, EntryKind.CUSTOMER, data.customer, what, detail=f"({data.evidence})")


def _merged(book: Book, event: e.Event, data: e.CustomerMerged) -> None:
    what = f"is the same as {data.survivor}"
    book.put(event, EntryKind.CUSTOMER, data.customer, what, detail=f"({data.evidence})")


def _unmerged(book: Book, event: e.Event, data: e.CustomerUnmerged) -> None:
    what = f"is not the same as {data.survivor} after all"
    book.put(event, EntryKind.CUSTOMER, data.customer, what, detail=f"({data.evidence})")


# -- journeys -------------------------------------------------------------------------------------


def _opened(book: Book, event: e.Event, data: e.JourneyOpened) -> None:
    detail = joined(
        None if data.about is None else f"about {data.about}",
        None if data.reference is None else f"reference {data.reference}",
    )
    what = f"sets out on {data.journey}"
    book.put(event, EntryKind.JOURNEY, data.customer, what, detail=detail)


def _joined(book: Book, event: e.Event, data: e.JourneyJoined) -> None:
    what = f"belongs to {data.journey}"
    book.put(event, EntryKind.JOURNEY, None, what, detail=data.because.value)


def _extended(book: Book, event: e.Event, data: e.JourneyExtended) -> None:
    book.put(event, EntryKind.JOURNEY, data.journey, "goes on", due=data.lapses_at)


def _achieved(book: Book, event: e.Event, data: e.JourneyAchieved) -> None:
    book.put(event, EntryKind.JOURNEY, data.journey, "is achieved", detail=data.reason)


def _failed(book: Book, event: e.Event, data: e.JourneyFailed) -> None:
    book.put(event, EntryKind.JOURNEY, data.journey, "has failed", detail=data.reason)


def _lapsed(book: Book, event: e.Event, data: e.JourneyLapsed) -> None:
    book.put(event, EntryKind.JOURNEY, data.journey, "has lapsed")


# -- promises -------------------------------------------------------------------------------------


def _made(book: Book, event: e.Event, data: e.PromiseMade) -> None:
    detail = joined(
        None if data.worker is None else f"by {data.worker}",
        None if data.calendar is None else f"in the hours of {data.calendar}",
        None if data.predecessor is None else f"in place of {data.predecessor}",
    )
    what = f"is promised: {data.what}"
    book.put(event, EntryKind.PROMISE, data.promise, what, detail=detail, due=data.due)


def _kept(book: Book, event: e.Event, data: e.PromiseKept) -> None:
    book.put(event, EntryKind.PROMISE, data.promise, "is kept", detail=data.evidence)


def _broken(book: Book, event: e.Event, data: e.PromiseBroken) -> None:
    book.put(event, EntryKind.PROMISE, data.promise, "is broken")


def _renegotiated(book: Book, event: e.Event, data: e.PromiseRenegotiated) -> None:
    what = f"is renegotiated: {data.successor} instead"
    book.put(event, EntryKind.PROMISE, data.promise, what)


def _paused(book: Book, event: e.Event, data: e.PromisePaused) -> None:
    what, detail = "is paused", joined(data.reason, None if data.until is None else "runs again")
    book.put(event, EntryKind.PROMISE, data.promise, what, detail=detail, due=data.until)


def _resumed(book: Book, event: e.Event, data: e.PromiseResumed) -> None:
    book.put(event, EntryKind.PROMISE, data.promise, "runs again", due=data.due)


def _withdrawn(book: Book, event: e.Event, data: e.PromiseWithdrawn) -> None:
    book.put(event, EntryKind.PROMISE, data.promise, "is withdrawn", detail=data.reason)


CUSTOMERS: Final[Mapping[type[e.EventData], Tell]] = {
    e.CustomerRegistered: _registered,
    e.CustomerLinked: _linked,
    e.CustomerUnlinked: _unlinked,
    e.CustomerMerged: _merged,
    e.CustomerUnmerged: _unmerged,
    e.JourneyOpened: _opened,
    e.JourneyJoined: _joined,
    e.JourneyExtended: _extended,
    e.JourneyAchieved: _achieved,
    e.JourneyFailed: _failed,
    e.JourneyLapsed: _lapsed,
    e.PromiseMade: _made,
    e.PromiseKept: _kept,
    e.PromiseBroken: _broken,
    e.PromiseRenegotiated: _renegotiated,
    e.PromisePaused: _paused,
    e.PromiseResumed: _resumed,
    e.PromiseWithdrawn: _withdrawn,
}
