"""What is said: by whom, where it may be said, and how far it got.

Laws of this file: what is public and what is private are told apart by the channel of each message;
only who has a speaking part speaks to the customer; a receipt is never lost, whatever comes first.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from onechannel import commands as c
from onechannel import events as e
from onechannel import model as m
from onechannel.errors import CommandRefused
from onechannel.kernel.custody import Decision
from onechannel.kernel.ongoing import come_back
from onechannel.live.state import LiveAssignment, LiveInteraction
from onechannel.live.turn import Turn, not_open
from onechannel.model.assignment import SPEAKING
from onechannel.model.ids import (
    AssignmentId,
    CustomerId,
    InteractionId,
    MessageId,
    is_before,
    is_message_number,
    message_id,
    spoken_in,
)
from onechannel.ports import reference_key

__all__ = ["MESSAGES", "heard", "part_in", "refuse_unasked", "sent", "speaker"]

#: For how long a receipt waits for what it is for: vendors that repeat do so for hours.
_PARKED_FOR: Final = timedelta(hours=24)
#: What a worker is told that speaks as if it were a customer.
_NO_ASSIGNMENT: Final = "who serves speaks with its assignment: without one a customer speaks"


def sent(turn: Turn, live: LiveInteraction, part: LiveAssignment, command: c.Say) -> Decision:
    """Who serves says something to the customer."""
    if part.role not in SPEAKING:
        raise CommandRefused(f"assignment {part.id} {part.role}: only who speaks may; Suggest it")
    channel = _channel(turn, live, command.channel)
    if live.plan is not None:
        heard_at = (live.heard_at or {}).get(channel.name)
        window = m.reply_window(channel, heard_at, turn.now)
        refusal = window.refusal(channel.name, command.template)
        if refusal is not None:
            raise CommandRefused(refusal)
    idle = None if live.plan is None or channel.real_time else channel.dormant_after
    idle_at = None if idle is None else turn.now + idle
    said = (command.text, command.template, command.attachments, idle_at)
    message = message_id(live.id, len(live.speakers) + 1)
    yield e.MessageSent(live.id, message, channel.name, part.id, part.worker, *said)


def _channel(turn: Turn, live: LiveInteraction, wanted: str | None) -> m.Channel:
    """Where it is said: the channel it is on, unless one it has been on is named."""
    if wanted is not None and wanted != live.channel and wanted not in live.been_on:
        raise CommandRefused(f"interaction {live.id} was never on channel {wanted}: MoveChannel")
    return turn.state.channels[wanted or live.channel]


def speaker(
    turn: Turn,
    interaction: InteractionId,
    own: CustomerId | None,
    author: CustomerId | None,
    *,
    public: bool,
) -> CustomerId | None:
    """Who of the customers speaks: the author named, or the interaction's own; None: nobody known.

    In private it is the interaction's customer alone, in public anybody.
    """
    customer, spoke = turn.actor.kind is m.ActorKind.CUSTOMER, own
    if customer:
        spoke = turn.known_as(turn.actor.id)
    elif author is not None:
        spoke = turn.customer(author)
    foreign = customer and (spoke is None or author not in {None, turn.actor.id, spoke})
    if foreign or (spoke != own and not public):
        raise not_open(interaction)
    return spoke


def heard(turn: Turn, live: LiveInteraction, command: c.Say) -> Decision:
    """A customer says something, which wakes what is dormant."""
    author, named = None, command.channel or live.channel
    if live.direction is not m.Direction.INTERNAL:
        own, been_here = turn.known_as(live.customer), named in {live.channel, *live.been_on}
        public = been_here and turn.state.channels[named].public
        author = speaker(turn, live.id, own, command.author, public=public)
    elif turn.relation is not c.Relation.ANY and not turn.by_worker:
        raise not_open(live.id)
    elif command.author is not None:
        raise CommandRefused(
            f"interaction {live.id} is a side conversation: no customer speaks in it"
        )
    channel = _channel(turn, live, command.channel).name
    message = message_id(live.id, len(live.speakers) + 1)
    said = (author, command.text, command.attachments)
    asleep = live.state is m.InteractionState.DORMANT
    back = come_back(turn, live) if asleep else iter(())
    yield e.MessageReceived(live.id, message, channel, *said)
    yield from back


def refuse_unasked(turn: Turn, live: LiveInteraction | None) -> None:
    """Who serves speaks by its part, but in a side conversation that it asked for itself."""
    parent = None if live is None else turn.state.interactions.get(live.parent or "")
    if turn.by_worker and not turn.serves(parent):
        raise CommandRefused(_NO_ASSIGNMENT)


def _type(turn: Turn, command: c.Type) -> Decision:
    if command.assignment is not None:
        part_in(turn, command.assignment, command)
    elif turn.by_worker:
        raise CommandRefused(_NO_ASSIGNMENT)
    else:
        turn.interaction(command.interaction, command)
    yield e.TypingNoticed(command.interaction, command.assignment)


def part_in(turn: Turn, wanted: AssignmentId, command: c.Say | c.Type) -> LiveAssignment:
    """The part of whoever speaks for us in the interaction."""
    if turn.actor.kind is m.ActorKind.CUSTOMER:
        raise CommandRefused("a customer speaks without an assignment: those are of who serves")
    part = turn.assignment(wanted, command)
    if part.interaction != command.interaction:
        raise CommandRefused(f"assignment {part.id} is no part of {command.interaction}")
    return part


# -- what becomes of a message --------------------------------------------------------------------


def _own(turn: Turn, message: MessageId, *, sent_by_us: bool = False) -> InteractionId:
    """The interaction of a message that the actor may change: its own, or any.

    Of one that is over nothing is known but that it was there.
    """
    wanted, _, number = message.rpartition("#")
    live, anybody = turn.state.interactions.get(wanted), turn.relation is c.Relation.ANY
    refused = CommandRefused(f"message {message} was never said, was taken back, or is not yours")
    if live is None:
        past = turn.facts.line_of(wanted) if wanted and anybody else None
        if past is None or not is_before(wanted, past.arrived.interaction):
            raise refused
        last = past.closed if past.arrived.interaction == wanted else None
        if not is_message_number(number, None if last is None else last.said):
            raise refused
        return wanted
    if not is_message_number(number, len(live.speakers)):
        raise refused
    said = live.speakers[int(number) - 1]
    if said is None and sent_by_us:
        return wanted  # a receipt may tell of what was taken back too late
    if said is None or (sent_by_us and not said[0]):
        raise refused
    by_worker, speaker = said
    if turn.by_worker:
        own = by_worker and speaker == turn.actor.id
    else:
        own = not by_worker and speaker is not None and turn.may_for(speaker)
    if not (anybody or own):
        raise refused
    return wanted


def _edit(turn: Turn, command: c.EditMessage) -> Decision:
    yield e.MessageEdited(_own(turn, command.message), command.message, command.text)


def _retract(turn: Turn, command: c.RetractMessage) -> Decision:
    yield e.MessageRetracted(_own(turn, command.message), command.message)


def _report(turn: Turn, command: c.ReportDelivery) -> Decision:
    reference = command.reference
    known = None if reference is None else turn.facts.holder_of(reference_key(reference))
    message, receipt = command.message or known, (command.state, command.reason)
    if message is None:
        assert reference is not None  # one of the two is given
        yield e.ReceiptParked(reference, *receipt, turn.now + _PARKED_FOR)
        return
    # A reference that is known was given to a message that was sent.
    interaction = spoken_in(message)
    if command.message is not None:
        interaction = _own(turn, message, sent_by_us=True)
    if known is not None and known != message:
        raise CommandRefused(f"reference of message {message} is that of message {known}")
    waiting = []
    if reference is not None and known is None:
        waiting = turn.state.parked.get(reference, [])
        yield e.MessageIdentified(interaction, message, reference)
    for state, reason in (*waiting, receipt):
        yield e.DeliveryReported(interaction, message, state, reason)


#: The decision on every command about a message but `Say`, which may begin an interaction anew.
MESSAGES: Final[dict[type, Callable[[Turn, Any], Decision]]] = {
    c.Type: _type,
    c.EditMessage: _edit,
    c.RetractMessage: _retract,
    c.ReportDelivery: _report,
}
