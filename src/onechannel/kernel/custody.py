"""Custody: who has a customer, and who has it next.

Laws of this file: at every position of the log somebody or some queue has the customer; the next is
named before the last lets go. The policy is asked before the first event, and a fault of it is an
event. Whoever took part wraps up, whatever path ended the work.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from onechannel import events as e
from onechannel import model as m
from onechannel.errors import CommandRefused
from onechannel.events import InteractionArrived as Arrived
from onechannel.live.state import AT_ONCE, LiveAssignment, LiveCallback, LiveInteraction, State
from onechannel.live.turn import Turn
from onechannel.model.ids import InteractionId, WorkerId, assignment_id, side_id
from onechannel.routing import Planned, plan_by_callable, plan_by_rule

__all__ = [
    "UNREACHED",
    "Decision",
    "asked",
    "end",
    "gone",
    "leased",
    "next_step",
    "not_taken",
    "part",
    "part_all",
    "parts_of",
    "plan_again",
    "planned_for",
    "queue_again",
    "stand_in_line",
]

Decision: TypeAlias = Iterator[e.EventData]

#: The disposition of a callback that was tried as often as it could be.
UNREACHED: Final = "unreached"
# Supervisors and assisting machines leave nothing to write up.
_WRAPS_UP: Final = frozenset({m.Role.SERVES, m.Role.CONSULTED, m.Role.CONFERENCED})


# -- plans and lines ------------------------------------------------------------------------------


def planned_for(
    turn: Turn,
    wanted: LiveInteraction | Arrived,
    kinds: frozenset[m.WorkerKind],
    because: m.QueuedBecause,
    *,
    queue: str | None = None,
    department: str | None = None,
) -> Planned:
    """The adopted policy's plan, in that queue or in one of its own choice.

    Raises `PolicyMissing` or `CommandRefused`, whatever the policy does.
    """
    state = turn.state
    if queue is not None and queue not in state.queues:
        raise CommandRefused(f"queue {queue} is not defined: DefineQueue first")
    rule, about, priority = state.policy.plan, wanted.about, wanted.priority
    if isinstance(rule, m.PlanRule):
        plan = plan_by_rule(rule, queue, about, priority, kinds, department)
        planned = Planned(plan, state.policy.name)
    else:
        ask = m.PlanAsk(
            interaction=wanted.interaction if isinstance(wanted, Arrived) else wanted.id,
            channel=wanted.channel,
            queue=queue,
            about=about,
            priority=priority,
            customer=wanted.customer,
            kinds=kinds,
            because=because,
            at=turn.now,
            department=department,
        )
        planned = plan_by_callable(state.policy, rule, turn.callables, state.queues, ask)
    known = state.queues.get(planned.plan.queue)
    if known is not None and known.router is not m.Router.OURS:
        raise CommandRefused(
            f"queue {known.name} is routed by somebody else: "
            "say what they decided with ObserveQueued"
        )
    return planned


def plan_again(
    turn: Turn,
    live: LiveInteraction,
    kinds: frozenset[m.WorkerKind],
    because: m.QueuedBecause,
    *,
    queue: str | None = None,
    department: str | None = None,
) -> Planned:
    """The plan of an interaction that goes back into a line, its own unless another is named."""
    where = {"queue": queue or live.queue, "department": department}
    return planned_for(turn, live, kinds, because, **where)


def stand_in_line(
    turn: Turn,
    interaction: InteractionId,
    planned: Planned,
    because: m.QueuedBecause,
    *,
    since: datetime | None = None,
    reason: str | None = None,
    closes_at: datetime | None = None,
) -> Decision:
    """Into the queue of the plan, as of now or `since`; `reason` is the code of who moved it."""
    state, plan = turn.state, planned.plan
    if planned.fault is not None:
        yield e.PolicyFaulted(interaction, state.policy.name, planned.fault)
    if plan.queue not in state.queues:
        # A rule's queue is defined by being used, so that the log alone says what it was.
        yield e.QueueDefined(m.Queue(name=plan.queue))
    step, expires_at = _step_from(state, turn.now, plan, state.interactions[interaction], 0)
    since, policy = since or turn.now, planned.policy
    yield e.InteractionQueued(
        interaction, plan.queue, because, since, plan, step, expires_at, policy, reason, closes_at
    )


def next_step(state: State, now: datetime, live: LiveInteraction) -> e.StepExpired:
    """The step after the one that is over."""
    assert live.plan is not None  # or there would be no step
    return e.StepExpired(live.id, *_step_from(state, now, live.plan, live, live.step + 1))


def _step_from(
    state: State, now: datetime, plan: m.Plan, live: LiveInteraction, first: int
) -> tuple[int, datetime | None]:
    """The step to begin with: one of zero duration is skipped unless somebody can serve now."""
    channel = state.channels[live.channel]
    for number in range(first, len(plan.steps) - 1):
        step = plan.steps[number]
        if step.requirement.workers and gone(state, step.requirement.workers):
            continue
        if step.expires_after is None:
            return number, None
        if step.expires_after > AT_ONCE:
            return number, now + step.expires_after
        if state.index.anybody(channel, step.requirement):
            # Somebody can be asked in this very turn; if nobody is, `settle` goes on.
            return number, None
    return len(plan.steps) - 1, None


def gone(state: State, named: frozenset[WorkerId]) -> bool:
    """Whether somebody is named, and everybody who is has signed out or is about to."""
    away, known = {m.WorkerState.SIGNED_OUT, m.WorkerState.DRAINING}, state.workers
    return bool(named) and all(one not in known or known[one].state in away for one in named)


# -- taking a part, and letting go of it ----------------------------------------------------------


def asked(
    state: State,
    now: datetime,
    live: LiveInteraction,
    worker: WorkerId,
    role: m.Role,
    *,
    reason: str,
    at_once: bool = False,
) -> Decision:
    """A worker is asked to take a part; it has it `at_once`, or where it accepts by itself."""
    at_once = at_once or state.workers[worker].seat.worker.accepts_by_itself
    assignment = assignment_id(live.id, live.opened + 1)
    expires_at = None if at_once else now + state.policy.ring_for
    yield e.AssignmentOpened(assignment, live.id, worker, role, expires_at, reason)
    if at_once:
        yield e.AssignmentAccepted(assignment, live.id, worker)
        if role is m.Role.SERVES and state.channels[live.channel].lease is not None:
            yield from leased(state, now, live)


def leased(state: State, now: datetime, live: LiveInteraction) -> Decision:
    """It is known to be going on, for as long as that is believed on its channel."""
    channel = state.channels[live.channel]
    if channel.lease is not None and channel.real_time and live.plan is not None:
        yield e.InteractionLeased(live.id, now + channel.lease)


def parts_of(state: State, live: LiveInteraction) -> list[LiveAssignment]:
    """Everybody's part: who is asked, who serves, then all others."""
    parts = [state.assignments[one] for one in live.others] if live.others else []
    for one in (live.owner, live.pending):
        if one is not None:
            parts.insert(0, state.assignments[one])
    return parts


