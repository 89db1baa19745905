"""Rows of a delimited call log as observed facts, and lines that are set aside."""

from datetime import timedelta

import pytest
from tests.unit.bank_rows import (
    CALL,
    HEADER,
    NO_SERVICE,
    NO_WAIT,
    bank,
    facts,
    line,
    read,
    times,
    told,
)

from onechannel import commands as c
from onechannel.adapters.delimited import Row, SetAside, read_history
from onechannel.model.worker import WorkerKind

ARRIVED = ["arrival", "accepted"]
WAITED = [*ARRIVED, "queued", "dequeued"]
UNANSWERED = "observe_accepted: the outcome is not answered"
EARLY = "observe_accepted: service began before the wait was over"
BACKWARDS = "it ended before it began"


# -- what a row says -------------------------------------------------------------------------------


def test_a_row_is_everything_that_was_observed_of_a_call():
    """Arrival, machine, wait, worker and end, each with its own time and the source's ids."""
    one = {"interaction": "bank:990104-AA0101-4711"}
    found = facts()
    assert [fact.command for fact in found] == [
        c.ObserveArrival(**one, channel="voice", customer="bank:7001", about="PS", priority=2),
        c.ObserveAccepted(**one, worker="VRU", kind=WorkerKind.MACHINE),
        c.ObserveQueued(**one, queue="PS"),
        c.ObserveDequeued(**one),
        c.ObserveAccepted(**one, worker="ANAT", kind=WorkerKind.PERSON),
        c.ObserveReleased(**one, worker="ANAT"),
        c.ObserveClosed(**one, reason="resolved"),
    ]
    assert [f"{fact.claimed_at:%Y-%m-%d %H:%M:%S}" for fact in found] == [
        "1999-01-04 07:00:00",  # the bank's winter time is two hours ahead
        "1999-01-04 07:00:00",
        "1999-01-04 07:00:05",
        "1999-01-04 07:00:35",
        "1999-01-04 07:00:35",
        "1999-01-04 07:02:00",
        "1999-01-04 07:02:00",
    ]


@pytest.mark.parametrize("unknown", ["0", ""])
def test_a_customer_that_is_none_is_not_identified(unknown):
    """The texts that stand for no customer make an arrival without one."""
    assert facts(customer_id=unknown)[0].command.customer is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome": "HANG", **NO_SERVICE}, [*WAITED, "abandoned"]),
        ({"outcome": "HANG", **NO_WAIT, **NO_SERVICE}, [*ARRIVED, "resolved"]),
        ({"outcome": "PHANTOM", **NO_SERVICE}, [*WAITED, "failed"]),
        ({"outcome": "PHANTOM", **NO_WAIT, **NO_SERVICE}, [*ARRIVED, "failed"]),
        ({**NO_WAIT}, [*ARRIVED, "accepted", "released", "resolved"]),
    ],
)
def test_the_outcome_decides(changes, words):
    """Hanging up in the queue is abandoning, with the machine it is having been served."""
    assert told(**changes) == words


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"server": "NO_SERVER"}, "the worker is not named"),
        (
            {"ser_start": "0:00:00", "ser_exit": "0:00:00", "ser_time": "0"},
            "the service has no start",
        ),
        ({"ser_exit": "9:00:25", "ser_time": "-10"}, BACKWARDS),
    ],
)
def test_an_answer_that_cannot_be_is_an_anomaly_before_the_closing(changes, reason):
    """Somebody answered, though not as the row says: there is an answer without a service."""
    assert told(**changes) == [*WAITED, f"observe_accepted: {reason}", "resolved"]


@pytest.mark.parametrize(
    ("changes", "closed"),
    [
        ({"server": "NO_SERVER"}, "07:02:00"),
        ({"ser_start": "9:00:40", "ser_exit": "9:00:30", "ser_time": "-10"}, "07:00:40"),
        ({"ser_start": "0:00:00", "ser_exit": "0:00:00", "ser_time": "0"}, "07:00:35"),
    ],
)
def test_the_closing_is_when_the_row_was_heard_of_last(changes, closed):
    """Of a service that cannot be, what it says of time still says when the call was over."""
    assert times(**changes)[-1] == f"01-04 {closed}"


