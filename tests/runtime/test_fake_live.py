"""The async face of a fake centre: virtual time for code that awaits, in one thread.

What it has in common with a live centre is tested with those, by the fixture `opens`.
"""

from datetime import timedelta

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from tests.runtime.setting import BOT, Post, arriving, in_time

from onechannel import commands as c
from onechannel.delivery import Postponed
from onechannel.errors import InvalidValue, StoreFault
from onechannel.insight import check
from onechannel.model.actor import Actor, ActorKind
from onechannel.ports import Destination
from onechannel.runtime import LiveCentre, Sending
from onechannel.testing import ExpectationFailed, FakeCentre, _virtual_stream
from onechannel.testing._virtual_stream import VirtualStream
from onechannel.testing.live import FakeLiveCentre, live_of

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DESK = Destination(name="desk", types={"interaction.arrived"})
MARC = Actor(ActorKind.WORKER, "marc")


@pytest.fixture
def fake():
    return FakeCentre()


async def answers_by_itself(live: LiveCentre) -> None:
    """Code under test: a desk whose worker answers what he is asked after five seconds."""
    async for event in live.feed():
        if event.type == "assignment.opened" and event.data.worker == "marc":
            await live.wait(5 * SECOND)
            await live.by(MARC).accept(assignment=event.data.assignment)


# -- one centre, two faces ------------------------------------------------------------------------


@in_time()
async def test_the_test_goes_on_with_the_handles_of_the_same_centre(fake):
    """What a handle does wakes the code under test, and what that does is seen by the handles."""
    async with anyio.create_task_group() as group, FakeLiveCentre(fake) as live:
        group.start_soon(answers_by_itself, live)
        fake.worker("marc")
        call = fake.customer("Ana").starts("voice")
        await live.advance(seconds=4)
        assert call.worker is None
        await live.advance(seconds=1)
        assert call.worker == fake.worker("marc")
        assert live.store is fake.store
        assert (live.now, live.position) == (fake.now, fake.store.last_position)


@in_time()
async def test_whoever_waits_is_served_at_its_moment_among_the_deadlines(fake):
    """Deadlines and those who wait come each at its own time, in order, to the microsecond."""
    seen = []

    async def note(live):
        async for event in live.feed():
            seen.append((event.type, event.recorded_at, live.now))  # noqa: PERF401 - as it goes

    async def wait(live, seconds):
        await live.wait(seconds * SECOND)
        seen.append((seconds, live.now, live.now))

    begins = fake.now
    async with anyio.create_task_group() as group, FakeLiveCentre(fake) as live:
        group.start_soon(note, live)
        for seconds in (30, 3, 20.000001, 19.999999):
            group.start_soon(wait, live, seconds)
        fake.worker("marc")
        fake.customer("Ana").starts("voice")
        await live.advance(seconds=30)
        after = [row for row in seen if row[1] > begins]
    assert [what for what, *_ in after] == [
        3,
        19.999999,
        "assignment.expired",
        "worker.unavailable",
        20.000001,
        30,
    ]
    assert all(at == now for _, at, now in after)


@in_time()
async def test_time_stands_while_nobody_advances_it(fake):
    """Whatever is awaited, no virtual time passes but in `advance` and its like."""
    begins = fake.now
    async with FakeLiveCentre(fake) as live:
        for command in arriving(50):
            await live.do(command)
        await anyio.wait_all_tasks_blocked()
        assert live.now == begins
        await live.at("09:30")
        assert live.now == begins + 30 * MINUTE
        await live.advance_to(begins)
        assert live.now == begins + 30 * MINUTE


@in_time()
async def test_it_runs_until_nobody_is_busy(fake):
    """Until nothing is due for an hour, neither a deadline nor somebody who waits.

    It stands at what came last; whoever goes in a circle is an error that says so.
    """

    async def thrice(live):
        for _ in range(3):
            await live.wait(20 * MINUTE)
        await live.wait(timedelta(hours=5))

    async def for_ever(live):
        while True:
            await live.wait(MINUTE)

    begins = fake.now
    async with anyio.create_task_group() as group, FakeLiveCentre(fake) as live:
        group.start_soon(thrice, live)
        await live.run_until_idle()
        assert live.now == begins + 60 * MINUTE
        group.start_soon(for_ever, live)
        with pytest.raises(InvalidValue, match="circle"):
            await live.run_until_idle()
        group.cancel_scope.cancel()


@in_time()
async def test_who_waits_no_more_holds_up_nobody(fake):
    """A wait that was cancelled is not what the centre runs to."""
    begins = fake.now
    async with FakeLiveCentre(fake) as live:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(live.wait, 10 * MINUTE)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        await live.run_until_idle()
        assert live.now == begins
        assert fake.next_due is None


