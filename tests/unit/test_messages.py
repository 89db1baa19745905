"""Messages: how far they got, whatever the order of receipts; and what may be said when."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused, InvalidValue
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.channel import Channel
from onechannel.model.message import (
    Allowed,
    Attachment,
    Delivery,
    ReplyWindow,
    furthest,
    reply_window,
)
from onechannel.model.policy import PlanRule, Policy, StepRule
from onechannel.model.worker import Capacity, Worker
from onechannel.testing.strategies import START, Rehearsal, moments

HOUR = timedelta(hours=1)
WINDOW = timedelta(hours=24)
REPORTS = st.lists(st.sampled_from(Delivery), max_size=6)


# -- how far a message got ------------------------------------------------------------------------


@given(REPORTS, REPORTS)
def test_how_far_it_got_is_the_furthest_of_all(some, others):
    """Order and repetition do not matter, and what is known never goes back."""
    assert furthest(reversed(some)) == furthest(some + some) == furthest(some)
    both = furthest([*some, *others])
    parts = [one for one in (furthest(some), furthest(others)) if one is not None]
    assert both == furthest(parts)


def test_the_order_of_delivery():
    """Who read it got it; that it failed is known better by whoever got it nevertheless."""
    assert [*Delivery] == ["sent", "failed", "delivered", "read"]
    assert furthest([]) is None
    for earlier, later in zip(Delivery, [*Delivery][1:], strict=False):
        assert furthest([later, earlier]) is later


def served() -> Rehearsal:
    """`p` serves `i`, and has said something: `i#2`."""
    there = Rehearsal(stocked=False)
    plan = PlanRule(steps=(StepRule(),))
    there.ask(c.AdoptPolicy(policy=Policy(name="p", plan=plan)))
    there.ask(c.DefineChannel(channel=Channel(name="line")))
    there.ask(c.DefineWorker(worker=Worker(id="p", capacity=Capacity(total=None))))
    there.ask(c.SignIn(worker="p"))
    there.ask(c.RegisterCustomer(customer="c1"))
    there.ask(c.Arrive(interaction="i", channel="line", customer="c1", says="good day"))
    there.ask(c.Accept(assignment="i/1"))
    return there


def reported(there: Rehearsal, message: str) -> list[Delivery]:
    """Every receipt of a message, in order of the log."""
    found = [one.data for one in there.log if isinstance(one.data, e.DeliveryReported)]
    return [one.state for one in found if one.message == message]


SEND = c.Say(interaction="i", text="hello", assignment="i/1")
TAKEN = c.ReportDelivery(state="sent", message="i#2", reference="v-1")


def by_reference(state: str) -> c.Command:
    """A receipt as vendors send it."""
    return c.ReportDelivery(state=state, reference="v-1")


RECEIPTS = [
    *(["delivered"], ["failed", "delivered"], ["read", "delivered", "failed"]),
    *(["delivered", "read", "delivered"], ["failed", "failed", "delivered", "read"]),
    ["failed", "delivered", "read", "delivered", "sent"],
]


@pytest.mark.parametrize("states", RECEIPTS, ids="-".join)
def test_all_orders_of_up_to_six_receipts_end_alike(states):
    """Even before the message is sent, or known to the vendor: none is lost, and none goes back.

    The message is sent, and the vendor takes it, somewhere among its receipts.
    """
    everything = [SEND, TAKEN, *map(by_reference, states)]
    ends = set()
    for order in permutations(range(len(everything))):
        if order.index(0) > order.index(1):
            continue  # nobody takes what was not sent
        there = served()
        for number in order:
            there.ask(everything[number], after=1)
        heard = reported(there, "i#2")
        assert sorted(heard) == sorted(["sent", *states])
        assert not [one for one in there.log if isinstance(one.data, e.ReceiptUnmatched)]
        assert there.kernel.snapshot().parked == {}
        assert there.kernel.next_deadline is None
        ends.add(furthest(heard))
    assert ends == {furthest(["sent", *map(Delivery, states)])}


@given(st.permutations([*Delivery, Delivery.DELIVERED, Delivery.READ]), st.integers(0, 6))
def test_receipts_by_our_id_and_by_the_vendor_s_are_one(states, cut):
    """Whichever name a receipt gives the message by, it is the same message."""
    there = served()
    there.ask(SEND)
    there.ask(TAKEN)
    for number, state in enumerate(states):
        names = {"reference": "v-1"} if number < cut else {"message": "i#2"}
        there.ask(c.ReportDelivery(state=state, **names))
    assert reported(there, "i#2") == ["sent", *states]


def test_a_receipt_for_nothing_is_said_to_be_so():
    """After a day it is no longer waited for, and that is an event; a later one waits anew."""
    there = served()
    there.ask(by_reference("delivered"))
    assert there.advance(there.at + timedelta(hours=23)) == ()
    (event,) = there.advance(there.at + HOUR)
    assert event.data == e.ReceiptUnmatched("v-1")
    there.ask(SEND)
    there.ask(TAKEN)
    assert reported(there, "i#2") == ["sent"]


def test_a_reference_is_one_message_s():
    """A vendor's name for one message cannot be given to another."""
    there = served()
    there.ask(SEND)
    there.ask(SEND)
    there.ask(TAKEN)
    with pytest.raises(CommandRefused, match="is that of message i#2"):
        there.ask(c.ReportDelivery(state="sent", message="i#3", reference="v-1"))


