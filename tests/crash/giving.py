"""What is given to a centre that is about to fail, and how: the one place that knows the cycle.

Laws of this file: the n-th command of a giver is always the same, so that it can be given again
under its id by another process; none of them is refused, whatever others do meanwhile; every third
comes in a letter, and somebody outside is to be told of it.
"""

from datetime import UTC, datetime, timedelta

import attrs

from onechannel import commands as c
from onechannel.commands import Command
from onechannel.delivery import (
    CommitCycle,
    Letter,
    Order,
    Received,
    Served,
    Submission,
    Subscribe,
)
from onechannel.delivery.inbox import letter_key
from onechannel.delivery.work import derived_id
from onechannel.model import Capacity, Worker
from onechannel.model.actor import SYSTEM
from onechannel.ports import Clock, Destination, LetterState

__all__ = [
    "OUTSIDE",
    "PER_VISIT",
    "Given",
    "command_of",
    "give",
    "give_next",
    "name_of",
    "now",
    "prepare",
]

#: Who is told of what is said.
OUTSIDE = Destination(name="outside", types={"message.received"})
#: Commands of one visit: it arrives, something is said, it is closed.
PER_VISIT = 3


@attrs.frozen
class Given:
    """An acknowledgement: the id of a command and the positions of its events."""

    command: str
    first: int
    last: int
    repeated: bool = False


def now() -> datetime:
    """What the clock says."""
    return datetime.now(UTC)


def give(cycle: CommitCycle, command: Command, name: str, clock: Clock = now) -> Given:
    """Give one command; when this returns it has been acknowledged."""
    (answer,) = cycle.run([Submission(command, name)], clock).answers
    assert isinstance(answer, Served), (name, answer)
    return Given(name, answer.first, answer.last, answer.repeated)


def prepare(cycle: CommitCycle, clock: Clock = now) -> list[Given]:
    """Workers who take what they are asked, a few at a time, so that others wait for them.

    Somebody outside is told of every message.
    """
    given: list[Given] = []
    cycle.run([Subscribe(OUTSIDE)], clock)
    for number in range(2):
        machine = Worker(
            id=f"m-{number}",
            capacity=Capacity(others=3),
            wrap_up=timedelta(0),
            accepts_by_itself=True,
        )
        for step, command in enumerate(
            (c.DefineWorker(worker=machine), c.SignIn(worker=machine.id))
        ):
            given.append(give(cycle, command, f"prepare-{number}/{step}", clock))
    return given


def name_of(giver: str, number: int) -> str:
    """The id under which a giver's n-th command is known."""
    name = _name(giver, number)
    return derived_id(letter_key(giver, name), 1) if _by_letter(number) else name


def command_of(giver: str, number: int) -> Command:
    """A giver's n-th command."""
    visit = _visit(giver, number)
    match number % PER_VISIT:
        case 0:
            return c.Arrive(interaction=visit, channel="chat")
        case 1:
            return c.Say(interaction=visit, text=f"This is {visit}.")
        case _:
            return c.Close(interaction=visit)


def give_next(cycle: CommitCycle, giver: str, number: int, clock: Clock = now) -> Given:
    """Give a giver's n-th command, be it in a letter."""
    command = command_of(giver, number)
    if not _by_letter(number):
        return give(cycle, command, name_of(giver, number), clock)
    letter = Letter(
        source=giver,
        id=_name(giver, number),
        conversation=_visit(giver, number),
        orders=(Order(command, SYSTEM),),
    )
    (answer,) = cycle.run([letter], clock).answers
    assert isinstance(answer, Received), (letter.id, answer)
    assert answer.state is LetterState.STORED, (letter.id, answer)
    name = name_of(giver, number)
    with cycle._store.session() as session:
        return Given(name, *session.seen([name])[name], answer.repeated)


def _name(giver: str, number: int) -> str:
    return f"{_visit(giver, number)}/{number % PER_VISIT}"


def _visit(giver: str, number: int) -> str:
    return f"{giver}-{number // PER_VISIT}"


def _by_letter(number: int) -> bool:
    """What is said comes from a vendor."""
    return number % PER_VISIT == 1