@in_time()
async def test_leaving_it_ends_who_waits(fake):
    """Once it is left no time passes there: whoever still waits is told so, and does not go on."""
    ended = []

    async def wait(live):
        try:
            await live.wait(timedelta(days=1))
        except StoreFault as fault:
            ended.append(str(fault))

    begins, listeners = fake.now, [*fake.listeners]
    async with anyio.create_task_group() as group:
        async with FakeLiveCentre(fake) as live:
            assert live_of(fake) is live
            group.start_soon(wait, live)
            await anyio.wait_all_tasks_blocked()
        assert live_of(fake) is None
    assert len(ended) == 1
    assert "while some code waits" in ended[0]
    assert (fake.now, fake.listeners) == (begins, listeners)


@in_time()
async def test_what_a_test_fails_of_is_all_that_is_seen(fake):
    """Whoever waits when a test fails is not made to fail besides: the group cancels it."""

    async def fails():
        async with anyio.create_task_group() as group, FakeLiveCentre(fake) as live:
            group.start_soon(live.wait, MINUTE)
            await anyio.wait_all_tasks_blocked()
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        await fails()
    assert [type(fault) for fault in caught.value.exceptions] == [ZeroDivisionError]


@in_time()
async def test_a_centre_has_several_faces_one_after_the_other_and_at_once(fake):
    """Ids of commands do not repeat, so nothing that a later face does is taken for done."""
    for number in range(3):
        async with FakeLiveCentre(fake) as one, FakeLiveCentre(fake) as two:
            await one.start(interaction=f"a-{number}", channel="chat")
            await two.start(interaction=f"b-{number}", channel="chat")
    arrived = [event.subject("interaction") for event in fake.log if "arrived" in event.type]
    assert arrived == [f"{face}-{number}" for number in range(3) for face in "ab"]


# -- many at once ---------------------------------------------------------------------------------


@in_time(30)
async def test_many_at_once_are_served_in_the_order_of_asking(fake):
    """256 callers that go on at once are each served when they ask, before whoever asks later.

    Each sees its own events, and the log is one that can be.
    """
    fake.do(c.DefineWorker(worker=BOT))
    fake.do(c.SignIn(worker="bot"))
    asked, found = [], {}

    async def serve(live, number):
        for step in range(3):
            command = [
                c.Arrive(interaction=f"i-{number}", channel="chat"),
                c.Say(interaction=f"i-{number}", text=f"{number}"),
                c.Leave(interaction=f"i-{number}"),
            ][step]
            asked.append((number, step))
            found[number, step] = await live.do(command, id=f"{number}/{step}")

    async with FakeLiveCentre(fake) as live, anyio.create_task_group() as group:
        for number in range(256):
            group.start_soon(serve, live, number)
    served = [*dict.fromkeys(e.origin.command for e in fake.log if "/" in e.origin.command)]
    assert served == [f"{number}/{step}" for number, step in asked]
    assert all(
        {event.origin.command for event in events} == {f"{number}/{step}"}
        for (number, step), events in found.items()
    )
    assert check(fake.log).position is None


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@in_time()
async def test_the_same_test_makes_the_same_log(fake):
    """Twice the same script, with code that runs side by side, is the same log to the byte.

    On trio, which lets those go on in any order that could go on at one moment, what they do at one
    moment may change places; so it is not asked there.
    """

    async def once():
        centre, post = FakeCentre(), Post(answers=[Postponed("busy"), ValueError("no")])
        sending = Sending(destination=DESK, sender=post)
        async with (
            anyio.create_task_group() as group,
            FakeLiveCentre(centre, sendings=[sending]) as live,
        ):
            group.start_soon(answers_by_itself, live)
            centre.worker("marc")
            for command in arriving(20):
                group.start_soon(live.do, command)
            await live.advance(minutes=3)
        return [*centre.log], [(one.event.position, one.attempt) for one in post.got]

    assert await once() == await once()


@in_time()
async def test_whoever_is_cancelled_leaves_a_log_that_can_be(fake):
    """A caller cancelled before, while or after it asks has its command done whole or not at all.

    Everybody else is served.
    """
    scopes, done = [anyio.CancelScope() for _ in range(60)], []

    async def one(live, scope, command):
        with scope:
            await live.do(command, id=command.interaction)
            done.append(command.interaction)

    [scope.cancel() for scope in scopes[::3]]
    async with FakeLiveCentre(fake) as live:
        async with anyio.create_task_group() as group:
            for scope, command in zip(scopes, arriving(60), strict=True):
                group.start_soon(one, live, scope, command)
            await anyio.lowlevel.checkpoint()
            [scope.cancel() for scope in scopes[1::3]]
        assert {f"i-{number}" for number in range(2, 60, 3)} <= {*done}
        for command in arriving(60):
            await live.do(command, id=command.interaction)
    arrived = [event.subject("interaction") for event in fake.log if "arrived" in event.type]
    assert sorted(arrived) == sorted(f"i-{number}" for number in range(60))
    assert check(fake.log).position is None


