"""Facts: what a decision needs of the past is asked for, and used as it was answered."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from tests.unit.one_of_each import one_of

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_to_json
from onechannel.errors import CommandRefused, FactsMissing, PolicyMissing
from onechannel.facts import NOTHING_PAST, Facts
from onechannel.kernel import Kernel
from onechannel.model.address import Address
from onechannel.model.interaction import EndReason
from onechannel.model.journey import StitchedBecause
from onechannel.ports import CustomerKnown, HolderOf, LineOf, Past
from onechannel.testing.strategies import START, Rehearsal, requests

ADDRESS = Address.parse("tel:+34600111222")
ARRIVED = e.InteractionArrived("i~2", "chat", "c1", ADDRESS, "billing", 3, "i~1")
CLOSED = e.InteractionClosed("i~2", EndReason.RESOLVED, None)
HOUR = timedelta(hours=1)
NEEDED = [
    (c.Arrive(interaction="i", channel="chat"), {LineOf("i")}),
    (c.Arrive(interaction="i", channel="chat", follows="j~3"), {LineOf("i"), LineOf("j")}),
    (c.Arrive(channel="chat", follows="j", customer="c1"), {LineOf("j"), CustomerKnown("c1")}),
    (
        c.Arrive(interaction="i", channel="chat", address=ADDRESS),
        {LineOf("i"), HolderOf(ADDRESS.key)},
    ),
    (
        c.Arrive(interaction="i", channel="chat", customer="c1", address=ADDRESS),
        {LineOf("i"), CustomerKnown("c1")},
    ),
    (
        c.Reach(interaction="i", channel="chat", customer="c1", address=ADDRESS),
        {LineOf("i"), CustomerKnown("c1")},
    ),
    (c.Say(interaction="i~2", text="hello"), {LineOf("i")}),
    (
        c.Say(interaction="i", text="hello", author="c2"),
        {LineOf("i"), CustomerKnown("c2")},
    ),
    (c.EditMessage(message="i~2#3", text="hallo"), {LineOf("i")}),
    (c.RetractMessage(message="i#3"), {LineOf("i")}),
    (c.ReportDelivery(message="i~1#3", state="read"), {LineOf("i")}),
    (c.ReportDelivery(reference="v", state="read"), {HolderOf("#v")}),
    (
        c.ReportDelivery(reference="v", message="i#3", state="read"),
        {HolderOf("#v"), LineOf("i")},
    ),
    (c.ObserveArrival(interaction="i", channel="chat"), {LineOf("i")}),
    (
        c.ObserveArrival(interaction="i", channel="chat", customer="c1"),
        {LineOf("i"), CustomerKnown("c1")},
    ),
    (
        c.RegisterCustomer(customer="c1", addresses=(ADDRESS,)),
        {CustomerKnown("c1"), HolderOf(ADDRESS.key)},
    ),
    (
        c.LinkAddress(customer="c1", address=ADDRESS),
        {CustomerKnown("c1"), HolderOf(ADDRESS.key)},
    ),
    (
        c.UnlinkAddress(customer="c1", address=ADDRESS),
        {CustomerKnown("c1"), HolderOf(ADDRESS.key)},
    ),
    (
        c.MergeCustomers(customer="c1", survivor="c2"),
        {CustomerKnown("c1"), CustomerKnown("c2")},
    ),
    (c.OpenJourney(customer="c1"), {CustomerKnown("c1")}),
    (c.MakePromise(customer="c1", what="refund", within=HOUR), {CustomerKnown("c1")}),
    (c.MakePromise(interaction="i", what="refund", within=HOUR), set()),
    (c.Leave(interaction="i"), set()),
]


def handled(command: c.Command, facts: Facts) -> tuple[e.Event, ...]:
    """What a new kernel makes of a command, given these facts."""
    return Kernel().handle(c.Request(command, "r", START), facts)


@pytest.mark.parametrize(("command", "needed"), NEEDED, ids=lambda some: type(some).__name__)
def test_what_is_needed_is_asked_for(command, needed):
    """By reference, and again until it is answered, be it by None."""
    request = c.Request(command, "r", START)
    kernel = Kernel()
    assert {*kernel.needs(request, Facts())} == needed
    assert kernel.needs(request, NOTHING_PAST) == ()
    some = dict.fromkeys([*needed][:1])
    assert {*kernel.needs(request, Facts(some))} == needed - {*some}
    assert kernel.needs(request, Facts(dict.fromkeys(needed))) == ()


def test_every_command_that_looks_at_the_past_is_tried():
    """What no command here needs, none needs: the rest is about what is open."""
    asked = {type(command) for command, needed in NEEDED if needed}
    for kind in c.VERBS.keys() - asked:
        assert Kernel().needs(c.Request(one_of(kind), "r", START), Facts()) == ()


@given(requests())
def test_nothing_is_looked_at_that_was_not_asked_for(request):
    """With an answer to all that `needs` asks for, no decision ever misses a fact."""
    kernel = Kernel()
    facts = Facts(dict.fromkeys(kernel.needs(request, Facts())))
    with suppress(CommandRefused, PolicyMissing):
        kernel.handle(request, facts)


@pytest.mark.parametrize("command", [command for command, needed in NEEDED if needed], ids=repr)
def test_unanswered_facts_are_missed(command):
    """Whoever does not listen to `needs` is told, and nothing has changed."""
    kernel = Kernel()
    before = snapshot_to_json(kernel.snapshot())
    with pytest.raises(FactsMissing, match="ask `needs`"):
        kernel.handle(c.Request(command, "r", START), Facts())
    assert snapshot_to_json(kernel.snapshot()) == before


def test_complete_facts_need_no_answers():
    """For a driver that begins with nothing and never repeats an id, nothing is in the past."""
    arrive = c.Arrive(interaction="i", channel="chat", address=ADDRESS)
    known = Facts({HolderOf(ADDRESS.key): "c1"}, complete=True)
    for facts, customer in ((NOTHING_PAST, None), (known, "c1")):
        made = handled(arrive, facts)
        (arrived,) = (one.data for one in made if isinstance(one.data, e.InteractionArrived))
        assert arrived.customer == customer


def test_an_answer_of_another_kind_is_no_answer():
    """What is not a customer's registration does not make a customer known."""
    odd = Facts({CustomerKnown("c1"): "c1", LineOf("i"): None})
    with pytest.raises(CommandRefused, match="c1 is not registered"):
        handled(c.Arrive(interaction="i", channel="chat", customer="c1"), odd)


