"""Choosing: how a few numbers come to mean something.

Law of this file: the same number chooses the same thing, and one choice in so many goes astray.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, TypeVar

import attrs

from onechannel.commands import Command

__all__ = ["RARELY", "Cue", "astray", "falls_on", "one"]

T = TypeVar("T")

#: One choice in so many goes astray: not at the ends of a range, which are drawn most often.
RARELY: Final = 8
_ASTRAY: Final = 5


@attrs.frozen
class Cue:
    """One thing that is tried, and how long after the one before.

    The numbers say for whom and how, among what is there when its turn comes.
    """

    command: type[Command]
    wait: timedelta = timedelta(0)
    first: int = 0
    second: int = 0
    third: int = 0


def one(some: Sequence[T], number: int) -> T:
    """The one of them that a number chooses."""
    return some[number % len(some)]


def astray(number: int, times: int = 1) -> bool:
    """Whether this number is one of the few that choose what cannot be; fewer by `times`."""
    return number % (times * RARELY) == _ASTRAY


def falls_on(turn: int, of: int, number: int) -> bool:
    """Whether this number is one of those that fall on that turn, of so many."""
    return number % of == turn
