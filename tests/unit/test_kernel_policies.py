"""Policies: what they decide, what they may not break, and what of them stands in the log."""

from datetime import timedelta

import pytest

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import event_from_json, event_to_json, snapshot_to_json
from onechannel.errors import CommandRefused, InvalidValue, PolicyMissing
from onechannel.kernel import Kernel
from onechannel.model.channel import Channel
from onechannel.model.interaction import QueuedBecause
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import (
    DEFAULT_POLICY,
    Named,
    Pause,
    PlanAsk,
    PlanRule,
    Policy,
    StepRule,
)
from onechannel.model.queue import Queue
from onechannel.model.requirement import Requirement
from onechannel.model.worker import PEOPLE, Capacity, Worker, WorkerKind
from onechannel.testing.strategies import Rehearsal

SECOND = timedelta(seconds=1)
PRIVATE = "Ana García, +34600111222"
BY_CALLABLE = Policy(name="ours", plan=Named("planner"))


def centre(planner=None, policy: Policy = BY_CALLABLE) -> Rehearsal:
    """A centre whose policy plans by this callable, with one queue of theirs."""
    there = Rehearsal(stocked=False)
    there.kernel = Kernel({"planner": planner} if planner else {})
    there.ask(c.DefineQueue(queue=Queue(name="theirs", router="theirs")))
    there.ask(c.DefineQueue(queue=Queue(name="here")))
    there.ask(c.AdoptPolicy(policy=policy))
    return there


def arrives(there: Rehearsal, **more) -> tuple[e.Event, ...]:
    """Somebody arrives; gives what came of it."""
    return there.ask(c.Arrive(interaction="i", channel="chat", about="billing", **more))


def one(made, kind):
    """The only event of that kind."""
    (found,) = (event.data for event in made if isinstance(event.data, kind))
    return found


# -- faults ---------------------------------------------------------------------------------------


def raising(_ask):
    raise RuntimeError(PRIVATE)


def exiting(_ask):
    raise CommandRefused(PRIVATE)


FAULTS = {
    "raises": (raising, "raised RuntimeError"),
    "refuses": (exiting, "raised CommandRefused"),
    "says nothing": (lambda _: None, "answered NoneType"),
    "says something": (lambda _: PRIVATE, "answered str"),
    "an unknown queue": (lambda _: Plan(queue=PRIVATE, steps=[Step()]), "a queue that is not ours"),
    "their queue": (lambda _: Plan(queue="theirs", steps=[Step()]), "a queue that is not ours"),
    "no steps": (lambda _: Plan(queue="here", steps=[]), "raised InvalidValue"),
    "not callable": (PRIVATE, "raised TypeError"),
}


