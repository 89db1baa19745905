"""When expectations look, and for how long: time passes only as far as is needed."""

from datetime import timedelta

import attrs
import pytest
from tests.unit.expect_story import a_fake

from onechannel import CommandRefused, InvalidValue
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.simulation import START, Turn
from onechannel.simulation.expecting import Expect, ExpectationFailed
from onechannel.simulation.expecting.wanted import Is
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing import FakeCentre

SECOND = timedelta(seconds=1)
MINUTE = 60 * SECOND


@pytest.fixture
def centre():
    return FakeCentre()


@pytest.fixture
def ana(centre):
    return centre.customer("Ana", "tel:+34600111222")


def working(centre, name="marc", after=12, **routine):
    """A worker who answers so many seconds after being asked."""
    worker = centre.worker(name)
    worker.works(answers_after=after * SECOND, **routine)
    return worker


def passed(centre):
    """How much time has passed."""
    return centre.now - START


def fails(asking, *given, **more):
    """What an expectation says where it is not met."""
    with pytest.raises(ExpectationFailed) as raised:
        asking(*given, **more)
    return raised.value.said


# -- within ---------------------------------------------------------------------------------------


def test_within_lets_time_pass_until_it_happens(centre, ana):
    """Time stands where it has happened; what comes later has not come."""
    marc = working(centre, serves_for=MINUTE)
    call = ana.starts("voice")
    found = centre.expect.assigned(marc, call).within(seconds=20)
    assert found.recorded_at == centre.now == START + 12 * SECOND
    assert call.state == "engaged"


def test_within_lets_no_time_pass_for_what_is_there(centre, ana):
    """What the line before has brought about, at this very moment, needs no time."""
    page = ana.starts("web")
    centre.expect.assigned(centre.greeter, page).within(seconds=20)
    assert passed(centre) == timedelta(0)


def test_within_takes_the_end_itself(centre, ana):
    """What happens at the last instant is in time; a second before that, it is not."""
    marc = working(centre, after=12)
    ana.starts("voice")
    fails(centre.expect.assigned(marc).within, seconds=11)
    assert passed(centre) == 11 * SECOND
    centre.expect.assigned(marc).within(seconds=1)
    assert passed(centre) == 12 * SECOND


def test_within_that_fails_has_waited_to_the_end(centre, ana):
    """Only when the time is over is it known that it does not happen."""
    ana.starts("voice")
    fails(centre.expect.assigned().within, MINUTE)
    assert passed(centre) == MINUTE


def test_within_is_from_this_moment_on(centre, ana):
    """What has happened before does not count: a second call is not answered by the first."""
    marc = working(centre, serves_for=5 * SECOND)
    ana.starts("voice")
    centre.expect.assigned(marc).within(seconds=20)
    centre.advance(MINUTE)
    marc.becomes_unavailable("break")
    ana.starts("voice")
    said = fails(centre.expect.assigned(marc).within, seconds=20)
    assert "- it had happened at 09:00:12, before that: of what has happened already" in said
    centre.expect.assigned(marc).now()


def test_within_takes_a_span_or_its_parts(centre, ana):
    """`within(timedelta(...))` and `within(minutes=1, seconds=30)` are the same."""
    marc = working(centre, after=75)
    centre.adopts_policy(attrs.evolve(DEFAULT_POLICY, ring_for=2 * MINUTE))
    ana.starts("voice")
    fails(centre.expect.assigned(marc).within, minutes=1, seconds=10)
    centre.expect.assigned(marc).within(timedelta(seconds=5))


def test_within_for_a_refusal(centre, ana):
    """What a script is refused comes in its own time, too."""
    bot = centre.machine(
        "bot", Turn.answers("Hi."), Turn.answers("Late.", after=30 * SECOND), channels=["sms"]
    )
    text = ana.starts("sms")
    text.escalates()
    found = centre.expect.refused(bot, text, verb="say").within(minutes=1)
    assert found.at == centre.now == START + 30 * SECOND
    assert found.command.text == "Late."


# -- never ----------------------------------------------------------------------------------------


def test_never_looks_back_and_stands_still(centre, ana):
    """Without a time it speaks of what has been, and lets none pass."""
    marc = working(centre)
    ana.starts("voice")
    centre.expect.assigned(marc).never()
    assert passed(centre) == timedelta(0)
    centre.advance(MINUTE)
    assert fails(centre.expect.assigned(marc).never) == (
        "expected never: marc serves an interaction\nbut at 09:00:12 marc serves i-1"
    )


def test_never_lets_the_whole_time_pass(centre, ana):
    """Where it does not happen, all of the time is over."""
    ana.starts("voice")
    centre.expect.assigned().never(minutes=5)
    assert passed(centre) == 5 * MINUTE


