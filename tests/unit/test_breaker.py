"""The breaker: when a destination is spared, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel.delivery import Breaker, GivenUp, Postponed, Sent

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FAILED, SENT, REFUSED = Postponed("timeout"), Sent(), GivenUp("no such number")


def asked(minutes):
    """It says when to come again."""
    return Postponed("429", minutes * MINUTE)


def after(*outcomes, breaker=Breaker()):  # noqa: B008 - it is a value
    """What outcomes make of a breaker, all at the same time."""
    for outcome in outcomes:
        breaker = breaker.after(outcome, AT)
    return breaker


OPEN = after(*[FAILED] * 5)

# What happened -> how long it rests, and how many may be tried now, before that, and after it.
TABLE = [
    ([], None, None),
    ([SENT], None, None),
    ([FAILED] * 4, None, None),
    ([FAILED] * 5, 30 * SECOND, 1),
    ([FAILED] * 4 + [SENT] + [FAILED] * 4, None, None),
    ([FAILED] * 4 + [REFUSED] + [FAILED] * 4, None, None),
    ([REFUSED] * 9, None, None),
    ([asked(2)], 2 * MINUTE, 1),
    ([asked(0)], timedelta(0), 1),
    ([asked(99)], 5 * MINUTE, 1),
    ([FAILED, asked(1)], MINUTE, 1),
    ([*[FAILED] * 5, asked(1)], MINUTE, 1),
    ([*[FAILED] * 5, SENT], None, None),
]


@pytest.mark.parametrize(("outcomes", "rest", "then"), TABLE)
def test_when_a_destination_is_spared(outcomes, rest, then):
    """LP-05: after five failures in a row, or when it asks; an answer with sense closes it."""
    breaker = after(*outcomes)
    if rest is None:
        assert breaker.open_until is None
        assert breaker.admits(AT) is None
        return
    assert breaker.open_until == AT + rest
    if rest:
        assert breaker.admits(AT) == 0
        assert breaker.admits(AT + rest - timedelta(microseconds=1)) == 0
    assert breaker.admits(AT + rest) == then
    assert breaker.admits(AT + rest + MINUTE) == then


def test_a_trial_that_fails_lengthens_the_rest():
    """30 s, a minute, two, four, and never more than five; one that succeeds ends it."""
    breaker, at, rests = OPEN, AT, [OPEN.open_until - AT]
    for _ in range(12):
        at = breaker.open_until
        breaker = breaker.after(FAILED, at)
        rests.append(breaker.open_until - at)
    assert rests == [30 * SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE, *[5 * MINUTE] * 9]
    assert breaker.after(SENT, breaker.open_until) == Breaker()
    assert breaker.after(REFUSED, breaker.open_until) == Breaker()


def test_tries_that_had_begun_say_nothing_new():
    """Eight under way that all fail open it once, for its first rest."""
    assert after(*[FAILED] * 3, breaker=OPEN) == OPEN
    assert after(asked(0), breaker=OPEN).open_until == OPEN.open_until


def test_while_on_trial_one_is_tried_at_a_time():
    """Whoever asked for time and then fails is not trusted at once."""
    breaker = after(asked(1))
    later = breaker.open_until
    breaker = breaker.after(FAILED, later)
    assert breaker.admits(later) == 1
    for _ in range(4):
        breaker = breaker.after(FAILED, later)
    assert breaker.admits(later) == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from([FAILED, SENT, REFUSED, asked(0), asked(1), asked(99)]),
            st.integers(0, 400),
        )
    )
)
def test_a_destination_is_never_spared_for_long(outcomes):
    """Whatever happens: five minutes at most, and an answer with sense always closes it."""
    breaker, at = Breaker(), AT
    for outcome, seconds in outcomes:
        at += seconds * SECOND
        breaker = breaker.after(outcome, at)
        assert breaker.open_until is None or breaker.open_until <= at + 5 * MINUTE
        assert breaker.admits(at) in {None, 0, 1}
        assert breaker.admits(at + 5 * MINUTE) != 0
        if not isinstance(outcome, Postponed):
            assert breaker == Breaker()
