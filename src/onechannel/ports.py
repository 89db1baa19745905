"""Ports: what the library needs of the world, each written once.

Law of this file: a contract says what is returned, what is raised and what may be repeated; stores
and drivers are tested against it, never against each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeAlias

import attrs

from onechannel.events import CustomerRegistered, Event, InteractionArrived, InteractionClosed
from onechannel.model.ids import CustomerId, InteractionId, TenantId
from onechannel.model.personal import personal

__all__ = [
    "Answer",
    "Batch",
    "Clock",
    "Committed",
    "Conflict",
    "CustomerAt",
    "CustomerKnown",
    "EventStore",
    "LineOf",
    "Past",
    "Reference",
    "StoreSession",
    "StoredSnapshot",
]


# -- facts ----------------------------------------------------------------------------------------


@attrs.frozen
class CustomerKnown:
    """Asks how a customer was registered; the answer is `CustomerRegistered` or None."""

    customer: CustomerId


@attrs.frozen
class CustomerAt:
    """Asks who is known by an address key; the answer is a customer's id or None."""

    key: str = personal(subject="customer")


@attrs.frozen
class LineOf:
    """Asks for the latest of an interaction and its successors; the answer is `Past` or None."""

    root: InteractionId


@attrs.frozen
class Past:
    """An interaction of the log; `closed` is None while it is open."""

    arrived: InteractionArrived
    closed: InteractionClosed | None


Reference: TypeAlias = CustomerKnown | CustomerAt | LineOf
Answer: TypeAlias = CustomerRegistered | CustomerId | Past | None


# -- stores ---------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Batch:
    """What is committed together.

    `commands` maps the id of each command served to the first and the last position of its events;
    one that made none has (0, 0). `addresses` maps address keys to the customer known by each.
    """

    events: tuple[Event, ...]
    commands: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)
    addresses: Mapping[str, CustomerId] = personal(subject="customer", factory=dict)


@attrs.frozen
class Committed:
    """The batch is durable; `position` is the log's last."""

    position: int


@attrs.frozen
class Conflict:
    """Somebody else has appended, and nothing was kept; `position` is the log's last."""

    position: int


@attrs.frozen
class StoredSnapshot:
    """A snapshot's text as it was saved, with the position it was taken at."""

    position: int
    text: str = personal(subject="customer")


class StoreSession(Protocol):
    """One turn at a stream: what it reads stays true until it ends, with `commit` or unchanged."""

    def read_since(self, position: int) -> Iterator[Event]:
        """The events after that position, in order."""
        ...

    def lookup(self, references: Iterable[Reference]) -> Mapping[Reference, Answer]:
        """An answer to every reference, from what is committed."""
        ...

    def seen(self, commands: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        """Those of the command ids that were served before, with the positions of their events."""
        ...

    def commit(self, expected: int, batch: Batch) -> Committed | Conflict:
        """Append, if the log still ends at `expected`; at most once in a session.

        Raises `StoreFault` where that is not known to have happened: the state built on it is then
        thrown away. A batch that gives an interaction, a customer, an address or a command id a
        second time is a `StoreFault` and not kept.
        """
        ...


class EventStore(Protocol):
    """The log of one tenant's centre; every method may raise `StoreFault`."""

    @property
    def tenant(self) -> TenantId:
        """Whose log it is."""
        ...

    def session(self) -> AbstractContextManager[StoreSession]:
        """One turn at the stream, alone where the store can lock it."""
        ...

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """Committed events after a position, in order, at most `limit`."""
        ...

    def history(
        self, *, customer: CustomerId | None = None, interaction: InteractionId | None = None
    ) -> Iterator[Event]:
        """What happened in one interaction, or in all of one customer's, in order.

        Of both, what happened in either; each event once.
        """
        ...

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep a snapshot in place of an earlier one; a later one stays. Not inside a turn."""
        ...

    def snapshot(self) -> StoredSnapshot | None:
        """The snapshot kept, if any."""
        ...

    def close(self) -> None:
        """Let go of what the store holds; a second time does nothing."""
        ...


class Clock(Protocol):
    """Says what time it is, aware."""

    def __call__(self) -> datetime:
        """Now."""
        ...
