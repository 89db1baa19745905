"""Planning: from a rule to the plan of one interaction.

Law of this file: what a plan needs is resolved here, once; nothing later looks at the rule again.
"""

from functools import lru_cache
from typing import Final

import attrs

from onechannel.model.frozenmap import FrozenMap
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import PlanRule, StepRule
from onechannel.model.requirement import Requirement
from onechannel.model.worker import WorkerKind

__all__ = ["plan_by_rule", "restrict"]

# Plans repeat: one for each (queue, what it is about, priority) a centre sees.
_REMEMBERED: Final = 4096


@lru_cache(maxsize=_REMEMBERED)
def plan_by_rule(
    rule: PlanRule,
    queue: str | None,
    about: str | None,
    priority: int,
    kinds: frozenset[WorkerKind],
) -> Plan:
    """The plan that a rule makes, for workers of these kinds only."""
    steps = tuple(_step(step, about) for step in rule.steps)
    return restrict(Plan(queue=queue or rule.queue, priority=priority, steps=steps), kinds)


def _step(rule: StepRule, about: str | None) -> Step:
    skills = dict(rule.skills)
    if rule.skill_from_about and about is not None:
        # The bare name asks for the skill at any proficiency at all.
        skills.setdefault(about, _ANY)
    return Step(
        requirement=Requirement(kinds=rule.kinds, skills=FrozenMap(skills)),
        expires_after=rule.expires_after,
    )


_ANY: Final = 0.0
_EVERYBODY: Final = frozenset(WorkerKind)


@lru_cache(maxsize=_REMEMBERED)
def restrict(plan: Plan, kinds: frozenset[WorkerKind]) -> Plan:
    """The same plan for workers of these kinds; steps that then admit nobody fall out.

    Where none is left, the one step that remains asks for anybody of these kinds.
    """
    if kinds >= _EVERYBODY:
        return plan
    steps = []
    for step in plan.steps:
        left = step.requirement.kinds & kinds if step.requirement.kinds else kinds
        if left:
            steps.append(attrs.evolve(step, requirement=attrs.evolve(step.requirement, kinds=left)))
    if not steps:
        steps = [Step(requirement=Requirement(kinds=kinds))]
    # A last step that expires would leave the customer with nobody.
    steps[-1] = attrs.evolve(steps[-1], expires_after=None)
    return attrs.evolve(plan, steps=tuple(steps))