def test_a_receipt_survives_the_end_of_the_interaction():
    """What is delivered after it is over was delivered nevertheless."""
    there = served()
    there.ask(SEND)
    there.ask(TAKEN)
    there.ask(c.Close(interaction="i"))
    there.ask(by_reference("read"))
    assert furthest(reported(there, "i#2")) is Delivery.READ


def test_what_the_customer_said_has_no_receipt():
    """Receipts are for what we sent."""
    with pytest.raises(CommandRefused, match="message i#1 was never said"):
        served().ask(c.ReportDelivery(state="read", message="i#1"))


# -- what may be said when ------------------------------------------------------------------------


@given(moments(), st.integers(0, 48 * 60), st.booleans())
def test_a_window_is_open_until_its_last_instant(heard_at, minutes, templates):
    """From when the customer spoke, for as long as the channel says, and not at its end."""
    channel = Channel(name="line", reply_window=WINDOW, templates=templates)
    now = heard_at + timedelta(minutes=minutes)
    found = reply_window(channel, heard_at, now)
    assert found.until == heard_at + WINDOW
    over = Allowed.TEMPLATE if templates else Allowed.NOTHING
    assert found.allowed is (Allowed.ANYTHING if minutes < 24 * 60 else over)


@pytest.mark.parametrize(
    ("channel", "heard_at", "expected"),
    [
        (Channel(name="c"), None, ReplyWindow(Allowed.ANYTHING, None)),
        (Channel(name="c"), START, ReplyWindow(Allowed.ANYTHING, None)),
        (Channel(name="c", reply_window=WINDOW), None, ReplyWindow(Allowed.NOTHING, None)),
        (
            Channel(name="c", reply_window=WINDOW, templates=True),
            None,
            ReplyWindow(Allowed.TEMPLATE, None),
        ),
    ],
)
def test_a_window_that_never_was(channel, heard_at, expected):
    """Without a window anything may be said; with one, nothing free before the customer spoke."""
    assert reply_window(channel, heard_at, START + HOUR) == expected


