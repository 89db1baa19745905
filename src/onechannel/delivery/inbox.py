"""The inbox: letters of vendors, each taken once, whatever comes twice, late or before its time.

Laws of this file: what became of a letter is committed with what it did, or neither is; every
letter that comes is counted once, as stored, duplicate, parked, refused or dead; whatever is not
stored keeps its body and its commands, so that it can be tried again. Letters of a conversation are
taken in the order they came: one that waits keeps the later ones behind it, but for the one that
brings what it waits for. No letter costs another: one that cannot be read or handled is a dead one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypeAlias

import attrs

from onechannel.delivery.orders import awaited, brought, read, reference_of, written
from onechannel.delivery.work import (
    Letter,
    Order,
    Received,
    Refused,
    Served,
    Submission,
    derived_id,
)
from onechannel.errors import BatchRefused, CommandRefused, PolicyMissing, StoreFault
from onechannel.model.personal import personal
from onechannel.ports import (
    LetterIds,
    LetterRow,
    LetterState,
    Reference,
    StoreSession,
    Tally,
)

__all__ = ["Inbox", "any_parked", "letter_key"]

_Key: TypeAlias = tuple[str, str]

#: How many parked letters are looked at when it is tidied: a session stays short.
_AT_ONCE: Final = 1000
# No letter comes later; and whose clock was ahead when it took one in, does not matter.
_EVER: Final = datetime.max.replace(tzinfo=UTC)

RECEIVED: Final = "received"
DUPLICATE: Final = "duplicate"


def letter_key(source: str, name: str) -> str:
    """What the ids of a letter's commands derive from.

    They stand in the log and in messages, and a vendor's id may hold an address: it is not told.
    """
    return f"letter-{sha256(f'{len(source)}:{source}{name}'.encode()).hexdigest()}"


def any_parked(session: StoreSession) -> bool:
    """Whether any letter of before this session waits for something."""
    return bool(session.parked(before=_EVER, limit=1))


@attrs.define(eq=False)
class Inbox:
    """The letters of one session.

    `serve` gives a command to the kernel, `knows` says whether the past holds something, as of this
    moment of the session. `known` are the letters that had come before, as asked for. One that
    `holds_back` takes up nothing that is parked, and notes in `left` what it would have. `missing`
    says what this process lacks for deciding: then no letter is begun that might not be ended.
    """

    session: StoreSession
    at: datetime
    serve: Callable[[Submission], Served | Refused]
    knows: Callable[[Reference], bool]
    known: Mapping[LetterIds, LetterRow] = personal(subject="customer")
    holds_back: bool = False
    missing: PolicyMissing | None = None
    left: list[_Key] = personal(subject="customer", factory=list)
    rows: dict[_Key, LetterRow] = personal(subject="customer", factory=dict)
    tallies: Counter[Tally] = attrs.field(factory=Counter)
    _deliveries: dict[_Key, LetterRow] = personal(subject="customer", factory=dict)
    _lines: dict[_Key, dict[_Key, LetterRow]] = personal(subject="customer", factory=dict)

    def take(self, letter: Letter) -> Received | Refused:
        """Keep a letter; refused only where this process lacks the policy's callables."""
        earlier = self._earlier(letter)
        if earlier is not None:
            self._count(letter.source, RECEIVED)
            self._count(letter.source, DUPLICATE)
            return Received(earlier.state, repeated=True)
        row = _row_of(letter, self.at)
        if letter.fault is None:
            waits = self._waits(letter)
            try:
                row = _parked(row, waits) if waits else self._served(row, letter.orders)
            except PolicyMissing as missing:
                return Refused(missing)
        if row.state is not LetterState.STORED:
            row = attrs.evolve(row, orders=_orders_of(letter))
        self._count(letter.source, RECEIVED)
        self._count(letter.source, row.state)
        self._keep(row)
        return Received(row.state)

    def again(self, source: str, name: str, orders: tuple[Order, ...] | None) -> Received | Refused:
        """Try a refused or dead letter again; raises `CommandRefused` where there is none."""
        row = self._row(source, name)
        if row is None:
            raise CommandRefused(f"no letter of {source} is known by that id: list them first")
        if row.state in (LetterState.STORED, LetterState.PARKED):
            return Received(row.state, repeated=True)
        if orders is None:
            orders = _kept_orders(row)
        else:
            self._refuse_others(row, orders)
            row = attrs.evolve(row, orders=written(orders))
        try:
            return Received(self._move(row, orders).state)
        except PolicyMissing as missing:
            return Refused(missing)

    def release(self, news: Callable[[], Iterable[Reference]]) -> None:
        """Take up the letters that wait for what has become known in this session.

        What they make known in turn is in the news the next time.
        """
        told: set[str] = set()
        while fresh := {awaited(one) for one in news()} - told:
            if not told and not self._any_waits():
                return  # as nearly always, and one question is asked instead of one for each
            told |= fresh
            for row in self._waiting(awaits=fresh):
                self._take_up(row)

    def bury(self, before: datetime) -> int:
        """Let die what was parked before then, and take up what need not wait; gives how many."""
        buried = 0
        for row in self.session.parked(before=_EVER, limit=_AT_ONCE):
            if _key(row) in self.rows:
                continue
            if self._ready(row):
                self._take_up(row)
            elif row.received_at < before and not self.left:
                # What is left to others may make known what this one waits for.
                self._die(row, _LATE)
                buried += 1
        return buried

    def take_up(self, source: str, name: str) -> None:
        """Take up this parked letter, if its time has come, whatever is held back."""
        row = self._row(source, name)
        if row is None or row.state is not LetterState.PARKED or not self._ready(row):
            return
        if self._is_first(row) and self._tried(row):
            self._follow(row)

    def condemn(self, source: str, name: str, fault: str) -> None:
        """Let a parked letter die of a fault, since to take it up costs whoever does."""
        row = self._row(source, name)
        if row is not None and row.state is LetterState.PARKED:
            self._die(row, fault)

    # -- one letter -------------------------------------------------------------------------------

    def _row(self, source: str, name: str) -> LetterRow | None:
        asked = source, name, None
        return self.rows.get((source, name)) or self.session.letters([asked]).get(asked)

    def _earlier(self, letter: Letter) -> LetterRow | None:
        here = self.rows.get((letter.source, letter.id))
        if here is None and letter.delivery is not None:
            here = self._deliveries.get((letter.source, letter.delivery))
        return here or self.known.get((letter.source, letter.id, letter.delivery))

    def _waits(self, letter: Letter) -> str | None:
        """Why a letter cannot be taken yet, if so."""
        if letter.awaits is not None and not self.knows(letter.awaits):
            return "waits for what it refers to"
        if letter.conversation is None:
            return None
        first = next(iter(self._line((letter.source, letter.conversation)).values()), None)
        if first is None or first.awaits in brought(letter.orders):
            return None
        return "waits behind an earlier letter of its conversation"

    def _served(self, row: LetterRow, orders: tuple[Order, ...]) -> LetterRow:
        """The row, once its commands were given to the kernel; raises `PolicyMissing`."""
        if self.missing is not None and len(orders) > 1:
            raise self.missing
        for number, order in enumerate(orders, start=1):
            if order.unless is not None and self.knows(order.unless):
                continue
            answer = self.serve(order.submission(letter_key(row.source, row.id), number))
            if isinstance(answer, Refused):
                if isinstance(answer.error, PolicyMissing):
                    raise answer.error
                reason = str(answer.error)
                return attrs.evolve(
                    row, state=LetterState.REFUSED, reason=reason, changed_at=self.at
                )
        return attrs.evolve(
            row, state=LetterState.STORED, reason=None, changed_at=self.at, orders=None, body=None
        )

    def _refuse_others(self, row: LetterRow, orders: tuple[Order, ...]) -> None:
        """Refuse orders that would stand in place of some that were served: their ids are spent."""
        try:
            earlier = read(row.orders)
        except StoreFault:
            earlier = ()
        key = letter_key(row.source, row.id)
        others = [
            derived_id(key, number)
            for number, order in enumerate(orders, start=1)
            if earlier[number - 1 : number] != (order,)
        ]
        if others and self.session.seen(others):
            raise CommandRefused(
                f"commands of the letter of {row.source} were served already: give those first, as "
                "they were, and after them what is to be done instead of the refused one"
            )

    # -- what waits -------------------------------------------------------------------------------

    def _waiting(
        self, *, awaits: Iterable[str] = (), conversations: Iterable[_Key] = ()
    ) -> list[LetterRow]:
        """The parked letters of the store and of this session, in the order they came."""
        awaits, conversations = frozenset(awaits), frozenset(conversations)
        kept = self.session.parked(awaits=awaits, conversations=conversations)
        found = [row for row in kept if _key(row) not in self.rows]
        return found + [
            row
            for row in self.rows.values()
            if row.state is LetterState.PARKED
            and (row.awaits in awaits or (row.source, row.conversation) in conversations)
        ]

    def _any_waits(self) -> bool:
        return any(row.state is LetterState.PARKED for row in self.rows.values()) or any_parked(
            self.session
        )

    def _line(self, conversation: _Key) -> dict[_Key, LetterRow]:
        """The letters of a conversation that wait, in the order they came; asked for once."""
        line = self._lines.get(conversation)
        if line is None:
            waiting = self._waiting(conversations=[conversation])
            line = self._lines[conversation] = {_key(row): row for row in waiting}
        return line

    def _take_up(self, row: LetterRow) -> None:
        """Take up a letter whose time has come, unless it is done or one before it still waits."""
        if self.rows.get(_key(row), row).state is not LetterState.PARKED:
            return
        if self._is_first(row) and not self._is_left(row) and self._tried(row):
            self._follow(row)

    def _follow(self, row: LetterRow) -> None:
        """Take up the letters behind one that waits no more, up to the next that has to."""
        if row.conversation is None:
            return
        line = self._line((row.source, row.conversation))
        while line:
            behind = next(iter(line.values()))
            if not self._ready(behind) or self._is_left(behind) or not self._tried(behind):
                return

    def _is_first(self, row: LetterRow) -> bool:
        if row.conversation is None:
            return True
        return next(iter(self._line((row.source, row.conversation)))) == _key(row)

    def _is_left(self, row: LetterRow) -> bool:
        """Whether it is left to a session that does not hold back."""
        if self.holds_back:
            self.left.append(_key(row))
        return self.holds_back

    def _ready(self, row: LetterRow) -> bool:
        return row.awaits is None or self.knows(reference_of(row.awaits))

    def _tried(self, row: LetterRow) -> bool:
        """Whether a parked letter waits no more; what this process may not do is left to others."""
        try:
            orders = read(row.orders)
        except StoreFault:
            self._file(row, _dead(row, self.at, _UNREADABLE))
            return True
        try:
            self._move(row, orders)
        except PolicyMissing:
            return False
        return True

    def _die(self, row: LetterRow, reason: str) -> None:
        self._file(row, _dead(row, self.at, reason))
        self._follow(row)

    def _move(self, row: LetterRow, orders: tuple[Order, ...]) -> LetterRow:
        """The row after another try."""
        moved = self._served(row, orders)
        self._file(row, moved)
        return moved

    def _file(self, before: LetterRow, after: LetterRow) -> None:
        self._keep(after)
        self._count(before.source, before.state, -1)
        self._count(after.source, after.state)

    def _keep(self, row: LetterRow) -> None:
        self.rows[_key(row)] = row
        if row.delivery is not None:
            self._deliveries[row.source, row.delivery] = row
        line = self._lines.get((row.source, row.conversation or ""))
        if line is not None:
            line.pop(_key(row), None)
            if row.state is LetterState.PARKED:
                line[_key(row)] = row

    def _count(self, source: str, what: str, by: int = 1) -> None:
        self.tallies["inbox", source, str(what)] += by


