"""Snapshots: the state as a value.

Laws of this file: a snapshot is the records themselves, copied; what is derived from them is
derived anew. Restored from a snapshot and the events after it, a kernel decides as one that
replayed the whole log.
"""

from datetime import datetime
from typing import Final

import attrs

from onechannel.kernel.state import (
    Alarm,
    LiveAssignment,
    LiveInteraction,
    LiveWorker,
    State,
    stand,
)
from onechannel.model.channel import Channel
from onechannel.model.ids import TenantId
from onechannel.model.policy import Policy
from onechannel.model.queue import Queue

__all__ = ["SNAPSHOT_VERSION", "Armed", "Snapshot", "restore", "take"]

#: Changes with the shape or the meaning of what a snapshot holds; a snapshot of another version is
#: thrown away.
SNAPSHOT_VERSION: Final = 1


@attrs.frozen
class Armed:
    """A deadline with what it was armed for."""

    alarm: Alarm
    subject: str
    at: datetime
    order: int


@attrs.frozen
class Snapshot:
    """A kernel's state after the event at `position`."""

    version: int
    position: int
    at: datetime | None
    tenant: TenantId | None
    policy: Policy
    channels: tuple[Channel, ...]
    queues: tuple[Queue, ...]
    workers: tuple[LiveWorker, ...]
    interactions: tuple[LiveInteraction, ...]
    assignments: tuple[LiveAssignment, ...]
    deadlines: tuple[Armed, ...]


def take(state: State) -> Snapshot:
    """The state now."""
    return Snapshot(
        SNAPSHOT_VERSION,
        state.position,
        state.at,
        state.tenant,
        state.policy,
        tuple(state.channels.values()),
        tuple(state.queues.values()),
        tuple(_worker(worker) for worker in state.workers.values()),
        tuple(_interaction(live) for live in state.interactions.values()),
        tuple(attrs.evolve(assignment) for assignment in state.assignments.values()),
        tuple(Armed(*timer, *due) for timer, due in state.deadlines.armed.items()),
    )


def restore(snapshot: Snapshot) -> State:
    """The state it was taken of."""
    state = State(snapshot.position, snapshot.at, snapshot.tenant, snapshot.policy)
    state.channels = {channel.name: channel for channel in snapshot.channels}
    state.queues = {queue.name: queue for queue in snapshot.queues}
    state.workers = {worker.seat.worker.id: _worker(worker) for worker in snapshot.workers}
    state.interactions = {live.id: _interaction(live) for live in snapshot.interactions}
    state.assignments = {one.id: attrs.evolve(one) for one in snapshot.assignments}
    for armed in snapshot.deadlines:
        state.deadlines.arm(armed.alarm, armed.subject, armed.at, armed.order)
    for worker in state.workers.values():
        state.index.seat(worker.seat)
    for live in state.interactions.values():
        stand(state, live)
    return state


def _worker(worker: LiveWorker) -> LiveWorker:
    seat = attrs.evolve(worker.seat, counts=dict(worker.seat.counts))
    return attrs.evolve(worker, seat=seat, assignments=dict(worker.assignments))


def _interaction(live: LiveInteraction) -> LiveInteraction:
    return attrs.evolve(live, ended=dict(live.ended))
