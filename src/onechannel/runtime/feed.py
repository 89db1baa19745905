"""A feed: the events of a log as they are committed, none skipped and none twice.

Law of this file: where a reader stands is its own to say; what it has not marked it is given again.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from onechannel.delivery import Answer, Bookmark, Failed, Refused, Work
from onechannel.errors import InvalidValue
from onechannel.events import Event

__all__ = ["Feed", "Followed"]


class Followed(Protocol):
    """What a feed needs of a centre's stream."""

    async def do(self, work: Work) -> tuple[Answer, Sequence[Event]]:
        """Its answer once it is committed, and the events of that commit; raises `StoreFault`."""
        ...

    async def after(self, position: int) -> Sequence[Event]:
        """The next events after a position, as soon as there are any; none once it has ended."""
        ...


class Feed:
    """Events after a position, in order, for as long as the centre is open.

    `async for event in feed`. One that has a name goes on, in whatever process, after the last
    event it marked.
    """

    def __init__(self, stream: Followed, name: str | None, after: int) -> None:
        self._stream = stream
        self._name = name
        self._ahead: deque[Event] = deque()
        self.position: int = after

    def __aiter__(self) -> "Feed":
        return self

    async def __anext__(self) -> Event:
        if not self._ahead:
            self._ahead.extend(await self._stream.after(self.position))
            if not self._ahead:
                raise StopAsyncIteration
        event = self._ahead.popleft()
        self.position = event.position
        return event

    async def some(self) -> Sequence[Event]:
        """The next events, as many as there are; none once the centre is closed."""
        if not self._ahead:
            self._ahead.extend(await self._stream.after(self.position))
        events = tuple(self._ahead)
        self._ahead.clear()
        if events:
            self.position = events[-1].position
        return events

    async def mark(self, position: int | None = None) -> None:
        """Remember that everything up to here, or to that position, is dealt with.

        Raises `StoreFault` and `PolicyMissing` where it could not be kept.
        """
        if self._name is None:
            raise InvalidValue("a feed without a name cannot be marked: give it one")
        position = self.position if position is None else position
        answer, _ = await self._stream.do(Bookmark(self._name, position))
        if isinstance(answer, (Refused, Failed)):
            raise answer.error
