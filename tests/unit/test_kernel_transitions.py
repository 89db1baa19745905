"""The tables of the kernel: every state with every command, and with every event.

A real kernel is brought into each state by commands; nothing here writes into a kernel.
"""

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_to_json
from onechannel.errors import CommandRefused, LogInconsistent
from onechannel.kernel import Kernel
from onechannel.kernel.transitions import ASSIGNMENT, INTERACTION, MACHINES, WORKER
from onechannel.model.assignment import AssignmentState as A
from onechannel.model.assignment import Role
from onechannel.model.interaction import EndReason, QueuedBecause
from onechannel.model.interaction import InteractionState as I
from onechannel.model.policy import PlanRule, Policy, StepRule
from onechannel.model.queue import Queue
from onechannel.model.worker import Capacity, Worker
from onechannel.model.worker import WorkerState as W
from onechannel.testing.strategies import Rehearsal

SECOND = timedelta(seconds=1)


def centre(*present: str) -> Rehearsal:
    """A centre with a person `p` and a machine `m`; those named are signed in."""
    rehearsal = Rehearsal(stocked=False)
    anybody = StepRule(expires_after=90 * SECOND)
    plan = PlanRule(steps=(anybody, StepRule()))
    rehearsal.ask(c.AdoptPolicy(policy=Policy(name="plain", plan=plan, ring_for=20 * SECOND)))
    rehearsal.ask(c.DefineQueue(queue=Queue(name="theirs", router="theirs")))
    person = Worker(id="p", wrap_up=30 * SECOND)
    for worker in (person, Worker(id="m", kind="machine", capacity=Capacity(total=None))):
        rehearsal.ask(c.DefineWorker(worker=worker))
    for name in present:
        rehearsal.ask(c.SignIn(worker=name))
    return rehearsal


# -- into each state ------------------------------------------------------------------------------


def waiting() -> Rehearsal:
    """`i` waits for us."""
    there = centre()
    there.ask(c.Arrive(interaction="i", channel="chat"))
    return there


def waiting_for_them() -> Rehearsal:
    """`i` waits in a queue that somebody else routes."""
    there = centre()
    there.ask(c.ObserveArrival(interaction="i", channel="chat"))
    there.ask(c.ObserveQueued(interaction="i", queue="theirs"))
    return there


def served_by_a_machine() -> Rehearsal:
    """`i` is with the machine; `i/1` is active."""
    there = centre("m")
    there.ask(c.Arrive(interaction="i", channel="chat"))
    there.ask(c.SignIn(worker="p"))
    return there


def served_by_a_person() -> Rehearsal:
    """`i` is with the person, and the machine is free; `i/1` is active."""
    there = pending()
    there.ask(c.Accept(assignment="i/1"))
    there.ask(c.SignIn(worker="m"))
    return there


def served_by_them() -> Rehearsal:
    """`i` is with somebody whom somebody else chose."""
    there = waiting_for_them()
    there.ask(c.ObserveAccepted(interaction="i", worker="p"))
    return there


def closed() -> Rehearsal:
    """`i` is over."""
    there = waiting()
    there.ask(c.Close(interaction="i"))
    return there


def pending() -> Rehearsal:
    """The person is asked for `i`; `i/1` is pending."""
    there = centre("p")
    there.ask(c.Arrive(interaction="i", channel="chat"))
    return there


def wrapping() -> Rehearsal:
    """The person wraps up `i`; `i/1` is wrapping."""
    there = served_by_a_person()
    there.ask(c.Close(interaction="i"))
    return there


def released() -> Rehearsal:
    """The person has wrapped up `i`; `i/1` is released."""
    there = wrapping()
    there.ask(c.Release(assignment="i/1"))
    return there


def declined() -> Rehearsal:
    """The person did not want `i`, which waits; `i/1` is declined."""
    there = pending()
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(c.Decline(assignment="i/1"))
    return there


def expired() -> Rehearsal:
    """The person did not answer, and `i` waits; `i/1` is expired."""
    there = pending()
    there.ask(c.BecomeUnavailable(worker="p"))
    there.advance(there.at + 20 * SECOND)
    return there


def rescinded() -> Rehearsal:
    """The person went, and `i` waits; `i/1` is rescinded."""
    there = pending()
    there.ask(c.SignOut(worker="p"))
    return there


def away() -> Rehearsal:
    """The person is unavailable."""
    there = centre("p")
    there.ask(c.BecomeUnavailable(worker="p"))
    return there


