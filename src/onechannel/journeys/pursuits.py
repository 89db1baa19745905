"""Pursuits: the open journeys and promises, and to which of them an interaction belongs.

Laws of this file: what is named explicitly comes first, then lineage, then the same customer and
matter; the answer always says why. A journey lapses when its window has passed, so that whatever is
open is within it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import attrs

from onechannel import events as e
from onechannel.journeys.promises import LivePromise
from onechannel.machines import JOURNEY, PROMISE
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, PromiseId
from onechannel.model.journey import JourneyState, StitchedBecause

__all__ = ["PURSUE", "LiveJourney", "Pursuits", "Stitch"]


@attrs.define(eq=False)
class LiveJourney:
    """An open journey, with its open interactions and when something last happened in it."""

    id: JourneyId
    customer: CustomerId
    about: str | None
    reference: str | None
    touched_at: datetime
    state: JourneyState = JourneyState.OPEN
    interactions: dict[InteractionId, None] = attrs.field(factory=dict)


@attrs.frozen
class Stitch:
    """The journey an interaction belongs to, and why."""

    journey: JourneyId
    because: StitchedBecause


_ABOUT: Final = "about"
_REFERENCE: Final = "reference"


@attrs.define(eq=False)
class Pursuits:
    """What customers pursue, and what they were promised, as long as it is open."""

    journeys: dict[JourneyId, LiveJourney] = attrs.field(factory=dict)
    promises: dict[PromiseId, LivePromise] = attrs.field(factory=dict)
    _known: dict[tuple[CustomerId, str, str], dict[JourneyId, None]] = attrs.field(factory=dict)
    _of: dict[InteractionId, JourneyId] = attrs.field(factory=dict)

    def add(self, journey: LiveJourney) -> None:
        """Take in an open journey; of several alike the latest is found."""
        self.journeys[journey.id] = journey
        for key in _keys(journey):
            self._known.setdefault(key, {})[journey.id] = None
        self._of.update(dict.fromkeys(journey.interactions, journey.id))

    def journey_of(self, interaction: InteractionId) -> JourneyId | None:
        """The open journey of an open interaction."""
        return self._of.get(interaction)

    def lapses(self, journey: LiveJourney, window: timedelta, now: datetime) -> datetime | None:
        """When to look at it again; None if nothing is open in it, nor was in the window."""
        if journey.interactions or any(one.journey == journey.id for one in self.promises.values()):
            return now + window
        until = journey.touched_at + window
        return until if until > now else None

    def enter(self, journey: JourneyId, interaction: InteractionId, now: datetime) -> None:
        """An interaction belongs to a journey, and to no other."""
        self.leave(interaction, now)
        found = self.journeys[journey]
        found.interactions[interaction] = None
        found.touched_at = now
        self._of[interaction] = journey

    def leave(self, interaction: InteractionId, now: datetime) -> None:
        """An interaction is over, or belongs elsewhere; one that belonged nowhere is as good."""
        journey = self._of.pop(interaction, None)
        if journey is not None:
            found = self.journeys[journey]
            del found.interactions[interaction]
            found.touched_at = now

    def touch(self, journey: JourneyId | None, now: datetime) -> None:
        """Something happened in a journey; one that is over is as good."""
        if journey is not None and journey in self.journeys:
            self.journeys[journey].touched_at = now

    def end(self, journey: LiveJourney) -> None:
        """A journey is over."""
        del self.journeys[journey.id]
        for key in _keys(journey):
            del self._known[key][journey.id]
            if not self._known[key]:
                del self._known[key]
        for interaction in journey.interactions:
            del self._of[interaction]

    def stitch(
        self,
        family: Iterable[CustomerId],
        about: str | None,
        reference: str | None,
        lineage: JourneyId | None,
    ) -> Stitch | None:
        """Where an interaction of these, who are one customer, belongs; None: nowhere yet."""
        family = tuple(family)
        found = self._find(family, _REFERENCE, reference)
        if found is not None:
            return Stitch(found, StitchedBecause.REFERENCE)
        before = None if lineage is None else self.journeys.get(lineage)
        if before is not None and before.customer in family:
            return Stitch(before.id, StitchedBecause.LINEAGE)
        if reference is not None:
            # Another order is another journey, though it be about the same.
            return None
        found = self._find(family, _ABOUT, about)
        return None if found is None else Stitch(found, StitchedBecause.MATTER)

    def _find(self, family: Iterable[CustomerId], kind: str, value: str | None) -> JourneyId | None:
        if value is None:
            return None
        for customer in family:
            found = self._known.get((customer, kind, value))
            if found:
                return next(reversed(found))
        return None


def _keys(journey: LiveJourney) -> Iterable[tuple[CustomerId, str, str]]:
    for kind, value in ((_ABOUT, journey.about), (_REFERENCE, journey.reference)):
        if value is not None:
            yield journey.customer, kind, value


def _arrived(pursuits: Pursuits, data: e.InteractionArrived, now: datetime) -> None:
    if data.journey is not None and data.journey in pursuits.journeys:
        pursuits.enter(data.journey, data.interaction, now)


def _closed(pursuits: Pursuits, data: e.InteractionClosed, now: datetime) -> None:
    pursuits.leave(data.interaction, now)


def _opened(pursuits: Pursuits, data: e.JourneyOpened, now: datetime) -> None:
    pursuits.add(LiveJourney(data.journey, data.customer, data.about, data.reference, now))


def _journey_moved(pursuits: Pursuits, data: Any, now: datetime) -> None:
    journey = pursuits.journeys[data.journey]
    journey.state = JOURNEY.moves[journey.state, type(data)]
    if journey.state in JOURNEY.final:
        pursuits.end(journey)
    elif isinstance(data, e.JourneyJoined):
        pursuits.enter(journey.id, data.interaction, now)


def _made(pursuits: Pursuits, data: e.PromiseMade, now: datetime) -> None:
    pursuits.touch(data.journey, now)
    pursuits.promises[data.promise] = LivePromise(
        data.promise,
        data.customer,
        data.what,
        data.due,
        data.calendar,
        data.worker,
        data.interaction,
        data.journey,
    )


def _promise_moved(pursuits: Pursuits, data: Any, now: datetime) -> None:
    promise = pursuits.promises[data.promise]
    promise.state = PROMISE.moves[promise.state, type(data)]
    promise.paused_at = now if isinstance(data, e.PromisePaused) else None
    if promise.state in PROMISE.final:
        pursuits.touch(promise.journey, now)
        del pursuits.promises[promise.id]
    elif isinstance(data, e.PromiseResumed):
        promise.due = data.due


#: What an event recorded at a time does to them; it raises `KeyError` where it cannot be.
PURSUE: Final[dict[type[e.EventData], Callable[[Pursuits, Any, datetime], None]]] = {
    e.InteractionArrived: _arrived,
    e.InteractionClosed: _closed,
    e.JourneyOpened: _opened,
    **dict.fromkeys([event for _, event in JOURNEY.moves], _journey_moved),
    e.PromiseMade: _made,
    **dict.fromkeys([event for _, event in PROMISE.moves], _promise_moved),
}
