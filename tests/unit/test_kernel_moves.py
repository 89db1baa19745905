"""The tables of the kernel: every state of every machine, with every event that it knows.

Where a table has a move, some real run makes it; where it has none, a log in which the event
stands is inconsistent.
"""

from datetime import datetime, timedelta
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_type_hints

import attrs
import pytest
from tests.unit.kernel_states import (
    HOUR,
    RECIPES,
    Found,
    asked_of,
    called_back,
    centre,
    consulting,
    on_a_call,
    pending,
    waiting,
    waiting_for_them,
    with_machine,
    with_person,
    with_them,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused, LogInconsistent
from onechannel.kernel import Kernel
from onechannel.machines import INTERACTION, MACHINES
from onechannel.testing.strategies import START, Rehearsal

# -- moves that there are not ---------------------------------------------------------------------

NAMES = {"interaction": "i", "assignment": "i/1", "worker": "p", "customer": "c1"}
NAMES |= {"channel": "line", "queue": "theirs", "keeper": "p"}


def event_of(kind: type[e.EventData], **ids: str) -> e.EventData:
    """An event of that kind about `i`, `i/1`, `p` and whatever else is named."""
    hints = get_type_hints(kind)
    fields = {
        field.name: {**NAMES, **ids}.get(field.name) or some(hints[field.name])
        for field in attrs.fields(kind)
    }
    return kind(**fields)


def some(hint: Any) -> Any:
    """A value of that type; None where that is one."""
    if NoneType in get_args(hint):
        return None
    if hint is datetime:
        return START + 24 * HOUR
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    return {str: "x", int: 0, bool: False}.get(hint, ())


def next_event(there: Rehearsal, data: e.EventData) -> e.Event:
    """The event as the next one of that log."""
    last = there.log[-1]
    return e.Event(last.position + 1, last.origin, data)


IMPOSSIBLE = [
    pytest.param(machine, recipes[0], kind, id=f"{machine.name}-{state}-{kind.stored_name}")
    for machine, states in RECIPES
    for state, recipes in states.items()
    for kind in sorted({event for _, event in machine.moves}, key=lambda kind: kind.stored_name)
    if (state, kind) not in machine.moves
]


@pytest.mark.parametrize(("machine", "prepare", "kind"), IMPOSSIBLE)
def test_an_event_without_a_move_cannot_be_followed(machine, prepare, kind):
    """A log in which it stands is inconsistent at its position, and the reason names the thing."""
    found = prepare()
    # An assignment that nobody serves by moves no interaction: it may end in any state of it.
    ids = {"assignment": "i/9"} if machine is INTERACTION else {}
    event = next_event(found.there, event_of(kind, **ids, **{machine.name: found.subject}))
    with pytest.raises(LogInconsistent) as caught:
        Kernel.replay([*found.there.log, event])
    assert caught.value.position == event.position
    assert caught.value.reason.startswith(f"{kind.stored_name} does not apply: ")
    assert f"{machine.name} {found.subject} is " in caught.value.reason
    assert str(event.position) in str(caught.value)


@pytest.mark.parametrize(
    ("prepare", "kind"), [(waiting, e.InteractionArrived), (pending, e.AssignmentOpened)]
)
def test_what_is_there_does_not_begin_again(prepare, kind):
    """An id begins once: a log in which it does so again is inconsistent."""
    there = prepare()
    event = next_event(there, event_of(kind))
    with pytest.raises(LogInconsistent) as caught:
        Kernel.replay([*there.log, event])
    assert caught.value.position == event.position


def test_what_is_over_does_not_begin_again():
    """Neither does an assignment that has ended, while its interaction is open."""
    there = pending()
    there.ask(c.SignOut(worker="p"))
    event = next_event(there, event_of(e.AssignmentOpened))
    with pytest.raises(LogInconsistent) as caught:
        Kernel.replay([*there.log, event])
    assert caught.value.position == event.position


MOVED = sorted(
    {kind for machine in MACHINES for _, kind in machine.moves}, key=lambda k: k.__name__
)


@pytest.mark.parametrize("kind", MOVED, ids=lambda kind: kind.stored_name)
def test_an_event_about_nothing_cannot_be_followed(kind):
    """What an event moves must have begun: else the log is inconsistent at its position."""
    there = Rehearsal(stocked=False)
    there.ask(c.RegisterCustomer(customer="c1"))
    with pytest.raises(LogInconsistent) as caught:
        Kernel.replay([*there.log, next_event(there, event_of(kind))])
    assert caught.value.position == there.log[-1].position + 1


# -- moves that there are -------------------------------------------------------------------------


def by_vendor() -> Rehearsal:
    """A vendor gives what one worker serves to another, takes it away, and out of a queue."""
    there = with_them()
    there.ask(c.ObserveAccepted(interaction="i", worker="m"))
    there.ask(c.ObserveReleased(interaction="i", worker="m"))
    there.ask(c.ObserveQueued(interaction="i", queue="theirs"))
    there.ask(c.ObserveDequeued(interaction="i"))
    return there


def taken_over() -> Rehearsal:
    """Who is consulted takes over, and then a supervisor gives it to somebody else."""
    there = consulting()
    there.ask(c.ChangeRole(assignment="i/2", role="serves"))
    there.ask(c.Assign(interaction="i", worker="s"))
    return there


def held_and_over() -> Rehearsal:
    """Who holds is taken over from, by one who holds as well."""
    there = consulting()
    there.ask(c.Hold(assignment="i/1"))
    there.ask(c.Hold(assignment="i/2"))
    there.ask(c.ChangeRole(assignment="i/2", role="serves"))
    there.ask(c.Hold(assignment="i/2"))
    there.ask(c.Assign(interaction="i", worker="s"))
    there.ask(c.Hold(assignment="i/3"))
    there.ask(c.Close(interaction="i"))
    return there


def missed_callback() -> Rehearsal:
    """Who was called back was not reached."""
    there = called_back()
    there.ask(c.MissCallback(interaction="i"))
    return there


def released_while_held() -> Rehearsal:
    """A machine, which never wraps up, holds, and its customer goes."""
    there = with_machine()
    there.ask(c.Hold(assignment="i/1"))
    there.ask(c.Leave(interaction="i"))
    return there


def drained_twice() -> Rehearsal:
    """A worker drains, goes, and comes back before it is gone."""
    there = with_person()
    there.ask(c.Drain(worker="p"))
    there.ask(c.SignOut(worker="p"))
    there.ask(c.SignIn(worker="p"))
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(c.Drain(worker="p"))
    return there


def away_and_gone() -> Rehearsal:
    """A worker is away for one reason, then for another, and goes."""
    there = centre("p")
    there.ask(c.BecomeUnavailable(worker="p"))
    there.ask(c.Sanction(worker="p", reason="late", duration=HOUR))
    there.ask(c.SignOut(worker="p"))
    return there


def lease_over() -> Rehearsal:
    """Nothing is heard of a call for as long as is believed."""
    there = on_a_call()
    there.advance(there.at + HOUR)
    return there


def joined() -> Rehearsal:
    """An interaction is found to be a part of another journey."""
    there = waiting()
    there.ask(c.OpenJourney(customer="c1", reference="order-2"))
    there.ask(c.JoinJourney(interaction="i", journey=there.log[-1].data.journey))
    return there


def promises_paused(kind: type) -> Rehearsal:
    """A promise is paused, and then that."""
    there = centre()
    there.ask(c.MakePromise(customer="c1", what="refund", within=HOUR))
    promise = there.log[-1].data.promise
    there.ask(c.PausePromise(promise=promise, reason="waiting"))
    there.ask(kind(promise=promise, **({"within": HOUR} if kind is c.RenegotiatePromise else {})))
    return there


SCENES = (
    by_vendor,
    taken_over,
    held_and_over,
    missed_callback,
    released_while_held,
    drained_twice,
    away_and_gone,
    lease_over,
    joined,
    lambda: promises_paused(c.KeepPromise),
    lambda: promises_paused(c.RenegotiatePromise),
    lambda: promises_paused(c.WithdrawPromise),
)


def product() -> list[Rehearsal]:
    """Every command of every table, in every state, from every way into it."""
    done = []
    for machine, states in RECIPES:
        for recipes in states.values():
            for prepare in recipes:
                done += [tried(machine.name, kind, prepare()) for kind in machine.admits]
    return done


def tried(name: str, kind: type, found: Found) -> Rehearsal:
    """It is tried, and then a day passes, and another month."""
    there = found.there
    found_at = there.at
    try:
        there.ask(asked_of(name, kind, found))
    except CommandRefused:
        return there
    there.advance(found_at + timedelta(days=1))
    there.advance(found_at + timedelta(days=31))
    return there


def states(kernel: Kernel) -> dict[str, object]:
    """The state of everything that is not over, by id."""
    now = kernel.snapshot()
    things = (*now.interactions, *now.assignments, *now.promises, *now.journeys)
    return {one.id: one.state for one in things} | {
        one.seat.worker.id: one.state for one in now.workers
    }


KINDS = ("interaction", "assignment", "worker", "promise", "journey")


def moved(log) -> set[tuple]:
    """Every (state, event, next state) of a log; what is over has no state any more."""
    kernel, found, before = Kernel(), set(), {}
    for event in log:
        kernel.follow([event])
        after = states(kernel)
        data = event.data
        names = {getattr(data, kind, None) for kind in KINDS} & {*before}
        found |= {(before[name], type(data), after.get(name)) for name in names}
        before = after
    return found


MOVES = [
    pytest.param(state, kind, None if end in machine.final else end, id=f"{state}-{kind.__name__}")
    for machine in MACHINES
    for (state, kind), end in machine.moves.items()
]


@pytest.fixture(scope="module")
def everything() -> set[tuple]:
    """What all runs went through."""
    runs = [*product(), *(scene() for scene in SCENES)]
    return {move for there in runs for move in moved(there.log)}


@pytest.mark.parametrize(("state", "kind", "end"), MOVES)
def test_every_move_of_the_tables_is_made(state, kind, end, everything):
    """Each row of each table is what some real run does, and it ends where the row says."""
    assert (state, kind, end) in everything


def test_the_runs_make_no_other_move(everything):
    """What moves a thing stands in its table: no run changes a state by another event."""
    told = {(state, kind) for machine in MACHINES for state, kind in machine.moves}
    changes = {(before, kind) for before, kind, after in everything if before != after}
    assert changes <= told


def test_a_log_that_says_nothing_moves_nothing():
    """What is only recorded leaves every state as it is."""
    there = waiting_for_them()
    before = states(there.kernel)
    there.ask(c.ObserveAnomaly(interaction="i", verb="merge", reason="unheard of"))
    assert states(there.kernel) == before
    assert before["i"] is INTERACTION.initial
