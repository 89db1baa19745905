"""Where the log stands: what all watches look at.

Laws of this file: it is built from the events alone, by other code than the kernel's; a watch that
finds what cannot be raises `LogInconsistent` with the position of the event that did it.
"""

from collections.abc import Iterator
from typing import Protocol

import attrs

from onechannel import events as e
from onechannel.errors import LogInconsistent
from onechannel.insight.custody import Custody, Part
from onechannel.insight.people import People
from onechannel.model.ids import AssignmentId, InteractionId, WorkerId

__all__ = ["Stand", "Watch", "refuse"]


@attrs.define(eq=False)
class Stand:
    """The log so far: `had` is who served the interaction of this event before it.

    `ours` are the open interactions that we route; `taking_part` are the assignments, of each
    interaction that has any, which are asked for or taken and do not wrap up.
    """

    custody: Custody = attrs.field(factory=Custody)
    people: People = attrs.field(factory=People)
    ours: set[InteractionId] = attrs.field(factory=set)
    taking_part: dict[InteractionId, dict[AssignmentId, None]] = attrs.field(factory=dict)
    had: WorkerId | None = None

    def add(self, event: e.Event) -> None:
        """Take in what happened next."""
        data = event.data
        self.had = self.custody.server_of(getattr(data, "interaction", None))
        self.custody.add(data)
        self.people.add(data)
        if isinstance(data, e.InteractionArrived):
            if event.origin.cause is not e.Cause.OBSERVED:
                self.ours.add(data.interaction)
        elif isinstance(data, e.AssignmentOpened):
            self.taking_part.setdefault(data.interaction, {})[data.assignment] = None
        elif isinstance(data, _LETS_GO):
            parts = self.taking_part.get(data.interaction, {})
            parts.pop(data.assignment, None)
            if not parts:
                self.taking_part.pop(data.interaction, None)

    def parts(self, interaction: InteractionId) -> Iterator[tuple[AssignmentId, Part]]:
        """Everybody's part in an interaction, by its assignment."""
        parts = self.custody.parts
        return ((name, parts[name]) for name in self.taking_part.get(interaction, ()))


_LETS_GO = (
    e.AssignmentDeclined,
    e.AssignmentExpired,
    e.AssignmentRescinded,
    e.AssignmentWrapping,
    e.AssignmentReleased,
)


class Watch(Protocol):
    """Looks at every event that replay has taken, after the stand has."""

    def see(self, event: e.Event, stand: Stand) -> None:
        """Look at one event; raises `LogInconsistent`."""
        ...

    def end(self) -> None:
        """The log ends here; raises `LogInconsistent` where it ends in the middle of something."""
        ...


def refuse(event: e.Event, reason: str) -> LogInconsistent:
    """What is raised where an event cannot be."""
    return LogInconsistent(event.position, reason)
