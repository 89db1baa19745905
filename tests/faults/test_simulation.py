"""The simulation: what it promises of itself, and that nothing is broken in some worlds."""

import gc
import os
import subprocess
import sys
import weakref
from collections import Counter

import pytest
from tests.faults.plants import rings_go_on

from onechannel.testing.faults import FAULTS, Hunt, Step, hunt, plan, simulate
from onechannel.testing.faults.__main__ import main
from onechannel.testing.faults._world import World


def played(*arguments, **environment):
    """What the command says in a process of its own."""
    command = (sys.executable, "-m", "onechannel.testing.faults", *arguments)
    run = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return run.stdout


def told(*arguments):
    """What the command says here, and what it ends with."""
    lines = []
    return main(arguments, lines.append), lines


# -- what is found --------------------------------------------------------------------------------


def test_no_invariant_is_broken():
    """In some thousand interactions with as many faults of every kind no invariant is broken."""
    *_, found = hunt(seed=1, interactions=1500)
    assert found.broken is None, found.broken
    assert found.faults > 0.6 * found.interactions
    happened = {name for name, many in found.counts.items() if many}
    assert {f"crash, {step}" for step in Step if step is not Step.SAVE} <= happened
    assert {"disk full", "commit unknown", "disk broken", "conflict, look"} <= happened
    assert {"letter doubled", "letter late", "letter lost", "letter out of order"} <= happened
    assert {"vendor 429", "vendor 5xx", "vendor time-out", "vendor 4xx"} <= happened
    assert {"clock jump", "restart", "snapshot torn", "sender vanishes"} <= happened
    assert {"answered duplicate", "answered parked", "answered dead", "answered lease lost"} <= (
        happened
    )


def test_both_stores_are_hunted():
    """Some worlds are kept in memory, some by SQLite."""
    kinds = {type(World(seed).disk).__name__ for seed in range(40)}
    assert kinds == {"MemoryStore", "SQLiteStore"}


# -- the same again -------------------------------------------------------------------------------


def test_a_seed_is_a_log():
    """The same seed makes the same log and the same report, and another makes another."""
    first = simulate(3, 150)
    assert simulate(3, 150) == first
    assert simulate(4, 150).digest != first.digest


def test_a_seed_is_a_log_in_every_process():
    """Whatever the process, and however it hashes, a seed makes the same log."""
    arguments = "--seed", "11", "--steps", "150"
    said = {played(*arguments, PYTHONHASHSEED=seed) for seed in ("0", "1", "random")}
    assert len(said) == 1
    assert simulate(11, 150).digest in said.pop()


def test_a_hunt_is_the_same_with_any_number_of_jobs():
    """Several processes play the worlds of one, in the same order and to the same end."""
    *_, alone = hunt(21, 60, steps=60)
    *_, together = hunt(21, 60, steps=60, jobs=2)
    assert (together.digest, together.worlds, together.counts) == (
        alone.digest,
        alone.worlds,
        alone.counts,
    )


def test_part_of_a_plan_is_a_plan():
    """Any of the moves of a plan can be played, and are the same each time."""
    moves = [move for move in plan(5, 120) if move.number % 3]
    assert simulate(5, 120, moves) == simulate(5, 120, moves)
    assert simulate(5, 120, moves).digest != simulate(5, 120).digest
    assert simulate(5, 120, plan(5, 120)) == simulate(5, 120)


def test_a_plan_grows_at_its_end():
    """A longer plan begins as the shorter one."""
    assert plan(9, 200)[:120] == plan(9, 120)


def test_a_world_without_moves_comes_to_rest():
    """Where nothing happens, nothing is broken."""
    assert simulate(1, 0).broken is None


def test_no_world_outlives_its_report(monkeypatch):
    """However many worlds are played, none is remembered but for its report."""
    seen = []

    def remembered(seed):
        world = World(seed)
        seen.append(weakref.ref(world))
        return world

    monkeypatch.setattr("onechannel.testing.faults._play.World", remembered)
    *_, found = hunt(1, 25, steps=60)
    gc.collect()
    assert len(seen) == found.worlds > 1
    assert [one() for one in seen] == [None] * len(seen)


# -- the command ----------------------------------------------------------------------------------


def test_the_command_says_how_to_play_again(monkeypatch):
    """A broken world is told by one command that plays what is left of it, to the same end."""
    rings_go_on(monkeypatch)
    code, lines = told("--seed", "1", "--steps", "60", "--interactions", "5000")
    assert code == 1
    command = lines[-1].split()
    assert command[:4] == ["replay:", "python", "-m", "onechannel.testing.faults"]
    code, again = told(*command[4:])
    assert code == 1
    assert again[1:] == lines[-len(again) + 1 :]


def test_the_command_counts_what_happened():
    """A hunt tells how it goes, how often what happened, and the hash of all logs."""
    code, lines = told("--seed", "30", "--steps", "60", "--interactions", "30", "--every", "1")
    *_, found = hunt(30, 30, steps=60)
    assert code == 0
    assert lines[0].startswith("1 worlds, ")
    assert lines[-1] == f"hash of all logs: {found.digest}"
    assert any(line.endswith("  answered served") for line in lines)


def test_a_sound_world_ends_well():
    """The command of one world says the hash of its log and ends with 0."""
    code, lines = told("--seed", "2", "--steps", "40")
    assert code == 0
    assert simulate(2, 40).digest in lines[0]


@pytest.mark.parametrize("text", ["x", "1-", "1--2"])
def test_moves_that_cannot_be_read_are_refused(text):
    """What names no moves is no command."""
    with pytest.raises((ValueError, SystemExit)):
        told("--seed", "2", "--steps", "10", "--keep", text)


def test_faults_are_told_from_what_follows_of_them():
    """Only what was planted counts as a fault, not how anybody answered it."""
    found = Hunt(counts=Counter({"crash, look": 2, "vendor 429": 1, "answered again": 5}))
    assert found.faults == 3
    assert all("answered again".startswith(name) is False for name in FAULTS)
