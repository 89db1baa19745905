"""What customer, promise and journey handles show, and what an explanation says."""

from datetime import UTC, datetime, timedelta

import pytest

from onechannel import Calendar, Capacity, CommandRefused, InvalidValue, Queue
from onechannel import commands as c
from onechannel.simulation import START
from onechannel.testing import FakeCentre

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def fake():
    return FakeCentre()


@pytest.fixture
def ana(fake):
    return fake.customer("Ana", "tel:+34600111222")


@pytest.fixture
def marc(fake):
    return fake.worker("marc", skills={"x": 1})


# -- who she is ------------------------------------------------------------------------------------


def test_addresses_come_and_go(fake, ana):
    """A linked address is hers and goes with what she starts; an unlinked one is nobody's."""
    ana.links("mailto:ana@example.com")
    assert [one.key for one in ana.addresses] == ["tel:+34600111222", "mailto:ana@example.com"]
    ana.starts("email")
    ana.unlinks("tel:+34600111222")
    assert [one.key for one in ana.addresses] == ["mailto:ana@example.com"]
    (arrived,) = [one.data for one in fake.log if one.type == "interaction.arrived"]
    assert arrived.address.key == "mailto:ana@example.com"
    assert fake.customer("Bea", "tel:+34600111222").addresses[0].key == "tel:+34600111222"


def test_two_who_are_one_have_one_history(fake, ana, marc):
    """Merged, all that either had is both's, in order; un-merged, each has its own again."""
    anna = fake.customer("Anna", "mailto:anna@example.com")
    calls = [ana.starts("voice", about="x"), anna.starts("email", about="z"), ana.starts("chat")]
    marc.accepts(calls[0])
    promise = marc.promises(ana, "letter", DAY)
    ana.merges(anna)
    for one in (ana, anna):
        assert one.interactions == tuple(calls)
        assert one.promises == (promise,)
        assert len(one.journeys) == 2
        assert len(one.addresses) == 2
    back = ana.starts("email", about="y")
    assert back.customer == ana
    addresses = [one.data.address for one in fake.log if one.type == "interaction.arrived"]
    assert addresses[-1].key == "mailto:anna@example.com"
    anna.unmerges()
    assert anna.interactions == (calls[1],)
    assert [one.key for one in anna.addresses] == ["mailto:anna@example.com"]
    assert anna.promises == ()


def test_handles_of_different_things_differ(fake, ana):
    """Handles of one id are equal if they are of one kind and one centre, and of no other."""
    fake.worker("c-1")
    assert fake.worker("c-1") != ana
    assert ana.id == "c-1"
    assert FakeCentre().customer("Ana") != ana
    assert ana != "c-1"
    assert len({ana, fake.known_customer("c-1")}) == 1


# -- promises --------------------------------------------------------------------------------------


def test_a_promise_is_made_where_she_is_served(fake, ana, marc):
    """A promise to a customer is of the interaction that the worker serves for her, if any."""
    before = marc.promises(ana, "call", HOUR)
    assert (before.interaction, before.journey, before.worker) == (None, None, marc)
    call = ana.starts("voice", about="x")
    marc.accepts(call)
    refund = marc.promises(ana, "refund", due=2 * DAY)
    assert (refund.interaction, refund.journey, refund.customer) == (call, call.journey, ana)
    assert (refund.what, refund.due, refund.state) == ("refund", START + 2 * DAY, "open")
    assert ana.promises == marc.promised == (before, refund)
    assert call.promises == call.journey.promises == (refund,)
    other = fake.customer("Bea")
    assert marc.promises(other, "call", HOUR).interaction is None
    assert marc.promises(call, "letter", START + DAY).interaction == call


def test_promises_are_kept_broken_paused_and_renegotiated(fake, ana, marc):
    """Each end is shown with its reason or evidence, and a new time with both promises."""
    kept, broken, gone, moved, paused = (marc.promises(ana, what, DAY) for what in "abcde")
    marc.keeps_promise(kept, "receipt-1")
    marc.withdraws_promise(gone, "not-needed")
    later = marc.renegotiates_promise(moved, 3 * DAY)
    marc.pauses_promise(paused, "waits-for-bank")
    fake.advance(days=2)
    assert (kept.state, kept.evidence) == ("kept", "receipt-1")
    assert broken.state == "broken"
    assert (gone.state, gone.reason) == ("withdrawn", "not-needed")
    assert (moved.state, moved.successor, later.predecessor) == ("renegotiated", later, moved)
    assert (later.due, later.state) == (START + 3 * DAY, "open")
    assert (paused.state, paused.reason) == ("paused", "waits-for-bank")
    marc.resumes_promise(paused)
    assert (paused.state, paused.reason, paused.due) == ("open", None, START + 3 * DAY)


