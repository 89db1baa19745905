"""What a failed expectation says: in plain words first, then what led to it."""

import pickle
import re
from datetime import timedelta

import pytest
from tests.unit.expect_story import a_fake, told

from onechannel import CommandRefused
from onechannel.simulation import Turn, VirtualCentre
from onechannel.simulation.expecting import Expect, ExpectationFailed

#: What stands in the place of each of our own frames, installed or not.
OURS = "onechannel/simulation/"

SECOND = timedelta(seconds=1)


@pytest.fixture
def centre():
    return a_fake()


@pytest.fixture
def ana(centre):
    return centre.customer("Ana", "tel:+34600111222")


def failed(asking, *given, **more):
    """What is raised where it is not met."""
    with pytest.raises(ExpectationFailed) as raised:
        asking(*given, **more)
    return raised.value


def said(asking, *given, **more):
    """Its words."""
    return failed(asking, *given, **more).said


# -- golden: the whole of it ----------------------------------------------------------------------


def test_nobody_serves(centre, ana):
    """Who was asked and what became of it, where it stands, why not this one, and the timeline."""
    kim = centre.worker("kim")
    chat = ana.starts("whatsapp", about="orders", says="Where is my parcel?")
    centre.advance(seconds=5)
    ana.says(chat, "It is R-22.")
    centre.advance(seconds=2)
    centre.worker("eva").declines(chat, "busy")
    assert (
        str(failed(centre.expect.assigned(kim, chat).within, seconds=30))
        == """\
expected from 09:00:07 to 09:00:37: kim serves i-1
but it did not happen
- eva was asked at 09:00:07 and declined at 09:00:07
- marc was asked at 09:00:07 and had not answered by 09:00:27
- lena was asked at 09:00:27 and has not answered yet
- kim was never asked for i-1
- i-1 waits in main
- why not kim: no skill orders

What happened to i-1 until 09:00:37:
Monday 2026-01-05 (UTC)
  09:00:00                     ; whatsapp  i-1  c-1   arrives about orders, on j-17
  09:00:00                     ; whatsapp  i-1  c-1   says: Where is my parcel?
  09:00:00         7s  ======  ; whatsapp  i-1  bot   serves
  09:00:00                     ; whatsapp  i-1  bot   says: Which order is it?
  09:00:05   +5s               ; whatsapp  i-1  c-1   says: It is R-22.
  09:00:07   +7s               ; whatsapp  i-1  bot   says: Let me see.
  09:00:07   +7s               ; whatsapp  i-1  c-1   is escalated (stuck)
  09:00:07   +7s               ; whatsapp  i-1  c-1   waits in main
  09:00:07   +7s   0s          ; whatsapp  i-1  eva   is asked (people, orders)
  09:00:07   +7s               ; whatsapp  i-1  eva   declines (busy)
  09:00:07   +7s  20s          ; whatsapp  i-1  marc  is asked (people, orders)
  09:00:27  +27s               ; whatsapp  i-1  marc  does not answer
  09:00:27  +27s               ; whatsapp  i-1  lena  is asked (people, orders)"""
    )


def test_a_machine_speaks_after_its_hand_over(centre, ana):
    """The refused attempt, in the words of its refusal; the timeline names it as well."""
    bot = centre.machine(
        "late", Turn.answers("Hello."), Turn.answers("Still there?", after=60 * SECOND),
        channels=["sms"],
    )  # fmt: skip
    text = ana.starts("sms", about="billing", says="Hi")
    centre.advance(seconds=5)
    text.escalates("angry")
    assert (
        str(failed(centre.expect.silent, bot, minutes=5))
        == """\
expected: late is silent once it has handed over
but at 09:01:00 late wants to say in i-1, and is refused: assignment i-1/1 is released: it is over

What happened to i-1 until 09:01:00:
Monday 2026-01-05 (UTC)
  09:00:00                   : sms  i-1  c-1   arrives about billing, on j-17
  09:00:00                   : sms  i-1  c-1   says: Hi
  09:00:00       5s  ======  : sms  i-1  late  serves
  09:00:00                   : sms  i-1  late  says: Hello.
  09:00:05  +5s              : sms  i-1  c-1   is escalated (angry)
  09:00:05  +5s              : sms  i-1  c-1   waits in main
Refused:
  09:01:00  late  say  i-1: assignment i-1/1 is released: it is over"""
    )


