"""Pictures of journeys: whatever happened, they are well-formed, true, legible and discreet."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.pictures import Drawn

from onechannel import events as e
from onechannel.insight import EntryKind, PartyKind, clocks, timeline
from onechannel.reports import journey_svg
from onechannel.simulation import VirtualCentre
from onechannel.simulation.story import a_day
from onechannel.testing.strategies import events, logs

ANY_LOG = logs(60)
SECOND = timedelta(seconds=1)
G, SCRIPT = "{http://www.w3.org/2000/svg}g", "{http://www.w3.org/2000/svg}script"

#: Signs that end attributes, elements and files, command terminals, or are written backwards.
NASTY = ["<", ">", "&", '"', "'", "]]>", "<!--", "\x00", "\x1b[31m", "\u202e", "\ufffe", "\ud800"]
NAMES = st.text(st.one_of(st.sampled_from("abc אבג 中文 🙂é\u0301"), st.characters()), min_size=1)


@pytest.fixture(scope="module")
def day():
    """The demonstration's day: its log, and who it is about."""
    centre = VirtualCentre()
    return centre, a_day(centre)


@pytest.fixture(scope="module")
def picture(day):
    """Its picture."""
    centre, ana = day
    return Drawn(journey_svg(centre.log, customer=ana.id))


# -- any log --------------------------------------------------------------------------------------


@given(ANY_LOG)
def test_any_log_is_a_picture_within_its_page(log):
    """It is well-formed, bars and words are within the page, and no bar is too thin to be seen."""
    drawn = Drawn(journey_svg(log))
    assert drawn.width == 1200
    for bar in drawn.bars():
        assert 0 <= bar.left < bar.right <= drawn.width
        assert bar.right - bar.left >= 2.4
    for words in drawn.words:
        assert 0 <= words.left <= words.right <= drawn.width, words
        assert 0 <= words.top <= words.bottom <= drawn.height, words


@given(ANY_LOG)
def test_no_words_cover_others(log):
    """No two lines of text of a picture are over each other, by the measure they are placed by."""
    drawn = Drawn(journey_svg(log))
    ordered = sorted(drawn.words, key=lambda words: words.top)
    for one, other in combinations(ordered, 2):
        if other.top >= one.bottom:
            continue
        assert not one.covers(other), (one, other)


@given(ANY_LOG)
def test_bars_are_the_timelines_spans(log):
    """Each bar begins and ends when its entry does, and all that took time have one."""
    bars = sorted((bar.begun, bar.until) for bar in Drawn(journey_svg(log)).bars())
    latest = max((event.occurred_at for event in log), default=None)
    ended = {
        event.data.interaction: event.occurred_at
        for event in log
        if isinstance(event.data, e.InteractionClosed)
    }
    wanted = []
    for entry in timeline(log):
        again = entry.kind is EntryKind.WRAPPING and entry.due is not None
        resumed = entry.kind is EntryKind.HELD and entry.what != "holds"
        if entry.kind in TAKES_TIME and not again and not resumed:
            closed = None if entry.kind is EntryKind.WRAPPING else ended.get(entry.interaction)
            wanted.append((entry.at, entry.until or max(entry.at, closed or latest)))
    assert bars == sorted(wanted)


TAKES_TIME = {
    EntryKind.WAITING,
    EntryKind.AWAY,
    EntryKind.SERVED,
    EntryKind.BESIDE,
    EntryKind.HELD,
    EntryKind.WRAPPING,
}


@given(ANY_LOG)
def test_a_second_is_as_long_everywhere(log):
    """Bars through which no break goes have lengths in the proportion of their times."""
    drawn = Drawn(journey_svg(log))
    gaps = [one for one in drawn.root.iter() if one.get("class") == "left-out"]
    assume(not gaps)
    rates = [
        (bar.right - bar.left) / ((bar.until - bar.begun) / SECOND)
        for bar in drawn.bars()
        if bar.right - bar.left > 60
    ]
    assert all(abs(one - other) <= 0.01 * other for one, other in pairwise(rates))


