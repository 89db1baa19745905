"""Routing: pure functions and one index over the model's values."""

from onechannel.routing.capacity import Seat
from onechannel.routing.explaining import explanation, why_asked, why_not
from onechannel.routing.index import Rank, RoutingIndex
from onechannel.routing.matching import admits
from onechannel.routing.planning import (
    Planned,
    asking_only,
    consent,
    first_asking,
    found_callable,
    plan_by_callable,
    plan_by_rule,
    returning,
)
from onechannel.routing.written import read_policy

__all__ = [
    "Planned",
    "Rank",
    "RoutingIndex",
    "Seat",
    "admits",
    "asking_only",
    "consent",
    "explanation",
    "first_asking",
    "found_callable",
    "plan_by_callable",
    "plan_by_rule",
    "read_policy",
    "returning",
    "why_asked",
    "why_not",
]
