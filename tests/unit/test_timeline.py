"""Timelines: which entries, in which order, and what a reader sees of them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from onechannel import events as e
from onechannel.insight import (
    Entry,
    EntryKind,
    Line,
    printable,
    render_lines,
    render_text,
    timeline,
)
from onechannel.model.actor import SYSTEM
from onechannel.model.address import Address
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.interaction import EndReason, QueuedBecause
from onechannel.model.worker import Capacity, WorkerKind
from onechannel.simulation import VirtualCentre

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)


def at(second: float) -> datetime:
    """So many seconds after nine."""
    return NINE + timedelta(seconds=second)


def log(*happened) -> list[e.Event]:
    """The events of a log, given as (second, what happened), recorded in this order."""
    return [
        e.Event(number, e.Origin(at(9999), at(second), e.Cause.OBSERVED, None, SYSTEM, "m"), data)
        for number, (second, data) in enumerate(happened, start=1)
    ]


def arrived(second, interaction="i", customer="ana", channel="voice"):
    data = e.InteractionArrived(interaction, channel, customer, None, None, 0, None)
    return (second, data)


def closed(second, interaction="i"):
    return (second, e.InteractionClosed(interaction, EndReason.RESOLVED, None))


def told(entries) -> list[tuple[str, str]]:
    """Who did what."""
    return [(entry.who, entry.what) for entry in entries]


@pytest.fixture
def day():
    """Ana is served by a machine, escalates, is declined once, served by Marc; Ben calls too."""
    centre = VirtualCentre()
    centre.queue("main", wrap_up=timedelta(seconds=30))
    only_chat = Capacity.only("chat")
    centre.worker("bot", kind=WorkerKind.MACHINE, capacity=only_chat, wrap_up=timedelta(0))
    eva = centre.worker("eva", skills={"billing": 1})
    centre.advance(seconds=1)
    marc = centre.worker("marc", skills={"billing": 2})
    ana = centre.customer("Ana", "tel:+34600111222")
    ben = centre.customer("Ben")
    chat = ana.starts("chat", about="billing", says="Why twice?")
    centre.advance(seconds=20)
    chat.escalates()
    centre.advance(seconds=5)
    eva.declines(chat, "lunch")
    centre.advance(seconds=7)
    marc.accepts(chat)
    centre.advance(minutes=2)
    call = ben.starts("voice")
    marc.says(chat, "Our mistake.")
    marc.closes(chat, disposition="refund")
    centre.advance(hours=16)
    call.leaves()
    return centre


# -- order and choice -----------------------------------------------------------------------------


def test_entries_stand_in_the_order_in_which_things_happened():
    """By the time at which it happened, then by position, whatever the order of recording."""
    happened = [arrived(50, "late"), arrived(10, "b"), arrived(10, "a"), arrived(0, "early")]
    entries = timeline(log(*happened))
    assert [entry.interaction for entry in entries] == ["early", "b", "a", "late"]


def test_a_customers_timeline(day):
    """Of one customer: the registration, and all of her interactions; nothing of others."""
    ana, ben = (entry for entry in timeline(day.log) if entry.kind is EntryKind.CUSTOMER)
    of_ana = list(timeline(day.log, customer=ana.who))
    of_ben = list(timeline(day.log, customer=ben.who))
    assert {entry.interaction for entry in of_ana} == {None, "i-1"}
    assert {entry.interaction for entry in of_ben} == {None, "i-2"}
    both = {entry.position for entry in of_ana + of_ben}
    rest = [entry for entry in timeline(day.log) if entry.position not in both]
    assert {entry.kind for entry in rest} == {EntryKind.DEFINED, EntryKind.PRESENCE}


def test_an_interactions_timeline(day):
    """Of one interaction: what happened in it, and no more; with a customer besides, if hers."""
    entries = list(timeline(day.log, interaction="i-2"))
    assert {entry.interaction for entry in entries} == {"i-2"}
    ana = next(entry.who for entry in timeline(day.log, interaction="i-1"))
    assert list(timeline(day.log, customer=ana, interaction="i-2")) == []
    hers = list(timeline(day.log, customer=ana, interaction="i-1"))
    assert hers == list(timeline(day.log, interaction="i-1")) != []
    assert list(timeline(day.log, interaction="nowhere")) == []


def test_the_store_and_the_log_tell_the_same(day):
    """A timeline of a customer's history is that of the whole log, for that customer."""
    customer = next(timeline(day.log, interaction="i-1")).who
    history = day.store.history(customer=customer)
    assert list(timeline(history)) == list(timeline(day.log, customer=customer))


