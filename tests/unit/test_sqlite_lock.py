"""The lock that processes take turns by: who waits, for how long, and what is left behind.

Other processes here only hold or ask; those that serve, and die, are in tests/crash.
"""

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from onechannel.errors import StoreFault
from onechannel.ports import StoredSnapshot
from onechannel.stores.sqlite import SQLiteStore, _flock, _holder, _lock, _waiting

SHORT = timedelta(milliseconds=20)
LONG = timedelta(seconds=20)
LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fdinfo"), reason="there is no /proc")
# Begins a session and says so; ends it when it is told to.
HOLD = """
import sys
from onechannel.stores.sqlite import SQLiteStore
with SQLiteStore(sys.argv[1]).session():
    print("holds", flush=True)
    sys.stdin.readline()
"""
# Makes a child within a session, which says what it may not do, and outlives its maker.
FORK = """
import os, signal, sys
from onechannel.errors import StoreFault
from onechannel.stores.sqlite import SQLiteStore
store = SQLiteStore(sys.argv[1])
with store.session():
    if os.fork():
        signal.pause()
    for ask in (lambda: store.session().__enter__(), lambda: store.last_position):
        try:
            ask()
        except StoreFault as fault:
            print(fault, flush=True)
    sys.stdin.readline()
    os._exit(0)
"""


@pytest.fixture
def path(tmp_path):
    """Where there is no database yet."""
    return tmp_path / "centre.db"


@pytest.fixture
def open_store(path):
    """Opens stores that are closed after the test."""
    opened = []

    def open_store(place=path, **options):
        opened.append(SQLiteStore(place, **options))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@contextmanager
