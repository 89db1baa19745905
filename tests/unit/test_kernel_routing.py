"""Routing by example: who is asked for what, in an order that everybody can follow."""

from datetime import timedelta
from random import Random

import pytest

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused
from onechannel.kernel import Kernel
from onechannel.model.channel import Channel
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import Named, Pause, PlanRule, Policy, StepRule
from onechannel.model.queue import Queue
from onechannel.model.requirement import Requirement
from onechannel.model.worker import Capacity, Worker
from onechannel.testing.strategies import Rehearsal

SECOND = timedelta(seconds=1)
PLAIN = Policy(name="plain", plan=PlanRule(steps=(StepRule(skill_from_about=True),)))


def centre(*workers: Worker, policy: Policy = PLAIN) -> Rehearsal:
    """A centre with these workers, not yet signed in."""
    there = Rehearsal(stocked=False)
    there.ask(c.AdoptPolicy(policy=policy))
    for worker in workers:
        there.ask(c.DefineWorker(worker=worker))
    return there


def arrives(there: Rehearsal, name: str, **more) -> tuple[e.Event, ...]:
    """Somebody arrives by voice."""
    return there.ask(c.Arrive(interaction=name, channel="voice", **more))


def asked(made) -> list[tuple[str, str]]:
    """Who was asked for what."""
    opened = (event.data for event in made if isinstance(event.data, e.AssignmentOpened))
    return [(data.interaction, data.worker) for data in opened]


def patient(name: str, **more) -> Worker:
    """A worker who accepts by itself, so that nobody has to."""
    return Worker(id=name, accepts_by_itself=True, **more)


def test_priority_goes_before_age():
    """The most urgent first, and of two as urgent the one that waits longer."""
    there = centre(patient("p", capacity=Capacity(total=None)))
    for name, priority in (("a", 0), ("b", 2), ("c", 1), ("d", 2)):
        arrives(there, name, priority=priority)
    order = [name for name, _ in asked(there.ask(c.SignIn(worker="p")))]
    assert order == ["b", "d", "c", "a"]


def test_who_has_been_idle_longest_is_asked_first():
    """Idle since given work, since ending it, or since becoming available, whatever was last."""
    there = centre(*(patient(name) for name in ("p", "q", "r")))
    for name in ("q", "r", "p"):
        there.ask(c.SignIn(worker=name))
    assert [asked(arrives(there, name)) for name in "abc"] == [
        [("a", "q")],
        [("b", "r")],
        [("c", "p")],
    ]
    for name in "bac":
        there.ask(c.Close(interaction=name))
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(c.BecomeAvailable(worker="p"))
    assert [asked(arrives(there, name))[0][1] for name in "def"] == ["r", "q", "p"]


def test_a_skill_is_asked_for_at_its_level():
    """At least as proficient as the step asks; a bare skill at any proficiency."""
    rule = PlanRule(steps=(StepRule(skills={"card": 3}, skill_from_about=True),))
    there = centre(
        *(
            patient("weak", skills={"card": 2, "billing": 9}),
            patient("other", skills={"card": 5}),
            patient("fits", skills={"card": 3, "billing": 0}),
        ),
        policy=Policy(name="p", plan=rule),
    )
    for name in ("weak", "other", "fits"):
        there.ask(c.SignIn(worker=name))
    made = arrives(there, "a", about="billing")
    assert asked(made) == [("a", "fits")]
    (opened,) = (event.data for event in made if isinstance(event.data, e.AssignmentOpened))
    reason = opened.reason
    assert "billing" in reason
    assert "card >= 3" in reason


def test_a_level_that_is_asked_for_goes_before_the_bare_skill():
    """What it is about asks for the skill, and does not lower what the step asks of it."""
    rule = PlanRule(steps=(StepRule(skills={"card": 3}, skill_from_about=True),))
    there = centre(patient("p", skills={"card": 2}), policy=Policy(name="p", plan=rule))
    there.ask(c.SignIn(worker="p"))
    assert asked(arrives(there, "a", about="card")) == []


def test_a_passed_over_interaction_does_not_block_the_line():
    """Whoever is first and cannot be served lets others go by, and keeps its place."""
    there = centre(patient("p", skills={"card": 1}), patient("q", skills={"billing": 1}))
    arrives(there, "a", about="billing")
    arrives(there, "b", about="card")
    assert asked(there.ask(c.SignIn(worker="p"))) == [("b", "p")]
    assert asked(there.ask(c.SignIn(worker="q"))) == [("a", "q")]


