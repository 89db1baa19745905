"""What the log says of customers: who they are, what they pursue, and what they were told.

Law of this file: which state follows which is looked up in the tables.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from onechannel import events as e
from onechannel.machines import JOURNEY, PROMISE
from onechannel.simulation.records import CustomerView, JourneyView, PromiseView, Records

__all__ = ["PURSUITS"]


def _registered(shown: Records, data: e.CustomerRegistered, _event: e.Event) -> None:
    shown.customers[data.customer] = CustomerView(data.name, list(data.addresses))


def _linked(shown: Records, data: e.CustomerLinked, _event: e.Event) -> None:
    shown.customers[data.customer].addresses.append(data.address)


def _unlinked(shown: Records, data: e.CustomerUnlinked, _event: e.Event) -> None:
    customer = shown.customers[data.customer]
    customer.addresses = [one for one in customer.addresses if one.key != data.address.key]


def _merged(shown: Records, data: e.CustomerMerged, _event: e.Event) -> None:
    shown.families.join(data.customer, data.survivor)


def _unmerged(shown: Records, data: e.CustomerUnmerged, _event: e.Event) -> None:
    shown.families.part(data.customer)


def _journey_opened(shown: Records, data: e.JourneyOpened, _event: e.Event) -> None:
    shown.journeys[data.journey] = JourneyView(data)
    shown.customers[data.customer].journeys.append(data.journey)


def _journey_joined(shown: Records, data: e.JourneyJoined, _event: e.Event) -> None:
    interaction = shown.interactions[data.interaction]
    if interaction.journey is not None:
        shown.journeys[interaction.journey].interactions.remove(data.interaction)
    interaction.journey = data.journey
    shown.journeys[data.journey].interactions.append(data.interaction)


def _journey_over(
    shown: Records, data: e.JourneyAchieved | e.JourneyFailed | e.JourneyLapsed, _event: e.Event
) -> None:
    journey = shown.journeys[data.journey]
    journey.state = JOURNEY.moves[journey.state, type(data)]
    if not isinstance(data, e.JourneyLapsed):
        journey.reason = data.reason


def _promise_made(shown: Records, data: e.PromiseMade, _event: e.Event) -> None:
    shown.promises[data.promise] = PromiseView(data, data.due)
    held_by: tuple[tuple[dict[str, Any], str | None], ...] = (
        (shown.customers, data.customer),
        (shown.workers, data.worker),
        (shown.interactions, data.interaction),
        (shown.journeys, data.journey),
    )
    for things, name in held_by:
        if name is not None:
            things[name].promises.append(data.promise)


_OnPromise: TypeAlias = (
    e.PromiseKept
    | e.PromiseBroken
    | e.PromiseRenegotiated
    | e.PromisePaused
    | e.PromiseResumed
    | e.PromiseWithdrawn
)


def _promise_moved(shown: Records, data: _OnPromise, _event: e.Event) -> None:
    promise = shown.promises[data.promise]
    promise.state, promise.reason = PROMISE.moves[promise.state, type(data)], None
    match data:
        case e.PromiseKept():
            promise.evidence = data.evidence
        case e.PromiseRenegotiated():
            promise.successor = data.successor
        case e.PromisePaused() | e.PromiseWithdrawn():
            promise.reason = data.reason
        case e.PromiseResumed():
            promise.due = data.due
        case e.PromiseBroken():
            pass


#: What each kind of event adds.
PURSUITS: Final[dict[type[e.EventData], Callable[[Records, Any, e.Event], object]]] = {
    e.CustomerRegistered: _registered,
    e.CustomerLinked: _linked,
    e.CustomerUnlinked: _unlinked,
    e.CustomerMerged: _merged,
    e.CustomerUnmerged: _unmerged,
    e.JourneyOpened: _journey_opened,
    e.JourneyJoined: _journey_joined,
    **dict.fromkeys((e.JourneyAchieved, e.JourneyFailed, e.JourneyLapsed), _journey_over),
    e.PromiseMade: _promise_made,
    **dict.fromkeys((e.PromiseKept, e.PromiseBroken, e.PromiseRenegotiated), _promise_moved),
    **dict.fromkeys((e.PromisePaused, e.PromiseResumed, e.PromiseWithdrawn), _promise_moved),
}
