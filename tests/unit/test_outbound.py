"""Outbound: we reach a customer, if we may, and by somebody who can."""

from datetime import timedelta

import attrs
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
    machine,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused, InvalidValue, PolicyMissing
from onechannel.kernel import Kernel
from onechannel.model.address import Address
from onechannel.model.policy import ConsentAsk, Named

__all__ = ["everybody_was_somebodys"]

ASKING = attrs.evolve(PLAIN, name="asking", consent=Named("consent"))


def calling(hook=None, *more) -> Scene:
    """`p` is there, ana is known, and the hook is asked, if there is one."""
    hooks = {} if hook is None else {"consent": hook}
    there = Scene(person("p"), *more, policy=PLAIN if hook is None else ASKING, callables=hooks)
    there.queue("main")
    there.knows("ana", "bob")
    return there


def call(**more) -> c.Reach:
    """Ana is called by `p`."""
    given = {"interaction": "o", "channel": "voice", "customer": "ana", "worker": "p", **more}
    return c.Reach(**given)


# -- consent --------------------------------------------------------------------------------------


def test_consent_is_asked_by_customer_channel_and_purpose():
    """The hook is told ids and codes; what it allows is recorded with who allowed it."""
    asked: list[ConsentAsk] = []
    there = calling(asked.append)
    there.ask(call(purpose="sales"))
    (ask,) = asked
    expected = ConsentAsk(customer="ana", channel="voice", purpose="sales", at=there.at)
    assert ask == expected
    assert there.last(e.InteractionArrived).consent == "consent"


def test_without_consent_nobody_is_reached():
    """A code of the hook's is the reason of the refusal; nothing has happened."""
    there = calling(lambda _ask: "opted-out")
    why = there.refused(call(), "opted-out", worker("p"))
    assert why == "customer ana may not be reached for service on channel voice: opted-out"


@pytest.mark.parametrize("fault", [RuntimeError, KeyError, OSError])
def test_a_hook_that_fails_has_not_said_yes(fault):
    """Whatever it raises is a no; what it said is not repeated, since it may be personal."""

    def fails(_ask: ConsentAsk) -> str | None:
        raise fault("ana@example.com")

    why = calling(fails).refused(call(), fault.__name__)
    assert "example.com" not in why


@pytest.mark.parametrize("answer", [True, 0, "", object()], ids=["true", "zero", "empty", "object"])
def test_only_none_is_a_yes(answer):
    """A hook that answers nonsense has not said yes."""
    calling(lambda _ask: answer).refused(call(), "may not be reached")


def test_a_hook_that_is_not_there_decides_nothing():
    """A process that lacks the hook may follow the log, and reach nobody."""
    there = calling(lambda _ask: None)
    there.kernel = Kernel.replay(there.log)
    with pytest.raises(PolicyMissing):
        there.ask(call())
    there.ask(c.Arrive(interaction="i", channel="voice"))
    assert there.asked("i") == "p"


def test_consent_is_the_survivors():
    """ID-02: of a merged customer the survivor is asked for."""
    asked: list[ConsentAsk] = []
    there = calling(asked.append)
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    there.ask(call())
    assert asked[0].customer == there.last(e.InteractionArrived).customer == "bob"


def test_a_replay_asks_nobody():
    """A policy runs when deciding and never when replaying: the answer is in the event."""
    asked: list[ConsentAsk] = []
    there = calling(asked.append)
    there.ask(call())
    Kernel.replay(there.log, {"consent": asked.append})
    assert len(asked) == 1


# -- who reaches ----------------------------------------------------------------------------------


def test_who_reaches_serves_at_once():
    """The worker who calls has the customer from the first position on, and wraps up after it."""
    there = calling()
    made = [event.type for event in there.ask(call(), actor=worker("p"))]
    assert made[-3:] == ["interaction.queued", "assignment.opened", "assignment.accepted"]
    assert there.last(e.InteractionArrived).direction == "outbound"
    there.arrives("n")
    assert there.asked("n") is None
    there.ask(c.Close(interaction="o"), actor=worker("p"))
    assert there.state("o", "p") == "wrapping"
    there.passes(WRAP_UP)
    assert there.asked("n") == "p"


@pytest.mark.parametrize(
    ("worker_is", "why"),
    [("signed out", "signed_out"), ("unknown", "not defined"), ("draining", "draining")],
)
def test_who_is_not_there_reaches_nobody(worker_is, why):
    """RT-25: reaching somebody brings no worker back."""
    there = calling()
    if worker_is == "draining":
        there.served("i", "p")
    if worker_is != "unknown":
        there.ask(c.SignOut(worker="p"))
    there.refused(call(worker="nobody" if worker_is == "unknown" else "p"), why)


def test_rt_25_an_outbound_call_on_a_break_is_no_end_of_the_break():
    """RT-25: who calls while unavailable stays unavailable, through success and failure."""
    for reason in ("resolved", "failed"):
        there = calling()
        there.ask(c.BecomeUnavailable(worker="p", reason="lunch"))
        there.ask(call(), actor=worker("p"))
        there.ask(c.Close(interaction="o", reason=reason), actor=worker("p"))
        there.passes(WRAP_UP)
        assert there.custody.presence["p"] == "unavailable"


