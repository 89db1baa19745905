"""A real kernel in each state of each machine, brought there by commands.

Laws of this file: nothing here writes into a kernel; the thing it is about is the interaction `i`,
the worker `p`, an assignment of `i`, or a promise or a journey of `c1`.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_to_json
from onechannel.errors import CommandRefused
from onechannel.machines import ASSIGNMENT, INTERACTION, JOURNEY, PROMISE, WORKER
from onechannel.model.assignment import AssignmentState as A
from onechannel.model.assignment import Role
from onechannel.model.channel import Channel
from onechannel.model.interaction import InteractionState as I
from onechannel.model.journey import JourneyState as J
from onechannel.model.policy import PlanRule, Policy, StepRule
from onechannel.model.promise import PromiseState as P
from onechannel.model.queue import Queue
from onechannel.model.worker import Capacity, Worker
from onechannel.model.worker import WorkerState as W
from onechannel.testing.strategies import Rehearsal

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@attrs.frozen
class Found:
    """A centre in some state, and the id of what is in it."""

    there: Rehearsal
    subject: str


Recipe = Callable[[], Found]

# A channel that can do all there is, so that nothing but the state stands in the way.
LINE = Channel(name="line", load=10, can_hold=True, dormant_after=HOUR)
#: One that is real-time, which a lease is for.
CALL = Channel(name="call", load=10, can_hold=True, real_time=True, lease=HOUR)


def centre(*present: str) -> Rehearsal:
    """A centre with the people `p`, `q` and `s` and a machine `m`; those named are signed in.

    Nobody asks `s`, who has no capacity, and who is always there.
    """
    there = Rehearsal(stocked=False)
    steps = (StepRule(expires_after=90 * SECOND), StepRule())
    plan = PlanRule(steps=steps)
    there.ask(c.AdoptPolicy(policy=Policy(name="plain", plan=plan, ring_for=20 * SECOND)))
    there.ask(c.DefineQueue(queue=Queue(name="theirs", router="theirs")))
    there.ask(c.DefineChannel(channel=LINE))
    there.ask(c.DefineChannel(channel=CALL))
    there.ask(c.RegisterCustomer(customer="c1"))
    there.ask(c.OpenJourney(customer="c1", reference="order-1"))
    much = Capacity(total=None)
    for worker in (
        Worker(id="p", wrap_up=30 * SECOND, capacity=much),
        Worker(id="q", wrap_up=30 * SECOND, capacity=much),
        Worker(id="s", capacity=Capacity(total=0)),
        Worker(id="m", kind="machine", capacity=much),
    ):
        there.ask(c.DefineWorker(worker=worker))
    for name in (*present, "s"):
        there.ask(c.SignIn(worker=name))
    return there


def arrives(there: Rehearsal) -> Rehearsal:
    """`i` arrives, on the channel that can do everything."""
    there.ask(c.Arrive(interaction="i", channel="line", customer="c1"))
    return there


# -- interactions ---------------------------------------------------------------------------------


def waiting() -> Rehearsal:
    """`i` waits for us."""
    return arrives(centre())


def pending() -> Rehearsal:
    """`p` is asked for `i`, as `i/1`."""
    return arrives(centre("p"))


def waiting_for_them() -> Rehearsal:
    """`i` waits in a queue that somebody else routes."""
    there = centre()
    there.ask(c.ObserveArrival(interaction="i", channel="line", customer="c1"))
    there.ask(c.ObserveQueued(interaction="i", queue="theirs"))
    return there


def scheduled() -> Rehearsal:
    """`i` is to be called back in an hour."""
    there = waiting()
    there.ask(c.RequestCallback(interaction="i", at=there.at + HOUR))
    return there


def with_machine() -> Rehearsal:
    """`i` is with the machine, as `i/1`; `p` is there."""
    there = arrives(centre("m"))
    there.ask(c.SignIn(worker="p"))
    return there


def with_person() -> Rehearsal:
    """`i` is with `p`, as `i/1`; the machine and `q` are there."""
    there = pending()
    there.ask(c.Accept(assignment="i/1"))
    there.ask(c.SignIn(worker="m"))
    there.ask(c.SignIn(worker="q"))
    return there


def on_a_call() -> Rehearsal:
    """`i` is with `p`, on a channel that is real-time."""
    there = centre("p")
    there.ask(c.Arrive(interaction="i", channel="call", customer="c1"))
    there.ask(c.Accept(assignment="i/1"))
    return there


def called_back() -> Rehearsal:
    """`p` has taken the callback of `i`."""
    there = scheduled()
    there.ask(c.SignIn(worker="p"))
    there.advance(there.at + HOUR)
    there.ask(c.Accept(assignment="i/1"))
    return there


def with_them() -> Rehearsal:
    """`i` is with somebody whom somebody else chose."""
    there = waiting_for_them()
    there.ask(c.ObserveAccepted(interaction="i", worker="p"))
    return there


def dormant() -> Rehearsal:
    """`i` sleeps; `p` keeps it."""
    there = with_person()
    there.ask(c.Sleep(interaction="i"))
    return there


def suspended() -> Rehearsal:
    """`i` waits on a supplier; `p` keeps it."""
    there = with_person()
    due = there.at + 2 * HOUR
    there.ask(c.Suspend(interaction="i", party="supplier", reason="parts", due=due))
    return there


def closed() -> Rehearsal:
    """`i` is over."""
    there = waiting()
    there.ask(c.Close(interaction="i"))
    return there


def _about(subject: str, *recipes: Callable[[], Rehearsal]) -> tuple[Recipe, ...]:
    """Each of these, with what it is about."""
    return tuple(lambda recipe=recipe: Found(recipe(), subject) for recipe in recipes)


INTERACTIONS: Final[Mapping[I, tuple[Recipe, ...]]] = {
    I.WAITING: _about("i", waiting, pending, waiting_for_them, scheduled),
    I.ENGAGED: _about("i", with_machine, with_person, with_them, called_back, on_a_call),
    I.DORMANT: _about("i", dormant),
    I.SUSPENDED: _about("i", suspended),
    I.CLOSED: _about("i", closed),
}


# -- assignments ----------------------------------------------------------------------------------


def consulting() -> Rehearsal:
    """`p` serves `i` and consults `q`, who has taken it, as `i/2`."""
    there = with_person()
    there.ask(c.Consult(interaction="i", worker="q"))
    there.ask(c.Accept(assignment="i/2"))
    return there


def held() -> Rehearsal:
    """`p` holds `i`."""
    there = with_person()
    there.ask(c.Hold(assignment="i/1"))
    return there


def consulted_held() -> Rehearsal:
    """`q`, who is consulted, holds."""
    there = consulting()
    there.ask(c.Hold(assignment="i/2"))
    return there


def wrapping() -> Rehearsal:
    """`p` wraps up `i`, which goes on."""
    there = with_person()
    there.ask(c.Transfer(interaction="i", worker="q"))
    return there


def wrapping_after() -> Rehearsal:
    """`p` wraps up `i`, which is over."""
    there = with_person()
    there.ask(c.Close(interaction="i"))
    return there


def released() -> Rehearsal:
    """`p` has wrapped up `i`, which goes on."""
    there = wrapping()
    there.ask(c.Release(assignment="i/1"))
    return there


def declined() -> Rehearsal:
    """`p` did not want `i`, which waits."""
    there = pending()
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(c.Decline(assignment="i/1"))
    return there


def expired() -> Rehearsal:
    """`p` did not answer, and `i` waits."""
    there = pending()
    there.ask(c.BecomeUnavailable(worker="p"))
    there.advance(there.at + 20 * SECOND)
    return there


def rescinded() -> Rehearsal:
    """`p` went, and `i` waits."""
    there = pending()
    there.ask(c.SignOut(worker="p"))
    return there


ASSIGNMENTS: Final[Mapping[A, tuple[Recipe, ...]]] = {
    A.PENDING: _about("i/1", pending),
    A.ACTIVE: (*_about("i/1", with_person), *_about("i/2", consulting)),
    A.HELD: (*_about("i/1", held), *_about("i/2", consulted_held)),
    A.WRAPPING: _about("i/1", wrapping, wrapping_after),
    A.RELEASED: _about("i/1", released),
    A.DECLINED: _about("i/1", declined),
    A.EXPIRED: _about("i/1", expired),
    A.RESCINDED: _about("i/1", rescinded),
}


# -- workers --------------------------------------------------------------------------------------


def away() -> Rehearsal:
    """`p` is unavailable."""
    there = centre("p")
    there.ask(c.BecomeUnavailable(worker="p"))
    return there


def draining() -> Rehearsal:
    """`p` serves `i` and takes nothing more."""
    there = with_person()
    there.ask(c.Drain(worker="p"))
    return there


WORKERS: Final[Mapping[W, tuple[Recipe, ...]]] = {
    W.SIGNED_OUT: _about("p", centre),
    W.AVAILABLE: _about("p", lambda: centre("p"), with_person),
    W.UNAVAILABLE: _about("p", away),
    W.DRAINING: _about("p", draining),
}


# -- promises and journeys ------------------------------------------------------------------------


def _promised(*then: Callable[[str], c.Command], after: timedelta | None = None) -> Found:
    """Something is promised to `c1`, and then these; and then time passes."""
    there = centre()
    there.ask(c.MakePromise(customer="c1", what="refund", within=HOUR))
    promise = there.log[-1].data.promise
    for command in then:
        there.ask(command(promise))
    if after is not None:
        there.advance(there.at + after)
    return Found(there, promise)


def _pause(promise: str) -> c.Command:
    return c.PausePromise(promise=promise, reason="waiting", duration=HOUR)


PROMISES: Final[Mapping[P, tuple[Recipe, ...]]] = {
    P.OPEN: (_promised,),
    P.PAUSED: (lambda: _promised(_pause),),
    P.KEPT: (lambda: _promised(lambda promise: c.KeepPromise(promise=promise)),),
    P.BROKEN: (lambda: _promised(after=2 * HOUR),),
    P.RENEGOTIATED: (
        lambda: _promised(lambda promise: c.RenegotiatePromise(promise=promise, within=HOUR)),
    ),
    P.WITHDRAWN: (lambda: _promised(lambda promise: c.WithdrawPromise(promise=promise)),),
}


def _pursued(*then: type, after: timedelta | None = None) -> Found:
    """`c1` pursues something, and `i` waits; then these, and then time passes."""
    there = waiting()
    journey = journey_of(there)
    for kind in then:
        there.ask(kind(journey=journey))
    if after is not None:
        there.advance(there.at + after)
    return Found(there, journey)


def journey_of(there: Rehearsal) -> str:
    """The journey that was opened to begin with."""
    return next(one.data.journey for one in there.log if isinstance(one.data, e.JourneyOpened))


JOURNEYS: Final[Mapping[J, tuple[Recipe, ...]]] = {
    J.OPEN: (_pursued,),
    J.ACHIEVED: (lambda: _pursued(c.AchieveJourney),),
    J.FAILED: (lambda: _pursued(c.FailJourney),),
    J.LAPSED: (lambda: _pursued(after=timedelta(days=40)),),
}

#: Every machine, with a kernel in each of its states.
RECIPES: Final = (
    (INTERACTION, INTERACTIONS),
    (ASSIGNMENT, ASSIGNMENTS),
    (WORKER, WORKERS),
    (PROMISE, PROMISES),
    (JOURNEY, JOURNEYS),
)


# -- what is asked --------------------------------------------------------------------------------


def asked_of(name: str, kind: type, found: Found) -> c.Command:
    """A command of that kind about the thing, with which nothing is wrong but perhaps its state."""
    fields: dict[str, Any] = {name: found.subject, **_MORE.get(kind, dict)()}
    if name == "assignment" and kind in {c.Say, c.Type}:
        fields["interaction"] = "i"
    if kind is c.JoinJourney:
        fields = {"interaction": "i", "journey": journey_of(found.there)}
    if kind is c.Suspend:
        fields["due"] = found.there.at + HOUR
    return kind(**fields)


_MORE: Final[Mapping[type, Callable[[], dict[str, Any]]]] = {
    c.Say: lambda: {"text": "hello"},
    c.MoveChannel: lambda: {"channel": "voice"},
    c.MakePromise: lambda: {"what": "refund", "within": HOUR},
    c.Assign: lambda: {"worker": "s"},
    c.Suspend: lambda: {"party": "supplier", "reason": "parts"},
    c.Consult: lambda: {"worker": "q"},
    c.Delegate: lambda: {"worker": "q"},
    c.Join: lambda: {"worker": "s"},
    c.ObserveQueued: lambda: {"queue": "theirs"},
    c.ObserveAccepted: lambda: {"worker": "m"},
    c.ObserveReleased: lambda: {"worker": "p"},
    c.Suggest: lambda: {"text": "a refund"},
    c.ChangeRole: lambda: {"role": Role.CONFERENCED},
    c.ExtendWrapUp: lambda: {"duration": HOUR},
    c.Sanction: lambda: {"reason": "late", "duration": HOUR},
    c.RenegotiatePromise: lambda: {"within": 2 * HOUR},
    c.PausePromise: lambda: {"reason": "waiting"},
}


def known(there: Rehearsal) -> str:
    """All that the kernel knows, but for where the log ends."""
    snapshot = there.kernel.snapshot()
    return snapshot_to_json(attrs.evolve(snapshot, position=0, at=None))


def outcome(there: Rehearsal, command: c.Command) -> str:
    """`works`, or why not; what is refused changes nothing, and an anomaly nothing but the log."""
    before, position = known(there), there.kernel.position
    try:
        made = there.ask(command)
    except CommandRefused as refusal:
        assert (known(there), there.kernel.position) == (before, position)
        return str(refusal)
    if made and isinstance(made[0].data, e.AnomalyObserved):
        assert known(there) == before
        return f"anomaly: {made[0].data.reason}"
    return "works"
