"""Timelines: what happened, one line each, in the order in which it happened.

Laws of this file: an entry cites ids and codes; what was said, and a customer's name, stand in
`text` alone. Nothing foreign reaches a terminal unescaped: an entry once built is safe to print.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

import attrs

from onechannel import events as e
from onechannel.codec import time_to_text
from onechannel.model.actor import ActorKind
from onechannel.model.ids import CustomerId, InteractionId
from onechannel.model.interaction import QueuedBecause
from onechannel.model.personal import personal

__all__ = ["Entry", "EntryKind", "printable", "timeline"]


# -- entries ---------------------------------------------------------------------------------------


class EntryKind(StrEnum):
    """What an entry is about."""

    DEFINED = "defined"
    CUSTOMER = "customer"
    ARRIVAL = "arrival"
    WAITING = "waiting"
    ASKED = "asked"
    SERVED = "served"
    WRAPPING = "wrapping"
    MESSAGE = "message"
    MOVED = "moved"
    ENDED = "ended"
    PRESENCE = "presence"
    ANOMALY = "anomaly"


# What joins an emoji's parts; it moves no cursor.
_JOINER: Final = "\u200d"


def printable(text: str) -> str:
    """The same on one line, with an escape for every sign that could command a terminal."""
    if text.isprintable():
        return text
    return "".join(
        sign
        if sign.isprintable() or sign == _JOINER
        else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


def _printable_lines(text: str | None) -> str | None:
    if text is None or text.isprintable():
        return text
    return "\n".join(map(printable, text.replace("\r\n", "\n").split("\n")))


def _printable_or_none(text: str | None) -> str | None:
    return None if text is None else printable(text)


@attrs.frozen(kw_only=True)
class Entry:
    """One line of a timeline: at that time `who` did `what`.

    `position` is that of the event in the log. `until` is the end of what takes time, None where it
    has not ended. `text` is what was said.
    """

    at: datetime
    position: int
    kind: EntryKind
    interaction: InteractionId | None = attrs.field(default=None, converter=_printable_or_none)
    channel: str | None = attrs.field(default=None, converter=_printable_or_none)
    who: str = attrs.field(converter=printable)
    what: str = attrs.field(converter=printable)
    detail: str | None = attrs.field(default=None, converter=_printable_or_none)
    until: datetime | None = None
    text: str | None = personal(subject="customer", default=None, converter=_printable_lines)

    def to_dict(self, *, show_text: bool = False) -> dict[str, Any]:
        """The same in plain JSON values; `text` only where it is asked for."""
        plain = attrs.asdict(self, recurse=False)
        plain["at"] = time_to_text(self.at)
        plain["kind"] = self.kind.value
        plain["until"] = None if self.until is None else time_to_text(self.until)
        if not show_text:
            del plain["text"]
        return plain


def timeline(
    events: Iterable[e.Event],
    *,
    customer: CustomerId | None = None,
    interaction: InteractionId | None = None,
) -> Iterator[Entry]:
    """What happened, by the time at which it did and then by position.

    Of a customer, all interactions; with neither, everything, workers' presence and definitions
    too. The entries, not the events, are held in memory.
    """
    fold = _Fold(customer, interaction)
    for event in events:
        fold.add(event)
    return iter(sorted(fold.told(), key=attrgetter("at", "position")))


# -- the fold --------------------------------------------------------------------------------------

_MOVED_BY: Final = {
    QueuedBecause.ESCALATION: "is escalated",
    QueuedBecause.HAND_BACK: "is handed back",
}
_SOMEBODY: Final = "somebody"
_SERVING: Final = frozenset({ActorKind.WORKER, ActorKind.MACHINE})


@attrs.define(eq=False)
class _Fold:
    """Entries in the making; `running` finds those whose end is still to come."""

    customer: CustomerId | None
    interaction: InteractionId | None
    entries: list[Entry] = attrs.field(factory=list)
    dropped: set[int] = attrs.field(factory=set)
    running: dict[tuple[EntryKind, str], int] = attrs.field(factory=dict)
    known: dict[InteractionId, tuple[str | None, str]] = attrs.field(factory=dict)

    def add(self, event: e.Event) -> None:
        """Take in the next event of the log."""
        data = event.data
        tell = _TELL.get(type(data))
        if tell is not None and self._wanted(data):
            tell(self, event, data)

    def told(self) -> Iterator[Entry]:
        """The entries so far."""
        return (entry for at, entry in enumerate(self.entries) if at not in self.dropped)

    def _wanted(self, data: e.EventData) -> bool:
        if self.customer is None and self.interaction is None:
            return True
        customer = getattr(data, "customer", None)
        of_customer = customer is not None and customer == self.customer
        interaction = getattr(data, "interaction", None)
        if interaction is None or isinstance(data, e.InteractionArrived):
            return of_customer or (interaction is not None and interaction == self.interaction)
        return interaction in self.known or interaction == self.interaction

    def _put(
        self,
        event: e.Event,
        kind: EntryKind,
        who: str | None,
        what: str,
        *,
        detail: str | None = None,
        text: str | None = None,
    ) -> None:
        """A new entry; without `who`, it was the customer."""
        interaction = event.subject("interaction")
        channel, customer = self.known.get(interaction or "", (None, _SOMEBODY))
        self.entries.append(
            Entry(
                at=event.origin.occurred_at,
                position=event.position,
                kind=kind,
                interaction=interaction,
                channel=channel,
                who=customer if who is None else who,
                what=what,
                detail=detail,
                text=text,
            )
        )

    def _begin(self, kind: EntryKind, subject: str) -> None:
        self.running[kind, subject] = len(self.entries) - 1

    def _end(self, kind: EntryKind, subject: str, at: datetime) -> bool:
        """Set the end of what runs; False where nothing of the kind does."""
        index = self.running.pop((kind, subject), None)
        if index is None:
            return False
        entry = self.entries[index]
        self.entries[index] = attrs.evolve(entry, until=max(at, entry.at))
        return True

    def _drop_if_at_once(self, kind: EntryKind, subject: str, at: datetime) -> None:
        """Forget what would end at the instant at which it began: nobody saw it."""
        index = self.running.get((kind, subject))
        if index is not None and self.entries[index].at == at:
            self.dropped.add(index)
            del self.running[kind, subject]

    # -- the centre itself, and its customers ------------------------------------------------------

    def channel_defined(self, event: e.Event, data: e.ChannelDefined) -> None:
        self._put(event, EntryKind.DEFINED, f"channel {data.channel.name}", "is defined")

    def queue_defined(self, event: e.Event, data: e.QueueDefined) -> None:
        detail = f"routed by {data.queue.router.value}"
        self._put(event, EntryKind.DEFINED, f"queue {data.queue.name}", "is defined", detail=detail)

    def worker_defined(self, event: e.Event, data: e.WorkerDefined) -> None:
        detail = f"a {data.definition.kind.value}"
        self._put(event, EntryKind.DEFINED, data.worker, "is defined", detail=detail)

    def policy_adopted(self, event: e.Event, data: e.PolicyAdopted) -> None:
        self._put(event, EntryKind.DEFINED, f"policy {data.policy.name}", "is adopted")

    def policy_faulted(self, event: e.Event, data: e.PolicyFaulted) -> None:
        who = f"policy {data.policy}"
        self._put(event, EntryKind.ANOMALY, who, "is at fault", detail=data.fault)

    def customer_registered(self, event: e.Event, data: e.CustomerRegistered) -> None:
        number = len(data.addresses)
        detail = f"by {number} address{'es' if number > 1 else ''}" if number else None
        self._put(
            event, EntryKind.CUSTOMER, data.customer, "is known", detail=detail, text=data.name
        )

    # -- interactions ------------------------------------------------------------------------------

    def arrived(self, event: e.Event, data: e.InteractionArrived) -> None:
        self.known[data.interaction] = (data.channel, data.customer or _SOMEBODY)
        detail = _joined(
            f"about {data.about}" if data.about is not None else None,
            f"priority {data.priority}" if data.priority else None,
            f"after {data.predecessor}" if data.predecessor is not None else None,
        )
        what = "arrives" if data.predecessor is None else "returns"
        self._put(event, EntryKind.ARRIVAL, None, what, detail=detail)

    def queued(self, event: e.Event, data: e.InteractionQueued) -> None:
        self._end(EntryKind.WAITING, data.interaction, event.origin.occurred_at)
        moved = _MOVED_BY.get(data.because)
        if moved is not None:
            self._put(event, EntryKind.MOVED, None, moved)
        self._put(event, EntryKind.WAITING, None, "waits", detail=f"in {data.queue}")
        self._begin(EntryKind.WAITING, data.interaction)

    def step_expired(self, event: e.Event, data: e.StepExpired) -> None:
        self._put(event, EntryKind.MOVED, None, f"goes on to step {data.step + 1}")

    def dequeued(self, event: e.Event, data: e.InteractionDequeued) -> None:
        if not self._end(EntryKind.WAITING, data.interaction, event.origin.occurred_at):
            self._put(event, EntryKind.MOVED, None, "leaves the queue")

    def closed(self, event: e.Event, data: e.InteractionClosed) -> None:
        self._end(EntryKind.WAITING, data.interaction, event.origin.occurred_at)
        actor = event.origin.actor
        who, what = (actor.id, "closes") if actor.kind in _SERVING else (None, "ends")
        self._put(event, EntryKind.ENDED, who, f"{what}: {data.reason}", detail=data.disposition)

    def received(self, event: e.Event, data: e.MessageReceived) -> None:
        self._put(event, EntryKind.MESSAGE, None, "says", text=data.text)

    def sent(self, event: e.Event, data: e.MessageSent) -> None:
        self._put(event, EntryKind.MESSAGE, data.worker, "says", text=data.text)

    def anomaly(self, event: e.Event, data: e.AnomalyObserved) -> None:
        claim = ", ".join(f"{name} {value}" for name, value in data.details.items())
        detail = f"{data.reason} ({claim})" if claim else data.reason
        what = f"claims {data.verb.removeprefix('observe_')}"
        self._put(event, EntryKind.ANOMALY, "the source", what, detail=detail)

    # -- assignments -------------------------------------------------------------------------------

    def opened(self, event: e.Event, data: e.AssignmentOpened) -> None:
        self._put(event, EntryKind.ASKED, data.worker, "is asked", detail=data.reason)
        self._begin(EntryKind.ASKED, data.assignment)

    def accepted(self, event: e.Event, data: e.AssignmentAccepted) -> None:
        at = event.origin.occurred_at
        self._drop_if_at_once(EntryKind.ASKED, data.assignment, at)
        self._drop_if_at_once(EntryKind.WAITING, data.interaction, at)
        self._end(EntryKind.ASKED, data.assignment, at)
        self._end(EntryKind.WAITING, data.interaction, at)
        self._put(event, EntryKind.SERVED, data.worker, "serves")
        self._begin(EntryKind.SERVED, data.assignment)

    def declined(self, event: e.Event, data: e.AssignmentDeclined) -> None:
        self._not_accepted(event, data, "declines", data.reason)

    def expired(self, event: e.Event, data: e.AssignmentExpired) -> None:
        self._not_accepted(event, data, "does not answer")

    def rescinded(self, event: e.Event, data: e.AssignmentRescinded) -> None:
        self._not_accepted(event, data, "is no longer asked")

    def _not_accepted(
        self,
        event: e.Event,
        data: e.AssignmentDeclined | e.AssignmentExpired | e.AssignmentRescinded,
        what: str,
        detail: str | None = None,
    ) -> None:
        self._end(EntryKind.ASKED, data.assignment, event.origin.occurred_at)
        self._put(event, EntryKind.ASKED, data.worker, what, detail=detail)

    def wrapping(self, event: e.Event, data: e.AssignmentWrapping) -> None:
        self._end(EntryKind.SERVED, data.assignment, event.origin.occurred_at)
        self._put(event, EntryKind.WRAPPING, data.worker, "wraps up")
        self._begin(EntryKind.WRAPPING, data.assignment)

    def released(self, event: e.Event, data: e.AssignmentReleased) -> None:
        at = event.origin.occurred_at
        self._end(EntryKind.SERVED, data.assignment, at)
        self._end(EntryKind.WRAPPING, data.assignment, at)

    # -- workers -----------------------------------------------------------------------------------

    def presence(
        self,
        event: e.Event,
        data: e.WorkerSignedIn | e.WorkerSignedOut | e.WorkerAvailable,
    ) -> None:
        self._end(EntryKind.PRESENCE, data.worker, event.origin.occurred_at)
        self._put(event, EntryKind.PRESENCE, data.worker, _PRESENCE[type(data)])

    def unavailable(self, event: e.Event, data: e.WorkerUnavailable) -> None:
        self._end(EntryKind.PRESENCE, data.worker, event.origin.occurred_at)
        what = "is unavailable"
        self._put(event, EntryKind.PRESENCE, data.worker, what, detail=data.reason)
        self._begin(EntryKind.PRESENCE, data.worker)


_PRESENCE: Final[dict[type[e.EventData], str]] = {
    e.WorkerSignedIn: "signs in",
    e.WorkerSignedOut: "signs out",
    e.WorkerAvailable: "is available",
}

_TELL: Final[dict[type[e.EventData], Callable[[_Fold, e.Event, Any], None]]] = {
    e.ChannelDefined: _Fold.channel_defined,
    e.QueueDefined: _Fold.queue_defined,
    e.WorkerDefined: _Fold.worker_defined,
    e.PolicyAdopted: _Fold.policy_adopted,
    e.PolicyFaulted: _Fold.policy_faulted,
    e.CustomerRegistered: _Fold.customer_registered,
    e.InteractionArrived: _Fold.arrived,
    e.InteractionQueued: _Fold.queued,
    e.StepExpired: _Fold.step_expired,
    e.InteractionDequeued: _Fold.dequeued,
    e.InteractionClosed: _Fold.closed,
    e.MessageReceived: _Fold.received,
    e.MessageSent: _Fold.sent,
    e.AssignmentOpened: _Fold.opened,
    e.AssignmentAccepted: _Fold.accepted,
    e.AssignmentDeclined: _Fold.declined,
    e.AssignmentExpired: _Fold.expired,
    e.AssignmentRescinded: _Fold.rescinded,
    e.AssignmentWrapping: _Fold.wrapping,
    e.AssignmentReleased: _Fold.released,
    e.WorkerSignedIn: _Fold.presence,
    e.WorkerSignedOut: _Fold.presence,
    e.WorkerAvailable: _Fold.presence,
    e.WorkerUnavailable: _Fold.unavailable,
    e.AnomalyObserved: _Fold.anomaly,
}


def _joined(*parts: str | None) -> str | None:
    return ", ".join(part for part in parts if part is not None) or None
