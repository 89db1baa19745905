"""The mapping file: which column of a log means what.

Laws of this file: a mapping that is built describes some log completely; whether it describes the
one at hand, the header decides. The reference is docs/reference/mapping.md.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import attrs

from onechannel.adapters.delimited.tables import Table, listed, read_toml
from onechannel.adapters.delimited.times import (
    DayClock,
    StampClock,
    WallClock,
    is_format,
    zone_named,
)
from onechannel.errors import MappingInvalid
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.interaction import EndReason

__all__ = ["Mapping", "Outcome", "Source", "Stage", "Value", "read_mapping"]

# Two clocks differ by seconds: in the log that examples/anonymous_bank.toml maps, most services
# begin one second before the queue is left, and less than one in a hundred more than five.
_TOLERANCE: Final = 5


@attrs.frozen(kw_only=True)
class Source:
    """How the file is written, and the name its ids begin with; `quote` is empty where none is."""

    name: str
    delimiter: str
    encoding: str
    quote: str


@attrs.frozen(kw_only=True)
class Value:
    """A text from a column, or a `fixed` one for every row.

    `none` are the texts that say there is none; `known` those expected, where they are listed.
    """

    column: str | None = None
    fixed: str | None = None
    none: frozenset[str] = frozenset()
    known: frozenset[str] | None = None


@attrs.frozen(kw_only=True)
class Stage:
    """A part of an interaction, by its columns.

    `who` is the worker who serves, or the queue. `none` are texts in the columns of time that say
    it did not happen.
    """

    name: str
    who: Value
    start: str
    end: str | None
    seconds: str | None
    none: frozenset[str]


@attrs.frozen(kw_only=True)
class Outcome:
    """What a text in the outcome column says: whether somebody answered, and how it ended."""

    answered: bool
    queued: EndReason
    otherwise: EndReason


@attrs.frozen(kw_only=True)
class Mapping:
    """Which column of a log means what; `read_mapping` makes it."""

    source: Source
    clock: WallClock
    date: str | None
    id: tuple[str, ...]
    start: str | None
    channel: Value
    customer: Value
    priority: str | None
    about: str | None
    self_service: Stage | None
    waiting: Stage | None
    service: Stage | None
    tolerance: timedelta
    outcome: str
    outcomes: FrozenMap[str, Outcome]

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every column that is read, with the key that names it; two keys may name one column."""
        yield from (("interaction.id", column) for column in self.id)
        named = {
            "time.date.column": self.date,
            "interaction.start": self.start,
            "interaction.channel.column": self.channel.column,
            "interaction.customer.column": self.customer.column,
            "interaction.priority": self.priority,
            "interaction.about": self.about,
            "outcome.column": self.outcome,
        }
        for stage in (self.self_service, self.waiting, self.service):
            if stage is not None:
                named[f"{stage.name}.start"] = stage.start
                named[f"{stage.name}.end"] = stage.end
                named[f"{stage.name}.seconds"] = stage.seconds
                named[f"{stage.name}.{_WHO[stage.name]}.column"] = stage.who.column
        yield from ((key, column) for key, column in named.items() if column is not None)


_WHO: Final = {"self_service": "worker", "waiting": "queue", "service": "worker"}


def read_mapping(text: str) -> Mapping:
    """The mapping that a TOML text describes.

    Raises `MappingInvalid`, or `ExtraMissing` where this machine has no time zones.
    """
    top = read_toml(text)
    source = _source(top.table("file"))
    clock, date = _clock(top.table("time"))
    interaction, service = top.table("interaction"), top.maybe_table("service")
    outcome = top.table("outcome")
    mapping = Mapping(
        source=source,
        clock=clock,
        date=date,
        id=interaction.texts("id"),
        start=interaction.maybe_text("start"),
        channel=_value(interaction, "channel"),
        customer=_column_value(interaction.maybe_table("customer"), "none"),
        priority=interaction.maybe_text("priority"),
        about=interaction.maybe_text("about"),
        self_service=_stage(top.maybe_table("self_service")),
        waiting=_stage(top.maybe_table("waiting")),
        tolerance=timedelta(seconds=service.seconds("tolerance", _TOLERANCE) if service else 0),
        service=_stage(service),
        outcome=outcome.text("column"),
        outcomes=_outcomes(outcome.table("ends"), answers=service is not None),
    )
    if not mapping.id or "" in mapping.id:
        raise interaction.wrong("id", "must name the columns that together occur only once")
    for table in (interaction, outcome, top):
        table.nothing_more()
    if mapping.self_service is mapping.waiting is mapping.service is None:
        raise MappingInvalid(f"the mapping has no stage: give one of {listed(_WHO)} at least")
    return mapping


