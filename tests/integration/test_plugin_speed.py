"""What a fixture costs, measured from outside in one run."""

import statistics
import textwrap

import pytest

#: Empty tests and tests with a centre in turn; each tells what it took, in processor time.
CONFTEST = """
    import time

    import pytest

    TOOK = {"empty": [], "fixture": [], "story": []}


    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(item, nextitem):
        began = time.process_time()
        done = yield
        TOOK[item.originalname.removeprefix("test_")].append(time.process_time() - began)
        return done


    def pytest_sessionfinish():
        with open("took.txt", "w") as file:
            for kind, times in TOOK.items():
                print(kind, *times, file=file)
"""
TESTS = """
    from datetime import timedelta

    import pytest

    pytestmark = pytest.mark.parametrize("number", range(200), scope="module")


    def test_empty(number): ...
    def test_fixture(centre, number): ...


    def test_story(centre, number):
        ana = centre.customer("Ana", "tel:+34600111222")
        visit = ana.starts("web", about="billing", says="Why was I charged twice?")
        visit.escalates()
        call = ana.starts("voice", about="billing")
        marc = centre.worker("marc", skills={"billing": 4})
        marc.accepts(call)
        refund = marc.promises(ana, "refund", due=timedelta(days=2))
        marc.closes(call, disposition="refund-approved")
        centre.advance(days=3)
        assert refund.state == "broken"
"""


@pytest.fixture
def took(pytester, monkeypatch):
    """The median processor time in milliseconds of each kind of test."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest(textwrap.dedent(CONFTEST))
    pytester.makepyfile(test_cost=textwrap.dedent(TESTS))
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly")
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=600)
    lines = (pytester.path / "took.txt").read_text().splitlines()
    times = {kind: [float(one) for one in each] for kind, *each in map(str.split, lines)}
    return {kind: 1000 * statistics.median(each) for kind, each in times.items()}


def test_the_fixture_costs_under_five_milliseconds(took):
    """A test with the fixture costs under 5 ms more than an empty one, and so does a whole story.

    By the median, of processor time: what the machine does besides is not counted, nor the first
    use, which imports the library.
    """
    for kind in ("fixture", "story"):
        more = took[kind] - took["empty"]
        assert more < 5, f"a {kind} takes {more:.2f} ms more than an empty test"
