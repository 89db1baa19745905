"""The virtual centre, its handles, and what the fake adds."""

from datetime import UTC, datetime, timedelta

import pytest

from onechannel import ALWAYS_OPEN, Capacity, Channel, CommandRefused, InvalidValue, Policy
from onechannel.commands import Arrive, Close, DefineChannel, Leave, RegisterCustomer
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.simulation import START, VirtualCentre
from onechannel.simulation.story import a_day
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing import FakeCentre


@pytest.fixture
def fake():
    return FakeCentre()


def test_what_the_fixture_stands_on(fake):
    """A queue main, a greeter for web, app and chat, nine on a Monday, always open."""
    assert fake.now == START == datetime(2026, 1, 5, 9, tzinfo=UTC)
    for channel in ("web", "app", "chat"):
        assert fake.customer().starts(channel).worker == fake.greeter
    call = fake.customer().starts("voice")
    assert (call.worker, call.state, call.queue) == (None, "waiting", "main")
    (calendar,) = [e.data.calendar for e in fake.log if e.type == "calendar.defined"]
    assert calendar == ALWAYS_OPEN


def test_the_greeter_has_no_limit_and_no_wrap_up(fake):
    """A machine of the fake serves any number at once, and is free the moment it is done."""
    pages = [fake.customer().starts("web") for _ in range(200)]
    assert len(fake.greeter.work) == 200
    fake.queue("main", wrap_up=timedelta(minutes=1))
    pages[0].closes()
    assert pages[0] not in fake.greeter.work


def test_a_customer_comes_with_the_first_address_the_channel_takes(fake):
    """`starts` passes the first of the customer's addresses whose scheme the channel takes."""
    ana = fake.customer("Ana", "mailto:ana@example.com", "tel:+34600111222")
    keys = {}
    for channel in ("voice", "email", "store"):
        ana.starts(channel)
        (address,) = [e.data.address for e in fake.log if e.type == "interaction.arrived"][-1:]
        keys[channel] = address and address.key
    assert keys == {
        "voice": "tel:+34600111222",
        "email": "mailto:ana@example.com",
        "store": None,
    }


def test_handles_of_equal_names_are_equal(fake):
    """A handle is a name: two of the same thing are equal, and can be keys."""
    ana = fake.customer("Ana")
    page = ana.starts("web")
    assert page.customer == ana
    assert fake.interaction(page.id) == page
    assert {page: 1}[fake.interaction(page.id)] == 1


def test_handles_outlive_what_they_name(fake):
    """What a handle shows is read from the log, so it stays after the kernel has forgotten."""
    ana = fake.customer("Ana")
    page = ana.starts("web", says="Where is my parcel?")
    page.says("It comes today.")
    page.closes(disposition="told")
    fake.advance(days=400)
    assert (page.state, page.end_reason, page.disposition) == ("closed", "resolved", "told")
    assert [message.worker for message in page.messages] == [None, "greeter"]
    assert page.served_by == fake.greeter
    assert page.worker is None


def test_no_handle_shows_what_was_said_or_a_name(fake):
    """`repr` of handles and messages holds ids only."""
    ana = fake.customer("Canary Name", "tel:+34600111222")
    page = ana.starts("web", says="canary words")
    shown = repr((ana, page, page.messages, fake.view, fake.greeter))
    assert "anary" not in shown
    assert "600111222" not in shown


def test_every_deadline_fires_at_its_own_moment(fake):
    """Time passes from deadline to deadline: each event has the time it was due."""
    marc = fake.worker("marc", skills={"x": 1})
    fake.customer().starts("voice", about="x")
    fake.advance(hours=1)
    (expired,) = [e for e in fake.log if e.type == "assignment.expired"]
    assert expired.recorded_at == expired.occurred_at == START + timedelta(seconds=20)
    assert (marc.state, fake.now) == ("unavailable", START + timedelta(hours=1))


def test_time_never_runs_backwards(fake):
    """To advance to the past is to stay."""
    fake.advance_to(START - timedelta(days=1))
    assert fake.now == START


def test_a_bare_number_is_no_time(fake):
    """`advance(60)` could be anything: it is refused, and the message says how to say it."""
    for bare in (60, 1.5, True, "60"):
        with pytest.raises(InvalidValue, match=r"advance\(seconds=60\)"):
            fake.advance(bare)
    fake.advance(timedelta(seconds=1))
    fake.advance(minutes=1, hours=1)
    fake.advance()
    assert fake.now == START + timedelta(hours=1, seconds=61)


