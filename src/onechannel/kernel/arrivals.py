"""Arrivals: how an interaction begins, and how a customer's words begin one anew.

Laws of this file: an id arrives once, for ever; a closed interaction never opens again, a return
opens its successor. Who comes another way, or comes back in time, keeps the place in the line.
"""

from typing import Any, TypeAlias, cast

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel import model as m
from onechannel.errors import CommandRefused
from onechannel.journeys import Stitch
from onechannel.kernel.custody import Decision, asked, end, planned_for, stand_in_line
from onechannel.kernel.messages import heard, part_in, refuse_unasked, sent, speaker
from onechannel.live.state import kept_for, waiting_in
from onechannel.live.turn import Turn, not_open
from onechannel.model.ids import (
    CustomerId,
    InteractionId,
    JourneyId,
    is_derived,
    journey_id,
    message_id,
    successor_id,
)
from onechannel.ports import Past
from onechannel.routing import Planned, consent

__all__ = ["arrive", "new_id", "reach", "say"]

_ANYBODY = frozenset(m.WorkerKind)


#: What an arrival says of its journey: its id, a reference, and its predecessor's journey.
_Named: TypeAlias = tuple[JourneyId | None, str | None, JourneyId | None]


def arrive(turn: Turn, command: c.Arrive) -> Decision:
    """A customer reaches us."""
    past = None if command.follows is None else _closed_past(turn, command.follows, own=True)
    customer, about = _customer(turn, command), command.about
    if command.interaction is not None:
        interaction = new_id(turn, command.interaction)
    elif past is not None:
        interaction = successor_id(past.arrived.interaction)
    else:
        raise CommandRefused("an arrival needs an interaction id, or the id of the one it follows")
    if past is not None:
        customer = customer or turn.known_as(past.arrived.customer)
        about = about or past.arrived.about
    arrived = e.InteractionArrived(
        interaction,
        command.channel,
        customer,
        command.address,
        about,
        command.priority,
        None if past is None else past.arrived.interaction,
    )
    planned = planned_for(
        turn,
        arrived,
        _ANYBODY,
        _because(arrived),
        queue=command.queue,
        department=command.department,
    )
    words = None if command.says is None else (customer, command.says, ())
    named = (command.journey, command.reference, _lineage(past))
    yield from _open(turn, arrived, planned, named, words)


def _lineage(past: Past | None) -> JourneyId | None:
    return None if past is None or past.closed is None else past.closed.journey


def say(turn: Turn, command: c.Say) -> Decision:
    """Words of the customer, or of who serves."""
    live = turn.state.interactions.get(command.interaction)
    if command.assignment is not None:
        part = part_in(turn, command.assignment, command)
        yield from sent(turn, turn.state.interactions[part.interaction], part, command)
        return
    refuse_unasked(turn, live)
    past = turn.facts.line_of(command.interaction) if live is None else None
    if past is not None and past.closed is None:
        live = turn.state.interactions.get(past.arrived.interaction)
    if live is not None:
        yield from heard(turn, live, command)
        return
    past = _closed_past(turn, command.interaction, own=False)
    before, last = past.arrived, None if past.closed is None else past.closed.channel
    customer = turn.known_as(before.customer)
    channel = command.channel or last or before.channel
    public = _channel(turn, channel).public
    author = speaker(turn, command.interaction, customer, command.author, public=public)
    arrived = e.InteractionArrived(
        successor_id(before.interaction),
        channel,
        customer,
        before.address if channel == before.channel else None,
        before.about,
        before.priority,
        before.interaction,
    )
    planned = planned_for(turn, arrived, _ANYBODY, m.QueuedBecause.RETURN)
    words = (author, command.text, command.attachments)
    yield from _open(turn, arrived, planned, (None, None, _lineage(past)), words)


def _channel(turn: Turn, name: str) -> m.Channel:
    return turn.state.channels.get(name) or m.known_channel(name)


def _because(arrived: e.InteractionArrived) -> m.QueuedBecause:
    first = arrived.predecessor is None
    return m.QueuedBecause.ARRIVAL if first else m.QueuedBecause.RETURN


def _open(
    turn: Turn,
    arrived: e.InteractionArrived,
    planned: Planned,
    named: _Named,
    words: tuple[CustomerId | None, str, tuple[m.Attachment, ...]] | None = None,
) -> Decision:
    """Into its journey and into the line, where it may take over a place."""
    stitch = None
    if arrived.customer is not None or named[0] is not None:
        stitch = _stitched(turn, arrived, named)
    kept = replaced = None
    if arrived.direction is m.Direction.INBOUND:
        if turn.state.places:
            kept = kept_for(turn.state, arrived, planned.plan.queue)
        if stitch is not None and _channel(turn, arrived.channel).real_time:
            replaced = waiting_in(turn.state, stitch.journey)
    place = kept or replaced
    because, more = _because(arrived), {}
    if arrived.channel not in turn.state.channels:
        # What a channel can do stands in the log, so that a later release cannot change an old
        # one's meaning.
        yield e.ChannelDefined(m.known_channel(arrived.channel))
    if stitch is None and arrived.customer is not None and (arrived.about or named[1]):
        stitch = Stitch(journey_id(turn.state.position + 1), m.StitchedBecause.FIRST)
        pursued = (arrived.customer, arrived.about, named[1])
        lapses_at = turn.now + turn.state.policy.journey_window
        yield e.JourneyOpened(stitch.journey, *pursued, lapses_at)
    if stitch is not None:
        more = {"journey": stitch.journey, "stitched": stitch.because}
    if place is not None and arrived.predecessor is None:
        more["predecessor"] = place.id
    yield attrs.evolve(cast("Any", arrived), **more) if more else arrived
    since = None if place is None else place.since
    yield from stand_in_line(turn, arrived.interaction, planned, because, since=since)
    if replaced is not None:
        yield from end(turn, replaced, m.EndReason.SUPERSEDED)
    if words is not None:
        first = (arrived.interaction, message_id(arrived.interaction, 1), arrived.channel)
        yield e.MessageReceived(*first, *words)


