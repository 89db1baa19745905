"""Calendars: how they are written, what cannot be one, and what they say in plain cases."""

import json
import os
import pickle
import subprocess
import sys
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, timezone

import attrs
import pytest
from hypothesis import given

from onechannel import codec
from onechannel.errors import ExtraMissing, InvalidValue
from onechannel.model import ALWAYS_OPEN, Calendar, FrozenMap, Opening, check_zone
from onechannel.testing.strategies import values

PRIVATE = "Ana García"
MORNING, AFTERNOON = Opening.parse("09:00-14:00"), Opening.parse("16:00-19:00")
OFFICE = Calendar.weekly(
    "office",
    zone="Europe/Madrid",
    mon_fri="09:00-14:00, 16:00-19:00",
    sat="10:00-13:00",
    holidays=["2026-12-25"],
    special={"2026-12-24": "09:00-13:00"},
)
NIGHT = Calendar.weekly("night", zone="Europe/Madrid", fri="22:00-02:00")
HOUR = timedelta(hours=1)


def madrid(text: str) -> datetime:
    """What the clock shows in Madrid, in a day on which it is not changed."""
    return datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo("Europe/Madrid"))


def shown(at: datetime | None) -> str | None:
    """An instant as the clock shows it in Madrid."""
    local = at and at.astimezone(zoneinfo.ZoneInfo("Europe/Madrid"))
    return local and f"{local:%a %d %H:%M}"


# -- how they are written -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "opens", "closes", "again"),
    [
        ("09:00-14:00", time(9), time(14), "09:00-14:00"),
        (" 9:00 - 14:30 ", time(9), time(14, 30), "09:00-14:30"),
        ("22:00-02:00", time(22), time(2), "22:00-02:00"),
        ("22:00-24:00", time(22), time(0), "22:00-24:00"),
        ("22:00-00:00", time(22), time(0), "22:00-24:00"),
        ("00:00-24:00", time(0), time(0), "00:00-24:00"),
    ],
)
def test_an_opening_is_read_as_people_write_it(text, opens, closes, again):
    """Until midnight is `24:00`, and past midnight is earlier than it opens."""
    opening = Opening.parse(text)
    assert opening == Opening(opens=opens, closes=closes)
    assert str(opening) == again


@given(values(Opening))
def test_every_opening_can_be_written_and_read(opening):
    """As text, and as an expression."""
    assert Opening.parse(str(opening)) == opening
    assert eval(repr(opening)) == opening  # noqa: S307 - our own words


@pytest.mark.parametrize(
    "text",
    [
        *("", "9-14", "09:00", "09:00-14:00-16:00", "09:00-14:00 16:00-19:00", "9.00-14.00"),
        *("25:00-26:00", "09:60-14:00", "24:00-02:00", "09:00-24:30", "09:00-26:00", "-1:00-2:00"),
        *("10:00-10:00", "00:00-00:00", "0:00-00:00", "0\u0669:00-14:00", "09:00:00-14:00:00"),
        PRIVATE,
    ],
)
def test_what_is_no_opening_is_refused_with_an_example(text):
    """Nothing is guessed: some write "closed" as 00:00-00:00, and others "all day"."""
    with pytest.raises(InvalidValue, match='such as "09:00-14:00, 16:00-19:00"') as caught:
        Opening.parse(text)
    assert PRIVATE not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_week_is_written_by_parts_of_it():
    """A day goes before its part of the week, and that before every day; none closes a day."""
    shop = Calendar.weekly(
        "shop", daily="10:00-20:00", sat_sun="11:00-15:00", sun="", mon=[AFTERNOON, MORNING]
    )
    assert {day: ", ".join(map(str, hours)) for day, hours in shop.hours.items()} == {
        "mon": "09:00-14:00, 16:00-19:00",
        **dict.fromkeys(["tue", "wed", "thu", "fri"], "10:00-20:00"),
        "sat": "11:00-15:00",
    }
    assert shop.zone == "UTC"


def test_what_means_the_same_is_the_same():
    """Order and form do not matter: equal calendars are equal in hash and in bytes."""
    other = Calendar(
        name="office",
        zone="Europe/Madrid",
        hours={
            "sun": "",
            "sat": [Opening(opens=time(10), closes=time(13))],
            **dict.fromkeys(["fri", "thu", "wed", "tue", "mon"], "16:00-19:00,9:00-14:00"),
        },
        holidays=[date(2026, 12, 25), "2026-12-25"],
        special={date(2026, 12, 24): "9:00-13:00"},
    )
    assert other == OFFICE
    assert hash(other) == hash(OFFICE)
    assert written(other) == written(OFFICE)


