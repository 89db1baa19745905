"""Supervisors, and machines that assist: who comes in, who hears whom, who takes over."""

import pytest
from tests.unit.scenes import (
    MINUTE,
    RING,
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
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.assignment import JOINING, SPEAKING, SUGGESTING, SUPERVISING, Role
from onechannel.model.worker import Capacity

__all__ = ["everybody_was_somebodys"]

AI = Actor(ActorKind.MACHINE, "ai")


def talking() -> Scene:
    """`p` talks to `i`; `boss` is unavailable for calls, and `q` is there."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.has(person("boss"), person("q"))
    there.ask(c.BecomeUnavailable(worker="boss", reason="supervising"))
    return there


def joined(role: str) -> Scene:
    """`boss` is in it as `i/2`, in that role."""
    there = talking()
    made = there.ask(c.Join(interaction="i", worker="boss", role=role), actor=supervisor())
    assert [event.type for event in made] == ["assignment.opened", "assignment.accepted"]
    return there


# -- who hears whom -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(SUPERVISING))
def test_a_role_says_who_hears_whom(role):
    """Who listens says nothing, who whispers is heard by the worker, who barges by everybody."""
    there = joined(role)
    say = c.Say(interaction="i", text="hello", assignment="i/2")
    suggest = c.Suggest(assignment="i/2", text="smile")
    for command, roles in ((say, SPEAKING), (suggest, SUGGESTING)):
        if role in roles:
            assert there.ask(command, actor=worker("boss"))
        else:
            there.refused(command, f"assignment i/2 {role}", worker("boss"))
    assert there.holder() == "worker p"


@pytest.mark.parametrize("role", sorted(SUPERVISING))
@pytest.mark.parametrize("becomes", sorted(SUPERVISING | {Role.SERVES}))
def test_a_supervisor_steps_nearer_or_back(role, becomes):
    """Between listening, whispering and barging both ways, and from each to taking over."""
    there = joined(role)
    change = c.ChangeRole(assignment="i/2", role=becomes)
    if role == becomes:
        there.refused(change, f"i/2 {role}", supervisor())
        return
    there.ask(change, actor=supervisor())
    taken_over = becomes is Role.SERVES
    assert there.holder() == ("worker boss" if taken_over else "worker p")
    assert there.state("i", "p") == ("wrapping" if taken_over else "active")


@pytest.mark.parametrize("role", ["consulted", "conferenced", "assists"])
def test_a_supervisor_is_no_colleague(role):
    """Who supervises is not asked for advice in the same part, and is no machine."""
    there = joined("listens")
    there.refused(c.ChangeRole(assignment="i/2", role=role), "can become", supervisor())


@pytest.mark.parametrize("role", sorted(set(Role) - JOINING))
def test_nobody_joins_as_one_who_is_asked(role):
    """To be consulted, conferenced or to serve is asked for: the command cannot be built."""
    with pytest.raises(InvalidValue, match="nobody joins as one who"):
        c.Join(interaction="i", worker="q", role=role)


# -- coming in ------------------------------------------------------------------------------------


def test_who_joins_is_there_at_once_whatever_it_does():
    """A supervisor is not rung: unavailable or busy, it comes in."""
    there = talking()
    there.has(person("busy"))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.served("k", "busy")
    for name in ("boss", "busy"):
        there.ask(c.Join(interaction="i", worker=name), actor=supervisor())
        assert there.state("i", name) == "active"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (c.Join(interaction="i", worker="p"), "has a part"),
        (c.Join(interaction="i", worker="nobody"), "not defined"),
        (c.Join(interaction="i", worker="home"), "signed_out"),
        (c.Join(interaction="i", worker="bot"), "cannot join so"),
        (c.Join(interaction="i", worker="boss", role="assists"), "cannot join so"),
        (c.Join(interaction="w", worker="boss"), "w is waiting"),
        (c.Join(interaction="x", worker="boss"), "not open"),
    ],
    ids=["takes part", "unknown", "signed out", "machine", "assists", "waiting", "not there"],
)
def test_what_nobody_can_overhear_is_refused(command, why):
    """There must be somebody who serves, and somebody who may listen."""
    there = talking()
    there.has(person("home"), machine("bot", capacity=Capacity.only("web")))
    there.ask(c.SignOut(worker="home"))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.arrives("w")
    there.refused(command, why, supervisor())


def test_nobody_joins_twice():
    """One part is enough: its role is changed instead."""
    there = joined("listens")
    there.refused(c.Join(interaction="i", worker="boss", role="barges"), "has a part")


@pytest.mark.parametrize("role", sorted(SUPERVISING))
@pytest.mark.parametrize(
    "end",
    [
        c.Leave(interaction="i"),
        c.Transfer(interaction="i", worker="q"),
        c.Release(assignment="i/2"),
        c.Assign(interaction="i", worker="q"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_supervisor_has_nothing_to_write_up(role, end):
    """RT-18: whatever ends it, who listened, whispered or barged is free; who served is not."""
    there = joined(role)
    there.ask(end)
    stays = isinstance(end, c.Assign)
    assert there.state("i", "boss") == ("active" if stays else "over")
    assert there.state("i", "p") == ("active" if isinstance(end, c.Release) else "wrapping")


def test_a_supervisor_who_took_over_writes_up():
    """RT-18: who served in the end has something to write up, whatever it was before."""
    there = joined("barges")
    there.ask(c.ChangeRole(assignment="i/2", role="serves"), actor=supervisor())
    there.ask(c.Leave(interaction="i"))
    assert there.state("i", "boss") == "wrapping"


def test_who_is_overheard_is_not_asked():
    """The one who serves does not bring a supervisor in, nor changes its role."""
    there = talking()
    there.refused(c.Join(interaction="i", worker="boss"), "may not join", worker("p"))
    there.refused(c.Assign(interaction="i", worker="boss"), "may not assign", worker("p"))


# -- giving work, and sending it back -------------------------------------------------------------


def waiting_() -> Scene:
    """Nobody is asked for it."""
    there = talking()
    there.ask(c.BecomeUnavailable(worker="q"))
    there.arrives("n")
    return there


def rung() -> Scene:
    """`q` is asked for it."""
    there = talking()
    there.arrives("n")
    return there


def engaged() -> Scene:
    """`q` serves it."""
    there = rung()
    there.accepts("n", "q")
    return there


def asleep() -> Scene:
    """`q` keeps it, and nobody serves."""
    there = talking()
    there.served("n", "q", "email")
    there.ask(c.Sleep(interaction="n"))
    return there


def set_aside() -> Scene:
    """It waits on a third party."""
    there = rung()
    there.ask(c.Suspend(interaction="n", party="bank", reason="form", due=there.at + MINUTE))
    return there


def scheduled() -> Scene:
    """It is to be called back."""
    there = rung()
    there.ask(c.RequestCallback(interaction="n", at=there.at + MINUTE))
    return there


STATES = [waiting_, rung, engaged, asleep, set_aside, scheduled]


@pytest.mark.parametrize("state", STATES)
def test_a_forced_assignment_is_for_any_state(state):
    """Whatever is open is given to whom the supervisor says, at once, beyond any capacity."""
    there = state()
    there.ask(c.Assign(interaction="n", worker="p"), actor=supervisor())
    assert (there.holder("n"), there.asked("n")) == ("worker p", None)
    assert there.holder("i") == "worker p"
    assert there.last(e.AssignmentOpened).reason == "assigned by supervisor:eva"
    there.passes(10 * MINUTE)
    assert there.holder("n") == "worker p", "no timer of before is left"


@pytest.mark.parametrize("state", STATES)
def test_whom_it_is_taken_from_lets_go(state):
    """RT-02: who rang is free, who served writes up: nobody is left in between."""
    there = state()
    there.ask(c.Assign(interaction="n", worker="boss"), actor=supervisor())
    there.passes(WRAP_UP)
    if there.custody.presence["q"] == "unavailable":
        there.ask(c.BecomeAvailable(worker="q"))
    there.arrives("more")
    assert there.asked("more") == "q"
    there.passes(RING)
    assert there.holder("n") == "worker boss"


def test_who_is_asked_may_be_given_it():
    """The one who rings has it at once, and rings no more."""
    there = rung()
    there.ask(c.Assign(interaction="n", worker="q"), actor=supervisor())
    assert there.holder("n") == "worker q"
    there.passes(RING)
    assert there.seen(e.AssignmentExpired) == []


def test_who_is_consulted_may_be_given_it():
    """Its part becomes the one that serves: nothing is written up twice, nor borne twice."""
    there = talking()
    there.ask(c.Consult(interaction="i", worker="q"))
    there.accepts("i", "q")
    there.ask(c.Assign(interaction="i", worker="q"), actor=supervisor())
    assert there.holder() == "worker q"
    parts = [one for one in there.custody.parts.values() if one.worker == "q"]
    assert [(one.id, one.state) for one in parts] == [("i/2", "active")]


@pytest.mark.parametrize(
    ("name", "why"), [("q", "serves"), ("home", "signed_out"), ("going", "draining")]
)
def test_nothing_is_given_to_who_has_it_or_has_gone(name, why):
    """There must be somebody who can take it, and who has not got it."""
    there = engaged()
    there.has(person("home"), person("going"))
    there.ask(c.SignOut(worker="home"))
    there.ask(c.BecomeUnavailable(worker="boss"))
    there.served("k", "going")
    there.ask(c.Drain(worker="going"))
    there.refused(c.Assign(interaction="n", worker=name), why, supervisor())


@pytest.mark.parametrize("state", STATES[:4])
def test_work_can_be_sent_back(state):
    """A supervisor puts it back into its line, whoever has it; who is there is asked."""
    there = state()
    there.ask(c.Transfer(interaction="n", reason="sent-back"), actor=supervisor())
    assert there.holder("n") == "queue main"
    assert there.last(e.InteractionQueued).reason == "sent-back"


def test_a_supervisor_may_do_what_who_serves_may():
    """Hold, resume, consult and close are done for the worker where they must be."""
    there = talking()
    eva = supervisor()
    for command in (
        c.Hold(assignment="i/1"),
        c.Resume(assignment="i/1"),
        c.Consult(interaction="i", worker="q"),
        c.Close(interaction="i"),
        c.Release(assignment="i/1"),
    ):
        there.ask(command, actor=eva)
    assert there.state("i", "p") == "over"


# -- machines that assist -------------------------------------------------------------------------


def assisted() -> Scene:
    """The machine `ai` assists `p` with `i`, as `i/2`."""
    there = talking()
    there.has(machine("ai", capacity=Capacity(total=0)))
    join = c.Join(interaction="i", worker="ai", role="assists")
    there.ask(join, actor=AI)
    return there


def test_rt_31_who_assists_is_not_heard_by_the_customer():
    """RT-31: a machine that assists may suggest, and cannot speak."""
    there = assisted()
    there.ask(c.Suggest(assignment="i/2", text="refund it"), actor=AI)
    say = c.Say(interaction="i", text="hello", assignment="i/2")
    there.refused(say, "speaks may", AI)
    there.ask(c.Leave(interaction="i"))
    assert there.state("i", "ai") == "over"
    suggest = c.Suggest(assignment="i/2", text="refund it")
    there.refused(suggest, "over", AI)


def test_a_machine_brings_in_itself_alone():
    """A machine may assist anybody, and brings nobody else in."""
    there = talking()
    there.has(machine("ai", capacity=Capacity(total=0)), machine("other"))
    join = c.Join(interaction="i", worker="other", role="assists")
    there.refused(join, "not defined", AI)


def test_who_is_assisted_may_let_the_machine_go_on():
    """What assists is given the customer by the one who serves."""
    there = assisted()
    there.refused(c.ChangeRole(assignment="i/2", role="serves"), actor=AI)
    there.ask(c.ChangeRole(assignment="i/2", role="serves"), actor=worker("p"))
    assert there.holder() == "worker ai"
    there.ask(c.Say(interaction="i", text="hello", assignment="i/2"), actor=AI)
