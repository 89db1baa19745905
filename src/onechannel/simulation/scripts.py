"""Scripts: what somebody in a virtual centre does without being told each time.

Laws of this file: a script follows events and acts by ordinary commands, each at its own moment, by
the agenda; it decides nothing that the kernel decides, and what the kernel refuses it is kept for
whoever looks, and is the end of that script.
"""

from datetime import timedelta
from typing import Final

import attrs

from onechannel.model.checks import at_least, duration, ident, member, optional, text
from onechannel.model.code import Code
from onechannel.model.personal import personal

__all__ = ["Patience", "Routine", "Turn", "TurnKind"]

_AT_ONCE: Final = timedelta(0)


class TurnKind(Code):
    """What a machine does when it is its turn."""

    ANSWERS = "answers"
    ASKS = "asks"
    ESCALATES = "escalates"
    CLOSES = "closes"
    FAILS = "fails"
    HANGS = "hangs"


def _kind(value: TurnKind | str) -> TurnKind:
    return member(TurnKind, value)


@attrs.frozen
class Turn:
    """One turn of a machine's script, so long after the one before or what it follows.

    `said` is what it says to the customer; `why` the code that its last turn leaves behind.
    """

    kind: TurnKind = attrs.field(converter=_kind)
    said: str | None = personal(subject="customer", default=None, validator=optional(text))
    why: str | None = attrs.field(default=None, validator=optional(ident))
    after: timedelta = attrs.field(default=_AT_ONCE, validator=duration)

    @classmethod
    def answers(cls, said: str, *, after: timedelta = _AT_ONCE) -> "Turn":
        """It says something, and goes on with its next turn."""
        return cls(TurnKind.ANSWERS, said, after=after)

    @classmethod
    def asks(cls, said: str, *, after: timedelta = _AT_ONCE) -> "Turn":
        """It says something, and waits for the customer's words before its next turn."""
        return cls(TurnKind.ASKS, said, after=after)

    @classmethod
    def escalates(cls, reason: str | None = None, *, after: timedelta = _AT_ONCE) -> "Turn":
        """It hands over to people."""
        return cls(TurnKind.ESCALATES, why=reason, after=after)

    @classmethod
    def closes(cls, disposition: str | None = None, *, after: timedelta = _AT_ONCE) -> "Turn":
        """It ends the interaction."""
        return cls(TurnKind.CLOSES, why=disposition, after=after)

    @classmethod
    def fails(cls, reason: str = "failed", *, after: timedelta = _AT_ONCE) -> "Turn":
        """It breaks down: it takes nothing more, and the centre hands what it serves to people."""
        return cls(TurnKind.FAILS, why=reason, after=after)

    @classmethod
    def hangs(cls) -> "Turn":
        """Nothing more comes from it in this interaction, and nobody is told."""
        return cls(TurnKind.HANGS)


@attrs.frozen(kw_only=True)
class Routine:
    """What a worker does by itself; None where it waits to be told.

    `answers_after` it was asked; ends, with the `disposition`, what it has served for `serves_for`;
    has wrapped up after `wraps_up_for`, if its wrap-up does not end before.
    """

    answers_after: timedelta | None = attrs.field(default=None, validator=optional(duration))
    serves_for: timedelta | None = attrs.field(default=None, validator=optional(duration))
    wraps_up_for: timedelta | None = attrs.field(default=None, validator=optional(duration))
    disposition: str | None = attrs.field(default=None, validator=optional(ident))


@attrs.frozen(kw_only=True)
class Patience:
    """How long a customer stands in a line; after leaving it, whether and when it comes again."""

    waits_for: timedelta = attrs.field(validator=duration)
    returns_after: timedelta | None = attrs.field(default=None, validator=optional(duration))
    returns: int = attrs.field(default=1, validator=at_least(0))
