"""What a cycle makes known, and what passes through it without a trace."""

import pytest
from tests.unit.test_delivery import SET_UP, arrive, ringing_centre, run, serve

from onechannel import commands as c
from onechannel.codec import snapshot_to_json
from onechannel.delivery import CommitCycle, Refused, Served
from onechannel.events import TypingNoticed
from onechannel.kernel import Kernel
from onechannel.model.address import Address
from onechannel.ports import HolderOf
from onechannel.stores.memory import MemoryStore

# -- what is not kept -----------------------------------------------------------------------------


def test_what_passes_is_given_and_not_kept():
    """That somebody is typing goes to whoever asked for the cycle, and never into the log."""
    store = MemoryStore()
    cycle = ringing_centre(store)
    serve(cycle, c.Accept(assignment="i/1"), prefix="t")
    end = store.last_position
    turnout = run(
        cycle,
        [("by ana", c.Type(interaction="i")), ("words", c.Say(interaction="i", text="hello"))],
        [("by marc", c.Type(interaction="i", assignment="i/1"))],
    )
    assert [event.data for event in turnout.passing] == [
        TypingNoticed("i", None),
        TypingNoticed("i", "i/1"),
    ]
    assert [event.position for event in turnout.passing] == [end, end + 1]
    assert [event.type for event in turnout.events] == ["message.received"]
    assert turnout.answers == ((Served(0, 0), Served(end + 1, end + 1)), (Served(0, 0),))
    assert list(store.read(end)) == list(turnout.events)


@pytest.mark.parametrize("opened_again", [False, True])
def test_what_passes_passes_once(opened_again):
    """A command that made nothing to be kept is remembered all the same, by every process."""
    store = MemoryStore()
    cycle = ringing_centre(store)
    chain = [("typing", c.Type(interaction="i"))]
    first = run(cycle, chain, chain)
    assert first.answers == ((Served(0, 0),), (Served(0, 0, repeated=True),))
    assert (len(first.passing), first.events) == (1, ())
    again = run(CommitCycle(store) if opened_again else cycle, chain)
    assert (again.answers, again.passing) == (((Served(0, 0, repeated=True),),), ())


def test_what_passes_is_not_replayed():
    """A replica that stood by while somebody typed stands where one does that was told nothing."""
    store = MemoryStore()
    cycle, other = ringing_centre(store), CommitCycle(store)
    run(cycle, [("typing", c.Type(interaction="i"))])
    run(other)
    assert snapshot_to_json(other.kernel.snapshot()) == snapshot_to_json(cycle.kernel.snapshot())
    assert Kernel.replay(store.read()).position == SET_UP


# -- keys -----------------------------------------------------------------------------------------

PHONE, MAIL = Address.parse("tel:+34600111222"), Address.parse("mailto:ana@example.com")


def registered(*customers):
    """A store and its cycle, with these customers; the first is known by a telephone."""
    store = MemoryStore()
    cycle = CommitCycle(store)
    for number, customer in enumerate(customers):
        addresses = () if number else (PHONE,)
        command = c.RegisterCustomer(customer=customer, addresses=addresses)
        serve(cycle, command, prefix=customer)
    return store, cycle


def held(store, *addresses):
    """Whom each address denotes, as far as the store knows."""
    with store.session() as session:
        answers = session.lookup([HolderOf(address.key) for address in addresses])
    return [answers[HolderOf(address.key)] for address in addresses]


def outcomes(turnout):
    """What became of each chain's first submission: who arrived by it, or why it was refused."""
    arrived = {
        event.origin.command: event.data.customer
        for event in turnout.events
        if event.type == "interaction.arrived"
    }
    return [
        str(chain[0].error) if isinstance(chain[0], Refused) else arrived.get(f"r{number}")
        for number, chain in enumerate(turnout.answers)
    ]


def at_once(cycle, *commands):
    """One cycle, each command in a chain of its own."""
    return run(cycle, *([(f"r{number}", one)] for number, one in enumerate(commands)))


