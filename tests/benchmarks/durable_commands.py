"""Durable commands a second, beside bare `sqlite3` with the same schema, in one run.

    python tests/benchmarks/durable_commands.py [--rounds N] [--directory DIR]

The commands are conversations that a machine serves: one arrives, five messages are said in it, it
is closed; seven commands, eleven events. Bare `sqlite3` writes the very rows that they made, in
commits of one command and of a hundred. The rounds take turns; of each the ratio to the bare rate
of the same round is taken, and the median of those is what counts.
"""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import anyio

from onechannel import commands as c
from onechannel.delivery import CommitCycle, Submission
from onechannel.events import InteractionArrived, InteractionClosed
from onechannel.model.worker import Capacity, Worker
from onechannel.runtime import Centre
from onechannel.stores._shared import line_of, rows_from_events
from onechannel.stores.sqlite import SQLiteStore
from onechannel.stores.sqlite._store import (
    _ADD_ARRIVAL,
    _ADD_CLOSING,
    _ADD_COMMAND,
    _ADD_EVENT,
)

SINGLE, MANY, CALLERS, MESSAGES = 60, 1_800, 256, 5
TEXT = "a message of sixty characters, as long as most in a chat are"


def now():
    """The time."""
    return datetime.now(UTC)


def conversation(name):
    """Its commands."""
    yield c.Arrive(interaction=name, channel="chat")
    for _ in range(MESSAGES):
        yield c.Say(interaction=name, text=TEXT)
    yield c.Close(interaction=name)


def conversations(count):
    """So many as submissions, begun a hundred at a time, so that one commit holds many."""
    for first in range(0, count, 100):
        several = [
            list(conversation(f"i-{number}")) for number in range(first, min(first + 100, count))
        ]
        for step, commands in enumerate(zip(*several, strict=True)):
            for number, command in enumerate(commands, start=first):
                yield Submission(command, f"r-{number}-{step}")


def set_up(store):
    """A machine that takes every chat."""
    cycle = CommitCycle(store)
    bot = Worker(id="bot", kind="machine", capacity=Capacity(total=1_000_000))
    setting = [c.DefineWorker(worker=bot), c.SignIn(worker="bot")]
    cycle.run([Submission(one, f"set-{n}") for n, one in enumerate(setting)], now)
    return cycle


def rows_by_command(work):
    """What each command writes: its events, arrivals, closings and its own row."""
    store = SQLiteStore(":memory:")
    turnout = set_up(store).run(work, now)
    first = turnout.events[0].position
    written = []
    for one, answer in zip(work, turnout.answers, strict=True):
        events = turnout.events[answer.first - first : answer.last + 1 - first]
        data = [(event.position, event.data) for event in events]
        written.append(
            (
                list(rows_from_events(events)),
                [
                    (*line_of(d.interaction), p)
                    for p, d in data
                    if isinstance(d, InteractionArrived)
                ],
                [(p, *line_of(d.interaction)) for p, d in data if isinstance(d, InteractionClosed)],
                [(one.id, answer.first, answer.last)],
            )
        )
    store.close()
    return written


def bare(folder, work, size):
    """The same rows by `sqlite3` alone, those of `size` commands to a commit."""
    store = SQLiteStore(folder / f"bare{size}.db")
    set_up(store)
    connection, written = store._connection, rows_by_command(work)
    start = time.perf_counter()
    for at in range(0, len(written), size):
        connection.execute("begin immediate")
        for statement, *rows in zip(
            (_ADD_EVENT, _ADD_ARRIVAL, _ADD_CLOSING, _ADD_COMMAND),
            *written[at : at + size],
            strict=True,
        ):
            connection.executemany(statement, [row for some in rows for row in some])
        connection.execute("commit")
    spent = time.perf_counter() - start
    store.close()
    return len(work) / spent


def cycles(folder, work, size):
    """The commit cycle without an event loop, `size` commands to a cycle."""
    store = SQLiteStore(folder / f"cycle{size}.db")
    cycle = set_up(store)
    start = time.perf_counter()
    for at in range(0, len(work), size):
        cycle.run(work[at : at + size], now)
    spent = time.perf_counter() - start
    store.close()
    return len(work) / spent


def callers(folder, count, size, backend):
    """So many concurrent callers of a centre, each with one conversation after the other."""
    path = folder / f"{backend}{size}.db"
    store = SQLiteStore(path)
    set_up(store)
    store.close()

    async def main():
        async with Centre.open(f"sqlite:///{path}") as centre:

            async def caller(own):
                for number in range(own, count, size):
                    name = f"i-{number}"
                    await centre.start(interaction=name, channel="chat")
                    for _ in range(MESSAGES):
                        await centre.say(interaction=name, text=TEXT)
                    await centre.close(interaction=name)

            start = time.perf_counter()
            async with anyio.create_task_group() as group:
                for own in range(size):
                    group.start_soon(caller, own)
            return count * (MESSAGES + 2) / (time.perf_counter() - start)

    return anyio.run(main, backend=backend)


def one_round(folder):
    """Each rate with the bare one it is compared with."""
    few, many = list(conversations(SINGLE)), list(conversations(MANY))
    one, hundred = bare(folder, few, 1), bare(folder, many, 100)
    yield "bare, commits of 1", one, one
    yield "commit cycle of 1", cycles(folder, few, 1), one
    yield "centre, asyncio, one caller", callers(folder, SINGLE, 1, "asyncio"), one
    yield "centre, trio, one caller", callers(folder, SINGLE, 1, "trio"), one
    yield "bare, commits of 100", hundred, hundred
    yield "commit cycle of 100", cycles(folder, many, 100), hundred
    yield "commit cycle of 256", cycles(folder, many, 256), hundred
    yield "centre, asyncio, 256 callers", callers(folder, MANY, CALLERS, "asyncio"), hundred
    yield "centre, trio, 256 callers", callers(folder, MANY, CALLERS, "trio"), hundred


def main():
    """Run it and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", type=Path)
    given = parser.parse_args()
    measured = {}
    for number in range(given.rounds):
        with tempfile.TemporaryDirectory(dir=given.directory) as name:
            for title, rate, base in one_round(Path(name)):
                measured.setdefault(title, []).append((rate, rate / base))
        print(f"round {number + 1} of {given.rounds}", file=sys.stderr)
    for title, rates in measured.items():
        rate, ratio = (statistics.median(part) for part in zip(*rates, strict=True))
        print(f"{title:32} {rate:9,.0f} a second  {ratio:5.2f}")


if __name__ == "__main__":
    main()
