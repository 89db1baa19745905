"""`SIGSTOP` at random instants: of those who take turns at a file one stops and does not go on.

Law of this file: the others wait no longer than they were told to (`evict_after`) and one second
more; whoever was ended for it has lost nothing that it acknowledged, and whoever goes on does no
harm.
"""

import signal
import time
from datetime import timedelta
from random import Random

import attrs
from tests.crash.givers import Giver, Givers, givers_at_work
from tests.crash.rounds import Figures, Say, rounds

__all__ = ["Stops", "stop_many"]

_GIVERS = 4
# So many stops on one file; then it is judged, and another begun.
_ROUND = 20
_PAUSE = (0.005, 0.030)
_EVICT_AFTER = timedelta(milliseconds=200)
_MOST = _EVICT_AFTER + timedelta(seconds=1)


@attrs.define
class Stops(Figures):
    """What so many stops came to."""

    ended: int = 0
    longest: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.count} stops, {self.ended} ended by the others for it, who waited "
            f"{1000 * self.longest:.0f} ms at most (evict_after {_EVICT_AFTER.total_seconds():g} "
            f"s), {self.given} commands acknowledged: 0 lost, 0 doubled ({self.each})"
        )


def stop_many(count: int, seed: int, first: int = 0, say: Say | None = None) -> Stops:
    """So many stops; raises `AssertionError` with what is wrong, if anything is."""
    figures = Stops()
    rounds("stops", figures, _one_round, size=_ROUND, count=count, seed=seed, first=first, say=say)
    return figures


def _one_round(stops: int, chance: Random, figures: Stops) -> None:
    with givers_at_work(_GIVERS, evict_after=_EVICT_AFTER) as givers:
        for _ in range(stops):
            givers.hear_for(chance.uniform(*_PAUSE))
            _stop(givers, givers.draw(chance), figures)
    figures.count += stops
    figures.given += sum(len(giver.given) for giver in givers.all)


def _stop(givers: Givers, stopped: Giver, figures: Stops) -> None:
    """Stop one until all others have been served again."""
    stopped.signal(signal.SIGSTOP)
    others = [giver for giver in givers.all if giver is not stopped]
    began = time.monotonic()
    for _ in range(2):  # what is heard first may have been said before
        before = {giver.name: len(giver.given) for giver in others}
        while any(len(giver.given) == before[giver.name] for giver in others):
            assert time.monotonic() - began < _MOST.total_seconds(), f"{stopped.name} holds all up"
            givers.hear_for(0.001)
    figures.longest = max(figures.longest, time.monotonic() - began)
    if stopped.has_died():
        figures.ended += 1
        givers.bury(stopped)
        givers.begin(stopped)
    else:
        stopped.signal(signal.SIGCONT)
