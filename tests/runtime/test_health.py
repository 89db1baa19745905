"""Health: what keeps a centre from its work is seen, and by whom it is kept."""

import os
from datetime import timedelta

import anyio
import anyio.lowlevel
import pytest
from tests.runtime.setting import (
    CALLABLES,
    QUICK,
    RINGS_BRIEFLY,
    THEIRS,
    address_of,
    arriving,
    in_time,
    limits,
    memory,
)

from onechannel import commands as c
from onechannel.delivery import CommitCycle, Letter, Order, Replay, Submission
from onechannel.errors import PolicyMissing, StoreFault
from onechannel.model.policy import DEFAULT_POLICY, PlanRule, Policy, StepRule
from onechannel.model.worker import Worker
from onechannel.ports import LetterState
from onechannel.runtime import Centre
from onechannel.stores.sqlite import SQLiteStore

pytestmark = pytest.mark.anyio

PLAIN = Policy(name="plain", plan=PlanRule(steps=(StepRule(),)))


@in_time()
async def test_a_centre_at_rest_is_well(opens):
    """Nothing lags, nothing waits, nothing fails, nobody holds the lock: and it says so."""
    async with opens() as centre:
        await centre.start(interaction="i-1", channel="chat")
        health = centre.health()
        assert (health.ok, health.problems, health.notes) == (True, (), ())
        assert (health.lag, health.waiting, health.overdue) == (0, 0, None)
        assert health.position == centre.position > 0
        assert health.to_dict()["ok"] is True


@in_time()
async def test_lag_is_what_others_committed_and_it_has_not_taken_in(tmp_path):
    """While a replica does not follow, the log grows, and health says by how much (IN-16)."""
    seldom = limits(poll=timedelta(minutes=5))
    async with Centre.open(address_of(tmp_path), limits=seldom) as centre:
        store = SQLiteStore(tmp_path / "centre.db")
        work = [Submission(one, f"r-{n}") for n, one in enumerate(arriving(10))]
        events = CommitCycle(store).run(work, centre._stream.clock).events
        store.close()
        assert centre.health().lag == len(events)
        await centre.start(interaction="i-10", channel="chat")
        assert centre.health().lag == 0
        assert centre.position > len(events)


@in_time()
async def test_who_holds_the_lock_is_named(tmp_path):
    """The process that holds the store's lock is known by its number, while it holds it."""
    async with Centre.open(address_of(tmp_path)) as centre:
        store = SQLiteStore(tmp_path / "centre.db")
        with store.session():
            holder = centre.health().holder
        assert holder is not None
        assert holder.pid == os.getpid()
        store.close()


@in_time()
async def test_a_failing_store_is_a_problem_until_it_is_well():
    """What the store says, and for how long nothing could be committed, stand in health (IN-16)."""
    store = memory()
    async with Centre.open(store, limits=QUICK) as centre:
        store.fails["session"] = 10**9
        with pytest.raises(StoreFault):
            await centre.start(interaction="i-1", channel="chat")
        health = centre.health()
        assert health.fault == "planted session"
        assert health.failing_for >= QUICK.patience
        while not centre.health().problems:
            await anyio.lowlevel.checkpoint()
        assert "planted session" in centre.health().problems[0]
        store.fails.clear()
        while not centre.health().ok:
            await anyio.lowlevel.checkpoint()


@in_time()
async def test_every_letter_is_accounted_for(opens):
    """What was received is stored, a duplicate, parked, refused or dead; it adds up (IN-15)."""

    def letter(number, **more):
        said = Order(c.Say(interaction=f"i-{number}", text="hello"))
        return Letter(source="chat", id=f"m-{number}", orders=(said,), body=b"{}", **more)

    async with opens() as centre:
        await centre.start(interaction="i-1", channel="chat")
        assert (await centre.receive(letter(1))).state is LetterState.STORED
        assert (await centre.receive(letter(1))).repeated
        assert (await centre.receive(letter(2))).state is LetterState.REFUSED
        dead = Letter(source="chat", id="m-3", body=b"?", fault="unreadable")
        assert (await centre.receive(dead)).state is LetterState.DEAD
        mail = centre.health().mail
        assert (mail.received, mail.stored, mail.duplicates) == (4, 1, 1)
        assert (mail.refused, mail.dead, mail.dead_letters) == (1, 1, 2)
        assert mail.adds_up
        await centre.start(interaction="i-2", channel="chat")
        again = await centre.replay(Replay(source="chat", id="m-2"))
        assert again.state is LetterState.STORED
        assert centre.health().mail.adds_up
        assert centre.health().mail.dead_letters == 1


# -- policies -------------------------------------------------------------------------------------


@in_time()
async def test_one_without_the_callables_follows_and_says_so(tmp_path):
    """Of two releases side by side, the one that lacks what the policy names decides nothing.

    It follows, says what it lacks, and refuses what needs deciding; the other fires the deadlines.
    """
    address = address_of(tmp_path)
    able = Centre.open(address, policy=THEIRS, callables=CALLABLES)
    async with able, Centre.open(address) as unable:
        assert unable.health().lacks == ("vip",)
        assert any("vip" in note for note in unable.health().notes)
        assert able.health().lacks == ()
        with pytest.raises(PolicyMissing, match="vip"):
            await unable.start(interaction="i-1", channel="voice")
        await able.define_worker(worker=Worker(id="marc"))
        await able.sign_in(worker="marc")
        await able.start(interaction="i-1", channel="voice")
        async for event in unable.feed():
            if event.type == "assignment.expired":
                break
        assert unable.position <= able.position
        await unable.say(interaction="i-1", text="what needs no callable is done")


@in_time()
async def test_a_deadline_that_nobody_fires_is_a_problem(tmp_path):
    """Where only processes are left that lack the callables, health says what is overdue (RT-07).

    And whoever comes with them fires it.
    """
    address = address_of(tmp_path)
    async with Centre.open(address, policy=THEIRS, callables=CALLABLES) as able:
        await able.define_worker(worker=Worker(id="marc"))
        await able.sign_in(worker="marc")
        await able.start(interaction="i-1", channel="voice")
    async with Centre.open(address) as unable:
        while unable.health().ok:
            await anyio.lowlevel.checkpoint()
        health = unable.health()
        assert health.overdue is not None
        assert health.overdue_by > timedelta(seconds=1)
        assert "overdue" in health.problems[0]
        with pytest.raises(PolicyMissing):
            await unable.say(interaction="i-1", text="a deadline comes first")
        feed = unable.feed(after=unable.position)
        async with Centre.open(address, callables=CALLABLES):
            assert (await anext(feed)).type == "assignment.expired"
        while not unable.health().ok:
            await anyio.lowlevel.checkpoint()


@in_time()
async def test_a_policy_is_adopted_by_opening_once_for_ever(tmp_path):
    """An older release that is opened later does not bring its own policy back."""
    address = address_of(tmp_path)
    async with Centre.open(address, policy=RINGS_BRIEFLY) as centre:
        assert centre.health().policy == "brief"
        async with Centre.open(address, policy=PLAIN) as newer:
            assert newer.health().policy == "plain"
        async with Centre.open(address, policy=RINGS_BRIEFLY) as older:
            assert older.health().policy == "plain"
        async with Centre.open(address) as without:
            assert without.health().policy == "plain"
        await centre.adopt_policy(policy=DEFAULT_POLICY)
        assert centre.health().policy == "default"
    async with Centre.open(address, policy=PLAIN) as older:
        assert older.health().policy == "default"
        adopted = [e.type for e in older.store.read()].count("policy.adopted")
    assert adopted == 3
