"""What interaction handles show: who has it, who takes part, what was said, what it belongs to."""

from datetime import timedelta

import pytest

from onechannel import Attachment, Capacity, CommandRefused
from onechannel.commands import Arrive, Say
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.simulation import START, VirtualCentre
from onechannel.testing import FakeCentre

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fake():
    return FakeCentre()


@pytest.fixture
def marc(fake):
    return fake.worker("marc", skills={"x": 1}, department="service", capacity=Capacity(total=400))


@pytest.fixture
def lena(fake, marc):
    return fake.worker("lena", skills={"y": 1}, department="billing")


@pytest.fixture
def ana(fake):
    return fake.customer("Ana", "tel:+34600111222", "mailto:ana@example.com")


@pytest.fixture
def call(ana, marc):
    call = ana.starts("voice", about="x", says="My bill is wrong.")
    marc.accepts(call)
    return call


def roles(interaction):
    """Who is what, in plain text."""
    return {worker.id: str(role) for worker, role in interaction.roles.items()}


# -- voice -----------------------------------------------------------------------------------------


def test_a_consult_becomes_a_conference_and_a_transfer(fake, call, marc, lena):
    """Who is consulted, speaks and takes over is shown at each moment, and who serves as well."""
    marc.holds(call)
    marc.consults(call, lena)
    assert lena.asked == (call,)
    assert roles(call) == {"marc": "serves"}
    lena.accepts(call)
    assert roles(call) == {"marc": "serves", "lena": "consulted"}
    marc.resumes(call)
    marc.conferences(call)
    assert call.roles[lena] == "conferenced"
    lena.says(call, "Good morning, Ana.")
    marc.completes_transfer(call)
    assert roles(call) == {"lena": "serves"}
    assert call.worker == call.served_by == lena
    assert fake.explain(call).winner == lena
    assert fake.explain(call).reason == "conferenced before"


def test_of_several_at_hand_one_is_named(fake, call, marc, lena):
    """Where several are consulted, the one named is meant, and without a name the latest."""
    tom = fake.worker("tom", department="billing")
    for helper in (lena, tom):
        marc.consults(call, helper)
        helper.accepts(call)
    marc.conferences(call, lena)
    assert roles(call) == {"marc": "serves", "lena": "conferenced", "tom": "consulted"}
    marc.releases(call, tom)
    marc.completes_transfer(call)
    assert call.worker == lena


def test_a_transfer_that_fails_comes_back(fake, call, marc, lena):
    """Whoever declines is passed over: the call comes back to the worker who gave it away."""
    marc.transfers(call, to=lena)
    assert (call.state, call.worker, lena.asked) == ("waiting", None, (call,))
    lena.declines(call, "at-lunch")
    assert marc.asked == (call,)
    assert fake.explain(call).excluded == {"lena": "declined: at-lunch"}
    marc.accepts(call)
    assert call.served_by == marc


def test_parts_stay_whatever_became_of_them(fake, call, marc, lena):
    """Every part is shown with its role, state and reason, over or not."""
    marc.transfers(call, to=lena)
    fake.advance(seconds=20)
    shown = [(one.worker, str(one.role), str(one.state)) for one in call.parts]
    assert shown == [
        ("marc", "serves", "released"),
        ("lena", "serves", "expired"),
        ("marc", "serves", "pending"),
    ]
    assert call.parts[1].reason == "named: lena"


def test_a_worker_has_what_it_holds_and_no_more(fake, marc, ana):
    """`asked` is what a worker is asked to take, `work` all that takes its capacity."""
    fake.queue("main", wrap_up=MINUTE)
    first, second = (ana.starts("email", about="x") for _ in range(2))
    marc.accepts(first)
    assert (marc.asked, marc.work) == ((second,), (first, second))
    marc.closes(first)
    assert marc.work == (first, second)
    marc.releases(first)
    assert marc.work == (second,)
    marc.drains()
    assert (marc.state, marc.work) == ("signed_out", ())


def test_a_supervisor_comes_nearer_and_takes_over(fake, call, marc):
    """A supervisor listens, whispers, barges, and takes over with a part or without."""
    sue = fake.supervisor("sue")
    sue.listens(call)
    sue.whispers(call)
    assert call.roles[sue] == "whispers"
    sue.suggests(call, "Offer the refund.")
    sue.barges(call)
    sue.says(call, "Sue here, I have heard all of it.")
    sue.takes_over(call)
    assert call.worker == sue
    assert [one.worker for one in call.suggestions] == ["sue"]
    assert [one.worker for one in call.messages] == [None, "sue"]
    sue.assigns(call, marc)
    sue.takes_over(call)
    assert roles(call) == {"sue": "serves"}
    sue.transfers(call)
    assert (call.state, marc.asked) == ("waiting", (call,))


