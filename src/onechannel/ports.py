"""Ports: what the library needs of the world, each written once.

Law of this file: a contract says what is returned, what is raised and what may be repeated; stores
and drivers are tested against it, never against each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

import attrs

from onechannel.events import CustomerRegistered, Event, InteractionArrived, InteractionClosed
from onechannel.model.checks import ident, names
from onechannel.model.code import Code
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, TenantId
from onechannel.model.personal import personal

__all__ = [
    "Answer",
    "Batch",
    "Clock",
    "Committed",
    "Conflict",
    "CustomerKnown",
    "Destination",
    "Effect",
    "EffectState",
    "EventStore",
    "HolderOf",
    "LetterIds",
    "LetterRow",
    "LetterState",
    "LineOf",
    "LockHolder",
    "Mail",
    "Past",
    "Reference",
    "StoreSession",
    "StoredSnapshot",
    "Tally",
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


# -- mail -----------------------------------------------------------------------------------------


#: What a letter is asked for by: its source, its id, and the id of its delivery, if it has one.
LetterIds: TypeAlias = tuple[str, str, str | None]


class LetterState(Code):
    """What became of a letter.

    STORED: its commands were served. PARKED: it waits for what it refers to. REFUSED: the kernel
    would not. DEAD: it could not be handled.
    """

    STORED = "stored"
    PARKED = "parked"
    REFUSED = "refused"
    DEAD = "dead"


@attrs.frozen(kw_only=True)
class LetterRow:
    """A letter as the inbox keeps it.

    `id` is the vendor's own of the item, `delivery` of this delivery of it, both within `source`.
    `awaits` is what it waits for, as text. `orders` are its commands as JSON and `body` what came,
    both kept until it is stored. `number` is the order in which the store took them in; it gives
    it. `reason` says why it is where it is.
    """

    source: str
    id: str = personal(subject="customer")
    delivery: str | None = personal(subject="customer", default=None)
    conversation: str | None = personal(subject="customer", default=None)
    state: LetterState
    received_at: datetime
    changed_at: datetime
    awaits: str | None = personal(subject="customer", default=None)
    orders: str | None = personal(subject="customer", default=None)
    body: bytes | None = personal(subject="customer", default=None)
    reason: str | None = None
    number: int = 0


class EffectState(Code):
    """Where an effect stands; one that is DONE is let go."""

    DUE = "due"
    DONE = "done"
    DEAD = "dead"


@attrs.frozen(kw_only=True)
class Effect:
    """What an event has to bring about at a destination.

    `token` counts how often it was claimed: who holds an older one holds nothing. While it is
    claimed, by `holder`, it is due again when the lease ends. Effects of one `conversation` leave
    in order.
    """

    destination: str
    position: int
    conversation: str | None
    made_at: datetime
    due_at: datetime
    state: EffectState = EffectState.DUE
    attempts: int = 0
    token: int = 0
    holder: str | None = None
    reason: str | None = None


@attrs.frozen(kw_only=True)
class Destination:
    """Who is told of what happens: events of these types and, if not None, on these channels.

    An event that names no channel passes whatever the channels.
    """

    name: str = attrs.field(validator=ident)
    types: frozenset[str] = attrs.field(converter=names)
    channels: frozenset[str] | None = attrs.field(
        default=None, converter=attrs.converters.optional(names)
    )


#: What is counted: the box ("inbox", "outbox"), the source or destination, and what became of it.
Tally: TypeAlias = tuple[str, str, str]


@attrs.frozen(kw_only=True)
class Mail:
    """What of the inbox and the outbox is committed together with events.

    `letters` and `effects` replace the rows of the same key, `tallies` are added to what is
    counted, `cursors` and `destinations` replace those of the same name. Of stored letters, those
    that changed before `forget` are let go.
    """

    letters: tuple[LetterRow, ...] = ()
    effects: tuple[Effect, ...] = ()
    tallies: Mapping[Tally, int] = attrs.field(factory=dict)
    cursors: Mapping[str, int] = attrs.field(factory=dict)
    destinations: tuple[Destination, ...] = ()
    forget: datetime | None = None


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
    mail: Mail | None = None


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


@attrs.frozen
class LockHolder:
    """Which process holds a store's lock, since when, and for how long by now."""

    pid: int
    since: datetime
    held: timedelta


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

    def letters(self, wanted: Iterable[LetterIds]) -> Mapping[LetterIds, LetterRow]:
        """Those of the letters that are known, each as it was asked for.

        It is found by its id or else by its delivery, if it was asked for by one.
        """
        ...

    def parked(
        self,
        *,
        awaits: Iterable[str] = (),
        conversations: Iterable[tuple[str, str]] = (),
        before: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[LetterRow, ...]:
        """Parked letters in the order they came, at most `limit`.

        Those that wait for any of these, are of any of these conversations (source, name), or came
        before then.
        """
        ...

    def destinations(self) -> tuple[Destination, ...]:
        """Who is told of what happens."""
        ...

    def effects(self, wanted: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Effect]:
        """Those of the effects that are not done, by destination and position."""
        ...

    def due(self, destination: str, at: datetime, limit: int) -> tuple[Effect, ...]:
        """Effects to be brought about by now, the longest due first, then in order of the log.

        Of each conversation only the first that is not done or dead; those that belong to none, all
        of them.
        """
        ...

    def commit(self, expected: int, batch: Batch) -> Committed | Conflict:
        """Append, if the log still ends at `expected`; at most once in a session.

        A store without a lock answers `Conflict` also where nothing but mail was committed since
        the session began: the position alone does not tell.

        Raises `StoreFault` where that is not known to have happened: the state built on it is then
        thrown away. `BatchRefused`, and nothing is kept, where the batch can never be: it gives an
        interaction, a customer, a key, a command id or a delivery a second time, or holds what
        cannot be written.
        """
        ...


class EventStore(Protocol):
    """The log of one tenant's centre; every method may raise `StoreFault`."""

    @property
    def tenant(self) -> TenantId:
        """Whose log it is."""
        ...

    @property
    def last_position(self) -> int:
        """The position of the log's last event, 0 before the first.

        Cheap enough to be asked a hundred times a second: so a process learns that another has
        appended.
        """
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

    def letters(
        self, state: LetterState, *, after: int = 0, limit: int | None = None
    ) -> tuple[LetterRow, ...]:
        """The letters in a state, in the order they came, after the one of that number."""
        ...

    def effects(
        self, state: EffectState, destination: str | None = None, limit: int | None = None
    ) -> tuple[Effect, ...]:
        """The effects in a state, of one destination or of all, in order of the log."""
        ...

    def due(self, destination: str, at: datetime, limit: int) -> tuple[Effect, ...]:
        """What a claim would find now; see `StoreSession.due`."""
        ...

    def destinations(self) -> tuple[Destination, ...]:
        """Who is told of what happens."""
        ...

    def tallies(self) -> Mapping[Tally, int]:
        """What was counted since the log began.

        Of each source, all that was received is stored + duplicate + parked + refused + dead.
        """
        ...

    def cursor(self, name: str) -> int:
        """The position up to which a reader of this name has read; 0 for one not known."""
        ...

    def holder(self) -> LockHolder | None:
        """Which process holds the store's lock at this moment, if it has one and any does."""
        ...

    def close(self) -> None:
        """Let go of what the store holds; a second time does nothing."""
        ...


class Clock(Protocol):
    """Says what time it is, aware."""

    def __call__(self) -> datetime:
        """Now."""
        ...
