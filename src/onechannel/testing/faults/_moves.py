"""Moves: what can happen next, and the plan of a world.

Laws of this file: each move has a seed of its own, so that any part of a plan can be played, and is
the same each time; whatever a move wants done goes through a process, which may fail.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, cast

import attrs

from onechannel.commands import Arrive, Command, Leave, RegisterCustomer, Say
from onechannel.delivery import Bookmark, Submission, Subscribe, Tidy
from onechannel.ports import StoredSnapshot
from onechannel.testing.faults import _outside as outside
from onechannel.testing.faults._dice import Dice, mixed
from onechannel.testing.faults._errands import Asked, ChainAsked, Chore, Errand, Poison, Settling
from onechannel.testing.faults._people import DEEDS
from onechannel.testing.faults._stage import CALLABLES, said
from onechannel.testing.faults._store import Step
from onechannel.testing.faults._truth import LEASE
from onechannel.testing.faults._world import DESTINATIONS, Process, World
from onechannel.testing.invariants import check_replicas

__all__ = ["Move", "plan", "play"]

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


@attrs.frozen
class Move:
    """One thing that happens: its number in the plan, what it is, and its own seed."""

    number: int
    kind: str
    seed: int


def plan(seed: int, steps: int) -> tuple[Move, ...]:
    """The moves of a world, each with a seed of its own."""
    made: list[Move] = []
    for number in range(1, steps + 1):
        own = mixed(seed, number)
        made.append(Move(number, _KINDS[Dice(own).below(len(_KINDS))], own))
    return tuple(made)


def play(world: World, move: Move) -> None:
    """Let time pass, and let it happen; raises `InvariantBroken`."""
    dice = Dice(mixed(move.seed, 1))
    world.use(dice)
    world.passes(_wait(dice))
    deed = DEEDS.get(move.kind)
    if deed is None:
        _WORKINGS[move.kind][1](world, dice)
        return
    told = deed[1](world.stage, dice)
    if told is None:
        return
    world.errands.append(world.asked(*told))
    if dice.chance(150):
        # Somebody presses the button twice, or two of them press it.
        world.errands.append(world.asked(*told))
    if dice.chance(650):
        _flush(world, dice)


def _wait(dice: Dice) -> timedelta:
    """Mostly not long, so that whoever is rung has a chance; and now and then for a night."""
    if dice.chance(800):
        return dice.below(1500) * _SECOND / 1000
    if dice.chance(800):
        return dice.below(25) * _SECOND
    if dice.chance(880):
        return dice.below(12) * _MINUTE
    return dice.below(36) * _HOUR


# -- through a process ----------------------------------------------------------------------------

#: What may go wrong, and where: before the commit, around it, or while reading.
_BLOWS: Final = (
    (Step.ENTER, "crash"),
    (Step.READ, "crash"),
    (Step.LOOK, "crash"),
    (Step.BEFORE, "crash"),
    (Step.AFTER, "crash"),
    (Step.LEAVE, "crash"),
    (Step.READ, "fault"),
    (Step.LOOK, "fault"),
    (Step.BEFORE, "fault"),
    (Step.BEFORE, "fault"),
    (Step.AFTER, "fault"),
    (Step.AFTER, "fault"),
    (Step.ENTER, "conflict"),
    (Step.LOOK, "conflict"),
    (Step.LOOK, "conflict"),
    (Step.BEFORE, "conflict"),
    (Step.BEFORE, "conflict"),
)


def _blow(dice: Dice) -> tuple[Step, str] | None:
    return dice.one(_BLOWS) if dice.chance(160) else None


def _flush(world: World, dice: Dice, more: Sequence[Errand] = ()) -> None:
    """Whatever is wanted goes to one process; what it does not answer is tried again later."""
    group = [*world.errands, *more]
    world.errands = []
    if dice.chance(100):
        # Somebody's goes elsewhere, and later.
        world.errands, group = group[:1], group[1:]
    if len(group) > 1 and dice.chance(100):
        group = _chained(group)
    _carry(world, dice, dice.one(world.processes), group)


def _carry(world: World, dice: Dice, process: Process, group: list[Errand]) -> bool:
    ended = world.run(process, group, _blow(dice))
    lasting = [one for one in group if not isinstance(one, Chore)]
    if not ended:
        world.errands = [*lasting, *world.errands]
    elif lasting and dice.chance(50):
        world.counts["answer lost"] += 1
        world.errands += [one for one in lasting if one not in world.errands]
    return ended


def _chained(group: list[Errand]) -> list[Errand]:
    """The commands among them in one chain, the rest as it is."""
    asked = [one for one in group if type(one) is Asked and one.before is None]
    rest = [one for one in group if one not in asked]
    return [ChainAsked(tuple(one.work for one in asked)), *rest] if asked else group


# -- how processes go on --------------------------------------------------------------------------


def _delivers(world: World, dice: Dice) -> None:
    _flush(world, dice, world.arrived_mail(8))


def _sends(world: World, dice: Dice) -> None:
    chore, process = outside.claimed(world, dice), dice.one(world.processes)
    _carry(world, dice, process, [chore])
    for one in outside.outcomes(world, dice, chore):
        if isinstance(one, Settling):
            outside.sent_back(world, dice, one)
        if dice.chance(220):
            world.counts["settled late"] += 1
            world.in_hand.append(one)
        else:
            world.errands.append(one)
    _flush(world, dice)


def _stalls(world: World, dice: Dice) -> None:
    """A sender sleeps for longer than its lease, and settles what somebody else has by then."""
    slow = outside.claimed(world, dice)
    _carry(world, dice, dice.one(world.processes), [slow])
    late = outside.outcomes(world, dice, slow)
    if late:
        world.counts["sender stalls"] += 1
        world.passes(LEASE + dice.below(90) * _SECOND)
        fast = Chore(slow.work)
        _carry(world, dice, dice.one(world.processes), [fast])
        world.in_hand += outside.outcomes(world, dice, fast)
        _flush(world, dice, late)


def _is_new(world: World, dice: Dice) -> None:
    """Somebody comes whom nobody knows yet, and is known a moment later."""
    name, interaction = world.stage.name("n"), world.stage.name("i")
    given: list[Command] = [
        RegisterCustomer(customer=name),
        Arrive(interaction=interaction, channel="chat", customer=name),
        Leave(interaction=interaction),
        Say(interaction=interaction, text=said(7)),
    ]
    submissions = tuple(world.asked(one).work for one in given[: 2 + dice.below(3)])
    world.errands.append(ChainAsked(submissions, certain=True))
    _flush(world, dice)


def _poisons(world: World, dice: Dice) -> None:
    """Somebody's code gives what is no command, between others who ask for what can be."""
    poison = Poison(Submission(cast("Command", object()), world.stage.name("q")))
    world.errands.insert(dice.below(len(world.errands) + 1), poison)
    _flush(world, dice)


