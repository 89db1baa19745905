"""Clocks: how long interactions were with whom.

Laws of this file: the clocks of custody are a partition: of each interaction they add up to its
life exactly, whatever the clocks of those who saw it said. Times are `occurred_at`; a giving that
is said to lie before the one it follows counts as at that instant. What runs beside the custody
(side conversations, others' parts, wrap-up) is told apart from it. The definitions stand in the
docstrings and, for readers, in docs/reference/clocks.md.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.codec import time_to_text
from onechannel.insight.custody import Custody, Party, PartyKind
from onechannel.insight.people import People
from onechannel.model.assignment import Role
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, JourneyId

__all__ = ["Clock", "Clocks", "ClocksFold", "ClocksReport", "Life", "clocks"]

_ZERO: Final = timedelta(0)


# -- what is found ---------------------------------------------------------------------------------


@attrs.frozen
class Clock:
    """How long one party had it: `times` over, and for `held` of that time on hold.

    `first_word` is what the clock read when that party first said something to the customer. Of a
    part beside the custody, `role` says what it was.
    """

    party: Party
    time: timedelta
    held: timedelta = _ZERO
    times: int = 1
    role: Role | None = None
    first_word: timedelta | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same in plain JSON values, durations in seconds."""
        plain: dict[str, Any] = {
            "kind": self.party.kind.value,
            "name": self.party.name or None,
            "department": self.party.department or None,
            "time_s": self.time.total_seconds(),
            "held_s": self.held.total_seconds(),
            "times": self.times,
            "first_word_s": _seconds(self.first_word),
        }
        return plain if self.role is None else plain | {"role": self.role.value}


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


@attrs.frozen(kw_only=True)
class Clocks:
    """The clocks of one interaction, or of several together.

    - `lifetime`: from the arrival to the end, or to the instant of the reading.
    - `custody`: with whom it was, from the longest to the shortest; they add up to `lifetime`.
      Hold is a part of serving. What a queue has waits there, for its `department` where only that
      is asked; dormant work is with the customer, suspended work with the third party, and a
      callback, until its time has come, with nobody but its appointment.
    - `wrap_up`: of each worker, from the end of its part to the release; it may outlast the life.
    - `beside`: parts that others took while somebody served, by role, from acceptance to the end
      of the part or to its taking over.
    - `aside`: with whom the side conversations were, all of them and theirs; in parallel.
    """

    lifetime: timedelta
    custody: tuple[Clock, ...]
    wrap_up: tuple[Clock, ...]
    beside: tuple[Clock, ...]
    aside: tuple[Clock, ...]

    def time_with(self, *kinds: PartyKind) -> timedelta:
        """How long it was with parties of these kinds, of its life."""
        return sum((clock.time for clock in self.custody if clock.party.kind in kinds), _ZERO)

    def to_dict(self) -> dict[str, Any]:
        """The same in plain JSON values, durations in seconds."""
        plain: dict[str, Any] = {"lifetime_s": self.lifetime.total_seconds()}
        for name in ("custody", "wrap_up", "beside", "aside"):
            plain[name] = [clock.to_dict() for clock in getattr(self, name)]
        return plain


@attrs.frozen(kw_only=True)
class Life:
    """One interaction and its clocks; `ended` is None while it is open.

    `first_word` is how long after the arrival somebody first said something to the customer.
    """

    interaction: InteractionId
    channel: str
    customer: CustomerId | None
    journey: JourneyId | None
    begun: datetime
    ended: datetime | None
    first_word: timedelta | None
    clocks: Clocks

    def to_dict(self) -> dict[str, Any]:
        """The same in plain JSON values."""
        return {
            "interaction": self.interaction,
            "channel": self.channel,
            "customer": self.customer,
            "journey": self.journey,
            "begun": time_to_text(self.begun),
            "ended": None if self.ended is None else time_to_text(self.ended),
            "first_word_s": _seconds(self.first_word),
            **self.clocks.to_dict(),
        }


