"""From the fields of one row to what was observed.

Laws of this file: a row is what happened, so it is recorded as it stands; what cannot be is an
anomaly beside it. An anomaly of the verb `observe_accepted` stands before the closing only where
somebody answered. An anomaly cites durations and the names of workers, queues and columns, and
nothing else of the row.
"""

import re
from collections.abc import Mapping as Places
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import attrs

from onechannel import commands as c
from onechannel.adapters.delimited.mapping import Mapping, Outcome
from onechannel.adapters.delimited.stages import (
    NOTHING,
    Span,
    StageReader,
    Unfit,
    ValueReader,
    misfit,
    named,
)
from onechannel.errors import InvalidValue
from onechannel.model.ids import InteractionId, is_derived
from onechannel.model.worker import WorkerKind

__all__ = ["Interpreter", "Observation"]

# The ids of commands and assignments begin with the interaction's, and end at 200 characters.
_ID_LIMIT: Final = 170
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}")


@attrs.frozen
class Observation:
    """A command that says what was observed, and when that was by the log's clock."""

    command: c.Command
    claimed_at: datetime


@attrs.define
class _Account:
    """What is said of one interaction; `last` is the latest instant the row speaks of."""

    interaction: InteractionId
    last: datetime
    facts: list[Observation] = attrs.field(factory=list)

    def say(self, command: c.Command, at: datetime) -> None:
        self.facts.append(Observation(command, at))
        self.reach(at)

    def doubt(
        self, verb: type[c.Command], reason: str, at: datetime | None, **details: str | None
    ) -> None:
        given = {name: value for name, value in details.items() if value is not None}
        command = c.ObserveAnomaly(
            interaction=self.interaction, verb=c.VERBS[verb].name, reason=reason, details=given
        )
        self.facts.append(Observation(command, at or self.last))

    def reach(self, at: datetime | None) -> None:
        if at is not None and at > self.last:
            self.last = at


@attrs.define
class _Row:
    """One row, read."""

    arrival: c.ObserveArrival
    arrived: datetime
    machine: Span
    waiting: Span
    service: Span
    outcome: Outcome


