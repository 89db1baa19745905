"""Conversations: what is said, where, by whom, and what happens when nobody says anything.

How far a message got is proved in tests/property/test_receipts.py.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from tests.unit.scenes import (
    MINUTE,
    PLAIN,
    RING,
    SECOND,
    WRAP_UP,
    Scene,
    customer,
    everybody_was_somebodys,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused
from onechannel.model.address import Address
from onechannel.model.channel import Channel
from onechannel.model.message import Allowed, Attachment, reply_window

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
IDLE, OVER = 3 * MINUTE, HOUR
SMS = Channel(name="sms", load=25, dormant_after=IDLE, closes_after=OVER)


def writing(*more: str, channel: str = "sms") -> Scene:
    """`p` serves what `ana` writes; `bob` is known, and those named are there."""
    there = Scene(person("p"))
    there.ask(c.DefineChannel(channel=SMS))
    there.knows("ana", "bob")
    there.served("i", "p", channel, customer="ana")
    there.has(*(person(name) for name in more))
    return there


def asleep() -> Scene:
    """It is ana's turn, and `p`, who keeps it, has written everything up."""
    there = writing()
    there.ask(c.Sleep(interaction="i"), actor=worker("p"))
    there.passes(WRAP_UP)
    return there


def answers(there: Scene, text: str = "yes", channel: str | None = None, **more) -> None:
    """`p` says something."""
    say = c.Say(interaction="i", text=text, assignment=there.part("i", "p"), channel=channel)
    there.ask(say, actor=worker("p"), **more)


def writes(there: Scene, text: str = "hello", channel: str | None = None, **more) -> None:
    """Ana says something."""
    say = c.Say(interaction="i", text=text, channel=channel)
    there.ask(say, actor=customer("ana"), **more)


# -- what is said ---------------------------------------------------------------------------------


def test_messages_are_numbered_in_the_order_they_were_said():
    """Whoever speaks, the third thing said in `i` is `i#3`."""
    there = writing()
    writes(there)
    answers(there)
    writes(there)
    said = [*there.seen(e.MessageReceived), *there.seen(e.MessageSent)]
    assert sorted(one.message for one in said) == ["i#1", "i#2", "i#3"]


def test_attachments_are_kept_as_references():
    """What goes with a message is a reference, a type and a size, both ways."""
    form = Attachment(reference="sha256-1", media_type="application/pdf", size=9, name="form.pdf")
    there = writing()
    there.ask(c.Say(interaction="i", text="here", attachments=[form]), actor=customer("ana"))
    say = c.Say(interaction="i", text="there", assignment="i/1", attachments=[form])
    there.ask(say, actor=worker("p"))
    assert there.last(e.MessageReceived).attachments == (form,)
    assert there.last(e.MessageSent).attachments == (form,)


def test_only_who_serves_speaks_to_the_customer():
    """RT-26: whoever has no part, or had one, or has another's, is refused."""
    there = writing("q")
    say = c.Say(interaction="i", text="hello", assignment="i/1")
    there.refused(say, "not live", worker("q"))
    there.refused(say, "without an assignment", customer("ana"))
    there.refused(c.Say(interaction="i", text="hello"), "with its assignment", worker("p"))
    there.ask(c.Transfer(interaction="i", worker="q"))
    there.refused(say, "wrapping", worker("p"))
    there.refused(c.Say(interaction="i", text="hello", assignment="i/2"), "pending", worker("q"))
    there.accepts("i", "q")
    there.ask(c.Say(interaction="i", text="hello", assignment="i/2"), actor=worker("q"))


def test_a_part_is_of_one_interaction():
    """Nothing is said in one interaction by a part in another."""
    there = writing()
    there.arrives("k")
    there.refused(c.Say(interaction="k", text="hello", assignment="i/1"), "part", worker("p"))


# -- typing ---------------------------------------------------------------------------------------


