"""Scenarios as values: who is there, what happens, what is expected of it.

Law of this file: everything in a scenario has been checked as far as it can be without playing it;
a name in it denotes what the file calls so.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.checks import duration, ident, optional, text
from onechannel.model.personal import personal
from onechannel.model.policy import Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker
from onechannel.settings import Setting
from onechannel.simulation.outside import WebhookFault
from onechannel.simulation.scripts import Patience, Routine, Turn

__all__ = [
    "Check",
    "Clock",
    "Crowd",
    "CustomerRole",
    "Name",
    "Scenario",
    "Step",
    "VendorRole",
    "WorkerRole",
]


@attrs.frozen
class Name:
    """What the file calls something: somebody of the cast, or what a step has given."""

    name: str


@attrs.frozen
class Clock:
    """What a clock of the scenario's zone reads: "14:00", "Tue 09:00"."""

    reading: str


@attrs.frozen(kw_only=True)
class CustomerRole:
    """A customer of the cast."""

    name: str
    called: str | None = personal(subject="customer", default=None)
    addresses: tuple[str, ...] = personal(subject="customer", default=())
    patience: Patience | None = None


@attrs.frozen(kw_only=True)
class WorkerRole:
    """A worker, a machine or a supervisor of the cast; `turns` and `routine` are what it does."""

    worker: Worker
    supervises: bool = False
    signs_in: bool = True
    routine: Routine | None = None
    turns: tuple[Turn, ...] = ()


@attrs.frozen(kw_only=True)
class Crowd:
    """So many customers who all come about the same, one after the other, evenly over a time."""

    name: str = attrs.field(validator=ident)
    of: int
    starts: Clock
    over: timedelta = attrs.field(validator=duration)
    channel: str = attrs.field(validator=ident)
    about: str | None = attrs.field(default=None, validator=optional(ident))
    says: str | None = personal(subject="customer", default=None, validator=optional(text))
    patience: Patience | None = None
    setting: Setting = attrs.field(repr=False, eq=False)


@attrs.frozen(kw_only=True)
class VendorRole:
    """A vendor who is sent what these events have to bring about, on these channels or on all."""

    name: str
    takes: tuple[str, ...]
    channels: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class Step:
    """Somebody does something: a verb of a handle, with its arguments; `gives` names the result.

    It comes `at` a time, or so long `after` the step before it. One that is to be `refused` says
    so, or with which words.
    """

    setting: Setting = attrs.field(repr=False, eq=False)
    at: Clock | None = None
    after: timedelta | None = None
    who: str
    does: str
    given: Mapping[str, Any] = personal(subject="customer")
    turns: tuple[Turn, ...] = ()
    gives: str | None = None
    refused: bool | str = False


@attrs.frozen(kw_only=True)
class Check:
    """Something is expected: by which expectation, of what, and how it is asked."""

    setting: Setting = attrs.field(repr=False, eq=False)
    at: Clock | None = None
    after: timedelta | None = None
    expects: str
    given: Mapping[str, Any] = personal(subject="customer")
    within: timedelta | None = None
    never: timedelta | bool | None = None
    times: int | None = None


@attrs.frozen(kw_only=True)
class Scenario:
    """A day of a centre: who is there, and what happens."""

    file: str
    title: str
    start: datetime
    zone: str
    policy: Policy | None
    channels: tuple[Channel, ...]
    queues: tuple[Queue, ...]
    calendars: tuple[Calendar, ...]
    customers: tuple[CustomerRole, ...]
    workers: tuple[WorkerRole, ...]
    vendors: tuple[VendorRole, ...]
    crowds: tuple[Crowd, ...]
    webhooks: WebhookFault
    steps: tuple[Step | Check, ...]
