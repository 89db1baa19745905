"""Processes that are stopped, in the middle of a turn or anywhere, and may go on later."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tests.crash.giving import give_next, prepare
from tests.crash.judging import complaints
from tests.crash.running import crash, many

from onechannel.delivery import CommitCycle
from onechannel.errors import StoreFault
from onechannel.stores.sqlite import SQLiteStore

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fdinfo"), reason="there is no /proc")
# Gives commands, stops in the middle of the third, and, if it is continued, goes on with it.
STOPPING = """
import os, signal, sys
from tests.crash.giving import give_next
from onechannel.delivery import CommitCycle
from onechannel.stores.sqlite import SQLiteStore
path, when = sys.argv[1:]
store = SQLiteStore(path)
cycle = CommitCycle(store)
keep = store._keep
def stop_then_keep(batch):
    if when == "before": os.kill(os.getpid(), signal.SIGSTOP)
    keep(batch)
    if when == "after": os.kill(os.getpid(), signal.SIGSTOP)
for number in range(6):
    store._keep = stop_then_keep if number == 2 else keep
    given = give_next(cycle, "stopping", number)
    print(given.first, given.last, given.repeated, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    """A centre."""
    with closing(SQLiteStore(tmp_path / "centre.db")) as store:
        prepare(CommitCycle(store))
    return tmp_path / "centre.db"


@contextmanager
def stopped(path, when):
    """A process that has stopped in its turn, and what it acknowledged."""
    command = [sys.executable, "-c", STOPPING, str(path), when]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            os.waitpid(process.pid, os.WUNTRACED)
            yield process
        finally:
            process.kill()


def judge(path):
    """Nothing is wrong with it."""
    with closing(SQLiteStore(path)) as store:
        assert complaints(store, []) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_without_eviction_a_stopped_holder_is_named(path, when):
    """Others are answered within the time given, by a fault that says whom to continue or end.

    When it goes on, so do they, and what it was about to commit is there once.
    """
    with closing(SQLiteStore(path, lock_timeout=timedelta(milliseconds=300))) as store:
        cycle = CommitCycle(store)
        with stopped(path, when) as process:
            began = time.monotonic()
            with pytest.raises(StoreFault, match=f"is held by process {process.pid} for"):
                give_next(cycle, "other", 0)
            assert time.monotonic() - began < 0.3 + 1
            assert store.holder().pid == process.pid
            process.send_signal(signal.SIGCONT)
            assert len(process.stdout.readlines()) == 6
            assert process.wait() == 0
        assert give_next(cycle, "other", 0).repeated is False
    judge(path)


@LINUX
@pytest.mark.parametrize("when", ["before", "after"])
def test_with_eviction_a_stopped_holder_is_ended(path, when):
    """Others wait for `evict_after` and a second at most; what it had committed is there, no more.

    Given again by another under its id, a command is served once.
    """
    with closing(SQLiteStore(path, evict_after=timedelta(milliseconds=300))) as store:
        cycle = CommitCycle(store)
        with stopped(path, when) as process:
            began = time.monotonic()
            give_next(cycle, "other", 0)
            assert time.monotonic() - began < 0.3 + 1
            assert process.wait(10) == -signal.SIGKILL
            assert len(process.stdout.readlines()) == 2
        assert give_next(cycle, "stopping", 1).repeated is True
        assert give_next(cycle, "stopping", 2).repeated is (when == "after")
    judge(path)


@LINUX
def test_nobody_waits_long_for_who_was_stopped_anywhere():
    """Of four processes any may stop at any instant: the others soon go on.

    Nothing acknowledged is lost or doubled, whether it was ended for it or goes on.
    """
    assert "0 lost, 0 doubled" in crash("stops", many(15, 100))
