"""RT-18 to RT-35: what becomes of work, of those who do it, and of what was decided.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reliability.centres import attempt, kinds, of
from tests.unit.kernel_states import RECIPES, asked_of, outcome
from tests.unit.scenes import (
    MINUTE,
    PLAIN,
    RING,
    SECOND,
    WRAP_UP,
    Scene,
    machine,
    person,
    supervisor,
    worker,
)
from tests.unit.test_wrap_up import PATHS

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_to_json
from onechannel.kernel import Kernel
from onechannel.model import channel as channels
from onechannel.model.channel import Channel
from onechannel.model.policy import DEFAULT_POLICY, Pause
from onechannel.model.queue import Queue
from onechannel.model.worker import Capacity, Worker
from onechannel.runtime import Centre
from onechannel.simulation.view import View
from onechannel.stores.memory import MemoryStore

TICK = timedelta(microseconds=1)
LEASE = 45 * SECOND
EVERY_PATH = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


# -- RT-18, RT-19: wrapping up --------------------------------------------------------------------


@EVERY_PATH
def test_rt_18_nobody_is_asked_while_wrapping_up(path):
    """Given a wrap-up of w, whatever path ended the work, then no queue asks in (end, end + w)."""
    there, who = path()
    for other in {"p", "q", "r"} - {who}:
        there.ask(c.BecomeUnavailable(worker=other))
    there.arrives("n", queue="other", priority=9)
    there.arrives("o", queue="main", priority=9)
    there.passes(WRAP_UP - TICK)
    assert (there.asked("n"), there.asked("o")) == (None, None)
    there.passes(TICK)
    assert who in {there.asked("n"), there.asked("o")}


@EVERY_PATH
@pytest.mark.parametrize("crash", [False, True], ids=["live", "recovered"])
def test_rt_19_every_end_of_work_is_wrapped_up(path, crash):
    """Given any end of a worker's part, and a crash after it, then the whole wrap-up is due."""
    there, who = path()
    if crash:
        there.kernel = there.replayed()
    wrapping = [one for one in there.kernel.snapshot().assignments if one.state == "wrapping"]
    (part,) = [one.id for one in wrapping if one.worker == who]
    assert there.last(e.AssignmentWrapping, assignment=part).until == there.at + WRAP_UP
    there.passes(WRAP_UP)
    assert there.custody.parts[part].state == "over"


# -- RT-20, RT-25: what the log says is what is so ------------------------------------------------

DOINGS: tuple[tuple[c.Command, float], ...] = (
    (c.BecomeUnavailable(worker="p", reason="lunch"), 0),
    (c.BecomeUnavailable(worker="p", reason="call", duration=MINUTE), 1),
    (c.BecomeAvailable(worker="p"), 0),
    (c.SignOut(worker="p"), 0),
    (c.SignIn(worker="p"), 0),
    (c.Drain(worker="p"), 0),
    (c.Arrive(interaction="a", channel="voice"), 0),
    (c.Arrive(interaction="b", channel="email"), 0),
    (c.Accept(assignment="a/1"), 2),
    (c.Accept(assignment="b/1"), 0),
    (c.Decline(assignment="a/1"), 0),
    (c.Hold(assignment="a/1"), 0),
    (c.Leave(interaction="a"), 3),
    (c.Transfer(interaction="b"), 0),
    (c.Release(assignment="a/1"), 10),
    (c.DefineWorker(worker=person("p", skills={"tax": 1})), 0),
    (c.DefineWorker(worker=person("p")), 21),
)
PAUSING = attrs.evolve(PLAIN, after_expiry=Pause(reason="no-answer", after=2))


@given(st.lists(st.sampled_from(DOINGS), min_size=8, max_size=20))
def test_rt_20_every_projection_is_a_function_of_the_log(doings):
    """Given any commands, then live = replayed, and what is shown of a worker is what it is.

    Its presence and its parts are told apart: a break during the wrap-up is a break.
    """
    there = Scene(person("p"), policy=PAUSING)
    for command, after in [DOINGS[6], DOINGS[16], DOINGS[16], *doings]:
        attempt(there, command, after=after)
    assert_shown(there)


