"""The virtual vendor: brings about what happens in a virtual centre, as it is told to answer.

Laws of this file: it claims, sends and settles as whoever sends for a live centre does, with lease,
breaker and delays, and all of it on the agenda of the centre; so nothing is awaited.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from onechannel import commands as c
from onechannel.codec import data_to_json
from onechannel.delivery import (
    Breaker,
    Claim,
    Claimed,
    Order,
    Outcome,
    Postponed,
    Sent,
    Settlement,
    Subscribe,
    effect_key,
)
from onechannel.errors import StoreFault
from onechannel.events import Event, MessageSent
from onechannel.model.message import Delivery
from onechannel.ports import Destination, Effect
from onechannel.simulation.centre import VirtualCentre
from onechannel.simulation.outside.answers import (
    Answering,
    Manner,
    VendorAnswer,
    VendorRequest,
    outcome_of,
)

__all__ = ["VirtualVendor", "destination", "orders_of", "request_of", "send"]

# As in a live centre: a lease, what a sender may take of it, how many go at once, and after how
# long what the store did not do is tried again.
_LEASE: Final = timedelta(seconds=30)
_SHARE: Final = 0.8
_AT_ONCE: Final = 8
_AGAIN: Final = timedelta(seconds=1)
_EVER: Final = datetime.max.replace(tzinfo=UTC)


class VirtualVendor(Answering):
    """A vendor on a virtual centre, which it is sent to in virtual time.

    ::

        vendor = VirtualVendor(centre)
        vendor.takes("message.sent", channels={"sms"})
        vendor.answers(429, times=2, retry_after=30)
    """

    def __init__(self, centre: VirtualCentre) -> None:
        super().__init__()
        self.centre: VirtualCentre = centre

    @property
    def _now(self) -> datetime:
        return self.centre.now

    def takes(
        self,
        *types: str,
        channels: Iterable[str] | None = None,
        name: str = "vendor",
        at_once: int = _AT_ONCE,
    ) -> None:
        """Be sent what happens from now on: events of these types, on these channels.

        Nothing but time has to pass for it. `name` is the destination's.
        """
        send(self.centre, self, destination(name, types, channels), at_once)


def destination(
    name: str, types: Iterable[str], channels: Iterable[str] | None = None
) -> Destination:
    """A destination of events of these types, on these channels if any are given."""
    on = None if channels is None else frozenset(channels)
    return Destination(name=name, types=frozenset(types), channels=on)


def send(
    centre: VirtualCentre, vendor: Answering, to: Destination, at_once: int = _AT_ONCE
) -> None:
    """Have what happens from now on in a centre sent to a vendor, in virtual time."""
    centre.work(Subscribe(to))
    centre.listeners.append(_Post(vendor, centre, to.name, at_once).heard)


def request_of(event: Event, key: str, attempt: int, now: datetime) -> VendorRequest:
    """An effect as a request: to the path of its event's type, with its key."""
    return VendorRequest(
        at=now,
        path=f"/{event.type}",
        headers={"content-type": "application/json", "idempotency-key": key},
        body=data_to_json(event.data).encode(),
        event=event,
        attempt=attempt,
    )


def orders_of(event: Event, answer: VendorAnswer, outcome: Outcome) -> tuple[Order, ...]:
    """What the answer means for the centre: a message that was sent has a name at the vendor."""
    if not isinstance(event.data, MessageSent) or not isinstance(outcome, Sent):
        return ()
    try:
        named = json.loads(answer.body)["id"]
    except (ValueError, TypeError, LookupError):
        return ()
    report = c.ReportDelivery(state=Delivery.SENT, message=event.data.message, reference=str(named))
    return (Order(report),)


class _Post:
    """One destination of a virtual vendor."""

    def __init__(self, vendor: Answering, centre: VirtualCentre, name: str, at_once: int) -> None:
        self._vendor, self._centre = vendor, centre
        self._name, self._at_once = name, at_once
        self._breaker = Breaker()
        self._under_way = 0
        self._looks_at = _EVER
        self._forget: Callable[[], object] = _nothing

    def heard(self, _news: Sequence[Event]) -> None:
        """Something has happened: look whether there is something to send."""
        self._look(self._centre.now)

    def _look(self, moment: datetime) -> None:
        if moment < self._looks_at:
            self._forget()
            self._looks_at = moment
            self._forget = self._centre.later(moment, self._turn)

    def _turn(self) -> None:
        """Send what may be sent now, and look again when there may be more."""
        self._looks_at = _EVER
        now, tenant = self._centre.now, self._centre.store.tenant
        begun = []
        for effect in self._claimed(now):
            event = next(iter(self._centre.store.read(effect.position - 1, 1)))
            request = request_of(event, effect_key(tenant, effect), effect.attempts, now)
            begun.append((effect, event, self._vendor._begun(request)))
        self._under_way += len(begun)
        for effect, event, request in begun:
            self._answer(effect, event, self._vendor._answered(request))

    def _claimed(self, now: datetime) -> tuple[Effect, ...]:
        room, admitted = self._at_once - self._under_way, self._breaker.admits(now)
        limit = room if admitted is None else min(room, admitted - self._under_way)
        if limit <= 0:
            spared = self._breaker.open_until
            # Else what is under way has to end first.
            self._look(spared if spared is not None and spared > now else _EVER)
            return ()
        try:
            first = next(iter(self._centre.store.due(self._name, _EVER, 1)), None)
            if first is None or first.due_at > now:
                self._look(_EVER if first is None else first.due_at)
                return ()
            claim = Claim(destination=self._name, holder="virtual", lease=_LEASE, limit=limit)
            answer = self._centre.work(claim).answers[0]
        except StoreFault:
            answer = None
        self._look(now if isinstance(answer, Claimed) and answer.effects else now + _AGAIN)
        return answer.effects if isinstance(answer, Claimed) else ()

    def _answer(self, effect: Effect, event: Event, answer: VendorAnswer) -> None:
        longest = _LEASE * _SHARE
        outcome: Outcome = Postponed("it took too long")
        orders: tuple[Order, ...] = ()
        takes = longest
        if answer.manner is not Manner.HANGS and answer.after < longest:
            takes = answer.after
            outcome = outcome_of(answer, self._centre.now)
            orders = orders_of(event, answer, outcome)
        settlement = Settlement(
            destination=self._name,
            position=effect.position,
            token=effect.token,
            outcome=outcome,
            orders=orders,
        )
        if takes:
            self._centre.later(takes, lambda: self._settle(settlement))
        else:
            self._settle(settlement)

    def _settle(self, settlement: Settlement) -> None:
        """Say what became of it; what cannot be said now is tried again after its lease."""
        now = self._centre.now
        self._under_way -= 1
        self._breaker = self._breaker.after(settlement.outcome, now)
        with suppress(StoreFault):
            self._centre.work(settlement)
        self._look(now)


def _nothing() -> None: ...
