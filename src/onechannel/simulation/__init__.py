"""Simulation: the virtual centre, on virtual time."""

from onechannel.simulation.cast import Refusal
from onechannel.simulation.centre import START, VirtualCentre
from onechannel.simulation.expecting import Expect, Expectation, ExpectationFailed
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
from onechannel.simulation.scripts import Patience, Routine, Turn, TurnKind

__all__ = [
    "START",
    "CustomerHandle",
    "Expect",
    "Expectation",
    "ExpectationFailed",
    "Explained",
    "InteractionHandle",
    "JourneyHandle",
    "Message",
    "Part",
    "Patience",
    "PromiseHandle",
    "Refusal",
    "Routine",
    "Suggestion",
    "SupervisorHandle",
    "Turn",
    "TurnKind",
    "VirtualCentre",
    "WorkerHandle",
]
