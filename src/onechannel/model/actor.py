"""Actors: on whose behalf a command comes.

Law of this file: every command has one, and its kind is all that the table of verbs needs to know.
"""

import attrs

from onechannel.model.checks import ident, member, optional
from onechannel.model.code import Code

__all__ = ["SYSTEM", "Actor", "ActorKind"]


class ActorKind(Code):
    """Who asks."""

    CUSTOMER = "customer"
    WORKER = "worker"
    MACHINE = "machine"
    SUPERVISOR = "supervisor"
    SYSTEM = "system"
    VENDOR = "vendor"


def _kind(value: ActorKind | str) -> ActorKind:
    return member(ActorKind, value)


@attrs.frozen
class Actor:
    """Who asks, by kind and id; `id` is None where the kind says it all."""

    kind: ActorKind = attrs.field(converter=_kind)
    id: str | None = attrs.field(default=None, validator=optional(ident))

    def __str__(self) -> str:
        return self.kind.value if self.id is None else f"{self.kind.value}:{self.id}"


SYSTEM = Actor(ActorKind.SYSTEM)
