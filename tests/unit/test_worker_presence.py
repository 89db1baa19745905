"""Workers: who takes new work, who goes, and what becomes of what they have."""

from contextlib import suppress
from datetime import timedelta

import pytest
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
from onechannel.errors import CommandRefused
from onechannel.model.policy import Pause, PlanRule, Policy, StepRule
from onechannel.model.worker import Capacity, Worker

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
RETURN = PLAIN.return_after


# -- draining and signing out ---------------------------------------------------------------------


@pytest.mark.parametrize("going", [c.Drain, c.SignOut], ids=lambda kind: kind.__name__)
def test_who_has_nothing_is_gone_at_once(going):
    """Who goes and has no work is gone; what it was only asked goes back with its age."""
    there = Scene(person("p"), person("q"))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.arrives("i")
    there.ask(going(worker="p"), after=5, actor=worker("p"))
    assert there.custody.presence["p"] == "signed_out"
    there.arrives("later")
    there.ask(c.BecomeAvailable(worker="q"))
    assert there.asked("i") == "q", "before the one who came later"


@pytest.mark.parametrize("going", [c.Drain, c.SignOut], ids=lambda kind: kind.__name__)
def test_what_is_real_time_is_finished(going):
    """Who goes finishes its call and its wrap-up, is asked for nothing more, and is then gone."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.ask(going(worker="p"))
    there.arrives("n")
    there.passes(RETURN + MINUTE)
    assert (there.holder(), there.custody.presence["p"]) == ("worker p", "draining")
    there.ask(c.Leave(interaction="i"))
    there.passes(WRAP_UP - TICK)
    assert there.custody.presence["p"] == "draining"
    there.passes(TICK)
    assert there.custody.presence["p"] == "signed_out"
    assert there.asked("n") is None


def test_who_drains_keeps_its_mail():
    """Draining is to finish all one has, however long it takes."""
    there = Scene(person("p"))
    there.served("i", "p", "email")
    there.ask(c.Drain(worker="p"))
    there.passes(100 * RETURN)
    assert there.holder() == "worker p"


def test_what_is_asynchronous_goes_back_after_signing_out():
    """It stays for the policy's time, in case of a short absence, and then others are asked."""
    there = Scene(person("p"), person("q"))
    there.served("i", "p", "email")
    there.ask(c.SignOut(worker="p"))
    there.passes(RETURN - TICK)
    assert there.holder() == "worker p"
    there.passes(TICK)
    assert (there.holder(), there.asked()) == ("queue main", "q")
    there.passes(WRAP_UP)
    assert there.custody.presence["p"] == "signed_out"


def test_who_is_back_in_time_keeps_its_mail():
    """Signing in again stops what signing out began."""
    there = Scene(person("p"))
    there.served("i", "p", "email")
    there.ask(c.SignOut(worker="p"))
    there.ask(c.SignIn(worker="p"), after=60)
    there.passes(2 * RETURN)
    assert (there.holder(), there.custody.presence["p"]) == ("worker p", "available")


def test_who_drains_and_then_signs_out_gives_its_mail_back():
    """The later of the two says what becomes of it."""
    there = Scene(person("p"))
    there.served("i", "p", "email")
    there.ask(c.Drain(worker="p"))
    there.ask(c.SignOut(worker="p"), after=60)
    there.passes(RETURN)
    assert there.holder() == "queue main"


def test_who_was_consulted_goes_when_it_is_over():
    """A part in somebody else's work is work as well."""
    there = Scene(person("p"), person("q"))
    there.served("i", "p")
    there.ask(c.Consult(interaction="i", worker="q"))
    part = there.accepts("i", "q")
    there.ask(c.SignOut(worker="q"))
    assert there.state("i", "q") == "active"
    there.ask(c.Release(assignment=part))
    there.passes(WRAP_UP)
    assert there.custody.presence["q"] == "signed_out"


def test_a_consult_that_rings_ends_with_the_presence():
    """RT-02: who signs out is rung for nothing."""
    there = Scene(person("p"), person("q"))
    there.served("i", "p")
    there.ask(c.Consult(interaction="i", worker="q"))
    there.ask(c.SignOut(worker="q"))
    assert (there.state("i", "q"), there.holder()) == ("over", "worker p")


# -- explicit states, sanctions and pauses --------------------------------------------------------

PAUSING = Policy(
    name="pausing",
    plan=PlanRule(steps=(StepRule(),)),
    ring_for=RING,
    after_decline=Pause(reason="declined", duration=MINUTE, after=2),
    after_expiry=Pause(reason="no-answer", after=3),
)


def presences(there: Scene) -> list[str]:
    """Every change of presence, in order."""
    return [event.type for event in there.log if event.type.startswith("worker.")]


