"""The inbox and the outbox in SQLite: nothing is looked up but by an index."""

import re
import sqlite3

import pytest

from onechannel.stores.sqlite import _mail

QUERIES = {
    name: text
    for name, text in vars(_mail).items()
    if isinstance(text, str) and re.match(r"\s*(select|update|delete)\b.*\?", text, re.DOTALL)
}
#: What people list, and nothing waits for.
LISTED = {"_EFFECTS_IN"}


@pytest.fixture
def tables():
    """The empty tables, without statistics, as in every database of ours."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(_mail.MAIL_SCHEMA)
    yield connection
    connection.close()


def plan(tables, query):
    """How SQLite means to find what is asked for."""
    asked = [None] * query.count("?")
    return [row[3] for row in tables.execute(f"explain query plan {query}", asked)]


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_has_its_index(tables, name):
    """However many letters and effects there are, no query walks through all of them."""
    if name not in LISTED:
        assert [step for step in plan(tables, QUERIES[name]) if step.startswith("SCAN")] == []


@pytest.mark.parametrize("name", ["_AWAITING", "_BEHIND", "_BEFORE", "_IN_STATE"])
def test_what_was_stored_long_ago_costs_nothing(tables, name):
    """What waits, was refused or is dead is found by an index that holds no stored letter."""
    (step,) = plan(tables, QUERIES[name])
    (index,) = re.findall(r"USING INDEX (\w+)", step)
    (made,) = tables.execute("select sql from sqlite_schema where name = ?", [index]).fetchone()
    assert re.search(r"where state (= 'parked'|<> 'stored')", made)


def test_what_is_due_is_found_in_order(tables):
    """Neither what is put off nor what is dead is looked at, and nothing is sorted."""
    steps = plan(tables, QUERIES["_DUE"])
    assert steps[0] == "SEARCH effect USING INDEX effects_due (destination=? AND due_at<?)"
    assert any(
        "effects_in_line (destination=? AND conversation=? AND position<?)" in s for s in steps
    )
    assert not any("TEMP B-TREE" in step for step in steps)


def test_the_queries_are_all_there():
    """None escapes this test by its name or its shape."""
    assert len(QUERIES) >= 12
    assert {*QUERIES} >= LISTED
