"""What handles stand on: a centre, and an id in it.

Laws of this file: a handle is a name and a centre; what it does is a command, what it shows is read
from the log. Handles of equal names are equal.
"""

from datetime import datetime, timedelta
from typing import ClassVar, Protocol, TypeVar

import attrs

from onechannel import commands as c
from onechannel.errors import InvalidValue
from onechannel.events import Event
from onechannel.model.actor import SYSTEM, Actor
from onechannel.model.ids import CustomerId, InteractionId, WorkerId
from onechannel.simulation.scripts import Patience, Routine, Turn
from onechannel.simulation.view import View

__all__ = ["Habits", "Handle", "Stage", "moment", "time_of"]


class Habits(Protocol):
    """Who does what by itself, as far as handles say so."""

    turns: dict[WorkerId, tuple[Turn, ...]]
    routines: dict[WorkerId, Routine]
    patience: dict[CustomerId, Patience]
    vanished: dict[WorkerId, datetime]

    def vanish(self, worker: WorkerId, noticed_after: timedelta | None) -> None:
        """From now on nothing comes from a worker; after a time the centre notices."""
        ...


class Stage(Protocol):
    """What handles need of their centre."""

    @property
    def cast(self) -> Habits:
        """Who does what by itself."""
        ...

    @property
    def view(self) -> View:
        """What the log says."""
        ...

    @property
    def now(self) -> datetime:
        """The virtual time."""
        ...

    def do(self, command: c.Command, actor: Actor = SYSTEM) -> tuple[Event, ...]:
        """Give a command now; gives the events it made, raises what refuses it."""
        ...

    def advance(self, span: timedelta | None = None, **parts: float) -> None:
        """Let time pass."""
        ...

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until then."""
        ...

    def next_interaction(self) -> InteractionId:
        """The id that the next arrival gets."""
        ...


H = TypeVar("H", bound="Handle")


@attrs.frozen(eq=False)
class Handle:
    """A thing of a centre, by its id."""

    centre: Stage = attrs.field(repr=False)
    id: str

    #: What it is a handle of: those of one kind, centre and id are equal.
    _kind: ClassVar[str]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Handle):
            return NotImplemented
        return (self._kind, self.id) == (other._kind, other.id) and self.centre is other.centre

    def __hash__(self) -> int:
        return hash((self._kind, self.id))

    @property
    def _actor(self) -> Actor:
        """On whose behalf its verbs come."""
        return SYSTEM

    def _other(self, kind: type[H], found: str | None) -> H | None:
        """The handle of something else in the same centre, where there is one."""
        return None if found is None else kind(self.centre, found)

    def _do(self, command: c.Command) -> tuple[Event, ...]:
        return self.centre.do(command, self._actor)


def moment(centre: Stage, when: timedelta | datetime) -> datetime:
    """A time as such, or so much later than now."""
    at, within = time_of(when)
    return at or centre.now + (within or timedelta(0))


def time_of(when: timedelta | datetime) -> tuple[datetime, None] | tuple[None, timedelta]:
    """The two fields of a command that is due at a time or within one."""
    if isinstance(when, timedelta):
        return None, when
    if isinstance(when, datetime):
        return when, None
    raise InvalidValue(
        f"a time is an aware datetime, or a timedelta from now, not {type(when).__name__}: "
        "say timedelta(days=2)"
    )
