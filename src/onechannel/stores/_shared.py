"""What the stores share: when a batch may be kept, and how an event is written as a row.

Law of this file: whatever one store refuses, every store refuses, in the same words; a message says
what is wrong with a batch, never what stands in it.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from onechannel.codec import (
    ORIGIN,
    SUBJECTS,
    check_data,
    check_origin,
    data_from_json,
    data_to_json,
    origin_from_texts,
    origin_to_texts,
    subjects_of,
)
from onechannel.errors import BatchRefused
from onechannel.events import (
    ChannelDefined,
    CustomerMerged,
    CustomerUnmerged,
    Event,
    EventData,
    Origin,
    WorkerDefined,
)
from onechannel.model.ids import CustomerId, InteractionId, TenantId, root_of
from onechannel.ports import Batch, Mail

__all__ = [
    "COLUMNS",
    "DEFINITIONS",
    "READ_COLUMNS",
    "TURN_OVER",
    "check_batch",
    "check_carried",
    "customers_of",
    "doubled",
    "events_from_rows",
    "line_of",
    "rows_from_events",
]

#: An event as a flat row, and what of it an event is read from: its data names the subjects too.
COLUMNS: Final = ("position", "type", "version", *ORIGIN, *SUBJECTS, "data")
READ_COLUMNS: Final = tuple(name for name in COLUMNS if name not in SUBJECTS)

#: What whoever reads of one interaction needs of the centre besides.
DEFINITIONS: Final = (ChannelDefined, WorkerDefined)

#: A session commits once, and not after its end.
TURN_OVER: Final = "a session commits once, before it ends: begin another"

# What a row can hold of a successor's number: as many as there are in 64 bits.
_NUMBERS: Final = range(2**63)


def rows_from_events(events: Iterable[Event]) -> Iterator[tuple[Any, ...]]:
    """The events as rows of `COLUMNS`; raises `BatchRefused` for what cannot be carried."""
    origin: Origin | None = None
    texts: tuple[str | None, ...] = ()
    for event in events:
        data = event.data
        # Events of one decision share their origin.
        if event.origin is not origin:
            origin = event.origin
            texts = origin_to_texts(origin)
        written = data_to_json(data)
        yield (
            event.position,
            data.stored_name,
            data.version,
            *texts,
            *subjects_of(data),
            written,
        )


def check_carried(events: Iterable[Event]) -> None:
    """Raise `BatchRefused` wherever `rows_from_events` would."""
    origin: Origin | None = None
    for event in events:
        if event.origin is not origin:
            origin = event.origin
            check_origin(origin)
        check_data(event.data)


def events_from_rows(rows: Iterable[tuple[Any, ...]], tenant: TenantId) -> Iterator[Event]:
    """The events of rows of `READ_COLUMNS`; raises `LogInconsistent`."""
    origin: Origin | None = None
    last: list[str] = []
    for position, name, version, *texts, data in rows:
        if origin is None or texts != last:
            origin, last = origin_from_texts(position, texts, tenant), texts
        yield Event(position, origin, data_from_json(position, name, version, data))


def line_of(interaction: InteractionId) -> tuple[InteractionId, int]:
    """The root of an interaction's line, and its number in it: 0 for the root, 12 for `i~12`."""
    root = root_of(interaction)
    number = int(interaction[len(root) + 1 :] or 0)
    if number not in _NUMBERS:
        raise BatchRefused("a successor's number is beyond 64 bits: nothing was kept")
    return root, number


def customers_of(data: EventData) -> tuple[CustomerId, ...]:
    """The customers that an event names: of two who were merged, both."""
    if isinstance(data, (CustomerMerged, CustomerUnmerged)):
        return data.customer, data.survivor
    customer: CustomerId | None = getattr(data, "customer", None)
    return () if customer is None else (customer,)


def check_batch(tenant: TenantId, position: int, batch: Batch) -> None:
    """Raise `BatchRefused` unless it goes on after `position`, is the tenant's and adds up."""
    last = position + len(batch.events)
    for number, event in enumerate(batch.events, position + 1):
        if event.position != number:
            raise BatchRefused(
                f"the batch does not go on at position {position + 1}: nothing was kept"
            )
        if event.origin.tenant != tenant:
            raise BatchRefused("the batch holds events of another tenant: nothing was kept")
    for made in batch.commands.values():
        if made != (0, 0) and not position < made[0] <= made[1] <= last:
            raise BatchRefused("a command's events are not in the batch: nothing was kept")
    texts = (*batch.commands, *batch.freed, *batch.keys, *batch.keys.values())
    try:
        "".join(texts if batch.mail is None else (*texts, *_texts(batch.mail))).encode()
    except UnicodeEncodeError:
        raise BatchRefused("an id or a key holds half of a character: nothing was kept") from None


def _texts(mail: Mail) -> Iterator[str]:
    for row in mail.letters:
        parts = row.source, row.id, row.delivery, row.conversation, row.awaits, row.orders
        yield from filter(None, (*parts, row.reason))
    for effect in mail.effects:
        yield from filter(
            None, (effect.destination, effect.conversation, effect.reason, effect.holder)
        )
    yield from mail.cursors
    for tally in mail.tallies:
        yield from tally


def doubled(what: str) -> BatchRefused:
    """What is raised where a batch gives something that may be given once, a second time."""
    return BatchRefused(f"the batch gives {what} a second time: nothing of it was kept")
