"""Handles: customers, workers, interactions, promises, journeys to talk about and act with."""

from onechannel.simulation.handles.linked import (
    CustomerHandle,
    InteractionHandle,
    JourneyHandle,
    PromiseHandle,
    SupervisorHandle,
    WorkerHandle,
)

__all__ = [
    "CustomerHandle",
    "InteractionHandle",
    "JourneyHandle",
    "PromiseHandle",
    "SupervisorHandle",
    "WorkerHandle",
]
