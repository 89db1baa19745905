"""A month of a bank's call centre, imported and reported, against the file counted by itself."""

import runpy
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onechannel.adapters.delimited import read_mapping
from onechannel.insight import check, report, timeline
from onechannel.runtime.history import import_history
from onechannel.stores.sqlite import SQLiteStore

HERE = Path(__file__).parent
MAPPING = HERE.parents[1] / "examples/anonymous_bank.toml"


@pytest.fixture(scope="module")
def january(shared_data):
    """The recorded month; skips where it is not there."""
    path = shared_data / "anonymous_bank/january.txt"
    if not path.is_file():
        pytest.skip(f"no call log at {path}")
    return path


@pytest.fixture(scope="module")
def store(january, tmp_path_factory):
    """The month as a log in a SQLite file."""
    found = SQLiteStore(tmp_path_factory.mktemp("bank") / "january.db")
    with january.open("rb") as lines:
        counts = import_history(
            found,
            lines,
            read_mapping(MAPPING.read_text("utf-8")),
            clock=lambda: datetime(2026, 1, 5, 9, tzinfo=UTC),
        )
    assert (counts.read, counts.imported, counts.set_aside) == (31_599, 31_599, 0)
    yield found
    found.close()


@pytest.fixture(scope="module")
def figures(store):
    """The report of the month."""
    return report(store.read())


@pytest.fixture(scope="module")
def truth(january):
    """The same, counted from the file without this library."""
    return runpy.run_path(str(HERE / "bank_truth.py"))["truth"](january)


def compared(found, expected):
    """What the file says, where the report says something else."""
    return {name: (found[name], value) for name, value in expected.items() if found[name] != value}


def test_the_whole_month(figures, truth):
    """Every total of the report is what the file says, to the last digit."""
    expected = {name: truth[name] for name in truth if name not in ("unreadable", "by_queue")}
    assert len(expected) == 13
    assert compared(figures.to_dict(), expected) == {}


def test_every_type_of_call(figures, truth):
    """So is every figure of every type: a call that never queued stands under its type, too."""
    found = figures.to_dict()["by_queue"]
    assert found.keys() == truth["by_queue"].keys()
    wrong = {name: compared(part, truth["by_queue"][name]) for name, part in found.items()}
    assert {name: what for name, what in wrong.items() if what} == {}


def test_every_call_is_a_call(figures):
    """There is one channel, and its figures are those of the whole."""
    (voice,) = figures.to_dict()["by_channel"].values()
    assert voice == {name: figures.to_dict()[name] for name in voice}


def test_the_month_in_numbers(figures):
    """The counts that are known of this file."""
    assert (figures.interactions, figures.queued, figures.open) == (31_599, 16_926, 0)
    assert (figures.answered, figures.abandoned, figures.self_served) == (27_060, 3_101, 1_198)
    ended = figures.answered + figures.abandoned + figures.self_served
    assert figures.interactions - ended == 240


def test_what_a_rule_of_ours_would_forbid(figures):
    """Two calls at once, and calls out of their turn, are as often as known of this file."""
    assert (figures.two_at_once, figures.out_of_turn) == (418, 462)


def test_the_month_is_consistent(store):
    """The imported log replays from its first event to its last."""
    found = check(store.read())
    assert (found.position, found.reason) == (None, None)
    assert found.events == store.last_position


def test_a_customer_of_that_month(store, figures):
    """A customer's timeline tells as many arrivals as the log has of that customer."""
    arrivals = [event.data for event in store.read(limit=2_000) if "arrived" in event.type]
    customer = next(one.customer for one in arrivals if one.customer is not None)
    entries = list(timeline(store.history(customer=customer)))
    assert entries == list(timeline(store.read(), customer=customer))
    assert {entry.kind.value for entry in entries} >= {"customer", "arrival", "served", "ended"}
