"""Interactions: the states one can be in, where one comes from, and how one ends.

Law of this file: closed sets only; which state follows which stands in `machines.py`.
"""

from onechannel.model.code import Code

__all__ = ["Direction", "EndReason", "InteractionState", "QueuedBecause"]


class InteractionState(Code):
    """Where an interaction stands.

    Waiting for a worker; engaged with one; dormant, since it is the customer's turn; suspended,
    since it is a third party's. Dormant and suspended work holds no capacity.
    """

    WAITING = "waiting"
    ENGAGED = "engaged"
    DORMANT = "dormant"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Direction(Code):
    """Who reached whom; what is internal the customer never sees."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class EndReason(Code):
    """Why an interaction ended; the set is closed."""

    RESOLVED = "resolved"
    ABANDONED = "abandoned"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    MERGED = "merged"
    REJECTED = "rejected"
    FAILED = "failed"


class QueuedBecause(Code):
    """What brought an interaction into a queue."""

    ARRIVAL = "arrival"
    RETURN = "return"
    ESCALATION = "escalation"
    HAND_BACK = "hand-back"
    TRANSFER = "transfer"
    CALLBACK = "callback"
    WOKEN = "woken"
    SIGNED_OUT = "signed-out"
    OBSERVED = "observed"