def _stitched(turn: Turn, arrived: e.InteractionArrived, named: _Named) -> Stitch | None:
    """Where it belongs: what is named must be there, and its customer's."""
    journey, reference, lineage = named
    pursuits, families, customer = turn.state.pursuits, turn.state.families, arrived.customer
    if journey is not None:
        found = pursuits.journeys.get(journey)
        if found is None or customer is None or families.root(found.customer) != customer:
            raise CommandRefused(f"journey {journey} is not open, or not this customer's")
        return Stitch(found.id, m.StitchedBecause.NAMED)
    assert customer is not None  # or a journey is named
    family = families.family(customer)
    return pursuits.stitch(family, arrived.about, reference, lineage)


# -- reaching a customer --------------------------------------------------------------------------


def reach(turn: Turn, command: c.Reach) -> Decision:
    """We reach a customer, if we may."""
    interaction, customer = new_id(turn, command.interaction), turn.customer(command.customer)
    channel = _channel(turn, command.channel)
    if command.worker is not None:
        turn.present(command.worker)
    elif turn.relation is not c.Relation.ANY:
        raise CommandRefused("who reaches a customer serves it: name the worker")
    speaks = command.says is not None or command.template is not None
    window = m.reply_window(channel, None, turn.now)
    refusal = window.refusal(channel.name, command.template) if speaks else None
    if refusal is not None:
        raise CommandRefused(refusal)
    arrived = e.InteractionArrived(
        interaction,
        channel.name,
        customer,
        command.address,
        command.about,
        command.priority,
        None,
        m.Direction.OUTBOUND,
        consent=_allowed(turn, command, customer),
    )
    because = m.QueuedBecause.ARRIVAL
    planned = planned_for(turn, arrived, m.PEOPLE, because, queue=command.queue)
    yield from _open(turn, arrived, planned, (command.journey, command.reference, None))
    if command.worker is None:
        return
    live, reason = turn.state.interactions[interaction], "outbound"
    serves = (live, command.worker, m.Role.SERVES)
    yield from asked(turn.state, turn.now, *serves, reason=reason, at_once=True)
    if speaks:
        words = c.Say(interaction=live.id, text=command.says or "", template=command.template)
        yield from sent(turn, live, turn.owner(live), words)


def _allowed(turn: Turn, command: c.Reach, customer: CustomerId) -> str | None:
    """Who said that the customer may be reached; refused where somebody says not."""
    policy, channel, purpose = turn.state.policy, command.channel, command.purpose
    ask = m.ConsentAsk(customer=customer, channel=channel, purpose=purpose, at=turn.now)
    against = consent(policy, turn.callables, ask)
    if against is not None:
        raise CommandRefused(
            f"customer {customer} may not be reached for {purpose} on channel {channel}: {against}"
        )
    return None if policy.consent is None else policy.consent.name


# -- ids and the past -----------------------------------------------------------------------------


def new_id(turn: Turn, wanted: InteractionId) -> InteractionId:
    """The id, if it never arrived before."""
    if is_derived(wanted):
        raise CommandRefused(f"interaction id {wanted} has the form of a successor's: use another")
    if wanted in turn.state.interactions or turn.facts.line_of(wanted) is not None:
        raise CommandRefused(
            f"interaction {wanted} has arrived already: an id is used once, follow it instead"
        )
    return wanted


def _closed_past(turn: Turn, wanted: InteractionId, *, own: bool) -> Past:
    past = turn.facts.line_of(wanted)
    if past is None or past.arrived.direction is m.Direction.INTERNAL:
        raise not_open(wanted)
    if own and turn.actor.kind is m.ActorKind.CUSTOMER:
        customer = past.arrived.customer
        if customer is None or not turn.may_for(customer):
            raise not_open(wanted)
    if past.closed is None:
        raise CommandRefused(
            f"interaction {past.arrived.interaction} is still open: it needs no successor"
        )
    return past


def _customer(turn: Turn, command: c.Arrive) -> CustomerId | None:
    """Whose it is: what a customer begins is its own, whatever address it gives."""
    if command.customer is not None:
        return turn.customer(command.customer)
    actor = turn.actor
    if actor.kind is m.ActorKind.CUSTOMER:
        known = actor.id is not None and turn.facts.customer(actor.id) is not None
        return turn.known_as(actor.id) if known else None
    found = command.address and turn.facts.holder_of(command.address.key)
    return turn.known_as(found or None)
