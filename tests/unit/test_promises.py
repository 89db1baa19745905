"""Promises: what the customer was told, by when, and whether it happened."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.scenes import (
    MINUTE,
    SECOND,
    WRAP_UP,
    Scene,
    customer,
    everybody_was_somebodys,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import InvalidValue
from onechannel.machines import PROMISE
from onechannel.model.calendar import Calendar
from onechannel.model.promise import PromiseState

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFICE = Calendar.weekly("office", zone="Europe/Madrid", mon_fri="09:00-17:00")
ONCE = Calendar(name="once", hours={}, special={"2026-01-05": "09:00-17:00"})


def told(what: str = "refund", **more) -> tuple[Scene, str]:
    """Ana was told something, within an hour unless said otherwise; gives its id, too."""
    there = Scene(person("p"))
    there.knows("ana", "bob")
    for calendar in (OFFICE, ONCE):
        there.ask(c.DefineCalendar(calendar=calendar))
    given = {"customer": "ana", "within": HOUR, **more}
    if "due" in given:
        del given["within"]
    there.ask(c.MakePromise(what=what, **given))
    return there, there.last(e.PromiseMade).promise


def due(there: Scene) -> datetime:
    """When the promise is due now."""
    times = [*there.seen(e.PromiseMade), *there.seen(e.PromiseResumed)]
    return times[-1].due


# -- kept and broken ------------------------------------------------------------------------------


def test_what_happens_in_time_is_kept():
    """Until its last moment it can be kept; with evidence of where that shows."""
    there, promise = told()
    there.passes(HOUR - TICK)
    there.ask(c.KeepPromise(promise=promise, evidence="refund-9"))
    assert there.last(e.PromiseKept).evidence == "refund-9"
    there.passes(DAY)
    assert there.seen(e.PromiseBroken) == []


def test_what_has_not_happened_when_it_is_due_is_broken():
    """At the due time, once, and never kept afterwards."""
    there, promise = told()
    there.passes(HOUR)
    there.passes(DAY)
    assert [one.promise for one in there.seen(e.PromiseBroken)] == [promise]
    assert there.when(e.PromiseBroken) == there.when(e.PromiseMade) + HOUR
    there.refused(c.KeepPromise(promise=promise), "is over")


@pytest.mark.parametrize("past", [timedelta(0), -TICK, -DAY])
def test_nothing_is_promised_for_the_past(past):
    """A promise is due later than it is made, and so is one that replaces it."""
    there, promise = told()
    at = there.at + past
    there.refused(c.MakePromise(what="x", customer="ana", due=at), "past")
    there.refused(c.RenegotiatePromise(promise=promise, due=at), "past")


@pytest.mark.parametrize("times", [{}, {"due": datetime(2027, 1, 1, tzinfo=UTC), "within": HOUR}])
def test_a_promise_has_one_time(times):
    """Due at a time, or within one: exactly one of the two is said."""
    with pytest.raises(InvalidValue, match="one of the two"):
        c.MakePromise(what="x", customer="ana", **times)
    with pytest.raises(InvalidValue, match="one of the two"):
        c.RenegotiatePromise(promise="p-1", **times)


def test_a_promise_is_made_to_somebody():
    """To a customer who is known, or in an interaction, from which the rest is taken."""
    with pytest.raises(InvalidValue, match="to a customer, or in an interaction"):
        c.MakePromise(what="x", within=HOUR)
    there, _ = told()
    there.refused(c.MakePromise(what="x", customer="nobody", within=HOUR), "not registered")
    there.refused(c.MakePromise(what="x", interaction="x", within=HOUR), "not open")
    there.served("i", "p", customer="ana", about="billing")
    there.ask(c.MakePromise(what="x", interaction="i", within=HOUR), actor=worker("p"))
    made = there.last(e.PromiseMade)
    journey = there.last(e.JourneyOpened).journey
    assert (made.customer, made.interaction, made.journey) == ("ana", "i", journey)
    assert made.worker == "p", "who made it answers for it"


# -- what it survives -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        c.Close(interaction="i"),
        c.Transfer(interaction="i"),
        c.MoveChannel(interaction="i", channel="sms"),
        c.Sleep(interaction="i"),
        c.SignOut(worker="p"),
        c.MergeCustomers(customer="ana", survivor="bob"),
        c.AchieveJourney(journey="j-0"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_promise_survives_what_happens_to_its_interaction(change):
    """Closed, given away, moved, asleep, merged, achieved: what was said was said."""
    there, _ = told()
    there.served("i", "p", "email", customer="ana", about="billing")
    there.ask(c.MakePromise(what="call", interaction="i", within=HOUR))
    promise = there.last(e.PromiseMade).promise
    if isinstance(change, c.AchieveJourney):
        change = c.AchieveJourney(journey=there.last(e.JourneyOpened).journey)
    there.ask(change)
    there.passes(HOUR)
    assert promise in {one.promise for one in there.seen(e.PromiseBroken)}


# -- business time --------------------------------------------------------------------------------


def test_within_a_time_of_a_calendar_is_business_time():
    """TM-02: two hours promised at 17:30 in Madrid on a Friday are over on Monday at 11:00."""
    there = Scene()
    there.knows("ana")
    there.ask(c.DefineCalendar(calendar=OFFICE))
    there.advance(datetime(2026, 1, 9, 16, 30, tzinfo=UTC))
    there.ask(c.MakePromise(what="x", customer="ana", within=2 * HOUR, calendar="office"))
    monday = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)
    assert there.last(e.PromiseMade).due == monday
    assert OFFICE.business_time(there.at, monday) == 2 * HOUR
    there.advance(monday - TICK)
    assert there.seen(e.PromiseBroken) == []
    there.advance(monday)
    assert len(there.seen(e.PromiseBroken)) == 1


def test_a_time_that_was_said_is_that_time():
    """A due time is an instant, whatever the calendar has to say of it."""
    night = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
    there, _ = told(due=night, calendar="office")
    assert there.last(e.PromiseMade).due == night


def test_a_calendar_that_is_not_there_is_named():
    """An unknown calendar, one that never opens again, a zone nobody has: refused, with a name."""
    there, _ = told()
    there.refused(
        c.MakePromise(what="x", customer="ana", within=HOUR, calendar="none"), "calendar none"
    )
    there.advance(datetime(2026, 1, 6, tzinfo=UTC))
    there.refused(
        c.MakePromise(what="x", customer="ana", within=HOUR, calendar="once"), "calendar once"
    )
    nowhere = Calendar.weekly("nowhere", zone="Nowhere/Atall", daily="09:00-17:00")
    there.refused(c.DefineCalendar(calendar=nowhere), "Nowhere/Atall")


def test_a_calendar_redefined_changes_no_due_time():
    """What the customer was told stands, whatever the office's hours are now."""
    there, _ = told(calendar="office")
    before = due(there)
    there.ask(c.DefineCalendar(calendar=Calendar.weekly("office", daily="20:00-21:00")))
    there.advance(before)
    assert there.when(e.PromiseBroken) == before


