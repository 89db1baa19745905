"""What a fake centre is furnished with, however that is written."""

import gc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import Calendar, Channel, InvalidValue, Policy, Queue, StoreFault
from onechannel.model.channel import VOICE, known_channel
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.model.zones import zone_named
from onechannel.simulation import START
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing import FakeCentre
from onechannel.testing.fake import fakes_made, fakes_since

NIGHTS = Calendar.weekly("nights", daily="22:00-06:00")


def defined(fake, kind):
    """What the log says is defined of a kind, in order."""
    found = [event.data for event in fake.log if event.type == f"{kind}.defined"]
    return [getattr(data, kind) for data in found]


@pytest.mark.parametrize(
    ("given_channels", "expected"),
    [
        ("voice", [VOICE]),
        (["voice", "kiosk"], [VOICE, Channel(name="kiosk")]),
        ({"name": "kiosk", "real_time": True}, [Channel(name="kiosk", real_time=True)]),
        (VOICE, [VOICE]),
        ((VOICE, {"name": "fax"}), [VOICE, Channel(name="fax")]),
        (iter(["fax"]), [Channel(name="fax")]),
        ((), []),
    ],
)
def test_channels_are_written_as_one_likes(given_channels, expected):
    """A channel is a name, its fields or a `Channel`; one, or any number of them."""
    assert defined(FakeCentre(channels=given_channels), "channel") == expected


@pytest.mark.parametrize(
    ("given_queues", "expected"),
    [
        ("billing", [Queue(name="billing")]),
        (["billing", {"name": "cards"}], [Queue(name="billing"), Queue(name="cards")]),
        (
            {"name": "slow", "wrap_up": "1m30s", "place_kept": timedelta(minutes=5)},
            [
                Queue(
                    name="slow",
                    wrap_up=timedelta(seconds=90),
                    place_kept=timedelta(minutes=5),
                )
            ],
        ),
        (
            Queue(name="main", wrap_up=timedelta(minutes=1)),
            [Queue(name="main", wrap_up=timedelta(minutes=1))],
        ),
    ],
)
def test_queues_are_written_as_one_likes(given_queues, expected):
    """A queue is a name, its fields or a `Queue`, besides `main`, or instead of it."""
    assert defined(FakeCentre(queues=given_queues), "queue") == [Queue(name="main"), *expected]


OFFICE = """
zone = "Europe/Madrid"
mon = "09:00-14:00, 16:00-19:00"
holidays = [2026-01-06]

[special]
2026-12-24 = "09:00-12:00"
"""
RULES = """
name = "rules"
ring_for = "5s"

[plan]
steps = [{ skill_from_about = true }]
"""


def test_files_say_the_same_as_values(tmp_path):
    """A policy and a calendar can stand in files, by path or by name."""
    office, rules = tmp_path / "office.toml", tmp_path / "rules.toml"
    office.write_text(OFFICE)
    rules.write_text(RULES)
    fake = FakeCentre(policy=str(rules), calendar=[office, NIGHTS])
    assert defined(fake, "calendar")[1:] == [
        Calendar.weekly(
            "office",
            zone="Europe/Madrid",
            mon="09:00-14:00, 16:00-19:00",
            holidays=["2026-01-06"],
            special={"2026-12-24": "09:00-12:00"},
        ),
        NIGHTS,
    ]
    (policy,) = [e.data.policy for e in fake.log if e.type == "policy.adopted"][-1:]
    assert (policy.name, policy.ring_for) == ("rules", timedelta(seconds=5))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULES.replace("5s", "soon"), "rules.toml:3: ring_for: must be a span of time"),
        (RULES.replace("ring", "rang"), "rules.toml:3: rang_for: is not known here: did you mean"),
        ("name = 5 5", "rules.toml:1: is not TOML"),
        (b"\xff", "rules.toml"),
        (None, "rules.toml cannot be read"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(tmp_path, text, said):
    """A file that cannot be used is named, with line and key."""
    rules = tmp_path / "rules.toml"
    if text is not None:
        rules.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidValue) as refused:
        FakeCentre(policy=rules)
    assert said in str(refused.value)


def test_calendars_are_defined_before_the_policy():
    """What a policy could need is there when it is adopted."""
    quick = Policy(name="quick", plan=DEFAULT_POLICY.plan)
    fake = FakeCentre(calendar=[NIGHTS], policy=quick)
    assert [one.name for one in defined(fake, "calendar")] == ["always-open", "nights"]
    kinds = [event.type for event in fake.log]
    assert kinds.index("policy.adopted") > kinds.index("calendar.defined")


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        (START, "Europe/Madrid", START),
        ("09:00", "UTC", START),
        ("09:00", "Europe/Madrid", datetime(2026, 1, 5, 8, tzinfo=UTC)),
        ("00:00", "Asia/Tokyo", datetime(2026, 1, 4, 15, tzinfo=UTC)),
        ("Tue 14:30:15", "UTC", datetime(2026, 1, 6, 14, 30, 15, tzinfo=UTC)),
        ("2026-03-29T00:30Z", "Europe/Madrid", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("2026-03-29T00:30+02:00", "UTC", datetime(2026, 3, 28, 22, 30, tzinfo=UTC)),
        ("2026-07-01 09:00", "Europe/Madrid", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        ("2025-12-31 09:00:30", "UTC", datetime(2025, 12, 31, 9, 0, 30, tzinfo=UTC)),
    ],
)
def test_the_start_is_an_instant_or_what_a_clock_reads(start, zone, expected):
    """Without an offset it is a clock of the centre's zone, on the day on which fakes start."""
    assert FakeCentre(start=start, zone=zone).now == expected


