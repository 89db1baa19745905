"""The inbox: what becomes of each letter, and that nothing is lost, doubled or overtaken.

That it holds for any sequence of letters is proved in tests/property/test_mail.py.
"""

import attrs
import pytest
from tests.unit.mail_parts import (
    AT,
    DAY,
    HOUR,
    SECOND,
    again,
    arrivals,
    arrive,
    conserved,
    counted,
    do,
    for_line,
    letter,
    opened,
    said,
    say,
    states,
    tell,
)

from onechannel import commands as c
from onechannel.delivery import (
    CommitCycle,
    Letter,
    Order,
    Received,
    Submission,
    Tidy,
)
from onechannel.delivery.inbox import letter_key
from onechannel.delivery.work import derived_id
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.address import Address
from onechannel.ports import CustomerKnown, HolderOf, LetterState, LineOf

STORED, PARKED = LetterState.STORED, LetterState.PARKED
REFUSED, DEAD = LetterState.REFUSED, LetterState.DEAD
ANA = Address.parse("tel:+34600111222")


@pytest.fixture(params=["memory", "sqlite"])
def store(request):
    """Each store, empty."""
    made = opened(request.param)
    yield made
    made.close()


@pytest.fixture
def cycle(store):
    """A process at it."""
    return CommitCycle(store)


# -- what becomes of a letter ---------------------------------------------------------------------


def test_a_letter_is_served_and_stored(store, cycle):
    """Its commands are in the log, by the vendor; what is stored needs no body any more."""
    assert do(cycle, letter("a", arrive("i"), say("i"), body=b"raw")) == (Received(STORED),)
    (row,) = store.letters(STORED)
    assert (row.orders, row.body, row.reason) == (None, None, None)
    assert (row.received_at, row.changed_at) == (AT, AT)
    assert arrivals(store) == ["i"]
    assert {str(event.origin.actor) for event in store.read()} == {"vendor"}
    assert counted(store) == {"received": 1, "stored": 1}


def test_an_orders_actor_and_time_are_its_own(store, cycle):
    """An adapter may say who did it, and when."""
    worker = Actor(ActorKind.WORKER, "w")
    order = Order(arrive("i"), Actor(ActorKind.CUSTOMER), AT - HOUR)
    do(cycle, Letter(source="v", id="a", orders=[order]))
    arrived = next(event for event in store.read() if event.type == "interaction.arrived")
    assert arrived.origin.actor == order.actor
    assert arrived.occurred_at == AT - HOUR
    assert Order(arrive("i"), worker).actor == worker


def test_a_refused_letter_is_kept_whole(store, cycle):
    """With its body, its commands and the reason; what was served before the refusal stays."""
    absent = letter("a", arrive("i"), c.Leave(interaction="absent"), say("i"), body=b"raw")
    assert do(cycle, absent) == (Received(REFUSED),)
    (row,) = store.letters(REFUSED)
    assert row.body == b"raw"
    assert "absent" in row.reason
    assert row.orders is not None
    assert (arrivals(store), said(store, "i")) == (["i"], [])
    assert counted(store) == {"received": 1, "refused": 1}


def test_a_letter_with_a_fault_is_dead_and_kept(store, cycle):
    """IN-13: what an adapter could not read is kept with its body and the reason."""
    assert do(cycle, letter("a", body=b"\xff\x00", fault="no JSON")) == (Received(DEAD),)
    (row,) = store.letters(DEAD)
    assert (row.body, row.reason) == (b"\xff\x00", "no JSON")
    assert counted(store) == {"received": 1, "dead": 1}


def test_a_letter_that_means_nothing_is_stored(store, cycle):
    """A vendor's ping is no fault."""
    assert do(cycle, letter("a")) == (Received(STORED),)
    assert counted(store) == {"received": 1, "stored": 1}
    assert store.last_position == 0


