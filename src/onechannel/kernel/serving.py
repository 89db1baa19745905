"""Serving: what becomes of the commands of whoever serves or supervises.

Laws of this file: every refusal comes before the first event. A transfer is a plan: who is asked
first, then who gave it away, then anybody; so it can fail without losing the customer.
"""

from collections.abc import Callable
from typing import Any, Final

from onechannel import commands as c
from onechannel import events as e
from onechannel import model as m
from onechannel.errors import CommandRefused
from onechannel.kernel import custody
from onechannel.kernel.custody import Decision
from onechannel.live.deadlines import Alarm
from onechannel.live.state import AT_ONCE, LiveAssignment, LiveInteraction
from onechannel.live.turn import Turn
from onechannel.model.assignment import SUGGESTING, SUPERVISING
from onechannel.model.ids import WorkerId, message_id, side_id
from onechannel.routing import Planned, asking_only, first_asking, returning

__all__ = ["SERVING", "people_or_all"]

_EVERYBODY: Final = frozenset(m.WorkerKind)
_MACHINES: Final = frozenset({m.WorkerKind.MACHINE})


def people_or_all(turn: Turn, worker: WorkerId | None) -> frozenset[m.WorkerKind]:
    """Who may go on with what a worker had: people, unless that was a machine."""
    return _EVERYBODY if worker is None or turn.is_machine(worker) else m.PEOPLE


# -- a worker's part ------------------------------------------------------------------------------


def _accept(turn: Turn, command: c.Accept) -> Decision:
    found = turn.assignment(command.assignment, command)
    yield e.AssignmentAccepted(found.id, found.interaction, found.worker)
    if found.role is m.Role.SERVES:
        yield from custody.leased(turn.state, turn.now, turn.state.interactions[found.interaction])


def _decline(turn: Turn, command: c.Decline) -> Decision:
    found = turn.assignment(command.assignment, command)
    yield e.AssignmentDeclined(found.id, found.interaction, found.worker, command.reason)
    times = turn.state.workers[found.worker].declined
    yield from custody.not_taken(turn, found, turn.state.policy.after_decline, times)


def _hold(turn: Turn, command: c.Hold) -> Decision:
    found = turn.assignment(command.assignment, command)
    if not turn.state.channels[found.channel].can_hold:
        raise CommandRefused(f"channel {found.channel} has no hold: Sleep where it can wait")
    yield e.AssignmentHeld(found.id, found.interaction, found.worker)


def _resume(turn: Turn, command: c.Resume) -> Decision:
    found = turn.assignment(command.assignment, command)
    yield e.AssignmentResumed(found.id, found.interaction, found.worker)


def _release(turn: Turn, command: c.Release) -> Decision:
    found = turn.assignment(command.assignment, command)
    if found.state is not m.AssignmentState.WRAPPING:
        if found.role is m.Role.SERVES:
            raise CommandRefused(
                f"assignment {found.id} serves: Close, Transfer or change another's role first"
            )
        yield from custody.part(turn, found)
        return
    queue = None if found.queue is None else turn.state.queues[found.queue]
    by_worker = turn.actor.kind in {m.ActorKind.WORKER, m.ActorKind.MACHINE}
    if queue is not None and queue.wrap_up_forced and by_worker:
        raise CommandRefused(
            f"assignment {found.id} wraps up for as long as queue {queue.name} says: "
            "who wraps up cannot end it sooner"
        )
    yield e.AssignmentReleased(found.id, found.interaction, found.worker)


def _extend_wrap_up(turn: Turn, command: c.ExtendWrapUp) -> Decision:
    found = turn.assignment(command.assignment, command)
    until = turn.state.deadlines.at(Alarm.WRAP_UP, found.id) + command.duration
    yield e.AssignmentWrapping(found.id, found.interaction, found.worker, until)


def _suggest(turn: Turn, command: c.Suggest) -> Decision:
    found = turn.assignment(command.assignment, command)
    if found.role not in SUGGESTING:
        raise CommandRefused(f"assignment {found.id} {found.role}: it speaks, or only listens")
    yield e.MessageSuggested(found.interaction, found.id, found.worker, command.text)


#: Who may become what: a consult ends in a conference or a transfer, a supervisor steps nearer.
_BECOMES: Final = {
    m.Role.CONSULTED: frozenset({m.Role.CONFERENCED, m.Role.SERVES}),
    m.Role.CONFERENCED: frozenset({m.Role.SERVES}),
    m.Role.ASSISTS: frozenset({m.Role.SERVES}),
    **dict.fromkeys(SUPERVISING, SUPERVISING | {m.Role.SERVES}),
}


