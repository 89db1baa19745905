"""Expectations for whoever keeps the time itself: step by step, with the same answers."""

from datetime import timedelta

import pytest

from onechannel import InvalidValue
from onechannel.simulation.expecting import ExpectationFailed
from onechannel.simulation.expecting.steps import taken
from onechannel.testing import FakeCentre

SECOND = timedelta(seconds=1)


@pytest.fixture
def centre():
    fake = FakeCentre()
    fake.worker("marc").works(answers_after=12 * SECOND, serves_for=30 * SECOND)
    fake.customer("Ana").starts("voice")
    return fake


def slowly(centre, steps):
    """Driven by a clock that goes by the second; gives what it came to, and until when it asked."""
    ends, stops = [], 0
    try:
        ends.append(next(steps))
        while centre.now < ends[-1]:
            centre.advance(SECOND)
            stops += 1
            ends.append(steps.send(True))
        steps.send(False)
    except StopIteration as over:
        return over.value, ends, stops
    raise AssertionError("it went on after the end")


ASKED = [
    (lambda expect: expect.assigned("marc").within_steps(seconds=20), 12),
    (lambda expect: expect.assigned("marc").times_steps(1, seconds=20), 20),
    (lambda expect: expect.declined().never_steps(seconds=20), 20),
    (lambda expect: expect.no_anomaly_steps(seconds=20), 20),
    (lambda expect: expect.in_order_steps(expect.asked(), expect.assigned(), seconds=20), 12),
]
FAILING = [
    (lambda expect: expect.declined().within_steps(seconds=20), 20),
    (lambda expect: expect.assigned().times_steps(2, seconds=20), 20),
    (lambda expect: expect.assigned().times_steps(0, seconds=20), 12),
    (lambda expect: expect.assigned().never_steps(seconds=20), 12),
    (lambda expect: expect.silent_steps("marc", seconds=20), 20),
    (lambda expect: expect.in_order_steps(expect.closed(), expect.asked(), seconds=20), 20),
]


@pytest.mark.parametrize(("asked", "seconds"), ASKED)
def test_whoever_keeps_the_time_gets_the_same(centre, asked, seconds):
    """The end is told at each step, and the answer at the same moment as when time passes here."""
    other = FakeCentre()
    other.worker("marc").works(answers_after=12 * SECOND, serves_for=30 * SECOND)
    other.customer("Ana").starts("voice")
    begin = centre.now
    answer, ends, stops = slowly(centre, asked(centre.expect))
    assert {*ends} == {begin + 20 * SECOND}
    assert (centre.now - begin, stops) == (seconds * SECOND, seconds)
    assert taken(other, asked(other.expect)) == answer
    assert other.now == centre.now


@pytest.mark.parametrize(("asked", "seconds"), FAILING)
def test_whoever_keeps_the_time_is_failed_the_same(centre, asked, seconds):
    """Where it is not met, it is raised in the step that shows it, or in the last."""
    begin = centre.now
    with pytest.raises(ExpectationFailed):
        slowly(centre, asked(centre.expect))
    assert centre.now - begin == seconds * SECOND
    assert centre.expect.unasked == ()


@pytest.mark.parametrize(
    "asked",
    [
        lambda expect: expect.asked("marc").within_steps(seconds=20),
        lambda expect: expect.asked("marc").times_steps(1),
        lambda expect: expect.declined().never_steps(),
        lambda expect: expect.no_anomaly_steps(),
        lambda expect: expect.in_order_steps(expect.arrived(), expect.asked()),
    ],
)
def test_what_needs_no_time_asks_for_none(centre, asked):
    """What is known at once is answered before the first step."""
    with pytest.raises(StopIteration):
        next(asked(centre.expect))


def test_an_asking_that_is_given_up_is_over(centre):
    """Whoever stops driving leaves nothing behind but that it has been asked."""
    steps = centre.expect.assigned().within_steps(seconds=20)
    next(steps)
    steps.close()
    assert centre.expect.unasked == ()


def test_nonsense_is_refused_at_the_first_step(centre):
    """As it is when time passes here."""
    with pytest.raises(InvalidValue, match="within needs to know how long"):
        next(centre.expect.assigned().within_steps())