def test_an_address_linked_in_a_cycle_is_known_in_it():
    """Whoever arrives by it later in the same cycle is that customer; so afterwards."""
    store, cycle = registered("ana")
    link = c.LinkAddress(customer="ana", address=MAIL)
    turnout = at_once(cycle, arrive("i", address=MAIL), link, arrive("j", address=MAIL), link)
    assert outcomes(turnout) == [None, None, "ana", None]
    assert [event.type for event in turnout.events].count("customer.linked") == 1
    assert held(store, PHONE, MAIL) == ["ana", "ana"]


def test_an_address_unlinked_in_a_cycle_is_nobodys_in_it():
    """From there on, in the same cycle and after it, it denotes nobody, and may be given again."""
    store, cycle = registered("ana", "bo")
    unlink = c.UnlinkAddress(customer="ana", address=PHONE)
    link = c.LinkAddress(customer="bo", address=PHONE)
    turnout = at_once(cycle, unlink, arrive("i", address=PHONE), unlink)
    assert outcomes(turnout)[:2] == [None, None]
    assert "not customer ana's" in outcomes(turnout)[2]
    assert held(store, PHONE) == [None]
    serve(cycle, link, prefix="later")
    assert held(store, PHONE) == ["bo"]


def test_an_address_changes_hands_within_a_cycle():
    """Unlinked, linked to another and back: each decision sees the one before; the last stays."""
    store, cycle = registered("ana", "bo")
    commands = [
        *(
            c.LinkAddress(customer="bo", address=PHONE),
            c.UnlinkAddress(customer="bo", address=PHONE),
        ),
        c.UnlinkAddress(customer="ana", address=PHONE),
        *(c.LinkAddress(customer="bo", address=PHONE), arrive("i", address=PHONE)),
        *(c.UnlinkAddress(customer="bo", address=PHONE), arrive("j", address=PHONE)),
        *(c.LinkAddress(customer="ana", address=PHONE), arrive("k", address=PHONE)),
    ]
    found = outcomes(at_once(cycle, *commands))
    assert "is customer ana's" in found[0]
    assert "not customer bo's" in found[1]
    assert found[2:] == [None, None, "bo", None, None, None, "ana"]
    assert held(store, PHONE) == ["ana"]


def test_an_address_made_and_freed_in_a_cycle_is_nobodys():
    """What the store never had is not missed: linked and unlinked in one cycle, it is as before."""
    store, cycle = registered("ana")
    both = [kind(customer="ana", address=MAIL) for kind in (c.LinkAddress, c.UnlinkAddress)]
    assert all(isinstance(chain[0], Served) for chain in at_once(cycle, *both).answers)
    assert held(store, MAIL, PHONE) == [None, "ana"]


def test_a_reference_named_in_a_cycle_is_known_in_it():
    """A receipt that tells what a reference is for is heard by the next one of the same cycle."""
    store = MemoryStore()
    cycle = ringing_centre(store)
    serve(
        cycle,
        c.Accept(assignment="i/1"),
        c.Say(interaction="i", text="hello", assignment="i/1"),
        prefix="t",
    )
    turnout = at_once(
        cycle,
        c.ReportDelivery(state="read", reference="SM1"),
        c.ReportDelivery(state="sent", message="i#1", reference="SM1"),
        c.ReportDelivery(state="delivered", reference="SM1"),
    )
    assert [event.type for event in turnout.events] == [
        "receipt.parked",
        "message.identified",
        *["message.reported"] * 3,
    ]
    run(cycle, [("later", c.ReportDelivery(state="failed", reference="SM1"))])
    states = [event.data.state for event in store.read() if event.type == "message.reported"]
    assert states == ["read", "sent", "delivered", "failed"]


def test_no_address_is_a_reference():
    """A vendor's reference that looks like an address denotes a message, and no customer."""
    _, cycle = registered("ana")
    turnout = at_once(cycle, c.ReportDelivery(state="sent", reference=PHONE.key))
    assert [event.type for event in turnout.events] == ["receipt.parked"]
