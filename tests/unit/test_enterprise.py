"""The whole enterprise serves: third parties, departments, partners, and parts handed to them."""

from datetime import timedelta

import pytest
from tests.unit.scenes import (
    PLAIN,
    WRAP_UP,
    Scene,
    customer,
    everybody_was_somebodys,
    machine,
    person,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import InvalidValue
from onechannel.model.worker import Worker

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
ANA = customer("ana")


def served(channel: str = "email", *more: Worker) -> Scene:
    """`p` serves ana; `q` of the workshop is there, and whoever else."""
    there = Scene(person("p"))
    there.queue("main")
    there.knows("ana")
    there.served("i", "p", channel, customer="ana")
    there.has(person("q", department="workshop"), *more)
    return there


# -- waiting on a third party ---------------------------------------------------------------------


def suspended(channel: str = "email") -> Scene:
    """`p` waits for the bank, for an hour."""
    there = served(channel)
    suspend = c.Suspend(interaction="i", party="bank", reason="form", due=there.at + HOUR)
    there.ask(suspend, actor=worker("p"))
    return there


@pytest.mark.parametrize("channel", ["email", "voice", "whatsapp"])
def test_what_waits_on_others_holds_nobody(channel):
    """Party, reason and due time stand in the log; who served keeps it, and is free."""
    there = suspended(channel)
    told = there.last(e.InteractionSuspended)
    assert (told.keeper, told.party, told.reason, told.due) == (
        "p",
        "bank",
        "form",
        there.at + HOUR,
    )
    assert there.holder() == "keeper p"
    there.ask(c.BecomeUnavailable(worker="q"))
    there.passes(WRAP_UP)
    there.arrives("n")
    assert there.asked("n") == "p"


def test_it_comes_back_by_itself():
    """At the due time and not before, to whom it was taken from first."""
    there = suspended()
    due = there.at + HOUR
    there.advance(due - TICK)
    assert there.holder() == "keeper p"
    there.advance(due)
    assert (there.holder(), there.asked()) == ("queue main", "p")


def test_it_comes_back_sooner_where_the_party_is_sooner():
    """Whoever keeps it takes it up again; then nothing comes back a second time."""
    there = suspended()
    there.refused(c.Reactivate(interaction="i"), "not open", worker("q"))
    there.ask(c.Reactivate(interaction="i"), after=60, actor=worker("p"))
    there.accepts("i", "p")
    queued = len(there.seen(e.InteractionQueued))
    there.passes(2 * HOUR)
    assert (there.holder(), len(there.seen(e.InteractionQueued))) == ("worker p", queued)


def test_a_customer_who_asks_does_not_hurry_the_third_party():
    """What the customer says meanwhile is recorded, and wakes nobody."""
    there = suspended()
    there.ask(c.Say(interaction="i", text="any news?"), actor=ANA)
    assert there.holder() == "keeper p"
    assert there.last(e.MessageReceived).text == "any news?"


@pytest.mark.parametrize("state", ["waiting", "rung", "held", "consulting", "dormant"])
def test_rt_02_whatever_goes_on_is_ended_by_it(state):
    """RT-02: rung, held, consulting or asleep: afterwards nobody has a part, and all comes back."""
    there = Scene(person("p"), person("q"))
    there.ask(c.BecomeUnavailable(worker="q"))
    channel = "sms" if state == "dormant" else "voice"
    if state == "waiting":
        there.ask(c.BecomeUnavailable(worker="p"))
    there.arrives("i", channel)
    if state not in {"waiting", "rung"}:
        there.accepts("i", "p")
        there.ask(c.BecomeAvailable(worker="q"))
    if state == "held":
        there.ask(c.Hold(assignment="i/1"))
    elif state == "consulting":
        there.ask(c.Consult(interaction="i", worker="q"))
    elif state == "dormant":
        there.ask(c.Sleep(interaction="i"))
    there.ask(c.Suspend(interaction="i", party="x", reason="y", due=there.at + HOUR))
    assert {part.state for part in there.custody.parts.values()} <= {"over", "wrapping"}
    kept = state not in {"waiting", "rung"}
    assert there.holder() == ("keeper p" if kept else "queue main")
    there.passes(HOUR)
    assert there.holder() == "queue main"


@pytest.mark.parametrize("due", [timedelta(0), -HOUR])
def test_nothing_is_suspended_into_the_past(due):
    """A due time is to come."""
    there = served()
    suspend = c.Suspend(interaction="i", party="bank", reason="form", due=there.at + due)
    there.refused(suspend, "past", worker("p"))


def test_who_waits_on_others_may_still_end_it():
    """Closed, left, moved, given away or assigned while it waits: its own timer never fires."""
    for command in (
        c.Close(interaction="i"),
        c.Leave(interaction="i"),
        c.Transfer(interaction="i"),
        c.Assign(interaction="i", worker="q"),
    ):
        there = suspended()
        there.passes(WRAP_UP)
        there.ask(command)
        if there.asked():
            there.accepts("i", there.asked())
        before = len(there.log)
        there.passes(2 * HOUR)
        assert there.seen(e.InteractionQueued, since=before) == []


# -- departments ----------------------------------------------------------------------------------


def test_work_arrives_straight_at_a_department():
    """By the same command, for its own people alone, whatever skill the matter asks of others."""
    there = Scene(person("p"), person("q", department="workshop"))
    made = c.Arrive(interaction="i", channel="store", department="workshop", about="repairs")
    there.ask(made)
    assert there.asked() == "q"
    there.ask(c.Decline(assignment="i/1"))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.passes(HOUR)
    assert there.asked() is None
    there.has(Worker(id="r", kind="partner", department="workshop"))
    assert there.asked() == "r"


def test_the_whole_is_handed_to_a_department():
    """Its new owner is there; who gave it away has no part in it any more."""
    there = served()
    there.ask(c.Transfer(interaction="i", department="workshop"), actor=worker("p"))
    there.accepts("i", "q")
    assert there.holder() == "worker q"
    say = c.Say(interaction="i", text="hello", assignment="i/1")
    there.refused(say, actor=worker("p"))


def test_rt_27_a_department_that_does_not_take_it_gives_it_back():
    """RT-27: not accepted in time, it comes back by itself to who handed it over."""
    there = served()
    there.ask(c.BecomeUnavailable(worker="q"))
    transfer = c.Transfer(interaction="i", department="workshop", returns_after=HOUR)
    there.ask(transfer, actor=worker("p"))
    there.passes(HOUR - TICK)
    assert (there.holder(), there.asked()) == ("queue main", None)
    there.passes(TICK)
    assert there.asked() == "p"


def test_departments_have_machines_and_partners():
    """A desk may be staffed by anybody or anything."""
    there = served("email", machine("robot", department="store"))
    there.ask(c.Transfer(interaction="i", department="store"), actor=worker("p"))
    assert there.holder() == "worker robot"


# -- a part handed over: side conversations -------------------------------------------------------


def delegated(**more) -> Scene:
    """`p` serves ana, and has asked the workshop for something as `i>1`."""
    there = served()
    given = {"department": "workshop", "says": "can it be repaired?", **more}
    there.ask(c.Delegate(interaction="i", **given), actor=worker("p"))
    return there


def test_a_part_is_work_of_its_own():
    """A child of the interaction, internal, with its own owner; the parent stays where it is."""
    there = delegated(about="repairs")
    side = there.last(e.InteractionArrived)
    assert (side.interaction, side.parent, side.direction) == ("i>1", "i", "internal")
    assert (side.channel, side.about) == ("task", "repairs")
    there.accepts("i>1", "q")
    assert (there.holder(), there.holder("i>1")) == ("worker p", "worker q")
    there.ask(c.Delegate(interaction="i", worker="q"), actor=worker("p"))
    assert there.last(e.InteractionArrived).interaction == "i>2"


def test_what_is_asked_of_them_is_its_first_message():
    """What the asker says is the first thing said in it, by nobody of the customer's."""
    there = delegated()
    heard = there.last(e.MessageReceived)
    assert (heard.message, heard.author, heard.channel) == ("i>1#1", None, "task")
    assert heard.text == "can it be repaired?"


@pytest.mark.parametrize(
    ("target", "asks_machines"), [({"queue": "main"}, False), ({"department": "store"}, True)]
)
def test_a_line_is_of_people_and_a_department_of_anybody(target, asks_machines):
    """Who asks in a queue asks people; a department may be staffed by machines."""
    there = served("email", machine("robot", department="store"))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.ask(c.Delegate(interaction="i", **target), actor=worker("p"))
    assert there.holder("i>1") == ("worker robot" if asks_machines else "queue main")


def test_both_sides_talk_in_it():
    """Who asked speaks without a part of its own, who answers with it; the parent hears none."""
    there = delegated()
    there.accepts("i>1", "q")
    there.ask(c.Say(interaction="i>1", text="yes", assignment="i>1/1"), actor=worker("q"))
    there.ask(c.Say(interaction="i>1", text="when?"), actor=worker("p"))
    said = [*there.seen(e.MessageReceived), *there.seen(e.MessageSent)]
    assert {one.interaction for one in said} == {"i>1"}
    assert {one.channel for one in said} == {"task"}
    there.ask(c.Close(interaction="i>1", disposition="answered"), actor=worker("q"))
    assert there.holder() == "worker p"
    assert there.state("i>1", "q") == "wrapping"


SEEN_BY_NOBODY = [
    c.Say(interaction="i>1", text="what do you say?"),
    c.Leave(interaction="i>1"),
    c.MoveChannel(interaction="i>1", channel="sms"),
    c.RequestCallback(interaction="i>1"),
    c.Escalate(interaction="i>1"),
    c.Type(interaction="i>1"),
    c.EditMessage(message="i>1#1", text="never mind"),
    c.RetractMessage(message="i>1#1"),
    c.Arrive(channel="sms", follows="i>1"),
]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("command", SEEN_BY_NOBODY, ids=lambda one: type(one).__name__)
def test_th_10_a_side_conversation_is_never_the_customers(command, closed):
    """TH-10: whatever she tries, it is answered as if there were no such thing."""
    there = delegated()
    there.accepts("i>1", "q")
    if closed:
        there.ask(c.Close(interaction="i>1"))
    refusal = there.refused(command, actor=ANA)
    absent = type(command)(**{**fields(command), **absent_for(command)})
    assert refusal.replace("i>1", "i>9") == there.refused(absent, actor=ANA)


def fields(command: c.Command) -> dict[str, object]:
    """What it was built of."""
    return {name: getattr(command, name) for name in type(command).__slots__ if name[0] != "_"}


def absent_for(command: c.Command) -> dict[str, str]:
    """The same about a side conversation that never was."""
    for name in ("interaction", "message", "follows"):
        value = getattr(command, name, None)
        if value is not None:
            return {name: value.replace("i>1", "i>9")}
    raise AssertionError(command)


def test_th_10_nothing_of_it_is_hers():
    """TH-10: no message of it names her as author, and none is on a channel of hers."""
    there = delegated()
    there.accepts("i>1", "q")
    there.refused(c.Say(interaction="i>1", text="hers?", author="ana"))
    for command in (
        c.MoveChannel(interaction="i>1", channel="whatsapp"),
        c.RequestCallback(interaction="i>1"),
    ):
        there.refused(command, actor=worker("q"))
        there.refused(command)


def test_th_10_what_she_says_is_not_in_it():
    """TH-10: her words go to the parent, and nobody is waked in the side conversation."""
    there = delegated()
    there.ask(c.Say(interaction="i", text="hello?"), actor=ANA)
    assert there.last(e.MessageReceived).interaction == "i"


def test_what_nobody_takes_comes_back_by_itself():
    """Not accepted in time it is over, and who asked still has the customer."""
    there = served()
    there.ask(c.BecomeUnavailable(worker="q"))
    delegate = c.Delegate(interaction="i", department="workshop", returns_after=HOUR)
    there.ask(delegate, actor=worker("p"))
    there.passes(HOUR - TICK)
    assert there.holder("i>1") == "queue main"
    there.passes(TICK)
    assert (there.ended("i>1"), there.holder()) == ("expired", "worker p")


def test_what_is_taken_in_time_does_not_come_back():
    """Accepted, it is theirs for as long as it takes."""
    there = delegated(returns_after=HOUR)
    there.accepts("i>1", "q")
    there.passes(10 * HOUR)
    assert there.holder("i>1") == "worker q"


@pytest.mark.parametrize("state", ["rung", "taken"])
def test_a_part_ends_with_the_whole(state):
    """RT-02: nobody goes on for a customer who is no longer there."""
    there = delegated()
    if state == "taken":
        there.accepts("i>1", "q")
    there.ask(c.Close(interaction="i"), actor=worker("p"))
    assert there.ended("i>1") == "withdrawn"
    assert there.state("i>1", "q") == ("wrapping" if state == "taken" else "over")


def test_a_part_goes_with_the_whole():
    """TH-11: whoever has the customer next is who asked, and who had is not."""
    there = delegated()
    there.accepts("i>1", "q")
    there.has(person("r"))
    there.ask(c.Transfer(interaction="i", worker="r"), actor=worker("p"))
    there.accepts("i", "r")
    say = c.Say(interaction="i>1", text="and now?")
    there.refused(say, actor=worker("p"))
    there.ask(say, actor=worker("r"))


def test_a_part_for_one_is_for_nobody_else():
    """A worker who is named is waited for; nobody else is asked."""
    there = served()
    there.has(person("r"))
    there.ask(c.BecomeUnavailable(worker="q"))
    there.ask(c.Delegate(interaction="i", worker="q"), actor=worker("p"))
    there.passes(HOUR)
    assert there.asked("i>1") is None
    there.ask(c.BecomeAvailable(worker="q"))
    assert there.asked("i>1") == "q"


def test_what_cannot_be_handed_over():
    """One target, which exists; by who serves; of what is served."""
    there = served()
    for target in ({}, {"worker": "q", "department": "workshop"}):
        with pytest.raises(InvalidValue, match="one is asked"):
            c.Delegate(interaction="i", **target)
    there.refused(c.Delegate(interaction="i", worker="nobody"), "not defined")
    there.refused(c.Delegate(interaction="i", queue="nowhere"), "not defined")
    there.refused(c.Delegate(interaction="i", worker="q"), "not open", worker("q"))
    there.refused(c.Delegate(interaction="i", worker="q"), "may not", ANA)


def test_a_part_may_be_handed_on():
    """Who was asked may ask others in turn; each is a child of what it was asked in."""
    there = delegated()
    there.accepts("i>1", "q")
    there.has(person("r", department="bank"))
    there.ask(c.Delegate(interaction="i>1", department="bank"), actor=worker("q"))
    side = there.last(e.InteractionArrived)
    assert (side.interaction, side.parent) == ("i>1>1", "i>1")
    there.ask(c.Close(interaction="i"), actor=worker("p"))
    assert all(line.closed for line in there.custody.lines.values())


@pytest.mark.parametrize("rebuilt", [Scene.replayed, Scene.restored])
def test_tm_05_what_was_handed_over_survives_a_restart(rebuilt):
    """TM-05: both the part that comes back and the third party's time are armed again."""
    there = served()
    there.ask(c.BecomeUnavailable(worker="q"))
    there.ask(c.Delegate(interaction="i", department="workshop", returns_after=HOUR))
    there.ask(c.Suspend(interaction="i", party="bank", reason="x", due=there.at + 2 * HOUR))
    there.kernel = rebuilt(there)
    there.passes(HOUR)
    assert there.ended("i>1") == "expired"
    there.passes(HOUR)
    assert there.asked() == "p"


def test_the_keepers_time_is_the_policys():
    """Back from a third party the keeper is asked alone for a time, and then whoever is there."""
    there = suspended()
    there.ask(c.BecomeUnavailable(worker="p"))
    due = there.at + HOUR
    there.comes_to("q", within=2 * HOUR)
    assert there.at == due + PLAIN.keeper_first