def test_capacity_counts_in_all_and_by_channel():
    """A worker is asked for as much as fits, in units and in number, wrap-up included."""
    limits = Capacity(total=100, channels={"chat": 3})
    there = centre(patient("p", capacity=limits, wrap_up=9 * SECOND))
    there.ask(c.DefineChannel(channel=Channel(name="chat", load=30)))
    there.ask(c.DefineChannel(channel=Channel(name="fax", load=70)))
    there.ask(c.SignIn(worker="p"))
    for name in "abcd":
        there.ask(c.Arrive(interaction=name, channel="chat"))
    there.ask(c.Arrive(interaction="f", channel="fax"))
    assert asked(there.log) == [("a", "p"), ("b", "p"), ("c", "p")]
    made = there.ask(c.Close(interaction="a"))
    assert asked(made) == [], "wrapping up holds capacity"
    assert asked(there.advance(there.at + 9 * SECOND)) == [("d", "p")]
    there.ask(c.Close(interaction="b"))
    there.ask(c.Close(interaction="c"))
    assert asked(there.advance(there.at + 9 * SECOND)) == [("f", "p")]


def test_a_load_is_given_back_as_it_was_taken():
    """A channel that became heavier or lighter meanwhile leaves nothing behind."""
    there = centre(patient("p", capacity=Capacity(total=100)))
    there.ask(c.DefineChannel(channel=Channel(name="voice", load=40)))
    there.ask(c.SignIn(worker="p"))
    arrives(there, "a")
    there.ask(c.DefineChannel(channel=Channel(name="voice", load=90)))
    assert asked(arrives(there, "b")) == []
    there.ask(c.Close(interaction="a"))
    assert asked(there.log)[-1] == ("b", "p")
    there.ask(c.Close(interaction="b"))
    assert there.kernel.snapshot().workers[0].seat.load == 0


