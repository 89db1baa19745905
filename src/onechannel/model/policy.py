"""Policies: the rules that make plans and answer what nobody accepted.

Law of this file: a policy of built-in parts is data and stands whole in the log; a callable stands
in it by name.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.checks import (
    at_least,
    duration,
    flag,
    ident,
    is_a,
    levels,
    members,
    optional,
    skills,
    some_time,
    tuple_of,
)
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import CustomerId, InteractionId
from onechannel.model.interaction import QueuedBecause
from onechannel.model.plan import Plan
from onechannel.model.worker import PEOPLE, WorkerKind

__all__ = [
    "DEFAULT_POLICY",
    "Callables",
    "ConsentAsk",
    "ConsentHook",
    "Named",
    "Pause",
    "PlanAsk",
    "PlanRule",
    "Planner",
    "Policy",
    "StepRule",
]


def _kinds(value: Iterable[WorkerKind | str]) -> frozenset[WorkerKind]:
    return members(WorkerKind, value)


@attrs.frozen(kw_only=True, cache_hash=True)
class StepRule:
    """How a step is made; `skill_from_about` adds the skill that what it is about names."""

    kinds: frozenset[WorkerKind] = attrs.field(default=frozenset(), converter=_kinds)
    skills: FrozenMap[str, float] = attrs.field(
        factory=FrozenMap, converter=levels, validator=skills
    )
    skill_from_about: bool = attrs.field(default=False, validator=flag)
    expires_after: timedelta | None = attrs.field(default=None, validator=optional(duration))


def _steps(value: Iterable[StepRule]) -> tuple[StepRule, ...]:
    return tuple_of(StepRule, value)


@attrs.frozen(kw_only=True, cache_hash=True)
class PlanRule:
    """How plans are made: steps in order, in `queue` unless the arrival names one."""

    queue: str = attrs.field(default="main", validator=ident)
    steps: tuple[StepRule, ...] = attrs.field(converter=_steps)

    @steps.validator
    def _check(self, _field: "attrs.Attribute[object]", value: tuple[StepRule, ...]) -> None:
        if not value:
            raise InvalidValue("a rule needs at least one step")
        if value[-1].expires_after is not None:
            raise InvalidValue("the last step of a rule must not expire: say who serves at last")


@attrs.frozen
class Named:
    """A callable by the name under which it was given to the kernel."""

    name: str = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class Pause:
    """A worker is set unavailable for this reason; `duration` None: until it says otherwise.

    `after` is how often in a row it must have happened.
    """

    reason: str = attrs.field(validator=ident)
    duration: timedelta | None = attrs.field(default=None, validator=optional(some_time))
    after: int = attrs.field(default=1, validator=at_least(1))


@attrs.frozen(kw_only=True)
class PlanAsk:
    """What a planner is told: ids and codes, no personal data.

    `kinds` are the kinds of worker that may serve now: all on arrival, people after an escalation,
    machines after a hand-back. `about` is what the customer wants, as a code.
    """

    interaction: InteractionId
    channel: str
    queue: str | None
    about: str | None
    priority: int
    customer: CustomerId | None
    kinds: frozenset[WorkerKind]
    because: QueuedBecause
    at: datetime
    department: str | None = None


@attrs.frozen(kw_only=True)
class ConsentAsk:
    """What a consent hook is told before a customer is reached: ids and codes."""

    customer: CustomerId
    channel: str
    purpose: str
    at: datetime


Planner: TypeAlias = Callable[[PlanAsk], Plan]
#: Gives None where the customer may be reached, else a code for why not.
ConsentHook: TypeAlias = Callable[[ConsentAsk], str | None]
#: Whatever a policy may name.
Callables: TypeAlias = Mapping[str, Planner | ConsentHook]


@attrs.frozen(kw_only=True)
class Policy:
    """The rules of one centre.

    `ring_for` is how long a worker is asked; `after_decline` and `after_expiry` what becomes of one
    who does not accept (None: nothing). What comes back waits `keeper_first` for the worker who had
    it, and `return_after` is how long asynchronous work stays with one who signed out. A journey in
    which nothing happens for `journey_window` has lapsed. A callback is promised `callback_within`
    that time, and tried `callback_attempts` times, `callback_retry` apart. Side conversations are
    on the channel `side_channel`. `consent` names the hook that is asked before a customer is
    reached.
    """

    name: str = attrs.field(validator=ident)
    plan: PlanRule | Named = attrs.field(validator=is_a(PlanRule, Named))
    ring_for: timedelta = attrs.field(default=timedelta(seconds=20), validator=some_time)
    after_decline: Pause | None = attrs.field(default=None, validator=optional(is_a(Pause)))
    after_expiry: Pause | None = attrs.field(default=None, validator=optional(is_a(Pause)))
    keeper_first: timedelta = attrs.field(default=timedelta(minutes=2), validator=duration)
    return_after: timedelta = attrs.field(default=timedelta(minutes=5), validator=some_time)
    journey_window: timedelta = attrs.field(default=timedelta(days=30), validator=some_time)
    callback_within: timedelta = attrs.field(default=timedelta(hours=4), validator=some_time)
    callback_retry: timedelta = attrs.field(default=timedelta(minutes=30), validator=some_time)
    callback_attempts: int = attrs.field(default=3, validator=at_least(1))
    side_channel: str = attrs.field(default="task", validator=ident)
    consent: Named | None = attrs.field(default=None, validator=optional(is_a(Named)))

    @property
    def callables(self) -> tuple[str, ...]:
        """The names of the callables by which it decides."""
        return tuple(one.name for one in (self.plan, self.consent) if isinstance(one, Named))


#: What it is about names the skill a person needs; a machine that takes the channel serves first.
#: Twenty seconds of ringing is Amazon Connect's; a missed ring makes unavailable until the worker
#: says otherwise, as in Twilio and Genesys; a decline for one minute only, so that somebody else is
#: asked before the same worker again.
DEFAULT_POLICY: Final = Policy(
    name="default",
    plan=PlanRule(
        steps=(
            StepRule(kinds={WorkerKind.MACHINE}, expires_after=timedelta(0)),
            StepRule(kinds=PEOPLE, skill_from_about=True),
        )
    ),
    after_decline=Pause(reason="declined", duration=timedelta(minutes=1)),
    after_expiry=Pause(reason="no-answer"),
)
