"""The table of commands: what each is called, whose it may be, and what it may hold."""

from datetime import timedelta
from typing import get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_to_json
from onechannel.errors import CommandRefused, InvalidValue, PolicyMissing
from onechannel.model import Address, Channel, PlanRule, Policy, Queue, StepRule, Worker
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.interaction import EndReason
from onechannel.testing.strategies import Rehearsal, requests, values

PRIVATE = "Ana García"
WORKER = Actor(ActorKind.WORKER, "p1")
OTHER = Actor(ActorKind.WORKER, "p2")


class Odd:
    """Nothing that any field could take, with something private in its repr."""

    def __repr__(self) -> str:
        return PRIVATE


# -- the table ------------------------------------------------------------------------------------


def test_every_command_is_a_verb():
    """The union is closed: what is in it has one row, and nothing else has one."""
    assert {*get_args(c.Command)} == {*c.VERBS}
    names = [verb.name for verb in c.VERBS.values()]
    assert len({*names}) == len(names)
    for command, verb in c.VERBS.items():
        assert verb.command is command
        assert verb.name.isidentifier()
        assert verb.actors
        assert command.__name__ in c.__all__


@pytest.mark.parametrize(
    ("command", "said"), [(c.Accept, "accepts"), (c.HandBack, "hands_back"), (c.Say, "says")]
)
def test_a_verb_can_be_said_of_somebody(command, said):
    """How a test or a scenario says it."""
    assert c.VERBS[command].third_person == said


PAIRS = [(command, kind) for command in c.VERBS for kind in ActorKind]


@pytest.mark.parametrize(
    ("command", "kind"), PAIRS, ids=[f"{command.__name__}-{kind}" for command, kind in PAIRS]
)
@settings(max_examples=5)
@given(st.data())
def test_nobody_may_what_is_not_in_the_table(command, kind, data):
    """An actor of another kind is refused, by kind and verb, and nothing has changed."""
    there = Rehearsal(stocked=False)
    verb = c.VERBS[command]
    before = snapshot_to_json(there.kernel.snapshot())
    why = ""
    try:
        there.ask(data.draw(values(command)), actor=Actor(kind))
    except (CommandRefused, PolicyMissing) as refusal:
        why = str(refusal)
    if why:
        assert snapshot_to_json(there.kernel.snapshot()) == before
    assert (why == f"a {kind} may not {verb.name}") is (kind not in verb.actors)


# -- on whose behalf ------------------------------------------------------------------------------


def served() -> Rehearsal:
    """`i` of customer c1 is with the worker p1, as `i/1`; `j` waits, and p2 is asked for it."""
    there = Rehearsal()
    there.ask(c.Arrive(interaction="i", channel="email", customer="c1", about="billing"))
    there.ask(c.Accept(assignment="i/1"))
    there.ask(c.Arrive(interaction="j", channel="email", about="card"))
    return there


FOREIGN = [
    (c.Accept(assignment="j/1"), WORKER),
    (c.Decline(assignment="j/1"), WORKER),
    (c.Say(interaction="i", text="hello", assignment="i/1"), OTHER),
    (c.SignOut(worker="p1"), OTHER),
    (c.SignIn(worker="p1"), OTHER),
    (c.BecomeAvailable(worker="p1"), OTHER),
    (c.BecomeUnavailable(worker="p1"), OTHER),
]


@pytest.mark.parametrize(("command", "actor"), FOREIGN, ids=lambda some: type(some).__name__)
def test_a_foreign_id_is_answered_like_an_absent_one(command, actor):
    """Who asks about what is another worker's is not even told that it is there."""
    there = served()
    with pytest.raises(CommandRefused) as foreign:
        there.ask(command, actor=actor)
    field = "assignment" if hasattr(command, "assignment") else "worker"
    absent = attrs.evolve(command, **{field: "absent/9"})
    with pytest.raises(CommandRefused) as unknown:
        there.ask(absent, actor=actor)
    name = getattr(command, field)
    assert str(foreign.value).replace(name, "X") == str(unknown.value).replace("absent/9", "X")