@pytest.mark.parametrize("outcome", [("HANG", "abandoned"), ("PHANTOM", "failed")])
def test_service_without_an_answer_is_an_anomaly_after_the_closing(outcome):
    """Where the outcome is not answered, a claim of service does not make it so."""
    assert told(outcome=outcome[0]) == [*WAITED, outcome[1], UNANSWERED]
    assert times(outcome=outcome[0])[4] == "01-04 07:00:35"  # the end of the wait, not of service


def test_a_service_may_begin_a_little_before_the_wait_is_over():
    """Within the tolerance it is two clocks, beyond it an anomaly that stands after the closing."""
    served = [*WAITED, "accepted", "released", "resolved"]
    assert told(ser_start="9:00:30", ser_time="90") == served
    assert told(ser_start="9:00:29", ser_time="91") == [*served, EARLY]


def test_a_machine_that_ended_before_it_began():
    """A negative self-service is an anomaly, and the call goes on from the wait that it names."""
    words = told(vru_exit="8:59:00", vru_time="-60", q_start="8:59:00", q_time="95")
    assert words[:4] == [*ARRIVED, f"observe_released: {BACKWARDS}", "queued"]
    assert words[4:] == ["dequeued", "accepted", "released", "resolved"]


def test_a_wait_that_ended_before_it_began():
    """A negative wait has no end: an anomaly stands where the queue was left."""
    words = told(q_exit="9:00:00", q_time="-5", outcome="HANG", **NO_SERVICE)
    assert words == [*ARRIVED, "queued", f"observe_dequeued: {BACKWARDS}", "abandoned"]


def test_a_queue_nobody_listed_is_a_queue_and_an_anomaly():
    """What is not known is recorded as it stands, whether or not the call waited there."""
    doubt = "observe_queued: the queue is not a known one"
    assert told(type="AA") == [*WAITED, "accepted", "released", "resolved", doubt]
    assert told(type="AA", outcome="HANG", **NO_WAIT, **NO_SERVICE) == [*ARRIVED, "resolved", doubt]
    assert facts(type="AA")[2].command.queue == "AA"


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"vru_exit": "9:00:06"}, "observe_released"),
        ({"q_exit": "9:00:36"}, "observe_dequeued"),
        ({"ser_exit": "9:02:01"}, "observe_released"),
    ],
)
def test_where_end_and_duration_disagree_the_duration_decides(changes, claim):
    """The times are those of the durations; the other claim is an anomaly after the closing."""
    assert told(**changes)[-2:] == ["resolved", f"{claim}: its end and its duration do not agree"]
    assert times(**changes)[:7] == times()


def test_a_wait_that_lasted_but_never_began_is_an_anomaly():
    """What a row claims is never dropped."""
    words = told(q_start="0:00:00", q_exit="0:00:00")
    assert words[2:] == [
        "accepted",
        "released",
        "resolved",
        "observe_queued: the wait has no start",
    ]


def test_an_anomaly_cites_durations_and_names_only():
    """The details of an anomaly are codes: no customer, no time of day."""
    (*_, doubt) = facts(outcome="PHANTOM")
    assert dict(doubt.command.details) == {"worker": "ANAT", "seconds": "85"}


# -- times -----------------------------------------------------------------------------------------


LATE = {"vru_entry": "23:59:23", "vru_exit": "23:59:25", "vru_time": "2"}


def test_what_begins_after_midnight_is_on_the_next_day():
    """A time of day means the moment nearest to the row's previous fact."""
    service = {"ser_start": "0:00:14", "ser_exit": "0:01:39", "ser_time": "85"}
    assert times(**LATE, **NO_WAIT, **service)[2:4] == ["01-04 22:00:14", "01-04 22:01:39"]
    wait = {"q_start": "23:59:28", "q_exit": "0:00:03", "q_time": "35"}
    assert times(**LATE, **wait, **service)[2:4] == ["01-04 21:59:28", "01-04 22:00:03"]
    assert times(**LATE, **wait, **service)[4:] == ["01-04 22:00:14"] + ["01-04 22:01:39"] * 2


def test_what_begins_before_midnight_is_on_the_day_before():
    """Where a machine's clock is ahead, the wait may begin on the day before the row's date."""
    early = {"vru_entry": "0:00:20", "vru_exit": "23:59:50", "vru_time": "-30"}
    found = times(**early, q_start="23:59:50", q_exit="0:00:20", ser_start="0:00:20")
    assert found[0] == "01-03 22:00:20"
    assert found[3:5] == ["01-03 21:59:50", "01-03 22:00:20"]