def _change_role(turn: Turn, command: c.ChangeRole) -> Decision:
    found = turn.assignment(command.assignment, command)
    live = turn.refuse_theirs(turn.state.interactions[found.interaction])
    becomes = _BECOMES.get(found.role, frozenset()) - {found.role}
    if command.role not in becomes:
        ways = ", ".join(sorted(becomes)) or "no other: another's role is to become serves"
        raise CommandRefused(f"assignment {found.id} {found.role}: it can become {ways}")
    if command.role is m.Role.SERVES:
        yield from _serves_now(turn, live, found)
    else:
        yield e.RoleChanged(found.id, found.interaction, found.worker, command.role)


# -- who else comes in ----------------------------------------------------------------------------


def _join(turn: Turn, command: c.Join) -> Decision:
    turn.present(command.worker)
    # It is its own part that a machine asks for, in what another serves.
    live = turn.for_anybody().ours(command.interaction, command)
    if (command.role is m.Role.ASSISTS) is not turn.is_machine(command.worker):
        raise CommandRefused(f"worker {command.worker} cannot join so: only machines assist")
    _refuse_taking_part(turn, live, command.worker)
    yield from custody.asked(
        turn.state, turn.now, live, command.worker, command.role, reason="joined", at_once=True
    )


def _refuse_taking_part(turn: Turn, live: LiveInteraction, worker: WorkerId) -> None:
    if any(one.worker == worker for one in custody.parts_of(turn.state, live)):
        raise CommandRefused(f"worker {worker} has a part in interaction {live.id} already")


def _consult(turn: Turn, command: c.Consult) -> Decision:
    live = turn.ours(command.interaction, command)
    state, channel, fault = turn.state, turn.state.channels[live.channel], None
    if command.worker is not None:
        _refuse_taking_part(turn, live, command.worker)
        fits = turn.defined(command.worker, by_anybody=True).seat.fits(channel)
        worker = command.worker if fits else None
    else:
        planned = _people_of(turn, live, command, m.QueuedBecause.TRANSFER)
        fault, steps = planned.fault, planned.plan.steps
        but = frozenset(one.worker for one in custody.parts_of(state, live))
        able = (state.index.somebody(channel, step.requirement, but) for step in steps)
        worker = next((found for found in able if found is not None), None)
    if worker is None:
        raise CommandRefused("nobody asked for can be consulted now: try later, or Delegate a part")
    if fault is not None:
        yield e.PolicyFaulted(live.id, state.policy.name, fault)
    yield from custody.asked(state, turn.now, live, worker, m.Role.CONSULTED, reason="consulted")


def _people_of(
    turn: Turn,
    live: LiveInteraction,
    command: c.Consult | c.Transfer,
    because: m.QueuedBecause,
) -> Planned:
    """The plan that asks whom a command names; a department has machines and partners, too."""
    kinds = m.PEOPLE if command.department is None else _EVERYBODY
    where = {"queue": command.queue, "department": command.department}
    return custody.plan_again(turn, live, kinds, because, **where)


def _delegate(turn: Turn, command: c.Delegate) -> Decision:
    live, because = turn.ours(command.interaction, command), m.QueuedBecause.ARRIVAL
    side, journey = side_id(live.id, live.delegated + 1), turn.state.pursuits.journey_of(live.id)
    customer, about = turn.known_as(live.customer), command.about or live.about
    wanted = (customer, None, about, live.priority, None)
    lineage = (m.Direction.INTERNAL, live.id, journey)
    channel = turn.state.policy.side_channel
    arrived = e.InteractionArrived(side, channel, *wanted, *lineage)
    kinds = m.PEOPLE if command.department is None else _EVERYBODY
    where = {"queue": command.queue or live.queue, "department": command.department}
    planned = custody.planned_for(turn, arrived, kinds, because, **where)
    if command.worker is not None:
        turn.defined(command.worker, by_anybody=True)
        planned = asking_only(planned, command.worker)
    if channel not in turn.state.channels:
        yield e.ChannelDefined(m.known_channel(channel))
    yield arrived
    closes_at = None if command.returns_after is None else turn.now + command.returns_after
    yield from custody.stand_in_line(turn, side, planned, because, closes_at=closes_at)
    if command.says is not None:
        yield e.MessageReceived(side, message_id(side, 1), channel, None, command.says)


# -- where the work goes --------------------------------------------------------------------------


def _escalate(turn: Turn, command: c.Escalate) -> Decision:
    live = turn.ours(command.interaction, command)
    if not turn.is_machine(turn.owner(live).worker):
        raise CommandRefused(f"interaction {live.id} is served by a person: only machines escalate")
    planned = custody.plan_again(turn, live, m.PEOPLE, m.QueuedBecause.ESCALATION)
    yield from custody.queue_again(
        turn, live, planned, m.QueuedBecause.ESCALATION, reason=command.reason
    )


