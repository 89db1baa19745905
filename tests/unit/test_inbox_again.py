"""The inbox: what waits too long, what is tried again, and what one letter costs the others."""

import attrs
import pytest
from tests.unit.mail_parts import (
    ADOPT,
    AT,
    DAY,
    HOUR,
    SECOND,
    able,
    again,
    arrivals,
    arrive,
    broken_kernel,
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
    BODY_LIMIT,
    CommitCycle,
    Letter,
    Noted,
    Received,
    Refused,
    Served,
    Tidy,
)
from onechannel.errors import CommandRefused, InvalidValue, PolicyMissing, StoreFault
from onechannel.ports import Batch, HolderOf, LetterState, Mail

STORED, PARKED = LetterState.STORED, LetterState.PARKED
REFUSED, DEAD = LetterState.REFUSED, LetterState.DEAD


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


# -- what waits too long --------------------------------------------------------------------------


def test_what_waits_too_long_dies_and_is_reported(store, cycle):
    """IN-12: after a day it is a dead letter with its body, and those behind it are taken up."""
    do(
        cycle,
        for_line("a", "absent", say("absent"), conversation="c", body=b"raw"),
        letter("b", arrive("i"), conversation="c"),
    )
    assert do(cycle, Tidy(), at=AT + DAY) == (Noted(0),)
    assert states(store) == {"a": "parked", "b": "parked"}
    assert do(cycle, Tidy(), at=AT + DAY + SECOND) == (Noted(1),)
    (row,) = store.letters(DEAD)
    assert (row.id, row.body, row.reason) == ("a", b"raw", "what it refers to never came")
    assert row.changed_at == AT + DAY + SECOND
    assert arrivals(store) == ["i"]
    assert counted(store) == {"received": 2, "dead": 1, "stored": 1}


def test_several_of_a_conversation_die_each_in_its_time(store, cycle):
    """The later one is held by itself from then on."""
    do(cycle, for_line("a", "x", conversation="c"))
    do(cycle, for_line("b", "y", conversation="c"), at=AT + HOUR)
    do(cycle, letter("d", arrive("i"), conversation="c"), at=AT + 2 * HOUR)
    assert do(cycle, Tidy(), at=AT + DAY + SECOND) == (Noted(1),)
    assert states(store) == {"a": "dead", "b": "parked", "d": "parked"}
    assert do(cycle, Tidy(), at=AT + DAY + HOUR + SECOND) == (Noted(1),)
    assert states(store) == {"a": "dead", "b": "dead", "d": "stored"}


def test_tidying_takes_up_what_was_left(store):
    """Whatever could be served by now, and was not, since those who could lacked the policy."""
    capable, follower = able(store), CommitCycle(store)
    tell(capable, ADOPT)
    do(capable, for_line("a", "i", arrive("j"), conversation="c"))
    do(capable, letter("b", say("i"), conversation="c"))
    known = c.ObserveArrival(interaction="i", channel="chat")
    (answer,) = tell(follower, known, prefix="f")
    assert isinstance(answer, Served)
    assert states(store) == {"a": "parked", "b": "parked"}
    assert do(follower, Tidy()) == (Noted(0),)
    assert states(store) == {"a": "parked", "b": "parked"}
    assert do(capable, Tidy()) == (Noted(0),)
    assert states(store) == {"a": "stored", "b": "stored"}
    assert arrivals(store) == ["i", "j"]
    assert conserved(store)


def test_a_follower_stops_at_what_it_may_not_decide(store):
    """It takes up what needs no policy, and leaves the rest of the conversation to others."""
    capable, follower = able(store), CommitCycle(store)
    tell(capable, ADOPT)
    do(
        capable,
        for_line("a", "i", say("i", "1"), conversation="c"),
        letter("b", arrive("j"), conversation="c"),
        letter("d", say("i", "3"), conversation="c"),
    )
    (answer,) = tell(follower, c.ObserveArrival(interaction="i", channel="chat"), prefix="f")
    assert isinstance(answer, Served)
    assert (states(store), said(store, "i")) == (
        {"a": "stored", "b": "parked", "d": "parked"},
        ["1"],
    )
    do(capable, Tidy())
    assert said(store, "i") == ["1", "3"]


