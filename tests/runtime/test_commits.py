"""What was told to a live centre is done once, is durable, and costs nobody else anything."""

from datetime import timedelta

import anyio
import pytest
from tests.runtime.setting import (
    QUICK,
    address_of,
    arriving,
    bot_serves,
    in_time,
    limits,
    memory,
)

from onechannel import commands as c
from onechannel.errors import CommandRefused, StoreFault
from onechannel.runtime import Centre
from onechannel.stores.sqlite import SQLiteStore

pytestmark = pytest.mark.anyio

HELLO = c.Say(interaction="i-1", text="hello")


def said(centre):
    """How many messages the log holds."""
    return sum(event.type == "message.received" for event in centre.store.read())


async def all_at_once(*calls):
    """Await so many at once; what each gave or raised, in order."""
    found = [None] * len(calls)

    async def one(number, call):
        try:
            found[number] = await call()
        except (CommandRefused, StoreFault) as fault:
            found[number] = fault

    async with anyio.create_task_group() as group:
        for number, call in enumerate(calls):
            group.start_soon(one, number, call)
    return found


async def waiting(centre, count):
    """Until so much work waits for a commit."""
    while centre.health().waiting < count:
        await anyio.lowlevel.checkpoint()


# -- once -----------------------------------------------------------------------------------------


@in_time()
async def test_a_refusal_is_raised_and_leaves_nothing(opens):
    """A command that does not apply raises why, and the log is as it was."""
    async with opens() as centre:
        with pytest.raises(CommandRefused, match="i-1"):
            await centre.say(interaction="i-1", text="hello")
        assert [event.type for event in centre.store.read()] == ["policy.adopted"]
        assert await centre.start(interaction="i-1", channel="chat")


@in_time()
async def test_an_id_makes_it_once_one_after_the_other(opens):
    """Given again under its id a command is answered with the events it made, and not done."""
    async with opens() as centre:
        await centre.start(interaction="i-1", channel="chat")
        first = await centre.do(HELLO, id="once")
        await centre.do(HELLO, id="another")
        assert await centre.do(HELLO, id="once") == first != ()
        assert said(centre) == 2


@in_time()
async def test_an_id_makes_it_once_at_the_same_time(opens):
    """Fifty callers of one id at the same time are all given the events of the one that did it."""
    async with opens() as centre:
        await centre.start(interaction="i-1", channel="chat")
        found = await all_at_once(*[lambda: centre.do(HELLO, id="once")] * 50)
        assert len({*found}) == 1
        assert said(centre) == 1


@in_time()
async def test_an_id_makes_it_once_in_two_centres_and_after_a_restart(tmp_path):
    """Whatever process is given it, and however often, an id is served once (IN-25)."""
    address = address_of(tmp_path)
    async with Centre.open(address) as one, Centre.open(address) as two:
        await one.start(interaction="i-1", channel="chat")
        calls = [lambda at=at: at.do(HELLO, id="once") for at in [one, two] * 20]
        found = await all_at_once(*calls)
        assert len({*found}) == 1
    async with Centre.open(address) as again:
        assert await again.do(HELLO, id="once") == found[0]
        assert said(again) == 1


@in_time()
async def test_two_who_take_one_place_at_the_same_time(tmp_path):
    """Of two centres that are asked for the same arrival at once, one makes it (IN-25, RT-08)."""
    address = address_of(tmp_path)
    async with Centre.open(address) as one, Centre.open(address) as two:
        for command in arriving(30):
            found = await all_at_once(
                lambda given=command: one.do(given), lambda given=command: two.do(given)
            )
            assert sorted(isinstance(part, CommandRefused) for part in found) == [False, True]


# -- when the store fails -------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after", "session"])
@in_time()
async def test_a_commit_that_fails_is_tried_again_and_done_once(opens, when):
    """Whether it was kept or not, an unknown commit is tried under its id until it is known.

    And whoever follows the log sees what it made, though nothing else is committed (IN-18, IN-20).
    """
    store = memory()
    async with opens(store) as centre:
        await centre.start(interaction="i-1", channel="chat")
        for number in range(5):
            feed = centre.feed(after=centre.position)
            store.fails[when] = 1 + number % 3
            (event,) = await centre.do(HELLO, id=f"hello-{number}")
            assert await anext(feed) == event
            assert said(centre) == number + 1
        assert centre.health().fault is None


@pytest.mark.parametrize("when", ["before", "after"])
@in_time()
async def test_a_store_that_fails_for_long_is_told_of(opens, when):
    """After the patience the caller has the store's fault; given again, it is done once."""
    store = memory()
    async with opens(store, limits=QUICK) as centre:
        await centre.start(interaction="i-1", channel="chat")
        store.fails[when] = store.fails["session"] = 10**9
        with pytest.raises(StoreFault, match="planted"):
            await centre.do(HELLO, id="once")
        store.fails.clear()
        await centre.do(HELLO, id="once")
        await centre.do(HELLO, id="once")
        assert said(centre) == 1


@in_time(8)
async def test_all_who_wait_hear_of_a_failing_store(opens):
    """Not only whose turn it is: whoever has waited for the patience hears, behind full groups."""
    store = memory()
    few = limits(patience=QUICK.patience, group=4)
    async with opens(store, limits=few) as centre:
        store.fails["session"] = 10**9
        calls = [lambda given=given: centre.do(given) for given in arriving(200)]
        found = await all_at_once(*calls)
        assert {type(one) for one in found} == {StoreFault}
        store.fails.clear()
        assert [event.type for event in centre.store.read()] == ["policy.adopted"]