INTERACTIONS = {
    I.WAITING: (waiting, waiting_for_them),
    I.ENGAGED: (served_by_a_machine, served_by_a_person, served_by_them),
    I.CLOSED: (closed,),
}
ASSIGNMENTS = {
    A.PENDING: pending,
    A.ACTIVE: served_by_a_person,
    A.WRAPPING: wrapping,
    A.RELEASED: released,
    A.DECLINED: declined,
    A.EXPIRED: expired,
    A.RESCINDED: rescinded,
}
WORKERS = {W.SIGNED_OUT: centre, W.AVAILABLE: lambda: centre("p"), W.UNAVAILABLE: away}


def commands(machine) -> dict[type, c.Command]:
    """One command of each kind that the machine's table knows, about `i`, `i/1` or `p`."""
    extra = {c.Say: {"text": "hello"}, c.ObserveQueued: {"queue": "theirs"}}
    extra |= {c.ObserveAccepted: {"worker": "m"}, c.ObserveReleased: {"worker": "p"}}
    subject = {"interaction": "i"} if machine is INTERACTION else {"assignment": "i/1"}
    if machine is ASSIGNMENT:
        extra[c.Say]["interaction"] = "i"
    if machine is WORKER:
        subject = {"worker": "p"}
    return {kind: kind(**subject, **extra.get(kind, {})) for kind in machine.admits}


def known(rehearsal: Rehearsal) -> str:
    """All that the kernel knows, but for where the log ends."""
    snapshot = rehearsal.kernel.snapshot()
    return snapshot_to_json(attrs.evolve(snapshot, position=0, at=None))


def outcome(prepare: Callable[[], Rehearsal], command: c.Command) -> str:
    """`works`, or why not; what is refused changes nothing, and an anomaly nothing but the log."""
    there = prepare()
    before, position = known(there), there.kernel.position
    try:
        made = there.ask(command)
    except CommandRefused as refusal:
        assert (known(there), there.kernel.position) == (before, position)
        return str(refusal)
    if isinstance(made[0].data, e.AnomalyObserved):
        assert known(there) == before
        return f"anomaly: {made[0].data.reason}"
    return "works"


def pairs(machine, states) -> list:
    """Every state of a machine with every command that its table knows."""
    return [
        pytest.param(state, kind, id=f"{state.value}-{kind.__name__}")
        for state in states
        for kind in machine.admits
    ]


# -- states and commands --------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "kind"), pairs(INTERACTION, INTERACTIONS))
def test_every_interaction_state_with_every_command(state, kind):
    """It works where the table says so, for somebody's interaction at least; else it is refused."""
    command = commands(INTERACTION)[kind]
    outcomes = [outcome(prepare, command) for prepare in INTERACTIONS[state]]
    if state in INTERACTION.admits[kind]:
        assert "works" in outcomes
    elif (state, kind) == (I.CLOSED, c.Say):
        assert outcomes == ["works"], "a customer who speaks comes back"
    else:
        assert "works" not in outcomes
        assert all("interaction" in why for why in outcomes)


@pytest.mark.parametrize(("state", "kind"), pairs(ASSIGNMENT, ASSIGNMENTS))
def test_every_assignment_state_with_every_command(state, kind):
    """It works where the table says so; else it is refused, naming assignment, state, way out."""
    why = outcome(ASSIGNMENTS[state], commands(ASSIGNMENT)[kind])
    if state in ASSIGNMENT.admits[kind]:
        assert why == "works"
        return
    assert why.startswith("assignment i/1 is ")
    if state in ASSIGNMENT.final:
        assert "over" in why
        assert state.value in why or state is A.RELEASED, "of what is closed, nothing is known"
        return
    way_out = [other.__name__ for other, states in ASSIGNMENT.admits.items() if state in states]
    assert f"is {state.value}: only {', '.join(sorted(way_out))} " in why


@pytest.mark.parametrize(("state", "kind"), pairs(WORKER, WORKERS))
def test_every_worker_state_with_every_command(state, kind):
    """It works where the table says so; else it is refused, naming worker, state and way out."""
    why = outcome(WORKERS[state], commands(WORKER)[kind])
    if state in WORKER.admits[kind]:
        assert why == "works"
        return
    way_out = [other.__name__ for other, states in WORKER.admits.items() if state in states]
    assert why == f"worker p is {state.value}: only {', '.join(sorted(way_out))} apply"


def test_the_states_are_all_there():
    """Each state of each machine is walked, and each final one can be left by nothing."""
    assert {*INTERACTIONS} == {*I}
    assert {*ASSIGNMENTS} == {*A}
    assert {*WORKERS} == {*W}
    for machine in MACHINES:
        assert machine.final.isdisjoint(state for state, _ in machine.moves)
        assert machine.initial not in machine.final


