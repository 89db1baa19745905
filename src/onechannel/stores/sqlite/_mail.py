"""The inbox and the outbox as tables of a centre's database.

Laws of this file: a row is written whole, in the transaction of the events; nothing is looked up
but by an index; who may write what again is the database's to say, by what is unique.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from onechannel.codec import dumps, loads
from onechannel.ports import (
    Destination,
    Effect,
    EffectState,
    LetterIds,
    LetterRow,
    LetterState,
    Mail,
    Tally,
)

__all__ = [
    "MAIL_SCHEMA",
    "Query",
    "cursor",
    "destinations",
    "due",
    "effects_in",
    "effects_of",
    "keep",
    "letters_in",
    "letters_of",
    "parked",
    "tallies",
]

#: Runs a query of the store and gives its rows.
Query: TypeAlias = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
#: Runs a statement for each of many rows.
Many: TypeAlias = Callable[[str, Iterable[Sequence[object]]], object]

MAIL_SCHEMA: Final = """
create table letters (
    number       integer primary key autoincrement,
    source       text not null,
    id           text not null,
    delivery     text,
    conversation text,
    state        text not null,
    received_at  integer not null,
    changed_at   integer not null,
    awaits       text,
    orders       text,
    body         blob,
    reason       text,
    unique (source, id),
    unique (source, delivery)
) strict;
create index letters_stored on letters (changed_at) where state = 'stored';
create index letters_kept on letters (state, number) where state <> 'stored';
create index letters_awaiting on letters (awaits) where state = 'parked';
create index letters_behind on letters (source, conversation) where state = 'parked';
create table effects (
    destination  text not null,
    position     integer not null,
    conversation text,
    made_at      integer not null,
    due_at       integer not null,
    state        text not null,
    attempts     integer not null,
    token        integer not null,
    holder       text,
    reason       text,
    primary key (destination, position)
) strict, without rowid;
create index effects_in_line on effects (destination, conversation, position)
    where state = 'due';
create index effects_due on effects (destination, due_at, position) where state = 'due';
create table tallies (
    box   text not null,
    name  text not null,
    what  text not null,
    count integer not null,
    primary key (box, name, what)
) strict, without rowid;
create table cursors (name text primary key, position integer not null) strict, without rowid;
create table destinations (
    name text primary key, types text not null, channels text
) strict, without rowid;
"""

_LETTER: Final = (
    "number, source, id, delivery, conversation, state, received_at, changed_at, awaits, orders, "
    "body, reason"
)
_EFFECT: Final = (
    "destination, position, conversation, made_at, due_at, state, attempts, token, holder, reason"
)
_LETTERS: Final = f"select {_LETTER} from letters"  # noqa: S608 - names that stand above
_EFFECTS: Final = f"select {_EFFECT} from effects"  # noqa: S608 - names that stand above
_BY_ID: Final = f"{_LETTERS} where source = ? and id = ?"
_BY_DELIVERY: Final = f"{_LETTERS} where source = ? and delivery = ?"
_AWAITING: Final = f"{_LETTERS} where state = 'parked' and awaits = ?"
_BEHIND: Final = f"{_LETTERS} where state = 'parked' and source = ? and conversation = ?"
# The index on what is kept is partial: it is found where the query says its condition too.
_BEFORE: Final = (
    f"{_LETTERS} where state = 'parked' and state <> 'stored' and received_at < ? "
    "order by number limit ?"
)
_IN_STATE: Final = (
    f"{_LETTERS} where state = ? and state <> 'stored' and number > ? order by number limit ?"
)
_STORED: Final = f"{_LETTERS} where state = 'stored' and number > ? order by number limit ?"
_EFFECT_OF: Final = f"{_EFFECTS} where destination = ? and position = ?"
_EFFECTS_IN: Final = f"{_EFFECTS} where state = ? order by position, destination limit ?"
_EFFECTS_TO: Final = f"{_EFFECTS} where destination = ? and state = ? order by position limit ?"
# Which indexes to use is said, since SQLite would walk through every effect before each.
_DUE: Final = f"""
{_EFFECTS} as effect indexed by effects_due
where destination = ? and state = 'due' and due_at <= ? and (
    conversation is null or not exists (
        select 1 from effects as earlier indexed by effects_in_line
        where earlier.destination = effect.destination and earlier.state = 'due'
        and earlier.conversation = effect.conversation and earlier.position < effect.position
    )
) order by due_at, position limit ?
"""  # noqa: S608 - names that stand above

_PUT_LETTER: Final = """
insert into letters values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (number) do update
set conversation = excluded.conversation, state = excluded.state, awaits = excluded.awaits,
    received_at = excluded.received_at, changed_at = excluded.changed_at,
    orders = excluded.orders, body = excluded.body, reason = excluded.reason
