"""What came nearest to what was expected: the other thing that happened, and why not this one.

Law of this file: it looks at what the log says, and asks the centre to explain; it decides nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

import attrs

from onechannel import events as e
from onechannel.model.assignment import Role
from onechannel.model.ids import InteractionId, WorkerId
from onechannel.model.interaction import InteractionState
from onechannel.model.worker import WorkerState
from onechannel.simulation.expecting.telling import clock, happened
from onechannel.simulation.expecting.wanted import Is
from onechannel.simulation.expecting.witness import (
    BEGINNING,
    NOWHERE,
    Found,
    Place,
    Sought,
    Witness,
    moment_of,
)
from onechannel.simulation.handles import InteractionHandle

__all__ = ["nearest"]

#: How many of a sort are told.
_MOST: Final = 3
#: Of how many workers it is told why not them.
_WORKERS: Final = 5
#: What another of the kind has to be about, too, to be near.
_THINGS: Final = ("interaction", "promise", "journey")
#: Kinds that are about what becomes of an asking.
_OF_PARTS: Final = frozenset({"asked", "assigned", "declined", "missed", "released"})


def nearest(
    witness: Witness, sought: Sought, since: datetime | None, place: Place
) -> Iterator[str]:
    """Why it may not have happened, nearest first, a line each."""
    early = _too_early(witness, sought, since, place)
    if early is not None:
        yield early
    ids = {name: one.value for name, one in sought.wanted.items() if isinstance(one, Is)}
    worker, interaction = ids.get("worker"), ids.get("interaction")
    if sought.kind.name in _OF_PARTS and (worker or interaction):
        yield from _parts(witness, worker, interaction)
    elif early is None:
        yield from _instead(witness, sought)
    yield from _states(witness, ids)
    if sought.kind.name in {"asked", "assigned"} and interaction:
        yield from _why_not(witness, worker, interaction)


def _too_early(
    witness: Witness, sought: Sought, since: datetime | None, place: Place
) -> str | None:
    """That it had happened, before what was asked about."""
    found = list(witness.found(attrs.evolve(sought, after=BEGINNING)))
    if not found:
        return None
    last = found[-1]
    said = f"it had happened at {clock(witness, moment_of(last))}, before"
    if since is not None and moment_of(last) < since:
        return f"{said} that: of what has happened already, say now()"
    if place != NOWHERE and witness.place(last) <= place:
        return f"{said} what it was to follow"
    return f"{said} from_now" if sought.after != BEGINNING else None


def _instead(witness: Witness, sought: Sought) -> Iterator[str]:
    """Others of the kind, about the same thing, that are as wanted in most other respects."""

    def respects(one: Found) -> int:
        return sum(part.holds(witness.value(one, name)) for name, part in sought.wanted.items())

    kept = {*_THINGS, *sought.kind.fixed}
    thing = {name: one for name, one in sought.wanted.items() if name in kept}
    there = [(respects(one), one) for one in witness.found(attrs.evolve(sought, wanted=thing))]
    best = max((score for score, _ in there), default=0)
    for _, one in [pair for pair in there if pair[0] == best][-_MOST:]:
        yield f"at {clock(witness, moment_of(one))} {happened(witness, sought, one)}"


# -- who was asked, and what became of it ---------------------------------------------------------


def _parts(
    witness: Witness, worker: WorkerId | None, interaction: InteractionId | None
) -> Iterator[str]:
    opened = [
        (event, event.data)
        for event in witness.named("assignment.opened", interaction)
        if isinstance(event.data, e.AssignmentOpened)
    ]
    own = [one for one in opened if one[1].worker == worker]
    told = opened if interaction is not None else own
    for event, data in told[-_MOST:]:
        yield _part(witness, event, data, interaction)
    if worker is not None and not own:
        yield f"{worker} was never asked" + ("" if interaction is None else f" for {interaction}")


def _part(
    witness: Witness, event: e.Event, data: e.AssignmentOpened, interaction: InteractionId | None
) -> str:
    """`eva was asked at 09:00:05 and declined at 09:00:07`."""
    what = "" if interaction is not None else f" for {data.interaction}"
    role = "" if data.role is Role.SERVES else f" to be {data.role.value}"
    asked = f"{data.worker} was asked{what}{role} at {clock(witness, event.recorded_at)}"
    for name, said in _REFUSED.items():
        for at in _when(witness, name, data):
            return f"{asked} and {said} {at}"
    for begin in _when(witness, "assignment.accepted", data):
        served = "served" if data.role is Role.SERVES else "took part"
        end = [at for name in _OVER for at in _when(witness, name, data)]
        return f"{asked} and {served} from {begin}" + (f" to {end[0]}" if end else "")
    return f"{asked} and has not answered yet"


def _when(witness: Witness, name: str, data: e.AssignmentOpened) -> Iterator[str]:
    """When such a thing became of it."""
    for event in witness.named(name, data.interaction):
        if witness.value(event, "assignment") == data.assignment:
            yield clock(witness, event.recorded_at)


#: What can become of an asking that is not taken, by the event.
_REFUSED: Final = {
    "assignment.declined": "declined at",
    "assignment.expired": "had not answered by",
    "assignment.rescinded": "was no longer asked from",
}
#: What ends what was taken.
_OVER: Final = ("assignment.wrapping", "assignment.released")


def _why_not(
    witness: Witness, worker: WorkerId | None, interaction: InteractionId
) -> Iterator[str]:
    """What spoke against a worker, or does as things stand; against all, while it waits for any."""
    centre = witness.centre
    view = centre.view.interactions.get(interaction)
    if view is None:
        return
    now = centre.kernel.explain(interaction)
    before = centre.explain(InteractionHandle(centre, interaction)).excluded
    why = {**({} if now is None else now.excluded), **before}
    asked: Iterable[WorkerId] = () if worker is None else (worker,)
    if worker is None and view.state is InteractionState.WAITING:
        # Whose kind is not asked for was never thought of.
        asked = (one for one in why if not why[one].startswith("kind "))
    for one in islice((one for one in asked if one in why), _WORKERS):
        yield f"why not {one}: {why[one]}"


# -- how things stand -----------------------------------------------------------------------------


def _states(witness: Witness, ids: Mapping[str, str]) -> Iterator[str]:
    for name, tell in _STANDS.items():
        if name in ids:
            told = tell(witness, ids[name])
            if told:
                yield told


def _interaction(witness: Witness, interaction: InteractionId) -> str:
    view = witness.centre.view.interactions.get(interaction)
    if view is None:
        return ""
    match view.state:
        case InteractionState.WAITING:
            return f"{interaction} waits" + ("" if view.queue is None else f" in {view.queue}")
        case InteractionState.CLOSED:
            return f"{interaction} is closed, as {view.end_reason}"
        case InteractionState.SUSPENDED:
            return f"{interaction} is suspended, and waits on {view.party}"
        case InteractionState.DORMANT:
            return f"{interaction} is dormant: it is the customer's turn"
    if view.owner is None:
        return f"nobody serves {interaction}"
    return f"{view.parts[view.owner].worker} serves {interaction}"


def _worker(witness: Witness, worker: WorkerId) -> str:
    view = witness.centre.view.workers[worker]
    if view.state is WorkerState.AVAILABLE:
        return ""
    why = "" if view.reason is None else f" ({view.reason})"
    return f"{worker} is {view.state.value.replace('_', ' ')}{why}"


def _promise(witness: Witness, promise: str) -> str:
    view = witness.centre.view.promises[promise]
    return f"promise {promise} is {view.state.value}, due at {clock(witness, view.due)}"


def _journey(witness: Witness, journey: str) -> str:
    return f"journey {journey} is {witness.centre.view.journeys[journey].state.value}"


_STANDS: Final[Mapping[str, Callable[[Witness, str], str]]] = {
    "interaction": _interaction,
    "worker": _worker,
    "promise": _promise,
    "journey": _journey,
}