def test_a_supervisor_lets_a_worker_go(fake, call, marc):
    """A wrap-up that a queue forces only a supervisor ends sooner."""
    fake.queue("main", wrap_up=MINUTE, wrap_up_forced=True)
    sue = fake.supervisor("sue")
    marc.closes(call)
    with pytest.raises(CommandRefused, match="who wraps up cannot end it sooner"):
        marc.releases(call)
    sue.releases(call, marc)
    assert marc.work == ()


# -- messaging -------------------------------------------------------------------------------------


def test_a_conversation_sleeps_and_wakes_to_its_keeper(fake, ana, marc):
    """Dormant it has a keeper and nobody's capacity; her words bring it back to the keeper."""
    chat = ana.starts("whatsapp", about="x", says="Where is it?")
    marc.accepts(chat)
    chat.says("On its way.")
    chat.sleeps()
    assert (chat.state, chat.keeper, chat.worker, marc.work) == ("dormant", marc, None, ())
    assert ana.says(chat, "Thank you. And when?") == chat
    assert (chat.state, chat.keeper, marc.asked) == ("waiting", None, (chat,))


def test_a_suspended_one_says_on_whom_it_waits(fake, ana, marc):
    """Suspended it shows the party and the time, and comes back at that time by itself."""
    mail = ana.starts("email", about="x")
    marc.accepts(mail)
    marc.suspends(mail, "bank", "needs-statement", DAY)
    assert (mail.state, mail.party, mail.due) == ("suspended", "bank", START + DAY)
    assert mail.keeper == marc
    fake.advance(DAY)
    assert (mail.state, mail.party, mail.due, marc.asked) == ("waiting", None, None, (mail,))
    marc.accepts(mail)
    marc.suspends(mail, "bank", "again", fake.now + MINUTE)
    mail.reactivates()
    assert mail.state == "waiting"


def test_delivery_is_the_furthest_of_all_receipts(fake, ana, marc):
    """Receipts move a message forward only, by our id or by what the vendor calls it."""
    chat = ana.starts("whatsapp", about="x", says="Where is it?")
    marc.accepts(chat)
    sent = marc.says(chat, "On its way.")
    assert sent.delivery is None
    fake.reports_delivery("read", reference="wamid.1")
    fake.reports_delivery("sent", sent, reference="wamid.1")
    fake.reports_delivery("delivered", reference="wamid.1")
    message = chat.messages[-1]
    assert (message.delivery, message.reference) == ("read", "wamid.1")
    assert sorted(message.reported) == ["delivered", "read", "sent"]
    assert sent.delivery is None, "what was read stays as it was"


def test_what_is_edited_or_taken_back_says_so(fake, ana, marc):
    """An edited message has its latest text, a retracted one has none and is in no context."""
    chat = ana.starts("whatsapp", about="x", says="My card is 1234.")
    marc.accepts(chat)
    first = marc.says(chat, "Tank you.", attachments=(Attachment(reference="sha-1"),))
    marc.edits(first, "Thank you.")
    ana.retracts(chat.messages[0])
    assert [one.text for one in chat.messages] == ["", "Thank you."]
    assert [one.retracted for one in chat.messages] == [True, False]
    assert [one.edited for one in chat.messages] == [False, True]
    assert chat.messages[1].attachments[0].reference == "sha-1"
    assert chat.context.summary == "[whatsapp] marc: Thank you."


def test_the_reply_window_is_computed(fake, ana, marc):
    """What may be said follows from when she last spoke there: anything, then a template only."""
    fake.channel("instagram", reply_window=DAY, templates=True)
    chat = ana.starts("whatsapp", about="x", says="Where is it?")
    marc.accepts(chat)
    assert chat.reply_window.allowed == "anything"
    assert chat.reply_window.until == START + DAY
    fake.advance(DAY)
    assert chat.reply_window.allowed == "template"
    with pytest.raises(CommandRefused, match="template"):
        marc.says(chat, "It has arrived.")
    assert marc.says(chat, "It has arrived.", template="arrived").template == "arrived"
    ana.says(chat, "Lovely.")
    assert chat.reply_window.allowed == "anything"
    marc.moves(chat, "instagram")
    ana.says(chat, "I am still here.", channel="whatsapp")
    assert chat.reply_window.allowed == "template", "she has said nothing there yet"
    ana.says(chat, "And here.")
    assert chat.reply_window.allowed == "anything"
    assert ana.starts("email").reply_window.until is None


