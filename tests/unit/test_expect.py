"""What can be expected: every kind, met and not met; statements; order; what nobody asked."""

import inspect
import re
from datetime import timedelta

import attrs
import pytest
from tests.unit.expect_story import a_fake, told

from onechannel import InvalidValue, Named, Policy
from onechannel.commands import ObserveAnomaly, Say
from onechannel.events import EVENT_TYPES
from onechannel.model.actor import Actor, ActorKind
from onechannel.simulation import Turn, VirtualCentre
from onechannel.simulation.expecting import (
    KINDS,
    STATEMENTS,
    Expect,
    Expectation,
    ExpectationFailed,
)

#: Of each kind: what is expected of the story, and how often it has happened. `s` is the story.
EXAMPLES = {
    "arrived": [
        ({}, 3),
        ({"interaction": "s.call"}, 1),
        ({"customer": "s.ana", "channel": "web"}, 1),
        ({"about": "orders", "direction": "inbound"}, 3),
        ({"direction": "outbound"}, 0),
        ({"about": re.compile("^ord")}, 3),
    ],
    "queued": [
        ({"interaction": "s.chat"}, 2),
        ({"queue": "main", "because": "escalation"}, 2),
        ({"because": "escalation", "reason": "stuck"}, 1),
        ({"interaction": "s.visit", "customer": "s.ana"}, 2),
        ({"because": "callback"}, 0),
    ],
    "asked": [
        ({"worker": "s.eva"}, 2),
        ({"worker": "s.eva", "interaction": "s.chat"}, 1),
        ({"worker": "s.marc", "role": "serves"}, 1),
        ({"interaction": "s.chat", "role": "consulted"}, 0),
        ({"worker": "s.greeter", "customer": "s.ana"}, 1),
        ({"worker": "s.marc", "interaction": "s.call"}, 0),
    ],
    "assigned": [
        ({"worker": "s.bot"}, 1),
        ({"worker": "s.lena", "interaction": "s.chat"}, 1),
        ({"worker": "s.lena", "interaction": "s.visit"}, 0),
        ({"customer": "s.ana"}, 3),
        ({"worker": "s.eva"}, 0),
        ({"worker": re.compile("^(bot|greeter)$")}, 2),
    ],
    "declined": [
        ({"worker": "s.eva"}, 1),
        ({"interaction": "s.chat", "reason": "busy"}, 1),
        ({"reason": "lunch"}, 0),
        ({"customer": "s.ana"}, 1),
        ({"worker": "s.marc"}, 0),
    ],
    "missed": [
        ({"worker": "s.marc"}, 1),
        ({"interaction": "s.chat", "customer": "s.ana"}, 1),
        ({"worker": "s.eva"}, 0),
    ],
    "released": [
        ({"worker": "s.lena"}, 1),
        ({"worker": "s.bot", "interaction": "s.chat"}, 1),
        ({"customer": "s.ana"}, 3),
        ({"worker": "s.marc"}, 0),
    ],
    "closed": [
        ({"interaction": "s.chat", "reason": "resolved"}, 1),
        ({"disposition": "parcel-found"}, 1),
        ({"disposition": re.compile("parcel")}, 1),
        ({"reason": "abandoned", "channel": "voice", "customer": "s.ana"}, 1),
        ({"reason": "withdrawn"}, 0),
        ({"interaction": "s.call", "reason": "superseded"}, 0),
    ],
    "superseded": [
        ({}, 1),
        ({"interaction": "s.visit"}, 1),
        ({"customer": "s.ana", "channel": "web"}, 1),
        ({"interaction": "s.call"}, 0),
    ],
    "heard": [
        ({}, 2),
        ({"text": "R-22"}, 1),
        ({"text": re.compile(r"R-\d+"), "interaction": "s.chat"}, 1),
        ({"customer": "s.ana", "channel": "whatsapp"}, 2),
        ({"text": "depot"}, 0),
        ({"interaction": "s.call"}, 0),
    ],
    "sent": [
        ({}, 3),
        ({"text": "depot", "interaction": "s.chat"}, 1),
        ({"worker": "s.bot"}, 2),
        ({"text": re.compile("^let", re.IGNORECASE), "customer": "s.ana"}, 1),
        ({"channel": "whatsapp", "worker": "s.lena"}, 1),
        ({"channel": "sms"}, 0),
        ({"template": "parcel-late"}, 0),
        ({"text": "R-22"}, 0),
    ],
    "promised": [
        ({}, 6),
        ({"what": "refund"}, 1),
        ({"what": "call", "customer": "s.ana"}, 2),
        ({"worker": "s.lena", "interaction": "s.chat"}, 6),
        ({"what": "flowers"}, 0),
    ],
    "kept": [
        ({"promise": "s.kept"}, 1),
        ({"what": "parcel", "customer": "s.ana", "worker": "s.lena"}, 1),
        ({"promise": "s.broken"}, 0),
    ],
    "broken": [
        ({"promise": "s.broken"}, 1),
        ({"worker": "s.lena"}, 2),
        ({"what": "call", "customer": "s.ana"}, 1),
        ({"worker": "s.marc"}, 0),
        ({"promise": "s.kept"}, 0),
    ],
    "renegotiated": [
        ({"promise": "s.late"}, 1),
        ({"what": "call", "customer": "s.ana", "worker": "s.lena"}, 1),
        ({"promise": "s.later"}, 0),
    ],
    "withdrawn": [
        ({"promise": "s.withdrawn", "reason": "not-wanted"}, 1),
        ({"what": "voucher", "customer": "s.ana", "worker": "s.lena"}, 1),
        ({"reason": "forgotten"}, 0),
    ],
    "paused": [
        ({"promise": "s.paused", "reason": "strike"}, 1),
        ({"what": "letter", "customer": "s.ana", "worker": "s.lena"}, 1),
        ({"promise": "s.kept"}, 0),
    ],
    "achieved": [
        ({"journey": "s.achieved", "reason": "moved"}, 1),
        ({"about": "move", "customer": "s.ana"}, 1),
        ({"journey": "s.failed"}, 0),
    ],
    "failed": [
        ({"journey": "s.failed"}, 1),
        ({"about": "upgrade", "customer": "s.ana", "reason": "no-line"}, 1),
        ({"about": "move"}, 0),
    ],
    "lapsed": [
        ({"journey": "s.lapsed"}, 1),
        ({"customer": "s.ana", "about": "survey"}, 1),
        ({"journey": "s.achieved"}, 0),
    ],
    "refused": [
        ({}, 1),
        ({"worker": "s.bot", "interaction": "s.chat"}, 1),
        ({"verb": "say", "because": "it is over"}, 1),
        ({"because": re.compile("released$")}, 0),
        ({"verb": "close"}, 0),
        ({"customer": "s.ana"}, 0),
    ],
}


