"""Arrivals: how an interaction begins, and how a customer's words begin one anew.

Laws of this file: an id arrives once, for ever; a closed interaction never opens again, a return
opens its successor.
"""

from collections.abc import Iterator

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused
from onechannel.kernel.plans import make_plan, stand_in_line
from onechannel.kernel.turn import Turn
from onechannel.model.actor import ActorKind
from onechannel.model.channel import known_channel
from onechannel.model.ids import CustomerId, InteractionId, is_successor, successor_id
from onechannel.model.interaction import QueuedBecause
from onechannel.model.policy import PlanAsk
from onechannel.model.worker import WorkerKind
from onechannel.ports import Past

__all__ = ["arrive", "new_id", "say"]

_ANYBODY = frozenset(WorkerKind)


def arrive(turn: Turn, command: c.Arrive) -> Iterator[e.EventData]:
    """A customer reaches us."""
    past = None if command.follows is None else _closed_past(turn, command.follows)
    if command.interaction is not None:
        interaction = new_id(turn, command.interaction)
    elif past is not None:
        interaction = successor_id(past.arrived.interaction)
    else:
        raise CommandRefused("an arrival needs an interaction id, or the id of the one it follows")
    arrived = e.InteractionArrived(
        interaction,
        command.channel,
        _customer(turn, command) or (past.arrived.customer if past else None),
        command.address,
        command.about or (past.arrived.about if past else None),
        command.priority,
        past.arrived.interaction if past else None,
    )
    yield from _open(turn, arrived, command.queue, command.says)


def say(turn: Turn, command: c.Say) -> Iterator[e.EventData]:
    """Words of the customer, or of who serves."""
    if command.assignment is not None:
        if turn.actor.kind is ActorKind.CUSTOMER:
            raise CommandRefused("a customer speaks without an assignment: those are of who serves")
        found = turn.assignment(command.assignment, command)
        if found.interaction != command.interaction:
            raise CommandRefused(
                f"assignment {found.id} is not a part of interaction {command.interaction}"
            )
        yield e.MessageSent(found.interaction, found.id, found.worker, command.text)
        return
    if not turn.may_act_as(None):
        raise CommandRefused("who serves speaks with its assignment: without one a customer speaks")
    if command.interaction in turn.state.interactions:
        live = turn.interaction(command.interaction, command)
        yield e.MessageReceived(live.id, command.text)
        return
    past = turn.facts.line_of(command.interaction)
    if past is not None and past.closed is None:
        live = turn.interaction(past.arrived.interaction, command)
        yield e.MessageReceived(live.id, command.text)
        return
    yield from _come_back(turn, _closed_past(turn, command.interaction), command.text)


def _come_back(turn: Turn, past: Past, text: str) -> Iterator[e.EventData]:
    before = past.arrived
    arrived = e.InteractionArrived(
        successor_id(before.interaction),
        before.channel,
        before.customer,
        before.address,
        before.about,
        before.priority,
        before.interaction,
    )
    yield from _open(turn, arrived, None, text)


def _open(
    turn: Turn, arrived: e.InteractionArrived, queue: str | None, says: str | None
) -> Iterator[e.EventData]:
    because = QueuedBecause.ARRIVAL if arrived.predecessor is None else QueuedBecause.RETURN
    ask = PlanAsk(
        interaction=arrived.interaction,
        channel=arrived.channel,
        queue=queue,
        about=arrived.about,
        priority=arrived.priority,
        customer=arrived.customer,
        kinds=_ANYBODY,
        because=because,
        at=turn.now,
    )
    planned = make_plan(turn, ask)
    if arrived.channel not in turn.state.channels:
        # What a channel can do stands in the log, so that a later release cannot change an old
        # one's meaning.
        yield e.ChannelDefined(known_channel(arrived.channel))
    yield arrived
    yield from stand_in_line(turn, arrived.interaction, planned, because)
    if says is not None:
        yield e.MessageReceived(arrived.interaction, says)


def new_id(turn: Turn, wanted: InteractionId) -> InteractionId:
    """The id, if it never arrived before."""
    if is_successor(wanted):
        raise CommandRefused(f"interaction id {wanted} has the form of a successor's: use another")
    if wanted in turn.state.interactions or turn.facts.line_of(wanted) is not None:
        raise CommandRefused(
            f"interaction {wanted} has arrived already: an id is used once, follow it instead"
        )
    return wanted


def _closed_past(turn: Turn, wanted: InteractionId) -> Past:
    past = None if wanted in turn.state.interactions else turn.facts.line_of(wanted)
    if past is not None and not turn.may_speak_for(past.arrived.customer):
        past = None
    if past is not None and past.closed is not None:
        return past
    if past is None and wanted not in turn.state.interactions:
        raise CommandRefused(f"interaction {wanted} never arrived: Arrive first")
    latest = wanted if past is None else past.arrived.interaction
    raise CommandRefused(f"interaction {latest} is still open: it goes on, and needs no successor")


def _customer(turn: Turn, command: c.Arrive) -> CustomerId | None:
    if command.customer is not None:
        known = turn.facts.customer(command.customer)
        if known is None or not turn.may_speak_for(command.customer):
            raise CommandRefused(
                f"customer {command.customer} is not registered: RegisterCustomer first"
            )
        return command.customer
    return None if command.address is None else turn.facts.customer_at(command.address.key)
