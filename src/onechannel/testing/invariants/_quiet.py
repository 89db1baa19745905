"""What must be when everything has come to rest: of replicas, of the mail, of what is known.

Laws of this file: a replica is its log, whatever way it was built; what is counted adds up to what
is there; nothing is on its way any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from onechannel.codec import snapshot_from_json, snapshot_to_json
from onechannel.events import Cause, Event
from onechannel.kernel import Kernel, Snapshot
from onechannel.model.assignment import AssignmentState
from onechannel.model.policy import Callables
from onechannel.model.worker import WorkerState
from onechannel.ports import Destination, EffectState, EventStore, HolderOf, LetterState, Tally
from onechannel.testing.invariants._broken import InvariantBroken
from onechannel.testing.invariants._fold import Invariants

__all__ = ["check_known", "check_mail", "check_quiet", "check_replicas"]

_ENDS: Final = tuple(str(state) for state in LetterState)


def check_replicas(
    events: Sequence[Event],
    kernels: Iterable[Kernel],
    *,
    callables: Callables | None = None,
    restored_at: int | None = None,
) -> Kernel:
    """Each kernel is the replay of the log, and so is a snapshot with its tail (I8).

    `restored_at` is the position of that snapshot, by default the middle. Gives the replay.
    """
    replay = Kernel.replay(events, callables)
    wanted = snapshot_to_json(replay.snapshot())
    for kernel in kernels:
        if snapshot_to_json(kernel.snapshot()) != wanted:
            raise InvariantBroken("I8", "a replica is not what its log says", kernel.position)
    middle = len(events) // 2 if restored_at is None else restored_at
    early = Kernel.replay(events[:middle], callables)
    kept = snapshot_from_json(snapshot_to_json(early.snapshot()))
    restored = Kernel.restore(kept, callables)
    restored.follow(events[middle:])
    if snapshot_to_json(restored.snapshot()) != wanted:
        raise InvariantBroken("I8", f"a snapshot at {middle} and its tail are not the log")
    return replay


def check_quiet(kernel: Kernel) -> None:
    """Nothing is in transition, and no deadline is armed for what is not there (I4, I7)."""
    now = kernel.snapshot()
    for one in now.assignments:
        if one.state in {AssignmentState.PENDING, AssignmentState.WRAPPING}:
            raise InvariantBroken("I7", f"{one.id} is {one.state} after all is over")
    loads = dict.fromkeys((one.seat.worker.id for one in now.workers), 0)
    for one in now.assignments:
        loads[one.worker] += one.load
    for worker in now.workers:
        name = worker.seat.worker.id
        if worker.seat.load != loads[name]:
            raise InvariantBroken("I4", f"{name} bears {worker.seat.load}, and has {loads[name]}")
        if worker.state is WorkerState.DRAINING and not worker.assignments:
            raise InvariantBroken("I7", f"{name} drains and has nothing left")
    _check_deadlines(now)


def _check_deadlines(now: Snapshot) -> None:
    things: Iterable[object] = chain(
        now.interactions, now.assignments, now.places, now.promises, now.journeys
    )
    there = {getattr(one, "id", None) for one in things}
    there |= {one.seat.worker.id for one in now.workers} | {*now.parked}
    for armed in now.deadlines:
        if armed.subject not in there:
            raise InvariantBroken("I7", f"the {armed.alarm} of {armed.subject} waits for nothing")
        if now.at is not None and armed.at <= now.at:
            raise InvariantBroken("I13", f"the {armed.alarm} of {armed.subject} is overdue")


def check_known(store: EventStore, invariants: Invariants) -> None:
    """The store knows the commands and the keys that the log says, and no others (I2, I10)."""
    with store.session() as session:
        seen = session.seen(invariants.commands)
    for command, block in invariants.commands.items():
        if seen.get(command) != block:
            raise InvariantBroken("I2", f"{command} made {block}, known as {seen.get(command)}")
    keys = [HolderOf(key) for key in invariants.keys]
    with store.session() as session:
        answers = session.lookup(keys)
    for asked in keys:
        if answers[asked] != invariants.keys[asked.key]:
            raise InvariantBroken("I10", f"a key denotes {invariants.keys[asked.key]} in the log")


def check_mail(store: EventStore, *, since: Mapping[str, int] | None = None) -> None:
    """What is counted of letters and effects adds up to what is there (I1, I2).

    `since` are the positions from which on destinations are told; one not named is told from the
    beginning.
    """
    tallies = store.tallies()
    for box, source in sorted({(box, name) for box, name, _ in tallies if box == "inbox"}):
        counts = {what: tallies.get((box, source, what), 0) for what in (*_ENDS, "duplicate")}
        received = tallies.get((box, source, "received"), 0)
        if received != sum(counts.values()) or min(counts.values()) < 0:
            raise InvariantBroken("I1", f"{source} received {received}, of which {counts}")
    for state in (LetterState.PARKED, LetterState.REFUSED, LetterState.DEAD):
        there = len(store.letters(state))
        counted = _sum(tallies, "inbox", str(state))
        if there != counted:
            raise InvariantBroken("I1", f"{counted} letters are counted {state}, {there} are")
    if len(store.letters(LetterState.STORED)) > _sum(tallies, "inbox", str(LetterState.STORED)):
        raise InvariantBroken("I1", "more letters are stored than were counted so")
    for destination in store.destinations():
        _check_effects(store, destination, tallies, (since or {}).get(destination.name, 0))


def _sum(tallies: Mapping[Tally, int], box: str, what: str) -> int:
    return sum(count for (one, _, kind), count in tallies.items() if (one, kind) == (box, what))


def _check_effects(
    store: EventStore, destination: Destination, tallies: Mapping[Tally, int], since: int
) -> None:
    name = destination.name
    wanted = sum(_is_wanted(destination, event) for event in store.read(since))
    made, sent, dead = (tallies.get(("outbox", name, what), 0) for what in ("made", "sent", "dead"))
    due = len(store.effects(EffectState.DUE, name))
    if made != wanted:
        raise InvariantBroken("I2", f"{made} effects were made for {name}, of {wanted} events")
    if made != sent + dead + due or dead != len(store.effects(EffectState.DEAD, name)):
        reason = f"of {made} effects for {name} {sent} were sent, {dead} are dead and {due} due"
        raise InvariantBroken("I1", reason)


def _is_wanted(destination: Destination, event: Event) -> bool:
    if event.type not in destination.types or event.origin.cause is Cause.OBSERVED:
        return False
    channel = event.subject("channel")
    return destination.channels is None or channel is None or channel in destination.channels