@pytest.fixture(scope="module")
def story():
    """Told once: nothing that is expected of it below lets time pass."""
    s = told()
    s.greeter = s.centre.greeter
    s.expect = s.centre.expect
    return s


def given(s, fields):
    """The fields of an example, with the story's handles."""
    return {
        name: getattr(s, value[2:]) if str(value).startswith("s.") else value
        for name, value in fields.items()
    }


def failure(asking, *given, **more):
    """What an expectation says where it is not met."""
    with pytest.raises(ExpectationFailed) as raised:
        asking(*given, **more)
    return raised.value.said


EVERY = [(kind, *one) for kind, examples in EXAMPLES.items() for one in examples]


@pytest.mark.parametrize(("kind", "fields", "count"), EVERY)
def test_each_kind_is_met_and_not_met(story, kind, fields, count):
    """Asked in each of the ways, an expectation says how often that has happened, and no other."""
    wanted = given(story, fields)
    method = getattr(story.expect, kind)
    assert len(method(**wanted).times(count)) == count
    failure(method(**wanted).times, count + 1)
    if count:
        assert method(**wanted).now() == method(**wanted).times(count)[0]
        failure(method(**wanted).never)
        failure(method(**wanted).times, count - 1)
    else:
        method(**wanted).never()
        failure(method(**wanted).now)


@pytest.mark.parametrize(("kind", "fields", "count"), EVERY)
def test_ids_say_the_same_as_handles(story, kind, fields, count):
    """Whatever a handle says, the id says, and so does the name of the kind with its fields."""
    plain = {name: getattr(value, "id", value) for name, value in given(story, fields).items()}
    assert len(getattr(story.expect, kind)(**plain).times(count)) == count
    assert len(story.expect.by_name(kind, **plain).times(count)) == count


