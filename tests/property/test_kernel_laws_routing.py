"""The laws of routing, each over random scripts.

What routing should have done is worked out here by looking at everybody, never by an index.
"""

from datetime import timedelta

import attrs
from hypothesis import given
from tests.property.kernel_steps import steps

from onechannel import events as e
from onechannel.kernel import Snapshot
from onechannel.model.assignment import Role
from onechannel.model.interaction import InteractionState
from onechannel.model.worker import WorkerState
from onechannel.testing.strategies import Rehearsal, logs, scripts

NO_TIME = timedelta(0)


def serves(now: Snapshot, worker, live) -> bool:
    """Whether this worker could be asked for this interaction, by all that is known of both."""
    definition = worker.seat.worker
    needed = live.plan.steps[live.step].requirement
    if needed.kinds and definition.kind not in needed.kinds:
        return False
    if needed.department not in {None, definition.department}:
        return False
    if needed.workers and definition.id not in needed.workers:
        return False
    if any(definition.skills.get(name, -1) < least for name, least in needed.skills.items()):
        return False
    return worker.state is WorkerState.AVAILABLE and has_room(now, worker, live.channel)


def has_room(now: Snapshot, worker, name: str) -> bool:
    """Whether one more on that channel fits, counting everything the worker holds."""
    capacity = worker.seat.worker.capacity
    channel = next(channel for channel in now.channels if channel.name == name)
    held = [part for part in now.assignments if part.worker == worker.seat.worker.id]
    load = sum(part.load for part in held) + channel.load
    number = len([part for part in held if part.channel == name]) + 1
    limit = capacity.channels.get(name, capacity.others)
    return (capacity.total is None or load <= capacity.total) and (limit is None or number <= limit)


def in_line(now: Snapshot) -> list:
    """Whoever waits for us to ask somebody, best first."""
    waiting = [
        live
        for live in now.interactions
        if live.plan and live.state is InteractionState.WAITING
        if live.pending is None and not live.scheduled
    ]
    return sorted(waiting, key=lambda live: (-live.plan.priority, live.since, live.place))


def offerable(now: Snapshot) -> list:
    """Every waiting interaction, with those who could be asked for it, longest idle first."""
    idle = sorted(now.workers, key=lambda worker: worker.seat.order)
    return [
        (live.id, able[0].seat.worker.id)
        for live in in_line(now)
        if (able := [worker for worker in idle if serves(now, worker, live)])
    ]


def by_us(event: e.Event) -> bool:
    """Whether it is a worker being asked to serve, by our own routing."""
    asked = isinstance(event.data, e.AssignmentOpened) and event.data.role is Role.SERVES
    return asked and event.origin.cause is e.Cause.POLICY


@given(scripts())
def test_no_offerable_pair_survives_a_call(script):
    """After every call, nobody waits whom somebody who is free could serve."""
    rehearsal = Rehearsal()
    for cue in script:
        rehearsal.advance(rehearsal.at + cue.wait)
        assert offerable(rehearsal.kernel.snapshot()) == []
        rehearsal.perform(attrs.evolve(cue, wait=cue.wait * 0))
        assert offerable(rehearsal.kernel.snapshot()) == []


@given(scripts())
def test_nobody_is_waited_for_who_is_gone(script):
    """A step that names workers is over when none of them is there to be asked any more."""
    rehearsal = Rehearsal()
    for cue in script:
        rehearsal.perform(cue)
        now = rehearsal.kernel.snapshot()
        gone = {WorkerState.SIGNED_OUT, WorkerState.DRAINING}
        there = {one.seat.worker.id for one in now.workers if one.state not in gone}
        for live in in_line(now):
            named = live.plan.steps[live.step].requirement.workers
            last = live.step == len(live.plan.steps) - 1
            assert last or not named or named & there


@given(scripts())
def test_nobody_waits_in_a_step_of_a_moment(script):
    """A step of no time has somebody asked at that moment, or the plan has gone on."""
    rehearsal = Rehearsal()
    for cue in script:
        rehearsal.perform(cue)
        waiting = in_line(rehearsal.kernel.snapshot())
        assert all(live.plan.steps[live.step].expires_after != NO_TIME for live in waiting)


@given(logs())
def test_the_order_is_never_inverted(log):
    """Whoever is asked for is the best in line whom anybody could serve; by the longest idle."""
    for before, event, _ in steps(log):
        if by_us(event):
            assert (event.data.interaction, event.data.worker) == offerable(before)[0]


@given(logs())
def test_no_decision_lifts_a_load_above_capacity(log):
    """Whoever is asked by us had room, in all and on that channel; load counts what is held."""
    for before, event, after in steps(log):
        if by_us(event):
            worker = {one.seat.worker.id: one for one in before.workers}[event.data.worker]
            live = {one.id: one for one in before.interactions}[event.data.interaction]
            assert has_room(before, worker, live.channel)
        for worker in after.workers:
            held = [part for part in after.assignments if part.worker == worker.seat.worker.id]
            assert worker.seat.load == sum(part.load for part in held)
            names = [part.channel for part in held]
            assert worker.seat.counts == {name: names.count(name) for name in names}
