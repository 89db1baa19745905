"""Entries: the lines of a timeline, as values.

Laws of this file: an entry cites ids and codes; what was said, and a customer's name, stand in
`text` alone. An entry once built is safe to print.
"""

from datetime import datetime
from typing import Any

import attrs

from onechannel.codec import time_to_text
from onechannel.insight.terminal import printable, printable_lines
from onechannel.model.code import Code
from onechannel.model.ids import InteractionId
from onechannel.model.personal import personal

__all__ = ["Entry", "EntryKind"]


class EntryKind(Code):
    """What an entry is about."""

    DEFINED = "defined"
    CUSTOMER = "customer"
    JOURNEY = "journey"
    PROMISE = "promise"
    ARRIVAL = "arrival"
    WAITING = "waiting"
    AWAY = "away"
    ASKED = "asked"
    SERVED = "served"
    BESIDE = "beside"
    HELD = "held"
    WRAPPING = "wrapping"
    MESSAGE = "message"
    RECEIPT = "receipt"
    MOVED = "moved"
    LEASE = "lease"
    ENDED = "ended"
    PRESENCE = "presence"
    ANOMALY = "anomaly"


def _printable_or_none(text: str | None) -> str | None:
    return None if text is None else printable(text)


def _printable_lines_or_none(text: str | None) -> str | None:
    return None if text is None else printable_lines(text)


@attrs.frozen(kw_only=True)
class Entry:
    """One line of a timeline: at that time `who` did `what`.

    `position` is that of the event in the log. `until` is the end of what takes time, None where it
    has not ended; `due` is when something is to happen that has not. `text` is what was said: to
    or by the customer, unless it is `aside`, in a side conversation that the customer never sees;
    `public` where anybody could read it, None where that makes no difference.
    """

    at: datetime
    position: int
    kind: EntryKind
    interaction: InteractionId | None = attrs.field(default=None, converter=_printable_or_none)
    channel: str | None = attrs.field(default=None, converter=_printable_or_none)
    who: str = attrs.field(converter=printable)
    what: str = attrs.field(converter=printable)
    detail: str | None = attrs.field(default=None, converter=_printable_or_none)
    until: datetime | None = None
    due: datetime | None = None
    aside: bool = False
    public: bool | None = None
    text: str | None = personal(
        subject="customer", default=None, converter=_printable_lines_or_none
    )

    def to_dict(self, *, show_text: bool = False) -> dict[str, Any]:
        """The same in plain JSON values; `text` only where it is asked for."""
        plain = attrs.asdict(self, recurse=False)
        plain["kind"] = self.kind.value
        plain["at"] = time_to_text(self.at)
        for name in ("until", "due"):
            plain[name] = None if plain[name] is None else time_to_text(plain[name])
        if not show_text:
            del plain["text"]
        return plain