def test_every_kind_has_examples():
    """No kind, and no field of a kind, goes untried."""
    assert EXAMPLES.keys() == KINDS.keys()
    tried = {kind: {name for one, _ in found for name in one} for kind, found in EXAMPLES.items()}
    assert tried == {name: {*kind.fields} for name, kind in KINDS.items()}


def test_the_methods_are_the_table():
    """Each method takes the fields of its row, in their order, by name; each is None if unsaid."""
    for name, kind in KINDS.items():
        _, *parameters = inspect.signature(getattr(Expect, name)).parameters.values()
        assert tuple(one.name for one in parameters) == kind.fields
        assert all(one.default is None for one in parameters)
    public = {name for name in vars(Expect) | vars(Expect.__base__) if not name.startswith("_")}
    others = {"event", "by_name", "from_now", "unasked", "all_asked"}
    assert public == {*KINDS, *STATEMENTS, *others, *(f"{name}_steps" for name in STATEMENTS)}


def test_the_page_is_the_table(request):
    """The page of expectations tells each kind and each statement, in order, as the code does."""
    page = (request.config.rootpath / "docs/reference/expectations.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| `")
    ]
    told = {row[0]: row[1:] for row in rows if row[0].strip("`") in KINDS and len(row) == 4}
    assert list(told) == [f"`{name}`" for name in KINDS]
    for name, kind in KINDS.items():
        event = "none" if kind.event is None else f"`{kind.event}`"
        fields = " ".join(f"`{field}`" for field in kind.fields)
        assert told[f"`{name}`"] == [fields, event, kind.also or "all"]
    statements = [row[0].strip("`").partition("(")[0] for row in rows if len(row) == 3]
    assert statements == list(STATEMENTS)


def test_the_table_knows_the_events():
    """Each row's event is one, and has each field that is not looked up elsewhere."""
    looked_up = {
        field for kind in KINDS.values() if kind.event for field in kind.fields
        if field not in {one.name for one in attrs.fields(EVENT_TYPES[kind.event])}
    }  # fmt: skip
    assert looked_up == {"customer", "worker", "what", "about"}


def test_what_was_found_is_given(story):
    """An event or a refusal answers, with all that it says."""
    assert story.expect.closed(story.chat).now().data.disposition == "parcel-found"
    assert story.expect.refused(story.bot).now().command.text == "One more thing."


# -- what counts, where not all events of a sort do -----------------------------------------------


@pytest.fixture
def centre():
    return a_fake()


def test_who_advises_does_not_serve(centre):
    """Only who serves is assigned: not who is consulted, but whoever takes over from there."""
    ana, eva, marc = centre.customer("Ana"), centre.worker("eva"), centre.worker("marc")
    call = ana.starts("voice", about="orders")
    eva.accepts(call)
    eva.consults(call, marc)
    marc.accepts(call)
    centre.expect.asked(marc, role="consulted").now()
    centre.expect.assigned(marc).never()
    eva.completes_transfer(call)
    centre.expect.assigned(marc, call).now()
    assert [one.data.worker for one in centre.expect.assigned(interaction=call).times(2)] == [
        "eva",
        "marc",
    ]


def test_a_side_conversation_is_neither_heard_nor_sent(centre):
    """What workers say to one another reaches no customer, and is no customer's."""
    ana, eva, marc = centre.customer("Ana"), centre.worker("eva"), centre.worker("marc")
    call = ana.starts("voice", about="orders")
    eva.accepts(call)
    side = eva.delegates(call, marc, says="Where is R-22?")
    marc.accepts(side)
    marc.says(side, "At the depot.")
    centre.expect.heard().never()
    centre.expect.sent().never()
    centre.expect.arrived(side, direction="internal").now()
    centre.expect.event("message.sent", interaction=side, text="depot").now()


def test_merged_customers_are_one(centre):
    """What one did counts for whoever it turned out to be, until it turns out not to."""
    ana, anna = centre.customer("Ana"), centre.customer("Anna")
    anna.starts("sms", says="It is me.")
    centre.expect.heard(customer=ana).never()
    ana.merges(anna)
    centre.expect.heard(customer=ana).now()
    centre.expect.arrived(customer=anna).now()
    anna.unmerges()
    centre.expect.heard(customer=ana).never()


