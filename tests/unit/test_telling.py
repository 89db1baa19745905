"""The words of a timeline: every kind of event, told so that a person understands it."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from onechannel import commands as c
from onechannel import events as e
from onechannel.insight import EntryKind, render_text, timeline
from onechannel.insight.timeline import _TELL
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.assignment import Role
from onechannel.model.calendar import Calendar
from onechannel.model.channel import SOCIAL, VOICE
from onechannel.model.interaction import Direction, EndReason, QueuedBecause
from onechannel.model.journey import StitchedBecause
from onechannel.model.message import Attachment, Delivery
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.model.queue import Queue, Router
from onechannel.model.requirement import Requirement
from onechannel.model.worker import Worker, WorkerKind
from onechannel.testing.strategies import Rehearsal

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LATER = NINE + timedelta(hours=1)
ARRIVED = e.InteractionArrived("i", "voice", "ana", None, None, 0, None)
OPENED = e.AssignmentOpened("i/1", "i", "eva", Role.SERVES, None, "why")
SHOP = Calendar(name="shop", zone="Europe/Madrid", hours={"mon": "10:00-14:00"})
PART = ("i/1", "i", "eva")
PROMISE = ("p-1", "ana", "i", "j-1")
TO_MARC = Plan(
    queue="main",
    steps=(
        Step(requirement=Requirement(workers={"marc"}), expires_after=timedelta(0)),
        Step(requirement=Requirement(workers={"eva"}), expires_after=timedelta(minutes=2)),
        Step(requirement=Requirement(kinds={WorkerKind.PERSON}, skills={"billing": 2})),
    ),
)


def log(*happened, actor=SYSTEM) -> list[e.Event]:
    """The events of a log, a second apart."""
    return [
        e.Event(number, e.Origin(when, when, e.Cause.COMMAND, "r", actor, "m"), data)
        for number, data in enumerate(happened, start=1)
        for when in [NINE + number * SECOND]
    ]


def told(*happened, **more):
    """The entry of what happened last, or what it put an end to."""
    entries = list(timeline(log(*happened, **more)))
    return [entry for entry in entries if entry.position == len(happened)]


def queued(because, *, plan=None, step=None, reason=None):
    return e.InteractionQueued("i", "main", because, NINE, plan, step, None, None, reason)


def moved(because, **more):
    """What a move into the queue says, after an arrival that Eva served."""
    before = (ARRIVED, OPENED, e.AssignmentAccepted(*PART))
    return [
        (entry.who, entry.what, entry.detail) for entry in told(*before, queued(because, **more))
    ]


def message(number=1, channel="voice", text="hello", **more):
    return e.MessageReceived("i", f"i#{number}", channel, None, text, **more)


# -- every kind of event --------------------------------------------------------------------------


def test_every_kind_of_event_is_told():
    """No event that a log may hold, nor one that passes, is without words."""
    assert set(_TELL) == {*e.EVENT_TYPES.values(), e.TypingNoticed}


#: What happened, and how it is told: who, what, detail, due.
WORDS = [
    (e.ChannelDefined(VOICE), "voice", "is a channel", None, None),
    (e.ChannelDefined(SOCIAL), "social", "is a channel", "public", None),
    (e.QueueDefined(Queue(name="q")), "q", "is a queue", "routed by us", None),
    (
        *(e.QueueDefined(Queue(name="q", router=Router.THEIRS)), "q", "is a queue"),
        *("routed by somebody else", None),
    ),
    (e.CalendarDefined(SHOP), "shop", "is a calendar", "in zone Europe/Madrid", None),
    (e.WorkerDefined("w", Worker(id="w")), "w", "is a person", None, None),
    (
        *(e.WorkerDefined("w", Worker(id="w", kind="partner", department="legal")), "w"),
        *("is a partner", "department legal", None),
    ),
    (e.PolicyAdopted(DEFAULT_POLICY), "default", "is the policy from now on", None, None),
    (
        *(e.PolicyFaulted("i", "vip", "raised X"), "vip"),
        *("makes no plan, and the default one is used", "raised X", None),
    ),
    (e.WorkerSignedIn("w"), "w", "signs in", None, None),
    (e.WorkerSignedOut("w"), "w", "signs out", None, None),
    (e.WorkerAvailable("w"), "w", "is available", None, None),
    (e.WorkerUnavailable("w", "lunch", LATER), "w", "is unavailable", "lunch", LATER),
    (e.WorkerUnavailable("w", "rude", LATER, True), "w", "is sanctioned", "rude", LATER),
    (
        *(e.WorkerDraining("w", None), "w", "takes no new work, and goes when all is done"),
        *(None, None),
    ),
    (
        *(e.WorkerDraining("w", LATER), "w", "takes no new work, and goes when all is done"),
        *("asynchronous work goes back then", LATER),
    ),
    (e.CustomerRegistered("ana", "Ana", ()), "ana", "is known", None, None),
    (
        *(e.CustomerLinked("ana", Address.parse("tel:+346001"), "code"), "ana"),
        *("is known by one more address", "(claimed, code)", None),
    ),
    (
        *(e.CustomerUnlinked("ana", Address.parse("tel:+346001"), "sold"), "ana"),
        *("is no longer known by one address", "(sold)", None),
    ),
    (e.CustomerMerged("bo", "ana", "said"), "bo", "is the same as ana", "(said)", None),
    (
        *(e.CustomerUnmerged("bo", "ana", "said"), "bo", "is not the same as ana after all"),
        *("(said)", None),
    ),
    (
        *(e.JourneyOpened("j-1", "ana", "billing", "R-1", LATER), "ana", "sets out on j-1"),
        *("about billing, reference R-1", None),
    ),
    (e.JourneyJoined("j-1", "i", StitchedBecause.NAMED), "ana", "belongs to j-1", "named", None),
    (e.JourneyExtended("j-1", LATER), "j-1", "goes on", None, LATER),
    (e.JourneyAchieved("j-1", "refunded"), "j-1", "is achieved", "refunded", None),
    (e.JourneyFailed("j-1", "no-stock"), "j-1", "has failed", "no-stock", None),
    (e.JourneyLapsed("j-1"), "j-1", "has lapsed", None, None),
    (
        *(e.PromiseMade("p-1", "ana", "refund", LATER, "shop", "eva", "i", "j-1", "p-0"), "p-1"),
        *("is promised: refund", "by eva, in the hours of shop, in place of p-0", LATER),
    ),
    (e.PromiseKept(*PROMISE, "i"), "p-1", "is kept", "i", None),
    (e.PromiseBroken(*PROMISE), "p-1", "is broken", None, None),
    (e.PromiseRenegotiated(*PROMISE, "p-2"), "p-1", "is renegotiated: p-2 instead", None, None),
    (e.PromisePaused(*PROMISE, "stock", None), "p-1", "is paused", "stock", None),
    (e.PromisePaused(*PROMISE, "stock", LATER), "p-1", "is paused", "stock, runs again", LATER),
    (e.PromiseResumed(*PROMISE, LATER), "p-1", "runs again", None, LATER),
    (e.PromiseWithdrawn(*PROMISE, "moot"), "p-1", "is withdrawn", "moot", None),
    (e.InteractionDequeued("i"), "ana", "leaves the queue", None, None),
    (
        *(e.InteractionScheduled("i", LATER, "p-1", 1, None, None, False), "ana"),
        *("has a callback", "as promised in p-1", LATER),
    ),
    (
        *(e.InteractionScheduled("i", LATER, "p-1", 1, "eva", SECOND, True), "ana"),
        *("has a callback", "as promised in p-1, by eva alone", LATER),
    ),
    (e.InteractionSlept("i", "eva", LATER), "ana", "has the next word", "eva keeps it", LATER),
    (e.InteractionSlept("i", None, None), "ana", "has the next word", None, None),
    (
        *(e.InteractionSuspended("i", "eva", "bank", "cheque", LATER), "ana", "waits on bank"),
        *("cheque, eva keeps it", LATER),
    ),
    (e.InteractionMoved("i", "sms", None), "ana", "moves to sms", None, None),
    (e.InteractionLeased("i", LATER), "ana", "is known to be there", None, LATER),
    (e.LeaseExpired("i"), "ana", "is heard of no more", None, None),
    (e.InteractionClosed("i", EndReason.SUPERSEDED, None), "ana", "ends: superseded", None, None),
    (
        *(e.InteractionClosed("i", EndReason.ABANDONED, None, LATER), "ana", "ends: abandoned"),
        *("the place is kept", LATER),
    ),
    (
        *(e.InteractionClosed("i", EndReason.FAILED, "reconciled"), "ana", "ends: failed"),
        *("reconciled", None),
    ),
    (e.PlaceLost("i"), "ana", "has lost the place", None, None),
    (message(), "ana", "says", None, None),
    (
        *(message(attachments=(Attachment(reference="a"), Attachment(reference="b"))), "ana"),
        *("says", "2 attachments", None),
    ),
    (
        *(e.MessageSent("i", "i#1", "voice", *("i/1", "eva"), "hi", "welcome", (), LATER), "eva"),
        *("says", "template welcome", LATER),
    ),
    (e.MessageSuggested("i", "i/2", "bot", "say sorry"), "bot", "suggests", None, None),
    (e.MessageEdited("i", "i#1", "hullo"), "ana", "changes i#1", None, None),
    (e.MessageRetracted("i", "i#1"), "ana", "takes back i#1", None, None),
    (e.MessageIdentified("i", "i#1", "SM1"), "vendor", "takes i#1", "as SM1", None),
    (
        *(e.DeliveryReported("i", "i#1", Delivery.READ, None), "vendor"),
        *("reports i#1 read", None, None),
    ),
    (
        *(e.ReceiptParked("SM1", Delivery.FAILED, "30003", LATER), "vendor"),
        *("reports SM1 failed", "nothing is known of it yet, 30003", LATER),
    ),
    (e.ReceiptUnmatched("SM1"), "vendor", "never said what SM1 is", None, None),
    (e.TypingNoticed("i", None), "ana", "is typing", None, None),
    (OPENED, "eva", "is asked", "why", None),
    (attrs.evolve(OPENED, role=Role.CONSULTED), "eva", "is asked for advice", "why", None),
    (attrs.evolve(OPENED, role=Role.BARGES), "eva", "is asked: barges", "why", None),
    (e.AssignmentDeclined(*PART, "lunch"), "eva", "declines", "lunch", None),
    (e.AssignmentExpired(*PART), "eva", "does not answer", None, None),
    (e.AssignmentRescinded(*PART), "eva", "is no longer asked", None, None),
    (e.AssignmentHeld(*PART), "eva", "holds", None, None),
    (e.AssignmentResumed(*PART), "eva", "holds no longer", None, None),
    (e.AssignmentWrapping(*PART, LATER), "eva", "wraps up", None, None),
]


@pytest.mark.parametrize(
    ("data", "who", "what", "detail", "due"), WORDS, ids=lambda part: getattr(part, "type", None)
)
def test_the_words_of_each_kind(data, who, what, detail, due):
    """Who did what, with ids and codes, and when it is due; alone after an arrival of Ana."""
    (entry,) = told(ARRIVED, data)
    assert (entry.who, entry.what, entry.detail, entry.due) == (who, what, detail, due)


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.SERVES, (EntryKind.SERVED, "serves")),
        (Role.CONSULTED, (EntryKind.BESIDE, "advises")),
        (Role.CONFERENCED, (EntryKind.BESIDE, "confers with both")),
        (Role.LISTENS, (EntryKind.BESIDE, "listens")),
        (Role.WHISPERS, (EntryKind.BESIDE, "whispers")),
        (Role.BARGES, (EntryKind.BESIDE, "barges in")),
        (Role.ASSISTS, (EntryKind.BESIDE, "assists")),
    ],
)
def test_the_words_of_each_role(role, words):
    """Whoever takes a part, by being asked or by a change of it, is told by its role."""
    opened = attrs.evolve(OPENED, role=role)
    (entry,) = told(ARRIVED, opened, e.AssignmentAccepted(*PART))
    assert (entry.kind, entry.what) == words
    listening = attrs.evolve(OPENED, role=Role.LISTENS)
    before = (ARRIVED, listening, e.AssignmentAccepted(*PART))
    (entry,) = told(*before, e.RoleChanged(*PART, role))
    assert (entry.kind, entry.what) == words


@pytest.mark.parametrize(
    ("data", "what", "detail"),
    [
        (attrs.evolve(ARRIVED, predecessor="h"), "returns", "after h"),
        (attrs.evolve(ARRIVED, about="a", priority=2), "arrives", "about a, priority 2"),
        (
            attrs.evolve(ARRIVED, direction=Direction.OUTBOUND, consent="crm"),
            *("is reached by us", "consent by crm"),
        ),
        (
            attrs.evolve(ARRIVED, journey="j-1", stitched=StitchedBecause.MATTER),
            *("arrives", "on j-1 for the same matter"),
        ),
        (
            attrs.evolve(ARRIVED, journey="j-1", stitched=StitchedBecause.REFERENCE),
            *("arrives", "on j-1 by its reference"),
        ),
        (
            attrs.evolve(ARRIVED, journey="j-1", stitched=StitchedBecause.FIRST),
            *("arrives", "on j-1"),
        ),
    ],
)
def test_the_words_of_arrivals(data, what, detail):
    """Where one comes from, what it is about, and on which journey and why."""
    (entry,) = told(data)
    assert (entry.who, entry.what, entry.detail) == ("ana", what, detail)


# -- moves ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("because", "words"),
    [
        (QueuedBecause.ESCALATION, [("ana", "is escalated", "fees")]),
        (QueuedBecause.HAND_BACK, [("ana", "is handed back", "fees")]),
        (QueuedBecause.TRANSFER, [("ana", "is transferred", "fees")]),
        (QueuedBecause.CALLBACK, [("ana", "is to be called back", "fees")]),
        (QueuedBecause.WOKEN, [("ana", "comes back", "fees")]),
        (
            QueuedBecause.SIGNED_OUT,
            [("ana", "goes back to the queue", "eva has signed out, fees")],
        ),
        (QueuedBecause.ARRIVAL, []),
        (QueuedBecause.RETURN, []),
    ],
)
def test_what_brings_it_into_a_queue(because, words):
    """A move is told with its reason, before the waiting that it begins."""
    found = moved(because, reason="fees")
    assert found == [*words, ("ana", "waits", "in main")]


def test_a_transfer_names_whom_it_is_for():
    """The target, whom the line is for first, and that it came back to who gave it away."""
    assert moved(QueuedBecause.TRANSFER, plan=TO_MARC, step=0) == [
        ("ana", "is transferred", "for marc"),
        ("ana", "waits", "in main, for marc first"),
    ]
    assert moved(QueuedBecause.TRANSFER, plan=TO_MARC, step=1) == [
        ("ana", "is transferred", "for marc"),
        ("ana", "waits", "in main, for eva first"),
    ]
    legal = Plan(queue="main", steps=(Step(requirement=Requirement(department="legal")),))
    assert [words[2] for words in moved(QueuedBecause.TRANSFER, plan=legal, step=0)] == [
        "for department legal",
        "in main, for department legal",
    ]
    transferred = queued(QueuedBecause.TRANSFER, plan=TO_MARC, step=0)
    (back,) = told(ARRIVED, transferred, e.StepExpired("i", 1, None))
    assert (back.what, back.detail) == ("comes back", "for eva")
    (on,) = told(ARRIVED, transferred, e.StepExpired("i", 2, None))
    assert (on.what, on.detail) == ("goes on to step 3", "for person, billing >= 2")


def test_a_step_is_told_by_whom_it_asks():
    """A step that is over is no return unless of a transfer; without its plan it has a number."""
    (entry,) = told(
        ARRIVED, queued(QueuedBecause.WOKEN, plan=TO_MARC, step=0), e.StepExpired("i", 1, None)
    )
    assert (entry.what, entry.detail) == ("goes on to step 2", "for eva")
    (entry,) = told(ARRIVED, e.StepExpired("i", 7, None))
    assert (entry.what, entry.detail) == ("goes on to step 8", None)


def test_a_callback_that_was_missed_says_so():
    """Each attempt after the first is told with the one before it, which reached nobody."""
    again = e.InteractionScheduled("i", LATER, "p-1", 2, "eva", SECOND, False)
    missed, callback = told(ARRIVED, again)
    assert (missed.what, callback.what) == ("is not reached, at attempt 1", "has a callback")
    assert callback.detail == "as promised in p-1, by eva first"


@pytest.mark.parametrize(
    "away",
    [
        e.InteractionScheduled("i", LATER, "p-1", 1, None, None, False),
        e.InteractionSlept("i", "eva", None),
        e.InteractionSuspended("i", "eva", "bank", "cheque", LATER),
    ],
)
@pytest.mark.parametrize(
    "back",
    [
        queued(QueuedBecause.WOKEN),
        e.AssignmentAccepted(*PART),
        e.InteractionSuspended("i", "eva", "court", "stamp", LATER),
        e.InteractionClosed("i", EndReason.EXPIRED, None),
    ],
)
def test_being_away_takes_time(away, back):
    """Dormant, suspended or with a callback to come: one entry, from then until it goes on."""
    entries = timeline(log(ARRIVED, away, back))
    span = next(entry for entry in entries if entry.kind is EntryKind.AWAY)
    assert (span.at, span.until) == (NINE + 2 * SECOND, NINE + 3 * SECOND)


def test_a_waiting_ends_when_it_goes_away():
    """Whoever waits and is suspended, or asks for a callback, waits in the queue no longer."""
    for away in (
        e.InteractionScheduled("i", LATER, "p-1", 1, None, None, False),
        e.InteractionSuspended("i", None, "bank", "cheque", LATER),
    ):
        waiting = [*timeline(log(ARRIVED, queued(QueuedBecause.ARRIVAL), away))][1]
        assert (waiting.what, waiting.until) == ("waits", NINE + 3 * SECOND)


# -- parts ----------------------------------------------------------------------------------------


def test_who_takes_over_says_from_whom():
    """A consult that ends in a transfer: advice ends, service begins, from whom it was taken."""
    advice = e.AssignmentOpened("i/2", "i", "marc", Role.CONSULTED, None, "consulted")
    marc = ("i/2", "i", "marc")
    entries = list(
        timeline(
            log(
                *(ARRIVED, OPENED, e.AssignmentAccepted(*PART)),
                *(advice, e.AssignmentAccepted(*marc), e.AssignmentHeld(*PART)),
                *(e.RoleChanged(*marc, Role.SERVES), e.AssignmentWrapping(*PART, LATER)),
            )
        )
    )
    spans = [(one.who, one.what, one.detail, one.until and one.until.second) for one in entries]
    assert spans[1:] == [
        ("eva", "is asked", "why", 3),
        ("eva", "serves", None, 8),
        ("marc", "is asked for advice", None, 5),
        ("marc", "advises", None, 7),
        ("eva", "holds", None, 8),
        ("marc", "serves", "takes over from eva", None),
        ("eva", "wraps up", None, None),
    ]


def test_who_is_forced_to_serve_is_told_why():
    """What was taken at once is told once, with the reason where it was no routing's."""
    events = log(ARRIVED, attrs.evolve(OPENED, reason="assigned by supervisor:zoe"))
    accepted = attrs.evolve(events[1], position=3, data=e.AssignmentAccepted(*PART))
    found = [entry for entry in timeline([*events, accepted]) if entry.who == "eva"]
    assert [(one.what, one.detail) for one in found] == [("serves", "assigned by supervisor:zoe")]