@pytest.mark.parametrize(("planner", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_policy_at_fault_is_replaced_by_the_default_plan(planner, fault, caplog):
    """The customer waits by the default plan, and the fault stands in the log in codes only."""
    caplog.set_level("DEBUG")
    made = arrives(centre(planner))
    faulted, queued = one(made, e.PolicyFaulted), one(made, e.InteractionQueued)
    assert (faulted.interaction, faulted.policy) == ("i", "ours")
    assert fault in faulted.fault
    assert (queued.queue, queued.policy) == ("main", DEFAULT_POLICY.name)
    assert queued.plan == one(arrives(centre(policy=DEFAULT_POLICY)), e.InteractionQueued).plan
    said = "".join(map(event_to_json, made)) + repr(made) + caplog.text
    assert PRIVATE not in said


def test_the_default_plan_stands_in_the_queue_that_was_asked_for():
    """A fault costs the customer nothing that the policy had no say in."""
    made = arrives(centre(raising), queue="here", priority=3)
    queued = one(made, e.InteractionQueued)
    assert (queued.queue, queued.plan.priority) == ("here", 3)


def test_what_a_policy_raises_to_stop_the_process_stops_it():
    """An interrupt is nobody's fault, and nothing has changed."""

    def interrupted(_ask):
        raise KeyboardInterrupt

    there = centre(interrupted)
    before = snapshot_to_json(there.kernel.snapshot())
    with pytest.raises(KeyboardInterrupt):
        arrives(there)
    assert snapshot_to_json(there.kernel.snapshot()) == before


@pytest.mark.parametrize("spoilt", ["queue", "priority", "kinds"])
def test_a_policy_cannot_spoil_the_question(spoilt):
    """Whatever a callable does to what it is told, the default plan is made of what was asked."""

    def vandal(ask):
        setattr(ask, spoilt, "nonsense")
        raise RuntimeError

    made = arrives(centre(vandal))
    assert one(made, e.InteractionQueued) == one(arrives(centre(raising)), e.InteractionQueued)


def test_the_fault_of_one_decision_is_not_the_fault_of_the_next():
    """A policy is asked anew for every interaction."""
    answers = iter([None, Plan(queue="here", steps=[Step()])])
    there = centre(lambda _ask: next(answers))
    assert one(arrives(there), e.PolicyFaulted)
    made = there.ask(c.Arrive(interaction="j", channel="chat"))
    assert one(made, e.InteractionQueued).policy == "ours"


# -- what a planner is told and may say -----------------------------------------------------------


def test_a_planner_is_told_codes_and_ids():
    """What a policy sees is all it needs, and nothing personal."""
    told = []
    there = centre(lambda ask: told.append(ask) or Plan(queue="here", steps=[Step()]))
    there.ask(c.RegisterCustomer(customer="c1", name=PRIVATE))
    arrives(there, customer="c1", queue="here", priority=2, says=PRIVATE)
    assert told == [
        PlanAsk(
            interaction="i", channel="chat", queue="here", about="billing", priority=2,
            customer="c1", kinds=frozenset(WorkerKind), because=QueuedBecause.ARRIVAL,
            at=there.at,
        )
    ]  # fmt: skip
    assert PRIVATE not in repr(told)


def test_a_planner_is_asked_again_for_those_who_may_serve():
    """After an escalation people are asked for, after a hand-back machines, after a close both."""
    told = []

    def planner(ask):
        told.append((ask.because.value, {*ask.kinds}, ask.queue))
        return Plan(queue="here", steps=[Step()])

    there = centre(planner)
    for worker in (Worker(id="m", kind="machine", capacity=Capacity(total=None)), Worker(id="p")):
        there.ask(c.DefineWorker(worker=worker))
        there.ask(c.SignIn(worker=worker.id))
    arrives(there)
    there.ask(c.Escalate(interaction="i"))
    there.ask(c.Accept(assignment="i/2"))
    there.ask(c.HandBack(interaction="i"))
    there.ask(c.Close(interaction="i"))
    there.ask(c.Say(interaction="i", text="once more"))
    assert told == [
        ("arrival", {*WorkerKind}, None),
        ("escalation", {*PEOPLE}, "here"),
        ("hand-back", {WorkerKind.MACHINE}, "here"),
        ("return", {*WorkerKind}, None),
    ]


def test_a_plan_for_the_wrong_kinds_is_cut_to_the_right_ones():
    """Whom an escalation is for is not up to the plan: steps for machines fall out."""
    machines = Step(requirement=Requirement(kinds={"machine"}), expires_after=5 * SECOND)
    there = centre(lambda _ask: Plan(queue="here", steps=[machines, Step()]))
    there.ask(c.DefineWorker(worker=Worker(id="m", kind="machine")))
    there.ask(c.SignIn(worker="m"))
    arrives(there)
    plan = one(there.ask(c.Escalate(interaction="i")), e.InteractionQueued).plan
    assert plan.steps == (Step(requirement=Requirement(kinds=PEOPLE)),)


def test_a_plan_for_nobody_who_may_serve_asks_anybody_who_may():
    """Where no step is left, the one that remains asks for the right kinds, and waits for ever."""
    machines = Step(requirement=Requirement(kinds={"machine"}))
    there = centre(lambda _ask: Plan(queue="here", steps=[machines]))
    there.ask(c.DefineWorker(worker=Worker(id="m", kind="machine")))
    there.ask(c.SignIn(worker="m"))
    arrives(there)
    plan = one(there.ask(c.Escalate(interaction="i")), e.InteractionQueued).plan
    assert plan.steps == (Step(requirement=Requirement(kinds=PEOPLE)),)


# -- adopting -------------------------------------------------------------------------------------


def test_a_missing_callable_is_missed_when_the_policy_is_adopted():
    """A process that lacks the callable cannot adopt the policy, and goes on with the old one."""
    there = Rehearsal(stocked=False)
    with pytest.raises(PolicyMissing, match="ours asks planner"):
        there.ask(c.AdoptPolicy(policy=BY_CALLABLE))
    assert there.log == []
    assert one(arrives(there), e.InteractionQueued).policy == DEFAULT_POLICY.name


RULES = Policy(
    name="rules",
    plan=PlanRule(
        queue="here",
        steps=(
            StepRule(skill_from_about=True, skills={"card": 2}, expires_after=9 * SECOND),
            StepRule(kinds={"person"}),
        ),
    ),
    ring_for=7 * SECOND,
    after_decline=Pause(reason="refusing", duration=3 * SECOND),
    after_expiry=Pause(reason="missing"),
)


def test_a_policy_of_built_in_parts_stands_whole_in_the_log():
    """It is replayed and decides without any code, in a process that never heard of it."""
    there = centre(policy=RULES)
    stored = [event_to_json(event) for event in there.log]
    assert one(there.log, e.PolicyAdopted).policy == RULES
    there.kernel = Kernel.replay(map(event_from_json, stored))
    queued = one(arrives(there), e.InteractionQueued)
    assert (queued.policy, queued.queue) == ("rules", "here")
    first, last = queued.plan.steps
    assert dict(first.requirement.skills) == {"billing": 0.0, "card": 2.0}
    assert (first.requirement.kinds or {*WorkerKind}) == {*WorkerKind}
    assert last.requirement == Requirement(kinds={"person"})
    assert queued.expires_at == there.at + 9 * SECOND


def test_what_is_adopted_already_is_no_event():
    """Adopting or defining what is so already changes nothing, and says nothing."""
    there = centre(policy=RULES)
    same = (
        c.AdoptPolicy(policy=RULES),
        c.DefineWorker(worker=Worker(id="p")),
        c.DefineQueue(queue=Queue(name="here")),
        c.DefineChannel(channel=Channel(name="chat", load=50)),
    )
    for command in same:
        there.ask(command)
    assert [there.ask(command) for command in same] == [(), (), (), ()]


def test_who_does_not_accept_is_paused_as_the_policy_says():
    """After a decline, for as long as it says; after a missed ring, until the worker says so."""
    there = centre(policy=RULES)
    there.ask(c.DefineWorker(worker=Worker(id="p", skills={"card": 2, "billing": 1})))
    there.ask(c.SignIn(worker="p"))
    arrives(there)
    declined = there.ask(c.Decline(assignment="i/1", reason="lunch"))
    assert one(declined, e.WorkerUnavailable) == e.WorkerUnavailable(
        "p", "refusing", there.at + 3 * SECOND
    )
    back = there.advance(there.at + 3 * SECOND)
    assert [event.data.stored_name for event in back] == ["worker.available", "assignment.opened"]
    missed = there.advance(there.at + 7 * SECOND)
    assert one(missed, e.WorkerUnavailable) == e.WorkerUnavailable("p", "missing", None)
    assert there.ask(c.BecomeAvailable(worker="p"))


def test_what_a_worker_chose_itself_stays():
    """Who said that it is unavailable is not given the policy's reason instead."""
    there = centre(policy=RULES)
    there.ask(c.DefineWorker(worker=Worker(id="p", skills={"card": 2, "billing": 1})))
    there.ask(c.SignIn(worker="p"))
    arrives(there)
    there.ask(c.BecomeUnavailable(worker="p", reason="lunch"))
    made = there.ask(c.Decline(assignment="i/1"))
    assert [event.data.stored_name for event in made] == ["assignment.declined"]


def test_a_rule_for_a_queue_of_theirs_is_refused_where_it_is_used():
    """Nobody waits for us in a queue that somebody else routes."""
    there = centre(policy=Policy(name="p", plan=PlanRule(queue="theirs", steps=(StepRule(),))))
    with pytest.raises(CommandRefused, match="ObserveQueued"):
        arrives(there)


@pytest.mark.parametrize("steps", [(), (StepRule(expires_after=SECOND),)], ids=["none", "expires"])
def test_a_rule_that_makes_no_plan_cannot_be(steps):
    """A rule whose every plan would be invalid is refused when it is built, not at each arrival."""
    with pytest.raises(InvalidValue):
        PlanRule(steps=steps)


@pytest.mark.parametrize(
    "nonsense",
    [{"plan": "planner"}, {"after_decline": "lunch"}, {"after_expiry": 3}],
    ids=lambda nonsense: next(iter(nonsense)),
)
def test_a_policy_of_other_parts_cannot_be(nonsense):
    """A policy is made of a rule or a name, and of pauses."""
    with pytest.raises(InvalidValue):
        Policy(**{"name": "p", "plan": PlanRule(steps=(StepRule(),)), **nonsense})
