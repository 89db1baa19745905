"""Whatever can happen can be written, and read again as it was."""

import json
from contextlib import suppress
from copy import copy
from datetime import timedelta, timezone

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onechannel import codec
from onechannel import events as e
from onechannel.codec import (
    data_from_json,
    data_to_json,
    event_from_json,
    event_to_json,
    origin_from_texts,
    origin_to_texts,
    snapshot_from_json,
    snapshot_to_json,
)
from onechannel.errors import BatchRefused, StoreFault
from onechannel.kernel import Kernel
from onechannel.model.actor import SYSTEM
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.worker import Worker
from onechannel.testing.strategies import (
    PLANNERS,
    START,
    Rehearsal,
    event_data,
    events,
    scripts,
    seeded,
    values,
)

PLAIN = (codec._plain_dumps, codec._plain_loads)
FAST = (codec.dumps, codec.loads)


# There are sixty kinds of events: a third of the examples for each is still a thousand.
@settings(max_examples=settings.default.max_examples // 3)
@pytest.mark.parametrize("kind", [*e.EVENT_TYPES.values()], ids=lambda kind: kind.stored_name)
@given(st.data())
def test_every_kind_of_event_comes_back(kind, data):
    """An event that is written and read is the same event, in the same bytes."""
    happened = data.draw(event_data(kind))
    text = data_to_json(happened)
    read = data_from_json(1, kind.stored_name, kind.version, text)
    assert read == happened
    assert type(read) is kind
    assert data_to_json(read) == text


ODD = (
    None, "plain", "\ud83d", "e\u0301", 1, -(2**63), 2**63, True, 0.5, float("nan"), b"", (), [],
    START, START.replace(tzinfo=None), START.replace(tzinfo=timezone(timedelta(hours=2))),
    timedelta(1), timedelta.max, {"a": "\udc80"}, FrozenMap(), frozenset(), object(), SYSTEM,
    e.Cause.COMMAND, Worker(id="w"),
)  # fmt: skip


def refuses(write, value) -> bool:
    """Whether it is refused to write that."""
    try:
        write(value)
    except BatchRefused:
        return True
    return False


@settings(max_examples=settings.default.max_examples // 10)
@pytest.mark.parametrize("kind", [*e.EVENT_TYPES.values()], ids=lambda kind: kind.stored_name)
@given(st.data())
def test_a_check_refuses_what_writing_refuses(kind, data):
    """Whatever stands in a field, the quick check of an event says what writing it would."""
    happened = data.draw(event_data(kind))
    codec.check_data(happened)
    for field in attrs.fields(kind):
        for odd in ODD:
            changed = copy(happened)
            setattr(changed, field.name, odd)
            assert refuses(codec.check_data, changed) is refuses(data_to_json, changed)


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(e.Origin)])
def test_a_check_of_an_origin_refuses_what_writing_refuses(name):
    """The same of an envelope."""
    for odd in ODD:
        changed = e.Origin(START, START, e.Cause.COMMAND, "r1", SYSTEM, "main")
        setattr(changed, name, odd)
        written = refuses(codec.origin_to_texts, changed)
        assert refuses(codec.check_origin, changed) is written


@given(events())
def test_the_whole_line_comes_back(event):
    """The envelope too is read as it was written, from text and from bytes."""
    text = event_to_json(event)
    assert event_from_json(text) == event_from_json(text.encode()) == event
    assert "\n" not in text


@given(values(e.Origin))
def test_an_origin_comes_back(origin):
    """What stores keep in columns of their own is read as it was written."""
    texts = origin_to_texts(origin)
    assert len(texts) == len(codec.ORIGIN)
    assert origin_from_texts(1, texts, origin.tenant) == origin


@given(events())
def test_both_json_libraries_write_the_same_bytes(event):
    """Whether the extra `fast` is there or not, a line is the same, and each reads the other's."""
    dumps, loads = codec.dumps, codec.loads
    written = []
    try:
        for codec.dumps, codec.loads in (PLAIN, FAST):
            written.append(event_to_json(event))
            assert event_from_json(written[0]) == event
    finally:
        codec.dumps, codec.loads = dumps, loads
    assert written[0] == written[1]


@given(scripts(), st.integers(1, 9))
def test_every_snapshot_comes_back(script, every):
    """Whatever a kernel has come to know is written and read again, in the same bytes."""
    rehearsal = Rehearsal()
    for number, cue in enumerate(script):
        rehearsal.perform(cue)
        if number % every == 0:
            text = snapshot_to_json(rehearsal.kernel.snapshot())
            assert snapshot_to_json(snapshot_from_json(text)) == text


@given(scripts(), st.integers(0, 99), st.integers(1, 2**32))
def test_a_kernel_that_was_written_and_read_decides_the_same(script, cut, seed):
    """Restored from a snapshot's text it makes the events that it would have made, to the byte."""
    whole, there = Rehearsal(), Rehearsal()
    script = (*script, *seeded(seed, 20))
    for number, cue in enumerate(script):
        whole.perform(cue)
        if number == cut % len(script):
            text = snapshot_to_json(there.kernel.snapshot())
            there.kernel = Kernel.restore(snapshot_from_json(text), PLANNERS)
        there.perform(cue)
    assert [*map(event_to_json, there.log)] == [*map(event_to_json, whole.log)]
    assert snapshot_to_json(there.kernel.snapshot()) == snapshot_to_json(whole.kernel.snapshot())


JSON = st.none() | st.booleans() | st.integers(-9, 2**70) | st.floats() | st.text(max_size=5)
WRONG = JSON | st.lists(JSON, max_size=2) | st.dictionaries(st.text(max_size=3), JSON, max_size=2)
PLACES = st.integers(0, 1_000)


def damaged(value, number: int, wrong):
    """The value, with something else in the place that a number chooses."""
    path = (paths := [*places(value)])[number % len(paths)]
    if not path:
        return wrong
    part = value
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = wrong
    return value


def places(value, path=()):
    """Where something could be in a value, outside first."""
    yield path
    items = enumerate(value) if isinstance(value, list) else ()
    for key, part in value.items() if isinstance(value, dict) else items:
        yield from places(part, (*path, key))


@given(events(), PLACES, WRONG)
def test_damaged_data_is_a_fault_of_the_store(event, place, wrong):
    """Data with anything else in any place is another event's, or it is a fault of the store."""
    stored = json.loads(event_to_json(event))
    stored["data"] = damaged(stored["data"], place, wrong)
    with suppress(StoreFault):
        read = event_from_json(json.dumps(stored))
        assert type(read.data) is type(event.data)


@given(scripts(30), PLACES, WRONG)
def test_a_damaged_snapshot_is_a_fault_of_the_store(script, place, wrong):
    """A snapshot with anything else in any place is another snapshot, or cannot be read."""
    text = snapshot_to_json(Rehearsal.of(script).kernel.snapshot())
    spoilt = json.dumps(damaged(json.loads(text), place, wrong))
    with suppress(StoreFault):
        snapshot_from_json(spoilt)
