"""Centres for the tests of rules: scenes whose refusals are answers, and processes at one store.

Law of this file: nothing here decides; it asks, and says what came of it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.unit.scenes import Scene

from onechannel import commands as c
from onechannel import events as e
from onechannel.delivery import CommitCycle, Refused, Served, Submission
from onechannel.errors import CommandRefused
from onechannel.model.actor import SYSTEM, Actor
from onechannel.testing.strategies import START

__all__ = ["attempt", "kinds", "of", "processes", "serve", "submit", "tried"]


def attempt(there: Scene, command: c.Command, **more: Any) -> str | None:
    """Ask it in a scene: None if it was served, else why not."""
    try:
        there.ask(command, **more)
    except CommandRefused as refusal:
        return str(refusal)
    return None


def tried(there: Scene, commands: Iterable[c.Command]) -> list[str | None]:
    """The answers to each of them, in order."""
    return [attempt(there, command) for command in commands]


def kinds(events: Iterable[e.Event]) -> list[str]:
    """The stored names of events."""
    return [event.type for event in events]


def of(events: Iterable[e.Event], kind: type[Any]) -> list[Any]:
    """What happened of that kind."""
    return [event.data for event in events if isinstance(event.data, kind)]


def processes(store: Any, count: int) -> list[CommitCycle]:
    """So many processes at one store, each with a kernel of its own."""
    return [CommitCycle(store) for _ in range(count)]


def submit(
    cycle: CommitCycle,
    command: c.Command,
    name: str,
    *,
    actor: Actor = SYSTEM,
    at: datetime = START,
) -> Served | Refused:
    """One cycle of one command; gives its answer."""
    answer = cycle.run([[Submission(command, name, actor)]], lambda: at).answers[0]
    (one,) = answer if isinstance(answer, tuple) else (answer,)
    assert isinstance(one, Served | Refused), one
    return one


def serve(
    cycle: CommitCycle, *commands: c.Command, at: datetime = START, prefix: str = "s"
) -> None:
    """Serve commands that nothing keeps from being served."""
    for number, command in enumerate(commands):
        answer = submit(cycle, command, f"{prefix}{number}", at=at)
        assert isinstance(answer, Served), answer