def _hand_back(turn: Turn, command: c.HandBack) -> Decision:
    live = turn.ours(command.interaction, command)
    if turn.is_machine(turn.owner(live).worker):
        raise CommandRefused(f"interaction {live.id} is served by a machine already")
    planned = custody.plan_again(turn, live, _MACHINES, m.QueuedBecause.HAND_BACK)
    channel = turn.state.channels[live.channel]
    if not any(turn.state.index.anybody(channel, step.requirement) for step in planned.plan.steps):
        raise CommandRefused(
            f"no machine can take interaction {live.id} now: whoever serves it keeps it"
        )
    yield from custody.queue_again(
        turn, live, planned, m.QueuedBecause.HAND_BACK, reason=command.reason
    )


def _transfer(turn: Turn, command: c.Transfer) -> Decision:
    live = turn.ours(command.interaction, command)
    had, because = turn.keeper(live), m.QueuedBecause.TRANSFER
    back = custody.plan_again(turn, live, people_or_all(turn, had), because)
    if had is not None:
        back = first_asking(back, had, turn.state.policy.keeper_first)
    planned = _people_of(turn, live, command, because)
    if command.worker is not None:
        _refuse_unaskable(turn, live, command.worker, command)
        planned = first_asking(back, command.worker, command.returns_after or AT_ONCE)
    elif command.returns_after is not None:
        planned = returning(planned, command.returns_after, back)
    more = {"reason": command.reason, "since": live.since}
    yield from custody.queue_again(turn, live, planned, because, **more)


def _refuse_unaskable(
    turn: Turn, live: LiveInteraction, worker: WorkerId, command: c.Transfer
) -> None:
    """A transfer that must fail leaves everything as it is."""
    seat, channel = turn.defined(worker, by_anybody=True).seat, turn.state.channels[live.channel]
    if any(one.worker == worker for one in custody.parts_of(turn.state, live)):
        raise CommandRefused(
            f"worker {worker} has a part in interaction {live.id}: ChangeRole, or Release it first"
        )
    if command.returns_after is None and not seat.fits(channel):
        raise CommandRefused(
            f"worker {worker} cannot be asked now: give returns_after to wait, or Consult first"
        )


def _assign(turn: Turn, command: c.Assign) -> Decision:
    live = turn.ours(command.interaction, command)
    turn.present(command.worker)
    owner = None if live.owner is None else turn.owner(live)
    if owner is not None and owner.worker == command.worker:
        raise CommandRefused(f"worker {command.worker} serves interaction {live.id} already")
    parts, taking_part = custody.parts_of(turn.state, live), None
    for one in parts:
        mine, asked = one.worker == command.worker, one.state is m.AssignmentState.PENDING
        if asked and (mine or one.id == live.pending):
            yield from custody.part(turn, one)
        elif mine:
            taking_part = one
    if taking_part is not None:
        yield from _serves_now(turn, live, taking_part)
        return
    reason = f"assigned by {turn.actor}"
    serves = (live, command.worker, m.Role.SERVES)
    yield from custody.asked(turn.state, turn.now, *serves, reason=reason, at_once=True)
    if owner is not None:
        yield from custody.part(turn, owner)


def _serves_now(turn: Turn, live: LiveInteraction, part: LiveAssignment) -> Decision:
    """Whoever took part has it now, and whoever had it lets go."""
    owner = turn.owner(live)
    yield e.RoleChanged(part.id, part.interaction, part.worker, m.Role.SERVES)
    yield from custody.leased(turn.state, turn.now, live)
    yield from custody.part(turn, owner)


def _close(turn: Turn, command: c.Close) -> Decision:
    live = turn.interaction(command.interaction, command)
    yield from custody.end(turn, live, command.reason, command.disposition)


#: The decision on every command of whoever serves.
SERVING: Final[dict[type, Callable[[Turn, Any], Decision]]] = {
    c.Accept: _accept,
    c.Decline: _decline,
    c.Hold: _hold,
    c.Resume: _resume,
    c.Release: _release,
    c.ExtendWrapUp: _extend_wrap_up,
    c.Suggest: _suggest,
    c.ChangeRole: _change_role,
    c.Join: _join,
    c.Consult: _consult,
    c.Delegate: _delegate,
    c.Escalate: _escalate,
    c.HandBack: _hand_back,
    c.Transfer: _transfer,
    c.Assign: _assign,
    c.Close: _close,
}
