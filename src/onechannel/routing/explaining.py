"""Explaining: why a decision fell as it did, in words that can stand in the log.

Law of this file: reasons cite codes and ids, never personal data.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from onechannel.model.channel import Channel
from onechannel.model.explanation import Explanation
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import InteractionId, WorkerId
from onechannel.model.requirement import Requirement
from onechannel.model.worker import PEOPLE
from onechannel.routing.capacity import Seat
from onechannel.routing.matching import mismatch

__all__ = ["explanation", "why_asked", "why_not"]

_REMEMBERED: Final = 4096


@lru_cache(maxsize=_REMEMBERED)
def why_asked(requirement: Requirement) -> str:
    """Why the worker was asked: `longest idle of: people, billing >= 3`."""
    if requirement.workers:
        return f"named: {', '.join(sorted(requirement.workers))}"
    kinds = requirement.kinds
    terms = ["people"] if kinds == PEOPLE else sorted(kind.value for kind in kinds)
    if requirement.department is not None:
        terms.append(f"department {requirement.department}")
    terms += [
        name if least <= 0 else f"{name} >= {least:g}" for name, least in requirement.skills.items()
    ]
    return f"longest idle of: {', '.join(terms) or 'anybody'}"


def why_not(requirement: Requirement, channel: Channel, seat: Seat) -> str | None:
    """The first thing that keeps a worker from being asked now; None if nothing does."""
    lacks = mismatch(requirement, seat.worker)
    if lacks is not None:
        return lacks
    if not seat.open:
        return "takes no new work"
    return None if seat.fits(channel) else "no capacity"


def explanation(  # noqa: PLR0917 - all that a decision looked at
    interaction: InteractionId,
    winner: WorkerId | None,
    policy: str,
    requirement: Requirement,
    channel: Channel,
    seats: Iterable[Seat],
) -> Explanation:
    """Who is asked, and the first thing that keeps each of the others from it now."""
    others = {seat.worker.id: why_not(requirement, channel, seat) for seat in seats}
    others.pop(winner or "", None)
    reason = why_asked(requirement)
    return Explanation(
        interaction=interaction,
        winner=winner,
        reason=None if winner is None else reason,
        policy=policy,
        excluded=FrozenMap({worker: why or "idle for less" for worker, why in others.items()}),
    )
