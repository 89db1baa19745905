"""The vocabulary: frozen values, checked and normalised when they are built."""

from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address, Verification
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.channel import (
    APP,
    CHAT,
    EMAIL,
    SMS,
    SOCIAL,
    STORE,
    TASK,
    VIDEO,
    VOICE,
    WEB,
    WELL_KNOWN,
    WHATSAPP,
    Channel,
    Medium,
    known_channel,
)
from onechannel.model.customer import Customer
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.interaction import EndReason, InteractionState, QueuedBecause
from onechannel.model.personal import DataKind, personal, personal_fields
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import (
    DEFAULT_POLICY,
    Named,
    Pause,
    PlanAsk,
    Planner,
    PlanRule,
    Policy,
    StepRule,
)
from onechannel.model.queue import Queue, Router
from onechannel.model.requirement import Requirement
from onechannel.model.worker import PEOPLE, Capacity, Worker, WorkerKind, WorkerState

__all__ = [
    "APP",
    "CHAT",
    "DEFAULT_POLICY",
    "EMAIL",
    "PEOPLE",
    "SMS",
    "SOCIAL",
    "STORE",
    "SYSTEM",
    "TASK",
    "VIDEO",
    "VOICE",
    "WEB",
    "WELL_KNOWN",
    "WHATSAPP",
    "Actor",
    "ActorKind",
    "Address",
    "AssignmentState",
    "Capacity",
    "Channel",
    "Customer",
    "DataKind",
    "EndReason",
    "FrozenMap",
    "InteractionState",
    "Medium",
    "Named",
    "Pause",
    "Plan",
    "PlanAsk",
    "PlanRule",
    "Planner",
    "Policy",
    "Queue",
    "QueuedBecause",
    "Requirement",
    "Role",
    "Router",
    "Step",
    "StepRule",
    "Verification",
    "Worker",
    "WorkerKind",
    "WorkerState",
    "known_channel",
    "personal",
    "personal_fields",
]
