"""Shrinking: of a world that is broken, the moves that it takes.

Laws of this file: what is left breaks the same rule; it is found by leaving out ever smaller parts
(Zeller and Hildebrandt 2002), and by trying no more than so often.
"""

from collections.abc import Callable, Sequence
from typing import Final

from onechannel.testing.faults._moves import Move, plan
from onechannel.testing.faults._play import Report, simulate

__all__ = ["kept_from_text", "kept_to_text", "shrink"]

#: So often is enough to get from 400 moves to a dozen.
_TRIES: Final = 600


def shrink(report: Report, tries: int = _TRIES) -> tuple[Report, tuple[Move, ...]]:
    """A report of the same rule broken by fewer moves, and those moves."""
    best, moves = report, plan(report.seed, report.steps)
    left = tries

    def breaks(some: Sequence[Move]) -> bool:
        nonlocal best, left
        left -= 1
        again = simulate(report.seed, report.steps, some)
        if again.rule != report.rule:
            return False
        best = again
        return True

    if not breaks(moves):
        return report, moves
    moves = _without(moves, breaks, lambda: left > 0)
    return best, moves


def _without(
    moves: tuple[Move, ...], breaks: Callable[[Sequence[Move]], bool], going_on: Callable[[], bool]
) -> tuple[Move, ...]:
    size = max(len(moves) // 2, 1)
    while going_on():
        at, smaller = 0, False
        while at < len(moves) and going_on():
            some = moves[:at] + moves[at + size :]
            if breaks(some):
                moves, smaller = some, True
            else:
                at += size
        if size == 1 and not smaller:
            break
        size = max(size // 2, 1)
    return moves


def kept_to_text(moves: Sequence[Move]) -> str:
    """The numbers of moves, as `3,17-19`."""
    parts: list[tuple[int, int]] = []
    for move in moves:
        if parts and parts[-1][1] == move.number - 1:
            parts[-1] = parts[-1][0], move.number
        else:
            parts.append((move.number, move.number))
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def kept_from_text(text: str) -> frozenset[int]:
    """The numbers that `kept_to_text` wrote; raises `ValueError`."""
    kept: set[int] = set()
    for part in filter(None, text.split(",")):
        ends = part.split("-", maxsplit=1)
        if not all(end.isdecimal() for end in ends):
            raise ValueError("moves are named by their numbers, as 3,17-19")
        kept.update(range(int(ends[0]), int(ends[-1]) + 1))
    return frozenset(kept)