def test_typing_is_noticed_and_not_kept():
    """Who types is told to whom it concerns; the log, and so every replay, knows nothing of it."""
    there = writing()
    before, standing = len(there.log), there.standing()
    (by_customer,) = there.ask(c.Type(interaction="i"), actor=customer("ana"))
    (by_worker,) = there.ask(c.Type(interaction="i", assignment="i/1"), actor=worker("p"))
    assert by_customer.data == e.TypingNoticed("i", None)
    assert by_worker.data == e.TypingNoticed("i", "i/1")
    assert (len(there.log), there.standing()) == (before, standing)
    assert {by_customer.position, by_worker.position} == {before}
    assert "typing.noticed" not in e.EVENT_TYPES


@pytest.mark.parametrize(
    ("command", "actor"),
    [
        (c.Type(interaction="i"), customer("bob")),
        (c.Type(interaction="i"), worker("p")),
        (c.Type(interaction="i", assignment="i/1"), worker("q")),
        (c.Type(interaction="x"), customer("ana")),
        (c.Type(interaction="x", assignment="i/1"), worker("p")),
    ],
    ids=["not hers", "not a customer", "not its part", "not there", "not of it"],
)
def test_who_has_nothing_to_say_does_not_type(command, actor):
    """Typing is as private as what will be said."""
    writing("q").refused(command, actor=actor)


# -- edits and retractions ------------------------------------------------------------------------


def spoken() -> Scene:
    """`i#1` is ana's, `i#2` is `p`'s."""
    there = writing("q")
    writes(there)
    answers(there)
    return there


def edited(message: str) -> c.Command:
    """It is to say something else."""
    return c.EditMessage(message=message, text="x")


def retracted(message: str) -> c.Command:
    """It is to be taken back."""
    return c.RetractMessage(message=message)


OWN = {"i#1": customer("ana"), "i#2": worker("p")}
FOREIGN = {"i#1": (customer("bob"), worker("p")), "i#2": (customer("ana"), worker("q"))}


@pytest.mark.parametrize("message", OWN)
def test_what_one_said_one_may_change_and_take_back(message):
    """Own messages may be edited, again, and retracted; once retracted they are over."""
    there = spoken()
    for text in ("one", "two"):
        there.ask(c.EditMessage(message=message, text=text), actor=OWN[message])
    assert [one.text for one in there.seen(e.MessageEdited)] == ["one", "two"]
    there.ask(c.RetractMessage(message=message), actor=OWN[message])
    edit = c.EditMessage(message=message, text="three")
    there.refused(edit, "taken back", OWN[message])
    there.refused(c.RetractMessage(message=message), "taken back", OWN[message])


@pytest.mark.parametrize("message", OWN)
def test_what_others_said_is_answered_as_if_it_were_not_there(message):
    """A foreign message is refused in the very words of one that never was."""
    there = spoken()
    for actor in FOREIGN[message]:
        for kind in (edited, retracted):
            refusal = there.refused(kind(message), actor=actor)
            absent = there.refused(kind("i#9"), actor=actor)
            assert refusal.replace(message, "i#9") == absent


@pytest.mark.parametrize(
    "message", ["i#0", "i#3", "i#01", "i#x", "i", "#1", "x#1", "i~1#1", "i>1#1"]
)
@pytest.mark.parametrize("closed", [False, True])
def test_what_was_never_said_is_never_changed(message, closed):
    """A number nobody spoke under is refused, of whatever is open or closed."""
    there = spoken()
    if closed:
        there.ask(c.Close(interaction="i"))
    there.refused(c.EditMessage(message=message, text="x"), "never said", supervisor())
    there.refused(c.RetractMessage(message=message), "never said", supervisor())


def test_the_house_may_take_back_what_is_over():
    """A supervisor takes back what should not be read, be the conversation closed or not."""
    there = spoken()
    there.ask(c.Close(interaction="i"))
    there.refused(c.RetractMessage(message="i#2"), actor=worker("p"))
    there.ask(c.RetractMessage(message="i#2"), actor=supervisor())
    assert there.last(e.MessageRetracted) == e.MessageRetracted("i", "i#2")