def test_a_hold_and_a_longer_wrap_up_take_time():
    """A hold lasts until it is resumed; a wrap-up that is extended is one, and says so."""
    entries = list(
        timeline(
            log(
                *(ARRIVED, OPENED, e.AssignmentAccepted(*PART)),
                *(e.AssignmentHeld(*PART), e.AssignmentResumed(*PART)),
                *(e.AssignmentWrapping(*PART, LATER), e.AssignmentWrapping(*PART, LATER)),
                e.AssignmentReleased(*PART),
            )
        )
    )
    found = [(one.what, one.until and one.until.second, one.due) for one in entries[2:]]
    assert found == [
        ("serves", 6, None),
        ("holds", 5, None),
        ("wraps up", 8, None),
        ("needs longer", None, LATER),
    ]


# -- what is said ---------------------------------------------------------------------------------


def test_public_and_private_are_told_apart():
    """Where some of it is public every message says which it is; where nothing is, none does."""
    social = attrs.evolve(ARRIVED, channel="social")
    post = message(1, "social", "Worst shop ever")
    aside = attrs.evolve(message(2, "sms", "my number is 12"), author="bo")
    sent = e.MessageSent("i", "i#3", "sms", "i/1", "eva", "Thank you")
    entries = list(timeline(log(social, post, e.InteractionMoved("i", "sms", None), aside, sent)))
    said = [
        (one.who, one.what, one.public, one.channel)
        for one in entries
        if one.kind is EntryKind.MESSAGE
    ]
    assert said == [
        ("ana", "says in public", True, "social"),
        ("bo", "says in private", False, "sms"),
        ("eva", "says in private", False, "sms"),
    ]
    (plain,) = told(ARRIVED, message())
    assert (plain.what, plain.public) == ("says", None)


