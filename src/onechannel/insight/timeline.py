"""Timelines: what happened, one line each, in the order in which it happened.

Law of this file: every kind of event is told, and told in one place.
"""

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final

from onechannel import events as e
from onechannel.insight.entries import Entry
from onechannel.insight.telling import (
    CENTRE,
    CUSTOMERS,
    INTERACTIONS,
    MESSAGES,
    PARTS,
    Book,
    Tell,
)
from onechannel.model.ids import CustomerId, InteractionId, JourneyId

__all__ = ["timeline"]

_TELL: Final[Mapping[type[e.EventData], Tell]] = {
    **CENTRE,
    **CUSTOMERS,
    **INTERACTIONS,
    **MESSAGES,
    **PARTS,
}


def timeline(
    events: Iterable[e.Event],
    *,
    customer: CustomerId | None = None,
    interaction: InteractionId | None = None,
    journey: JourneyId | None = None,
) -> Iterator[Entry]:
    """What happened, by the time at which it did and then by position.

    Of all that is given: what is about a customer or anybody who is the same at the end of the
    log; about an interaction or its side conversations; about a journey or what belongs to it.
    Given nothing, everything, workers' presence and definitions too. The entries, not the events,
    are held in memory.
    """
    book = Book()
    for event in events:
        book.take_in(event.data)
        _TELL[type(event.data)](book, event, event.data)
    entries = book.chosen(customer, interaction, journey)
    return iter(sorted(entries, key=attrgetter("at", "position")))
