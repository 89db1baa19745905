"""Dice: chance that follows from a seed, the same on every machine and release of Python.

Law of this file: nothing but whole numbers is drawn, by arithmetic that stands here.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

__all__ = ["Dice", "mixed"]

T = TypeVar("T")

# SplitMix64 (Steele, Lea and Flood 2014): the increment and the two multipliers of its finaliser.
_MASK: Final = 2**64 - 1
_STEP: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB


class Dice:
    """Numbers drawn one after the other."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state: int = seed & _MASK

    def bits(self) -> int:
        """Sixty-four of them."""
        self._state = (self._state + _STEP) & _MASK
        value = self._state
        value = ((value ^ (value >> 30)) * _FIRST) & _MASK
        value = ((value ^ (value >> 27)) * _SECOND) & _MASK
        return value ^ (value >> 31)

    def below(self, limit: int) -> int:
        """A number from 0 up to and without the limit."""
        return self.bits() % limit

    def chance(self, of_a_thousand: int) -> bool:
        """Whether it happens, so often of a thousand times."""
        return self.bits() % 1000 < of_a_thousand

    def one(self, among: Sequence[T]) -> T:
        """One of several; there must be one."""
        return among[self.bits() % len(among)]


def mixed(seed: int, number: int) -> int:
    """A seed of its own for each number."""
    return Dice(seed ^ Dice(number).bits()).bits()
