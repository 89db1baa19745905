"""Decide: what becomes of a command or a deadline.

Laws of this file: one generator per command and per alarm. Every refusal comes before the first
event; each event is applied before the generator resumes, so that the state is always up to date.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from typing import Any, Final

from onechannel import commands as c
from onechannel import events as e
from onechannel import model as m
from onechannel.errors import CommandRefused, InvalidValue
from onechannel.identity import IDENTITY
from onechannel.journeys import PROMISES, Occasion, due_at, resumed
from onechannel.kernel import custody
from onechannel.kernel.arrivals import arrive, reach, say
from onechannel.kernel.custody import Decision
from onechannel.kernel.messages import MESSAGES
from onechannel.kernel.observe import OBSERVE
from onechannel.kernel.ongoing import ONGOING, come_back, fall_asleep, turn_comes
from onechannel.kernel.serving import SERVING, people_or_all
from onechannel.live.deadlines import Alarm
from onechannel.live.state import State, called_back
from onechannel.live.turn import Turn
from onechannel.model.ids import journey_id, promise_id
from onechannel.routing import found_callable, why_asked

__all__ = ["DECIDE", "FIRE", "settle"]


# -- journeys and promises ------------------------------------------------------------------------


def _open_journey(turn: Turn, command: c.OpenJourney) -> Decision:
    customer = turn.customer(command.customer)
    lapses_at = turn.now + turn.state.policy.journey_window
    journey = journey_id(turn.state.position + 1)
    yield e.JourneyOpened(journey, customer, command.about, command.reference, lapses_at)


def _join_journey(turn: Turn, command: c.JoinJourney) -> Decision:
    live = turn.interaction(command.interaction, command)
    journey = turn.journey(command.journey, command)
    root = turn.state.families.root
    if live.customer is None or root(live.customer) != root(journey.customer):
        raise CommandRefused(f"journey {journey.id} is another customer's than {live.id}")
    if turn.state.pursuits.journey_of(live.id) != journey.id:
        yield e.JourneyJoined(journey.id, live.id, m.StitchedBecause.NAMED)


def _journey_over(kind: type[e.JourneyAchieved | e.JourneyFailed]) -> Callable[..., Decision]:
    def decide(turn: Turn, command: c.AchieveJourney | c.FailJourney) -> Decision:
        yield kind(turn.journey(command.journey, command).id, command.reason)

    return decide


def _promise(turn: Turn, command: c.MakePromise) -> Decision:
    interaction = journey = customer = None
    if command.interaction is not None:
        live = turn.interaction(command.interaction, command)
        interaction, customer = live.id, turn.known_as(live.customer)
        journey = turn.state.pursuits.journey_of(live.id)
    if command.customer is not None:
        customer = turn.customer(command.customer)
    if command.calendar is not None and command.calendar not in turn.state.calendars:
        raise CommandRefused(f"calendar {command.calendar} is not defined: DefineCalendar first")
    worker = command.worker or (turn.actor.id if turn.by_worker else None)
    if worker is not None:
        turn.defined(worker)
    calendar = None if command.calendar is None else turn.state.calendars[command.calendar]
    due = due_at(turn.now, command.due, command.within, calendar)
    promise = promise_id(turn.state.position + 1)
    made = (command.what, due, command.calendar, worker, interaction, journey, None)
    yield e.PromiseMade(promise, customer, *made)


def _about_promise(turn: Turn, command: Any) -> Decision:
    found = turn.promise(command.promise, command)
    waits = called_back(turn.state, found)
    if isinstance(command, c.WithdrawPromise) and waits is not None:
        # Nobody is to be called back: there is nothing left to wait for.
        yield from custody.end(turn, waits, m.EndReason.WITHDRAWN, command.reason)
        return
    yield from PROMISES[type(command)](found, command, _occasion(turn))


def _occasion(turn: Turn) -> Occasion:
    return Occasion(turn.now, turn.state.calendars, turn.state.position + 1)


# -- workers --------------------------------------------------------------------------------------


def _sign_in(turn: Turn, command: c.SignIn) -> Decision:
    sanction = turn.worker(command.worker, command).sanction
    yield e.WorkerSignedIn(command.worker)
    if sanction is not None and sanction[1] > turn.now:
        yield e.WorkerUnavailable(command.worker, *sanction, sanction=True)


def _drain(turn: Turn, command: c.SignOut | c.Drain) -> Decision:
    """What it is asked goes back; it is gone once it has nothing left, which may be now."""
    state, worker, leaves = turn.state, command.worker, isinstance(command, c.SignOut)
    turn.worker(worker, command)
    held = [state.assignments[one] for one in state.workers[worker].assignments]
    # A machine that is gone finishes nothing.
    back = _give_back(turn, worker) if leaves and turn.is_machine(worker) else iter(())
    if all(one.state is m.AssignmentState.PENDING for one in held):
        yield e.WorkerSignedOut(worker)
    else:
        yield e.WorkerDraining(worker, turn.now + state.policy.return_after if leaves else None)
    for one in held:
        if one.state is m.AssignmentState.PENDING:
            yield from custody.part(turn, one)
    for interaction in state.index.waiting_for(worker):
        live = state.interactions[interaction]
        assert live.plan is not None  # the index holds nothing else
        last = live.step == len(live.plan.steps) - 1
        if not last and custody.gone(state, live.plan.steps[live.step].requirement.workers):
            yield custody.next_step(state, turn.now, live)
    yield from back


def _give_back(turn: Turn, worker: str, *, real_time: bool = True) -> Decision:
    """What it serves goes back to its queue; without what is real-time, if it is to finish that.

    All of it is planned at once, before any event.
    """
    state, because, planned = turn.state, m.QueuedBecause.SIGNED_OUT, []
    for one in [state.assignments[held] for held in state.workers[worker].assignments]:
        live = state.interactions.get(one.interaction)
        stays = state.channels[one.channel].real_time and not real_time
        if live is not None and live.plan is not None and live.owner == one.id and not stays:
            plan = custody.plan_again(turn, live, people_or_all(turn, worker), because)
            planned.append((live, plan))
    return chain.from_iterable(
        custody.queue_again(turn, live, plan, because, since=live.since) for live, plan in planned
    )


def _become_available(turn: Turn, command: c.BecomeAvailable) -> Decision:
    _unsanctioned(turn, command)
    yield e.WorkerAvailable(command.worker)


def _become_unavailable(turn: Turn, command: c.BecomeUnavailable) -> Decision:
    _unsanctioned(turn, command)
    until = None if command.duration is None else turn.now + command.duration
    # A machine that is down finishes nothing.
    down = turn.is_machine(command.worker)
    back = _give_back(turn, command.worker) if down else iter(())
    yield e.WorkerUnavailable(command.worker, command.reason, until)
    yield from back


def _unsanctioned(turn: Turn, command: c.BecomeAvailable | c.BecomeUnavailable) -> None:
    worker = turn.worker(command.worker, command)
    runs = worker.sanction is not None and worker.sanction[1] > turn.now
    if runs and turn.actor.kind not in {m.ActorKind.SUPERVISOR, m.ActorKind.SYSTEM}:
        raise CommandRefused(
            f"worker {command.worker} is unavailable by sanction ({worker.reason}): "
            "it ends by itself, or a supervisor ends it"
        )


def _sanction(turn: Turn, command: c.Sanction) -> Decision:
    turn.worker(command.worker, command)
    until = turn.now + command.duration
    yield e.WorkerUnavailable(command.worker, command.reason, until, sanction=True)


# -- the centre itself ----------------------------------------------------------------------------


def _define_worker(turn: Turn, command: c.DefineWorker) -> Decision:
    known = turn.state.workers.get(command.worker.id)
    if known is None or known.seat.worker != command.worker:
        yield e.WorkerDefined(command.worker.id, command.worker)


def _define_queue(turn: Turn, command: c.DefineQueue) -> Decision:
    queue, known = command.queue, turn.state.queues.get(command.queue.name)
    standing = [one for one in turn.state.interactions.values() if one.queue == queue.name]
    if known is not None and known.router is not queue.router and standing:
        raise CommandRefused(
            f"queue {known.name} is routed by {known.router} and {len(standing)} are in it: "
            "let it run empty first"
        )
    if known != queue:
        yield e.QueueDefined(queue)


def _define_channel(turn: Turn, command: c.DefineChannel) -> Decision:
    if turn.state.channels.get(command.channel.name) != command.channel:
        yield e.ChannelDefined(command.channel)


def _define_calendar(turn: Turn, command: c.DefineCalendar) -> Decision:
    try:
        m.check_zone(command.calendar.zone)
    except InvalidValue as fault:
        raise CommandRefused(str(fault)) from None
    if turn.state.calendars.get(command.calendar.name) != command.calendar:
        yield e.CalendarDefined(command.calendar)


def _adopt_policy(turn: Turn, command: c.AdoptPolicy) -> Decision:
    for named in (command.policy.plan, command.policy.consent):
        if isinstance(named, m.Named):
            found_callable(command.policy, named, turn.callables)
    if turn.state.policy != command.policy or not turn.state.adopted:
        yield e.PolicyAdopted(command.policy)


#: The decision on every command.
DECIDE: Final[dict[type, Callable[[Turn, Any], Decision]]] = {
    **IDENTITY,
    c.OpenJourney: _open_journey,
    c.JoinJourney: _join_journey,
    c.AchieveJourney: _journey_over(e.JourneyAchieved),
    c.FailJourney: _journey_over(e.JourneyFailed),
    c.MakePromise: _promise,
    **dict.fromkeys(PROMISES, _about_promise),
    c.Arrive: arrive,
    c.Reach: reach,
    c.Say: say,
    **MESSAGES,
    **ONGOING,
    **SERVING,
    c.SignIn: _sign_in,
    c.SignOut: _drain,
    c.Drain: _drain,
    c.BecomeAvailable: _become_available,
    c.BecomeUnavailable: _become_unavailable,
    c.Sanction: _sanction,
    c.DefineWorker: _define_worker,
    c.DefineQueue: _define_queue,
    c.DefineChannel: _define_channel,
    c.DefineCalendar: _define_calendar,
    c.AdoptPolicy: _adopt_policy,
    **OBSERVE,
}


# -- deadlines ------------------------------------------------------------------------------------


def _ring_over(turn: Turn, subject: str) -> Decision:
    found = turn.state.assignments[subject]
    yield e.AssignmentExpired(found.id, found.interaction, found.worker)
    times = turn.state.workers[found.worker].missed
    yield from custody.not_taken(turn, found, turn.state.policy.after_expiry, times)


def _wrap_up_over(turn: Turn, subject: str) -> Decision:
    found = turn.state.assignments[subject]
    yield e.AssignmentReleased(found.id, found.interaction, found.worker)


def _turn_over(turn: Turn, subject: str) -> Decision:
    live = turn.state.interactions[subject]
    if live.state is m.InteractionState.SUSPENDED:
        return come_back(turn, live)
    assert live.callback is not None  # or it would not be scheduled
    return turn_comes(turn, live, live.callback)


def _lease_over(turn: Turn, subject: str) -> Decision:
    """It is over; but while nobody decided nobody could say otherwise: then it is believed anew."""
    live = turn.state.interactions[subject]
    channel = turn.state.channels[live.channel]
    lease = channel.lease if channel.real_time else None
    if lease is not None and turn.now - turn.claimed_at >= lease:
        yield from custody.leased(turn.state, turn.now, live)
        return
    yield e.LeaseExpired(subject)
    if lease is not None:
        yield from custody.end(turn, live, m.EndReason.FAILED, "lease-expired")


def _return_over(turn: Turn, subject: str) -> Decision:
    """What is asynchronous goes back to its queue; of what is real-time the worker sees the end."""
    back = _give_back(turn, subject, real_time=False)
    yield e.WorkerDraining(subject, None)
    yield from back


def _lapse_over(turn: Turn, subject: str) -> Decision:
    """A journey in which something is open, or happened in the window, goes on."""
    pursuits, window = turn.state.pursuits, turn.state.policy.journey_window
    lapses_at = pursuits.lapses(pursuits.journeys[subject], window, turn.now)
    yield e.JourneyExtended(subject, lapses_at) if lapses_at else e.JourneyLapsed(subject)


def _only(event: Callable[[Turn, str], e.EventData]) -> Callable[[Turn, str], Decision]:
    """The decision that is one event."""
    return lambda turn, subject: iter((event(turn, subject),))


#: The decision on every deadline.
FIRE: Final[dict[Alarm, Callable[[Turn, str], Decision]]] = {
    Alarm.RING: _ring_over,
    Alarm.WRAP_UP: _wrap_up_over,
    Alarm.STEP: _only(
        lambda turn, of: custody.next_step(turn.state, turn.now, turn.state.interactions[of])
    ),
    Alarm.CLOSE: lambda turn, of: custody.end(
        turn, turn.state.interactions[of], m.EndReason.EXPIRED
    ),
    Alarm.TURN: _turn_over,
    Alarm.IDLE: lambda turn, of: fall_asleep(turn, turn.state.interactions[of]),
    Alarm.LEASE: _lease_over,
    Alarm.PLACE: _only(lambda _, of: e.PlaceLost(of)),
    Alarm.PAUSE: _only(lambda _, of: e.WorkerAvailable(of)),
    Alarm.RETURN: _return_over,
    Alarm.DUE: _only(lambda turn, of: e.PromiseBroken(*turn.state.pursuits.promises[of].ids)),
    Alarm.RESUME: _only(
        lambda turn, of: resumed(turn.state.pursuits.promises[of], _occasion(turn))
    ),
    Alarm.LAPSE: _lapse_over,
    Alarm.RECEIPT: _only(lambda _, of: e.ReceiptUnmatched(of)),
}


# -- routing --------------------------------------------------------------------------------------


def settle(state: State, now: datetime) -> Decision:
    """Ask for every offerable pair, until none is left and no step of a moment is over."""
    while True:
        while (pair := state.index.next_pair()) is not None:
            live = state.interactions[pair[0]]
            assert live.plan is not None  # the index holds nothing else
            reason = why_asked(live.plan.steps[live.step].requirement)
            yield from custody.asked(state, now, live, pair[1], m.Role.SERVES, reason=reason)
        if state.momentary:
            first = min(state.momentary, key=state.momentary.__getitem__)
            yield custody.next_step(state, now, state.interactions[first])
        elif state.leaving:
            yield e.WorkerSignedOut(next(iter(state.leaving)))
        else:
            return
