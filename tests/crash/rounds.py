"""Rounds: so many trials at a time, each round on files of its own and drawn by itself.

Law of this file: a round that fails says by which command it alone is tried again.
"""

import time
from collections.abc import Callable
from random import Random

import attrs

__all__ = ["Figures", "Say", "rounds"]

Say = Callable[[str], object]


@attrs.define
class Figures:
    """What so many trials came to."""

    count: int = 0
    given: int = 0
    seconds: float = 0.0

    @property
    def each(self) -> str:
        """The time it took, and each of them."""
        return f"{self.seconds:.1f} s, {1000 * self.seconds / max(self.count, 1):.0f} ms each"


def rounds(
    name: str,
    figures: Figures,
    one_round: Callable[[int, Random, Figures], None],
    *,
    size: int,
    count: int,
    seed: int,
    first: int = 0,
    say: Say | None = None,
) -> None:
    """So many trials, from a round on; raises what a round raises, which is wrong with the centre.

    What each round draws depends on the seed and its number alone.
    """
    began, number = time.monotonic(), first
    while figures.count < count:
        some = min(size, count - figures.count)
        try:
            one_round(some, Random(f"{name}/{seed}/{number}"), figures)
        except BaseException as fault:
            again = f"python -m tests.crash {name} --seed {seed} --first {number} --count {size}"
            fault.add_note(f"again: {again}")
            raise
        number += 1
        figures.seconds = time.monotonic() - began
        if say is not None:
            say(str(figures))
