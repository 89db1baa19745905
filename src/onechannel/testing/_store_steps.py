"""What the contract of a store is written in: events to commit, and what is asked of a store.

Law of this file: it is plain Python, so that a failure says what was found in any test runner,
whether or not that rewrites assertions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from onechannel import events as e
from onechannel.errors import StoreFault
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.address import Address, Verification
from onechannel.model.assignment import Role
from onechannel.model.channel import WHATSAPP
from onechannel.model.checks import TEXT_LIMIT
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, TenantId
from onechannel.model.interaction import EndReason, QueuedBecause
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.model.requirement import Requirement
from onechannel.model.worker import Capacity, Worker, WorkerKind
from onechannel.ports import (
    Batch,
    Committed,
    Conflict,
    CustomerKnown,
    Destination,
    Effect,
    EffectState,
    EventStore,
    HolderOf,
    LetterIds,
    LetterRow,
    LetterState,
    LineOf,
    Mail,
    Past,
    Reference,
    Tally,
)

__all__ = [
    "AT",
    "IDS",
    "KEYS",
    "MANY",
    "SHAPES",
    "TEXTS",
    "OpenStore",
    "a_life",
    "append",
    "arrived",
    "closed",
    "commit",
    "due_at",
    "effect",
    "events_from",
    "fault",
    "held",
    "known",
    "latest_of",
    "letter",
    "names",
    "nothing_kept",
    "origin",
    "parked",
    "positions",
    "post",
    "refused",
    "said",
    "same",
]


class OpenStore(Protocol):
    """Opens the log of a tenant: an empty one at first, later the same one again."""

    def __call__(self, tenant: TenantId = "main") -> EventStore:
        """The store."""
        ...


AT: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)

#: Keys that the tests of what is known by one use.
KEYS: Final = frozenset({"tel:+1", "tel:+2"})

#: More than a store may want to fetch, or to ask for, at once.
MANY: Final = 2_500

#: Nothing, characters beyond the first plane, from right to left, that combine, that look alike,
#: that SQL, JSON or a shell reads otherwise, space, and the most that the model admits.
TEXTS: Final = (
    "",
    "👩🏽‍🚀 \U0001d49c\U0001d52b\U0001d51e 🇪🇸 \U0010fffd",
    "\u202eשלֹם، كيف حالك؟\u202c",
    "e\u0301 é ﬁ Å \u212b",
    "' \" \\ ` ; -- %s {} $1 ? :customer */ \n\r\t\b\f\x01\x1f\x7f\x85\u2028\ufeff\ufffe",
    " \u00a0 ",
    "€𝄞x" * (TEXT_LIMIT // 3),
)
#: Ids of every shape, among them some that look like a successor's and are none.
IDS: Final = (
    "%", "_", "a_b", "axb", "A_B", "i%", "'", '"', "o'clock", "; drop table events",
    "日本", "é", "e\u0301", "\U0001d49c", "שלֹם", "~", "~1", "i~", "i~x", "i~1x", "i/1", "?", ":a",
    "\\", "null", "0", "x" * 200,
)  # fmt: skip


# -- events ---------------------------------------------------------------------------------------


_PBX: Final = Actor(ActorKind.VENDOR, "pbx")


def origin(
    *,
    cause: e.Cause = e.Cause.OBSERVED,
    command: str | None = "r-1",
    actor: Actor = _PBX,
    seen: datetime = AT,
    tenant: TenantId = "main",
) -> e.Origin:
    """An envelope."""
    return e.Origin(AT, seen, cause, command, actor, tenant)


def events_from(
    first: int, happened: Sequence[e.EventData], tenant: TenantId = "main"
) -> tuple[e.Event, ...]:
    """Events, from a position on."""
    why = origin(tenant=tenant)
    return tuple(e.Event(position, why, data) for position, data in enumerate(happened, first))


def arrived(
    interaction: InteractionId,
    *,
    customer: CustomerId | None = None,
    predecessor: InteractionId | None = None,
    priority: int = 0,
    journey: JourneyId | None = None,
) -> e.InteractionArrived:
    """An arrival."""
    return e.InteractionArrived(
        interaction, "voice", customer, None, None, priority, predecessor, journey=journey
    )


def said(text: str, interaction: InteractionId = "i") -> e.MessageReceived:
    """A message."""
    return e.MessageReceived(interaction, f"{interaction}#1", "voice", None, text)


def closed(interaction: InteractionId) -> e.InteractionClosed:
    """An end."""
    return e.InteractionClosed(interaction, EndReason.RESOLVED, "done")


def a_life(
    interaction: InteractionId, customer: CustomerId
) -> tuple[e.CustomerRegistered, e.InteractionArrived, e.InteractionClosed]:
    """A customer with an interaction, from beginning to end."""
    address = Address(raw="tel:+1", key="tel:+1", verification=Verification.VERIFIED)
    registered = e.CustomerRegistered(customer, "Ana", (address,))
    return registered, arrived(interaction, customer=customer), closed(interaction)


_WORKER: Final = Worker(
    id="w",
    kind=WorkerKind.MACHINE,
    skills={"billing": 0.1, "français": 4, "tiny": 1e-07, "huge": 1e22},
    capacity=Capacity.only("web", "app"),
    wrap_up=timedelta(microseconds=1),
)
_STEP: Final = Step(
    requirement=Requirement(kinds=frozenset(WorkerKind), skills={"billing": 2.5}),
    expires_after=timedelta(days=1, milliseconds=1500),
)

#: Data with every shape of field: nested values, maps, sets, times, durations, nothing.
SHAPES: Final = (
    *a_life("i", "c"),
    e.CustomerRegistered("nobody", None, ()),
    e.ChannelDefined(WHATSAPP),
    e.WorkerDefined("w", _WORKER),
    e.PolicyAdopted(DEFAULT_POLICY),
    e.InteractionQueued(
        "i",
        "main",
        QueuedBecause.ARRIVAL,
        AT + timedelta(microseconds=999_999),
        Plan(queue="main", priority=-1, steps=(_STEP, Step())),
        0,
        AT + timedelta(days=30_000),
        "default",
    ),
    e.InteractionQueued("i", "main", QueuedBecause.OBSERVED, AT, None, None, None, None),
    e.AssignmentOpened("i/1", "i", "w", Role.SERVES, None, "skill billing"),
    e.WorkerUnavailable("w", "break", AT),
    e.WorkerUnavailable("w", "break", None),
    e.AnomalyObserved("i", "observe_closed", "it is over", FrozenMap({"reason": "…", "a": ""})),
)


# -- mail -----------------------------------------------------------------------------------------


def letter(
    name: str,
    state: LetterState = LetterState.STORED,
    *,
    source: str = "v",
    at: datetime = AT,
    **fields: Any,
) -> LetterRow:
    """A letter."""
    return LetterRow(source=source, id=name, state=state, received_at=at, changed_at=at, **fields)


def effect(
    position: int,
    *,
    destination: str = "d",
    conversation: str | None = None,
    due: datetime = AT,
    **fields: Any,
) -> Effect:
    """An effect of that event."""
    return Effect(
        destination=destination,
        position=position,
        conversation=conversation,
        made_at=AT,
        due_at=due,
        **fields,
    )


def post(
    store: EventStore,
    *,
    letters: Iterable[LetterRow] = (),
    effects: Iterable[Effect] = (),
    tallies: Mapping[Tally, int] | None = None,
    cursors: Mapping[str, int] | None = None,
    destinations: Iterable[Destination] = (),
    forget: datetime | None = None,
) -> None:
    """Commit mail alone, at the end of the log."""
    mail = Mail(
        letters=tuple(letters),
        effects=tuple(effects),
        tallies=tallies or {},
        cursors=cursors or {},
        destinations=tuple(destinations),
        forget=forget,
    )
    end = store.last_position
    same(commit(store, end, Batch(events=(), mail=mail)), Committed(end))


def known(store: EventStore, *wanted: LetterIds) -> Mapping[LetterIds, LetterRow]:
    """Those of the letters that the store knows, in the order asked."""
    with store.session() as session:
        found = dict(session.letters(iter(wanted)))
    return {asked: found[asked] for asked in wanted if asked in found}


def parked(store: EventStore, **asked: Any) -> list[str]:
    """The ids of parked letters, as the store gives them."""
    with store.session() as session:
        return names(session.parked(**asked))


def names(rows: Iterable[LetterRow]) -> list[str]:
    """The ids of letters."""
    return [row.id for row in rows]


def due_at(store: EventStore, at: datetime, destination: str = "d", limit: int = 99) -> list[int]:
    """The positions of effects that are due, as the store gives them."""
    return positions(store.due(destination, at, limit))


def positions(effects: Iterable[Effect]) -> list[int]:
    """The positions of effects."""
    return [one.position for one in effects]


# -- what is asked of a store ---------------------------------------------------------------------


def same(found: object, expected: object) -> None:
    """Raise `AssertionError` unless the two are equal."""
    if found != expected:
        raise AssertionError(f"found {_shown(found)}\nand not {_shown(expected)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"


_SHOWN: Final = 1_000


@contextmanager
def fault() -> Iterator[None]:
    """Raise `AssertionError` unless a `StoreFault` is raised."""
    try:
        yield
    except StoreFault:
        return
    raise AssertionError("a StoreFault was to be raised, and was not")


def commit(store: EventStore, expected: int, batch: Batch) -> Committed | Conflict:
    """One session with one commit."""
    with store.session() as session:
        return session.commit(expected, batch)


def append(
    store: EventStore,
    *happened: e.EventData,
    commands: Mapping[str, tuple[int, int]] | None = None,
    keys: Mapping[str, str] | None = None,
    freed: Iterable[str] = (),
) -> list[e.Event]:
    """Commit what happened at the end of the log; gives the events."""
    end = sum(1 for _ in store.read())
    events = events_from(end + 1, happened, store.tenant)
    batch = Batch(events=events, commands=commands or {}, keys=keys or {}, freed=frozenset(freed))
    same(commit(store, end, batch), Committed(end + len(happened)))
    return list(events)


def refused(store: EventStore, expected: int, batch: Batch) -> None:
    """Raise `AssertionError` unless the batch is refused and nothing of it is kept."""
    with nothing_kept(store), store.session() as session, fault():
        session.commit(expected, batch)


@contextmanager
def nothing_kept(store: EventStore) -> Iterator[None]:
    """Raise `AssertionError` where anything can be seen in the store that was not before."""
    before = _everything(store)
    yield
    same(_everything(store), before)


def _everything(store: EventStore) -> tuple[object, ...]:
    """All that the tests of refused batches touch."""
    references: list[Reference] = [
        *(HolderOf(key) for key in sorted(KEYS)),
        *(CustomerKnown(customer) for customer in ("c", "d")),
        *(LineOf(root) for root in ("i", "j", "new")),
    ]
    with store.session() as session:
        answers, seen = dict(session.lookup(references)), dict(session.seen(["q", "r", "s"]))
    letters = [store.letters(state) for state in LetterState]
    effects = [store.effects(state) for state in EffectState]
    mail = letters, effects, store.destinations(), dict(store.tallies()), store.cursor("r")
    return list(store.read()), answers, seen, store.snapshot(), mail


def held(store: EventStore, *keys: str) -> list[object]:
    """What each of the keys denotes."""
    with store.session() as session:
        answers = session.lookup([HolderOf(key) for key in keys])
        return [answers[HolderOf(key)] for key in keys]


def latest_of(store: EventStore, root: InteractionId) -> Past | None:
    """The latest of an interaction and its successors."""
    with store.session() as session:
        answer = session.lookup([LineOf(root)])[LineOf(root)]
    if answer is None or isinstance(answer, Past):
        return answer
    raise AssertionError(f"LineOf was answered with {_shown(answer)}")
