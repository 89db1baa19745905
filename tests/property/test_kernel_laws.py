"""The laws of the kernel, each over random scripts: whatever is tried, in whatever order.

What routing should have done is worked out here by looking at everybody, never by an index.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import event_to_json, snapshot_from_json, snapshot_to_json
from onechannel.errors import CommandRefused, PolicyMissing
from onechannel.kernel import Kernel, Snapshot
from onechannel.model.ids import is_successor, root_of
from onechannel.model.interaction import InteractionState
from onechannel.model.worker import WorkerState
from onechannel.testing.strategies import PLANNERS, Rehearsal, logs, scripts, seeded

NO_TIME = timedelta(0)
ENDINGS = (e.AssignmentDeclined, e.AssignmentExpired, e.AssignmentRescinded)


def text(kernel: Kernel) -> str:
    """Everything a kernel knows, as text."""
    return snapshot_to_json(kernel.snapshot())


def steps(log) -> Iterator[tuple[Snapshot, e.Event, Snapshot]]:
    """Every event of a log, between the state before it and the state after it."""
    kernel = Kernel(PLANNERS)
    before = kernel.snapshot()
    for event in log:
        kernel.follow([event])
        after = kernel.snapshot()
        yield before, event, after
        before = after


# -- one history, however it is come by -----------------------------------------------------------


@given(scripts())
def test_deciding_is_deterministic(script):
    """The same requests at the same times make the same events, to the byte."""
    first, second = Rehearsal.of(script), Rehearsal.of(script)
    assert first.log == second.log
    assert [*map(event_to_json, first.log)] == [*map(event_to_json, second.log)]
    assert text(first.kernel) == text(second.kernel)


HASHED = """
from hashlib import sha256
from onechannel.codec import event_to_json, snapshot_to_json
from onechannel.testing.strategies import Rehearsal, seeded
done = Rehearsal.of(seeded(7, 2000))
print(len(done.log), sha256("".join(map(event_to_json, done.log)).encode()).hexdigest())
print(sha256(snapshot_to_json(done.kernel.snapshot()).encode()).hexdigest())
"""


def test_hash_order_decides_nothing():
    """A long history is the same to the byte whatever order sets and hashes have in the process."""
    told = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(told) == 1
    assert int(told.pop().split()[0]) > 500, "the history is too short to prove anything"


@given(scripts())
def test_a_refused_request_changes_nothing(script):
    """After a refusal the kernel knows what it knew, and is due when it was due."""
    rehearsal = Rehearsal()
    for cue in script:
        request = rehearsal.request(cue)
        rehearsal.advance(request.at)
        kernel = rehearsal.kernel
        before = (text(kernel), kernel.position, kernel.next_deadline)
        try:
            rehearsal.handle(request)
        except (CommandRefused, PolicyMissing):
            assert (text(kernel), kernel.position, kernel.next_deadline) == before


@given(scripts())
def test_the_log_is_the_same_without_the_refused(script):
    """What was refused leaves no trace in any later decision, not even in an index."""
    told, untold = Rehearsal(), Rehearsal()
    for cue in script:
        request = told.request(cue)
        untold.advance(told.at)
        untold.advance(request.at)
        if told.attempt(request):
            untold.handle(request)
    assert untold.log == told.log


@given(scripts())
def test_a_replay_stands_where_the_live_kernel_stood(script):
    """The log alone gives the same state, with no policy code at all."""
    live = Rehearsal.of(script)
    assert text(Kernel.replay(live.log)) == text(live.kernel)


@given(scripts(), st.integers(0, 100))
def test_a_replay_decides_as_the_live_kernel(script, cut):
    """Half-way, the kernel is exchanged for one that only read the log: nothing changes."""
    exchanged = Rehearsal.of(script[:cut])
    exchanged.kernel = Kernel.replay(exchanged.log, PLANNERS)
    for cue in script[cut:]:
        exchanged.perform(cue)
    assert exchanged.log == Rehearsal.of(script).log


@given(logs(), st.integers(0, 10_000))
def test_a_snapshot_and_the_tail_are_the_whole_log(log, cut):
    """At whatever event the snapshot was taken: with the rest of the log it is the full replay."""
    position = cut % (len(log) + 1)
    kept = snapshot_to_json(Kernel.replay(log[:position]).snapshot())
    restored = Kernel.restore(snapshot_from_json(kept))
    assert text(restored) == kept
    restored.follow(log[position:])
    assert text(restored) == text(Kernel.replay(log))


@given(scripts(), st.integers(0, 100))
def test_a_restored_kernel_decides_as_the_live_one(script, cut):
    """Half-way, the kernel is exchanged for one restored from its snapshot: nothing changes."""
    exchanged = Rehearsal.of(script[:cut])
    kept = text(exchanged.kernel)
    exchanged.kernel = Kernel.restore(snapshot_from_json(kept), PLANNERS)
    for cue in script[cut:]:
        exchanged.perform(cue)
    assert exchanged.log == Rehearsal.of(script).log


@given(scripts())
def test_a_snapshot_is_a_value(script):
    """Later events do not change a snapshot, nor does a kernel that was restored from it."""
    rehearsal = Rehearsal()
    kept = rehearsal.kernel.snapshot()
    before = snapshot_to_json(kept)
    rehearsal.kernel = Kernel.restore(kept, PLANNERS)
    for cue in script:
        rehearsal.perform(cue)
    assert snapshot_to_json(kept) == before


# -- routing --------------------------------------------------------------------------------------


def serves(now: Snapshot, worker, live) -> bool:
    """Whether this worker could be asked for this interaction, by all that is known of both."""
    definition = worker.seat.worker
    needed = live.plan.steps[live.step].requirement
    if needed.kinds and definition.kind not in needed.kinds:
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
        if live.plan and live.state is InteractionState.WAITING and live.pending is None
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
    """Whether it is a worker being asked, by our own routing."""
    return isinstance(event.data, e.AssignmentOpened) and event.origin.cause is e.Cause.POLICY


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


@given(logs())
def test_what_is_not_accepted_keeps_its_place_and_age(log):
    """Only standing in line anew gives another age; declining, expiring and waiting do not."""
    for before, event, after in steps(log):
        places = {live.id: (live.place, live.since, live.plan) for live in before.interactions}
        for live in after.interactions:
            queued = isinstance(event.data, e.InteractionQueued | e.InteractionArrived)
            if not (queued and event.data.interaction == live.id):
                assert (live.place, live.since, live.plan) == places[live.id]
            if isinstance(event.data, ENDINGS) and event.data.interaction == live.id:
                assert live.state is InteractionState.WAITING
                assert live.pending is None
                assert live.queue is not None


# -- custody --------------------------------------------------------------------------------------


@given(logs())
def test_somebody_owns_the_customer_at_every_position(log):
    """From standing in line to its end, ours is in a queue or with a worker who serves it."""
    for _, _, after in steps(log):
        parts = {part.id: part for part in after.assignments}
        for live in after.interactions:
            if live.plan is None:
                continue
            waiting = live.state is InteractionState.WAITING
            assert waiting is (live.owner is None)
            assert live.queue in {queue.name for queue in after.queues}
            if not waiting:
                assert parts[live.owner].state.value == "active"
                assert parts[live.owner].interaction == live.id


@given(logs())
def test_a_closed_interaction_never_reopens(log):
    """Nothing but wrapping up and anomalies follows an end; a return is another interaction."""
    arrived, closed = set(), set()
    for event in log:
        data, name = event.data, event.subject("interaction")
        if isinstance(data, e.InteractionArrived):
            assert name not in arrived
            arrived.add(name)
            assert data.predecessor is None or data.predecessor in closed
            assert data.predecessor is not None or not is_successor(name)
            if is_successor(name):
                assert root_of(name) == root_of(data.predecessor)
        elif isinstance(data, e.InteractionClosed):
            assert name not in closed
            closed.add(name)
        elif name in closed:
            late = (e.AnomalyObserved, e.AssignmentReleased, e.AssignmentWrapping)
            assert isinstance(data, (*late, e.AssignmentRescinded))
        elif name is not None and not isinstance(data, e.AnomalyObserved):
            assert name in arrived


@given(logs())
def test_only_who_serves_speaks(log):
    """Every message that went out came from an assignment that was active at that very position."""
    active = set()
    for event in log:
        data = event.data
        if isinstance(data, e.AssignmentAccepted):
            active.add((data.assignment, data.worker, data.interaction))
        elif isinstance(data, e.AssignmentWrapping | e.AssignmentReleased):
            active.discard((data.assignment, data.worker, data.interaction))
        elif isinstance(data, e.MessageSent):
            assert (data.assignment, data.worker, data.interaction) in active


@given(logs())
def test_who_is_unavailable_has_a_reason_and_a_way_back(log):
    """A worker is back by its own word, or at the time that was said when it went."""
    until = {}
    for _, event, after in steps(log):
        data = event.data
        if isinstance(data, e.WorkerUnavailable):
            until[data.worker] = data.until
        elif isinstance(data, e.WorkerAvailable):
            asked = event.origin.cause is e.Cause.COMMAND
            assert asked or event.occurred_at == until[data.worker]
        for worker in after.workers:
            away = worker.state is WorkerState.UNAVAILABLE
            assert away is (worker.reason is not None)


# -- time -----------------------------------------------------------------------------------------


def armed_by(data: e.EventData) -> tuple[tuple[str, str], object] | None:
    """The deadline that an event sets, if it sets one."""
    if isinstance(data, e.AssignmentOpened):
        return ("ring", data.assignment), data.expires_at
    if isinstance(data, e.AssignmentWrapping):
        return ("wrap-up", data.assignment), data.until
    if isinstance(data, e.InteractionQueued | e.StepExpired):
        return ("step", data.interaction), data.expires_at
    return (("pause", data.worker), data.until) if isinstance(data, e.WorkerUnavailable) else None


def disarmed_by(data: e.EventData) -> set[tuple[str, str]]:
    """The deadlines that an event unsets, if they are set."""
    name = data.stored_name.partition(".")[2]
    if isinstance(data, e.AssignmentAccepted):
        return {("ring", data.assignment), ("step", data.interaction)}
    if name in {"declined", "expired", "rescinded", "released"}:
        return {("ring", data.assignment), ("wrap-up", data.assignment)}
    if name in {"queued", "step_expired", "closed"}:
        return {("step", data.interaction)}
    return {("pause", data.worker)} if name.endswith(("available", "signed_out")) else set()


FIRED = {
    e.AssignmentExpired: "ring",
    e.AssignmentReleased: "wrap-up",
    e.StepExpired: "step",
    e.WorkerAvailable: "pause",
}


@given(scripts())
def test_a_deadline_fires_once_or_is_cancelled(script):
    """Each fires once, when it is due and not before, unless an event says that it is off."""
    rehearsal = Rehearsal.of(script)
    armed = {}
    missed = None
    for event in rehearsal.log:
        data, kind = event.data, FIRED.get(type(event.data))
        follows = isinstance(data, e.StepExpired) and data.interaction == missed
        if event.origin.cause is e.Cause.DEADLINE and kind is not None and not follows:
            names = [getattr(data, name, None) for name in ("assignment", "worker", "interaction")]
            assert event.occurred_at in [armed.pop((kind, name), None) for name in names]
            assert event.recorded_at >= event.occurred_at
        # A step of a moment is over with the ring of the one who was asked in it.
        if not isinstance(data, e.WorkerUnavailable):
            missed = data.interaction if isinstance(data, e.AssignmentExpired) else None
        for timer in disarmed_by(data):
            armed.pop(timer, None)
        timer = armed_by(data)
        if timer and timer[1] is not None:
            armed[timer[0]] = timer[1]
    left = rehearsal.kernel.snapshot().deadlines
    assert {(one.alarm.value, one.subject): one.at for one in left} == armed
    assert rehearsal.kernel.next_deadline == min(armed.values(), default=None)


@given(scripts())
def test_no_call_leaves_anything_due(script):
    """After any call whatever is armed lies in the future, so that `advance` does nothing more."""
    rehearsal = Rehearsal()
    for cue in script:
        rehearsal.perform(cue)
        now = rehearsal.kernel.snapshot()
        assert all(armed.at > now.at for armed in now.deadlines)
        rehearsal.advance(rehearsal.at)
        due = rehearsal.kernel.next_deadline
        assert due is None or due > rehearsal.at
        assert rehearsal.advance(rehearsal.at) == ()


@given(logs())
def test_time_in_the_log_never_runs_backwards(log):
    """Positions count from 1 without a gap, ids are unique, and no event was recorded too early."""
    assert [event.position for event in log] == [*range(1, len(log) + 1)]
    assert len({event.id for event in log}) == len(log)
    times = [event.recorded_at for event in log]
    assert times == sorted(times)


@given(logs())
def test_what_was_observed_arms_nothing(log):
    """Whatever somebody else decided sets no deadline, and asks no policy."""
    for event in log:
        if event.origin.cause is e.Cause.OBSERVED:
            assert (armed_by(event.data) or (None, None))[1] is None
            assert not isinstance(event.data, e.PolicyFaulted)
            assert getattr(event.data, "plan", None) is None


@given(logs())
def test_every_event_says_why(log):
    """A command's event names it, a deadline's names none; asking and planning are the policy's."""
    for event in log:
        cause, data = event.origin.cause, event.data
        assert (event.origin.command is None) <= (cause in {e.Cause.DEADLINE, e.Cause.POLICY})
        if data.by_policy:
            assert cause in {e.Cause.POLICY, e.Cause.OBSERVED}
        if cause is e.Cause.POLICY:
            assert data.by_policy or isinstance(data, (e.AssignmentAccepted, e.StepExpired))


