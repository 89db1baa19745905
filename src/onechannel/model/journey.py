"""Journeys: a customer's pursuit of one outcome across interactions.

Law of this file: closed sets only; which state follows which stands in `machines.py`.
"""

from onechannel.model.code import Code

__all__ = ["JourneyState", "StitchedBecause"]


class JourneyState(Code):
    """Where a journey stands."""

    OPEN = "open"
    ACHIEVED = "achieved"
    FAILED = "failed"
    LAPSED = "lapsed"


class StitchedBecause(Code):
    """Why an interaction belongs to a journey, surest first.

    It was named; the reference (an order, a case) is the journey's; it goes on with an interaction
    of it; the customer and the matter are the journey's; or it is its first.
    """

    NAMED = "named"
    REFERENCE = "reference"
    LINEAGE = "lineage"
    MATTER = "matter"
    FIRST = "first"
