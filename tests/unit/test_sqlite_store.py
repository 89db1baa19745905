"""The store in a SQLite file: what it opens, how it commits, and what it says when it cannot.

- What is not a centre's file, or is locked, is refused by name and left as it was.
- Full disks and damage are in test_sqlite_faults.py, several processes and one file in
  tests/integration/test_store_processes.py.
"""

import os
import queue
import shutil
import sqlite3
import tempfile
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onechannel.commands import ObserveArrival, ObserveClosed, RegisterCustomer
from onechannel.delivery import CommitCycle, Submission
from onechannel.errors import StoreFault
from onechannel.model.address import Address
from onechannel.ports import CustomerKnown, HolderOf, LineOf, StoredSnapshot
from onechannel.stores.sqlite import SCHEMA_VERSION, SQLiteStore

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
AT_ONCE = timedelta(0)
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


def older(path):
    """A centre's database, written before the tables were as they are."""
    SQLiteStore(path).close()
    with connect(path) as other:
        other.execute(f"pragma user_version = {SCHEMA_VERSION - 1}")


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
    older: f"the database is of version {SCHEMA_VERSION - 1}, this release knows {SCHEMA_VERSION}: "
    "make it anew",
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
    list(store.history(customer="ana", interaction="i-1", journey="j-1"))
    list(store.definitions())
    with store.session() as session:
        session.lookup([LineOf("i-1"), CustomerKnown("ana"), HolderOf(ana.key)])
        session.seen(["r", "s"])
    store._connection.set_trace_callback(None)
    asked = {one for one in said if one.lstrip().startswith(("select", "update", "insert"))}
    assert len(asked) > 20
    for statement in asked:
        for row in store._connection.execute(f"explain query plan {statement}"):
            by_index = not row[3].startswith("SCAN ") or "USING INDEX definitions" in row[3]
            small = "snapshots" in statement or "destinations" in statement
            assert by_index or small or "(" in row[3], row[3]


def test_a_reference_is_one_query(open_store):
    """What never arrived, the usual case of an import, costs one query; so does all else."""
    store, said = open_store(), []
    fill(store)
    with store.session() as session:
        store._connection.set_trace_callback(said.append)
        session.lookup([LineOf("i-1")])
        session.lookup([LineOf("never seen")])
        session.lookup([CustomerKnown("never seen")])
        session.lookup([HolderOf("never seen")])
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


def test_a_second_connection_reads_beside_a_turn(open_store):
    """While one thread has its turn, another reads what is committed, and at once what comes."""
    writer = open_store()
    log = fill(writer)
    writer.save_snapshot(StoredSnapshot(21, "{}"))
    asked, answers = queue.SimpleQueue(), queue.SimpleQueue()

    def read():
        reader = open_store(read_only=True)
        while asked.get():
            found = list(reader.read()), list(reader.history(interaction="i-1")), reader.snapshot()
            answers.put((reader.last_position, *found))

    reading = threading.Thread(target=read)
    reading.start()
    with writer.session() as session:
        writer._connection.execute("delete from events")  # as much as one can do in a turn
        assert writer.last_position == 0
        asked.put(True)
        position, read, history, snapshot = answers.get(timeout=10)
        assert (position, read, snapshot) == (21, log, StoredSnapshot(21, "{}"))
        assert len(history) == 2
        assert list(session.read_since(0)) == []
    for first in (10, 20, 30):
        log = fill(writer, first=first)
        asked.put(True)
        assert answers.get(timeout=10)[:2] == (len(log), log)
    asked.put(False)
    reading.join()


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
    assert {one.name for one in public_folder.iterdir()} == {"centre.db", "centre.db-lock"}
    assert len(fill(open_store(path), first=10)) == 41


def test_a_tail_that_cannot_be_read_is_not_passed_over(public_folder):
    """Where a crash left a write-ahead log that needs writing to be read, a part is no answer."""
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


def test_a_file_that_is_being_made_is_waited_for(path, monkeypatch):
    """While another begins the write-ahead log SQLite does not wait by itself: the store does."""
    busy = []

    class Contended(sqlite3.Connection):
        def execute(self, statement, *values):
            if "journal_mode" in statement and busy:
                fault = sqlite3.OperationalError("database is locked")
                fault.sqlite_errorcode = busy.pop()
                raise fault
            return super().execute(statement, *values)

    connect = sqlite3.connect
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("sqlite3.connect", lambda *a, **k: connect(*a, factory=Contended, **k))
    busy += [sqlite3.SQLITE_BUSY] * 3
    SQLiteStore(path).close()
    assert not busy
    busy += [sqlite3.SQLITE_BUSY] * 3
    with pytest.raises(StoreFault, match="locked by another process: try again"):
        SQLiteStore(path, lock_timeout=AT_ONCE)
    busy[:] = [sqlite3.SQLITE_IOERR]
    with pytest.raises(StoreFault, match="reading or writing failed"):
        SQLiteStore(path)
    SQLiteStore(path).close()
