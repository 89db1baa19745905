"""What fails and what is sent, on the async face of a fake centre: stores, and senders.

What it has in common with a live centre is tested with those, by the fixture `opens`.
"""

import threading
from datetime import timedelta
from functools import partial
from itertools import pairwise

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from tests.runtime.setting import Post, in_time

from onechannel import commands as c
from onechannel.delivery import GivenUp, Postponed, ReplayEffect, Sent
from onechannel.errors import CommandRefused, StoreFault
from onechannel.insight import check
from onechannel.ports import Destination
from onechannel.runtime import Reply, Sending
from onechannel.stores.memory import MemoryStore
from onechannel.testing import FakeCentre
from onechannel.testing.faults import FaultyStore, Planted, Step
from onechannel.testing.live import FakeLiveCentre

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DESK = Destination(name="desk", types={"interaction.arrived"})


@pytest.fixture
def fake():
    return FakeCentre()


# -- stores that fail -----------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [False, True])
@in_time()
async def test_a_store_that_fails_as_it_is_told(fake, kept):
    """Once told so, a call raises `StoreFault`, whether it was kept or not; given again it is done.

    Then all is well; refusals are raised as ever.
    """
    async with FakeLiveCentre(fake) as live:
        live.store_fails(kept=kept)
        arrive = partial(live.do, c.Arrive(interaction="i-1", channel="voice"), id="once")
        with pytest.raises(StoreFault):
            await arrive()
        assert bool(fake.view.interactions) == kept
        assert "interaction.arrived" in [event.type for event in await arrive()]
        with pytest.raises(CommandRefused):
            await live.start(interaction="i-1", channel="voice")
        assert live.health().ok


@in_time()
async def test_deadlines_come_though_the_store_fails(fake):
    """A store that fails as time passes is tried again, and no deadline is lost or comes twice."""
    fails = iter([])

    def strike(_step: Step):
        if next(fails, False):
            raise Planted("planted")

    centre = FakeCentre(store=FaultyStore(MemoryStore(), strike))
    centre.worker("marc")
    async with FakeLiveCentre(centre) as live:
        for number in range(12):
            call = centre.customer().starts("voice")
            fails = iter([*[False] * number, True, number % 2 == 0])
            await live.advance(seconds=20)
            fails = iter([])
            assert centre.worker("marc").state == "unavailable"
            await live.leave(interaction=call.id)
            centre.worker("marc").becomes_available()
    expired = [event for event in centre.log if event.type == "assignment.expired"]
    assert len(expired) == 12
    assert check(centre.log).position is None


@in_time()
async def test_a_store_that_never_comes_back_is_told_of_and_health_says_so():
    """After the tries of a live centre's patience it is raised where time passes, too."""
    down = []

    def strike(_step: Step):
        if down:
            raise Planted("it is gone")

    centre = FakeCentre(store=FaultyStore(MemoryStore(), strike))
    centre.worker("marc")
    centre.customer().starts("voice")
    async with FakeLiveCentre(centre) as live:
        down.append(True)
        with pytest.raises(StoreFault, match="gone"):
            await live.advance(minutes=1)
        down.clear()
        assert live.health().fault == "it is gone"
        await live.advance(minutes=1)
        assert live.health().fault is None


# -- senders --------------------------------------------------------------------------------------


@in_time()
async def test_what_a_sender_is_told_to_wait_for_passes_in_virtual_time(fake):
    """Retry-After to the microsecond, back-off and breaker as of a live centre, all within no time.

    Each try is at the very moment at which it is due, and everything is sent in the end.
    """
    tries = []

    async def sender(outgoing):
        tries.append(((fake.now - begins) / SECOND, outgoing.attempt))
        after = [Postponed("429", 90.5 * SECOND), *[Postponed("down")] * 6, Sent()]
        return Reply(outcome=after[min(len(tries) - 1, 7)])

    begins = fake.now
    sending = Sending(destination=DESK, sender=sender)
    async with FakeLiveCentre(fake, sendings=[sending]) as live:
        await live.start(interaction="i-1", channel="voice")
        await live.run_until_idle()
        assert live.health().mail.sent == 1
    moments = [moment for moment, _ in tries]
    assert moments[:2] == [0, 90.5]
    gaps = [later - one for one, later in pairwise(moments[1:])]
    assert all(low <= gap <= high for gap, low, high in zip(gaps, DELAYS, TWICE, strict=True))
    assert [attempt for _, attempt in tries] == [*range(1, 9)]


