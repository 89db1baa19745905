"""Feeds: every event, once, in order, wherever it was committed and whatever failed."""

from contextlib import AsyncExitStack
from random import Random

import anyio
import pytest
from tests.runtime.setting import address_of, arriving, bot_serves, in_time, memory

from onechannel import commands as c
from onechannel.delivery import CommitCycle, Submission
from onechannel.errors import InvalidValue
from onechannel.runtime import Centre
from onechannel.simulation import START
from onechannel.stores.sqlite import SQLiteStore

pytestmark = pytest.mark.anyio


async def followed(feed, last, into):
    """Follow a feed to a position, by single events and by as many as there are, in turn."""
    while feed.position < last():
        into.append(await anext(feed))
        if feed.position < last():
            into.extend(await feed.some())


async def spread(commands, centres):
    """Give commands all at once, to these centres in turn."""
    async with anyio.create_task_group() as group:
        for number, command in enumerate(commands):
            group.start_soon(centres[number % len(centres)].do, command)


def whole(events, first, last):
    """Whether these are the events of those positions, none skipped and none twice."""
    return [event.position for event in events] == [*range(first, last + 1)]


def long_log(path, count):
    """A log of more than so many events, all of messages in one conversation."""
    store = SQLiteStore(path)
    cycle = CommitCycle(store)
    work = [Submission(one, f"a-{n}") for n, one in enumerate(arriving(1))]
    work += [Submission(c.Say(interaction="i-0", text="hello"), f"s-{n}") for n in range(count)]
    for start in range(0, len(work), 500):
        cycle.run(work[start : start + 500], lambda: START)
    last = store.last_position
    store.close()
    return last


@in_time()
async def test_a_feed_begins_where_it_is_told(opens):
    """From the log's beginning, or after a position; what comes later comes too."""
    async with opens() as centre:
        for command in arriving(5):
            await centre.do(command)
        all_of_it, later = centre.feed(), centre.feed(after=4)
        assert [(await anext(all_of_it)).position for _ in range(3)] == [1, 2, 3]
        assert (await anext(later)).position == 5
        last = centre.position
        assert whole(await all_of_it.some(), 4, last)
        assert whole(await later.some(), 6, last)
        async with anyio.create_task_group() as group:
            found = []

            async def wait():
                found.extend(await later.some())

            group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            made = await centre.start(interaction="i-9", channel="chat")
        assert found == [*made]


@pytest.mark.parametrize("centres", [1, 3])
@in_time(40)
async def test_nothing_is_skipped_and_nothing_comes_twice(tmp_path, centres):
    """Feeds in several centres, with all of them committing at once, show one and the same log.

    Each sees every event, in order, once (IN-20).
    """
    found = [[] for _ in range(2 * centres)]
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(Centre.open(address_of(tmp_path)))
            for _ in range(centres)
        ]
        await bot_serves(opened[0])
        last = None
        async with anyio.create_task_group() as readers:
            for number, events in enumerate(found):
                feed = opened[number % centres].feed()
                readers.start_soon(followed, feed, lambda: last or 10**9, events)
            await spread(arriving(150), opened)
            last = max(centre.position for centre in opened)
            await opened[0].start(interaction="i-last", channel="chat")  # wakes who waits
        assert all(whole(events[:last], 1, last) for events in found)
        assert all(events[:last] == found[0][:last] for events in found)


@in_time(40)
async def test_a_feed_goes_on_across_a_replica_built_anew(opens):
    """Commits that fail, are kept or not, and rebuild the replica: no event is lost to a feed."""
    store, chance, found = memory(), Random(7), []
    async with opens(store) as centre:
        async with anyio.create_task_group() as group:
            group.start_soon(followed, centre.feed(), lambda: 400, found)
            while centre.position < 400:
                store.fails[chance.choice(["before", "after", "session"])] = chance.randint(0, 1)
                await spread(arriving(chance.randint(1, 5), centre.position), [centre])
        assert whole(found[:400], 1, 400)
        assert found == [*centre.store.read(0, len(found))]


@in_time(60)
async def test_a_feed_catches_up_with_ten_thousand_events(tmp_path):
    """A log of 10,000 events and more is given from the first to the last, while it grows."""
    last = long_log(tmp_path / "centre.db", 10_000)
    found = []
    async with Centre.open(address_of(tmp_path)) as centre:
        async with anyio.create_task_group() as group:
            group.start_soon(followed, centre.feed(), lambda: last + 20, found)
            for _ in range(20):
                await centre.say(interaction="i-0", text="and more")
        assert whole(found, 1, last + 20)


@in_time(40)
async def test_many_feeds_at_once(opens):
    """Two hundred feeds, each from a place of its own, all see the same end."""
    async with opens() as centre:
        for command in arriving(30):
            await centre.do(command)
        found = [[] for _ in range(200)]
        begins = [number % centre.position for number in range(200)]
        goal = centre.position + 20
        async with anyio.create_task_group() as group:
            for after, events in zip(begins, found, strict=True):
                group.start_soon(followed, centre.feed(after=after), lambda: goal, events)
            for command in arriving(20, 30):
                await centre.do(command)
        for after, events in zip(begins, found, strict=True):
            assert whole(events, after + 1, events[-1].position)
            assert events[-1].position >= goal


@in_time()
async def test_a_feed_with_a_name_goes_on_where_it_was_marked(tmp_path):
    """What was marked is not given again, what was not is; in another process too (IN-17)."""
    address = address_of(tmp_path)
    async with Centre.open(address) as centre:
        for command in arriving(5):
            await centre.do(command)
        feed = centre.feed("reports")
        assert (await anext(feed)).position == 1
        await anext(feed)
        await feed.mark()
        await anext(feed)
    async with Centre.open(address) as again, Centre.open(address) as other:
        feed = again.feed("reports")
        assert (await anext(feed)).position == 3
        assert (await anext(again.feed("others"))).position == 1
        await feed.mark(5)
        assert (await anext(other.feed("reports"))).position == 6
        with pytest.raises(InvalidValue, match="name"):
            await again.feed().mark()


@in_time()
async def test_a_feed_ends_when_the_centre_is_left(opens):
    """Whoever follows is given all there was, and then the end, not an error and not for ever."""
    found = []
    async with anyio.create_task_group() as group, opens() as centre:
        feed = centre.feed()

        async def follow():
            found.extend([event async for event in feed])

        group.start_soon(follow)
        for command in arriving(5):
            await centre.do(command)
        last = centre.position
    assert whole(found, 1, last)
    assert found