def test_a_worker_is_looked_up_by_its_name_alone(fake):
    """With nothing but its name a known worker is given as it is; with more it is defined anew."""
    marc = fake.worker("marc", skills={"billing": 4}, department="finance")
    marc.signs_out()
    before = len(list(fake.log))
    assert fake.worker("marc") == marc
    assert (marc.definition.skills["billing"], marc.state) == (4, "signed_out")
    assert len(list(fake.log)) == before
    assert fake.supervisor("marc") == marc
    assert len(list(fake.log)) == before
    fake.worker("marc", skills={"cards": 1})
    assert (dict(marc.definition.skills), marc.state) == ({"cards": 1}, "available")
    assert fake.worker("new").state == "available"


@pytest.mark.parametrize(
    ("look_up", "words"),
    [
        (lambda centre: centre.interaction("i-999"), "interaction i-999 is not in the log"),
        (lambda centre: centre.known_customer("c-999"), "customer c-999 is not in the log"),
        (lambda centre: centre.promise("p-999"), "promise p-999 is not in the log"),
        (lambda centre: centre.journey("j-999"), "journey j-999 is not in the log"),
    ],
)
def test_what_is_not_there_is_named(fake, look_up, words):
    """To look up what the log does not hold is refused by the name of the thing, and its last."""
    with pytest.raises(CommandRefused, match=words):
        look_up(fake)
    marc = fake.worker("marc", skills={"x": 1})
    ana = fake.customer("Ana")
    call = ana.starts("voice", about="x")
    marc.accepts(call)
    promise = marc.promises(call, "letter", timedelta(days=1))
    with pytest.raises(CommandRefused, match=r"the last is .-"):
        look_up(fake)
    assert fake.interaction("i-1") == call
    assert fake.known_customer("c-1") == ana
    assert fake.promise(promise.id) == promise
    assert fake.journey(call.journey.id) == call.journey


def test_ids_given_elsewhere_are_not_given_again(fake):
    """Where somebody else has named a customer or an interaction like us, the next number is it."""
    fake.do(Arrive(interaction="i-1", channel="web"))
    fake.do(Arrive(interaction="i-3", channel="web"))
    fake.do(RegisterCustomer(customer="c-2"))
    ana = fake.customer("Ana")
    assert (ana.id, fake.customer("Bea").id) == ("c-3", "c-4")
    assert [ana.starts("web").id for _ in range(2)] == ["i-4", "i-5"]


def test_what_follows_uses_up_no_number(fake):
    """Successors and side conversations have ids of their own: the next arrival is the next one."""
    marc = fake.worker("marc", skills={"x": 1})
    ana = fake.customer("Ana")
    mail = ana.starts("email", about="x")
    marc.accepts(mail)
    assert marc.delegates(mail, department="billing").id == "i-1>1"
    marc.closes(mail)
    assert ana.says(mail, "again").id == "i-1~1"
    assert ana.starts("web").id == "i-2"


def test_naive_times_are_refused(fake):
    """A start or a moment without a zone names no instant."""
    with pytest.raises(InvalidValue, match="naive"):
        FakeCentre(start=datetime(2026, 1, 5))  # noqa: DTZ001 - the point
    with pytest.raises(InvalidValue, match="naive"):
        fake.advance_to(datetime(2027, 1, 1))  # noqa: DTZ001 - the point


def test_a_refused_verb_changes_nothing(fake):
    """What does not apply raises, and the log is as long as it was."""
    marc = fake.worker("marc")
    page = fake.customer().starts("web")
    before = len(list(fake.log))
    for refused in (
        lambda: marc.accepts(page),
        lambda: marc.holds(page),
        lambda: marc.conferences(page),
        page.hands_back,
        lambda: fake.do(Leave(interaction="i-99")),
        marc.signs_in,
    ):
        with pytest.raises(CommandRefused):
            refused()
    assert len(list(fake.log)) == before


def test_a_verb_on_an_interaction_acts_as_who_serves_it(fake):
    """`says` on an interaction is the worker's word; with nobody serving it is refused."""
    page = fake.customer().starts("web")
    page.says("hello")
    page.escalates()
    with pytest.raises(CommandRefused, match="nobody serves it"):
        page.says("still there?")
    page.closes(reason="withdrawn")
    assert page.end_reason == "withdrawn"


def test_a_centre_goes_on_where_its_log_ends(tmp_path):
    """A virtual centre on a store with a log continues it: same view, later time, new ids."""
    path = tmp_path / "centre.db"
    first = FakeCentre(store=SQLiteStore(path))
    page = first.customer("Ana").starts("web", about="orders")
    first.advance(minutes=5)
    page.closes()
    first.store.close()

    second = VirtualCentre(SQLiteStore(path))
    assert second.now == START + timedelta(minutes=5)
    assert second.interaction(page.id).end_reason == "resolved"
    assert second.customer("Bea").id == "c-2"
    assert second.customer("Cid").starts("web").id == "i-2"
    second.store.close()


def test_the_same_script_makes_the_same_log():
    """Nothing in a virtual centre is left to chance."""
    logs = []
    for _ in range(2):
        centre = VirtualCentre()
        a_day(centre)
        logs.append(list(centre.log))
    assert logs[0] == logs[1]


