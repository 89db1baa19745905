"""What was said so far, as whoever serves should know it and as a customer may see it.

Law of this file: what is said in a side conversation, or in private to somebody else, is in nothing
that a customer sees.
"""

from collections.abc import Iterable, Iterator

from onechannel.model.context import Context, Said
from onechannel.model.ids import CustomerId, InteractionId
from onechannel.model.interaction import Direction
from onechannel.simulation.records import Message
from onechannel.simulation.view import View

__all__ = ["context_of", "seen_by"]


def context_of(view: View, interaction: InteractionId) -> Context:
    """All that was said in its journey, side conversations too: for whoever serves."""
    return _context(
        message
        for one in _pursued(view, interaction)
        for message in view.interactions[one].messages.values()
    )


def seen_by(view: View, customer: CustomerId, interaction: InteractionId) -> Context:
    """What of it a customer may see: its own, and of anybody else's what is public."""
    root = view.families.root
    return _context(
        message
        for one in _pursued(view, interaction)
        if view.interactions[one].arrived.direction is not Direction.INTERNAL
        for message in view.interactions[one].messages.values()
        if message.public or root(view.interactions[one].arrived.customer or "") == root(customer)
    )


def _pursued(view: View, interaction: InteractionId) -> Iterator[InteractionId]:
    """Everything in the same journey; without one, what it goes on with and what is beside it."""
    found = view.interactions[interaction]
    while found.arrived.parent is not None:
        interaction = found.arrived.parent
        found = view.interactions[interaction]
    if found.journey is not None:
        yield from view.journeys[found.journey].interactions
        return
    if found.arrived.predecessor is not None:
        yield from _pursued(view, found.arrived.predecessor)
    yield from _with_sides(view, interaction)


def _with_sides(view: View, interaction: InteractionId) -> Iterator[InteractionId]:
    yield interaction
    for side in view.interactions[interaction].sides:
        yield from _with_sides(view, side)


def _context(messages: Iterable[Message]) -> Context:
    """In the order in which it was said, without what was taken back."""
    ordered = sorted(messages, key=lambda one: one.position)
    return Context(tuple(_said(one) for one in ordered if not one.retracted))


def _said(message: Message) -> Said:
    return Said(
        message=message.id,
        interaction=message.interaction,
        channel=message.channel,
        public=message.public,
        at=message.at,
        worker=message.worker,
        text=message.text,
    )