# -- paused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("paused", [TICK, 59 * MINUTE, HOUR, 2 * HOUR, 30 * DAY])
def test_a_paused_promise_does_not_run(paused):
    """It is due as much later as it was paused for, over its due time as well."""
    there, promise = told()
    before = due(there)
    there.passes(20 * MINUTE)
    there.ask(c.PausePromise(promise=promise, reason="customer-asked"))
    there.passes(paused)
    assert there.seen(e.PromiseBroken) == []
    there.ask(c.ResumePromise(promise=promise))
    assert due(there) == before + paused
    there.advance(before + paused - TICK)
    assert there.seen(e.PromiseBroken) == []
    there.passes(TICK)
    assert len(there.seen(e.PromiseBroken)) == 1


def test_a_pause_for_a_time_ends_by_itself():
    """Whoever paused it for an hour need not come back for it."""
    there, promise = told()
    before = due(there)
    there.ask(c.PausePromise(promise=promise, reason="parts", duration=3 * HOUR), after=60)
    assert there.last(e.PromisePaused).until == there.at + 3 * HOUR
    there.passes(3 * HOUR)
    assert there.last(e.PromiseResumed).due == before + 3 * HOUR
    there.refused(c.ResumePromise(promise=promise), "is open")


def test_a_pause_that_is_lifted_ends_once():
    """Resumed by hand, its own end does not resume it again."""
    there, promise = told()
    there.ask(c.PausePromise(promise=promise, reason="parts", duration=3 * HOUR))
    there.ask(c.ResumePromise(promise=promise), after=60)
    there.passes(HOUR - TICK)
    assert len(there.seen(e.PromiseResumed)) == 1