def process(script, *arguments):
    """Another process and its first line; it ends with the block."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, **pipes) as running:
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def take_a_turn(store):
    """A whole session."""
    with store.session():
        pass


def open_files():
    """How many files this process has open."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def wait_until(true):
    """Wait for what is bound to come; fails after ten seconds."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.001)


# -- waiting --------------------------------------------------------------------------------------


def test_turns_are_taken_one_after_the_other(open_store):
    """Who asks while another has its turn gets the next one, as soon as that ends."""
    first, second, order = open_store(), open_store(lock_timeout=LONG), []

    def wait():
        with second.session():
            order.append("second")

    waiting = threading.Thread(target=wait)
    with first.session():
        waiting.start()
        wait_until(lambda: second._lock._waiter.waiting)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    take_a_turn(first)


def test_a_wait_is_given_up(open_store, path):
    """After the time given a wait ends in a fault that names the process, and no later."""
    patient = open_store(lock_timeout=timedelta(milliseconds=200))
    with process(HOLD, path) as (holder, said):
        assert said == "holds"
        for store in (patient, open_store(lock_timeout=timedelta(0))):
            began = time.monotonic()
            with pytest.raises(StoreFault) as caught:
                take_a_turn(store)
            assert timedelta(seconds=time.monotonic() - began) < timedelta(seconds=5)
            assert str(caught.value).startswith(f"{path}: is held by process {holder.pid} for ")
            assert str(caught.value).endswith(" s: continue it or end it")
        with pytest.raises(StoreFault, match="is held by process"):
            patient.save_snapshot(StoredSnapshot(1, "{}"))
        assert list(patient.read()) == []
    take_a_turn(patient)


def test_a_wait_within_one_process_says_so(open_store):
    """Two stores of one process on one file take turns like any others."""
    first, second = open_store(), open_store(lock_timeout=SHORT)
    with first.session(), pytest.raises(StoreFault, match="held elsewhere in this process for 0"):
        take_a_turn(second)
    take_a_turn(second)


def test_waits_given_up_leave_one_thread(open_store):
    """However often one gives up, one thread waits and no file is left; it takes no turn away."""
    first, second, third = open_store(), open_store(lock_timeout=SHORT), open_store()
    take_a_turn(second)
    with first.session():
        before, threads = open_files(), set()
        for _ in range(20):
            with pytest.raises(StoreFault):
                take_a_turn(second)
            threads.add(second._lock._waiter._thread)
        assert len(threads) == 1
        assert open_files() == before
    wait_until(lambda: not second._lock._waiter.waiting)
    assert third.holder() is None
    take_a_turn(third)
    take_a_turn(second)


def test_who_asks_again_takes_over_its_place(open_store):
    """A wait that was given up goes on when the same store asks again: one turn comes of it."""
    first, second = open_store(), open_store(lock_timeout=SHORT)
    with first.session():
        with pytest.raises(StoreFault):
            take_a_turn(second)
        second._lock._timeout = LONG
        thread = threading.Thread(target=take_a_turn, args=[second])
        thread.start()
    thread.join()
    assert second.holder() is None
    take_a_turn(first)


def test_who_waits_does_not_try_beside_its_wait(open_store, monkeypatch):
    """What would be taken beside a wait that was given up would be let go with that."""
    tried, first, second = [], open_store(), open_store(lock_timeout=SHORT)
    take_if_free = _lock.take_if_free
    monkeypatch.setattr(_lock, "take_if_free", lambda file: tried.append(1) or take_if_free(file))
    with first.session():
        tried.clear()
        for _ in range(3):
            with pytest.raises(StoreFault):
                take_a_turn(second)
    assert len(tried) == 1


def test_an_idle_thread_ends(open_store, monkeypatch):
    """The thread that waits is there while it is needed, and is made again."""
    monkeypatch.setattr(_flock, "_IDLE", 0.001)
    first, second = open_store(), open_store(lock_timeout=SHORT)
    for _ in range(3):
        with first.session(), pytest.raises(StoreFault):
            take_a_turn(second)
        wait_until(lambda: second._lock._waiter._thread is None)
    take_a_turn(second)


def test_closing_while_waiting_leaves_nothing(open_store):
    """A store that is closed with a wait given up lets go of its file when the lock comes."""
    first, second = open_store(), open_store(lock_timeout=SHORT)
    with first.session():
        before = open_files()
        with pytest.raises(StoreFault):
            take_a_turn(second)
        second.close()
    wait_until(lambda: open_files() < before)
    assert first.holder() is None
    take_a_turn(first)


def test_an_interrupted_wait_takes_nothing(open_store, monkeypatch):
    """Interrupted just when the lock has come, a wait lets it go."""
    first, second = open_store(), open_store(lock_timeout=LONG)
    came = _flock.Waiter.came

    def interrupted(waiter, seconds):
        ended.set()
        assert came(waiter, seconds)
        raise KeyboardInterrupt

    ended, caught = threading.Event(), []

    def wait():
        try:
            take_a_turn(second)
        except KeyboardInterrupt as interrupt:
            caught.append(interrupt)

    monkeypatch.setattr(_flock.Waiter, "came", interrupted)
    waiting = threading.Thread(target=wait)
    with first.session():
        waiting.start()
        assert ended.wait(10)
    waiting.join()
    monkeypatch.undo()
    assert caught
    assert first.holder() is None
    take_a_turn(first)
    take_a_turn(second)


def test_a_killed_holder_lets_go_at_once(open_store, path):
    """Nobody waits for the dead."""
    store = open_store(lock_timeout=LONG)
    with process(HOLD, path) as (holder, _):
        os.kill(holder.pid, signal.SIGKILL)
        began = time.monotonic()
        take_a_turn(store)
        assert time.monotonic() - began < 5
        assert store.holder() is None


# -- giving way -----------------------------------------------------------------------------------


@pytest.fixture
def slept(monkeypatch):
    """For how long anybody has slept."""
    naps = []
    monkeypatch.setattr("time.sleep", naps.append)
    return naps


def test_who_has_just_let_go_gives_way(open_store, slept):
    """While another waits, and has not yet woken, who had the last turn does not take the next.

    It does so for a moment only: who waits may have been stopped.
    """
    store, moment = open_store(lock_timeout=LONG), sum(_lock._GIVE_WAY)
    take_a_turn(store)
    file, other = store._lock._file.fileno(), _waiting.new_name()
    take_a_turn(store)
    assert slept == []
    _waiting.waits(file, other)
    began = time.monotonic()
    take_a_turn(store)
    assert len(slept) > 3
    assert slept[0] == _lock._GIVE_WAY[0]
    assert time.monotonic() - began < 100 * moment
    slept.clear()
    _waiting.wait_no_more(file, other)
    take_a_turn(store)
    assert slept == []


def test_one_turn_of_another_is_enough(open_store, slept):
    """Who has seen another's turn waits in the queue like anybody."""
    store = open_store()
    take_a_turn(store)
    file = store._lock._file.fileno()
    _waiting.waits(file, _waiting.new_name())
    _holder.note(file, 1, 1)
    take_a_turn(store)
    assert slept == []


