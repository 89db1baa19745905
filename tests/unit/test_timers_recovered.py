"""TM-05: every timer survives the loss of the process; it fires once, and never before it is due.

- An alarm is looked at from outside: armed by commands, read from a snapshot, seen in the log.
- A timer without a scene here fails the first test.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
import pytest
from tests.unit.scenes import (
    MINUTE,
    PLAIN,
    SECOND,
    Scene,
    everybody_was_somebodys,
    person,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_from_json, snapshot_to_json
from onechannel.events import Cause
from onechannel.kernel import Kernel
from onechannel.live.deadlines import Alarm
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.policy import PlanRule, StepRule

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
VOICE = Channel(name="voice", real_time=True, can_hold=True, lease=MINUTE)
SMS = Channel(name="sms", dormant_after=3 * MINUTE, closes_after=HOUR)


@attrs.frozen
class Timer:
    """A scene in which an alarm is armed, what it makes, and what unsets it."""

    alarm: str
    subject: str
    scene: Callable[[], Scene]
    makes: type[e.EventData]
    like: dict[str, object]
    unset_by: tuple[c.Command, ...]


# -- one scene for each alarm ---------------------------------------------------------------------


def ringing() -> Scene:
    """`p` is asked for `i`."""
    there = Scene(person("p"))
    there.arrives("i")
    return there


def stepping() -> Scene:
    """`i` is for nobody but experts for a minute."""
    steps = (StepRule(skills={"x": 1}, expires_after=MINUTE), StepRule())
    there = Scene(policy=attrs.evolve(PLAIN, plan=PlanRule(steps=steps)))
    there.arrives("i")
    return there


def wrapping() -> Scene:
    """`p` wraps up `i`."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.ask(c.Leave(interaction="i"))
    return there


def written(channel: str = "sms") -> Scene:
    """`p` serves ana by message, and has said something."""
    there = Scene(person("p", wrap_up=timedelta(0)))
    for defined in (VOICE, SMS):
        there.ask(c.DefineChannel(channel=defined))
    there.knows("ana")
    there.served("i", "p", channel, customer="ana", about="billing")
    there.ask(c.Say(interaction="i", text="hello", assignment="i/1"), actor=worker("p"))
    return there


def asleep() -> Scene:
    """It is ana's turn."""
    there = written()
    there.ask(c.Sleep(interaction="i"))
    return there


def delegated() -> Scene:
    """The workshop has an hour to take a part."""
    there = written("email")
    there.ask(c.Delegate(interaction="i", department="workshop", returns_after=HOUR))
    return there


def suspended() -> Scene:
    """The bank has an hour."""
    there = written()
    there.ask(c.Suspend(interaction="i", party="bank", reason="x", due=there.at + HOUR))
    return there


def scheduled() -> Scene:
    """Ana is to be called back in an hour."""
    there = written()
    there.ask(c.RequestCallback(interaction="i", at=there.at + HOUR))
    return there


def leased() -> Scene:
    """`p` talks to ana, which is believed for a minute."""
    return written("voice")


def place_kept() -> Scene:
    """Ana gave up, and has a minute to be back."""
    there = Scene()
    there.queue("main", place_kept=MINUTE)
    there.knows("ana")
    there.arrives("i", customer="ana")
    there.ask(c.Leave(interaction="i"))
    return there


def pausing() -> Scene:
    """`p` is at lunch for an hour."""
    there = Scene(person("p"))
    there.ask(c.BecomeUnavailable(worker="p", reason="lunch", duration=HOUR))
    return there


def sanctioned() -> Scene:
    """`p` may take nothing for an hour."""
    there = Scene(person("p"))
    there.ask(c.Sanction(worker="p", reason="rude", duration=HOUR))
    return there


def leaving() -> Scene:
    """`p` has signed out with ana's mail."""
    there = written("email")
    there.ask(c.SignOut(worker="p"))
    return there


def promised() -> Scene:
    """Ana was told something as the third event."""
    there = Scene()
    there.knows("ana")
    there.ask(c.MakePromise(what="refund", customer="ana", within=HOUR))
    return there


def promise_paused() -> Scene:
    """What ana was told waits for an hour, by a calendar that is closed by then."""
    there = Scene()
    there.knows("ana")
    once = Calendar(name="once", hours={}, special={"2026-01-05": "09:00-10:30"})
    there.ask(c.DefineCalendar(calendar=once))
    there.ask(c.MakePromise(what="refund", customer="ana", within=HOUR, calendar="once"))
    promise = there.last(e.PromiseMade).promise
    there.ask(c.PausePromise(promise=promise, reason="parts", duration=HOUR), after=60)
    return there


