"""The live centre: what code that awaits a contact centre is written against.

Laws of this file: whatever is a live centre keeps every promise made here, in real time or in
virtual; what all of them do alike is done here, and how each does the rest is its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import anyio

from onechannel import commands as c
from onechannel.delivery import (
    Answer,
    Failed,
    Letter,
    Noted,
    Received,
    Refused,
    Replay,
    ReplayEffect,
    Work,
)
from onechannel.errors import InvalidValue
from onechannel.events import Event
from onechannel.model.actor import SYSTEM, Actor
from onechannel.ports import EventStore
from onechannel.runtime.feed import Feed
from onechannel.runtime.health import Health
from onechannel.runtime.sending import Sending
from onechannel.runtime.verbs import Giving, Verbs

__all__ = ["LiveCentre", "is_cancelled", "or_raised"]


class LiveCentre(Verbs, ABC):
    """A contact centre to be awaited; annotate with it what is given one.

    `Centre` is one on a store and in real time; `FakeCentre.live()` is one in virtual time, for the
    tests of what is written against it. Every verb of the command table can be awaited, as the
    system; `by` gives the same verbs to somebody else::

        await centre.by(Actor(ActorKind.WORKER, "marc")).accept(assignment="i-7/1")

    It is open within `async with`: before, whatever is asked of it raises `InvalidValue`, and
    afterwards `StoreFault`.
    """

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None: ...

    # -- commands ---------------------------------------------------------------------------------

    @abstractmethod
    async def do(
        self,
        command: c.Command,
        actor: Actor = SYSTEM,
        *,
        id: str | None = None,
        claimed_at: datetime | None = None,
    ) -> tuple[Event, ...]:
        """Give a command; gives the events it made once they are durable.

        Under an `id` that was served before, nothing is done again, and the events are those it
        made then. Raises what refuses it, having changed nothing; after a `StoreFault` give it
        again under the same id.
        """

    async def _give(self, command: c.Command) -> tuple[Event, ...]:
        return await self.do(command)

    def by(
        self,
        actor: Actor,
        *,
        id: str | None = None,
        claimed_at: datetime | None = None,
    ) -> Verbs:
        """The same verbs for somebody else; `id` and `claimed_at` are of one command.

        With an `id`, another command than the first is refused with `InvalidValue`: the id would be
        answered with what the first did.
        """
        given: list[c.Command] = []

        def do(command: c.Command) -> Giving:
            if id is not None and command not in (given or [command]):
                raise InvalidValue("this id is of another command: say `by` again for this one")
            given.append(command)
            return self.do(command, actor, id=id, claimed_at=claimed_at)

        return _Acting(do)

    # -- mail -------------------------------------------------------------------------------------

    @abstractmethod
    async def _work(self, work: Work) -> Answer:
        """Have some work done, once it is durable; raises what keeps it from being done."""

    async def receive(self, letter: Letter) -> Received:
        """Keep what a vendor delivered, and do what it means; once this returns, say so to them.

        Raises `StoreFault` and `PolicyMissing`, upon which they should be told to come again.
        """
        answer = await self._work(letter)
        assert isinstance(answer, Received)
        return answer

    async def replay(self, dead: Replay | ReplayEffect) -> Received | Noted:
        """Try a dead letter, or an effect, again; raises `CommandRefused` where there is none."""
        answer = await self._work(dead)
        assert isinstance(answer, (Received, Noted))
        return answer

    @abstractmethod
    async def sends(self, sending: Sending) -> None:
        """Subscribe a destination and send to it for as long as the centre is open."""

    # -- what is there ----------------------------------------------------------------------------

    @abstractmethod
    def feed(self, name: str | None = None, *, after: int | None = None) -> Feed:
        """The events as they are committed, by this process or another.

        From after a position; a feed with a name from where it was marked last, else from the
        log's beginning.
        """

    @property
    @abstractmethod
    def position(self) -> int:
        """The position of the last event that this process knows of."""

    @property
    @abstractmethod
    def store(self) -> EventStore:
        """The log, to be read from the event loop's thread."""

    @abstractmethod
    def health(self) -> Health:
        """How it is, as of now; raises `StoreFault` where the log cannot even be read."""

    # -- time -------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def now(self) -> datetime:
        """What time it is by the centre's clock."""

    @abstractmethod
    async def wait(self, span: timedelta) -> None:
        """Let so much time pass by the centre's clock.

        Code that waits so, and asks `now`, can be tested without waiting.
        """


class _Acting(Verbs):
    """The verbs, as somebody."""

    def __init__(self, do: Callable[[c.Command], Giving]) -> None:
        self._do = do

    async def _give(self, command: c.Command) -> tuple[Event, ...]:
        return await self._do(command)


def or_raised(answer: Answer) -> Answer:
    """The answer; where it says why something was not done, that is raised."""
    if isinstance(answer, (Refused, Failed)):
        raise answer.error
    return answer


def is_cancelled(fault: BaseException | None) -> bool:
    """Whether whoever leaves a centre is cancelled, perhaps among other things."""
    cancelled = anyio.get_cancelled_exc_class()
    if isinstance(fault, BaseExceptionGroup):
        return fault.subgroup(cancelled) is not None
    return isinstance(fault, cancelled)