def written(calendar: Calendar) -> str:
    """As it stands in a log."""
    return codec.dumps(codec._CONVERTER.unstructure(calendar))


def read(text: str) -> Calendar:
    """As it is read from a log."""
    return codec._CONVERTER.structure(codec.loads(text), Calendar)


@given(values(Calendar))
def test_every_calendar_comes_back(calendar):
    """What is written and read is the same calendar, in the same bytes of both JSON libraries."""
    text = written(calendar)
    assert read(text) == calendar
    assert written(read(text)) == text
    assert codec._plain_dumps(codec._CONVERTER.unstructure(calendar)) == text
    assert pickle.loads(pickle.dumps(calendar)) == calendar  # noqa: S301 - our own bytes


def test_a_log_tells_the_hours_to_people():
    """Days and times stand in it as ISO writes them."""
    stored = json.loads(written(OFFICE))
    assert stored["hours"]["sat"] == [{"opens": "10:00:00", "closes": "13:00:00"}]
    assert stored["holidays"] == ["2026-12-25"]
    assert [*stored["special"]] == ["2026-12-24"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"2026-12-25"', '"20261225"'),
        ('"2026-12-25"', '"2026-W52-5"'),
        ('"2026-12-25"', "20261225"),
        ('"10:00:00"', '"10:00"'),
        ('"10:00:00"', '"10:00:00Z"'),
        ('"10:00:00"', '"10:00:01"'),
        ('"10:00:00"', "10"),
        ('"2026-12-24"', '"20261224"'),
        ('"sat"', '"SAT"'),
        ('"Europe/Madrid"', '"../Madrid"'),
    ],
)
def test_what_was_not_written_here_is_not_read(old, new):
    """Only what this library writes is a calendar of its log."""
    text = written(OFFICE)
    assert old in text
    with pytest.raises((ValueError, TypeError)):
        read(text.replace(old, new))


# -- what cannot be -------------------------------------------------------------------------------

DAY = {"mon": "09:00-14:00"}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"name": ""}, "Calendar.name must have 1 to 200 characters"),
        ({"zone": "Madrid!"}, "Calendar.zone must be the name of a time zone, such as Europe/"),
        ({"zone": "../etc/passwd"}, "Calendar.zone must be"),
        ({"zone": "localtime"}, "Calendar.zone must be"),
        ({"zone": "Europe/"}, "Calendar.zone must be"),
        ({"zone": "Europe/Madrid\n"}, "Calendar.zone must be"),
        ({"zone": PRIVATE}, "Calendar.zone must be"),
        ({"zone": "E" * 101}, "Calendar.zone must be"),
        ({"zone": None}, "Calendar.zone must be"),
        ({"zone": zoneinfo.ZoneInfo("Europe/Madrid")}, "Calendar.zone must be"),
        ({"hours": {}}, "Calendar.hours: it would never open"),
        ({"hours": {"mon": ""}}, "Calendar.hours: it would never open"),
        ({"hours": {"monday": "09:00-14:00"}}, "Calendar.hours must be by day: mon, tue, wed,"),
        ({"hours": {0: "09:00-14:00"}}, "Calendar.hours must be by day: mon, tue, wed,"),
        ({"hours": "09:00-14:00"}, "Calendar.hours must be a mapping, not str"),
        ({"hours": {"mon": PRIVATE}}, "Calendar.hours of mon: it must be written as hours,"),
        ({"hours": {"mon": 9}}, "Calendar.hours of mon: a sequence is needed, not int"),
        ({"hours": {"mon": ["09:00-14:00"]}}, "Calendar.hours of mon: a sequence of Opening is"),
        ({"hours": {"mon": "09:00-14:00, 13:59-19:00"}}, "Calendar.hours of mon: it opens once"),
        ({"hours": {"mon": "22:00-02:00, 23:00-23:30"}}, "Calendar.hours of mon: it opens once"),
        ({"hours": {"mon": "09:00-14:00, 09:00-14:00"}}, "Calendar.hours of mon: it opens once"),
        ({"holidays": "2026-12-25"}, "a sequence is needed, not str"),
        ({"holidays": ["25.12.2026"]}, "a holiday or special day must be a date, or text such"),
        ({"holidays": ["20261225"]}, "a holiday or special day must be a date"),
        ({"holidays": [datetime(2026, 12, 25, tzinfo=UTC)]}, "a holiday or special day must be"),
        ({"holidays": [PRIVATE]}, "a holiday or special day must be a date"),
        ({"special": {PRIVATE: "09:00-13:00"}}, "a holiday or special day must be a date"),
        ({"special": ["2026-12-24"]}, "Calendar.special must be a mapping, not list"),
        ({"special": {"2026-12-24": ""}}, "Calendar.special of 2026-12-24: a day without hours"),
        ({"special": {"2026-12-24": PRIVATE}}, "Calendar.special of 2026-12-24: it must be"),
        (
            {"special": {"2026-12-24": "09:00-13:00"}, "holidays": ["2026-12-24"]},
            "Calendar.special of 2026-12-24: it is among the holidays as well",
        ),
    ],
)
def test_what_cannot_be_a_calendar_is_refused(fields, complaint):
    """The field and the day are named, and what should be there; what was given is not cited."""
    with pytest.raises(InvalidValue) as caught:
        Calendar(**{"name": "c", "hours": DAY, **fields})
    assert str(caught.value).startswith(complaint)
    assert PRIVATE not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        (time(9), time(9)),
        (time(9, 0, 1), time(14)),
        (time(9), time(14, 0, 0, 1)),
        (time(9, tzinfo=UTC), time(14)),
        (time(9, fold=1), time(14)),
        ("09:00", time(14)),
        (time(9), 14),
    ],
)
def test_an_opening_is_from_one_minute_to_another(opens, closes):
    """By the wall clock of the calendar's zone, and not of another."""
    with pytest.raises(InvalidValue, match="Opening"):
        Opening(opens=opens, closes=closes)