# -- its tables ------------------------------------------------------------------------------------


def _source(table: Table) -> Source:
    source = Source(
        name=table.name("source"),
        delimiter=table.sign("delimiter", ","),
        quote=table.sign("quote", ""),
        encoding=table.text("encoding", "utf-8"),
    )
    if source.quote == source.delimiter:
        raise table.wrong("quote", "must not be the delimiter")
    if not _keeps_ascii(source.encoding):
        raise table.wrong("encoding", "must keep ASCII as it is, as utf-8, ascii and latin-1 do")
    table.nothing_more()
    return source


def _keeps_ascii(encoding: str) -> bool:
    signs = bytes(range(128))
    try:
        return signs.decode(encoding) == signs.decode("ascii")
    except (LookupError, ValueError):
        return False


def _clock(table: Table) -> tuple[WallClock, str | None]:
    form, zone_name = table.maybe_text("format"), table.maybe_text("zone")
    date = table.maybe_table("date")
    table.nothing_more()
    zone = None if zone_name is None else zone_named(zone_name)
    if zone_name is not None and zone is None:
        raise table.wrong("zone", "must be the name of a time zone, such as Europe/Madrid")
    if (zone is None) is not (form is not None and "%z" in form):
        raise table.wrong("zone", "must be given, unless format has %z, and only then not")
    if date is None:
        if form is None or not is_format(form, dated=True, timed=True):
            raise table.wrong("format", "must name date and time, unless there is time.date")
        return StampClock(time_form=form, zone=zone), None
    if zone is None or (form is not None and is_format(form, dated=True)):
        raise table.wrong("date", "must be left out where format names the date, or has %z")
    if form is not None and not is_format(form, timed=True):
        raise table.wrong("format", "must name hour and minute, as strptime does")
    column, date_form = date.text("column"), date.text("format", "%Y-%m-%d")
    date.nothing_more()
    if not is_format(date_form, dated=True):
        raise date.wrong("format", "must name year, month and day, as strptime does")
    return DayClock(zone=zone, date_form=date_form, time_format=form), column


def _stage(table: Table | None) -> Stage | None:
    if table is None:
        return None
    who = _WHO[table.path]
    stage = Stage(
        name=table.path,
        who=_value(table, who, "known" if who == "queue" else "unnamed"),
        start=table.text("start"),
        end=table.maybe_text("end"),
        seconds=table.maybe_text("seconds"),
        none=frozenset(table.texts("none")),
    )
    if stage.end is None and stage.seconds is None:
        raise table.wrong("seconds", "is missing: give the column of the duration, or of the end")
    table.nothing_more()
    return stage


def _value(table: Table, key: str, *lists: str) -> Value:
    if table.is_text(key):
        return Value(fixed=table.name(key))
    found = table.maybe_table(key)
    if found is None:
        raise table.wrong(key, "is missing: it must be text, or a table with a column")
    return _column_value(found, *lists)


def _column_value(table: Table | None, *lists: str) -> Value:
    if table is None:
        return Value()
    known = frozenset(table.texts("known")) if "known" in lists else None
    value = Value(
        column=table.text("column"),
        none=frozenset(text for key in lists if key != "known" for text in table.texts(key)),
        known=known if "known" in table.names() else None,
    )
    table.nothing_more()
    return value


def _outcomes(table: Table, *, answers: bool) -> FrozenMap[str, Outcome]:
    outcomes = {name: _outcome(table.table(name), answers=answers) for name in table.names()}
    if not outcomes:
        raise MappingInvalid(f"{table.path} must say of each outcome how it ended")
    return FrozenMap(outcomes)


def _outcome(table: Table, *, answers: bool) -> Outcome:
    answered = table.flag("answered")
    if answered and not answers:
        raise table.wrong("answered", "must be left out where there is no table [service]")
    end, queued, otherwise = (_reason(table, key) for key in ("end", "queued", "otherwise"))
    table.nothing_more()
    if end is not None and queued is otherwise is None:
        return Outcome(answered=answered, queued=end, otherwise=end)
    if end is None and queued is not None and otherwise is not None:
        return Outcome(answered=answered, queued=queued, otherwise=otherwise)
    raise table.wrong("end", "must be given alone, or else both queued and otherwise")


def _reason(table: Table, key: str) -> EndReason | None:
    found = table.maybe_text(key)
    try:
        return None if found is None else EndReason(found)
    except ValueError:
        reasons = listed(reason.value for reason in EndReason)
        raise table.wrong(key, f"must be one of {reasons}") from None
