"""What the centre itself is asked: who is there, what is defined, who decides.

Law of this file: a command is a frozen value, checked when it is built and in the imperative; what
is defined stands whole in it.
"""

from datetime import timedelta

import attrs

from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.checks import ident, is_a, optional, some_time
from onechannel.model.ids import WorkerId
from onechannel.model.policy import Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker

__all__ = [
    "AdoptPolicy",
    "BecomeAvailable",
    "BecomeUnavailable",
    "DefineCalendar",
    "DefineChannel",
    "DefineQueue",
    "DefineWorker",
    "Drain",
    "Sanction",
    "SignIn",
    "SignOut",
]


@attrs.frozen(kw_only=True)
class SignIn:
    """A worker is there, and available."""

    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class SignOut:
    """A worker goes.

    What it was asked goes back to its place in the line; it finishes what is real-time, and what is
    asynchronous goes back to its queue after the policy's time.
    """

    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class Drain:
    """A worker takes no new work, finishes all it has, and is then gone."""

    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class BecomeAvailable:
    """A worker takes new work again, whatever made it unavailable."""

    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class BecomeUnavailable:
    """A worker takes no new work, for a time or until it says otherwise; `reason` is a code."""

    worker: WorkerId = attrs.field(validator=ident)
    reason: str = attrs.field(default="break", validator=ident)
    duration: timedelta | None = attrs.field(default=None, validator=optional(some_time))


@attrs.frozen(kw_only=True)
class Sanction:
    """A worker takes no new work for a time, and cannot change that itself; `reason` is a code."""

    worker: WorkerId = attrs.field(validator=ident)
    reason: str = attrs.field(validator=ident)
    duration: timedelta = attrs.field(validator=some_time)


# -- definitions ----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class DefineWorker:
    """A worker exists, or is from now on as given."""

    worker: Worker = attrs.field(validator=is_a(Worker))


@attrs.frozen(kw_only=True)
class DefineQueue:
    """A queue exists, or is from now on as given."""

    queue: Queue = attrs.field(validator=is_a(Queue))


@attrs.frozen(kw_only=True)
class DefineChannel:
    """A channel is from now on as given; an undefined one is plain, or well known by its name."""

    channel: Channel = attrs.field(validator=is_a(Channel))


@attrs.frozen(kw_only=True)
class DefineCalendar:
    """A calendar exists, or is from now on as given."""

    calendar: Calendar = attrs.field(validator=is_a(Calendar))


@attrs.frozen(kw_only=True)
class AdoptPolicy:
    """From now on this policy decides."""

    policy: Policy = attrs.field(validator=is_a(Policy))
