"""TM: time, by the wall clock and by deadlines.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.test_calendar_dst import CALENDARS, INSTANTS, changes, minutes_open, odd_hours
from tests.unit.scenes import Scene
from tests.unit.test_timers_recovered import IDS, REBUILT, TIMERS, armed, fits

from onechannel.model.calendar import Calendar

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TICK = timedelta(microseconds=1)
NO_TIME = timedelta(0)
#: By an hour and by half of one; in spring and in autumn; and for a month.
ZONES = ("Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")
#: By working days, and never at night.
OFFICE = Calendar.weekly("office", zone="Europe/Madrid", mon_fri="09:00-14:00, 16:00-19:00")


@pytest.mark.parametrize("zone", ZONES)
def test_tm_01_open_is_what_the_wall_clock_shows(zone):
    """Given any zone, for every minute around a change of its clocks, open is what the clock shows.

    The oracle asks the clock minute by minute, and shares no code with the library.
    """
    tried = odd_hours(zone)
    for change in changes(zone)[:4]:
        since, until = change - 4 * HOUR, change + 4 * HOUR
        truth = minutes_open(ZoneInfo(zone), since, until)
        assert [tried.is_open(since + number * MINUTE) for number in range(len(truth))] == truth


SPANS = st.timedeltas(NO_TIME, timedelta(hours=40))


@given(CALENDARS | st.just(OFFICE), INSTANTS, SPANS)
def test_tm_02_exactly_the_budget_has_passed_when_it_is_due(calendar, start, budget):
    """Given created t and budget b, then business_time(t, due) = b, and not a moment before."""
    due = calendar.due(start, budget)
    assert calendar.business_time(start, due) == budget
    if budget:
        assert calendar.business_time(start, due - TICK) == budget - TICK


@given(CALENDARS | st.just(OFFICE), INSTANTS, INSTANTS, SPANS)
def test_tm_02_what_begins_later_is_never_due_sooner(calendar, one, other, budget):
    """Given two starts, in or out of hours, then what is due is monotone in them."""
    early, late = sorted([one, other])
    assert calendar.due(early, budget) <= calendar.due(late, budget)


RECOVERED = {name: REBUILT[name] for name in ("restored", "snapshot and tail", "replayed")}


@pytest.mark.parametrize("rebuilt", RECOVERED.values(), ids=RECOVERED)
@pytest.mark.parametrize("timer", TIMERS, ids=IDS)
def test_tm_05_every_timer_fires_once_after_a_crash(timer, rebuilt):
    """Given a crash at any instant, then every armed timer fires once and never before it is due.

    Up to its last moment nothing happens; what fell due meanwhile happens on recovery.
    """
    for back in ("before", "after"):
        there = timer.scene()
        (due,) = armed(there.kernel, timer)
        there.kernel = rebuilt(there)
        before = len(there.log)
        there.advance(due - TICK)
        assert there.seen(timer.makes, since=before, **timer.like) == []
        there.kernel = rebuilt(there)
        recovered = due if back == "before" else due + 30 * timedelta(seconds=1)
        assert recorded(there, timer, recovered) == [recovered]
        there.kernel = rebuilt(there)
        assert recorded(there, timer, recovered + timedelta(seconds=5)) == []


def recorded(there: Scene, timer, at: datetime) -> list[datetime]:
    """When the timer is recorded to have fired, of what happens by then."""
    return [event.recorded_at for event in there.outage(at) if fits(event.data, timer)]