def test_a_promise_is_not_kept(centre, ana):
    """How the promise stands, and the interaction in which it was made."""
    eva = centre.worker("eva")
    call = ana.starts("voice", about="orders")
    eva.accepts(call)
    refund = eva.promises(ana, "refund", timedelta(hours=1))
    eva.closes(call)
    assert (
        str(failed(centre.expect.kept(refund).within, days=2))
        == """\
expected from 2026-01-05 09:00:00 to 2026-01-07 09:00:00: promise p-20 is kept
but it did not happen
- promise p-20 is broken, due at 2026-01-05 10:00:00

What happened to i-1 until 2026-01-07 09:00:00:
Monday 2026-01-05 (UTC)
  09:00:00                 ( voice  i-1  c-1   arrives about orders, on j-15
  09:00:00           0s    ( voice  i-1  eva   serves
  09:00:00                 ( voice  i-1  p-20  is promised: refund (by eva), by 10:00
  09:00:00                 ( voice  i-1  eva   closes: resolved

  10:00:00  +1h 00m        ( voice  i-1  p-20  is broken"""
    )


def test_what_is_asked_at_the_end(centre):
    """Each is named, in words; there is no timeline, since nothing was looked at."""
    centre.expect.asked("eva")
    centre.expect.sent("depot")
    assert (
        str(failed(centre.expect.all_asked))
        == """\
expected, but never asked whether it is so:
- eva is asked to take an interaction
- somebody says something with "depot" to the customer
end each with now(), within(...), never(...) or times(...)"""
    )


# -- what came nearest ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story():
    """Told once: nothing that is expected of it below lets time pass."""
    s = told()
    s.expect = s.centre.expect
    return s


AT = "2026-01-05 "


def test_who_serves_is_told_where_somebody_else_was_expected(centre, ana):
    """The one who serves, and since when."""
    eva, marc = centre.worker("eva"), centre.worker("marc")
    call = ana.starts("voice", about="orders")
    centre.advance(seconds=3)
    eva.accepts(call)
    assert said(centre.expect.assigned(marc, call).now).splitlines() == [
        "expected so far: marc serves i-1",
        "but it has not happened",
        "- eva was asked at 09:00:00 and served from 09:00:03",
        "- marc was never asked for i-1",
        "- eva serves i-1",
        "- why not marc: idle for less",
    ]


def test_nobody_in_particular_was_expected(centre, ana):
    """Of five workers of the kind that is asked for, why it is not they, while it waits."""
    for number in range(3):
        centre.worker(f"kim{number}", skills={"bills": 1})
    centre.worker("kim0").signs_out()
    centre.worker("kim1").becomes_unavailable("lunch")
    call = ana.starts("voice", about="bills")
    centre.worker("kim2").declines(call, "busy")
    asking = centre.expect.assigned(interaction=call)
    assert said(asking.within, seconds=5).splitlines()[2:] == [
        "- kim2 was asked at 09:00:00 and declined at 09:00:00",
        "- i-1 waits in main",
        "- why not eva: no skill bills",
        "- why not kim0: takes no new work",
        "- why not kim1: takes no new work",
        "- why not kim2: declined: busy; takes no new work",
        "- why not lena: no skill bills",
    ]
    call.leaves()
    assert "why not" not in said(centre.expect.assigned(interaction=call).now)
    assert "why not" not in said(centre.expect.closed(call, reason="failed").now)