def test_what_is_public_is_what_the_log_says():
    """A definition in the log decides, whatever is well known of a channel of that name."""
    closed = e.ChannelDefined(attrs.evolve(SOCIAL, public=False))
    (entry,) = told(closed, attrs.evolve(ARRIVED, channel="social"), message(1, "social"))
    assert entry.what == "says"


def test_a_receipt_waits_for_what_it_is_for():
    """What was reported before it was known lasts until it is known, or is given up."""
    parked = e.ReceiptParked("SM1", Delivery.SENT, None, LATER)
    again = e.ReceiptParked("SM1", Delivery.READ, None, LATER)
    for end in (e.MessageIdentified("i", "i#1", "SM1"), e.ReceiptUnmatched("SM1")):
        entries = list(timeline(log(ARRIVED, parked, again, end)))
        assert [entry.until and entry.until.second for entry in entries[1:3]] == [4, None]


def test_suggestions_are_for_who_serves():
    """What an assisting machine says goes to the one who serves, by name."""
    before = (ARRIVED, OPENED, e.AssignmentAccepted(*PART))
    (entry,) = told(*before, e.MessageSuggested("i", "i/2", "bot", "say sorry"))
    assert (entry.who, entry.what, entry.detail) == ("bot", "suggests", "to eva")


def test_changes_are_by_who_said_it():
    """A message is changed and taken back by its speaker, as far as that is known."""
    sent = e.MessageSent("i", "i#1", "voice", "i/1", "eva", "hi")
    assert [entry.who for entry in told(ARRIVED, sent, e.MessageEdited("i", "i#1", "ho"))] == [
        "eva"
    ]
    assert [entry.who for entry in told(e.MessageRetracted("i", "i#1"))] == ["somebody"]


