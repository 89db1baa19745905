"""Four processes on one SQLite file: how soon commands are durable, and rings known to the others.

    python tests/benchmarks/several_processes.py [--seconds N] [--backend trio] [--place FOLDER]

Of 100 messages and 20 interactions (arriving, taken, closed) a second over four processes, and of
ten times as many: the time from when a command was to be given until it is answered, whatever held
it up; and, of each ring, from the time its decision bears until the feeds of the three other
processes show it. Then what four idle processes cost, and how many messages 1 to 4 processes with
64 callers each commit a second, with the share of whoever got least. Each part is run so many
times, and of each figure the least of its p99s and their median are printed: on a machine that does
other things too the least tells what is ours.
"""

import argparse
import gc
import os
import pickle
import statistics
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import anyio

from onechannel import commands as c
from onechannel.delivery import CommitCycle, Submission
from onechannel.model.worker import Capacity, Worker
from onechannel.runtime import Centre
from onechannel.stores.sqlite import SQLiteStore

PROCESSES, TALKS, CALLERS = 4, 100, 64
MESSAGES, INTERACTIONS = 100, 20
TEXT = "a message of sixty characters, as long as most in a chat are"


def prepare(path):
    """A hundred conversations that a machine serves, and people of any capacity for the rest."""
    store = SQLiteStore(path)
    cycle = CommitCycle(store)
    bot = Worker(id="bot", kind="machine", capacity=Capacity.only("chat"), wrap_up=timedelta(0))
    commands = [c.DefineWorker(worker=bot), c.SignIn(worker="bot")]
    for number in range(20):
        capacity = Capacity(total=None)
        person = Worker(id=f"w-{number}", capacity=capacity, wrap_up=timedelta(0))
        commands += [c.DefineWorker(worker=person), c.SignIn(worker=person.id)]
    commands += [c.Arrive(interaction=f"i-{n}", channel="chat") for n in range(TALKS)]
    cycle.run([Submission(one, f"set-{n}") for n, one in enumerate(commands)], now)
    store.close()


def now():
    """The time."""
    return datetime.now(UTC)


# -- what a process does --------------------------------------------------------------------------


class Paced:
    """Commands at their times, whatever became of the earlier ones, and the others' rings."""

    def __init__(self, name, seconds, factor):
        self.name, self.seconds, self.factor = name, seconds, factor
        self.took, self.rings = defaultdict(list), []

    async def run(self, centre):
        """Give them, and follow the log meanwhile."""
        begin = time.monotonic() + 0.2
        async with anyio.create_task_group() as following:
            following.start_soon(self.follow, centre)
            async with anyio.create_task_group() as group:
                for what, rate in ((self.message, MESSAGES), (self.interaction, INTERACTIONS)):
                    group.start_soon(self.pace, group, centre, what, begin, rate)
            following.cancel_scope.cancel()

    async def pace(self, group, centre, what, begin, rate):
        """Begin so many a second, at times drawn from a seed."""
        chance, at = Random(f"{self.name} {rate}"), begin
        number = 0
        while (
            at := at + chance.expovariate(rate * self.factor / PROCESSES)
        ) < begin + self.seconds:
            await anyio.sleep(max(at - time.monotonic(), 0))
            group.start_soon(what, centre, number, at)
            number += 1

    async def message(self, centre, number, at):
        """One message."""
        await centre.say(interaction=f"i-{number % TALKS}", text=TEXT)
        self.took["command"].append(time.monotonic() - at)

    async def interaction(self, centre, number, at):
        """Somebody calls, is taken, and it is over."""
        name = f"{self.name}-{number}"
        events = await centre.start(interaction=name, channel="voice")
        self.took["command"].append(time.monotonic() - at)
        (asked,) = [event for event in events if event.type == "assignment.opened"]
        for giving in (
            centre.accept(assignment=asked.data.assignment),
            centre.close(interaction=name),
        ):
            at = time.monotonic()
            await giving
            self.took["command"].append(time.monotonic() - at)

    async def follow(self, centre):
        """Note how old each ring of another process is when it is shown here."""
        feed = centre.feed(after=centre.position)
        while events := await feed.some():
            at = now()
            for event in events:
                rings = event.type == "assignment.opened"
                if rings and not event.subject("interaction").startswith(self.name):
                    self.rings.append((at - event.recorded_at) / timedelta(seconds=1))

    @property
    def found(self):
        """What was measured."""
        return {"command": self.took["command"], "ring": self.rings}


class Idle:
    """Nothing: what it costs to look out."""

    def __init__(self, seconds):
        self.seconds = seconds

    async def run(self, _centre):
        """Wait, and take the processor's time."""
        begun = time.process_time()
        await anyio.sleep(self.seconds)
        self.found = {"cpu": [(time.process_time() - begun) / self.seconds]}