@in_time()
async def test_it_gets_well_by_itself():
    """A store that fails while nobody asks for anything is tried again until it is well (RT-07)."""
    store = memory()
    async with Centre.open(store, limits=QUICK) as centre:
        store.fails["session"] = 5
        with pytest.raises(StoreFault):
            await centre.start(interaction="i-1", channel="chat")
        assert centre.health().fault is not None
        while centre.health().fault is not None:
            await anyio.lowlevel.checkpoint()
        assert centre.health().failing_for == timedelta(0)
        await centre.start(interaction="i-1", channel="chat")


# -- many at once ---------------------------------------------------------------------------------


@in_time()
async def test_those_who_wait_together_are_committed_together():
    """Of 500 callers at once most share a commit, and no commit takes more than its bound."""
    store = memory()
    async with Centre.open(store, limits=limits(group=64)) as centre:
        await bot_serves(centre)
        store.commits, store.sizes = 0, []
        calls = [lambda given=given: centre.do(given) for given in arriving(500)]
        found = await all_at_once(*calls)
        assert all(found)
        assert 8 <= store.commits < 60
        assert max(store.sizes) <= 64
        assert sum(store.sizes) == 500


@in_time()
async def test_who_comes_when_too_many_wait_is_let_in_later():
    """No more than `waiting` pieces of work wait for a commit; all of them are done in the end."""
    store = memory()
    async with Centre.open(store, limits=limits(waiting=8, group=4)) as centre:
        store.sizes = []
        calls = [lambda given=given: centre.do(given) for given in arriving(60)]
        async with anyio.create_task_group() as group:
            with store.shut():
                group.start_soon(all_at_once, *calls)
                await waiting(centre, 8)
                await anyio.wait_all_tasks_blocked()
                assert centre.health().waiting == 8
        assert centre.health().waiting == 0
        assert sum(store.sizes) == 60
        assert max(store.sizes) <= 4


@in_time()
async def test_a_caller_who_goes_away_harms_nobody():
    """Whoever stops waiting leaves a command that happens or not; everybody else's is done."""
    store, done = memory(), []
    scopes = [anyio.CancelScope() for _ in range(20)]
    async with Centre.open(store) as centre:

        async def one(scope, command):
            with scope:
                await centre.do(command)
                done.append(command.interaction)

        pairs = zip(scopes, arriving(20), strict=True)
        calls = [lambda scope=scope, given=given: one(scope, given) for scope, given in pairs]
        async with anyio.create_task_group() as group:
            with store.shut():
                group.start_soon(all_at_once, *calls)
                await waiting(centre, 20)
                [scope.cancel() for scope in scopes[::2]]
                await anyio.wait_all_tasks_blocked()
        assert sorted(done) == sorted(f"i-{number}" for number in range(1, 20, 2))
        arrived = [
            event.subject("interaction")
            for event in centre.store.read()
            if event.type == "interaction.arrived"
        ]
        assert {*done} <= {*arrived}
        assert len(arrived) == len({*arrived})
        await centre.start(interaction="i-99", channel="chat")
        assert centre.health().waiting == 0


@in_time()
async def test_what_is_answered_is_on_the_disk(tmp_path):
    """When a command is answered another connection, which knows nothing of it, reads its events.

    An acknowledgement is sent after the durable append only (IN-09).
    """
    async with Centre.open(address_of(tmp_path)) as centre:
        other = SQLiteStore(tmp_path / "centre.db", read_only=True)
        try:
            for command in arriving(20):
                events = await centre.do(command)
                assert other.last_position == events[-1].position
        finally:
            other.close()


@in_time()
async def test_one_that_cannot_be_written_is_no_fault_of_the_store(opens):
    """What can never be kept is raised at once, and the store is as well as before."""
    store = memory()
    async with opens(store) as centre:
        feed = centre.feed(after=centre.position)
        with pytest.raises(StoreFault):
            await centre.do(c.Arrive(interaction="i-x", channel="chat"), id="poison")
        assert centre.health().fault is None
        events = await centre.start(interaction="i-x", channel="chat")
        assert await anext(feed) == events[0]


@in_time()
async def test_one_that_cannot_be_written_costs_itself_alone():
    """Of callers at once, the one whose command cannot be kept hears so, and nobody else (IN-13).

    Each of the others is given its own events, though the group was committed in parts.
    """
    store, found = memory(), []
    async with Centre.open(store) as centre:
        calls = [lambda given=given: centre.do(given) for given in arriving(9)]
        x = c.Arrive(interaction="i-x", channel="chat")
        calls.insert(4, lambda: centre.do(x, id="poison"))

        async def run():
            found.extend(await all_at_once(*calls))

        async with anyio.create_task_group() as group:
            with store.shut():
                group.start_soon(run)
                await waiting(centre, 10)
        assert isinstance(found.pop(4), StoreFault)
        for number, events in enumerate(found):
            subjects = {event.subject("interaction") for event in events} - {None}
            assert subjects == {f"i-{number}"}
        feed = centre.feed()
        assert [(await anext(feed)).position for _ in range(centre.position)] == [
            *range(1, centre.position + 1)
        ]
        assert await centre.start(interaction="i-x", channel="chat")