# -- side conversations ---------------------------------------------------------------------------


@pytest.fixture
def beside():
    """Eva serves Ana, asks legal aside, where Zoe answers her, and goes on with both."""
    centre = Rehearsal(stocked=False)
    eva = Actor(ActorKind.WORKER, "eva")
    for worker, department in (("eva", None), ("zoe", "legal")):
        centre.ask(c.DefineWorker(worker=Worker(id=worker, department=department)))
    centre.ask(c.RegisterCustomer(customer="ana"))
    centre.ask(c.SignIn(worker="eva"))
    centre.ask(c.Arrive(interaction="i", channel="email", customer="ana", says="May I?"))
    centre.ask(c.Accept(assignment="i/1"), after=5)
    ask = c.Delegate(interaction="i", department="legal", says="May she?")
    centre.ask(ask, after=10, actor=eva)
    centre.ask(c.SignIn(worker="zoe"))
    centre.ask(c.Accept(assignment="i>1/1"), after=5)
    centre.ask(c.Say(interaction="i>1", text="She may.", assignment="i>1/1"), after=60)
    centre.ask(c.Say(interaction="i>1", text="Thanks"), after=5)
    centre.ask(c.Close(interaction="i>1"), after=5)
    centre.ask(c.Say(interaction="i", text="You may.", assignment="i/1"), after=5)
    return centre.log


