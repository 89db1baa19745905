"""TH: what belongs to which conversation, and who has it.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reliability.centres import attempt, of
from tests.reliability.mail import Unlocked, do
from tests.unit.scenes import MINUTE, RING, WRAP_UP, Scene, customer, machine, person, worker

from onechannel import commands as c
from onechannel import events as e
from onechannel.delivery import CommitCycle, Letter, Order
from onechannel.insight import Custody
from onechannel.model.address import Address
from onechannel.model.assignment import Role
from onechannel.model.worker import Capacity
from onechannel.ports import CustomerKnown, LetterState, LineOf
from onechannel.simulation.view import View
from onechannel.stores.memory import MemoryStore

ALBUM = Address.parse("tel:+34600111222")


# -- TH-01: an album ------------------------------------------------------------------------------


PICTURES = st.lists(st.integers(0, 4), min_size=1, max_size=3)


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.tuples(st.integers(0, 2), PICTURES, st.booleans())))
def test_th_01_an_album_is_one_conversation_of_one_customer(deliveries):
    """Given n first messages of somebody unknown, alone or together, to any of three processes.

    Now and then these collide. Then there is one customer, one conversation, and every message in
    it, once.
    """
    store = MemoryStore()
    unlocked = Unlocked(store)
    several = [CommitCycle(unlocked) for _ in range(3)]
    for process, numbers, collides in [*deliveries, (0, [0, 1], False), (1, [2, 3, 4], True)]:
        if collides:
            unlocked.between = lambda other=process + 1, number=numbers[0] + 1: do(
                several[other % 3], picture(number % 5)
            )
        answers = do(several[process], *map(picture, numbers))
        assert {answer.state for answer in answers} == {LetterState.STORED}
    log = list(store.read())
    assert [one.customer for one in of(log, e.CustomerRegistered)] == ["album"]
    assert [one.interaction for one in of(log, e.InteractionArrived)] == ["t"]
    assert of(log, e.InteractionArrived)[0].customer == "album"
    assert sorted(one.text for one in of(log, e.MessageReceived)) == list("01234")


def picture(number: int) -> Letter:
    """One of the messages, as whoever knows nothing of the others reads it."""
    register = c.RegisterCustomer(customer="album", addresses=(ALBUM,))
    arrive = c.Arrive(interaction="t", channel="sms", address=ALBUM)
    say = c.Say(interaction="t", text=str(number))
    orders = (
        Order(register, unless=CustomerKnown("album")),
        Order(arrive, unless=LineOf("t")),
        Order(say),
    )
    return Letter(source="v", id=f"m{number}", orders=orders)


# -- TH-08: whose an item is ----------------------------------------------------------------------


def test_th_08_an_item_stays_its_sender_s():
    """Given a thread in which several write, then each item is its sender's, whoever began it."""
    there = Scene()
    there.queue("main")
    there.knows("ana", "bob", "cleo")
    there.arrives("i", "social", customer="ana", says="my parcel?")
    for name in ("bob", "ana", "cleo"):
        there.ask(c.Say(interaction="i", text="mine too"), actor=customer(name))
    said = there.seen(e.MessageReceived)
    assert [one.author for one in said] == ["ana", "bob", "ana", "cleo"]


def test_th_08_a_merge_changes_no_item_s_sender():
    """Given two who are merged, then what each began is answered where that one was, and is its.

    Unmerged, each has its own again.
    """
    there = Scene()
    there.queue("main")
    there.knows("ana", "bob")
    numbers = {"ana": "tel:+34600111222", "bob": "tel:+34600999888"}
    for name, raw in numbers.items():
        there.arrives(f"of-{name}", "sms", customer=name, address=Address.parse(raw))
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    for name, raw in numbers.items():
        live = {one.id: one for one in there.kernel.snapshot().interactions}[f"of-{name}"]
        assert live.customer == name
        assert live.address == Address.parse(raw).mark


# -- TH-10: side conversations --------------------------------------------------------------------


def delegated() -> Scene:
    """`p` serves ana's `i` and has asked the workshop, where `q` serves `i>1`."""
    there = Scene(person("p"), person("q", department="workshop"))
    there.knows("ana", "bob")
    there.served("i", "p", "email", customer="ana")
    ask = c.Delegate(interaction="i", department="workshop", says="what does a repair cost?")
    there.ask(ask, actor=worker("p"))
    there.accepts("i>1", "q")
    answer = c.Say(interaction="i>1", text="too much", assignment=there.part("i>1", "q"))
    there.ask(answer, actor=worker("q"))
    return there