@pytest.mark.parametrize("allowed", Allowed)
@pytest.mark.parametrize("template", [None, "greeting"])
def test_a_refusal_says_what_is_still_allowed(allowed, template):
    """A template, where templates are; else another channel; and nothing where all is well."""
    why = ReplyWindow(allowed, None).refusal("sms", template)
    fine = allowed is Allowed.ANYTHING or (allowed is Allowed.TEMPLATE and template)
    assert (why is None) is bool(fine)
    if why is not None:
        way_out = "by another channel" if allowed is Allowed.NOTHING else "by a template"
        assert why.startswith("the reply window of channel sms is over: ")
        assert why.endswith(way_out)


@pytest.mark.parametrize("templates", [True, False])
def test_the_kernel_keeps_to_the_window(templates):
    """What is too late is refused with what is allowed, and what is allowed goes out."""
    there = served()
    line = Channel(name="line", reply_window=HOUR, templates=templates)
    there.ask(c.DefineChannel(channel=line))
    assert there.ask(SEND, after=3599)
    with pytest.raises(CommandRefused, match="the reply window of channel line is over"):
        there.ask(SEND, after=1)
    by_template = c.Say(interaction="i", text="hello", assignment="i/1", template="greeting")
    if templates:
        assert there.ask(by_template)[0].data.template == "greeting"
    else:
        with pytest.raises(CommandRefused, match="reach them by another channel"):
            there.ask(by_template)
    there.ask(c.Say(interaction="i", text="I am here"))
    assert there.ask(SEND)


def test_each_channel_has_a_window_of_its_own():
    """What the customer says on one opens no other, and moving away closes none."""
    there = served()
    for name in ("line", "post"):
        there.ask(c.DefineChannel(channel=Channel(name=name, reply_window=HOUR)))
    there.ask(c.MoveChannel(interaction="i", channel="post"))
    with pytest.raises(CommandRefused, match="channel post is over"):
        there.ask(SEND)
    on_line = c.Say(interaction="i", text="hello", assignment="i/1", channel="line")
    assert there.ask(on_line)[0].data.channel == "line"
    there.ask(c.Say(interaction="i", text="by post now"), after=3600)
    assert there.ask(SEND)[0].data.channel == "post"
    with pytest.raises(CommandRefused, match="channel line is over"):
        there.ask(on_line)


# -- attachments, edits, typing -------------------------------------------------------------------


def test_an_attachment_is_a_reference():
    """It says where it is and what it is; what it is called is personal."""
    bill = Attachment(reference="sha256-9f86d081", media_type="image/png", size=7, name="Ana.png")
    there = served()
    made = there.ask(c.Say(interaction="i", text="my bill", attachments=[bill]))
    assert made[0].data.attachments == (bill,)
    assert "Ana" not in repr(made)
    with pytest.raises(InvalidValue, match=r"Attachment\.size"):
        Attachment(reference="r", size=-1)


def test_what_is_taken_back_says_nothing_more():
    """A message may say something else, until it is taken back; neither is done twice."""
    there = served()
    assert there.ask(c.EditMessage(message="i#1", text="good morning"))
    assert there.ask(c.RetractMessage(message="i#1"))
    for command in (c.EditMessage(message="i#1", text="x"), c.RetractMessage(message="i#1")):
        with pytest.raises(CommandRefused, match="i#1 was never said, was taken back"):
            there.ask(command)


@pytest.mark.parametrize(
    ("command", "actor", "part"),
    [
        (c.Type(interaction="i"), Actor(ActorKind.CUSTOMER, "c1"), None),
        (c.Type(interaction="i", assignment="i/1"), Actor(ActorKind.WORKER, "p"), "i/1"),
    ],
    ids=["customer", "worker"],
)
def test_typing_passes_and_leaves_no_trace(command, actor, part):
    """It is told to whom it concerns, at the last position, and is in no log and no state."""
    there = served()
    position = there.kernel.position
    (event,) = there.ask(command, actor=actor)
    assert event.data == e.TypingNoticed("i", part)
    assert (event.position, there.kernel.position) == (position, position)
    assert event not in there.log
    assert there.ask(SEND)[0].position == position + 1
