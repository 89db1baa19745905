"""Scenario files as tests in somebody else's project."""

import textwrap

import pytest

#: What stands in the place of each of our own frames, installed or not.
OURS = "onechannel/simulation/"

OPTIONS = ("-p", "no:cacheprovider", "-q", "-W", "error")

GOOD = """\
title = "A call"

[customers.ana]
name = "Ana"

[workers.eva]
skills = { billing = 2 }

[story]
steps = [
    { who = "ana", does = "starts", channel = "voice", about = "billing", as = "call" },
    { expect = "asked", worker = "eva", interaction = "call", within = "10s" },
    { who = "eva", does = "accepts", interaction = "call" },
    { expect = "assigned", worker = "eva", interaction = "call" },
    { after = "3m", who = "eva", does = "closes", interaction = "call" },
    { expect = "closed", interaction = "call" },
]
"""
#: Eva has another skill, so two expectations fail, and a step that is refused ends it.
WRONG = GOOD.replace("billing = 2", "cards = 2").replace(
    '    { who = "eva", does = "accepts"',
    '    { expect = "closed", interaction = "call" },\n    { who = "eva", does = "accepts"',
)


@pytest.fixture
def outside(pytester, monkeypatch):
    """Runs a scenario file of somebody else's project, below a folder of its own."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    folder = pytester.mkdir("days")

    def of(text, *options, name="call.scenario.toml"):
        (folder / name).write_text(text)
        return pytester.runpytest_subprocess(*OPTIONS, *options)

    return of


def test_a_scenario_file_is_a_test(outside):
    """A file called so is collected and played, by itself, from wherever pytest looks."""
    result = outside(GOOD, "-vv")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["days/call.scenario.toml::A call PASSED*"])


def test_it_is_selected_like_any_test(outside):
    """By its title or its file; files of other names are none."""
    outside(GOOD, "-k", "call").assert_outcomes(passed=1)
    outside(GOOD, "days/call.scenario.toml::A call").assert_outcomes(passed=1)
    assert outside(GOOD, "-k", "nothing").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    outside("no TOML", "-k", "call", name="other.toml").assert_outcomes(passed=1)


def test_it_runs_on_several_processes_and_in_any_order(outside):
    """Scenarios are tests like others for plugins that share or shuffle them."""
    outside(GOOD.replace("A call", "Another"), "-n", "2", name="b.scenario.toml")
    result = outside(GOOD, "-n", "2", "-p", "randomly")
    result.assert_outcomes(passed=2)


def test_what_is_not_so_is_told_by_its_line(outside):
    """Each expectation that fails shows its line and its text; a step that is refused ends it."""
    result = outside(WRONG, "--centre-journeys", "out")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "days/call.scenario.toml:12: expect asked*",
            "expected from 09:00:00 to 09:00:10: eva is asked to take call",
            "but it did not happen",
            "*call*ana*arrives about billing*",
            "days/call.scenario.toml:13: expect closed*",
            "days/call.scenario.toml:14: *was refused: *",
            "*- centre journey -*",
            "*call*ana*waits in main*",
            "written: out/days.call.A_call-*.txt",
            "drawn:   out/days.call.A_call-*.svg",
        ]
    )
    shown = result.stdout.str()
    assert OURS not in shown
    assert "playing.py" not in shown
    assert "scenario.toml:15" not in shown, "nothing is done after what could not be"


def test_a_failure_that_told_its_timeline_tells_it_once(outside):
    """Where the last failure shows what happened, the report does not show it again."""
    last = GOOD.replace('    { expect = "closed"', '    { expect = "missed"')
    result = outside(last)
    result.assert_outcomes(failed=1)
    assert "centre journey" not in result.stdout.str()
    # Where it runs for others, pytest's summary repeats the whole text.
    failures, _, _ = result.stdout.str().partition("short test summary info")
    assert failures.count("arrives about billing") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "days/call.scenario.toml*: is not TOML*"),
        (GOOD.replace('who = "ana"', 'who = "anna"'), "days/call.scenario.toml:11: *anna*ana*"),
        (GOOD.replace("skills", "skils"), "days/call.scenario.toml:7: *skils*did you mean skills*"),
        ('policy = "none.toml"\n' + GOOD, "*none.toml*"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_of_collection(outside, text, said):
    """What is wrong in a file is said with its line, without ours, before anything is played."""
    result = outside(text)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    assert "Traceback" not in result.stdout.str()
    assert "reading.py" not in result.stdout.str()


def test_a_policy_beside_it_is_found(outside, pytester):
    """What a scenario names stands beside it, wherever pytest is called from."""
    rules = 'name = "rules"\nplan = { steps = [{ skill_from_about = true }] }\nring_for = "5s"\n'
    (pytester.path / "days" / "rules.toml").write_text(rules)
    missed = (
        '    { expect = "missed", worker = "eva", within = "5s" },\n    { who = "eva", does = "acc'
    )
    story = GOOD.replace('    { who = "eva", does = "acc', missed)
    outside('policy = "rules.toml"\n' + story).assert_outcomes(passed=1)


def test_what_never_ends_is_no_bug_of_ours(outside):
    """A day in which somebody goes in a circle fails with the reason, without our lines."""
    begins = GOOD.partition('    { expect = "asked"')[0]
    rules = 'ring_for = "5s"\nname = "rules"\nplan = { steps = [{ skill_from_about = true }] }\n'
    result = outside(begins + f"]\n[policy]\n{rules}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["days/call.scenario.toml*: it does not come to an end*"])
    assert OURS not in result.stdout.str()


def test_without_any_nothing_of_ours_is_imported(outside, pytester):
    """A project without scenario files does not pay for that it could have some."""
    (pytester.path / "test_it.py").write_text(
        textwrap.dedent(
            """
            import sys

            def test_nothing_is_loaded():
                assert not [name for name in sys.modules if name.partition(".")[0] == "onechannel"]
            """
        )
    )
    outside("", name="scenario.toml").assert_outcomes(passed=1)


def test_our_examples_are_tests(pytester, request):
    """Every scenario among the examples passes as a test."""
    examples = request.config.rootpath / "examples"
    there = sorted(examples.glob("*.scenario.toml"))
    result = pytester.runpytest_subprocess(*OPTIONS, *map(str, there))
    result.assert_outcomes(passed=len(there))
