"""Processes that are killed at random instants."""

from tests.crash.running import crash, many, planted

# The events are committed, and what else belongs to them a moment later.
TWO_COMMITS = """
from onechannel.stores.sqlite import SQLiteStore
insert = SQLiteStore._insert
def insert_in_two(store, batch):
    many = store._connection.executemany
    from onechannel.stores.sqlite import _store
    rows = list(_store.rows_from_events(batch.events))
    many(_store._ADD_EVENT, rows)
    store._connection.execute("commit")
    store._connection.execute("begin immediate")
    _store.rows_from_events = lambda events: ()
    insert(store, batch)
    _store.rows_from_events = real
from onechannel.stores.sqlite import _store
real = _store.rows_from_events
SQLiteStore._insert = insert_in_two
"""
# What is said to be done is done a little later.
EARLY = """
import os, tests.crash.givers as givers
give_next, serve = givers.give_next, givers.Giver.serve
def give_late(cycle, giver, number):
    at = cycle.kernel.position
    os.write(giving.pipe, f"{number} {at + 1} {at + 1} 0\\n".encode())
    return give_next(cycle, giver, number)
def serve_early(giver, pipe):
    giving.pipe = pipe
    serve(giver, pipe)
class giving: pipe = 0
givers.give_next, givers.Giver.serve = give_late, serve_early
"""


def test_nothing_acknowledged_is_lost_by_a_kill():
    """Of four processes on one file any may be killed at any instant, and begin again.

    What was acknowledged is there once, whoever gave it again; a replica of the log is what its
    replay gives, and the log is consistent.
    """
    assert "0 lost, 0 doubled" in crash("kills", many(30, 500))


def test_a_commit_in_two_is_found_out():
    """Where events and command ids are not committed together, kills show it."""
    said = planted(TWO_COMMITS, "kills", 500)
    assert "is known for" in said or "Refused(" in said


def test_an_early_acknowledgement_is_found_out():
    """Where a command is acknowledged before it is committed, kills show it."""
    said = planted(EARLY, "kills", 100)
    assert "was acknowledged" in said or "Given(" in said
