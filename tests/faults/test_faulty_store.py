"""The store that fails: it is a store where it is told nothing, and fails where it is told to."""

from datetime import UTC, datetime, timedelta

import pytest

from onechannel import commands as c
from onechannel.delivery import (
    Claim,
    Claimed,
    CommitCycle,
    Failed,
    Served,
    Submission,
    Subscribe,
)
from onechannel.model.worker import Worker
from onechannel.ports import Batch, Conflict, Destination, Mail
from onechannel.stores.memory import MemoryStore
from onechannel.testing import EventStoreContract
from onechannel.testing.faults import Crash, Dice, FaultyStore, Planted, Step

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def nothing(_step):
    """Nothing happens."""


class TestFaultyStore(EventStoreContract):
    """The contract, on a store that is told to fail nowhere."""

    @pytest.fixture
    def open_store(self):
        stores = {}
        return lambda tenant="main": stores.setdefault(
            tenant, FaultyStore(MemoryStore(tenant), nothing)
        )

    def test_turns_do_not_nest(self, open_store):
        """It locks nobody out: of two turns, the one that commits later has a conflict."""
        store = open_store()
        with store.session() as one, store.session() as other:
            assert not isinstance(other.commit(0, Batch(events=())), Conflict)
            assert isinstance(one.commit(0, Batch(events=())), Conflict)


class Blow:
    """Raises at a step, once."""

    def __init__(self):
        self.step, self.what, self.steps = None, None, []

    def __call__(self, step):
        self.steps.append(step)
        if step is self.step:
            self.step = None
            raise self.what


@pytest.fixture
def blow():
    """What strikes."""
    return Blow()


def define(name):
    """A command, by an id of its own."""
    return Submission(c.DefineWorker(worker=Worker(id=name)), f"r-{name}")


def test_every_step_of_a_cycle_is_one_where_it_may_fail(blow):
    """A cycle is struck as it enters, reads, looks, before and after its commit, and leaves."""
    cycle = CommitCycle(FaultyStore(MemoryStore(), blow))
    cycle.run([define("a")], lambda: AT)
    assert [step for step in blow.steps if step is not Step.LOOK] == [
        *(Step.READ, Step.ENTER, Step.READ, Step.BEFORE, Step.AFTER, Step.LEAVE)
    ]
    assert Step.LOOK in blow.steps


@pytest.mark.parametrize("step", [one for one in Step if one is not Step.SAVE])
@pytest.mark.parametrize("what", [Crash, Planted("the disk is full")], ids=["crash", "fault"])
def test_a_command_is_served_once_wherever_it_fails(blow, step, what):
    """After a crash or a fault at any step, the same command is served, once."""
    memory = MemoryStore()
    store = FaultyStore(memory, blow)
    cycle = CommitCycle(store)
    cycle.run([define("a")], lambda: AT)
    blow.step, blow.what = step, what
    with pytest.raises((Crash, Planted)):
        cycle.run([define("b")], lambda: AT)
    kept = step in {Step.AFTER, Step.LEAVE}
    assert memory.last_position == 1 + kept
    turnout = CommitCycle(store).run([define("b")], lambda: AT)
    assert turnout.answers == (Served(2, 2, repeated=kept),)
    assert memory.last_position == 2


def test_a_snapshot_may_not_be_saved(blow):
    """Where saving a snapshot fails, the one before stays."""
    store = FaultyStore(MemoryStore(), blow)
    cycle = CommitCycle(store)
    cycle.run([define("a")], lambda: AT)
    cycle.save_snapshot()
    first = store.snapshot()
    cycle.run([define("b")], lambda: AT)
    blow.step, blow.what = Step.SAVE, Crash
    with pytest.raises(Crash):
        cycle.save_snapshot()
    assert store.snapshot() == first


def test_somebody_else_may_commit_at_any_step():
    """Whoever has begun is told of a conflict, and decides anew on what others committed."""
    memory, others = MemoryStore(), iter("xyz")

    def intrude(step):
        if step is Step.BEFORE and (name := next(others, None)):
            CommitCycle(store).run([define(name)], lambda: AT)

    store = FaultyStore(memory, intrude)
    turnout = CommitCycle(store).run([define("a")], lambda: AT)
    defined = [event.subject("worker") for event in memory.read()]
    assert sorted(defined) == ["a", "x", "y", "z"]
    assert turnout.answers == (Served(defined.index("a") + 1, defined.index("a") + 1),)


def test_two_cannot_claim_the_same_though_the_log_stands_still():
    """A commit of mail alone is a conflict for whoever had begun before it."""
    memory, begun = MemoryStore(), []

    def intrude(step):
        if step is Step.BEFORE and len(begun) == 1:
            begun.append(step)
            stolen.extend(CommitCycle(store).run([claim("thief")], lambda: AT).answers)

    def claim(holder):
        return Claim(destination="d", holder=holder, lease=timedelta(seconds=30), limit=9)

    stolen, store = [], FaultyStore(memory, intrude)
    cycle = CommitCycle(store)
    wants = Destination(name="d", types={"worker.defined"})
    cycle.run([Subscribe(wants), define("a")], lambda: AT)
    begun.append(None)
    (mine,) = cycle.run([claim("me")], lambda: AT).answers
    assert isinstance(stolen[0], Claimed)
    assert len(stolen[0].effects) == 1
    assert mine == Claimed(())


def test_what_is_kept_is_told():
    """Each batch that is kept is told, in order, and none that is not."""
    kept = []
    store = FaultyStore(MemoryStore(), nothing, kept.append)
    mail = Mail(cursors={"feed": 1})
    with store.session() as session:
        session.commit(0, Batch(events=(), mail=mail))
    with store.session() as session:
        assert isinstance(session.commit(7, Batch(events=())), Conflict)
    assert [batch.mail for batch in kept] == [mail]


def test_a_fault_of_the_store_is_no_failure_of_the_work(blow):
    """Nobody's work is answered as failed because the store failed."""
    cycle = CommitCycle(FaultyStore(MemoryStore(), blow))
    blow.step, blow.what = Step.BEFORE, Planted("the disk is full")
    with pytest.raises(Planted):
        cycle.run([define("a"), define("b")], lambda: AT)
    answers = cycle.run([define("a"), define("b")], lambda: AT).answers
    assert not any(isinstance(answer, Failed) for answer in answers)


def test_the_dice_are_always_the_same():
    """What follows from a seed follows from it on every machine: SplitMix64's own numbers."""
    dice = Dice(1234567)
    assert [dice.bits() for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]