# -- entries --------------------------------------------------------------------------------------


def test_what_takes_time_is_one_entry_with_an_end(day):
    """Waiting, being asked, serving and wrapping up are spans; what was taken at once is none."""
    spans = [
        (entry.who, entry.what, (entry.until - entry.at).total_seconds())
        for entry in timeline(day.log, interaction="i-1")
        if entry.until is not None
    ]
    customer = next(timeline(day.log, interaction="i-1")).who
    assert spans == [
        ("bot", "serves", 20),
        (customer, "waits", 12),
        ("eva", "is asked", 5),
        ("marc", "is asked", 7),
        ("marc", "serves", 120),
        ("marc", "wraps up", 30),
    ]


def test_a_story_is_told_in_full(day):
    """From arrival to end, each thing once, with the reasons beside it."""
    entries = list(timeline(day.log, interaction="i-1"))
    assert [entry.what for entry in entries] == [
        *("arrives", "says", "serves", "is escalated", "waits", "is asked", "declines"),
        *("is asked", "serves", "says", "closes: resolved", "wraps up"),
    ]
    details = {entry.what: entry.detail for entry in entries}
    assert details["arrives"].startswith("about billing, on j-")
    assert (details["declines"], details["closes: resolved"]) == ("lunch", "refund")
    assert "billing" in details["is asked"]
    assert {entry.channel for entry in entries} == {"chat"}


def test_what_has_not_ended_has_no_end():
    """An open span has no `until`; one that ends before it began ends where it began."""
    accepted = e.AssignmentAccepted("i/1", "i", "marc")
    released = e.AssignmentReleased("i/1", "i", "marc")
    assert [*timeline(log(arrived(0), (5, accepted)))][-1].until is None
    assert [*timeline(log(arrived(0), (5, accepted), (2, released)))][-1].until == at(5)


def test_a_waiting_ends_with_what_takes_it_out_of_the_queue():
    """The queue's own clock, the next queue or the closing ends a waiting."""
    queued = e.InteractionQueued("i", "main", QueuedBecause.OBSERVED, NINE, *[None] * 4)
    for end in (e.InteractionDequeued("i"), queued, closed(0)[1]):
        waiting = [*timeline(log(arrived(0), (1, queued), (9, end)))][1]
        assert (waiting.kind, waiting.until) == (EntryKind.WAITING, at(9))
    (left,) = timeline(log((0, e.InteractionDequeued("i"))))
    assert (left.kind, left.what) == (EntryKind.MOVED, "leaves the queue")


def test_nobody_known_is_somebody():
    """An interaction without a customer is somebody's."""
    assert told(timeline(log(arrived(0, customer=None), closed(1)))) == [
        ("somebody", "arrives"),
        ("somebody", "ends: resolved"),
    ]


def test_an_anomaly_says_what_was_claimed():
    """The claim by its verb, and why it cannot be with what the source said besides."""
    details = FrozenMap({"worker": "marc", "seconds": "-4"})
    data = e.AnomalyObserved("i", "observe_accepted", "no end", details)
    (entry,) = timeline(log((0, data)))
    assert (entry.kind, entry.what) == (EntryKind.ANOMALY, "claims accepted")
    assert entry.detail == "no end (seconds -4, worker marc)"


# -- personal, and foreign ------------------------------------------------------------------------


def test_what_was_said_is_shown_only_where_it_is_asked_for(day):
    """Words and names stand in no `repr`, no line and no JSON, unless they are asked for."""
    entries = list(timeline(day.log))
    hidden = [repr(entries), *render_text(entries), repr(list(render_lines(entries)))]
    hidden += [json.dumps(entry.to_dict()) for entry in entries]
    for secret in ("Why twice?", "Our mistake.", "Ana", "600111222"):
        assert not any(secret in line for line in hidden)
    shown = "\n".join(render_text(entries, show_text=True))
    assert all(secret in shown for secret in ("Why twice?", "Our mistake.", "Ana"))
    plain = json.dumps([entry.to_dict(show_text=True) for entry in entries])
    assert all(secret in plain for secret in ("Why twice?", "Our mistake.", "Ana"))
    assert "600111222" not in shown + plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Olá, 你好 👩\u200d💻", "Olá, 你好 👩\u200d💻"),
        ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
        ("a\rb\tc\x00", "a\\rb\\tc\\x00"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("two\nlines", "two\\nlines"),
    ],
)
def test_what_commands_a_terminal_is_escaped(text, shown):
    """Controls of both sets and marks of direction are escaped; letters and emoji are not."""
    assert printable(text) == shown
    assert printable(shown) == shown


