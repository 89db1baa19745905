"""Plans in the kernel: asking the policy, and standing in the line.

Laws of this file: the policy is asked before the first event; what it answers is checked, and where
it is nonsense the default plan serves and the fault is an event. A step of zero duration is skipped
unless somebody can serve now.
"""

from collections.abc import Iterator
from datetime import datetime

import attrs

from onechannel import events as e
from onechannel.errors import CommandRefused, PolicyMissing
from onechannel.kernel.state import AT_ONCE, LiveInteraction, State
from onechannel.kernel.turn import Turn
from onechannel.model.ids import InteractionId
from onechannel.model.interaction import QueuedBecause
from onechannel.model.plan import Plan
from onechannel.model.policy import DEFAULT_POLICY, Named, PlanAsk, PlanRule
from onechannel.model.queue import Queue, Router
from onechannel.routing import plan_by_rule, restrict

__all__ = ["Planned", "make_plan", "next_step", "stand_in_line"]


@attrs.define(eq=False)
class Planned:
    """A plan, whose it is, and what was wrong with the one it replaces."""

    plan: Plan
    policy: str
    fault: str | None = None


def make_plan(turn: Turn, ask: PlanAsk) -> Planned:
    """Ask the adopted policy; raises `PolicyMissing` or `CommandRefused`, whatever it does."""
    state = turn.state
    if ask.queue is not None and ask.queue not in state.queues:
        raise CommandRefused(f"queue {ask.queue} is not defined: DefineQueue first")
    policy = state.policy
    if isinstance(policy.plan, PlanRule):
        planned = Planned(_by_rule(policy.plan, ask), policy.name)
    else:
        planned = _by_callable(turn, policy.plan, ask)
    queue = state.queues.get(planned.plan.queue)
    if queue is not None and queue.router is not Router.OURS:
        raise CommandRefused(
            f"queue {queue.name} is routed by somebody else: "
            "say what they decided with ObserveQueued"
        )
    return planned


def _by_rule(rule: PlanRule, ask: PlanAsk) -> Plan:
    return plan_by_rule(rule, ask.queue, ask.about, ask.priority, ask.kinds)


def _by_callable(turn: Turn, named: Named, ask: PlanAsk) -> Planned:
    name = turn.state.policy.name
    planner = turn.callables.get(named.name)
    if planner is None:
        raise PolicyMissing(
            f"policy {name} plans by {named.name}, which this process lacks: "
            "give it to Kernel(callables=…)"
        )
    try:
        answer = planner(ask)
    except Exception as fault:  # noqa: BLE001 - whatever it raises is its fault, not the customer's
        return _instead(ask, f"raised {type(fault).__name__}")
    if not isinstance(answer, Plan):
        return _instead(ask, f"answered {type(answer).__name__}")
    queue = turn.state.queues.get(answer.queue)
    if queue is None or queue.router is not Router.OURS:
        return _instead(ask, "answered a queue that is not ours")
    return Planned(restrict(answer, ask.kinds), name)


def _instead(ask: PlanAsk, fault: str) -> Planned:
    """The default plan, in place of one that could not be had."""
    rule = DEFAULT_POLICY.plan
    assert isinstance(rule, PlanRule)  # the built-in one is data
    return Planned(_by_rule(rule, ask), DEFAULT_POLICY.name, fault)


def stand_in_line(
    turn: Turn,
    interaction: InteractionId,
    planned: Planned,
    because: QueuedBecause,
    reason: str | None = None,
) -> Iterator[e.EventData]:
    """Into the queue of the plan, as of now; `reason` is the code of who moved it."""
    state = turn.state
    plan = planned.plan
    if planned.fault is not None:
        yield e.PolicyFaulted(interaction, state.policy.name, planned.fault)
    if plan.queue not in state.queues:
        # A rule's queue is defined by being used, so that the log alone says what it was.
        yield e.QueueDefined(Queue(name=plan.queue))
    step, expires_at = _step_from(state, turn.now, plan, state.interactions[interaction], 0)
    yield e.InteractionQueued(
        interaction, plan.queue, because, turn.now, plan, step, expires_at, planned.policy, reason
    )


def next_step(state: State, now: datetime, live: LiveInteraction) -> e.StepExpired:
    """The step after the one that is over."""
    assert live.plan is not None  # or there would be no step
    return e.StepExpired(live.id, *_step_from(state, now, live.plan, live, live.step + 1))


def _step_from(
    state: State, now: datetime, plan: Plan, live: LiveInteraction, first: int
) -> tuple[int, datetime | None]:
    channel = state.channels[live.channel]
    for number in range(first, len(plan.steps) - 1):
        step = plan.steps[number]
        if step.expires_after is None:
            return number, None
        if step.expires_after > AT_ONCE:
            return number, now + step.expires_after
        if state.index.anybody(channel, step.requirement):
            # Somebody can be asked in this very turn; if nobody is, `settle` goes on.
            return number, None
    return len(plan.steps) - 1, None
