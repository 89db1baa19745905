"""What the command line reads of a store: all that concerns what is chosen, and nothing else.

That it makes the same timeline and clocks as the whole log is proved in tests/property.
"""

import pytest

from onechannel import commands as c
from onechannel.cli.reading import Choice, recorded, refuse_empty
from onechannel.errors import OneChannelError
from onechannel.insight import clocks, timeline
from onechannel.model.worker import Worker
from onechannel.ports import Batch
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing.strategies import Rehearsal


@pytest.fixture
def centre():
    """Eva serves Ana, and asks legal aside; Bo, Cy and Ana prove to be one; Di is somebody else."""
    centre = Rehearsal(stocked=False)
    for worker, department in (("eva", None), ("zoe", "legal")):
        centre.ask(c.DefineWorker(worker=Worker(id=worker, department=department)))
        centre.ask(c.SignIn(worker=worker))
    for customer in ("ana", "bo", "cy", "di"):
        centre.ask(c.RegisterCustomer(customer=customer))
    centre.ask(c.Arrive(interaction="i", channel="email", customer="ana", about="rent"))
    centre.ask(c.Assign(interaction="i", worker="eva"))
    centre.ask(c.Delegate(interaction="i", worker="zoe"))
    centre.ask(c.Accept(assignment="i>1/1"))
    centre.ask(c.Delegate(interaction="i>1", worker="eva"))
    centre.ask(c.Arrive(interaction="k", channel="email", customer="bo"))
    centre.ask(c.Arrive(interaction="l", channel="email", customer="cy"))
    centre.ask(c.Arrive(interaction="m", channel="email", customer="di"))
    centre.ask(c.MergeCustomers(customer="cy", survivor="bo"))
    centre.ask(c.MergeCustomers(customer="bo", survivor="ana"))
    return centre


@pytest.fixture
def store(centre):
    """The log in a store."""
    made = SQLiteStore(":memory:")
    with made.session() as session:
        session.commit(0, Batch(events=tuple(centre.log)))
    yield made
    made.close()


def named(events) -> set[str]:
    """The interactions that some events name."""
    return {event.subject("interaction") for event in events} - {None}


@pytest.mark.parametrize("customer", ["ana", "bo", "cy"])
def test_who_is_one_is_read_as_one(store, customer):
    """Whichever of those that were merged is chosen, all of all of them is read, and no more."""
    found = list(recorded(store, Choice(customer, None, None)))
    assert named(found) == {"i", "i>1", "i>1>1", "k", "l"}
    assert named(recorded(store, Choice("di", None, None))) == {"m"}


def test_who_was_merged_once_is_read_too(store, centre):
    """Whether they still are one is for the fold to say: what it needs to say so is there."""
    events = centre.ask(c.UnmergeCustomer(customer="bo"))
    with store.session() as session:
        session.commit(store.last_position, Batch(events=events))
    for customer, interactions in (("ana", {"i", "i>1", "i>1>1"}), ("bo", {"k", "l"})):
        found = list(recorded(store, Choice(customer, None, None)))
        told = {entry.interaction for entry in timeline(found, customer=customer)} - {None}
        assert told == interactions
        assert list(timeline(found, customer=customer)) == list(
            timeline(store.read(), customer=customer)
        )


def test_side_conversations_are_read_with_what_they_are_beside(store):
    """From above, all below it; from below, what it is beside, so that it is known who asks."""
    below = list(recorded(store, Choice(None, "i", None)))
    assert named(below) == {"i", "i>1", "i>1>1"}
    above = list(recorded(store, Choice(None, "i>1>1", None)))
    assert named(above) >= {"i>1>1", "i>1"}
    asks = [
        entry for entry in timeline(above, interaction="i>1>1") if entry.what.startswith("asks")
    ]
    assert [entry.who for entry in asks] == ["zoe"]


def test_it_is_read_in_order_and_once(store):
    """However many of the choices hold an event, it is read once, and events are in order."""
    journey = next(event.data.journey for event in store.read() if event.type == "journey.opened")
    found = [event.position for event in recorded(store, Choice("ana", "i", journey))]
    assert found == sorted(set(found))


def test_who_workers_are_is_read_too(store):
    """Departments stand in the definitions, which name no interaction: clocks have them."""
    (life,) = clocks(recorded(store, Choice(None, "i>1", None)), interaction="i>1").lives
    departments = {clock.party.department for clock in life.clocks.custody}
    assert departments <= {"legal", ""}
    assert any(event.type == "worker.defined" for event in recorded(store, Choice(None, "i", None)))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice("xi", None, None), "there is no customer xi"),
        (Choice(None, "xi", None), "there is no interaction xi"),
        (Choice(None, "i", "j-0"), "there is no journey j-0"),
    ],
)
def test_what_is_not_there_is_named(store, choice, said):
    """Each of what is chosen must be there; which is not, is said."""
    with pytest.raises(OneChannelError, match=said):
        recorded(store, choice)


def test_what_is_nothing_together_is_said(store):
    """Each is there, and nothing is both: that is said, too."""
    choice = Choice("di", "i", None)
    entries = timeline(recorded(store, choice), **choice.named)
    with pytest.raises(OneChannelError, match="there is no interaction i of customer di"):
        refuse_empty(entries, store, choice)
    assert list(refuse_empty(iter([1, 2]), store, choice)) == [1, 2]


def test_a_choice_is_of_something():
    """Nothing chosen is no choice."""
    assert not Choice(None, None, None)
    assert Choice(None, None, "j-1")