@attrs.frozen(kw_only=True)
class ClocksReport:
    """The clocks of interactions, in order of arrival, and of all of them together, at `until`."""

    until: datetime | None
    lives: tuple[Life, ...]
    total: Clocks

    def to_dict(self) -> dict[str, Any]:
        """The same in plain JSON values."""
        return {
            "until": None if self.until is None else time_to_text(self.until),
            "interactions": [life.to_dict() for life in self.lives],
            "total": self.total.to_dict(),
        }


def clocks(
    events: Iterable[e.Event],
    *,
    customer: CustomerId | None = None,
    interaction: InteractionId | None = None,
    journey: JourneyId | None = None,
    until: datetime | None = None,
) -> ClocksReport:
    """The clocks of a log, in one pass: `ClocksFold` says of what."""
    fold = ClocksFold()
    for event in events:
        fold.add(event)
    return fold.report(customer=customer, interaction=interaction, journey=journey, until=until)


# -- what is kept ----------------------------------------------------------------------------------

#: What gives an interaction to somebody, though it be the one who has it.
_GIVES: Final = (
    e.InteractionQueued,
    e.StepExpired,
    e.InteractionScheduled,
    e.InteractionSlept,
    e.InteractionSuspended,
)

#: Whose clock it is; the role is that of a part beside the custody.
_Whose: TypeAlias = tuple[Party, Role | None]


@attrs.define(eq=False)
class _Spent:
    """What has run on one clock."""

    time: timedelta = _ZERO
    held: timedelta = _ZERO
    times: int = 0
    first_word: timedelta | None = None

    def add(self, time: timedelta, held: timedelta = _ZERO, times: int = 1) -> None:
        self.time += time
        self.held += held
        self.times += times


_Sums: TypeAlias = dict[_Whose, _Spent]


def _on(sums: _Sums, party: Party, role: Role | None = None) -> _Spent:
    return sums.setdefault((party, role), _Spent())


@attrs.define(eq=False)
class _Record:
    """An interaction: with `party` since `since`, and on hold since `held_since`."""

    arrived: e.InteractionArrived
    journey: JourneyId | None
    begun: datetime
    now: datetime
    party: Party
    since: datetime
    held_since: datetime | None = None
    held: timedelta = _ZERO
    ended: bool = False
    first_word: timedelta | None = None
    custody: _Sums = attrs.field(factory=dict)
    wrap_up: _Sums = attrs.field(factory=dict)
    beside: _Sums = attrs.field(factory=dict)
    running: dict[tuple[AssignmentId, bool], "_Running"] = attrs.field(factory=dict)
    sides: list[InteractionId] = attrs.field(factory=list)

    def hold(self, at: datetime) -> None:
        if self.held_since is None:
            self.held_since = max(self.now, at)

    def resume(self, at: datetime) -> None:
        if self.held_since is not None:
            self.held += max(at - self.held_since, _ZERO)
            self.held_since = None

    def pass_on(self, party: Party, at: datetime) -> None:
        """Whoever had it has it no longer."""
        self.now = max(self.now, at)
        self.resume(self.now)
        time = self.now - self.since
        _on(self.custody, self.party).add(time, min(self.held, time))
        self.party, self.since, self.held = party, self.now, _ZERO

    def speak(self, at: datetime) -> None:
        """Whoever has it says something to the customer."""
        spent, now = _on(self.custody, self.party), max(self.since, at)
        if spent.first_word is None:
            spent.first_word = spent.time + (now - self.since)

    def copy(self) -> "_Record":
        """The same, to go on with for a reading."""
        return attrs.evolve(self, custody=_copied(self.custody))


@attrs.define(eq=False)
class _Running:
    """A clock beside the custody that runs: a part of this role, or its wrap-up."""

    party: Party
    role: Role | None
    since: datetime


# -- the fold --------------------------------------------------------------------------------------


