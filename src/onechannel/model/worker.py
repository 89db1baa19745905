"""Workers: whoever or whatever serves.

Law of this file: a machine, a person and a partner differ in data only.
"""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from onechannel.model.checks import (
    at_least,
    duration,
    flag,
    ident,
    is_a,
    levels,
    mapping_of,
    member,
    optional,
    skills,
)
from onechannel.model.code import Code
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import WorkerId

__all__ = ["PEOPLE", "Capacity", "Worker", "WorkerKind", "WorkerState"]


class WorkerKind(Code):
    """Who serves: a person, a machine (bot, IVR, AI agent, form), an outside organisation."""

    PERSON = "person"
    MACHINE = "machine"
    PARTNER = "partner"


#: Everybody who is not a machine.
PEOPLE = frozenset({WorkerKind.PERSON, WorkerKind.PARTNER})


class WorkerState(Code):
    """What a worker says of itself; who drains finishes its work, takes none, and is then gone."""

    SIGNED_OUT = "signed_out"
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    DRAINING = "draining"


def _limits(value: Mapping[str, int | None]) -> FrozenMap[str, int | None]:
    return mapping_of(value)


def _kind(value: WorkerKind | str) -> WorkerKind:
    return member(WorkerKind, value)


@attrs.frozen(kw_only=True)
class Capacity:
    """How much a worker can hold at once.

    `total` is in load units (a channel's `load`); `channels` limits interactions by channel name,
    `others` those on every channel not named. None means without limit, 0 means not at all.
    """

    total: int | None = attrs.field(default=100, validator=optional(at_least(0)))
    channels: FrozenMap[str, int | None] = attrs.field(factory=FrozenMap, converter=_limits)
    others: int | None = attrs.field(default=None, validator=optional(at_least(0)))

    @channels.validator
    def _check(self, field: "attrs.Attribute[object]", value: FrozenMap[str, int | None]) -> None:
        for name, limit in value.items():
            ident(self, field, name)
            optional(at_least(0))(self, field, limit)

    @classmethod
    def only(cls, *channels: str) -> "Capacity":
        """Without limit on the channels named, and nothing else: what most machines have."""
        return cls(total=None, channels=dict.fromkeys(channels), others=0)


@attrs.frozen(kw_only=True)
class Worker:
    """Whoever or whatever serves.

    `skills` maps skill to proficiency, a number that only has to be comparable. `wrap_up` overrides
    the queue's. `accepts_by_itself` is true of machines unless said otherwise.
    """

    id: WorkerId = attrs.field(validator=ident)
    kind: WorkerKind = attrs.field(default=WorkerKind.PERSON, converter=_kind)
    department: str | None = attrs.field(default=None, validator=optional(ident))
    skills: FrozenMap[str, float] = attrs.field(
        factory=FrozenMap, converter=levels, validator=skills
    )
    capacity: Capacity = attrs.field(factory=Capacity, validator=is_a(Capacity))
    wrap_up: timedelta | None = attrs.field(default=None, validator=optional(duration))
    accepts_by_itself: bool = attrs.field(validator=flag)

    @accepts_by_itself.default
    def _by_itself(self) -> bool:
        return self.kind is WorkerKind.MACHINE