@given(ANY_LOG)
def test_the_same_log_gives_the_same_bytes(log):
    """A picture is a function of the log, however the events are handed over."""
    assert journey_svg(iter(log)) == journey_svg(list(log))


@given(st.lists(events(), max_size=8))
def test_what_follows_from_nothing_is_drawn_all_the_same(some):
    """Single events, as of a part of a log, make a picture too."""
    Drawn(journey_svg(some))


# -- names and texts ------------------------------------------------------------------------------


@given(NAMES, st.lists(st.sampled_from(NASTY), max_size=4))
def test_no_name_breaks_out(name, nasty):
    """Whatever a title, an id or a text has in it, the picture has the same elements."""
    plain, foreign = (Drawn(_named(one)) for one in ("name", name + "".join(nasty)))
    assert [one.tag for one in foreign.root.iter(G)] == [one.tag for one in plain.root.iter(G)]
    assert len(list(foreign.root.iter(SCRIPT))) == 0


def _named(name):
    """A picture of a log in which everything that can be has that name."""
    name = "".join(sign for sign in name if sign.isprintable()).strip() or "name"
    centre = VirtualCentre()
    worker = centre.worker(name[:20].strip(), skills={name: 3})
    ana = centre.customer("Ana")
    chat = ana.starts("chat", about=name, says=name)
    centre.advance(seconds=5)
    worker.accepts(chat)
    centre.advance(minutes=1)
    worker.promises(ana, name, timedelta(hours=1))
    worker.closes(chat, disposition=name)
    return journey_svg(centre.log, title=name + "\x00\ud800\x1b", show_text=True)


def test_what_is_written_backwards_turns_nothing_else():
    """A name from right to left is isolated by itself: a time behind it stays behind it."""
    name = "\u05d3\u05d5\u05d3"
    svg = _named(name)
    assert f"\u2068{name}\u2069 \u00b7 1m" in svg
    assert svg.count("\u2068") == svg.count("\u2069")


def test_what_was_said_is_shown_where_it_is_asked_for(day, picture):
    """Texts are personal: hidden, unless asked for; a customer's name and addresses always are."""
    centre, ana = day
    hidden = "".join(picture.texts)
    shown = "".join(Drawn(journey_svg(centre.log, customer=ana.id, show_text=True)).texts)
    said = "I was charged twice for one coffee machine."
    assert said not in hidden
    assert said in shown
    for text in ("Ana", "+34600", "example.com"):
        assert text not in hidden
        assert text not in shown


# -- what a person sees ---------------------------------------------------------------------------


def test_a_lane_for_each_interaction_in_order_of_arrival(day, picture):
    """The day's interactions, side conversation and return included, each with how it ended."""
    centre, _ = day
    arrived = [
        event.data.interaction
        for event in centre.log
        if isinstance(event.data, e.InteractionArrived)
    ]
    told = [lane.find("{*}title").text for lane in picture.lanes]
    assert [one.split(" ")[1] for one in told] == arrived
    assert all(" resolved " in f" {one} " for one in told)
    links = [one for one in picture.root.iter() if "link" in one.get("class", "").split()]
    assert {one.get("class") for one in links} >= {"link aside", "link follows"}


def test_machines_and_people_are_told_apart(picture):
    """Who serves is a bar of the kind it is, and the legend names no kind that is not there."""
    kinds = {bar.kind for bar in picture.bars()}
    assert kinds == {
        *("waiting", "person", "machine", "customers-turn", "appointment"),
        *("held", "wrapping", "beside"),
    }
    keys = {words.text for words in picture.words if words.look == "key"}
    assert {"a person serves", "a machine serves", "on hold", "declines", "no answer"} <= keys
    assert not keys & {"a partner serves", "waits on somebody else", "changes channel"}


def test_promises_stand_as_they_do(picture):
    """Each promise has a row with its state, and the summary counts them."""
    rows = [one for one in picture.root.iter() if one.get("class") == "promise-row"]
    states = [one.get("data-state") for one in rows]
    assert states == ["kept", "broken", "kept"]
    assert "2 promises kept · 1 promise broken" in picture.root.find("{*}desc").text