@pytest.mark.parametrize(
    "widening",
    [
        c.DefineWorker(worker=patient("p", skills={"billing": 1})),
        c.DefineChannel(channel=Channel(name="voice", load=20)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_becomes_possible_happens_at_once(widening):
    """Whoever waits is served as soon as a definition makes it possible."""
    there = centre(patient("p", skills={"billing": 1}, capacity=Capacity(total=50)))
    there.ask(c.SignIn(worker="p"))
    assert asked(arrives(there, "a", about="billing")) == []
    assert asked(there.ask(widening)) == [("a", "p")]


def test_steps_widen_whom_is_asked():
    """When the time of a step is over, the next one asks others; the place in line stays."""
    rule = PlanRule(
        steps=(
            StepRule(skills={"card": 3}, expires_after=10 * SECOND),
            StepRule(skills={"card": 1}, expires_after=10 * SECOND),
            StepRule(),
        )
    )
    there = centre(patient("p"), policy=Policy(name="p", plan=rule))
    there.ask(c.SignIn(worker="p"))
    arrives(there, "a")
    first, second = there.at + 10 * SECOND, there.at + 20 * SECOND
    (expired,) = there.advance(first)
    assert expired.data == e.StepExpired("a", 1, second)
    assert asked(there.advance(second)) == [("a", "p")]


def asked_by_moments(pause: Pause | None) -> Rehearsal:
    """`m` is asked for `a` in the first of two steps of a moment; `p` is for later."""
    moment = StepRule(kinds={"machine"}, expires_after=0 * SECOND)
    rule = PlanRule(steps=(moment, moment, StepRule(kinds={"person"})))
    there = centre(
        Worker(id="m", kind="machine", accepts_by_itself=False),
        Worker(id="p"),
        policy=Policy(name="p", plan=rule, after_decline=pause),
    )
    for name in ("m", "p"):
        there.ask(c.SignIn(worker=name))
    assert asked(arrives(there, "a")) == [("a", "m")]
    return there


def test_a_step_of_a_moment_is_over_when_its_moment_is():
    """Who was asked at that moment goes away: the plan goes on, to whoever is there."""
    there = asked_by_moments(None)
    made = there.ask(c.SignOut(worker="m"))
    assert [event.data for event in made if isinstance(event.data, e.StepExpired)] == [
        e.StepExpired("a", 2, None)
    ]
    assert asked(made) == [("a", "p")]


def test_who_has_declined_is_not_waited_for():
    """A next step of a moment is for whoever can serve then, and not for who is being paused."""
    there = asked_by_moments(Pause(reason="refusing"))
    assert asked(there.ask(c.Decline(assignment="a/1"))) == [("a", "p")]


def test_a_moment_that_somebody_else_takes_is_over():
    """Who goes on to a step of a moment, and is not asked for in it, goes on from there too."""
    there = asked_by_moments(None)
    there.ask(c.SignOut(worker="p"))
    there.ask(c.AdoptPolicy(policy=PLAIN))
    arrives(there, "b", priority=1)
    assert asked(there.ask(c.Decline(assignment="a/1"))) == [("b", "m")]
    assert asked(there.ask(c.SignIn(worker="p"))) == [("a", "p")]


def test_a_moment_is_not_for_two():
    """Two go on to the same worker, who has room for one: the other's plan goes on at once."""
    rule = PlanRule(
        steps=(
            StepRule(skills={"card": 1}, expires_after=0 * SECOND),
            StepRule(kinds={"machine"}, expires_after=0 * SECOND),
            StepRule(kinds={"person"}),
        )
    )
    there = centre(
        Worker(id="p", skills={"card": 1}, capacity=Capacity(total=200)),
        Worker(id="m", kind="machine", accepts_by_itself=False),
        Worker(id="q"),
        policy=Policy(name="p", plan=rule),
    )
    for name in ("p", "m", "q"):
        there.ask(c.SignIn(worker=name))
    arrives(there, "a")
    arrives(there, "b")
    assert asked(there.ask(c.SignOut(worker="p"))) == [("a", "m"), ("b", "q")]


def test_a_step_without_an_end_keeps_the_plan_there():
    """What comes after a step that waits for ever is never asked."""
    everlasting = Plan(
        queue="here", steps=[Step(requirement=Requirement(kinds={"machine"})), Step()]
    )
    there = centre(patient("p"))
    there.kernel = Kernel({"planner": lambda _ask: everlasting})
    there.ask(c.DefineQueue(queue=Queue(name="here")))
    there.ask(c.AdoptPolicy(policy=Policy(name="p", plan=Named("planner"))))
    made = arrives(there, "a")
    assert (made[-1].data.step, made[-1].data.expires_at) == (0, None)
    assert there.kernel.next_deadline is None


@pytest.mark.parametrize("router", ["ours", "theirs"])
def test_a_queue_does_not_change_hands_with_somebody_in_it(router):
    """Who routes a queue is settled while anybody stands in it; all else of it may change."""
    there = centre()
    there.ask(c.DefineQueue(queue=Queue(name="q", router=router)))
    if router == "ours":
        arrives(there, "a", queue="q")
    else:
        there.ask(c.ObserveArrival(interaction="a", channel="voice"))
        there.ask(c.ObserveQueued(interaction="a", queue="q"))
    other = {"ours": "theirs", "theirs": "ours"}[router]
    assert there.ask(c.DefineQueue(queue=Queue(name="q", router=router, wrap_up=SECOND)))
    with pytest.raises(CommandRefused, match=f"queue q is routed by {router} and 1 are in it"):
        there.ask(c.DefineQueue(queue=Queue(name="q", router=other)))
    there.ask(c.Close(interaction="a"))
    assert there.ask(c.DefineQueue(queue=Queue(name="q", router=other)))


def test_order_survives_a_great_coming_and_going():
    """However many have come and gone, who is left is asked for in order."""
    there = centre(patient("p", capacity=Capacity(total=None)))
    names = [f"i{number}" for number in range(400)]
    for number, name in enumerate(names):
        arrives(there, name, priority=number % 3)
    left = [name for number, name in enumerate(names) if number % 40 == 7]
    going = [name for name in names if name not in left]
    Random(3).shuffle(going)
    for name in going:
        there.ask(c.Leave(interaction=name))
    in_order = sorted(left, key=lambda name: (-(int(name[1:]) % 3), int(name[1:])))
    assert [name for name, _ in asked(there.ask(c.SignIn(worker="p")))] == in_order


def test_routing_survives_a_great_variety():
    """However many things it was about, and however often a worker changed, nobody is missed."""
    there = centre(patient("p", capacity=Capacity(total=None)))
    there.ask(c.SignIn(worker="p"))
    for number in range(300):
        arrives(there, f"i{number}", about=f"topic-{number}")
        if number % 100:
            there.ask(c.Leave(interaction=f"i{number}"))
    found = []
    for number in (200, 7, 100, 0):
        skilled = patient("p", capacity=Capacity(total=None), skills={f"topic-{number}": 1})
        found += asked(there.ask(c.DefineWorker(worker=skilled)))
    assert found == [("i200", "p"), ("i100", "p"), ("i0", "p")]
    assert asked(arrives(there, "again", about="topic-0")) == [("again", "p")]
    assert asked(arrives(there, "last", about="topic-7")) == []


def test_deadlines_survive_a_great_coming_and_going():
    """However many were armed and cancelled, those left fire in order and only once."""
    there = centre(*(Worker(id=f"w{number}") for number in range(300)))
    for number in range(300):
        there.ask(c.SignIn(worker=f"w{number}"))
        there.ask(c.BecomeUnavailable(worker=f"w{number}", duration=(300 - number) * SECOND))
    for number in range(300):
        if number % 30:
            there.ask(c.BecomeAvailable(worker=f"w{number}"))
    back = [event.data.worker for event in there.advance(there.at + 600 * SECOND)]
    assert back == [f"w{number}" for number in range(270, -1, -30)]
    assert there.kernel.next_deadline is None
