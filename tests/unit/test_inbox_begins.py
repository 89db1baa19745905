"""The inbox: letters that begin what others belong to, in whatever order they come."""

import itertools

import pytest
from tests.unit.mail_parts import conserved, opened, said, states

from onechannel import commands as c
from onechannel.delivery import CommitCycle, Letter, Order, Received
from onechannel.model.actor import SYSTEM
from onechannel.model.address import Address
from onechannel.model.worker import Capacity, Worker
from onechannel.ports import CustomerKnown, HolderOf, LetterState, LineOf, reference_key
from onechannel.simulation import START

STORED, PARKED = LetterState.STORED, LetterState.PARKED
ANA = Address.parse("tel:+34600111222")


@pytest.fixture(params=["memory", "sqlite"])
def store(request):
    """Each store, empty."""
    made = opened(request.param)
    yield made
    made.close()


def picture(number):
    """One of an album: whichever comes first begins the conversation."""
    begins = Order(c.Arrive(interaction="t", channel="chat"), unless=LineOf("t"))
    shows = Order(c.Say(interaction="t", text=f"picture {number}"))
    return Letter(source="v", id=f"m{number}", orders=(begins, shows), conversation="t")


def give(cycle, *letters):
    """What becomes of letters that come together."""
    return cycle.run(letters, lambda: START).answers


@pytest.mark.parametrize("order", [*itertools.permutations((1, 2, 3))])
@pytest.mark.parametrize("grouped", [True, False])
def test_an_album_is_one_conversation(store, order, grouped):
    """TH-01: n first messages of one conversation, over p processes: one arrival, n messages."""
    cycles = [CommitCycle(store), CommitCycle(store)]
    letters = [picture(number) for number in order] * 2
    if grouped:
        give(cycles[0], *letters)
    else:
        for number, one in enumerate(letters):
            give(cycles[number % 2], one)
    types = [event.type for event in store.read()]
    assert types.count("interaction.arrived") == 1
    assert said(store, "t") == [f"picture {number}" for number in order]
    assert set(states(store).values()) == {"stored"}
    assert conserved(store)


def test_what_is_passed_over_is_passed_over_later_too(store):
    """A letter that waits keeps what its commands are passed over for."""
    cycle = CommitCycle(store)
    waits = Letter(
        source="v",
        id="late",
        orders=(
            Order(c.Arrive(interaction="t", channel="chat"), unless=LineOf("t")),
            Order(c.Say(interaction="t", text="late"), unless=HolderOf("mailto:x@example.com")),
        ),
        awaits=CustomerKnown("ana"),
    )
    assert give(cycle, waits, picture(1)) == (Received(PARKED), Received(STORED))
    known = Order(c.RegisterCustomer(customer="ana", addresses=(ANA,)))
    give(CommitCycle(store), Letter(source="v", id="who", orders=(known,)))
    assert said(store, "t") == ["picture 1", "late"]
    assert states(store)["late"] == "stored"
    assert conserved(store)


BRINGS = {
    "arrival": (LineOf("t"), c.Arrive(interaction="t", channel="chat")),
    "arrival seen": (LineOf("t"), c.ObserveArrival(interaction="t", channel="chat")),
    "reach": (LineOf("t"), c.Reach(interaction="t", channel="chat", customer="ben")),
    "registration": (CustomerKnown("ana"), c.RegisterCustomer(customer="ana")),
    "its address": (HolderOf(ANA.key), c.RegisterCustomer(customer="ana", addresses=(ANA,))),
    "link": (HolderOf(ANA.key), c.LinkAddress(customer="ben", address=ANA)),
    "receipt": (
        HolderOf(reference_key("wa-1")),
        c.ReportDelivery(message="b#1", reference="wa-1", state="sent"),
    ),
}


@pytest.mark.parametrize(("awaits", "brings"), [*BRINGS.values()], ids=[*BRINGS])
def test_no_letter_waits_behind_one_that_waits_for_it(store, awaits, brings):
    """Who comes late with what an earlier letter of its conversation waits for is let through."""
    cycle = CommitCycle(store)
    bot = Worker(id="bot", kind="machine", capacity=Capacity(total=900))
    before = [
        c.RegisterCustomer(customer="ben"),
        c.DefineWorker(worker=bot),
        c.SignIn(worker="bot"),
        c.Arrive(interaction="b", channel="chat", customer="ben"),
        c.Say(interaction="b", text="ours", assignment="b/1"),
    ]
    give(cycle, Letter(source="x", id="before", orders=[Order(one, SYSTEM) for one in before]))
    early = Letter(source="v", id="early", conversation="k", awaits=awaits)
    bringer = Letter(source="v", id="bringer", conversation="k", orders=[Order(brings, SYSTEM)])
    assert give(cycle, early) == (Received(PARKED),)
    assert give(cycle, bringer) == (Received(STORED),)
    assert set(states(store).values()) == {"stored"}
    assert conserved(store)