# -- dormancy -------------------------------------------------------------------------------------


def test_unanswered_it_is_the_customers_turn():
    """So long after the worker's last message without an answer nobody's capacity is held."""
    there = writing()
    answers(there)
    answers(there, after=60)
    there.passes(IDLE - TICK)
    assert there.holder() == "worker p"
    there.passes(TICK)
    assert (there.holder(), there.state("i", "p")) == ("keeper p", "wrapping")


def test_an_answer_stops_the_clock():
    """It is idle since the worker's last word, and only while that is the last."""
    there = writing()
    answers(there)
    writes(there, after=60)
    there.passes(DAY)
    assert there.holder() == "worker p"


def test_who_goes_on_waits_for_the_same_answer():
    """RT-22: who has it next does not hold capacity for ever for an answer that never comes."""
    there = writing("q", "r")
    answers(there)
    there.ask(c.Assign(interaction="i", worker="q"), after=30)
    there.ask(c.Consult(interaction="i", worker="r"), after=30)
    there.accepts("i", "r")
    there.ask(c.ChangeRole(assignment=there.part("i", "r"), role="serves"))
    there.passes(IDLE - MINUTE - TICK)
    assert there.holder() == "worker r"
    there.passes(TICK)
    assert there.holder() == "keeper r"


def test_what_is_dormant_wakes_to_who_kept_it():
    """The keeper is asked first, and alone for the policy's time; then anybody."""
    there = asleep()
    there.has(person("q"))
    writes(there)
    assert (there.last(e.InteractionQueued).because, there.asked()) == ("woken", "p")
    there.ask(c.BecomeUnavailable(worker="p"))
    asked_at = there.at
    there.comes_to("q", within=HOUR)
    assert there.at <= asked_at + max(RING, PLAIN.keeper_first)


def test_who_has_gone_home_is_not_waited_for():
    """A keeper who is signed out keeps nobody waiting."""
    there = asleep()
    there.has(person("q"))
    there.ask(c.SignOut(worker="p"))
    writes(there)
    assert there.asked() == "q"


def test_what_nobody_answers_is_over():
    """Dormant for the channel's time it is closed, and what is said then begins anew."""
    there = asleep()
    there.advance(there.when(e.InteractionSlept) + OVER - TICK)
    assert there.holder() == "keeper p"
    there.passes(TICK)
    assert there.ended() == "expired"
    writes(there)
    assert there.last(e.InteractionArrived).predecessor == "i"
    assert there.last(e.MessageReceived).message == "i~1#1"


def test_an_answer_in_time_keeps_it_open():
    """Woken, it does not close at the time it would have."""
    there = asleep()
    there.advance(there.when(e.InteractionSlept) + OVER - SECOND)
    writes(there)
    there.accepts("i", "p")
    there.passes(DAY)
    assert there.holder() == "worker p"


def test_what_is_dormant_may_be_taken_up_again():
    """Its keeper, or a supervisor, goes on before the customer says anything; others do not."""
    for actor in (worker("p"), supervisor()):
        there = asleep()
        there.refused(c.Reactivate(interaction="i"), "not open", worker("q"))
        there.ask(c.Reactivate(interaction="i"), actor=actor)
        assert there.asked() == "p"


@pytest.mark.parametrize("channel", ["voice", "chat", "web"])
def test_nobody_sleeps_on_the_telephone(channel):
    """What is real-time does not sleep, and has no idle clock."""
    there = Scene(person("p"))
    there.served("i", "p", channel)
    there.refused(c.Sleep(interaction="i"), "real-time", worker("p"))
    there.ask(c.Say(interaction="i", text="hello", assignment="i/1"))
    assert there.kernel.next_deadline is None


@pytest.mark.parametrize("state", ["pending", "active"])
def test_sleep_ends_a_consult(state):
    """RT-02: nobody is rung or held for what sleeps."""
    there = writing("q")
    there.ask(c.Consult(interaction="i", worker="q"))
    if state == "active":
        there.accepts("i", "q")
    there.ask(c.Sleep(interaction="i"))
    there.passes(WRAP_UP)
    assert {part.state for part in there.custody.parts.values()} == {"over"}


