"""The example that this library was built for, as it was first written down."""

AS_PRINTED = """\
def test_she_never_repeats_herself(centre):                  # a fixture this package provides; no network, virtual time
    ana = centre.customer("Ana", "tel:+34600111222", "mailto:ana@example.com")
    visit = ana.starts("web", about="billing", says="Why was I charged twice?")   # a machine serves her
    visit.escalates()                                        # nobody is there: she waits
    call = ana.starts("voice", about="billing")              # she calls instead: same journey, her place in the line
    marc = centre.worker("marc", skills={"billing": 4}, department="finance")
    marc.accepts(call)

    assert visit.end_reason == "superseded"
    assert "charged twice" in call.context.summary
    assert centre.explain(call).winner == marc
    refund = marc.promises(ana, "refund", due=timedelta(days=2))
    marc.closes(call, disposition="refund-approved")

    centre.advance(days=3)
    assert refund.state == "broken"
    assert call.journey.interactions == (visit, call)
"""  # noqa: E501 - it is kept to the letter


def test_the_first_example_passes_to_the_letter(pytester, monkeypatch):
    """What the library was to feel like is how it feels: the test passes as it was printed."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile("from datetime import timedelta\n\n" + AS_PRINTED)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    result.assert_outcomes(passed=1)


def test_the_readme_shows_it(request):
    """The first thing that a reader sees is that test."""
    assert AS_PRINTED in (request.config.rootpath / "README.md").read_text("utf-8")
