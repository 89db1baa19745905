"""The store in a SQLite file: what it opens, how it commits, and what it says when it cannot.

- A fault names the file, its state and the way out; nothing has changed, nothing is lost, and the
  store works again once the cause is gone.
- What several processes do to one file is proved in tests/integration/test_store_processes.py.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import traceback
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel.commands import ObserveArrival, ObserveClosed, RegisterCustomer
from onechannel.delivery import CommitCycle, Served, Submission
from onechannel.errors import LogInconsistent, StoreFault
from onechannel.kernel import Kernel
from onechannel.model.address import Address
from onechannel.ports import CustomerAt, CustomerKnown, LineOf, StoredSnapshot
from onechannel.stores.sqlite import SCHEMA_VERSION, SQLiteStore

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
AT_ONCE = timedelta(0)
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


# -- opening --------------------------------------------------------------------------------------


def test_a_commit_is_durable(open_store):
    """Every connection keeps a write-ahead log and syncs it at each commit."""
    for _ in range(2):
        execute = open_store()._connection.execute
        assert execute("pragma journal_mode").fetchone() == ("wal",)
        assert execute("pragma synchronous").fetchone() == (2,)  # FULL


def test_the_file_says_what_it_is(open_store, path):
    """Its header has this program's number and the version of the schema; its tables are strict."""
    open_store().close()
    with connect(path) as other:
        assert other.execute("pragma application_id").fetchone() == (int.from_bytes(b"1chn"),)
        assert other.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
        assert all(row[5] for row in other.execute("pragma table_list") if "sqlite" not in row[1])


@pytest.mark.parametrize(
    "name",
    ["a b", "50%", "what?", "c#", "日本", "-x", "a&mode=ro", "file:x", "%00", "'", '"', "a\\b"],
)
def test_a_file_may_have_any_name(open_store, tmp_path, monkeypatch, name):
    """The path is a file's, however it is spelt, given as text, bytes or path, absolute or not."""
    monkeypatch.chdir(tmp_path)
    log = fill(open_store(tmp_path / name))
    assert (tmp_path / name).is_file()
    for spelling in (name, name.encode(), Path(name)):
        assert list(open_store(spelling, create=False).read()) == log


def test_a_database_in_memory_is_gone_when_closed(open_store):
    """`:memory:` is no file: each store of that name is another one."""
    fill(open_store(":memory:"))
    assert list(open_store(":memory:").read()) == []
    assert not os.path.exists(":memory:")


@pytest.mark.parametrize("left", [b"", "a bare header"])
def test_an_empty_database_becomes_a_centre(open_store, path, left):
    """An empty file is what a process leaves that dies while making one: it is made anew."""
    if left == b"":
        path.touch()
    else:
        with connect(path) as other:
            other.execute("pragma journal_mode = wal")
    with pytest.raises(StoreFault, match=r"centre\.db: holds no centre: give another file"):
        open_store(create=False)
    assert len(fill(open_store())) == 21


def foreign(path):
    """Another program's database."""
    with connect(path) as other:
        other.execute("create table ledger (amount)")
        other.execute("insert into ledger values (42)")


def marked(path):
    """Another program's database, before it made its tables."""
    with connect(path) as other:
        other.execute("pragma application_id = 252006674")
        other.execute("pragma journal_mode = persist")


def newer(path):
    """A centre's database, written by a later release."""
    SQLiteStore(path).close()
    with connect(path) as other:
        other.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")


def somebody_elses(path):
    """The centre of another tenant."""
    SQLiteStore(path, "acme").close()


def text(path):
    """A text file."""
    path.write_text("date,call\n1999-01-05,1\n" * 1000)


def short(path):
    """A file shorter than a header."""
    path.write_bytes(b"one")