def test_rt_25_work_changes_no_presence():
    """RT-25: calls, outbound ones too, that fail, ring or are missed leave a break a break."""
    there = Scene(person("p"), person("q"))
    there.knows("c1")
    there.ask(c.BecomeUnavailable(worker="p", reason="lunch"))
    before = presences(there)
    there.ask(c.Reach(interaction="o", channel="voice", customer="c1", worker="p"))
    there.ask(c.Close(interaction="o", reason="failed"))
    there.passes(WRAP_UP)
    there.served("i", "q")
    there.ask(c.Assign(interaction="i", worker="p"))
    there.ask(c.Leave(interaction="i"))
    there.passes(10 * MINUTE)
    assert presences(there) == before
    assert there.custody.presence["p"] == "unavailable"


def test_rt_25_of_two_states_the_later_counts():
    """RT-25: a break with an end that is followed by one without does not end by itself."""
    there = Scene(person("p"))
    there.ask(c.BecomeUnavailable(worker="p", reason="lunch", duration=MINUTE))
    there.ask(c.BecomeUnavailable(worker="p", reason="meeting"), after=30)
    there.passes(10 * MINUTE)
    assert there.custody.presence["p"] == "unavailable"


def test_rt_25_a_break_that_was_announced_ends_when_it_was_announced():
    """RT-25: an announced timer is the only thing but a command that changes a presence."""
    there = Scene(person("p"))
    there.ask(c.BecomeUnavailable(worker="p", duration=MINUTE))
    there.passes(MINUTE - TICK)
    assert there.custody.presence["p"] == "unavailable"
    there.passes(TICK)
    assert there.custody.presence["p"] == "available"


def test_rt_21_missing_calls_has_an_end_that_can_be_seen():
    """RT-21: as often in a row as the policy says; with a reason, and one command that lifts it."""
    there = Scene(person("p"), policy=PAUSING)
    there.arrives("i")
    there.passes(2 * RING)
    assert there.custody.presence["p"] == "available"
    there.passes(RING)
    assert there.last(e.WorkerUnavailable) == e.WorkerUnavailable("p", "no-answer", None)
    there.ask(c.BecomeAvailable(worker="p"), actor=worker("p"))
    assert there.asked() == "p"


def test_rt_21_only_what_is_missed_in_a_row_counts():
    """RT-21: who takes one in between begins anew."""
    there = Scene(person("p"), policy=PAUSING)
    there.arrives("i")
    there.passes(2 * RING)
    there.accepts("i", "p")
    there.ask(c.Close(interaction="i"))
    there.arrives("k")
    there.passes(WRAP_UP + 2 * RING)
    assert there.custody.presence["p"] == "available"


def test_rt_21_declining_too_often_pauses_for_a_time():
    """RT-21: the pause ends by itself, and what was declined is asked for again."""
    there = Scene(person("p"), policy=PAUSING)
    there.arrives("i")
    for _ in range(2):
        there.ask(c.Decline(assignment=there.part("i", "p")))
    assert there.last(e.WorkerUnavailable).until == there.at + MINUTE
    there.passes(MINUTE)
    assert there.asked() == "p"


def sanctioned() -> Scene:
    """`p` may take nothing for a minute, and has said so itself of nothing."""
    there = Scene(person("p"))
    there.ask(c.Sanction(worker="p", reason="rude", duration=MINUTE), actor=supervisor())
    return there


@pytest.mark.parametrize(
    "evasion",
    [
        (c.BecomeAvailable(worker="p"),),
        (c.BecomeUnavailable(worker="p", duration=SECOND),),
        (c.SignOut(worker="p"), c.SignIn(worker="p")),
        (c.Drain(worker="p"), c.SignIn(worker="p")),
    ],
    ids=lambda commands: "+".join(type(command).__name__ for command in commands),
)
def test_rt_21_a_sanction_is_not_lifted_by_whom_it_is_for(evasion):
    """RT-21: no command of the worker's own ends its sanction before its end does."""
    there = sanctioned()
    end = there.at + MINUTE
    for command in evasion:
        with suppress(CommandRefused):
            there.ask(command, after=5, actor=worker("p"))
    there.arrives("i")
    there.advance(end - TICK)
    assert there.asked() is None


@pytest.mark.parametrize("actor", [supervisor(), None], ids=["supervisor", "system"])
def test_rt_21_one_command_of_a_supervisor_lifts_a_sanction(actor):
    """RT-21: a sanction has a visible reason, and one command that lifts it."""
    there = sanctioned()
    assert there.last(e.WorkerUnavailable).reason == "rude"
    there.ask(c.BecomeAvailable(worker="p"), **({} if actor is None else {"actor": actor}))
    there.arrives("i")
    assert there.asked() == "p"


def test_rt_21_a_sanction_ends_by_itself():
    """RT-21: it has an expiry, and who was kept waiting is then asked for."""
    there = sanctioned()
    there.arrives("i")
    there.passes(MINUTE - TICK)
    assert there.asked() is None
    there.passes(TICK)
    assert there.asked() == "p"