# -- the scripts themselves -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_ones() -> list[Rehearsal]:
    """Some rehearsals of scripts that follow from a seed: the same ones every time."""
    return [Rehearsal.of(seeded(number, 400)) for number in range(5)]


@pytest.mark.parametrize("kind", [*e.EVENT_TYPES.values()], ids=lambda kind: kind.stored_name)
def test_scripts_get_everywhere(kind, long_ones):
    """Random scripts come to every kind of event, so that the laws above speak of all of them."""
    assert kind in {type(event.data) for done in long_ones for event in done.log}


@pytest.mark.parametrize("command", [*c.VERBS], ids=lambda command: command.__name__)
def test_scripts_try_everything(command, long_ones):
    """Every command is served now and then, and now and then refused where it can be."""
    served = {True: 0, False: 0}
    for done in long_ones:
        made = {event.origin.command for event in done.log}
        for asked in done.requests:
            served[asked.id in made] += type(asked.command) is command
    assert served[True] > 0
    assert served[False] > 0 or command is c.ObserveAnomaly


def test_strategies_say_which_extra_they_need():
    """Without hypothesis the import fails with the name of the extra that brings it."""
    script = "import sys; sys.modules['hypothesis'] = None; import onechannel.testing.strategies"
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert made.returncode == 1
    assert made.stderr.splitlines()[-1] == (
        "onechannel.errors.ExtraMissing: hypothesis strategies needs the extra "
        '"dev": pip install "onechannel[dev]"'
    )
