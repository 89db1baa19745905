"""Power that goes at any call to the disk, and disks that fail or fill up."""

from random import Random

import pytest
from tests.crash.running import crash, many, needs_apsw, planted
from tests.crash.test_kills import TWO_COMMITS

# The log is synced when it is convenient.
NORMAL = """
from onechannel.stores.sqlite._database import Database
prepare = Database._prepare
def prepare_carelessly(database, tenant, *, create):
    found = prepare(database, tenant, create=create)
    database.connection.execute("pragma synchronous = normal")
    return found
Database._prepare = prepare_carelessly
"""
# What is to go out is committed when there is time for it.
MAIL_APART = """
import attrs
from onechannel.stores.sqlite import SQLiteStore, _mail
insert = SQLiteStore._insert
def insert_apart(store, batch):
    insert(store, attrs.evolve(batch, mail=None))
    if batch.mail is not None:
        store._connection.execute("commit")
        store._connection.execute("begin immediate")
        _mail.keep(store._connection.executemany, batch.mail)
SQLiteStore._insert = insert_apart
"""
# Whoever runs out of room is told of a lock.
WRONG_ADVICE = """
import sqlite3
from onechannel.stores.sqlite import _database
_database._ADVICE[sqlite3.SQLITE_FULL] = _database._ADVICE[sqlite3.SQLITE_BUSY]
"""


@pytest.fixture(autouse=True)
def _apsw():
    """All of this needs SQLite on a disk of ours."""
    needs_apsw()


def test_power_loss_takes_nothing_that_was_acknowledged():
    """Whatever was not synced is dropped, kept or torn; what was acknowledged is there."""
    assert "0 lost, 0 doubled" in crash("power", many(100, 1000))


def test_the_same_seed_cuts_at_the_same_calls():
    """A seed tells all: how many calls, how many cuts met one, how many acknowledgements."""
    first, again = (crash("power", 20, seed=5).rpartition(" (")[0] for _ in range(2))
    assert first == again != crash("power", 20, seed=6).rpartition(" (")[0]


def test_a_failing_disk_stops_nobody_for_good():
    """The fault says what is true; the same store goes on when the disk does."""
    assert "0 lost, 0 doubled" in crash("disk", many(40, 300))


def test_careless_syncing_is_found_out():
    """Where a commit returns before it is synced, a cut of the power shows it."""
    assert "was acknowledged" in planted(NORMAL, "power", 200)


def test_a_cut_commit_in_two_is_found_out():
    """Where events and command ids are not committed together, a cut of the power shows it."""
    assert "is known for" in planted(TWO_COMMITS, "power", 200)


def test_mail_beside_its_events_is_found_out():
    """Where letters and effects are not committed with their events, a cut shows it."""
    said = planted(MAIL_APART, "power", 300)
    assert "nobody is told" in said or "are not at one" in said


def test_wrong_advice_is_found_out():
    """Where a fault says what is not so, a failing disk shows it."""
    assert "locked by another process" in planted(WRONG_ADVICE, "disk", 40)


def test_what_is_synced_stays():
    """Of a disk without power each sector is as it was synced, or as it was written since."""
    from tests.crash.disk import SECTOR, _File

    for seed in range(300):
        chance, file = Random(seed), _File()
        seen: dict[int, set[bytes]] = {}
        for _ in range(chance.randint(1, 12)):
            if chance.random() < 1 / 4:
                file.sync()
                seen = {}
            file.write(chance.randrange(4) * SECTOR, chance.randbytes(SECTOR))
            for sector in range(4):
                part = bytes(file.now[sector * SECTOR : (sector + 1) * SECTOR])
                seen.setdefault(sector, set()).add(part)
        survivor = file.survivor(chance)
        assert survivor is not None or file.safe is None
        safe = file.safe or b""
        for sector in range(4):
            part = slice(sector * SECTOR, (sector + 1) * SECTOR)
            left = bytes(survivor.now[part]) if survivor is not None else b""
            assert left in {safe[part], *seen.get(sector, ()), b"", bytes(len(left))}
            if sector not in seen:
                assert left == safe[part]