# -- what is expected -----------------------------------------------------------------------------


@in_time()
async def test_expectations_are_awaited_while_the_code_under_test_runs(fake):
    """Time passes until what is expected happens, and no further: whoever brings it about can run.

    Asked without awaiting, the desk would not get to answer.
    """
    async with anyio.create_task_group() as group, FakeLiveCentre(fake) as live:
        group.start_soon(answers_by_itself, live)
        marc = fake.worker("marc")
        call = fake.customer("Ana").starts("voice")
        begins = fake.now
        answered = await live.within(fake.expect.assigned(marc, call), seconds=20)
        assert answered.recorded_at == fake.now == begins + 5 * SECOND
        await live.never(fake.expect.declined(marc), minutes=2)
        assert fake.now == begins + 5 * SECOND + 2 * MINUTE
        await live.times(fake.expect.assigned(marc), 1)
        await live.asked(fake.expect.no_anomaly_steps(minutes=1))
        assert fake.now == begins + 5 * SECOND + 3 * MINUTE
        assert fake.expect.unasked == ()


@in_time()
async def test_what_does_not_happen_in_time_fails_with_its_timeline(fake):
    """The failure is the one of a test that awaits nothing; and all the time has passed."""
    async with anyio.create_task_group() as group, FakeLiveCentre(fake) as live:
        group.start_soon(answers_by_itself, live)
        marc = fake.worker("marc")
        call = fake.customer("Ana").starts("voice")
        begins = fake.now
        with pytest.raises(ExpectationFailed, match="is asked"):
            await live.within(fake.expect.assigned(marc, call), seconds=4)
        assert fake.now == begins + 4 * SECOND
        with pytest.raises(ExpectationFailed, match="never"):
            await live.never(fake.expect.assigned(marc), seconds=10)
        assert fake.now == begins + 5 * SECOND
        await live.advance(minutes=1)


# -- what is refused ------------------------------------------------------------------------------


@in_time()
async def test_time_is_advanced_by_one_at_a_time(fake):
    """Two who advance it at once would wait for each other: the second is told so."""
    async with FakeLiveCentre(fake) as live, anyio.create_task_group() as group:
        gate = anyio.Event()

        async def meddles():
            await live.wait(MINUTE)
            with pytest.raises(InvalidValue, match="one at a time"):
                await live.advance(minutes=1)
            gate.set()

        group.start_soon(meddles)
        await live.advance(hours=1)
        assert gate.is_set()


@in_time()
async def test_code_that_never_waits_is_told_of(fake, monkeypatch):
    """Time cannot pass while somebody runs on and on: the error says so, and the way out."""
    monkeypatch.setattr(_virtual_stream, "_IN_A_CIRCLE", 0.05)

    async def spin():
        while True:
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group, FakeLiveCentre(fake) as live:
        group.start_soon(spin)
        with pytest.raises(InvalidValue, match="never waits"):
            await live.advance(minutes=1)
        group.cancel_scope.cancel()


@in_time()
async def test_a_worker_who_has_vanished_does_nothing_here_either(fake):
    """What code under test does for a worker who is gone is refused as it is of the handle."""
    marc = fake.worker("marc")
    async with FakeLiveCentre(fake) as live:
        marc.vanishes()
        with pytest.raises(InvalidValue, match="vanished"):
            await live.by(MARC).become_unavailable(worker="marc", reason="lunch")


# -- planted --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "planted", ["nobody is let run to rest", "who waits is not woken at his moment"]
)
@in_time()
async def test_planted_bugs_of_the_face_are_seen(fake, monkeypatch, planted):
    """Without letting others run, or with a moment that nobody keeps, the desk answers too late."""
    if planted.startswith("nobody"):

        async def hurry(_self):
            await anyio.lowlevel.checkpoint()

        monkeypatch.setattr(VirtualStream, "at_rest", hurry)
    else:
        until = VirtualStream.until
        monkeypatch.setattr(
            VirtualStream, "until", lambda self, moment: until(self, moment + MINUTE)
        )
    async with anyio.create_task_group() as group, FakeLiveCentre(fake) as live:
        group.start_soon(answers_by_itself, live)
        fake.worker("marc")
        call = fake.customer("Ana").starts("voice")
        await live.advance(seconds=10)
        assert call.worker is None
        group.cancel_scope.cancel()
