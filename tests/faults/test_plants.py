"""Planted bugs: each is found within a few worlds, and shrunk to a script that anybody can replay.

A hunt that finds no planted bug proves nothing.
"""

import pytest
from tests.faults.plants import PLANTS, rings_go_on, tokens_are_ignored

from onechannel.testing.faults import hunt, plan, shrink, simulate

#: So many worlds at most.
WORLDS = 25


def hunted(steps=400):
    """The report of the first of some worlds in which something is broken."""
    found = None
    for seed in range(1, WORLDS + 1):
        found = simulate(seed, steps)
        if found.broken is not None:
            return found
    raise AssertionError(f"nothing is broken in {WORLDS} worlds")


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(monkeypatch, plant):
    """The hunt finds each planted bug within a few worlds, and names one of its rules."""
    plant(monkeypatch)
    found = hunted()
    assert found.rule in PLANTS[plant], found.broken


def test_nothing_is_found_where_nothing_is_planted():
    """In the same worlds no invariant is broken as things are."""
    *_, last = hunt(1, interactions=600)
    assert last.broken is None
    assert last.interactions >= 600


@pytest.mark.parametrize("plant", [tokens_are_ignored, rings_go_on])
def test_what_is_found_is_shrunk(monkeypatch, plant):
    """Of the moves of a broken world a few are left, which break the same rule again and again."""
    plant(monkeypatch)
    found = hunted(steps=120)
    report, moves = shrink(found, tries=150)
    assert len(moves) <= 12
    assert {*moves} <= {*plan(found.seed, found.steps)}
    assert report.rule == found.rule
    assert simulate(found.seed, found.steps, moves) == report
