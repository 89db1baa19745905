"""Business time against the wall clock: around every change of clocks, and anywhere else.

The oracle shares no code with the library: it asks `zoneinfo` what the clock shows, minute by
minute, and looks that up in a table of the minutes of each day.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate, groupby
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from onechannel.model import ALWAYS_OPEN, Calendar
from onechannel.testing.strategies import values

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NO_TIME = timedelta(0)
AROUND = 36 * HOUR
FIRST, LAST = datetime(2021, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)

#: Half an hour and two hours; forward in winter, and for a month; at midnight and before it; on
#: any day of the week; for the last time, and once only; without notice.
ZONES = (
    *("Africa/Cairo", "Africa/Casablanca", "Africa/Juba", "America/Asuncion", "America/Chihuahua"),
    *("America/Havana", "America/Los_Angeles", "America/Mexico_City", "America/Miquelon"),
    *("America/New_York", "America/Nuuk", "America/Ojinaga", "America/Port-au-Prince"),
    *("America/Santiago", "America/Scoresbysund", "America/St_Johns", "Antarctica/Casey"),
    *("Antarctica/Macquarie", "Antarctica/Troll", "Antarctica/Vostok", "Asia/Almaty", "Asia/Amman"),
    *("Asia/Beirut", "Asia/Damascus", "Asia/Gaza", "Asia/Jerusalem", "Asia/Tehran"),
    *("Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe", "Europe/Chisinau"),
    *("Europe/Dublin", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Pacific/Apia"),
    *("Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter", "Pacific/Norfolk"),
)
#: What has not happened lately: a day left out, a day again, minutes and quarters, for good.
ONCE = [
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Pacific/Kwajalein", datetime(1993, 8, 21, 12, tzinfo=UTC)),
    ("America/Caracas", datetime(2007, 12, 9, 7, tzinfo=UTC)),
    ("Asia/Pyongyang", datetime(2018, 5, 4, 15, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(1985, 12, 31, 18, 30, tzinfo=UTC)),
    ("Europe/Moscow", datetime(2014, 10, 25, 22, tzinfo=UTC)),
    ("Africa/Freetown", datetime(1939, 9, 1, 1, tzinfo=UTC)),
    ("America/Toronto", datetime(1918, 4, 14, 7, tzinfo=UTC)),
]

#: From and to, in minutes since midnight: in the small hours short and close, since that is when
#: clocks are changed, and past midnight.
WEEK = {
    "mon": [(0, 30), (60, 75), (105, 121), (150, 180), (182, 240), (540, 840), (1380, 1530)],
    "tue": [(15, 45), (90, 150), (165, 210), (960, 1140), (1410, 1440)],
    "wed": [(0, 1440)],
    "thu": [(45, 135), (179, 181), (239, 241), (1320, 1560)],
    "fri": [(119, 121), (130, 170), (600, 601), (1380, 1439), (1439, 1470)],
    "sat": [(0, 60), (61, 120), (121, 180), (240, 245), (1305, 1379), (1395, 1440)],
    "sun": [(0, 5), (20, 62), (118, 150), (185, 300), (1350, 1500)],
}


# -- the oracle -----------------------------------------------------------------------------------


def opens_on(day: date) -> list[tuple[int, int]]:
    """The hours of a day, as the tests have it."""
    return WEEK[f"{day:%a}".lower()]


@cache
def table(day: date) -> list[bool]:
    """Of each minute of a day, whether it is open when the clock shows it."""
    own, before = opens_on(day), opens_on(day - DAY)
    return [
        any(opens <= minute < closes for opens, closes in own)
        or any(opens <= minute + 1440 < closes for opens, closes in before)
        for minute in range(1440)
    ]


def minutes_open(zone: ZoneInfo, since: datetime, until: datetime) -> list[bool]:
    """Of each minute between two instants, whether it is open."""
    shown = (datetime.fromtimestamp(at, zone) for at in range(stamp(since), stamp(until), 60))
    return [table(local.date())[local.hour * 60 + local.minute] for local in shown]


def stamp(at: datetime) -> int:
    """The instant in seconds."""
    return int(at.timestamp())


@cache
def changes(zone: str) -> list[datetime]:
    """When the clocks of a zone are changed in these years, to the minute."""
    days = [FIRST + number * DAY for number in range((LAST - FIRST) // DAY)]
    return [first_change(zone, day) for day in days if differ(zone, day, day + DAY)]


def first_change(zone: str, day: datetime) -> datetime:
    """When they are changed within a day."""
    minutes = (day + number * MINUTE for number in range(1, 1441))
    return next(at for at in minutes if differ(zone, day, at))


def differ(zone: str, one: datetime, other: datetime) -> bool:
    """Whether the clock is ahead of UTC by another time at one instant than at the other."""
    known = ZoneInfo(zone)
    return one.astimezone(known).utcoffset() != other.astimezone(known).utcoffset()


# -- around every change --------------------------------------------------------------------------


def odd_hours(zone: str) -> Calendar:
    """The calendar of the tests, as people would write it."""
    return Calendar.weekly("odd", zone=zone, **{day: written(WEEK[day]) for day in WEEK})


def written(hours: list[tuple[int, int]]) -> str:
    """`00:00-00:30, 23:00-01:30`."""
    return ", ".join(f"{clock(opens)}-{clock(closes)}" for opens, closes in hours)


def clock(minute: int) -> str:
    """What a clock shows; `24:00` at the end of the day."""
    minute -= 1440 if minute > 1440 else 0
    return f"{minute // 60:02}:{minute % 60:02}"


def compare(zone: str, change: datetime) -> None:
    """Whatever a calendar answers from 36 hours before a change to 36 hours after."""
    tried, since, until = odd_hours(zone), change - AROUND, change + AROUND
    truth = minutes_open(ZoneInfo(zone), since, until)
    instants = [since + number * MINUTE for number in range(len(truth))]
    assert [tried.is_open(at) for at in instants] == truth
    assert periods(tried, since, until) == runs(truth, since)
    passed = [0, *accumulate(truth)]
    for start in range(0, len(truth), 397):
        for end in range(start % 61, len(truth), 61):
            span = (passed[end] - passed[start]) * MINUTE
            assert tried.business_time(instants[start], instants[end]) == span
        for span in range(passed[-1] - passed[start] + 1)[::67]:
            first = bisect_left(passed, passed[start] + span, start)
            assert tried.due(instants[start], span * MINUTE) == since + first * MINUTE


def periods(tried: Calendar, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """When it is open between two instants, by walking from opening to closing."""
    found = []
    at = tried.next_opening(since)
    while at < until:
        closes = tried.next_closing(at)
        found.append((at, min(closes, until)))
        at = tried.next_opening(closes)
    return found


def runs(truth: list[bool], since: datetime) -> list[tuple[datetime, datetime]]:
    """The same, of minutes."""
    groups = [[*group] for _, group in groupby(enumerate(truth), key=lambda pair: pair[1])]
    return [
        (since + group[0][0] * MINUTE, since + (group[-1][0] + 1) * MINUTE)
        for group in groups
        if group[0][1]
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_the_wall_clock_decides(zone):
    """In every minute around every change of clocks in five years, open is what the clock shows."""
    assert changes(zone)
    for change in changes(zone):
        compare(zone, change)


@pytest.mark.parametrize(("zone", "change"), ONCE)
def test_around_changes_of_other_times_the_wall_clock_decides(zone, change):
    """Where a day is left out or comes twice, or minutes are, the clock is right as well."""
    assert differ(zone, change - MINUTE, change)
    compare(zone, change)


def test_the_zones_are_many():
    """Forty zones, each with its own changes, and some hundred of these in all."""
    assert len({*ZONES}) == 40
    assert sum(len(changes(zone)) for zone in ZONES) > 250


# -- anywhere -------------------------------------------------------------------------------------

#: The year of the holidays that are drawn, and a day more on either side.
INSTANTS = st.datetimes(
    datetime(2025, 12, 31),  # noqa: DTZ001 - zoned when drawn
    datetime(2027, 1, 2),  # noqa: DTZ001 - zoned when drawn
    timezones=st.just(UTC),
)
SPANS = st.timedeltas(NO_TIME, timedelta(hours=60))
CALENDARS = values(Calendar)


@given(CALENDARS, INSTANTS)
def test_open_is_what_the_wall_clock_shows(calendar, at):
    """By the definition: a time within the hours of this day, or of the day before that last."""
    local = at.astimezone(ZoneInfo(calendar.zone))
    now = local.time()

    def hours(day):
        if day in calendar.holidays:
            return ()
        return calendar.special.get(day.isoformat(), calendar.hours.get(f"{day:%a}".lower(), ()))

    today = any(
        one.opens <= now and (now < one.closes or one.closes <= one.opens)
        for one in hours(local.date())
    )
    late = any(now < one.closes <= one.opens for one in hours(local.date() - DAY))
    assert calendar.is_open(at) is (today or late)


@given(CALENDARS, INSTANTS, SPANS)
def test_what_is_due_is_due_exactly(calendar, start, span):
    """Until the due time so much business time has passed, and a moment before it has not."""
    due = calendar.due(start, span)
    assert calendar.business_time(start, due) == span
    assert due.tzinfo is UTC
    if span:
        instant = timedelta.resolution
        assert calendar.business_time(start, due - instant) == span - instant
    else:
        assert due == start


@given(CALENDARS, INSTANTS, INSTANTS, SPANS, SPANS)
def test_what_begins_or_lasts_longer_is_never_due_sooner(calendar, one, other, short, long):
    """`due` is monotone in the start, and strictly so in the span."""
    early, late = sorted([one, other])
    short, long = sorted([short, long])
    assert calendar.due(early, short) <= calendar.due(late, short)
    assert (calendar.due(early, short) < calendar.due(early, long)) is (short < long)


@given(CALENDARS, INSTANTS, SPANS, SPANS)
def test_parts_are_due_one_after_the_other(calendar, start, part, rest):
    """Two spans one after the other are due when the sum of them is."""
    assert calendar.due(calendar.due(start, part), rest) == calendar.due(start, part + rest)


@given(CALENDARS, INSTANTS, INSTANTS, INSTANTS)
def test_business_time_adds_up(calendar, one, two, three):
    """In whatever order three instants come; and it never passes faster than time."""
    between = calendar.business_time
    assert between(one, two) + between(two, three) == between(one, three)
    assert between(one, two) == -between(two, one)
    assert NO_TIME <= between(min(one, two), max(one, two)) <= abs(two - one)


@given(CALENDARS, INSTANTS)
def test_it_is_open_from_opening_to_closing_and_never_before(calendar, at):
    """Between now and the next opening no business time passes, and all of it up to the closing."""
    opens, closes = calendar.next_opening(at), calendar.next_closing(at)
    assert at <= opens
    assert (at == opens) is calendar.is_open(at)
    assert calendar.business_time(at, opens) == NO_TIME
    assert calendar.is_open(opens)
    assume(closes is not None)  # open day and night
    assert opens < closes
    assert calendar.business_time(opens, closes) == closes - opens
    assert not calendar.is_open(closes)


@given(CALENDARS, INSTANTS, SPANS, st.sampled_from(ZONES))
def test_the_zone_of_the_caller_does_not_matter(calendar, at, span, zone):
    """An instant is an instant, in whatever zone it is told."""
    told = at.astimezone(ZoneInfo(zone))
    assert calendar.is_open(told) is calendar.is_open(at)
    assert calendar.due(told, span) == calendar.due(at, span)
    assert calendar.next_opening(told) == calendar.next_opening(at)
    assert calendar.next_closing(told) == calendar.next_closing(at)


@given(INSTANTS, SPANS)
def test_where_it_is_always_open_all_time_is_business_time(start, span):
    """The default: open at every instant, and it never closes."""
    assert ALWAYS_OPEN.is_open(start)
    assert ALWAYS_OPEN.due(start, span) == start + span
    assert ALWAYS_OPEN.business_time(start, start + span) == span


@given(
    st.sampled_from(ZONES),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.timedeltas(-36 * HOUR, 60 * HOUR),
)
def test_a_holiday_is_a_day_of_the_zone(zone, day, later):
    """Where it is open day and night, it is closed while the clocks there show that day."""
    shop = Calendar.weekly("shop", zone=zone, daily="00:00-24:00", holidays=[day])
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + later
    assert shop.is_open(at) is (at.astimezone(ZoneInfo(zone)).date() != day)