@pytest.mark.parametrize(("kind", "name"), [(c.Escalate, "i"), (c.ObserveReleased, "i")])
def test_a_refusal_names_the_interaction_and_its_state(kind, name):
    """What a waiting interaction is not ready for is answered with its state and what applies."""
    command = commands(INTERACTION)[kind]
    if kind is c.Escalate:
        why = outcome(waiting, command)
        assert why.startswith(f"interaction {name} is waiting: only Close, Leave, ")
    else:
        assert outcome(waiting_for_them, command) == "anomaly: the interaction is waiting"


@pytest.mark.parametrize(
    ("channel", "served", "reason"),
    [
        ("voice", False, EndReason.ABANDONED),
        ("email", False, EndReason.WITHDRAWN),
        ("voice", True, EndReason.RESOLVED),
        ("email", True, EndReason.RESOLVED),
    ],
)
def test_how_it_ends_when_the_customer_goes(channel, served, reason):
    """Who hangs up waiting abandons, who stops writing withdraws, who is served has been served."""
    there = centre("p")
    there.ask(c.Arrive(interaction="i", channel=channel))
    if served:
        there.ask(c.Accept(assignment="i/1"))
    made = there.ask(c.Leave(interaction="i"))
    assert made[0].data == e.InteractionClosed("i", reason, None)
    assert made[1].data.stored_name == f"assignment.{'wrapping' if served else 'rescinded'}"


# -- what is not there ----------------------------------------------------------------------------

ABSENT = [
    c.Accept(assignment="i/9"),
    c.Decline(assignment="x/1"),
    c.Release(assignment="x/1"),
    c.Say(interaction="x", text="hello"),
    c.Say(interaction="i", text="hello", assignment="i/9"),
    c.Leave(interaction="x"),
    c.Close(interaction="x"),
    c.Escalate(interaction="x"),
    c.HandBack(interaction="x"),
    c.SignIn(worker="x"),
    c.SignOut(worker="x"),
    c.BecomeAvailable(worker="x"),
    c.BecomeUnavailable(worker="x"),
    c.Arrive(interaction="j", channel="chat", customer="x"),
    c.Arrive(interaction="j", channel="chat", queue="x"),
    c.Arrive(channel="chat", follows="x"),
    c.Arrive(channel="chat", follows="i"),
    c.Arrive(channel="chat"),
    c.Arrive(interaction="i", channel="chat"),
    c.Arrive(interaction="i~1", channel="chat"),
    c.Arrive(interaction="j", channel="chat", queue="theirs"),
]


@pytest.mark.parametrize("command", ABSENT, ids=repr)
def test_what_is_not_there_is_refused(command):
    """An id that is unknown, taken or somebody else's is refused, with a way out, without trace."""
    why = outcome(pending, command)
    assert why != "works"
    assert ":" in why or "not live" in why or "needs" in why


# -- states and events ----------------------------------------------------------------------------


def event_of(kind: type[e.EventData]) -> e.EventData:
    """An event of that kind about `i`, `i/1` and `p`."""
    part = ("i/1", "i", "p")
    later = Rehearsal(stocked=False).at + timedelta(hours=1)
    more = {
        e.InteractionArrived: ("i", "chat", None, None, None, 0, None),
        e.InteractionQueued: (
            *("i", "theirs", QueuedBecause.OBSERVED, later, None, None, None, None),
        ),
        e.StepExpired: ("i", 1, None),
        e.InteractionDequeued: ("i",),
        e.InteractionClosed: ("i", EndReason.RESOLVED, None),
        e.MessageSent: (*part, "hello"),
        e.AssignmentOpened: (*part, Role.SERVES, None, "observed"),
        e.AssignmentDeclined: (*part, None),
        e.AssignmentWrapping: (*part, later),
        e.WorkerUnavailable: ("p", "lunch", None),
    }
    worker = kind.stored_name.startswith("worker.")
    return kind(*more.get(kind, ("p",) if worker else part))


def next_event(there: Rehearsal, data: e.EventData) -> e.Event:
    """The event as the next one of that log."""
    last = there.log[-1]
    return e.Event(last.position + 1, last.origin, data)


def impossible(machine, recipes) -> list:
    """Every state with every event of the table that has no move from it."""
    events = {event for _, event in machine.moves}
    return [
        pytest.param(recipes[state], kind, id=f"{state.value}-{kind.stored_name}")
        for state in recipes
        for kind in sorted(events, key=lambda kind: kind.stored_name)
        if (state, kind) not in machine.moves
    ]


