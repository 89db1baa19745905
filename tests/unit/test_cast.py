"""Scripts: machines that take turns, workers with routines, customers with patience."""

from datetime import timedelta

import pytest

from onechannel import InvalidValue
from onechannel.codec import event_to_json
from onechannel.simulation import Turn
from onechannel.testing import FakeCentre

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def said(interaction) -> list[tuple[str | None, str]]:
    """Who said what."""
    return [(one.worker, one.text) for one in interaction.messages]


@pytest.fixture
def centre():
    return FakeCentre()


@pytest.fixture
def ana(centre):
    return centre.customer("Ana", "tel:+34600111222")


# -- turns ----------------------------------------------------------------------------------------


def test_a_machine_takes_its_turns_in_whatever_it_serves(centre, ana):
    """It answers and goes on; it asks and waits for her words; each time from the beginning."""
    centre.machine(
        "bot",
        Turn.answers("Welcome."),
        Turn.asks("Which order?", after=SECOND),
        Turn.answers("It is on its way.", after=2 * SECOND),
        Turn.closes("answered", after=MINUTE),
        channels=["sms"],
    )
    for _ in range(2):
        chat = ana.starts("sms", about="orders")
        assert said(chat) == [("bot", "Welcome.")]
        ana.waits(minutes=5)
        assert said(chat)[1:] == [("bot", "Which order?")]
        ana.says(chat, "R-7")
        ana.waits(seconds=2)
        assert said(chat)[2:] == [(None, "R-7"), ("bot", "It is on its way.")]
        ana.waits(minutes=1)
        assert (chat.end_reason, chat.disposition) == ("resolved", "answered")
    assert centre.refusals == ()


def test_a_machine_escalates(centre, ana):
    """Its last turn hands over to people, with its reason, and it is done with it."""
    bot = centre.machine(
        "bot", Turn.asks("What is it?"), Turn.escalates("too-hard"), channels=["sms"]
    )
    marc = centre.worker("marc", skills={"orders": 1})
    chat = ana.starts("sms", about="orders")
    ana.says(chat, "Everything.")
    assert (bot.work, marc.asked) == ((), (chat,))
    ana.says(chat, "Hello?")
    assert centre.refusals == ()


def test_a_machine_whose_words_come_late_is_refused_them(centre, ana):
    """What is on its way when she is handed over is tried, refused and kept for who looks."""
    bot = centre.machine(
        "bot",
        Turn.asks("Which order?"),
        Turn.answers("Let me see …", after=30 * SECOND),
        Turn.answers("Found it."),
        channels=["sms"],
    )
    chat = ana.starts("sms", about="orders")
    ana.says(chat, "R-7")
    ana.escalates(chat)
    ana.waits(minutes=1)
    (refusal,) = centre.refusals
    assert (refusal.actor.id, refusal.verb) == (bot.id, "say")
    assert "is released" in str(refusal.error)
    assert said(chat) == [("bot", "Which order?"), (None, "R-7")]
    assert "R-7" not in repr(refusal)


def test_a_machine_that_is_out_of_it_does_not_hear(centre, ana):
    """Her words to somebody else are no cue for whoever served before."""
    centre.machine("bot", Turn.asks("Yes?"), Turn.answers("Aha."), channels=["sms"])
    marc = centre.worker("marc", skills={"orders": 1})
    chat = ana.starts("sms", about="orders")
    ana.escalates(chat)
    marc.accepts(chat)
    ana.says(chat, "It is about R-7.")
    assert (said(chat)[-1], centre.refusals) == ((None, "It is about R-7."), ())


def test_a_machine_that_fails_loses_nobody(centre, ana):
    """It takes nothing more; everybody it served is in people's line, by the centre's hand."""
    bot = centre.machine(
        "bot",
        Turn.asks("Yes?"),
        Turn.fails("out-of-memory", after=SECOND),
        channels=["sms"],
    )
    ben = centre.customer("Ben", "tel:+34600999999")
    chats = [one.starts("sms", about="orders") for one in (ana, ben)]
    ana.says(chats[0], "Hello")
    ana.waits(seconds=1)
    assert (bot.state, bot.reason) == ("unavailable", "out-of-memory")
    assert [one.state for one in chats] == ["waiting", "waiting"]
    marc = centre.worker("marc", skills={"orders": 1})
    assert marc.asked == tuple(chats)