@given(values(Calendar))
def test_a_calendar_is_frozen(calendar):
    """What it was asked before changes nothing: neither its fields nor whom it equals."""
    again = attrs.evolve(calendar)
    again.is_open(datetime(2026, 1, 1, tzinfo=UTC))
    assert again == calendar
    assert hash(again) == hash(calendar)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        calendar.zone = "UTC"


# -- what they say --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-02T09:00", 5, "Mon 02 14:00"),
        ("2026-03-02T09:00", 6, "Mon 02 17:00"),
        ("2026-03-02T13:00", 2, "Mon 02 17:00"),
        ("2026-03-06T18:00", 2, "Sat 07 11:00"),
        ("2026-03-07T12:00", 2, "Mon 09 10:00"),
        ("2026-03-08T12:00", 0, "Sun 08 12:00"),
        ("2026-12-23T18:00", 6, "Sat 26 11:00"),
    ],
)
def test_business_time_passes_while_it_is_open(start, hours, due):
    """Not at lunch, not at night, not on Sundays and holidays; a special day has its own hours."""
    assert shown(OFFICE.due(madrid(start), hours * HOUR)) == due


def test_business_time_is_negative_backwards():
    """Two hours late is minus two hours left."""
    due, now = madrid("2026-03-02T13:00"), madrid("2026-03-02T17:00")
    assert OFFICE.business_time(now, due) == -2 * HOUR


@pytest.mark.parametrize(
    ("at", "opens", "closes"),
    [
        ("2026-03-02T08:59", "Mon 02 09:00", "Mon 02 14:00"),
        ("2026-03-02T09:00", "Mon 02 09:00", "Mon 02 14:00"),
        ("2026-03-02T14:00", "Mon 02 16:00", "Mon 02 19:00"),
        ("2026-03-07T13:00", "Mon 09 09:00", "Mon 09 14:00"),
        ("2026-12-24T13:00", "Sat 26 10:00", "Sat 26 13:00"),
    ],
)
def test_the_next_opening_and_the_next_closing_belong_together(at, opens, closes):
    """The opening is now where it is open; the closing is the end of that very opening."""
    assert shown(OFFICE.next_opening(madrid(at))) == opens
    assert shown(OFFICE.next_closing(madrid(at))) == closes


def test_the_night_belongs_to_the_day_on_which_it_opened():
    """What is open past midnight stays so on a holiday, and on a holiday nothing opens."""
    friday, saturday = date(2026, 3, 6), date(2026, 3, 7)
    past_midnight = madrid("2026-03-07T01:00")
    assert NIGHT.is_open(past_midnight)
    assert attrs.evolve(NIGHT, holidays=[saturday]).is_open(past_midnight)
    assert not attrs.evolve(NIGHT, holidays=[friday]).is_open(past_midnight)
    assert not attrs.evolve(NIGHT, special={friday: "20:00-24:00"}).is_open(past_midnight)


def test_a_row_of_days_is_one_opening():
    """What closes at midnight and opens at midnight has not closed."""
    days = Calendar.weekly("days", mon="08:00-24:00", tue="00:00-24:00", wed="00:00-07:00")
    assert days.next_closing(datetime(2026, 3, 2, 9, tzinfo=UTC)) == datetime(
        2026, 3, 4, 7, tzinfo=UTC
    )


