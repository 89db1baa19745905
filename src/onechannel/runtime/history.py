"""Importing a history: rows of observed facts into a store.

Laws of this file: a row is a chain of commands, committed whole or not at all; its command ids come
from its content, so that a file can be imported again, after whatever fault, and adds what is
missing; every line read is counted once.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import BinaryIO, Final, TypeAlias

import attrs

from onechannel.adapters.delimited import LINE_LIMIT, Mapping, Row, SetAside, read_history
from onechannel.delivery import (
    Answer,
    Chain,
    CommitCycle,
    Refused,
    Served,
    Submission,
    Turnout,
)
from onechannel.errors import InvalidValue
from onechannel.events import AnomalyObserved
from onechannel.model.actor import Actor, ActorKind
from onechannel.ports import Clock, EventStore

__all__ = ["Imported", "bounded_lines", "import_history"]

# Lines in one commit: tests/benchmarks/import_rate.py gains nothing by more.
_BATCH: Final = 200

# "\r\n", and one byte more to tell a line that is too long.
_ENDING: Final = 3

_Line: TypeAlias = Row | SetAside


@attrs.frozen(kw_only=True)
class Imported:
    """What an import came to.

    Each line `read` was `imported`, or one of the `duplicates` of what was there, or `set_aside`.
    `events` were added to the log; `anomalies` of them are claims that cannot be.
    """

    read: int = 0
    imported: int = 0
    duplicates: int = 0
    set_aside: int = 0
    anomalies: int = 0
    events: int = 0


def import_history(
    store: EventStore,
    lines: Iterable[bytes],
    mapping: Mapping,
    *,
    clock: Clock,
    set_aside: Callable[[SetAside], None] | None = None,
    progress: Callable[[int], None] | None = None,
    batch: int = _BATCH,
) -> Imported:
    """Import a log, `batch` lines to a commit; importing it again adds nothing.

    `set_aside` is given each line that is not imported, in order; `progress` the number of lines
    read, after each commit. Raises `MappingInvalid` before anything is imported, and `StoreFault`
    where the store fails: what is committed stays, and the same import again completes it.
    """
    if batch < 1:
        raise InvalidValue("batch must be 1 or more: so many lines go into one commit")
    cycle = CommitCycle(store)
    actor = Actor(ActorKind.VENDOR, mapping.source.name)
    came_to = Imported()
    for group in _groups(read_history(lines, mapping), batch):
        chains = [_chain(line, actor) for line in group if isinstance(line, Row)]
        turnout = cycle.run(chains, clock)
        asides = _set_aside(group, turnout, mapping)
        came_to = _plus(came_to, group, turnout, len(asides))
        if set_aside is not None:
            for aside in asides:
                set_aside(aside)
        if progress is not None:
            progress(came_to.read)
    if came_to.events:
        cycle.save_snapshot()  # so that the next import need not replay this one
    return came_to


def bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, none longer than is looked at: the rest of a longer one is passed over.

    So a file without line ends costs no more memory than any other.
    """
    while line := file.readline(LINE_LIMIT + _ENDING):
        rest = line
        while len(rest) == LINE_LIMIT + _ENDING and not rest.endswith(b"\n"):
            rest = file.readline(LINE_LIMIT + _ENDING)
        yield line


def _groups(lines: Iterator[_Line], size: int) -> Iterator[list[_Line]]:
    while group := list(islice(lines, size)):
        yield group


def _chain(row: Row, actor: Actor) -> Chain:
    return [
        Submission(fact.command, f"{row.key}#{row.digest}#{number}", actor, fact.claimed_at)
        for number, fact in enumerate(row.facts, start=1)
    ]


def _set_aside(group: list[_Line], turnout: Turnout, mapping: Mapping) -> list[SetAside]:
    """The lines that the adapter, the kernel or the store would not have, in order."""
    answers = iter(turnout.answers)
    # Of a row only the arrival can be refused: its id is taken. The refusal's own words cite it.
    taken = f"columns {', '.join(mapping.id)}: this key has arrived already, with other content"
    asides = []
    for line in group:
        if isinstance(line, SetAside):
            asides.append(line)
        elif not isinstance(answer := next(answers), tuple):
            asides.append(SetAside(line.number, "it cannot be written into a log", line.raw))
        elif isinstance(answer[0], Refused):
            asides.append(SetAside(line.number, taken, line.raw))
    return asides


def _plus(before: Imported, group: list[_Line], turnout: Turnout, asides: int) -> Imported:
    served = [*_served(turnout.answers)]
    duplicates = sum(
        isinstance(answer, tuple) and isinstance(answer[0], Served) and answer[0].repeated
        for answer in turnout.answers
    )
    return Imported(
        read=before.read + len(group),
        imported=before.imported + len(group) - duplicates - asides,
        duplicates=before.duplicates + duplicates,
        set_aside=before.set_aside + asides,
        anomalies=before.anomalies
        + sum(isinstance(event.data, AnomalyObserved) for event in turnout.events),
        events=before.events
        + sum(one.last - one.first + 1 for one in served if one.first and not one.repeated),
    )


def _served(answers: Iterable[Answer]) -> Iterator[Served]:
    for answer in answers:
        if isinstance(answer, tuple):
            yield from (one for one in answer if isinstance(one, Served))
