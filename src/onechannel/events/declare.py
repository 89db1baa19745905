"""How an event is declared.

Law of this file: the stored name and the version of each kind are chosen where it is declared,
never derived, and frozen by a golden file.
"""

from collections.abc import Callable
from typing import ClassVar, Final, TypeVar, dataclass_transform

import attrs

from onechannel.model.personal import personal

__all__ = ["EVENT_TYPES", "EventData", "event"]


class EventData:
    """What happened.

    The subjects of an event are its fields named `interaction`, `customer`, `journey` and `worker`.
    """

    __slots__ = ()
    stored_name: ClassVar[str]
    version: ClassVar[int]
    #: Decided by the policy, not asked for by anybody.
    by_policy: ClassVar[bool]
    #: False of what passes on to whom it concerns and leaves no trace.
    stored: ClassVar[bool]


#: Every kind of event by its stored name.
EVENT_TYPES: Final[dict[str, type[EventData]]] = {}

D = TypeVar("D", bound=EventData)


# Frozen to every type checker, and mutable at run time: setting a frozen field costs three times as
# much, and these are built for every decision.
@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field, personal))
def event(
    stored_name: str, version: int = 1, *, by_policy: bool = False, stored: bool = True
) -> Callable[[type[D]], type[D]]:
    """Declare a kind of event."""

    def declare(cls: type[D]) -> type[D]:
        made = attrs.define(cls, unsafe_hash=True)
        made.stored_name, made.version = stored_name, version
        made.by_policy, made.stored = by_policy, stored
        if stored:
            EVENT_TYPES[stored_name] = made
        return made

    return declare
