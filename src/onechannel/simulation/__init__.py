"""Simulation: the virtual centre, on virtual time."""

from onechannel.simulation.centre import START, VirtualCentre
from onechannel.simulation.explaining import Explained
from onechannel.simulation.handles import (
    CustomerHandle,
    InteractionHandle,
    JourneyHandle,
    PromiseHandle,
    SupervisorHandle,
    WorkerHandle,
)
from onechannel.simulation.records import Message, Part, Suggestion

__all__ = [
    "START",
    "CustomerHandle",
    "Explained",
    "InteractionHandle",
    "JourneyHandle",
    "Message",
    "Part",
    "PromiseHandle",
    "Suggestion",
    "SupervisorHandle",
    "VirtualCentre",
    "WorkerHandle",
]
