"""What the commit cycle is given to do, and what it answers.

Laws of this file: every piece of work has one answer; whatever may come twice has an id of its own
that tells so, and does no more the second time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, TypeAlias

import attrs

from onechannel.commands import Command
from onechannel.errors import CommandRefused, InvalidValue, PolicyMissing
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.checks import (
    at_least,
    duration,
    ident,
    is_a,
    optional,
    some_time,
    tuple_of,
    utc,
    vendor_id,
)
from onechannel.model.personal import personal
from onechannel.ports import (
    CustomerKnown,
    Destination,
    Effect,
    HolderOf,
    LetterState,
    LineOf,
    Reference,
)

__all__ = [
    "Answer",
    "Bookmark",
    "Chain",
    "Claim",
    "Claimed",
    "Failed",
    "GivenUp",
    "Letter",
    "Noted",
    "Order",
    "Outcome",
    "Postponed",
    "Received",
    "Refused",
    "Replay",
    "ReplayEffect",
    "Sent",
    "Served",
    "Settled",
    "Settlement",
    "Skipped",
    "Submission",
    "Subscribe",
    "TakeUp",
    "Tidy",
    "Work",
    "derived_id",
]

#: What came is kept whole up to this; whoever takes bytes in refuses more before (as Meta sends at
#: most 3 MB, and a mail's attachments are kept elsewhere).
BODY_LIMIT: Final = 4 * 1_048_576

# What an id may have, as model.checks.ident says.
_ID_LIMIT: Final = 200

_VENDOR: Final = Actor(ActorKind.VENDOR)


def _claimed_at(value: datetime | None) -> datetime | None:
    return None if value is None else utc(value, "claimed_at")


# -- commands -------------------------------------------------------------------------------------


@attrs.frozen
class Submission:
    """A command as its sender gives it: the session adds the time and the tenant."""

    command: Command
    id: str = attrs.field(validator=ident)
    actor: Actor = SYSTEM
    claimed_at: datetime | None = attrs.field(default=None, converter=_claimed_at)


#: Submissions that stand or fall together from the first refusal on.
Chain: TypeAlias = Sequence[Submission]


@attrs.frozen
class Served:
    """The events a command made; `repeated` if it did so on an earlier occasion."""

    first: int
    last: int
    repeated: bool = False


@attrs.frozen
class Refused:
    """Why a command was refused; it may come again under the same id."""

    error: CommandRefused | PolicyMissing


@attrs.frozen
class Skipped:
    """Not tried, since an earlier one of its chain was refused."""


@attrs.frozen
class Failed:
    """It could not be tried to an end, and nothing of it was kept; everything else was done."""

    #: Whatever failed was not made to be shown: it may cite what it failed on.
    error: Exception = attrs.field(repr=lambda error: type(error).__name__)


# -- letters --------------------------------------------------------------------------------------


@attrs.frozen
class Order:
    """A command that a letter means; its id derives from the letter's.

    It is passed over where what `unless` refers to is known: so each of several letters, whichever
    comes first, can begin what all of them belong to, `Order(Arrive(…), unless=LineOf(…))`.
    """

    command: Command
    actor: Actor = _VENDOR
    claimed_at: datetime | None = attrs.field(default=None, converter=_claimed_at)
    unless: Reference | None = attrs.field(
        default=None, validator=optional(is_a(CustomerKnown, HolderOf, LineOf))
    )

    def submission(self, key: str, number: int) -> Submission:
        """The same as the number-th command of whatever has that key."""
        return Submission(self.command, derived_id(key, number), self.actor, self.claimed_at)


def derived_id(key: str, number: int) -> str:
    """The id of the number-th command of something; always the same, and never too long."""
    name = f"{key}#{number}"
    return name if len(name) <= _ID_LIMIT else f"{sha256(key.encode()).hexdigest()}#{number}"


def _orders(value: Sequence[Order]) -> tuple[Order, ...]:
    return tuple_of(Order, value)


def _a_body(_letter: object, _field: "attrs.Attribute[object]", value: object) -> None:
    if not isinstance(value, bytes):
        raise InvalidValue("Letter.body must be the bytes as they came")
    if len(value) > BODY_LIMIT:
        raise InvalidValue(f"Letter.body has {len(value)} bytes; the limit is {BODY_LIMIT}")


@attrs.frozen(kw_only=True)
class Letter:
    """One item that a vendor delivered: what it is called, what it means, and how it came.

    `source` is whose ids these are: an account or mailbox. `id` is the vendor's of the item itself,
    the same however often it is delivered; `delivery`, if the vendor numbers those, of this
    delivery of it. Letters of one `conversation` are taken in the order they come. One that
    `awaits` something is parked until that is known. A `fault` says why it means nothing: it is
    kept as a dead letter.
    """

    source: str = attrs.field(validator=ident)
    id: str = personal(subject="customer", validator=vendor_id)
    orders: tuple[Order, ...] = attrs.field(default=(), converter=_orders)
    delivery: str | None = personal(subject="customer", default=None, validator=optional(vendor_id))
    conversation: str | None = personal(
        subject="customer", default=None, validator=optional(vendor_id)
    )
    awaits: Reference | None = attrs.field(
        default=None, validator=optional(is_a(CustomerKnown, HolderOf, LineOf))
    )
    body: bytes = personal(subject="customer", default=b"", validator=_a_body)
    fault: str | None = attrs.field(default=None, validator=optional(ident))


@attrs.frozen
class Received:
    """The letter is kept: whoever sent it may be told so. `repeated`: it had come before."""

    state: LetterState
    repeated: bool = False


@attrs.frozen(kw_only=True)
class Replay:
    """A refused or dead letter is to be tried again; with `orders`, as somebody now reads it."""

    source: str
    id: str = personal(subject="customer")
    orders: tuple[Order, ...] | None = attrs.field(
        default=None, converter=attrs.converters.optional(_orders)
    )


@attrs.frozen(kw_only=True)
class TakeUp:
    """The time of a parked letter may have come; with a `fault`, it is to die of that."""

    source: str
    id: str = personal(subject="customer")
    fault: str | None = None


@attrs.frozen
class Tidy:
    """Letters parked for too long die; stored ones older than any repetition are let go."""


# -- effects --------------------------------------------------------------------------------------


@attrs.frozen
class Subscribe:
    """From now on this destination is told of what happens."""

    destination: Destination


@attrs.frozen(kw_only=True)
class Claim:
    """Somebody means to bring about what is due at a destination, within the lease."""

    destination: str
    holder: str = attrs.field(validator=ident)
    lease: timedelta = attrs.field(validator=some_time)
    limit: int = attrs.field(validator=at_least(1))


@attrs.frozen
class Claimed:
    """What was claimed, to be settled with the tokens it has."""

    effects: tuple[Effect, ...]


@attrs.frozen
class Sent:
    """It was brought about."""


@attrs.frozen
class Postponed:
    """It failed, or was put off, for a reason that may pass; `retry_after` is what they ask for."""

    reason: str = attrs.field(validator=ident)
    retry_after: timedelta | None = attrs.field(default=None, validator=optional(duration))


@attrs.frozen
class GivenUp:
    """It will never be: the destination refuses it for what it is."""

    reason: str = attrs.field(validator=ident)


Outcome: TypeAlias = Sent | Postponed | GivenUp


@attrs.frozen(kw_only=True)
class Settlement:
    """What became of a claimed effect, and what the destination's answer means for the centre."""

    destination: str
    position: int
    token: int
    outcome: Outcome
    orders: tuple[Order, ...] = attrs.field(default=(), converter=_orders)


@attrs.frozen
class Settled:
    """The effect is done, dead or due again; `held` is False where the lease had been lost.

    The answer's commands are served either way: what was sent was sent.
    """

    held: bool
    answers: tuple[Served | Refused, ...] = ()


@attrs.frozen(kw_only=True)
class ReplayEffect:
    """A dead effect is to be tried again."""

    destination: str
    position: int


# -- readers --------------------------------------------------------------------------------------


@attrs.frozen
class Bookmark:
    """A reader of this name has read up to this position."""

    name: str = attrs.field(validator=ident)
    position: int = attrs.field(validator=at_least(0))


@attrs.frozen
class Noted:
    """Done; `count` is of how many."""

    count: int = 1


Work: TypeAlias = (
    Submission
    | Chain
    | Letter
    | Replay
    | TakeUp
    | Tidy
    | Subscribe
    | Claim
    | Settlement
    | ReplayEffect
    | Bookmark
)
Answer: TypeAlias = (
    Served
    | Refused
    | Skipped
    | Failed
    | Received
    | Claimed
    | Settled
    | Noted
    | tuple[Served | Refused | Skipped, ...]
)