"""
_FORGET: Final = "delete from letters where state = 'stored' and changed_at < ?"
_PUT_EFFECT: Final = "insert or replace into effects values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_END_EFFECT: Final = "delete from effects where destination = ? and position = ?"
_COUNT: Final = """
insert into tallies values (?, ?, ?, ?)
on conflict do update set count = count + excluded.count
"""
_PUT_CURSOR: Final = "insert or replace into cursors values (?, ?)"
_PUT_DESTINATION: Final = "insert or replace into destinations values (?, ?, ?)"

_ALL: Final = -1  # what SQLite takes for no limit

# Moments are compared here, so they are numbers: microseconds of this.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


# -- writing --------------------------------------------------------------------------------------


def keep(many: Many, mail: Mail) -> None:
    """Write all of it."""
    many(_PUT_LETTER, [_letter_out(row) for row in mail.letters])
    done = [one for one in mail.effects if one.state is EffectState.DONE]
    many(_END_EFFECT, [(one.destination, one.position) for one in done])
    left = [one for one in mail.effects if one.state is not EffectState.DONE]
    many(_PUT_EFFECT, [_effect_out(one) for one in left])
    many(_COUNT, [(*tally, count) for tally, count in mail.tallies.items()])
    many(_PUT_CURSOR, mail.cursors.items())
    many(_PUT_DESTINATION, [_destination_out(one) for one in mail.destinations])
    if mail.forget is not None:
        many(_FORGET, [(_microseconds(mail.forget),)])


def _letter_out(row: LetterRow) -> tuple[object, ...]:
    return (
        row.number or None,
        row.source,
        row.id,
        row.delivery,
        row.conversation,
        row.state.value,
        _microseconds(row.received_at),
        _microseconds(row.changed_at),
        row.awaits,
        row.orders,
        row.body,
        row.reason,
    )


def _effect_out(effect: Effect) -> tuple[object, ...]:
    return (
        effect.destination,
        effect.position,
        effect.conversation,
        _microseconds(effect.made_at),
        _microseconds(effect.due_at),
        effect.state.value,
        effect.attempts,
        effect.token,
        effect.holder,
        effect.reason,
    )


def _destination_out(destination: Destination) -> tuple[object, ...]:
    channels = destination.channels
    return (
        destination.name,
        dumps(sorted(destination.types)),
        None if channels is None else dumps(sorted(channels)),
    )


# -- reading --------------------------------------------------------------------------------------


def letters_of(query: Query, wanted: Iterable[LetterIds]) -> Mapping[LetterIds, LetterRow]:
    """Those of the letters that are known, by their id or else by their delivery."""
    found: dict[LetterIds, LetterRow] = {}
    for source, name, delivery in wanted:
        rows = query(_BY_ID, (source, name))
        if not rows and delivery is not None:
            rows = query(_BY_DELIVERY, (source, delivery))
        if rows:
            found[source, name, delivery] = _letter_in(rows[0])
    return found


def parked(
    query: Query,
    awaits: Iterable[str],
    conversations: Iterable[tuple[str, str]],
    before: datetime | None,
    limit: int | None,
) -> tuple[LetterRow, ...]:
    """The parked letters that match any of it, in the order they came."""
    found: dict[int, tuple[Any, ...]] = {}
    for text in awaits:
        found |= {row[0]: row for row in query(_AWAITING, (text,))}
    for conversation in conversations:
        found |= {row[0]: row for row in query(_BEHIND, conversation)}
    if before is not None:
        most = _ALL if limit is None else limit
        found |= {row[0]: row for row in query(_BEFORE, (_microseconds(before), most))}
    return tuple(_letter_in(found[number]) for number in sorted(found)[:limit])


def letters_in(
    query: Query, state: LetterState, after: int, limit: int | None
) -> tuple[LetterRow, ...]:
    """The letters in a state after the one of that number."""
    most = _ALL if limit is None else limit
    if state is LetterState.STORED:
        return tuple(map(_letter_in, query(_STORED, (after, most))))
    return tuple(map(_letter_in, query(_IN_STATE, (state.value, after, most))))


def effects_of(query: Query, wanted: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Effect]:
    """Those of the effects that are not done."""
    return {key: _effect_in(row) for key in wanted for row in query(_EFFECT_OF, key)}


def effects_in(
    query: Query, state: EffectState, destination: str | None, limit: int | None
) -> tuple[Effect, ...]:
    """The effects in a state, of one destination or of all."""
    most = _ALL if limit is None else limit
    if destination is None:
        return tuple(map(_effect_in, query(_EFFECTS_IN, (state.value, most))))
    return tuple(map(_effect_in, query(_EFFECTS_TO, (destination, state.value, most))))


def due(query: Query, destination: str, at: datetime, limit: int) -> tuple[Effect, ...]:
    """The first of each conversation that is due at a destination, the longest due first."""
    return tuple(map(_effect_in, query(_DUE, (destination, _microseconds(at), limit))))


def destinations(query: Query) -> tuple[Destination, ...]:
    """Who is told of what happens."""
    return tuple(
        Destination(
            name=name,
            types=frozenset(loads(types)),
            channels=None if channels is None else frozenset(loads(channels)),
        )
        for name, types, channels in query("select * from destinations order by name", ())
    )


def tallies(query: Query) -> Mapping[Tally, int]:
    """What was counted."""
    return {(box, name, what): n for box, name, what, n in query("select * from tallies", ())}


def cursor(query: Query, name: str) -> int:
    """How far a reader has read."""
    found = query("select position from cursors where name = ?", (name,))
    return int(found[0][0]) if found else 0


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def _letter_in(row: tuple[Any, ...]) -> LetterRow:
    number, source, name, delivery, conversation, state, received, changed, *rest = row
    awaits, orders, body, reason = rest
    return LetterRow(
        source=source,
        id=name,
        delivery=delivery,
        conversation=conversation,
        state=LetterState(state),
        received_at=_moment(received),
        changed_at=_moment(changed),
        awaits=awaits,
        orders=orders,
        body=body,
        reason=reason,
        number=number,
    )


def _effect_in(row: tuple[Any, ...]) -> Effect:
    destination, position, conversation, made, due_at, state, attempts, token, *rest = row
    holder, reason = rest
    return Effect(
        destination=destination,
        position=position,
        conversation=conversation,
        made_at=_moment(made),
        due_at=_moment(due_at),
        state=EffectState(state),
        attempts=attempts,
        token=token,
        holder=holder,
        reason=reason,
    )
