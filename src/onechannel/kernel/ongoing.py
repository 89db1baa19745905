"""What goes on: work that sleeps, waits on others, changes its channel, or is called back.

Laws of this file: what holds nobody's capacity has a keeper, who is asked first when it comes back;
what waits for a time comes back by itself. A callback is a promise that the kernel itself keeps.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from onechannel import commands as c
from onechannel import events as e
from onechannel import model as m
from onechannel.errors import CommandRefused
from onechannel.kernel.custody import (
    UNREACHED,
    Decision,
    end,
    leased,
    part,
    part_all,
    plan_again,
    queue_again,
)
from onechannel.kernel.serving import people_or_all
from onechannel.live.state import LiveCallback, LiveInteraction
from onechannel.live.turn import Turn
from onechannel.model.ids import promise_id
from onechannel.routing import asking_only, first_asking

__all__ = ["ONGOING", "come_back", "fall_asleep", "turn_comes"]


# -- sleeping and waiting on others ---------------------------------------------------------------


def _leave(turn: Turn, command: c.Leave) -> Decision:
    live = turn.interaction(command.interaction, command)
    waits = live.state is m.InteractionState.WAITING
    if waits and live.callback is not None:
        return  # to hang up is what a callback is for: it keeps its place until it is closed
    if live.state is m.InteractionState.ENGAGED:
        yield from end(turn, live, m.EndReason.RESOLVED, "left")
        return
    inbound = live.direction is m.Direction.INBOUND
    if waits and inbound and turn.state.channels[live.channel].real_time:
        reason = m.EndReason.ABANDONED
    else:
        reason = m.EndReason.WITHDRAWN
    yield from end(turn, live, reason)


def _sleep(turn: Turn, command: c.Sleep) -> Decision:
    live = turn.ours(command.interaction, command)
    if turn.state.channels[live.channel].real_time:
        raise CommandRefused(
            f"interaction {live.id} is real-time and cannot sleep: Hold or Suspend"
        )
    yield from fall_asleep(turn, live)


def fall_asleep(turn: Turn, live: LiveInteraction) -> Decision:
    """It is the customer's turn: whoever served it keeps it, and lets go."""
    closes_after = turn.state.channels[live.channel].closes_after
    closes_at = None if closes_after is None else turn.now + closes_after
    yield from part_all(turn, live, e.InteractionSlept(live.id, turn.keeper(live), closes_at))


def _suspend(turn: Turn, command: c.Suspend) -> Decision:
    live = turn.ours(command.interaction, command)
    _refuse_past(turn, command.due)
    if live.scheduled:
        raise CommandRefused(f"interaction {live.id} is called back at its time: Close it, or wait")
    wait = (turn.keeper(live), command.party, command.reason, command.due)
    yield from part_all(turn, live, e.InteractionSuspended(live.id, *wait))


def _refuse_past(turn: Turn, at: datetime) -> None:
    if at <= turn.now:
        raise CommandRefused(f"{at.isoformat()} is past: name a time to come")


def _reactivate(turn: Turn, command: c.Reactivate) -> Decision:
    yield from come_back(turn, turn.ours(command.interaction, command))


def come_back(turn: Turn, live: LiveInteraction) -> Decision:
    """Into the line, where whoever kept it is asked first; planned at once, before any event."""
    planned = plan_again(turn, live, people_or_all(turn, live.keeper), m.QueuedBecause.WOKEN)
    if live.keeper is not None:
        planned = first_asking(planned, live.keeper, turn.state.policy.keeper_first)
    return queue_again(turn, live, planned, m.QueuedBecause.WOKEN)


def _move(turn: Turn, command: c.MoveChannel) -> Decision:
    live = turn.outward(command.interaction, command)
    if command.channel == live.channel:
        raise CommandRefused(f"interaction {live.id} is on channel {live.channel} already")
    asleep = live.state is m.InteractionState.DORMANT
    back = come_back(turn, live) if asleep else iter(())
    if command.channel not in turn.state.channels:
        yield e.ChannelDefined(m.known_channel(command.channel))
    if live.pending is not None:
        # Who is asked was asked for the other channel.
        yield from part(turn, turn.state.assignments[live.pending])
    yield e.InteractionMoved(live.id, command.channel, command.address)
    if live.state is m.InteractionState.ENGAGED:
        yield from leased(turn.state, turn.now, live)
    yield from back


