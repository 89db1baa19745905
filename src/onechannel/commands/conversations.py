"""What passes between a customer and the company: arrivals, words, receipts, and ways to go on.

Law of this file: a command is a frozen value, checked when it is built and in the imperative.
"""

from datetime import datetime, timedelta

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.address import Address
from onechannel.model.checks import (
    flag,
    ident,
    is_a,
    member,
    optional,
    reference,
    some_time,
    text,
    utc,
    whole,
)
from onechannel.model.ids import (
    AssignmentId,
    CustomerId,
    InteractionId,
    JourneyId,
    MessageId,
    WorkerId,
)
from onechannel.model.message import Attachment, Delivery, attachments_of
from onechannel.model.personal import personal

__all__ = [
    "Arrive",
    "EditMessage",
    "Leave",
    "MissCallback",
    "MoveChannel",
    "Reach",
    "RenewLease",
    "ReportDelivery",
    "RequestCallback",
    "RetractMessage",
    "Say",
    "Type",
]

_maybe_ident = optional(ident)
_maybe_reference = optional(reference)


def _moment(value: datetime | None) -> datetime | None:
    return None if value is None else utc(value)


@attrs.frozen(kw_only=True)
class Arrive:
    """A customer reaches us.

    `interaction` is unique for ever; leave it out where `follows` names the closed interaction this
    one succeeds. `customer` may be left out: then `address` decides by exact look-up, and nobody
    may be known by it. `about` is what the customer wants, as a code; `says` the first words. It is
    a part of the `journey` named, of the one known by `reference` (an order, a case), or of the one
    that the customer pursues about the same; work for a `department` goes straight there.
    """

    interaction: InteractionId | None = attrs.field(default=None, validator=_maybe_ident)
    channel: str = attrs.field(validator=ident)
    customer: CustomerId | None = attrs.field(default=None, validator=_maybe_ident)
    address: Address | None = personal(
        subject="customer", default=None, validator=optional(is_a(Address))
    )
    queue: str | None = attrs.field(default=None, validator=_maybe_ident)
    about: str | None = attrs.field(default=None, validator=_maybe_ident)
    priority: int = attrs.field(default=0, validator=whole)
    says: str | None = personal(subject="customer", default=None, validator=optional(text))
    follows: InteractionId | None = attrs.field(default=None, validator=_maybe_reference)
    journey: JourneyId | None = attrs.field(default=None, validator=_maybe_ident)
    reference: str | None = attrs.field(default=None, validator=_maybe_ident)
    department: str | None = attrs.field(default=None, validator=_maybe_ident)


@attrs.frozen(kw_only=True)
class Reach:
    """We reach a customer: by a worker, who serves at once, or by whoever the plan asks.

    It is refused where the policy's consent hook says so for the `purpose`. `says`, or a
    `template`, are the first words of the worker.
    """

    interaction: InteractionId = attrs.field(validator=ident)
    channel: str = attrs.field(validator=ident)
    customer: CustomerId = attrs.field(validator=ident)
    address: Address | None = personal(
        subject="customer", default=None, validator=optional(is_a(Address))
    )
    worker: WorkerId | None = attrs.field(default=None, validator=_maybe_ident)
    queue: str | None = attrs.field(default=None, validator=_maybe_ident)
    about: str | None = attrs.field(default=None, validator=_maybe_ident)
    purpose: str = attrs.field(default="service", validator=ident)
    priority: int = attrs.field(default=0, validator=whole)
    says: str | None = personal(subject="customer", default=None, validator=optional(text))
    template: str | None = attrs.field(default=None, validator=_maybe_ident)
    journey: JourneyId | None = attrs.field(default=None, validator=_maybe_ident)
    reference: str | None = attrs.field(default=None, validator=_maybe_ident)

    def __attrs_post_init__(self) -> None:
        if self.worker is None and (self.says is not None or self.template is not None):
            raise InvalidValue("the first words of whom nobody serves yet are nobody's: leave them")