def test_a_side_conversation_is_never_told_as_said_to_the_customer(beside):
    """Marked as aside, said aside, by who asked and who helps; the customer says nothing in it."""
    entries = list(timeline(beside, interaction="i"))
    aside = [(one.who, one.what) for one in entries if one.aside]
    assert aside == [
        ("eva", "asks for help"),
        ("eva", "waits"),
        ("eva", "says aside"),
        ("zoe", "is asked"),
        ("zoe", "serves"),
        ("zoe", "says aside"),
        ("eva", "says aside"),
        ("eva", "ends: resolved"),
    ]
    assert {one.interaction for one in entries if one.aside} == {"i>1"}
    said = [one for one in entries if one.kind is EntryKind.MESSAGE and not one.aside]
    assert [(one.who, one.text) for one in said] == [("ana", "May I?"), ("eva", "You may.")]


def test_a_side_conversation_is_marked_on_every_line(beside):
    """Every line of it, the ones that go on below too, has the mark; no other line has."""
    lines = list(render_text(timeline(beside, interaction="i"), show_text=True, cells=80))
    marked = [line for line in lines if "  > " in line]
    assert any(line.endswith("> says aside: She may.") for line in marked)
    assert [line for line in lines if "i>1" in line and line not in marked] == []
    assert not any("You may." in line or "May I?" in line for line in marked)


