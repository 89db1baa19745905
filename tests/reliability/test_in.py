"""IN: what comes in is taken once, whatever comes twice, late or broken.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reliability.centres import of, processes, serve, submit
from tests.reliability.mail import (
    DAY,
    HOUR,
    MINUTE,
    Blind,
    Failing,
    Unlocked,
    counted,
    do,
    kept,
    letter,
    said,
)
from tests.unit.scenes import RING, SECOND, Scene, person

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import event_to_json
from onechannel.delivery import (
    BODY_LIMIT,
    CommitCycle,
    Failed,
    Letter,
    Received,
    Refused,
    Replay,
    Served,
    Submission,
    Tidy,
)
from onechannel.errors import InvalidValue, StoreFault
from onechannel.kernel import Kernel
from onechannel.model.checks import TEXT_LIMIT
from onechannel.model.message import Delivery
from onechannel.model.worker import Worker
from onechannel.ports import LetterState, LineOf
from onechannel.simulation.view import View
from onechannel.stores.memory import MemoryStore
from onechannel.testing.strategies import START

FEW = settings(max_examples=settings().max_examples // 2)


def thread(store) -> None:
    """There is a thread `t`."""
    serve(*processes(store, 1), c.Arrive(interaction="t", channel="sms"), prefix="thread")


def message(name: str, **more: object) -> Letter:
    """A message in the thread, which says its own id."""
    return letter(name, c.Say(interaction="t", text=name), **more)


# -- IN-01, IN-02, IN-08, IN-19: once -------------------------------------------------------------

COPIES = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.integers(0, 3), min_size=1, max_size=4)),
    min_size=2,
    max_size=10,
)


@FEW
@given(COPIES)
def test_in_01_whatever_comes_k_times_happens_once(deliveries):
    """Given copies of a few letters, delivered alone or together to any of three processes.

    Then every delivery is answered as received, and each letter has happened once.
    """
    store = MemoryStore()
    several, new = processes(store, 3), set()
    for process, numbers in deliveries:
        copies = [
            letter(f"{number}", c.Arrive(interaction=f"i{number}", channel="sms", says="hello"))
            for number in numbers
        ]
        answers = do(several[process], *copies)
        assert {*map(type, answers)} == {Received}
        for number, answer in zip(numbers, answers, strict=True):
            assert answer == Received(LetterState.STORED, repeated=number in new)
            new.add(number)
    arrived = [one.interaction for one in of(store.read(), e.InteractionArrived)]
    assert sorted(arrived) == sorted(f"i{number}" for number in new)
    assert len(said(store)) == len(new)


def test_in_01_every_copy_is_taken_by_any_process(store):
    """The same of each store: three processes, each of which gets each message three times."""
    thread(store)
    several = processes(store, 3)
    for turn in range(9):
        answers = do(several[turn % 3], *(message(f"m{number}") for number in range(4)))
        assert answers == (Received(LetterState.STORED, repeated=turn > 0),) * 4
    assert said(store) == ["m0", "m1", "m2", "m3"]


def test_in_02_the_guard_is_what_is_committed_with_the_row(store):
    """Given a process that does not see what another has just written, when it takes a copy.

    Then nothing is kept twice: the guard is unique in the store, and no lock or look before.
    """
    thread(store)
    one, blind = CommitCycle(store), CommitCycle(Blind(store))
    for cycle in (one, blind):
        do(cycle, message("m"), letter("empty"), Submission(c.Say(interaction="t", text="s"), "s"))
    assert said(store) == ["m", "s"]
    assert counted(store)["stored"] == 2
    assert kept(store) == {"m": "stored", "empty": "stored"}


def test_in_08_ids_are_derived_and_never_made_up():
    """Given the same letters, then any centre makes the same log, with the same ids."""
    logs = []
    for _ in range(2):
        store = MemoryStore()
        cycle = CommitCycle(store)
        for name in ("a", "b"):
            do(cycle, letter(name, c.Arrive(interaction=name, channel="sms", about="card")))
        logs.append([event_to_json(event) for event in store.read()])
    assert logs[0] == logs[1]


def test_in_08_the_same_id_of_two_sources_is_two(store):
    """Given two accounts with the same message id, then both messages are kept; each once."""
    thread(store)
    (cycle,) = processes(store, 1)
    for source in ("account-1", "account-2", "account-1"):
        do(cycle, message("m", source=source))
    assert said(store) == ["m", "m"]


@pytest.mark.parametrize("together", [True, False])
def test_in_19_a_command_given_twice_is_done_once(together, store):
    """Given a client on a weak link sends its command again, then one message goes out."""
    one, other = processes(store, 2)
    serve(
        one,
        c.DefineWorker(worker=Worker(id="p")),
        c.SignIn(worker="p"),
        c.Arrive(interaction="i", channel="sms"),
        c.Accept(assignment="i/1"),
    )
    say = Submission(c.Say(interaction="i", text="hello", assignment="i/1"), "client-7")
    answers = do(one, say, say) if together else (*do(one, say), *do(other, say))
    assert [answer.repeated for answer in answers] == [False, True]
    assert answers[0].first == answers[1].first
    assert len(of(store.read(), e.MessageSent)) == 1


# -- IN-04, IN-13, IN-15: nothing is lost ---------------------------------------------------------


@pytest.mark.parametrize("fails", ["before", "after"])
def test_in_04_what_failed_after_it_was_seen_is_not_taken_for_done(fails, store):
    """Given the commit fails, or nobody is told that it did not, when the letter comes again.

    Then it is taken, once: the mark and what it does are kept together, or neither is.
    """
    failing = Failing(store)
    cycle = CommitCycle(failing)
    arrival = letter("m", c.Arrive(interaction="t", channel="sms", says="hello"))
    assert cycle.kernel.position == 0
    setattr(failing, fails, 1)
    with pytest.raises(StoreFault):
        do(cycle, arrival)
    (answer,) = do(cycle, arrival)
    assert answer == Received(LetterState.STORED, repeated=fails == "after")
    assert said(store) == ["hello"]
    assert kept(store) == {"m": "stored"}


@pytest.fixture
def poisonous(monkeypatch):
    """Let some words break whatever decides."""
    handle = Kernel.handle

    def breaks(self, request, facts=None):
        if isinstance(request.command, c.Say) and "poison" in request.command.text:
            raise ZeroDivisionError
        return handle(self, request, facts)

    monkeypatch.setattr(Kernel, "handle", breaks)


@pytest.mark.usefixtures("poisonous")
@pytest.mark.parametrize("place", [0, 2, 4])
def test_in_13_a_poisonous_item_costs_itself_alone(place, store):
    """Given a batch with one item that breaks whoever handles it, then all others are stored.

    That one is a dead letter, with its body as it came.
    """
    thread(store)
    (cycle,) = processes(store, 1)
    batch = [message(f"m{number}") for number in range(4)]
    batch.insert(place, letter("bad", c.Say(interaction="t", text="poison"), body=b"\xff raw"))
    answers = do(cycle, *batch)
    assert answers.count(Received(LetterState.STORED)) == 4
    assert answers[place] == Received(LetterState.DEAD)
    assert said(store) == ["m0", "m1", "m2", "m3"]
    (dead,) = store.letters(LetterState.DEAD)
    assert (dead.id, dead.body) == ("bad", b"\xff raw")


KINDS = ("fine", "refused", "poison", "broken", "parked", "parked for what comes")


def any_letter(kind: str, number: int) -> Letter:
    """A letter of that kind."""
    name = f"{kind} {number}"
    if kind == "broken":
        return Letter(source="v", id=name, fault="not JSON", body=b"{")
    if kind == "parked":
        return message(name, awaits=LineOf("never"))
    if kind == "parked for what comes":
        return message(name, awaits=LineOf("later"))
    text = "poison" if kind == "poison" else name
    return letter(name, c.Say(interaction="nowhere" if kind == "refused" else "t", text=text))


@pytest.mark.usefixtures("poisonous")
@pytest.mark.parametrize("seed", range(4))
def test_in_15_whatever_is_received_is_somewhere(seed, store):
    """Given letters of every kind, copies, and exceptions between receipt and commit.

    Then received = stored + duplicate + parked + refused + dead, at all times.
    """
    thread(store)
    failing = Failing(store)
    cycle = CommitCycle(failing)
    assert cycle.kernel.position > 0
    given_letters = 0
    for turn in range(12):
        numbers = [(turn * 7 + seed * 5 + step * step) % 18 for step in range(3)]
        batch = [any_letter(KINDS[number % 6], number // 6) for number in numbers]
        failing.before = turn % 4 == seed
        with_fault = bool(failing.before)
        try:
            do(cycle, *batch)
        except StoreFault:
            assert with_fault
            do(cycle, *batch)
        given_letters += len(batch)
        if turn == 8:
            serve(cycle, c.Arrive(interaction="later", channel="sms"), prefix="later")
            do(cycle, Tidy(), at=START + 2 * DAY)
        refuse_loss(store, given_letters)


def refuse_loss(store, received: int) -> None:
    """All that came is counted, and is where it is counted."""
    tally, where = counted(store), [*kept(store).values()]
    assert tally["received"] == received
    states = ("stored", "parked", "refused", "dead")
    assert received == tally["duplicate"] + sum(tally[state] for state in states)
    assert {state: tally[state] for state in states} == {
        state: where.count(state) for state in states
    }


# -- IN-05, IN-06: repetitions --------------------------------------------------------------------


def test_in_05_a_repetition_whose_first_never_came_is_the_first(store):
    """Given only the vendor's third try arrives, then it is taken like a first.

    What tells a copy is what it is, and the number of its delivery only beside that.
    """
    thread(store)
    (cycle,) = processes(store, 1)
    assert do(cycle, message("m", delivery="try-3")) == (Received(LetterState.STORED),)
    again = (message("m", delivery="try-4"), message("m"), message("x", delivery="try-3"))
    assert do(cycle, *again) == (Received(LetterState.STORED, repeated=True),) * 3
    assert said(store) == ["m"]


LAST_TRY = {
    "Slack": 6 * MINUTE,
    "Twilio": 4 * HOUR,
    "Stripe": 3 * DAY,
    "Meta": 7 * DAY,
    "Meta, by a clock that is slow": 7 * DAY + 20 * HOUR,
}


@pytest.mark.parametrize("late", LAST_TRY.values(), ids=LAST_TRY)
def test_in_06_the_last_repetition_of_any_vendor_is_known(late, store):
    """Given a vendor whose last try is at R, when a copy comes at R or any time before it.

    Then it is known as one, though the inbox was tidied all the while.
    """
    (cycle,) = processes(store, 1)
    do(cycle, letter("m"))
    for number in range(1, 9):
        now = START + late * number / 8
        do(cycle, Tidy(), at=now)
        assert do(cycle, letter("m"), at=now) == (Received(LetterState.STORED, repeated=True),)


def test_in_06_after_that_it_is_let_go_and_still_does_nothing_twice(store):
    """Given nobody repeats it any more, then its row goes; what it did is not done again."""
    thread(store)
    (cycle,) = processes(store, 1)
    do(cycle, message("m"))
    do(cycle, Tidy(), at=START + 9 * DAY)
    assert kept(store) == {}
    do(cycle, message("m"), at=START + 9 * DAY)
    assert said(store) == ["m"]


# -- IN-10, IN-12: receipts -----------------------------------------------------------------------


def sent() -> Scene:
    """`p` has sent `i#1`."""
    there = Scene(person("p"))
    there.served("i", "p", "sms")
    there.ask(c.Say(interaction="i", text="hello", assignment="i/1"))
    return there


def delivery(there: Scene) -> Delivery | None:
    """How far it got, as it is shown."""
    view = View()
    for event in there.log:
        view.add(event)
    return view.interactions["i"].messages["i#1"].delivery


FURTHEST = [
    (("sent", "delivered", "read"), "read"),
    (("sent", "failed", "delivered"), "delivered"),
    (("sent", "delivered", "delivered", "sent"), "delivered"),
    (("sent", "failed"), "failed"),
]


@pytest.mark.parametrize(("receipts", "furthest"), FURTHEST)
def test_in_10_the_order_of_receipts_does_not_matter(receipts, furthest):
    """Given any order and repetition of receipts, then it got as far as the furthest of them."""
    for order in {*permutations(receipts)}:
        there = sent()
        for state in order:
            there.ask(c.ReportDelivery(state=state, message="i#1"))
        assert delivery(there) == furthest


@pytest.mark.parametrize("late", [0, 3600, 86_000])
def test_in_12_a_receipt_that_is_too_early_waits(late):
    """Given receipts before it is known what for, then they are joined with it when it is."""
    there = sent()
    for state in ("delivered", "read"):
        there.ask(c.ReportDelivery(state=state, reference="v-1"))
    assert delivery(there) is None
    there.ask(c.ReportDelivery(state="sent", message="i#1", reference="v-1"), after=late)
    assert delivery(there) is Delivery.READ
    assert there.seen(e.ReceiptUnmatched) == []
    there.passes(2 * DAY)
    assert there.seen(e.ReceiptUnmatched) == []


def test_in_12_a_receipt_for_nothing_is_reported():
    """Given nothing it is for is ever known, then after a day that is said, and not dropped."""
    there = sent()
    there.ask(c.ReportDelivery(state="delivered", reference="v-1"))
    there.passes(DAY - SECOND)
    assert there.seen(e.ReceiptUnmatched) == []
    there.passes(SECOND)
    assert [one.reference for one in there.seen(e.ReceiptUnmatched)] == ["v-1"]


# -- IN-22: limits --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 4_001, 70_000, BODY_LIMIT])
def test_in_22_nothing_is_cut_short(size, store):
    """Given a body or a text of any size up to the limit, then it is kept whole."""
    body, text = bytes(number % 251 for number in range(size)), "ñ" * min(size, TEXT_LIMIT)
    (cycle,) = processes(store, 1)
    do(cycle, Letter(source="v", id="m", fault="not JSON", body=body))
    do(cycle, letter("t", c.Arrive(interaction="t", channel="sms", says=text)))
    (row,) = store.letters(LetterState.DEAD)
    assert row.body == body
    assert said(store) == [text]


def test_in_22_what_is_beyond_the_limit_is_refused_whole():
    """Given more than the limit, then it is refused before anything of it is taken."""
    with pytest.raises(InvalidValue, match=f"has {BODY_LIMIT + 1} bytes; the limit is"):
        letter("m", body=bytes(BODY_LIMIT + 1))
    with pytest.raises(InvalidValue, match=f"has {TEXT_LIMIT + 1} characters; the limit is"):
        c.Say(interaction="t", text="x" * (TEXT_LIMIT + 1))


# -- IN-24: replay --------------------------------------------------------------------------------


def test_in_24_what_was_rejected_is_replayed_by_one_command(store):
    """Given a refused letter, then its raw form is there, and one command tries it again.

    However often that is given, it happens once.
    """
    (cycle,) = processes(store, 1)
    (answer,) = do(cycle, message("m", body=b"raw"))
    assert answer == Received(LetterState.REFUSED)
    (row,) = store.letters(LetterState.REFUSED)
    assert (row.body, bool(row.reason)) == (b"raw", True)
    replay = Replay(source="v", id="m")
    assert do(cycle, replay) == (Received(LetterState.REFUSED),)
    thread(store)
    assert do(cycle, replay, replay) == (
        Received(LetterState.STORED),
        Received(LetterState.STORED, repeated=True),
    )
    assert do(cycle, replay) == (Received(LetterState.STORED, repeated=True),)
    assert said(store) == ["m"]
    assert isinstance(do(cycle, Replay(source="v", id="unknown"))[0], Refused)


def test_in_24_what_was_not_understood_is_replayed_as_somebody_reads_it(store):
    """Given a dead letter that meant nothing to us, then it is tried with what it does mean."""
    thread(store)
    (cycle,) = processes(store, 1)
    do(cycle, Letter(source="v", id="m", body=b"{", fault="not JSON"))
    assert isinstance(do(cycle, Replay(source="v", id="m"))[0], Refused)
    replay = Replay(source="v", id="m", orders=message("m").orders)
    do(cycle, replay, replay)
    do(cycle, replay)
    assert said(store) == ["m"]
    assert kept(store) == {"m": "stored"}


# -- IN-25: one conversation, many writers --------------------------------------------------------


@FEW
@given(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.booleans())
def test_in_25_writers_who_collide_are_put_into_one_order(writers, rings):
    """Given writers of one conversation who append between each other's reading and commit.

    And a deadline that falls due meanwhile: then each is served in some order, and none is lost.
    """
    store = MemoryStore()
    unlocked = Unlocked(store)
    several = [CommitCycle(unlocked) for _ in range(3)]
    serve(
        several[0],
        c.DefineWorker(worker=Worker(id="p")),
        c.SignIn(worker="p"),
        c.Arrive(interaction="t", channel="sms"),
    )
    at = START + (RING if rings else timedelta(0))
    others = CommitCycle(store)
    for number, writer in enumerate(writers):
        between = c.Say(interaction="t", text=f"between {number}")
        unlocked.between = lambda number=number, between=between: submit(
            others, between, f"between {number}", at=at
        )
        own = c.Say(interaction="t", text=f"own {number}")
        answer = submit(several[writer], own, f"own {number}", at=at)
        assert isinstance(answer, Served)
        assert [event.data.text for event in store.read(answer.first - 1, 1)] == [f"own {number}"]
    wanted = [f"{who} {number}" for number in range(len(writers)) for who in ("between", "own")]
    assert said(store) == wanted
    assert len(of(store.read(), e.AssignmentExpired)) == rings
    assert Kernel.replay(store.read()).position == store.last_position


def test_in_25_what_fails_among_writers_is_answered(store):
    """Given several commands in one cycle, then each has an answer of its own."""
    thread(store)
    (cycle,) = processes(store, 1)
    answers = do(
        cycle,
        Submission(c.Say(interaction="t", text="a"), "a"),
        Submission(c.Say(interaction="nowhere", text="b"), "b"),
        Submission(c.Say(interaction="t", text="c"), "c"),
    )
    assert [type(one) for one in answers] == [Served, Refused, Served]
    assert not any(isinstance(one, Failed) for one in answers)
    assert said(store) == ["a", "c"]
