"""Logs of other shapes than the bank's: commas, quotes, full dates, few columns."""

import io
from datetime import timedelta

import pytest

from onechannel import commands as c
from onechannel.adapters.delimited import LINE_LIMIT, Row, read_history, read_mapping
from onechannel.runtime import bounded_lines

CSV = """
[file]
source = "shop"
quote = '"'

[time]
zone = "Europe/Madrid"
format = "%d/%m/%Y %H:%M"

[interaction]
id = "id"
start = 'at'
channel = { column = "channel" }

[service]
worker = { column = "who", unnamed = ["", "-"] }
start = "taken"
end = "done"
none = ""

[outcome]
column = "answered"

[outcome.ends]
yes = { answered = true, end = "resolved" }
no = { end = "expired" }
"""
CSV_HEADER = b"id,channel,at,taken,done,who,answered\n"


def read_csv(*rows, mapping=None):
    """What the adapter makes of a log with commas, quotes and full dates."""
    lines = [row.encode() + b"\n" for row in rows]
    return list(read_history([CSV_HEADER, *lines], mapping or read_mapping(CSV)))


def verbs(row):
    """The classes of a row's commands, in order."""
    return [type(fact.command) for fact in row.facts]


def test_a_row_in_which_nothing_happened_is_set_aside():
    """A row without any start says nothing that could be recorded."""
    mapping = read_mapping(CSV.replace("start = 'at'", ""))
    (aside,) = read_csv("c-1,chat,,,,,no", mapping=mapping)
    assert aside.reason == "no stage has a start"


def test_a_log_may_have_full_dates_and_no_durations():
    """Without a duration the end column decides; a stage that did not happen has no fact."""
    served, not_served = read_csv(
        "c-1,email,27/10/2024 01:50,27/10/2024 02:10,28/10/2024 09:00,eva,yes",
        "c-2,chat,05/01/2026 09:00,,,,no",
    )
    assert verbs(served) == [
        c.ObserveArrival,
        c.ObserveAccepted,
        c.ObserveReleased,
        c.ObserveClosed,
    ]
    began, taken, done, closed = (fact.claimed_at for fact in served.facts)
    assert (taken - began, closed - done) == (timedelta(minutes=20), timedelta(0))
    assert f"{done:%d %H:%M}" == "28 08:00"
    assert verbs(not_served) == [c.ObserveArrival, c.ObserveClosed]
    assert not_served.facts[0].command.channel == "chat"


def test_without_a_duration_an_end_before_its_start_is_an_anomaly():
    """There is nothing else to go by, so it counts as answered and stays out of handle times."""
    (row,) = read_csv("c-1,email,05/01/2026 09:00,05/01/2026 09:10,05/01/2026 09:05,eva,yes")
    assert row.facts[1].command.reason == "it ended before it began"
    (row,) = read_csv("c-1,email,05/01/2026 09:00,05/01/2026 09:10,,eva,yes")
    assert row.facts[1].command.reason == "it has no end"


def test_times_may_name_their_offset():
    """With `%z` the text says which instant it is, and no zone is needed."""
    text = CSV.replace('zone = "Europe/Madrid"', "").replace("%H:%M", "%H:%M %z")
    (row,) = read_csv("c-1,chat,05/01/2026 09:00 -0500,,,,no", mapping=read_mapping(text))
    assert f"{row.facts[0].claimed_at:%H:%M %Z}" == "14:00 UTC"


@pytest.mark.parametrize(
    "row", ['c-1,"chat",05/01/2026 09:00,,,,no', '"c-1",chat,"05/01/2026 09:00",,,"",no']
)
def test_quotes_are_taken_off(row):
    """A quoted field is the same as a bare one, and may hold the delimiter."""
    (plain,) = read_csv("c-1,chat,05/01/2026 09:00,,,,no")
    (quoted,) = read_csv(row)
    assert (quoted.key, quoted.facts, quoted.digest) == (plain.key, plain.facts, plain.digest)
    (comma,) = read_csv('"c,1",chat,05/01/2026 09:00,,,,no')
    assert comma.key == "shop:c,1"


@pytest.mark.parametrize("row", ['"c-1,chat,05/01/2026 09:00,,,,no', 'c-1,"chat"s,,,,,no'])
def test_a_quoted_field_does_not_span_lines(row):
    """A quote that is not closed on its line sets that line aside, and swallows no other."""
    aside, good = read_csv(row, "c-2,chat,05/01/2026 09:00,,,,no")
    assert aside.reason == "a quote is out of place, or not closed on its line"
    assert isinstance(good, Row)


def test_a_time_outside_the_calendar_sets_its_line_aside():
    """A date at the end of time is a fault of the line, not of the program."""
    mapping = read_mapping(CSV.replace("Europe/Madrid", "Asia/Tokyo"))
    rows = ("c-1,chat,01/01/0001 00:00,,,,no", "c-2,chat,05/01/2026 09:00,,,,no")
    aside, good = read_csv(*rows, mapping=mapping)
    assert aside.reason == "its times lie outside the calendar"
    assert isinstance(good, Row)


def test_a_line_without_end_is_set_aside_in_bounded_memory():
    """A line of more than `LINE_LIMIT` bytes is set aside once, cut; those around it are read."""
    row = b"c-1,chat,04/01/2026 09:00,,,,no\n"
    file = io.BytesIO(CSV_HEADER + row + b"x" * (3 * LINE_LIMIT) + b"\n" + row)
    lines = list(bounded_lines(file))
    first, long, last = read_history(lines, read_mapping(CSV))
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert (long.number, long.reason) == (3, f"the line has more than {LINE_LIMIT:,} bytes")
    assert len(long.raw) < LINE_LIMIT + 10


@pytest.mark.parametrize("size", range(LINE_LIMIT - 4, LINE_LIMIT + 5))
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_a_line_is_cut_where_it_is_too_long_and_nowhere_else(size, ending):
    """Bounding changes no line that may be read, whatever its ending, and loses none after it."""
    content = b"x" * size + ending
    lines = list(bounded_lines(io.BytesIO(content + b"y\n" if ending else content)))
    assert lines[1:] == ([b"y\n"] if ending else [])
    if size <= LINE_LIMIT:
        assert lines[0] == content
    else:
        assert len(lines[0].rstrip(b"\r\n")) > LINE_LIMIT