def test_who_comes_back_later_need_not_give_way(open_store, slept, monkeypatch):
    """Others had time enough to wake."""
    monkeypatch.setattr(_lock, "_LATELY", 0)
    store = open_store()
    take_a_turn(store)
    _waiting.waits(store._lock._file.fileno(), _waiting.new_name())
    take_a_turn(store)
    assert slept == []


def test_a_place_that_is_not_renewed_is_left(open_store, monkeypatch):
    """Who was killed while it waited keeps nobody waiting for long; one's own place never does."""
    store = open_store()
    take_a_turn(store)
    file, other = store._lock._file.fileno(), _waiting.new_name()
    _waiting.waits(file, other)
    assert _waiting.others_wait(file, store._lock._name)
    assert not _waiting.others_wait(file, other)
    monkeypatch.setattr(_waiting, "_FRESH", 0)
    assert not _waiting.others_wait(file, store._lock._name)


def test_whoever_waits_says_so(open_store):
    """Its place is taken while it waits, and left when the wait is over or given up."""
    first, second = open_store(), open_store(lock_timeout=LONG)
    take_a_turn(second)
    file, seen = second._lock._file.fileno(), _waiting.new_name()
    waiting = threading.Thread(target=take_a_turn, args=[second])
    with first.session():
        assert not _waiting.others_wait(file, seen)
        waiting.start()
        wait_until(lambda: _waiting.others_wait(file, seen))
    waiting.join()
    assert not _waiting.others_wait(file, seen)
    second._lock._timeout = SHORT
    with first.session(), pytest.raises(StoreFault):
        take_a_turn(second)
    assert not _waiting.others_wait(file, seen)


# -- the holder -----------------------------------------------------------------------------------


def test_the_holder_is_known(open_store, path):
    """While somebody has its turn, everybody can tell who and for how long; and then no more."""
    store = open_store()
    assert store.holder() is None
    with process(HOLD, path) as (holder, _):
        for one in (store, open_store(read_only=True)):
            found = one.holder()
            assert found.pid == holder.pid
            assert timedelta(0) <= found.held < timedelta(minutes=1)
            assert abs(datetime.now(UTC) - found.held - found.since) < timedelta(minutes=1)
    wait_until(lambda: store.holder() is None)
    with store.session():
        assert store.holder().pid == os.getpid()
    assert store.holder() is None


def test_looking_disturbs_nobody(open_store):
    """Who asks for the holder takes no turn away, however often."""
    store, stop = open_store(lock_timeout=LONG), threading.Event()

    def look():
        while not stop.is_set():
            store.holder()

    looking = threading.Thread(target=look)
    looking.start()
    for _ in range(300):
        take_a_turn(store)
    stop.set()
    looking.join()


def test_who_looks_is_no_holder(open_store, path):
    """While others look who holds the lock, nobody does."""
    store = open_store()
    take_a_turn(store)
    with open(f"{path}-lock", "rb", buffering=0) as other:
        assert not _flock.is_taken(other)
        assert store.holder() is None