def test_in_public_the_author_speaks(centre):
    """Where many may speak, what is heard is of who said it."""
    ana, ben = centre.customer("Ana"), centre.customer("Ben")
    post = ana.starts("social", says="It is late.")
    ben.says(post, "Mine, too.")
    centre.expect.heard("Mine", customer=ben).now()
    centre.expect.heard("Mine", customer=ana).never()


# -- any event ------------------------------------------------------------------------------------


def test_any_event_can_be_expected(story):
    """By its stored name and its fields, as values, handles or patterns."""
    expect = story.expect
    expect.event("worker.unavailable", worker=story.eva, reason="declined").now()
    expect.event("worker.unavailable", worker="eva", until=None).never()
    expect.event("worker.unavailable", worker="marc", until=None).now()
    expect.event("interaction.arrived", predecessor=story.visit).now()
    expect.event("interaction.closed", reason="abandoned", said=0).now()
    expect.event("customer.registered", customer=re.compile(r"c-\d")).now()
    expect.event("promise.renegotiated", successor=story.later).times(1)
    expect.event("message.received", text="R-22").now()
    said = failure(expect.event("interaction.closed", reason="rejected").now)
    assert said.startswith("expected so far: interaction.closed (reason rejected)\n")


def test_every_event_can_be_expected(story):
    """There is no event of the log that cannot be expected by all its fields."""
    for event in story.centre.log:
        fields = {
            field.name: getattr(event.data, field.name) for field in attrs.fields(type(event.data))
        }
        assert event in story.expect.event(event.type, **fields).times(
            sum(one.data == event.data for one in story.centre.log)
        )


# -- statements -----------------------------------------------------------------------------------


def handed_over(centre, *, bot="bot"):
    """Ana's chat, which the machine has handed over."""
    chat = centre.customer("Ana", "tel:+34600111222").starts("whatsapp", about="orders", says="Hi")
    chat.escalates()
    assert chat.worker is None
    return centre.worker(bot), chat


def test_a_machine_that_keeps_silent(centre):
    """After its hand-over it has said nothing: what it said before is as it should be."""
    bot, chat = handed_over(centre)
    assert [one.worker for one in chat.messages] == [None, "bot"]
    centre.expect.silent(bot)
    centre.expect.silent("bot", minutes=10)


def test_a_machine_that_tries_to_speak(centre):
    """What it tried to say counts, though the kernel has refused it."""
    bot, chat = handed_over(centre)
    with pytest.raises(Exception, match="released"):
        bot.says(chat, "One more thing.")
    assert failure(centre.expect.silent, bot) == (
        "expected: bot is silent once it has handed over\n"
        "but at 09:00:00 bot wants to say in i-1, and is refused: "
        "assignment i-1/1 is released: it is over"
    )
    centre.expect.from_now.silent(bot)


def test_a_machine_that_edits_what_it_said(centre):
    """To change an old message is to speak."""
    bot, chat = handed_over(centre)
    bot.edits(chat.messages[1], "Which order was it?")
    assert "but at 09:00:00 message.edited (" in failure(centre.expect.silent, bot)


def test_a_late_turn_breaks_the_silence(centre):
    """Within a time the script goes on, and the failure says when it spoke."""
    bot = centre.machine(
        "late", Turn.answers("Hello."), Turn.answers("Still there?", after=timedelta(minutes=2)),
        channels=["sms"],
    )  # fmt: skip
    text = centre.customer("Ana", "tel:+34600111222").starts("sms", about="orders")
    text.escalates()
    centre.expect.silent(bot)
    assert "but at 09:02:00 late wants to say" in failure(centre.expect.silent, bot, minutes=5)
    assert centre.now.minute == 2


def test_who_serves_again_may_speak(centre):
    """Handed back to it, a machine speaks again; handed over again, it is silent again."""
    bot, chat = handed_over(centre)
    eva = centre.worker("eva")
    eva.accepts(chat)
    eva.hands_back(chat)
    assert chat.worker == bot
    bot.says(chat, "Here I am again.")
    centre.expect.silent(bot)
    chat.escalates()
    with pytest.raises(Exception, match="is over"):
        bot.says(chat, "And again.")
    failure(centre.expect.silent, bot)


