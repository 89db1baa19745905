"""Messages: what was said, how far it got, and what else may be said.

Law of this file: delivery only moves forward, whatever the order of receipts: the state is the
furthest of all that were reported.
"""

from collections.abc import Iterable
from datetime import datetime

import attrs

from onechannel.model.channel import Channel
from onechannel.model.checks import at_least, ident, text, tuple_of
from onechannel.model.code import Code
from onechannel.model.personal import personal

__all__ = [
    "Allowed",
    "Attachment",
    "Delivery",
    "ReplyWindow",
    "attachments_of",
    "furthest",
    "reply_window",
]


class Delivery(Code):
    """How far a message got, in order: whoever read it got it, whatever was said of it before."""

    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"


_ORDER = {state: number for number, state in enumerate(Delivery)}


def furthest(reported: Iterable[Delivery]) -> Delivery | None:
    """How far a message is known to have got; None where nothing was reported."""
    return max(reported, key=_ORDER.__getitem__, default=None)


@attrs.frozen(kw_only=True)
class Attachment:
    """What goes with a message and is kept outside the log: `reference` says where, by its hash."""

    reference: str = attrs.field(validator=ident)
    media_type: str = attrs.field(default="application/octet-stream", validator=ident)
    size: int = attrs.field(default=0, validator=at_least(0))
    name: str = personal(subject="customer", default="", validator=text)


def attachments_of(value: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Converter: any number of attachments, in order."""
    return tuple_of(Attachment, value)


class Allowed(Code):
    """What may be sent to a customer now."""

    ANYTHING = "anything"
    TEMPLATE = "template"
    NOTHING = "nothing"


@attrs.frozen
class ReplyWindow:
    """What may be sent now, and until when anything may; None: no end, or not begun."""

    allowed: Allowed
    until: datetime | None

    def refusal(self, channel: str, template: str | None) -> str | None:
        """Why this cannot be sent now, with what can; None if it can."""
        if self.allowed is Allowed.ANYTHING:
            return None
        if self.allowed is Allowed.NOTHING:
            return f"the reply window of channel {channel} is over: reach them by another channel"
        if template is None:
            return f"the reply window of channel {channel} is over: say it by a template"
        return None


def reply_window(channel: Channel, heard_at: datetime | None, now: datetime) -> ReplyWindow:
    """What the channel allows, `heard_at` being when the customer last said something on it.

    The window ends at its last instant: what is sent then is too late.
    """
    if channel.reply_window is None:
        return ReplyWindow(Allowed.ANYTHING, None)
    until = None if heard_at is None else heard_at + channel.reply_window
    if until is not None and now < until:
        return ReplyWindow(Allowed.ANYTHING, until)
    return ReplyWindow(Allowed.TEMPLATE if channel.templates else Allowed.NOTHING, until)
