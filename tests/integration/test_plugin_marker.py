"""The marker that furnishes the fixture's centre, from outside."""

import textwrap

import pytest

OPTIONS = ("-p", "no:cacheprovider", "-q", "-W", "error", "--strict-markers")

QUICK = """
name = "quick"
ring_for = "5s"

[plan]
steps = [{ skill_from_about = true }]
"""

OFFICE = """
zone = "Europe/Madrid"
mon_fri = "09:00-14:00, 16:00-19:00"
fri = "09:00-14:00"
"""

EVERY_KEY = """
    from datetime import UTC, datetime, timedelta

    import pytest

    from onechannel import Calendar, Channel, Queue
    from onechannel.stores.sqlite import SQLiteStore


    @pytest.mark.centre(
        policy="rules.toml",
        channels=["voice", {"name": "kiosk", "real_time": True}, Channel(name="fax", load=5)],
        queues=["billing", Queue(name="cards", place_kept=timedelta(minutes=5))],
        calendar=["office.toml", Calendar.weekly("nights", daily="22:00-06:00")],
        start="09:00",
        zone="Europe/Madrid",
        store=lambda: SQLiteStore(":memory:"),
    )
    def test_all_of_it(centre):
        defined = {}
        for event in centre.log:
            kind, _, done = event.type.partition(".")
            if done == "defined":
                defined.setdefault(kind, []).append(getattr(event.data, kind))
        assert [one.name for one in defined["channel"]] == ["voice", "kiosk", "fax"]
        assert defined["channel"][1].real_time
        assert [one.name for one in defined["queue"]] == ["main", "billing", "cards"]
        assert [one.name for one in defined["calendar"]] == ["always-open", "office", "nights"]
        assert centre.now == datetime(2026, 1, 5, 8, tzinfo=UTC)
        assert isinstance(centre.store, SQLiteStore)

        call = centre.customer().starts("voice")
        marc = centre.worker("marc")
        assert marc.asked == (call,)
        centre.advance(seconds=5)
        assert call.parts[0].state == "expired"
"""

NEAREST = """
    from datetime import UTC, datetime

    import pytest

    pytestmark = pytest.mark.centre(start="08:00", queues=["of-the-module"])


    def started(centre):
        return centre.now.strftime("%H:%M"), centre.worker("marc").load


    def queues(centre):
        return [event.data.queue.name for event in centre.log if event.type == "queue.defined"]


    def test_of_the_module(centre):
        assert f"{centre.now:%H:%M}" == "08:00"
        assert queues(centre) == ["main", "of-the-module"]


    @pytest.mark.centre(start="10:00", queues=())
    class TestDay:
        def test_of_the_class(self, centre):
            assert f"{centre.now:%H:%M}" == "10:00"
            assert queues(centre) == ["main"]

        @pytest.mark.centre(queues="mine")
        def test_of_the_function(self, centre):
            assert f"{centre.now:%H:%M}" == "10:00"
            assert queues(centre) == ["main", "mine"]

        @pytest.mark.parametrize(
            "hour", [10, pytest.param(12, marks=pytest.mark.centre(start="12:00"))]
        )
        def test_of_a_parameter(self, centre, hour):
            assert f"{centre.now:%H:%M}" == f"{hour}:00"
"""


