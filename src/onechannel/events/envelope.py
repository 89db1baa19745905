"""The envelope that every event is kept in.

Law of this file: positions count from 1 without gaps, and time never runs backwards along them.
"""

from datetime import datetime
from typing import Any, TypeVar, dataclass_transform

import attrs

from onechannel.events.declare import EventData
from onechannel.model.actor import Actor
from onechannel.model.code import Code
from onechannel.model.ids import TenantId

__all__ = ["Cause", "Event", "Origin"]

T = TypeVar("T")


class Cause(Code):
    """Why an event came about."""

    COMMAND = "command"
    DEADLINE = "deadline"
    POLICY = "policy"
    OBSERVED = "observed"


@dataclass_transform(frozen_default=True)
def _envelope(cls: type[T]) -> type[T]:
    return attrs.define(cls, unsafe_hash=True)


@_envelope
class Origin:
    """When, why and at whose request: what the events of one decision have in common."""

    recorded_at: datetime
    occurred_at: datetime
    cause: Cause
    command: str | None
    actor: Actor
    tenant: TenantId


@_envelope
class Event:
    """One entry of the log.

    `position` counts from 1 without gaps; `recorded_at` never runs backwards along it.
    `occurred_at` is when it happened by whoever saw it.
    """

    position: int
    origin: Origin
    data: EventData

    @property
    def id(self) -> str:
        """Unique within the tenant's stream, and the same on every replay."""
        return f"{self.origin.tenant}-{self.position}"

    @property
    def type(self) -> str:
        """The stored name, `interaction.closed`."""
        return self.data.stored_name

    @property
    def recorded_at(self) -> datetime:
        """When it was decided or, if observed, learnt of."""
        return self.origin.recorded_at

    @property
    def occurred_at(self) -> datetime:
        """When it happened."""
        return self.origin.occurred_at

    def subject(self, kind: str) -> str | None:
        """The id of the interaction, customer, journey or worker it is about."""
        found: Any = getattr(self.data, kind, None)
        return found if isinstance(found, str) else None
