"""Expectations in somebody else's tests: how they fail, and what becomes of those nobody asked."""

import re
import sys
import textwrap

import pytest

#: What stands in the place of each of our own frames, installed or not.
OURS = "onechannel/simulation/"

OPTIONS = ("-p", "no:cacheprovider", "-q", "-W", "error")

FORGOTTEN = """
    def test_forgotten(centre):
        marc = centre.worker("marc")
        centre.customer().starts("voice")
        centre.expect.assigned(marc)
"""


@pytest.fixture
def outside(pytester, monkeypatch):
    """Runs the tests of somebody else's project."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def of(text, *options):
        (pytester.path / "test_story.py").write_text(textwrap.dedent(text))
        return pytester.runpytest_subprocess(*OPTIONS, *options)

    return of


def test_what_is_expected_and_never_asked_fails_the_test(outside):
    """A test that passes and has left an expectation unasked fails, as the test itself."""
    result = outside(FORGOTTEN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*marc*"])
    assert "onechannel_pytest.py" not in result.stdout.str()


def test_a_test_that_failed_is_not_asked(outside):
    """What a test would have asked, had it come so far, is no second failure."""
    result = outside(FORGOTTEN + "        assert False, 'the first'\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the first*"])


def test_what_was_asked_passes(outside):
    """An expectation that was asked is no failure, and neither is none at all."""
    outside(
        """
        def test_asked(centre):
            marc = centre.worker("marc")
            call = centre.customer().starts("voice")
            centre.later(centre.now, lambda: None)
            marc.accepts(call)
            centre.expect.assigned(marc).now()

        def test_none(centre): ...
        """
    ).assert_outcomes(passed=2)


def test_a_failure_shows_the_readers_line_and_the_timeline(outside):
    """A failed expectation shows the line of the test and what happened, and no line of ours."""
    result = outside(
        """
        def test_wrong(centre):
            marc = centre.worker("marc")
            call = centre.customer().starts("voice")
            centre.expect.assigned(marc).within(seconds=20)
        """
    )
    result.assert_outcomes(failed=1)
    shown = result.stdout.str()
    assert ">       centre.expect.assigned(marc).within(seconds=20)" in shown
    assert re.search(r"09:00:00 .* i-1 .* c-1 +arrives", shown)
    assert "expecting.py" not in shown
    assert "centre journey" not in shown, "it is told once"


def test_its_files_are_named_all_the_same(outside, pytester):
    """Where journeys are written, that of a failed expectation is, too."""
    asked = FORGOTTEN.replace("assigned(marc)", "assigned(marc).now()")
    result = outside(asked, "--centre-journeys", "out")
    result.stdout.fnmatch_lines(["*- centre journey -*", "written: out/*.txt"])
    assert len(list((pytester.path / "out").iterdir())) == 2


UNITTEST = """
    import unittest

    from onechannel.testing import FakeCentre

    class Story(unittest.TestCase):
        def setUp(self):
            self.centre = self.enterContext(FakeCentre())

        def test_forgotten(self):
            self.centre.expect.asked("greeter")

        def test_asked(self):
            self.centre.expect.asked("greeter").never()

        def test_wrong(self):
            self.centre.expect.asked("greeter").now()
"""


def test_unittest_minds_them_too(outside, pytester):
    """As a context manager a fake asks at its end, under `unittest` and under pytest."""
    outside(UNITTEST).assert_outcomes(passed=1, failed=2)
    result = pytester.run(sys.executable, "-W", "error", "-m", "unittest", "test_story")
    result.stderr.fnmatch_lines(["FAILED (failures=2)"])


def test_a_context_that_ends_with_an_error_keeps_to_it(outside):
    """What went wrong inside is not hidden by what was not asked because of it."""
    result = outside(
        """
        from onechannel.testing import FakeCentre

        def test_wrong():
            with FakeCentre() as centre:
                centre.expect.asked("greeter")
                raise ValueError("the first")
        """
    )
    result.stdout.fnmatch_lines(["*ValueError: the first"])
    assert "another exception" not in result.stdout.str()


REFUSED = """
    import unittest

    import pytest

    from onechannel.testing import FakeCentre


    def test_refused(centre):
        page = centre.customer().starts("web")
        page.hands_back()


    def test_mistaken(centre):
        centre.advance(60)


    class Refused(unittest.TestCase):
        def test_refused(self):
            FakeCentre().worker("marc").signs_in()
"""


def test_what_is_refused_shows_the_readers_lines_alone(outside):
    """A refusal and a mistake show the line of the test and the reason, under unittest as well."""
    result = outside(REFUSED)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines_random(
        [
            ">*page.hands_back()",
            ">*centre.advance(60)",
            '>*FakeCentre().worker("marc").signs_in()',
            "E *CommandRefused: *",
            "E *InvalidValue: advance needs to know int of what: *",
        ]
    )
    assert OURS not in result.stdout.str()
    assert OURS in outside(REFUSED, "--full-trace").stdout.str()


GROUPED = """
    import anyio
    import pytest

    pytestmark = pytest.mark.anyio

    async def test_wrong(centre):
        async with centre.live() as live, anyio.create_task_group() as group:
            group.start_soon(live.wait, live.now - live.now)
            centre.expect.asked("greeter").now()

    async def test_twice_wrong(centre):
        async with anyio.create_task_group() as group:
            group.start_soon(live_wait_of_no_such_name)
            centre.expect.asked("greeter").now()
"""


def test_what_fails_among_tasks_is_shown_as_it_is(outside):
    """An expectation that fails inside a group of tasks is no group of errors, but for others."""
    result = outside(GROUPED.replace("live_wait_of_no_such_name", "anyio.sleep, 0"))
    result.assert_outcomes(failed=4)
    assert "Exception Group" not in result.stdout.str()
    result.stdout.fnmatch_lines(
        [">*centre.expect.asked*", "E *ExpectationFailed: expected so far*"]
    )
    result = outside(
        GROUPED.replace("live_wait_of_no_such_name", "wrong")
        .replace(
            "    async def test_twice",
            "    async def wrong():\n        1 / 0\n\n    async def test_twice",
        )
        .replace(
            ".start_soon(wrong)\n            ",
            ".start_soon(wrong)\n            await anyio.sleep(0)\n            ",
        )
    )
    result.stdout.fnmatch_lines(["*Exception Group*", "*ZeroDivisionError*"])


def test_a_bug_of_ours_is_shown_whole(outside):
    """What the library does not say itself is not hidden: whoever mends it needs every line."""
    result = outside(
        """
        def test_broken(centre):
            centre.customer(object(), 7)
        """
    )
    assert OURS in result.stdout.str()