@pytest.mark.parametrize("first", DOINGS, ids=lambda one: type(one[0]).__name__)
def test_rt_20_any_two_commands_are_replayed_as_they_were(first):
    """The same, for each command by itself and with every other after it."""
    for doings in ([first], *([first, then] for then in DOINGS)):
        there = Scene(person("p"), policy=PAUSING)
        for command, after in [DOINGS[6], DOINGS[16], DOINGS[16], *doings]:
            attempt(there, command, after=after)
        assert_shown(there)


def assert_shown(there: Scene) -> None:
    """Replayed the log gives the same state, and `p` is shown as it is."""
    assert snapshot_to_json(there.replayed().snapshot()) == there.standing()
    view = View()
    for event in there.log:
        view.add(event)
    (live,) = there.kernel.snapshot().workers
    shown = view.workers["p"]
    assert (shown.state, shown.reason) == (live.state, live.reason)
    assert {*shown.parts} == {*live.assignments}
    assert there.custody.presence["p"] == live.state


def test_rt_20_a_break_during_the_wrap_up_is_both():
    """Given a break during the wrap-up, then it shows as a break, and the wrap-up runs on."""
    there, _ = PATHS["hang-up"]()
    there.ask(c.BecomeUnavailable(worker="p", reason="lunch"))
    live = {one.seat.worker.id: one for one in there.kernel.snapshot().workers}["p"]
    assert (live.state, live.reason) == ("unavailable", "lunch")
    assert there.state("i", "p") == "wrapping"


# -- RT-21: sanctions -----------------------------------------------------------------------------


def rung_out(times: int, pause: Pause) -> Scene:
    """`p` has let it ring so many times."""
    there = Scene(person("p"), policy=attrs.evolve(PLAIN, after_expiry=pause))
    for number in range(times):
        there.arrives(f"i{number}")
    there.passes(times * RING)
    return there


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("duration", [None, MINUTE])
def test_rt_21_what_is_imposed_ends_or_can_be_lifted(times, duration):
    """Given missed rings made a worker unavailable, then the reason shows, and a command lifts it.

    Where it was for a time, that is its end, and nobody need do anything.
    """
    there = rung_out(times, Pause(reason="no-answer", duration=duration, after=times))
    (live,) = there.kernel.snapshot().workers
    assert (live.state, live.reason) == ("unavailable", "no-answer")
    if duration is None:
        there.ask(c.BecomeAvailable(worker="p"), actor=worker("p"))
    else:
        there.passes(duration)
    assert there.custody.presence["p"] == "available"
    assert there.asked("i0") == "p"


@pytest.mark.parametrize("away", [30 * SECOND, MINUTE, 2 * MINUTE])
def test_rt_21_a_sanction_ends_wherever_its_worker_was(away):
    """Given a sanction for a minute, when its worker signs in again, then it is over in time."""
    there = Scene(person("p"))
    there.ask(c.Sanction(worker="p", reason="rude", duration=MINUTE), actor=supervisor())
    end = there.at + MINUTE
    there.ask(c.SignOut(worker="p"))
    there.passes(away)
    there.ask(c.SignIn(worker="p"))
    there.advance(end)
    assert there.custody.presence["p"] == "available"
    there.ask(c.Sanction(worker="p", reason="rude", duration=MINUTE), actor=supervisor())
    there.ask(c.BecomeAvailable(worker="p"), actor=supervisor())
    assert there.custody.presence["p"] == "available"


# -- RT-22, RT-33: ends that nobody has heard -----------------------------------------------------


