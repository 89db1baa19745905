"""The pytest plugin: a fake contact centre for each test, and what a failing one leaves behind.

Law of this file: loading it imports nothing of onechannel; a test that uses nothing of it pays
nothing.
"""

import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from onechannel.testing import FakeCentre
    from onechannel.testing.vendor import Vendor
    from onechannel.testing.webhooks import Webhooks

_MARKERS = (
    "centre(policy, channels, queues, calendar, start, zone, greeter, store, callables): how the "
    "fixture `centre` is furnished; on a function, a class or a module, of which the nearest wins, "
    'key by key: policy="rules.toml", channels=["voice", {"name": "kiosk"}], start="09:00", '
    'zone="Europe/Madrid"',
    "webhooks(*faults, seed, seeds, of): how the fixture `webhooks` delivers, one run of the test "
    'for each: "doubled", "repeated", "stale", "late", "lost", "reordered", "burst", "as-sent", '
    '"every-order" (of=3); none named: all of them',
)
_JOURNEYS = (
    "for each failing test that used a fake centre, write what happened in it to DIR: "
    "a timeline as text, and a picture as SVG"
)

#: How many fakes there had been before a test began.
_BEFORE = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the journeys of failing tests are written."""
    group = parser.getgroup("onechannel")
    group.addoption("--centre-journeys", metavar="DIR", default=None, help=_JOURNEYS)
    parser.addini("centre_journeys", _JOURNEYS + " (a directory, beside this file)", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and the directory one that every process finds."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    given = config.getoption("centre_journeys")
    if given:
        config.option.centre_journeys = str(config.invocation_params.dir / given)
    elif kept := config.getini("centre_journeys"):
        beside = config.inipath.parent if config.inipath else config.rootpath
        config.option.centre_journeys = str(beside / kept)
    config.pluginmanager.register(_Tracebacks(), "onechannel-tracebacks")


def pytest_collect_file(file_path: "Path", parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario files, `*.scenario.toml`, as tests."""
    if not file_path.name.endswith(".scenario.toml"):
        return None
    from onechannel.testing._scenarios import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.fixture
def centre(request: pytest.FixtureRequest) -> "Iterator[FakeCentre]":
    """A contact centre without network, on virtual time: see `onechannel.testing.FakeCentre`.

    `@pytest.mark.centre(…)` says how it is furnished.
    """
    from onechannel.testing.plugin import furnished

    fake = furnished(request.node)
    yield fake
    fake.close()


@pytest.fixture
def webhooks(request: pytest.FixtureRequest, centre: "FakeCentre") -> "Webhooks":
    """Webhooks that come twice, late or in another order: see `onechannel.testing.webhooks`.

    `@pytest.mark.webhooks(…)` names the faults, and the test is run once for each.
    """
    from onechannel.testing.webhooks import Webhooks

    return Webhooks(centre, getattr(request, "param", None))


@pytest.fixture
def vendor(centre: "FakeCentre") -> "Iterator[Vendor]":
    """A vendor to whom the centre sends, who answers as it is told: 429, 503, late, or never.

    See `onechannel.testing.vendor`.
    """
    from onechannel.testing.vendor import Vendor

    with Vendor(centre) as fake:
        yield fake


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each fault of its webhooks; refuse markers that would do nothing."""
    own = {mark.name for mark in metafunc.definition.own_markers}
    faults = metafunc.definition.get_closest_marker("webhooks")
    if own & {"centre", "webhooks"} or faults is not None:
        from onechannel.testing.plugin import multiplied

        multiplied(metafunc, own, faults)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember which fakes there were before."""
    fake = sys.modules.get("onechannel.testing.fake")
    item.stash[_BEFORE] = 0 if fake is None else fake.fakes_made()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that has passed and left an expectation unasked."""
    result = yield
    plugin = sys.modules.get("onechannel.testing.plugin")
    if plugin is not None:
        plugin.ask_all(item)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what happened in the centres of a failing test."""
    report = yield
    if report.failed and "onechannel.testing.fake" in sys.modules:
        from onechannel.testing._journeys import show_journeys

        show_journeys(item, report, call, item.stash.get(_BEFORE, 0))
    return report


class _Tracebacks:
    """What is made of an error; apart, since it comes after unittest has said what its error is."""

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Show the reader's own lines where something was refused, not those that refused it."""
        if call.excinfo is not None and "onechannel.errors" in sys.modules:
            from onechannel.testing._journeys import without_our_lines

            call.excinfo = without_our_lines(item, call.excinfo)