def test_a_side_conversation_may_be_told_alone(beside):
    """Asked for by its own id, it is told without what it is beside."""
    entries = list(timeline(beside, interaction="i>1"))
    assert {entry.interaction for entry in entries} == {"i>1"}
    hers = list(timeline(beside, customer="ana"))
    assert {entry.interaction for entry in hers} == {None, "i", "i>1"}


# -- for whom -------------------------------------------------------------------------------------


def test_a_timeline_of_a_journey():
    """Its own course, and all of whatever arrived with it or joined it."""
    happened = [
        e.JourneyOpened("j-1", "ana", "billing", None, LATER),
        attrs.evolve(ARRIVED, journey="j-1"),
        attrs.evolve(ARRIVED, interaction="k"),
        e.JourneyJoined("j-1", "k", StitchedBecause.NAMED),
        attrs.evolve(ARRIVED, interaction="l", journey="j-2"),
        e.PromiseKept("p-1", "ana", None, "j-1", None),
        e.JourneyAchieved("j-2", None),
        e.JourneyLapsed("j-1"),
    ]
    positions = [entry.position for entry in timeline(log(*happened), journey="j-1")]
    assert positions == [1, 2, 3, 4, 6, 8]
    both = timeline(log(*happened), journey="j-1", interaction="k")
    assert [entry.position for entry in both] == [3, 4]
    assert [*timeline(log(*happened), journey="j-2", interaction="k")] == []


