"""Journeys and promises: pure functions, and the open ones by what they are about."""

from onechannel.journeys.promises import PROMISES, LivePromise, Occasion, due_at, resumed
from onechannel.journeys.pursuits import PURSUE, LiveJourney, Pursuits, Stitch

__all__ = [
    "PROMISES",
    "PURSUE",
    "LiveJourney",
    "LivePromise",
    "Occasion",
    "Pursuits",
    "Stitch",
    "due_at",
    "resumed",
]