def test_silence_of_who_never_had_anything_to_hand_over(centre):
    """A machine that has handed nothing over proves nothing: that it does not speak is no merit."""
    centre.customer("Ana", "tel:+34600111222").starts("whatsapp", says="Hello")
    assert failure(centre.expect.silent, "bot") == (
        "expected: bot is silent once it has handed over\nbut it has handed nothing over"
    )


def test_what_is_closed_is_not_handed_over(centre):
    """Whoever closes, or lets it sleep, has passed it on to nobody."""
    bot = centre.worker("bot")
    ana = centre.customer("Ana", "tel:+34600111222")
    first, second = (ana.starts("whatsapp", says="Hello") for _ in range(2))
    bot.closes(first)
    bot.sleeps(second)
    for one in (first, second):
        with pytest.raises(Exception, match="is"):
            centre.do(
                Say(interaction=one.id, text="Wait", assignment=one.parts[0].assignment),
                Actor(ActorKind.MACHINE, "bot"),
            )
    assert "handed nothing over" in failure(centre.expect.silent, bot)


def test_no_anomaly():
    """What cannot be is told, and so is a policy that fails; within a time, when it comes."""
    centre = VirtualCentre()
    expect = Expect(centre)
    expect.no_anomaly()
    expect.no_anomaly(hours=8)
    centre.later(
        timedelta(minutes=5),
        lambda: centre.observes(ObserveAnomaly(interaction="x", verb="accept", reason="unknown")),
    )
    assert failure(expect.no_anomaly, hours=1).startswith(
        "expected: there is no anomaly\nbut at 17:05:00 anomaly.observed ("
    )
    assert centre.now.hour == 17
    assert centre.now.minute == 5
    expect.from_now.no_anomaly()


def test_a_policy_that_fails_is_an_anomaly():
    """A rule that raises is noticed, although the default plan has served."""

    def rule(*_given):
        raise ZeroDivisionError

    centre = VirtualCentre(
        policy=Policy(name="mine", plan=Named("mine")), callables={"mine": rule}
    )  # fmt: skip
    centre.customer("Ana").starts("voice")
    assert "policy.faulted" in failure(Expect(centre).no_anomaly)


# -- what nobody asked ----------------------------------------------------------------------------


def test_what_is_not_asked_is_told_at_the_end(centre):
    """Made and not asked, it has said nothing: `all_asked` names each, once."""
    centre.expect.all_asked()
    kept = centre.expect.asked("eva")
    centre.expect.sent("depot", channel="sms")
    centre.expect.from_now.refused(verb="close")
    assert [one.said for one in centre.expect.unasked] == [
        "eva is asked to take an interaction",
        'somebody says something with "depot" to the customer on sms',
        "somebody wants to close, and is refused",
    ]
    kept.never()
    assert failure(centre.expect.all_asked) == (
        "expected, but never asked whether it is so:\n"
        '- somebody says something with "depot" to the customer on sms\n'
        "- somebody wants to close, and is refused\n"
        "end each with now(), within(...), never(...) or times(...)"
    )
    centre.expect.all_asked()


def test_what_fails_has_been_asked(centre):
    """Each way of asking counts as such, met or not; what is in an order is asked by it."""
    expect = centre.expect
    failure(expect.asked("eva").now)
    failure(expect.asked("eva").within, seconds=1)
    failure(expect.asked("eva").times, 3)
    failure(expect.in_order, expect.asked("eva"), expect.declined("eva"))
    assert expect.unasked == ()


def test_nonsense_is_not_asking(centre):
    """Whoever asks in a way that cannot be has not asked."""
    waiting = centre.expect.asked("eva")
    with pytest.raises(InvalidValue):
        waiting.within(fortnights=1)
    assert centre.expect.unasked == (waiting,)


def test_an_expectation_shows_what_it_is(centre):
    """Its `repr` is its words, without what may not be shown."""
    assert repr(centre.expect.asked("eva")) == "<expectation: eva is asked to take an interaction>"
    hidden = Expect(centre, show_text=False).sent("secret")
    assert "secret" not in repr(hidden)
    assert isinstance(hidden, Expectation)
    assert "secret" not in repr(hidden.sought)