@pytest.fixture
def outside(pytester, monkeypatch):
    """A project of somebody else, with a policy and a calendar."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    folder = pytester.mkpydir("tests")
    (folder / "rules.toml").write_text(textwrap.dedent(QUICK))
    (pytester.path / "office.toml").write_text(textwrap.dedent(OFFICE))

    def of(text, name="test_marked.py"):
        (folder / name).write_text(textwrap.dedent(text))
        return pytester.runpytest_subprocess(*OPTIONS, "tests")

    return of


def test_every_key_furnishes_the_centre(outside):
    """Policy, channels, queues, calendars, start, zone and store are as the marker says.

    A file is looked for beside the test, then below the root.
    """
    outside(EVERY_KEY).assert_outcomes(passed=1)


def test_the_nearest_wins_key_by_key(outside):
    """Of module, class, function and parameter, the nearest to the test says each key."""
    outside(NEAREST).assert_outcomes(passed=5)


#: What is wrong with a marker, and what is said of it.
WRONG = [
    ("polcy='rules.toml'", "there is no polcy: did you mean policy?"),
    ("colour='red'", "there is no colour: known are store, start, zone, policy"),
    ("'rules.toml'", "say which is which: policy=\"rules.toml\", not 'rules.toml' alone"),
    ("policy='rulez.toml'", "there is no file tests/rulez.toml nor rulez.toml"),
    ("policy=7", "policy cannot be int: give a Policy or the name of its file"),
    ("start='nine'", "start must be an aware datetime or text such as"),
    ("start=9", "start must be an aware datetime or text such as"),
    ("start='2026-13-01T00:00Z'", "start must be an aware datetime or text such as"),
    ("zone='Europe/Mardid'", "time zone Europe/Mardid is unknown here"),
    ("channels=[7]", "channels cannot have int in it: give names such as"),
    ("channels=7", "channels cannot be int: give names such as"),
    ("channels=[{'name': 'kiosk', 'lod': 5}]", "lod"),
    ("queues=[{'name': 'q', 'wrap': 5}]", "wrap"),
    ("calendar='holidays.toml'", "there is no file tests/holidays.toml nor holidays.toml"),
    ("store='oracle'", 'store must be a store, what makes one, or one of "memory", "sqlite"'),
    ("store=SQLiteStore(':memory:')", "tests may not share a store: give what makes one"),
]


def test_what_is_wrong_is_said_with_its_place(outside):
    """A marker with an unknown key or a bad value fails the test, by the line where it stands."""
    marked = [
        f"@pytest.mark.centre({marked})\ndef test_{number}(centre): ...\n"
        for number, (marked, _) in enumerate(WRONG)
    ]
    head = "import pytest\nfrom onechannel.stores.sqlite import SQLiteStore\n"
    result = outside("".join([head, *marked]))
    result.assert_outcomes(errors=len(WRONG))
    told = [line for line in result.outlines if "@pytest.mark.centre: " in line]
    for number, (_, said) in enumerate(WRONG):
        place = f"tests/test_marked.py:{2 * number + 3}: @pytest.mark.centre: "
        (line,) = [line for line in told if line.startswith(place)]
        assert said in line
    assert "Traceback" not in result.stdout.str()
    assert "During handling" not in result.stdout.str()


def test_the_place_is_that_of_the_marker_not_of_the_test(outside):
    """A bad marker of a module or a class is named by where it stands."""
    result = outside(
        """
        import pytest

        pytestmark = pytest.mark.centre(strat="09:00")


        def test_of_the_module(centre):
            pass
        """
    )
    result.stdout.fnmatch_lines(["tests/test_marked.py*: @pytest.mark.centre: there is no strat*"])
    result = outside(
        """
        import pytest


        @pytest.mark.centre(strat="09:00")
        class TestDay:
            def test_of_the_class(self, centre):
                pass
        """
    )
    result.stdout.fnmatch_lines(["tests/test_marked.py:5: @pytest.mark.centre: there is no strat*"])


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        (
            "centre(start='09:00')",
            "does not ask for the fixture centre, so the marker does nothing",
        ),
        ("webhooks('doubled')", "does not ask for the fixture webhooks, so the marker does"),
    ],
)
def test_a_marker_that_does_nothing_is_an_error(outside, marker, said):
    """A test that is marked and does not ask for the fixture would prove nothing: it is refused.

    A class or a module may be marked for those of its tests that ask for it.
    """
    text = f"""
        import pytest

        pytestmark = pytest.mark.{marker}


        def test_it():
            pass
    """
    outside(text).assert_outcomes(passed=1)
    result = outside(
        text.replace("pytestmark = ", "@").replace("\n\n\n        def", "\n        def")
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"tests/test_marked.py:4: @pytest.mark.*: the test {said}*"])


def test_the_markers_are_known_and_explained(pytester):
    """`pytest --markers` says what the markers take."""
    result = pytester.runpytest_subprocess("--markers", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(
        [
            "@pytest.mark.centre(*): how the fixture `centre` is furnished*",
            "@pytest.mark.webhooks(*): how the fixture `webhooks` delivers*",
        ]
    )


def test_the_keys_are_the_arguments_of_the_fake():
    """What the marker takes is what `FakeCentre` takes, and what its help line names."""
    import inspect

    import onechannel_pytest
    from onechannel.testing import FakeCentre, plugin

    arguments = set(inspect.signature(FakeCentre).parameters)
    assert set(plugin._KEYS) == arguments
    named = onechannel_pytest._MARKERS[0].partition("(")[2].partition(")")[0]
    assert set(named.split(", ")) == arguments