@LINUX
def test_who_let_go_is_not_blamed(open_store, path):
    """A record of somebody who no longer holds the lock is not taken for the holder's."""
    first, second = open_store(), open_store(lock_timeout=SHORT)
    with subprocess.Popen(["sleep", "60"]) as innocent:
        with first.session():
            file = first._lock._file.fileno()
            _holder.note(file, innocent.pid, _holder.start_of(innocent.pid))
            assert second.holder() is None
            with pytest.raises(StoreFault, match="locked by another process"):
                take_a_turn(second)
        innocent.kill()


def test_no_lock_is_made_by_reading(open_store, path):
    """A store that only reads makes no file; the lock is made by the first session."""
    store = open_store()
    open_store(read_only=True).holder()
    open_store(":memory:").save_snapshot(StoredSnapshot(1, "{}"))
    assert [one.name for one in path.parent.iterdir() if "lock" in one.name] == []
    take_a_turn(store)
    assert os.path.exists(f"{path}-lock")
    assert open_store(":memory:").holder() is None


def test_whoever_may_write_the_database_may_lock_it(open_store, path):
    """The lock's file has the permissions of the database's, whatever the mask."""
    open_store()
    path.chmod(0o664)
    mask = os.umask(0o077)
    try:
        take_a_turn(open_store())
    finally:
        os.umask(mask)
    made, like = os.stat(f"{path}-lock"), path.stat()
    assert (made.st_mode, made.st_uid, made.st_gid) == (like.st_mode, like.st_uid, like.st_gid)


def test_a_lock_that_cannot_be_opened_is_said_to_be_one(open_store, path):
    """The fault names the lock's file and the way out, and the store works when it is gone."""
    store = open_store()
    os.mkdir(f"{path}-lock")
    with pytest.raises(StoreFault, match=r"centre\.db-lock: the lock cannot be opened: check the"):
        take_a_turn(store)
    os.rmdir(f"{path}-lock")
    take_a_turn(store)


def test_another_name_is_the_same_lock(open_store, path, tmp_path):
    """Whoever comes by a link takes turns with the others."""
    open_store()
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with open_store().session(), pytest.raises(StoreFault, match="is held elsewhere"):
        take_a_turn(open_store(link, lock_timeout=SHORT))
    assert not os.path.exists(f"{link}-lock")


# -- where the lock fails -------------------------------------------------------------------------


def lacking(monkeypatch):
    """A system that knows no such locks."""
    monkeypatch.setattr(_lock, "AVAILABLE", False)


def refusing(monkeypatch):
    """A disk that knows no such locks."""

    def refuse(_file):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(_lock, "take_if_free", refuse)


@pytest.mark.parametrize("without", [lacking, refusing])
def test_without_such_locks_turns_are_taken_all_the_same(open_store, monkeypatch, without):
    """The database's own lock is asked for again and again, until the time given is over."""
    without(monkeypatch)
    first, second = open_store(), open_store(lock_timeout=SHORT)
    with first.session():
        with pytest.raises(StoreFault, match="locked by another process: try again"):
            take_a_turn(second)
        assert second.holder() is None
    take_a_turn(second)
    patient = open_store(lock_timeout=LONG)
    thread = threading.Thread(target=take_a_turn, args=[patient])
    with first.session():
        thread.start()
        assert thread.is_alive()
    thread.join()
    (patience,) = patient._connection.execute("pragma busy_timeout").fetchone()
    assert timedelta(milliseconds=patience) == LONG


def test_the_database_is_asked_often(open_store, monkeypatch):
    """Without such locks it is not SQLite that waits, which sleeps while others come and go."""
    lacking(monkeypatch)
    first, second, said = open_store(), open_store(lock_timeout=SHORT), []
    second._connection.set_trace_callback(said.append)
    with first.session(), pytest.raises(StoreFault, match="locked by another process"):
        take_a_turn(second)
    assert said.count("begin immediate") > 3


def test_who_cannot_begin_lets_go(open_store, path):
    """Where another program holds the database, the lock is not kept meanwhile."""
    store = open_store(lock_timeout=timedelta(0))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreFault, match="locked by another process: try again"):
            take_a_turn(store)
        assert store.holder() is None
    take_a_turn(store)