def on_the_phone(begins: str) -> Scene:
    """Somebody has `i` on the phone, on a channel of which nothing is heard for a lease at most."""
    by_itself = machine("p", capacity=Capacity.only("voice"), wrap_up=WRAP_UP)
    there = Scene(by_itself if begins == "by itself" else person("p"))
    there.knows("ana")
    there.ask(c.DefineChannel(channel=Channel(name="voice", real_time=True, lease=LEASE)))
    if begins == "reached":
        there.ask(c.Reach(interaction="i", channel="voice", customer="ana", worker="p"))
    else:
        there.arrives("i", "chat" if begins == "moved" else "voice")
    if begins == "assigned":
        there.ask(c.Assign(interaction="i", worker="p"))
    elif begins == "moved":
        there.accepts("i", "p")
        there.ask(c.MoveChannel(interaction="i", channel="voice"))
    elif begins == "accepted":
        there.accepts("i", "p")
    return there


@pytest.mark.parametrize("begins", ["accepted", "assigned", "by itself", "reached", "moved"])
@pytest.mark.parametrize("found_by", ["the lease", "reconciliation"])
def test_rt_22_a_lost_end_frees_capacity_in_time(begins, found_by):
    """Given the end is lost, then a lease or the vendor's present state ends it, and frees."""
    there = on_the_phone(begins)
    assert (there.holder() or "").startswith("worker")
    if found_by == "the lease":
        there.passes(LEASE)
    else:
        there.ask(c.Reconcile(channel="voice"))
    assert there.holder() is None
    assert there.ended() == "failed"
    there.passes(WRAP_UP)
    assert all(one.seat.load == 0 for one in there.kernel.snapshot().workers)


THEIRS = ("o1", "o2", "o3", "o4")
HELD = st.dictionaries(
    st.sampled_from((*THEIRS, "o5")), st.sampled_from(("x", "y", None)), max_size=5
)
BEFORE = st.dictionaries(st.sampled_from(THEIRS), st.sampled_from(("x", "y", None)), max_size=4)


@given(BEFORE, HELD)
def test_rt_33_after_any_loss_we_stand_where_they_stand(before, held):
    """Given events were lost for any time, when the vendor says what it holds, then we hold that.

    What it no longer holds is over; what we never heard of is an anomaly, not a silence.
    """
    there = Scene()
    there.queue("theirs", router="theirs")
    for name in THEIRS:
        there.ask(c.ObserveArrival(interaction=name, channel="voice"))
        there.ask(c.ObserveQueued(interaction=name, queue="theirs"))
        if before.get(name) is not None:
            there.ask(c.ObserveAccepted(interaction=name, worker=before[name]))
    made = there.ask(c.Reconcile(channel="voice", serving=held))
    now = there.kernel.snapshot()
    serving = {one.id: one.worker for one in now.assignments}
    found = {one.id: serving.get(one.owner) for one in now.interactions}
    assert found == {name: by for name, by in held.items() if name in THEIRS}
    unknown = [one.interaction for one in of(made, e.AnomalyObserved)]
    assert unknown == sorted(held.keys() - {*THEIRS})
    assert there.custody.wrong == []


# -- RT-23, RT-26, RT-27: going back, going on ----------------------------------------------------


@pytest.mark.parametrize("fails", ["before media", "declined", "not answered", "machine down"])
def test_rt_23_what_failed_keeps_its_place_and_age(fails):
    """Given a worker took it and was lost at once, then it keeps its place, and that is counted."""
    down = fails == "machine down"
    there = Scene(machine("p", capacity=Capacity.only("voice")) if down else person("p"))
    begun = there.at
    there.arrives("i")
    there.ask(c.Arrive(interaction="k", channel="voice"), after=5)
    if fails == "before media":
        there.accepts("i", "p")
        there.ask(c.Transfer(interaction="i", reason="leg-failed"), actor=worker("p"))
        assert there.last(e.InteractionQueued, interaction="i").reason == "leg-failed"
    elif fails == "declined":
        there.ask(c.BecomeUnavailable(worker="p"))
        there.ask(c.Decline(assignment="i/1"), actor=worker("p"))
    elif fails == "not answered":
        there.ask(c.BecomeUnavailable(worker="p"))
        there.passes(RING)
    else:
        there.ask(c.BecomeUnavailable(worker="p"))
    live = {one.id: one for one in there.kernel.snapshot().interactions}["i"]
    assert live.since == begun
    if not down:
        there.has(person("q"))
        assert there.asked("i") == "q", "and not k, which is younger"