def test_a_worker_without_an_interaction(story):
    """What became of everything that this worker was asked for, the last three."""
    assert said(story.expect.missed(story.eva).now).splitlines()[2:] == [
        f"- eva was asked for i-1 at {AT}09:00:07 and declined at {AT}09:00:07",
        f"- eva was asked for i-3 at {AT}10:00:27 and was no longer asked from {AT}10:00:30",
    ]
    assert said(story.expect.declined(story.marc).now).splitlines()[2:] == [
        f"- marc was asked for i-1 at {AT}09:00:07 and had not answered by {AT}09:00:27",
        "- marc is unavailable (no-answer)",
    ]
    assert said(story.expect.released(story.lena).times, 2).splitlines()[1:3] == [
        f"but it happened once: at {AT}09:00:27",
        f"- lena was asked for i-1 at {AT}09:00:27 and served from {AT}09:00:27 to {AT}09:00:27",
    ]


def test_who_was_asked_for_advice(centre, ana):
    """A part in another role is told as such."""
    eva, marc = centre.worker("eva"), centre.worker("marc")
    call = ana.starts("voice", about="orders")
    eva.accepts(call)
    eva.consults(call, marc)
    marc.accepts(call)
    assert "- marc was asked to be consulted at 09:00:00 and took part from 09:00:00" in said(
        centre.expect.assigned(marc, call).now
    )


@pytest.mark.parametrize(
    ("kind", "fields", "instead"),
    [
        ("closed", {"interaction": "i-3", "reason": "resolved"}, [
            f"at {AT}10:00:30 i-3 is closed as abandoned", "i-3 is closed, as abandoned",
        ]),
        ("superseded", {"interaction": "i-3"}, [
            "i-3 is closed, as abandoned",
        ]),
        ("queued", {"interaction": "i-2", "because": "transfer"}, [
            f"at {AT}10:00:27 i-2 stands in line in main after arrival",
            f"at {AT}10:00:27 i-2 stands in line in main after escalation",
            "i-2 is closed, as superseded",
        ]),
        ("arrived", {"customer": "c-1", "channel": "email"}, [
            f"at {AT}09:00:00 i-1 begins with c-1 on whatsapp about orders",
            f"at {AT}10:00:27 i-2 begins with c-1 on web about orders",
            f"at {AT}10:00:27 i-3 begins with c-1 on voice about orders",
        ]),
        ("sent", {"text": "refund", "worker": "lena"}, [
            f'at {AT}09:00:27 lena says "It is at the depot." to c-1 in i-1 on whatsapp',
        ]),
        ("heard", {"text": re.compile(r"^R-\d")}, [
            f'at {AT}09:00:00 c-1 says "Where is my parcel?" in i-1 on whatsapp',
            f'at {AT}09:00:05 c-1 says "It is R-22." in i-1 on whatsapp',
        ]),
        ("promised", {"what": "flowers", "customer": "c-1"}, [
            f"at {AT}09:00:27 lena promises c-1 voucher in i-1",
            f"at {AT}09:00:27 lena promises c-1 letter in i-1",
            f"at {AT}09:00:27 lena promises c-1 call in i-1",
        ]),
        ("achieved", {"about": "upgrade"}, [
            f"at {AT}10:00:30 journey j-65 is achieved (about move)",
        ]),
        ("refused", {"worker": "bot", "verb": "close"}, [
            f"at {AT}09:00:07 bot wants to say in i-1, and is refused: "
            "assignment i-1/1 is released: it is over",
        ]),
        ("failed", {"journey": "j-67"}, ["journey j-67 is lapsed"]),
        ("withdrawn", {"promise": "p-36"}, [f"promise p-36 is broken, due at {AT}10:00:27"]),
        ("withdrawn", {"promise": "p-38", "reason": "lost"}, [
            f"at {AT}09:00:27 promise p-38 is withdrawn (reason not-wanted)",
            f"promise p-38 is withdrawn, due at {AT}10:00:27",
        ]),
    ],
)  # fmt: skip
def test_what_came_nearest(story, kind, fields, instead):
    """Others of the kind that are alike in most, and how the thing in question stands."""
    found = said(story.expect.by_name(kind, **fields).now).splitlines()
    assert found[1] == "but it has not happened"
    assert [line.removeprefix("- ") for line in found[2:]] == instead