def test_a_foreign_part_that_is_over_is_answered_like_an_absent_one():
    """Also what is over is not told to whom it does not concern."""
    there = Rehearsal()
    there.ask(c.Arrive(interaction="i", channel="chat"))
    there.ask(c.Escalate(interaction="i"))
    with pytest.raises(CommandRefused, match="never was"):
        there.ask(c.Release(assignment="i/1"), actor=OTHER)


@pytest.mark.parametrize(
    "command",
    [c.Close(interaction="i"), c.HandBack(interaction="i"), c.Close(interaction="j")],
    ids=repr,
)
def test_a_worker_does_not_speak_for_what_another_serves(command):
    """What is done with an interaction is done by who serves it, or by who serves nobody."""
    there = served()
    with pytest.raises(CommandRefused, match="not yours"):
        there.ask(command, actor=OTHER)


@pytest.mark.parametrize("actor", [WORKER, Actor(ActorKind.SUPERVISOR, "s"), SYSTEM], ids=str)
def test_who_serves_and_who_supervises_may_close(actor):
    """The worker itself, a supervisor, and the system."""
    assert served().ask(c.Close(interaction="i"), actor=actor)


@pytest.mark.parametrize(
    "command",
    [c.Leave(interaction="i"), c.Escalate(interaction="i"), c.Say(interaction="i", text="hello")],
    ids=lambda command: type(command).__name__,
)
def test_a_customer_does_not_speak_for_another(command):
    """To a customer, another's interaction is not there."""
    with pytest.raises(CommandRefused, match=r"not open|never arrived"):
        served().ask(command, actor=Actor(ActorKind.CUSTOMER, "c2"))


@pytest.mark.parametrize(
    "command",
    [
        c.Say(interaction="i", text="hello"),
        c.Arrive(channel="chat", follows="i"),
        c.Arrive(interaction="k", channel="chat", follows="i"),
    ],
    ids=repr,
)
def test_a_customer_does_not_follow_another(command):
    """What is over is not there either, to a customer whose it was not."""
    there = served()
    there.ask(c.Close(interaction="i"))
    with pytest.raises(CommandRefused, match="i never arrived"):
        there.ask(command, actor=Actor(ActorKind.CUSTOMER, "c2"))
    assert there.ask(command, actor=Actor(ActorKind.CUSTOMER, "c1"))


@pytest.mark.parametrize(
    ("command", "actor"),
    [
        (c.Say(interaction="i", text="x", assignment="i/1"), Actor(ActorKind.CUSTOMER, "c1")),
        (c.Say(interaction="i", text="x"), Actor(ActorKind.MACHINE, "m1")),
        (c.Say(interaction="i", text="x"), OTHER),
    ],
    ids=["as a worker", "a machine as the customer", "a worker as the customer"],
)
def test_nobody_speaks_as_somebody_else(command, actor):
    """A customer's words are the customer's, and a worker's are the worker's who serves."""
    with pytest.raises(CommandRefused):
        served().ask(command, actor=actor)


def test_a_machine_whose_part_is_over_cannot_speak():
    """After an escalation what the machine still says is refused, and the customer hears none."""
    there = Rehearsal()
    there.ask(c.Arrive(interaction="i", channel="chat"))
    machine = Actor(ActorKind.MACHINE, "m1")
    words = c.Say(interaction="i", text="hello", assignment="i/1")
    assert there.ask(words, actor=machine)
    there.ask(c.Escalate(interaction="i"))
    with pytest.raises(CommandRefused, match="i/1 is released: it is over"):
        there.ask(words, actor=machine)


def test_the_words_of_one_interaction_are_not_sent_in_another():
    """An assignment speaks in the interaction it is a part of, and in no other."""
    with pytest.raises(CommandRefused, match="i/1 is not a part of interaction j"):
        served().ask(c.Say(interaction="j", text="hello", assignment="i/1"))


def test_a_tenant_has_no_centre_but_its_own():
    """Whose log it is, is settled by the first event."""
    there = served()
    request = c.Request(c.Leave(interaction="i"), "r", there.at, "other")
    with pytest.raises(CommandRefused, match="tenant other has no centre here"):
        there.handle(request)