@pytest.mark.parametrize("channel", ["voice", "email"])
def test_rt_26_a_transfer_to_where_nobody_is_free_waits_there_with_its_age(channel):
    """Given nobody there has room, then it waits there with its age, in one and the same commit.

    Who had it has neither access nor load any more: something else is asked of it at once.
    """
    there = Scene(person("p", wrap_up=0 * SECOND))
    there.queue("full")
    begun = there.at
    there.served("i", "p", channel)
    there.ask(c.Arrive(interaction="next", channel=channel, queue="full"), after=60)
    steps = (attrs.evolve(PLAIN.plan.steps[0], skills={"x": 1}),)
    there.ask(c.AdoptPolicy(policy=attrs.evolve(PLAIN, plan=attrs.evolve(PLAIN.plan, steps=steps))))
    made = there.ask(c.Transfer(interaction="i", queue="full"), actor=worker("p"))
    assert kinds(made)[:2] == ["interaction.queued", "assignment.released"]
    (queued,) = of(made, e.InteractionQueued)
    assert (queued.queue, queued.since) == ("full", begun)
    assert there.holder("i") == "queue full"
    say = c.Say(interaction="i", text="still here", assignment="i/1")
    there.refused(say, actor=worker("p"))
    assert [one.interaction for one in of(made, e.AssignmentOpened)] == ["next"]


NOT_TAKEN: dict[str, Callable[[Scene], object]] = {
    "not answered": lambda there: None,
    "declined": lambda there: there.ask(c.Decline(assignment="i/2"), actor=worker("q")),
    "signed out": lambda there: there.ask(c.SignOut(worker="q")),
    "unavailable": lambda there: there.ask(c.BecomeUnavailable(worker="q")),
}


@pytest.mark.parametrize("becomes", NOT_TAKEN.values(), ids=NOT_TAKEN)
@pytest.mark.parametrize("returns", [None, MINUTE])
def test_rt_27_a_transfer_that_nobody_takes_comes_back(becomes, returns):
    """Given a transfer is offered and not taken in time, then it is offered to who had it again.

    At every position of the log somebody or some queue has the customer.
    """
    there = Scene(person("p"), person("q"))
    there.served("i", "p")
    there.ask(c.Transfer(interaction="i", worker="q", returns_after=returns), actor=worker("p"))
    assert there.asked("i") == "q"
    becomes(there)
    there.comes_to("p", max(returns or RING, WRAP_UP) + RING)
    there.accepts("i", "p")
    there.custody.rest(there.log[-1])
    assert there.custody.wrong == []


def test_rt_27_nobody_lets_go_before_somebody_has_it():
    """Given a blind transfer to a queue, then the queue has it before its worker lets go."""
    there = Scene(person("p"))
    there.queue("other")
    there.served("i", "p")
    there.ask(c.Transfer(interaction="i", queue="other"))
    assert there.custody.wrong == []
    assert there.holder("i") == "queue other"


# -- RT-25: presence ------------------------------------------------------------------------------


def asked_and_away() -> Scene:
    """`p`, who serves `m` by mail, is asked for `i` and for `k`, and has gone to lunch."""
    there = Scene(person("p", capacity=Capacity(total=None)), policy=DEFAULT_POLICY)
    there.knows("ana")
    there.served("m", "p", "email", customer="ana")
    there.arrives("i")
    there.arrives("k")
    there.ask(c.BecomeUnavailable(worker="p", reason="lunch"), actor=worker("p"))
    return there