def test_the_figures_above_are_the_clocks(day, picture):
    """Waiting and serving in the summary are what `clocks` says of the same customer."""
    centre, ana = day
    total = clocks(centre.log, customer=ana.id).total
    waited = total.time_with(PartyKind.QUEUE)
    assert waited == timedelta(minutes=2, seconds=6)
    assert "waited 2m 06s" in picture.root.find("{*}desc").text
    serving = total.time_with(PartyKind.WORKER)
    assert serving == timedelta(minutes=25, seconds=18) + timedelta(seconds=47)
    assert "with people 25m 18s · with machines 47s" in picture.root.find("{*}desc").text


def test_long_silences_are_left_out_and_said(picture):
    """Each break is told with its length, and is longer in time than anything beside it."""
    breaks = [one for one in picture.root.iter() if one.get("class") == "break"]
    told = [one.find("{*}title").text for one in breaks]
    assert len(told) > 5
    assert all("left out, in which nothing happened" in one for one in told)


def test_as_it_stood(day):
    """`until` draws what had happened by then: nothing after, and what runs is open."""
    centre, ana = day
    at = datetime(2026, 1, 5, 10, 46, tzinfo=UTC)
    drawn = Drawn(journey_svg(centre.log, customer=ana.id, until=at))
    assert len(drawn.lanes) == 4
    assert max(bar.until for bar in drawn.bars()) == at
    assert "still open" in {words.text for words in drawn.words}


def test_times_are_the_readers(day):
    """The axis and what is told are in the zone that is asked for."""
    centre, ana = day
    drawn = Drawn(journey_svg(centre.log, customer=ana.id, zone=ZoneInfo("Asia/Tokyo")))
    assert "18:05" in {words.text for words in drawn.words if "time" in words.look}
    assert "(JST)" in drawn.root.find("{*}desc").text


# -- extremes -------------------------------------------------------------------------------------


def test_nothing_says_so():
    """An empty log is a picture that says that nothing has happened."""
    drawn = Drawn(journey_svg([]))
    assert "Nothing has happened." in drawn.texts
    assert drawn.height < 120


def test_a_call_of_three_seconds():
    """One bar fills the width, with its name in it, under an axis of seconds."""
    centre = VirtualCentre()
    marc = centre.worker("marc")
    call = centre.customer("Ana").starts("voice")
    marc.accepts(call)
    centre.advance(seconds=3)
    marc.closes(call)
    drawn = Drawn(journey_svg(centre.log, interaction=call.id))
    assert [bar.right - bar.left > 800 for bar in drawn.bars()] == [True]
    assert {"marc · 3s", "09:00:02"} <= {words.text for words in drawn.words}


def test_a_crowd_is_bounded_and_says_so():
    """Of three hundred chats eighty are drawn, the latest, within a bounded file, with a note."""
    centre = VirtualCentre()
    marc = centre.worker("marc")
    ana = centre.customer("Ana")
    for _ in range(300):
        chat = ana.starts("chat", says="Hello.")
        centre.advance(seconds=5)
        marc.accepts(chat)
        for _ in range(5):
            marc.says(chat, "Yes.")
            centre.advance(seconds=1)
        marc.closes(chat)
        centre.advance(minutes=2)
    svg = journey_svg(centre.log)
    drawn = Drawn(svg)
    assert len(drawn.lanes) == 80
    assert drawn.lanes[-1].find("{*}title").text.startswith("chat i-300")
    assert "220 earlier interactions" in "".join(drawn.texts)
    assert len(svg) < 500_000


def test_a_long_talk_is_bounded():
    """Thousands of messages in one lane are a few marks with numbers, none out of its place."""
    centre = VirtualCentre()
    marc = centre.worker("marc")
    ana = centre.customer("Ana")
    chat = ana.starts("chat")
    marc.accepts(chat)
    for _ in range(1500):
        ana.says(chat, "And?")
        marc.says(chat, "Yes.")
        centre.advance(seconds=1)
    svg = journey_svg(centre.log)
    Drawn(svg)
    assert len(svg) < 200_000


