"""Deadlines as a structure: what is armed is due in its order, however much was cleared."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from onechannel.live.deadlines import Alarm, Deadlines, Thing

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)

ALARMS = st.sampled_from([Alarm.STEP, Alarm.CLOSE, Alarm.LEASE])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["arm", "arm", "clear"]), ALARMS, st.integers(0, 5), st.integers(1, 9)
    ),
    max_size=60,
)


def drained(deadlines: Deadlines) -> list[tuple[datetime, int, Alarm, str]]:
    """Everything that is armed, in the order in which it is due."""
    found = []
    while (first := deadlines.first) is not None:
        found.append(first)
        deadlines.clear_one(first[2], first[3])
    return found


@given(STEPS)
def test_what_is_armed_is_due_in_order(steps):
    """By time, then by order of arming; what was cleared or armed anew is due no more."""
    deadlines, expected = Deadlines(), {}
    for order, (what, alarm, number, seconds) in enumerate(steps):
        subject = f"i{number}"
        if what == "arm":
            at = START + seconds * SECOND
            deadlines.arm(alarm, subject, at, order)
            expected[alarm, subject] = (at, order)
        else:
            deadlines.clear(Thing.INTERACTION, subject)
            expected = {key: due for key, due in expected.items() if key[1] != subject}
    due = sorted((at, order, alarm, subject) for (alarm, subject), (at, order) in expected.items())
    assert drained(deadlines) == due


def test_nothing_is_lost_when_what_is_stale_is_thrown_away():
    """Of a thing that has several, all are kept, however many others came and went."""
    deadlines = Deadlines()
    for number, alarm in enumerate((Alarm.STEP, Alarm.CLOSE, Alarm.LEASE)):
        deadlines.arm(alarm, "kept", START + (number + 1) * SECOND, number)
    for number in range(1000):
        deadlines.arm(Alarm.RING, f"a{number}", START, number)
        deadlines.clear(Thing.ASSIGNMENT, f"a{number}")
    assert [alarm for _, _, alarm, _ in drained(deadlines)] == [
        Alarm.STEP,
        Alarm.CLOSE,
        Alarm.LEASE,
    ]