HAPPENS: dict[str, Callable[[Scene], object]] = {
    "missed rings": lambda there: there.passes(RING),
    "declined": lambda there: there.ask(c.Decline(assignment="i/1"), actor=worker("p")),
    "accepted": lambda there: there.ask(c.Accept(assignment="i/1"), actor=worker("p")),
    "work ends": lambda there: there.ask(c.Close(interaction="m")),
    "outbound fails": lambda there: (
        there.ask(c.Reach(interaction="o", channel="voice", customer="ana", worker="p")),
        there.ask(c.Close(interaction="o", reason="failed")),
    ),
    "wrap-up ends": lambda there: (there.ask(c.Close(interaction="m")), there.passes(WRAP_UP)),
    "customers leave": lambda there: (
        there.ask(c.Leave(interaction="i")),
        there.ask(c.Leave(interaction="k")),
    ),
    "assigned": lambda there: there.ask(c.Assign(interaction="k", worker="p")),
    "redefined": lambda there: there.ask(
        c.DefineWorker(worker=person("p", department="claims", capacity=Capacity(total=None)))
    ),
    "a second desk": lambda there: attempt(there, c.SignIn(worker="p")),
    "hours": lambda there: there.passes(300 * MINUTE),
}


@pytest.mark.parametrize("happens", HAPPENS.values(), ids=HAPPENS)
def test_rt_25_only_a_command_or_its_timer_changes_presence(happens):
    """Given a worker said it is at lunch, then it is at lunch, whatever happens to its work."""
    there = asked_and_away()
    happens(there)
    (live,) = there.kernel.snapshot().workers
    assert (live.state, live.reason) == ("unavailable", "lunch")


SAYINGS = {
    "available": c.BecomeAvailable(worker="p"),
    "lunch": c.BecomeUnavailable(worker="p", reason="lunch"),
    "call": c.BecomeUnavailable(worker="p", reason="call", duration=MINUTE),
}


@given(st.lists(st.sampled_from(sorted(SAYINGS)), min_size=1, max_size=6))
def test_rt_25_the_latest_command_wins(sayings):
    """Given any commands about presence, then the last decides; only its own timer ends it."""
    there = Scene(person("p"))
    for saying in sayings:
        attempt(there, SAYINGS[saying], after=20)
    last = sayings[-1]
    live = there.kernel.snapshot().workers[0]
    assert live.reason == (None if last == "available" else last)
    there.passes(10 * MINUTE)
    live = there.kernel.snapshot().workers[0]
    assert live.reason == (last if last == "lunch" else None)


# -- RT-28: every state with every command --------------------------------------------------------


@pytest.mark.parametrize("machine", RECIPES, ids=lambda one: one[0].name)
def test_rt_28_every_command_in_every_state_works_or_changes_nothing(machine):
    """Given any state and any command, then it works, or is refused and leaves no trace.

    What the table does not admit is never served.
    """
    table, states = machine
    for state, recipes in states.items():
        for kind in table.admits:
            served = []
            for prepare in recipes:
                found = prepare()
                why = outcome(found.there, asked_of(table.name, kind, found))
                served.append(why == "works")
            back = (state.value, kind) == ("closed", c.Say)
            assert any(served) is (state in table.admits[kind] or back), (state, kind)


# -- RT-31, RT-32: the end of a part --------------------------------------------------------------


def automated(**more: object) -> Scene:
    """The machine `m` serves `i` by chat, and people may come."""
    there = Scene(machine("m", **more))
    there.arrives("i", "chat")
    there.ask(c.Say(interaction="i", text="good day", assignment="i/1"))
    return there


LATER: dict[str, Callable[[Scene], object]] = {
    "at once": lambda there: None,
    "while a person rings": lambda there: there.has(person("p")),
    "while a person serves": lambda there: (there.has(person("p")), there.accepts("i", "p")),
    "with another machine": lambda there: (
        there.has(person("p")),
        there.accepts("i", "p"),
        there.ask(c.BecomeUnavailable(worker="m")),
        there.has(machine("n")),
        there.ask(c.HandBack(interaction="i")),
    ),
    "while it assists": lambda there: (
        there.has(person("p")),
        there.accepts("i", "p"),
        there.ask(c.Join(interaction="i", worker="m", role="assists")),
    ),
}


