"""Snapshots: the state as a value.

Laws of this file: a snapshot is the records themselves, copied; what is derived from them is
derived anew. Restored from a snapshot and the events after it, a kernel decides as one that
replayed the whole log.
"""

from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar, cast

import attrs

from onechannel import model as m
from onechannel.journeys import LiveJourney, LivePromise
from onechannel.live.deadlines import Alarm
from onechannel.live.state import (
    KeptPlace,
    LiveAssignment,
    LiveInteraction,
    LiveWorker,
    State,
    stand,
)

__all__ = ["SNAPSHOT_VERSION", "Armed", "Snapshot", "restore", "take"]

#: Changes with the shape or the meaning of what a snapshot holds; a snapshot of another version is
#: thrown away.
SNAPSHOT_VERSION: Final = 3

T = TypeVar("T")


@attrs.frozen
class Armed:
    """A deadline with what it was armed for."""

    alarm: Alarm
    subject: str
    at: datetime
    order: int


@attrs.frozen(kw_only=True)
class Snapshot:
    """A kernel's state after the event at `position`."""

    version: int
    position: int
    at: datetime | None
    tenant: str | None
    policy: m.Policy
    adopted: bool
    channels: tuple[m.Channel, ...]
    queues: tuple[m.Queue, ...]
    calendars: tuple[m.Calendar, ...]
    workers: tuple[LiveWorker, ...]
    interactions: tuple[LiveInteraction, ...]
    assignments: tuple[LiveAssignment, ...]
    places: tuple[KeptPlace, ...]
    promises: tuple[LivePromise, ...]
    journeys: tuple[LiveJourney, ...]
    merged: dict[str, str]
    parked: dict[str, list[tuple[m.Delivery, str | None]]]
    deadlines: tuple[Armed, ...]


def _copy(record: T) -> T:
    """The record, with lists and dictionaries of its own."""
    values = {
        given: value.copy() if isinstance(value, (list, dict)) else value
        for name, given in _fields(cast("Any", type(record)))
        for value in (getattr(record, name),)
    }
    return type(record)(**values)


@cache
def _fields(kind: type) -> tuple[tuple[str, str], ...]:
    """What a record is made of: how each is called, and how it is given."""
    return tuple((one.name, one.alias or one.name) for one in attrs.fields(kind) if one.init)


def _worker(worker: LiveWorker) -> LiveWorker:
    return attrs.evolve(_copy(worker), seat=_copy(worker.seat))


def take(state: State) -> Snapshot:
    """The state now."""
    return Snapshot(
        version=SNAPSHOT_VERSION,
        position=state.position,
        at=state.at,
        tenant=state.tenant,
        policy=state.policy,
        adopted=state.adopted,
        channels=tuple(state.channels.values()),
        queues=tuple(state.queues.values()),
        calendars=tuple(state.calendars.values()),
        workers=tuple(map(_worker, state.workers.values())),
        interactions=tuple(map(_copy, state.interactions.values())),
        assignments=tuple(map(_copy, state.assignments.values())),
        places=tuple(state.places.values()),
        promises=tuple(map(_copy, state.pursuits.promises.values())),
        journeys=tuple(map(_copy, state.pursuits.journeys.values())),
        merged=dict(state.families.survivors),
        parked={reference: list(waiting) for reference, waiting in state.parked.items()},
        deadlines=tuple(
            Armed(alarm, subject, at, order)
            for (_, subject), alarms in state.deadlines.armed.items()
            for alarm, (at, order) in alarms.items()
        ),
    )


def restore(snapshot: Snapshot) -> State:
    """The state it was taken of."""
    state = State(
        snapshot.position, snapshot.at, snapshot.tenant, snapshot.policy, snapshot.adopted
    )
    state.channels = {channel.name: channel for channel in snapshot.channels}
    state.queues = {queue.name: queue for queue in snapshot.queues}
    state.calendars = {calendar.name: calendar for calendar in snapshot.calendars}
    state.workers = {worker.seat.worker.id: _worker(worker) for worker in snapshot.workers}
    state.interactions = {live.id: _copy(live) for live in snapshot.interactions}
    state.assignments = {one.id: _copy(one) for one in snapshot.assignments}
    state.places = {place.id: place for place in snapshot.places}
    state.pursuits.promises = {promise.id: _copy(promise) for promise in snapshot.promises}
    state.parked = {reference: list(waiting) for reference, waiting in snapshot.parked.items()}
    for customer, survivor in snapshot.merged.items():
        state.families.join(customer, survivor)
    for journey in snapshot.journeys:
        state.pursuits.add(_copy(journey))
    for armed in snapshot.deadlines:
        state.deadlines.arm(armed.alarm, armed.subject, armed.at, armed.order)
    for worker in state.workers.values():
        state.index.seat(worker.seat)
    for live in state.interactions.values():
        stand(state, live)
    return state
