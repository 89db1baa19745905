"""The checker finds what cannot have happened, and lets pass whatever can."""

import math
from itertools import pairwise
from random import Random

import attrs
import pytest
from tests.processes.linearizability import UNKNOWN, Operation, Unexplained, explained
from tests.processes.things import INTERACTION, REFUSED, apply_to_effect, apply_to_interaction


def counter(state, name, argument):
    """A number that is read, written, and taken one from."""
    if name == "read":
        return state, state
    if name == "write":
        return argument, None
    return state + 1, state


def did(name, argument, result, invoked, returned=math.inf):
    """An operation of nobody in particular."""
    return Operation("c", name, argument, result, invoked, returned)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [did("write", 1, None, 0, 1), did("read", None, 1, 2, 3)],
        # A read during a write may see it or not.
        [did("write", 1, None, 0, 9), did("read", None, 0, 1, 2), did("read", None, 1, 3, 4)],
        # Two writes at once, in the order that explains the reads.
        [did("write", 1, None, 0, 9), did("write", 2, None, 0, 9), did("read", None, 2, 1, 2),
         did("read", None, 1, 3, 4)],
        # Never answered: it happened ...
        [did("write", 1, UNKNOWN, 0), did("read", None, 1, 5, 6)],
        # ... or not, or later.
        [did("write", 1, UNKNOWN, 0), did("read", None, 0, 5, 6)],
        [did("write", 1, UNKNOWN, 0), did("read", None, 0, 5, 6), did("read", None, 1, 7, 8)],
    ],
)  # fmt: skip
def test_what_can_have_happened_is_explained(history):
    """There is an order that explains each of these, and it is one that time allows."""
    order = explained(history, 0, counter)
    assert {*order} >= {one for one in history if one.answered}
    for earlier, later in pairwise(order):
        assert later.returned >= earlier.invoked


@pytest.mark.parametrize(
    "history",
    [
        # A read that saw nothing of a write that had ended.
        [did("write", 1, None, 0, 1), did("read", None, 0, 2, 3)],
        # What was seen once is not unseen.
        [did("write", 1, None, 0, 9), did("read", None, 1, 1, 2), did("read", None, 0, 3, 4)],
        # Two who took the same number.
        [did("take", None, 0, 0, 9), did("take", None, 0, 0, 9)],
        # One was lost.
        [did("take", None, 0, 0, 1), did("take", None, 2, 2, 3)],
        # Two readers who saw two writes in different orders.
        [did("write", 1, None, 0, 99), did("write", 2, None, 0, 99),
         did("read", None, 1, 1, 2), did("read", None, 2, 3, 4), did("read", None, 1, 5, 6)],
        # What was never answered can happen once, not twice.
        [did("write", 1, UNKNOWN, 0), did("read", None, 1, 1, 2), did("write", 0, None, 3, 4),
         did("read", None, 1, 5, 6)],
    ],
)  # fmt: skip
def test_what_cannot_have_happened_is_not_explained(history):
    """Each of these breaks what one after the other could do, and the checker says where."""
    with pytest.raises(Unexplained) as caught:
        explained(history, 0, counter)
    assert caught.value.rest


def concurrent(chance, count, callers=6):
    """A history that really was one after the other, at instants within overlapping calls."""
    state, now, history = INTERACTION, 0.0, []
    free = [0.0] * callers
    for _ in range(count):
        now += chance.random()
        caller = min(range(callers), key=lambda one: free[one])
        instant = max(now, free[caller] + 0.01)
        now = instant
        part = state[1]
        name = chance.choice(["accept", "say", "say", "decline", "transfer", "accept"])
        argument = None if name == "transfer" else part - (chance.random() < 1 / 5)
        state, result = apply_to_interaction(state, name, argument)
        invoked = max(free[caller], instant - 3 * chance.random())
        free[caller] = returned = instant + 3 * chance.random()
        history.append(Operation(f"c{caller}", name, argument, result, invoked, returned))
    return history


@pytest.mark.parametrize("seed", range(20))
def test_every_overlapping_history_of_one_order_is_explained(seed):
    """However calls overlap, what was done one after the other at some instants is explained."""
    history = concurrent(Random(seed), 300)
    assert len(explained(history, INTERACTION, apply_to_interaction)) == 300


def test_one_wrong_result_is_found_wherever_it_is():
    """Of a hundred histories, each with one result that another would have had, most are found.

    The few that are not can be explained by another order: none is found falsely (see above).
    """
    found = 0
    for seed in range(100):
        chance = Random(seed)
        history = concurrent(chance, 60)
        index = chance.choice([n for n, one in enumerate(history) if one.result != REFUSED])
        history[index] = attrs.evolve(history[index], result=REFUSED)
        try:
            explained(history, INTERACTION, apply_to_interaction)
        except Unexplained:
            found += 1
    assert found >= 75


def test_a_lost_update_is_found():
    """Two who both believe that they took it over: the second had to be refused (RT-01, RT-09)."""
    accept = did("accept", 1, "accepted", 0, 10)
    other = did("accept", 1, "accepted", 1, 9)
    with pytest.raises(Unexplained):
        explained([accept, other], INTERACTION, apply_to_interaction)
    assert explained(
        [accept, attrs.evolve(other, result=REFUSED)], INTERACTION, apply_to_interaction
    )


def test_an_effect_claimed_twice_is_found():
    """Two who hold one effect under one token, or settle it both (IN-03)."""
    claim, other = did("claim", None, 1, 0, 5), did("claim", None, 1, 1, 4)
    with pytest.raises(Unexplained):
        explained([claim, other], ("due", 0), apply_to_effect)
    settled = [did("settle", 1, True, 6, 7), did("settle", 1, True, 6, 8)]
    with pytest.raises(Unexplained):
        explained([claim, *settled], ("due", 0), apply_to_effect)
    assert explained([claim, settled[0]], ("due", 0), apply_to_effect)
