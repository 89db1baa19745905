"""Order and progress: whom routing asks, for what, and that it asks.

Laws of this file: whom routing asks is there and has room; it asks for the best-ranked that anybody
can serve, and of those who can the longest idle; when an occasion is over, nobody who could be
asked is left unasked.
"""

from typing import Final

from onechannel import events as e
from onechannel.model.assignment import Role
from onechannel.model.requirement import Requirement
from onechannel.testing.invariants._broken import InvariantBroken
from onechannel.testing.invariants._floor import Desk, Floor, Line

__all__ = ["check_asked", "check_progress"]

#: How routing says why it asks somebody; a consult is asked for, and keeps to capacity too.
_ROUTED: Final = ("longest idle of: ", "named: ")
_CONSULTED: Final = "consulted"
_ANYBODY: Final = Requirement()


def check_asked(event: e.Event, data: e.AssignmentOpened, floor: Floor) -> None:
    """Look at an assignment before the floor has taken it in; raises `InvariantBroken`."""
    routed = data.reason.startswith(_ROUTED)
    if event.origin.cause is e.Cause.OBSERVED or not (routed or data.reason == _CONSULTED):
        return
    line, desk = floor.lines.get(data.interaction), floor.desks.get(data.worker)
    if line is None or desk is None or line.plan is None:
        raise InvariantBroken(
            "I4", f"{data.worker} is asked for {data.interaction}", event.position
        )
    serves = routed and data.role is Role.SERVES
    wanted = line.wanted if serves else _ANYBODY
    if not desk.can_take(floor.channels[line.channel], wanted):
        reason = f"{data.worker} is {desk.presence}, bears {desk.load}, and is asked for {line.id}"
        raise InvariantBroken("I4", reason, event.position)
    if serves:
        _check_order(event, line, desk, floor)


def _check_order(event: e.Event, line: Line, desk: Desk, floor: Floor) -> None:
    rank = line.rank
    if rank is None:
        reason = f"{desk.worker.id} is asked for {line.id}, which does not wait"
        raise InvariantBroken("I5", reason, event.position)
    for other in floor.waiting():
        first = other.rank is not None and other.rank < rank
        if first and desk.can_take(floor.channels[other.channel], other.wanted):
            reason = f"{desk.worker.id} is asked for {line.id}, and {other.id} comes first"
            raise InvariantBroken("I5", reason, event.position)
    channel, order = floor.channels[line.channel], (desk.idle_since, desk.worker.id)
    for one in floor.desks.values():
        longer = (one.idle_since, one.worker.id) < order
        if longer and one.can_take(channel, line.wanted):
            reason = f"{desk.worker.id} is asked for {line.id}, and {one.worker.id} is longer idle"
            raise InvariantBroken("I5", reason, event.position)


def check_progress(floor: Floor, position: int) -> None:
    """No offerable pair is left; raises `InvariantBroken`. Looks at what may have changed only."""
    if floor.freed:
        pairs = [(line, floor.desks[one]) for line in floor.waiting() for one in floor.freed]
        _check_pairs(pairs, floor, position)
    if floor.fresh:
        fresh = (floor.lines[one] for one in floor.fresh if one in floor.lines)
        pairs = [
            (line, desk) for line in fresh if line.rank is not None for desk in floor.desks.values()
        ]
        _check_pairs(pairs, floor, position)
    floor.freed.clear()
    floor.fresh.clear()


def _check_pairs(pairs: list[tuple[Line, Desk]], floor: Floor, position: int) -> None:
    for line, desk in pairs:
        if desk.can_take(floor.channels[line.channel], line.wanted):
            reason = f"{line.id} waits, and {desk.worker.id} could be asked for it"
            raise InvariantBroken("I6", reason, position)