class Interpreter:
    """Says what the rows of one file mean; `places` is where each column stands."""

    def __init__(self, mapping: Mapping, places: Places[str, int]) -> None:
        self._mapping = mapping
        self._places = places
        self._channel = ValueReader(mapping.channel, places)
        self._customer = ValueReader(mapping.customer, places)
        self._machine, self._waiting, self._service = (
            None if stage is None else StageReader(stage, places, mapping.clock)
            for stage in (mapping.self_service, mapping.waiting, mapping.service)
        )

    def read(self, fields: Sequence[str]) -> tuple[InteractionId, tuple[Observation, ...]]:
        """The interaction, and what one row says of it, its arrival first; raises `Unfit`."""
        try:
            row = self._row(fields)
            return row.arrival.interaction, self._facts(row)
        except InvalidValue as fault:
            # The model's checks name class and field, and cite no value.
            raise Unfit(str(fault)) from None
        except OverflowError:
            raise Unfit("its times lie outside the calendar") from None

    # -- reading -----------------------------------------------------------------------------------

    def _row(self, fields: Sequence[str]) -> _Row:
        arrival = self._arrival(fields)
        day = self._day(fields)
        start = self._start(fields, day)
        machine = self._span(self._machine, fields, day, start)
        before = machine.end or machine.start or start
        waiting = self._span(self._waiting, fields, day, before)
        before = waiting.end or waiting.start or before
        service = self._span(self._service, fields, day, before)
        arrived = start or machine.start or waiting.start or service.start
        if arrived is None:
            raise Unfit("no stage has a start")
        return _Row(arrival, arrived, machine, waiting, service, self._outcome(fields))

    @staticmethod
    def _span(
        reader: StageReader | None, fields: Sequence[str], day: date, previous: datetime | None
    ) -> Span:
        return NOTHING if reader is None else reader.read(fields, day, previous)

    def _arrival(self, fields: Sequence[str]) -> c.ObserveArrival:
        mapping, source = self._mapping, self._mapping.source.name
        customer = self._customer.read(fields)
        return c.ObserveArrival(
            interaction=self._interaction(fields),
            channel=self._channel.read(fields) or "",
            customer=None if customer is None else f"{source}:{customer}",
            about=None if mapping.about is None else self._text(fields, mapping.about),
            priority=0 if mapping.priority is None else self._number(fields, mapping.priority),
        )

    def _interaction(self, fields: Sequence[str]) -> InteractionId:
        parts = [self._text(fields, column) for column in self._mapping.id]
        found = f"{self._mapping.source.name}:{'-'.join(parts)}"
        if len(found) > _ID_LIMIT or is_derived(found):
            key = ", ".join(self._mapping.id)
            raise Unfit(f"columns {key}: the key is too long, or has the form of a successor")
        return found

    def _text(self, fields: Sequence[str], column: str) -> str:
        return named(column, fields[self._places[column]])

    def _number(self, fields: Sequence[str], column: str) -> int:
        text = fields[self._places[column]]
        if _WHOLE.fullmatch(text) is None:
            raise misfit(column, text, "a whole number")
        return int(text)

    def _outcome(self, fields: Sequence[str]) -> Outcome:
        column = self._mapping.outcome
        text = fields[self._places[column]]
        found: Outcome | None = self._mapping.outcomes.get(text)
        if found is None:
            raise misfit(column, text, "an outcome that the mapping knows")
        return found

    def _day(self, fields: Sequence[str]) -> date:
        column, clock = self._mapping.date, self._mapping.clock
        text = "" if column is None else fields[self._places[column]]
        try:
            return clock.day(text)
        except ValueError:
            raise misfit(str(column), text, f"a date of the form {clock.date_form}") from None

    def _start(self, fields: Sequence[str], day: date) -> datetime | None:
        column, clock = self._mapping.start, self._mapping.clock
        if column is None:
            return None
        text = fields[self._places[column]]
        try:
            return clock.first(clock.read(text), day)
        except ValueError:
            raise misfit(column, text, f"a time of the form {clock.time_form}") from None

    # -- saying ------------------------------------------------------------------------------------

    def _facts(self, row: _Row) -> tuple[Observation, ...]:
        account = _Account(row.arrival.interaction, row.arrived)
        account.say(row.arrival, row.arrived)
        _say_machine(account, row.machine)
        _say_waiting(account, row.waiting)
        if row.outcome.answered:
            _say_service(account, row.service)
        reason = row.outcome.otherwise if row.waiting.start is None else row.outcome.queued
        account.say(c.ObserveClosed(interaction=account.interaction, reason=reason), account.last)
        self._doubt_service(account, row)
        self._doubt_queue(account, row.waiting)
        self._doubt_ends(account, row)
        return tuple(account.facts)

    def _doubt_service(self, account: _Account, row: _Row) -> None:
        waiting, service = row.waiting, row.service
        if service.claimed and not row.outcome.answered:
            _doubt_accepted(account, service, "the outcome is not answered")
        if waiting.end is None or service.start is None:
            return
        if waiting.end - service.start > self._mapping.tolerance:
            _doubt_accepted(account, service, "service began before the wait was over")

    def _doubt_queue(self, account: _Account, waiting: Span) -> None:
        known = None if self._mapping.waiting is None else self._mapping.waiting.who.known
        said = {"queue": waiting.who, "seconds": waiting.seconds}
        if waiting.start is None and waiting.lasted:
            account.doubt(c.ObserveQueued, "the wait has no start", None, **said)
        if known is not None and waiting.who not in known:
            account.doubt(c.ObserveQueued, "the queue is not a known one", waiting.start, **said)

    def _doubt_ends(self, account: _Account, row: _Row) -> None:
        verbs = (c.ObserveReleased, c.ObserveDequeued, c.ObserveReleased)
        spans = (row.machine, row.waiting, row.service)
        stages = (self._mapping.self_service, self._mapping.waiting, self._mapping.service)
        for verb, span, stage in zip(verbs, spans, stages, strict=True):
            if span.disagrees and stage is not None:
                reason = "its end and its duration do not agree"
                at = span.end or span.start
                account.doubt(verb, reason, at, column=stage.end, seconds=span.seconds)


def _say_machine(account: _Account, machine: Span) -> None:
    if machine.start is None or machine.who is None:
        return
    interaction = account.interaction
    accepted = c.ObserveAccepted(
        interaction=interaction, worker=machine.who, kind=WorkerKind.MACHINE
    )
    account.say(accepted, machine.start)
    account.reach(machine.end)
    if machine.flaw is not None:
        account.doubt(c.ObserveReleased, machine.flaw, machine.start, seconds=machine.seconds)


def _say_waiting(account: _Account, waiting: Span) -> None:
    if waiting.start is None or waiting.who is None:
        return
    interaction = account.interaction
    account.say(c.ObserveQueued(interaction=interaction, queue=waiting.who), waiting.start)
    if waiting.end is not None:
        account.say(c.ObserveDequeued(interaction=interaction), waiting.end)
    if waiting.flaw is not None:
        account.doubt(c.ObserveDequeued, waiting.flaw, waiting.start, seconds=waiting.seconds)


def _say_service(account: _Account, service: Span) -> None:
    """The service of one who was answered, or the anomaly that stands for it."""
    interaction, worker = account.interaction, service.who
    if service.start is None:
        _doubt_accepted(account, service, "the service has no start")
    elif worker is None:
        _doubt_accepted(account, service, "the worker is not named")
    elif service.end is None:
        _doubt_accepted(account, service, service.flaw or "")
    else:
        account.say(c.ObserveAccepted(interaction=interaction, worker=worker), service.start)
        account.say(c.ObserveReleased(interaction=interaction, worker=worker), service.end)
    account.reach(service.end or service.start)


def _doubt_accepted(account: _Account, service: Span, reason: str) -> None:
    said = {"worker": service.who, "seconds": service.seconds}
    account.doubt(c.ObserveAccepted, reason, service.start, **said)