def test_a_follower_files_nothing(store):
    """Whoever lacks the policy's callables says so, and the letter comes again as a first one."""
    capable, follower = able(store), CommitCycle(store)
    tell(capable, ADOPT)
    one = letter("a", arrive("i"), delivery="1")
    (answer,) = do(follower, one)
    assert isinstance(answer, Refused)
    assert isinstance(answer.error, PolicyMissing)
    assert (states(store), counted(store)) == ({}, {})
    assert do(capable, one) == (Received(STORED),)


# -- trying again ---------------------------------------------------------------------------------


def test_a_refused_letter_is_replayed(store, cycle):
    """IN-24: one command tries it again; once it is stored, another replay does nothing."""
    do(cycle, letter("a", say("i"), body=b"raw"))
    assert do(cycle, again("a")) == (Received(REFUSED),)
    assert counted(store) == {"received": 1, "refused": 1}
    tell(cycle, arrive("i"))
    assert do(cycle, again("a"), again("a")) == (Received(STORED), Received(STORED, repeated=True))
    assert do(CommitCycle(store), again("a")) == (Received(STORED, repeated=True),)
    assert said(store, "i") == ["hello"]
    assert counted(store) == {"received": 1, "stored": 1}


def test_a_replay_goes_on_where_the_letter_was_refused(store, cycle):
    """What was served the first time is not done again."""
    do(cycle, letter("a", arrive("i"), say("j")))
    tell(cycle, arrive("j"))
    assert do(cycle, again("a")) == (Received(STORED),)
    assert (arrivals(store), said(store, "j")) == (["i", "j"], ["hello"])


def test_a_buried_letter_is_replayed(store, cycle):
    """It waited too long for what came later still."""
    do(cycle, for_line("a", "i", say("i")))
    do(cycle, Tidy(), at=AT + 2 * DAY)
    tell(cycle, arrive("i"), at=AT + 3 * DAY)
    assert states(store) == {"a": "dead"}
    assert do(cycle, again("a"), at=AT + 3 * DAY) == (Received(STORED),)
    assert said(store, "i") == ["hello"]
    assert counted(store) == {"received": 1, "stored": 1}


def test_an_unread_letter_is_replayed_with_orders(store, cycle):
    """Nobody had understood it: without somebody's reading it is refused, and stays."""
    do(cycle, letter("a", body=b"raw", fault="no JSON"))
    (refusal,) = do(cycle, again("a"))
    assert isinstance(refusal.error, CommandRefused)
    assert "replay it with the orders" in str(refusal.error)
    assert states(store) == {"a": "dead"}
    assert do(cycle, again("a", arrive("i"))) == (Received(STORED),)
    assert do(cycle, again("a", arrive("j"))) == (Received(STORED, repeated=True),)
    assert arrivals(store) == ["i"]
    assert counted(store) == {"received": 1, "stored": 1}


def test_orders_of_a_refused_replay_are_kept(store, cycle):
    """As it was read last: the next replay needs no more than its id."""
    do(cycle, letter("a", body=b"raw", fault="no JSON"))
    assert do(cycle, again("a", say("i"))) == (Received(REFUSED),)
    tell(cycle, arrive("i"))
    assert do(cycle, again("a")) == (Received(STORED),)
    assert said(store, "i") == ["hello"]


def test_no_order_stands_in_place_of_one_that_was_served(store, cycle):
    """It would be taken for done: it is refused, and given after the served ones it is served."""
    do(cycle, letter("a", arrive("i"), say("absent")))
    (refusal,) = do(cycle, again("a", arrive("j")))
    assert "were served already" in str(refusal.error)
    assert states(store) == {"a": "refused"}
    assert do(cycle, again("a", arrive("i"), arrive("j"))) == (Received(STORED),)
    assert arrivals(store) == ["i", "j"]


