"""Power that goes at any call to the disk, and a disk that fails or fills up at any call.

Laws of this file: what was acknowledged before the power went is there when it is back; a fault of
the disk is answered by a fault that says the truth of it, and the same store goes on after it. All
is drawn from a seed, and the same seed does the same.
"""

from contextlib import closing, suppress
from datetime import UTC, datetime
from random import Random

import attrs
from tests.crash.disk import Disk, DiskStore, Fault, insert
from tests.crash.giving import Given, give_next, prepare
from tests.crash.judging import complaints
from tests.crash.rounds import Figures, Say, rounds

from onechannel.delivery import CommitCycle
from onechannel.errors import StoreFault

__all__ = ["Power", "cut_many", "fail_many"]

#: So many cuts of one disk; then another is begun: logs stay short.
ROUND = 10
_PER_LIFE = 12
_TRUE = {
    "full": "the disk is full: nothing was kept; make room and try again",
    "eio": (
        "reading or writing failed, and whether the last commit was kept is not known: check the "
        "disk and the room on it, and try again"
    ),
}


@attrs.define
class Power(Figures):
    """What so many cuts of the power, or faults of the disk, came to."""

    what: str = ""
    faults: int = 0
    calls: int = 0

    def __str__(self) -> str:
        return (
            f"{self.count} {self.what} ({self.faults} met), {self.given} commands acknowledged in "
            f"{self.calls} calls to the disk: 0 lost, 0 doubled ({self.each})"
        )


@attrs.define(eq=False)
class _Centre:
    """A centre on a disk, in all its lives, and what it has acknowledged."""

    disk: Disk
    given: dict[int, Given] = attrs.field(factory=dict)
    prepared: list[Given] = attrs.field(factory=list)

    def work(self, cycle: CommitCycle, commands: int) -> None:
        """Give the next commands, the last three again among them."""
        if not self.prepared:
            self.prepared = prepare(cycle, _now)
        first = max(0, len(self.given) - 3)
        for number in range(first, first + commands):
            given = attrs.evolve(give_next(cycle, "p", number, _now), repeated=False)
            assert self.given.setdefault(number, given) == given, (given, self.given[number])

    @property
    def end(self) -> int:
        """Where the log ended when it last acknowledged anything."""
        return max(one.last for one in (*self.prepared, *self.given.values()))

    def judge(self, store: DiskStore) -> None:
        found = complaints(store, [*self.prepared, *self.given.values()])
        assert not found, found


def _now() -> datetime:
    """The same at all times: what is written depends on the seed alone."""
    return datetime(2026, 1, 5, 9, tzinfo=UTC)


# -- the power ------------------------------------------------------------------------------------


def cut_many(count: int, seed: int, first: int = 0, say: Say | None = None) -> Power:
    """So many cuts of the power; raises `AssertionError` with what is wrong, if anything is."""
    figures = Power(what="cuts of the power")
    rounds("power", figures, _one_disk, size=ROUND, count=count, seed=seed, first=first, say=say)
    return figures


def _one_disk(cuts: int, chance: Random, figures: Power) -> None:
    centre = _Centre(Disk())
    for _ in range(cuts):
        _one_cut(centre, chance, figures)
        figures.count += 1
    figures.given += len(centre.given)


def _one_cut(centre: _Centre, chance: Random, figures: Power) -> None:
    """A life that ends by a cut, and what is found after it."""
    disk = centre.disk
    disk.fault = Fault("power", disk.calls + chance.randint(1, chance.choice((40, 150, 400))))
    insert(disk)
    with suppress(StoreFault), closing(DiskStore()) as store:
        # Few pages, so that the write-ahead log begins anew every few commits; or as it is.
        store._connection.pages = chance.choice((15, 60, 1000))
        centre.work(CommitCycle(store), _PER_LIFE)
    figures.faults += not disk.powered
    figures.calls += disk.calls
    centre.disk = disk.after_power_loss(chance)
    insert(centre.disk)
    with closing(DiskStore()) as store:
        centre.judge(store)
    if chance.random() < 1 / 2:  # what is found may be lost once more
        centre.disk = centre.disk.after_power_loss(chance)


# -- the disk -------------------------------------------------------------------------------------


def fail_many(count: int, seed: int, first: int = 0, say: Say | None = None) -> Power:
    """So many faults of the disk; raises `AssertionError` with what is wrong, if anything is."""
    figures = Power(what="failing disks")
    rounds("disk", figures, _disks, size=ROUND, count=count, seed=seed, first=first, say=say)
    return figures


def _disks(disks: int, chance: Random, figures: Power) -> None:
    for _ in range(disks):
        _one_life(chance, figures)
        figures.count += 1


def _one_life(chance: Random, figures: Power) -> None:
    """A store that meets a fault, says so, and goes on."""
    centre = _Centre(Disk())
    insert(centre.disk)
    with closing(DiskStore()) as store:
        cycle = CommitCycle(store)
        store._connection.pages = chance.choice((15, 60, 1000))
        centre.work(cycle, chance.randint(1, _PER_LIFE))
        kind, calls = chance.choice(("full", "eio")), chance.choice((1, 1, 2, 5, 20))
        centre.disk.fault = Fault(kind, centre.disk.calls + chance.randint(1, 100), calls)
        for _ in range(calls + 1):
            fault = _fault_of(centre, cycle)
            if fault is None:
                break
            assert str(fault) == f"{store.path}: {_TRUE[kind]}", fault
            assert kind != "full" or store.last_position == centre.end, "something was kept"
            figures.faults += 1
        assert fault is None, f"the store does not go on: {fault}"
        centre.disk.fault = None
        centre.work(cycle, _PER_LIFE)
        centre.judge(store)
    figures.given += len(centre.given)
    figures.calls += centre.disk.calls
    insert(centre.disk)
    with closing(DiskStore()) as store:
        centre.judge(store)


def _fault_of(centre: _Centre, cycle: CommitCycle) -> StoreFault | None:
    try:
        centre.work(cycle, _PER_LIFE)
    except StoreFault as fault:
        return fault
    return None