def test_an_entry_is_safe_once_it_is_built():
    """Whatever is foreign in an entry is escaped; only what was said keeps its lines."""
    bad = "a\x1b[1m\nb"
    entry = Entry(
        at=NINE,
        position=1,
        kind=EntryKind.MESSAGE,
        **dict.fromkeys(("interaction", "channel", "who", "what", "detail", "text"), bad),
    )
    safe = "a\\x1b[1m\\nb"
    assert {entry.interaction, entry.channel, entry.who, entry.what, entry.detail} == {safe}
    assert entry.text == "a\\x1b[1m\nb"
    lines = list(render_text([entry], show_text=True))
    assert all(line.isprintable() for line in lines)
    assert lines[-1].endswith("  b")


def test_an_entry_as_json():
    """Times as the log writes them, the kind as its text, None for what there is not."""
    name = e.CustomerRegistered("ana", "Ana", (Address.parse("tel:+34600111222"),))
    (entry,) = timeline(log((0, name)))
    assert entry.to_dict() == {
        "at": "2026-01-05T09:00:00Z",
        "position": 1,
        "kind": "customer",
        "interaction": None,
        "channel": None,
        "who": "ana",
        "what": "is known",
        "detail": "by 1 address",
        "until": None,
        "due": None,
        "aside": False,
        "public": None,
    }
    assert entry.to_dict(show_text=True)["text"] == "Ana"


# -- rendering ------------------------------------------------------------------------------------


DAY = """\
Monday 2026-01-05 (UTC)
  09:00:01                           " chat  i-1  c-1   arrives about billing, on {journey}
  09:00:01                           " chat  i-1  c-1   says: Why twice?
  09:00:01              20s  =       " chat  i-1  bot   serves
  09:00:21     +20s                  " chat  i-1  c-1   is escalated
  09:00:21     +20s     12s  .       " chat  i-1  c-1   waits in main
  09:00:21     +20s      5s          " chat  i-1  eva   is asked (people, billing)
  09:00:26     +25s                  " chat  i-1  eva   declines (lunch)
  09:00:26     +25s      7s          " chat  i-1  marc  is asked (people, billing)
  09:00:33     +32s  2m 00s  ======  " chat  i-1  marc  serves
  09:02:33  +2m 32s                  " chat  i-1  marc  says: Our mistake.
  09:02:33  +2m 32s                  " chat  i-1  marc  closes: resolved (refund)
  09:02:33  +2m 32s     30s  --      " chat  i-1  marc  wraps up
"""


def test_a_day_as_people_read_it(day):
    """Aligned columns, a heading for each day, elapsed times, spans, a mark for each channel."""
    lines = render_text(timeline(day.log, interaction="i-1"), show_text=True)
    journey = next(one.data.journey for one in day.log if one.type == "journey.opened")
    assert "\n".join([*lines, ""]) == DAY.format(journey=journey)


def test_a_new_day_and_a_long_silence_stand_apart():
    """An empty line before a new day and after an hour; a heading at each new day only."""
    happened = [arrived(0, "a"), closed(3599, "a"), arrived(7199, "b"), closed(60_000, "b")]
    lines = list(render_text(timeline(log(*happened))))
    assert [line.strip() for line in lines if not line.startswith("  ")] == [
        "Monday 2026-01-05 (UTC)",
        "",
        "",
        "Tuesday 2026-01-06 (UTC)",
    ]
    assert lines[3] == ""
    midnight = 15 * 3600
    lines = list(render_text(timeline(log(arrived(midnight - 9), closed(midnight)))))
    assert [line[:8] for line in lines] == ["Monday 2", "  23:59:", "", "Tuesday ", "  00:00:"]


