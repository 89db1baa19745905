"""The tables of the kernel: every state of every machine, with every command that it knows.

A real kernel is brought into each state by commands.
"""

import pytest
from tests.unit.kernel_states import (
    HOUR,
    RECIPES,
    Found,
    asked_of,
    centre,
    closed,
    outcome,
    pending,
    waiting,
    waiting_for_them,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.machines import ASSIGNMENT, INTERACTION, MACHINES
from onechannel.model.address import Address
from onechannel.model.assignment import AssignmentState as A
from onechannel.model.interaction import EndReason
from onechannel.model.interaction import InteractionState as I
from onechannel.testing.strategies import START

ADDRESS = Address.parse("tel:+34600111222")

PRODUCT = [
    pytest.param(machine, state, recipes, kind, id=f"{machine.name}-{state}-{kind.__name__}")
    for machine, states in RECIPES
    for state, recipes in states.items()
    for kind in machine.admits
]


def way_out(machine, state) -> str:
    """What applies in a state, as refusals say it."""
    names = sorted(kind.__name__ for kind, states in machine.admits.items() if state in states)
    return ", ".join(name for name in names if not name.startswith("Observe"))


@pytest.mark.parametrize(("machine", "state", "recipes", "kind"), PRODUCT)
def test_every_state_with_every_command(machine, state, recipes, kind):
    """It works where the table says so, for one way into the state at least; else it is refused.

    A refusal names the thing, the state it is in, and what applies; of what is over, that it is.
    What a vendor claims is not refused, but an anomaly.
    """
    why = []
    for prepare in recipes:
        found = prepare()
        command = asked_of(machine.name, kind, found)
        why.append(outcome(found.there, command))
    if state in machine.admits[kind]:
        assert "works" in why
    elif (state, kind) == (I.CLOSED, c.Say):
        assert why == ["works"], "a customer who speaks comes back"
    elif kind.__name__.startswith("Observe"):
        assert all(one.startswith("anomaly: the interaction is ") for one in why)
    elif state in machine.final:
        over = f"{machine.name} {found.subject} is "
        assert all(one.startswith(over) for one in why)
        assert all("over" in one or "closed" in one for one in why)
    else:
        told = f"{machine.name} {found.subject} is {state}: only {way_out(machine, state)} apply"
        assert why[-1] == told


@pytest.mark.parametrize("state", [A.RELEASED, A.DECLINED, A.EXPIRED, A.RESCINDED])
def test_how_an_assignment_ended_is_said(state):
    """While its interaction is open a refusal says which of the ends it was."""
    for prepare in dict(RECIPES[1][1])[state]:
        found = prepare()
        why = outcome(found.there, c.Accept(assignment=found.subject))
        assert why == f"assignment i/1 is {state}: it is over"


@pytest.mark.parametrize(("machine", "states"), RECIPES, ids=lambda some: getattr(some, "name", ""))
def test_the_states_are_all_there(machine, states):
    """Each state of each machine is walked, and each final one can be left by nothing."""
    assert {*states} == {*type(machine.initial)}
    assert machine.final.isdisjoint(state for state, _ in machine.moves)
    assert machine.initial not in machine.final
    reached = {machine.initial, *machine.moves.values()}
    assert reached == {*states}


def test_the_machines_are_all_there():
    """Five machines are drawn and walked."""
    assert tuple(machine for machine, _ in RECIPES) == MACHINES


def test_every_command_about_a_thing_that_has_states_is_in_its_table():
    """A command that names an assignment, an open promise or a journey stands in that table."""
    named = {"assignment": ASSIGNMENT, "promise": RECIPES[3][0], "journey": RECIPES[4][0]}
    for name, machine in named.items():
        about = {kind for kind in c.VERBS if name in kind.__annotations__}
        assert about - {c.Arrive, c.Reach} <= machine.admits.keys()
    about = {kind for kind in c.VERBS if "interaction" in kind.__annotations__}
    begin = {c.Arrive, c.Reach, c.ObserveArrival, c.ObserveAnomaly}
    assert about - begin <= INTERACTION.admits.keys()


@pytest.mark.parametrize(
    ("channel", "served", "reason", "disposition"),
    [
        ("voice", False, EndReason.ABANDONED, None),
        ("email", False, EndReason.WITHDRAWN, None),
        ("voice", True, EndReason.RESOLVED, "left"),
        ("email", True, EndReason.RESOLVED, "left"),
    ],
)
def test_how_it_ends_when_the_customer_goes(channel, served, reason, disposition):
    """Who hangs up waiting abandons, who stops writing withdraws, who is served has been served."""
    there = centre("p")
    there.ask(c.Arrive(interaction="i", channel=channel))
    if served:
        there.ask(c.Accept(assignment="i/1"))
    made = there.ask(c.Leave(interaction="i"))
    assert made[0].data == e.InteractionClosed("i", reason, disposition, channel=channel)
    assert made[1].data.stored_name == f"assignment.{'wrapping' if served else 'rescinded'}"


def test_what_a_vendor_claims_of_what_is_ours_is_an_anomaly():
    """It is recorded with its reason, in whatever state the interaction is."""
    command = c.ObserveClosed(interaction="i")
    assert outcome(waiting(), command) == "anomaly: the interaction is routed by us"
    assert outcome(closed(), command) == "anomaly: the interaction is not open"
    command = c.ObserveReleased(interaction="i", worker="p")
    assert outcome(waiting_for_them(), command) == "anomaly: the interaction is waiting"


def test_what_is_theirs_is_not_ours_to_decide():
    """A command that would route what somebody else routes is refused, and says the way out."""
    for kind in (c.Transfer, c.Assign, c.MoveChannel, c.RequestCallback, c.Suspend):
        there = waiting_for_them()
        command = asked_of("interaction", kind, Found(there, "i"))
        assert "is routed by others: say what they decided" in outcome(there, command)


# -- what is not there ----------------------------------------------------------------------------

ABSENT = [
    c.Accept(assignment="i/9"),
    c.Decline(assignment="x/1"),
    c.Release(assignment="x/1"),
    c.Hold(assignment="x/1"),
    c.ChangeRole(assignment="x/1", role="barges"),
    c.Say(interaction="x", text="hello"),
    c.Say(interaction="i", text="hello", assignment="i/9"),
    c.Say(interaction="i", text="hello", channel="letter"),
    c.EditMessage(message="i#9", text="hallo"),
    c.EditMessage(message="x#1", text="hallo"),
    c.EditMessage(message="i", text="hallo"),
    c.RetractMessage(message="i#9"),
    c.ReportDelivery(message="i#9", state="read"),
    c.ReportDelivery(message="x#1", state="read"),
    c.Leave(interaction="x"),
    c.Close(interaction="x"),
    c.Escalate(interaction="x"),
    c.HandBack(interaction="x"),
    c.Transfer(interaction="i", worker="x"),
    c.Transfer(interaction="i", queue="x"),
    c.Assign(interaction="i", worker="x"),
    c.Assign(interaction="i", worker="q"),
    c.RequestCallback(interaction="i", worker="x"),
    c.SignIn(worker="x"),
    c.SignOut(worker="x"),
    c.Drain(worker="x"),
    c.Sanction(worker="x", reason="late", duration=HOUR),
    c.BecomeAvailable(worker="x"),
    c.BecomeUnavailable(worker="x"),
    c.Arrive(interaction="j", channel="chat", customer="x"),
    c.Arrive(interaction="j", channel="chat", queue="x"),
    c.Arrive(interaction="j", channel="chat", customer="c1", journey="x"),
    c.Arrive(interaction="j", channel="chat", journey="j-6"),
    c.Arrive(channel="chat", follows="x"),
    c.Arrive(channel="chat", follows="i"),
    c.Arrive(channel="chat"),
    c.Arrive(interaction="i", channel="chat"),
    c.Arrive(interaction="i~1", channel="chat"),
    c.Arrive(interaction="i>1", channel="chat"),
    c.Arrive(interaction="j", channel="chat", queue="theirs"),
    c.Reach(interaction="j", channel="chat", customer="x"),
    c.Reach(interaction="i", channel="chat", customer="c1"),
    c.Reach(interaction="j", channel="chat", customer="c1", worker="x"),
    c.Reach(interaction="j", channel="chat", customer="c1", worker="q"),
    c.MakePromise(interaction="x", what="refund", within=HOUR),
    c.MakePromise(customer="x", what="refund", within=HOUR),
    c.MakePromise(customer="c1", what="refund", within=HOUR, calendar="x"),
    c.MakePromise(customer="c1", what="refund", within=HOUR, worker="x"),
    c.MakePromise(customer="c1", what="refund", due=START),
    c.KeepPromise(promise="x"),
    c.OpenJourney(customer="x"),
    c.JoinJourney(interaction="i", journey="x"),
    c.JoinJourney(interaction="x", journey="j-6"),
    c.AchieveJourney(journey="x"),
    c.LinkAddress(customer="x", address=ADDRESS),
    c.UnlinkAddress(customer="c1", address=ADDRESS),
    c.MergeCustomers(customer="c1", survivor="x"),
    c.MergeCustomers(customer="x", survivor="c1"),
    c.UnmergeCustomer(customer="c1"),
]


@pytest.mark.parametrize("command", ABSENT, ids=repr)
def test_what_is_not_there_is_refused(command):
    """An id that is unknown, taken or somebody else's is refused, with a way out, without trace."""
    why = outcome(pending(), command)
    assert why != "works"
    assert any(word in why for word in (":", "not live", "needs", "not open", "never"))
