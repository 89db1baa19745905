"""Requirements: conditions on a worker.

Law of this file: a requirement is a value that can stand in the log; who meets it is decided in
`routing`.
"""

from collections.abc import Iterable

import attrs

from onechannel.model.checks import levels, members, skills
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.worker import WorkerKind

__all__ = ["Requirement"]


def _kinds(value: Iterable[WorkerKind | str]) -> frozenset[WorkerKind]:
    return members(WorkerKind, value)


@attrs.frozen(kw_only=True, cache_hash=True)
class Requirement:
    """A worker of one of `kinds` (none: any), with every skill at the proficiency or above."""

    kinds: frozenset[WorkerKind] = attrs.field(default=frozenset(), converter=_kinds)
    skills: FrozenMap[str, float] = attrs.field(
        factory=FrozenMap, converter=levels, validator=skills
    )
