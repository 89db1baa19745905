"""What a failing test leaves behind: the journeys of its centres, from outside."""

import re
import textwrap
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel.testing._journeys import file_name

OPTIONS = ("-p", "no:cacheprovider", "-q", "-W", "error")
WRITTEN = ("--centre-journeys", "out")

FAILS = """
    def test_wrong(centre):
        ana = centre.customer("Ana", "tel:+34600111222")
        call = ana.starts("voice", about="billing", says="Charged twice!")
        marc = centre.worker("marc", skills={"billing": 4})
        marc.accepts(call)
        assert call.worker is None


    def test_right(centre):
        assert centre.customer().starts("voice").worker is None
"""


@pytest.fixture
def outside(pytester, monkeypatch):
    """Runs the tests of somebody else's project."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def of(text, *options, name="test_story.py"):
        (pytester.path / name).write_text(textwrap.dedent(text))
        return pytester.runpytest_subprocess(*OPTIONS, *options)

    return of


@pytest.fixture
def left(pytester):
    """The names of the files that were left, and how to read one."""

    def names():
        return sorted(path.name for path in (pytester.path / "out").glob("*"))

    return names


def test_a_failing_test_shows_what_happened(outside, left):
    """The report of a failing test has the timeline; a passing one has none; no file is made."""
    result = outside(FAILS)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*- centre journey -*", "Monday 2026-01-05*", "*i-1*c-1*arrives*", "*marc*serves*"]
    )
    assert result.stdout.str().count("centre journey") == 1
    assert "Charged twice!" in result.stdout.str()
    assert left() == []


def test_asked_for_the_journey_is_written_and_named(outside, left, pytester):
    """Text and picture of a failing test stand in the directory, their names in its report."""
    result = outside(FAILS, *WRITTEN)
    assert left() == ["test_story.test_wrong.svg", "test_story.test_wrong.txt"]
    result.stdout.fnmatch_lines(
        ["written: out/test_story.test_wrong.txt", "drawn:   out/test_story.test_wrong.svg"]
    )
    text = (pytester.path / "out/test_story.test_wrong.txt").read_text("utf-8")
    assert text.startswith("test_story.py::test_wrong\n\nMonday 2026-01-05 (UTC)\n")
    assert "Charged twice!" in text
    picture = (pytester.path / "out/test_story.test_wrong.svg").read_text("utf-8")
    assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314 - we have drawn it


def test_the_directory_can_be_set_once_for_all(outside, left, pytester):
    """The ini's directory stands beside the ini; the option's is where pytest was called from."""
    pytester.makeini("[pytest]\ncentre_journeys = out")
    below = pytester.mkdir("below")
    (below / "test_story.py").write_text(textwrap.dedent(FAILS))
    pytester.chdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(below)
        pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1, failed=1)
        assert left() == ["below.test_story.test_wrong.svg", "below.test_story.test_wrong.txt"]
        pytester.runpytest_subprocess(*OPTIONS, "--centre-journeys", "here")
    assert len(list((below / "here").iterdir())) == 2


def test_on_several_processes(outside, left, pytester):
    """Under pytest-xdist the files and their names in the report are the same."""
    below = pytester.mkdir("below")
    (below / "test_other.py").write_text(textwrap.dedent(FAILS))
    result = outside(FAILS, *WRITTEN, "-n", "2")
    result.assert_outcomes(passed=2, failed=2)
    assert left() == [
        "below.test_other.test_wrong.svg",
        "below.test_other.test_wrong.txt",
        "test_story.test_wrong.svg",
        "test_story.test_wrong.txt",
    ]
    result.stdout.fnmatch_lines(["written: out/test_story.test_wrong.txt"])


def test_each_parameter_has_files_of_its_own(outside, left, pytester):
    """Tests that differ in a parameter do not write over each other, whatever the parameter."""
    outside(
        """
        import pytest

        @pytest.mark.parametrize("said", ["a/b", "a:b", "A/B", "x" * 400, "x" * 401, "", "ñ", "."])
        def test_wrong(centre, said):
            assert centre.customer().starts("voice", says=said or "nothing") is None
        """,
        *WRITTEN,
    )
    assert len(left()) == 16
    for name in left():
        text = (pytester.path / "out" / name).read_text("utf-8")
        assert "test_wrong[" in text


def test_several_centres_are_told_apart(outside, left):
    """A test with several centres shows each, in the order of their making."""
    result = outside(
        """
        from onechannel.testing import FakeCentre

        def test_wrong(centre):
            other = FakeCentre()
            centre.worker("marc")
            other.worker("lena")
            assert False
        """,
        *WRITTEN,
    )
    result.stdout.fnmatch_lines(
        [
            "*- centre journey 1 of 2 -*",
            "*marc*",
            "written: out/test_story.test_wrong.txt",
            "*- centre journey 2 of 2 -*",
            "*lena*",
            "written: out/test_story.test_wrong.2.txt",
        ]
    )
    assert len(left()) == 4


UNITTEST = """
    import unittest

    from onechannel.testing import FakeCentre

    class Held(unittest.TestCase):
        def setUp(self):
            self.centre = FakeCentre()

        def test_wrong(self):
            self.centre.customer().starts("voice")
            self.fail()

        def test_right(self):
            self.centre.customer().starts("voice")

    class Entered(unittest.TestCase):
        def test_wrong(self):
            with FakeCentre(store="sqlite") as centre:
                centre.customer().starts("voice")
            self.fail()

    class OfTheClass(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            cls.centre = cls.enterClassContext(FakeCentre())
            cls.centre.customer().starts("voice")

        def test_a_wrong(self):
            self.fail()

        def test_b_wrong(self):
            self.fail()
"""


def test_unittest_leaves_them_too(outside, left):
    """A `TestCase` that made a centre, itself or by its class, leaves its journey the same way."""
    result = outside(UNITTEST, *WRITTEN)
    result.assert_outcomes(passed=1, failed=4)
    names = ["Entered.test_wrong", "Held.test_wrong"]
    names += ["OfTheClass.test_a_wrong", "OfTheClass.test_b_wrong"]
    kinds = ("svg", "txt")
    assert left() == [f"test_story.{name}.{kind}" for name in names for kind in kinds]


def test_what_others_made_is_not_shown(outside, left):
    """A centre of an earlier test, still held somewhere, is no part of a later test's failure."""
    result = outside(
        """
        kept = []

        def test_a_keeps(centre):
            kept.append(centre)
            centre.customer().starts("voice")

        def test_b_wrong():
            assert False
        """,
        *WRITTEN,
        "-p",
        "no:randomly",
    )
    assert "centre journey" not in result.stdout.str()
    assert left() == []


def test_a_fixture_of_a_wider_scope_is_shown(outside):
    """A centre that several tests share is shown by each that fails and asked for it."""
    result = outside(
        """
        import pytest

        from onechannel.testing import FakeCentre

        @pytest.fixture(scope="module")
        def shared():
            with FakeCentre() as centre:
                yield centre

        def test_a(shared):
            shared.customer().starts("voice")

        def test_b(shared):
            assert False
        """,
        "-p",
        "no:randomly",
    )
    result.stdout.fnmatch_lines(["*- centre journey -*", "*i-1*"])


def test_what_fails_while_being_set_up_or_ended_shows_it(outside, left):
    """A failing fixture that used the centre shows its journey, before the test and after it."""
    outside(
        """
        import pytest

        @pytest.fixture
        def begun(centre):
            centre.customer().starts("voice")
            raise ValueError

        @pytest.fixture
        def ended(centre):
            yield
            centre.customer().starts("voice")
            raise ValueError

        def test_a(begun): ...
        def test_b(ended): ...
        """,
        *WRITTEN,
    ).assert_outcomes(passed=1, errors=2)
    assert left() == [f"test_story.test_{one}.{kind}" for one in "ab" for kind in ("svg", "txt")]


def test_what_is_expected_to_fail_leaves_nothing(outside, left):
    """A test that may fail, or is left out, is no failure."""
    outside(
        """
        import pytest

        @pytest.mark.xfail
        def test_a(centre):
            centre.customer().starts("voice")
            assert False

        def test_b(centre):
            centre.customer().starts("voice")
            pytest.skip()
        """,
        *WRITTEN,
    ).assert_outcomes(xfailed=1, skipped=1)
    assert left() == []


def test_a_long_journey_shows_its_end(outside, left, pytester):
    """A report has the last lines of a long timeline; the file has all of them."""
    result = outside(
        """
        def test_wrong(centre):
            for number in range(100):
                centre.customer().starts("voice")
            assert False
        """,
        *WRITTEN,
    )
    shown = result.stdout.str()
    assert re.search(r"^\(\d+ lines before\)$", shown, re.MULTILINE)
    assert " i-100 " in shown
    assert " i-3 " not in shown
    assert " i-3 " in (pytester.path / "out/test_story.test_wrong.txt").read_text("utf-8")


def test_what_was_refused_is_shown(outside):
    """What somebody asked for and was refused is no event: the report says it beside them."""
    result = outside(
        """
        from datetime import timedelta

        from onechannel.simulation import Turn

        def test_wrong(centre):
            turn = Turn.answers("Anything else?", after=timedelta(seconds=30))
            centre.machine("guide", turn, channels=["kiosk"])
            page = centre.customer().starts("kiosk")
            page.escalates()
            centre.advance(minutes=1)
            assert page.worker
        """
    )
    result.stdout.fnmatch_lines(["*- centre journey -*", "*09:00:30  guide was refused to say: *"])


def test_a_directory_that_cannot_be_is_no_catastrophe(outside, pytester):
    """Where nothing can be written the report says so, with the timeline and the failure."""
    (pytester.path / "out").write_text("a file")
    result = outside(FAILS, *WRITTEN)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*marc*serves*", "not written to *out: *Error:*"])


def test_a_failure_without_a_centre_imports_nothing_of_ours(outside):
    """Whoever uses no centre pays nothing, failing or not."""
    outside(
        """
        import sys

        def test_wrong():
            assert False

        def test_nothing_is_loaded():
            assert not [name for name in sys.modules if name.partition(".")[0] == "onechannel"]
        """,
        *WRITTEN,
        "-p",
        "no:randomly",
    ).assert_outcomes(passed=1, failed=1)


letters = st.sampled_from("aAbB_./-:[ é\n")
tests = st.from_regex(r"[a-c]{1,2}(/[a-c.é-]{1,2})?\.py::([TA]\w?::)?test_\w{0,2}", fullmatch=True)
parameters = st.one_of(st.text(letters, max_size=4), st.text(max_size=300)).map("[{}]".format)
ids = st.builds("{}{}".format, tests, st.just("") | parameters)


@given(st.lists(ids, min_size=2, unique=True))
def test_names_are_safe_and_unique(nodeids):
    """A file's name is plain, short, and no other test's."""
    names = [file_name(nodeid) for nodeid in nodeids]
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,150}", name) for name in names)
    assert len(set(names)) == len(names)


@given(tests, st.lists(parameters, min_size=2, unique=True))
def test_parameters_are_told_apart_without_capitals(test, given_ones):
    """Two parameters of one test have two files, even where capitals make no difference."""
    names = {file_name(f"{test}{one}").lower() for one in given_ones}
    assert len(names) == len(given_ones)


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("test_a.py::test_b", "test_a.test_b"),
        ("tests/unit/test_a.py::TestDay::test_b", "tests.unit.test_a.TestDay.test_b"),
        ("test_a.py::test_b[voice]", "test_a.test_b-voice"),
        ("test_a.py::test_b[voice-2]", "test_a.test_b-voice-2"),
    ],
)
def test_plain_names_are_kept(nodeid, name):
    """What is a name already stays readable, without a digest."""
    assert file_name(nodeid) == name
