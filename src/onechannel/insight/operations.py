"""Operations: how many came, who served them, and how long everything took.

Laws of this file: one pass, and of an interaction no more than is needed until it is over; every
time is `occurred_at`; a duration below zero (clocks that disagree) is zero. The definitions stand
in the docstrings and, for readers, in docs/reference/report.md.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.insight.figures import Figures, Tally, figures
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, WorkerId
from onechannel.model.interaction import EndReason
from onechannel.model.worker import WorkerKind

__all__ = ["OperationsFold", "OperationsReport", "report"]

_ZERO: Final = timedelta(0)
_WELL_ENDED: Final = frozenset({EndReason.RESOLVED, EndReason.WITHDRAWN})


@attrs.frozen(kw_only=True)
class OperationsReport(Figures):
    """The figures of a whole log.

    - `by_channel`: under the channel on which an interaction began.
    - `by_queue`: under the first queue in which it waited; else the first it was put into; else,
      where it was in none, what it was about; else under none.
    - `open`: interactions not closed at the end of the log.
    - `anomalies`: what a source claimed and cannot be, counted by "verb: reason".
    - `two_at_once`: observed acceptances by a person of whom an earlier accepted one still ran.
    - `out_of_turn`: observed acceptances from a queue, by a person, before that of another which
      had joined the same queue earlier with equal priority.
    """

    open: int
    anomalies: Mapping[str, int]
    two_at_once: int
    out_of_turn: int
    by_channel: Mapping[str, Figures]
    by_queue: Mapping[str, Figures]


def report(events: Iterable[e.Event]) -> OperationsReport:
    """The figures of a log, in one pass."""
    fold = OperationsFold()
    for event in events:
        fold.add(event)
    return fold.report()


# -- what is kept ----------------------------------------------------------------------------------


@attrs.define(eq=False)
class _Stay:
    """A stay in a queue, which may prove to be a waiting; `left_at` is by the queue's own clock."""

    queue: str
    put_at: datetime
    since: datetime
    observed: bool
    left_at: datetime | None = None
    end_unknown: bool = False


@attrs.define(eq=False)
class _Interaction:
    """What of an interaction the figures still need; `tally` once it is counted."""

    channel: str
    customer: CustomerId | None
    about: str | None
    priority: int
    put_into: str | None = None
    waited_in: str | None = None
    stay: _Stay | None = None
    waited: timedelta = _ZERO
    waited_until: datetime | None = None
    wait_known: bool = True
    unserved: bool = False
    by_person: bool = False
    by_machine: bool = False
    said_accepted: bool = False
    handlings: int = 0
    handled: timedelta = _ZERO
    tally: Tally | None = None


@attrs.define(eq=False)
class _Service:
    """A person's assignment that runs."""

    worker: WorkerId
    since: datetime
    observed: bool
    live: _Interaction


#: The channel it began on, and the queue it counts under.
_Key: TypeAlias = tuple[str, str | None]

#: When each of many things began and ended, in seconds since the epoch.
_Spans: TypeAlias = tuple["array[float]", "array[float]"]


def _spans() -> _Spans:
    return array("d"), array("d")


def _note(spans: _Spans, begin: datetime, end: datetime) -> None:
    spans[0].append(begin.timestamp())
    spans[1].append(end.timestamp())


# -- the fold --------------------------------------------------------------------------------------


