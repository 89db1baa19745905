"""Sending: what was committed is brought about at least once, in order, and settled once."""

from contextlib import AsyncExitStack
from datetime import timedelta

import anyio
import anyio.lowlevel
import pytest
from tests.runtime.setting import (
    CALLABLES,
    THEIRS,
    Post,
    a_while,
    address_of,
    arriving,
    closing,
    follow_until,
    in_time,
    limits,
    memory,
)

from onechannel import commands as c
from onechannel.delivery import (
    GivenUp,
    MailRules,
    Order,
    Postponed,
    ReplayEffect,
    Subscribe,
    outbox,
)
from onechannel.errors import CommandRefused, StoreFault
from onechannel.model.worker import Worker
from onechannel.ports import Destination
from onechannel.runtime import Centre, Reply, Sending
from onechannel.runtime.stream import Stream

pytestmark = pytest.mark.anyio

ARRIVALS = Destination(name="desk", types={"interaction.arrived"})
TALK = Destination(name="phone", types={"message.received"})
#: Whatever failed is tried again soon.
SOON = limits(mail=MailRules(first_delay=timedelta(milliseconds=30)))
BRIEF = timedelta(milliseconds=400)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What is due again is looked for at once."""
    monkeypatch.setattr(Stream, "look", timedelta(milliseconds=20))


def to(post, destination=ARRIVALS, **options):
    """Sending to a post."""
    return Sending(destination=destination, sender=post, **options)


async def settled(centre, count):
    """Until so many effects are done or dead."""
    while (mail := centre.health().mail).made - mail.due < count:
        await a_while(centre)
    return mail


async def has(centre, post, count):
    """Until a post has been given so many."""
    while len(post.got) < count:
        await a_while(centre)


def clock_of(centre):
    """What time it is there."""
    return lambda: centre.now


async def talk(centre, *conversations, times):
    """Everybody says so many things, in turn."""
    for name in conversations:
        await centre.start(interaction=name, channel="chat")
    return {
        name: [
            (await centre.say(interaction=name, text=f"{number}"))[0].position
            for number in range(times)
        ]
        for name in conversations
    }


# -- all goes well --------------------------------------------------------------------------------


@in_time()
async def test_each_effect_is_sent_once_where_nothing_fails(opens):
    """Of what was committed each event that a destination wants is sent once, and no other (IN-20).

    The key is the same for nothing else.
    """
    post = Post()
    async with opens(sendings=[to(post)]) as centre:
        for command in arriving(30):
            await centre.do(command)
        mail = await settled(centre, 30)
        wanted = [e.position for e in centre.store.read() if e.type == "interaction.arrived"]
    assert sorted(post.positions) == wanted
    assert len({one.key for one in post.got}) == 30
    assert {one.attempt for one in post.got} == {1}
    assert (mail.made, mail.sent, mail.undelivered) == (30, 30, 0)


@in_time()
async def test_those_of_one_conversation_leave_in_order(opens):
    """What concerns one interaction leaves in order, one after the other, though some fail (IN-17).

    Others overtake it: one conversation holds up no other.
    """
    post = Post(answers=[Postponed("busy"), ValueError("no")])
    async with opens(limits=SOON, sendings=[to(post, TALK)]) as centre:
        said = await talk(centre, "i-1", "i-2", "i-3", times=8)
        await settled(centre, 24)
    for name, positions in said.items():
        tried = [e.event.position for e in post.got if e.event.subject("interaction") == name]
        assert [*dict.fromkeys(tried)] == positions
        assert tried == sorted(tried)


@in_time()
async def test_no_more_at_once_than_allowed(opens):
    """A destination is given `at_once` effects at a time, and so many, where there are as many."""
    post = Post(gate=anyio.Event())
    async with opens(sendings=[to(post, at_once=3)]) as centre:
        for command in arriving(20):
            await centre.do(command)
        await has(centre, post, 3)
        await anyio.wait_all_tasks_blocked()
        assert len(post.got) == 3
        post.gate.set()
        await settled(centre, 20)
    assert post.most_at_once == 3
    assert len(post.got) == 20


@in_time()
async def test_what_the_answer_means_is_served(opens):
    """The orders of a reply are commands of the centre: the loop closes through the front door."""
    close = Reply(orders=[Order(c.Close(interaction="i-0"))])
    post = Post(answers=[close])
    async with opens(sendings=[to(post)]) as centre:
        await centre.start(interaction="i-0", channel="chat")
        await follow_until(centre.feed(), closing("i-0"))
        await settled(centre, 1)


# -- what fails -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure", [ValueError("no"), Postponed("busy"), ExceptionGroup("two", [OSError()]), None]
)
@in_time()
async def test_what_fails_is_tried_again_under_its_key(opens, failure):
    """A sender that raises, puts off or answers nonsense costs a try: the same key comes again.

    The mark of being sent is never made before it is (IN-18).
    """
    post = Post(answers=[failure, failure])
    async with opens(limits=SOON, sendings=[to(post)]) as centre:
        await centre.start(interaction="i-0", channel="chat")
        mail = await settled(centre, 1)
    assert [one.attempt for one in post.got] == [1, 2, 3]
    assert len({one.key for one in post.got}) == 1
    assert (mail.made, mail.sent) == (1, 1)


@in_time()
async def test_one_that_hangs_is_given_up_and_tried_again(opens):
    """A sender that does not return within its lease costs one try, and holds nobody else up."""
    post = Post(gate=anyio.Event())
    one = to(post, lease=BRIEF, at_once=1)
    async with opens(limits=SOON, sendings=[one]) as centre:
        for command in arriving(2):
            await centre.do(command)
        await has(centre, post, 2)
        assert post.under_way <= 1
        post.gate.set()
        await settled(centre, 2)
    assert {one.attempt for one in post.got} >= {1, 2}


@in_time()
async def test_it_waits_as_long_as_it_is_told(opens):
    """A 429 with Retry-After: nothing more is sent there until then, and then all of it is (LP-05).

    Nothing is lost, and nothing given up for it.
    """
    wait = timedelta(milliseconds=300)
    post = Post(answers=[Postponed("too many", retry_after=wait)])
    async with opens(limits=SOON, sendings=[to(post, at_once=1)]) as centre:
        clock, times = clock_of(centre), []
        for command in arriving(5):
            await centre.do(command)
        await has(centre, post, 1)
        times.append(clock())
        await has(centre, post, 2)
        times.append(clock())
        mail = await settled(centre, 5)
    assert times[1] - times[0] >= wait * 0.9
    assert (mail.sent, mail.undelivered) == (5, 0)


@in_time()
async def test_what_is_refused_for_good_is_a_dead_letter_that_can_be_replayed(opens):
    """Given up it is dead, and seen in health; one command makes it due again, under its key."""
    post = Post(answers=[GivenUp("no such number")])
    async with opens(sendings=[to(post)]) as centre:
        await centre.start(interaction="i-0", channel="chat")
        await settled(centre, 1)
        health = centre.health()
        assert (health.mail.undelivered, health.mail.dead_letters) == (1, 1)
        assert "dead letter" in " ".join(health.notes)
        assert health.ok
        again = ReplayEffect(destination="desk", position=post.positions[0])
        await centre.replay(again)
        await has(centre, post, 2)
        await settled(centre, 1)
        while not centre.health().mail.sent:
            await a_while(centre)
        assert centre.health().mail.dead_letters == 0
        with pytest.raises(CommandRefused, match="not dead"):
            await centre.replay(again)
    assert len({one.key for one in post.got}) == 1


@in_time()
async def test_the_breaker_opens_and_tries_one(opens, monkeypatch):
    """After failures in a row a destination is spared for a time; then one try decides (LP-05)."""
    monkeypatch.setattr(outbox, "_REST", BRIEF)
    down = Postponed("down")
    post = Post(answers=[down] * 6)
    async with opens(limits=SOON, sendings=[to(post, at_once=1)]) as centre:
        for command in arriving(12):
            await centre.do(command)
        await has(centre, post, 5)
        clock = clock_of(centre)
        opened = clock()
        await has(centre, post, 6)
        assert clock() - opened >= BRIEF * 0.8
        await has(centre, post, 7)
        assert clock() - opened >= BRIEF * 2
        mail = await settled(centre, 12)
    assert (mail.sent, mail.undelivered) == (12, 0)


@in_time()
async def test_a_downstream_that_is_away_misses_nothing(opens, monkeypatch):
    """Down through many tries, it is given everything once it returns, in order (IN-17)."""
    monkeypatch.setattr(outbox, "_REST", timedelta(milliseconds=50))
    post = Post(answers=[OSError("down")] * 7)
    async with opens(limits=SOON, sendings=[to(post, TALK)]) as centre:
        said = await talk(centre, "i-1", "i-2", times=5)
        await settled(centre, 10)
    for name, positions in said.items():
        tried = [e.event.position for e in post.got if e.event.subject("interaction") == name]
        assert [*dict.fromkeys(tried)] == positions


@in_time()
async def test_a_store_that_fails_costs_no_effect(opens):
    """Claims and settlements that fail are tried again: sent once more perhaps, but never lost."""
    post, store = Post(), memory()
    async with opens(store, limits=SOON, sendings=[to(post, lease=BRIEF)]) as centre:
        for number, command in enumerate(arriving(20)):
            store.fails[["before", "after", "session"][number % 3]] = 1
            await centre.do(command)
        mail = await settled(centre, 20)
    assert (mail.made, mail.sent) == (20, 20)
    assert len({*post.positions}) == 20


@in_time()
async def test_an_event_that_cannot_be_read_costs_nobody_else(opens):
    """A fault of the store while an effect's event is read costs a try, and nothing else."""
    post, store = Post(), memory()
    faults = [StoreFault("planted")] * 2
    async with opens(store, limits=SOON, sendings=[to(post, lease=BRIEF)]) as centre:
        read = store.read

        def fails(after=0, limit=None):
            if limit == 1 and faults:
                raise faults.pop()
            return read(after, limit)

        store.read = fails
        for command in arriving(3):
            await centre.do(command)
        mail = await settled(centre, 3)
    assert mail.sent == 3
    assert not faults


