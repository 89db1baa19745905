"""The hunt: many worlds, one after the other, until enough has happened or one is broken.

Laws of this file: worlds are counted in the order of their seeds, however many processes play them,
so that the same hunt has the same end; no world outlives its report.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from itertools import count
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

import attrs

from onechannel.testing.faults._play import Report, simulate

if TYPE_CHECKING:
    from multiprocessing.pool import Pool

__all__ = ["FAULTS", "Hunt", "hunt"]

#: What begins the name of a count of something that went wrong, and was made to.
FAULTS: Final = (
    "answer lost",
    "clock jump",
    "commit unknown",
    "conflict, ",
    "crash, ",
    "disk ",
    "letter ",
    "restart",
    "sender ",
    "settled late",
    "snapshot torn",
    "vendor",
)


@attrs.define(eq=False)
class Hunt:
    """What came of many worlds: `digest` is the hash of all their logs' hashes, in order.

    `broken` is the report of the first world in which something could not be.
    """

    worlds: int = 0
    interactions: int = 0
    events: int = 0
    counts: Counter[str] = attrs.field(factory=Counter)
    digest: str = sha256().hexdigest()
    broken: Report | None = None

    @property
    def faults(self) -> int:
        """How many faults were planted."""
        return sum(many for name, many in self.counts.items() if name.startswith(FAULTS))

    def add(self, report: Report) -> None:
        """Take in the next world."""
        self.worlds += 1
        self.interactions += report.interactions
        self.events += report.events
        self.counts.update(report.counts)
        self.digest = sha256(f"{self.digest}{report.digest}".encode()).hexdigest()
        if report.broken is not None and self.broken is None:
            self.broken = report


def hunt(
    seed: int = 1, interactions: int = 1000, *, steps: int = 400, jobs: int = 1
) -> Iterator[Hunt]:
    """Play worlds from a seed on until so many interactions arrived, or one is broken.

    Gives the same hunt after each world, as it stands. With more than one job the worlds are played
    by as many processes; where it ends is the same.
    """
    found = Hunt()
    with _reports(seed, steps, jobs) as reports:
        for report in reports:
            found.add(report)
            yield found
            if found.broken is not None or found.interactions >= interactions:
                return


@contextmanager
def _reports(seed: int, steps: int, jobs: int) -> Iterator[Iterator[Report]]:
    playing = partial(simulate, steps=steps)
    if jobs == 1:
        yield map(playing, count(seed))
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield _in_turn(pool, playing, seed, 2 * jobs)


def _in_turn(
    pool: "Pool", playing: Callable[[int], Report], seed: int, ahead: int
) -> Iterator[Report]:
    """The reports in order of seeds, with no more worlds under way than so many."""
    under_way = deque(pool.apply_async(playing, (seed + one,)) for one in range(ahead))
    for following in count(seed + ahead):
        yield under_way.popleft().get()
        under_way.append(pool.apply_async(playing, (following,)))
