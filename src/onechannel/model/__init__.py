"""The vocabulary: frozen values, checked and normalised when they are built."""

from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address, Verification
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.calendar import ALWAYS_OPEN, Calendar, Opening
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
from onechannel.model.context import Context, Said
from onechannel.model.customer import Customer
from onechannel.model.explanation import Explanation
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.interaction import Direction, EndReason, InteractionState, QueuedBecause
from onechannel.model.journey import JourneyState, StitchedBecause
from onechannel.model.message import Allowed, Attachment, Delivery, ReplyWindow, reply_window
from onechannel.model.personal import DataKind, personal, personal_fields
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import (
    DEFAULT_POLICY,
    Callables,
    ConsentAsk,
    ConsentHook,
    Named,
    Pause,
    PlanAsk,
    Planner,
    PlanRule,
    Policy,
    StepRule,
)
from onechannel.model.promise import PromiseState
from onechannel.model.queue import Queue, Router
from onechannel.model.requirement import Requirement
from onechannel.model.worker import PEOPLE, Capacity, Worker, WorkerKind, WorkerState
from onechannel.model.zones import check_zone

__all__ = [
    "ALWAYS_OPEN",
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
    "Allowed",
    "AssignmentState",
    "Attachment",
    "Calendar",
    "Callables",
    "Capacity",
    "Channel",
    "ConsentAsk",
    "ConsentHook",
    "Context",
    "Customer",
    "DataKind",
    "Delivery",
    "Direction",
    "EndReason",
    "Explanation",
    "FrozenMap",
    "InteractionState",
    "JourneyState",
    "Medium",
    "Named",
    "Opening",
    "Pause",
    "Plan",
    "PlanAsk",
    "PlanRule",
    "Planner",
    "Policy",
    "PromiseState",
    "Queue",
    "QueuedBecause",
    "ReplyWindow",
    "Requirement",
    "Role",
    "Router",
    "Said",
    "Step",
    "StepRule",
    "StitchedBecause",
    "Verification",
    "Worker",
    "WorkerKind",
    "WorkerState",
    "check_zone",
    "known_channel",
    "personal",
    "personal_fields",
    "reply_window",
]