@pytest.mark.parametrize(
    "awaits",
    [LineOf("i"), HolderOf(ANA.key), CustomerKnown("ana")],
    ids=["interaction", "key", "customer"],
)
def test_a_letter_waits_for_what_it_refers_to(store, cycle, awaits):
    """IN-12: it is parked with its body, and taken up in the commit that makes it known."""
    assert do(cycle, letter("a", say("i", "early"), awaits=awaits, body=b"raw")) == (
        Received(PARKED),
    )
    (row,) = store.letters(PARKED)
    assert (row.body, row.reason) == (b"raw", "waits for what it refers to")
    assert counted(store) == {"received": 1, "parked": 1}
    known = {
        LineOf: [arrive("i")],
        HolderOf: [arrive("i"), c.RegisterCustomer(customer="bo", addresses=[ANA])],
        CustomerKnown: [arrive("i"), c.RegisterCustomer(customer="ana")],
    }[type(awaits)]
    tell(cycle, *known)
    assert said(store, "i") == ["early"]
    assert counted(store) == {"received": 1, "stored": 1}
    (row,) = store.letters(STORED)
    assert (row.orders, row.body, row.reason) == (None, None, None)


def test_a_letter_is_kept_from_when_it_was_stored(store, cycle):
    """IN-06: the days for which it is known begin when it is done, not when it came."""
    do(cycle, for_line("a", "i"))
    tell(cycle, arrive("i"), at=AT + HOUR)
    (row,) = store.letters(STORED)
    assert (row.received_at, row.changed_at) == (AT, AT + HOUR)


def test_what_is_known_is_not_waited_for(store, cycle):
    """From an earlier cycle, or from earlier in this one."""
    tell(cycle, arrive("i"))
    answers = do(
        cycle,
        for_line("a", "i", say("i", "1")),
        letter("b", arrive("j")),
        for_line("c", "j", say("j", "2")),
    )
    assert answers == (Received(STORED),) * 3
    assert (said(store, "i"), said(store, "j")) == (["1"], ["2"])


# -- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart", ["one cycle", "cycles", "processes"])
def test_a_copy_does_nothing(store, apart):
    """IN-01: k copies in any grouping, over any processes: one effect, and each is answered."""
    one = letter("a", arrive("i"), body=b"raw")
    if apart == "one cycle":
        answers = do(CommitCycle(store), one, one, one)
    else:
        shared = CommitCycle(store)
        cycles = [shared] * 3 if apart == "cycles" else [CommitCycle(store) for _ in range(3)]
        answers = tuple(do(each, one)[0] for each in cycles)
    assert answers == (Received(STORED), *[Received(STORED, repeated=True)] * 2)
    assert arrivals(store) == ["i"]
    assert counted(store) == {"received": 3, "stored": 1, "duplicate": 2}


def test_a_delivery_that_comes_twice_is_one(store, cycle, monkeypatch):
    """Though the item has another id the second time; in one cycle or in several."""
    monkeypatch.setattr(CommitCycle, "_apart", None)  # nothing fails on the way
    first = letter("a", arrive("i"), delivery="1")
    other = letter("b", arrive("j"), delivery="1")
    assert do(cycle, first, other) == (Received(STORED), Received(STORED, repeated=True))
    assert do(cycle, attrs.evolve(other, id="c")) == (Received(STORED, repeated=True),)
    assert do(cycle, attrs.evolve(first, delivery="2")) == (Received(STORED, repeated=True),)
    assert arrivals(store) == ["i"]
    assert counted(store) == {"received": 4, "stored": 1, "duplicate": 3}


def test_a_letter_is_not_lost_for_a_copy_that_names_another_delivery(store, cycle):
    """IN-04: whether it came before is asked of each copy by itself."""
    do(cycle, letter("other", arrive("j"), delivery="1"))
    one = letter("a", arrive("i"))
    answers = do(cycle, one, attrs.evolve(one, delivery="1"))
    assert answers == (Received(STORED), Received(STORED, repeated=True))
    assert arrivals(store) == ["j", "i"]


