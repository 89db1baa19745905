"""Planning: from a policy to the plan of one interaction.

Laws of this file: what a plan needs is resolved here, once; nothing later looks at the rule again.
What a policy's callable answers is checked, and where it is nonsense the default plan serves.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, cast

import attrs

from onechannel.errors import PolicyMissing
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import WorkerId
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import (
    DEFAULT_POLICY,
    Callables,
    ConsentAsk,
    ConsentHook,
    Named,
    PlanAsk,
    Planner,
    PlanRule,
    Policy,
    StepRule,
)
from onechannel.model.queue import Queue, Router
from onechannel.model.requirement import Requirement
from onechannel.model.worker import WorkerKind

__all__ = [
    "Planned",
    "asking_only",
    "consent",
    "first_asking",
    "found_callable",
    "plan_by_callable",
    "plan_by_rule",
    "returning",
]

# Plans repeat: one for each (queue, what it is about, priority) a centre sees.
_REMEMBERED: Final = 4096


@attrs.define(eq=False)
class Planned:
    """A plan, whose it is, and what was wrong with the one it replaces."""

    plan: Plan
    policy: str
    fault: str | None = None


def plan_by_callable(
    policy: Policy, named: Named, callables: Callables, queues: Mapping[str, Queue], ask: PlanAsk
) -> Planned:
    """The plan that a policy's callable makes; raises `PolicyMissing` where it is not there."""
    planner = cast("Planner", found_callable(policy, named, callables))
    try:
        answer: Any = planner(ask)
    except Exception as fault:  # noqa: BLE001 - whatever it raises is its fault, not the customer's
        return _instead(ask, f"raised {type(fault).__name__}")
    if not isinstance(answer, Plan):
        return _instead(ask, f"answered {type(answer).__name__}")
    queue = queues.get(answer.queue)
    if queue is None or queue.router is not Router.OURS:
        return _instead(ask, "answered a queue that is not ours")
    return Planned(_restrict(answer, ask.kinds, ask.department), policy.name)


def found_callable(policy: Policy, named: Named, callables: Callables) -> Any:
    """The callable that a policy names; raises `PolicyMissing`."""
    found = callables.get(named.name)
    if found is None:
        raise PolicyMissing(
            f"policy {policy.name} asks {named.name}, which this process lacks: "
            "give it to Kernel(callables=…)"
        )
    return found


def consent(policy: Policy, callables: Callables, ask: ConsentAsk) -> str | None:
    """Why a customer may not be reached, as a code; None: no hook says so.

    A hook that raises has not said yes.
    """
    if policy.consent is None:
        return None
    hook = cast("ConsentHook", found_callable(policy, policy.consent, callables))
    try:
        return hook(ask)
    except Exception as fault:  # noqa: BLE001 - whatever it raises is its fault, not the customer's
        return f"{policy.consent.name} raised {type(fault).__name__}"


def _instead(ask: PlanAsk, fault: str) -> Planned:
    """The default plan, in place of one that could not be had."""
    rule = DEFAULT_POLICY.plan
    assert isinstance(rule, PlanRule)  # the built-in one is data
    wanted = (ask.queue, ask.about, ask.priority, ask.kinds, ask.department)
    return Planned(plan_by_rule(rule, *wanted), DEFAULT_POLICY.name, fault)


def first_asking(planned: Planned, worker: WorkerId, span: timedelta) -> Planned:
    """The same plan, after a step that asks one worker alone for that time."""
    first = Step(requirement=Requirement(workers={worker}), expires_after=span)
    plan = attrs.evolve(planned.plan, steps=(first, *planned.plan.steps))
    return attrs.evolve(planned, plan=plan)


def asking_only(planned: Planned, worker: WorkerId) -> Planned:
    """The same plan for one worker and nobody else."""
    steps = (Step(requirement=Requirement(workers={worker})),)
    return attrs.evolve(planned, plan=attrs.evolve(planned.plan, steps=steps))


def returning(planned: Planned, span: timedelta, back: Planned) -> Planned:
    """The same plan for that time at most; what nobody took goes on by the other one's steps."""
    steps: list[Step] = []
    for step in planned.plan.steps:
        if step.expires_after is None or step.expires_after >= span:
            steps.append(attrs.evolve(step, expires_after=span))
            break
        steps.append(step)
        span -= step.expires_after
    plan = attrs.evolve(planned.plan, steps=(*steps, *back.plan.steps))
    return attrs.evolve(planned, plan=plan)


@lru_cache(maxsize=_REMEMBERED)
def plan_by_rule(  # noqa: PLR0917 - all that a rule's plan depends on, to be remembered by
    rule: PlanRule,
    queue: str | None,
    about: str | None,
    priority: int,
    kinds: frozenset[WorkerKind],
    department: str | None,
) -> Plan:
    """The plan that a rule makes, for workers of these kinds and that department only.

    A department is asked for its people, whatever skill the matter asks of others.
    """
    about = about if department is None else None
    steps = tuple(_step(step, about) for step in rule.steps)
    plan = Plan(queue=queue or rule.queue, priority=priority, steps=steps)
    return _restrict(plan, kinds, department)


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
def _restrict(plan: Plan, kinds: frozenset[WorkerKind], department: str | None) -> Plan:
    """The same plan for these workers; steps that then admit nobody fall out.

    Where none is left, the one step that remains asks for anybody of them.
    """
    if kinds >= _EVERYBODY and department is None:
        return plan
    steps = []
    for step in plan.steps:
        left = step.requirement.kinds & kinds if step.requirement.kinds else kinds
        if left:
            some = frozenset() if left == _EVERYBODY else left
            within = department or step.requirement.department
            wanted = attrs.evolve(step.requirement, kinds=some, department=within)
            steps.append(attrs.evolve(step, requirement=wanted))
    if not steps:
        steps = [Step(requirement=Requirement(kinds=kinds, department=department))]
    # A last step that expires would leave the customer with nobody.
    steps[-1] = attrs.evolve(steps[-1], expires_after=None)
    return attrs.evolve(plan, steps=tuple(steps))
