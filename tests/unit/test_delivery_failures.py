"""What cannot be done costs itself alone: the cycle goes on without it, and says so."""

import pytest
from tests.unit.mail_parts import (
    AT,
    DAY,
    again,
    arrivals,
    arrive,
    broken_kernel,
    claim,
    conserved,
    counted,
    do,
    for_line,
    letter,
    opened,
    said,
    say,
    settlement,
    states,
    tell,
    wanting,
)

from onechannel import commands as c
from onechannel.delivery import (
    Bookmark,
    CommitCycle,
    Failed,
    Noted,
    Received,
    Refused,
    Sent,
    Served,
    Submission,
    Tidy,
)
from onechannel.errors import BatchRefused, StoreFault
from onechannel.ports import EffectState, LetterState

STORED, DEAD = LetterState.STORED, LetterState.DEAD
LEAVE = c.Leave(interaction="i")


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


def refuse_batches(monkeypatch, store, named):
    """The store refuses any batch with an event of an interaction of that name."""
    with store.session() as session:
        kind = type(session)
    keep = kind.commit

    def commit(session, expected, batch):
        if any(event.subject("interaction") == named for event in batch.events):
            raise BatchRefused("the batch can never be kept")
        return keep(session, expected, batch)

    monkeypatch.setattr(kind, "commit", commit)


# -- one of many ----------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(9))
def test_a_command_that_breaks_the_kernel_costs_itself(store, cycle, monkeypatch, at):
    """Of n pieces of work n - 1 are answered as if it had not been there, in their order."""
    work = [Submission(arrive(f"i{n}"), f"r{n}") for n in range(9)]
    work[at] = Submission(LEAVE, "poison")
    tell(cycle, arrive("i"))
    broken_kernel(monkeypatch, cycle, c.Leave)
    answers = do(cycle, *work)
    assert [n for n, one in enumerate(answers) if isinstance(one, Failed)] == [at]
    assert isinstance(answers[at].error, RuntimeError)
    assert arrivals(store) == ["i", *(f"i{n}" for n in range(9) if n != at)]
    assert [event.position for event in store.read()] == [*range(1, store.last_position + 1)]
    repeated = do(cycle, *(one for one in work if one.id != "poison"))
    assert all(one.repeated for one in repeated)


def test_what_a_failure_says_cites_nothing(store, cycle, monkeypatch):
    """An error that was not made to be shown is named by its kind."""
    tell(cycle, arrive("i"))
    broken_kernel(monkeypatch, cycle, c.Say)
    (answer,) = do(cycle, Submission(say("i", "canary"), "r"))
    assert isinstance(answer, Failed)
    assert "canary" not in repr(answer)
    assert "RuntimeError" in repr(answer)


def test_a_batch_that_can_never_be_costs_what_made_it(store, cycle, monkeypatch):
    """The store refuses what one of them makes: the others are kept."""
    refuse_batches(monkeypatch, store, "i3")
    answers = do(cycle, *(Submission(arrive(f"i{n}"), f"r{n}") for n in range(8)))
    assert [type(one) for one in answers] == [Failed if n == 3 else Served for n in range(8)]
    assert arrivals(store) == [f"i{n}" for n in range(8) if n != 3]


def test_a_chain_stands_or_falls_together(store, cycle, monkeypatch):
    """One that breaks the kernel in its midst leaves nothing, and is one answer."""
    broken_kernel(monkeypatch, cycle, c.Leave)
    chain = [Submission(one, f"r{n}") for n, one in enumerate([arrive("i"), LEAVE, arrive("j")])]
    answers = do(cycle, chain, [Submission(arrive("k"), "q")])
    assert [type(one) for one in answers] == [Failed, tuple]
    assert arrivals(store) == ["k"]


def test_several_failures_cost_each_itself(store, cycle, monkeypatch):
    """However many, wherever they stand; what others committed meanwhile is followed once."""
    tell(CommitCycle(store), arrive("i"))
    assert cycle.kernel.position == store.last_position
    tell(CommitCycle(store), arrive("j"), prefix="t")
    broken_kernel(monkeypatch, cycle, c.Leave)
    work = [Submission(LEAVE if n % 3 == 0 else arrive(f"i{n}"), f"r{n}") for n in range(10)]
    turnout = cycle.run(work, lambda: AT)
    failed = [n for n, one in enumerate(turnout.answers) if isinstance(one, Failed)]
    assert failed == [0, 3, 6, 9]
    news = [event.position for event in turnout.news]
    assert news == [*range(news[0], store.last_position + 1)]
    assert "j" in {event.subject("interaction") for event in turnout.followed}


