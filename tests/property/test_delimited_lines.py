"""Whatever stands in a call log: every line is a row or set aside, and a row is what it says."""

import re
from datetime import UTC, date, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.bank_rows import CALL, HEADER, NO_SERVICE, NO_WAIT, bank, line, read

from onechannel import commands as c
from onechannel.adapters.delimited import Row, read_history
from onechannel.model.worker import WorkerKind

MAPPING = bank()
CLOCK = MAPPING.clock
FORMS = (
    "a time of the form H:MM:SS",
    "a date of the form %y%m%d",
    "a number of seconds",
    "a whole number",
    "an outcome that the mapping knows",
    "a name of at most 170 printable signs",
)
REASONS = [
    "the line is blank",
    "the line is not ascii text",
    "the line repeats the header",
    *(
        f"column {name} is {what}"
        for name in CALL
        for what in ("empty", *(f"not {f}" for f in FORMS))
    ),
    "columns date, vru+line, call_id: the key is too long, or has the form of a successor",
]
WIDTH = re.compile(r"the line has (1 field|\d+ fields), the header 17")


# -- lines -----------------------------------------------------------------------------------------


@st.composite
def spoilt_lines(draw):
    """A good line with a piece of it replaced by something else, or by nothing."""
    good = line().rstrip(b"\r\n")
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, min(len(good), start + 12)))
    return good[:start] + draw(st.binary(max_size=12)) + good[end:]


CLOCKS = ["0:00:00", "23:59:59", *(text for text in CALL.values() if ":" in text)]
NUMBERS = ["0", "-1", "86400", *(text for text in CALL.values() if text.isdecimal())]
CODES = {"outcome": ["AGENT", "HANG", "PHANTOM"], "server": ["NO_SERVER", "TOVA"], "type": ["AA"]}


def others(name):
    """Other cells that could stand in that column, and now and then one that could not."""
    kin = CLOCKS if ":" in CALL[name] else NUMBERS
    usual = st.sampled_from(CODES.get(name, kin))
    return st.integers(0, 20).flatmap(
        lambda odd: usual if odd else st.text(st.characters(codec="ascii"), max_size=8)
    )


@st.composite
def rows_of_cells(draw):
    """A line some of whose cells are others."""
    names = draw(st.sets(st.sampled_from([*CALL]), max_size=6))
    changes = {name: draw(others(name)) for name in sorted(names)}
    return line(**changes).removesuffix(b"\r\n")


anything = st.one_of(spoilt_lines(), rows_of_cells(), st.binary(max_size=80), st.just(b""))


@given(st.lists(anything, max_size=8))
def test_every_line_is_a_row_or_set_aside(lines):
    """Each line is answered once, in order, with its number and text; a reason cites no value."""
    lines = [one.replace(b"\n", b"") for one in lines]
    while lines and lines[-1] in (b"", b"\r"):
        lines.pop()
    found = read(*(one + b"\n" for one in lines))
    assert [one.number for one in found] == [*range(2, len(lines) + 2)]
    assert [one.raw for one in found] == [one.removesuffix(b"\r") for one in lines]
    for aside in found:
        if not isinstance(aside, Row):
            assert aside.reason in REASONS or WIDTH.fullmatch(aside.reason)


@given(st.lists(spoilt_lines(), max_size=4), st.data())
def test_how_lines_end_makes_no_difference(lines, data):
    """LF or CRLF, a mark at the beginning, empty lines or nothing at the end: the same rows."""
    bodies = [one.translate(None, b"\r\n") or b"-" for one in (HEADER, *lines)]
    endings = st.sampled_from([b"\n", b"\r\n"])
    plain = [body + b"\n" for body in bodies]
    other = [body + data.draw(endings) for body in bodies]
    other[0] = data.draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + other[0]
    if data.draw(st.booleans()):
        other[-1] = other[-1].rstrip(b"\r\n")
    else:
        other += data.draw(st.lists(endings, max_size=3))
    assert list(read_history(other, MAPPING)) == list(read_history(plain, MAPPING))


# -- rows ------------------------------------------------------------------------------------------


def shown(instant):
    """What the bank's clock shows."""
    return f"{instant.astimezone(CLOCK.zone):%H:%M:%S}"


def stage(start, seconds, names):
    """The three columns of a stage."""
    end = start + timedelta(seconds=seconds)
    return dict(zip(names, (shown(start), shown(end), str(seconds)), strict=True))


VRU = ("vru_entry", "vru_exit", "vru_time")
QUEUE = ("q_start", "q_exit", "q_time")
SERVICE = ("ser_start", "ser_exit", "ser_time")
YEAR = datetime(1999, 1, 1, 3, tzinfo=UTC)
MIDNIGHT = datetime(1999, 1, 4, 22, tzinfo=UTC)
CHANGES = (datetime(1999, 4, 2, tzinfo=UTC), datetime(1999, 9, 2, 23, tzinfo=UTC))


def seconds_after(since, least, most):
    """Instants so many seconds after one of some."""
    seconds = st.integers(least, most).map(lambda number: timedelta(seconds=number))
    return st.builds(lambda at, later: at + later, st.sampled_from(since), seconds)


instants = st.one_of(
    seconds_after([YEAR], 0, 360 * 24 * 3600),
    seconds_after([MIDNIGHT], -3600, 3600),
    seconds_after(CHANGES, -2 * 3600, 2 * 3600),
)
short = st.integers(0, 1500)


