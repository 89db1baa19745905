"""How soon a centre with a long log takes work again: with its snapshot, and without one.

    python tests/benchmarks/restart.py [--events N] [--rounds N] [--open N] [--customers N]

The log is of conversations that arrive, are served, talk and end, so many of them open at the end.
Measured is `Centre.open` until it has answered a command; what is imported is imported before. The
snapshot is the one that is kept when a centre is left, or is older by as many events as may come
between two. What is open is in the snapshot: conversations, and journeys, which stay open for 30
days.
"""

import argparse
import gc
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio

from onechannel import commands as c
from onechannel.delivery import CommitCycle, Submission
from onechannel.model.worker import Capacity, Worker
from onechannel.runtime import DEFAULT_LIMITS, Centre
from onechannel.stores.sqlite import SQLiteStore

LIMIT = 150
TEXT = "a message of sixty characters, as long as most in a chat are"


def talks(opened, customers):
    """Commands of conversations without end, so many of which are open at a time.

    So many customers come again and again, each about one thing: as many journeys are open.
    """
    for number in range(10**9):
        name, customer = f"i-{number}", f"c-{number % customers}"
        if number < customers:
            yield c.RegisterCustomer(customer=customer)
        yield c.Arrive(interaction=name, channel="chat", customer=customer, about="billing")
        yield c.Say(interaction=name, text=TEXT)
        yield c.Say(interaction=name, text=TEXT, assignment=f"{name}/1")
        if number >= opened:
            yield c.Close(interaction=f"i-{number - opened}")


def make(path, events, opened, customers, behind):
    """A log of so many events, with a snapshot of so many before its end."""
    store = SQLiteStore(path)
    cycle = CommitCycle(store)
    capacity = Capacity(total=None)
    bot = Worker(id="bot", kind="machine", capacity=capacity, wrap_up=timedelta(0))
    work = [c.DefineWorker(worker=bot), c.SignIn(worker="bot")]
    source, number, saved = talks(opened, customers), 0, False
    while cycle.kernel.position < events:
        work += [next(source) for _ in range(250)]
        submissions = [Submission(one, f"r-{number + n}") for n, one in enumerate(work)]
        answers = cycle.run(submissions, lambda: datetime.now(UTC)).answers
        number, work = number + len(work), []
        assert all(type(one).__name__ == "Served" for one in answers), answers
        if not saved and cycle.kernel.position >= events - behind:
            cycle.save_snapshot()
            saved = True
    store.close()


def restart(path, backend):
    """The milliseconds until it has taken a command, and those of the processor."""

    async def main():
        began, spent = time.perf_counter(), time.process_time()
        async with Centre.open(f"sqlite:///{path}") as centre:
            await centre.define_worker(worker=Worker(id="late"))
            return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - spent)

    return anyio.run(main, backend=backend)


def main():
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--open", type=int, default=500)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--backend", default="asyncio")
    options = parser.parse_args()
    behind = DEFAULT_LIMITS.snapshot_every
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "centre.db"
        began = time.perf_counter()
        make(path, options.events, options.open, options.customers, behind)
        print(f"made in {time.perf_counter() - began:.0f} s")
        store = SQLiteStore(path)
        stale, last = store.snapshot(), store.last_position
        cycle = CommitCycle(store)
        cycle.save_snapshot()
        fresh = store.snapshot()
        store.close()
        del cycle
        for title, snapshot in (
            ("with the snapshot of its end", fresh),
            (f"with one {last - stale.position:,} events old", stale),
            ("without any", None),
        ):
            took = []
            for _ in range(options.rounds if snapshot else 2):
                keep(path, snapshot)
                gc.collect()
                took.append(restart(path, options.backend))
            middle, limit = statistics.median_low(took)[0], f" (limit {LIMIT})" if snapshot else ""
            print(
                f"{last:,} events, {options.open} open, {options.customers:,} journeys, {title}: "
                f"{min(took)[0]:,.0f} ms at best, {middle:,.0f} ms in the middle{limit}, "
                f"{min(one[1] for one in took):,.0f} ms of the processor"
            )


def keep(path, snapshot):
    """Put a snapshot in the place of what the last round left."""
    store = SQLiteStore(path)
    store._connection.execute("delete from snapshots")
    if snapshot is not None:
        store.save_snapshot(snapshot)
    store.close()


if __name__ == "__main__":
    main()
