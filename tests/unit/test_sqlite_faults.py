"""The store in a SQLite file when the disk is full, or damaged, or a crash has torn the file.

A fault names the file, its state and the way out; nothing that was committed is lost, and the store
works again once the cause is gone.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
import traceback
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel.commands import ObserveArrival, ObserveClosed, RegisterCustomer
from onechannel.delivery import CommitCycle, Served, Submission
from onechannel.errors import LogInconsistent, StoreFault
from onechannel.kernel import Kernel
from onechannel.model.address import Address
from onechannel.ports import LineOf
from onechannel.stores.sqlite import SQLiteStore

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
PAGE = 4096
ROOT = os.geteuid() == 0


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


def calls(first, count):
    """The submissions of so many calls, from a number on: each is one chain of two commands."""
    return [
        [
            Submission(ObserveArrival(interaction=f"i-{n}", channel="voice"), f"r-{n}/arrival"),
            Submission(ObserveClosed(interaction=f"i-{n}"), f"r-{n}/end"),
        ]
        for n in range(first, first + count)
    ]


def fill(store, first=0, count=10):
    """Commit so many calls; gives the log."""
    CommitCycle(store).run(calls(first, count), lambda: AT)
    return list(store.read())


def connect(path):
    """Another program's connection, closed at the end of the block."""
    return closing(sqlite3.connect(path, isolation_level=None))


# -- room -----------------------------------------------------------------------------------------


@contextmanager
def no_room(store):
    """No page more for the file: what SQLite says is what it says of a full disk."""
    (pages,) = store._connection.execute("pragma page_count").fetchone()
    store._connection.execute(f"pragma max_page_count = {pages}")
    yield
    store._connection.execute("pragma max_page_count = 1073741823")


def test_a_full_disk_keeps_nothing(open_store):
    """A commit for which there is no room leaves no trace; with room, it works."""
    store = open_store()
    log = fill(store)
    with no_room(store):
        with pytest.raises(StoreFault, match="the disk is full: nothing was kept; make room"):
            fill(store, first=10, count=400)
        assert not store._connection.in_transaction
        assert list(store.read()) == log
    assert len(fill(store, first=10, count=400)) == 821


def test_a_cycle_outlives_a_full_disk(open_store):
    """The replica is thrown away with the commit; the same submissions come again, and once."""
    store = open_store()
    cycle = CommitCycle(store)
    cycle.run(calls(0, 10), lambda: AT)
    again = calls(5, 400)
    with no_room(store):
        for _ in range(3):
            with pytest.raises(StoreFault, match="full"):
                cycle.run(again, lambda: AT)
            assert cycle.kernel.position == 21
    answers = cycle.run(again, lambda: AT).answers
    assert all(isinstance(one, Served) for chain in answers for one in chain)
    assert [chain[0].repeated for chain in answers] == [True] * 5 + [False] * 395
    repeated = cycle.run(again, lambda: AT)
    assert repeated.events == ()
    assert all(one.repeated for chain in repeated.answers for one in chain)
    assert store.last_position == Kernel.replay(store.read()).position == 1 + 2 * 405


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if not ROOT or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only the superuser mounts a disk; no_room does the same by a limit")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill_up(cycle):
    """Serve calls until that fails; gives how many were served, and the fault."""
    for first in range(0, 100_000, 50):
        try:
            cycle.run(calls(first, 50), lambda: AT)
        except StoreFault as fault:
            return first, str(fault)
    raise AssertionError("the disk is larger than it should be")


def test_a_disk_that_is_really_full(small_disk):
    """On a disk without room every cycle is refused and nothing is lost; with room, it goes on."""
    path, ballast = small_disk / "centre.db", small_disk / "ballast"
    ballast.write_bytes(b"\0" * 300_000)
    with closing(SQLiteStore(path)) as store:
        cycle = CommitCycle(store)
        served, said = fill_up(cycle)
        assert said.startswith((f"{path}: the disk is full", f"{path}: reading or writing failed"))
        assert served > 0
        assert store.last_position == 1 + 2 * served
        with pytest.raises(StoreFault):
            cycle.run(calls(served, 1000), lambda: AT)
        ballast.unlink()
        cycle.run(calls(served, 50), lambda: AT)
        assert Kernel.replay(store.read()).position == 1 + 2 * (served + 50)
    with closing(SQLiteStore(path)) as store:
        assert store.last_position == 1 + 2 * (served + 50)


def test_no_room_to_make_a_file(small_disk):
    """Where there is no room for a new file, opening says so, and works when there is."""
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="space"):
        ballast.write_bytes(b"\0" * 2_000_000)
    with pytest.raises(StoreFault, match=r"centre\.db: (the disk is full|reading or writing)"):
        SQLiteStore(small_disk / "centre.db")
    ballast.unlink()
    SQLiteStore(small_disk / "centre.db").close()