def test_ids_are_those_of_a_source(store, cycle):
    """SE-08: what one source calls by the same ids is another letter, and another command."""
    do(
        cycle,
        letter("b:c", arrive("i"), source="a", delivery="1"),
        letter("c", arrive("j"), source="a:b", delivery="1"),
        letter("b:c", arrive("k"), source="a:", delivery="1"),
    )
    assert arrivals(store) == ["i", "j", "k"]


def test_a_copy_is_answered_with_what_became_of_the_first(store, cycle):
    """Parked, refused or dead: whoever sent it need not send it again."""
    for one, state in (
        (for_line("p", "absent"), PARKED),
        (letter("r", c.Leave(interaction="absent")), REFUSED),
        (letter("d", fault="no JSON"), DEAD),
    ):
        assert do(cycle, one, one) == (Received(state), Received(state, repeated=True))
        assert do(cycle, one) == (Received(state, repeated=True),)
    assert conserved(store)


def test_only_a_repetition_came(store, cycle):
    """IN-05: a copy whose first never arrived is the first; what counts is who it is."""
    assert do(cycle, letter("a", arrive("i"), delivery="the third try")) == (Received(STORED),)
    assert arrivals(store) == ["i"]


def test_a_copy_of_what_was_forgotten_does_nothing(store, cycle):
    """IN-06: it is known for eight days; after that its commands' ids still are."""
    one = letter("a", arrive("i"), say("i"))
    do(cycle, one)
    do(cycle, Tidy(), at=AT + 8 * DAY)
    assert do(cycle, one, at=AT + 8 * DAY) == (Received(STORED, repeated=True),)
    do(cycle, Tidy(), at=AT + 8 * DAY + SECOND)
    assert store.letters(STORED) == ()
    assert do(cycle, one, at=AT + 9 * DAY) == (Received(STORED),)
    assert (arrivals(store), said(store, "i")) == (["i"], ["hello"])
    assert counted(store) == {"received": 3, "stored": 2, "duplicate": 1}


def test_only_what_is_stored_is_forgotten(store, cycle):
    """Whatever still has to be looked at stays, however old it is."""
    do(cycle, letter("r", c.Leave(interaction="absent")), letter("d", fault="x"), letter("s"))
    do(cycle, Tidy(), at=AT + 99 * DAY)
    assert states(store) == {"r": "refused", "d": "dead"}


def test_a_letters_commands_have_its_ids(store, cycle):
    """IN-04: what was done before a fault is not done again, and the rest is done."""
    key = letter_key("v", "a")
    do(cycle, Submission(arrive("i"), derived_id(key, 1)))
    assert do(cycle, letter("a", arrive("i"), say("i"))) == (Received(STORED),)
    assert (arrivals(store), said(store, "i")) == (["i"], ["hello"])


def test_long_ids_stay_apart(store, cycle):
    """Two ids that differ in their last character only, as long as they may be."""
    stem = "x" * 999
    source = "v" * 200
    do(
        cycle,
        letter(f"{stem}1", arrive("i"), source=source),
        letter(f"{stem}2", arrive("j"), source=source),
        letter(f"{stem}1", arrive("k"), source=source),
    )
    assert arrivals(store) == ["i", "j"]


def test_a_vendors_id_is_not_told():
    """It may hold an address: neither the log nor a message shows it as a command's id."""
    canary = "<canary@example.com>"
    key = derived_id(letter_key("mailbox", canary), 1)
    assert "canary" not in key
    assert len(key) <= 200
    assert key == derived_id(letter_key("mailbox", canary), 1)
    assert key != derived_id(letter_key("mailbox", canary), 2)
    assert letter_key("a", "bc") != letter_key("ab", "c")


# -- conversations --------------------------------------------------------------------------------


def test_a_letter_that_waits_keeps_the_later_ones_back(store, cycle):
    """Letters of one conversation are taken in the order they came; others go on."""
    do(cycle, for_line("a", "i", say("i", "1"), conversation="c"))
    answers = do(
        cycle,
        letter("b", say("i", "2"), conversation="c"),
        letter("b", arrive("other"), conversation="c", source="w"),
        letter("d", arrive("apart")),
        letter("e", arrive("another"), conversation="e"),
    )
    assert answers == (Received(PARKED), *[Received(STORED)] * 3)
    assert {row.reason for row in store.letters(PARKED)} == {
        "waits for what it refers to",
        "waits behind an earlier letter of its conversation",
    }
    do(cycle, for_line("f", "i", say("i", "3"), conversation="c"))
    tell(cycle, arrive("i"))
    assert said(store, "i") == ["1", "2", "3"]
    assert conserved(store)