# -- reply windows --------------------------------------------------------------------------------


def sayable(there: Scene, channel: str | None = None) -> Allowed:
    """What `p` may send there now, found out by trying."""
    part = there.part("i", "p")
    for allowed, template in ((Allowed.ANYTHING, None), (Allowed.TEMPLATE, "reminder")):
        say = c.Say(
            interaction="i", text="hello", assignment=part, channel=channel, template=template
        )
        with suppress(CommandRefused):
            there.ask(say, actor=worker("p"))
            return allowed
    return Allowed.NOTHING


CHANNELS = {
    "open": (Channel(name="open"), Allowed.ANYTHING),
    "closing": (Channel(name="closing", reply_window=DAY), Allowed.NOTHING),
    "templated": (Channel(name="templated", reply_window=DAY, templates=True), Allowed.TEMPLATE),
}


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize(
    ("wait", "within"), [(timedelta(0), True), (DAY - TICK, True), (DAY, False), (9 * DAY, False)]
)
def test_a_reply_window_is_computed(name, wait, within):
    """What may still be sent follows from when the customer spoke; the kernel says the same."""
    channel, after = CHANNELS[name]
    there = Scene(person("p"))
    there.ask(c.DefineChannel(channel=channel))
    there.served("i", "p", name)
    there.ask(c.Say(interaction="i", text="hello"))
    heard_at = there.at
    there.passes(wait)
    allowed = Allowed.ANYTHING if within else after
    assert reply_window(channel, heard_at, there.at).allowed is allowed
    assert sayable(there) is allowed


def test_what_is_refused_says_what_is_allowed():
    """Outside the window the refusal names the way out: a template, or another channel."""
    there = Scene(person("p"))
    for channel, _ in CHANNELS.values():
        there.ask(c.DefineChannel(channel=channel))
    there.served("i", "p", "templated")
    say = c.Say(interaction="i", text="hello", assignment="i/1")
    there.refused(say, "say it by a template", worker("p"))
    there.ask(c.MoveChannel(interaction="i", channel="closing"))
    there.refused(say, "reach them by another channel", worker("p"))


def test_each_channel_has_a_window_of_its_own():
    """What was heard on one opens no other, and is not forgotten by going away and back."""
    there = writing(channel="whatsapp")
    writes(there)
    there.ask(c.MoveChannel(interaction="i", channel="voice"))
    there.ask(c.MoveChannel(interaction="i", channel="whatsapp"))
    assert sayable(there) is Allowed.ANYTHING
    there.ask(c.MoveChannel(interaction="i", channel="email"))
    there.passes(3 * DAY)
    writes(there)
    assert sayable(there) is Allowed.ANYTHING
    assert sayable(there, "whatsapp") is Allowed.TEMPLATE
    writes(there, channel="whatsapp")
    assert sayable(there, "whatsapp") is Allowed.ANYTHING


def test_a_window_is_opened_by_the_customer_alone():
    """What the worker says, and what is only edited, opens nothing."""
    there = writing(channel="whatsapp")
    writes(there)
    there.passes(DAY - SECOND)
    answers(there)
    there.ask(c.EditMessage(message="i#1", text="hello!"), actor=customer("ana"))
    there.passes(SECOND)
    assert sayable(there) is Allowed.TEMPLATE


# -- public and private ---------------------------------------------------------------------------


def in_public() -> Scene:
    """Ana has posted something, which `p` serves in public."""
    there = writing(channel="social")
    writes(there, "it does not work")
    return there


def in_private() -> Scene:
    """What ana had posted goes on in private."""
    there = in_public()
    there.ask(c.MoveChannel(interaction="i", channel="whatsapp"), actor=worker("p"))
    return there


