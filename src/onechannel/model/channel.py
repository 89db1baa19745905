"""Channels as data.

Law of this file: what differs between channels is a field here, so that no other module ever asks
for a channel by name.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import attrs

from onechannel.model.checks import (
    at_least,
    duration,
    each,
    flag,
    ident,
    member,
    optional,
    some_time,
    tuple_of,
)
from onechannel.model.code import Code

__all__ = [
    "APP",
    "CHAT",
    "EMAIL",
    "SMS",
    "SOCIAL",
    "STORE",
    "TASK",
    "VIDEO",
    "VOICE",
    "WEB",
    "WELL_KNOWN",
    "WHATSAPP",
    "Channel",
    "Medium",
    "known_channel",
]


class Medium(Code):
    """What passes between the two sides."""

    VOICE = "voice"
    VIDEO = "video"
    TEXT = "text"
    PAGE = "page"
    PRESENCE = "presence"


def _medium(value: Medium | str) -> Medium:
    return member(Medium, value)


def _schemes(value: Iterable[str]) -> tuple[str, ...]:
    return tuple_of(str, value)


@attrs.frozen(kw_only=True)
class Channel:
    """A way to reach the company, with what it can do.

    `load` is in units of which a person has 100 by default. `reply_window` is how long after the
    customer's last message a free reply is allowed, and after it a template where there are
    `templates`; None means for ever. Without an answer for `dormant_after` an interaction is
    dormant, and dormant for `closes_after` it is over. Real-time work of which nothing is heard for
    `lease` is taken to have ended. None means never.
    """

    name: str = attrs.field(validator=ident)
    medium: Medium = attrs.field(default=Medium.TEXT, converter=_medium)
    real_time: bool = attrs.field(default=False, validator=flag)
    public: bool = attrs.field(default=False, validator=flag)
    load: int = attrs.field(default=100, validator=at_least(0))
    reply_window: timedelta | None = attrs.field(default=None, validator=optional(duration))
    interruptible: bool = attrs.field(default=False, validator=flag)
    can_hold: bool = attrs.field(default=False, validator=flag)
    has_receipts: bool = attrs.field(default=False, validator=flag)
    templates: bool = attrs.field(default=False, validator=flag)
    dormant_after: timedelta | None = attrs.field(default=None, validator=optional(some_time))
    closes_after: timedelta | None = attrs.field(default=None, validator=optional(some_time))
    lease: timedelta | None = attrs.field(default=None, validator=optional(some_time))
    #: Schemes of the addresses this channel can reach, most natural first.
    schemes: tuple[str, ...] = attrs.field(default=(), converter=_schemes, validator=each(ident))


# Loads: one call, four chats, one e-mail at once is the default of Genesys Cloud's utilisation
# settings.
_WHOLE: Final = 100
_QUARTER: Final = 25
# Meta allows free-form replies for 24 hours after the customer's last message.
_META_WINDOW: Final = timedelta(hours=24)

VOICE: Final = Channel(
    name="voice",
    medium=Medium.VOICE,
    real_time=True,
    load=_WHOLE,
    can_hold=True,
    schemes=("tel", "sip"),
)
VIDEO: Final = Channel(
    name="video",
    medium=Medium.VIDEO,
    real_time=True,
    load=_WHOLE,
    can_hold=True,
    schemes=("sip", "mailto"),
)
STORE: Final = Channel(name="store", medium=Medium.PRESENCE, real_time=True, load=_WHOLE)
WEB: Final = Channel(
    name="web", medium=Medium.PAGE, real_time=True, load=_QUARTER, schemes=("mailto",)
)
APP: Final = Channel(
    name="app", medium=Medium.PAGE, real_time=True, load=_QUARTER, schemes=("mailto", "tel")
)
CHAT: Final = Channel(name="chat", real_time=True, load=_QUARTER, schemes=("mailto",))
SMS: Final = Channel(name="sms", load=_QUARTER, has_receipts=True, schemes=("tel",))
WHATSAPP: Final = Channel(
    name="whatsapp",
    load=_QUARTER,
    has_receipts=True,
    reply_window=_META_WINDOW,
    templates=True,
    schemes=("tel",),
)
SOCIAL: Final = Channel(name="social", load=_QUARTER, public=True)
EMAIL: Final = Channel(name="email", load=_WHOLE, interruptible=True, schemes=("mailto",))
TASK: Final = Channel(name="task", load=_WHOLE, interruptible=True)

WELL_KNOWN: Final = {
    channel.name: channel
    for channel in (VOICE, VIDEO, STORE, WEB, APP, CHAT, SMS, WHATSAPP, SOCIAL, EMAIL, TASK)
}


def known_channel(name: str) -> Channel:
    """The well-known channel of that name, or a plain one: any other name is as good."""
    return WELL_KNOWN.get(name) or Channel(name=name)