class Saturating:
    """As many messages as can be, by callers who each wait for their own."""

    def __init__(self, seconds):
        self.seconds, self.count = seconds, 0

    async def run(self, centre):
        """Until the time is over."""
        begun = time.monotonic()

        async def caller(own):
            while time.monotonic() < begun + self.seconds:
                await centre.say(interaction=f"i-{(own + self.count) % TALKS}", text=TEXT)
                self.count += 1

        async with anyio.create_task_group() as group:
            for own in range(CALLERS):
                group.start_soon(caller, own)
        self.found = {"rate": [self.count / (time.monotonic() - begun)]}


# -- processes ------------------------------------------------------------------------------------


def in_processes(folder, backend, makers):
    """What each of so many processes found on a fresh file; they begin together."""
    path = folder / "centre.db"
    prepare(path)
    gc.freeze()  # or the first collection of each child copies all that was imported
    go_read, go_write = os.pipe()
    children = []
    for make in makers:
        reading, writing = os.pipe()
        ready_read, ready_write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go_write)
            be_a_process(path, backend, make, go_read, ready_write, writing)
        os.close(writing)
        os.close(ready_write)
        children.append((child, reading, ready_read))
    for _, _, ready in children:
        assert os.read(ready, 1) == b"."
        os.close(ready)
    os.close(go_read)
    os.close(go_write)
    found = []
    for child, reading, _ in children:
        with os.fdopen(reading, "rb") as pipe:
            found.append(pickle.load(pipe))  # noqa: S301 - of our own child
        os.waitpid(child, 0)
    for part in folder.iterdir():
        part.unlink()
    return found


def be_a_process(path, backend, make, *pipes):
    """Serve, tell what was found, and end."""
    go, ready, writing = pipes
    code = 1
    try:
        found = anyio.run(serve, path, make(), go, ready, backend=backend)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(found, pipe)
        code = 0
    except BaseException:  # noqa: BLE001 - said before the process ends
        traceback.print_exc()
    finally:
        os._exit(code)


async def serve(path, load, go, ready):
    """Open the file, wait for the others, and do what there is to do."""

    def begin():
        os.write(ready, b".")
        os.read(go, 1)

    async with Centre.open(f"sqlite:///{path}") as centre:
        await anyio.to_thread.run_sync(begin)
        await load.run(centre)
        return load.found


def percentile(values, part):
    """The value that so large a part does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def paced(folder, options, factor):
    """p50 and p99 of commands and rings at so many times the load."""
    p99s = defaultdict(list)
    for number in range(options.rounds):
        makers = [
            lambda name=f"p{number}{own}": Paced(name, options.seconds, factor)
            for own in range(PROCESSES)
        ]
        found = in_processes(folder, options.backend, makers)
        for what, limit in (("command", {1: 25, 10: 60}[factor]), ("ring", 25)):
            took = [1000 * one for part in found for one in part[what]]
            p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
            p99s[what, limit].append(p99)
            print(f"  {what:8} x{factor:<3} {len(took):6} p50 {p50:6.1f} ms  p99 {p99:6.1f} ms")
    for (what, limit), each in p99s.items():
        middle = statistics.median(each)
        print(f"{what} at {factor} times the load: p99 {min(each):.1f} ms at best, "
              f"{middle:.1f} ms in the middle (limit {limit})")  # fmt: skip


def main():
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", default="asyncio")
    parser.add_argument("--place", help="where the file is, by default where temporary files are")
    parser.add_argument("--only", choices=["paced", "idle", "saturated"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.place) as name:
        folder = Path(name)
        if options.only in (None, "paced"):
            for factor in (1, 10):
                paced(folder, options, factor)
        if options.only in (None, "idle"):
            found = in_processes(
                folder, options.backend, [lambda: Idle(options.seconds / 2)] * PROCESSES
            )
            each = [100 * part["cpu"][0] for part in found]
            print(f"four idle processes: {sum(each):.1f} % of one processor in all")
        if options.only in (None, "saturated"):
            for count in range(1, PROCESSES + 1):
                saturated(folder, options, count)
    sys.stdout.flush()


def saturated(folder, options, count):
    """How many messages a second so many processes commit, and how they are shared out."""
    totals, shares = [], []
    for _ in range(options.rounds):
        makers = [lambda: Saturating(options.seconds / 2)] * count
        rates = [part["rate"][0] for part in in_processes(folder, options.backend, makers)]
        totals.append(sum(rates))
        shares.append(max(rates) / min(rates))
    middle = statistics.median(totals)
    print(f"{count} saturated: {max(totals):7,.0f} messages a second at best, "
          f"{middle:7,.0f} in the middle; most/least {max(shares):.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