@st.composite
def calls(draw):
    """A call as it happened, with the row that records it; nothing in it falls on midnight."""
    arrival = draw(instants)
    vru, wait, lag, handle = draw(short), draw(st.none() | short), draw(short), draw(short)
    outcome = draw(st.sampled_from(["AGENT", "HANG", "PHANTOM"]))
    served = draw(st.booleans())
    row = {"date": f"{arrival.astimezone(CLOCK.zone):%y%m%d}", "outcome": outcome}
    row |= stage(arrival, vru, VRU) | NO_WAIT | NO_SERVICE
    left = arrival + timedelta(seconds=vru)
    if wait is not None:
        row |= stage(left, wait, QUEUE)
        left += timedelta(seconds=wait)
    begun = left + timedelta(seconds=lag)
    if served:
        row |= stage(begun, handle, SERVICE)
        row["server"] = draw(st.sampled_from(["ANAT", "NO_SERVER"]))
    # Midnight means that nothing happened, and of an hour that comes twice the first is taken.
    assume(wait is None or row["q_start"] != "00:00:00")
    assume(not served or row["ser_start"] != "00:00:00")
    assume(CLOCK.first(CLOCK.read(row["vru_entry"]), CLOCK.day(row["date"])) == arrival)
    return arrival, vru, wait, lag, handle if served else None, row


@given(calls())
def test_a_row_is_what_happened(call):
    """Every fact stands at its instant, over midnight and over changes of clocks alike."""
    arrival, vru, wait, lag, handle, row = call
    (found,) = read(line(**row))
    at = {}
    for fact in found.facts:
        kind = getattr(fact.command, "kind", None)
        at.setdefault((type(fact.command), kind), fact.claimed_at)
    left = arrival + timedelta(seconds=vru)
    assert at[c.ObserveArrival, None] == at[c.ObserveAccepted, WorkerKind.MACHINE] == arrival
    assert ((c.ObserveQueued, None) in at) == (wait is not None)
    if wait is not None:
        assert at[c.ObserveQueued, None] == left
        left += timedelta(seconds=wait)
        assert at[c.ObserveDequeued, None] == left
    end = left
    if row["outcome"] == "AGENT" and handle is not None:
        begun = left + timedelta(seconds=lag)
        end = begun + timedelta(seconds=handle)
        if row["server"] == "ANAT":
            assert at[c.ObserveAccepted, WorkerKind.PERSON] == begun
            assert at[c.ObserveReleased, None] == end
    assert at[c.ObserveClosed, None] == end


@given(st.lists(rows_of_cells(), min_size=1, max_size=6))
def test_every_row_tells_a_whole_story(lines):
    """It arrives first, closes once and last of what happened; answered rows say so before it."""
    found = read(*(one.replace(b"\n", b"") + b"\n" for one in lines))
    for row in (one for one in found if isinstance(one, Row)):
        words = [type(fact.command) for fact in row.facts]
        closing = words.index(c.ObserveClosed)
        assert words[0] is c.ObserveArrival
        assert set(words[closing + 1 :]) <= {c.ObserveAnomaly}
        assert words.count(c.ObserveClosed) == words.count(c.ObserveArrival) == 1
        before = [fact.command for fact in row.facts[:closing]]
        by_person = [one for one in before if getattr(one, "kind", None) is WorkerKind.PERSON]
        claimed = [one for one in before if getattr(one, "verb", None) == "observe_accepted"]
        answered = b"AGENT" in row.raw.split(b"\t")[12]
        assert len(by_person) + len(claimed) == answered
        assert all(fact.command.interaction == row.key for fact in row.facts)
        happened = [fact for fact in row.facts if not isinstance(fact.command, c.ObserveAnomaly)]
        assert happened[-1].claimed_at == max(fact.claimed_at for fact in happened)


# -- clocks ----------------------------------------------------------------------------------------


@given(instants, st.integers(-11 * 3600, 11 * 3600))
def test_a_time_of_day_is_the_nearest_moment_that_shows_it(previous, seconds):
    """The clock shows the reading at the moment found, and at no moment that is nearer."""
    meant = previous + timedelta(seconds=seconds)
    reading = CLOCK.read(shown(meant))
    found = CLOCK.nearest(reading, previous)
    assert CLOCK.shows(found, reading)
    assert abs(found - previous) <= abs(meant - previous)


@given(instants)
def test_a_first_time_is_on_its_day(at):
    """The instant of a date and a time of day is one that shows both."""
    local = at.astimezone(CLOCK.zone)
    found = CLOCK.first(CLOCK.read(shown(at)), CLOCK.day(f"{local:%y%m%d}"))
    assert f"{found.astimezone(CLOCK.zone):%c}" == f"{local:%c}"


@given(st.dates(date(1999, 1, 1), date(1999, 12, 31)))
def test_a_date_is_read_as_it_is_written_or_not_at_all(day):
    """A date from which a digit was lost is refused, never taken for another day."""
    text = f"{day:%y%m%d}"
    assert CLOCK.day(text) == day
    for lost in range(len(text)):
        (aside,) = read(line(date=text[:lost] + text[lost + 1 :]))
        assert aside.reason == "column date is not a date of the form %y%m%d"