@given(st.times(), st.sampled_from(["UTC", "Europe/Madrid", "America/Lima", "Asia/Tokyo"]))
def test_a_clock_at_the_start_reads_what_was_asked_for(clock, zone):
    """Whatever the zone, its clock reads so, on Monday, 5 January 2026."""
    clock = clock.replace(microsecond=0)
    local = FakeCentre(start=f"{clock:%H:%M:%S}", zone=zone).now.astimezone(zone_named(zone))
    assert (local.time(), local.date().isoformat()) == (clock, "2026-01-05")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": "nine"}, "start must be an aware datetime or text such as"),
        ({"start": "25:00"}, "not '25:00'"),
        ({"start": "2026-02-30T09:00Z"}, "not '2026-02-30T09:00Z'"),
        ({"start": 9}, "not 9"),
        ({"start": None}, "not None"),
        ({"zone": "Europe/Mardid"}, "time zone Europe/Mardid is unknown here"),
        ({"zone": UTC}, "a time zone must be a name"),
        ({"channels": 7}, "channels cannot be int: give names"),
        ({"channels": [7]}, "channels cannot have int in it: give names"),
        ({"channels": [Queue(name="x")]}, "channels cannot have Queue in it"),
        (
            {"channels": {"name": "kiosk", "lod": 7}},
            "channel: lod: is not known here: did you mean",
        ),
        ({"channels": {"name": "kiosk", "load": -7}}, "channel: load: Channel.load"),
        ({"channels": {}}, "channel: name is missing"),
        ({"queues": [{"name": "x", "wrap": 1}]}, "queue: wrap: is not known here: did you mean"),
        ({"queues": [{"name": "x", "wrap_up": "soon"}]}, "queue: wrap_up: must be a span of time"),
        ({"greeter": 7}, "greeter cannot be int: give the names of channels, or () for none"),
        ({"greeter": [7]}, "greeter cannot have int in it"),
        ({"calendar": 7}, "calendar cannot be int: give a Calendar or the name of its file"),
        ({"policy": 7}, "policy cannot be int: give a Policy or the name of its file"),
        ({"store": "oracle"}, 'one of "memory", "sqlite", not \'oracle\''),
        ({"store": 7}, "not int"),
        ({"store": lambda: 7}, "not int"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_do(options, said):
    """Nothing wrong is taken for something else, and the message says what would be right."""
    with pytest.raises(InvalidValue) as refused:
        FakeCentre(**options)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("greeter", "served"),
    [((), []), ("kiosk", ["kiosk"]), (["web", "kiosk"], ["web", "kiosk"])],
)
def test_the_greeter_serves_what_it_is_told(greeter, served):
    """Who has a machine of its own for a channel takes that channel from the greeter."""
    fake = FakeCentre(greeter=greeter)
    begun = [fake.customer().starts(channel) for channel in ("web", "app", "chat", "kiosk")]
    assert [one.channel for one in begun if one.worker == fake.greeter] == served


def test_the_store_can_be_of_any_kind():
    """A store is given, made, or named by its kind."""
    assert isinstance(FakeCentre().store, MemoryStore)
    assert isinstance(FakeCentre(store="memory").store, MemoryStore)
    with FakeCentre(store="sqlite") as fake:
        assert isinstance(fake.store, SQLiteStore)
    given_one = MemoryStore()
    assert FakeCentre(given_one).store is given_one
    assert isinstance(FakeCentre(MemoryStore).store, MemoryStore)


def closed(store):
    """Whether a store can be read no more."""
    try:
        list(store.read())
    except StoreFault:
        return True
    return False


def test_what_a_fake_opened_it_closes():
    """At its end a fake closes the store that it made, not one that it was given."""
    given_one = SQLiteStore(":memory:")
    with FakeCentre(given_one):
        pass
    assert not closed(given_one)
    given_one.close()
    with FakeCentre(lambda: SQLiteStore(":memory:")) as fake:
        assert not closed(fake.store)
    assert closed(fake.store)
    fake.close()


def test_a_fake_that_could_not_be_made_leaves_nothing_open():
    """Where something is wrong with the rest, the store that was made for it is closed."""
    made = []

    def make():
        made.append(SQLiteStore(":memory:"))
        return made[0]

    with pytest.raises(InvalidValue):
        FakeCentre(make, channels=[7])
    assert closed(made[0])


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_the_log_can_be_read_after_the_end(store):
    """Whoever reports what happened may come late."""
    with FakeCentre(store=store) as fake:
        page = fake.customer("Ana").starts("web")
        before = list(fake.log)
    assert list(fake.log) == before
    assert page.worker == fake.greeter


def test_fakes_can_be_found_while_somebody_holds_them():
    """Those made after a moment are found in order; nobody is kept alive by that."""
    before = fakes_made()
    first, second = FakeCentre(), FakeCentre()
    assert fakes_since(before) == [first, second]
    assert fakes_since(fakes_made()) == []
    del first
    gc.collect()
    assert fakes_since(before) == [second]


def test_the_names_of_channels_mean_the_same_everywhere():
    """A channel by its name alone is the one that an arrival by that name would be on."""
    for name in ("voice", "kiosk"):
        fake = FakeCentre(channels=name)
        fake.customer().starts(name)
        assert defined(fake, "channel") == [known_channel(name)]