def test_many_hands_are_named_as_far_as_there_is_room():
    """Where many have it for seconds, the longest are named, in order, and how many are not."""
    centre = VirtualCentre()
    people = [centre.worker(f"somebody-{number}") for number in range(30)]
    call = centre.customer("Ana").starts("voice")
    people[0].accepts(call)
    for one, other in pairwise(people):
        centre.advance(seconds=5)
        one.transfers(call, other)
        centre.advance(seconds=2)
        other.accepts(call)
    centre.advance(minutes=9)
    people[-1].closes(call)
    drawn = Drawn(journey_svg(centre.log))
    captions = [words for words in drawn.words if words.look == "caption"]
    assert len(captions) > 4
    assert all(words.left >= 170 and words.right <= 1026.2 for words in captions)
    assert not any(one.covers(other) for one, other in combinations(drawn.words, 2))
    assert any(words.text.endswith(" more") for words in drawn.words)


def test_a_part_of_a_log_is_no_lie(day):
    """Where nobody says when parts ended, nothing goes on after an interaction is over.

    And what is said to run at the same time stands one below the other.
    """
    centre, ana = day
    unsaid = (e.AssignmentReleased, e.AssignmentWrapping, e.InteractionDequeued)
    part = [event for event in centre.log if not isinstance(event.data, unsaid)]
    drawn = Drawn(journey_svg(part, customer=ana.id))
    ends = {
        event.data.interaction: event.occurred_at
        for event in part
        if isinstance(event.data, e.InteractionClosed)
    }
    for lane in drawn.lanes:
        end = ends[lane.find("{*}title").text.split(" ")[1]]
        bars = list(drawn.bars(lane))
        assert all(bar.until <= end for bar in bars)
        for one, other in combinations(bars, 2):
            same = one.row == other.row and "held" not in (one.kind, other.kind)
            assert not same or one.until <= other.begun or other.until <= one.begun


def test_marks_stand_beside_each_other(day, picture):
    """Within a lane no mark covers another."""
    for lane in picture.lanes:
        marks = [one for one in lane.iter(G) if one.find("{*}title") is not None]
        places = sorted(
            float(one.get("transform").removeprefix("translate(").split(" ")[0])
            for one in marks
            if one.get("class", "").startswith("mark ")
        )
        assert all(other - one >= 11 for one, other in pairwise(places))


# -- the picture itself ---------------------------------------------------------------------------


def test_it_reads_by_day_by_night_and_in_print(picture):
    """Colours follow the screen, and print has those of the day; nothing is fetched."""
    style = picture.root.find("{*}style").text
    assert "@media screen and (prefers-color-scheme:dark)" in style
    assert not any(
        value.startswith(("http", "//", "data:"))
        for one in picture.root.iter()
        for name, value in one.attrib.items()
        if "href" in name or "src" in name
    )
    assert picture.root.get("role") == "img"


def test_a_small_picture_is_golden(request):
    """A picture is the same, byte for byte, as when it was last looked at by a person."""
    golden = request.config.rootpath / "tests/unit/reports_golden.svg"
    assert golden_picture() == golden.read_text(encoding="utf-8")


def golden_picture():
    """A call, a promise that is broken: `python -m tests.unit.test_reports` writes it anew."""
    centre = VirtualCentre()
    marc = centre.worker("marc", skills={"billing": 3})
    ana = centre.customer("Ana")
    call = ana.starts("voice", about="billing")
    centre.advance(seconds=12)
    marc.accepts(call)
    centre.advance(minutes=2)
    marc.promises(ana, "refund", timedelta(hours=2))
    marc.closes(call, disposition="refund-agreed")
    centre.advance(hours=3)
    return journey_svg(centre.log, customer=ana.id)


if __name__ == "__main__":
    Path(__file__).with_name("reports_golden.svg").write_text(golden_picture(), encoding="utf-8")