def test_who_is_one_has_one_timeline():
    """While merged, each one's timeline is the other's; unmerged, each has its own again."""
    apart = [
        e.CustomerRegistered("ana", None, ()),
        e.CustomerRegistered("bo", None, ()),
        ARRIVED,
        attrs.evolve(ARRIVED, interaction="k", customer="bo"),
        e.JourneyOpened("j-1", "bo", "billing", None, LATER),
    ]
    merged = [*apart, e.CustomerMerged("bo", "ana", "said"), e.JourneyAchieved("j-1", None)]
    for customer in ("ana", "bo"):
        found = timeline(log(*merged), customer=customer)
        assert [entry.position for entry in found] == [1, 2, 3, 4, 5, 6, 7]
    undone = log(*merged, e.CustomerUnmerged("bo", "ana", "error"))
    of_ana, of_bo = (
        [entry.position for entry in timeline(undone, customer=customer)]
        for customer in ("ana", "bo")
    )
    assert (of_ana, of_bo) == ([1, 3, 6, 8], [2, 4, 5, 6, 7, 8])


def test_merges_that_cannot_be_are_passed_over():
    """Of any log at all a timeline is made: merges in a circle, and undone ones that never were."""
    circle = [
        e.CustomerMerged("ana", "ana", "x"),
        e.CustomerMerged("ana", "bo", "x"),
        e.CustomerMerged("bo", "ana", "x"),
        e.CustomerMerged("ana", "cy", "x"),
        e.CustomerUnmerged("cy", "bo", "x"),
    ]
    assert [entry.position for entry in timeline(log(*circle), customer="bo")] == [1, 2, 3, 4, 5]