def test_in_public_anybody_known_may_speak():
    """A public post has many authors, and each message its own."""
    there = in_public()
    there.ask(c.Say(interaction="i", text="nor mine"), actor=customer("bob"))
    there.ask(c.Say(interaction="i", text="nor mine", author="bob"))
    assert [one.author for one in there.seen(e.MessageReceived)] == ["ana", "bob", "bob"]
    there.refused(c.Say(interaction="i", text="x", author="nobody"), "not registered")


def test_in_public_one_only_speaks():
    """Who may comment may do nothing else with what another began."""
    there = in_public()
    for command in (
        c.Leave(interaction="i"),
        c.MoveChannel(interaction="i", channel="voice"),
        c.RequestCallback(interaction="i"),
        c.Escalate(interaction="i"),
    ):
        there.refused(command, "not open", customer("bob"))


def test_in_private_nobody_else_speaks():
    """SE-08: what goes on in private is the customer's; a foreign id is answered like no id."""
    there = in_private()
    say = c.Say(interaction="i", text="let me see")
    refusal = there.refused(say, actor=customer("bob"))
    absent = there.refused(c.Say(interaction="x", text="let me see"), actor=customer("bob"))
    assert refusal.replace(" i ", " x ") == absent
    there.refused(c.Say(interaction="i", text="let me see", author="bob"), "not open")
    writes(there, "my number is 7")
    assert (there.last(e.MessageReceived).channel, there.last(e.MessageReceived).author) == (
        "whatsapp",
        "ana",
    )


def test_both_sides_are_told_apart_by_the_channel_of_each_message():
    """One interaction, public and private turns: each says where it was said, and is never both."""
    there = in_private()
    writes(there, "in private")
    there.ask(c.Say(interaction="i", text="well?", channel="social"), actor=customer("bob"))
    answers(there, "in private, too")
    answers(there, "we are on it", channel="social")
    said = {one.text: one.channel for one in there.seen(e.MessageReceived)}
    said |= {one.text: one.channel for one in there.seen(e.MessageSent)}
    assert said == {
        "it does not work": "social",
        "in private": "whatsapp",
        "well?": "social",
        "in private, too": "whatsapp",
        "we are on it": "social",
    }
    there.refused(c.Say(interaction="i", text="x", channel="sms"), "never on channel sms")


def test_what_is_said_in_public_after_the_end_is_its_authors():
    """TH-02, TH-08: nobody's words are put into another's mouth, and nothing is left out."""
    there = in_public()
    there.ask(c.Close(interaction="i"))
    photo = Attachment(reference="sha256-2", media_type="image/png")
    say = c.Say(interaction="i", text="it still does not", author="bob", attachments=[photo])
    there.ask(say)
    heard = there.last(e.MessageReceived)
    assert (heard.interaction, heard.author, heard.attachments) == ("i~1", "bob", (photo,))


def test_what_was_private_is_not_continued_by_another():
    """TH-03: who was no part of a private conversation does not open its successor."""
    there = in_private()
    there.ask(c.Close(interaction="i"))
    there.refused(c.Say(interaction="i", text="and mine?"), "not", customer("bob"))
    there.refused(c.Arrive(channel="whatsapp", follows="i"), "not", customer("bob"))
    assert "i~1" not in there.custody.lines


def test_what_is_said_after_the_end_begins_where_it_was_said():
    """The successor is on the channel the words came by, or the last one it was on."""
    for channel, expected in ((None, "whatsapp"), ("whatsapp", "whatsapp"), ("social", "social")):
        there = in_private()
        there.ask(c.Close(interaction="i"))
        writes(there, channel=channel)
        assert there.last(e.InteractionArrived).channel == expected
        assert there.last(e.MessageReceived).channel == expected


def test_an_unknown_author_is_nobody():
    """What a stranger writes is kept without an author, and seen as nobody's."""
    there = Scene(person("p"))
    stranger = Address.parse("tel:+34600111222")
    there.arrives("i", "sms", address=stranger, says="hello")
    assert there.last(e.MessageReceived).author is None
    there.refused(c.Say(interaction="i", text="mine"), "not open", customer("ana"))
