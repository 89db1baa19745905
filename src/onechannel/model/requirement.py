"""Requirements: conditions on a worker.

Law of this file: a requirement is a value that can stand in the log; who meets it is decided in
`routing`.
"""

from collections.abc import Iterable

import attrs

from onechannel.model.checks import each, ident, levels, members, optional, skills, tuple_of
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import WorkerId
from onechannel.model.worker import WorkerKind

__all__ = ["Requirement"]


def _kinds(value: Iterable[WorkerKind | str]) -> frozenset[WorkerKind]:
    return members(WorkerKind, value)


def _names(value: Iterable[str]) -> frozenset[str]:
    return frozenset(tuple_of(str, value))


@attrs.frozen(kw_only=True, cache_hash=True)
class Requirement:
    """A worker of these `kinds` and `department`, with every skill at the proficiency or above.

    `workers` names whom alone it admits. What is empty or None asks for nothing.
    """

    kinds: frozenset[WorkerKind] = attrs.field(default=frozenset(), converter=_kinds)
    skills: FrozenMap[str, float] = attrs.field(
        factory=FrozenMap, converter=levels, validator=skills
    )
    department: str | None = attrs.field(default=None, validator=optional(ident))
    workers: frozenset[WorkerId] = attrs.field(
        factory=frozenset, converter=_names, validator=each(ident)
    )