def test_business_time_needs_a_calendar(fake, ana, marc):
    """A bare time span is elapsed time; with a calendar it passes while that is open."""
    office = fake.calendar(Calendar.weekly("office", mon_fri="09:00-17:00"))
    fake.advance_to(datetime(2026, 1, 9, 16, tzinfo=UTC))  # a Friday, an hour before the end
    assert marc.promises(ana, "a", 2 * HOUR).due == datetime(2026, 1, 9, 18, tzinfo=UTC)
    monday = datetime(2026, 1, 12, 10, tzinfo=UTC)
    for calendar in (office, "office"):
        promise = marc.promises(ana, "b", 2 * HOUR, calendar=calendar)
        assert (promise.due, promise.calendar) == (monday, "office")
    with pytest.raises(CommandRefused, match="calendar nights is not defined"):
        marc.promises(ana, "c", HOUR, calendar="nights")


def test_a_bare_number_is_no_time(fake, ana, marc):
    """Where a time or a time span is asked for, a number is refused with what to say instead."""
    call = ana.starts("voice", about="x")
    marc.accepts(call)
    for verb in (
        lambda: marc.promises(ana, "d", 60),
        lambda: marc.suspends(call, "bank", "waits", 60),
        lambda: ana.requests_callback(call, 60),
    ):
        with pytest.raises(InvalidValue, match=r"not int: say timedelta\(days=2\)"):
            verb()


def test_of_several_she_is_served_in_the_latest_has_the_promise(fake, ana):
    """A promise is made in what the worker was given last; whom it only advises, it serves not."""
    marc = fake.worker("marc", skills={"x": 1}, capacity=Capacity(total=400))
    lena = fake.worker("lena")
    first, second = (ana.starts("sms", about="x", reference=name) for name in ("o-1", "o-2"))
    marc.accepts(second)
    marc.accepts(first)
    assert marc.promises(ana, "letter", DAY).interaction == second
    marc.closes(second)
    marc.consults(first, lena)
    lena.accepts(first)
    assert lena.promises(ana, "letter", DAY).interaction is None
    assert marc.promises(ana, "letter", DAY).interaction == first


# -- explanations ----------------------------------------------------------------------------------


def test_who_is_asked_is_explained(fake, ana, marc):
    """The winner, why, by which policy, and what became of those who were asked before."""
    eva = fake.worker("eva", skills={"x": 1})
    tom = fake.worker("tom", skills={"x": 1})
    call = ana.starts("voice", about="x")
    marc.declines(call, "with-a-customer")
    fake.advance(seconds=20)
    explained = fake.explain(call)
    assert (explained.interaction, explained.winner) == (call, tom)
    assert explained.reason == "longest idle of: people, x"
    assert explained.policy == "default"
    assert explained.excluded == {"marc": "declined: with-a-customer", "eva": "did not answer"}
    assert eva.reason == "no-answer"
    tom.accepts(call)
    tom.closes(call)
    fake.advance(days=1)
    assert fake.explain(call).winner == tom, "the last recorded decision outlives the call"


def test_what_still_waits_is_explained_as_things_stand(fake, ana, marc):
    """While nobody is asked, every worker has a reason: what became of it, and what is so now."""
    fake.worker("eva", skills={"y": 1})
    fake.worker("tom", skills={"x": 1}).becomes_unavailable()
    call = ana.starts("voice", about="x")
    marc.declines(call)
    explained = fake.explain(call)
    assert (explained.winner, explained.reason) == (None, None)
    assert explained.excluded == {
        "eva": "no skill x",
        "greeter": "kind machine",
        "marc": "declined; takes no new work",
        "tom": "takes no new work",
    }


def test_what_somebody_else_routes_is_explained_as_far_as_it_is_known(fake):
    """Of a foreign queue the log knows who served, and no policy."""
    fake.do(c.DefineQueue(queue=Queue(name="theirs", router="theirs")))
    fake.observes(c.ObserveArrival(interaction="v-1", channel="voice"))
    fake.observes(c.ObserveQueued(interaction="v-1", queue="theirs"))
    call = fake.interaction("v-1")
    assert (fake.explain(call).winner, fake.explain(call).excluded) == (None, {})
    fake.observes(c.ObserveAccepted(interaction="v-1", worker="pat"))
    assert fake.explain(call).winner == fake.worker("pat")
    assert (fake.explain(call).reason, fake.explain(call).policy) == ("observed", None)
    fake.observes(c.ObserveReleased(interaction="v-1", worker="pat"))
    assert (call.state, call.worker, call.served_by) == ("waiting", None, fake.worker("pat"))


def test_who_is_no_longer_asked_is_said(fake, ana, marc):
    """A worker from whom it is taken back, since the customer left, is in the explanation."""
    call = ana.starts("voice", about="x")
    ana.leaves(call)
    assert fake.explain(call).excluded == {"marc": "is no longer asked"}
    assert fake.explain(call).winner is None