def test_never_stops_at_the_first_time(centre, ana):
    """Where it happens, time stands there, and the failure says when."""
    marc = working(centre)
    ana.starts("voice")
    assert fails(centre.expect.assigned(marc).never, minutes=5) == (
        "expected never until 09:05:00: marc serves an interaction\nbut at 09:00:12 marc serves i-1"
    )
    assert passed(centre) == 12 * SECOND


def test_never_looks_back_even_with_a_time(centre, ana):
    """What has happened long ago is not undone by waiting: it fails, and no time passes."""
    marc = working(centre)
    ana.starts("voice")
    centre.advance(MINUTE)
    fails(centre.expect.assigned(marc).never, minutes=5)
    assert passed(centre) == MINUTE
    centre.expect.from_now.assigned(marc).never(minutes=5)


# -- times ----------------------------------------------------------------------------------------


def test_times_counts_what_has_been(centre, ana):
    """Exactly so often, neither more nor less; it gives each of them."""
    for number in range(3):
        ana.starts("web")
        assert len(centre.expect.arrived().times(number + 1)) == number + 1
        assert fails(centre.expect.arrived().times, number) == (
            f"expected {('0 times', 'once', '2 times')[number]}: an interaction begins\n"
            f"but it happened {('once', '2 times', '3 times')[number]}: at "
            + ", ".join(["09:00:00"] * (number + 1))
        )
    assert passed(centre) == timedelta(0)


def test_times_waits_to_the_end(centre, ana):
    """With a time, what happens in it counts as well: too few is known at the end."""
    marc = working(centre, serves_for=10 * SECOND)
    for _ in range(3):
        ana.starts("voice", about=f"matter-{_}")
    centre.worker("marc", skills={f"matter-{_}": 1 for _ in range(3)})
    centre.expect.assigned(marc).times(3, minutes=2)
    assert passed(centre) == 2 * MINUTE
    fails(centre.expect.assigned(marc).times, 4, minutes=2)
    assert passed(centre) == 4 * MINUTE


def test_times_stops_at_one_too_many(centre, ana):
    """One more than expected is known at once."""
    working(centre)
    ana.starts("voice")
    assert "but it happened once: at 09:00:12" in fails(centre.expect.assigned().times, 0, hours=1)
    assert passed(centre) == 12 * SECOND


@pytest.mark.parametrize("count", [-1, 1.0, True, "3", None])
def test_times_takes_whole_numbers(centre, count):
    """Half an event cannot be expected."""
    with pytest.raises(InvalidValue, match="times takes a whole number, 0 or more, not"):
        centre.expect.arrived().times(count)


# -- from now -------------------------------------------------------------------------------------


def test_from_now_leaves_this_moment_out(centre, ana):
    """Only what comes after that line counts, even if it is at the same moment."""
    ana.starts("web")
    later = centre.expect.from_now
    later.arrived().never()
    fails(later.arrived().within, seconds=1)
    said = fails(later.arrived().now)
    assert "- it had happened at 09:00:00, before from_now" in said
    ana.starts("web")
    later.arrived().times(1)
    centre.expect.arrived().times(2)
    later.from_now.arrived().never()


def test_from_now_of_refusals(centre, ana):
    """The same of what is refused."""
    call = ana.starts("voice")
    with pytest.raises(CommandRefused):
        call.says("Nobody serves it.")
    with pytest.raises(CommandRefused):
        call.escalates()
    centre.expect.refused(verb="escalate").now()
    later = centre.expect.from_now
    later.refused().never()
    with pytest.raises(CommandRefused):
        call.escalates()
    later.refused().times(1)
    centre.expect.refused().times(2)


# -- order ----------------------------------------------------------------------------------------


def declined_and_served(centre):
    """Eva declines, marc serves."""
    eva, marc = centre.worker("eva"), centre.worker("marc")
    call = centre.customer("Ana").starts("voice")
    eva.declines(call)
    marc.accepts(call)
    return eva, marc, call


def test_things_happen_in_order(centre):
    """Each after the one before, whatever is in between; what did is given."""
    eva, marc, call = declined_and_served(centre)
    expect = centre.expect
    found = expect.in_order(
        expect.arrived(call), expect.asked(eva), expect.declined(eva), expect.assigned(marc)
    )
    positions = [one.position for one in found]
    assert positions == sorted({*positions})
    assert [one.type.partition(".")[2] for one in found] == [
        "arrived",
        "opened",
        "declined",
        "accepted",
    ]