def test_only_what_a_machine_serves_escalates_and_only_what_a_person_serves_is_handed_back():
    """And a hand-back needs a machine that can take it."""
    there = Rehearsal()
    there.ask(c.Arrive(interaction="i", channel="chat"))
    with pytest.raises(CommandRefused, match="served by a machine already"):
        there.ask(c.HandBack(interaction="i"))
    there.ask(c.Escalate(interaction="i"))
    there.ask(c.Accept(assignment="i/2"))
    with pytest.raises(CommandRefused, match="only machines escalate"):
        there.ask(c.Escalate(interaction="i"))
    there.ask(c.SignOut(worker="m1"))
    with pytest.raises(CommandRefused, match="no machine can take"):
        there.ask(c.HandBack(interaction="i"))


def test_who_serves_cannot_sign_out():
    """The refusal names the interaction; who is only asked, or wraps up, may go."""
    there = served()
    with pytest.raises(CommandRefused, match="p1 still serves i: close it"):
        there.ask(c.SignOut(worker="p1"))
    there.ask(c.Close(interaction="i"))
    assert there.ask(c.SignOut(worker="p1"))
    assert there.ask(c.SignOut(worker="p2"))


def test_an_address_is_one_customer_s():
    """Who registers an address somebody else has is refused, by ids and numbers only."""
    there = Rehearsal(stocked=False)
    ana = Address.parse("tel:+34600111222")
    there.ask(c.RegisterCustomer(customer="c1", name=PRIVATE, addresses=(ana,)))
    free = Address.parse("tel:+34600111333")
    with pytest.raises(CommandRefused, match="address 2 of customer c2 is customer c1's") as caught:
        there.ask(c.RegisterCustomer(customer="c2", addresses=(free, ana)))
    assert "600" not in str(caught.value)
    with pytest.raises(CommandRefused, match="c1 is registered already"):
        there.ask(c.RegisterCustomer(customer="c1"))


# -- what a command may hold ----------------------------------------------------------------------

WRONG = [
    (c.RegisterCustomer, {"customer": Odd()}),
    (c.RegisterCustomer, {"customer": "c", "name": f"{PRIVATE}\0"}),
    (c.Arrive, {"interaction": "i", "channel": f"{PRIVATE}\n"}),
    (c.Arrive, {"channel": "chat", "interaction": Odd()}),
    (c.Arrive, {"interaction": "i", "channel": "chat", "customer": Odd()}),
    (c.Arrive, {"interaction": "i", "channel": "chat", "queue": Odd()}),
    (c.Arrive, {"interaction": "i", "channel": "chat", "about": f"{PRIVATE}\n"}),
    (c.Arrive, {"interaction": "i", "channel": "chat", "priority": PRIVATE}),
    (c.Arrive, {"interaction": "i", "channel": "chat", "priority": True}),
    (c.Arrive, {"interaction": "i", "channel": "chat", "says": f"{PRIVATE}\ud800"}),
    (c.Arrive, {"interaction": "i", "channel": "chat", "follows": Odd()}),
    (c.Say, {"interaction": Odd(), "text": PRIVATE}),
    (c.Say, {"interaction": "i", "text": Odd()}),
    (c.Say, {"interaction": "i", "text": f"{PRIVATE}\0"}),
    (c.Say, {"interaction": "i", "text": PRIVATE, "assignment": Odd()}),
    *((kind, {"interaction": Odd()}) for kind in (c.Leave, c.Escalate, c.HandBack, c.Close)),
    *((kind, {"assignment": Odd()}) for kind in (c.Accept, c.Decline, c.Release)),
    (c.Decline, {"assignment": "i/1", "reason": f"{PRIVATE}\n"}),
    (c.Escalate, {"interaction": "i", "reason": f"{PRIVATE}\n"}),
    (c.HandBack, {"interaction": "i", "reason": f"{PRIVATE}\n"}),
    (c.Close, {"interaction": "i", "disposition": f"{PRIVATE}\n"}),
    *((kind, {"worker": Odd()}) for kind in (c.SignIn, c.SignOut, c.BecomeAvailable)),
    (c.BecomeUnavailable, {"worker": "p", "reason": Odd()}),
    (c.BecomeUnavailable, {"worker": "p", "duration": Odd()}),
    (c.BecomeUnavailable, {"worker": "p", "duration": -timedelta(1)}),
    (c.ObserveArrival, {"interaction": Odd(), "channel": "chat"}),
    (c.ObserveQueued, {"interaction": "i", "queue": Odd()}),
    (c.ObserveDequeued, {"interaction": Odd()}),
    (c.ObserveAccepted, {"interaction": "i", "worker": Odd()}),
    (c.ObserveReleased, {"interaction": "i", "worker": Odd()}),
    (c.ObserveClosed, {"interaction": Odd()}),
    (c.ObserveAnomaly, {"interaction": "i", "verb": Odd(), "reason": "r"}),
    (c.ObserveAnomaly, {"interaction": "i", "verb": "v", "reason": Odd()}),
    (c.RegisterCustomer, {"customer": "c", "addresses": (Odd(),)}),
    (c.RegisterCustomer, {"customer": "c", "addresses": "tel:+34600111222"}),
    (c.Arrive, {"interaction": "i", "channel": "chat", "address": "tel:+34600111222"}),
    (c.Close, {"interaction": "i", "reason": Odd()}),
    (c.DefineWorker, {"worker": Odd()}),
    (c.DefineQueue, {"queue": Odd()}),
    (c.DefineChannel, {"channel": Odd()}),
    (c.AdoptPolicy, {"policy": Odd()}),
    (c.ObserveAccepted, {"interaction": "i", "worker": "p", "kind": Odd()}),
    (c.ObserveClosed, {"interaction": "i", "reason": Odd()}),
    (c.ObserveAnomaly, {"interaction": "i", "verb": "v", "reason": "r", "details": Odd()}),
]