@pytest.mark.parametrize("paused", [10 * MINUTE, 5 * HOUR, 20 * HOUR, 4 * DAY])
def test_what_was_left_of_business_time_is_left(paused):
    """TM-02: paused in the morning, what the office had left to keep it, it has left."""
    there, promise = told(within=10 * HOUR, calendar="office")
    there.passes(2 * HOUR)
    there.ask(c.PausePromise(promise=promise, reason="parts"))
    left = OFFICE.business_time(there.at, due(there))
    there.passes(paused)
    there.ask(c.ResumePromise(promise=promise))
    assert OFFICE.business_time(there.at, due(there)) == left


def test_a_pause_past_all_opening_hours_stops_nobody():
    """TM-05: where the calendar knows no later time, elapsed time counts; no deadline is stuck."""
    there, promise = told(calendar="once")
    before = due(there)
    there.ask(c.PausePromise(promise=promise, reason="parts", duration=DAY))
    other = c.MakePromise(what="other", customer="ana", within=2 * DAY)
    there.ask(other)
    there.passes(DAY)
    assert due(there) == before + DAY
    there.passes(2 * DAY)
    assert len(there.seen(e.PromiseBroken)) == 2


def test_by_hand_it_is_resumed_as_well():
    """However its calendar was redefined under it, a pause can be lifted."""
    there, promise = told(calendar="office")
    there.ask(c.PausePromise(promise=promise, reason="parts"))
    once = Calendar(name="office", hours={}, special={"2026-01-05": "09:00-17:00"})
    there.ask(c.DefineCalendar(calendar=once))
    there.passes(3 * DAY)
    there.ask(c.ResumePromise(promise=promise))
    assert due(there) > there.at


# -- another time ---------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [PromiseState.OPEN, PromiseState.PAUSED])
def test_another_time_is_another_promise(state):
    """The old one is renegotiated and names its successor, which is about the same."""
    there, promise = told()
    if state is PromiseState.PAUSED:
        there.ask(c.PausePromise(promise=promise, reason="parts"))
    there.ask(c.RenegotiatePromise(promise=promise, within=DAY), after=60)
    successor = there.last(e.PromiseMade)
    assert there.last(e.PromiseRenegotiated).successor == successor.promise
    assert (successor.predecessor, successor.what, successor.customer) == (promise, "refund", "ana")
    assert successor.due == there.at + DAY
    there.passes(DAY)
    assert [one.promise for one in there.seen(e.PromiseBroken)] == [successor.promise]
    there.refused(c.KeepPromise(promise=promise), "is over")


def test_another_time_runs_by_the_same_calendar():
    """TM-02: within four business hours stays within four business hours."""
    there, promise = told(within=HOUR, calendar="office")
    there.ask(c.RenegotiatePromise(promise=promise, within=9 * HOUR))
    assert OFFICE.business_time(there.at, due(there)) == 9 * HOUR