def test_a_letter_may_be_given_up(store, cycle):
    """A replay without any order files it as stored."""
    do(cycle, letter("a", say("absent")))
    (answer,) = do(cycle, attrs.evolve(again("a"), orders=()))
    assert answer == Received(STORED)
    assert counted(store) == {"received": 1, "stored": 1}


def test_what_needs_no_replay_is_left_alone(store, cycle):
    """A letter that waits goes on waiting, and one that is not known is refused by name."""
    do(cycle, for_line("a", "i", say("i")))
    assert do(cycle, again("a", arrive("j"))) == (Received(PARKED, repeated=True),)
    (refusal,) = do(cycle, again("canary"))
    assert "no letter of v is known by that id" in str(refusal.error)
    assert "canary" not in str(refusal.error)
    assert (states(store), arrivals(store)) == ({"a": "parked"}, [])


def test_a_replay_releases_what_waits_for_it(store, cycle):
    """In the same commit."""
    do(cycle, for_line("b", "i", say("i")), letter("a", fault="no JSON"))
    do(cycle, again("a", arrive("i")))
    assert states(store) == {"a": "stored", "b": "stored"}


def test_a_copy_in_the_cycle_of_its_replay_is_a_copy(store, cycle):
    """And one in the cycle of its burial."""
    one = letter("a", say("i"))
    do(cycle, one)
    tell(cycle, arrive("i"))
    assert do(cycle, again("a"), one) == (Received(STORED), Received(STORED, repeated=True))
    late = for_line("b", "absent")
    do(cycle, late)
    assert do(cycle, Tidy(), late, at=AT + 2 * DAY) == (Noted(1), Received(DEAD, repeated=True))
    assert conserved(store)


# -- one costs itself alone -----------------------------------------------------------------------


@pytest.mark.parametrize("at", range(7))
def test_a_poisoned_letter_costs_only_itself(store, cycle, monkeypatch, at):
    """IN-13: of n letters n - 1 are stored, and the one that breaks the kernel is dead, whole."""
    letters = [letter(f"{n}", arrive(f"i{n}"), body=b"raw") for n in range(7)]
    letters[at] = letter("poison", arrive("i"), say("i"), delivery="1", body=b"the raw body")
    with monkeypatch.context() as breaking:
        broken_kernel(breaking, cycle, c.Say)
        answers = do(cycle, *letters)
    assert answers == tuple(Received(DEAD if n == at else STORED) for n in range(7))
    (row,) = store.letters(DEAD)
    assert (row.id, row.body) == ("poison", b"the raw body")
    assert row.reason == "RuntimeError while it was handled"
    assert "i" not in arrivals(store)
    assert counted(store) == {"received": 7, "stored": 6, "dead": 1}
    assert do(cycle, again("poison")) == (Received(STORED),)
    assert said(store, "i") == ["hello"]


def test_a_poisoned_letter_keeps_order(store, cycle, monkeypatch):
    """Whatever is done without it, is done in the order it came."""
    broken_kernel(monkeypatch, cycle, c.Leave)
    do(
        cycle,
        letter("0", arrive("i"), conversation="c"),
        *(letter(f"{n}", say("i", f"{n}"), conversation="c") for n in range(1, 6)),
        letter("poison", c.Leave(interaction="i"), conversation="c"),
        *(letter(f"{n}", say("i", f"{n}"), conversation="c") for n in range(6, 9)),
    )
    assert said(store, "i") == [*"12345678"]
    assert counted(store) == {"received": 10, "stored": 9, "dead": 1}


