"""Virtual time: what passes, what comes on the way, and in which order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import InvalidValue
from onechannel.simulation import VirtualCentre
from onechannel.testing import FakeCentre

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def moment(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# -- the clock ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "then"),
    [
        ("09:00", "2026-01-05 09:00"),
        ("9:30", "2026-01-05 09:30"),
        ("17:45:30", "2026-01-05 17:45:30"),
        ("08:59", "2026-01-06 08:59"),
        ("Mon 09:00", "2026-01-05 09:00"),
        ("mon 08:00", "2026-01-12 08:00"),
        ("Tue 09:00", "2026-01-06 09:00"),
        ("SUN 00:00", "2026-01-11 00:00"),
        ("2026-02-01 08:00", "2026-02-01 08:00"),
    ],
)
def test_at_goes_on_to_the_next_time_a_clock_reads_so(clock, then):
    """Today if that is still to come or is now, else on the next day that fits."""
    centre = VirtualCentre()
    centre.at(clock)
    assert centre.now == moment(then)


@pytest.mark.parametrize(
    ("zone", "start", "clock", "then"),
    [
        ("Europe/Madrid", "2026-01-05 09:00", "11:00", "2026-01-05 10:00"),
        ("America/Lima", "2026-01-05 03:00", "Sun 23:00", "2026-01-05 04:00"),
        ("Europe/Madrid", "2026-10-24 23:30", "02:30", "2026-10-25 00:30"),
        ("Europe/Madrid", "2026-10-25 00:45", "02:30", "2026-10-25 01:30"),
        ("Europe/Madrid", "2026-10-25 01:45", "02:30", "2026-10-26 01:30"),
    ],
)
def test_at_is_said_of_the_centres_zone(zone, start, clock, then):
    """The clock is one of the centre's zone, which reads the same twice when it goes back."""
    centre = VirtualCentre(start=moment(start), zone=zone)
    centre.at(clock)
    assert centre.now == moment(then)


@pytest.mark.parametrize(
    "clock", ["", "9", "24:00", "09:60", "noon", "Xyz 09:00", "2026-13-01 09:00", "09:00 Tue", None]
)
def test_what_no_clock_reads_is_refused(clock):
    """What would be right is said."""
    with pytest.raises(InvalidValue, match=r'say "09:00", "09:00:30", "Tue 09:00"'):
        VirtualCentre().at(clock)


def test_time_does_not_go_back():
    """A day that is over, a negative span: refused, and time stands where it was."""
    centre = VirtualCentre()
    with pytest.raises(InvalidValue, match="time does not go back"):
        centre.at("2026-01-05 08:00")
    with pytest.raises(InvalidValue, match="time does not go back"):
        centre.advance(seconds=-1)
    assert centre.now == moment("2026-01-05 09:00")


@pytest.mark.parametrize("wrong", [{"span": 5}, {"fortnights": 1}])
def test_how_long_is_said_with_a_unit(wrong):
    """A bare number, or a part unknown to timedelta, is refused with what would be right."""
    with pytest.raises(InvalidValue, match="advance"):
        VirtualCentre().advance(**wrong)


# -- the agenda -----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 20), max_size=30))
def test_the_agenda_is_in_order_of_time_and_then_of_asking(delays):
    """Whatever is asked for, in whatever order, is done at its own moment, once."""
    centre, done = VirtualCentre(), []
    for number, delay in enumerate(delays):
        centre.later(delay * MINUTE, lambda number=number: done.append((centre.now, number)))
    start = centre.now
    centre.advance(minutes=20)
    assert done == sorted((start + delay * MINUTE, number) for number, delay in enumerate(delays))


def test_a_deadline_comes_before_what_is_on_the_agenda_for_then():
    """Whoever accepts in the very moment in which the asking expires comes too late."""
    centre = FakeCentre()
    marc = centre.worker("marc", skills={"x": 1})
    call = centre.customer().starts("voice", about="x")
    seen = []
    centre.later(timedelta(seconds=20), lambda: seen.append(call.parts[0].state))
    centre.advance(minutes=1)
    assert seen == ["expired"]
    assert marc.asked == ()


def test_until_stops_after_whatever_comes_on_the_way():
    """A loop over it looks at the centre after each deadline and thing done, and at the end."""
    centre = FakeCentre()
    centre.worker("marc", skills={"x": 1})
    centre.customer().starts("voice", about="x")
    centre.later(timedelta(seconds=5), lambda: None)
    start = centre.now
    stops = [centre.now - start for _ in centre.until(start + MINUTE)]
    assert stops == [timedelta(seconds=5), timedelta(seconds=20), MINUTE]