ASIDE = (
    c.Say(interaction="i>1", text="what?"),
    c.Type(interaction="i>1"),
    c.Leave(interaction="i>1"),
    c.MoveChannel(interaction="i>1", channel="voice"),
    c.RequestCallback(interaction="i>1"),
    c.Escalate(interaction="i>1"),
    c.EditMessage(message="i>1#1", text="what?"),
    c.RetractMessage(message="i>1#2"),
    c.Arrive(interaction="k", channel="email", follows="i>1"),
)


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("command", ASIDE, ids=lambda one: type(one).__name__)
def test_th_10_a_side_conversation_is_never_the_customer_s(command, closed):
    """Given a side conversation, then for its customer it is not there, open or closed.

    Nothing in it is the customer's, and nothing is said to the customer.
    """
    there = delegated()
    if closed:
        there.ask(c.Close(interaction="i>1"))
    for name in ("ana", "bob"):
        assert attempt(there, command, actor=customer(name)) is not None
    side = [one for one in there.seen(e.MessageReceived) if one.interaction == "i>1"]
    assert [one.author for one in side] == [None]
    assert [one.interaction for one in there.seen(e.MessageSent)] == ["i>1"]
    assert [one for one in there.seen(e.InteractionArrived) if one.interaction == "i>1~1"] == []


# -- TH-11: one owner everywhere ------------------------------------------------------------------


def said_to_serve(there: Scene) -> dict[str, str | None]:
    """Who serves `i`, by all who say so."""
    now, view, custody = there.kernel.snapshot(), View(), Custody()
    for event in there.log:
        view.add(event)
        custody.add(event.data)
    live = {one.id: one for one in now.interactions}["i"]
    parts = {one.id: one.worker for one in now.assignments}
    serving = [
        one.seat.worker.id
        for one in now.workers
        for part in now.assignments
        if part.id in one.assignments and part.interaction == "i"
        if part.role is Role.SERVES and part.state in {"active", "held"}
    ]
    shown = view.interactions["i"]
    line = there.custody.lines["i"]
    return {
        "the kernel": parts.get(live.owner or ""),
        "the worker": serving[0] if len(serving) == 1 else None if not serving else "several",
        "a view": shown.parts[shown.owner].worker if shown.owner else None,
        "a report": custody.server_of("i"),
        "the log": None if line.serving is None else there.custody.parts[line.serving].worker,
    }


def consults(there: Scene) -> str:
    """`q` is consulted; gives the part."""
    there.ask(c.Consult(interaction="i", worker="q"))
    return there.accepts("i", "q")


MOVES: dict[str, Callable[[Scene], object]] = {
    "to a worker": lambda there: (
        there.ask(c.Transfer(interaction="i", worker="q", returns_after=MINUTE)),
        there.accepts("i", "q"),
    ),
    "to a queue": lambda there: there.ask(c.Transfer(interaction="i", queue="other")),
    "not taken": lambda there: (
        there.ask(c.Transfer(interaction="i", worker="q", returns_after=MINUTE)),
        there.passes(RING),
    ),
    "consulted": lambda there: there.ask(c.ChangeRole(assignment=consults(there), role="serves")),
    "conferenced": lambda there: (
        there.ask(c.ChangeRole(assignment=consults(there), role="conferenced")),
        there.ask(c.ChangeRole(assignment=there.part("i", "q"), role="serves")),
    ),
    "assigned": lambda there: there.ask(c.Assign(interaction="i", worker="q")),
    "to a machine": lambda there: (
        there.has(machine("m", capacity=Capacity(total=None))),
        there.ask(c.HandBack(interaction="i")),
    ),
    "asleep and back": lambda there: (
        there.ask(c.Sleep(interaction="i")),
        there.ask(c.Reactivate(interaction="i")),
    ),
    "moved": lambda there: there.ask(c.MoveChannel(interaction="i", channel="sms")),
    "gone": lambda there: (there.ask(c.SignOut(worker="p")), there.passes(10 * WRAP_UP)),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_th_11_everybody_says_the_same_of_who_has_it(move):
    """Given any way to hand over, then after each commit all name the same owner, or none."""
    there = Scene(person("p"), person("q"))
    there.queue("other")
    there.served("i", "p", "email")
    asked, advanced = there.ask, there.outage

    def watched(*args, **more):
        made = asked(*args, **more)
        assert len({*said_to_serve(there).values()}) == 1, said_to_serve(there)
        return made

    def watched_outage(at):
        made = advanced(at)
        assert len({*said_to_serve(there).values()}) == 1, said_to_serve(there)
        return made

    there.ask, there.outage = watched, watched_outage
    move(there)
    assert there.custody.wrong == []