def test_what_cannot_be_written_is_kept_as_it_came(store, cycle):
    """Half a character in what it waits for: dead, with its body; the others are stored."""
    answers = do(
        cycle,
        letter("a", arrive("i")),
        letter("b", say("i"), awaits=HolderOf("tel:\ud83d"), body=b"raw"),
        letter("d", arrive("j")),
    )
    assert answers == (Received(STORED), Received(DEAD), Received(STORED))
    (row,) = store.letters(DEAD)
    assert row.body == b"raw"
    assert row.reason.endswith("while it was handled")
    assert conserved(store)


def test_commands_of_another_release_cost_only_their_letter(store, cycle):
    """A parked letter whose commands cannot be read here is dead, and whoever woke it goes on."""
    do(cycle, for_line("a", "i", say("i"), conversation="c", body=b"raw"))
    do(cycle, letter("b", say("i", "2"), conversation="c"))
    (row, _) = store.letters(PARKED)
    with store.session() as session:
        newer = attrs.evolve(row, orders='[["teleport",{},"vendor",null]]')
        session.commit(0, Batch(events=(), mail=Mail(letters=(newer,))))
    (answer,) = tell(cycle, arrive("i"))
    assert isinstance(answer, Served)
    assert states(store) == {"a": "dead", "b": "stored"}
    (row,) = store.letters(DEAD)
    assert (row.body, row.reason) == (b"raw", "its commands are not those of this release")
    (refusal,) = do(cycle, again("a"))
    assert "replay it with the orders" in str(refusal.error)
    assert do(cycle, again("a", say("i", "1"))) == (Received(STORED),)
    assert said(store, "i") == ["2", "1"]
    assert conserved(store)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_letter_whose_commit_failed_comes_again(store, monkeypatch, when):
    """IN-04, IN-15: seen and done are one commit, so the copy is a first one, or does nothing."""
    cycle = CommitCycle(store)
    waiting = for_line("w", "i", say("i", "early"))
    do(cycle, waiting)
    session_of = type(store).session
    faults = [StoreFault("nobody knows")]

    def commit(session, expected, batch):
        if when == "before" and faults:
            raise faults.pop()
        answer = keep(session, expected, batch)
        if faults:
            raise faults.pop()
        return answer

    with session_of(store) as session:
        kind = type(session)
    keep = kind.commit
    monkeypatch.setattr(kind, "commit", commit)
    one = letter("a", arrive("i"))
    with pytest.raises(StoreFault):
        do(cycle, one)
    repeated = when == "after"
    assert do(cycle, one) == (Received(STORED, repeated=repeated),)
    assert (arrivals(store), said(store, "i")) == (["i"], ["early"])
    assert counted(store) == {
        "received": 2 + repeated,
        "stored": 2,
        **({"duplicate": 1} if repeated else {}),
    }


def test_a_store_that_cannot_work_fails_the_whole_cycle(store, cycle, monkeypatch):
    """No letter is blamed for a full disk: nothing is kept, and all may come again."""
    with store.session() as session:
        kind = type(session)

    def full(*_given):
        raise StoreFault("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(kind, "commit", full)
        with pytest.raises(StoreFault, match="full"):
            do(cycle, letter("a", arrive("i")), letter("b", arrive("j")))
    assert (states(store), counted(store)) == ({}, {})
    assert do(cycle, letter("a", arrive("i"))) == (Received(STORED),)


# -- what a letter may be -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": ""},
        {"id": "x" * 1001},
        {"id": "half \ud83d"},
        {"delivery": " "},
        {"conversation": "\0"},
        {"awaits": "i"},
        {"body": "text"},
        {"body": bytes(BODY_LIMIT + 1)},
        {"orders": [c.Leave(interaction="i")]},
        {"fault": ""},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_letter_is_checked_when_it_is_made(wrong):
    """Whoever builds it is told at once; nothing that was given is cited."""
    with pytest.raises(InvalidValue) as caught:
        Letter(**{"source": "v", "id": "canary"} | wrong)
    assert "canary" not in str(caught.value)
    Letter(source="v", id="x" * 1000, body=bytes(BODY_LIMIT))
