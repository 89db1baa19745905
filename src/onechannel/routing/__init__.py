"""Routing: pure functions and one index over the model's values."""

from onechannel.routing.capacity import Seat
from onechannel.routing.explaining import why_asked
from onechannel.routing.index import Rank, RoutingIndex
from onechannel.routing.matching import admits
from onechannel.routing.planning import plan_by_rule, restrict

__all__ = ["Rank", "RoutingIndex", "Seat", "admits", "plan_by_rule", "restrict", "why_asked"]
