"""Time is data: where it comes from, that it never runs backwards, and what comes first."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_to_json
from onechannel.delivery import Submission
from onechannel.errors import CommandRefused, DeadlineDue, InvalidValue
from onechannel.kernel import Kernel
from onechannel.model.channel import Channel
from onechannel.model.checks import utc
from onechannel.model.policy import DEFAULT_POLICY, Pause, PlanRule, Policy, StepRule
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker
from onechannel.testing.strategies import START, Rehearsal

SECOND = timedelta(seconds=1)
NAIVE = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - it is what must be refused
LEAVE = c.Leave(interaction="i")
ANYBODY = PlanRule(steps=(StepRule(),))
RINGS = Policy(name="rings", plan=ANYBODY, ring_for=20 * SECOND)


def asked(*policies: Policy) -> Rehearsal:
    """A centre in which `p` is asked for `i`, until twenty seconds have gone."""
    there = Rehearsal(stocked=False)
    for policy in policies or (RINGS,):
        there.ask(c.AdoptPolicy(policy=policy))
    there.ask(c.DefineWorker(worker=Worker(id="p", wrap_up=30 * SECOND)))
    there.ask(c.SignIn(worker="p"))
    there.ask(c.Arrive(interaction="i", channel="chat"))
    return there


def names(events) -> list[str]:
    """The stored names of events."""
    return [event.data.stored_name for event in events]


# -- instants -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "build",
    [
        utc,
        lambda at: c.Request(LEAVE, "r", at),
        lambda at: c.Request(LEAVE, "r", START, claimed_at=at),
        lambda at: Kernel().advance(at),
        lambda at: Submission(LEAVE, "s", claimed_at=at),
    ],
    ids=["utc", "at", "claimed_at", "advance", "submission"],
)
@pytest.mark.parametrize("at", [NAIVE, "2026-01-05T09:00:00Z", 1_767_603_600, NAIVE.date()])
def test_what_names_no_instant_is_refused(build, at):
    """A naive datetime, and whatever is no datetime, is refused wherever time comes in."""
    with pytest.raises(InvalidValue, match=r"naive datetime|aware datetime") as caught:
        build(at)
    assert "2026" not in str(caught.value)


@pytest.mark.parametrize("field", ["at", "claimed_at"])
def test_the_field_with_the_naive_time_is_named(field):
    """Whoever gives a naive time is told where."""
    times = {"at": START} | {field: NAIVE}
    with pytest.raises(InvalidValue, match=rf"\b{field}\b"):
        c.Request(LEAVE, "r", **times)


ZONES = [ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Kathmandu"), timezone(-timedelta(hours=11))]


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_every_zone_becomes_utc(local, zone):
    """The instant is kept and the zone is not, so that equal instants are equal in the log."""
    there = local.replace(tzinfo=zone)
    request = c.Request(LEAVE, "r", there, claimed_at=there)
    for kept in (request.at, request.claimed_at, utc(there)):
        assert kept == there
        assert kept.tzinfo is UTC
    kernel = Kernel()
    event = kernel.handle(c.Request(c.DefineQueue(queue=Queue(name="q")), "r", there))[0]
    assert event.recorded_at.tzinfo is UTC
    assert event.recorded_at == there


def test_an_instant_beyond_the_calendar_is_refused():
    """An instant that UTC has no date for is a value that cannot be."""
    with pytest.raises(InvalidValue):
        utc(datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))))


# -- time does not run backwards ------------------------------------------------------------------


def test_a_request_from_the_past_happens_now():
    """A clock that was set back does not set back the log; what the caller claims stays beside."""
    there = asked()
    late = c.Request(LEAVE, "late", there.at - timedelta(days=1), claimed_at=START - 60 * SECOND)
    event = there.handle(late)[0]
    assert event.recorded_at == there.log[-3].recorded_at
    assert event.occurred_at == START - 60 * SECOND


def test_advancing_to_the_past_is_advancing_to_the_last_event():
    """`advance` cannot go back either, and nothing is fired before it is due."""
    there = asked()
    assert there.advance(START - timedelta(days=1)) == ()
    assert there.kernel.next_deadline == there.at + 20 * SECOND


def test_a_claim_about_the_future_moves_nothing():
    """What a caller claims decides neither when it was recorded nor when others are asked."""
    there = asked()
    claimed = there.at + timedelta(days=400)
    made = there.ask(c.Accept(assignment="i/1"), after=5, claimed_at=claimed)
    assert [(event.recorded_at, event.occurred_at) for event in made] == [(there.at, claimed)]


# -- what comes first -----------------------------------------------------------------------------


@pytest.mark.parametrize("late", [0, 1, 3600])
def test_a_deadline_precedes_a_request_at_the_same_instant(late):
    """A request at or after a deadline has to wait for it, and has changed nothing."""
    there = asked()
    due = there.kernel.next_deadline
    request = c.Request(c.Accept(assignment="i/1"), "r", due + late * SECOND)
    before = snapshot_to_json(there.kernel.snapshot())
    with pytest.raises(DeadlineDue, match="advance"):
        there.kernel.handle(request)
    assert snapshot_to_json(there.kernel.snapshot()) == before
    there.advance(request.at)
    assert names(there.log)[-2:] == ["assignment.expired", "assignment.opened"]
    with pytest.raises(CommandRefused, match="i/1 is expired"):
        there.handle(request)


def test_an_accept_just_before_its_expiry_is_in_time():
    """Accepting and expiring compete by effective time: one microsecond before is in time."""
    there = asked()
    assert names(there.ask(c.Accept(assignment="i/1"), after=19.999999)) == ["assignment.accepted"]
    assert there.kernel.next_deadline is None


def test_an_accept_that_claims_to_be_in_time_is_not():
    """A claimed time does not win against a deadline that has fired."""
    there = asked()
    with pytest.raises(CommandRefused, match="expired"):
        there.ask(c.Accept(assignment="i/1"), after=21, claimed_at=there.at)


def test_deadlines_fire_in_order_of_time_and_then_of_arming():
    """What is due first is first, and of two at one instant the one that was armed first."""
    there = asked()
    there.ask(c.DefineWorker(worker=Worker(id="q")))
    there.ask(c.SignIn(worker="q"))
    there.ask(c.Arrive(interaction="j", channel="voice"), after=1)
    there.ask(c.DefineWorker(worker=Worker(id="r")))
    there.ask(c.BecomeUnavailable(worker="p", duration=20 * SECOND))
    fired = [
        (event.data.stored_name, event.subject("worker"), event.occurred_at - there.at)
        for event in there.advance(there.at + 30 * SECOND)
        if event.origin.cause is e.Cause.DEADLINE
    ]
    assert fired == [
        ("assignment.expired", "p", -11 * SECOND),
        ("assignment.expired", "q", -10 * SECOND),
        ("worker.available", "p", -10 * SECOND),
    ]


# -- long outages ---------------------------------------------------------------------------------


def test_after_an_outage_nobody_is_asked_in_the_past():
    """Deadlines of long ago occurred then and are recorded now; whoever is asked is asked now."""
    away = Pause(reason="missing", duration=5 * SECOND)
    there = asked(Policy(name="p", plan=ANYBODY, ring_for=20 * SECOND, after_expiry=away))
    back = there.at + timedelta(days=3)
    made = there.advance(back)
    assert names(made) == ["assignment.expired", "worker.unavailable"]
    assert {event.recorded_at for event in made} == {back}
    assert made[0].occurred_at == START + 20 * SECOND
    assert made[1].data.until == back + 5 * SECOND
    opened = there.advance(back + 5 * SECOND)[-1]
    assert opened.data.expires_at == opened.recorded_at + 20 * SECOND
    assert opened.occurred_at == opened.recorded_at == back + 5 * SECOND


def test_after_an_outage_every_deadline_has_fired_and_none_again():
    """One `advance` over everything that is due leaves nothing due, and a second does nothing."""
    there = asked(RINGS)
    there.advance(there.at + timedelta(days=3))
    assert there.kernel.next_deadline == there.at + 20 * SECOND
    assert there.advance(there.at) == ()


def test_what_was_observed_long_ago_is_not_due():
    """Work seen in a history arms no deadline, however it went, and its time is kept."""
    there = Rehearsal(stocked=False)
    past = START - timedelta(days=300)
    for command in (
        c.DefineQueue(queue=Queue(name="theirs", router="theirs", wrap_up=30 * SECOND)),
        c.ObserveArrival(interaction="o", channel="voice", customer="c9"),
        c.ObserveQueued(interaction="o", queue="theirs"),
        c.ObserveAccepted(interaction="o", worker="w"),
        c.ObserveClosed(interaction="o"),
    ):
        there.ask(command, claimed_at=past)
        assert there.kernel.next_deadline is None
    seen = [event for event in there.log if event.subject("interaction")]
    assert {event.origin.cause for event in seen} == {e.Cause.OBSERVED}
    assert {(event.occurred_at, event.recorded_at) for event in seen} == {(past, START)}


def test_the_age_of_what_was_observed_is_what_they_say():
    """How long somebody waits in a foreign queue counts from when it was seen there."""
    there = Rehearsal(stocked=False)
    there.ask(c.ObserveArrival(interaction="o", channel="voice"))
    claimed = START - 90 * SECOND
    made = there.ask(c.ObserveQueued(interaction="o", queue="far"), claimed_at=claimed)
    assert made[-1].data.since == claimed


# -- no time at all -------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", [ANYBODY, DEFAULT_POLICY.plan])
def test_a_step_of_no_time_is_skipped_where_nobody_can_serve(plan):
    """Zero is skipped unless somebody can serve at that very moment."""
    there = Rehearsal(stocked=False)
    there.ask(c.AdoptPolicy(policy=Policy(name="p", plan=plan)))
    made = there.ask(c.Arrive(interaction="i", channel="chat"))
    assert made[-1].data.step == len(made[-1].data.plan.steps) - 1
    assert there.kernel.next_deadline is None


def test_no_wrap_up_is_no_deadline():
    """A worker without wrap-up is free at once."""
    there = Rehearsal(stocked=False)
    there.ask(c.DefineWorker(worker=Worker(id="m", kind="machine", wrap_up=0 * SECOND)))
    there.ask(c.SignIn(worker="m"))
    there.ask(c.Arrive(interaction="i", channel="chat"))
    assert names(there.ask(LEAVE)) == ["interaction.closed", "assignment.released"]
    assert there.kernel.next_deadline is None


HAND_WORKED = Worker(id="m", kind="machine", accepts_by_itself=False)


@pytest.mark.parametrize(
    "command",
    [
        c.Arrive(interaction="i", channel="chat"),
        c.BecomeUnavailable(worker="m", duration=timedelta.resolution),
    ],
    ids=lambda command: type(command).__name__,
)
def test_no_call_leaves_a_due_deadline(command):
    """After a request another one at the same instant can be handled, without advancing."""
    there = Rehearsal(stocked=False)
    there.ask(c.DefineWorker(worker=HAND_WORKED))
    there.ask(c.SignIn(worker="m"))
    there.ask(command)
    assert there.kernel.next_deadline is None or there.kernel.next_deadline > there.at


@pytest.mark.parametrize(
    "build",
    [
        lambda: c.BecomeUnavailable(worker="p", duration=timedelta.max),
        lambda: c.AdoptPolicy(policy=Policy(name="p", plan=ANYBODY, ring_for=timedelta.max)),
        lambda: c.DefineWorker(worker=Worker(id="p", wrap_up=timedelta.max)),
    ],
    ids=["presence", "ring", "wrap-up"],
)
def test_a_duration_beyond_the_calendar_is_refused(build):
    """A duration that leads to no date is refused when it is given, not when it is used."""
    try:
        command = build()
    except InvalidValue:
        return
    there = asked()
    there.ask(command)
    there.ask(LEAVE)
    there.ask(c.Arrive(interaction="j", channel="chat"))
    there.ask(c.Accept(assignment="j/1"))
    there.ask(c.Leave(interaction="j"))


@pytest.mark.parametrize("pause", [None, Pause(reason="missing", duration=timedelta.resolution)])
def test_a_ring_of_no_time_is_refused(pause):
    """Asking for no time at all, over and over, is no policy: `advance` would never end."""
    with pytest.raises(InvalidValue):
        Policy(name="p", plan=ANYBODY, ring_for=timedelta(0), after_expiry=pause)


def test_what_was_armed_for_one_channel_is_off_on_another():
    """Neither the idle clock of the one nor its lease goes on where the conversation has moved."""
    there = asked()
    for name, more in (("slow", {"dormant_after": 60 * SECOND}), ("live", {"real_time": True})):
        lease = 60 * SECOND if name == "live" else None
        there.ask(c.DefineChannel(channel=Channel(name=name, lease=lease, **more)))
    there.ask(c.Accept(assignment="i/1"))
    there.ask(c.MoveChannel(interaction="i", channel="slow"))
    there.ask(c.Say(interaction="i", text="hello", assignment="i/1"))
    assert there.kernel.next_deadline == there.at + 60 * SECOND
    there.ask(c.MoveChannel(interaction="i", channel="live"), after=30)
    assert there.kernel.next_deadline == there.at + 60 * SECOND
    there.ask(c.MoveChannel(interaction="i", channel="chat"), after=30)
    assert there.kernel.next_deadline is None