@pytest.mark.parametrize("going", [c.Drain, c.SignOut], ids=lambda kind: kind.__name__)
def test_rt_21_the_end_of_a_sanction_brings_nobody_back(going):
    """RT-25: who has gone meanwhile stays gone, at work still or not."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.ask(c.Sanction(worker="p", reason="rude", duration=MINUTE))
    there.ask(going(worker="p"))
    there.arrives("n")
    there.passes(2 * MINUTE)
    assert there.custody.presence["p"] == "draining"
    there.ask(c.Close(interaction="i"))
    there.passes(2 * MINUTE)
    assert (there.custody.presence["p"], there.asked("n")) == ("signed_out", None)


@pytest.mark.parametrize(("absent", "presence"), [(0.5, "unavailable"), (2, "available")])
def test_rt_21_a_sanction_runs_on_while_one_is_away(absent, presence):
    """RT-21: who is back before its end is under it until then, and who is back later is free."""
    there = sanctioned()
    end = there.at + MINUTE
    there.ask(c.SignOut(worker="p"), actor=worker("p"))
    there.passes(absent * MINUTE)
    there.ask(c.SignIn(worker="p"), actor=worker("p"))
    assert there.custody.presence["p"] == presence
    there.advance(end)
    assert there.custody.presence["p"] == "available"


def test_a_sanction_leaves_what_one_has():
    """It is for new work: what rings may be taken, and what is served goes on."""
    there = Scene(person("p", capacity=Capacity(total=200)))
    there.served("i", "p")
    there.arrives("k")
    there.ask(c.Sanction(worker="p", reason="rude", duration=MINUTE))
    there.accepts("k", "p")
    assert (there.holder("i"), there.holder("k")) == ("worker p", "worker p")


# -- capacity -------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [0, 100, 250])
def test_rt_11_routing_never_exceeds_the_capacity(total):
    """RT-11: many at once, and no decision of routing lifts a load above the capacity."""
    there = Scene(person("p", capacity=Capacity(total=total), accepts_by_itself=True))
    for number in range(5):
        there.arrives(f"v{number}")
    for number in range(9):
        there.arrives(f"c{number}", "chat")
    load = sum(part.load for part in there.custody.parts.values() if part.state != "over")
    assert load == total // 100 * 100 + total % 100 // 25 * 25


def test_rt_11_what_was_forced_counts():
    """RT-11: a load above capacity names its cause, and keeps routing away until it is gone."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.ask(c.BecomeUnavailable(worker="p"))
    there.arrives("k")
    there.ask(c.Assign(interaction="k", worker="p"), actor=supervisor())
    assert there.last(e.AssignmentOpened).reason == "assigned by supervisor:eva"
    there.ask(c.BecomeAvailable(worker="p"))
    there.arrives("n")
    there.ask(c.Leave(interaction="i"))
    there.passes(WRAP_UP)
    assert there.asked("n") is None
    there.ask(c.Leave(interaction="k"))
    there.passes(WRAP_UP)
    assert there.asked("n") == "p"


# -- changed under live work ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        person("p", capacity=Capacity(total=0)),
        person("p", kind="partner", department="bank"),
        Worker(id="p", wrap_up=timedelta(0)),
        machine("p"),
    ],
    ids=["smaller", "partner", "no wrap-up", "machine"],
)
def test_a_worker_redefined_at_work_finishes_it(changed):
    """What is served goes on with whoever serves it, and ends by what holds then."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.ask(c.DefineWorker(worker=changed))
    assert there.holder() == "worker p"
    there.ask(c.Leave(interaction="i"))
    assert there.state("i", "p") == ("wrapping" if changed.wrap_up else "over")


@pytest.mark.parametrize("present", [True, False])
def test_presence_outlives_a_definition(present):
    """RT-25: to be defined anew is not to sign in, nor out."""
    there = Scene(person("p"))
    if not present:
        there.ask(c.SignOut(worker="p"))
    there.ask(c.DefineWorker(worker=person("p", skills={"billing": 1})))
    there.arrives("i")
    assert there.asked() == ("p" if present else None)


def test_a_sign_in_while_draining_is_to_be_back():
    """Who drains and signs in is asked again, with all it still has."""
    there = Scene(person("p", capacity=Capacity(total=200)))
    there.served("i", "p")
    there.ask(c.Drain(worker="p"))
    there.ask(c.SignIn(worker="p"))
    there.arrives("n")
    assert (there.holder(), there.asked("n")) == ("worker p", "p")
    there.ask(c.Leave(interaction="i"))
    there.passes(WRAP_UP)
    assert there.custody.presence["p"] == "available"


def test_a_machine_that_goes_lets_go_of_what_it_has():
    """RT-22: a machine that is down finishes nothing; its customers are somebody's at once."""
    there = Scene(machine("m"))
    there.arrives("i", "web")
    assert there.holder() == "worker m"
    there.has(person("p"))
    there.ask(c.SignOut(worker="m"))
    assert (there.holder(), there.asked()) == ("queue main", "p")
    assert there.custody.presence["m"] == "signed_out"
