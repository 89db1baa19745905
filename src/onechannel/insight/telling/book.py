"""The book: entries in the making, and what of the log is remembered to word them.

Laws of this file: an entry is written once and may get an end later; for whom it is chosen is
decided when everything is written, since who is one, and what belongs to a journey, shows late.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.insight.custody import Custody
from onechannel.insight.entries import Entry, EntryKind
from onechannel.insight.people import People
from onechannel.model.channel import known_channel
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, MessageId, WorkerId
from onechannel.model.interaction import QueuedBecause

__all__ = ["SOMEBODY", "Book", "Subjects", "Tell", "joined"]

#: Who is not known.
SOMEBODY: Final = "somebody"


def joined(*parts: str | None) -> str | None:
    """The parts there are, as one detail."""
    return ", ".join(part for part in parts if part is not None) or None


@attrs.define(eq=False)
class Known:
    """An interaction that has arrived: where it is now, and the channels it has been on.

    A side conversation has a `parent`, and an `asker`: who served that when it was asked for.
    """

    channel: str
    customer: CustomerId | None
    parent: InteractionId | None
    asker: WorkerId | None
    channels: set[str]
    queued_because: QueuedBecause | None = None


@attrs.define(eq=False)
class Subjects:
    """What an entry is about."""

    interaction: InteractionId | None
    customers: tuple[CustomerId | None, ...]
    journey: JourneyId | None


@attrs.define(eq=False)
class Book:
    """Entries in the making; `running` finds those whose end is still to come.

    `had` is the worker who served the interaction of this event before it, `asked` the assignments
    whose asking is told together with their acceptance.
    """

    entries: list[Entry] = attrs.field(factory=list)
    subjects: list[Subjects] = attrs.field(factory=list)
    dropped: set[int] = attrs.field(factory=set)
    running: dict[tuple[EntryKind, str], int] = attrs.field(factory=dict)
    known: dict[InteractionId, Known] = attrs.field(factory=dict)
    custody: Custody = attrs.field(factory=Custody)
    people: People = attrs.field(factory=People)
    had: WorkerId | None = None
    speakers: dict[MessageId, str] = attrs.field(factory=dict)
    _public: dict[str, bool] = attrs.field(factory=dict)
    _pursued_by: dict[JourneyId, CustomerId] = attrs.field(factory=dict)
    _belongs: dict[InteractionId, set[JourneyId]] = attrs.field(factory=dict)

    def take_in(self, data: e.EventData) -> None:
        """What is to be known before an event is told."""
        interaction = getattr(data, "interaction", None)
        self.had = self.custody.server_of(interaction)
        self.custody.add(data)
        self.people.add(data)
        if isinstance(data, e.InteractionArrived):
            asker = self.custody.server_of(data.parent)
            known = Known(data.channel, data.customer, data.parent, asker, {data.channel})
            self.known[data.interaction] = known
        elif isinstance(data, e.ChannelDefined):
            self._public[data.channel.name] = data.channel.public
        elif isinstance(data, e.JourneyOpened):
            self._pursued_by[data.journey] = data.customer
        elif isinstance(data, e.InteractionMoved) and data.interaction in self.known:
            here = self.known[data.interaction]
            here.channel = data.channel
            here.channels.add(data.channel)
        journey = getattr(data, "journey", None)
        if interaction is not None and journey is not None:
            self._belongs.setdefault(interaction, set()).add(journey)

    # -- writing -----------------------------------------------------------------------------------

    def put(
        self,
        event: e.Event,
        kind: EntryKind,
        who: str | None,
        what: str,
        **more: Any,
    ) -> None:
        """A new entry; without `who`, it was the customer or, aside, who asked for that."""
        interaction = event.subject("interaction")
        known = self.known.get(interaction or "")
        aside = known is not None and known.parent is not None
        if who is None and known is not None:
            who = known.asker if aside else known.customer
        more.setdefault("channel", None if known is None else known.channel)
        self.subjects.append(self._about(event.data, known))
        self.entries.append(
            Entry(
                at=event.origin.occurred_at,
                position=event.position,
                kind=kind,
                interaction=interaction,
                who=SOMEBODY if who is None else who,
                what=what,
                aside=aside,
                **more,
            )
        )

    def _about(self, data: e.EventData, known: Known | None) -> Subjects:
        journey = getattr(data, "journey", None)
        named = (getattr(data, "customer", None), getattr(data, "survivor", None))
        customers = (*named, None if known is None else known.customer)
        if journey is not None and not any(customers):
            customers = (*named, self._pursued_by.get(journey))
        return Subjects(getattr(data, "interaction", None), customers, journey)

    def begin(self, kind: EntryKind, subject: str) -> None:
        """What was put last takes time."""
        self.running[kind, subject] = len(self.entries) - 1

    def runs(self, kind: EntryKind, subject: str) -> bool:
        """Whether something of the kind has not ended."""
        return (kind, subject) in self.running

    def end(self, kind: EntryKind, subject: str, at: datetime) -> bool:
        """Set the end of what runs; False where nothing of the kind does."""
        index = self.running.pop((kind, subject), None)
        if index is None:
            return False
        entry = self.entries[index]
        self.entries[index] = attrs.evolve(entry, until=max(at, entry.at))
        return True

    def drop_if_at_once(self, kind: EntryKind, subject: str, at: datetime) -> Entry | None:
        """Forget what would end at the instant at which it began: nobody saw it."""
        index = self.running.get((kind, subject))
        if index is None or self.entries[index].at != at:
            return None
        self.dropped.add(index)
        del self.running[kind, subject]
        return self.entries[index]

    # -- what is known -----------------------------------------------------------------------------

    def is_public(self, channel: str) -> bool:
        """Whether anybody can read what is said there."""
        found = self._public.get(channel)
        return known_channel(channel).public if found is None else found

    def asker_of(self, known: Known) -> WorkerId | None:
        """Who serves what a side conversation is beside, or did when it was asked for."""
        return self.custody.server_of(known.parent) or known.asker

    # -- choosing ----------------------------------------------------------------------------------

    def chosen(
        self,
        customer: CustomerId | None,
        interaction: InteractionId | None,
        journey: JourneyId | None,
    ) -> Iterator[Entry]:
        """The entries about all of these, in the order of writing."""
        same = None if customer is None else self.people.same_as(customer)
        for index, entry in enumerate(self.entries):
            about = self.subjects[index]
            if (
                index not in self.dropped
                and (same is None or not same.isdisjoint(about.customers))
                and (interaction is None or self._is_within(about.interaction, interaction))
                and (journey is None or self._is_pursuit(about, journey))
            ):
                yield entry

    def _is_within(self, one: InteractionId | None, interaction: InteractionId) -> bool:
        """Whether it is that interaction, or a side conversation of it or of one of those."""
        while one is not None and one != interaction:
            known = self.known.get(one)
            one = None if known is None else known.parent
        return one is not None

    def _is_pursuit(self, about: Subjects, journey: JourneyId) -> bool:
        return about.journey == journey or journey in self._belongs.get(about.interaction or "", ())


#: Tells one event.
Tell: TypeAlias = Callable[[Book, e.Event, Any], None]