def test_a_fault_of_the_store_fails_the_whole_cycle(store, cycle, monkeypatch):
    """IN-15: nobody's work is blamed, nothing is kept, and all of it may come again."""
    with store.session() as session:
        kind = type(session)
    tries = []

    def full(*_given):
        tries.append(1)
        raise StoreFault("the disk is full")

    work = [Submission(arrive(f"i{n}"), f"r{n}") for n in range(4)]
    with monkeypatch.context() as broken:
        broken.setattr(kind, "commit", full)
        with pytest.raises(StoreFault, match="full"):
            do(cycle, *work)
    assert tries == [1]
    assert [type(one) for one in do(cycle, *work)] == [Served] * 4


def test_a_fault_between_two_halves_hides_nothing(store, cycle, monkeypatch):
    """Half of the work was kept when the store failed: its events are told of later."""
    tell(cycle, arrive("i"))
    before = store.last_position
    broken_kernel(monkeypatch, cycle, c.Leave)
    with store.session() as session:
        kind = type(session)
    keep, kept = kind.commit, []

    def commit(session, expected, batch):
        if kept:
            raise StoreFault("the disk is full")
        kept.append(1)
        return keep(session, expected, batch)

    work = [Submission(one, f"r{n}") for n, one in enumerate((arrive("a"), LEAVE, arrive("b")))]
    with monkeypatch.context() as broken:
        broken.setattr(kind, "commit", commit)
        with pytest.raises(StoreFault, match="full"):
            do(cycle, *work)
    assert arrivals(store) == ["i", "a"]
    turnout = cycle.run(work, lambda: AT)
    assert [type(one) for one in turnout.answers] == [Served, Failed, Served]
    assert turnout.answers[0].repeated
    assert [event.position for event in turnout.news] == [
        *range(before + 1, store.last_position + 1)
    ]


def test_time_that_cannot_go_on_is_nobodys_failure(store, cycle, monkeypatch):
    """A kernel that cannot advance fails the cycle, whatever it was given."""
    kernel = type(cycle.kernel)

    def advance(_self, _at):
        raise RuntimeError("no time")

    with monkeypatch.context() as broken:
        broken.setattr(kernel, "advance", advance)
        for work in ([], [Submission(arrive("i"), "r")], [letter("a", arrive("j"))]):
            with pytest.raises(RuntimeError, match="no time"):
                do(cycle, *work)
    assert (store.last_position, states(store)) == (0, {})
    assert isinstance(do(cycle, Submission(arrive("i"), "r"))[0], Served)


# -- letters that wait ----------------------------------------------------------------------------


@pytest.mark.parametrize("failure", ["kernel", "store"])
@pytest.mark.parametrize("by", ["command", "letter", "tidy"])
def test_a_parked_letter_that_fails_costs_itself(store, cycle, monkeypatch, by, failure):
    """IN-13: whoever makes known what it waits for is served; it is dead, those behind go on."""
    do(
        cycle,
        for_line("a", "i", say("i", "1"), conversation="c"),
        for_line("poison", "i", LEAVE, arrive("bad"), conversation="c", body=b"raw"),
        letter("b", say("i", "2"), conversation="c"),
        for_line("d", "i", say("i", "3")),
    )
    if by == "tidy":
        # Somebody made it known who could not take them up.
        with monkeypatch.context() as old:
            old.setattr("onechannel.delivery.inbox.Inbox.release", lambda *_given: None)
            tell(cycle, arrive("i"))
    if failure == "kernel":
        broken_kernel(monkeypatch, cycle, c.Leave)
    else:
        refuse_batches(monkeypatch, store, "bad")
    work = {
        "command": Submission(arrive("i"), "r"),
        "letter": letter("x", arrive("i")),
        "tidy": Tidy(),
    }[by]
    (answer,) = do(cycle, work)
    assert isinstance(answer, {"command": Served, "letter": Received, "tidy": Noted}[by])
    assert {name: states(store)[name] for name in ("a", "poison", "b", "d")} == {
        "a": "stored",
        "poison": "dead",
        "b": "stored",
        "d": "stored",
    }
    (row,) = store.letters(DEAD)
    assert row.body == b"raw"
    assert row.reason.endswith("while it was handled")
    assert [text for text in said(store, "i") if text != "3"] == ["1", "2"]
    assert sorted(said(store, "i")) == ["1", "2", "3"]
    assert conserved(store)


