"""The codec: what is written, what can be read again, and what is said of what cannot."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from onechannel import codec
from onechannel import events as e
from onechannel.codec import (
    UPCASTERS,
    data_from_json,
    data_to_json,
    event_from_json,
    event_to_dict,
    event_to_json,
    snapshot_from_json,
    snapshot_to_json,
)
from onechannel.errors import LogInconsistent, StoreFault
from onechannel.kernel import Snapshot
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.channel import Channel
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.policy import PlanRule, Policy, StepRule
from onechannel.model.worker import Worker
from onechannel.testing.strategies import START, Rehearsal, seeded

PRIVATE = "Ana García"
ORIGIN = e.Origin(START, START, e.Cause.COMMAND, "r1", SYSTEM, "main")
SAID = e.Event(7, ORIGIN, e.MessageReceived("i", "i#1", "chat", None, PRIVATE))


def line(**changes) -> str:
    """The line of `SAID`, with something else in it."""
    return json.dumps(json.loads(event_to_json(SAID)) | changes)


# -- names and versions ---------------------------------------------------------------------------


def test_every_event_has_a_stored_name_of_its_own():
    """Names are chosen, `subject.happened`, and versions count from 1."""
    kinds = [kind for kind in vars(e).values() if isinstance(kind, type)]
    known = {kind for kind in kinds if issubclass(kind, e.EventData)} - {e.EventData}
    stored = {kind for kind in known if kind.stored}
    assert {*e.EVENT_TYPES.values()} == stored
    assert known - stored == {e.TypingNoticed}
    for name, kind in e.EVENT_TYPES.items():
        assert kind.stored_name == name
        assert name == name.lower()
        assert name.count(".") == 1
        assert kind.version >= 1


def test_the_envelope_says_what_and_who():
    """The envelope's keys are frozen, in this order; it names the subjects, and the id."""
    sent = e.MessageSent("i", "i#2", "chat", "i/1", "p", "hello")
    envelope = event_to_dict(e.Event(7, ORIGIN, sent))
    assert [*envelope] == [
        "position", "id", "type", "version", "recorded_at", "occurred_at", "cause", "command",
        "actor", "tenant", "interaction", "customer", "journey", "worker", "data",
    ]  # fmt: skip
    assert (envelope["id"], envelope["type"], envelope["version"]) == ("main-7", "message.sent", 1)
    subjects = [envelope[name] for name in codec.SUBJECTS]
    assert subjects == ["i", None, None, "p"]


@pytest.mark.parametrize(
    "actor", [SYSTEM, Actor(ActorKind.WORKER, "p"), Actor(ActorKind.VENDOR, "a:b:c")], ids=str
)
def test_an_actor_is_read_as_it_was_written(actor):
    """A colon in an id is a part of the id."""
    event = attrs.evolve(SAID, origin=attrs.evolve(ORIGIN, actor=actor))
    assert event_from_json(event_to_json(event)) == event


# -- the same bytes -------------------------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["orjson"] = None
from onechannel import codec
from onechannel.testing.strategies import Rehearsal, seeded
assert codec.loads("[1]") == [1] and "orjson" not in codec.dumps.__module__
done = Rehearsal.of(seeded(11, 600))
for event in done.log:
    text = codec.event_to_json(event)
    assert codec.event_from_json(text) == event
    print(text)
