"""The pytest plugin, from outside: who has it, what it costs who does not, and beside whom."""

import subprocess
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
OPTIONS = ("-p", "no:cacheprovider", "-q", "-W", "error", "--strict-markers", "--strict-config")


@pytest.fixture
def outside(pytester, monkeypatch):
    """A project of somebody else, with a story to test."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(test_story=textwrap.dedent(STORY))
    return pytester


def test_the_fixture_is_there_without_any_set_up(outside):
    """A project that has the package installed has the fixture `centre`, fresh for each test."""
    outside.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "others",
    [
        ("-n", "2"),
        ("-p", "randomly", "-p", "no:anyio"),
        ("-p", "no:randomly", "-p", "no:xdist", "-p", "no:timeout"),
        ("-n", "2", "-p", "randomly", "--dist", "loadfile"),
        ("-p", "no:unittest", "-p", "no:doctest"),
        ("--import-mode=importlib", "-o", "strict=true"),
    ],
    ids=" ".join,
)
def test_it_works_beside_others(outside, others):
    """The fixture works on several processes, in any order, and with or without other plugins."""
    outside.runpytest_subprocess(*OPTIONS, *others).assert_outcomes(passed=2)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_tests_makes_no_difference(outside, seed):
    """Whatever the order, a test has the same ids and the same time, since nothing is shared."""
    outside.makepyfile(
        test_story="""
        import pytest

        @pytest.mark.parametrize("number", range(20))
        def test_same(centre, number):
            for _ in range(number):
                centre.customer().starts("voice")
                centre.advance(minutes=1)
            page = centre.customer().starts("web")
            assert page.id == f"i-{number + 1}"
            assert centre.now.minute == number
        """
    )
    options = ("-p", "randomly", "-p", "no:cacheprovider", f"--randomly-seed={seed}")
    outside.runpytest_subprocess(*options).assert_outcomes(passed=20)


def test_it_can_be_left_out(outside):
    """Who does not want the plugin switches it off by its name."""
    outside.runpytest_subprocess(*OPTIONS, "-p", "no:onechannel").assert_outcomes(errors=2)


def test_its_purpose_is_listed(outside):
    """`pytest --fixtures` says what each fixture gives, `--help` what can be asked for."""
    result = outside.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["centre*", "*contact centre without network*"])
    result = outside.runpytest_subprocess("--help", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*--centre-journeys=DIR*", "*centre_journeys (string):*"])


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


def test_loading_it_imports_nothing_but_pytest():
    """What is loaded with every run of pytest is this one module: nothing of ours, nor attrs."""
    program = (
        "import pytest, sys; before = set(sys.modules); import onechannel_pytest; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["onechannel_pytest"]


def test_a_fixture_of_ones_own_can_build_on_it(outside):
    """A project may give its tests a centre that has its people already, under the same name."""
    outside.makeconftest(
        """
        import pytest

        @pytest.fixture
        def centre(centre):
            centre.worker("marc", skills={"billing": 4})
            return centre
        """
    )
    outside.makepyfile(
        test_story="""
        import pytest

        @pytest.mark.centre(start="10:00")
        def test_he_is_there(centre):
            call = centre.customer().starts("voice", about="billing")
            assert centre.worker("marc").asked == (call,)
            assert centre.now.hour == 10
        """
    )
    outside.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1)


UNITTEST = """
    import sys
    import unittest

    from onechannel import CommandRefused
    from onechannel.testing import FakeCentre

    class Story(unittest.TestCase):
        def setUp(self):
            self.centre = self.enterContext(FakeCentre(start="08:30", zone="Europe/Madrid"))

        def test_the_greeter_serves(self):
            page = self.centre.customer().starts("web")
            self.assertEqual(page.worker, self.centre.greeter)

        def test_it_is_half_past_seven_in_london(self):
            self.assertEqual((self.centre.now.hour, self.centre.now.minute), (7, 30))

        def test_pytest_is_not_needed(self):
            self.assertNotIn("pytest", sys.modules)
"""


def test_unittest_can_use_the_fake(outside):
    """Without pytest the fake is made by hand, with all that the marker can say."""
    outside.makepyfile(test_story=textwrap.dedent(UNITTEST))
    result = outside.run(sys.executable, "-W", "error", "-m", "unittest", "-q", "test_story")
    assert result.ret == 0
    outside.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=2, failed=1)


ASYNC = """
    import pytest

    from onechannel import Actor

    pytestmark = pytest.mark.anyio

    async def test_it_runs_on_both(centre):
        marc = centre.worker("marc", skills={"billing": 4})
        call = centre.customer().starts("voice", about="billing")
        async with centre.live() as live:
            await live.by(Actor("worker", "marc")).accept(assignment="i-1/1")
        assert call.worker == marc
"""


def test_async_tests_need_no_other_fixture(outside):
    """The async face of the fixture's centre works under the anyio plugin, on asyncio and trio."""
    outside.makepyfile(test_story=textwrap.dedent(ASYNC))
    outside.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=2)


@pytest.mark.parametrize("plugin", ["pytest_asyncio", "pytest_trio"])
def test_other_plugins_for_async_tests_do_as_well(outside, plugin):
    """The async face needs nothing of a plugin but that it runs the test on asyncio or trio."""
    pytest.importorskip(plugin)
    text = textwrap.dedent(ASYNC).replace("anyio", plugin.removeprefix("pytest_"))
    outside.makepyfile(test_story=text)
    options = ("-p", "no:cacheprovider", "-q")
    outside.runpytest_subprocess(*options).assert_outcomes(passed=1)


ASYNC_UNITTEST = """
    import unittest

    from onechannel import Actor
    from onechannel.testing import FakeCentre

    class Story(unittest.IsolatedAsyncioTestCase):
        def setUp(self):
            self.centre = self.enterContext(FakeCentre())

        async def test_it_awaits(self):
            marc = self.centre.worker("marc", skills={"billing": 4})
            call = self.centre.customer().starts("voice", about="billing")
            async with self.centre.live() as live:
                await live.by(Actor("worker", "marc")).accept(assignment="i-1/1")
                await live.advance(minutes=1)
            self.assertEqual(call.worker, marc)
"""


def test_unittest_can_await_it(outside):
    """An `IsolatedAsyncioTestCase` has the async face as well, under unittest and pytest."""
    outside.makepyfile(test_story=textwrap.dedent(ASYNC_UNITTEST))
    result = outside.run(sys.executable, "-W", "error", "-m", "unittest", "-q", "test_story")
    assert result.ret == 0
    outside.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1)