# -- damage ---------------------------------------------------------------------------------------


def look_at_everything(path, log):
    """Read, look up and replay whatever there is; a part of the log is no answer."""
    with closing(SQLiteStore(path)) as store:
        assert list(store.read()) == log
        assert len(list(store.definitions())) == 1
        assert list(store.history(customer="nobody", journey="none")) == []
        for number in range(len(log) // 2):
            assert len(list(store.history(interaction=f"i-{number}"))) == 2
            with store.session() as session:
                assert session.lookup([LineOf(f"i-{number}")])[LineOf(f"i-{number}")].closed
                assert len(session.seen([f"r-{number}/arrival", f"r-{number}/end"])) == 2


def test_a_damaged_page_is_said_to_be_one(path, tmp_path):
    """Garbage in a page is a fault, never a wrong answer, and a backup put back works."""
    with closing(SQLiteStore(path)) as store:
        log = fill(store, count=100)
    sound = path.read_bytes()
    copy = tmp_path / "damaged.db"
    for start in range(0, len(sound), PAGE):
        damaged = sound[:start] + b"\xa5" * PAGE + sound[start + PAGE :]
        copy.write_bytes(damaged)
        try:
            look_at_everything(copy, log)
            assert not sound[start + 3 : start + 5].strip(b"\0")  # a table of which nothing is read
        except StoreFault as fault:
            said = str(fault)
            assert said.startswith(f"{copy}: "), said
            assert "restore it from a backup" in said or "give another" in said, said
        assert copy.read_bytes() == damaged
    copy.write_bytes(sound)
    look_at_everything(copy, log)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory):
    """A database as a crash leaves it, with its write-ahead log; and where its commits end."""
    folder = tmp_path_factory.mktemp("crashed")
    with closing(SQLiteStore(folder / "centre.db")) as store:
        ends = [0] + [len(fill(store, first=10 * number)) for number in range(12)]
        log = list(store.read())
        shutil.copy(folder / "centre.db", folder / "left.db")
        shutil.copy(folder / "centre.db-wal", folder / "left.db-wal")
    return folder / "left.db", ends, log


@given(where=st.floats(0, 1), how=st.sampled_from(["cut", "hurt"]))
def test_a_torn_tail_ends_at_a_commit(crashed, where, how):
    """Of a write-ahead log cut short or hurt anywhere, whole commits remain, in order."""
    left, ends, log = crashed
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "centre.db"
        shutil.copy(left, path)
        tail = bytearray(Path(f"{left}-wal").read_bytes())
        at = int(where * (len(tail) - 1))
        if how == "cut":
            del tail[at:]
        else:
            tail[at] ^= 0x55
        Path(f"{path}-wal").write_bytes(tail)
        with closing(SQLiteStore(path)) as store:
            found = list(store.read())
            assert len(found) in ends
            assert found == log[: len(found)]
            assert len(fill(store, first=900)) == len(found) + (20 if found else 21)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("data", "{"),
        ("data", '{"interaction": 7}'),
        ("data", "[" * 100_000),
        ("recorded_at", "2026-01-05"),
        ("cause", "whim"),
        ("actor", "ghost:1"),
        ("type", "interaction.enchanted"),
        ("version", 7),
    ],
)
def test_an_event_that_cannot_be_read_is_named(open_store, path, column, value):
    """Of a log with an unreadable row all before it is read, and the fault has its position."""
    log = fill(open_store())
    with connect(path) as other:
        other.execute(f"update events set {column} = ? where position = 12", [value])  # noqa: S608
    reader, found = open_store().read(), []
    with pytest.raises(LogInconsistent) as caught:
        found.extend(reader)
    assert caught.value.position == 12
    assert found == log[:11]
    assert list(open_store().read(12)) == log[12:]


def test_no_fault_cites_what_is_stored(open_store, path):
    """Neither a fault nor its traceback has a word of what customers are called or said."""
    store = open_store()
    address = Address.parse("mailto:canary@example.com")
    known = RegisterCustomer(customer="c", name="Canary Wharf", addresses=(address,))
    CommitCycle(store).run([[Submission(known, "r")]], lambda: AT)
    with connect(path) as other:
        other.execute("update events set data = cast(x'ff' || data as text)")
    with pytest.raises(StoreFault) as caught:
        list(store.read())
    with connect(path) as other:
        other.execute('update events set data = \'{"name": "canary"}\'')
    with pytest.raises(StoreFault) as again:
        list(store.read())
    for fault in (caught.value, again.value):
        assert "canary" not in "".join(traceback.format_exception(fault)).lower()
