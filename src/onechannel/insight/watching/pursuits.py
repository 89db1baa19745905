"""Pursuits: journeys belong to their customers, and promises are what they were made.

Laws of this file: an interaction is stitched to an open journey of its own customer; a journey does
not lapse while anything is open in it; a promise is broken when it is due and no sooner; one of a
callback ends with the callback, unless we did not get to it: then it is broken when it is due.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.errors import LogInconsistent
from onechannel.insight.watching.stand import Stand, refuse
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, PromiseId
from onechannel.model.interaction import Direction, EndReason

__all__ = ["PursuitWatch"]

_End: TypeAlias = e.PromiseKept | e.PromiseBroken | e.PromiseRenegotiated | e.PromiseWithdrawn

#: How a callback ends that we did not get to, and what is said where the customer did not answer.
_FAILED: Final = frozenset({EndReason.EXPIRED, EndReason.FAILED})
_UNREACHED: Final = "unreached"
#: What may stand between the end of a callback and that of its promise.
_LETTING_GO: Final = (e.AssignmentRescinded, e.AssignmentWrapping, e.AssignmentReleased)


@attrs.define(eq=False)
class _Promise:
    """An open promise."""

    due: datetime
    interaction: InteractionId | None
    journey: JourneyId | None


@attrs.define(eq=False)
class PursuitWatch:
    """The open journeys and promises, and what is open in each journey.

    `owed` are the promises of callbacks that are over: which event ended one, and what it leaves.
    """

    pursued_by: dict[JourneyId, CustomerId] = attrs.field(factory=dict)
    customer_of: dict[InteractionId, CustomerId | None] = attrs.field(factory=dict)
    journey_of: dict[InteractionId, JourneyId] = attrs.field(factory=dict)
    open_in: dict[JourneyId, dict[str, None]] = attrs.field(factory=dict)
    promises: dict[PromiseId, _Promise] = attrs.field(factory=dict)
    callbacks: dict[InteractionId, PromiseId] = attrs.field(factory=dict)
    owed: dict[PromiseId, tuple[int, str]] = attrs.field(factory=dict)

    def see(self, event: e.Event, stand: Stand) -> None:
        """Look at one event."""
        data = event.data
        ends = isinstance(data, (e.PromiseKept, e.PromiseWithdrawn))
        if self.owed and not (ends or isinstance(data, _LETTING_GO)):
            self.end()
        see = _SEE.get(type(data))
        if see is not None:
            see(self, event, data, stand)

    def end(self) -> None:
        """Whatever is owed has not happened."""
        for position, reason in self.owed.values():
            raise LogInconsistent(position, reason)

    # -- journeys ----------------------------------------------------------------------------------

    def _opened(self, _event: e.Event, data: e.JourneyOpened, _stand: Stand) -> None:
        self.pursued_by[data.journey] = data.customer
        self.open_in[data.journey] = {}

    def _arrived(self, event: e.Event, data: e.InteractionArrived, stand: Stand) -> None:
        self.customer_of[data.interaction] = data.customer
        if data.journey is not None and data.direction is Direction.INTERNAL:
            # It belongs where its parent does, whoever has been told apart since.
            self._enter(data.interaction, data.journey)
        elif data.journey is not None:
            self._belongs(event, data.interaction, data.journey, stand)

    def _joined(self, event: e.Event, data: e.JourneyJoined, stand: Stand) -> None:
        self._belongs(event, data.interaction, data.journey, stand)

    def _belongs(
        self, event: e.Event, interaction: InteractionId, journey: JourneyId, stand: Stand
    ) -> None:
        pursuer, customer = self.pursued_by.get(journey), self.customer_of.get(interaction)
        if pursuer is None:
            raise refuse(event, f"journey {journey} is not open")
        if customer is None or customer not in stand.people.same_as(pursuer):
            reason = f"interaction {interaction} is not of the customer whose journey {journey} is"
            raise refuse(event, reason)
        self._enter(interaction, journey)

    def _enter(self, interaction: InteractionId, journey: JourneyId) -> None:
        self._leave(interaction)
        if journey in self.open_in:
            self.journey_of[interaction] = journey
            self.open_in[journey][interaction] = None

    def _leave(self, interaction: InteractionId) -> None:
        journey = self.journey_of.pop(interaction, None)
        self.open_in.get(journey or "", {}).pop(interaction, None)

    def _over(self, event: e.Event, data: Any, _stand: Stand) -> None:
        del self.pursued_by[data.journey]
        going_on = self.open_in.pop(data.journey)
        if isinstance(data, e.JourneyLapsed) and going_on:
            reason = f"journey {data.journey} lapses while {next(iter(going_on))} is open in it"
            raise refuse(event, reason)

    def _closed(self, event: e.Event, data: e.InteractionClosed, _stand: Stand) -> None:
        self.customer_of.pop(data.interaction, None)
        self._leave(data.interaction)
        promise = self.callbacks.pop(data.interaction, None)
        failed = data.reason in _FAILED and data.disposition != _UNREACHED
        if promise is not None and promise in self.promises and not failed:
            reason = f"it leaves promise {promise} of a callback open, which is over"
            self.owed[promise] = (event.position, reason)

    # -- promises ----------------------------------------------------------------------------------

    def _made(self, _event: e.Event, data: e.PromiseMade, _stand: Stand) -> None:
        self.promises[data.promise] = _Promise(data.due, data.interaction, data.journey)
        if data.journey in self.open_in:
            self.open_in[data.journey][data.promise] = None

    def _resumed(self, _event: e.Event, data: e.PromiseResumed, _stand: Stand) -> None:
        self.promises[data.promise].due = data.due

    def _ended(self, event: e.Event, data: _End, _stand: Stand) -> None:
        found = self.promises.pop(data.promise)
        self.owed.pop(data.promise, None)
        self.open_in.get(found.journey or "", {}).pop(data.promise, None)
        if isinstance(data, e.PromiseBroken) and event.recorded_at < found.due:
            raise refuse(event, f"promise {data.promise} is broken before it is due")
        if (data.interaction, data.journey) != (found.interaction, found.journey):
            reason = f"promise {data.promise} was made in another interaction or journey"
            raise refuse(event, reason)

    def _scheduled(self, event: e.Event, data: e.InteractionScheduled, _stand: Stand) -> None:
        found = self.promises.get(data.promise)
        first = data.attempt == 1
        if first and (found is None or found.interaction != data.interaction):
            reason = f"interaction {data.interaction} has a callback that nobody promised"
            raise refuse(event, reason)
        self.callbacks[data.interaction] = data.promise


_SEE: Final[dict[type[e.EventData], Callable[[PursuitWatch, e.Event, Any, Stand], None]]] = {
    e.JourneyOpened: PursuitWatch._opened,
    e.InteractionArrived: PursuitWatch._arrived,
    e.JourneyJoined: PursuitWatch._joined,
    e.JourneyAchieved: PursuitWatch._over,
    e.JourneyFailed: PursuitWatch._over,
    e.JourneyLapsed: PursuitWatch._over,
    e.InteractionClosed: PursuitWatch._closed,
    e.PromiseMade: PursuitWatch._made,
    e.PromiseResumed: PursuitWatch._resumed,
    e.PromiseKept: PursuitWatch._ended,
    e.PromiseBroken: PursuitWatch._ended,
    e.PromiseRenegotiated: PursuitWatch._ended,
    e.PromiseWithdrawn: PursuitWatch._ended,
    e.InteractionScheduled: PursuitWatch._scheduled,
}
