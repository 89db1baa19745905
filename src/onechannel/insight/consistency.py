"""Consistency: whether a log can be what the kernel made.

Laws of this file: the kernel's own replay is the first check; what is checked beside it is derived
from the events alone, by other code than the kernel's; one event costs no more than its own share.
"""

from collections.abc import Iterable

import attrs

from onechannel import events as e
from onechannel.errors import LogInconsistent
from onechannel.insight.watching import (
    HomeWatch,
    LoadWatch,
    PartWatch,
    PursuitWatch,
    Stand,
    Watch,
)
from onechannel.kernel import Kernel

__all__ = ["Consistency", "check"]


@attrs.frozen
class Consistency:
    """How many events from the first on are consistent; where one is not, its position and why."""

    events: int
    position: int | None = None
    reason: str | None = None


def check(events: Iterable[e.Event]) -> Consistency:
    """Replay a log from its first event on.

    Beside what replay itself refuses, at every event: an open interaction of ours is with a queue,
    a worker, or whom it was set aside for with a keeper; whoever has it no longer lets go at once;
    nobody has two parts in it, nor speaks without one that does; the policy asks nobody who is not
    available, and lifts no worker's load above its capacity; journeys belong to their customers,
    and lapse when nothing is open in them; promises are broken when they are due, and those of
    callbacks end with them.
    """
    kernel, stand, number = Kernel(), Stand(), 0
    watches: tuple[Watch, ...] = (HomeWatch(), PartWatch(), LoadWatch(), PursuitWatch())
    try:
        for event in events:
            _follow(kernel, event)
            stand.add(event)
            for watch in watches:
                watch.see(event, stand)
            number += 1
        for watch in watches:
            watch.end()
    except LogInconsistent as fault:
        return Consistency(min(number, fault.position - 1), fault.position, fault.reason)
    return Consistency(number)


def _follow(kernel: Kernel, event: e.Event) -> None:
    try:
        kernel.follow((event,))
    except LogInconsistent:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever a spoilt event does, it is the event's
        reason = f"{event.type} cannot be applied: {type(fault).__name__}"
        raise LogInconsistent(event.position, reason) from None