# -- several, and ends ----------------------------------------------------------------------------


@in_time()
async def test_two_centres_share_the_work(tmp_path):
    """Several centres that send to one place: each effect is sent and settled once (RT-08)."""
    posts = [Post() for _ in range(3)]
    async with AsyncExitStack() as stack:
        centres = [
            await stack.enter_async_context(
                Centre.open(address_of(tmp_path), sendings=[to(post, at_once=2)])
            )
            for post in posts
        ]
        async with anyio.create_task_group() as group:
            for number, command in enumerate(arriving(60)):
                group.start_soon(centres[number % 3].do, command)
        mail = await settled(centres[0], 60)
    got = [position for post in posts for position in post.positions]
    assert len(got) == len({*got}) == 60
    assert (mail.made, mail.sent) == (60, 60)


@in_time()
async def test_what_was_sent_and_not_settled_is_sent_again_under_its_key(tmp_path):
    """Whoever sends dies before it can say so: another sends it again, with the same key (IN-18).

    Nobody can know whether it was sent; whoever gets it tells it by its key.
    """
    first, second = Post(gate=anyio.Event()), Post()
    with anyio.CancelScope() as scope:
        async with Centre.open(address_of(tmp_path), sendings=[to(first, lease=BRIEF)]) as centre:
            await centre.start(interaction="i-0", channel="chat")
            await first.has(1)
            scope.cancel()
    assert scope.cancelled_caught
    async with Centre.open(address_of(tmp_path), sendings=[to(second)]) as centre:
        mail = await settled(centre, 1)
    assert [one.key for one in first.got] == [one.key for one in second.got]
    assert [one.attempt for one in second.got] == [2]
    assert (mail.made, mail.sent) == (1, 1)


