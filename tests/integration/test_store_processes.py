"""Several processes and one SQLite file: they take turns, and any of them may die at any moment."""

import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from onechannel.kernel import Kernel
from onechannel.stores.sqlite import SQLiteStore

# Serves rows, one cycle for so many of them, and says the last row of each when it is committed.
SERVE = """
import sys
from datetime import UTC, datetime, timedelta
from onechannel import commands as c
from onechannel.delivery import CommitCycle, Submission
from onechannel.stores.sqlite import SQLiteStore

path, name, first, last, together = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])

def chain(name, row):
    call = f"{name}-{row}"
    said = (
        c.ObserveArrival(interaction=call, channel="voice", customer=f"c-{row}"),
        c.ObserveAccepted(interaction=call, worker=f"w-{row % 7}"),
        c.ObserveClosed(interaction=call),
    )
    return [Submission(one, f"{call}/{step}") for step, one in enumerate(said)]

store = SQLiteStore(path, lock_timeout=timedelta(minutes=1))
cycle = CommitCycle(store)
print("ready", flush=True)
sys.stdin.readline()
for row in range(first, last, together):
    rows = range(row, min(row + together, last))
    chains = [chain(owner, one) for one in rows for owner in (name, "shared")[:1 + (one % 4 == 0)]]
    turnout = cycle.run(chains, lambda: datetime(2026, 1, 5, 9, tzinfo=UTC))
    for answers in turnout.answers:
        for answer in answers:
            assert type(answer).__name__ == "Served", answer
    print(rows[-1], flush=True)
store.close()
"""
# Opens each file it is told of, and says how that went.
MAKE = """
import sys
from onechannel.stores.sqlite import SQLiteStore

print("ready", flush=True)
for line in sys.stdin:
    store = SQLiteStore(line.strip())
    print(store.last_position, flush=True)
    store.close()
"""


@contextmanager
def process(script, *arguments):
    """A process that has said that it is ready; it ends with the block."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, **pipes) as running:
        try:
            assert running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


def tell(running, line=""):
    """Give a process a line."""
    running.stdin.write(f"{line}\n")
    running.stdin.flush()


def rows_of(log, name):
    """The rows of one name in a log, in order, whole: arrived, served and ended, each once."""
    kinds = {}
    for event in log:
        interaction = event.subject("interaction") or ""
        if interaction.startswith(f"{name}-"):
            kinds.setdefault(int(interaction.partition("-")[2]), []).append(event.type)
    for found in kinds.values():
        assert found == [
            "interaction.arrived",
            "assignment.opened",
            "assignment.accepted",
            "interaction.closed",
            "assignment.released",
        ]
    return sorted(kinds)


def test_what_was_acknowledged_outlives_any_death(tmp_path):
    """Killed ten times in the middle of its work, a process has lost nothing that it acknowledged.

    What it had not yet acknowledged is there whole or not at all; given again it is served once.
    """
    path, said = tmp_path / "centre.db", -1
    for death in range(10):
        first = max(0, said - 30)  # an import begins again before the place where it was cut
        with process(SERVE, path, "call", first, 1_000_000, 7) as running:
            tell(running)
            for _ in range(6 + 5 * death % 13):
                said = int(running.stdout.readline())
            os.kill(running.pid, signal.SIGKILL)
            for line in running.stdout:
                said = int(line)
        with closing(SQLiteStore(path, create=False)) as store:
            log = list(store.read())
            rows = rows_of(log, "call")
            assert rows == [*range(len(rows))]
            assert len(rows) > said
            with store.session() as session:
                ids = [f"call-{row}/{step}" for row in rows for step in range(3)]
                assert len(session.seen(ids)) == len(ids)
        assert Kernel.replay(log).position == len(log)
    assert len(rows) > 500


@pytest.mark.parametrize("together", [1, 10])
def test_two_processes_take_turns(tmp_path, together):
    """Of 200 rows each, and 50 that both are given, none is lost and none is doubled."""
    path = tmp_path / "centre.db"
    SQLiteStore(path).close()
    with (
        process(SERVE, path, "left", 0, 200, together) as left,
        process(SERVE, path, "right", 0, 200, together) as right,
    ):
        for running in (left, right):
            tell(running)
        for running in (left, right):
            *_, last = running.stdout
            assert int(last) == 199
            assert running.wait() == 0
    with closing(SQLiteStore(path, create=False)) as store:
        log = list(store.read())
    assert rows_of(log, "left") == rows_of(log, "right") == [*range(200)]
    assert rows_of(log, "shared") == [*range(0, 200, 4)]
    assert [event.position for event in log] == [*range(1, len(log) + 1)]
    kernel = Kernel.replay(log)
    assert kernel.position == len(log)
    assert not kernel.snapshot().interactions


def test_two_processes_make_one_file(tmp_path):
    """Whoever comes second to a file that is just being made waits, and finds it made."""
    with process(MAKE) as left, process(MAKE) as right:
        for number in range(20):
            for running in (left, right):
                tell(running, tmp_path / f"{number}.db")
            for running in (left, right):
                assert running.stdout.readline() == "0\n"


def test_what_another_commits_is_seen_at_once(tmp_path):
    """Whoever asks for the end of the log after an acknowledgement is told of it: no later."""
    path = tmp_path / "centre.db"
    SQLiteStore(path).close()
    with (
        process(SERVE, path, "call", 0, 200, 1) as running,
        closing(SQLiteStore(path, read_only=True)) as reader,
    ):
        assert reader.last_position == 0
        tell(running)
        for line in running.stdout:
            assert reader.last_position >= 5 * (int(line) + 1)
        assert reader.last_position == len(list(reader.read()))