def test_the_new_year_is_no_gap():
    """Years are looked up one by one, and nothing is lost in between, however short."""
    new_year, instant = datetime(2026, 1, 1, tzinfo=UTC), timedelta.resolution
    for calendar in (ALWAYS_OPEN, attrs.evolve(ALWAYS_OPEN, zone="Asia/Kathmandu")):
        assert calendar.business_time(new_year - instant, new_year + instant) == 2 * instant
        assert calendar.due(new_year - HOUR, HOUR + instant) == new_year + instant
        assert calendar.business_time(new_year, new_year) == 0 * instant


@pytest.mark.parametrize(
    ("hours", "opens", "closes", "lasts"),
    [
        ("01:00-05:00", "Sun 29 01:00", "Sun 29 05:00", 3),
        ("02:30-05:00", "Sun 29 03:00", "Sun 29 05:00", 2),
        ("01:00-02:30", "Sun 29 01:00", "Sun 29 03:00", 1),
        ("02:00-03:00", "Sun 05 02:00", "Sun 05 03:00", 1),
    ],
)
def test_the_hour_that_is_skipped_is_no_business_time(hours, opens, closes, lasts):
    """Clocks go from 02:00 to 03:00: what opens in between opens then, and may not open at all."""
    sundays = Calendar.weekly("sundays", zone="Europe/Madrid", sun=hours)
    at = madrid("2026-03-28T12:00")
    assert shown(sundays.next_opening(at)) == opens
    assert shown(sundays.next_closing(at)) == closes
    lasted = sundays.business_time(sundays.next_opening(at), sundays.next_closing(at))
    assert lasted == lasts * HOUR


@pytest.mark.parametrize(("hours", "spans"), [("01:00-05:00", [5]), ("02:30-03:00", [0.5, 0.5])])
def test_the_hour_that_comes_twice_counts_twice(hours, spans):
    """Clocks go from 03:00 back to 02:00: an opening is longer, or there are two of it."""
    sundays = Calendar.weekly("sundays", zone="Europe/Madrid", sun=hours)
    opens, until = madrid("2026-10-24T12:00"), madrid("2026-10-25T12:00")
    found = []
    while (opens := sundays.next_opening(opens)) < until:
        closes = sundays.next_closing(opens)
        found.append((closes - opens) / HOUR)
        opens = closes
    assert found == spans


# -- what never ends ------------------------------------------------------------------------------

ONCE = Calendar(name="fair", hours={}, special={"2026-05-01": "10:00-18:00"})


def test_after_the_last_special_day_it_never_opens():
    """There is no next opening, and what would need one is refused, by the calendar's name."""
    may, june = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    assert ONCE.next_closing(may) == may + 18 * HOUR
    assert ONCE.due(may, 8 * HOUR) == may + 18 * HOUR
    assert ONCE.next_opening(june) is ONCE.next_closing(june) is None
    assert ONCE.business_time(may, june) == 8 * HOUR
    with pytest.raises(InvalidValue, match="calendar fair does not open for ten years"):
        ONCE.due(may, 8 * HOUR + timedelta.resolution)


def test_ten_years_are_counted_from_the_last_closing():
    """However long the whole takes, it is found; what is closed for ten years is over."""
    start, far = date(2026, 1, 1), 3_653
    at = datetime(2026, 1, 1, tzinfo=UTC)
    days = {start + number * timedelta(far - 1): "00:00-24:00" for number in range(9)}
    seldom = Calendar(name="seldom", hours={}, special=days)
    assert seldom.due(at, 9 * 24 * HOUR) == at + timedelta(8 * (far - 1) + 1)
    later = {start: "00:00-24:00", start + timedelta(far + 1): "00:00-24:00"}
    with pytest.raises(InvalidValue, match="does not open for ten years"):
        Calendar(name="over", hours={}, special=later).due(at, 25 * HOUR)


def test_what_opens_only_in_a_skipped_hour_never_opens():
    """The clock never shows it."""
    lost = {"2026-03-29": "02:00-03:00"}
    never = Calendar(name="lost", zone="Europe/Madrid", hours={}, special=lost)
    assert never.next_opening(madrid("2026-01-01T00:00")) is None


