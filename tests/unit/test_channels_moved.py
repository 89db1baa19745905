"""One interaction over several channels, and several interactions in one line of descent."""

from datetime import timedelta

import pytest
from tests.unit.scenes import (
    MINUTE,
    RING,
    SECOND,
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
from onechannel.model.address import Address
from onechannel.model.channel import Channel
from onechannel.model.worker import Capacity

__all__ = ["everybody_was_somebodys"]

HOUR = timedelta(hours=1)
MOBILE = Address.parse("tel:+34600111222")
FOUR_CHATS = Capacity(total=100)


def moved(there: Scene, channel: str, **more) -> tuple[e.Event, ...]:
    """It goes on by that channel."""
    return there.ask(c.MoveChannel(interaction="i", channel=channel, **more))


# -- moved, in every state ------------------------------------------------------------------------


def test_who_serves_goes_along():
    """From a chat to a call: the same worker, the same part, the load of the call."""
    there = Scene(person("p", capacity=FOUR_CHATS))
    there.served("i", "p", "chat")
    there.arrives("k", "chat")
    assert there.asked("k") == "p"
    there.ask(c.Leave(interaction="k"))
    moved(there, "voice", address=MOBILE)
    assert (there.holder(), there.state("i", "p")) == ("worker p", "active")
    there.arrives("n", "chat")
    assert there.asked("n") is None, "a call takes all of a worker"
    moved(there, "chat")
    assert there.asked("n") == "p", "and a chat leaves room for three more"


def test_every_part_is_borne_as_what_it_is_on():
    """RT-11: capacity used is that of the channel it is on, for whoever takes part."""
    there = Scene(person("p"))
    there.served("i", "p", "chat")
    there.has(person("q"))
    there.ask(c.Consult(interaction="i", worker="q"))
    there.accepts("i", "q")
    moved(there, "voice")
    assert {part.load for part in there.custody.parts.values()} == {100}
    there.ask(c.Leave(interaction="i"))
    there.passes(WRAP_UP)
    for name in "abcdefgh":
        there.arrives(name, "chat")
    assert None not in {there.asked(name) for name in "abcdefgh"}


@pytest.mark.parametrize(
    "capacity",
    [Capacity.only("chat"), Capacity(total=50), Capacity(total=100, channels={"voice": 0})],
    ids=["chat only", "half", "no calls"],
)
def test_rt_10_who_is_only_asked_is_asked_anew(capacity):
    """RT-10: what is moved while it rings is not for one who could not be asked for it now."""
    there = Scene(person("p", capacity=capacity))
    there.arrives("i", "chat")
    assert there.asked() == "p"
    moved(there, "voice")
    assert there.asked() is None
    there.has(person("q"))
    assert there.asked() == "q"


def test_rt_10_who_can_take_it_is_asked_for_what_it_is_now():
    """RT-10: the ring for a chat ends, and who can take the call is rung for the call."""
    there = Scene(person("p"))
    there.arrives("i", "chat")
    there.passes(RING / 2)
    moved(there, "voice")
    assert (there.custody.parts["i/1"].state, there.asked()) == ("over", "p")
    there.passes(RING / 2)
    assert there.part("i", "p") == "i/2"
    there.accepts("i", "p")


def test_what_waits_keeps_its_place():
    """Another channel is the same interaction: as old as before, and asked of who can do that."""
    there = Scene()
    there.queue("main")
    there.arrives("i", "chat")
    there.passes(MINUTE)
    there.arrives("later", "voice")
    moved(there, "voice")
    there.has(person("p", capacity=Capacity.only("voice")))
    there.ask(c.DefineWorker(worker=person("p")))
    assert there.asked("i") == "p"
    assert there.last(e.InteractionQueued, interaction="i").since == there.when(
        e.InteractionArrived, interaction="i"
    )


def test_a_move_on_hold_can_be_resumed():
    """Where there is no hold, what was held is resumed all the same."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.ask(c.Hold(assignment="i/1"))
    moved(there, "sms")
    there.ask(c.Resume(assignment="i/1"))
    there.ask(c.Say(interaction="i", text="by message", assignment="i/1"))
    assert there.last(e.MessageSent).channel == "sms"


@pytest.mark.parametrize("channel", ["voice", "web", "email"])
def test_what_is_dormant_and_moved_is_awake(channel):
    """Whoever moves it goes on: the keeper is asked first, and it closes by no old clock."""
    there = Scene(person("p"), person("q"))
    there.ask(c.DefineChannel(channel=Channel(name="sms", closes_after=HOUR)))
    there.served("i", "p", "sms")
    there.ask(c.Sleep(interaction="i"))
    there.passes(WRAP_UP)
    moved(there, channel)
    assert (there.holder(), there.asked()) == ("queue main", "p")
    there.accepts("i", "p")
    there.passes(2 * HOUR)
    assert there.holder() == "worker p"


def test_who_may_move_it():
    """The customer, whoever serves, and the house; nobody else, and nowhere it is already."""
    there = Scene(person("p"))
    there.knows("ana", "bob")
    there.served("i", "p", "chat", customer="ana")
    move = c.MoveChannel(interaction="i", channel="voice")
    for actor in (customer("bob"), worker("q")):
        there.refused(move, "not open", actor)
    there.ask(move, actor=customer("ana"))
    there.refused(move, "is on channel voice already", worker("p"))
    there.ask(c.MoveChannel(interaction="i", channel="fax"), actor=worker("p"))


def test_a_channel_redefined_under_live_work():
    """RT-11: what is borne stays as it was taken, and what comes next is as it is now."""
    there = Scene(person("p"))
    there.served("i", "p", "chat")
    there.ask(c.DefineChannel(channel=Channel(name="chat", real_time=True, load=90)))
    there.arrives("n", "chat")
    assert there.asked("n") is None, "25 and 90 do not fit into 100"
    there.ask(c.Leave(interaction="i"))
    there.passes(WRAP_UP)
    assert there.asked("n") == "p"


# -- superseded -----------------------------------------------------------------------------------


def waiting(channel: str = "web", **more) -> Scene:
    """Ana waits about billing since one minute; nobody is there."""
    there = Scene()
    there.queue("main")
    there.knows("ana", "bob")
    there.arrives("i", channel, customer="ana", about="billing", **more)
    there.passes(MINUTE)
    return there


def test_who_comes_another_way_keeps_the_place():
    """The earlier one ends as superseded, and the later has its age, descent and journey."""
    there = waiting()
    since = there.last(e.InteractionQueued).since
    there.arrives("other", "web", customer="bob", about="billing")
    there.arrives("call", customer="ana", about="billing")
    assert there.ended("i") == "superseded"
    arrived = there.last(e.InteractionArrived)
    assert (arrived.predecessor, arrived.stitched) == ("i", "matter")
    assert there.last(e.InteractionQueued).since == since
    there.has(person("p"))
    assert there.asked("call") == "p"


def test_rt_02_who_rang_for_the_earlier_one_is_asked_for_the_later():
    """RT-02: superseded while it rings: that ring ends, and the place in the line counts."""
    there = waiting()
    there.has(person("p"))
    assert there.asked("i") == "p"
    there.arrives("call", customer="ana", about="billing")
    assert (there.state("i", "p"), there.asked("call")) == ("over", "p")


def test_the_later_one_is_in_its_own_line():
    """It takes over the age and not the queue."""
    there = waiting()
    there.queue("calls")
    there.arrives("call", customer="ana", about="billing", queue="calls")
    assert there.holder("call") == "queue calls"


@pytest.mark.parametrize(
    ("channel", "arrival"),
    [
        ("email", {}),
        ("web", {"about": "card"}),
        ("web", {"customer": "bob"}),
        ("web", {"customer": None}),
        ("web", {"channel": "email"}),
        ("web", {"reference": "order-7"}),
    ],
    ids=["a mail", "another matter", "somebody else", "nobody known", "by mail", "another order"],
)
def test_what_is_not_replaced_waits_on(channel, arrival):
    """Only what waits in real time, for the same customer and matter, and comes in real time."""
    there = waiting(channel)
    there.arrives("call", **{"channel": "voice", "customer": "ana", "about": "billing", **arrival})
    assert there.holder("i") == "queue main"


def test_what_is_served_is_not_replaced():
    """Who talks to somebody and calls as well has two interactions of one journey."""
    there = Scene(person("p"))
    there.knows("ana")
    there.arrives("i", "web", customer="ana", about="billing")
    there.accepts("i", "p")
    there.arrives("call", customer="ana", about="billing")
    assert there.holder("i") == "worker p"
    one, two = there.seen(e.InteractionArrived)
    assert one.journey == two.journey


def test_what_we_begin_replaces_nothing():
    """We reached the customer: that is no other way of coming, and takes no place."""
    there = waiting()
    there.has(person("p"))
    there.ask(c.BecomeUnavailable(worker="p"))
    reach = c.Reach(interaction="o", channel="voice", customer="ana", about="billing", worker="p")
    there.ask(reach)
    assert there.holder("i") == "queue main"
    assert there.last(e.InteractionArrived).predecessor is None


def test_a_callback_is_replaced_by_a_call():
    """Who calls before being called back is served now, and is not called back for the same."""
    there = waiting("voice")
    there.ask(c.RequestCallback(interaction="i", at=there.at + HOUR))
    there.arrives("call", customer="ana", about="billing")
    assert there.ended("i") == "superseded"
    assert there.last(e.PromiseWithdrawn).reason == "superseded"
    there.passes(2 * HOUR)
    assert there.custody.lines["i"].closed


def test_of_a_merged_customer_either_name_will_do():
    """Who is one has one place, by whichever name."""
    there = waiting()
    there.ask(c.MergeCustomers(customer="bob", survivor="ana"))
    there.arrives("call", customer="bob", about="billing")
    assert there.ended("i") == "superseded"


# -- lines of descent -----------------------------------------------------------------------------


def test_a_return_is_numbered_after_its_predecessor():
    """`i~1` after `i`, `i~2` after `i~1`, by an arrival or by words, and never `i` again."""
    there = Scene()
    there.knows("ana")
    there.arrives("i", "sms", customer="ana")
    for number in (1, 2, 3):
        latest = there.last(e.InteractionArrived).interaction
        there.ask(c.Close(interaction=latest))
        if number == 2:
            there.ask(c.Arrive(channel="sms", follows="i"))
        else:
            there.ask(c.Say(interaction="i", text="still"), actor=customer("ana"))
        arrived = there.last(e.InteractionArrived)
        assert (arrived.interaction, arrived.predecessor) == (f"i~{number}", latest)
    there.refused(c.Arrive(interaction="i", channel="sms"), "arrived already")
    there.refused(c.Arrive(channel="sms", follows="i"), "still open")


@pytest.mark.parametrize("interaction", ["i~1", "i>1", "i~1>2", "x~7"])
def test_nobody_takes_the_name_of_a_successor(interaction):
    """The forms of names that are derived are the kernel's own."""
    there = Scene()
    there.refused(c.Arrive(interaction=interaction, channel="sms"), "form of a successor")


def test_a_return_goes_on_in_the_same_journey_and_matter():
    """A successor is about what its predecessor was about, of the same customer and journey."""
    there = waiting("sms")
    there.ask(c.Close(interaction="i"))
    there.ask(c.Say(interaction="i", text="and?"), actor=customer("ana"))
    before, after = there.seen(e.InteractionArrived)
    assert (after.customer, after.about, after.journey) == ("ana", "billing", before.journey)
    assert after.stitched == "lineage"


def test_a_return_is_of_whoever_the_customer_is_by_then():
    """ID-02: merged meanwhile, it is the survivor who returns."""
    there = waiting("sms")
    there.ask(c.Close(interaction="i"))
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    there.ask(c.Arrive(channel="sms", follows="i"))
    assert there.last(e.InteractionArrived).customer == "bob"


def test_deadlines_of_a_channel_end_with_it():
    """A lease is the channel's: on another one nothing is believed lost."""
    there = Scene(person("p"))
    voice = Channel(name="voice", real_time=True, lease=MINUTE)
    there.ask(c.DefineChannel(channel=voice))
    there.served("i", "p")
    moved(there, "chat")
    there.passes(10 * MINUTE)
    assert there.holder() == "worker p"
    moved(there, "voice")
    there.passes(MINUTE)
    assert there.ended() == "failed"


def test_a_machine_that_cannot_follow_lets_a_person_go_on():
    """A machine of the web alone still has the customer who moved, until it escalates."""
    there = Scene(machine("m", capacity=Capacity.only("web")))
    there.arrives("i", "web")
    moved(there, "voice")
    assert there.holder() == "worker m"
    there.has(person("p"))
    there.ask(c.Escalate(interaction="i"))
    there.accepts("i", "p")
    there.passes(SECOND)
    assert there.holder() == "worker p"