def _follows(world: World, dice: Dice) -> None:
    """A process looks what others have done, and does nothing."""
    world.follow(dice.one(world.processes), _blow(dice))


def _compares(world: World, dice: Dice) -> None:
    """What a process remembers is what the log says, in the middle of everything."""
    process = dice.one(world.processes)
    world.follow(process)
    if process.cycle is not None:
        log = world.log()
        restored_at = dice.below(len(log))
        kernels = [process.cycle.kernel]
        check_replicas(log, kernels, callables=CALLABLES, restored_at=restored_at)


def _settles_late(world: World, dice: Dice) -> None:
    world.errands += world.in_hand
    world.in_hand = []
    _flush(world, dice)


def _ticks(world: World, dice: Dice) -> None:
    _carry(world, dice, dice.one(world.processes), [])


def _waits(world: World, dice: Dice) -> None:
    """Nobody does anything until something is due."""
    process = dice.one(world.processes)
    if process.cycle is None:
        return
    due = process.cycle.kernel.next_deadline
    if due is not None and due - process.skew - world.now < 3 * _HOUR:
        world.passes(max(due - process.skew - world.now, timedelta(0)))
        _carry(world, dice, process, [])


def _saves(world: World, dice: Dice) -> None:
    world.save(dice.one(world.processes))
    kept = world.disk.snapshot()
    if kept is not None and dice.chance(200):
        world.counts["snapshot torn"] += 1
        at = dice.below(len(kept.text))
        world.disk.save_snapshot(StoredSnapshot(kept.position, kept.text[:at]))


def _restarts(world: World, dice: Dice) -> None:
    world.counts["restart"] += 1
    world.restart(dice.one(world.processes))


def _jumps(world: World, dice: Dice) -> None:
    """A clock is wrong from now on: by an hour, as when it is put forward or back, or otherwise.

    No two clocks are ever more than a day apart: for no more letters are kept beyond repetition.
    """
    world.counts["clock jump"] += 1
    span = dice.one((0, 0, 0, 1, 30, 600, 3600, 3600, 43_200))
    dice.one(world.processes).skew = timedelta(seconds=dice.one((1, -1)) * span)


def _tidies(world: World, dice: Dice) -> None:
    read = Chore(Bookmark("feed", world.disk.last_position))
    again = Chore(Subscribe(dice.one(DESTINATIONS)))
    _carry(world, dice, dice.one(world.processes), [Chore(Tidy()), read, again])


def _replays(world: World, dice: Dice) -> None:
    _carry(world, dice, dice.one(world.processes), outside.replays(world, dice))


#: What vendors, senders and processes do, how often of some hundred times, and how.
_WORKINGS: Final[dict[str, tuple[int, Callable[[World, Dice], None]]]] = {
    "writes": (30, outside.writes),
    "writes on": (25, outside.continues),
    "delivers": (80, _delivers),
    "sends": (45, _sends),
    "stalls": (6, _stalls),
    "is new": (15, _is_new),
    "poisons": (6, _poisons),
    "follows": (6, _follows),
    "compares": (4, _compares),
    "settles late": (9, _settles_late),
    "ticks": (20, _ticks),
    "waits": (12, _waits),
    "saves": (6, _saves),
    "restarts": (6, _restarts),
    "jumps": (6, _jumps),
    "tidies": (5, _tidies),
    "replays": (8, _replays),
}

_KINDS: Final[tuple[str, ...]] = tuple(
    kind
    for table in (DEEDS, _WORKINGS)
    for kind, (weight, _) in table.items()
    for _ in range(weight)
)