@in_time()
async def test_what_is_being_sent_when_it_is_left_is_settled(tmp_path):
    """An end in order waits for what is under way: it is not sent again by the next (CT-09)."""
    first, second = Post(gate=anyio.Event()), Post()
    async with anyio.create_task_group() as group:
        centre = Centre.open(address_of(tmp_path), sendings=[to(first)])

        async def let_go():
            while not centre._stream.stopped:
                await anyio.lowlevel.checkpoint()
            first.gate.set()

        async with centre:
            for command in arriving(5):
                await centre.do(command)
            await first.has(5)
            group.start_soon(let_go)
        await anyio.lowlevel.checkpoint()
    async with Centre.open(address_of(tmp_path), sendings=[to(second)]) as centre:
        mail = centre.health().mail
    assert (mail.made, mail.sent, mail.due) == (5, 5, 0)
    assert not second.got


@in_time(5)
async def test_a_sender_that_hangs_does_not_hold_up_the_end(tmp_path, monkeypatch):
    """Left while a sender hangs, a centre waits for it no longer than its grace."""
    monkeypatch.setattr(Stream, "grace", 0.1)
    post = Post(gate=anyio.Event())
    async with Centre.open(address_of(tmp_path), sendings=[to(post)]) as centre:
        await centre.start(interaction="i-0", channel="chat")
        await post.has(1)
    assert post.under_way == 0


@in_time()
async def test_one_that_only_follows_sends_and_settles(tmp_path):
    """A process without the policy's callables sends what is due; nothing it was told is lost.

    What the answer means needs deciding: it waits until somebody has fired the deadline that comes
    first, and is served then, without being sent again.
    """
    address = address_of(tmp_path)
    post = Post(answers=[Reply(orders=[Order(c.Close(interaction="i-1"))])], gate=anyio.Event())
    async with Centre.open(address, policy=THEIRS, callables=CALLABLES) as able:
        await able._work(Subscribe(ARRIVALS))
        await able.define_worker(worker=Worker(id="marc"))
        await able.sign_in(worker="marc")
        await able.start(interaction="i-1", channel="voice")
    async with Centre.open(address, sendings=[to(post)]) as follower:
        await post.has(1)
        while follower.health().overdue is None:
            await anyio.lowlevel.checkpoint()
        post.gate.set()
        await anyio.lowlevel.checkpoint()
        async with Centre.open(address, callables=CALLABLES):
            await follow_until(follower.feed(), closing("i-1"))
            mail = await settled(follower, 1)
    assert (len(post.got), mail.sent) == (1, 1)