def test_a_return_takes_over_what_is_known():
    """The successor is on the same channel, of the same customer, about the same, as urgent."""
    facts = Facts({LineOf("i"): Past(ARRIVED, CLOSED)})
    made = handled(c.Say(interaction="i", text="once more"), facts)
    arrived = next(one.data for one in made if isinstance(one.data, e.InteractionArrived))
    assert arrived == e.InteractionArrived(
        *("i~3", "chat", "c1", ADDRESS, "billing", 3),
        predecessor="i~2",
        journey="j-2",
        stitched=StitchedBecause.FIRST,
    )
    assert made[-1].data == e.MessageReceived("i~3", "i~3#1", "chat", "c1", "once more")


def test_a_return_by_another_way_says_what_differs():
    """What the arrival says goes before what is known of the one it follows."""
    facts = Facts({LineOf("i"): Past(ARRIVED, CLOSED)}, complete=True)
    follows = c.Arrive(channel="voice", follows="i~1", about="card", priority=-1)
    arrived = next(
        one.data for one in handled(follows, facts) if isinstance(one.data, e.InteractionArrived)
    )
    told = {"journey": "j-2", "stitched": StitchedBecause.FIRST}
    assert arrived == e.InteractionArrived("i~3", "voice", "c1", None, "card", -1, "i~2", **told)
    named = c.Arrive(interaction="k", channel="voice", follows="i~1")
    made = handled(named, facts)
    assert made[2].data == e.InteractionArrived(
        "k", "voice", "c1", None, "billing", 0, "i~2", **told
    )


def test_what_is_open_is_not_followed():
    """Neither by its own id nor by that of one before it."""
    facts = Facts({LineOf("i"): Past(ARRIVED, None)}, complete=True)
    for name in ("i", "i~1", "i~2"):
        with pytest.raises(CommandRefused, match="i~2 is still open"):
            handled(c.Arrive(channel="chat", follows=name), facts)


def test_words_in_a_closed_one_go_to_the_open_successor():
    """A customer who answers an old message is heard where the conversation goes on."""
    there = Rehearsal(stocked=False)
    there.ask(c.Arrive(interaction="i", channel="chat"))
    there.ask(c.Close(interaction="i"))
    assert there.ask(c.Say(interaction="i", text="and another thing"))[-1].data.interaction == "i~1"
    (heard,) = there.ask(c.Say(interaction="i", text="hello?"))
    assert heard.data.interaction == "i~1"
