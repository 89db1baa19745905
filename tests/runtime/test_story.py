"""A live centre decides what a virtual one decides, on whatever store and whichever loop."""

import pytest
from tests.runtime.setting import address_of, in_time

from onechannel.codec import data_to_json
from onechannel.delivery import CommitCycle
from onechannel.insight import check
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.runtime import Centre
from onechannel.simulation import START, VirtualCentre
from onechannel.simulation.story import a_day


class Recording(VirtualCentre):
    """A virtual centre that notes each of its cycles: when it was, and what was done in it."""

    def __init__(self, **options):
        self.steps = []
        super().__init__(**options)

    def _run(self, work):
        before = self._cycle.kernel.position
        try:
            return super()._run(work)
        finally:
            self.steps.append((self.now, work, self._cycle.kernel.position - before))


def written(log):
    """Events as they are written, but for the ids of commands."""
    return [
        (
            event.position,
            event.type,
            event.recorded_at,
            event.origin.actor,
            data_to_json(event.data),
        )
        for event in log
    ]


@pytest.mark.anyio
@in_time(30)
async def test_a_whole_day_is_what_it_is_in_virtual_time(opens):
    """The commands of a day, given one by one at their times, make the very log (RT-20).

    Deadlines come by the centre's own clock: nobody gives a command for them.
    """
    virtual = Recording(policy=DEFAULT_POLICY)
    a_day(virtual)
    async with opens(keeps_time=True) as centre:
        feed = centre.feed()
        deadlines = total = 0
        for moment, work, made in virtual.steps:
            total += made
            await opens.comes(centre, moment)
            if made == total:
                continue  # the policy is adopted by opening
            if work:
                (given,) = work
                await centre.do(given.command, given.actor, claimed_at=given.claimed_at)
            else:
                deadlines += 1
            while feed.position < total:
                await feed.some()
        assert deadlines > 5
        log = [*centre.store.read()]
    assert written(log) == written(virtual.log)
    assert check(log).position is None


@pytest.mark.anyio
@in_time()
async def test_what_was_live_is_read_by_everything_else(tmp_path):
    """The log of a live centre is taken up by a commit cycle where it ends, deadlines and all."""
    now = START
    async with Centre.open(address_of(tmp_path), clock=lambda: now) as centre:
        await centre.start(interaction="i-1", channel="voice")
        last = centre.position
    async with Centre.open(address_of(tmp_path), clock=lambda: now) as again:
        assert CommitCycle(again.store).kernel.position == last == again.position