REFUSED = {
    foreign: "a database of another program: give another file",
    marked: "a database of another program: give another file",
    newer: f"the database is of version {SCHEMA_VERSION + 1}, this release knows {SCHEMA_VERSION}: "
    "upgrade onechannel",
    somebody_elses: "holds the centre of tenant acme, not main: give another file",
    text: "the file is not a database: give another, or a new name",
    short: "the file is not a database: give another, or a new name",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_what_is_no_centre_of_ours_is_left_alone(path, make):
    """A file that is something else is refused by name, and not a byte of it changes."""
    make(path)
    before = path.read_bytes()
    for options in ({}, {"create": False}, {"read_only": True}):
        with pytest.raises(StoreFault) as caught:
            SQLiteStore(path, "main", **options)
        assert str(caught.value) == f"{path}: {REFUSED[make]}"
        assert path.read_bytes() == before


def test_a_version_put_right_opens_again(open_store, path):
    """Once the release fits the file, nothing is lost."""
    log = fill(open_store())
    newer(path)
    with pytest.raises(StoreFault, match="upgrade onechannel"):
        open_store()
    with connect(path) as other:
        other.execute(f"pragma user_version = {SCHEMA_VERSION}")
    assert list(open_store().read()) == log


def test_a_folder_is_no_file(tmp_path):
    """A folder is refused as such, and so is a file in a folder that does not exist."""
    with pytest.raises(StoreFault, match="is a folder: give the name of a file in it"):
        SQLiteStore(tmp_path)
    absent = tmp_path / "absent" / "centre.db"
    with pytest.raises(StoreFault, match=r"centre\.db: its folder does not exist: make that first"):
        SQLiteStore(absent)
    absent.parent.mkdir()
    SQLiteStore(absent).close()


@pytest.mark.parametrize("options", [{"create": False}, {"read_only": True}])
def test_a_file_that_is_not_there_is_not_made(path, options):
    """Who does not want a new file gets none, and is told that there is none."""
    with pytest.raises(StoreFault, match=r"centre\.db: there is no such file"):
        SQLiteStore(path, **options)
    assert not path.exists()


def test_a_closed_store_says_so(open_store):
    """Whatever is asked of a closed store is refused, a session that was open included."""
    store = open_store()
    fill(store)
    store.close()
    asked = (
        lambda: list(store.read()),
        lambda: store.last_position,
        store.snapshot,
        lambda: store.save_snapshot(StoredSnapshot(1, "{}")),
        lambda: CommitCycle(store).run([], lambda: AT),
    )
    for ask in asked:
        with pytest.raises(StoreFault, match=r"centre\.db: the store is closed: open it again"):
            ask()
    again = open_store()
    with pytest.raises(StoreFault, match="closed"), again.session():
        again.close()
    assert open_store().last_position == 21


# -- reading --------------------------------------------------------------------------------------


def test_nothing_is_looked_up_without_an_index(open_store, path):
    """Every statement of sessions, reading and history finds its rows by an index."""
    store, said = open_store(), []
    store._connection.set_trace_callback(said.append)
    ana = Address.parse("tel:+34600111222")
    known = RegisterCustomer(customer="ana", addresses=(ana,))
    CommitCycle(store).run([[Submission(known, "r")], *calls(0, 3)], lambda: AT)
    list(store.read(1, 5))
    list(store.history(customer="ana", interaction="i-1"))
    with store.session() as session:
        session.lookup([LineOf("i-1"), CustomerKnown("ana"), CustomerAt(ana.key)])
        session.seen(["r", "s"])
    store._connection.set_trace_callback(None)
    asked = {one for one in said if one.lstrip().startswith(("select", "update", "insert"))}
    assert len(asked) > 20
    for statement in asked:
        for row in store._connection.execute(f"explain query plan {statement}"):
            assert not row[3].startswith("SCAN ") or "snapshots" in statement or "(" in row[3]


def test_a_reference_is_one_query(open_store):
    """What never arrived, the usual case of an import, costs one query; so does all else."""
    store, said = open_store(), []
    fill(store)
    with store.session() as session:
        store._connection.set_trace_callback(said.append)
        session.lookup([LineOf("i-1")])
        session.lookup([LineOf("never seen")])
        session.lookup([CustomerKnown("never seen")])
        session.lookup([CustomerAt("never seen")])
        store._connection.set_trace_callback(None)
    assert len(said) == 4


def test_a_reader_holds_no_lock(open_store, path):
    """A reader that stops half-way keeps nobody from writing, nor from tidying the log."""
    store = open_store()
    log = fill(store, count=400)
    reader = open_store().read()
    found = [next(reader)]
    with connect(path) as other:
        assert other.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0
    log = fill(store, first=400)
    assert found + list(reader) == log


def test_one_thread_after_the_other_may_use_it(open_store):
    """A store is not tied to the thread that opened it."""
    store = open_store()
    thread = threading.Thread(target=fill, args=[store])
    thread.start()
    thread.join()
    assert store.last_position == 21


# -- reading only ---------------------------------------------------------------------------------


def test_reading_only_changes_nothing(open_store):
    """A store opened for reading sees what others commit, and refuses to change anything."""
    writer = open_store()
    log = fill(writer)
    reader = open_store(read_only=True)
    assert list(reader.read()) == log
    with pytest.raises(StoreFault, match="open for reading only: open it for writing"):
        CommitCycle(reader).run(calls(50, 1), lambda: AT)
    with pytest.raises(StoreFault, match="open for reading only"):
        reader.save_snapshot(StoredSnapshot(1, "{}"))
    log = fill(writer, first=10)
    assert list(reader.read()) == log
    assert reader.snapshot() is None


@contextmanager
def protected(*paths):
    """Files and folders that may be read and not written, by whoever this process is."""
    modes = {place: place.stat().st_mode for place in paths}
    for place in paths:
        place.chmod(0o555 if place.is_dir() else 0o444)
    if ROOT:
        os.seteuid(65534)  # nobody: to the superuser permissions mean nothing
    try:
        yield
    finally:
        if ROOT:
            os.seteuid(0)
        for place, mode in modes.items():
            place.chmod(mode)


@pytest.fixture
def public_folder():
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_protected_file_can_be_read(open_store, public_folder):
    """What may not be written is refused with the way out, which is to read it."""
    path = public_folder / "centre.db"
    with closing(SQLiteStore(path)) as store:
        log = fill(store)
    with protected(path, public_folder):
        with pytest.raises(StoreFault, match=r"may not be written: check .* read_only=True"):
            SQLiteStore(path)
        with closing(SQLiteStore(path, read_only=True)) as store:
            assert list(store.read()) == log
    assert [one.name for one in public_folder.iterdir()] == ["centre.db"]
    assert len(fill(open_store(path), first=10)) == 41


def test_a_tail_that_cannot_be_read_is_not_passed_over(public_folder):
    """Where a crash left a write-ahead log and nothing may be written, a part of it is no answer."""
    path, copy = public_folder / "centre.db", public_folder / "copy.db"
    with closing(SQLiteStore(path)) as store:
        log = fill(store)
        shutil.copy(path, copy)
        shutil.copy(f"{path}-wal", f"{copy}-wal")
    with protected(copy, Path(f"{copy}-wal"), public_folder), pytest.raises(StoreFault) as caught:
        SQLiteStore(copy, read_only=True)
    assert "cannot be read here: open it once where it may be written" in str(caught.value)
    with closing(SQLiteStore(copy, read_only=True)) as store:
        assert list(store.read()) == log


# -- locks ----------------------------------------------------------------------------------------


def test_a_locked_file_is_waited_for(open_store, path):
    """While another holds the lock a session is refused after the time given, and then works."""
    store = open_store(lock_timeout=AT_ONCE)
    log = fill(store)
    with connect(path) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreFault, match="locked by another process: try again"):
            fill(store, first=10)
        assert list(store.read()) == log  # readers are not kept waiting
        with pytest.raises(StoreFault, match="locked"):
            store.save_snapshot(StoredSnapshot(1, "{}"))
        other.execute("commit")
    assert len(fill(store, first=10)) == 41


def test_a_file_held_alone_cannot_be_opened(open_store, path):
    """A file that another keeps to itself is refused as locked, and opened when it is let go."""
    store = open_store()
    log = fill(store)
    store.close()
    with connect(path) as other:
        other.execute("pragma locking_mode = exclusive")
        other.execute("begin immediate")
        for options in ({}, {"read_only": True}):
            with pytest.raises(StoreFault, match="locked by another process: try again"):
                open_store(lock_timeout=AT_ONCE, **options)
    assert list(open_store().read()) == log


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
    unread = 0
    for start in range(0, len(sound), PAGE):
        damaged = sound[:start] + b"\xa5" * PAGE + sound[start + PAGE :]
        copy.write_bytes(damaged)
        try:
            look_at_everything(copy, log)
            unread += 1
        except StoreFault as fault:
            said = str(fault)
            assert said.startswith(f"{copy}: "), said
            assert "restore it from a backup" in said or "give another" in said, said
        assert copy.read_bytes() == damaged
    assert unread <= 5  # the index of journeys, say, of which there are none
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
