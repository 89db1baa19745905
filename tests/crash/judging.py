"""What must hold of a centre after whatever happened to it.

Laws of this file: what was acknowledged is there, once, at the positions that were said; what was
not is there whole or not at all; the log can be what the kernel made; a replica made of a snapshot
and the rest of the log equals the replay of all of it. Every letter is counted, and served where it
is there; every event that somebody outside is to be told of has its effect.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.crash.giving import OUTSIDE, Given

from onechannel.codec import snapshot_to_json
from onechannel.delivery import CommitCycle
from onechannel.delivery.inbox import letter_key
from onechannel.delivery.work import derived_id
from onechannel.events import Event
from onechannel.insight import check
from onechannel.kernel import Kernel
from onechannel.ports import EffectState, LetterState
from onechannel.stores.sqlite import SQLiteStore

__all__ = ["complaints", "origins"]


def complaints(store: SQLiteStore, given: Iterable[Given], *, whole: bool = True) -> list[str]:
    """What is wrong with a centre, of which these acknowledgements were given.

    Without `whole`, the database's own check of its file and the replay are left out.
    """
    log = list(store.read())
    found = [*_of_positions(log), *_of_commands(store, log, list(given)), *_of_mail(store, log)]
    consistency = check(log)
    if consistency.reason is not None:
        found.append(f"event {consistency.position} cannot be: {consistency.reason}")
    if whole and not found:
        kernels = CommitCycle(store).kernel, Kernel.replay(log)
        if len({snapshot_to_json(kernel.snapshot()) for kernel in kernels}) > 1:
            found.append("the replica is not what a replay gives")
        (said,) = store._connection.execute("pragma integrity_check").fetchone()
        found += [] if said == "ok" else [f"the file is not sound: {said}"]
    return found


def origins(log: Iterable[Event]) -> dict[str, list[int]]:
    """The positions of the events of each command."""
    made: dict[str, list[int]] = {}
    for event in log:
        if event.origin.command is not None:
            made.setdefault(event.origin.command, []).append(event.position)
    return made


def _of_positions(log: list[Event]) -> Iterator[str]:
    if [event.position for event in log] != [*range(1, len(log) + 1)]:
        yield "the log's positions have gaps, or are not in order"


def _of_commands(store: SQLiteStore, log: list[Event], given: list[Given]) -> Iterator[str]:
    made = origins(log)
    with store.session() as session:
        seen = session.seen({*made, *(one.command for one in given)})
    for one in given:
        if seen.get(one.command) != (one.first, one.last):
            where = seen.get(one.command, "nowhere")
            yield f"{one.command} was acknowledged at {one.first}..{one.last} and is at {where}"
    for command, positions in made.items():
        first, last = seen.get(command, (0, -1))
        if positions != [*range(first, last + 1)]:
            yield f"{command} made the events {positions} and is known for {first}..{last}"
    for command, (first, last) in seen.items():
        if first and command not in made:
            yield f"{command} is known for {first}..{last}, which others made"


def _of_mail(store: SQLiteStore, log: list[Event]) -> Iterator[str]:
    """What came in letters, and what is to go out, beside the events."""
    rows = store.letters(LetterState.STORED)
    letters = {derived_id(letter_key(row.source, row.id), 1) for row in rows}
    served = {command for command in origins(log) if command.startswith("letter-")}
    if letters != served:
        yield f"the commands of letters {sorted(letters ^ served)} and their letters are not at one"
    for state in set(LetterState) - {LetterState.STORED}:
        if store.letters(state):
            yield f"there are letters that are {state}"
    wanted = {event.position for event in log if event.type in OUTSIDE.types}
    effects = {effect.position for effect in store.effects(EffectState.DUE)}
    if effects != wanted:
        yield f"of the messages {sorted(effects ^ wanted)} nobody is told, or of none"
    counts = store.tallies()
    sources = Counter(row.source for row in rows)
    for source, stored in sources.items():
        came, again = (counts.get(("inbox", source, what), 0) for what in ("received", "duplicate"))
        if came != stored + again or counts.get(("inbox", source, "stored")) != stored:
            yield f"{source} brought {came} letters, {again} of them again, and {stored} are stored"