def test_a_long_wait_takes_the_row_with_it():
    """The previous fact of a service is the end of the wait, however long it was."""
    found = times(q_exit="22:00:05", q_time="46800", ser_start="22:00:05", ser_exit="22:01:30")
    assert found[3:5] == ["01-04 20:00:05", "01-04 20:00:05"]


def test_midnight_itself_is_no_time_where_it_means_nothing():
    """`0:00:00`, however it is written, means that a wait did not happen; a call may begin then."""
    assert told(q_start="00:00:00", q_exit="0:00:00", q_time="0")[2] == "accepted"
    assert times(vru_entry="0:00:00", vru_exit="0:00:05", **NO_WAIT)[0] == "01-03 22:00:00"


def test_a_service_may_end_at_midnight():
    """An end at midnight agrees with its duration like any other."""
    late = {"ser_start": "23:59:00", "ser_exit": "0:00:00", "ser_time": "60"}
    night = {"vru_entry": "23:58:50", "vru_exit": "23:58:55", **NO_WAIT}
    assert told(**night, **late) == [*ARRIVED, "accepted", "released", "resolved"]


# In 1999 the bank's clocks went forward at two on 2 April, and back at two on 3 September.
FORWARD = {"date": "990402", "vru_entry": "1:59:50", "vru_exit": "1:59:55"}
BACK = {"date": "990903", "vru_entry": "1:59:50", "vru_exit": "1:59:55"}


def test_the_hour_that_is_missing_lengthens_nothing():
    """Over the hour that the clocks skip, what is seconds apart stays seconds apart."""
    over = {"ser_start": "3:00:05", "ser_exit": "3:01:30"}
    found = times(**FORWARD, **NO_WAIT, **over)
    assert [when[6:] for when in found] == ["23:59:50"] * 2 + ["00:00:05"] + ["00:01:30"] * 2
    assert told(**FORWARD, **NO_WAIT, **over) == [*ARRIVED, "accepted", "released", "resolved"]


def test_the_hour_that_comes_twice_shortens_nothing():
    """When the clocks go back, an earlier time of day is a later fact."""
    found = times(**BACK, **NO_WAIT, ser_start="1:00:05", ser_exit="1:01:30")
    assert [when[6:] for when in found] == ["22:59:50"] * 2 + ["23:00:05"] + ["23:01:30"] * 2


def test_a_service_over_a_change_of_clocks_lasts_as_long_as_it_lasted():
    """The end is the start and the duration in UTC; the wall clock's end agrees with it."""
    over = {"ser_start": "1:59:59", "ser_exit": "3:01:24", "ser_time": "85"}
    served = [*ARRIVED, "accepted", "released", "resolved"]
    assert told(**FORWARD, **NO_WAIT, **over) == served
    began, ended = (fact.claimed_at for fact in facts(**FORWARD, **NO_WAIT, **over)[2:4])
    assert ended - began == timedelta(seconds=85)
    again = {"ser_start": "1:59:59", "ser_exit": "1:01:24", "ser_time": "85"}
    assert told(**BACK, **NO_WAIT, **again) == served


# -- lines that are set aside ----------------------------------------------------------------------

OF_SOMEBODY = "7654321"
UNFIT = [
    ({"vru_entry": OF_SOMEBODY}, "column vru_entry is not a time of the form H:MM:SS"),
    ({"vru_exit": "25:00:00"}, "column vru_exit is not a time of the form H:MM:SS"),
    ({"q_start": "9:0:5"}, "column q_start is not a time of the form H:MM:SS"),
    ({"ser_exit": "9:02"}, "column ser_exit is not a time of the form H:MM:SS"),
    ({"ser_start": ""}, "column ser_start is empty"),
    ({"date": "990230"}, "column date is not a date of the form %y%m%d"),
    ({"date": "99014"}, "column date is not a date of the form %y%m%d"),
    ({"q_time": "3O"}, "column q_time is not a number of seconds"),
    ({"q_time": "7654321000"}, "column q_time is not a number of seconds"),
    ({"q_time": "1_0"}, "column q_time is not a number of seconds"),
    ({"priority": "high"}, "column priority is not a whole number"),
    ({"outcome": OF_SOMEBODY}, "column outcome is not an outcome that the mapping knows"),
    ({"outcome": ""}, "column outcome is empty"),
    ({"call_id": ""}, "column call_id is empty"),
    ({"server": ""}, "column server is empty"),
    ({"server": "AN\x00AT"}, "column server is not a name of at most 170 printable signs"),
    ({"customer_id": "7" * 171}, "column customer_id is not a name of at most 170 printable signs"),
    ({"type": "P\x07S"}, "column type is not a name of at most 170 printable signs"),
    (
        {"call_id": "4711~1"},
        "columns date, vru+line, call_id: the key is too long, or has the form of a successor",
    ),
    (
        {"call_id": "4" * 169},
        "columns date, vru+line, call_id: the key is too long, or has the form of a successor",
    ),
]


