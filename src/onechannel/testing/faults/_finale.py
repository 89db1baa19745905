"""The finale: everything that went wrong is over, and everything that was under way comes to rest.

Laws of this file: nothing is planted any more; what was wanted is answered, what was sent arrives,
what was leased runs out, and then nothing may be left over.
"""

from datetime import timedelta
from typing import Final

from onechannel import commands as c
from onechannel.delivery import Claim, Claimed, CommitCycle, ReplayEffect, Sent, Tidy
from onechannel.model.worker import WorkerState
from onechannel.ports import EffectState, LetterState
from onechannel.testing.faults._dice import Dice
from onechannel.testing.faults._errands import Chore, Errand
from onechannel.testing.faults._outside import settles
from onechannel.testing.faults._stage import CALLABLES, NEVER
from onechannel.testing.faults._truth import LEASE
from onechannel.testing.faults._world import DESTINATIONS, World
from onechannel.testing.invariants import (
    InvariantBroken,
    check_known,
    check_mail,
    check_quiet,
    check_replicas,
)

__all__ = ["finish"]

#: However much is under way, so often is enough.
_ROUNDS: Final = 400
_DAY: Final = timedelta(days=1)


def finish(world: World) -> None:
    """Let everything come to rest, and look at what is left; raises `InvariantBroken`."""
    for process in world.processes:
        process.skew = timedelta(0)
    _catch_up(world)
    _answer(world)
    _go_home(world)
    _deliver(world)
    _send(world)
    _close(world)
    _expire(world)
    _send(world)
    _check(world)


def _run(world: World, errands: list[Errand]) -> None:
    """With whoever can decide."""
    if not world.run(world.processes[0], errands):
        raise InvariantBroken("I1", "a cycle without faults does not come to an end")


def _catch_up(world: World) -> None:
    """Until the clock has come to where the log is, whatever clock had been ahead."""
    last = world.invariants.timers.at
    if last is not None and last > world.now:
        world.passes(last - world.now)


def _answer(world: World) -> None:
    world.errands += world.in_hand
    world.in_hand = []
    for _ in range(_ROUNDS):
        if not world.errands:
            return
        group, world.errands = world.errands, []
        _run(world, group)
    raise InvariantBroken("I1", f"{len(world.errands)} errands are never answered")


def _deliver(world: World) -> None:
    while world.post:
        world.passes(max(world.post[0][0] - world.now, timedelta(0)))
        _run(world, [Chore(Tidy()), *world.arrived_mail(50)])
        _answer(world)
    world.passes(2 * _DAY)
    _run(world, [Chore(Tidy())])
    if world.disk.letters(LetterState.PARKED):
        raise InvariantBroken("I7", "letters are parked after all that they could wait for")


def _send(world: World) -> None:
    """Everybody outside is well: whatever is due or dead gets there."""
    for one in world.disk.effects(EffectState.DEAD):
        _run(world, [Chore(ReplayEffect(destination=one.destination, position=one.position))])
    for _ in range(_ROUNDS):
        due = world.disk.effects(EffectState.DUE)
        if not due:
            return
        world.passes(max(max(one.due_at for one in due) - world.now, timedelta(0)))
        for destination in DESTINATIONS:
            claim = Claim(destination=destination.name, holder="last", lease=LEASE, limit=500)
            chore = Chore(claim)
            _run(world, [chore])
            assert isinstance(chore.answer, Claimed)  # what a claim is answered
            settled: list[Errand] = []
            for effect in chore.answer.effects:
                world.truth.receive(effect)
                settled.append(settles(world, effect, Sent()))
            _run(world, settled)
    raise InvariantBroken("I7", "effects are due for ever")


def _go_home(world: World) -> None:
    """Everybody signs out."""
    desks = world.invariants.floor.desks
    leave: list[Errand] = [
        world.asked(c.SignOut(worker=name))
        for name, desk in desks.items()
        if desk.presence is not WorkerState.SIGNED_OUT
    ]
    _run(world, leave)


def _close(world: World) -> None:
    """A supervisor closes what is open, and gives up what is never due."""
    closed: list[Errand] = [
        world.asked(c.Close(interaction=line)) for line in world.invariants.floor.lines
    ]
    _run(world, closed)
    # Or their journeys would not lapse.
    due, far = world.invariants.timers.due, world.now + 1000 * _DAY
    never: list[Errand] = [
        world.asked(c.WithdrawPromise(promise=promise))
        for promise in world.stage.promises
        if due.get(("promise", promise), {}).get("due", NEVER) > far
    ]
    _run(world, never)
    if world.invariants.floor.lines:
        raise InvariantBroken("I7", "something is open after all is closed")


def _expire(world: World) -> None:
    """Every deadline comes, one after the other."""
    for _ in range(_ROUNDS):
        cycle = world.processes[0].cycle
        due = None if cycle is None else cycle.kernel.next_deadline
        if due is None:
            break
        world.passes(max(due - world.now, timedelta(0)))
        _run(world, [])
    else:
        raise InvariantBroken("I7", "deadlines never end")
    world.passes(60 * _DAY)
    _run(world, [Chore(Tidy())])


def _check(world: World) -> None:
    for process in world.processes:
        if process.cycle is None:
            process.cycle = CommitCycle(world.store, process.callables)
        process.cycle.follow()
    kernels = [one.cycle.kernel for one in world.processes if one.cycle is not None]
    log = world.log()
    world.invariants.finish(world.now)
    if world.invariants.floor.parts:
        raise InvariantBroken("I7", "somebody has a part in what is over")
    at = Dice(world.seed).below(len(log))
    check_quiet(check_replicas(log, kernels, callables=CALLABLES, restored_at=at))
    check_known(world.disk, world.invariants)
    check_mail(world.disk)
    world.truth.check_sent()
