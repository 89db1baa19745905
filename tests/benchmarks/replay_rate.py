"""How fast a log is read, decoded and replayed from SQLite.

    python tests/benchmarks/replay_rate.py [FILE] [--events 200000] [--repeats 3]

Without FILE a log is made first, out of the observed commands of a call centre: a machine answers,
the call is queued, a person answers, it ends. Each line of the answer is one way of reading, in
events per second, the median of the repeats: rows alone, rows made into events, and a replica built
of them; with and without the extra `fast`, and with Python's garbage collection as it is, after
`gc.freeze()`, and switched off.
"""

import argparse
import gc
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 1, 5, 7, tzinfo=UTC)
ROWS_A_CYCLE = 100
COLLECTORS = ("on", "frozen", "off")
QUERY = (
    "select position, type, version, recorded_at, occurred_at, cause, command, actor, data "
    "from events order by position"
)


def row(number: int) -> list:
    """The commands of one call, as an import of a call centre's rows gives them."""
    from onechannel import commands as c
    from onechannel.delivery import Submission
    from onechannel.model.actor import Actor, ActorKind

    began = START + timedelta(seconds=3 * number)
    call = f"1999-01-05/AA0101/{number:06}"
    caller = f"customer-{number * 7919 % 40_009}" if number % 2 else None
    arrival = c.ObserveArrival(interaction=call, channel="voice", customer=caller, about="PS")
    said = (
        (0, arrival),
        (1, c.ObserveAccepted(interaction=call, worker="vru-1", kind="machine")),
        (9, c.ObserveQueued(interaction=call, queue="PS")),
        (40 + number % 90, c.ObserveDequeued(interaction=call)),
        (41 + number % 90, c.ObserveAccepted(interaction=call, worker=f"worker-{number % 37}")),
        (200 + number % 500, c.ObserveClosed(interaction=call, disposition="AGENT")),
    )
    vendor = Actor(ActorKind.VENDOR, "bank")
    return [
        Submission(command, f"{call}/{step}", vendor, began + timedelta(seconds=seconds))
        for step, (seconds, command) in enumerate(said)
    ]


def make(path: str, events: int) -> float:
    """A log of at least so many events; gives the events per second of making it."""
    from onechannel.delivery import CommitCycle
    from onechannel.stores.sqlite import SQLiteStore

    store = SQLiteStore(path)
    cycle = CommitCycle(store)
    began, first = time.perf_counter(), 0
    while cycle.kernel.position < events:
        chains = [row(number) for number in range(first, first + ROWS_A_CYCLE)]
        at = START + timedelta(seconds=3 * first)
        cycle.run(chains, lambda at=at: at)
        first += ROWS_A_CYCLE
    rate = cycle.kernel.position / (time.perf_counter() - began)
    store.close()
    return rate


def rows(path: str) -> int:
    """Fetch the rows, and nothing else."""
    connection = sqlite3.connect(path)
    count = sum(1 for _ in connection.execute(QUERY))
    connection.close()
    return count


def decode(path: str) -> int:
    """Make events of the rows."""
    from onechannel.stores.sqlite import SQLiteStore

    store = SQLiteStore(path, create=False)
    count = sum(1 for _ in store.read())
    store.close()
    return count


def replay(path: str) -> int:
    """Make a replica of the events."""
    from onechannel.kernel import Kernel
    from onechannel.stores.sqlite import SQLiteStore

    store = SQLiteStore(path, create=False)
    kernel = Kernel.replay(store.read())
    store.close()
    return kernel.position


WAYS: dict[str, Callable[[str], int]] = {"rows": rows, "decode": decode, "replay": replay}


def collect(collector: str) -> None:
    """Garbage collection, in one of three ways."""
    gc.enable()
    gc.collect()
    if collector == "frozen":
        gc.freeze()
    if collector == "off":
        gc.disable()


def measure(path: str, repeats: int) -> Iterator[tuple[str, str, float]]:
    """The rate of each way, under each kind of collection."""
    for name, way in WAYS.items():
        for collector in COLLECTORS:
            rates = []
            for _ in range(repeats):
                collect(collector)
                began = time.perf_counter()
                count = way(path)
                rates.append(count / (time.perf_counter() - began))
                gc.unfreeze()
            yield name, collector, statistics.median(rates)


def child(path: str, repeats: int, *, fast: bool) -> list[list]:
    """The measurements of a process of its own, with or without the extra `fast`."""
    arguments = [sys.executable, __file__, path, "--measure", "--repeats", str(repeats)]
    done = subprocess.run(
        [*arguments, *([] if fast else ["--plain"])], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def main() -> None:
    """Measure, and say what was found."""
    parser = argparse.ArgumentParser(description="events per second of a replay")
    parser.add_argument("file", nargs="?", help="an imported log; without it, one is made")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", action="store_true", help="print JSON, of this process alone")
    parser.add_argument("--plain", action="store_true", help="without the extra fast")
    given = parser.parse_args()
    if given.plain:
        sys.modules["orjson"] = None  # type: ignore[assignment]  # as if it were not installed
    if given.measure:
        print(json.dumps(list(measure(given.file, given.repeats))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = given.file or os.fspath(Path(folder) / "log.db")
        if given.file is None:
            print(f"made {make(path, given.events):,.0f} events/s, {ROWS_A_CYCLE} rows a commit")
        print(f"{'':12}{'':8}" + "".join(f"{collector:>12}" for collector in COLLECTORS))
        for fast in (False, True):
            rates = {(name, how): rate for name, how, rate in child(path, given.repeats, fast=fast)}
            for name in WAYS:
                said = "".join(f"{rates[name, how]:>12,.0f}" for how in COLLECTORS)
                print(f"{name:12}{'orjson' if fast else 'json':8}{said}")


if __name__ == "__main__":
    main()