def test_typing_passes_and_leaves_no_trace(fake, ana, marc):
    """That somebody is typing goes by: the log is as long as it was."""
    chat = ana.starts("whatsapp", about="x")
    marc.accepts(chat)
    before = len(list(fake.log))
    ana.types(chat)
    marc.types(chat)
    assert [one.data.assignment for one in fake.passing] == [None, "i-1/1"]
    assert len(list(fake.log)) == before


def test_public_and_private_are_told_apart(fake, ana, marc):
    """A post in public that goes on in private: each message knows which it is, and who said it."""
    ben = fake.customer("Ben")
    post = ana.starts("social", about="x", says="Does anybody answer here?")
    marc.accepts(post)
    ben.says(post, "They never do.")
    marc.says(post, "We do, Ana. May I write to you?")
    marc.moves(post, "whatsapp")
    marc.says(post, "Which order is it?", template="hello")
    ana.says(post, "Number 7.")
    fake.do(Say(interaction=post.id, text="What of me?", channel="social", author=ben.id))
    assert [one.author for one in post.public_messages] == [ana.id, ben.id, None, ben.id]
    assert [one.worker for one in post.private_messages] == ["marc", None]
    assert post.channel == "whatsapp"
    assert "Number 7" in ana.sees(post).summary
    assert "Number 7" not in ben.sees(post).summary
    assert "They never do" in ben.sees(post).summary


def test_it_goes_on_at_an_address_that_the_channel_takes(fake, ana, marc):
    """Whoever moves it, the customer's first address for the new channel goes with it."""
    page = ana.starts("web", about="x")
    ana.moves(page, "whatsapp")
    (moved,) = [one.data for one in fake.log if one.type == "interaction.moved"]
    assert moved.address.key == "tel:+34600111222"
    fake.do(Arrive(interaction="odd", channel="whatsapp", about="x"))
    odd = fake.interaction("odd")
    marc.accepts(odd)
    marc.moves(odd, "email")
    assert (odd.channel, odd.customer) == ("email", None)


# -- what belongs together -------------------------------------------------------------------------


def test_lineage_and_journey(fake, ana, marc):
    """A return and a change of way lead back to the first; all are of one journey."""
    visit = ana.starts("web", about="x", says="Hello?")
    visit.escalates()
    call = ana.starts("voice", about="x")
    marc.accepts(call)
    marc.closes(call)
    back = ana.starts("voice", follows=call)
    assert (visit.end_reason, visit.successor) == ("superseded", call)
    assert back.lineage == (visit, call, back)
    assert (back.predecessor, back.successor) == (call, None)
    assert back.journey.interactions == ana.interactions == (visit, call, back)
    assert (back.journey.about, back.journey.customer, back.journey.state) == ("x", ana, "open")
    marc.accepts(back)
    marc.achieves_journey(back.journey, "paid")
    assert (back.journey.state, back.journey.reason) == ("achieved", "paid")


def test_a_journey_by_reference_and_a_move_between_two(fake, ana, marc):
    """An order is its own journey; a worker may say that what it serves belongs to another."""
    order = ana.opens_journey("delivery", reference="order-7")
    mail = ana.starts("email", about="x", reference="order-7")
    assert (mail.journey, order.reference) == (order, "order-7")
    other = ana.opens_journey("house")
    marc.accepts(mail)
    marc.joins_journey(mail, other)
    assert (mail.journey, order.interactions, other.interactions) == (other, (), (mail,))
    assert ana.starts("email", journey=order).journey == order
    assert ana.journeys == (order, other)
    marc.fails_journey(order, "gave-up")
    assert (order.state, order.reason) == ("failed", "gave-up")
    fake.advance(days=400)
    assert marc.opens_journey(ana, "new").state == "open"