def test_a_machine_that_hangs_says_nothing_more(centre, ana):
    """It serves on, and nothing comes, whatever she says."""
    bot = centre.machine(
        "bot", Turn.asks("Yes?"), Turn.hangs(), Turn.answers("Aha."), channels=["sms"]
    )
    chat = ana.starts("sms", about="orders")
    ana.says(chat, "Hello?")
    ana.waits(hours=1)
    ana.says(chat, "Hello???")
    assert chat.worker == bot
    assert [who for who, _ in said(chat)] == ["bot", None, None]


def test_a_person_may_have_turns(centre, ana):
    """Whoever comes to serve takes the turns that were given."""
    marc = centre.worker("marc", skills={"orders": 1})
    marc.works(answers_after=5 * SECOND)
    marc.plays(Turn.answers("Marc here."), Turn.closes("done", after=MINUTE))
    chat = ana.starts("sms", about="orders")
    ana.waits(seconds=65)
    assert said(chat) == [("marc", "Marc here.")]
    assert chat.disposition == "done"


def test_who_is_handed_over_to_by_consulting_takes_turns_too(centre, ana):
    """To serve is to serve, by whatever way it came."""
    marc, eva = (centre.worker(name, skills={"orders": 1}) for name in ("marc", "eva"))
    eva.plays(Turn.answers("Eva here."))
    chat = ana.starts("sms", about="orders")
    marc.accepts(chat)
    marc.consults(chat, eva)
    eva.accepts(chat)
    assert said(chat) == []
    marc.completes_transfer(chat)
    assert said(chat) == [("eva", "Eva here.")]


@pytest.mark.parametrize("wrong", [{"kind": "sings"}, {"kind": "asks", "after": -SECOND}])
def test_a_turn_is_checked_where_it_is_written(wrong):
    """What a machine cannot do, and what would be before, are refused."""
    with pytest.raises(InvalidValue):
        Turn(**wrong)


def test_only_turns_are_played(centre):
    """Text is no turn."""
    with pytest.raises(InvalidValue, match="Turn"):
        centre.greeter.plays("Hello")


# -- routines -------------------------------------------------------------------------------------


def test_a_worker_serves_by_itself(centre, ana):
    """It answers, serves, closes with its disposition and wraps up, each after so long."""
    marc = centre.worker("marc", skills={"x": 1}, wrap_up=10 * MINUTE)
    marc.works(
        answers_after=10 * SECOND,
        serves_for=3 * MINUTE,
        wraps_up_for=30 * SECOND,
        disposition="sold",
    )
    call, start = ana.starts("voice", about="x"), centre.now
    centre.run_until_idle()
    assert (call.disposition, marc.work) == ("sold", ())
    times = {event.type: event.recorded_at - start for event in centre.log}
    assert times["assignment.accepted"] == 10 * SECOND
    assert times["interaction.closed"] == 10 * SECOND + 3 * MINUTE
    assert times["assignment.released"] == 40 * SECOND + 3 * MINUTE


def test_a_routine_does_not_try_what_no_longer_applies(centre, ana):
    """She has hung up before it answered, or while it served: nothing is refused, nobody raises."""
    marc = centre.worker("marc", skills={"x": 1}, wrap_up=MINUTE)
    marc.works(answers_after=10 * SECOND, serves_for=MINUTE, wraps_up_for=2 * MINUTE)
    for wait in (5, 30):
        call = ana.starts("voice", about="x")
        ana.waits(seconds=wait)
        ana.leaves(call)
        centre.run_until_idle()
        assert call.state == "closed"
    assert centre.refusals == ()


def test_a_routine_may_be_partial(centre, ana):
    """What it does not say the worker waits to be told."""
    marc = centre.worker("marc", skills={"x": 1})
    marc.works(answers_after=10 * SECOND)
    call = ana.starts("voice", about="x")
    centre.advance(hours=1)
    assert call.worker == marc
    marc.works()
    marc.closes(call)
    other = ana.starts("voice", about="x")
    centre.advance(seconds=15)
    assert other.worker is None


def test_whoever_ignores_lets_it_ring_until_nobody_asks(centre, ana):
    """Time passes until the asking has expired, and no further."""
    marc = centre.worker("marc", skills={"x": 1})
    call, start = ana.starts("voice", about="x"), centre.now
    marc.ignores(call)
    assert centre.now - start == 20 * SECOND
    assert (call.parts[0].state, marc.state) == ("expired", "unavailable")
    with pytest.raises(Exception, match="ignore what is asked"):
        marc.ignores(call)


# -- vanishing ------------------------------------------------------------------------------------