def test_the_wrong_order_is_told(centre):
    """Which one is missing after which, and when it was."""
    eva, marc, _ = declined_and_served(centre)
    expect = centre.expect
    assert fails(expect.in_order, expect.assigned(marc), expect.asked(eva)) == (
        "expected in this order:\n"
        "1. marc serves an interaction (09:00:00)\n"
        "2. eva is asked to take an interaction\n"
        "but 2. did not happen after 1.\n"
        "- it had happened at 09:00:00, before what it was to follow\n"
        "- eva was asked for i-1 at 09:00:00 and declined at 09:00:00\n"
        "- eva is unavailable (declined)"
    )


def test_nothing_counts_twice_in_an_order(centre, ana):
    """The same expectation three times needs three events."""
    expect = centre.expect
    ana.starts("web")
    ana.starts("web")
    expect.in_order(expect.arrived(), expect.arrived())
    assert "but 3. did not happen" in fails(expect.in_order, *(expect.arrived() for _ in range(3)))


def test_an_order_within_a_time(centre, ana):
    """It begins now, passes until all is so, and no further."""
    eva, marc = working(centre, "eva", after=400), working(centre, "marc", after=3)
    expect = centre.expect
    ana.starts("voice")
    expect.in_order(expect.asked(eva), expect.missed(eva), expect.assigned(marc), seconds=30)
    assert passed(centre) == 23 * SECOND
    said = fails(expect.in_order, expect.asked(eva), expect.assigned(marc), seconds=30)
    assert said.startswith("expected in this order until 09:00:53:\n1. eva is asked")
    assert "but 1. did not happen\n- it had happened at 09:00:00, before that" in said
    assert passed(centre) == 53 * SECOND


def test_refusals_have_their_place_in_an_order(centre, ana):
    """What was refused came after one thing and before another, within one moment, too."""
    expect = centre.expect
    page = ana.starts("web")
    with pytest.raises(CommandRefused):
        centre.worker("marc").closes(page)
    page.escalates()
    with pytest.raises(CommandRefused):
        centre.greeter.says(page, "Wait")
    expect.in_order(
        expect.assigned(centre.greeter),
        expect.refused("marc"),
        expect.queued(page, because="escalation"),
        expect.refused("greeter"),
    )
    fails(expect.in_order, expect.refused("greeter"), expect.refused("marc"))
    fails(expect.in_order, expect.queued(because="escalation"), expect.refused("marc"))
    fails(expect.in_order, expect.refused("greeter"), expect.queued(because="escalation"))


def test_refusals_at_one_place_have_an_order(centre, ana):
    """Of two refusals with no event between them the first came first, and each counts once."""
    expect = centre.expect
    page = ana.starts("web")
    for name in ("eva", "marc"):
        centre.worker(name)
    for name in ("eva", "marc"):
        with pytest.raises(CommandRefused):
            centre.worker(name).closes(page)
    expect.in_order(expect.refused("eva"), expect.refused("marc"))
    fails(expect.in_order, expect.refused("marc"), expect.refused("eva"))
    expect.in_order(expect.refused(), expect.refused())
    fails(expect.in_order, *(expect.refused() for _ in range(3)))


def test_each_of_an_order_keeps_its_own_beginning(centre, ana):
    """An expectation made `from_now` counts from there within an order as well."""
    ana.starts("web")
    later = centre.expect.from_now
    fails(centre.expect.in_order, centre.expect.arrived(), later.assigned())
    ana.starts("web")
    first, second = centre.expect.in_order(centre.expect.arrived(), later.assigned())
    assert (first.data.interaction, second.data.interaction) == ("i-1", "i-2")


def test_an_order_needs_two_of_this_centre(centre):
    """One alone has no order; what is no expectation, or another centre's, has none here."""
    other = Expect(FakeCentre())
    expect = centre.expect
    with pytest.raises(InvalidValue, match="in_order takes two expectations or more"):
        expect.in_order(expect.arrived())
    for wrong in (other.arrived(), "arrived", expect.arrived):
        with pytest.raises(InvalidValue, match="in_order takes expectations of the same centre"):
            expect.in_order(expect.arrived(), wrong)


# -- what passes meanwhile ------------------------------------------------------------------------


def test_each_moment_is_looked_at(centre, ana):
    """What is so for a moment only, between two deadlines, is found at that moment."""
    bot = centre.machine(
        "bot",
        Turn.answers("Hi.", after=SECOND),
        Turn.closes("done", after=SECOND),
        channels=["sms"],
    )
    text = ana.starts("sms")
    centre.expect.sent(worker=bot).within(hours=1)
    assert (passed(centre), text.state) == (SECOND, "engaged")
    centre.expect.closed(text).within(hours=1)
    assert passed(centre) == 2 * SECOND


