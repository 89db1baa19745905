"""Simulation: the virtual centre, on virtual time."""

from onechannel.simulation.centre import START, VirtualCentre
from onechannel.simulation.handles import CustomerHandle, InteractionHandle, WorkerHandle

__all__ = ["START", "CustomerHandle", "InteractionHandle", "VirtualCentre", "WorkerHandle"]
