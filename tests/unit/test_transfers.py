"""Transfers, consults and conferences: whoever fails, the customer is never with nobody.

That somebody has the customer at every position of every log here is proved by the scenes
themselves; these tests say who it is, and when.
"""

import attrs
import pytest
from hypothesis import given
from tests.unit.custody import assert_custody
from tests.unit.scenes import (
    MINUTE,
    PLAIN,
    RING,
    SECOND,
    WRAP_UP,
    Scene,
    everybody_was_somebodys,
    machine,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import InvalidValue
from onechannel.model.worker import Capacity, Worker
from onechannel.testing.strategies import logs

__all__ = ["everybody_was_somebodys"]

WAIT = 5 * MINUTE
FULL = Capacity(total=0)


@given(logs())
def test_rt_27_custody_holds_whatever_happens(log):
    """I14: whatever is tried in whatever order, at every position somebody has the customer."""
    assert_custody(log)


def served(*more: Worker) -> Scene:
    """`p` serves `i`, which waited ten seconds; `q` of the shop is there, and whoever else."""
    there = Scene(person("p"))
    there.queue("main")
    there.queue("other")
    there.ask(c.BecomeUnavailable(worker="p"))
    there.arrives("i")
    there.passes(10 * SECOND)
    there.ask(c.BecomeAvailable(worker="p"))
    there.accepts("i", "p")
    there.has(person("q", department="shop"), *more)
    return there


# -- given away, and not taken --------------------------------------------------------------------

TARGETS = {
    "worker": c.Transfer(interaction="i", worker="q"),
    "worker for a time": c.Transfer(interaction="i", worker="q", returns_after=WAIT),
    "queue for a time": c.Transfer(interaction="i", queue="other", returns_after=WAIT),
    "department for a time": c.Transfer(interaction="i", department="shop", returns_after=WAIT),
}


def declines(there: Scene) -> None:
    """`q` does not want it, now or later."""
    there.ask(c.Decline(assignment=there.part("i", "q")))
    there.ask(c.BecomeUnavailable(worker="q"))


def misses(there: Scene) -> None:
    """`q` does not answer, now or later."""
    there.ask(c.BecomeUnavailable(worker="q"))
    there.passes(RING)


def is_redefined(there: Scene) -> None:
    """`q` may not take it any more, and does not answer."""
    there.ask(c.DefineWorker(worker=person("q", department="shop", capacity=FULL)))
    there.passes(RING)


FAILURES = {
    "declined": declines,
    "missed": misses,
    "redefined": is_redefined,
    "signed out": lambda there: there.ask(c.SignOut(worker="q")),
    "draining": lambda there: there.ask(c.Drain(worker="q")),
}


@pytest.mark.parametrize("fails", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_rt_27_a_transfer_not_taken_comes_back(target, fails):
    """RT-27: not accepted within its time, it comes back to who gave it away, with its age."""
    there = served()
    arrived = there.when(e.InteractionArrived)
    there.ask(target, after=40)
    assert (there.asked(), there.state("i", "p")) == ("q", "wrapping")
    fails(there)
    assert there.holder().startswith("queue")
    assert there.last(e.InteractionQueued).since == arrived
    there.comes_to("p", within=WAIT)
    there.accepts("i", "p")
    assert there.holder() == "worker p"


@pytest.mark.parametrize("fails", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("target", ["worker", "worker for a time"])
def test_rt_27_who_will_not_take_it_is_not_waited_for(target, fails):
    """RT-27: a worker who does not take it is passed over then, and not when its time is over."""
    there = served()
    there.ask(TARGETS[target])
    fails(there)
    there.comes_to("p", within=WRAP_UP)


@pytest.mark.parametrize("fails", FAILURES.values(), ids=FAILURES)
def test_rt_27_where_the_giver_has_gone_anybody_is_asked(fails):
    """RT-27: who gave it away is asked first only where there is somebody to ask."""
    there = served(person("r"))
    there.ask(c.SignOut(worker="p"))
    there.ask(TARGETS["worker"], after=40)
    there.ask(c.BecomeUnavailable(worker="r"))
    fails(there)
    there.ask(c.BecomeAvailable(worker="r"))
    there.comes_to("r", within=WRAP_UP)


def test_rt_27_the_giver_is_asked_alone_for_a_time_and_then_anybody():
    """RT-27: for the policy's time nobody but the giver; after that whoever is there."""
    there = served(person("r"))
    there.ask(TARGETS["worker"])
    there.ask(c.BecomeUnavailable(worker="p"))
    fails = there.at + RING
    there.ask(c.BecomeUnavailable(worker="q"))
    asked_at = there.comes_to("r", within=WAIT)
    assert asked_at == fails + PLAIN.keeper_first


@pytest.mark.parametrize(
    ("presence", "way_out"),
    [
        (c.BecomeUnavailable(worker="q"), "returns_after"),
        (c.SignOut(worker="q"), "returns_after"),
        (c.DefineWorker(worker=person("q", capacity=FULL)), "returns_after"),
        (c.Arrive(interaction="k", channel="voice"), "returns_after"),
    ],
    ids=["unavailable", "signed out", "full", "asked for something else"],
)
def test_rt_27_a_worker_who_cannot_be_asked_is_not_given_it(presence, way_out):
    """RT-27: the transfer is refused, and the customer stays where it is."""
    there = served()
    there.ask(presence)
    there.refused(TARGETS["worker"], way_out, worker("p"))
    assert there.holder() == "worker p"


def test_rt_27_nobody_is_given_what_is_not_there():
    """RT-27: an unknown worker or queue, or a machine's line: refused, and nothing has changed."""
    there = served()
    there.queue("theirs", router="theirs")
    there.refused(c.Transfer(interaction="i", worker="nobody"), "not defined")
    there.refused(c.Transfer(interaction="i", queue="nowhere"), "not defined")
    there.refused(c.Transfer(interaction="i", queue="theirs"), "routed by somebody else")
    there.refused(c.Transfer(interaction="k", worker="q"), "not open")
    for two in ({"department": "shop"}, {"queue": "other"}):
        with pytest.raises(InvalidValue, match="worker"):
            c.Transfer(interaction="i", worker="q", **two)


def test_a_worker_is_waited_for_where_it_is_said_so():
    """Who is busy has until the time is over to become free, while others are passed over."""
    there = served(person("r"))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.ask(TARGETS["worker for a time"])
    there.passes(WAIT - SECOND)
    assert there.asked() is None
    there.ask(c.BecomeAvailable(worker="q"))
    assert there.asked() == "q"


def test_a_transfer_to_who_has_it_is_refused():
    """Nothing is given away to oneself."""
    there = served()
    there.refused(c.Transfer(interaction="i", worker="p"), "worker p")


def test_a_transfer_to_who_is_consulted_names_the_way():
    """Who has talked it over takes over by a consult transfer, and not by waiting in a line."""
    there = served()
    there.ask(c.Consult(interaction="i", worker="q"))
    there.accepts("i", "q")
    there.refused(c.Transfer(interaction="i", worker="q"), "ChangeRole")


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("instant", ["at once", "ringing", "between", "coming back", "taken"])
def test_rt_04_the_customer_may_leave_at_any_instant(target, instant):
    """RT-04: whenever the customer goes, whoever rings or serves is told in the same commit."""
    there = served()
    there.ask(target)
    if instant == "ringing":
        there.passes(RING / 2)
    elif instant == "taken":
        there.accepts("i", "q")
    elif instant != "at once":
        declines(there)
    if instant == "coming back":
        there.comes_to("p", within=WAIT)
    made = there.ask(c.Leave(interaction="i"))
    assert made[0].type == "interaction.closed"
    assert there.ended() == ("resolved" if instant == "taken" else "abandoned")
    assert there.custody.lines["i"].holder is None
    assert {part.state for part in there.custody.parts.values()} <= {"over", "wrapping"}
    there.passes(WRAP_UP)
    assert there.kernel.next_deadline is None
    there.arrives("n")
    assert there.asked("n") in {"p", "q"}


# -- given away, and taken ------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_th_11_a_transfer_is_one_commit(target):
    """TH-11: line, owner, asked worker and the giver's wrap-up move together or not at all."""
    there = served()
    made = [event.type for event in there.ask(target)]
    assert made == ["interaction.queued", "assignment.wrapping", "assignment.opened"]
    there.accepts("i", "q")
    assert (there.holder(), there.state("i", "p")) == ("worker q", "wrapping")


def test_rt_26_a_full_department_gets_it_with_its_age():
    """RT-26: it is queued there as old as it is; who had it is out of it in the same commit."""
    there = served()
    there.ask(c.Arrive(interaction="k", channel="voice", department="shop"))
    there.accepts("k", "q")
    arrived = there.when(e.InteractionArrived, interaction="i")
    there.ask(c.Transfer(interaction="i", department="shop"), after=60)
    assert there.last(e.InteractionQueued).since == arrived
    assert (there.holder(), there.asked()) == ("queue main", None)
    say = c.Say(interaction="i", text="wait", assignment="i/1")
    there.refused(say, "wrapping", worker("p"))
    there.passes(WRAP_UP)
    assert there.custody.parts["i/1"].state == "over"
    there.ask(c.Arrive(interaction="later", channel="voice", department="shop"))
    there.ask(c.Leave(interaction="k"))
    there.passes(WRAP_UP)
    assert there.asked() == "q"


def test_rt_26_whose_department_it_is_may_not_be_passed_over():
    """RT-26: a department is for its own, whoever else is free and whatever it is about."""
    there = served(person("r", skills={"i": 9}))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.ask(c.Transfer(interaction="i", department="shop"))
    there.passes(10 * WAIT)
    assert there.asked() is None


def test_work_in_the_line_is_moved_with_its_age():
    """What waits is given another queue or worker, and keeps its place by age there."""
    there = Scene(person("p"))
    there.queue("other")
    there.ask(c.BecomeUnavailable(worker="p"))
    there.arrives("i")
    there.arrives("k", queue="other", priority=0)
    since = there.last(e.InteractionQueued, interaction="i").since
    there.ask(c.Transfer(interaction="i", queue="other"), after=50, actor=supervisor())
    assert there.last(e.InteractionQueued).since == since
    there.ask(c.BecomeAvailable(worker="p"))
    assert there.asked("i") == "p"


def test_rt_23_what_was_taken_and_failed_keeps_its_place():
    """RT-23: accepted and then lost, it is as old as it was, and the failure can be counted."""
    there = served()
    there.ask(c.BecomeUnavailable(worker="q"))
    there.arrives("later")
    since = there.last(e.InteractionQueued, interaction="i").since
    there.ask(c.Transfer(interaction="i", reason="no-media"), after=1)
    queued = there.last(e.InteractionQueued)
    assert (queued.interaction, queued.since, queued.reason) == ("i", since, "no-media")
    there.ask(c.BecomeAvailable(worker="q"))
    assert there.asked("i") == "q"


@pytest.mark.parametrize("state", ["held", "consulting", "asking", "conference", "overheard"])
def test_a_blind_transfer_ends_every_part(state):
    """Whoever else was in it is out of it as well, rung or talking."""
    there = served(person("r"), person("s"))
    if state == "held":
        there.ask(c.Hold(assignment="i/1"))
    elif state == "overheard":
        there.ask(c.Join(interaction="i", worker="r"))
    else:
        there.ask(c.Consult(interaction="i", worker="r"))
        if state != "asking":
            there.accepts("i", "r")
        if state == "conference":
            there.ask(c.ChangeRole(assignment=there.part("i", "r"), role="conferenced"))
    there.ask(c.Transfer(interaction="i", worker="q"))
    live = {part.worker for part in there.custody.parts.values() if part.state == "active"}
    assert live == set()
    there.accepts("i", "q")
    assert there.holder() == "worker q"


# -- machines and people --------------------------------------------------------------------------


def with_a_machine(*more: Worker) -> Scene:
    """A machine serves `i` on the web."""
    there = Scene(machine("m", capacity=Capacity.only("web")))
    there.arrives("i", "web")
    assert there.holder() == "worker m"
    there.has(*more)
    return there


def test_rt_31_a_machine_is_silent_once_it_has_handed_over():
    """RT-31: a machine whose part has ended cannot speak, nor type, nor do anything in it."""
    there = with_a_machine()
    bot = worker("m")
    there.ask(c.Escalate(interaction="i", reason="asked"))
    for command in (
        c.Say(interaction="i", text="still here", assignment="i/1"),
        c.Type(interaction="i", assignment="i/1"),
        c.Hold(assignment="i/1"),
        c.Close(interaction="i"),
        c.Transfer(interaction="i"),
        c.Sleep(interaction="i"),
        c.Suggest(assignment="i/1", text="say this"),
    ):
        there.refused(command, actor=bot)
    assert there.holder() == "queue main"


def test_an_escalation_asks_people_alone():
    """Nobody who escapes a machine is given to one again."""
    there = with_a_machine(machine("n", capacity=Capacity.only("web")))
    there.ask(c.Escalate(interaction="i"))
    assert there.asked() is None
    there.has(person("p"))
    assert there.asked() == "p"


def test_only_a_machine_escalates():
    """RT-28: with a person there is nothing to escape, with a machine nothing to hand back to."""
    there = served()
    there.refused(c.Escalate(interaction="i"), "only machines escalate")
    there = with_a_machine()
    there.refused(c.HandBack(interaction="i"), "served by a machine already")


def test_a_hand_back_needs_a_machine_that_can_take_it():
    """Without one whoever serves keeps it; with one it is with it in the same commit."""
    there = with_a_machine(person("p"))
    there.ask(c.Escalate(interaction="i"))
    there.accepts("i", "p")
    there.ask(c.BecomeUnavailable(worker="m", reason="outage"))
    there.refused(c.HandBack(interaction="i"), "no machine", worker("p"))
    there.ask(c.BecomeAvailable(worker="m"))
    there.ask(c.HandBack(interaction="i"), actor=worker("p"))
    assert there.holder() == "worker m"


def test_rt_27_a_machine_gets_back_what_the_person_did_not_take():
    """RT-27: a transfer of a machine to one person that fails is the machine's again."""
    there = with_a_machine(person("p"))
    there.ask(c.Transfer(interaction="i", worker="p"))
    assert there.asked() == "p"
    there.ask(c.Decline(assignment=there.part("i", "p")))
    assert there.holder() == "worker m"


def test_rt_27_a_machine_that_is_out_gets_nothing_back():
    """RT-27: nor is anybody left waiting for it: people are asked."""
    there = with_a_machine(person("p"), person("q"))
    there.ask(c.Transfer(interaction="i", worker="p"))
    there.ask(c.SignOut(worker="m"))
    there.ask(c.Decline(assignment=there.part("i", "p")))
    there.ask(c.BecomeUnavailable(worker="p"))
    there.comes_to("q", within=2 * SECOND)


# -- plans that name somebody ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        person("q", department="shop", skills={"x": 1}),
        Worker(id="q", kind="partner"),
        Worker(id="q", kind="machine"),
    ],
    ids=["skilled", "partner", "machine"],
)
def test_a_plan_knows_a_worker_by_name_alone(changed):
    """A worker who is waited for and redefined meanwhile is still the one who is meant."""
    there = served()
    there.ask(c.BecomeUnavailable(worker="q"))
    there.ask(TARGETS["worker for a time"])
    there.ask(c.DefineWorker(worker=changed))
    there.ask(c.BecomeAvailable(worker="q"))
    by_itself = changed.accepts_by_itself
    assert (there.holder() == "worker q") if by_itself else (there.asked() == "q")


def test_deadlines_of_one_instant_do_not_lose_it():
    """Ring, step and the giver's wrap-up end at once: it is asked on, in one order, and once."""
    there = Scene(
        person("p", wrap_up=RING),
        person("q"),
        policy=attrs.evolve(PLAIN, keeper_first=RING),
    )
    there.served("i", "p")
    there.ask(c.Transfer(interaction="i", worker="q", returns_after=RING))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.passes(RING)
    assert (there.asked(), there.holder()) == ("p", "queue main")
    assert len(there.seen(e.AssignmentOpened, worker="p")) == 2