def test_what_need_not_be_kept_is_withdrawn():
    """With a reason, and it is never broken."""
    there, promise = told()
    there.ask(c.WithdrawPromise(promise=promise, reason="solved-itself"))
    assert there.last(e.PromiseWithdrawn).reason == "solved-itself"
    there.passes(DAY)
    assert there.seen(e.PromiseBroken) == []


# -- every state, every command -------------------------------------------------------------------


def ends(how: str) -> tuple[Scene, str]:
    """A promise that is over, by that way."""
    there, promise = told()
    if how == "broken":
        there.passes(HOUR)
        return there, promise
    command = {
        "kept": c.KeepPromise(promise=promise),
        "renegotiated": c.RenegotiatePromise(promise=promise, within=HOUR),
        "withdrawn": c.WithdrawPromise(promise=promise),
    }[how]
    there.ask(command)
    return there, promise


def about(promise: str) -> list[c.Command]:
    """Every command about a promise."""
    return [
        c.KeepPromise(promise=promise),
        c.RenegotiatePromise(promise=promise, within=HOUR),
        c.PausePromise(promise=promise, reason="x"),
        c.ResumePromise(promise=promise),
        c.WithdrawPromise(promise=promise),
    ]


@pytest.mark.parametrize("state", sorted(PROMISE.final))
@pytest.mark.parametrize("number", range(5))
def test_rt_28_what_is_over_stays_over(state, number):
    """RT-28: whatever ended it, every command is refused and changes nothing."""
    there, promise = ends(state)
    there.refused(about(promise)[number], f"promise {promise}")


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("number", range(5))
def test_rt_28_what_is_open_follows_the_table(paused, number):
    """RT-28: open or paused, a command applies exactly where the table says so."""
    there, promise = told()
    if paused:
        there.ask(c.PausePromise(promise=promise, reason="x"))
    command = about(promise)[number]
    state = PromiseState.PAUSED if paused else PromiseState.OPEN
    if state in PROMISE.admits[type(command)]:
        assert there.ask(command)
    else:
        there.refused(command, f"promise {promise} is {state}")


# -- whose it is ----------------------------------------------------------------------------------


def test_whose_promise_it_is():
    """Who answers for it, and the house, end it; another worker is told that there is none."""
    for actor in (worker("p"), supervisor(), None):
        there, _ = told()
        there.has(person("q"))
        there.ask(c.MakePromise(what="x", customer="ana", within=HOUR), actor=worker("p"))
        promise = there.last(e.PromiseMade).promise
        keep = c.KeepPromise(promise=promise)
        absent = there.refused(c.KeepPromise(promise="p-99999"), actor=worker("q"))
        assert there.refused(keep, actor=worker("q")).replace(promise, "p-99999") == absent
        there.refused(keep, "may not", customer("ana"))
        there.ask(keep, **({} if actor is None else {"actor": actor}))


def test_nobody_promises_in_anothers_name():
    """A worker answers for what it says, and only the house for what others will do."""
    there, _ = told()
    there.has(person("q"))
    mine = c.MakePromise(what="x", customer="ana", within=HOUR, worker="q")
    there.refused(mine, "not defined", worker("p"))
    there.ask(mine, actor=supervisor())
    assert there.last(e.PromiseMade).worker == "q"
    there.passes(WRAP_UP + SECOND)


@pytest.mark.parametrize("year", [100, 9899, 9999])
def test_the_end_of_time_is_no_due_time(year):
    """A time to which a century cannot be added is refused where it is given.

    Else a pause, a retry or a window added to it later would stop a centre for ever.
    """
    end = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    for give in (
        lambda: c.MakePromise(what="refund", customer="c-1", due=end),
        lambda: c.RenegotiatePromise(promise="p-1", due=end),
        lambda: c.RequestCallback(interaction="i-1", at=end),
        lambda: c.Suspend(interaction="i-1", party="bank", reason="loan", due=end),
        lambda: c.Request(c.Leave(interaction="i-1"), "r", end),
    ):
        with pytest.raises(InvalidValue, match="beyond the years"):
            give()