IMPOSSIBLE = [
    *impossible(ASSIGNMENT, ASSIGNMENTS),
    *impossible(WORKER, WORKERS),
    *impossible(INTERACTION, {I.ENGAGED: served_by_a_person, I.CLOSED: closed}),
    *impossible(INTERACTION, {I.WAITING: pending}),
]


@pytest.mark.parametrize(("prepare", "kind"), IMPOSSIBLE)
def test_an_event_without_a_move_cannot_be_followed(prepare, kind):
    """A log in which it stands is inconsistent at its position, and the reason names the thing."""
    there = prepare()
    event = next_event(there, event_of(kind))
    with pytest.raises(LogInconsistent) as caught:
        Kernel.replay([*there.log, event])
    assert caught.value.position == event.position
    assert caught.value.reason.startswith(f"{kind.stored_name} does not apply: ")
    assert str(event.position) in str(caught.value)


@pytest.mark.parametrize(
    ("prepare", "kind"),
    [
        (waiting, e.InteractionArrived),
        (pending, e.AssignmentOpened),
    ],
)
def test_what_is_there_does_not_begin_again(prepare, kind):
    """An id begins once: a log in which it does so again is inconsistent."""
    there = prepare()
    event = next_event(there, event_of(kind))
    with pytest.raises(LogInconsistent) as caught:
        Kernel.replay([*there.log, event])
    assert caught.value.position == event.position


@pytest.mark.parametrize(
    "kind",
    [kind for kind in e.EVENT_TYPES.values() if kind.stored_name.startswith(("assig", "inter"))],
    ids=lambda kind: kind.stored_name,
)
def test_an_event_about_nothing_cannot_be_followed(kind):
    """What an event moves must have begun: else the log is inconsistent at its position."""
    there = centre()
    data = event_of(kind)
    if isinstance(data, e.InteractionArrived):
        data = attrs.evolve(data, channel="never defined")
    with pytest.raises(LogInconsistent) as caught:
        Kernel.replay([*there.log, next_event(there, data)])
    assert caught.value.position == there.log[-1].position + 1


# -- every move, by a real run --------------------------------------------------------------------


def taken_over() -> Rehearsal:
    """A vendor gives what one worker serves to another, takes it away, and out of a queue."""
    there = served_by_them()
    there.ask(c.ObserveAccepted(interaction="i", worker="m"))
    there.ask(c.ObserveReleased(interaction="i", worker="m"))
    there.ask(c.ObserveQueued(interaction="i", queue="theirs"))
    there.ask(c.ObserveDequeued(interaction="i"))
    there.ask(c.ObserveAccepted(interaction="i", worker="m"))
    there.ask(c.ObserveClosed(interaction="i"))
    return there


def handed_over() -> Rehearsal:
    """A machine serves, then a person, who says something and goes home."""
    there = served_by_a_machine()
    there.ask(c.Escalate(interaction="i"))
    there.ask(c.Accept(assignment="i/2"))
    there.ask(c.Say(interaction="i", text="hello", assignment="i/2"))
    there.ask(c.Leave(interaction="i"))
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(c.BecomeAvailable(worker="p"))
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(c.SignOut(worker="p"))
    return there


def step_over() -> Rehearsal:
    """Nobody came in the time of the first step."""
    there = waiting()
    there.advance(there.at + 90 * SECOND)
    return there


def states(kernel: Kernel) -> dict[str, object]:
    """The state of everything that is not over, by id."""
    now = kernel.snapshot()
    found = {live.id: live.state for live in now.interactions}
    found |= {part.id: part.state for part in now.assignments}
    return found | {one.seat.worker.id: one.state for one in now.workers}


def moved(log) -> set[tuple]:
    """Every (state, event, next state) of a log; what is over has no state any more."""
    kernel, found = Kernel(), set()
    for event in log:
        before = states(kernel)
        kernel.follow([event])
        after = states(kernel)
        data = event.data
        names = {getattr(data, kind, None) for kind in ("interaction", "assignment", "worker")}
        found |= {(before[name], type(data), after.get(name)) for name in names & {*before}}
    return found


RUNS = (*ASSIGNMENTS.values(), closed, taken_over, handed_over, step_over)
MOVES = [
    pytest.param(state, kind, None if end in machine.final else end, id=f"{state}-{kind.__name__}")
    for machine in MACHINES
    for (state, kind), end in machine.moves.items()
]


@pytest.fixture(scope="module")
def everything() -> set[tuple]:
    """What all runs went through."""
    return {move for run in RUNS for move in moved(run().log)}


@pytest.mark.parametrize(("state", "kind", "end"), MOVES)
def test_every_move_of_the_tables_is_made(state, kind, end, everything):
    """Each row of each table is what some real run does, and it ends where the row says."""
    assert (state, kind, end) in everything