@pytest.mark.parametrize(("changes", "reason"), UNFIT)
def test_a_cell_that_cannot_be_sets_its_line_aside(changes, reason):
    """The line is kept with its number and a reason that names the column; the rest goes on."""
    bad = line(**changes)
    first, aside, last = read(line(), bad, line(call_id="4712"))
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert aside == SetAside(3, reason, bad.removesuffix(b"\r\n"))


BROKEN = [
    (line().replace(b"\tPS\t", b"\tPS"), "the line has 16 fields, the header 17"),
    (line().replace(b"\tPS\t", b"\tPS\t\t"), "the line has 18 fields, the header 17"),
    (line()[:60], "the line has 11 fields, the header 17"),
    (line().replace(b"ANAT", b"AN\xc0T"), "the line is not ascii text"),
    (b"  \t \r\n", "the line is blank"),
    (b"\r\n", "the line is blank"),
    (HEADER, "the line repeats the header"),
]


@pytest.mark.parametrize(("bad", "reason"), BROKEN)
def test_a_broken_line_is_set_aside(bad, reason):
    """Whatever is wrong with a line concerns that line only."""
    first, aside, last = read(line(), bad, line(call_id="4712"))
    assert [first.number, last.number] == [2, 4]
    assert aside == SetAside(3, reason, bad.rstrip(b"\r\n"))


def test_nothing_personal_is_shown():
    """A line's text is in `raw` alone, which no `repr` shows."""
    row, aside = read(line(), line(vru_entry=OF_SOMEBODY))
    assert OF_SOMEBODY not in repr(aside)
    assert OF_SOMEBODY in aside.raw.decode()
    assert "raw=<personal>" in repr(row)


# -- the file around the rows ----------------------------------------------------------------------


def test_empty_lines_at_the_end_are_no_rows():
    """Only what follows an empty line makes it a line that was left blank."""
    assert [row.number for row in read(line(), b"\r\n", b"\n", b"")] == [2]
    found = read(line(), b"\r\n", b"\n", line(call_id="4712"))
    assert [(row.number, type(row)) for row in found] == [
        (2, Row),
        (3, SetAside),
        (4, SetAside),
        (5, Row),
    ]


def test_a_header_alone_is_an_empty_log():
    """A file without rows has nothing to import, and is no fault."""
    assert read() == []
    assert read(b"\r\n") == []


def test_reading_is_lazy():
    """A line is read when its row is asked for, so that a file may be as long as it likes."""

    def lines():
        yield HEADER
        yield line()
        raise AssertionError("nobody asked for the third line")

    assert next(read_history(lines(), bank())).number == 2


def test_the_digest_is_the_contents():
    """It is the same for the same content and another for any other, whatever the line's number."""
    first, second, again = read(line(), line(server="TOVA"), line())
    assert first.key == second.key == again.key
    assert first.digest == again.digest != second.digest
    assert first.digest == "eb265a9de08a1333"  # in every process, on every machine


def test_columns_are_found_by_name():
    """Where a column stands makes no difference, and further columns are not read."""
    plain = read(line())
    names = [*reversed(CALL), "remarks"]
    row = "\t".join([*reversed(CALL.values()), "calls often"]).encode()
    moved = list(read_history(["\t".join(names).encode(), row], bank()))
    assert [(one.key, one.facts, one.digest) for one in moved] == [
        (one.key, one.facts, one.digest) for one in plain
    ]