def part(turn: Turn, assignment: LiveAssignment, *, ours: bool = True) -> Decision:
    """The worker has its part no longer: it wraps up where that is due, else it is free.

    Where somebody else routes, how long a worker wraps up is theirs to say.
    """
    state, worker = turn.state, assignment.worker
    if assignment.state is m.AssignmentState.PENDING:
        yield e.AssignmentRescinded(assignment.id, assignment.interaction, worker)
        return
    wrap_up: timedelta | None = state.workers[worker].seat.worker.wrap_up
    if wrap_up is None and assignment.queue is not None:
        wrap_up = state.queues[assignment.queue].wrap_up
    if wrap_up and ours and assignment.role in _WRAPS_UP:
        until = turn.now + wrap_up
        yield e.AssignmentWrapping(assignment.id, assignment.interaction, worker, until)
    else:
        yield e.AssignmentReleased(assignment.id, assignment.interaction, worker)


def part_all(turn: Turn, live: LiveInteraction, goes_to: e.EventData) -> Decision:
    """It goes where the event says, and everybody who had a part lets go."""
    parts, ours = parts_of(turn.state, live), live.plan is not None
    yield goes_to
    for assignment in parts:
        yield from part(turn, assignment, ours=ours)


def queue_again(
    turn: Turn, live: LiveInteraction, planned: Planned, because: m.QueuedBecause, **more: Any
) -> Decision:
    """A queue has it now, and everybody who had a part lets go."""
    parts = parts_of(turn.state, live)
    yield from stand_in_line(turn, live.id, planned, because, **more)
    for assignment in parts:
        yield from part(turn, assignment)


