"""Playing: one world from beginning to end, and what came of it.

Law of this file: the same seed and the same moves give the same report in every process.
"""

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import attrs

from onechannel.events import Event
from onechannel.testing.faults._finale import finish
from onechannel.testing.faults._moves import Move, plan, play
from onechannel.testing.faults._world import World
from onechannel.testing.invariants import InvariantBroken

__all__ = ["Report", "simulate"]

#: So many events are told of a world that is broken, with these of what they name.
_TRAIL: Final = 12
_SUBJECTS: Final = ("interaction", "assignment", "worker", "customer", "promise", "journey")


@attrs.frozen(kw_only=True)
class Report:
    """What came of one world: how much happened, the hash of its log, and what was broken.

    `trail` tells the last events before it was, by their types and ids.
    """

    seed: int
    steps: int
    interactions: int
    events: int
    counts: Counter[str]
    digest: str
    broken: str | None = None
    rule: str | None = None
    trail: tuple[str, ...] = ()


def simulate(seed: int, steps: int = 400, moves: Iterable[Move] | None = None) -> Report:
    """Play a world of so many moves, or these moves of it, until all has come to rest."""
    with _garbage_later():
        return _played(seed, steps, plan(seed, steps) if moves is None else moves)


@contextmanager
def _garbage_later() -> Iterator[None]:
    """A world is small, and short: it is a fifth faster to look for garbage when it is over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.collect(0)
            gc.enable()


def _played(seed: int, steps: int, moves: Iterable[Move]) -> Report:
    broken: InvariantBroken | None = None
    world = World(seed)
    try:
        world.open()
        for move in moves:
            play(world, move)
        finish(world)
    except InvariantBroken as fault:
        broken = fault
    report = Report(
        seed=seed,
        steps=steps,
        interactions=world.interactions,
        events=world.disk.last_position,
        counts=world.counts,
        digest=world.digest,
        broken=None if broken is None else str(broken),
        rule=None if broken is None else broken.rule,
        trail=() if broken is None else _trail(world, broken),
    )
    world.close()
    return report


def _trail(world: World, broken: InvariantBroken) -> tuple[str, ...]:
    end = broken.position or world.disk.last_position
    return tuple(map(_told, world.disk.read(max(end - _TRAIL, 0), _TRAIL)))


def _told(event: Event) -> str:
    why = event.origin.command or event.origin.cause
    named = " ".join(filter(None, map(event.subject, _SUBJECTS)))
    return f"{event.position} {event.recorded_at:%d %H:%M:%S} {why} {event.type} {named}"