print(codec.snapshot_to_json(done.kernel.snapshot()))
"""


def test_equal_values_give_equal_bytes_without_orjson():
    """A process without the extra `fast` writes the same bytes, and reads what it wrote."""
    done = Rehearsal.of(seeded(11, 600))
    expected = [*map(event_to_json, done.log), snapshot_to_json(done.kernel.snapshot())]
    made = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        env=os.environ | {"PYTHONHASHSEED": "3", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert made.splitlines() == expected


AWKWARD = [
    e.WorkerDefined("p", Worker(id="p", skills={"a": 1e-7, "b": 1e22, "c": -0.5, "d": 3})),
    e.WorkerDefined("p", Worker(id="p", wrap_up=timedelta(microseconds=1))),
    e.WorkerDefined("p", Worker(id="p", wrap_up=timedelta(days=30_000, microseconds=250))),
    e.PolicyAdopted(Policy(name="p", plan=PlanRule(steps=(StepRule(skills={"é€": 1.5}),)))),
    e.MessageReceived(
        "i", "i#1", "chat", None, 'quote " back \\ slash / tab \t bell \x07 del \x7f é \u2028 🙂'
    ),
    e.InteractionArrived("i", "chat", None, None, None, -(2**62), None),
]


@pytest.mark.parametrize("data", AWKWARD, ids=lambda data: type(data).__name__)
def test_what_json_libraries_write_differently_is_written_one_way(data, monkeypatch):
    """Very small and very large numbers, and every sign, are the same bytes with both libraries."""
    with_orjson = data_to_json(data)
    monkeypatch.setattr(codec, "dumps", codec._plain_dumps)
    monkeypatch.setattr(codec, "loads", codec._plain_loads)
    assert data_to_json(data) == with_orjson
    assert data_from_json(1, data.stored_name, data.version, with_orjson) == data


def test_sets_are_written_in_order():
    """A set has no order of its own; what is written does."""
    rule = StepRule(kinds={"person", "machine", "partner"})
    adopted = e.PolicyAdopted(Policy(name="p", plan=PlanRule(steps=(rule,))))
    kinds = json.loads(data_to_json(adopted))["policy"]["plan"]["steps"][0]["kinds"]
    assert kinds == ["machine", "partner", "person"]


def test_maps_are_written_in_order():
    """A map is written by key, whatever the order it was built in."""
    one = e.AnomalyObserved("i", "v", "r", FrozenMap({"b": "2", "a": "1"}))
    other = e.AnomalyObserved("i", "v", "r", FrozenMap({"a": "1", "b": "2"}))
    assert one == other
    assert data_to_json(one) == data_to_json(other)
    assert '{"a":"1","b":"2"}' in data_to_json(one)


def test_times_are_written_in_utc():
    """With Z, and with microseconds only where there are any."""
    assert codec.time_to_text(START) == "2026-01-05T09:00:00Z"
    assert codec.time_to_text(START + timedelta(microseconds=5)) == "2026-01-05T09:00:00.000005Z"
    assert codec.time_from_text("2026-01-05T09:00:00Z") == START
    assert codec.time_from_text("2026-01-05T09:00:00Z").tzinfo is UTC


# -- versions -------------------------------------------------------------------------------------


def test_a_newer_version_is_refused():
    """An event of a release that does not exist yet cannot be guessed at."""
    for changes in ({"version": 2}, {"type": "interaction.cloned"}):
        with pytest.raises(LogInconsistent, match="newer release") as caught:
            event_from_json(line(**changes))
        assert caught.value.position == 7
        assert PRIVATE not in str(caught.value)


def test_an_old_version_is_brought_up_to_date(monkeypatch):
    """Upcasters lead from each version to the next, one after the other."""
    monkeypatch.setattr(e.MessageRetracted, "version", 3)
    monkeypatch.setitem(
        UPCASTERS, ("message.retracted", 1), lambda data: {"interaction": data["i"], "number": 3}
    )
    monkeypatch.setitem(
        UPCASTERS,
        ("message.retracted", 2),
        lambda data: {"interaction": data["interaction"], "message": f"a#{data['number']}"},
    )
    retracted = e.MessageRetracted("a", "a#3")
    assert data_from_json(1, "message.retracted", 1, '{"i":"a"}') == retracted
    read = event_from_json(line(type="message.retracted", version=1, data={"i": "a"}))
    assert read.data == retracted


def test_an_old_version_without_an_upcaster_cannot_be_read(monkeypatch):
    """A version nobody can bring up to date is inconsistent, not misread."""
    monkeypatch.setattr(e.MessageReceived, "version", 2)
    with pytest.raises(LogInconsistent, match=r"not that of message\.received 1"):
        event_from_json(line(version=1))


# -- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "null", '"x"', "{}", b"\xff\xfe", '{"position": 1}', f'"{PRIVATE}"'],
)
def test_text_that_is_no_event_is_a_store_fault(text):
    """What is no event of a log is said to be none, and not cited."""
    with pytest.raises(StoreFault, match="not an event of a log") as caught:
        event_from_json(text)
    assert PRIVATE not in str(caught.value)


WHOLE = {
    "interaction": "i",
    "message": "i#1",
    "channel": "chat",
    "author": None,
    "text": PRIVATE,
    "attachments": [],
}
FILED = {"reference": "r", "media_type": "image/png", "size": 7, "name": PRIVATE}
DAMAGED = [
    {},
    [],
    None,
    PRIVATE,
    {"interaction": "i"},
    WHOLE | {"interaction": None},
    WHOLE | {"interaction": ["i"]},
    WHOLE | {"text": None},
    WHOLE | {"text": 7},
    WHOLE | {"author": 7},
    WHOLE | {"attachments": PRIVATE},
    WHOLE | {"attachments": [PRIVATE]},
    WHOLE | {"attachments": [FILED | {"size": "7"}]},
    WHOLE | {"attachments": [FILED | {"size": -7}]},
]


@pytest.mark.parametrize("data", DAMAGED, ids=repr)
def test_damaged_data_is_inconsistent_at_its_position(data):
    """What is not that event's data is named by position and type, and never cited."""
    whole = WHOLE | {"attachments": [FILED]}
    assert event_from_json(line(data=whole)).data.attachments[0].name == PRIVATE
    for read in (
        lambda: event_from_json(line(data=data)),
        lambda: data_from_json(7, "message.received", 1, json.dumps(data)),
    ):
        with pytest.raises(LogInconsistent) as caught:
            read()
        assert caught.value.position == 7
        assert PRIVATE not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"recorded_at": "yesterday"},
        {"recorded_at": "2026-01-05T09:00:00"},
        {"recorded_at": "2026-01-05T09:00:00+02:00"},
        {"occurred_at": None},
        {"cause": PRIVATE},
        {"actor": PRIVATE},
        {"actor": 7},
        {"version": "1"},
        {"version": None},
        {"version": 0},
    ],
    ids=repr,
)
def test_a_damaged_envelope_is_inconsistent_at_its_position(changes):
    """An envelope is read as exactly as it was written, or not at all."""
    with pytest.raises(LogInconsistent) as caught:
        event_from_json(line(**changes))
    assert caught.value.position == 7
    assert PRIVATE not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"type": ["x"]}, id="type"),
        pytest.param({"position": PRIVATE}, id="position"),
        pytest.param({"position": 0}, id="nothing"),
        pytest.param({"tenant": 7}, id="tenant"),
        pytest.param({"command": 7}, id="command"),
    ],
)
def test_an_envelope_of_other_types_is_no_event(changes):
    """Positions count from 1; names, tenants and command ids are text."""
    with pytest.raises(StoreFault) as caught:
        event_from_json(line(**changes))
    assert PRIVATE not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        e.InteractionArrived("i", "chat", None, None, None, 2**64, None),
        e.MessageReceived("i", "i#1", "chat", None, "\ud800"),
        e.MessageReceived("i", "i#1", "chat", None, "", (None,)),
        e.WorkerUnavailable("p", "lunch", datetime(2026, 1, 5)),  # noqa: DTZ001
        e.WorkerUnavailable("p", object(), None),
        e.ChannelDefined(None),
    ],
    ids=lambda data: type(data).__name__,
)
def test_what_cannot_be_carried_is_not_written(data):
    """Half a character, a number beyond 64 bits, a time that is not UTC: nothing is kept."""
    for write in (lambda: data_to_json(data), lambda: event_to_json(e.Event(1, ORIGIN, data))):
        with pytest.raises(StoreFault, match="cannot be written"):
            write()