def test_what_is_due_at_once_is_done_before_a_verb_returns():
    """After a command nothing that is due is left undone."""
    centre, done = FakeCentre(), []
    centre.later(timedelta(0), lambda: done.append(1))
    centre.later(centre.now - HOUR, lambda: done.append(2))
    centre.customer()
    assert done == [1, 2]


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=20))
def test_what_was_taken_off_is_not_done(asked):
    """It is not done, does not keep a centre busy, and time does not stop for it."""
    centre, done = VirtualCentre(), []
    for number, (delay, stays) in enumerate(asked):
        take_off = centre.later(delay * MINUTE, lambda number=number: done.append(number))
        if not stays:
            take_off()
            take_off()
    left = [(delay, number) for number, (delay, stays) in enumerate(asked) if stays]
    due = centre.now + min(left)[0] * MINUTE if left else None
    assert centre.next_due == due
    start = centre.now
    centre.run_until_idle()
    assert done == [number for _, number in sorted(left)]
    assert centre.now - start == max(left, default=(0, 0))[0] * MINUTE


def test_whoever_steps_through_time_may_let_it_pass_further():
    """Time does not go back to where the steps were to end."""
    centre = VirtualCentre()
    centre.later(MINUTE, lambda: None)
    steps = centre.until(centre.now + HOUR)
    next(steps)
    centre.advance(hours=2)
    assert [*steps] == [None]
    assert centre.now == moment("2026-01-05 11:01")


def test_listeners_are_told_of_all_that_is_new():
    """Whoever listens is told of each commit, once, whatever it came of."""
    centre, heard = FakeCentre(), []
    centre.listeners.append(lambda news: heard.extend(event.position for event in news))
    before = centre.kernel.position
    centre.worker("marc", skills={"x": 1})
    centre.customer().starts("voice", about="x")
    centre.advance(minutes=1)
    assert heard == [*range(before + 1, centre.kernel.position + 1)]


def test_what_raises_is_raised_where_time_passes_and_the_rest_stays():
    """An action that fails stops time at its moment; what comes after it is not lost."""
    centre, done = VirtualCentre(), []
    centre.later(MINUTE, lambda: 1 / 0)
    centre.later(MINUTE, lambda: done.append(centre.now))
    with pytest.raises(ZeroDivisionError):
        centre.advance(hours=1)
    assert (centre.now, done) == (moment("2026-01-05 09:01"), [])
    centre.advance(hours=1)
    assert done == [moment("2026-01-05 09:01")]


def test_time_does_not_pass_inside_the_agenda():
    """An action that wants time to pass is told how to ask for it."""
    centre = VirtualCentre()
    centre.later(MINUTE, lambda: centre.advance(minutes=1))
    with pytest.raises(InvalidValue, match=r"ask for the rest with later\(\.\.\.\)"):
        centre.advance(hours=1)


def test_a_circle_at_one_moment_is_found_out():
    """Whoever asks for himself again at once does not hang the test."""
    centre = VirtualCentre()

    def again():
        centre.later(timedelta(0), again)

    again()
    with pytest.raises(InvalidValue, match="in a circle"):
        centre.advance(seconds=1)


# -- until nothing is left ------------------------------------------------------------------------


def test_it_runs_until_nothing_is_due_for_an_hour():
    """It stands at what came last; what is promised for tomorrow does not keep a centre busy."""
    centre = FakeCentre()
    marc = centre.worker("marc", skills={"x": 1}, wrap_up=MINUTE)
    marc.works(answers_after=timedelta(seconds=10), serves_for=5 * MINUTE)
    ana = centre.customer()
    marc.promises(ana, "refund", DAY)
    call = ana.starts("voice", about="x")
    centre.run_until_idle()
    assert call.end_reason == "resolved"
    assert centre.now == moment("2026-01-05 09:06:10")
    centre.run_until_idle(quiet=2 * DAY, most=3 * DAY)
    assert ana.promises[0].state == "broken"


def test_who_never_rests_is_found_out():
    """Something that comes again and again is no reason to run for ever."""
    centre = VirtualCentre()

    def again():
        centre.later(MINUTE, again)

    again()
    with pytest.raises(InvalidValue, match="still, 1 day, 0:00:00 after 2026-01-05 09:00"):
        centre.run_until_idle()