def test_a_lock_that_was_deleted_endangers_nothing(open_store, path):
    """Without the file of the lock two processes still have no turn at once."""
    first, second = open_store(), open_store(lock_timeout=SHORT)
    with first.session():
        os.unlink(f"{path}-lock")
        with pytest.raises(StoreFault, match="locked by another process: try again"):
            take_a_turn(second)
    take_a_turn(second)


def test_a_forked_process_has_no_part_in_it(open_store, path):
    """A child may not use its maker's store, and neither keeps nor ends its maker's turn."""
    store = open_store(lock_timeout=SHORT)
    with process(FORK, path) as (maker, said):
        for line in (said, maker.stdout.readline().strip()):
            assert line == (
                f"{path}: was opened by process {maker.pid}, which made this one: open it here anew"
            )
        with pytest.raises(StoreFault, match=f"is held by process {maker.pid} for"):
            take_a_turn(store)
        maker.kill()
        maker.wait()
        with closing(SQLiteStore(path, lock_timeout=LONG)) as patient:
            take_a_turn(patient)


# -- ending a holder ------------------------------------------------------------------------------


@LINUX
def test_nobody_is_ended_but_the_holder(open_store, path):
    """Not this process, nor one that let go, nor one that has another's number, nor the absent."""
    store = open_store()
    with store.session(), subprocess.Popen(["sleep", "60"]) as innocent:
        file = store._lock._file.fileno()
        mine, its = _holder.start_of(os.getpid()), _holder.start_of(innocent.pid)
        assert mine > 0
        assert its >= mine
        for pid, start in [(os.getpid(), mine), (innocent.pid, its), (2**22 + 1, 1)]:
            assert not _holder.evicted(_holder.Record(pid, start, 0), file)
        assert innocent.poll() is None
        innocent.kill()
    with process(HOLD, path) as (holder, _):
        start = _holder.start_of(holder.pid)
        for other in (0, start + 1):
            assert not _holder.evicted(_holder.Record(holder.pid, other, 0), file)
        assert holder.poll() is None
        assert _holder.evicted(_holder.Record(holder.pid, start, 0), file)
        assert holder.wait(10) == -signal.SIGKILL


@LINUX
def test_a_holder_is_ended_only_after_its_time(open_store, path):
    """With `evict_after` a hanging holder is ended when its time is over; without, never."""
    with process(HOLD, path) as (holder, _):
        for patience in (None, timedelta(minutes=1)):
            store = open_store(lock_timeout=SHORT, evict_after=patience)
            with pytest.raises(StoreFault, match=f"is held by process {holder.pid} for"):
                take_a_turn(store)
        assert holder.poll() is None
        take_a_turn(open_store(lock_timeout=LONG, evict_after=SHORT))
        assert holder.wait(10) == -signal.SIGKILL


@LINUX
def test_a_holder_that_did_not_say_so_is_found(open_store, path):
    """One that was stopped before it wrote who it is counts from when it is first seen."""
    others = open_store()
    take_a_turn(others)
    stale = (path.parent / "centre.db-lock").read_bytes()
    with process(HOLD, path) as (holder, _):
        (path.parent / "centre.db-lock").write_bytes(stale)
        with pytest.raises(StoreFault, match="locked by another process"):
            take_a_turn(open_store(lock_timeout=SHORT, evict_after=timedelta(minutes=1)))
        assert holder.poll() is None
        take_a_turn(open_store(lock_timeout=LONG, evict_after=SHORT))
        assert holder.wait(10) == -signal.SIGKILL


@LINUX
def test_who_was_ended_is_waited_for(open_store, path, monkeypatch):
    """It may take a moment to be gone, though the time to wait for it is over."""
    ended = []

    def evicted(record, _file):
        if ended:
            return False
        ended.append(threading.Timer(0.2, os.kill, [record.pid, signal.SIGKILL]))
        ended[0].start()
        return True

    monkeypatch.setattr(_lock, "evicted", evicted)
    with process(HOLD, path):
        take_a_turn(open_store(lock_timeout=2 * SHORT, evict_after=timedelta(microseconds=1)))
    ended[0].join()