def test_days_are_those_of_the_zone():
    """Times and headings are of the zone that is asked for."""
    east = timezone(timedelta(hours=15, minutes=30), "EAST")
    lines = list(render_text(timeline(log(arrived(0))), zone=east))
    assert lines[0] == "Tuesday 2026-01-06 (EAST)"
    assert lines[1].startswith("  00:30:00  ")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.4, "<1s"),
        (59.9, "59s"),
        (60, "1m 00s"),
        (3599, "59m 59s"),
        (3600, "1h 00m"),
        (86_399, "23h 59m"),
        (86_400 + 7200, "1d 02h"),
    ],
)
def test_lengths(seconds, text):
    """How long it took, in the two units that matter."""
    accepted = e.AssignmentAccepted("i/1", "i", "marc")
    released = e.AssignmentReleased("i/1", "i", "marc")
    lines = list(render_text(timeline(log((0, accepted), (seconds, released)))))
    assert f"  {text}  " in lines[1]


def test_columns_are_aligned_by_what_a_terminal_shows():
    """A wide sign takes two cells, a combining one none: what follows still stands in line."""
    names = ["ana", "山田", "Jose\u0301"]
    lines = list(render_text(timeline(log(*(arrived(0, "i", name) for name in names)))))
    ana, yamada, jose = (len(line.partition("arrives")[0]) for line in lines[1:])
    assert (yamada, jose) == (ana - 2, ana + 1)


@pytest.mark.parametrize("cells", [90, 100, 160])
def test_no_line_is_longer_than_asked(day, cells):
    """What is too long for the last column goes on below it, further in; no word is lost."""
    long = e.MessageReceived("i-1", "i-1#9", "chat", None, "one two six ten\n" * 2 + "la " * 99)
    log = list(day.log)
    log.append(attrs.evolve(log[-1], position=len(log) + 1, data=long))
    entries = list(timeline(log, interaction="i-1"))
    lines = list(render_text(entries, show_text=True, cells=cells))
    assert max(map(len, lines)) <= cells
    assert max(map(len, lines)) > cells - len("closes: resolved")
    whole = list(render_text(entries, show_text=True, cells=9999))
    assert [word for line in lines for word in line.split()] == [
        word for line in whole for word in line.split()
    ]
    assert len(whole) == len(entries) + 1 + 2 + 2  # lines that were said, a new day


def test_a_word_is_never_broken():
    """A word that is longer than its column stands on a line of its own."""
    message = e.MessageReceived("i", "i#1", "voice", None, f"see {'x' * 99} there")
    lines = list(render_text(timeline(log(arrived(0), (1, message))), show_text=True, cells=80))
    assert [line.split()[-1] for line in lines[2:]] == ["see", "x" * 99, "there"]


def test_what_is_due_is_said_in_the_zone():
    """By then or until then, with the day where it is another, and seconds where there are any."""
    events = [
        e.PromiseMade("p-1", "ana", "refund", at(3600), None, None, None, None, None),
        e.PromiseResumed("p-1", "ana", None, None, at(86_400)),
        e.WorkerUnavailable("eva", "break", at(90)),
    ]
    lines = list(render_text(timeline(log(*((0, data) for data in events)))))
    assert [line.partition("  ")[2].split("  ")[-1] for line in lines[1:]] == [
        "is promised: refund, by 10:00",
        "runs again, by 2026-01-06 09:00",
        "is unavailable (break), until 09:01:30",
    ]
    east = timezone(timedelta(hours=14), "EAST")
    line = [*render_text(timeline(log((0, events[0]))), zone=east)][1]
    assert line.endswith("by 2026-01-06 00:00")


def test_any_other_channel_has_a_mark_too():
    """A channel that nobody knows has a dot, and none is no worse for it."""
    happened = [arrived(0, channel="pigeon"), arrived(1, "j", channel="voice")]
    lines = list(render_text(timeline(log(*happened))))
    assert "  . pigeon  i  ana  arrives" in lines[1]
    assert "  ( voice   j  ana  arrives" in lines[2]


def test_each_line_says_what_it_is_about():
    """Lines carry the kinds of their entries, for those who colour; headings carry none."""
    said = (1, e.MessageReceived("i", "i#1", "voice", None, "one\r\ntwo"))
    lines = list(render_lines(timeline(log(arrived(0), said)), show_text=True))
    kinds = [None, EntryKind.ARRIVAL, EntryKind.MESSAGE, EntryKind.MESSAGE]
    assert [line.kind for line in lines] == kinds
    assert [line.text.split()[-1] for line in lines[1:]] == ["arrives", "one", "two"]
    assert isinstance(lines[0], Line)


def test_nothing_is_no_line():
    """A timeline without entries is empty, without a heading."""
    assert list(render_text([])) == []
