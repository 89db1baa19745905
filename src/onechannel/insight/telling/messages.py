"""Telling of what is said, and how far it got.

Laws of this file: what was said stands in `text` alone; what is said aside is never told as said to
the customer; where some of an interaction is public, every message says whether it is.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from onechannel import events as e
from onechannel.insight.entries import EntryKind
from onechannel.insight.telling.book import SOMEBODY, Book, Tell, joined
from onechannel.model.message import Attachment

__all__ = ["MESSAGES"]

_VENDOR: Final = "vendor"


def _received(book: Book, event: e.Event, data: e.MessageReceived) -> None:
    known = book.known.get(data.interaction)
    who: str | None = data.author
    if known is not None and known.parent is not None:
        # Who asked for help aside goes on asking.
        who = event.origin.actor.id or book.asker_of(known)
    _said(book, event, data, who, detail=_attached(data.attachments))


def _sent(book: Book, event: e.Event, data: e.MessageSent) -> None:
    template = None if data.template is None else f"template {data.template}"
    detail = joined(template, _attached(data.attachments))
    _said(book, event, data, data.worker, detail=detail, due=data.idle_at)


def _said(
    book: Book,
    event: e.Event,
    data: e.MessageReceived | e.MessageSent,
    who: str | None,
    **more: object,
) -> None:
    known = book.known.get(data.interaction)
    aside = known is not None and known.parent is not None
    speaker = None if known is None else known.asker if aside else known.customer
    book.speakers[data.message] = who or speaker or SOMEBODY
    public = None if aside else _is_public(book, data)
    where = {True: " in public", False: " in private", None: ""}[public]
    what = "says aside" if aside else f"says{where}"
    book.put(
        event,
        EntryKind.MESSAGE,
        who,
        what,
        text=data.text,
        channel=data.channel,
        public=public,
        **more,
    )


def _is_public(book: Book, data: e.MessageReceived | e.MessageSent) -> bool | None:
    """None where the interaction was never public: then there is nothing to tell apart."""
    known = book.known.get(data.interaction)
    channels = {data.channel} if known is None else known.channels | {data.channel}
    return book.is_public(data.channel) if any(map(book.is_public, channels)) else None


def _attached(attachments: Sequence[Attachment]) -> str | None:
    number = len(attachments)
    return f"{number} attachment{'s' if number > 1 else ''}" if number else None


def _suggested(book: Book, event: e.Event, data: e.MessageSuggested) -> None:
    server = book.custody.server_of(data.interaction)
    detail = None if server is None else f"to {server}"
    book.put(event, EntryKind.MESSAGE, data.worker, "suggests", detail=detail, text=data.text)


def _edited(book: Book, event: e.Event, data: e.MessageEdited) -> None:
    who, what = book.speakers.get(data.message), f"changes {data.message}"
    book.put(event, EntryKind.MESSAGE, who, what, text=data.text)


def _retracted(book: Book, event: e.Event, data: e.MessageRetracted) -> None:
    who, what = book.speakers.get(data.message), f"takes back {data.message}"
    book.put(event, EntryKind.MESSAGE, who, what)


def _typing(book: Book, event: e.Event, data: e.TypingNoticed) -> None:
    part = book.custody.parts.get(data.assignment or "")
    who = None if part is None else part.worker
    book.put(event, EntryKind.MESSAGE, who, "is typing")


# -- receipts -------------------------------------------------------------------------------------


def _identified(book: Book, event: e.Event, data: e.MessageIdentified) -> None:
    book.end(EntryKind.RECEIPT, data.reference, event.origin.occurred_at)
    what, detail = f"takes {data.message}", f"as {data.reference}"
    book.put(event, EntryKind.RECEIPT, _VENDOR, what, detail=detail)


def _reported(book: Book, event: e.Event, data: e.DeliveryReported) -> None:
    what = f"reports {data.message} {data.state}"
    book.put(event, EntryKind.RECEIPT, _VENDOR, what, detail=data.reason)


def _parked(book: Book, event: e.Event, data: e.ReceiptParked) -> None:
    what = f"reports {data.reference} {data.state}"
    detail = joined("nothing is known of it yet", data.reason)
    book.put(event, EntryKind.RECEIPT, _VENDOR, what, detail=detail, due=data.until)
    if not book.runs(EntryKind.RECEIPT, data.reference):
        book.begin(EntryKind.RECEIPT, data.reference)


def _unmatched(book: Book, event: e.Event, data: e.ReceiptUnmatched) -> None:
    book.end(EntryKind.RECEIPT, data.reference, event.origin.occurred_at)
    what = f"never said what {data.reference} is"
    book.put(event, EntryKind.RECEIPT, _VENDOR, what)


MESSAGES: Final[Mapping[type[e.EventData], Tell]] = {
    e.MessageReceived: _received,
    e.MessageSent: _sent,
    e.MessageSuggested: _suggested,
    e.MessageEdited: _edited,
    e.MessageRetracted: _retracted,
    e.TypingNoticed: _typing,
    e.MessageIdentified: _identified,
    e.DeliveryReported: _reported,
    e.ReceiptParked: _parked,
    e.ReceiptUnmatched: _unmatched,
}
