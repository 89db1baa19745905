"""RT-01 to RT-16: who is asked for what, and how many are.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

from itertools import permutations, product

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_kernel_laws_routing import offerable
from tests.reliability.centres import attempt, of, processes, serve, submit, tried
from tests.reliability.mail import Unlocked
from tests.unit.custody import assert_custody
from tests.unit.scenes import (
    MINUTE,
    RING,
    SECOND,
    WRAP_UP,
    Scene,
    machine,
    person,
    supervisor,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.delivery import CommitCycle, Refused, Served
from onechannel.insight import Custody
from onechannel.model.channel import Channel
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.model.worker import Capacity, Worker
from onechannel.simulation.view import View
from onechannel.stores.memory import MemoryStore
from onechannel.testing.strategies import START

VOICE = Channel(name="voice", real_time=True, can_hold=True, lease=MINUTE)
FEW = settings(max_examples=settings().max_examples // 2)


def staff(*names: str, **more: object) -> list[c.Command]:
    """These are defined, and there."""
    made = [c.DefineWorker(worker=Worker(id=name, **more)) for name in names]
    return [*made, *(c.SignIn(worker=name) for name in names)]


# -- RT-01, RT-02: exactly one wins, and nobody is left ringing -----------------------------------


ORDERS = sorted({*permutations(("i/1", "i/2", "i/1", "i/3"))})


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_rt_01_of_several_accepts_exactly_one_succeeds(order):
    """Given three who are free, when every offer there can be is accepted, one of them twice.

    Then one accept succeeds, all others are told that it is over, and nobody is left ringing.
    """
    there = Scene(person("p"), person("q"), person("r"))
    there.arrives("i")
    answers = tried(there, [c.Accept(assignment=one) for one in order])
    assert answers.count(None) == 1, answers
    assert all("is active" in one or "is not live" in one for one in answers if one is not None)
    assert [part.state for part in there.custody.parts.values()] == ["active"]


@pytest.mark.parametrize("late", [False, True], ids=["in time", "as it expires"])
def test_rt_01_of_several_processes_one_is_told_that_it_has_it(late):
    """Given three processes that accept one offer, each between another's reading and its commit.

    Then one of them is served, unless the offer is over; all others are told that they are not.
    """
    store = MemoryStore()
    unlocked = Unlocked(store)
    several = [CommitCycle(unlocked) for _ in range(3)]
    serve(several[0], *staff("p"), c.Arrive(interaction="i", channel="voice"))
    at = START + (20 * SECOND if late else 0 * SECOND)
    answers = []

    def accepts(number: int) -> None:
        if number < len(several):
            unlocked.between = lambda: accepts(number + 1)
            accept = c.Accept(assignment="i/1")
            answers.append(submit(several[number], accept, f"from {number}", at=at))

    accepts(0)
    assert len(answers) == 3
    assert [type(one) for one in answers].count(Served) == (0 if late else 1)
    assert len(of(store.read(), e.AssignmentAccepted)) == (0 if late else 1)
    assert_custody(store.read())


WORKERS = ("p", "q", "r")
STEPS = st.tuples(st.integers(0, 7), st.sampled_from(WORKERS), st.sampled_from(("a", "b")))


def busy(there: Scene, step: tuple[int, str, str]) -> None:
    """Somebody does something to one of two calls, if it can be done."""
    number, name, call = step
    part = f"{call}/{1 + WORKERS.index(name)}"
    command = (
        c.Arrive(interaction=call, channel="voice"),
        c.Accept(assignment=part),
        c.Decline(assignment=part),
        c.Assign(interaction=call, worker=name),
        c.Transfer(interaction=call, worker=name, returns_after=MINUTE),
        c.Leave(interaction=call),
        c.BecomeUnavailable(worker=name),
        c.Consult(interaction=call, worker=name),
    )[number]
    attempt(there, command, after=number)


def in_between(there: Scene) -> list[str]:
    """Whoever is on the way from one state to the next."""
    held = there.kernel.snapshot().assignments
    return [f"{one.id} {one.state}" for one in held if one.state in {"pending", "wrapping"}]


@FEW
@given(st.lists(STEPS, max_size=12))
def test_rt_02_when_it_is_quiet_nobody_is_in_between(steps):
    """Given any interleaving, when it is quiet for a time, nobody rings or wraps up any more."""
    there = Scene(*map(person, WORKERS), policy=DEFAULT_POLICY)
    there.arrives("a")
    for step in steps:
        busy(there, step)
    there.passes(10 * MINUTE)
    assert in_between(there) == []


def test_rt_02_who_is_asked_when_somebody_else_wins_is_free_at_once():
    """Given `p` is asked, when a supervisor gives it to `q` at that moment, then `p` is free."""
    there = Scene(person("p"), person("q"))
    there.arrives("i")
    assert there.asked("i") == "p"
    there.ask(c.Assign(interaction="i", worker="q"), actor=supervisor())
    assert in_between(there) == []
    there.arrives("n")
    assert there.asked("n") == "p"


# -- RT-03, RT-04: what is over is over for everybody ---------------------------------------------


def at_work() -> Scene:
    """`p` serves `i`; `q` is consulted, `r` is there, and `m` is a machine that assists."""
    there = Scene(person("p"), person("q"), person("r"), machine("m", capacity=Capacity.only("x")))
    there.ask(c.DefineChannel(channel=VOICE))
    there.served("i", "p")
    there.ask(c.Join(interaction="i", worker="m", role="assists"))
    there.ask(c.Consult(interaction="i", worker="q"))
    return there


def conferenced() -> Scene:
    """The same, with `q` in conference."""
    there = at_work()
    part = there.accepts("i", "q")
    there.ask(c.ChangeRole(assignment=part, role="conferenced"))
    return there


def transferred() -> Scene:
    """The same, while `r` is asked to take over."""
    there = conferenced()
    there.ask(c.Transfer(interaction="i", worker="r", returns_after=MINUTE))
    return there


def ringing() -> Scene:
    """`p` is asked for `i`."""
    there = Scene(person("p"))
    there.ask(c.DefineChannel(channel=VOICE))
    there.arrives("i")
    return there


def held() -> Scene:
    """`p` holds `i`, with `q` in conference."""
    there = conferenced()
    there.ask(c.Hold(assignment="i/1"))
    return there


def escalated() -> Scene:
    """A machine has given `i` to people, and `p` is asked."""
    there = Scene(machine("m", capacity=Capacity.only("voice")))
    there.ask(c.DefineChannel(channel=VOICE))
    there.arrives("i")
    there.has(person("p"))
    there.ask(c.Escalate(interaction="i"))
    return there


INSTANTS = (ringing, at_work, conferenced, held, transferred, escalated)
ENDS = {
    "left": lambda there: there.ask(c.Leave(interaction="i")),
    "closed": lambda there: there.ask(c.Close(interaction="i")),
    "reconciled": lambda there: there.ask(c.Reconcile(channel="voice")),
}


def alive(there: Scene) -> list[str]:
    """Where `i` still shows."""
    now, view, custody = there.kernel.snapshot(), View(), Custody()
    for event in there.log:
        view.add(event)
        custody.add(event.data)
    found = [f"{one.id} {one.state}" for one in now.assignments if one.interaction == "i"]
    found += [f"live {one.id}" for one in now.interactions if one.id == "i"]
    found += [f"{name} has {one.parts}" for name, one in view.workers.items() if one.parts]
    found += [f"with {party.name}" for party in custody.held_by.values()]
    found += [f"part of {part.worker}" for part in custody.parts.values()]
    return [*found, *([] if view.interactions["i"].state == "closed" else ["a view"])]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("instant", INSTANTS, ids=lambda one: one.__name__)
def test_rt_03_what_has_ended_is_shown_alive_nowhere(instant, end):
    """Given an interaction ended at any instant, then after the wrap-up nothing shows it alive."""
    there = instant()
    end(there)
    there.passes(WRAP_UP)
    assert alive(there) == []
    assert there.kernel.explain("i") is None


@pytest.mark.parametrize("instant", INSTANTS, ids=lambda one: one.__name__)
def test_rt_04_who_leaves_at_any_instant_leaves_nobody_on_the_line(instant):
    """Given the customer leaves while others ring or talk, then all of them are let go at once.

    Each is named by an event of the same commit, and so is why it ended.
    """
    there = instant()
    on_the_line = {
        part.id for part in there.custody.parts.values() if part.state not in {"wrapping", "over"}
    }
    made = there.ask(c.Leave(interaction="i"))
    told = {one.data.assignment for one in made if hasattr(one.data, "assignment")}
    assert on_the_line
    assert told >= on_the_line
    assert [one.reason for one in of(made, e.InteractionClosed)] != []
    now = there.kernel.snapshot()
    assert {one.state.value for one in now.assignments} <= {"wrapping"}


# -- RT-08 to RT-11: several processes, one decision ----------------------------------------------


def test_rt_08_several_processes_lose_and_double_no_offer(store):
    """Given three processes at one store, when calls come in and are taken by any of them.

    Then every call is offered once and taken once, as if there were one process.
    """
    several = processes(store, 3)
    serve(several[0], *staff(*WORKERS))
    for number in range(12):
        by, other = several[number % 3], several[(number + 1) % 3]
        call = c.Arrive(interaction=f"i{number}", channel="voice")
        assert isinstance(submit(by, call, f"in{number}"), Served)
        accept = c.Accept(assignment=f"i{number}/1")
        assert isinstance(submit(other, accept, f"take{number}"), Served)
        assert isinstance(submit(by, accept, f"again{number}"), Refused)
        assert isinstance(submit(by, c.Leave(interaction=f"i{number}"), f"out{number}"), Served)
    log = list(store.read())
    assert_custody(log)
    offered = [one.interaction for one in of(log, e.AssignmentOpened)]
    assert offered == [f"i{number}" for number in range(12)]


@FEW
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(WORKERS)), max_size=12))
def test_rt_09_every_change_of_owner_is_one_accepted_command(writers):
    """Given several writers who give one item to this one and that, by what they last read.

    Then who has it changes as often as a command was accepted, and never by one that was not.
    """
    there = Scene(*(Worker(id=name, capacity=Capacity(total=None)) for name in WORKERS))
    there.served("i", "p")
    served = 0
    for number, name in writers:
        had = there.holder("i")
        command = (
            c.Assign(interaction="i", worker=name),
            c.Assign(interaction="i", worker="p"),
            c.Assign(interaction="i", worker="absent"),
        )[number]
        before = len(there.log)
        accepted = attempt(there, command) is None
        changes = len(there.seen(e.AssignmentAccepted, before)) + len(
            there.seen(e.RoleChanged, before)
        )
        assert changes == accepted
        assert there.holder("i") == (f"worker {command.worker}" if accepted else had)
        served += accepted
    assert there.custody.wrong == []
    taken = len(there.seen(e.AssignmentAccepted)) + len(there.seen(e.RoleChanged))
    assert taken == served + 1


CHANGES = {
    "skills": [c.DefineWorker(worker=Worker(id="p"))],
    "department": [
        c.DefineWorker(worker=Worker(id="p", department="shop", skills={"tax": 1})),
        c.DefineWorker(worker=Worker(id="q", department="shop", skills={"tax": 1})),
    ],
    "capacity": [
        c.DefineWorker(worker=Worker(id="p", skills={"tax": 1}, capacity=Capacity(total=0)))
    ],
    "presence": [c.BecomeUnavailable(worker="p")],
    "drain": [c.Drain(worker="p")],
}


@pytest.mark.parametrize("change", CHANGES)
def test_rt_10_a_decision_looks_at_what_holds_now(change, store):
    """Given one process changes who may serve, when another decides that has not heard of it.

    Then it decides by what holds now: only who is eligible is asked.
    """
    mine, other = processes(store, 2)
    able = [Worker(id=name, skills={"tax": 1}) for name in ("p", "q")]
    serve(mine, *(c.DefineWorker(worker=one) for one in able), c.SignIn(worker="p"))
    # Both have been served of one kind before, so that everybody has its place in every line.
    for wanted in ({"about": "tax"}, {"department": "shop"}):
        name = min(wanted)
        serve(mine, c.Arrive(interaction=name, channel="voice", **wanted), prefix=f"{name} in")
        serve(mine, c.Leave(interaction=name), prefix=f"{name} out")
    assert other.kernel.position == store.last_position
    serve(mine, *CHANGES[change], c.SignIn(worker="q"), prefix="change")
    wanted = {"department": "shop"} if change == "department" else {"about": "tax"}
    serve(other, c.Arrive(interaction="i", channel="voice", **wanted), prefix="arrival")
    asked = of(store.read(), e.AssignmentOpened)[-1]
    assert asked.interaction == "i"
    assert asked.worker == ("p" if change == "department" else "q")


LINES = (Channel(name="chat", real_time=True, load=25), Channel(name="mail", load=60))
LOADS = st.tuples(st.integers(0, 5), st.integers(0, 9))


@FEW
@given(st.lists(LOADS, min_size=12, max_size=24), st.sampled_from((100, 250)), st.integers(1, 3))
def test_rt_11_no_load_is_ever_above_capacity(steps, total, chats):
    """Given capacity and limits, when far more arrives than fits, while loads are redefined.

    Then nobody is ever asked for more than fits, and what is used is what is held.
    """
    limits = Capacity(total=total, channels={"chat": chats})
    there = Scene(*(Worker(id=name, capacity=limits) for name in ("p", "q")))
    for channel in LINES:
        there.ask(c.DefineChannel(channel=channel))
    for count, (number, which) in enumerate(steps):
        command = (
            c.Arrive(interaction=f"i{count}", channel="chat"),
            c.Arrive(interaction=f"i{count}", channel="mail"),
            c.Arrive(interaction=f"i{count}", channel="chat"),
            c.Close(interaction=f"i{which}"),
            c.Accept(assignment=f"i{which}/1"),
            c.DefineChannel(channel=attrs.evolve(LINES[which % 2], load=10 * which + 5)),
        )[number]
        attempt(there, command)
        refuse_excess(there, total, chats)
    assert there.custody.wrong == []


def test_rt_11_nor_by_several_processes_that_collide():
    """Given far more than fits, arriving on three processes between each other's turns.

    Then each worker is asked for as much as it has room for, and for no more.
    """
    store = MemoryStore()
    unlocked = Unlocked(store)
    several = [CommitCycle(unlocked) for _ in range(3)]
    serve(several[0], *staff("p", "q", capacity=Capacity(total=50)))
    for number in range(12):
        between = c.Arrive(interaction=f"b{number}", channel="chat")
        unlocked.between = lambda number=number, between=between: submit(
            several[(number + 1) % 3], between, f"b{number}"
        )
        submit(
            several[number % 3], c.Arrive(interaction=f"a{number}", channel="chat"), f"a{number}"
        )
    assert len(of(store.read(), e.InteractionArrived)) == 24
    asked = [one.worker for one in of(store.read(), e.AssignmentOpened)]
    assert sorted(asked) == ["p", "p", "q", "q"]
    assert_custody(store.read())


def refuse_excess(there: Scene, total: int, chats: int) -> None:
    """Every worker holds what it is said to hold, and no more than it can."""
    now = there.kernel.snapshot()
    for worker in now.workers:
        held = [one for one in now.assignments if one.worker == worker.seat.worker.id]
        assert worker.seat.load == sum(one.load for one in held) <= total
        assert sum(one.channel == "chat" for one in held) <= chats


# -- RT-12 to RT-16: order and progress -----------------------------------------------------------


@pytest.mark.parametrize("apart", [0, 7])
@pytest.mark.parametrize("priorities", [(0, 0, 0, 0), (0, 5, 0, 5)], ids=["equal", "two classes"])
def test_rt_12_the_oldest_is_next(priorities, apart):
    """Given equal priority and skills, when capacity is free again, the oldest is served next."""
    there = Scene(person("p", wrap_up=0 * SECOND))
    there.served("first", "p")
    for number, priority in enumerate(priorities):
        there.ask(
            c.Arrive(interaction=f"i{number}", channel="voice", priority=priority), after=apart
        )
    order = sorted(range(4), key=lambda number: (-priorities[number], number))
    last = "first"
    for number in order:
        there.ask(c.Leave(interaction=last))
        assert there.asked(f"i{number}") == "p"
        last = f"i{number}"
        there.accepts(last, "p")


@FEW
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=6, max_size=14))
def test_rt_12_nobody_waits_for_who_is_free(steps):
    """Given a worker who is free and fits, then nobody waits for longer than one decision."""
    there = Scene(Worker(id="p"), Worker(id="q"))
    for number in range(4):
        there.arrives(f"i{number}")
    for number, which in steps:
        name = WORKERS[which % 2]
        command = (
            c.Accept(assignment=f"i{which}/1"),
            c.Leave(interaction=f"i{which}"),
            c.Transfer(interaction=f"i{which}"),
            c.BecomeUnavailable(worker=name),
            c.BecomeAvailable(worker=name),
        )[number]
        attempt(there, command)
        assert offerable(there.kernel.snapshot()) == []


@pytest.mark.parametrize("accepted", [True, False])
def test_rt_13_identical_workers_bear_alike(accepted):
    """Given identical workers, then after every assignment nobody has two more than another."""
    much = Capacity(total=1_000)
    there = Scene(*(Worker(id=name, capacity=much) for name in WORKERS))
    for number in range(17):
        there.arrives(f"i{number}", "chat")
        if accepted:
            there.accepts(f"i{number}", there.asked(f"i{number}") or "")
        loads = [worker.seat.load for worker in there.kernel.snapshot().workers]
        assert max(loads) - min(loads) <= 25
    assert sum(loads) == 17 * 25


SKILLS = ("", "tax", "loan")
QUEUED = st.tuples(st.sampled_from(SKILLS), st.integers(-1, 2))


@FEW
@given(st.lists(QUEUED, max_size=6), QUEUED, st.sampled_from(SKILLS))
def test_rt_16_any_insertion_leaves_the_line_moving(waiting, inserted, able):
    """Given any queue and any insertion, if somebody can serve somebody, then somebody is asked."""
    there = Scene(Worker(id="busy"), policy=DEFAULT_POLICY)
    there.ask(c.BecomeUnavailable(worker="busy"))
    skills = {able: 1.0} if able else {}
    feasible = False
    for number, (about, priority) in enumerate([*waiting, inserted]):
        if number == len(waiting):
            there.has(Worker(id="p", skills=skills, capacity=Capacity(total=1_000)))
        there.ask(
            c.Arrive(
                interaction=f"i{number}", channel="chat", about=about or None, priority=priority
            )
        )
        feasible = feasible or about in {"", able}
    assert offerable(there.kernel.snapshot()) == []
    assert bool(there.seen(e.AssignmentOpened)) is feasible


@pytest.mark.parametrize(("first", "then"), [*product(range(3), range(3))])
def test_rt_16_who_is_put_first_is_asked_for_first(first, then):
    """Given a line in which nobody is served, when one of any rank is put in, the best is asked."""
    there = Scene()
    there.queue("main")
    there.arrives("a", priority=first)
    there.arrives("b", priority=then)
    there.has(person("p"))
    assert there.asked("b" if then > first else "a") == "p"
    there.advance(there.at + RING)
    assert there.asked("b" if then > first else "a") == "p"
