"""Telling of interactions: where they come from, where they go, and how they end.

Law of this file: one function for each kind of event, which says in words what stands in it.
"""

from collections.abc import Mapping
from typing import Final

from onechannel import events as e
from onechannel.insight.entries import EntryKind
from onechannel.insight.telling.book import Book, Tell, joined
from onechannel.model.actor import ActorKind
from onechannel.model.ids import InteractionId
from onechannel.model.interaction import Direction, QueuedBecause
from onechannel.model.journey import StitchedBecause
from onechannel.model.plan import Plan
from onechannel.routing import why_asked

__all__ = ["INTERACTIONS"]

_MOVED_BY: Final = {
    QueuedBecause.ESCALATION: "is escalated",
    QueuedBecause.HAND_BACK: "is handed back",
    QueuedBecause.TRANSFER: "is transferred",
    QueuedBecause.CALLBACK: "is to be called back",
    QueuedBecause.WOKEN: "comes back",
    QueuedBecause.SIGNED_OUT: "goes back to the queue",
}
_BECAUSE: Final[Mapping[StitchedBecause | None, str]] = {
    StitchedBecause.NAMED: " as named",
    StitchedBecause.REFERENCE: " by its reference",
    StitchedBecause.LINEAGE: " by lineage",
    StitchedBecause.MATTER: " for the same matter",
}
_SERVING: Final = frozenset({ActorKind.WORKER, ActorKind.MACHINE})


def _arrived(book: Book, event: e.Event, data: e.InteractionArrived) -> None:
    detail = joined(
        None if data.about is None else f"about {data.about}",
        f"priority {data.priority}" if data.priority else None,
        None if data.predecessor is None else f"after {data.predecessor}",
        None if data.parent is None else f"beside {data.parent}",
        None if data.journey is None else f"on {data.journey}{_BECAUSE.get(data.stitched, '')}",
        None if data.consent is None else f"consent by {data.consent}",
    )
    if data.direction is Direction.INTERNAL:
        book.put(event, EntryKind.ARRIVAL, None, "asks for help", detail=detail)
    elif data.direction is Direction.OUTBOUND:
        book.put(event, EntryKind.ARRIVAL, None, "is reached by us", detail=detail)
    else:
        what = "arrives" if data.predecessor is None else "returns"
        book.put(event, EntryKind.ARRIVAL, None, what, detail=detail)


def _queued(book: Book, event: e.Event, data: e.InteractionQueued) -> None:
    _leave_where_it_was(book, event, data.interaction)
    known = book.known.get(data.interaction)
    if known is not None:
        known.queued_because = data.because
    moved = _MOVED_BY.get(data.because)
    if moved is not None:
        away = data.because is QueuedBecause.SIGNED_OUT and book.had is not None
        detail = joined(
            _target(data.plan, 0) if data.because is QueuedBecause.TRANSFER else None,
            f"{book.had} has signed out" if away else None,
            data.reason,
        )
        book.put(event, EntryKind.MOVED, None, moved, detail=detail, due=data.closes_at)
    detail = joined(f"in {data.queue}", _first(data.plan, data.step))
    book.put(event, EntryKind.WAITING, None, "waits", detail=detail)
    book.begin(EntryKind.WAITING, data.interaction)


def _first(plan: Plan | None, step: int | None) -> str | None:
    """Whom the line is for now and, unless that is the last step, only for a time."""
    if plan is None or step is None:
        return None
    target, is_last = _target(plan, step), step >= len(plan.steps) - 1
    return target if target is None or is_last else f"{target} first"


def _target(plan: Plan | None, step: int) -> str | None:
    """Whom a step asks, if it names one; the last asks whoever is left."""
    if plan is None or step >= len(plan.steps):
        return None
    wanted = plan.steps[step].requirement
    if wanted.workers:
        return f"for {', '.join(sorted(wanted.workers))}"
    return None if wanted.department is None else f"for department {wanted.department}"


def _leave_where_it_was(book: Book, event: e.Event, interaction: InteractionId) -> None:
    for kind in (EntryKind.WAITING, EntryKind.AWAY):
        book.end(kind, interaction, event.origin.occurred_at)