def pursued() -> Scene:
    """Ana pursues something, and nothing happens."""
    there = Scene()
    there.knows("ana")
    there.ask(c.OpenJourney(customer="ana", about="billing"))
    return there


def parked() -> Scene:
    """A receipt has come before it is known what for."""
    there = written("email")
    there.ask(c.ReportDelivery(reference="v-1", state="delivered"))
    return there


IT, PART = {"interaction": "i"}, {"assignment": "i/1"}
SAID = c.Say(interaction="i", text="yes")
BACK = c.Arrive(interaction="k", channel="voice", customer="ana")
KNOWN = c.ReportDelivery(message="i#1", reference="v-1", state="sent")
TIMERS = [
    Timer("ring", "i/1", ringing, e.AssignmentExpired, PART, (c.Accept(assignment="i/1"),)),
    Timer("step", "i", stepping, e.StepExpired, {**IT, "step": 1}, (c.Transfer(interaction="i"),)),
    Timer("wrap-up", "i/1", wrapping, e.AssignmentReleased, PART, (c.Release(assignment="i/1"),)),
    Timer("idle", "i", written, e.InteractionSlept, IT, (SAID,)),
    Timer("close", "i", asleep, e.InteractionClosed, IT, (SAID,)),
    Timer(
        "close",
        "i>1",
        delegated,
        e.InteractionClosed,
        {"interaction": "i>1"},
        (c.Assign(interaction="i>1", worker="p"),),
    ),
    Timer(
        "turn",
        "i",
        suspended,
        e.InteractionQueued,
        {"because": "woken"},
        (c.Assign(interaction="i", worker="p"),),
    ),
    Timer(
        "turn",
        "i",
        scheduled,
        e.InteractionQueued,
        {"because": "callback"},
        (c.Close(interaction="i"),),
    ),
    Timer(
        "lease", "i", leased, e.LeaseExpired, IT, (c.MoveChannel(interaction="i", channel="sms"),)
    ),
    Timer("place", "i", place_kept, e.PlaceLost, IT, (BACK,)),
    Timer("pause", "p", pausing, e.WorkerAvailable, {}, (c.BecomeUnavailable(worker="p"),)),
    Timer("pause", "p", sanctioned, e.WorkerAvailable, {}, (c.SignOut(worker="p"),)),
    Timer(
        "return",
        "p",
        leaving,
        e.InteractionQueued,
        {"because": "signed-out"},
        (c.SignIn(worker="p"),),
    ),
    Timer("due", "p-3", promised, e.PromiseBroken, {}, (c.KeepPromise(promise="p-3"),)),
    Timer(
        "resume", "p-4", promise_paused, e.PromiseResumed, {}, (c.WithdrawPromise(promise="p-4"),)
    ),
    Timer("lapse", "j-3", pursued, e.JourneyLapsed, {}, (c.AchieveJourney(journey="j-3"),)),
    Timer("receipt", "v-1", parked, e.ReceiptUnmatched, {}, (KNOWN,)),
]
IDS = [f"{timer.alarm}-{timer.scene.__name__}" for timer in TIMERS]


def armed(kernel: Kernel, timer: Timer) -> list[datetime]:
    """When that alarm of that subject is due, if it is armed."""
    return [
        one.at
        for one in kernel.snapshot().deadlines
        if (one.alarm, one.subject) == (timer.alarm, timer.subject)
    ]


# -- kernels that were lost, and rebuilt ----------------------------------------------------------


def halfway(there: Scene) -> Kernel:
    """A kernel of an older snapshot and the tail of the log."""
    cut = len(there.log) // 2
    older = Kernel.replay(there.log[:cut]).snapshot()
    kernel = Kernel.restore(snapshot_from_json(snapshot_to_json(older)))
    kernel.follow(there.log[cut:])
    return kernel


REBUILT = {
    "live": lambda there: there.kernel,
    "replayed": Scene.replayed,
    "restored": Scene.restored,
    "snapshot and tail": halfway,
}
rebuilding = pytest.mark.parametrize("rebuilt", REBUILT.values(), ids=REBUILT)
every_timer = pytest.mark.parametrize("timer", TIMERS, ids=IDS)


def test_every_alarm_has_a_scene():
    """TM-05: no timer is left out."""
    assert {timer.alarm for timer in TIMERS} == {alarm.value for alarm in Alarm}


