"""What is said of customers: who they are, what they pursue, and what they were told.

Law of this file: a command is a frozen value, checked when it is built and in the imperative.
"""

from datetime import datetime, timedelta

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.address import Address, addresses_of
from onechannel.model.checks import ident, is_a, optional, reference, some_time, text, utc
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, PromiseId, WorkerId
from onechannel.model.personal import personal

__all__ = [
    "AchieveJourney",
    "FailJourney",
    "JoinJourney",
    "KeepPromise",
    "LinkAddress",
    "MakePromise",
    "MergeCustomers",
    "OpenJourney",
    "PausePromise",
    "RegisterCustomer",
    "RenegotiatePromise",
    "ResumePromise",
    "UnlinkAddress",
    "UnmergeCustomer",
    "WithdrawPromise",
]

_maybe_ident = optional(ident)
_maybe_reference = optional(reference)


def _moment(value: datetime | None) -> datetime | None:
    return None if value is None else utc(value)


@attrs.frozen(kw_only=True)
class RegisterCustomer:
    """A customer becomes known, with addresses nobody else has."""

    customer: CustomerId = attrs.field(validator=ident)
    name: str | None = personal(subject="customer", default=None, validator=optional(text))
    addresses: tuple[Address, ...] = personal(
        subject="customer", default=(), converter=addresses_of
    )


@attrs.frozen(kw_only=True)
class LinkAddress:
    """An address nobody is known by denotes a customer; `evidence` is a code."""

    customer: CustomerId = attrs.field(validator=ident)
    address: Address = personal(subject="customer", validator=is_a(Address))
    evidence: str = attrs.field(default="stated", validator=ident)


@attrs.frozen(kw_only=True)
class UnlinkAddress:
    """An address denotes a customer no longer."""

    customer: CustomerId = attrs.field(validator=ident)
    address: Address = personal(subject="customer", validator=is_a(Address))
    evidence: str = attrs.field(default="stated", validator=ident)


@attrs.frozen(kw_only=True)
class MergeCustomers:
    """`customer` and `survivor` are the same; merged with itself, nobody changes."""

    customer: CustomerId = attrs.field(validator=ident)
    survivor: CustomerId = attrs.field(validator=ident)
    evidence: str = attrs.field(default="stated", validator=ident)


@attrs.frozen(kw_only=True)
class UnmergeCustomer:
    """`customer`, once merged, is not the same after all."""

    customer: CustomerId = attrs.field(validator=ident)
    evidence: str = attrs.field(default="stated", validator=ident)


# -- journeys -------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenJourney:
    """A customer pursues something: the matter `about`, known outside by `reference`."""

    customer: CustomerId = attrs.field(validator=ident)
    about: str | None = attrs.field(default=None, validator=_maybe_ident)
    reference: str | None = attrs.field(default=None, validator=_maybe_ident)


@attrs.frozen(kw_only=True)
class JoinJourney:
    """An open interaction belongs to that journey, whatever it was taken for before."""

    interaction: InteractionId = attrs.field(validator=reference)
    journey: JourneyId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class AchieveJourney:
    """The customer got what it was about; `reason` is a code."""

    journey: JourneyId = attrs.field(validator=ident)
    reason: str | None = attrs.field(default=None, validator=_maybe_ident)


@attrs.frozen(kw_only=True)
class FailJourney:
    """The customer did not get what it was about; `reason` is a code."""

    journey: JourneyId = attrs.field(validator=ident)
    reason: str | None = attrs.field(default=None, validator=_maybe_ident)


# -- promises -------------------------------------------------------------------------------------


def _one_time(due: datetime | None, within: timedelta | None) -> None:
    if (due is None) == (within is None):
        raise InvalidValue("a promise is due at a time or within a time: give one of the two")


@attrs.frozen(kw_only=True)
class MakePromise:
    """A customer is told that `what` will happen, by `due` or `within` a time.

    Within a time of a `calendar` that time is business time. Of an `interaction` the customer and
    the journey are taken; `worker` is who answers for it.
    """

    what: str = attrs.field(validator=ident)
    customer: CustomerId | None = attrs.field(default=None, validator=_maybe_ident)
    interaction: InteractionId | None = attrs.field(default=None, validator=_maybe_reference)
    due: datetime | None = attrs.field(default=None, converter=_moment)
    within: timedelta | None = attrs.field(default=None, validator=optional(some_time))
    calendar: str | None = attrs.field(default=None, validator=_maybe_ident)
    worker: WorkerId | None = attrs.field(default=None, validator=_maybe_ident)

    def __attrs_post_init__(self) -> None:
        _one_time(self.due, self.within)
        if self.customer is None and self.interaction is None:
            raise InvalidValue("a promise is made to a customer, or in an interaction: name one")


@attrs.frozen(kw_only=True)
class KeepPromise:
    """It happened; `evidence` is an id or a code of where that shows."""

    promise: PromiseId = attrs.field(validator=ident)
    evidence: str | None = attrs.field(default=None, validator=_maybe_reference)


@attrs.frozen(kw_only=True)
class RenegotiatePromise:
    """The customer agrees to another time."""

    promise: PromiseId = attrs.field(validator=ident)
    due: datetime | None = attrs.field(default=None, converter=_moment)
    within: timedelta | None = attrs.field(default=None, validator=optional(some_time))

    def __attrs_post_init__(self) -> None:
        _one_time(self.due, self.within)


@attrs.frozen(kw_only=True)
class PausePromise:
    """Its time does not run, for a while or until it is resumed; `reason` is a code."""

    promise: PromiseId = attrs.field(validator=ident)
    reason: str = attrs.field(validator=ident)
    duration: timedelta | None = attrs.field(default=None, validator=optional(some_time))


@attrs.frozen(kw_only=True)
class ResumePromise:
    """Its time runs again."""

    promise: PromiseId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class WithdrawPromise:
    """It need not be kept any more; with that of a callback that waits, the callback is over."""

    promise: PromiseId = attrs.field(validator=ident)
    reason: str = attrs.field(default="withdrawn", validator=ident)
