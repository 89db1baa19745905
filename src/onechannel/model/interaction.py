"""Interactions: the states one can be in, and how one ends.

Law of this file: closed sets only; which state follows which stands in `kernel/transitions.py`.
"""

from enum import StrEnum

__all__ = ["EndReason", "InteractionState", "QueuedBecause"]


class InteractionState(StrEnum):
    """Where an interaction stands."""

    WAITING = "waiting"
    ENGAGED = "engaged"
    CLOSED = "closed"


class EndReason(StrEnum):
    """Why an interaction ended; the set is closed."""

    RESOLVED = "resolved"
    ABANDONED = "abandoned"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    MERGED = "merged"
    REJECTED = "rejected"
    FAILED = "failed"


class QueuedBecause(StrEnum):
    """What brought an interaction into a queue."""

    ARRIVAL = "arrival"
    RETURN = "return"
    ESCALATION = "escalation"
    HAND_BACK = "hand-back"
    OBSERVED = "observed"