class ClocksFold:
    """Clocks in the making: `add` the events of a log, ask for the `report` at any time.

    The log may be a part of a whole one, if it holds all events of the interactions that are asked
    about, the definitions of their workers, and the merges of their customers.
    """

    def __init__(self) -> None:
        self._custody = Custody()
        self._people = People()
        self._records: dict[InteractionId, _Record] = {}
        self._latest: datetime | None = None

    def add(self, event: e.Event) -> None:
        """Take in the next event of the log."""
        data, at = event.data, event.origin.occurred_at
        if self._latest is None or at > self._latest:
            self._latest = at
        interaction = getattr(data, "interaction", None)
        self._custody.add(data)
        self._people.add(data)
        note = _NOTE.get(type(data))
        if note is not None:
            note(self, data, at)
        record = None if interaction is None else self._records.get(interaction)
        if record is None or record.ended:
            return
        party = self._custody.held_by.get(record.arrived.interaction)
        if party is None or party != record.party:
            record.pass_on(party or record.party, at)
            record.ended = party is None
        elif isinstance(data, _GIVES):
            record.now = max(record.now, at)

    # -- what happens ------------------------------------------------------------------------------

    def _arrived(self, data: e.InteractionArrived, at: datetime) -> None:
        party = self._custody.held_by[data.interaction]
        self._records[data.interaction] = _Record(data, data.journey, at, at, party, at)
        parent = self._records.get(data.parent or "")
        if parent is not None:
            parent.sides.append(data.interaction)

    def _joined(self, data: e.JourneyJoined, _at: datetime) -> None:
        record = self._records.get(data.interaction)
        if record is not None:
            record.journey = data.journey

    def _held(self, data: e.AssignmentHeld | e.AssignmentResumed, at: datetime) -> None:
        record = self._records.get(data.interaction)
        if record is None or self._custody.owners.get(data.interaction) != data.assignment:
            return
        if isinstance(data, e.AssignmentHeld):
            record.hold(at)
        else:
            record.resume(at)

    def _sent(self, data: e.MessageSent, at: datetime) -> None:
        record = self._records.get(data.interaction)
        if record is None:
            return
        if record.first_word is None:
            record.first_word = max(at - record.begun, _ZERO)
        if self._custody.owners.get(data.interaction) == data.assignment:
            record.speak(at)

    def _taken(self, data: e.AssignmentAccepted | e.RoleChanged, at: datetime) -> None:
        """A part beside the custody begins, or ends with its taking over."""
        record, part = self._records.get(data.interaction), self._custody.parts.get(data.assignment)
        if record is None or part is None:
            return
        self._stop(record, data.assignment, at)
        if part.role is not Role.SERVES:
            running = _Running(part.party, part.role, at)
            record.running[data.assignment, False] = running

    def _wrapping(self, data: e.AssignmentWrapping, at: datetime) -> None:
        record, part = self._records.get(data.interaction), self._custody.parts.get(data.assignment)
        if record is None or part is None or (data.assignment, True) in record.running:
            return
        self._stop(record, data.assignment, at)
        record.running[data.assignment, True] = _Running(part.party, None, at)

    def _released(self, data: e.AssignmentReleased, at: datetime) -> None:
        record = self._records.get(data.interaction)
        if record is not None:
            self._stop(record, data.assignment, at)

    def _stop(self, record: _Record, assignment: AssignmentId, at: datetime) -> None:
        for wrapping, sums in ((False, record.beside), (True, record.wrap_up)):
            running = record.running.pop((assignment, wrapping), None)
            if running is not None:
                _on(sums, running.party, running.role).add(max(at - running.since, _ZERO))

    # -- what it comes to --------------------------------------------------------------------------

    def report(
        self,
        *,
        customer: CustomerId | None = None,
        interaction: InteractionId | None = None,
        journey: JourneyId | None = None,
        until: datetime | None = None,
    ) -> ClocksReport:
        """The clocks so far, of all interactions or of those that all of these choose.

        Of a customer and everybody it is merged with; of a journey, those that belong to it at
        the end. A side conversation is a part of its parent's clocks, and stands for itself where
        it alone is asked for. What is open is read at `until`, by default the latest time there is.
        """
        read_at = until or self._latest
        family = None if customer is None else self._people.same_as(customer)
        lives = tuple(
            self._life(record, read_at)
            for name, record in self._records.items()
            if (family is None or record.arrived.customer in family)
            and (journey is None or record.journey == journey)
            and (name == interaction if interaction is not None else record.arrived.parent is None)
        )
        return ClocksReport(until=read_at, lives=lives, total=_total(life.clocks for life in lives))

    def _life(self, record: _Record, until: datetime | None) -> Life:
        read = record.copy()
        if not record.ended and until is not None:
            read.pass_on(record.party, until)
        asides = (self._life(self._records[side], until).clocks for side in record.sides)
        return Life(
            interaction=record.arrived.interaction,
            channel=record.arrived.channel,
            customer=record.arrived.customer,
            journey=record.journey,
            begun=record.begun,
            ended=record.now if record.ended else None,
            first_word=record.first_word,
            clocks=Clocks(
                lifetime=read.now - read.begun,
                custody=_sorted(read.custody),
                wrap_up=_sorted(_with_running(record, record.wrap_up, until, wrapping=True)),
                beside=_sorted(_with_running(record, record.beside, until, wrapping=False)),
                aside=_total(_as_aside(aside) for aside in asides).custody,
            ),
        )


