"""Decide: what becomes of a command or a deadline.

Laws of this file: one generator per command and per alarm. Every refusal comes before the first
event; each event is applied before the generator resumes, so that the state is always up to date.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, TypeAlias

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused, PolicyMissing
from onechannel.kernel.arrivals import arrive, say
from onechannel.kernel.observe import OBSERVE
from onechannel.kernel.plans import make_plan, next_step, stand_in_line
from onechannel.kernel.state import Alarm, LiveAssignment, LiveInteraction, State
from onechannel.kernel.turn import Turn
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.ids import InteractionId, WorkerId, assignment_id
from onechannel.model.interaction import EndReason, InteractionState, QueuedBecause
from onechannel.model.policy import Named, Pause, PlanAsk
from onechannel.model.worker import PEOPLE, WorkerKind, WorkerState
from onechannel.routing import why_asked

__all__ = ["DECIDE", "FIRE", "settle"]

Decision: TypeAlias = Iterator[e.EventData]

_MACHINES: Final = frozenset({WorkerKind.MACHINE})


# -- the customer ---------------------------------------------------------------------------------


def _register(turn: Turn, command: c.RegisterCustomer) -> Decision:
    if turn.facts.customer(command.customer) is not None:
        raise CommandRefused(f"customer {command.customer} is registered already")
    for number, address in enumerate(command.addresses, start=1):
        holder = turn.facts.customer_at(address.key)
        if holder is not None:
            raise CommandRefused(
                f"address {number} of customer {command.customer} is customer {holder}'s: "
                "register without it, or use that customer"
            )
    yield e.CustomerRegistered(command.customer, command.name, command.addresses)


def _leave(turn: Turn, command: c.Leave) -> Decision:
    live = turn.interaction(command.interaction, command)
    if live.state is InteractionState.ENGAGED:
        reason = EndReason.RESOLVED
    elif turn.state.channels[live.channel].real_time:
        reason = EndReason.ABANDONED
    else:
        reason = EndReason.WITHDRAWN
    yield from _end(turn, live, e.InteractionClosed(live.id, reason, None))


# -- who serves -----------------------------------------------------------------------------------


def _accept(turn: Turn, command: c.Accept) -> Decision:
    found = turn.assignment(command.assignment, command)
    yield e.AssignmentAccepted(found.id, found.interaction, found.worker)


def _decline(turn: Turn, command: c.Decline) -> Decision:
    found = turn.assignment(command.assignment, command)
    yield e.AssignmentDeclined(found.id, found.interaction, found.worker, command.reason)
    yield from _pause(turn, found.worker, turn.state.policy.after_decline)


def _release(turn: Turn, command: c.Release) -> Decision:
    found = turn.assignment(command.assignment, command)
    yield e.AssignmentReleased(found.id, found.interaction, found.worker)


def _escalate(turn: Turn, command: c.Escalate) -> Decision:
    live = _ours(turn.interaction(command.interaction, command))
    owner = turn.owner(live)
    if turn.state.workers[owner.worker].seat.worker.kind is not WorkerKind.MACHINE:
        raise CommandRefused(f"interaction {live.id} is served by a person: only machines escalate")
    planned = make_plan(turn, _ask(turn, live, PEOPLE, QueuedBecause.ESCALATION))
    yield from stand_in_line(turn, live.id, planned, QueuedBecause.ESCALATION, command.reason)
    yield from _part(turn, owner)


def _hand_back(turn: Turn, command: c.HandBack) -> Decision:
    live = _ours(turn.interaction(command.interaction, command))
    owner = turn.owner(live)
    if turn.state.workers[owner.worker].seat.worker.kind is WorkerKind.MACHINE:
        raise CommandRefused(f"interaction {live.id} is served by a machine already")
    planned = make_plan(turn, _ask(turn, live, _MACHINES, QueuedBecause.HAND_BACK))
    channel = turn.state.channels[live.channel]
    if not any(turn.state.index.anybody(channel, step.requirement) for step in planned.plan.steps):
        raise CommandRefused(
            f"no machine can take interaction {live.id} now: whoever serves it keeps it"
        )
    yield from stand_in_line(turn, live.id, planned, QueuedBecause.HAND_BACK, command.reason)
    yield from _part(turn, owner)


def _ours(live: LiveInteraction) -> LiveInteraction:
    if live.plan is None:
        raise CommandRefused(
            f"interaction {live.id} is routed by somebody else: say what they decided"
        )
    return live


def _close(turn: Turn, command: c.Close) -> Decision:
    live = turn.interaction(command.interaction, command)
    turn.claim(live)
    yield from _end(turn, live, e.InteractionClosed(live.id, command.reason, command.disposition))


def _ask(
    turn: Turn, live: LiveInteraction, kinds: frozenset[WorkerKind], because: QueuedBecause
) -> PlanAsk:
    return PlanAsk(
        interaction=live.id,
        channel=live.channel,
        queue=live.queue,
        about=live.about,
        priority=live.priority,
        customer=live.customer,
        kinds=kinds,
        because=because,
        at=turn.now,
    )


def _end(turn: Turn, live: LiveInteraction, closed: e.InteractionClosed) -> Decision:
    """Close it, and let go of whoever is asked or serves."""
    owner, pending, ours = live.owner, live.pending, live.plan is not None
    yield closed
    if pending is not None:
        asked = turn.state.assignments[pending]
        yield e.AssignmentRescinded(asked.id, asked.interaction, asked.worker)
    if owner is not None:
        yield from _part(turn, turn.state.assignments[owner], ours=ours)


def _part(turn: Turn, assignment: LiveAssignment, *, ours: bool = True) -> Decision:
    """The worker serves no longer: it wraps up where that is due, else it is free.

    Where somebody else routes, how long a worker wraps up is theirs to say.
    """
    state = turn.state
    wrap_up = state.workers[assignment.worker].seat.worker.wrap_up
    if wrap_up is None and assignment.queue is not None:
        wrap_up = state.queues[assignment.queue].wrap_up
    if wrap_up and ours:
        yield e.AssignmentWrapping(
            assignment.id, assignment.interaction, assignment.worker, turn.now + wrap_up
        )
    else:
        yield e.AssignmentReleased(assignment.id, assignment.interaction, assignment.worker)


# -- workers --------------------------------------------------------------------------------------


def _sign_in(turn: Turn, command: c.SignIn) -> Decision:
    turn.worker(command.worker, command)
    yield e.WorkerSignedIn(command.worker)


def _sign_out(turn: Turn, command: c.SignOut) -> Decision:
    worker = turn.worker(command.worker, command)
    held = [turn.state.assignments[held] for held in worker.assignments]
    serving = [assignment for assignment in held if assignment.state is AssignmentState.ACTIVE]
    if serving:
        raise CommandRefused(
            f"worker {command.worker} still serves {serving[0].interaction}: "
            "close it or hand it back first"
        )
    yield e.WorkerSignedOut(command.worker)
    for assignment in held:
        if assignment.state is AssignmentState.PENDING:
            yield e.AssignmentRescinded(assignment.id, assignment.interaction, assignment.worker)
        else:
            yield e.AssignmentReleased(assignment.id, assignment.interaction, assignment.worker)


def _become_available(turn: Turn, command: c.BecomeAvailable) -> Decision:
    turn.worker(command.worker, command)
    yield e.WorkerAvailable(command.worker)


def _become_unavailable(turn: Turn, command: c.BecomeUnavailable) -> Decision:
    turn.worker(command.worker, command)
    until = None if command.duration is None else turn.now + command.duration
    yield e.WorkerUnavailable(command.worker, command.reason, until)


def _pause(turn: Turn, worker: WorkerId, pause: Pause | None) -> Decision:
    """What the policy has for one who did not accept; a state the worker chose itself stays."""
    if pause is None or turn.state.workers[worker].state is not WorkerState.AVAILABLE:
        return
    until = None if pause.duration is None else turn.now + pause.duration
    yield e.WorkerUnavailable(worker, pause.reason, until)


# -- the centre itself ----------------------------------------------------------------------------


def _define_worker(turn: Turn, command: c.DefineWorker) -> Decision:
    known = turn.state.workers.get(command.worker.id)
    if known is None or known.seat.worker != command.worker:
        yield e.WorkerDefined(command.worker.id, command.worker)


def _define_queue(turn: Turn, command: c.DefineQueue) -> Decision:
    known = turn.state.queues.get(command.queue.name)
    standing = [one for one in turn.state.interactions.values() if one.queue == command.queue.name]
    if known is not None and known.router is not command.queue.router and standing:
        raise CommandRefused(
            f"queue {known.name} is routed by {known.router} and {len(standing)} are in it: "
            "let it run empty first"
        )
    if turn.state.queues.get(command.queue.name) != command.queue:
        yield e.QueueDefined(command.queue)


def _define_channel(turn: Turn, command: c.DefineChannel) -> Decision:
    if turn.state.channels.get(command.channel.name) != command.channel:
        yield e.ChannelDefined(command.channel)


def _adopt_policy(turn: Turn, command: c.AdoptPolicy) -> Decision:
    plan = command.policy.plan
    if isinstance(plan, Named) and plan.name not in turn.callables:
        raise PolicyMissing(
            f"policy {command.policy.name} plans by {plan.name}, which this process lacks: "
            "give it to Kernel(callables=…)"
        )
    if turn.state.policy != command.policy:
        yield e.PolicyAdopted(command.policy)


#: The decision on every command.
DECIDE: Final[dict[type, Callable[[Turn, Any], Decision]]] = {
    c.RegisterCustomer: _register,
    c.Arrive: arrive,
    c.Say: say,
    c.Leave: _leave,
    c.Accept: _accept,
    c.Decline: _decline,
    c.Release: _release,
    c.Escalate: _escalate,
    c.HandBack: _hand_back,
    c.Close: _close,
    c.SignIn: _sign_in,
    c.SignOut: _sign_out,
    c.BecomeAvailable: _become_available,
    c.BecomeUnavailable: _become_unavailable,
    c.DefineWorker: _define_worker,
    c.DefineQueue: _define_queue,
    c.DefineChannel: _define_channel,
    c.AdoptPolicy: _adopt_policy,
    **OBSERVE,
}


# -- deadlines ------------------------------------------------------------------------------------


def _ring_over(turn: Turn, subject: str) -> Decision:
    found = turn.state.assignments[subject]
    yield e.AssignmentExpired(found.id, found.interaction, found.worker)
    yield from _pause(turn, found.worker, turn.state.policy.after_expiry)


def _wrap_up_over(turn: Turn, subject: str) -> Decision:
    found = turn.state.assignments[subject]
    yield e.AssignmentReleased(found.id, found.interaction, found.worker)


def _step_over(turn: Turn, subject: str) -> Decision:
    yield next_step(turn.state, turn.now, turn.state.interactions[subject])


def _pause_over(_turn: Turn, subject: str) -> Decision:
    yield e.WorkerAvailable(subject)


#: The decision on every deadline.
FIRE: Final[dict[Alarm, Callable[[Turn, str], Decision]]] = {
    Alarm.RING: _ring_over,
    Alarm.WRAP_UP: _wrap_up_over,
    Alarm.STEP: _step_over,
    Alarm.PAUSE: _pause_over,
}


# -- routing --------------------------------------------------------------------------------------


def settle(state: State, now: datetime) -> Decision:
    """Ask for every offerable pair, until none is left and no step of a moment is over."""
    while True:
        while (pair := state.index.next_pair()) is not None:
            yield from _asked(state, now, *pair)
        if not state.momentary:
            return
        first = min(state.momentary, key=state.momentary.__getitem__)
        yield next_step(state, now, state.interactions[first])


def _asked(
    state: State, now: datetime, interaction: InteractionId, worker_id: WorkerId
) -> Decision:
    live, worker = state.interactions[interaction], state.workers[worker_id].seat.worker
    assert live.plan is not None  # the index holds nothing else
    assignment = assignment_id(live.id, live.opened + 1)
    expires_at = None if worker.accepts_by_itself else now + state.policy.ring_for
    reason = why_asked(live.plan.steps[live.step].requirement)
    yield e.AssignmentOpened(assignment, live.id, worker.id, Role.SERVES, expires_at, reason)
    if worker.accepts_by_itself:
        yield e.AssignmentAccepted(assignment, live.id, worker.id)
