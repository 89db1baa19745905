"""Histories of several processes on one SQLite file: made, kept, and judged.

Laws of this file: processes are forked before anything runs in their maker, and begin together; a
history is judged thing by thing, and then the log as a whole; what is wrong is kept.
"""

import json
import os
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import anyio
import attrs
from tests.processes.callers import DESK, PER_THING, call_many, prepare, written
from tests.processes.linearizability import Operation, explained
from tests.processes.things import (
    EFFECT,
    INTERACTION,
    REFUSED,
    apply_to_effect,
    apply_to_interaction,
)

from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing.invariants import Invariants, check_known, check_mail

__all__ = ["Figures", "judge", "make"]

PROCESSES = 4


@attrs.frozen
class Figures:
    """What a history came to."""

    operations: int
    things: int
    refused: int
    overlapping: int
    events: int
    making: float
    judging: float

    def __str__(self) -> str:
        rate = self.operations / self.making
        return (
            f"{self.operations} operations of {PROCESSES} processes on {self.things} things, "
            f"{self.overlapping} of them while another was under way there, "
            f"{self.refused} refused, {self.events} events: linearizable, nothing lost or doubled "
            f"({self.making:.1f} s, {rate:,.0f} a second; judged in {self.judging:.1f} s)"
        )


# -- making ---------------------------------------------------------------------------------------


def make(operations: int, seed: int, folder: Path) -> float:
    """Make a history of at least so many operations in a folder; gives the seconds it took."""
    each = -(-operations // PROCESSES)
    things = max(each * PROCESSES // PER_THING, 1)
    path = str(folder / "centre.db")
    prepare(path, things)
    ready, go = os.pipe(), os.pipe()
    children = [
        _fork(
            number, lambda name, at: _serve(path, name, at, each, things, seed, folder, ready, go)
        )
        for number in range(PROCESSES)
    ]
    os.close(ready[1])
    os.close(go[0])
    with os.fdopen(ready[0], "rb") as waiting:
        assert waiting.read(PROCESSES) == b"." * PROCESSES, "a process could not begin"
    began = time.monotonic()
    os.close(go[1])
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert ended == [0] * PROCESSES, f"processes ended with {ended}"
    return time.monotonic() - began


def _fork(number: int, serve: Any) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        # Both event loops meet on the one file.
        serve(f"p{number}", ("asyncio", "trio")[number % 2])
        code = 0
    finally:
        os._exit(code)


def _serve(
    path: str,
    name: str,
    backend: str,
    operations: int,
    things: int,
    seed: int,
    folder: Path,
    ready: tuple[int, int],
    go: tuple[int, int],
) -> None:
    def begin() -> None:
        os.close(go[1])
        os.write(ready[1], b".")
        os.close(ready[1])
        os.read(go[0], 1)

    try:
        lines = anyio.run(
            call_many, path, name, operations, things, f"{seed}/{name}", begin, backend=backend
        )
        written(lines, folder / f"{name}.jsonl")
    except BaseException:
        import traceback

        traceback.print_exc()
        raise


# -- judging --------------------------------------------------------------------------------------


def judge(folder: Path, making: float = 1.0) -> Figures:
    """Judge the history in a folder; raises `AssertionError` with the first thing wrong."""
    began = time.monotonic()
    things = _read(folder)
    for thing, history in sorted(things.items()):
        initial, apply = (
            (EFFECT, apply_to_effect)
            if thing.startswith(DESK)
            else (INTERACTION, apply_to_interaction)
        )
        try:
            explained(history, initial, apply)
        except AssertionError as fault:
            fault.add_note(f"of {thing}")
            raise
    events = _judge_log(folder, things)
    everything = [one for history in things.values() for one in history]
    return Figures(
        operations=len(everything),
        things=len(things),
        refused=sum(one.result in (REFUSED, False) for one in everything),
        overlapping=sum(map(_overlapping, things.values())),
        events=events,
        making=making,
        judging=time.monotonic() - began,
    )


def _read(folder: Path) -> dict[str, list[Operation]]:
    things = defaultdict(list)
    for place in sorted(folder.glob("*.jsonl")):
        for line in place.read_text("utf-8").splitlines():
            found = json.loads(line)
            things[found.pop("thing")].append(Operation(**found))
    return things


def _overlapping(history: list[Operation]) -> int:
    """How many were invoked while another was under way."""
    count, latest = 0, 0.0
    for one in sorted(history, key=lambda one: one.invoked):
        count += one.invoked < latest
        latest = max(latest, one.returned)
    return count


def _judge_log(folder: Path, things: dict[str, list[Operation]]) -> int:
    """The invariants of the log, and that it holds what callers were told, once, and no more."""
    with closing(SQLiteStore(folder / "centre.db", create=False)) as store:
        log = [*store.read()]
        invariants = Invariants.of(log)
        invariants.finish()
        check_mail(store)
        check_known(store, invariants)
        tallies = store.tallies()
    told, kept = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for thing, history in things.items():
        for one in history:
            if not thing.startswith(DESK) and one.result != REFUSED:
                told[thing, one.name] += 1
    for event in log:
        if (name := _KEPT.get(event.type)) is not None:
            kept[str(event.subject("interaction")), name] += 1
    counted = Counter({key: told[key] for key in told if key[1] in _KEPT.values()})
    assert counted == kept, f"told and kept differ: {(counted - kept) + (kept - counted)}"
    sent = sum(
        one.name == "settle" and one.result is True
        for thing, history in things.items()
        if thing.startswith(DESK)
        for one in history
    )
    assert tallies.get(("outbox", DESK, "sent"), 0) == sent
    assert tallies["outbox", DESK, "made"] == sum(event.type == "message.sent" for event in log)
    return len(log)


_KEPT = {
    "assignment.accepted": "accept",
    "assignment.declined": "decline",
    "message.sent": "say",
    "interaction.closed": "close",
}


# -- both -----------------------------------------------------------------------------------------


def make_and_judge(operations: int, seed: int, keep: Path | None = None) -> Figures:
    """A history, made and judged; one that is wrong is kept, and the error notes where."""
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
    folder = keep or Path(tempfile.mkdtemp(prefix="history-", dir=place))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        figures = judge(folder, make(operations, seed, folder))
    except AssertionError as fault:
        fault.add_note(f"judge it again: python -m tests.processes --judge {folder}")
        fault.add_note(f"another like it: python -m tests.processes --operations {operations} "
                       f"--seed {seed}")  # fmt: skip
        raise
    if keep is None:
        with suppress(OSError):
            shutil.rmtree(folder)
    return figures