def test_time_does_not_pass_inside_the_agenda(centre):
    """What is to be done at a time may look, and not wait."""
    seen = []
    centre.later(SECOND, lambda: seen.append(centre.expect.arrived().never()))
    centre.later(2 * SECOND, lambda: centre.expect.arrived().never(seconds=1))
    centre.advance(SECOND)
    assert seen == [None]
    with pytest.raises(InvalidValue, match="time does not pass"):
        centre.advance(SECOND)


def test_a_store_that_others_write_to_is_read_on(tmp_path):
    """What another process appends is found, like what this one does."""
    centre = a_fake(store=SQLiteStore(tmp_path / "a.db"))
    other = FakeCentre(store=SQLiteStore(tmp_path / "a.db"))
    expect = Expect(centre)
    expect.arrived().never()
    other.customer("Ben").starts("voice")
    expect.arrived(channel="voice").now()
    for one in (centre, other):
        one.store.close()


# -- what it costs --------------------------------------------------------------------------------


def test_the_log_is_read_once(centre, monkeypatch):
    """Whatever is expected, and however often, each event is read from the store a single time."""
    read = []
    of_store = centre.store.read

    def reading(after=0, limit=None):
        for event in of_store(after, limit):
            read.append(event.position)
            yield event

    monkeypatch.setattr(centre.store, "read", reading)
    for number in range(50):
        page = centre.customer().starts("web", about="orders")
        centre.expect.arrived(page).now()
        centre.expect.assigned("greeter").now()
        centre.expect.closed(reason="failed").never(seconds=1)
        centre.expect.in_order(centre.expect.arrived(page), centre.expect.assigned())
        centre.expect.arrived().times(number + 1)
    assert read == list(range(1, centre.store.last_position + 1))


def test_only_what_may_answer_is_looked_at(centre, monkeypatch):
    """Of an interaction that is named, its own events of the kind; in a time, what is new."""
    pages = [centre.customer().starts("web") for _ in range(100)]
    looked = []
    holds = Is.holds
    monkeypatch.setattr(Is, "holds", lambda self, found: looked.append(1) or holds(self, found))
    for page in pages:
        centre.expect.assigned(centre.greeter, page).now()
    assert len(looked) == 2 * len(pages)
    looked.clear()
    for number in range(100):
        centre.later(number * SECOND, centre.customer().opens_journey)
    centre.expect.closed(reason="failed").never(hours=1)
    assert looked == []
    for number in range(100):
        centre.later(number * SECOND, lambda: centre.customer().starts("web"))
    centre.expect.arrived(direction="outbound").never(hours=1)
    assert len(looked) == 200


# -- what cannot be a time ------------------------------------------------------------------------

ASKED = {
    "within": lambda expect: expect.arrived().within,
    "never": lambda expect: expect.arrived().never,
    "times": lambda expect: lambda *given, **more: expect.arrived().times(0, *given, **more),
    "silent": lambda expect: lambda *given, **more: expect.silent("greeter", *given, **more),
    "no_anomaly": lambda expect: expect.no_anomaly,
    "in_order": lambda expect: (
        lambda *given, **more: expect.in_order(
            expect.arrived(), expect.closed(), **dict(zip(["span"], given, strict=False)), **more
        )
    ),
}


@pytest.mark.parametrize("verb", ASKED)
@pytest.mark.parametrize(
    ("given", "more", "said"),
    [
        ((20,), {}, "needs to know int of what"),
        (("20s",), {}, "needs to know str of what"),
        ((), {"second": 20}, "takes what timedelta takes"),
        ((), {"seconds": "20"}, "takes what timedelta takes"),
        ((), {"seconds": float("nan")}, "takes what timedelta takes"),
        ((), {"seconds": float("inf")}, "takes what timedelta takes"),
        ((), {"days": 10**10}, "takes what timedelta takes"),
        ((), {"seconds": -1}, "time does not go back"),
        ((timedelta(minutes=-1),), {}, "time does not go back"),
        ((timedelta.max,), {}, "takes a span that ends some day"),
        ((timedelta(days=365 * 7890),), {}, "the end of"),
        ((MINUTE,), {"seconds": 5}, "takes a timedelta or its parts, not both"),
    ],
)
def test_what_is_no_span_of_time(centre, verb, given, more, said):
    """It is refused wherever a time can be given, by the name of who asked, and none passes."""
    with pytest.raises(InvalidValue, match=said) as raised:
        ASKED[verb](centre.expect)(*given, **more)
    assert verb in str(raised.value) or said == "time does not go back"
    assert passed(centre) == timedelta(0)


def test_within_needs_a_time(centre):
    """`within()` is refused: the way out is to say how long, or `now()`."""
    with pytest.raises(InvalidValue, match=r"within\(seconds=20\).*say now\(\)"):
        centre.expect.arrived().within()