def cases(some) -> list:
    """Each of them by command, and the field that is wrong."""
    return [pytest.param(kind, f, id=f"{kind.__name__}.{[*f][-1]}") for kind, f in some]


def refused(kind, fields) -> None:
    """It cannot be built, and what is said of it cites nothing."""
    with pytest.raises(InvalidValue) as caught:
        kind(**fields)
    assert PRIVATE not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(("kind", "fields"), cases(WRONG))
def test_what_cannot_be_asked_is_refused_when_it_is_built(kind, fields):
    """A command that cannot be is an InvalidValue, whose message never cites what was given."""
    refused(kind, fields)


@pytest.mark.parametrize("reason", EndReason)
def test_one_asks_for_the_ends_that_can_be_asked_for(reason):
    """What only the kernel finds out is not asked for; a vendor may report any end."""
    endable = {"resolved", "withdrawn", "rejected", "failed", "expired"}
    if reason in endable:
        assert c.Close(interaction="i", reason=reason.value).reason is reason
    else:
        with pytest.raises(InvalidValue, match="use another reason"):
            c.Close(interaction="i", reason=reason)
    assert c.ObserveClosed(interaction="i", reason=reason.value).reason is reason


def test_details_of_an_anomaly_are_codes():
    """Whatever a source said becomes text, by name."""
    command = c.ObserveAnomaly(interaction="i", verb="v", reason="r", details={"b": 2, "a": "x"})
    assert [*command.details.items()] == [("a", "x"), ("b", "2")]


@given(requests())
def test_commands_are_values(request):
    """A command is frozen, equal to its like, and of use as a key."""
    again = attrs.evolve(request)
    assert request == again
    assert hash(request) == hash(again)
    assert request.at.utcoffset() == timedelta(0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.command = None
    field = attrs.fields(type(request.command))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(request.command, field, None)


def test_defining_says_what_was_defined():
    """Workers, queues, channels and policies go through a command into the log as they are."""
    there = Rehearsal(stocked=False)
    worker, queue, channel = Worker(id="p"), Queue(name="q"), Channel(name="pigeon")
    policy = Policy(name="plain", plan=PlanRule(steps=(StepRule(),)))
    there.ask(c.DefineWorker(worker=worker))
    there.ask(c.DefineQueue(queue=queue))
    there.ask(c.DefineChannel(channel=channel))
    there.ask(c.AdoptPolicy(policy=policy))
    assert [event.data for event in there.log] == [
        e.WorkerDefined("p", worker),
        e.QueueDefined(queue),
        e.ChannelDefined(channel),
        e.PolicyAdopted(policy),
    ]