@attrs.frozen(kw_only=True)
class Say:
    """A message: the customer's, or with `assignment` that worker's.

    A customer who speaks in a closed interaction opens its successor. `channel` is one the
    interaction has been on, by default the one it is on: what is public and what is private are
    told apart by it. In public `author` may be any customer. A `template` is named where nothing
    else may be sent.
    """

    interaction: InteractionId = attrs.field(validator=reference)
    text: str = personal(subject="customer", validator=text)
    assignment: AssignmentId | None = attrs.field(default=None, validator=_maybe_reference)
    channel: str | None = attrs.field(default=None, validator=_maybe_ident)
    author: CustomerId | None = attrs.field(default=None, validator=_maybe_ident)
    template: str | None = attrs.field(default=None, validator=_maybe_ident)
    attachments: tuple[Attachment, ...] = personal(
        subject="customer", default=(), converter=attachments_of
    )


@attrs.frozen(kw_only=True)
class EditMessage:
    """A message says something else now."""

    message: MessageId = attrs.field(validator=reference)
    text: str = personal(subject="customer", validator=text)


@attrs.frozen(kw_only=True)
class RetractMessage:
    """A message is taken back."""

    message: MessageId = attrs.field(validator=reference)


@attrs.frozen(kw_only=True)
class Type:
    """Somebody is typing: the customer, or the worker of `assignment`."""

    interaction: InteractionId = attrs.field(validator=reference)
    assignment: AssignmentId | None = attrs.field(default=None, validator=_maybe_reference)


def _delivery(value: Delivery | str) -> Delivery:
    return member(Delivery, value)


@attrs.frozen(kw_only=True)
class ReportDelivery:
    """A receipt: how far a message got, by our id, the vendor's `reference`, or both."""

    state: Delivery = attrs.field(converter=_delivery)
    message: MessageId | None = attrs.field(default=None, validator=_maybe_reference)
    reference: str | None = attrs.field(default=None, validator=_maybe_ident)
    reason: str | None = attrs.field(default=None, validator=_maybe_ident)

    def __attrs_post_init__(self) -> None:
        if self.message is None and self.reference is None:
            raise InvalidValue("a receipt is for a message, or for a vendor's reference: name one")


@attrs.frozen(kw_only=True)
class Leave:
    """The customer goes, at whatever instant."""

    interaction: InteractionId = attrs.field(validator=reference)


@attrs.frozen(kw_only=True)
class MoveChannel:
    """An interaction goes on by another channel."""

    interaction: InteractionId = attrs.field(validator=reference)
    channel: str = attrs.field(validator=ident)
    address: Address | None = personal(
        subject="customer", default=None, validator=optional(is_a(Address))
    )


@attrs.frozen(kw_only=True)
class RequestCallback:
    """Instead of waiting the customer is reached later: at once in turn, or `at` a time.

    An owner, `worker`, is asked alone for `owned_for`; then, if it is `only` the owner's, the
    callback is over, else anybody is asked. `within` is the time it is promised in.
    """

    interaction: InteractionId = attrs.field(validator=reference)
    at: datetime | None = attrs.field(default=None, converter=_moment)
    worker: WorkerId | None = attrs.field(default=None, validator=_maybe_ident)
    owned_for: timedelta | None = attrs.field(default=None, validator=optional(some_time))
    only: bool = attrs.field(default=False, validator=flag)
    within: timedelta | None = attrs.field(default=None, validator=optional(some_time))

    def __attrs_post_init__(self) -> None:
        if self.worker is None and (self.only or self.owned_for is not None):
            raise InvalidValue("a callback that is owned names its owner: give worker")


@attrs.frozen(kw_only=True)
class MissCallback:
    """The customer was called back and not reached: it is tried again, or given up."""

    interaction: InteractionId = attrs.field(validator=reference)


@attrs.frozen(kw_only=True)
class RenewLease:
    """Real-time work is still going on."""

    interaction: InteractionId = attrs.field(validator=reference)