@pytest.mark.parametrize(
    "origin",
    [{"command": "\ud800"}, {"recorded_at": datetime(2026, 1, 5)}, {"cause": None}],  # noqa: DTZ001
)
def test_an_envelope_that_cannot_be_carried_is_not_written(origin):
    """The envelope is held to the same."""
    with pytest.raises(StoreFault, match="cannot be written"):
        event_to_json(e.Event(1, attrs.evolve(ORIGIN, **origin), SAID.data))


# -- snapshots ------------------------------------------------------------------------------------


def test_a_snapshot_is_read_as_it_was_written():
    """Every part of the state goes through the codec and comes back, to the byte."""
    there, seen = Rehearsal(), set()
    for cue in seeded(11, 300):
        there.perform(cue)
        snapshot = there.kernel.snapshot()
        text = snapshot_to_json(snapshot)
        read = snapshot_from_json(text)
        assert snapshot_to_json(read) == text
        assert read.deadlines == snapshot.deadlines
        seen |= {field.name for field in attrs.fields(Snapshot) if getattr(snapshot, field.name)}
    assert seen == {field.name for field in attrs.fields(Snapshot)}


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version":1}', b"\xff"])
def test_a_snapshot_that_cannot_be_read_is_a_store_fault(text):
    """Upon which the log is replayed, which needs no snapshot."""
    with pytest.raises(StoreFault, match="replay the log"):
        snapshot_from_json(text)


def test_a_snapshot_that_cannot_be_carried_is_not_written():
    """What cannot be written is a fault of the same kind in a snapshot as in an event."""
    there = Rehearsal(stocked=False)
    channel = Channel(name="huge")
    object.__setattr__(channel, "load", 2**64)
    there.kernel.follow([e.Event(1, ORIGIN, e.ChannelDefined(channel))])
    with pytest.raises(StoreFault):
        snapshot_to_json(there.kernel.snapshot())