_LATE: Final = "what it refers to never came"
_UNREADABLE: Final = "its commands are not those of this release"


def _key(row: LetterRow) -> _Key:
    return row.source, row.id


def _row_of(letter: Letter, at: datetime) -> LetterRow:
    """A letter as it came, but for its commands; one with a fault waits for nothing."""
    waits = letter.awaits if letter.fault is None else None
    return LetterRow(
        source=letter.source,
        id=letter.id,
        delivery=letter.delivery,
        conversation=letter.conversation,
        state=LetterState.DEAD,
        received_at=at,
        changed_at=at,
        awaits=None if waits is None else awaited(waits),
        body=letter.body,
        reason=letter.fault,
    )


def _orders_of(letter: Letter) -> str | None:
    """A letter's commands as text; of one with a fault, if they can be written."""
    try:
        return written(letter.orders)
    except BatchRefused:
        if letter.fault is None:
            raise
        return None


def _parked(row: LetterRow, reason: str) -> LetterRow:
    return attrs.evolve(row, state=LetterState.PARKED, reason=reason)


def _dead(row: LetterRow, at: datetime, reason: str) -> LetterRow:
    return attrs.evolve(row, state=LetterState.DEAD, changed_at=at, reason=reason)


def _kept_orders(row: LetterRow) -> tuple[Order, ...]:
    """The commands a letter is kept with; raises `CommandRefused` where there are none to read."""
    with suppress(StoreFault):
        if orders := read(row.orders):
            return orders
    raise CommandRefused(
        f"the letter of {row.source} was not understood and holds no commands that can be read "
        "here: replay it with the orders that somebody reads in it"
    )
