"""The pytest plugin, from outside."""

import sys
import textwrap

import pytest

STORY = """
    def test_story(centre):
        marc = centre.worker("marc", skills={"billing": 4})
        call = centre.customer("Ana", "tel:+34600111222").starts("voice", about="billing")
        marc.accepts(call)
        assert call.worker == marc

    def test_each_has_its_own(centre):
        assert [event.type for event in centre.log if event.type == "interaction.arrived"] == []
"""
OPTIONS = ("-p", "no:cacheprovider", "-q")


@pytest.fixture
def outside(pytester, monkeypatch):
    """A project of somebody else, with a story to test."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(test_story=textwrap.dedent(STORY))
    return pytester


def test_the_fixture_is_there_without_any_set_up(outside):
    """A project that has the package installed has the fixture `centre`, fresh for each test."""
    outside.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=2)


def test_it_works_on_several_processes(outside):
    """The fixture works under pytest-xdist."""
    outside.runpytest_subprocess(*OPTIONS, "-n", "2").assert_outcomes(passed=2)


def test_its_purpose_is_listed(outside):
    """`pytest --fixtures` says what the fixture gives."""
    result = outside.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["centre*", "*contact centre without network*"])


def test_a_test_without_the_fixture_imports_nothing_of_ours(outside):
    """Whoever does not use the fixture does not pay for it."""
    outside.makepyfile(
        test_story="""
        import sys

        def test_nothing_is_loaded():
            assert not [name for name in sys.modules if name.partition(".")[0] == "onechannel"]
        """
    )
    outside.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1)


def test_unittest_can_use_the_fake(outside):
    """Without pytest's fixtures the fake is made by hand, in unittest for one."""
    outside.makepyfile(
        test_story="""
        import unittest

        from onechannel.testing import FakeCentre

        class Story(unittest.TestCase):
            def setUp(self):
                self.centre = FakeCentre()

            def test_the_greeter_serves(self):
                page = self.centre.customer().starts("web")
                self.assertEqual(page.worker, self.centre.greeter)
        """
    )
    result = outside.run(sys.executable, "-m", "unittest", "-q", "test_story")
    assert result.ret == 0