def test_without_a_worker_the_plan_asks_one():
    """People are asked in turn, as of any other work; machines reach nobody by themselves."""
    there = Scene(machine("m"))
    there.knows("ana")
    there.ask(call(worker=None, priority=2, about="renewal"))
    assert (there.holder("o"), there.asked("o")) == ("queue main", None)
    there.has(person("p"))
    assert there.asked("o") == "p"


def test_a_worker_reaches_in_its_own_name():
    """Nobody reaches a customer for somebody else to serve, or for nobody yet."""
    there = calling(None, person("q"))
    there.refused(call(worker="q"), "not defined", worker("p"))
    there.refused(call(worker=None), "name the worker", worker("p"))
    there.refused(call(), "may not reach", customer("ana"))
    there.ask(call(worker="q"), actor=supervisor())
    assert there.holder("o") == "worker q"


def test_who_is_reached_is_known():
    """A customer nobody registered is reached by nobody."""
    there = calling()
    there.refused(call(customer="nobody"), "not registered")


def test_an_id_is_used_once():
    """IN-01: an outbound one arrives as once as any other."""
    there = calling()
    there.ask(call())
    there.refused(call(), "arrived already")
    there.ask(c.Close(interaction="o"))
    there.refused(call(), "arrived already")
    there.refused(call(interaction="o~1"), "form of a successor")


# -- the first words ------------------------------------------------------------------------------


def test_the_first_words_are_the_workers():
    """What is said first is said by who serves, on the channel, and counted as the first."""
    there = calling()
    there.ask(call(channel="sms", says="your parcel is here"))
    sent = there.last(e.MessageSent)
    assert (sent.message, sent.worker, sent.text) == ("o#1", "p", "your parcel is here")
    for words in ({"says": "hello"}, {"template": "parcel"}):
        with pytest.raises(InvalidValue, match="nobody serves yet"):
            call(channel="sms", worker=None, **words)


@pytest.mark.parametrize(
    ("words", "served"),
    [({"says": "hello"}, False), ({"template": "parcel"}, True), ({}, True)],
    ids=["free words", "a template", "nothing yet"],
)
def test_where_the_window_is_not_open_a_template_begins(words, served):
    """Nobody has written there: what begins is a template, or nothing."""
    there = calling()
    reach = call(channel="whatsapp", **words)
    if served:
        there.ask(reach)
        assert there.holder("o") == "worker p"
        say = c.Say(interaction="o", text="hello", assignment="o/1")
        there.refused(say, "template", worker("p"))
        there.ask(c.Say(interaction="o", text="hello"), actor=customer("ana"))
        there.ask(say, actor=worker("p"))
    else:
        there.refused(reach, "template")


# -- how it goes on -------------------------------------------------------------------------------


def test_an_outbound_one_is_of_the_customers_journey():
    """It is stitched as an arrival is, and replaces nothing that waits or was left."""
    there = calling()
    there.ask(c.BecomeUnavailable(worker="p"))
    there.arrives("i", "web", customer="ana", about="billing")
    there.ask(call(about="billing"))
    waits, reached = there.seen(e.InteractionArrived)
    assert (reached.journey, reached.stitched) == (waits.journey, "matter")
    assert (reached.predecessor, there.holder("i")) == (None, "queue main")


def test_a_place_that_is_kept_is_not_ours_to_take():
    """We call who gave up waiting: the customer's own return still has the place."""
    there = Scene(person("p"))
    there.queue("main", place_kept=10 * MINUTE)
    there.knows("ana")
    there.ask(c.BecomeUnavailable(worker="p"))
    there.arrives("i", customer="ana")
    there.ask(c.Leave(interaction="i"), after=30)
    there.ask(call())
    assert there.last(e.InteractionArrived).predecessor is None
    there.ask(c.Close(interaction="o", reason="failed"))
    there.arrives("back", customer="ana")
    assert there.last(e.InteractionArrived).predecessor == "i"


@pytest.mark.parametrize(("state", "reason"), [("waits", "withdrawn"), ("talks", "resolved")])
def test_who_is_reached_abandons_nothing(state, reason):
    """The customer did not wait for us, and so has given nothing up."""
    there = calling()
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(call(worker="p" if state == "talks" else None))
    there.ask(c.Leave(interaction="o"))
    assert there.ended("o") == reason


def test_what_was_begun_by_us_can_be_given_away():
    """RT-27: an outbound conversation is transferred, and comes back, as any other."""
    there = calling(None, person("q"))
    there.ask(call())
    there.ask(c.Transfer(interaction="o", worker="q"), actor=worker("p"))
    there.ask(c.Decline(assignment=there.part("o", "q")))
    there.comes_to("p", within=WRAP_UP, interaction="o")
    there.accepts("o", "p")


def test_an_address_is_kept_and_moves_with_it():
    """Where the customer is reached stands in the arrival."""
    there = calling()
    mobile = Address.parse("tel:+34600111222")
    there.ask(call(address=mobile))
    assert there.last(e.InteractionArrived).address == mobile


def test_what_waits_is_rung_as_long_as_any():
    """The plan's clocks are those of every other work."""
    there = calling()
    there.ask(call(worker=None))
    there.passes(RING - timedelta(microseconds=1))
    assert there.part("o", "p") == "o/1"
    there.passes(SECOND)
    assert there.part("o", "p") == "o/2"
    with pytest.raises(CommandRefused, match="expired"):
        there.ask(c.Accept(assignment="o/1"))