@pytest.mark.parametrize("wrap_up", [0 * SECOND, WRAP_UP], ids=["done", "wrapping"])
@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
def test_rt_31_after_a_hand_off_no_machine_speaks(later, wrap_up):
    """Given a machine handed over at position h, then nothing it says stands after h.

    The hand-over is said once, however often it is asked for.
    """
    there = automated(wrap_up=wrap_up)
    handed = there.ask(c.Escalate(interaction="i"))[0].position
    attempt(there, c.Escalate(interaction="i"))
    later(there)
    parts = [part.id for part in there.custody.parts.values() if part.worker == "m"]
    for part in parts:
        say = c.Say(interaction="i", text="one more thing", assignment=part)
        assert attempt(there, say, actor=supervisor()) is not None
    said = [one for one in there.log if isinstance(one.data, e.MessageSent)]
    assert [one.position for one in said if one.position > handed] == []
    handed_over = there.seen(e.InteractionQueued, because="escalation")
    assert len(handed_over) == 1


@EVERY_PATH
def test_rt_32_every_part_ends_once_and_at_its_time(path):
    """Given any end path, then whoever took part is released once, when its wrap-up is over.

    So the times of one worker who has one thing at a time do not overlap.
    """
    there, who = path()
    wrapping = there.last(e.AssignmentWrapping, worker=who)
    if any(one.id == "i" for one in there.kernel.snapshot().interactions):
        there.ask(c.Close(interaction="i"))
    there.passes(10 * MINUTE)
    released = there.seen(e.AssignmentReleased, assignment=wrapping.assignment)
    assert len(released) == 1
    assert there.when(e.AssignmentReleased, assignment=wrapping.assignment) == wrapping.until
    taken = [one.assignment for one in there.seen(e.AssignmentAccepted)]
    ends = [one.assignment for one in there.seen(e.AssignmentReleased)]
    assert sorted(taken) == sorted(ends)


def test_rt_32_a_late_word_of_the_end_says_when_it_was():
    """Given the end is heard an hour late, then it is recorded as having been when it was."""
    there = Scene(person("p"))
    there.served("i", "p")
    ended = there.at + MINUTE
    made = there.ask(c.Leave(interaction="i"), after=3600, claimed_at=ended)
    assert kinds(made) == ["interaction.closed", "assignment.wrapping"]
    assert [event.occurred_at for event in made] == [ended, ended]


# -- RT-35: an upgrade ----------------------------------------------------------------------------


def test_rt_35_an_old_log_decides_alike_in_a_new_release(monkeypatch):
    """Given a log of one release, when a later one means something else by a channel's name.

    Then what was decided stands, and the next decision is the one that the old would have made.
    """
    there = Scene(Worker(id="p", capacity=Capacity(total=100)))
    for number in range(3):
        there.arrives(f"i{number}", "chat")
    before = there.standing()
    later = {**channels.WELL_KNOWN, "chat": Channel(name="chat", load=100)}
    monkeypatch.setattr(channels, "WELL_KNOWN", later)
    kernel = Kernel.replay(there.log)
    assert snapshot_to_json(kernel.snapshot()) == before
    there.kernel = kernel
    there.arrives("i3", "chat")
    assert there.asked("i3") == "p"


@pytest.mark.anyio
async def test_rt_35_the_built_in_policy_stands_in_the_log():
    """Given a centre that adopts no policy, then the built-in one is adopted, and once.

    So a later release, whose built-in one is another, decides by the one that was.
    """
    store = MemoryStore()
    for _ in range(2):
        async with Centre.open(store) as centre:
            await centre.define_queue(queue=Queue(name="main"))
    adopted = of(store.read(), e.PolicyAdopted)
    assert [one.policy for one in adopted] == [DEFAULT_POLICY]
    assert next(store.read()).type == "policy.adopted"