class OperationsFold:
    """A report in the making: `add` the events of a log, ask for the `report` at any time."""

    def __init__(self) -> None:
        self._open: dict[InteractionId, _Interaction] = {}
        self._running: dict[AssignmentId, _Service] = {}
        self._tallies: dict[_Key, Tally] = {}
        self._machines: set[WorkerId] = set()
        self._anomalies: dict[str, int] = {}
        self._served: dict[WorkerId, _Spans] = {}
        self._turns: dict[tuple[str, int], _Spans] = {}

    def add(self, event: e.Event) -> None:
        """Take in the next event of the log."""
        data = event.data
        fold = _FOLD.get(type(data))
        if fold is not None:
            fold(self, event, data)

    def report(self) -> OperationsReport:
        """The figures of the log so far."""
        tallies = list(self._tallies.items())
        for live in self._open.values():
            key, tally = _key(live), Tally()
            _count(tally, live, None)
            tallies.append((key, tally))
        total = figures([tally for _, tally in tallies])
        return OperationsReport(
            **attrs.asdict(total, recurse=False),
            open=len(self._open),
            anomalies=FrozenMap(self._anomalies),
            two_at_once=sum(map(_overlapping, self._all_served().values())),
            out_of_turn=sum(map(_overtaking, self._turns.values())),
            by_channel=_by(lambda key: key[0], tallies),
            by_queue=_by(lambda key: key[1], tallies),
        )

    # -- the log's things --------------------------------------------------------------------------

    def _worker_defined(self, _event: e.Event, data: e.WorkerDefined) -> None:
        if data.definition.kind is WorkerKind.MACHINE:
            self._machines.add(data.worker)
        else:
            self._machines.discard(data.worker)

    def _arrived(self, _event: e.Event, data: e.InteractionArrived) -> None:
        self._open[data.interaction] = _Interaction(
            data.channel, data.customer, data.about, data.priority
        )

    def _queued(self, event: e.Event, data: e.InteractionQueued) -> None:
        live = self._open.get(data.interaction)
        if live is None:
            return
        at = event.origin.occurred_at
        _end_stay(live, at)
        if live.put_into is None:
            live.put_into = data.queue
        live.stay = _Stay(data.queue, at, data.since, data.plan is None)

    def _dequeued(self, event: e.Event, data: e.InteractionDequeued) -> None:
        live = self._open.get(data.interaction)
        if live is not None and live.stay is not None and live.stay.left_at is None:
            live.stay.left_at = event.origin.occurred_at

    def _accepted(self, event: e.Event, data: e.AssignmentAccepted) -> None:
        live = self._open.get(data.interaction)
        if live is None:
            return
        at, stay = event.origin.occurred_at, live.stay
        if data.worker in self._machines:
            live.by_machine = True
            if stay is not None and not stay.observed and stay.put_at == at:
                live.stay = None
        else:
            live.by_person = True
            observed = event.origin.cause is e.Cause.OBSERVED
            self._running[data.assignment] = _Service(data.worker, at, observed, live)
            if stay is not None and stay.observed:
                turns = self._turns.setdefault((stay.queue, live.priority), _spans())
                _note(turns, stay.since, at)
        _end_stay(live, at)
        live.unserved = False

    def _released(self, event: e.Event, data: e.AssignmentReleased) -> None:
        service = self._running.pop(data.assignment, None)
        if service is None:
            return
        end = max(service.since, event.origin.occurred_at)
        counted = service.live.tally or service.live
        counted.handlings += 1
        counted.handled += end - service.since
        if service.observed:
            _note(self._served.setdefault(service.worker, _spans()), service.since, end)

    def _closed(self, event: e.Event, data: e.InteractionClosed) -> None:
        live = self._open.pop(data.interaction, None)
        if live is None:
            return
        _end_stay(live, event.origin.occurred_at)
        live.tally = self._tallies.setdefault(_key(live), Tally())
        _count(live.tally, live, data.reason)

    def _anomaly(self, _event: e.Event, data: e.AnomalyObserved) -> None:
        name = f"{data.verb}: {data.reason}"
        self._anomalies[name] = self._anomalies.get(name, 0) + 1
        live = self._open.get(data.interaction)
        if live is None:
            return
        by_machine = data.details.get("kind") == WorkerKind.MACHINE.value
        if data.verb == "observe_accepted" and not by_machine:
            live.said_accepted = True
        elif data.verb != "observe_dequeued":
            return
        if live.stay is not None:
            live.stay.end_unknown = True

    # -- what it comes to --------------------------------------------------------------------------

    def _all_served(self) -> dict[WorkerId, _Spans]:
        """What observed persons served, and still serve."""
        served = {worker: (begins[:], ends[:]) for worker, (begins, ends) in self._served.items()}
        for service in self._running.values():
            if service.observed:
                begins, ends = served.setdefault(service.worker, _spans())
                begins.append(service.since.timestamp())
                ends.append(inf)
        return served


_FOLD: Final[dict[type[e.EventData], Callable[[OperationsFold, e.Event, Any], None]]] = {
    e.WorkerDefined: OperationsFold._worker_defined,
    e.InteractionArrived: OperationsFold._arrived,
    e.InteractionQueued: OperationsFold._queued,
    e.InteractionDequeued: OperationsFold._dequeued,
    e.AssignmentAccepted: OperationsFold._accepted,
    e.AssignmentReleased: OperationsFold._released,
    e.InteractionClosed: OperationsFold._closed,
    e.AnomalyObserved: OperationsFold._anomaly,
}


def _key(live: _Interaction) -> _Key:
    stayed_in = None if live.stay is None else live.stay.queue
    return live.channel, live.waited_in or stayed_in or live.put_into or live.about


def _end_stay(live: _Interaction, at: datetime) -> None:
    """The stay was a waiting, and is over: by the queue's own clock, or else at `at`."""
    stay = live.stay
    if stay is None:
        return
    live.stay = None
    live.unserved = True
    if live.waited_in is None:
        live.waited_in = stay.queue
    end = stay.left_at
    if end is None:
        if stay.end_unknown:
            live.wait_known = False
            return
        end = at
    # No instant counts twice, though a second waiting may keep the age of the first.
    begin = stay.since if live.waited_until is None else max(stay.since, live.waited_until)
    live.waited_until = max(begin, end)
    live.waited += live.waited_until - begin


def _count(tally: Tally, live: _Interaction, reason: EndReason | None) -> None:
    """Count an interaction that ended for this reason, or is open."""
    queued = live.waited_in is not None or live.stay is not None
    abandoned = reason is EndReason.ABANDONED
    answered = live.by_person or (live.said_accepted and not abandoned)
    tally.interactions += 1
    tally.queued += queued
    tally.answered += answered
    tally.handlings += live.handlings
    tally.handled += live.handled
    if live.customer is None:
        tally.unidentified += 1
    else:
        tally.customers[live.customer] = tally.customers.get(live.customer, 0) + 1
    if not answered:
        tally.abandoned += abandoned and live.unserved
        tally.self_served += live.by_machine and not queued and reason in _WELL_ENDED
    elif not queued:
        tally.at_once += 1
    elif live.wait_known:
        tally.waits.append(live.waited.total_seconds())


def _by(
    name: Callable[[_Key], str | None], tallies: Iterable[tuple[_Key, Tally]]
) -> FrozenMap[str, Figures]:
    groups: dict[str, list[Tally]] = {}
    for key, tally in tallies:
        group = name(key)
        if group is not None:
            groups.setdefault(group, []).append(tally)
    return FrozenMap({group: figures(members) for group, members in groups.items()})


def _overlapping(spans: _Spans) -> int:
    """How many began while an earlier one still ran."""
    found, latest = 0, -inf
    for begin, end in sorted(zip(*spans, strict=True)):
        found += begin < latest
        latest = max(latest, end)
    return found


def _overtaking(spans: _Spans) -> int:
    """How many ended before one that had begun earlier."""
    found, latest = 0, -inf
    for _, together in groupby(sorted(zip(*spans, strict=True)), key=itemgetter(0)):
        ends = [end for _, end in together]
        found += sum(end < latest for end in ends)
        latest = max(latest, *ends)
    return found