def _copied(sums: _Sums) -> _Sums:
    return {whose: attrs.evolve(spent) for whose, spent in sums.items()}


def _with_running(record: _Record, sums: _Sums, until: datetime | None, *, wrapping: bool) -> _Sums:
    sums = _copied(sums)
    for (_, is_wrapping), running in record.running.items():
        if is_wrapping is wrapping and until is not None:
            time = max(until - running.since, _ZERO)
            _on(sums, running.party, running.role).add(time)
    return sums


def _as_aside(found: Clocks) -> Clocks:
    """A side conversation's custody and its own asides, as custody to be added up."""
    return attrs.evolve(found, custody=(*found.custody, *found.aside))


def _sorted(sums: _Sums) -> tuple[Clock, ...]:
    """The clocks that ran, the longest first; ties by name, so that no order of events shows."""
    found = [
        Clock(party, spent.time, spent.held, spent.times, role, spent.first_word)
        for (party, role), spent in sums.items()
        if spent.time
    ]
    return tuple(sorted(found, key=lambda clock: (-clock.time, clock.party, clock.role or "")))


def _total(several: Iterable[Clocks]) -> Clocks:
    kept = list(several)
    return Clocks(
        lifetime=sum((one.lifetime for one in kept), _ZERO),
        **{
            name: _sorted(_summed(clock for one in kept for clock in getattr(one, name)))
            for name in ("custody", "wrap_up", "beside", "aside")
        },
    )


def _summed(some: Iterator[Clock]) -> _Sums:
    sums: _Sums = {}
    for clock in some:
        _on(sums, clock.party, clock.role).add(clock.time, clock.held, clock.times)
    return sums


_NOTE: Final[dict[type[e.EventData], Callable[[ClocksFold, Any, datetime], None]]] = {
    e.InteractionArrived: ClocksFold._arrived,
    e.JourneyJoined: ClocksFold._joined,
    e.AssignmentHeld: ClocksFold._held,
    e.AssignmentResumed: ClocksFold._held,
    e.MessageSent: ClocksFold._sent,
    e.AssignmentAccepted: ClocksFold._taken,
    e.RoleChanged: ClocksFold._taken,
    e.AssignmentWrapping: ClocksFold._wrapping,
    e.AssignmentReleased: ClocksFold._released,
}
