"""Lanes: what of a journey is drawn, one lane for each interaction.

Law of this file: values alone, which know neither of events nor of places on a page.
"""

from datetime import datetime
from typing import Final

import attrs

from onechannel.model.code import Code
from onechannel.model.ids import CustomerId, InteractionId, JourneyId

__all__ = [
    "ASIDE",
    "FOLLOWS",
    "REPLACES",
    "Bar",
    "BarKind",
    "End",
    "Lane",
    "Mark",
    "MarkKind",
    "Promise",
    "Pursuit",
    "Seen",
]

#: Why a lane comes from another.
ASIDE: Final = "aside"
FOLLOWS: Final = "follows"
REPLACES: Final = "replaces"


class BarKind(Code):
    """What takes time in an interaction."""

    WAITING = "waiting"
    PERSON = "person"
    MACHINE = "machine"
    PARTNER = "partner"
    CUSTOMERS_TURN = "customers-turn"
    APPOINTMENT = "appointment"
    THIRD_PARTY = "third-party"
    HELD = "held"
    WRAPPING = "wrapping"
    BESIDE = "beside"


class MarkKind(Code):
    """What happens at an instant."""

    CUSTOMER_SAYS = "customer-says"
    COMPANY_SAYS = "company-says"
    SUGGESTS = "suggests"
    ASKED = "asked"
    DECLINED = "declined"
    MISSED = "missed"
    HANDED_OVER = "handed-over"
    MOVED = "moved"
    WARNING = "warning"


@attrs.frozen(kw_only=True)
class Bar:
    """Something that took time, or still does: then `until` is None."""

    kind: BarKind
    name: str
    what: str
    detail: str | None
    begun: datetime
    until: datetime | None
    due: datetime | None = None


@attrs.frozen(kw_only=True)
class Mark:
    """Something that happened at an instant; `text` only where it may be shown."""

    kind: MarkKind
    at: datetime
    words: str
    text: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class End:
    """How an interaction ended."""

    at: datetime
    reason: str
    disposition: str | None


@attrs.define(eq=False)
class Lane:
    """One interaction; `of` is what it comes from, as `because` says."""

    interaction: InteractionId
    channel: str
    begun: datetime
    customer: CustomerId | None = None
    about: str | None = None
    of: InteractionId | None = None
    because: str | None = None
    journey: JourneyId | None = None
    channels: list[str] = attrs.field(factory=list)
    bars: list[Bar] = attrs.field(factory=list)
    marks: list[Mark] = attrs.field(factory=list)
    end: End | None = None

    @property
    def is_aside(self) -> bool:
        """Whether the customer never sees it."""
        return self.because == ASIDE


@attrs.define(eq=False)
class Promise:
    """A promise; `state` is how it stands, since `ended` unless it is open."""

    promise: str
    what: str
    begun: datetime
    due: datetime
    worker: str | None
    state: str = "open"
    ended: datetime | None = None
    paused: list[tuple[datetime, datetime | None]] = attrs.field(factory=list)


@attrs.define(eq=False)
class Pursuit:
    """A journey; `state` is how it stands, since `ended` unless it is open."""

    journey: JourneyId
    about: str | None
    begun: datetime
    state: str = "open"
    ended: datetime | None = None
    reason: str | None = None


@attrs.define(eq=False)
class Seen:
    """All that is drawn; `until` is the time as of which."""

    lanes: dict[InteractionId, Lane] = attrs.field(factory=dict)
    promises: dict[str, Promise] = attrs.field(factory=dict)
    pursuits: dict[JourneyId, Pursuit] = attrs.field(factory=dict)
    until: datetime | None = None
