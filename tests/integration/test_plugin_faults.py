"""The one-line fixtures of what vendors do wrong, from outside."""

import textwrap

import pytest

OPTIONS = ("-p", "no:cacheprovider", "-q", "-W", "error", "--strict-markers")


@pytest.fixture
def outside(pytester, monkeypatch):
    """Runs the tests of somebody else's project."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def of(text, *options):
        (pytester.path / "test_story.py").write_text(textwrap.dedent(text))
        return pytester.runpytest_subprocess(*OPTIONS, *options)

    return of


BOOKS = """
    import pytest

    class Books:
        def __init__(self):
            self.known, self.total = set(), 0

        def books(self, payment):
            if CAREFUL and payment["id"] in self.known:
                return
            self.known.add(payment["id"])
            self.total += payment["euro"]

    @pytest.mark.webhooks("doubled", "reordered", "late")
    def test_it_is_booked_once(webhooks):
        books = Books()
        for payment in webhooks([{"id": 1, "euro": 5}, {"id": 2, "euro": 7}]):
            books.books(payment)
        assert books.total == 12
"""


def test_a_test_runs_once_for_each_fault(outside):
    """One line has a test run with webhooks that come twice, in another order, and late."""
    outside("CAREFUL = True\n" + textwrap.dedent(BOOKS)).assert_outcomes(passed=3)
    result = outside("CAREFUL = False\n" + textwrap.dedent(BOOKS))
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_story.py::test_it_is_booked_once[[]doubled[]]*"])


def test_they_run_on_several_processes(outside):
    """Every process knows the same runs by the same names."""
    text = "CAREFUL = True\n" + textwrap.dedent(BOOKS)
    outside(text, "-n", "2").assert_outcomes(passed=3)


def test_a_bare_marker_means_every_fault(outside):
    """Who names none gets all; a class or a module can be marked for all of its tests."""
    from onechannel.testing.webhooks import asked_for

    for mark in ("webhooks", "webhooks()"):
        outside(
            f"""
            import pytest

            pytestmark = pytest.mark.{mark}

            def test_it(webhooks):
                assert set(webhooks("ab")) == set("ab")

            def test_without(centre): ...
            """
        ).assert_outcomes(passed=len(asked_for()) + 1)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ('webhooks("dubled")', "*'dubled' is none of these"),
        ('webhooks("every-order")', "*say of=3"),
        ("webhooks(sed=1)", "*sed*"),
    ],
)
def test_a_fault_that_is_none_is_said_with_its_place(outside, mark, said):
    """What no vendor does is an error of collection, by the line of the test."""
    result = outside(
        f"""
        import pytest

        @pytest.mark.{mark}
        def test_it(webhooks): ...
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_story.py:4: @pytest.mark.webhooks: {said}"])


def test_the_fixture_alone_asks_how(outside):
    """Without a marker nobody has said how they come, and the message says how to say it."""
    result = outside("def test_it(webhooks):\n    list(webhooks('ab'))\n")
    result.stdout.fnmatch_lines(["E *say how they are delivered: @pytest.mark.webhooks*"])


def test_a_fixture_of_somebody_elses_of_that_name_is_left_alone(outside):
    """A project that has a fixture `webhooks` or `vendor` of its own keeps it."""
    outside(
        """
        import pytest

        @pytest.fixture(params=[1, 2])
        def webhooks(request):
            return request.param

        @pytest.fixture
        def vendor():
            return "mine"

        def test_it(webhooks, vendor):
            assert webhooks in (1, 2)
            assert vendor == "mine"
        """
    ).assert_outcomes(passed=2)


def test_a_vendor_answers_as_it_is_told(outside):
    """One line has a vendor that says 429 first; the centre comes again when it may, not before."""
    outside(
        """
        def test_it(centre, vendor):
            vendor.takes("interaction.arrived")
            vendor.answers(429, times=2, retry_after=30)
            centre.customer().starts("voice")
            centre.advance(minutes=5)
            assert [one.answered for one in vendor.requests] == ["429", "429", "200"]
            assert not vendor.too_soon
        """
    ).assert_outcomes(passed=1)


def test_their_purpose_is_listed(pytester):
    """`pytest --fixtures` says what each of them gives."""
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["webhooks*", "*come twice, late or in another order*"])
    result.stdout.fnmatch_lines(["vendor*", "*answers as it is told*"])