def end(
    turn: Turn, live: LiveInteraction, reason: m.EndReason, disposition: str | None = None
) -> Decision:
    """It is over, and everybody who had a part lets go."""
    state, parts, ours = turn.state, parts_of(turn.state, live), live.plan is not None
    until = _place_until(turn, live) if reason is m.EndReason.ABANDONED else None
    journey, said = state.pursuits.journey_of(live.id), len(live.speakers)
    yield e.InteractionClosed(live.id, reason, disposition, until, journey, live.channel, said)
    for assignment in parts:
        yield from part(turn, assignment, ours=ours)
    if live.callback is not None:
        yield from _called_back(turn, live, live.callback, reason, disposition)
    if live.delegated and reason is not m.EndReason.SUPERSEDED:
        sides = (side_id(live.id, number) for number in range(1, live.delegated + 1))
        for side in [state.interactions[one] for one in sides if one in state.interactions]:
            yield from end(turn, side, m.EndReason.WITHDRAWN, "parent-closed")


def _called_back(
    turn: Turn,
    live: LiveInteraction,
    callback: LiveCallback,
    reason: m.EndReason,
    disposition: str | None,
) -> Decision:
    """What becomes of the promise: where we failed to try, it stays, and breaks when it is due."""
    promise = turn.state.pursuits.promises.get(callback.promise)
    if promise is None:
        return
    if reason is m.EndReason.RESOLVED:
        yield e.PromiseKept(*promise.ids, live.id)
    elif disposition == UNREACHED or reason not in {m.EndReason.EXPIRED, m.EndReason.FAILED}:
        yield e.PromiseWithdrawn(*promise.ids, disposition or reason.value)


def _place_until(turn: Turn, live: LiveInteraction) -> datetime | None:
    known = live.customer is not None or live.address is not None
    kept = None if live.queue is None else turn.state.queues[live.queue].place_kept
    return turn.now + kept if kept is not None and known and live.plan is not None else None


def not_taken(turn: Turn, found: LiveAssignment, pause: m.Pause | None, times: int) -> Decision:
    """What follows where a worker did not take what it was asked to, for so many times in a row.

    A step that names workers is over when one of them does not take it. A presence the worker chose
    itself stays; what the policy has for it is lifted by `BecomeAvailable`, or by its end.
    """
    state = turn.state
    live = state.interactions[found.interaction]
    if found.role is m.Role.SERVES and live.plan is not None:
        step, last = live.plan.steps[live.step], live.step == len(live.plan.steps) - 1
        waits = live.state is m.InteractionState.WAITING
        if waits and not last and found.worker in step.requirement.workers:
            yield next_step(state, turn.now, live)
    if pause is None or times < pause.after:
        return
    if state.workers[found.worker].state is m.WorkerState.AVAILABLE:
        until = None if pause.duration is None else turn.now + pause.duration
        yield e.WorkerUnavailable(found.worker, pause.reason, until)