def test_a_conversation_goes_on_up_to_the_next_that_has_to_wait(store, cycle):
    """What is known lets it go on; what is not holds it again."""
    do(
        cycle,
        for_line("a", "i", say("i", "1"), conversation="c"),
        letter("b", say("i", "2"), conversation="c"),
        for_line("d", "j", say("j", "3"), conversation="c"),
        for_line("e", "i", say("i", "4"), conversation="c"),
    )
    tell(cycle, arrive("i"))
    assert said(store, "i") == ["1", "2"]
    assert states(store) == {"a": "stored", "b": "stored", "d": "parked", "e": "parked"}
    do(cycle, letter("f", say("i", "5"), conversation="c"))
    tell(cycle, arrive("j"), prefix="t")
    assert (said(store, "i"), said(store, "j")) == (["1", "2", "4", "5"], ["3"])
    assert conserved(store)


@pytest.mark.parametrize("grouped", [True, False])
def test_letters_that_wait_for_the_same_are_taken_in_order(store, cycle, grouped, monkeypatch):
    """Of one conversation or of several, by whatever made it known, in its commit."""
    monkeypatch.setattr(CommitCycle, "_apart", None)  # nothing fails on the way
    waiting = [
        for_line(f"{at}", "i", say("i", f"{at}"), conversation=talk)
        for at, talk in enumerate(("c", None, "c", "e", "c", None))
    ]
    for group in [waiting] if grouped else [[one] for one in waiting]:
        do(cycle, *group)
    assert do(CommitCycle(store), letter("x", arrive("i"))) == (Received(STORED),)
    spoken = said(store, "i")
    assert sorted(spoken) == [*"012345"]
    assert [text for text in spoken if text in "024"] == [*"024"]
    assert conserved(store)


def test_a_refused_or_dead_letter_keeps_nobody_back(store, cycle):
    """Its conversation goes on without it."""
    do(
        cycle,
        for_line("a", "i", c.Leave(interaction="absent"), conversation="c"),
        letter("b", say("i", "2"), conversation="c"),
        letter("x", conversation="e", fault="no JSON"),
        letter("y", conversation="e"),
    )
    tell(cycle, arrive("i"))
    assert states(store) == {"a": "refused", "b": "stored", "x": "dead", "y": "stored"}
    assert said(store, "i") == ["2"]


def test_a_chain_of_waiting_letters_is_released_in_one_commit(store, cycle):
    """What one makes known releases the next, however many there are, whichever came first."""
    links = [for_line(f"{at}", f"i{at}", arrive(f"i{at + 1}")) for at in range(30)]
    do(cycle, *links[::-1])
    turnout = cycle.run([letter("first", arrive("i0"))], lambda: AT)
    assert arrivals(store) == [f"i{at}" for at in range(31)]
    assert [event.subject("interaction") for event in turnout.events][-1] == "i30"
    assert counted(store) == {"received": 31, "stored": 31}


@pytest.mark.parametrize("by", ["letter", "command", "replay", "answer"])
def test_whatever_makes_it_known_releases(store, cycle, by):
    """A letter, a plain command, a replay: whoever serves it, in whatever process."""
    other = CommitCycle(store)
    do(cycle, for_line("a", "i", say("i", "early")))
    if by == "letter":
        do(other, letter("b", arrive("i")))
    elif by == "command":
        tell(other, arrive("i"))
    elif by == "replay":
        do(cycle, letter("b", fault="no JSON", body=b"raw"))
        do(other, again("b", arrive("i")))
    else:
        do(other, [Submission(arrive("i"), "r")])
    assert said(store, "i") == ["early"]
    assert conserved(store)