@pytest.mark.parametrize(
    ("does", "stands"),
    [
        (lambda eva, call: None, "i-1 waits in main"),
        (lambda eva, call: eva.accepts(call), "eva serves i-1"),
        (
            lambda eva, call: (eva.accepts(call), eva.sleeps(call)),
            "i-1 is dormant: it is the customer's turn",
        ),
        (
            lambda eva, call: (
                eva.accepts(call),
                eva.suspends(call, "depot", "search", timedelta(hours=1)),
            ),
            "i-1 is suspended, and waits on depot",
        ),
        (lambda eva, call: call.leaves(), "i-1 is closed, as withdrawn"),
    ],
)
def test_how_an_interaction_stands(centre, ana, does, stands):
    """In each state, with whom it is."""
    mail = ana.starts("sms", about="orders")
    does(centre.worker("eva"), mail)
    assert f"- {stands}" in said(centre.expect.closed(mail, reason="failed").now).splitlines()


def test_an_interaction_that_is_not_there_yet(centre):
    """What has not begun stands nowhere."""
    assert said(centre.expect.arrived("i-9").now) == (
        "expected so far: i-9 begins\nbut it has not happened"
    )


# -- the timeline ---------------------------------------------------------------------------------


def test_what_was_said_can_be_hidden(centre, ana):
    """Neither what was expected to be said, nor what was, is shown then; a pattern neither."""
    hiding = Expect(centre, show_text=False)
    chat = ana.starts("whatsapp", about="orders", says="Canary One")
    for text in ("Canary Two", re.compile("Canary Two")):
        for raised in (
            failed(hiding.heard(text, chat).now),
            failed(hiding.heard(re.compile("One"), chat).never),
            failed(hiding.in_order, hiding.heard(text), hiding.arrived()),
        ):
            assert not re.search("Canary|Two|One", str(raised))
    hiding.heard("Canary Two")
    assert str(failed(hiding.all_asked)).count("the customer says certain words") == 1
    assert "Canary One" in str(failed(centre.expect.heard("Canary Two").now))


def test_a_timeline_of_what_is_in_question(centre, ana):
    """Of the interaction, the journey, the customer; of nothing in particular, all but set-up."""
    ben = centre.customer("Ben", "tel:+34600111333")
    call, other = ana.starts("voice", about="orders"), ben.starts("voice", about="bills")
    expect = centre.expect
    of = {
        "to i-1": failed(expect.closed(call).now),
        f"to {other.journey.id}": failed(expect.achieved(other.journey).now),
        "to c-2": failed(expect.closed(customer=ben).now),
        "until": failed(expect.closed().now),
    }
    for about, raised in of.items():
        assert raised.timeline.startswith(f"What happened {about}")
        assert ("  i-1  " in raised.timeline) == (about in {"to i-1", "until"})
        assert ("  i-2  " in raised.timeline) == (about != "to i-1")
        assert "is a person" not in raised.timeline


def test_a_timeline_has_thirty_entries_at_most(centre, ana):
    """The last thirty where something is missing; how many are left out is said."""
    post = ana.starts("social", about="nothing-anybody-knows")
    for number in range(100):
        centre.advance(seconds=1)
        ana.says(post, f"number {number}.")
    raised = failed(centre.expect.closed(post).now)
    assert re.findall(r"number (\d+)\.", raised.timeline) == [str(n) for n in range(70, 100)]
    assert raised.timeline.startswith("What happened to i-1 until 09:01:40, but for 72 lines:\n")