def _renew_lease(turn: Turn, command: c.RenewLease) -> Decision:
    live = turn.ours(command.interaction, command)
    channel = turn.state.channels[live.channel]
    if channel.lease is None or not channel.real_time:
        raise CommandRefused(f"channel {live.channel} has no lease: nothing to renew")
    yield from leased(turn.state, turn.now, live)


# -- callbacks ------------------------------------------------------------------------------------


def _request_callback(turn: Turn, command: c.RequestCallback) -> Decision:
    live = turn.outward(command.interaction, command)
    state, worker, before = turn.state, command.worker, live.callback
    if before is not None and live.state is not m.InteractionState.ENGAGED:
        raise CommandRefused(f"interaction {live.id} has a callback: {before.promise}")
    if command.at is not None:
        _refuse_past(turn, command.at)
    if worker is not None:
        turn.defined(worker, by_anybody=True)
    at, promise = command.at or turn.now, promise_id(state.position + 1)
    due = at + (command.within or state.policy.callback_within)
    owned = (worker, command.owned_for, command.only)
    callback = LiveCallback(promise, 1, *owned)
    back = turn_comes(turn, live, callback) if command.at is None else iter(())
    if before is not None and before.promise in state.pursuits.promises:
        # The customer was called back: this is another one.
        yield e.PromiseKept(*state.pursuits.promises[before.promise].ids, live.id)
        promise = promise_id(state.position + 1)
    lineage = (live.id, state.pursuits.journey_of(live.id), None)
    customer = turn.known_as(live.customer)
    yield e.PromiseMade(promise, customer, "callback", due, None, worker, *lineage)
    yield from part_all(turn, live, e.InteractionScheduled(live.id, at, promise, 1, *owned))
    yield from back


def turn_comes(turn: Turn, live: LiveInteraction, callback: LiveCallback) -> Decision:
    """The time of a callback has come: its owner is asked alone for a time, then anybody.

    One that is at once keeps its age; one at a time is as old as that time. It is planned at once,
    before any event.
    """
    because = m.QueuedBecause.CALLBACK
    planned, closes_at = plan_again(turn, live, m.PEOPLE, because), None
    if callback.worker is not None and callback.only:
        planned = asking_only(planned, callback.worker)
        closes_at = turn.now + (callback.owned_for or turn.state.policy.callback_within)
    elif callback.worker is not None:
        span = callback.owned_for or turn.state.policy.keeper_first
        planned = first_asking(planned, callback.worker, span)
    return queue_again(turn, live, planned, because, since=live.since, closes_at=closes_at)


def _miss_callback(turn: Turn, command: c.MissCallback) -> Decision:
    live = turn.ours(command.interaction, command)
    callback, policy = live.callback, turn.state.policy
    if callback is None:
        raise CommandRefused(f"interaction {live.id} is no callback: Close it as failed")
    if callback.attempt >= policy.callback_attempts:
        yield from end(turn, live, m.EndReason.EXPIRED, UNREACHED)
        return
    at, attempt = turn.now + policy.callback_retry, callback.attempt + 1
    again = (callback.promise, attempt, callback.worker, callback.owned_for, callback.only)
    yield from part_all(turn, live, e.InteractionScheduled(live.id, at, *again))


#: The decision on every command about how an interaction goes on.
ONGOING: Final[dict[type, Callable[[Turn, Any], Decision]]] = {
    c.Leave: _leave,
    c.Sleep: _sleep,
    c.Suspend: _suspend,
    c.Reactivate: _reactivate,
    c.MoveChannel: _move,
    c.RenewLease: _renew_lease,
    c.RequestCallback: _request_callback,
    c.MissCallback: _miss_callback,
}
