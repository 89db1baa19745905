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
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, TenantId
from onechannel.model.personal import personal

__all__ = [
    "Answer",
    "Batch",
    "Clock",
    "Committed",
    "Conflict",
    "CustomerKnown",
    "EventStore",
    "HolderOf",
    "LineOf",
    "Past",
    "Reference",
    "StoreSession",
    "StoredSnapshot",
    "reference_key",
]


# -- facts ----------------------------------------------------------------------------------------


@attrs.frozen
class CustomerKnown:
    """Asks how a customer was registered; the answer is `CustomerRegistered` or None."""

    customer: CustomerId


@attrs.frozen
class HolderOf:
    """Asks what a key denotes; the answer is an id or None.

    The key of an address denotes a customer, that of a vendor's reference (`reference_key`) a
    message of ours.
    """

    key: str = personal(subject="customer")


def reference_key(reference: str) -> str:
    """The key of a vendor's reference; no address has one like it."""
    return f"#{reference}"


@attrs.frozen
class LineOf:
    """Asks for the latest of an interaction and its successors; the answer is `Past` or None."""

    root: InteractionId


@attrs.frozen
class Past:
    """An interaction of the log; `closed` is None while it is open."""

    arrived: InteractionArrived
    closed: InteractionClosed | None


Reference: TypeAlias = CustomerKnown | HolderOf | LineOf
Answer: TypeAlias = CustomerRegistered | str | Past | None


# -- stores ---------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Batch:
    """What is committed together.

    `commands` maps the id of each command served to the first and the last position of its events;
    one that made none has (0, 0). `freed` are keys that denote nothing any more, and
    `keys` maps keys to what each denotes from now on.
    """

    events: tuple[Event, ...]
    commands: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)
    keys: Mapping[str, str] = personal(subject="customer", factory=dict)
    freed: frozenset[str] = personal(subject="customer", default=frozenset())


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
        thrown away. A batch that gives an interaction, a customer, a key or a command id a second
        time is a `StoreFault` and not kept.
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
        self,
        *,
        customer: CustomerId | None = None,
        interaction: InteractionId | None = None,
        journey: JourneyId | None = None,
    ) -> Iterator[Event]:
        """What is recorded of a customer, an interaction or a journey, in order.

        Of a customer, what names it, and all that names an interaction or a journey named with it;
        of an interaction, what names it; of a journey, what names it, and all that names an
        interaction named with it. Of several, what is recorded of any; each event once.
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