def test_a_chain_of_parked_letters_ends_where_it_fails(store, cycle, monkeypatch):
    """What the failed one would have made known stays unknown; the others are done."""
    do(
        cycle,
        for_line("1", "i0", arrive("i1")),
        for_line("2", "i1", arrive("i2"), LEAVE),
        for_line("3", "i2", arrive("i3")),
        for_line("4", "i0", arrive("j")),
    )
    broken_kernel(monkeypatch, cycle, c.Leave)
    (answer,) = tell(cycle, arrive("i0"))
    assert isinstance(answer, Served)
    assert states(store) == {"1": "stored", "2": "dead", "3": "parked", "4": "stored"}
    assert sorted(arrivals(store)) == ["i0", "i1", "j"]
    assert conserved(store)


def test_a_failed_letter_is_replayed_once_it_can_be(store, cycle, monkeypatch):
    """IN-24: after the bug is mended; until then the replay fails alone, and it stays."""
    do(cycle, for_line("a", "i", LEAVE))
    with monkeypatch.context() as broken:
        broken_kernel(broken, cycle, c.Leave)
        tell(cycle, arrive("i"))
        failed, noted = do(cycle, again("a"), Bookmark("r", 1))
        assert (type(failed), noted) == (Failed, Noted())
        assert states(store) == {"a": "dead"}
    assert do(cycle, again("a")) == (Received(STORED),)
    assert counted(store) == {"received": 1, "stored": 1}


def test_burial_goes_on_around_a_failure(store, cycle, monkeypatch):
    """One whose followers fail is buried all the same, and they are dead."""
    do(
        cycle,
        for_line("a", "absent", conversation="c"),
        letter("poison", c.Leave(interaction="j"), conversation="c"),
        letter("b", arrive("i"), conversation="c"),
    )
    tell(cycle, arrive("j"))
    broken_kernel(monkeypatch, cycle, c.Leave)
    assert do(cycle, Tidy(), at=AT + 2 * DAY) == (Noted(1),)
    assert states(store) == {"a": "dead", "poison": "dead", "b": "stored"}
    assert conserved(store)


# -- effects --------------------------------------------------------------------------------------


def test_an_answer_that_fails_does_not_send_again(store, monkeypatch):
    """What was sent was sent, whatever its answer does to us: it is settled, and said."""
    cycle = wanting(store, "interaction.arrived")
    tell(cycle, arrive("i"))
    (effect,) = claim(cycle)
    broken_kernel(monkeypatch, cycle, c.Say)
    failed, served = do(cycle, settlement(effect, Sent(), say("i")), Submission(arrive("j"), "r"))
    assert (type(failed), type(served)) == (Failed, Served)
    assert [one.position > effect.position for one in store.effects(EffectState.DUE)] == [True]
    assert counted(store, "d", "outbox") == {"made": 2, "sent": 1}


def test_a_refused_answer_settles_too(store):
    """A refusal of the kernel is no failure."""
    cycle = wanting(store, "interaction.arrived")
    tell(cycle, arrive("i"))
    (effect,) = claim(cycle)
    (settled,) = do(cycle, settlement(effect, Sent(), say("absent")))
    assert settled.held
    assert isinstance(settled.answers[0], Refused)
    assert store.effects(EffectState.DUE) == ()


def test_burial_spares_what_a_failure_holds_up(store, cycle, monkeypatch):
    """What waits for one that could not be taken up beside the failure, is taken up after it."""
    do(
        cycle,
        for_line("a", "absent", conversation="c"),
        letter("b", arrive("i"), conversation="c"),
        letter("poison", c.Leave(interaction="i"), conversation="c"),
        for_line("d", "i", say("i")),
    )
    broken_kernel(monkeypatch, cycle, c.Leave)
    assert do(cycle, Tidy(), at=AT + 2 * DAY) == (Noted(1),)
    assert states(store) == {"a": "dead", "b": "stored", "poison": "dead", "d": "stored"}
    assert said(store, "i") == ["hello"]
