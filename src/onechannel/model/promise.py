"""Promises: what somebody told the customer would happen, and by when.

Law of this file: closed sets only; which state follows which stands in `machines.py`.
"""

from onechannel.model.code import Code

__all__ = ["PromiseState"]


class PromiseState(Code):
    """Where a promise stands; a paused one is open, and its time does not run."""

    OPEN = "open"
    PAUSED = "paused"
    KEPT = "kept"
    BROKEN = "broken"
    RENEGOTIATED = "renegotiated"
    WITHDRAWN = "withdrawn"