@rebuilding
@every_timer
def test_a_timer_fires_once_and_not_before(timer, rebuilt):
    """TM-05: armed before, rebuilt, silent until the last moment; at its time one event, once."""
    there = timer.scene()
    (due,) = armed(there.kernel, timer)
    before, first = len(there.log), there.kernel.next_deadline
    there.kernel = rebuilt(there)
    assert (armed(there.kernel, timer), there.kernel.next_deadline) == ([due], first)
    there.advance(due - TICK)
    assert there.seen(timer.makes, since=before, **timer.like) == []
    made = there.advance(due)
    (fired,) = [event for event in made if fits(event.data, timer)]
    assert (fired.recorded_at, fired.occurred_at) == (due, due)
    assert fired.origin.cause in {Cause.DEADLINE, Cause.POLICY}
    assert armed(there.kernel, timer) == []
    there.kernel = rebuilt(there)
    there.advance(due + 9 * SECOND)
    assert len(there.seen(timer.makes, since=before, **timer.like)) == 1


def fits(data: e.EventData, timer: Timer) -> bool:
    """Whether it is what the timer makes."""
    return isinstance(data, timer.makes) and all(
        getattr(data, name) == value for name, value in timer.like.items()
    )


@rebuilding
@every_timer
def test_a_timer_that_was_missed_fires_on_recovery(timer, rebuilt):
    """TM-05: due while nobody was there, it fires at once: recorded now, as of when it was due."""
    there = timer.scene()
    (due,) = armed(there.kernel, timer)
    before = len(there.log)
    there.kernel = rebuilt(there)
    late = due + 30 * SECOND
    made = there.outage(late)
    (fired,) = [event for event in made if fits(event.data, timer)]
    assert fired.recorded_at == late
    if fired.origin.cause is Cause.DEADLINE:
        assert fired.occurred_at == due
    there.kernel = rebuilt(there)
    assert there.kernel.next_deadline is None or there.kernel.next_deadline > late
    there.advance(late + 9 * SECOND)
    assert len(there.seen(timer.makes, since=before, **timer.like)) == 1


@rebuilding
@every_timer
def test_a_timer_that_was_unset_never_fires(timer, rebuilt):
    """TM-05: cancelled by an event, it is gone from every kernel that is made of the log."""
    there = timer.scene()
    (due,) = armed(there.kernel, timer)
    there.passes(SECOND)
    for command in timer.unset_by:
        there.ask(command)
    before = len(there.log)
    there.kernel = rebuilt(there)
    assert due not in armed(there.kernel, timer)
    there.advance(due)
    assert there.seen(timer.makes, since=before, **timer.like) == []


@rebuilding
def test_timers_of_one_instant_fire_in_the_order_they_were_armed(rebuilt):
    """Ties are broken by rule: whoever was asked first is first over, in every kernel alike."""
    names = ["zoe", "ada", "max", "bob"]
    there = Scene(*map(person, names))
    for number, _ in enumerate(names):
        there.arrives(f"i{number}")
    there.kernel = rebuilt(there)
    made = there.outage(there.at + HOUR)
    expired = [event.data.worker for event in made if isinstance(event.data, e.AssignmentExpired)]
    assert expired[: len(names)] == names


def test_a_lease_is_not_ended_by_our_own_absence():
    """TM-05, RT-22: what nobody could renew while we were away has its time once more, once."""
    there = leased()
    there.outage(there.at + HOUR)
    assert there.holder() == "worker p"
    there.passes(VOICE.lease - TICK)
    assert there.holder() == "worker p"
    there.passes(TICK)
    assert there.ended() == "failed"


@rebuilding
def test_all_timers_at_once(rebuilt):
    """TM-05: every scene in one centre, lost after each event: the log is as if nothing was."""
    told = []
    for lost in (False, True):
        there = written()
        for command in (
            c.MakePromise(what="refund", interaction="i", within=2 * MINUTE),
            c.ReportDelivery(reference="v-1", state="read"),
            c.Arrive(interaction="k", channel="voice", customer="ana", about="card"),
            c.RequestCallback(interaction="k", at=there.at + 5 * MINUTE),
            c.Arrive(interaction="l", channel="voice"),
        ):
            there.ask(command)
        while (due := there.kernel.next_deadline) is not None and len(there.log) < 400:
            if lost:
                there.kernel = rebuilt(there)
            there.outage(due)
        told.append([(event.type, event.recorded_at) for event in there.log])
    assert told[0] == told[1]