def test_what_is_always_open_never_closes():
    """The default calendar: there is no closing within ten years."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert ALWAYS_OPEN.next_opening(at) == at
    assert ALWAYS_OPEN.next_closing(at) is None
    assert ALWAYS_OPEN.due(at, timedelta(days=36_525)) == at + timedelta(days=36_525)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 3, 2),  # noqa: DTZ001 - naive on purpose
        date(2026, 3, 2),
        datetime(1, 12, 31, tzinfo=UTC),
        datetime(9999, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(-HOUR)),
    ],
)
@pytest.mark.parametrize("ask", ["is_open", "next_opening", "next_closing", "due"])
def test_what_is_no_instant_is_refused(at, ask):
    """A time without a zone, and one that some zone could not tell."""
    arguments = (HOUR,) if ask == "due" else ()
    with pytest.raises(InvalidValue, match="time"):
        getattr(OFFICE, ask)(at, *arguments)


def test_near_the_ends_of_the_calendar_nothing_is_asked():
    """What lies within a century of them is refused, and what would be due beyond them is not."""
    for calendar in (OFFICE, ALWAYS_OPEN):
        for end in (datetime(9899, 1, 1, tzinfo=UTC), datetime(100, 12, 31, tzinfo=UTC)):
            with pytest.raises(InvalidValue, match="beyond the years"):
                calendar.next_closing(end)
    last = datetime(9898, 12, 31, 23, 59, tzinfo=UTC)
    with pytest.raises(InvalidValue, match="does not open"):
        OFFICE.due(last, timedelta(days=36_500))
    assert OFFICE.next_opening(datetime(101, 1, 1, tzinfo=UTC)).year == 101


def test_a_span_is_not_negative():
    """What was due before it began cannot be asked."""
    with pytest.raises(InvalidValue, match="must not be negative"):
        OFFICE.due(madrid("2026-03-02T09:00"), -HOUR)


# -- zones ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["UTC", "Europe/Madrid", "Etc/GMT+5", "America/Port-au-Prince"])
def test_a_zone_that_is_known_is_content(zone):
    """Whatever stands in the database."""
    check_zone(zone)


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Europe", "Madrid", "Europe/Madrid/Sol"])
def test_a_zone_that_is_unknown_is_found_on_use(zone):
    """It can be read from a log, and asked of by whoever takes it from a person."""
    calendar = read(written(attrs.evolve(OFFICE, zone=zone)))
    for ask in (lambda: check_zone(zone), lambda: calendar.is_open(madrid("2026-03-02T09:00"))):
        with pytest.raises(InvalidValue, match=f"{zone} is unknown here: .* such as Europe/Madrid"):
            ask()


@pytest.mark.parametrize("zone", [PRIVATE, "../Madrid", "right/Europe/Madrid", "localtime", 7, ""])
def test_what_is_no_name_is_not_looked_up_nor_cited(zone):
    """A path, or what every machine has another of."""
    with pytest.raises(InvalidValue, match="must be a name such as Europe/Madrid"):
        check_zone(zone)


WITHOUT_ZONES = """
import sys
sys.modules["tzdata"] = None  # as where it is not installed
from datetime import UTC, datetime
from onechannel import codec
from onechannel.errors import ExtraMissing
from onechannel.model import ALWAYS_OPEN, Calendar, check_zone
at = datetime(2026, 3, 2, tzinfo=UTC)
office = codec._CONVERTER.structure(codec.loads(sys.argv[1]), Calendar)
print(ALWAYS_OPEN.is_open(at), office.name)
check_zone("UTC")
for ask in (lambda: check_zone("Europe/Madrid"), lambda: office.is_open(at)):
    try:
        ask()
    except ExtraMissing as missing:
        print(missing)
"""


def test_without_time_zones_a_log_can_be_read_and_the_extra_is_named():
    """As on Windows: calendars are data, UTC needs nothing, and the error says what to install."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ZONES, written(OFFICE)],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    named = 'time zones needs the extra "tz": pip install "onechannel[tz]"'
    assert done.stdout.splitlines() == ["True office", named, named]
    assert issubclass(ExtraMissing, ImportError)


def test_the_strategies_draw_what_is_worth_trying():
    """Nights, whole days and days of their own are among what the properties see."""
    seen: set[str] = set()

    @given(values(Calendar))
    def look(calendar):
        hours = [opening for day in calendar.hours.values() for opening in day]
        seen.update(["night"] if any(h.closes < h.opens for h in hours) else [])
        seen.update(["holiday"] if calendar.holidays else [])
        seen.update(["special"] if calendar.special else [])
        seen.update(["lunch"] if any(len(day) > 1 for day in calendar.hours.values()) else [])
        assert isinstance(calendar.hours, FrozenMap)

    look()
    assert seen == {"night", "holiday", "special", "lunch"}
