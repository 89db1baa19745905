"""Commands that wait to be given: written, read again, and what is said of what cannot be."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.one_of_each import FIELDS, one_of

from onechannel import codec
from onechannel import commands as c
from onechannel.codec import commands_from_json, commands_to_json
from onechannel.errors import BatchRefused, StoreFault
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.testing.strategies import START, commands

PRIVATE = "Ana García"
ACTORS = [SYSTEM, Actor(ActorKind.VENDOR), Actor(ActorKind.WORKER, "w:1 / 日本")]


def test_there_is_one_of_each():
    """Every command of the table is tried."""
    assert {*FIELDS} == {*c.VERBS}
    assert len(FIELDS) == 65


@pytest.mark.parametrize("kind", c.VERBS, ids=lambda kind: kind.__name__)
def test_every_command_comes_back(kind):
    """Equal, with its actor and when it claims to be of; under the name of its verb."""
    full = (one_of(kind), ACTORS[2], START + timedelta(microseconds=1))
    text = commands_to_json([full])
    assert commands_from_json(text) == (full,)
    assert json.loads(text)[0][0] == c.VERBS[kind].name
    assert type(commands_from_json(text)[0][0]) is kind


@given(st.lists(st.tuples(commands(), st.sampled_from(ACTORS), st.sampled_from([None, START]))))
def test_any_commands_come_back(given_commands):
    """In order, whatever stands in them, and equal ones are written as equal bytes."""
    text = commands_to_json(iter(given_commands))
    back = commands_from_json(text)
    assert back == tuple(given_commands)
    assert commands_to_json(back) == text


@given(st.lists(st.tuples(commands(), st.just(SYSTEM), st.just(START)), max_size=3))
def test_both_json_libraries_write_the_same_commands(given_commands):
    """With the extra `fast` or without it."""
    text = commands_to_json(given_commands)
    with pytest.MonkeyPatch.context() as slow:
        slow.setattr(codec, "dumps", codec._plain_dumps)
        slow.setattr(codec, "loads", codec._plain_loads)
        assert commands_to_json(given_commands) == text
        assert commands_from_json(text) == tuple(given_commands)


def test_no_commands_are_commands_too():
    """A letter may mean nothing."""
    assert commands_to_json([]) == "[]"
    assert commands_from_json("[]") == ()


SAY = json.loads(commands_to_json([(c.Say(interaction="i", text=PRIVATE), SYSTEM, None)]))[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}x",
        PRIVATE,
        "null",
        "7",
        '"say"',
        "[1]",
        "[[]]",
        '[["say"]]',
        json.dumps([[*SAY, "more"]]),
        json.dumps([["teleport", *SAY[1:]]]),
        json.dumps([[None, *SAY[1:]]]),
        json.dumps([[["say"], *SAY[1:]]]),
        json.dumps([["leave", {"interaction": 7}, *SAY[2:]]]),
        json.dumps([["say", {"interaction": PRIVATE}, *SAY[2:]]]),
        json.dumps([["say", None, *SAY[2:]]]),
        json.dumps([["say", [PRIVATE], *SAY[2:]]]),
        json.dumps([["say", SAY[1] | {"text": 7}, *SAY[2:]]]),
        json.dumps([["say", SAY[1] | {"interaction": ""}, *SAY[2:]]]),
        json.dumps([["accept", {"assignment": "i/1"}, "nobody", None]]),
        json.dumps([["accept", {"assignment": "i/1"}, None, None]]),
        json.dumps([["accept", {"assignment": "i/1"}, "system", "yesterday"]]),
        json.dumps([["accept", {"assignment": "i/1"}, "system", 7]]),
        json.dumps([["accept", {"assignment": "i/1"}, "system", "2026-01-05T09:00:00"]]),
        "[" * 100_000,
    ],
    ids=range(25),
)
def test_commands_that_cannot_be_read_are_a_store_fault(text):
    """An unknown verb, a field that is missing, of another type or not valid: nothing is cited."""
    with pytest.raises(StoreFault) as caught:
        commands_from_json(text)
    assert "read them anew" in str(caught.value)
    assert PRIVATE not in str(caught.value)
    assert caught.value.__cause__ is None


def spoilt(command, **fields):
    """A command that was changed behind its own back."""
    for name, value in fields.items():
        object.__setattr__(command, name, value)
    return command


@pytest.mark.parametrize(
    "command",
    [
        spoilt(c.Say(interaction="i", text=""), text=f"{PRIVATE} \ud83d"),
        spoilt(c.Leave(interaction="i"), interaction="\udc80"),
        spoilt(c.Arrive(interaction="i", channel="chat"), priority=2**63),
        spoilt(c.Suspend(interaction="i", party="p", reason="r", due=START), due=START.replace(
            tzinfo=None
        )),
        PRIVATE,
        None,
    ],
    ids=range(6),
)  # fmt: skip
def test_commands_that_cannot_be_carried_are_not_written(command):
    """Half a character, a number beyond 64 bits, a time without a zone, what is no command."""
    with pytest.raises(BatchRefused) as caught:
        commands_to_json([(c.Leave(interaction="i"), SYSTEM, None), (command, SYSTEM, None)])
    assert PRIVATE not in str(caught.value)
    assert "nothing was kept" in str(caught.value)


def test_half_a_character_in_an_actor_is_not_written():
    """Nor a claim of a time without a zone."""
    actor = spoilt(Actor(ActorKind.WORKER, "w"), id="\ud83d")
    leave = c.Leave(interaction="i")
    for given_actor, claimed_at in ((actor, None), (SYSTEM, START.replace(tzinfo=None))):
        with pytest.raises(BatchRefused):
            commands_to_json([(leave, given_actor, claimed_at)])