def test_the_day_has_what_it_promises():
    """The day played: six channels, an escalation, a decline, a missed ring, a return."""
    centre = VirtualCentre()
    ana = a_day(centre)
    channels = {one.channel for one in ana.interactions}
    assert channels == {"web", "chat", "voice", "store", "whatsapp", "email"}
    kinds = {event.type for event in centre.log}
    assert {"assignment.declined", "assignment.expired", "assignment.wrapping"} <= kinds
    because = {getattr(event.data, "because", None) for event in centre.log}
    assert {"escalation", "callback", "woken", "return"} <= because
    assert all(one.state == "closed" for one in ana.interactions)
    assert all(worker.state == "signed_out" for worker in centre.view.workers.values())


def test_the_day_loses_nobody():
    """A consult transfer with a supervisor at hand, a question that comes back, a wake-up."""
    centre = VirtualCentre()
    ana = a_day(centre)
    _, _, call, callback, _, chat, _, again = ana.interactions
    assert [(one.worker, one.role) for one in call.parts] == [
        ("eva", "serves"),
        ("sue", "listens"),
        ("marc", "serves"),
    ]
    (side,) = call.sides
    assert [one.worker for one in side.messages] == ["marc", "lena"]
    assert callback.served_by == chat.served_by == centre.worker("eva")
    assert [one.reason for one in chat.parts] == ["longest idle of: people, cards", "named: eva"]
    assert [one.delivery for one in chat.messages] == [None, "read", None, None]
    assert again.predecessor is not None
    ends = {one.what: one.state for one in ana.promises}
    assert ends == {"refund": "kept", "written-confirmation": "broken", "callback": "kept"}
    assert {one.about for one in ana.journeys} == {"balance", "billing", "cards"}


def test_the_day_comes_again():
    """Played a second time on the same log, it is another customer's day, and goes as well."""
    centre = VirtualCentre()
    first = a_day(centre)
    centre.advance(hours=15)
    second = a_day(centre)
    assert first != second
    shown = [[(one.channel, one.served_by) for one in who.interactions] for who in (first, second)]
    assert shown[0] == shown[1]


def test_another_policy_can_be_given():
    """The fake takes the policy it is given, and ends nobody's turn by a rule it does not have."""
    patient = Policy(name="patient", plan=DEFAULT_POLICY.plan, ring_for=timedelta(minutes=5))
    fake = FakeCentre(policy=patient)
    marc = fake.worker("marc", skills={"x": 1}, capacity=Capacity.only("voice"))
    call = fake.customer().starts("voice", about="x")
    fake.advance(minutes=4, seconds=59)
    assert marc.asked == (call,)
    fake.do(Close(interaction=call.id))
    assert marc.asked == ()


def test_a_reopened_centre_swallows_no_command(tmp_path):
    """Commands without events use up ids too: after reopening, none is taken for a repetition."""
    first = FakeCentre(store=SQLiteStore(tmp_path / "centre.db"))
    for _ in range(6):
        first.worker("marc", skills={"x": 1})
    first.store.close()
    second = VirtualCentre(SQLiteStore(tmp_path / "centre.db"))
    ana = second.customer("Ana", "tel:+34600111222")
    assert ana.id in second.view.customers
    second.store.close()


def test_a_worker_who_wraps_up_takes_the_same_interaction_again(fake):
    """A verb finds the part it means: what is asked, though an earlier one is being wrapped up."""
    fake.queue("main", wrap_up=timedelta(minutes=1))
    marc = fake.worker("marc", skills={"billing": 1})
    chat = fake.customer().starts("chat", about="billing")
    chat.escalates()
    marc.accepts(chat)
    marc.hands_back(chat)
    chat.escalates()
    marc.accepts(chat)
    marc.says(chat, "here I am again")
    marc.releases(chat)
    assert chat.worker == marc


def test_why_a_machine_escalated_is_in_the_log(fake):
    """The reason of an escalation and of a hand-back stands in the event that moves it."""
    marc = fake.worker("marc", skills={"billing": 1})
    chat = fake.customer().starts("chat", about="billing")
    chat.escalates("two-charges")
    marc.accepts(chat)
    marc.hands_back(chat, "solved")
    reasons = [e.data.reason for e in fake.log if e.type == "interaction.queued"]
    assert reasons == [None, "two-charges", "solved"]


def test_a_channel_of_ones_own_says_which_addresses_it_takes(fake):
    """What a channel takes is what it was defined to take, not what its name suggests."""
    fake.do(DefineChannel(channel=Channel(name="kiosk", schemes=("tel",))))
    fake.customer("Ana", "tel:+34600111222").starts("kiosk")
    (arrived,) = [e.data for e in fake.log if e.type == "interaction.arrived"]
    assert arrived.address.key == "tel:+34600111222"
