"""The table of commands: what each is called, and what it may hold."""

from datetime import datetime, timedelta
from typing import get_args

import attrs
import pytest
from hypothesis import given
from tests.unit.one_of_each import FIELDS, POLICY, one_of

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused, InvalidValue
from onechannel.model import Address, Channel, Queue, Worker
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.calendar import Calendar
from onechannel.model.interaction import EndReason
from onechannel.testing.strategies import START, Rehearsal, requests

PRIVATE = "Ana García"
NO_TIME = timedelta(0)
NAIVE = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - it is what must be refused


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


@pytest.mark.parametrize("command", [*c.VERBS], ids=lambda command: command.__name__)
def test_one_of_each_is_built(command):
    """A command of each kind exists, and every field of it can hold something."""
    made = one_of(command)
    empty = [name for name, value in attrs.asdict(made, recurse=False).items() if value is None]
    apart = APART.get(command, set())
    assert {*empty} == apart


#: Fields that do not go with the others.
APART = {
    c.MakePromise: {"due"},
    c.RenegotiatePromise: {"due"},
    c.Consult: {"queue", "department"},
    c.Delegate: {"queue", "department"},
    c.Transfer: {"worker"},
}


# -- who serves -----------------------------------------------------------------------------------


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
    there = Rehearsal()
    there.ask(c.Arrive(interaction="i", channel="chat"))
    there.ask(c.Arrive(interaction="j", channel="chat"))
    with pytest.raises(CommandRefused, match="i/1 is no part of j"):
        there.ask(c.Say(interaction="j", text="hello", assignment="i/1"))


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
    *((kind, {name: Odd()}) for kind, fields in FIELDS.items() for name in fields),
    (c.RegisterCustomer, {"name": f"{PRIVATE}\0"}),
    (c.RegisterCustomer, {"addresses": (Odd(),)}),
    (c.RegisterCustomer, {"addresses": "tel:+34600111222"}),
    (c.Arrive, {"channel": f"{PRIVATE}\n"}),
    (c.Arrive, {"about": f"{PRIVATE}\n"}),
    (c.Arrive, {"priority": PRIVATE}),
    (c.Arrive, {"priority": True}),
    (c.Arrive, {"says": f"{PRIVATE}\ud800"}),
    (c.Arrive, {"address": "tel:+34600111222"}),
    (c.Reach, {"says": f"{PRIVATE}\0"}),
    (c.Say, {"text": f"{PRIVATE}\0"}),
    (c.Say, {"attachments": PRIVATE}),
    (c.Say, {"attachments": (Odd(),)}),
    (c.EditMessage, {"text": f"{PRIVATE}\0"}),
    (c.Suggest, {"text": f"{PRIVATE}\ud800"}),
    (c.ReportDelivery, {"state": PRIVATE}),
    (c.RequestCallback, {"at": NAIVE}),
    (c.RequestCallback, {"owned_for": NO_TIME}),
    (c.Decline, {"reason": f"{PRIVATE}\n"}),
    (c.Escalate, {"reason": f"{PRIVATE}\n"}),
    (c.HandBack, {"reason": f"{PRIVATE}\n"}),
    (c.Transfer, {"returns_after": NO_TIME}),
    (c.Delegate, {"says": f"{PRIVATE}\0"}),
    (c.Suspend, {"due": NAIVE}),
    (c.ChangeRole, {"role": PRIVATE}),
    (c.Close, {"disposition": f"{PRIVATE}\n"}),
    (c.ExtendWrapUp, {"duration": NO_TIME}),
    (c.BecomeUnavailable, {"duration": -timedelta(1)}),
    (c.Sanction, {"duration": NO_TIME}),
    (c.Sanction, {"duration": None}),
    (c.MakePromise, {"within": None, "due": NAIVE}),
    (c.MakePromise, {"within": NO_TIME}),
    (c.PausePromise, {"duration": NO_TIME}),
    (c.Reconcile, {"serving": {PRIVATE + "\n": None}}),
    (c.Reconcile, {"serving": {"i": f"{PRIVATE}\n"}}),
    (c.Reconcile, {"serving": {"i": Odd()}}),
    (c.ObserveAnomaly, {"details": {"a": f"{PRIVATE}\0"}}),
]
NOT_TOGETHER = [
    (c.Reach, {"worker": None, "template": None}),
    (c.Reach, {"worker": None, "says": None}),
    (c.ReportDelivery, {"message": None, "reference": None}),
    (c.RequestCallback, {"worker": None, "owned_for": None}),
    (c.RequestCallback, {"worker": None, "only": False}),
    (c.MakePromise, {"due": START}),
    (c.MakePromise, {"within": None}),
    (c.MakePromise, {"interaction": None, "customer": None}),
    (c.RenegotiatePromise, {"due": START}),
    (c.RenegotiatePromise, {"within": None}),
    (c.Consult, {"worker": None}),
    (c.Consult, {"queue": "main"}),
    (c.Consult, {"department": "store"}),
    (c.Delegate, {"worker": None}),
    (c.Delegate, {"queue": "main"}),
    (c.Transfer, {"worker": "p", "queue": None}),
    (c.Transfer, {"worker": "p", "department": None}),
    *((c.Join, {"role": role}) for role in ("serves", "consulted", "conferenced")),
]


def cases(some) -> list:
    """Each of them by command, and the field that is wrong."""
    return [pytest.param(kind, f, id=f"{kind.__name__}.{[*f][-1]}") for kind, f in some]


@pytest.mark.parametrize(("kind", "fields"), cases(WRONG))
def test_what_cannot_be_asked_is_refused_when_it_is_built(kind, fields):
    """A command that cannot be is an InvalidValue, whose message never cites what was given."""
    with pytest.raises(InvalidValue) as caught:
        one_of(kind, **fields)
    assert PRIVATE not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(("kind", "fields"), cases(NOT_TOGETHER))
def test_what_does_not_go_together_is_refused_when_it_is_built(kind, fields):
    """What would be asked twice, or of nobody, is an InvalidValue that says what to give."""
    with pytest.raises(InvalidValue, match=r": |nobody joins|a worker, a queue or"):
        one_of(kind, **fields)


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
    """What is defined goes through a command into the log as it is; once more, and nothing does."""
    there = Rehearsal(stocked=False)
    office = FIELDS[c.DefineCalendar]["calendar"]
    worker, queue = Worker(id="p"), Queue(name="q", wrap_up=timedelta(1))
    channel = Channel(name="pigeon")
    commands = (
        c.DefineCalendar(calendar=office),
        c.DefineWorker(worker=worker),
        c.DefineQueue(queue=queue),
        c.DefineChannel(channel=channel),
        c.AdoptPolicy(policy=POLICY),
    )
    for _ in range(2):
        for command in commands:
            there.ask(command)
    assert [event.data for event in there.log] == [
        e.CalendarDefined(office),
        e.WorkerDefined("p", worker),
        e.QueueDefined(queue),
        e.ChannelDefined(channel),
        e.PolicyAdopted(POLICY),
    ]


def test_a_calendar_of_an_unknown_zone_is_refused():
    """Whether this machine knows a zone is asked when a calendar is defined."""
    nowhere = Calendar.weekly("office", zone="Nowhere/At_All", daily="09:00-17:00")
    with pytest.raises(CommandRefused, match="time zone Nowhere/At_All is unknown here"):
        Rehearsal(stocked=False).ask(c.DefineCalendar(calendar=nowhere))