def test_nothing_comes_from_whoever_has_vanished(centre, ana):
    """No routine, no turn, and no verb until it comes back; what it was asked expires."""
    marc = centre.worker("marc", skills={"x": 1})
    marc.works(answers_after=10 * SECOND)
    call = ana.starts("voice", about="x")
    marc.vanishes()
    centre.advance(seconds=20)
    assert call.parts[0].state == "expired"
    with pytest.raises(InvalidValue, match=r"marc has vanished, at 2026-01-05 09:00:00\+00:00"):
        marc.becomes_available()
    marc.comes_back()
    centre.advance(seconds=10)
    assert call.worker == marc


def test_the_centre_notices_and_serves_her_by_somebody_else(centre, ana):
    """Whoever it served goes back to the line; it is signed out; back, it may work again."""
    marc = centre.worker("marc", skills={"x": 1})
    call = ana.starts("voice", about="x")
    marc.accepts(call)
    eva = centre.worker("eva", skills={"x": 1})
    marc.vanishes(noticed_after=30 * SECOND)
    centre.advance(seconds=29)
    assert call.worker == marc
    centre.advance(seconds=1)
    assert eva.asked == (call,)
    assert marc.state in {"signed_out", "draining"}
    marc.comes_back()
    assert marc.state == "available"


def test_who_is_back_before_it_is_noticed_has_not_been_away(centre, ana):
    """The centre notices only whoever is still gone since then."""
    marc = centre.worker("marc", skills={"x": 1})
    marc.vanishes(noticed_after=30 * SECOND)
    marc.comes_back()
    centre.advance(seconds=20)
    marc.vanishes(noticed_after=30 * SECOND)
    centre.advance(seconds=20)
    assert marc.state == "available"
    centre.advance(seconds=10)
    assert marc.state == "signed_out"


def test_a_machine_that_vanished_takes_no_turn(centre, ana):
    """Its server is off."""
    bot = centre.machine("bot", Turn.answers("Hello", after=SECOND), channels=["sms"])
    chat = ana.starts("sms", about="x")
    bot.vanishes()
    centre.advance(minutes=1)
    assert said(chat) == []


# -- patience -------------------------------------------------------------------------------------


def test_a_customer_leaves_and_comes_again(centre, ana):
    """After her patience she leaves; she comes the same way again, so many times."""
    ana.has_patience(2 * MINUTE, returns_after=10 * MINUTE, returns=2)
    start = centre.now
    ana.starts("voice", about="x")
    centre.run_until_idle()
    calls = ana.interactions
    assert [one.end_reason for one in calls] == ["abandoned"] * 3
    assert {(one.channel, one.about) for one in calls} == {("voice", "x")}
    assert centre.now - start == 26 * MINUTE


def test_whoever_is_served_does_not_leave(centre, ana):
    """Patience ends with being served, and begins anew in another line."""
    ana.has_patience(2 * MINUTE)
    marc = centre.worker("marc", skills={"x": 1})
    call = ana.starts("voice", about="x")
    ana.waits(minutes=1)
    marc.becomes_available()
    marc.accepts(call)
    ana.waits(minutes=5)
    assert call.worker == marc
    marc.transfers(call, department="finance", returns_after=30 * MINUTE)
    ana.waits(seconds=119)
    assert call.state == "waiting"
    ana.waits(seconds=1)
    assert call.end_reason == "abandoned"


def test_nobody_leaves_a_line_in_which_nobody_stands(centre, ana):
    """Whoever has written waits without waiting."""
    ana.has_patience(MINUTE)
    mail = ana.starts("sms", about="x")
    ana.waits(hours=3)
    assert mail.state == "waiting"


# -- all of it ------------------------------------------------------------------------------------


def test_the_same_script_makes_the_same_log():
    """Scripts go by the agenda alone: no chance, no order of hashes."""

    def log():
        centre = FakeCentre()
        centre.machine("bot", Turn.asks("?"), Turn.escalates(after=SECOND), channels=["sms"])
        for name in ("marc", "eva", "tom"):
            worker = centre.worker(name, skills={"x": 1})
            worker.works(answers_after=7 * SECOND, serves_for=MINUTE)
        for number in range(9):
            someone = centre.customer(None, f"tel:+3460011122{number}")
            someone.has_patience(90 * SECOND, returns_after=MINUTE)
            someone.says(someone.starts("sms", about="x"), "!")
            someone.starts("voice", about="x")
        centre.run_until_idle()
        return [event_to_json(event) for event in centre.log]

    assert log() == log()