def _step_expired(book: Book, event: e.Event, data: e.StepExpired) -> None:
    plan, known = book.custody.plans.get(data.interaction), book.known.get(data.interaction)
    wanted = None
    if plan is not None and data.step < len(plan.steps):
        wanted = plan.steps[data.step].requirement
    because = None if known is None else known.queued_because
    if because is QueuedBecause.TRANSFER and wanted is not None and wanted.workers:
        detail = _target(plan, data.step)
        book.put(event, EntryKind.MOVED, None, "comes back", detail=detail)
        return
    asked = None if wanted is None else f"for {why_asked(wanted).partition(': ')[2]}"
    book.put(event, EntryKind.MOVED, None, f"goes on to step {data.step + 1}", detail=asked)


def _dequeued(book: Book, event: e.Event, data: e.InteractionDequeued) -> None:
    if not book.end(EntryKind.WAITING, data.interaction, event.origin.occurred_at):
        book.put(event, EntryKind.MOVED, None, "leaves the queue")


# -- what nobody serves for a time ----------------------------------------------------------------


def _scheduled(book: Book, event: e.Event, data: e.InteractionScheduled) -> None:
    _leave_where_it_was(book, event, data.interaction)
    owner = None
    if data.worker is not None:
        owner = f"by {data.worker}" + (" alone" if data.only else " first")
    detail = joined(f"as promised in {data.promise}", owner)
    if data.attempt > 1:
        missed = f"is not reached, at attempt {data.attempt - 1}"
        book.put(event, EntryKind.MOVED, None, missed)
    book.put(event, EntryKind.AWAY, None, "has a callback", detail=detail, due=data.at)
    book.begin(EntryKind.AWAY, data.interaction)


def _slept(book: Book, event: e.Event, data: e.InteractionSlept) -> None:
    _leave_where_it_was(book, event, data.interaction)
    detail = None if data.keeper is None else f"{data.keeper} keeps it"
    what = "has the next word"
    book.put(event, EntryKind.AWAY, None, what, detail=detail, due=data.closes_at)
    book.begin(EntryKind.AWAY, data.interaction)


def _suspended(book: Book, event: e.Event, data: e.InteractionSuspended) -> None:
    _leave_where_it_was(book, event, data.interaction)
    kept = None if data.keeper is None else f"{data.keeper} keeps it"
    what, detail = f"waits on {data.party}", joined(data.reason, kept)
    book.put(event, EntryKind.AWAY, None, what, detail=detail, due=data.due)
    book.begin(EntryKind.AWAY, data.interaction)


def _moved(book: Book, event: e.Event, data: e.InteractionMoved) -> None:
    book.put(event, EntryKind.MOVED, None, f"moves to {data.channel}")


# -- how it ends ----------------------------------------------------------------------------------


def _leased(book: Book, event: e.Event, data: e.InteractionLeased) -> None:
    book.put(event, EntryKind.LEASE, None, "is known to be there", due=data.until)


def _lease_expired(book: Book, event: e.Event, _data: e.LeaseExpired) -> None:
    book.put(event, EntryKind.LEASE, None, "is heard of no more")


def _closed(book: Book, event: e.Event, data: e.InteractionClosed) -> None:
    _leave_where_it_was(book, event, data.interaction)
    actor = event.origin.actor
    who, what = (actor.id, "closes") if actor.kind in _SERVING else (None, "ends")
    kept = None if data.place_until is None else "the place is kept"
    detail, due = joined(data.disposition, kept), data.place_until
    book.put(event, EntryKind.ENDED, who, f"{what}: {data.reason}", detail=detail, due=due)


def _place_lost(book: Book, event: e.Event, _data: e.PlaceLost) -> None:
    book.put(event, EntryKind.ENDED, None, "has lost the place")


def _anomaly(book: Book, event: e.Event, data: e.AnomalyObserved) -> None:
    claim = ", ".join(f"{name} {value}" for name, value in data.details.items())
    detail = f"{data.reason} ({claim})" if claim else data.reason
    what = f"claims {data.verb.removeprefix('observe_')}"
    book.put(event, EntryKind.ANOMALY, "source", what, detail=detail)


INTERACTIONS: Final[Mapping[type[e.EventData], Tell]] = {
    e.InteractionArrived: _arrived,
    e.InteractionQueued: _queued,
    e.StepExpired: _step_expired,
    e.InteractionDequeued: _dequeued,
    e.InteractionScheduled: _scheduled,
    e.InteractionSlept: _slept,
    e.InteractionSuspended: _suspended,
    e.InteractionMoved: _moved,
    e.InteractionLeased: _leased,
    e.LeaseExpired: _lease_expired,
    e.InteractionClosed: _closed,
    e.PlaceLost: _place_lost,
    e.AnomalyObserved: _anomaly,
}
