"""`kill -9` at random instants, of processes that serve one SQLite file.

Law of this file: who is killed, and when, is drawn from a seed; what it was doing then is chance,
so a failure may need more than one try to come back.
"""

from random import Random

import attrs
from tests.crash.givers import Givers, givers_at_work
from tests.crash.rounds import Figures, Say, rounds

__all__ = ["Kills", "kill_many"]

_GIVERS = 4
# So many kills on one file; then it is judged, and another begun: logs stay short.
_ROUND = 50
# Seconds between two kills: from the middle of a start to some dozens of commands.
_PAUSE = (0.001, 0.030)


@attrs.define
class Kills(Figures):
    """What so many kills came to."""

    repeated: int = 0

    def __str__(self) -> str:
        return (
            f"{self.count} kills, {self.given} commands acknowledged, {self.repeated} given again: "
            f"0 lost, 0 doubled ({self.each})"
        )


def kill_many(count: int, seed: int, first: int = 0, say: Say | None = None) -> Kills:
    """So many kills; raises `AssertionError` with what is wrong, if anything is."""
    figures = Kills()
    rounds("kills", figures, _one_round, size=_ROUND, count=count, seed=seed, first=first, say=say)
    return figures


def _one_round(kills: int, chance: Random, figures: Kills) -> None:
    with givers_at_work(_GIVERS) as givers:
        for _ in range(kills):
            givers.hear_for(chance.uniform(*_PAUSE))
            _kill(givers, chance)
    figures.count += kills
    figures.given += sum(len(giver.given) for giver in givers.all)
    figures.repeated += sum(giver.repeated for giver in givers.all)


def _kill(givers: Givers, chance: Random) -> None:
    giver = givers.draw(chance)
    giver.die()
    givers.bury(giver)
    givers.begin(giver)