def test_a_timeline_shows_what_is_around_the_moment(centre, ana):
    """Where something happened that should not have: twenty up to it, and ten of what followed."""
    post = ana.starts("social", about="nothing-anybody-knows")
    for number in range(100):
        centre.advance(seconds=1)
        ana.says(post, f"number {number}.")
    raised = failed(centre.expect.heard("number 50.", post).never)
    assert re.findall(r"number (\d+)\.", raised.timeline) == [str(n) for n in range(31, 61)]
    early = failed(centre.expect.heard("number 3.", post).never)
    assert re.findall(r"number (\d+)\.", early.timeline)[-1] == "13"


def test_long_words_are_cut(centre, ana):
    """A long text does not bury the rest, and none of it can command a terminal."""
    ana.starts("social", says="\x1b[31m" + "long " * 5000)
    raised = str(failed(centre.expect.heard("short").now))
    assert len(raised) < 3000
    assert "\x1b" not in raised
    assert "…" in raised


def test_clocks_are_those_of_the_centre():
    """Times are told as the zone's clocks show them, with the day once there are two."""
    centre = VirtualCentre(zone="Europe/Madrid")
    expect = Expect(centre)
    centre.customer("Ana").starts("voice")
    assert "but at 10:00:00 " in said(expect.arrived().never)
    assert "(CET)" in failed(expect.arrived().never).timeline
    centre.at("00:30")
    assert "but at 2026-01-05 10:00:00 " in said(expect.arrived().never)
    assert said(expect.closed().within, minutes=1).startswith(
        "expected from 2026-01-06 00:30:00 to 2026-01-06 00:31:00: "
    )


def test_the_last_refusals_are_told(centre, ana):
    """Five at most, of the interaction in question: a timeline has none of them."""
    first, second = (ana.starts("voice", about="orders") for _ in range(2))
    for call in (first, *[second] * 7):
        with pytest.raises(CommandRefused):
            call.hands_back()
    told = failed(centre.expect.closed(second).now).timeline.partition("\nRefused:\n")[2]
    assert told.count("\n") == 4
    assert all("  system  hand_back  i-2: " in line for line in told.splitlines())
    assert "Refused" not in failed(centre.expect.arrived("i-9").now).timeline.replace(told, "") or (
        told
    )


# -- the error itself -----------------------------------------------------------------------------


def test_a_failure_is_an_assertion(centre):
    """Every test runner counts it as a failure, not as an error; it survives a process's border."""
    raised = failed(centre.expect.arrived().now)
    assert isinstance(raised, AssertionError)
    again = pickle.loads(pickle.dumps(raised))  # noqa: S301 - our own bytes
    assert (str(again), again.said, again.timeline) == (str(raised), raised.said, raised.timeline)


def test_no_frame_of_ours_hides_the_tests_own_line(pytester):
    """Under pytest the last line shown is the test's, and then what was expected."""
    pytester.makepyfile(
        """
        from onechannel.testing import FakeCentre

        def expect():
            return FakeCentre().expect

        def test_now():
            expect().arrived().now()

        def test_within():
            expect().arrived().within(seconds=1)

        def test_never():
            it = (centre := FakeCentre()).expect
            centre.customer().starts("web")
            it.arrived().never(seconds=1)

        def test_times():
            expect().arrived().times(3)

        def test_too_many_times():
            it = (centre := FakeCentre()).expect
            centre.customer().starts("web")
            it.arrived().times(0)

        def test_in_order():
            it = expect()
            it.in_order(it.arrived(), it.closed())

        def test_silent():
            expect().silent("greeter")

        def test_all_asked():
            it = expect()
            it.arrived()
            it.all_asked()
        """
    )
    shown = pytester.runpytest("-p", "no:cacheprovider").stdout.str()
    assert "8 failed" in shown
    assert OURS not in shown
    assert "expecting/" not in shown
    assert "raise " not in shown
