"""The hunt itself: every row fits the library, and what is planted is caught.

- A few bugs, the same each time, are planted in every run of the tests; all others are marked
  `mutant`, and `python -m tests.mutants` plants them all.
- A runner that calls anything a catch would prove nothing: it is shown what is none.
"""

import ast

import attrs
import pytest
from tests.mutants.planting import Mutant, Stale, numbered, source_of, with_bug
from tests.mutants.running import ROOT, judged, run_one, sound, stale
from tests.mutants.table import MUTANTS

#: So many rules at least are held by a test that was seen to fail.
RULES = 40
#: So many bugs are planted in every run of the tests.
ALWAYS = 6
CHOSEN = {one.id for one in MUTANTS[:: -(-len(MUTANTS) // ALWAYS)]}
IDENTITY = Mutant(
    rule="RT-01",
    bug="none at all",
    symbol="onechannel.live.evolve:_opened",
    old="live.opened += 1",
    new="live.opened += 1",
    test="tests/reliability/test_rt_offers.py::"
    "test_rt_02_who_is_asked_when_somebody_else_wins_is_free_at_once",
    id="RT-01#0",
)


# -- the rows -------------------------------------------------------------------------------------


def test_every_row_fits_the_library():
    """Of each row the symbol is there, its old text is in it once, and the bug is Python."""
    assert [reason for one in MUTANTS if (reason := stale(one)) is not None] == []


def test_every_row_names_a_test_of_its_rule():
    """The test is there, and its name begins with the rule that it proves."""
    wrong = []
    for one in MUTANTS:
        path, _, name = one.test.partition("::")
        rule = one.rule.lower().replace("-", "_")
        if not name.startswith(f"test_{rule}_") or name not in functions_of(path):
            wrong.append((one.id, one.test))
    assert wrong == []


def functions_of(path: str) -> set[str]:
    """The names of a module's functions."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def test_there_are_enough_rules():
    """At least forty rules have a bug planted; every row has an id of its own, and changes."""
    assert len({one.rule for one in MUTANTS}) >= RULES
    assert len({one.id for one in MUTANTS}) == len(MUTANTS)
    assert len({(one.symbol, one.old, one.new, one.test) for one in MUTANTS}) == len(MUTANTS)
    assert [one.id for one in MUTANTS if one.old == one.new] == []


# -- the bugs -------------------------------------------------------------------------------------


def planted() -> list:
    """Every bug; a few are planted each time."""
    return [
        pytest.param(one, id=one.id, marks=() if one.id in CHOSEN else pytest.mark.mutant)
        for one in MUTANTS
    ]


@pytest.mark.parametrize("mutant", planted())
def test_a_planted_bug_is_caught(mutant):
    """With the bug in its place the test that is named for it fails, in time."""
    result = run_one(mutant)
    assert result.good, f"{mutant.id} {result.verdict}: {result.why}"


def test_without_a_bug_the_tests_pass():
    """What catches the bugs of every run passes where there is none."""
    assert sound(one.test for one in MUTANTS if one.id in CHOSEN) is None


# -- the runner -----------------------------------------------------------------------------------


def test_what_changes_nothing_survives():
    """A row that plants nothing is told to have survived, by the same way as all others."""
    assert run_one(IDENTITY).verdict == "SURVIVED"


def test_what_is_no_python_is_no_catch():
    """A row that breaks its module is stale: nothing is run."""
    broken = attrs.evolve(IDENTITY, new="live.opened +=")
    result = run_one(broken)
    assert (result.verdict, result.good) == ("STALE", False)
    assert "is no Python" in result.why


def test_what_only_breaks_the_module_is_no_catch():
    """A name that is not there fails every test that comes by: that proves nothing."""
    result = run_one(attrs.evolve(IDENTITY, new="live.opened += such_a_name"))
    assert result.verdict == "BROKEN"
    assert "NameError" in result.why


@pytest.mark.parametrize(
    ("symbol", "old", "said"),
    [
        ("onechannel.live.evolve:_opened", "no such text", "0 times in"),
        ("onechannel.live.evolve:_opened", "live", "times in"),
        ("onechannel.live.evolve:_gone", "x", "there is no onechannel.live.evolve:_gone"),
        ("onechannel.routing.index:RoutingIndex.gone", "x", "there is no"),
        ("onechannel.nowhere:x", "x", "there is no module onechannel.nowhere"),
    ],
)
def test_what_does_not_fit_is_stale(symbol, old, said):
    """A symbol or text that is not there, or there twice, is a failure that names its row."""
    result = run_one(attrs.evolve(IDENTITY, symbol=symbol, old=old))
    assert result.verdict == "STALE"
    assert said in result.why


TOLD = {"passed": 1, "skipped": 0, "seconds": 0.1, "planted": True, "fault": None}
FAULT = {"test": "t", "phase": "call", "kinds": ["AssertionError", "Exception"], "says": "no"}


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, "SURVIVED"),
        ({"fault": FAULT}, "CAUGHT"),
        ({"passed": 0}, "BROKEN"),
        ({"skipped": 1}, "BROKEN"),
        ({"planted": False}, "SURVIVED"),
        ({"fault": FAULT, "planted": False}, "BROKEN"),
        ({"fault": FAULT, "seconds": 11.0}, "LATE"),
        ({"fault": {**FAULT, "phase": "setup"}}, "BROKEN"),
        ({"fault": {**FAULT, "phase": "teardown"}}, "BROKEN"),
        ({"fault": {**FAULT, "kinds": ["ModuleNotFoundError", "ImportError"]}}, "BROKEN"),
        ({"fault": {**FAULT, "says": "Timeout (>15.0s) from pytest-timeout."}}, "LATE"),
    ],
)
def test_what_counts_as_caught(more, verdict):
    """Only what the test itself says no to, in time, with the bug in its place."""
    assert judged(IDENTITY, {**TOLD, **more}, 1.0).verdict == verdict


SOURCE = """
LIMIT: int = 3


class Box:
    limit = LIMIT

    @property
    def full(self):
        return self.limit > LIMIT


def full(limit): return limit > LIMIT
"""


@pytest.mark.parametrize(
    ("name", "old", "changed"),
    [
        ("LIMIT", "3", "LIMIT: int = 4"),
        ("Box.limit", "LIMIT", "    limit = 4"),
        ("Box.full", "@property", "    4"),
        ("Box.full", "LIMIT", "        return self.limit > 4"),
        ("full", "LIMIT", "def full(limit): return limit > 4"),
    ],
)
def test_only_the_symbol_is_changed(name, old, changed):
    """An assignment, a method with its decorators, a function: and no other line."""
    row = attrs.evolve(IDENTITY, symbol=f"m:{name}", old=old, new="4")
    bad = with_bug(row, SOURCE)
    pairs = list(zip(SOURCE.splitlines(), bad.splitlines(), strict=True))
    assert [after for before, after in pairs if before != after] == [changed]


def test_rows_are_numbered_by_rule():
    """The ids of a rule's rows count up in their order, whatever stands between."""
    rows = [attrs.evolve(IDENTITY, rule=rule) for rule in ("A-1", "B-1", "A-1")]
    assert [one.id for one in numbered(rows)] == ["A-1#1", "B-1#1", "A-1#2"]


def test_the_source_is_found_without_importing():
    """Modules and packages have a file; what has none is stale."""
    assert source_of("onechannel.kernel.kernel").name == "kernel.py"
    assert source_of("onechannel.kernel").name == "__init__.py"
    with pytest.raises(Stale):
        source_of("nowhere_at_all.x")
