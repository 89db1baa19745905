"""The fold that watches over the scenes: it sees what is planted, and says where."""

import re
from collections.abc import Callable

import attrs
import pytest
from tests.unit.custody import Custody, assert_custody
from tests.unit.scenes import SECOND, Scene, everybody_was_somebodys, person

from onechannel import commands as c
from onechannel import events as e
from onechannel.model.assignment import Role
from onechannel.model.worker import Capacity

__all__ = ["everybody_was_somebodys"]

Log = list[e.Event]


def a_day() -> Scene:
    """A call with a consult, a transfer, a message, and an end."""
    there = Scene(person("p"), person("q"))
    there.served("i", "p")
    there.ask(c.Say(interaction="i", text="hello", assignment="i/1"))
    there.ask(c.Consult(interaction="i", worker="q"))
    there.accepts("i", "q")
    there.ask(c.Suggest(assignment="i/2", text="refund"))
    there.ask(c.Release(assignment="i/2"))
    there.passes(40 * SECOND)
    there.ask(c.Transfer(interaction="i", worker="q"))
    there.accepts("i", "q")
    there.ask(c.Leave(interaction="i"))
    there.passes(40 * SECOND)
    return there


def numbered(events: Log) -> Log:
    """The same events, one after the other."""
    return [attrs.evolve(event, position=at) for at, event in enumerate(events, start=1)]


def told(log: Log) -> list[str]:
    """What the fold has to say of a log."""
    custody = Custody()
    for event in log:
        custody.add(event)
    custody.rest(log[-1])
    return custody.wrong


def without(log: Log, name: str, number: int = 0) -> Log:
    """The log without the so manieth event of that type."""
    found = [event for event in log if event.type == name][number]
    return numbered([event for event in log if event is not found])


def changed(log: Log, name: str, number: int = 0, **fields: object) -> Log:
    """The log in which the so manieth event of that type says something else."""
    found = [event for event in log if event.type == name][number]
    data = attrs.evolve(found.data, **fields)
    return [attrs.evolve(event, data=data) if event is found else event for event in log]


def early(log: Log, name: str, number: int = 0) -> Log:
    """The log in which that event comes one earlier."""
    at = log.index([event for event in log if event.type == name][number])
    return numbered([*log[: at - 1], log[at], log[at - 1], *log[at + 1 :]])


def late(log: Log, name: str) -> Log:
    """The log in which the first event of that type comes last."""
    found = next(event for event in log if event.type == name)
    return numbered([*(event for event in log if event is not found), found])


PLANTED: dict[str, tuple[Callable[[Log], Log], str]] = {
    "let go before the queue has it": (
        lambda log: early(log, "assignment.wrapping", 1),
        "p let go of i, and nobody has it",
    ),
    "no queue after a transfer": (
        lambda log: without(log, "interaction.queued", 1),
        "p let go of i, and nobody has it",
    ),
    "nobody's from the beginning": (
        lambda log: without(log, "interaction.queued", 0),
        "i does not wait, and p is asked",
    ),
    "talking to who has hung up": (
        lambda log: without(log, "assignment.wrapping", 2)[:-1],
        "i/3 is active in what is closed",
    ),
    "no wrap-up": (
        lambda log: without(log, "assignment.wrapping", 1),
        "i/1 wraps up for 0:00:30, and did not",
    ),
    "twice the owner": (
        lambda log: without(log, "assignment.wrapping", 1)[:-3],
        "i/1 serves what it does not own",
    ),
    "speaking after the end": (
        lambda log: late(log, "message.sent"),
        "p is over, serves, and speaks",
    ),
    "suggesting to oneself": (
        lambda log: changed(log, "message.suggested", assignment="i/1"),
        "serves, and suggests",
    ),
    "asked when away": (
        lambda log: changed(log, "worker.signed_in", 1, worker="p"),
        "q is signed_out and asked",
    ),
    "asked beyond capacity": (
        lambda log: changed(
            log, "worker.defined", 1, definition=person("q", capacity=Capacity(total=99))
        ),
        "q has 0 of 99 and is asked",
    ),
    "a position left out": (
        lambda log: [event for event in log if event.type != "message.sent"],
        "a position was left out",
    ),
    "asked twice over": (
        lambda log: changed(log, "assignment.opened", 1, role=Role.SERVES),
        "does not wait",
    ),
}


@pytest.mark.parametrize(("plant", "complaint"), PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_seen(plant, complaint):
    """A log that cannot be is not passed over, and what is wrong with it is said."""
    log = a_day().log
    assert told(log) == []
    wrong = told(plant(list(log)))
    assert any(re.search(complaint, one) for one in wrong), wrong


def test_a_sound_log_is_passed():
    """What the kernel makes has nothing wrong with it, and its end is given back."""
    end = assert_custody(a_day().log)
    assert end.lines["i"].closed
    with pytest.raises(AssertionError, match="nobody has it"):
        assert_custody(without(a_day().log, "interaction.queued", 1))
