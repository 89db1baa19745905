"""Deadlines come by themselves on the real clock, once, whoever has the centre open."""

from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from tests.runtime.setting import RINGS_BRIEFLY, address_of, follow_until, in_time

from onechannel.model.worker import Worker
from onechannel.runtime import Centre

pytestmark = pytest.mark.anyio

#: How much later than due a deadline may fire, on a machine that does other things too.
LATE = timedelta(seconds=1)
RINGS = 8


async def all_ring(centre):
    """As many people as there are calls: each is asked, and none will answer."""
    for number in range(RINGS):
        await centre.define_worker(worker=Worker(id=f"w-{number}"))
        await centre.sign_in(worker=f"w-{number}")
        await centre.start(interaction=f"i-{number}", channel="voice")


def expired(log):
    """How often each asking ran out."""
    return Counter(event.data.assignment for event in log if event.type == "assignment.expired")


def once(log):
    """Whether as many askings ran out as there are people to ask, each once."""
    return [*expired(log).values()] == [1] * RINGS


async def last_expired(centre):
    """The log up to the moment when nobody is asked any more."""
    count = 0

    def last(event):
        nonlocal count
        count += event.type == "assignment.expired"
        return count == RINGS

    return await follow_until(centre.feed(), last)


@in_time()
async def test_a_deadline_needs_no_command(tmp_path):
    """Nobody gives a command, and who is asked is asked no longer: not early, and hardly late."""
    async with Centre.open(address_of(tmp_path), policy=RINGS_BRIEFLY) as centre:
        await all_ring(centre)
        log = await last_expired(centre)
        due = {e.data.assignment: e.data.expires_at for e in log
               if e.type == "assignment.opened"}  # fmt: skip
        for event in log:
            if event.type == "assignment.expired":
                assert event.occurred_at == due[event.data.assignment]
                assert event.occurred_at <= event.recorded_at < event.occurred_at + LATE


@in_time()
async def test_each_deadline_fires_once_over_several_centres(tmp_path):
    """Four centres on one file, all with the deadlines of all: each fires once (RT-08, TM-05)."""
    async with AsyncExitStack() as stack:
        centres = [
            await stack.enter_async_context(Centre.open(address_of(tmp_path), policy=RINGS_BRIEFLY))
            for _ in range(4)
        ]
        await all_ring(centres[0])
        logs = [await last_expired(centre) for centre in centres]
    assert all(once(log) and expired(log) == expired(logs[0]) for log in logs)
    async with Centre.open(address_of(tmp_path)) as again:
        assert max(expired(again.store.read()).values()) == 1


@in_time()
async def test_a_deadline_outlives_whoever_armed_it(tmp_path):
    """Due while nobody was there, it fires when somebody comes, though nobody asks (TM-05)."""
    async with Centre.open(address_of(tmp_path), policy=RINGS_BRIEFLY) as centre:
        await all_ring(centre)
    async with Centre.open(address_of(tmp_path)) as centre:
        assert once(await last_expired(centre))


@in_time()
async def test_another_takes_over(tmp_path):
    """Whoever armed the deadlines has gone; one that only looks on fires them in time (RT-07)."""
    async with Centre.open(address_of(tmp_path)) as left:
        async with Centre.open(address_of(tmp_path), policy=RINGS_BRIEFLY) as gone:
            await all_ring(gone)
        log = await last_expired(left)
        assert once(log)
        for event in log:
            if event.type == "assignment.expired":
                assert event.recorded_at < event.occurred_at + LATE