def test_a_side_conversation_is_never_seen_by_the_customer(fake, call, ana, marc, lena):
    """What is asked of another department shows its parent, and stands in no list of hers."""
    side = marc.delegates(call, department="billing", says="Is that ours?")
    assert (side.parent, call.sides, side.direction) == (call, (side,), "internal")
    assert side.is_side
    assert lena.asked == (side,)
    lena.accepts(side)
    lena.says(side, "It is.")
    marc.says(side, "Then pay it back.")
    assert [one.worker for one in side.messages] == ["marc", "lena", "marc"]
    assert call.messages[-1].text == "My bill is wrong."
    assert "Is that ours?" in call.context.summary
    assert "[task] lena: It is." in call.context.summary
    assert ana.sees(call).summary == "[voice] customer: My bill is wrong."
    assert ana.sees(side).summary == ana.sees(call).summary
    assert ana.interactions == call.journey.interactions == (call,)


def test_context_without_a_journey_is_what_it_goes_on_with(fake):
    """Where nobody knows what it is about, context is of this line, with its side conversations."""
    marc = fake.worker("marc")
    lena = fake.worker("lena", department="billing")
    chat = fake.customer().starts("sms", says="one")
    (marc if marc.asked else lena).accepts(chat)
    side = chat.worker.delegates(chat, department="billing", says="two")
    chat.closes()
    again = chat.customer.says(chat, "three")
    assert again.journey is None
    assert [one.text for one in again.context.said] == ["one", "two", "three"]
    assert [one.text for one in side.context.said] == ["one", "two"]


def test_context_says_where_everything_comes_from(fake, ana, marc):
    """Each entry has its message, interaction, channel, time and speaker; none is in a repr."""
    visit = ana.starts("web", about="x", says="Canary one")
    visit.says("Canary two")
    visit.escalates()
    fake.advance(MINUTE)
    call = ana.starts("voice", about="x")
    said = call.context.said
    assert [(one.message, one.interaction, one.channel, one.worker) for one in said] == [
        ("i-1#1", "i-1", "web", None),
        ("i-1#2", "i-1", "web", "greeter"),
    ]
    assert {one.at for one in said} == {START}
    assert "anary" not in repr(call.context)
    assert call.context == visit.context


def test_we_reach_a_customer(fake, ana, marc):
    """Outbound is an interaction like any, served at once, at the address the channel takes."""
    sms = marc.reaches(ana, "sms", about="x", says="Your parcel is here.")
    assert (sms.direction, sms.worker, sms.customer) == ("outbound", marc, ana)
    assert [one.worker for one in sms.messages] == ["marc"]
    (arrived,) = [one.data for one in fake.log if one.type == "interaction.arrived"]
    assert arrived.address.key == "tel:+34600111222"


def test_a_callback_is_a_promise(fake, call, ana, marc):
    """She hangs up and is called back: the promise is kept when it is resolved."""
    marc.requests_callback(call, timedelta(hours=2), worker=marc)
    (promise,) = call.promises
    assert (promise.what, promise.state, promise.worker) == ("callback", "open", marc)
    assert call.due == START + timedelta(hours=2)
    fake.advance(hours=2)
    assert (marc.asked, call.due) == ((call,), None)
    marc.accepts(call)
    marc.closes(call)
    assert (promise.state, promise.evidence) == ("kept", call.id)


# -- a verb on an interaction ----------------------------------------------------------------------


def test_who_acts_where_nobody_is_named(fake, ana, marc):
    """A verb on an interaction is of who serves it, then of who keeps it, then of the centre."""
    mail = ana.starts("email", about="x")
    marc.accepts(mail)
    acting = []
    mail.says("Just a moment.")
    acting.append([*fake.log][-1].origin.actor)
    mail.sleeps()
    mail.reactivates()
    acting.append([*fake.log][-2].origin.actor)
    mail.closes(reason="withdrawn")
    acting.append([*fake.log][-1].origin.actor)
    assert acting[:2] == [Actor(ActorKind.WORKER, "marc")] * 2
    assert acting[2] == SYSTEM


def test_the_view_of_a_log_is_the_same_again(fake, call, marc, lena, ana):
    """A centre opened on the log shows what the first one shows, to the last field."""
    marc.delegates(call, lena, says="Please.")
    marc.promises(ana, "refund", DAY)
    marc.transfers(call, lena, returns_after=MINUTE)
    fake.advance(days=3)
    again = VirtualCentre(fake.store)
    assert repr(again.view) == repr(fake.view)
    assert again.interaction(call.id).parts == call.parts
    assert again.interaction(call.id) != call, "a handle of another centre is another handle"
