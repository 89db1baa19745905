"""Plans: who is asked, in which order, for one interaction.

Law of this file: a plan is complete. Whatever a later decision needs of it stands in it, resolved.
"""

from collections.abc import Iterable
from datetime import timedelta

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.checks import duration, ident, is_a, optional, tuple_of, whole
from onechannel.model.requirement import Requirement

__all__ = ["Plan", "Step"]


@attrs.frozen(kw_only=True, cache_hash=True)
class Step:
    """One requirement, for a time.

    `expires_after` None waits for ever; zero is skipped unless somebody can serve at that very
    moment.
    """

    requirement: Requirement = attrs.field(factory=Requirement, validator=is_a(Requirement))
    expires_after: timedelta | None = attrs.field(default=None, validator=optional(duration))


def _steps(value: Iterable[Step]) -> tuple[Step, ...]:
    return tuple_of(Step, value)


@attrs.frozen(kw_only=True, cache_hash=True)
class Plan:
    """The queue, the priority (higher is sooner) and the ordered steps of one interaction."""

    queue: str = attrs.field(validator=ident)
    priority: int = attrs.field(default=0, validator=whole)
    steps: tuple[Step, ...] = attrs.field(converter=_steps)

    @steps.validator
    def _check(self, _field: "attrs.Attribute[object]", value: tuple[Step, ...]) -> None:
        if not value:
            raise InvalidValue("a plan needs at least one step")
        if value[-1].expires_after is not None:
            raise InvalidValue("the last step of a plan must not expire: say who serves at last")