# After the second try: two, four, eight, sixteen seconds, less up to a half; then the breaker has
# seen five failures and rests for thirty, and for sixty.
DELAYS = [1, 2, 4, 8, 30, 60]
TWICE = [2, 4, 8, 16, 32, 64]


@in_time()
async def test_a_sender_that_waits_in_virtual_time_holds_up_nothing(fake):
    """One that takes longer than its lease is given up at its share of it, within no real time."""
    begun = []

    async def sender(_outgoing):
        begun.append((fake.now - begins) / SECOND)
        await live.wait(MINUTE if len(begun) == 1 else 3 * SECOND)
        return Reply()

    begins = fake.now
    async with FakeLiveCentre(fake, sendings=[Sending(destination=DESK, sender=sender)]) as live:
        with anyio.fail_after(0.9):
            await live.start(interaction="i-1", channel="voice")
            await live.advance(minutes=2)
        assert live.health().mail.sent == 1
    assert len(begun) == 2
    assert 24 < begun[1] < 26


@in_time()
async def test_time_stands_still_for_what_is_real(fake):
    """A sender that is away in a thread, as one that speaks HTTP is, is waited for in real time.

    Else the lease would be over before the answer is there.
    """
    gate, tries = threading.Event(), []

    async def sender(outgoing):
        tries.append((fake.now - begins, outgoing.attempt))
        await anyio.to_thread.run_sync(gate.wait)
        return Reply()

    begins = fake.now
    sending = Sending(destination=DESK, sender=sender)
    async with FakeLiveCentre(fake, sendings=[sending], stands_still=20 * SECOND) as live:
        await live.start(interaction="i-1", channel="voice")
        async with anyio.create_task_group() as group:
            group.start_soon(live.advance, timedelta(hours=1))
            while not tries:
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            assert fake.now == begins
            gate.set()
        assert live.health().mail.sent == 1
    assert tries == [(timedelta(0), 1)]


@in_time()
async def test_time_stands_still_until_the_last_is_back(fake):
    """One of two is back, and the other is waited for as before."""
    gates, tries = [threading.Event(), threading.Event()], []

    async def sender(outgoing):
        tries.append(outgoing.attempt)
        await anyio.to_thread.run_sync(gates[len(tries) - 1].wait)
        return Reply()

    begins = fake.now
    sending = Sending(destination=DESK, sender=sender)
    async with FakeLiveCentre(fake, sendings=[sending], stands_still=20 * SECOND) as live:
        for _ in range(2):
            fake.customer().starts("voice")
        async with anyio.create_task_group() as group:
            group.start_soon(live.advance, timedelta(hours=1))
            while len(tries) < 2:
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            gates[0].set()
            while live.health().mail.sent < 1:
                await anyio.lowlevel.checkpoint()
            for _ in range(3):
                await anyio.wait_all_tasks_blocked()
            assert fake.now == begins
            gates[1].set()
        assert live.health().mail.sent == 2
    assert tries == [1, 1]


@in_time(5)
async def test_what_is_replayed_is_sent_without_any_time(fake):
    """To make a dead effect due again is no event, and whoever sends hears of it all the same."""
    post = Post(answers=[GivenUp("no such number")])
    async with FakeLiveCentre(fake, sendings=[Sending(destination=DESK, sender=post)]) as live:
        fake.customer().starts("voice")
        while not live.health().mail.undelivered:
            await anyio.lowlevel.checkpoint()
        await live.advance(seconds=0)  # whoever sends has come to rest
        await live.replay(ReplayEffect(destination="desk", position=post.positions[0]))
        while not live.health().mail.sent:
            await anyio.lowlevel.checkpoint()
    assert len(post.got) == 2


@in_time()
async def test_what_never_comes_back_is_not_waited_for_twice(fake):
    """After so much real time it is let go, and virtual time passes: its lease ends there."""
    post = Post(gate=anyio.Event())
    sending = Sending(destination=DESK, sender=post)
    async with FakeLiveCentre(fake, sendings=[sending], stands_still=SECOND / 100) as live:
        await live.start(interaction="i-1", channel="voice")
        await live.advance(minutes=5)
        assert len(post.got) > 3
        assert live.health().mail.sent == 0
        post.gate.set()
        await live.advance(minutes=5)
        assert live.health().mail.sent == 1
