"""Operations: how many came, who served them, and how long everything took.

Laws of this file: one pass, and of an interaction no more than is needed until it is over; every
time is `occurred_at`; a duration below zero (clocks that disagree) is zero. The definitions stand
in the docstrings and, for readers, in docs/reference/report.md.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.insight.figures import Figures, Tally, figures
from onechannel.insight.handling import Part
from onechannel.insight.lives import Key, Live, Stay, count, end_stay, key_of
from onechannel.model.assignment import Role
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import AssignmentId, InteractionId, WorkerId
from onechannel.model.interaction import Direction, EndReason
from onechannel.model.worker import WorkerKind

__all__ = ["OperationsFold", "OperationsReport", "report"]

#: What the kernel records where the customer left while somebody served.
_LEFT: Final = "left"


@attrs.frozen(kw_only=True)
class OperationsReport(Figures):
    """The figures of a whole log.

    - `by_channel`: under the channel on which an interaction began.
    - `by_queue`: under the first queue in which it waited; else the first it was put into; else,
      where it was in none, what it was about; else under none.
    - `open`: interactions not closed at the end of the log, outbound ones too.
    - `side_conversations`: parts of the work that were handed to others; they count nowhere else.
    - `anomalies`: what a source claimed and cannot be, counted by "verb: reason".
    - `two_at_once`: observed acceptances by a person of whom an earlier accepted one still ran.
    - `out_of_turn`: observed acceptances from a queue, by a person, before that of another which
      had joined the same queue earlier with equal priority.
    """

    open: int
    side_conversations: int
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
class _Service:
    """A person's part that runs, observed or not."""

    part: Part
    live: Live
    observed: bool


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
        self._open: dict[InteractionId, Live] = {}
        self._running: dict[AssignmentId, _Service] = {}
        self._roles: dict[AssignmentId, Role] = {}
        self._places: dict[InteractionId, Tally] = {}
        self._tallies: dict[Key, Tally] = {}
        self._machines: set[WorkerId] = set()
        self._asides = 0
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
            key, tally = key_of(live), Tally()
            count(tally, live, None)
            tallies.append((key, tally))
        total = figures([tally for _, tally in tallies])
        return OperationsReport(
            **attrs.asdict(total, recurse=False),
            open=len(self._open),
            side_conversations=self._asides,
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

    def _arrived(self, event: e.Event, data: e.InteractionArrived) -> None:
        if data.direction is Direction.INTERNAL:
            self._asides += 1
            return
        live = Live(data.channel, data.customer, data.about, data.priority)
        live.outbound = data.direction is Direction.OUTBOUND
        self._open[data.interaction] = live
        kept = self._places.pop(data.predecessor or "", None)
        if kept is not None:
            kept.abandoned -= 1
            kept.abandoned_returned += 1
            live.came_back = event.origin.occurred_at

    def _queued(self, event: e.Event, data: e.InteractionQueued) -> None:
        live = self._open.get(data.interaction)
        if live is None:
            return
        at = event.origin.occurred_at
        end_stay(live, at)
        if live.put_into is None:
            live.put_into = data.queue
        since = data.since if live.came_back is None else max(data.since, live.came_back)
        live.stay = Stay(data.queue, at, since, data.plan is None)
        live.machine_serves = False

    def _dequeued(self, event: e.Event, data: e.InteractionDequeued) -> None:
        live = self._open.get(data.interaction)
        if live is not None and live.stay is not None and live.stay.left_at is None:
            live.stay.left_at = event.origin.occurred_at

    def _went_away(
        self,
        event: e.Event,
        data: e.InteractionScheduled | e.InteractionSlept | e.InteractionSuspended,
    ) -> None:
        """Nobody waits in the queue any more, and nobody serves."""
        live = self._open.get(data.interaction)
        if live is None:
            return
        end_stay(live, event.origin.occurred_at)
        live.machine_serves = False
        if isinstance(data, e.InteractionScheduled):
            live.called_back = True

    def _opened(self, _event: e.Event, data: e.AssignmentOpened) -> None:
        if data.role is not Role.SERVES:
            self._roles[data.assignment] = data.role

    def _not_taken(
        self,
        _event: e.Event,
        data: e.AssignmentDeclined | e.AssignmentExpired | e.AssignmentRescinded,
    ) -> None:
        self._roles.pop(data.assignment, None)

    def _accepted(self, event: e.Event, data: e.AssignmentAccepted) -> None:
        role = self._roles.pop(data.assignment, Role.SERVES)
        live = self._open.get(data.interaction)
        if live is None:
            return
        at = event.origin.occurred_at
        if data.worker not in self._machines:
            observed = event.origin.cause is e.Cause.OBSERVED
            part = Part(data.worker, role, at)
            self._running[data.assignment] = _Service(part, live, observed)
        if role is Role.SERVES:
            self._begins_to_serve(live, data.worker, at)

    def _begins_to_serve(self, live: Live, worker: WorkerId, at: datetime) -> None:
        stay, live.machine_serves = live.stay, worker in self._machines
        if live.machine_serves:
            live.by_machine = True
            if stay is not None and not stay.observed and stay.put_at == at:
                live.stay = None
        else:
            live.by_person = True
            if stay is not None and stay.observed:
                turns = self._turns.setdefault((stay.queue, live.priority), _spans())
                _note(turns, stay.since, at)
        end_stay(live, at)
        live.unserved = False

    def _role_changed(self, event: e.Event, data: e.RoleChanged) -> None:
        live, service = self._open.get(data.interaction), self._running.get(data.assignment)
        at = event.origin.occurred_at
        if service is not None:
            service.part.change(data.role, at, service.live.worked)
        if live is not None and data.role is Role.SERVES:
            self._begins_to_serve(live, data.worker, at)

    def _part_goes_on(
        self,
        event: e.Event,
        data: e.AssignmentHeld | e.AssignmentResumed | e.AssignmentWrapping,
    ) -> None:
        service = self._running.get(data.assignment)
        if service is not None:
            _GOES_ON[type(data)](service.part, event.origin.occurred_at)

    def _released(self, event: e.Event, data: e.AssignmentReleased) -> None:
        service = self._running.pop(data.assignment, None)
        if service is None:
            return
        begin = service.part.since
        end = service.part.end(event.origin.occurred_at, service.live.worked)
        if service.observed:
            _note(self._served.setdefault(data.worker, _spans()), begin, end)

    def _closed(self, event: e.Event, data: e.InteractionClosed) -> None:
        live = self._open.pop(data.interaction, None)
        if live is None:
            return
        end_stay(live, event.origin.occurred_at)
        left = data.reason is EndReason.RESOLVED and data.disposition == _LEFT
        live.walked_out = left and live.machine_serves
        live.tally = tally = self._tallies.setdefault(key_of(live), Tally())
        before = tally.abandoned
        count(tally, live, data.reason)
        if data.place_until is not None and tally.abandoned > before:
            self._places[data.interaction] = tally

    def _place_lost(self, _event: e.Event, data: e.PlaceLost) -> None:
        self._places.pop(data.interaction, None)

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
                begins, ends = served.setdefault(service.part.worker, _spans())
                begins.append(service.part.since.timestamp())
                ends.append(inf)
        return served


_GOES_ON: Final[dict[type[e.EventData], Callable[[Part, datetime], None]]] = {
    e.AssignmentHeld: Part.hold,
    e.AssignmentResumed: Part.resume,
    e.AssignmentWrapping: Part.wrap_up,
}

_FOLD: Final[dict[type[e.EventData], Callable[[OperationsFold, e.Event, Any], None]]] = {
    e.WorkerDefined: OperationsFold._worker_defined,
    e.InteractionArrived: OperationsFold._arrived,
    e.InteractionQueued: OperationsFold._queued,
    e.InteractionDequeued: OperationsFold._dequeued,
    **dict.fromkeys((e.InteractionScheduled, e.InteractionSlept), OperationsFold._went_away),
    e.InteractionSuspended: OperationsFold._went_away,
    e.AssignmentOpened: OperationsFold._opened,
    **dict.fromkeys((e.AssignmentDeclined, e.AssignmentExpired), OperationsFold._not_taken),
    e.AssignmentRescinded: OperationsFold._not_taken,
    e.AssignmentAccepted: OperationsFold._accepted,
    e.RoleChanged: OperationsFold._role_changed,
    **dict.fromkeys(_GOES_ON, OperationsFold._part_goes_on),
    e.AssignmentReleased: OperationsFold._released,
    e.InteractionClosed: OperationsFold._closed,
    e.PlaceLost: OperationsFold._place_lost,
    e.AnomalyObserved: OperationsFold._anomaly,
}


def _by(
    name: Callable[[Key], str | None], tallies: Iterable[tuple[Key, Tally]]
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
